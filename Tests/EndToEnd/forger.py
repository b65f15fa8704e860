"""Speaks the agents' protocol from outside, with joserfc."""
import json
import os
import ssl
import time
import urllib.error
import urllib.request
import warnings

from joserfc import jws
from joserfc.jwk import OKPKey

from country import read_json

warnings.filterwarnings("ignore", message="EdDSA")


class Forger:
    """Speaks the protocol with an agent's own key, straight to the collector."""

    def __init__(self, country, agent):
        self.key = OKPKey.import_key(read_json(agent.state, "agent.key"))
        self.identity = read_json(agent.state, "identity.json")
        self.url = country.collector.url
        self.tls = ssl.create_default_context(cafile=os.path.join(country.collector.state, "ca.pem"))

    def sign(self, payload, typ, key=None):
        key = key or self.key
        header = {"alg": "EdDSA", "kid": self.key.thumbprint(), "typ": typ}
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return jws.serialize_compact(header, body, key, algorithms=["EdDSA"])

    def token(self, typ="chot-auth+jwt", key=None, **claims):
        now = int(time.time())
        full = {"sub": self.identity["agent"], "aud": self.identity["collector"], "iat": now, "exp": now + 50}
        return self.sign({**full, **claims}, typ, key)

    def push(self, lines, token=None):
        request = urllib.request.Request(
            self.url + "/v1/summaries", "\n".join(lines).encode(),
            {"Authorization": "Bearer " + (token or self.token()), "Content-Type": "application/jose"})
        status, body = self.send(request)
        return status, json.loads(body or b"{}")

    def get(self, path):
        """The text of an endpoint's answer."""
        status, body = self.send(urllib.request.Request(
            self.url + path, headers={"Authorization": "Bearer " + self.token()}))
        assert status == 200, (path, status)
        return body.decode()

    def send(self, request):
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
