"""What systemd is told while the database is not to be had: the process goes on, and says so."""
import os
import socket
import sqlite3
import threading
import time

from country import Country


def test_the_watchdog_does_not_wait_for_the_store(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=2, agents=False)
    collector = country.collector
    collector.process.stop()
    path = stage.path("notify.sock")
    told = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(0.5)
        over = threading.Event()

        def listen():
            while not over.is_set():
                try:
                    told.append((time.monotonic(), listener.recv(4096).decode()))
                except TimeoutError:
                    pass

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="8000000")
            begin = time.monotonic()
            collector.start()
            assert any("READY=1" in text for _, text in told)
            # Another program holds the database for longer than the watchdog's patience.
            base = sqlite3.connect(collector.state + "/collector.db", isolation_level=None)
            base.execute("BEGIN IMMEDIATE")
            time.sleep(10)
            base.execute("ROLLBACK")
            base.close()
            end = time.monotonic()
        finally:
            os.environ.pop("NOTIFY_SOCKET", None)
            os.environ.pop("WATCHDOG_USEC", None)
            over.set()
            thread.join()
    beats = [begin] + [at for at, text in told if "WATCHDOG=1" in text and at <= end] + [end]
    pauses = [b - a for a, b in zip(beats[1:], beats[2:])]
    assert len(beats) > 5 and max(pauses) < 4, pauses
