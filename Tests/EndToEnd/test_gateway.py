"""What the gateway changes on the way, byte for byte, and what it says when something is down."""
import grp
import gzip
import os
import pwd
import re
import signal
import socket
import subprocess
import time

import pytest

from country import ROOT, Agent, Country, Stage, ask, configure, metric, post, soap, wait_for
from mock_npd import ANSWER, MockNPD, exchange

SYSTEMS = {  # a system each, with an agent configured so
    "H26.binhthuong": {},
    "H26.choqua": {"gateway": {"onAgentDown": "pass"}},
    "H26.voi": {"gateway": {"timeout": "1s"}},
    "H26.phanquyet": {"gateway": {"soapFaultStatus": "verdict"}},
    "H26.luon403": {"gateway": {"soapFaultStatus": "verdict"}, "authorize": {"denyStatus": "403"}},
}
XML = b"Content-Type: text/xml; charset=utf-8\r\n"


class Gateways:
    """One country with an agent of each configuration before the same mock NPD."""

    def __init__(self, stage, npd):
        self.npd = npd
        self.country = Country(stage, systems=tuple(SYSTEMS), accounts=3, agents=False)
        self.country.lock("account=canbo2@H26.phanquyet", "--for", "1h")
        self.country.lock("account=canbo2@H26.luon403", "--for", "1h")
        self.agents = {}
        for system, settings in SYSTEMS.items():
            agent = self.agents[system] = Agent(stage, self.country.collector, npd, system)
            configure(agent, **settings)
            agent.start()
        self.plain = self.agents["H26.binhthuong"]

    def send(self, path=b"/npd/x", headers=XML, body=None, method=b"POST", port=None):
        """One query of canbo0; returns the client's answer and what the NPD received."""
        body = soap("canbo0") if body is None else body
        head = method + b" " + path + b" HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n" + headers
        if b"Transfer-Encoding" not in headers:
            head += b"Content-Length: %d\r\n" % len(body)
        received = len(self.npd.requests)
        answer = exchange(port or self.plain.gateway_port, head + b"\r\n", body)
        assert len(self.npd.requests) == received + 1, answer.first
        return answer, self.npd.last()


@pytest.fixture(scope="module")
def gateways():
    with MockNPD() as npd, Stage("chot-test-") as stage:
        yield Gateways(stage, npd)


@pytest.fixture(autouse=True)
def usual_answer(gateways):
    gateways.npd.answer = ANSWER


@pytest.mark.parametrize("path", [
    b"/npd/x", b"/", b"//a///b//", b"/x/%2e%2E/%2f/%C3%A9", b"/a/./../b", b"/x?", b"/x?&&a=%20+b&a=?/../",
    b"/x;v=1,2/@:$!*'()~", b"/\xe9\xff/\xc3\xa9?q=\xe1\xbb\x91", b"/x?a=#b%", b"/" + b"d" * 4000,
])
def test_the_path_and_query_string_go_on_as_they_are(gateways, path):
    _, request = gateways.send(path)
    assert request.first == b"POST " + path + b" HTTP/1.1"


@pytest.mark.parametrize("path", [b"/a%", b"/a%00b", b"/../npd"])
def test_a_path_that_has_no_meaning_goes_nowhere(gateways, path):
    received = len(gateways.npd.requests)
    answer = exchange(gateways.plain.gateway_port, b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n"
                      b"Connection: close\r\nContent-Length: 0\r\n\r\n", b"")
    assert answer.first == b"HTTP/1.1 400 Bad Request"
    assert len(gateways.npd.requests) == received


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"REPORT"])
def test_the_method_goes_on_as_it_is(gateways, method):
    _, request = gateways.send(method=method)
    assert request.first == method + b" /npd/x HTTP/1.1"
    assert request.body.startswith(b"<?xml")


