"""A pack of evidence checked by docs/evidence-pack.md alone, with Python, joserfc and the standard library.

    python stranger.py FILE [ROOT]      prints what holds; exit 1 where something is wrong
"""
import base64
import hashlib
import json
import sys
import zipfile

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

FILES = {"manifest.jws", "SHA256SUMS", "keys.jws", "lock.json", "context.json", "recomputation.json",
         "summaries.jws", "summaries.json", "agents.json", "coverage.json", "policies.json", "related.json",
         "audit.json", "audit-head.jws", "bien-ban.html", "README.txt"}
HOUR, DAY, VIETNAM = 3_600_000, 86_400_000, 25_200_000


class Wrong(Exception):
    pass


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(compact, key, typ):
    """Step 2: the payload of a JWS of one use, signed by one key."""
    try:
        got = jws.deserialize_compact(compact, key, algorithms=["EdDSA"])
    except (JoseError, ValueError) as error:
        raise Wrong(f"{typ}: {error}") from error
    if got.headers()["typ"] != typ:
        raise Wrong(f"{typ}: is a {got.headers()['typ']}")
    return json.loads(got.payload)


def unverified(compact):
    part = compact.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def by_kid(keys, compact):
    part = compact.split(".")[0]
    kid = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]
    for key in keys:
        if key.thumbprint() == kid:
            return key
    raise Wrong(f"signed by a stranger: {kid}")


def window(hour, calendar):
    """(day, office or off) of a clock hour, as the letter has it; days count from 1970."""
    local = hour + VIETNAM
    date, of_day = local // DAY, local % DAY // HOUR
    day = date - 1 if of_day < calendar["office_from"] else date
    name = str(__import__("datetime").date(1970, 1, 1) + __import__("datetime").timedelta(days=day))
    is_office_day = name in calendar["make_up_days"] or (
        (day + 3) % 7 in calendar["weekdays"] and name not in calendar["holidays"])
    is_open = day == date and of_day < calendar["office_to"] and is_office_day
    return name, "office" if is_open else "off"


def counts(row, volume, calendar):
    """Whether a row counts towards the rule's volume."""
    day, kind = window(row["hour"], calendar)
    what, _, name = volume["scope"].partition("=")
    name = name.rpartition("@")[0]
    if volume["rule"] == "R1":
        return volume["key"] == day and what == "account" and row["login"] == name
    if volume["key"] != f"{day}/{kind}":
        return False
    return what == "system" or row["service"] == name


def check(path, root=None):
    """Raises Wrong at the first thing that is not so; returns what was found."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != len(set(names)) or set(names) - {"annex.json"} != FILES:
            raise Wrong(f"other files than a pack has: {sorted(set(names) ^ FILES)}")
        if sum(i.file_size for i in archive.infolist()) > 128 << 20:
            raise Wrong("too large")
        files = {name: archive.read(name) for name in names}
    # Step 1: digests.
    listed = dict(reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines())
    if set(listed) != set(files) - {"SHA256SUMS", "manifest.jws"}:
        raise Wrong("SHA256SUMS names other files")
    for name, digest in listed.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise Wrong(f"{name} was altered")

    def text(name):
        return files[name].decode().strip()

    def load(name):
        return json.loads(files[name])
    # Step 2: root, key list, manifest.
    claimed = OKPKey.import_key(unverified(text("keys.jws"))["root"])
    if root and claimed.thumbprint() != root:
        raise Wrong(f"keys.jws: the root is {claimed.thumbprint()}")
    keys = signed(text("keys.jws"), claimed, "chot-keys+jws")
    signing = [OKPKey.import_key(k) for k in keys["signing"]]
    manifest = signed(text("manifest.jws"), by_kid(signing, text("manifest.jws")), "chot-pack+jws")
    if manifest["sums"] != hashlib.sha256(files["SHA256SUMS"]).hexdigest():
        raise Wrong("manifest.jws is for another SHA256SUMS")
    # Step 3: summaries.
    agents = {a["agent"]: a for a in load("agents.json")}
    lines, index = text("summaries.jws").split(), load("summaries.json")
    if len(lines) != len(index):
        raise Wrong("summaries.json names other summaries")
    summaries, last = [], None
    for line, entry in zip(lines, index):
        key = OKPKey.import_key(agents[entry["agent"]]["jwk"])
        summary = signed(line, by_kid([key], line), "chot-summary+jws")
        digest = b64(hashlib.sha256(line.encode()).digest())
        where = (entry["agent"], entry["epoch"], entry["seq"])
        if digest != entry["hash"] or where != (summary["agent"], summary["epoch"], summary["seq"]):
            raise Wrong(f"summary {where} is another")
        if last and last[0][:2] == where[:2] and last[0][2] + 1 == where[2] and summary["prev"] != last[1]:
            raise Wrong(f"summary {where} does not continue the one before")
        last = (where, digest)
        summaries.append((summary, entry))
    # Step 4: the rule, judged again.
    lock, context = load("lock.json"), load("context.json")
    found = {"lock": lock["id"], "root": claimed.thumbprint(), "summaries": len(lines), "holds": None}
    volume = context and context.get("volume")
    if volume:
        calendar = context["systems"][0]["terms"]["calendar"]
        total, reported = 0, 0
        for summary, entry in summaries:
            if entry["state"] != "counted" or entry["received_at"] > lock["issued_at"]:
                continue
            total += sum(r["allowed"] for r in summary["rows"] if counts(r, volume, calendar))
            reported = max([reported] + [
                b["k"] for b in summary.get("breaches", [])
                if (b["rule"], b["scope"], b["key"]) == (volume["rule"], volume["scope"], volume["key"])])
        t = volume["threshold"]
        reached = max((total - 1) // t if total > t else 0, reported if total >= reported * t else 0)
        found.update(total=total, reached=reached, holds=reached >= lock["k"])
        if not found["holds"]:
            raise Wrong("the lock does not follow from the summaries")
        if load("recomputation.json")["total"] != total:
            raise Wrong("recomputation.json says another total")
    # Step 5: the audit log.
    for e in load("audit.json"):
        content = json.dumps([e["previous"], str(e["number"]), str(e["at"]), e["who"], e["action"],
                              e["subject"], e["reason"]], ensure_ascii=False, separators=(",", ":"))
        if b64(hashlib.sha256(content.encode()).digest()) != e["hash"]:
            raise Wrong(f"audit.json: entry {e['number']} was altered")
    signed(text("audit-head.jws"), by_kid(signing, text("audit-head.jws")), "chot-audit+jws")
    return found


def open_annex(data, passphrase, lock):
    """The sealed annex: scrypt of the passphrase, AES-256-GCM, the lock's id as associated data."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    box = json.loads(data)

    def raw(name):
        return base64.urlsafe_b64decode(box[name] + "=" * (-len(box[name]) % 4))
    key = hashlib.scrypt(passphrase, salt=raw("salt"), n=box["n"], r=box["r"], p=box["p"], dklen=32,
                         maxmem=64 << 20)
    return json.loads(AESGCM(key).decrypt(raw("iv"), raw("ciphertext") + raw("tag"), lock.encode()))


if __name__ == "__main__":
    try:
        print(json.dumps(check(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None), indent=1))
    except (Wrong, KeyError, ValueError, zipfile.BadZipFile) as problem:
        sys.exit(f"WRONG: {problem!r}")
