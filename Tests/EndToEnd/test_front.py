"""The collector's TLS front: the token first, then the body."""
import collections
import contextlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import pytest
from joserfc.jwk import OKPKey

from country import Agent, Country, Stage, ask, free_port, metric, metrics, user_line, wait_for
from forger import Forger

BODY = 4 << 20


@pytest.fixture(scope="module")
def country():
    with Stage("chot-test-") as stage:
        country = Country(stage, systems=("H26.motcua", "H29.motcua"), agents=False)
        country.revoked = Agent(stage, country.collector, country.npd, "H29.motcua")
        country.collector.cli("agent", "revoke", "H29.motcua/1")
        country.agents = [Agent(stage, country.collector, country.npd, "H26.motcua").start()]
        yield country


def client(port, source="127.0.0.1"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    return context.wrap_socket(plain)


def head(path, length, token=None, method="POST", *more):
    """`length` None: in chunks."""
    body = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"{method} {path} HTTP/1.1", "Host: x", body, *more]
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
        # Those beyond the address's share of large bodies hear so at once; what is no token takes no place.
        seen = collections.Counter(problem(answer(connection))[0] for connection in connections)
        assert (set(seen) == {401, 429} and seen[401] >= 8) if token else seen == {401: 150}, seen
        # An honest agent goes on meanwhile.
        assert ask(country.agents[0], "canbo1") == "allow"
        country.wait_complete(15)


def problem(said):
    """(status, how many times WWW-Authenticate, the problem) of an answer."""
    top, _, body = said.partition(b"\r\n\r\n")
    lines = [line.lower() for line in top.split(b"\r\n")]
    assert b"content-type: application/problem+json" in lines, said
    told = json.loads(body)
    status = int(lines[0].split()[1])
    assert told["status"] == status, said
    return status, lines.count(b"www-authenticate: bearer"), told


def tokens(country):
    ours, revoked = Forger(country, country.agents[0]), Forger(country, country.revoked)
    stranger = Forger(country, country.agents[0])
    stranger.key = OKPKey.generate_key("Ed25519")
    now = int(time.time())
    return {"token-missing": None, "token-malformed": "x.y.z", "token-unknown": stranger.token(),
            "token-signature": ours.token("chot-summary+jws"), "token-subject": ours.token(sub="H29.motcua/1"),
            "token-audience": ours.token(aud="chot-other"), "clock-skew": ours.token(iat=now - 900, exp=now - 850),
            "agent-revoked": revoked.token()}


def test_the_front_says_why_it_refuses(country):
    """In the collector's words, whatever of the body was sent by then."""
    for kind, token in tokens(country).items():
        for length, sent in ((0, 0), (2, 2), (100_000, 0), (BODY, 300_000), (BODY, BODY), (None, 0)):
            with client(country.collector.port) as connection:
                connection.sendall(head("/v1/summaries", length, token) + b"x" * sent)
                status, asked, told = problem(answer(connection))
            expected = (403, 0) if kind == "agent-revoked" else (401, 1)
            assert (status, asked) == expected and told["type"] == "urn:chot:problem:" + kind, (kind, length, told)
            assert ("server_time" in told) == (kind == "clock-skew")
    refused = metrics(os.path.join(country.collector.state, "run/status.sock"))
    assert 'chot_collector_refused_total{why="token_audience"}' in refused
    assert country.alerts("I1", "key")


def test_a_refusal_is_not_lost_while_the_body_is_sent(country):
    seen = collections.Counter()
    for round_ in range(40):
        with client(country.collector.port) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(head("/v1/summaries", BODY) + b"x" * (BODY >> round_ % 8))
            seen[answer(connection)[:13]] += 1
    assert seen == {b"HTTP/1.1 401 ": 40}


def test_http2_is_refused_alike(country, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * BODY)
    for _ in range(5):
        done = subprocess.run(
            ["curl", "-sk", "--http2", "--data-binary", f"@{body}", "-w", "\n%{http_version} %{http_code} %{content_type}",
             f"{country.collector.url}/v1/summaries"], capture_output=True, text=True, timeout=30)
        told, _, end = done.stdout.rpartition("\n")
        assert end == "2 401 application/problem+json", done
        assert json.loads(told)["type"] == "urn:chot:problem:token-missing"


