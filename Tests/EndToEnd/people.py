"""Users and groups that tests make on this machine, and take away again. Root only."""
import contextlib
import grp
import os
import subprocess

import pytest


@contextlib.contextmanager
def temporary_users(groups, users):
    """`users`: (name, its groups), made in this order and removed in the other; each gets a group of its own name.
    Groups that were there before stay."""
    if os.getuid() != 0:
        pytest.skip("users can be made by root only")
    there = {group.gr_name for group in grp.getgrall()}
    new = [group for group in groups if group not in there]
    for group in new:
        subprocess.run(["groupadd", "--system", group], check=True)
    for user, member in users:
        subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", "--groups", ",".join(member), user],
                       check=True)
    try:
        yield
    finally:
        for user, _ in reversed(users):
            subprocess.run(["userdel", user], check=False)
        for group in new:
            subprocess.run(["groupdel", group], check=False)
