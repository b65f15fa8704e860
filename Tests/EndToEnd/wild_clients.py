"""Clients of the wild run: each process asks over many connections, one query outstanding on each.

A query is noted when its answer is whole, or when its connection broke before (in doubt): three
numbers a query, when it was sent, when it was over (ms since 1970), and key × 8 + outcome.
"""
import array
import collections
import dataclasses
import heapq
import multiprocessing
import os
import random
import re
import select
import socket
import time

from country import SERVICES, SOAP, Broken

ALLOWED, REFUSED, DOUBT, UNJUDGED = range(4)
UNREGISTERED_SERVICE = "KhongDangKy"
ALL_SERVICES = [*SERVICES, UNREGISTERED_SERVICE]
STRANGERS = 20  # logins of each system that nobody registered
LIMITED = 20  # accounts of each system whose registered volume is soon used up
ANSWER_SECONDS = 60
HEAD = re.compile(rb"HTTP/1\.1 (\d{3}) .*?\r\n\r\n", re.S)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
VERDICT = re.compile(rb"\r\nx-chot-verdict: *(\w+)", re.I)


@dataclasses.dataclass
class Target:
    """A system: header queries go to a unix socket, SOAP queries to the port of its gateway."""
    system: str
    address: object

    @property
    def is_soap(self):
        return isinstance(self.address, int)


@dataclasses.dataclass
class Load:
    """What is asked of whom. `rate`: queries a second of all processes, None: all they can."""
    targets: list
    accounts: int  # registered ones, of each system
    seed: int
    processes: int
    connections: int  # of each process at each system
    soap_share: float
    rate: float
    folder: str

    def login(self, number):
        return f"canbo{number}" if number < self.accounts else f"gia{number - self.accounts}"

    def key(self, system, account, service):
        return (system * (self.accounts + STRANGERS) + account) * len(ALL_SERVICES) + service

    def names(self, key):
        """(system, login, service)"""
        rest, service = divmod(key, len(ALL_SERVICES))
        system, account = divmod(rest, self.accounts + STRANGERS)
        return self.targets[system].system, self.login(account), ALL_SERVICES[service]


class Line:
    """One connection and its outstanding query."""

    def __init__(self, owner, number):
        self.owner, self.number, self.target = owner, number, owner.load.targets[number]
        self.socket, self.heard, self.key, self.sent = None, b"", None, 0

    def connect(self):
        family = socket.AF_INET if self.target.is_soap else socket.AF_UNIX
        self.socket = socket.socket(family)
        self.socket.settimeout(5)
        try:
            address = self.target.address
            self.socket.connect(("127.0.0.1", address) if self.target.is_soap else address)
        except OSError:
            self.close()
            return False
        self.socket.setblocking(False)
        self.owner.poll.register(self.socket, select.EPOLLIN)
        self.owner.lines[self.socket.fileno()] = self
        return True

    def close(self):
        self.owner.lines.pop(self.socket.fileno(), None)
        self.socket.close()
        self.socket = None

    def ask(self):
        """False: nothing was sent, for there is nobody."""
        if self.socket is None and not self.connect():
            return False
        self.key, query = self.owner.query(self.number)
        self.heard, self.sent = b"", time.time()
        try:
            if self.socket.send(query) == len(query):
                return True
        except OSError:
            pass
        self.over(DOUBT)
        return True

    def hear(self):
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if self.key is None:  # the server closed an idle connection
            return self.close()
        self.heard += data
        head = HEAD.match(self.heard)
        length = head and LENGTH.search(head[0])
        if head and len(self.heard) >= head.end() + (int(length[1]) if length else 0):
            keeps = b"connection: close" not in head[0].lower()
            self.over(self.outcome(int(head[1]), VERDICT.search(head[0])), keeps)
        elif not data:
            self.over(DOUBT)

    def outcome(self, status, verdict):
        if status == (200 if self.target.is_soap else 204):
            return ALLOWED
        if verdict and verdict[1] != b"allow" and b"agent-down" not in self.heard:
            return REFUSED
        if status == 503:
            # The gateway says it of an agent that died too, which may have counted before.
            return DOUBT if self.target.is_soap else UNJUDGED
        raise Broken(f"{self.target.system} answered {self.heard[:2000]!r}")

    def over(self, outcome, keeps=False):
        self.owner.note(self, outcome)
        self.key = None
        if not keeps and self.socket is not None:
            self.close()
        # Who is refused service tries again a little later; behind a gateway, whose agent may be
        # away, later still.
        pause = 0.2 if self.target.is_soap else 0.02
        self.owner.rest(self, pause if outcome in (DOUBT, UNJUDGED) else 0)


