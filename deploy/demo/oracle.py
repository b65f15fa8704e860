"""An outside opinion on signatures: verifies compact JWS (RFC 7515, EdDSA) with the openssl command."""
import base64
import json
import os
import subprocess
import tempfile

# SubjectPublicKeyInfo of an Ed25519 key (RFC 8410), without its 32 bytes.
SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def payload(jws):
    return json.loads(decode(jws.split(".")[1]))


def with_flipped_bit(jws):
    head, body, signature = jws.split(".")
    raw = bytearray(decode(signature))
    raw[0] ^= 1
    return ".".join([head, body, base64.urlsafe_b64encode(raw).decode().rstrip("=")])


def verifies(jws, jwk):
    head, body, signature = jws.split(".")
    with tempfile.TemporaryDirectory(prefix="chot-oracle-") as folder:
        paths = {}
        for name, content in (("key", SPKI_HEAD + decode(jwk["x"])), ("sig", decode(signature)),
                              ("msg", f"{head}.{body}".encode())):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "wb") as f:
                f.write(content)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths["key"],
             "-rawin", "-in", paths["msg"], "-sigfile", paths["sig"]],
            capture_output=True, check=False).returncode == 0
