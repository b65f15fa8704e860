"""Users and groups that tests make on this machine, and take away again. Root only."""
import contextlib
import grp
import os
import shutil
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


def open_to_all(stage):
    """Other users may enter the stage and run the programs, wherever those were built: a clone may lie in a folder that
    is its owner's alone."""
    os.chmod(stage.dir, 0o755)
    folder = stage.path("bin")
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    for program in ("chot-agent", "chot-collector"):
        shutil.copy(os.path.join(stage.bin, program), folder)
    stage.bin = folder