def test_end_to_end_headers_go_on_as_they_are(gateways):
    headers = (
        b'SOAPAction: "http://dancuquocgia.bca/TraCuuThongTinCongDan"\r\nX-Many: one\r\nX-Many: two\r\nx-many: ONE\r\n'
        b"Cookie: a=1; b=2\r\nAuthorization: Basic Y2FuYm8wOng=\r\nAccept-Encoding: gzip, br\r\n"
        b"User-Agent: b\xc3\xa9 \xff (odd)\r\nX_Under_Score: 1\r\nX!Odd.Name: 2\r\nX-Empty:\r\n"
        b"X-Forwarded-For: 203.0.113.9\r\nVia: 1.0 somebody\r\nX-Spaces: a  b\tc\r\nIf-None-Match: \"e\"\r\n"
        b"Range: bytes=0-1\r\nX-Long: " + b"v" * 3000 + b"\r\n" + XML)
    _, request = gateways.send(headers=headers)
    sent = [line.split(b":", 1) for line in headers.split(b"\r\n")[:-1]]
    assert sorted(request.without()) == sorted((name, value.strip(b" ")) for name, value in sent)
    assert request.all(b"X-Many") == [b"one", b"two", b"ONE"]


def odd_body():
    """Readable SOAP with bytes that a rewriting proxy would not keep."""
    head, rest = soap("canbo0").split(b"?>", 1)
    return head + b"?>\r\n\n\t<!-- \xe1\xbb\x91 -->" + rest.replace(b"><", b">\r\n  \t<") + b"\r\n\r\n  <!-- end -->\n"


def test_the_body_goes_on_as_it_is(gateways):
    for body in (soap("canbo0"), odd_body(), soap("canbo0") + b" " * 200_000):
        _, request = gateways.send(body=body)
        assert request.body == body


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_the_body_of_a_chunked_query_goes_on_as_it_is(gateways, size):
    body = odd_body() + b" " * (2 * size)
    chunks = [body[i:i + size] for i in range(0, len(body), size)]
    wire = b"".join(b"%x;odd=1\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"
    answer, request = gateways.send(headers=XML + b"Transfer-Encoding: chunked\r\n", body=wire)
    assert answer.first == b"HTTP/1.1 200 OK"
    assert request.body == body


def test_the_answer_comes_back_as_it_is(gateways):
    body = gzip.compress(bytes(range(256)) * 2000, mtime=0)
    headers = (
        b"Server: NPD/9\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\nContent-Type: application/x-odd; charset=\"q\"\r\n"
        b"Content-Encoding: gzip\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nLocation: " + gateways.npd.url.encode()
        + b"/elsewhere\r\nWWW-Authenticate: Basic realm=x\r\nWWW-Authenticate: Bearer\r\nETag: \"e\"\r\n"
        b"Last-Modified: Tue, 02 Jan 2001 00:00:00 GMT\r\nCache-Control: no-store\r\nVary: Accept\r\n"
        b"Retry-After: 7\r\nX-Odd: \xc3\xa9 \xff\r\nx-lower: 1\r\n")
    for first in (b"HTTP/1.1 200 OK", b"HTTP/1.1 299 Odd Reason", b"HTTP/1.1 500 Fault", b"HTTP/1.1 302 Found",
                  b"HTTP/1.1 401 Unauthorized", b"HTTP/1.1 404 Not Here", b"HTTP/1.1 503 Busy"):
        gateways.npd.answer = first + b"\r\nConnection: close\r\n" + headers \
            + b"Content-Length: %d\r\n\r\n" % len(body) + body
        answer, _ = gateways.send()
        assert answer.first == first
        wanted = [tuple(line.split(b": ", 1)) for line in headers.split(b"\r\n")[:-1]]
        assert sorted(answer.without()) == sorted(wanted)
        assert answer.body == body


def test_a_chunked_answer_comes_back_whole(gateways):
    body = bytes(range(256)) * 1000
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 777]), body[i:i + 777]) for i in range(0, len(body), 777))
    gateways.npd.answer = (b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                           + chunks + b"0\r\n\r\n")
    answer, _ = gateways.send()
    assert answer.body == body