def test_who_waits_to_be_asked_for_the_body_is_answered(country):
    with client(country.collector.port) as connection:
        connection.sendall(head("/v1/summaries", BODY, None, "POST", "Expect: 100-continue"))
        # nginx asks for what it throws away.
        said = answer(connection).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert problem(said)[0] == 401
    token = Forger(country, country.agents[0]).token()
    with client(country.collector.port) as connection:
        connection.sendall(head("/v1/summaries", 2, token, "POST", "Expect: 100-continue"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert not answer(connection).startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 5"))


def test_what_is_let_in_reaches_the_collector_whole(country):
    """More than the front keeps in memory, and not one summary."""
    body = b"\n".join([b"x" * 4000] * 1000)
    forger = Forger(country, country.agents[0])
    for more in ((), ("Transfer-Encoding: chunked",)):
        with client(country.collector.port) as connection:
            connection.settimeout(10)
            connection.sendall(head("/v1/summaries", None if more else len(body), forger.token()))
            connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if more else body)
            said = answer(connection)
        assert said.startswith(b"HTTP/1.1 200 ") and said.count(b'"refused"') == 1000, said[:300]


@pytest.mark.parametrize("path,most", [("/v1/summaries", BODY), ("/v1/held", BODY), ("/v1/epoch", 65536),
                                       ("/v1/sketches", 65536), ("/v1/enroll", 65536), ("/v1/none", 65536)])
def test_no_endpoint_takes_more_than_it_needs(country, path, most):
    token = Forger(country, country.agents[0]).token()
    with client(country.collector.port) as connection:
        connection.sendall(head(path, most + 1, token))
        assert problem(answer(connection))[0] == 413
    with client(country.collector.port) as connection:
        # In chunks: known only when it is there.
        connection.sendall(head(path, None, token))
        with contextlib.suppress(OSError):
            for _ in range(most // 65536 + 1):
                connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 413 ")


def workers(collector):
    children = subprocess.run(["pgrep", "-P", str(collector.front.pid)], capture_output=True, text=True).stdout
    return set(children.split())


@contextlib.contextmanager
def limits(country, **front):
    """Other limits of the front, by a reload, until the block ends."""
    collector = country.collector
    path = collector.config + ".d/70-front.json5"

    def reload():
        with open(country.stage.path("front.conf"), "w", encoding="utf-8") as f:
            f.write(collector.cli("nginx-config", "--standalone"))
        before = workers(collector)
        os.kill(collector.front.pid, signal.SIGHUP)
        wait_for("new workers of the front", lambda: workers(collector) - before)
        time.sleep(0.3)  # those of before stop listening
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"front": front}, f)
    reload()
    yield
    os.unlink(path)
    reload()


def is_waited_for(connection):
    """The front waits for the rest of the body."""
    connection.settimeout(0.5)
    try:
        return connection.recv(100) == b"never"
    except TimeoutError:
        return True


def test_large_bodies_of_one_address_are_a_share(country):
    """Whoever holds a good token: not the others' room."""
    collector = country.collector
    token = Forger(country, country.agents[0]).token()
    with limits(country, large_bodies_per_address=2), contextlib.ExitStack() as stack:
        def opened(length, source="127.0.0.1", sent=b""):
            connection = stack.enter_context(client(collector.port, source))
            connection.sendall(head("/v1/summaries", length, token) + sent)
            return connection
        held = [opened(BODY, sent=b"x" * (BODY - 1)) for _ in range(2)]
        assert all(is_waited_for(connection) for connection in held)
        assert 0 < kept(collector)[0] <= 2 * BODY
        for length in (BODY, 260_000, None):
            said = answer(opened(length))
            assert problem(said)[0] == 429 and b"Retry-After: 5" in said, (length, said)
        # Small ones go on, the agent's among them, and so do other addresses.
        assert is_waited_for(opened(259_999)) and is_waited_for(opened(BODY, "127.0.0.2"))
        assert ask(country.agents[0], "canbo1") == "allow"
        country.wait_complete(15)


def test_bodies_under_way_of_one_address_are_limited(country):
    token = Forger(country, country.agents[0]).token()
    with limits(country, bodies_per_address=6), contextlib.ExitStack() as stack:
        for count in range(8):
            connection = stack.enter_context(client(country.collector.port))
            connection.sendall(head("/v1/summaries", 1000, token))
            if not is_waited_for(connection):
                break
        assert count in (5, 6)  # the agent beside us may have one
        other = stack.enter_context(client(country.collector.port, "127.0.0.2"))
        other.sendall(head("/v1/summaries", 1000, token))
        assert is_waited_for(other)


class Said(http.server.BaseHTTPRequestHandler):
    """In the collector's place: says of a token what it is told to."""
    says = (204, {})

    def do_GET(self):
        status, headers = self.says
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self):
        return "front"

    def log_message(self, *_):
        pass


