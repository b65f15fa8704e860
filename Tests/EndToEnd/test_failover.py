"""Several addresses of the NPD: the next one answers when one is gone, and none gets a query that another got."""
import socket
import ssl
import subprocess
import threading

import pytest

from country import Agent, Country, Stage, configure, free_port, metric, post, soap, wait_for
from mock_npd import ANSWER, Message, MockNPD

METHODS = [b"POST", b"PATCH", b"GET", b"PUT", b"DELETE", b"OPTIONS", b"REPORT", b"LOCK", b"PROPFIND", b"HEAD"]
NOTHING = b""  # the line is closed without an answer
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"  # closed within the head of the answer


class Ways:
    """One system whose gateway is written anew for each test's addresses."""

    def __init__(self, stage):
        self.stage, self.number = stage, 0
        self.country = Country(stage, systems=("H26.motcua",), accounts=2, agents=False)
        self.agent = Agent(stage, self.country.collector, self.country.npd, "H26.motcua")
        configure(self.agent, gateway={"timeout": "1s"})
        self.agent.start()
        self.agent.gateway.stop()

    def through(self, *urls, **gateway):
        """A gateway with these addresses; returns its port."""
        self.number += 1
        port = free_port()
        configure(self.agent, gateway={"listen": f"127.0.0.1:{port}", "upstream": urls[0] if len(urls) == 1 else urls,
                                       "timeout": "1s", **gateway})
        if self.agent.gateway:
            self.agent.gateway.stop()
        text = self.stage.program("chot-agent", "nginx-config", "--standalone", "--config", self.agent.config)
        self.agent.gateway = self.stage.start_nginx(f"gateway-{self.number}", text, port)
        return port

    def counted(self):
        return metric(self.agent, "chot_agent_queries_allowed")


@pytest.fixture(scope="module")
def ways():
    with Stage("chot-test-") as stage:
        yield Ways(stage)


