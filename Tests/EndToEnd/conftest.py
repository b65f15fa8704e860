import pytest

from country import SmallDisk, Stage

# Modules that need whole systems: installed programs and their users, other vendors' stacks and proxies, storms, a
# country of two hundred agents. `make test` leaves them to `make test-system`; CI runs both.
SYSTEM = {"test_failover", "test_fleet_check", "test_install", "test_privileges", "test_proxy_samples",
          "test_soap_clients", "test_storms", "test_front_floods", "test_users", "test_wild"}


def pytest_configure(config):
    config.addinivalue_line("markers", "system: needs a whole system; run by `make test-system`")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.module.__name__ in SYSTEM:
            item.add_marker(pytest.mark.system)


@pytest.fixture
def stage():
    """A temporary folder and all processes in it, gone afterwards; their logs are shown on a failure."""
    with Stage("chot-test-") as stage:
        yield stage
        for process in stage.processes:
            print(process.tail(12))
        pids = [process.pid for process in stage.processes]
    import os
    for pid in pids:
        assert not os.path.exists(f"/proc/{pid}"), f"process {pid} is left running"


@pytest.fixture
def small_disk(stage):
    """Makes small file systems inside the stage; unmounted when its processes have ended."""
    disks = []

    def make(name, megabytes):
        disks.append(SmallDisk(stage.path(name), megabytes))
        return disks[-1]
    yield make
    for process in reversed(stage.processes):
        process.stop()
    for disk in disks:
        disk.unmount()