def test_what_is_no_refusal_is_503_with_its_own_words(country, tmp_path):
    """nginx itself makes 500 of anything but 401 and 403."""
    collector, port, sock = country.collector, free_port(), str(tmp_path / "s")
    folder = tmp_path / "nginx"
    folder.mkdir()
    text = collector.cli("nginx-config", "--standalone", "--folder", str(folder))
    text = text.replace(f"{collector.state}/run/api.sock", sock).replace(f":{collector.port} ", f":{port} ")
    country.stage.start_nginx("front-of-a-stub", text, port)
    doubt = {"type": "urn:chot:problem:clock-doubted", "title": "Refused", "status": 503, "detail": "come again"}
    told = {"X-Chot-Status": "503", "X-Chot-Problem": json.dumps(doubt), "Retry-After": "7"}
    with socketserver.ThreadingUnixStreamServer(sock, Said) as stub:
        threading.Thread(target=stub.serve_forever, daemon=True).start()
        for says, kind, retry in (((401, told), doubt["type"], b"7"), ((500, {}), "about:blank", b"5"),
                                  ((503, {"Retry-After": "9"}), "about:blank", b"5"), ((302, {}), "about:blank", b"5"),
                                  ((401, {}), "about:blank", b"5"), ((403, {"X-Chot-Status": "200"}), "about:blank", b"5")):
            Said.says = says
            with client(port) as connection:
                connection.sendall(head("/v1/summaries", BODY, "x.y.z") + b"x" * 300_000)
                said = answer(connection)
            assert problem(said)[0] == 503 and problem(said)[2]["type"] == kind, (says, said)
            assert said.count(b"Retry-After: ") == 1 and b"\r\nRetry-After: " + retry + b"\r\n" in said, (says, said)
        stub.shutdown()


def test_a_64_of_ipv6_is_one_address(country, tmp_path):
    """Else whoever has one address has 2^64 shares."""
    text = country.collector.cli("nginx-config")
    found = re.search(r"map \$remote_addr \$chot_address \{.*?\n    \}\n", text, re.S)[0]
    assert "limit_conn_zone $binary_remote_addr" not in text and "limit_req_zone $binary_remote_addr" not in text
    port = free_port()
    country.stage.start_nginx("addresses", f"""daemon off; {user_line()} pid {tmp_path}/pid; error_log {tmp_path}/error.log;
        events {{}} http {{ {found} access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;
        fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;
        server {{ listen 127.0.0.1:{port}; set_real_ip_from 127.0.0.1; real_ip_header X-From;
        location / {{ return 200 "$chot_address"; }} }} }}""", port)

    def key(address):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        line.request("GET", "/", headers={"X-From": address})
        return line.getresponse().read()
    one = {key(a) for a in ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:ffff::", "2001:db8:1:2::")}
    assert one == {b"2001:db8:1:2"}
    assert len({key(a) for a in ("2001:db8::1", "2001:db8::2", "2001:db8:0:0:1:2:3:4")}) == 1
    others = ("2001:db8:1:3::1", "2001:db8:2::1", "2001:db9::1", "fe80::1", "::1", "192.0.2.1", "192.0.2.2")
    assert len({key(a) for a in others}) == len(others)


def test_enrolments_without_a_token_take_none_of_the_writers_time(country):
    collector = country.collector
    stranger = Forger(country, country.agents[0])
    stranger.key = OKPKey.generate_key("Ed25519")
    asked = {"id": "x" * 16, "secret": "y" * 43, "jwk": stranger.key.as_dict(private=False), "host": "x", "version": "1"}
    body = stranger.sign({**asked, "jwk": {k: asked["jwk"][k] for k in ("kty", "crv", "x")}}, "chot-enroll+jws")
    line = http.client.HTTPConnection("collector")
    line.sock = socket.socket(socket.AF_UNIX)
    line.sock.connect(os.path.join(collector.state, "run/api.sock"))
    status = os.path.join(collector.state, "run/status.sock")
    before = metric(status, "chot_collector_commits_total")
    for _ in range(200):
        line.request("POST", "/v1/enroll", body, {"Content-Type": "application/jose"})
        said = line.getresponse()
        assert (said.status, json.loads(said.read())["detail"]) == (403, "the token is not known")
    assert metric(status, "chot_collector_commits_total") - before < 50  # the agent's own pushes


def test_headers_without_end_are_cut_off(country):
    with client(country.collector.port) as connection:
        many = [f"X-{i}: {'y' * 1000}" for i in range(20)]
        connection.sendall(head("/v1/summaries", 0, None, "POST", *many))
        assert problem(answer(connection))[0] == 401
    with client(country.collector.port) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(head("/v1/summaries", 0, None, "POST", *many * 10))
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/v1/lockset", "/v1/policy", "/v1/keys"])
def test_what_needs_no_body_takes_none(country, path):
    with client(country.collector.port) as connection:
        connection.sendall(head(path, 1000, method="GET"))
        assert answer(connection).startswith(b"HTTP/1.1 413 ")


def test_the_question_about_a_token_is_the_fronts_alone(country):
    with client(country.collector.port) as connection:
        connection.sendall(b"GET /token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer(connection).startswith(b"HTTP/1.1 404 ")
    with client(country.collector.port) as connection:
        connection.sendall(b"GET /admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert problem(answer(connection))[0] == 404


def test_without_its_collector_the_front_says_so(country):
    country.collector.process.kill9()
    with client(country.collector.port) as connection:
        connection.sendall(head("/v1/summaries", 2, "x.y.z") + b"{}")
        said = answer(connection)
    country.collector.start()
    assert problem(said)[0] == 503 and b"Retry-After" in said, said
