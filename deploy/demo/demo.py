#!/usr/bin/env python3
"""`make demo`: the main job of Chốt told on real parts, every figure read back and compared.

Exit 0 when all of it is so, 1 with the difference when something is not. Needs make build's
programs (CHOT_BIN), nginx with njs, openssl. Loopback only; leaves no process and no file.
"""
import argparse
import os
import signal
import sys
import textwrap

from stage import Broken, Stage
from story import HANOI, Story


def keep(story):
    """Leaves everything running until Ctrl-C."""
    binary = os.path.join(story.stage.bin, "chot-collector")
    print(f"\nEverything keeps running until Ctrl-C. Try, in another terminal:\n"
          f"  {binary} usage --by unit,account --config {story.collector.config}\n"
          f"  {binary} lock list --all --config {story.collector.config}\n"
          f"  curl -i -H 'Content-Type: text/xml' --data @QUERY.xml "
          f"http://127.0.0.1:{story.agents[HANOI].gateway_port}/npd/{HANOI}", flush=True)
    while True:
        signal.pause()


def stop_on_signal(number, _frame):
    raise SystemExit(128 + number)


def main():
    parser = argparse.ArgumentParser(description="The main job of Chốt, told on real parts.")
    parser.add_argument("--keep", action="store_true", help="stay up until Ctrl-C")
    parser.add_argument("--seed", type=int, default=6383)
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_on_signal)
    told = False
    try:
        with Stage() as stage:
            try:
                story = Story(stage, options.seed)
                story.tell()
                told = True
                if options.keep:
                    keep(story)
            except Exception:
                for process in stage.processes:
                    print(process.tail(), end="", file=sys.stderr)
                raise
    except KeyboardInterrupt:
        return 0 if told else 130
    except Broken as problem:
        print("\ndemo: " + textwrap.indent(str(problem), "  ").strip(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