class Client:
    """One process."""

    def __init__(self, load, index, sent, stop):
        self.load, self.index, self.sent, self.stop = load, index, sent, stop
        self.rng = random.Random(load.seed * 1000 + index)
        self.poll, self.lines, self.notes = select.epoll(), {}, array.array("q")
        self.header, self.soap = collections.deque(), collections.deque()
        self.resting, self.asked, self.asked_soap = [], 0, 0
        self.started = time.monotonic()
        for number in range(len(load.targets)):
            for _ in range(load.connections):
                self.rest(Line(self, number), 0)

    def query(self, system):
        rng, load = self.rng, self.load
        dice = rng.random()
        if dice < 0.01:
            account = load.accounts + int(rng.random() * STRANGERS)
        elif dice < 0.03:
            account = int(rng.random() * LIMITED)
        else:
            account = int(rng.random() * load.accounts)
        service = 3 if rng.random() < 0.005 else int(rng.random() * 3)
        login, name = load.login(account), ALL_SERVICES[service]
        subject = int(rng.random() * 1_000_000)
        key = load.key(system, account, service)
        if not load.targets[system].is_soap:
            return key, (f"GET / HTTP/1.1\r\nHost: chot\r\nX-Chot-Account: {login}\r\n"
                         f"X-Chot-Service: {name}\r\nX-Chot-Subject: 000099{subject:06d}\r\n"
                         f"X-Real-IP: 10.0.{subject % 4}.{subject % 250 + 1}\r\n\r\n").encode()
        body = SOAP.format(service=name, id=f"{self.index}-{self.asked}", fields="",
                           login=f"<d:TaiKhoan>{login}</d:TaiKhoan>").encode()
        return key, (f"POST /npd/{load.targets[system].system} HTTP/1.1\r\nHost: chot\r\n"
                     "Content-Type: text/xml; charset=utf-8\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def note(self, line, outcome):
        self.notes.extend((int(line.sent * 1000), int(time.time() * 1000), line.key * 8 + outcome))

    def rest(self, line, seconds):
        if seconds:
            heapq.heappush(self.resting, (time.monotonic() + seconds, id(line), line))
        else:
            (self.soap if line.target.is_soap else self.header).append(line)

    def next_line(self):
        if self.soap and self.asked_soap <= self.load.soap_share * self.asked:
            return self.soap.popleft()
        return self.header.popleft() if self.header else None

    def ask_all(self):
        """All who may ask now do."""
        now = time.monotonic()
        while self.resting and self.resting[0][0] <= now:
            self.rest(heapq.heappop(self.resting)[2], 0)
        most = float("inf")
        if self.load.rate:
            most = self.load.rate / self.load.processes * (now - self.started)
        while self.asked < most and not self.stop.value:
            line = self.next_line()
            if line is None:
                return
            if line.ask():
                self.asked += 1
                self.asked_soap += line.target.is_soap
            else:
                self.rest(line, 0.02)
        self.sent[self.index] = self.asked

    def run(self):
        end = None
        while True:
            self.ask_all()
            self.sent[self.index] = self.asked
            if self.stop.value:
                end = end or time.monotonic() + ANSWER_SECONDS
                if not any(line.key is not None for line in self.lines.values()):
                    break
            for number, _ in self.poll.poll(0.005):
                line = self.lines.get(number)
                if line is not None:
                    line.hear()
            if end and time.monotonic() > end:
                break
        for line in self.lines.values():
            if line.key is not None:
                self.note(line, DOUBT)
        with open(notes_path(self.load, self.index), "wb") as f:
            self.notes.tofile(f)


def notes_path(load, index):
    return os.path.join(load.folder, f"client-{index}.notes")


class Clients:
    """All processes, from start to stop."""

    def __init__(self, load):
        self.load = load
        context = multiprocessing.get_context("fork")
        self.counts = context.RawArray("Q", load.processes)
        self.stop_flag = context.RawValue("b", 0)
        self.processes = [context.Process(target=self._run, args=(i,), daemon=True)
                          for i in range(load.processes)]
        for process in self.processes:
            process.start()

    def _run(self, index):
        Client(self.load, index, self.counts, self.stop_flag).run()

    def sent(self):
        for process in self.processes:
            if process.exitcode not in (None, 0):
                raise Broken(f"a client ended with status {process.exitcode}")
        return sum(self.counts)

    def stop(self):
        """Waits for the answers that are due; all notes: (sent, over, key × 8 + outcome)."""
        self.stop_flag.value = 1
        notes = array.array("q")
        for process in self.processes:
            process.join(2 * ANSWER_SECONDS)
        self.sent()
        for index in range(self.load.processes):
            path = notes_path(self.load, index)
            with open(path, "rb") as f:
                notes.frombytes(f.read())
        return notes
