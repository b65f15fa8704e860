import pytest

from country import SmallDisk, Stage


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
