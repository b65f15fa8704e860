"""The TLS front against those who have no token: nothing of theirs is kept, and honest agents go on."""
import os
import socket
import ssl
import subprocess
import threading
import time

from country import Country, ask, wait_for
from forger import Forger

BODY = 4 << 20


def anonymous(port, path, length, token=None, send=None):
    """A connection that says it brings so many bytes, and sends them as long as anybody reads."""
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = context.wrap_socket(line)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    tls.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{bearer}Content-Length: {length}\r\n\r\n".encode())
    try:
        tls.sendall(b"x" * (length if send is None else send))
    except OSError:
        pass
    return tls


def kept(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def resident(master):
    """MiB of the front's processes."""
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as f:
        family = [str(master), *f.read().split()]
    pages = 0
    for pid in family:
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            pages += int(f.read().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def port_of(country):
    return int(country.collector.url.rsplit(":", 1)[1])


def test_bodies_of_those_without_a_token_are_not_kept_and_honest_pushes_go_on(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=3)
    port, bodies = port_of(country), country.collector.state + "/nginx/body"
    before = resident(country.collector.front.pid)
    lines, most = [], 0
    guard = threading.Lock()

    def flood(path, token):
        for _ in range(10):
            tls = anonymous(port, path, BODY, token)
            with guard:
                lines.append(tls)

    paths = ("/v1/summaries", "/v1/held", "/v1/sketches", "/v1/epoch", "/v1/lockset")
    threads = [threading.Thread(target=flood, args=(path, token))
               for path in paths for token in (None, "x.y.z", "e" * 900)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, kept(bodies))
        time.sleep(0.01)
    assert len(lines) == 150
    assert ask(country.agents[0], "canbo0") == "allow"
    country.wait_complete(20)
    # A worker may have read as much as fits into its buffer before it saw that nobody wants it.
    assert most <= 1 << 20, f"{most} bytes lay on the disk"
    assert resident(country.collector.front.pid) - before < 48
    for tls in lines:
        tls.close()


def test_a_token_is_looked_at_before_the_body_and_the_answer_says_why(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1)
    for token, status, kind in ((None, "401", "token-missing"), ("x.y.z", "401", "token-malformed")):
        tls = anonymous(port_of(country), "/v1/summaries", BODY, token, send=0)
        tls.settimeout(10)
        answer = tls.recv(4000).decode()
        assert answer.split()[1] == status and kind in answer and "WWW-Authenticate: Bearer" in answer
        tls.close()
    agent = country.agents[0]
    agent.process.stop(60)
    forger = Forger(country, agent)
    # A push that says more than its token allows is refused for that alone.
    tls = anonymous(port_of(country), "/v1/summaries", BODY + 1, forger.token(), send=0)
    tls.settimeout(10)
    assert "too-large" in tls.recv(4000).decode()
    tls.close()


def test_one_address_holds_no_more_connections_than_it_may(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False,
                      config={"front": {"connections_per_address": 8}})
    port = port_of(country)
    held = [anonymous(port, "/v1/enroll", 60_000, send=1) for _ in range(8)]

    def refused():
        tls = anonymous(port, "/v1/summaries", 10, send=0)
        tls.settimeout(10)
        answer = tls.recv(4000).decode()
        tls.close()
        return answer.split()[1] == "429" and "Retry-After" in answer
    wait_for("the ninth to be refused", refused, 10)
    for tls in held:
        tls.close()
    wait_for("room again", lambda: not refused(), 20)


def test_the_front_keeps_bodies_where_systemd_says(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=1, agents=False)
    done = subprocess.run(
        [stage.bin + "/chot-collector", "nginx-config", "--standalone", "--config", country.collector.config],
        env={**os.environ, "RUNTIME_DIRECTORY": "/run/chot-collector-front"}, capture_output=True, text=True, check=True)
    assert "client_body_temp_path /run/chot-collector-front/body;" in done.stdout
