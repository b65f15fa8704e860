"""Summaries as an agent signs them (docs/wire-format.md), made beforehand for the intake benchmark."""
import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HOUR_MS = 3_600_000


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Signer:
    """An enrolled agent without a process: its key, its identity and its chain."""

    def __init__(self, state, window):
        with open(os.path.join(state, "agent.key"), encoding="utf-8") as f:
            jwk = json.load(f)
        with open(os.path.join(state, "identity.json"), encoding="utf-8") as f:
            self.identity = json.load(f)
        self.key = Ed25519PrivateKey.from_private_bytes(unb64(jwk["d"]))
        member = '{"crv":"Ed25519","kty":"OKP","x":"%s"}' % jwk["x"]
        self.kid = b64(hashlib.sha256(member.encode()).digest())
        self.window, self.seq, self.prev = window, 0, ""
        self.at = int(time.time() * 1000)

    def sign(self, typ, payload):
        head = {"alg": "EdDSA", "kid": self.kid, "typ": typ}
        signed = ".".join(b64(json.dumps(part, separators=(",", ":")).encode())
                          for part in (head, payload))
        return signed + "." + b64(self.key.sign(signed.encode()))

    def token(self):
        now = int(time.time())
        return self.sign("chot-auth+jwt", {
            "sub": self.identity["agent"], "aud": self.identity["collector"],
            "iat": now, "exp": now + 55})

    def summary(self, rows):
        """The next of the chain: so many rows of one allowed query each, over one millisecond."""
        self.seq += 1
        begin, self.at = self.at, self.at + 1
        jws = self.sign("chot-summary+jws", {
            "v": 1, "agent": self.identity["agent"], "system": self.identity["system"],
            "epoch": self.identity["epoch"], "seq": self.seq, "part": {"n": 1, "of": 1},
            "prev": self.prev, "from": begin, "to": self.at, "every_ms": 60000, "held": {},
            "dropped": {}, "refused_sets": {}, "breaches": [],
            "rows": [{"login": f"canbo{i}", "service": "TraCuuThongTinCongDan",
                      "hour": begin - begin % HOUR_MS, "window": self.window, "allowed": 1,
                      "denied": {}, "passed": 0, "would": {}} for i in range(rows)]})
        self.prev = b64(hashlib.sha256(jws.encode()).digest())
        return jws


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def tls_connection(port, ca):
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=60,
                                       context=ssl.create_default_context(cafile=ca))


def push(connection, token, summaries):
    """One POST; returns the statuses of its items."""
    connection.request("POST", "/v1/summaries", "\n".join(summaries) + "\n",
                       {"Authorization": f"Bearer {token}", "Content-Type": "application/jose"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(f"push: {response.status} {body[:300]!r}")
    return [item["status"] for item in json.loads(body)["items"]]
