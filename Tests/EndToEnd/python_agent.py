"""An agent written from docs/wire-format.md alone: enrols, pushes, waits, obeys. The outside oracle of the protocol."""
import base64
import hashlib
import http.client
import json
import ssl
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HOUR = 3_600_000


def b64(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(compact):
    return b64(hashlib.sha256(compact.encode()).digest())


def thumbprint(jwk):
    """RFC 7638 of an Ed25519 key."""
    return b64(hashlib.sha256(('{"crv":"Ed25519","kty":"OKP","x":"%s"}' % jwk["x"]).encode()).digest())


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


class Refused(Exception):
    """What was received is not what it must be, or the collector said no."""

    def __init__(self, status, problem, headers=None):
        super().__init__(f"{status} {problem}")
        self.status, self.problem, self.headers = status, problem, headers or {}

    @property
    def kind(self):
        return (self.problem or {}).get("type", "").rsplit(":", 1)[-1]


def verify(compact, keys, typ):
    """The payload of a JWS by one of `keys` (thumbprint → JWK) for the use `typ`."""
    head, body, signature = compact.split(".")
    header = json.loads(unb64(head))
    if header["alg"] != "EdDSA" or header["typ"] != typ or header["kid"] not in keys:
        raise Refused(0, {"type": "header " + json.dumps(header)})
    try:
        Ed25519PublicKey.from_public_bytes(unb64(keys[header["kid"]]["x"])).verify(
            unb64(signature), f"{head}.{body}".encode())
    except InvalidSignature:
        raise Refused(0, {"type": "signature"}) from None
    return json.loads(unb64(body))


class PythonAgent:
    def __init__(self, host, port, token):
        self.host, self.port, self.key = host, port, Ed25519PrivateKey.generate()
        self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64(self.key.public_key().public_bytes_raw())}
        self.offset = 0
        self.epoch, self.seq, self.prev = 0, 0, ""
        self.waiting, self.kept, self.set_aside = [], [], []
        self.sets = {"nation": None, "system": None}
        self.policy, self.policy_version = None, None
        self.refusals = {}
        self.at = None
        self.enrol(token)

    # transport

    def request(self, method, path, body=None, headers=None, authorize=True):
        """The answer's status, headers and body; the certificate must be of the collector's own authority."""
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=60, context=self.tls)
        try:
            all_headers = {"Authorization": "Bearer " + self.token()} if authorize else {}
            connection.request(method, path, body, {**all_headers, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def call(self, method, path, body=None, content="application/json", again=True):
        status, headers, answer = self.request(method, path, body, {"Content-Type": content} if body else None)
        if status == 304:
            return None
        if status != 200:
            problem = json.loads(answer) if answer else None
            refused = Refused(status, problem, headers)
            if again and status == 401 and refused.kind == "clock-skew":
                self.offset = problem["server_time"] // 1000 - int(time.time())
                return self.call(method, path, body, content, again=False)
            raise refused
        return answer

    def sign(self, payload, typ, **header):
        head = {"alg": "EdDSA", "kid": thumbprint(self.jwk), "typ": typ, **header}
        signed = b64(compact_json(head)) + "." + b64(
            payload if isinstance(payload, bytes) else compact_json(payload))
        return signed + "." + b64(self.key.sign(signed.encode()))

    def token(self, **claims):
        now = int(time.time()) + self.offset
        return self.sign({"sub": self.identity["agent"], "aud": self.identity["collector"], "iat": now,
                          "exp": now + 50, **claims}, "chot-auth+jwt")

    # enrolment

    def enrol(self, token):
        number, secret, root = token.strip().split(".")
        # Nobody is trusted yet: the list is believed by its root's signature alone.
        self.tls = ssl._create_unverified_context()
        status, _, body = self.request("GET", "/v1/keys", authorize=False)
        assert status == 200
        keys = body.decode()
        claimed = json.loads(unb64(keys.split(".")[1]))["root"]
        if thumbprint(claimed) != root:
            raise Refused(0, {"type": "root"})
        self.keys = verify(keys, {root: claimed}, "chot-keys+jws")
        self.signing = {thumbprint(k): k for k in self.keys["signing"]}
        self.tls = ssl.create_default_context(cadata=self.keys["ca"])
        request = self.sign({"id": number, "secret": secret, "jwk": self.jwk, "host": "python.example",
                             "version": "0"}, "chot-enroll+jws")
        status, headers, body = self.request("POST", "/v1/enroll", request, authorize=False)
        if status != 200:
            raise Refused(status, json.loads(body), headers)
        self.identity = json.loads(body)
        self.epoch, self.at = self.identity["epoch"], self.identity["enrolled_at"]

    # counting and pushing

    def row(self, login, service, at, window, allowed=0, denied=None):
        return {"login": login, "service": service, "hour": at - at % HOUR, "window": window, "allowed": allowed,
                "denied": denied or {}, "passed": 0, "would": {}}

    def held(self):
        return {**{k: f"{v['version']}.{v['digest']}" for k, v in self.sets.items() if v},
                **({"policy": self.policy_version} if self.policy_version else {})}

    def payload(self, rows, begin=None, to=None, **more):
        begin = self.at if begin is None else begin
        to = int(time.time() * 1000) if to is None else to
        refusals = [{"lock": k, "first": t, "count": n} for k, (t, n) in self.refusals.items()]
        return {"v": 1, "agent": self.identity["agent"], "system": self.identity["system"], "epoch": self.epoch,
                "seq": self.seq + 1, "part": {"n": 1, "of": 1}, "prev": self.prev, "from": begin, "to": to,
                "every_ms": 1000, "held": self.held(), "dropped": {}, "refused_sets": {}, "breaches": [],
                "refusals": refusals, "rows": rows, **more}

    def seal(self, rows, **more):
        """Numbers, chains and signs the next summary; it waits until it is acknowledged."""
        payload = self.payload(rows, **more)
        self.refusals = {}
        jws = self.sign(payload, "chot-summary+jws")
        self.seq, self.prev, self.at = payload["seq"], digest(jws), payload["to"]
        self.waiting.append((payload, jws))
        return jws

    def push_lines(self, lines):
        answer = json.loads(self.call("POST", "/v1/summaries", "\n".join(lines), "application/jose"))
        self.take(answer.get("lockset", {}))
        return answer

    def push(self):
        """Sends what waits until nothing does; a new epoch where the collector wants one."""
        while self.waiting:
            answer = self.push_lines([jws for _, jws in self.waiting[:16]])
            for item, (payload, jws) in zip(answer["items"], list(self.waiting[:16])):
                if item["status"] in ("accepted", "duplicate"):
                    self.waiting.remove((payload, jws))
                    self.kept.append((payload, jws))
                elif item["status"] == "resync":
                    if answer["epoch"] != self.epoch or answer["next_seq"] > payload["seq"]:
                        self.new_epoch()
                    else:
                        again = [k for k in self.kept if k[0]["seq"] >= answer["next_seq"]]
                        self.kept = [k for k in self.kept if k not in again]
                        self.waiting = again + self.waiting
                    break
                elif item["status"] == "refused":
                    if item.get("problem") not in ("fork", "chain", "epoch"):
                        # For good: set aside, told as lost with what comes next.
                        self.waiting.remove((payload, jws))
                        self.set_aside.append((payload, item["problem"]))
                    self.new_epoch()
                    break
        return answer

    def new_epoch(self):
        answer = json.loads(self.call("POST", "/v1/epoch", compact_json(
            {"epoch": self.epoch, "last_seq": self.seq, "last_hash": self.prev})))
        assert answer["epoch"] > self.epoch
        payloads = [p for p, _ in self.waiting]
        self.epoch, self.seq, self.prev, self.waiting = answer["epoch"], 0, "", []
        for payload in payloads:
            self.seq += 1
            jws = self.sign({**payload, "epoch": self.epoch, "seq": self.seq, "prev": self.prev},
                            "chot-summary+jws")
            self.prev = digest(jws)
            self.waiting.append(({**payload, "epoch": self.epoch, "seq": self.seq}, jws))

    # orders

    def wait(self, seconds=25):
        """One long-poll; True when something changed."""
        query = [f"wait={seconds}"]
        query += [f"{k}={v['version']}.{v['digest']}" for k, v in self.sets.items() if v]
        query += [f"policy={self.policy_version}"] if self.policy_version else []
        answer = self.call("GET", "/v1/lockset?" + "&".join(query))
        if answer is None:
            return False
        self.take(json.loads(answer))
        return True

    def take(self, news):
        for audience in ("nation", "system"):
            if audience in news:
                self.adopt(audience, news[audience])
        if news.get("policy_version") not in (None, self.policy_version):
            self.adopt_policy(self.call("GET", "/v1/policy").decode())
            self.policy_version = news["policy_version"]

    def adopt_policy(self, jws):
        self.policy = verify(jws, self.signing, "chot-policy+jws")
        assert self.policy["system"] == self.identity["system"]

    def adopt(self, audience, jws):
        content = verify(jws, self.signing, "chot-lockset+jws")
        expected = "nation" if audience == "nation" else self.identity["system"]
        if content["audience"] != expected:
            raise Refused(0, {"type": "audience"})
        held = self.sets[audience]

        def order(version):
            return tuple(int(part) for part in version.split("."))
        if held and order(content["version"]) < order(held["version"]):
            raise Refused(0, {"type": "older"})
        self.sets[audience] = {"version": content["version"], "digest": digest(jws), "locks": content["locks"]}

    def lock_of(self, login, service):
        """The lock that refuses a query, in the order in which sets name them; None."""
        system = self.identity["system"]
        unit = system.split(".")[0]
        scopes = {f"unit={unit}", f"system={system}", f"service={service}@{system}", f"account={login}@{system}"}
        now = int(time.time() * 1000)
        for held in self.sets.values():
            for lock in held["locks"] if held else []:
                if lock["scope"] in scopes and lock.get("expires_at", now + 1) > now:
                    return lock
        return None

    def query(self, login, service, window):
        """Decides one query and returns the row that tells of it."""
        at = int(time.time() * 1000)
        lock = self.lock_of(login, service)
        if lock:
            first, count = self.refusals.get(lock["id"], (at, 0))
            self.refusals[lock["id"]] = (first, count + 1)
            return self.row(login, service, at, window, denied={"lock": 1})
        return self.row(login, service, at, window, allowed=1)