def send(port, method=b"POST", body=None):
    """The status of one query of canbo0."""
    body = soap("canbo0") if body is None else body
    with socket.create_connection(("127.0.0.1", port), timeout=15) as line:
        line.sendall(method + b" /npd/x HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nContent-Type: text/xml\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return int(line.makefile("rb").readline().split()[1])


def nobody():
    return f"http://127.0.0.1:{free_port()}"


def test_the_first_address_gets_all_while_it_answers(ways):
    with MockNPD() as first, MockNPD() as second:
        port = ways.through(first.url, second.url)
        assert [send(port) for _ in range(20)] == [200] * 20
        assert (len(first.requests), len(second.requests)) == (20, 0)


def test_spread_gives_each_its_share(ways):
    with MockNPD() as first, MockNPD() as second, MockNPD() as third:
        port = ways.through(first.url, second.url, third.url, upstreamOrder="spread")
        assert [send(port) for _ in range(30)] == [200] * 30
        assert [len(npd.requests) for npd in (first, second, third)] == [10, 10, 10]


@pytest.mark.parametrize("order", ["primary", "spread"])
def test_a_query_goes_to_the_next_address_when_one_does_not_listen(ways, order):
    with MockNPD() as second:
        before = ways.counted()
        port = ways.through(nobody(), second.url, upstreamOrder=order)
        assert [send(port) for _ in range(20)] == [200] * 20
        assert len(second.requests) == 20
        assert ways.counted() == before + 20


def test_the_first_address_gets_queries_again_when_it_is_back(ways):
    with MockNPD() as second:
        first = nobody()
        port = ways.through(first, second.url)
        assert [send(port) for _ in range(4)] == [200] * 4
        with MockNPD(int(first.rsplit(":", 1)[1])) as back:
            wait_for("the first address", lambda: send(port) == 200 and back.requests, 20, 0.5)


@pytest.mark.parametrize("order", ["primary", "spread"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("answer", [NOTHING, CUT])
def test_a_query_that_was_sent_is_not_sent_again(ways, answer, method, order):
    with MockNPD() as first, MockNPD() as second:
        first.answer = second.answer = answer
        before = ways.counted()
        port = ways.through(first.url, second.url, upstreamOrder=order)
        assert send(port, method) == 502
        assert len(first.requests) + len(second.requests) == 1
        assert ways.counted() == before + 1


@pytest.mark.parametrize("method", [b"POST", b"GET", b"REPORT"])
def test_a_query_that_is_not_answered_in_time_is_504_and_not_sent_again(ways, method):
    with MockNPD() as first, MockNPD() as second:
        first.answer = None
        port = ways.through(first.url, second.url)
        assert send(port, method) == 504
        assert (len(first.requests), len(second.requests)) == (1, 0)


def test_an_answer_of_the_npd_is_final_whatever_it_says(ways):
    with MockNPD() as first, MockNPD() as second:
        port = ways.through(first.url, second.url)
        for status in (500, 502, 503, 504, 403, 404, 429):
            first.answer = ANSWER.replace(b"200 OK", b"%d Said" % status)
            assert send(port) == status
        assert (len(first.requests), len(second.requests)) == (7, 0)


def test_a_kept_connection_that_dies_under_a_query_does_not_repeat_it(ways):
    """The address answers once and keeps the line; on it, the next query is read and the line closed."""
    listener = socket.create_server(("127.0.0.1", 0))
    received = []

    def serve():
        while True:
            try:
                line = listener.accept()[0]
            except OSError:
                return
            with line, line.makefile("rb") as stream:
                received.append(Message(stream))
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                if (message := Message(stream)).first:
                    received.append(message)
    threading.Thread(target=serve, daemon=True).start()
    with MockNPD() as second:
        port = ways.through(f"http://127.0.0.1:{listener.getsockname()[1]}", second.url)
        assert (send(port), len(received)) == (200, 1)
        assert send(port) == 502
        wait_for("the second query", lambda: len(received) == 2, 5)
        assert second.requests == []
    listener.close()


def test_a_query_cut_off_half_way_is_not_sent_again(ways):
    listener = socket.create_server(("127.0.0.1", 0), reuse_port=False)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def serve():
        line = listener.accept()[0]
        line.recv(100)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        line.close()  # a reset in the middle of the body
    threading.Thread(target=serve, daemon=True).start()
    with MockNPD() as second:
        port = ways.through(f"http://127.0.0.1:{listener.getsockname()[1]}", second.url)
        assert send(port, body=soap("canbo0") + b" " * 200_000) == 502
        assert second.requests == []
    listener.close()


def test_all_addresses_down_is_502_and_each_query_counted(ways):
    before = ways.counted()
    port = ways.through(nobody(), nobody())
    assert [send(port) for _ in range(8)] == [502] * 8
    status, headers, _ = post(port, soap("canbo0"))
    assert status == 502 and "X-Chot-Verdict" not in headers
    assert ways.counted() == before + 9


def test_a_method_that_nginx_would_repeat_waits_for_the_address_to_be_given_up(ways):
    with MockNPD() as second:
        port = ways.through(nobody(), second.url)
        assert [send(port, b"GET") for _ in range(6)] == [502, 502, 502, 200, 200, 200]
        assert len(second.requests) == 3


class TLSNPD(MockNPD):
    """Behind TLS, with a certificate for lgsp.example from an authority of its own."""

    def __init__(self, folder, name):
        super().__init__()
        self.ca = f"{folder}/{name}.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", f"{folder}/{name}.key", "-out", self.ca, "-days", "2", "-subj", "/CN=mau",
                        "-addext", "subjectAltName=DNS:lgsp.example"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, f"{folder}/{name}.key")
        self.names = []
        context.sni_callback = lambda _, name, __: self.names.append(name)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = self.url.replace("http:", "https:")


def test_an_address_with_a_foreign_certificate_is_passed_over(ways, tmp_path):
    with TLSNPD(tmp_path, "foreign") as foreign, TLSNPD(tmp_path, "ours") as ours:
        port = ways.through(foreign.url, ours.url, upstreamHost="lgsp.example", upstreamCA=ours.ca)
        assert [send(port) for _ in range(3)] == [200] * 3
        assert foreign.requests == [] and len(ours.requests) == 3
        assert ours.last().all(b"Host") == [b"lgsp.example"]
        assert set(foreign.names) == set(ours.names) == {"lgsp.example"}
        port = ways.through(ours.url, upstreamCA=ours.ca)  # by its address, which the certificate does not name
        assert send(port) == 502


def test_the_host_header_is_that_of_the_first_address(ways):
    with MockNPD() as second:
        first = nobody()
        port = ways.through(first, second.url)
        assert send(port) == 200
        assert second.last().all(b"Host") == [first.removeprefix("http://").encode()]
