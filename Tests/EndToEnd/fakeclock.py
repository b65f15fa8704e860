"""Both programs under Debian's faketime, at a chosen time of a Vietnamese day."""
import contextlib
import time

import stage as stage_module

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
MIDNIGHT = 1795453200  # 2026-11-24T00:00:00+07:00


def moment(clock):
    """Seconds since 1970 of a time of that day: "17:59:50" or "20:00"."""
    hour, minute, second = ([int(part) for part in clock.split(":")] + [0])[:3]
    return MIDNIGHT + (hour * 60 + minute) * 60 + second


@contextlib.contextmanager
def ahead(offset):
    """Programs started inside have a clock that is so many seconds ahead of the real one."""
    real = stage_module.Process.__init__

    def faked(self, name, args, log):
        if args[0].endswith(("chot-agent", "chot-collector")):
            args = ["/usr/bin/env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME={offset:+.0f}", *args]
        real(self, name, args, log)

    stage_module.Process.__init__ = faked
    try:
        yield offset
    finally:
        stage_module.Process.__init__ = real


def at(clock, earlier=0):
    """As `ahead`, so that it is that time of 24 November 2026 now, less `earlier` seconds."""
    return ahead(moment(clock) - earlier - time.time())
