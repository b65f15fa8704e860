"""The collector's TLS front: the token first, then the body."""
import contextlib
import os
import socket
import ssl
import subprocess

import pytest

from country import Country, Stage, ask

BODY = 4 << 20


@pytest.fixture(scope="module")
def country():
    with Stage("chot-test-") as stage:
        yield Country(stage, systems=("H26.motcua",))


def client(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain)


def head(path, length, token=None, method="POST"):
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *([f"Authorization: Bearer {token}"] if token else []), "", ""]).encode()


def kept(collector):
    """Bytes of bodies on the front's disk, and memory of its workers that is no file's."""
    folder = os.path.join(collector.state, "nginx", "body")
    disk = sum(os.path.getsize(os.path.join(d, f)) for d, _, names in os.walk(folder) for f in names)
    # Files that nginx has deleted already, too.
    pids = subprocess.run(["pgrep", "-g", str(collector.front.pid)], capture_output=True, text=True).stdout.split()
    memory = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/status", encoding="ascii") as f:
            memory += sum(int(line.split()[1]) << 10 for line in f if line.startswith("RssAnon:"))
        with contextlib.suppress(OSError):
            for fd in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(folder):
                        disk += os.stat(f"/proc/{pid}/fd/{fd}").st_size
    return disk, memory


def answer(connection):
    data = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in data or not data.endswith(b"}"):
            got = connection.recv(65536)
            if not got:
                break
            data += got
    return data


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_bodies_without_a_token_are_not_kept(country, token):
    collector = country.collector
    _, before = kept(collector)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(client(collector.port)) for _ in range(150)]
        for connection in connections:
            connection.settimeout(2)
            connection.sendall(head("/v1/summaries", BODY, token))
            with contextlib.suppress(OSError):
                for _ in range(8):  # 512 KiB of it, and then no more
                    connection.sendall(b"x" * 65536)
        disk, after = kept(collector)
        assert disk == 0
        assert after - before < 40 << 20, (before, after)
        said = answer(connections[0])
        # 503 where the collector closed before the front had passed on what it held of the body: the client comes again.
        # The front ought to say 401 itself, in the collector's words (open in issue 15).
        is_told = said.startswith(b"HTTP/1.1 401 ") and b"urn:chot" in said
        assert (is_told or said.startswith(b"HTTP/1.1 503 ")) and b"application/problem+json" in said, said
        # An honest agent goes on meanwhile.
        assert ask(country.agents[0], "canbo1") == "allow"
        country.wait_complete(15)


@pytest.mark.parametrize("path", ["/v1/lockset", "/v1/policy", "/v1/keys"])
def test_what_needs_no_body_takes_none(country, path):
    with client(country.collector.port) as connection:
        connection.sendall(head(path, 1000, method="GET"))
        assert answer(connection).startswith(b"HTTP/1.1 413 ")


def test_the_question_about_a_token_is_the_fronts_alone(country):
    with client(country.collector.port) as connection:
        connection.sendall(b"GET /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")


def test_without_its_collector_the_front_says_so(country):
    country.collector.process.kill9()
    with client(country.collector.port) as connection:
        connection.sendall(head("/v1/summaries", 2, "x.y.z") + b"{}")
        said = answer(connection)
    country.collector.start()
    assert said.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in said, said
