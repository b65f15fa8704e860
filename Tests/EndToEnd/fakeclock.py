"""Both programs under Debian's faketime, at a chosen time of a Vietnamese day."""
import contextlib
import json
import os
import time

import stage as stage_module

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
HOUR, DAY = 3600, 86400


def next_tuesday(now):
    """The midnight in Viet Nam that begins the next Tuesday after today: a clock may run ahead, but what was made a
    moment ago is not valid at times long before."""
    days = int(now + 7 * HOUR) // DAY
    # 1970 began on a Thursday.
    return (days + 1 + (5 - (days + 1)) % 7) * DAY - 7 * HOUR


MIDNIGHT = next_tuesday(time.time())
BOTH = ("chot-agent", "chot-collector")


def moment(clock):
    """Seconds since 1970 of a time of that Tuesday: "17:59:50" or "20:00"."""
    hour, minute, second = ([int(part) for part in clock.split(":")] + [0])[:3]
    return MIDNIGHT + (hour * 60 + minute) * 60 + second


def day(number=0):
    """The date of that Tuesday, or of so many days after it."""
    return time.strftime("%Y-%m-%d", time.gmtime(MIDNIGHT + 7 * HOUR + number * DAY))


@contextlib.contextmanager
def environment(programs, *settings):
    """Programs of ours started inside have this in their environment, and faketime loaded."""
    real = stage_module.Process.__init__

    def faked(self, name, args, log):
        if args[0].endswith(programs):
            args = ["/usr/bin/env", f"LD_PRELOAD={LIBRARY}", *settings, *args]
        real(self, name, args, log)

    stage_module.Process.__init__ = faked
    try:
        yield
    finally:
        stage_module.Process.__init__ = real


@contextlib.contextmanager
def ahead(offset):
    """Programs started inside have a clock that is so many seconds ahead of the real one, as if it had passed:
    the time since boot is ahead as well."""
    with environment(BOTH, f"FAKETIME={offset:+.0f}"):
        yield offset


def at(clock, earlier=0):
    """As `ahead`, so that it is that time of the next Tuesday now, less `earlier` seconds."""
    return ahead(moment(clock) - earlier - time.time())


class Settable:
    """A machine's clock that can be set while programs run; the time since boot goes on as it is."""

    def __init__(self, path, offset=0):
        self.path = path
        self.set(offset)

    def set(self, offset):
        """So many seconds ahead of the real time."""
        self.offset = offset
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(f"{offset:+.0f}\n")
        os.rename(self.path + ".new", self.path)

    def set_to(self, clock, day=0):
        self.set(moment(clock) + day * 86400 - time.time())

    def step(self, seconds):
        self.set(self.offset + seconds)

    def of(self, *programs):
        """Programs of these names started inside have this clock."""
        return environment(programs or BOTH, f"FAKETIME_TIMESTAMP_FILE={self.path}", "FAKETIME_NO_CACHE=1",
                           "FAKETIME_DONT_FAKE_MONOTONIC=1")


def machine_was_off(agent):
    """The agent's next start looks like one after a restart of its machine: nothing tells how long that took."""
    for name in ("clock.json", "contact.json"):
        path = os.path.join(agent.state, name)
        with open(path, encoding="utf-8") as f:
            record = json.load(f)
        with open(path, "w", encoding="utf-8") as f:
            json.dump({**record, "boot_id": "0" * 32}, f)
