"""The parts on stage: collector, agents, their nginx and a mock NPD, real processes on loopback.

Used by demo.py and Benchmarks/bench.py. Everything lives in one temporary folder; every process is
a child in a group of its own and is stopped when the stage closes, whatever happened before.
"""
import ctypes
import fcntl
import http.client
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
OFFICE_UTC_OFFSET_HOURS = 7
AROUND_MIDNIGHT = {"office_from": 11, "office_to": 13}
_libc = ctypes.CDLL(None)


class Broken(Exception):
    """Something on stage is not as promised; its text says what was expected and what came."""


def die_with_parent():
    """In a child: be told to stop when this script dies without a chance to clean up."""
    _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Ports:
    """A thousand ports that no other run beside this one gives out, below those that clients get as their own: between
    the choice of a port and the server that listens there, nobody takes it."""
    LOW, SIZE, BLOCKS = 10_000, 1000, 20

    def __init__(self):
        for block in random.sample(range(self.BLOCKS), self.BLOCKS):
            try:
                self.lock = open(os.path.join(tempfile.gettempdir(), f"chot-ports-{block}"), "w", encoding="ascii")
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            first = self.LOW + block * self.SIZE
            self.next = itertools.cycle(range(first, first + self.SIZE))
            return
        raise Broken("no ports are left: too many runs at once")

    def free(self):
        for port in itertools.islice(self.next, self.SIZE):
            with socket.socket() as s:
                try:
                    s.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise Broken(f"all {self.SIZE} ports are in use")


_ports = []


def free_port():
    if not _ports:
        _ports.append(Ports())
    return _ports[0].free()


def accepts(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what, condition, seconds=30, every=0.05):
    """The first true value of condition(), or Broken after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Broken(f"waited {seconds} s in vain for {what}")
        time.sleep(every)


def policy_around_now(policy=None):
    """The policy, with a calendar whose office boundaries are hours away: the show runs at any hour.

    Around midnight that is the off window, which 1,000 queries would exhaust: R3 only watches then.
    """
    policy = {"calendar": calendar_around_now(), **(policy or {})}
    if policy["calendar"] == AROUND_MIDNIGHT:
        policy["rules"] = {"R3": {"effect": "observe"}, **policy.get("rules", {})}
    return policy


def calendar_around_now():
    """Office hours that begin and end hours away from now; around midnight, the other way round."""
    hour = time.gmtime(time.time() + OFFICE_UTC_OFFSET_HOURS * 3600).tm_hour
    if 2 <= hour <= 21:
        return {"office_from": hour - 2, "office_to": hour + 3}
    return AROUND_MIDNIGHT


class Process:
    """A child with its log file; nginx masters take their workers along."""

    def __init__(self, name, args, log):
        self.name, self.log = name, log
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=die_with_parent)

    @property
    def pid(self):
        return self.popen.pid

    def check(self):
        if self.popen.poll() is not None:
            raise Broken(f"{self.name} ended with status {self.popen.returncode}\n{self.tail()}")

    def tail(self, lines=15):
        with open(self.log, errors="replace") as f:
            return "".join(f"    {self.name} | {line}" for line in f.readlines()[-lines:])

    def kill9(self):
        self.popen.kill()
        self.popen.wait()

    def ask_to_stop(self):
        if self.popen.poll() is None:
            self.popen.terminate()

    def stop(self, seconds=15):
        """SIGTERM, then the whole group by SIGKILL. Returns the exit status."""
        self.ask_to_stop()
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.popen.wait()


class Stage:
    """The temporary folder and all processes in it. Use as a context manager."""

    def __init__(self, prefix="chot-demo-"):
        self.bin = os.environ.get("CHOT_BIN") or self._release_folder()
        for program in ("chot-agent", "chot-collector"):
            if not os.access(os.path.join(self.bin, program), os.X_OK):
                raise Broken(f"{self.bin}/{program} does not exist; run make build first")
        if not os.access(NGINX, os.X_OK):
            raise Broken("nginx is missing; run make deps first")
        self.dir = tempfile.mkdtemp(prefix=prefix)
        self.processes = []

    @staticmethod
    def _release_folder():
        return subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT,
                              capture_output=True, text=True, check=True).stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)  # a second Ctrl-C must not leave anything behind
        for process in reversed(self.processes):
            process.ask_to_stop()
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def start(self, name, *args):
        process = Process(name, [str(a) for a in args], self.path(name + ".log"))
        self.processes.append(process)
        return process

    def start_nginx(self, name, text, port):
        """A whole nginx.conf, run until the stage closes."""
        conf = self.path(name + ".conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(text)
        process = self.start(name, NGINX, "-c", conf)
        wait_for(f"{name} on port {port}", lambda: process.check() or accepts(port))
        return process

    def program(self, name, *args):
        """Runs a command of ours to its end and returns what it printed."""
        done = subprocess.run([os.path.join(self.bin, name), *map(str, args)], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        if done.returncode != 0:
            raise Broken(f"{name} {' '.join(map(str, args))}\nended with status "
                         f"{done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout


def user_line():
    """nginx started by root hands its workers to another user unless told not to."""
    return "user root root;" if os.getuid() == 0 else ""


class NPD:
    """The mock population database: an nginx with one canned answer and its own count."""

    def __init__(self, stage):
        self.port = free_port()
        self.log = stage.path("npd-access.log")
        with open(os.path.join(HERE, "npd.conf"), encoding="utf-8") as f:
            text = f.read()
        for key, value in (("USER_LINE", user_line()), ("DIR", stage.dir), ("PORT", self.port)):
            text = text.replace(f"@{key}@", str(value))
        self.process = stage.start_nginx("npd", text, self.port)
        self.url = f"http://127.0.0.1:{self.port}"

    def counts(self):
        """Queries received, by system: clerks' software calls /npd/SYSTEM."""
        counts = {}
        with open(self.log, encoding="utf-8") as f:
            for line in f:
                system = line.strip().rsplit("/", 1)[-1]
                counts[system] = counts.get(system, 0) + 1
        return counts