@pytest.mark.parametrize("name", ["X-Chot-Account", "X-Chot-Service", "X-Chot-Subject", "X-Chot-Verdict",
                                  "X-Chot-Reason", "X-Real-IP", "x-chot-account"])
def test_what_only_chot_may_say_does_not_come_from_a_client(gateways, name):
    _, request = gateways.send(headers=XML + name.encode() + b": forged\r\n")
    assert request.all(name.encode()) == []


@pytest.mark.parametrize("name", ["X-Chot-Khac", "X_Chot_Account"])
def test_a_header_that_claims_to_be_ours_is_refused(gateways, name):
    received, malformed = len(gateways.npd.requests), metric(gateways.plain, "chot_agent_malformed_total")
    status, headers, _ = post(gateways.plain.gateway_port, soap("canbo0"), {name: "forged"})
    assert status == 400 and len(gateways.npd.requests) == received
    assert headers["X-Chot-Verdict"] == "deny"
    assert metric(gateways.plain, "chot_agent_malformed_total") == malformed + 1


ACTION = b'SOAPAction: "http://dancuquocgia.bca/%s"\r\n'


@pytest.mark.parametrize("headers, status", [
    (XML + ACTION % b"XacThucThongTinCongDan", 400),
    (XML + ACTION % b"TraCuuThongTinCongDan" + ACTION % b"XacThucThongTinCongDan", 400),
    (XML + ACTION % b"TraCuuThongTinCongDan" + b'soapaction: ""\r\n', 400), (XML + XML, 400),
    (XML + b"Content_Type: text/xml; charset=utf-16\r\n", 400),
    (b"Content-Type: text/xml; action=XacThucThongTinCongDan\r\n", 400),
    (b"Content-Type: text/xml; charset=utf-8; charset=us-ascii\r\n", 400),
    (b"Content-Type: application/soap+xml; action=TraCuuThongTinCongDan\r\n", 415),
], ids=["action", "two actions", "an action and none", "two types", "underscore", "parameter", "charsets", "soap12"])
def test_what_headers_say_twice_or_otherwise_than_the_body_goes_nowhere(gateways, headers, status):
    received, body = len(gateways.npd.requests), soap("canbo0")
    head = b"POST /npd/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers
    answer = exchange(gateways.plain.gateway_port, head + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert answer.first.startswith(b"HTTP/1.1 %d " % status) and b"<soapenv:Fault>" in answer.body
    assert len(gateways.npd.requests) == received


def test_the_npd_cannot_speak_for_chot_nor_steer_the_gateway(gateways):
    gateways.npd.answer = ANSWER.replace(
        b"\r\n\r\n", b"\r\nX-Chot-Verdict: deny\r\nX-Chot-Reason: R1\r\nX-Accel-Redirect: /__chot_authorize\r\n\r\n")
    answer, _ = gateways.send()
    assert (answer.first, answer.body) == (b"HTTP/1.1 200 OK", b"ok")
    assert answer.all(b"X-Chot-Verdict") == [] and answer.all(b"X-Chot-Reason") == []


@pytest.mark.parametrize("path", [b"/__chot_authorize", b"/@npd", b"/@chot_agent_down", b"/chot-gateway.js"])
def test_no_path_of_a_client_is_the_gateways_own(gateways, path):
    _, request = gateways.send(path=path)
    assert request.first == b"POST " + path + b" HTTP/1.1"


def test_a_client_cannot_say_where_its_query_goes_on(gateways):
    received = len(gateways.npd.requests)
    for name in ("X-Chot-Way", "X_Chot_Way", "x-chot-way"):
        status, _, _ = post(gateways.plain.gateway_port, soap("canbo3"), {name: "@npd"})
        assert status == 400
    status, _, _ = post(gateways.plain.gateway_port, soap("canbo3"), {"X-Accel-Redirect": "@npd"})
    assert status == 500  # canbo3 is not registered
    assert len(gateways.npd.requests) == received


def test_a_body_that_would_lie_on_a_disk_goes_nowhere(gateways):
    received, malformed = len(gateways.npd.requests), metric(gateways.plain, "chot_agent_malformed_total")
    body = soap("canbo0") + b" " * 100_000  # in chunks of a byte: six times as long on the wire
    wire = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head = b"POST /npd/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + XML + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = exchange(gateways.plain.gateway_port, head, wire)
    assert answer.first.startswith(b"HTTP/1.1 413 ") and b"<soapenv:Fault>" in answer.body
    assert len(gateways.npd.requests) == received
    assert metric(gateways.plain, "chot_agent_malformed_total") == malformed + 1


def test_a_stopped_npd_is_502(stage):
    with MockNPD() as npd:
        country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
        agent = Agent(stage, country.collector, npd, "H26.motcua").start()
        assert ask(agent, "canbo0") == "allow"
    status, headers, _ = post(agent.gateway_port, soap("canbo0"))
    assert status == 502
    assert "X-Chot-Verdict" not in headers


def test_a_slow_npd_is_504(gateways):
    gateways.npd.answer = None
    status, headers, _ = post(gateways.agents["H26.voi"].gateway_port, soap("canbo0"))
    assert status == 504
    assert "X-Chot-Verdict" not in headers


def test_a_killed_agent_is_503_and_nothing_passes(gateways):
    agent = gateways.plain
    agent.process.kill9()
    received = len(gateways.npd.requests)
    status, headers, body = post(agent.gateway_port, soap("canbo0"))
    assert status == 503 and int(headers["Retry-After"]) > 0
    assert headers["X-Chot-Reason"] == "agent-down"
    assert b"<soapenv:Fault>" in body and b'xml:lang="vi"' in body and b'xml:lang="en"' in body
    assert len(gateways.npd.requests) == received
    agent.start()
    wait_for("the agent", lambda: ask(agent, "canbo0") == "allow", 10)


def test_a_killed_agent_lets_pass_where_the_unit_chose_so(gateways):
    agent = gateways.agents["H26.choqua"]
    agent.process.kill9()
    answer, request = gateways.send(port=agent.gateway_port, headers=XML + b"X-Chot-Account: forged\r\n")
    assert (answer.first, answer.body) == (b"HTTP/1.1 200 OK", b"ok")
    assert request.all(b"X-Chot-Account") == []
    agent.start()


def passed_log(agent):
    with open(agent.state + "/nginx/passed.log", encoding="ascii") as f:
        return [re.fullmatch(r"(\d+\.\d{3}) ([0-9a-f]{32})\n", line).groups() for line in f]


def test_what_passes_unchecked_is_named_once_before_it_goes_on(gateways):
    agent = gateways.agents["H26.choqua"]
    assert ask(agent, "canbo0") == "allow"
    before = passed_log(agent)
    agent.process.kill9()
    for _ in range(5):
        answer, _ = gateways.send(port=agent.gateway_port)
        assert answer.first == b"HTTP/1.1 200 OK"
    # The NPD has it and does not answer: it is named already.
    received, gateways.npd.answer = len(gateways.npd.requests), None
    with socket.create_connection(("127.0.0.1", agent.gateway_port)) as line:
        body = soap("canbo0")
        line.sendall(b"POST /npd/x HTTP/1.1\r\nHost: a\r\n" + XML + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_for("the query at the NPD", lambda: len(gateways.npd.requests) > received, 10)
        named = passed_log(agent)[len(before):]
    assert len(named) == 6 and len({request for _, request in named}) == 6
    assert all(abs(float(at) - time.time()) < 60 for at, _ in named)
    gateways.npd.answer = ANSWER
    agent.start()
    assert ask(agent, "canbo0") == "allow"
    assert len(passed_log(agent)) == len(before) + 6


def test_what_passes_is_named_also_when_the_agent_was_down_from_the_beginning(gateways):
    agent = Agent(gateways.country.stage, gateways.country.collector, gateways.npd, "H26.choqua", name="choqua2")
    configure(agent, **SYSTEMS["H26.choqua"])
    text = agent.stage.program("chot-agent", "nginx-config", "--standalone", "--config", agent.config)
    gateway = agent.stage.start_nginx("gateway-choqua2", text, agent.gateway_port)
    answer, _ = gateways.send(port=agent.gateway_port)
    assert answer.first == b"HTTP/1.1 200 OK" and len(passed_log(agent)) == 1
    # Told to open its logs anew, as logrotate does.
    os.rename(agent.state + "/nginx/passed.log", agent.state + "/nginx/passed.log.1")
    os.kill(gateway.pid, signal.SIGUSR1)
    wait_for("a new passed.log", lambda: os.path.exists(agent.state + "/nginx/passed.log"), 10)
    gateways.send(port=agent.gateway_port)
    assert len(passed_log(agent)) == 1


def test_the_log_of_what_passed_cannot_be_written_from_outside(gateways):
    agent = gateways.agents["H26.choqua"]
    before = passed_log(agent)
    status, _, _ = post(agent.gateway_port, soap("canbo0"), path="/__chot_passed")
    assert status == 404 and passed_log(agent) == before
    assert not os.path.exists(gateways.plain.state + "/nginx/passed.log")


@pytest.mark.parametrize("system", ["H26.phanquyet", "H26.luon403"])
def test_a_refusal_keeps_403_where_the_unit_chose_so(gateways, system):
    agent = gateways.agents[system]
    received = len(gateways.npd.requests)
    status, headers, body = post(agent.gateway_port, soap("canbo2"))
    assert status == 403
    assert headers["X-Chot-Verdict"] == "deny" and b"<soapenv:Fault>" in body
    assert len(gateways.npd.requests) == received
    assert ask(agent, "canbo1") == "allow"


def test_the_log_is_rotated_as_shipped_and_loses_no_line(gateways, tmp_path):
    folder = gateways.plain.state + "/nginx"
    with open(f"{ROOT}/deploy/logrotate/chot-agent-gateway", encoding="utf-8") as f:
        text = f.read().replace("/var/lib/chot-agent/nginx", folder)
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    text = text.replace("chot-gateway chot-agent", f"{user} {group}")
    (tmp_path / "rotate").write_text(text, encoding="utf-8")
    os.chmod(tmp_path / "rotate", 0o644)
    # In systemd's place: what it knows as the unit's main process.
    stub = tmp_path / "systemctl"
    stub.write_text(f'#!/bin/sh\n[ "$*" = "kill --kill-whom=main --signal=USR1 chot-agent-gateway.service" ]'
                    f' && kill -USR1 "$(cat {folder}/nginx.pid)"\n', encoding="utf-8")
    os.chmod(stub, 0o755)

    def lines():
        return sum(len(open(f"{folder}/{name}", encoding="utf-8").readlines())
                   for name in os.listdir(folder) if name.startswith("access.log") and not name.endswith(".gz"))
    wait_for("the log of the tests before", lambda: lines() > 10, 5)
    time.sleep(1.2)  # nginx writes every second
    before = lines()
    assert [ask(gateways.plain, "canbo0") for _ in range(20)] == ["allow"] * 20
    subprocess.run(["/usr/sbin/logrotate", "-f", "-s", tmp_path / "state", tmp_path / "rotate"], check=True,
                   env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert [ask(gateways.plain, "canbo0") for _ in range(5)] == ["allow"] * 5
    wait_for("the new log", lambda: os.path.getsize(f"{folder}/access.log") > 0, 5)
    wait_for("every line", lambda: lines() == before + 25, 5)
