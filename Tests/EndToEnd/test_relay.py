"""A relay between agent and collector that lies about locks frees nobody, and is told of (acceptance 6)."""
import base64
import http.client
import http.server
import json
import re
import ssl
import subprocess
import threading

from country import Agent, Country, ask, free_port, metric, wait_for
from forger import Forger

REFUSED = "chot_agent_lockset_refused_total"
LOCKED = "canbo1"


class Relay:
    """Stands where the agent looks for the collector, with an authority of its own.

    Passes everything on, except while `lie` holds a lock set: that is the answer to every /v1/lockset then.
    """

    def __init__(self, stage, collector):
        self.cli, self.lie, self.lies = collector.cli, None, 0
        self.ca, key = stage.path("relay.pem"), stage.path("relay.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=relay",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.ca],
            check=True, capture_output=True)
        upstream = ssl.create_default_context(cafile=f"{collector.state}/ca.pem")
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                lie = relay.lie
                if lie and self.path.startswith("/v1/lockset"):
                    relay.lies += 1
                    return self.answer(200, [], json.dumps({"system": lie}).encode())
                line = http.client.HTTPSConnection("127.0.0.1", collector.port, context=upstream, timeout=60)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                path = re.sub(r"wait=\d+", "wait=1", self.path)  # a lie gets its turn soon
                line.request(self.command, path, body or None, headers)
                answer = line.getresponse()
                self.answer(answer.status, answer.getheaders(), answer.read())
                line.close()

            def answer(self, status, headers, body):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                        self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = forward

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # an agent that stops leaves its long-poll

        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        self.server = Server(("127.0.0.1", port), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.ca, key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lie = None
        self.server.shutdown()
        self.server.server_close()


def flipped(compact):
    """The same JWS with one bit of its payload the other way round."""
    head, body, signature = compact.split(".")
    payload = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    payload[len(payload) // 2] ^= 1
    return ".".join([head, base64.urlsafe_b64encode(payload).rstrip(b"=").decode(), signature])


def locksets(forger):
    """What the collector would send an agent that holds nothing."""
    return json.loads(forger.get("/v1/lockset?wait=0"))


def test_a_lying_relay_frees_nobody_and_is_told_of(stage):
    country = Country(stage, systems=("H26.motcua", "H29.motcua"), accounts=3, agents=False)
    collector = country.collector
    with Relay(stage, collector) as relay:
        agent = Agent(stage, relay, country.npd, "H26.motcua").start()
        elsewhere = Agent(stage, collector, country.npd, "H29.motcua").start()
        forger = Forger(country, agent)
        old = locksets(forger)["system"]
        lock = country.lock(f"account={LOCKED}@H26.motcua", "--for", "1h")
        country.wait_enforced(lock)
        assert ask(agent, LOCKED) == "deny", "an honest relay delivers the lock"

        lies = {
            "stale": old,
            "signature": flipped(locksets(forger)["system"]),
            "audience": locksets(Forger(country, elsewhere))["system"],
            "typ": forger.get("/v1/policy?have="),
        }
        for why, lie in lies.items():
            tell(relay, lie, until=lambda: metric(agent, REFUSED, f'{{why="{why}"}}') > 0)
            assert ask(agent, LOCKED) == "deny", why
            assert ask(agent, "canbo0") == "allow", why

        relay.lie = old
        agent.process.kill9()
        agent.start()
        wait_for("a refusal after the restart", lambda: metric(agent, REFUSED, '{why="stale"}') > 0, 40)
        assert ask(agent, LOCKED) == "deny", "a restart took the old set"
        relay.lie = None

        alert = wait_for("the I1 alert", lambda: country.alerts("I1", "lockset"), 20, 0.3)[0]
        assert "H26.motcua/1" in {e["agent"] for e in alert["evidence"]}
        assert collector.json("lock", "show", lock["id"])["state"] == "active"
        collector.cli("lock", "release", lock["id"], "--reason", "xong")
        wait_for("the release through an honest relay", lambda: ask(agent, LOCKED) == "allow", 40, 0.1)
        country.wait_complete()


def tell(relay, lie, until):
    """Lies until it is seen to be refused, then is honest again."""
    relay.lie = lie
    wait_for("the refusal", until, 40, 0.02)
    relay.lie = None