class Collector:
    """The centre: chot-collector behind its TLS front."""

    def __init__(self, stage, policy):
        self.stage = stage
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.state = stage.path("collector")
        self.ca = None  # agents trust the authority in the collector's own key list
        self.config = os.path.join(self.state, "collector.json5")
        stage.program("chot-collector", "init", "--state", self.state,
                      "--listen", f"127.0.0.1:{self.port}")
        os.makedirs(self.config + ".d", exist_ok=True)
        with open(self.config + ".d/50-stage.json5", "w", encoding="utf-8") as f:
            json.dump({"policy": policy}, f)
        self.process = self.front = None

    def start(self):
        self.process = self.stage.start("collector", os.path.join(self.stage.bin, "chot-collector"),
                                        "serve", "--config", self.config)
        wait_for("the collector's admin socket", self._answers, every=0.2)
        if self.front is None:
            text = self.cli("nginx-config", "--standalone")
            self.front = self.stage.start_nginx("front", text, self.port)
        return self

    def _answers(self):
        self.process.check()
        try:
            return self.cli("agent", "list") is not None
        except Broken:
            return False

    def cli(self, *args):
        return self.stage.program("chot-collector", *args, "--config", self.config)

    def json(self, *args):
        return json.loads(self.cli(*args, "--format", "json"))


class Agent:
    """A unit's side: chot-agent and, in mode soap, the gateway that asks it."""

    def __init__(self, stage, collector, npd, system, mode="soap", authorize=None, every="1s",
                 name=None):
        self.stage, self.system, self.name = stage, system, name or system
        self.state = stage.path("agent-" + self.name)
        self.gateway_port, self.status_port = free_port(), free_port()
        self.config = stage.path(f"agent-{self.name}.json5")
        token = stage.path(f"token-{self.name}")
        with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(collector.cli("agent", "token", system))
        stage.program("chot-agent", "enroll", "--collector", collector.url, "--token-file", token,
                      "--state", self.state, *(["--ca", collector.ca] if collector.ca else []))
        os.unlink(token)
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({
                "state": self.state,
                "collector": {"url": collector.url},
                "authorize": {"mode": mode,
                              "listen": authorize or f"unix:{self.state}/authorize.sock"},
                "gateway": {"listen": f"127.0.0.1:{self.gateway_port}", "upstream": npd.url},
                "push": {"every": every},
                "status": {"listen": f"127.0.0.1:{self.status_port}"},
            }, f, indent=2)
        self.process = self.gateway = None

    def start(self):
        self.process = self.stage.start("agent-" + self.name,
                                        os.path.join(self.stage.bin, "chot-agent"),
                                        "run", "--config", self.config)
        wait_for(f"the agent of {self.system}", self.is_healthy)
        if self.gateway is None:
            text = self.stage.program("chot-agent", "nginx-config", "--standalone",
                                      "--config", self.config)
            self.gateway = self.stage.start_nginx("gateway-" + self.name, text,
                                                  self.gateway_port)
        return self

    def is_healthy(self):
        self.process.check()
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
