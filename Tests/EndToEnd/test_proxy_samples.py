"""The samples of deploy/ for an agency's own nginx and Caddy, started as shipped (issue C, acceptance 5)."""
import base64
import http.client
import os
import random
import shutil
import threading

import pytest

from country import ROOT, Agent, Country, SERVICES, Stage, accepts, configure, free_port, metric, user_line, wait_for
from mock_npd import ANSWER, MockNPD

# PROXY is a portal too, and named as one whose X-Forwarded-For is believed.
SYSTEM, PORTAL, PROXY, STRANGER = "H26.motcua", "127.0.0.1", "127.0.0.9", "127.0.0.2"
LOCKED_ADDRESS = "203.0.113.9"
OURS = ["X-Chot-Account", "X-Chot-Service", "X-Chot-Subject", "X-Chot-Verdict", "X-Chot-Reason", "X-Chot-Way", "X-Real-IP"]
RULES = {"R9": {"effect": "throttle", "challenge_at": 3, "deny_at": 5, "account": {"limit": 40, "period": "1h"}}}


class Sample:
    """One system whose proxy is a sample; subclasses start it."""
    authorize = {}

    def __init__(self, stage, npd):
        self.stage, self.npd, self.port = stage, npd, free_port()
        self.country = Country(stage, systems=(SYSTEM,), accounts=12, agents=False, policy={"rules": RULES})
        self.lock = self.country.lock(f"account=canbo1@{SYSTEM}", "--for", "1h")
        self.country.lock(f"ip={LOCKED_ADDRESS}@{SYSTEM}", "--for", "1h")
        self.agent = Agent(stage, self.country.collector, npd, SYSTEM, mode="headers")
        configure(self.agent, authorize={"sourceIsClient": True, **self.authorize})
        self.agent.start()
        self.agent.gateway.stop()
        self.start()

    def ask(self, login="canbo0", service=SERVICES[0], headers=(), come_from=PORTAL, method="POST", body=b"<any/>"):
        """(status, headers, body) of one query that the portal sends for a clerk."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15, source_address=(come_from, 0))
        line.putrequest(method, "/npd/" + service)
        own = [("Content-Length", str(len(body))), ("Content-Type", "application/json")]
        for name, value in own + ([("X-Portal-Account", login)] if login else []) + list(headers):
            line.putheader(name, value)
        line.endheaders(body)
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer.status, answer.headers, body

    def refused(self, *args, **kwargs):
        """(status, verdict, reason, body) of a query that must not reach the NPD."""
        received = len(self.npd.requests)
        status, headers, body = self.ask(*args, **kwargs)
        assert len(self.npd.requests) == received
        return status, headers["X-Chot-Verdict"], headers["X-Chot-Reason"], body.decode()


class NginxSample(Sample):
    authorize = {"denyStatus": "403"}

    def start(self):
        with open(os.path.join(ROOT, "deploy/nginx/auth-request.conf"), encoding="utf-8") as f:
            text = f.read()
        for shipped, ours in (
                ("unix:/run/chot-agent/authorize.sock", f"unix:{self.agent.state}/authorize.sock"),
                ("server lgsp.example:443;", f"server {self.npd.url.removeprefix('http://')};"),
                ("proxy_pass https://chot_npd;", "proxy_pass http://chot_npd;"),
                ("listen 127.0.0.1:8471;", f"listen 127.0.0.1:{self.port};"),
                ("/var/log/nginx/chot.log", self.stage.path("chot.log")),
                ("127.0.0.1 1;", f"{PORTAL} 1; {PROXY} 1;"),
                ("#set_real_ip_from 10.0.0.0/8;", f"set_real_ip_from {PROXY};")):
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, ours)
        folder = self.stage.path("nginx-sample")
        os.mkdir(folder)
        whole = (f"daemon off; {user_line()} pid {folder}/pid; error_log {folder}/error.log;\n"
                 f"events {{}}\nhttp {{ client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;"
                 f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{text}\n}}\n")
        self.process = self.stage.start_nginx("nginx-sample", whole, self.port)


class CaddySample(Sample):
    def start(self):
        self.home, caddy = self.stage.path("home"), shutil.which("caddy")
        assert caddy, "caddy is missing; run make deps first"
        os.mkdir(self.home)
        environment = {
            "HOME": self.home, "XDG_CONFIG_HOME": self.stage.path("caddy-config"),
            "XDG_DATA_HOME": self.stage.path("caddy-data"), "STEPPATH": self.stage.path("caddy-step"),
            "CHOT_CADDY_STATE": self.stage.path("caddy-state"),
            "CHOT_PORT": str(self.port), "CHOT_AUTHORIZE": f"unix/{self.agent.state}/authorize.sock",
            "CHOT_UPSTREAM": self.npd.url, "CHOT_PORTAL": f"{PORTAL} {PROXY}",
            "CHOT_TRUSTED_PROXY": PROXY + "/32"}
        self.process = self.stage.start(
            "caddy", "env", "-i", *[f"{k}={v}" for k, v in environment.items()],
            caddy, "run", "--config", os.path.join(ROOT, "deploy/caddy/Caddyfile"))
        wait_for("caddy", lambda: self.process.check() or accepts(self.port))


@pytest.fixture(scope="module", params=[NginxSample, CaddySample], ids=["nginx", "caddy"])
def sample(request):
    with MockNPD() as npd, Stage("chot-test-") as stage:
        yield request.param(stage, npd)


@pytest.fixture(autouse=True)
def usual_answer(sample):
    sample.npd.answer = ANSWER


@pytest.mark.parametrize("method, body", [("POST", b"<any/>\x00\xff" * 1000), ("POST", b""), ("GET", b""), ("PUT", b"x")])
def test_an_allowed_query_passes_whole(sample, method, body):
    received = len(sample.npd.requests)
    status, headers, answer = sample.ask("canbo0", method=method, body=body, headers=[("X-Own", "a b")])
    assert (status, answer) == (200, b"ok") and headers["X-Chot-Verdict"] is None
    assert len(sample.npd.requests) == received + 1
    query = sample.npd.last()
    assert query.first == f"{method} /npd/{SERVICES[0]} HTTP/1.1".encode()
    assert query.body == body and query.all(b"X-Own") == [b"a b"]
    assert query.all(b"X-Portal-Account") == []


def test_a_body_that_is_no_query_is_refused_before_anybody_is_asked(sample):
    allowed = metric(sample.agent, "chot_agent_queries_allowed")
    assert sample.refused("canbo0", body=b"x" * 1_000_000)[:3] == (413, None, None)
    assert metric(sample.agent, "chot_agent_queries_allowed") == allowed


def test_what_only_chot_may_say_does_not_come_from_a_client(sample):
    forged = [(name, "canbo2") for name in OURS]
    assert sample.ask("canbo0", headers=forged)[0] == 200
    assert [name for name in OURS if sample.npd.last().all(name.encode())] == []
    # Nor does it make an account: without the portal's word there is none.
    assert sample.refused(None, headers=forged)[:3] == (400, "deny", "400")
    assert sample.refused("canbo1", headers=forged)[0] == 403


def test_the_portals_word_is_not_taken_from_a_stranger(sample):
    assert sample.refused("canbo0", come_from=STRANGER)[:3] == (400, "deny", "400")


def test_a_locked_account_is_denied(sample):
    status, verdict, reason, body = sample.refused("canbo1")
    assert (status, verdict, reason) == (403, "deny", sample.lock["id"])
    assert reason in body and " / " in body or '"vi"' in body
    if isinstance(sample, CaddySample):
        assert sample.lock["message"]["vi"][-20:] in body, "the whole message"


def test_who_or_what_is_not_registered_is_denied(sample):
    assert sample.refused("khongco")[:3] == (403, "deny", "R8")
    assert sample.refused("canbo0", "DichVuKhac")[:3] == (403, "deny", "R8")
    assert sample.refused("canbo0", "khong phai ten".replace(" ", "%20"))[0] in (400, 403)


def test_too_fast_is_throttled_challenged_and_denied(sample):
    seen = []
    for _ in range(47):
        status, headers, _ = sample.ask("canbo2")
        seen.append((status, headers["X-Chot-Verdict"], headers["X-Chot-Reason"]))
        if status in (403, 429):
            assert int(headers["Retry-After"]) > 0
    assert seen == [(200, None, None)] * 40 + [(429, "throttle", "R9")] * 2 + [(401, "challenge", "R9")] * 2 \
        + [(403, "deny", "R9")] * 3


def test_the_npds_own_answers_are_not_taken_for_ours(sample):
    for status in (500, 403, 401, 429, 404, 503):
        sample.npd.answer = (f"HTTP/1.1 {status} Said\r\nConnection: close\r\nX-Chot-Verdict: allow\r\nX-Chot-Reason: R1\r\n"
                             "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nsaid").encode()
        got, headers, body = sample.ask("canbo0")
        assert (got, body) == (status, b"said")
        assert headers["X-Chot-Verdict"] is None and headers["X-Chot-Reason"] is None


def test_an_agent_that_is_down_lets_nothing_pass(sample):
    sample.agent.process.kill9()
    status, verdict, reason, body = sample.refused("canbo0")
    assert (status, verdict, reason) == (503, "deny", "agent-down") and "Truy vấn" in body
    assert int(sample.ask("canbo0")[1]["Retry-After"]) > 0
    sample.agent.start()
    wait_for("the agent", lambda: sample.ask("canbo0")[0] == 200, 10)


@pytest.mark.parametrize("come_from, forwarded, is_locked", [
    (PROXY, [LOCKED_ADDRESS], True), (PROXY, [f"198.51.100.1, {LOCKED_ADDRESS}"], True),
    (PROXY, [f"{LOCKED_ADDRESS}, 198.51.100.1"], False), (PROXY, [LOCKED_ADDRESS, "198.51.100.1"], False),
    (PORTAL, [LOCKED_ADDRESS], False)])
def test_a_client_has_the_address_that_a_trusted_proxy_names(sample, come_from, forwarded, is_locked):
    headers = [("X-Forwarded-For", value) for value in forwarded]
    status, got, _ = sample.ask("canbo0", headers=headers, come_from=come_from)
    assert (status, got["X-Chot-Verdict"]) == ((403, "deny") if is_locked else (200, None))


def test_a_slow_or_dying_npd_gets_a_query_once(sample):
    for method in ("POST", "GET"):
        for _ in range(3):
            received = len(sample.npd.requests)
            sample.npd.answer = b""
            assert sample.ask("canbo0", method=method, body=b"")[0] == 502
            assert len(sample.npd.requests) == received + 1


def test_counts_are_exact(sample):
    logins = [f"canbo{i}" for i in range(5, 12)] + ["canbo1"]
    sample.country.wait_complete()
    before, counts, guard = sample.country.totals(), {}, threading.Lock()

    def work(seed):
        rng = random.Random(seed)
        for _ in range(25):
            login, service = rng.choice(logins), rng.choice(SERVICES)
            status = sample.ask(login, service)[0]
            with guard:
                allowed, denied = counts.get((SYSTEM, login, service), (0, 0))
                counts[SYSTEM, login, service] = (allowed + (status == 200), denied + (status in (401, 403, 429)))
    workers = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(a + d for a, d in counts.values()) == 150
    assert sum(d for (_, login, _), (_, d) in counts.items() if login == "canbo1") > 0
    sample.country.wait_complete()
    after = sample.country.totals()
    for key, (allowed, denied) in counts.items():
        was = before.get(key, (0, 0))
        assert after[key] == (was[0] + allowed, was[1] + denied), key


def test_nginx_takes_the_account_of_basic_login(sample):
    if not isinstance(sample, NginxSample):
        pytest.skip("Caddy knows Basic logins only of its own")

    def basic(login, **kwargs):
        word = "Basic " + base64.b64encode(login + b":mat-khau").decode()
        return sample.ask(None, headers=[("Authorization", word)], come_from=STRANGER, **kwargs)
    assert basic(b"canbo3")[0] == 200
    assert sample.npd.last().all(b"Authorization") != []
    assert (basic(b"canbo1")[0], basic(b"khongco")[0]) == (403, 403)
    received = len(sample.npd.requests)
    assert basic(b"canbo1\r\nX-Chot-Account: canbo3\r\nX: ")[0] == 400
    assert len(sample.npd.requests) == received


def test_caddy_listens_once_and_leaves_the_home_folder_alone(sample):
    if not isinstance(sample, CaddySample):
        pytest.skip("nginx has no home folder")
    pid = sample.process.pid
    sockets = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    listening = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as f:
            listening += [row[1] for row in (line.split() for line in f.readlines()[1:])
                          if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    assert listening == [f"0100007F:{sample.port:04X}"]
    assert os.listdir(sample.home) == []
