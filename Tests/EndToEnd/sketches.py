"""Reads features and sketches by docs/wire-format.md alone, and makes them anew as an oracle."""
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import struct

PLACES = {"001": "H26", "079": "H29"}


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payload(compact):
    """What a compact JWS says; its signature is checked elsewhere."""
    return json.loads(unbase64(compact.split(".")[1]))


def features(line):
    """One line of `features` as named numbers."""
    groups, login = line.split(" ", 1)
    fields = groups.split(";")

    def numbers(index, count):
        return [int(n) for n in fields[index].split(",")] if fields[index] else [0] * count
    hour, first, last, attempts, allowed = numbers(0, 5)
    gaps = numbers(1, 5)
    second = numbers(2, 6)
    home, elsewhere, unplaced = numbers(4, 3)
    longest, in_runs = numbers(5, 2)
    subjects, officers, sources, top = numbers(6, 4)
    return {"login": login, "hour": hour * 3_600_000, "first": first, "last": last, "attempts": attempts,
            "allowed": allowed, "gaps": gaps, "per_second": second[0], "per_minute": second[3],
            "minutes": int(fields[3], 16), "home": home, "elsewhere": elsewhere, "unplaced": unplaced,
            "longest": longest, "in_runs": in_runs, "subjects": subjects, "officers": officers,
            "sources": sources, "top": top, "units": fields[7], "more": fields[8:]}


def keyed(key, label, text):
    """The 64-bit hash of a subject (s), source (i) or officer (o) under the key of the day."""
    return struct.unpack(">Q", hmac.digest(key, (label + text).encode(), "sha256")[:8])[0]


def minimum(text):
    """k and the values of a KMV sketch."""
    raw = unbase64(text)
    k = struct.unpack_from(">H", raw)[0]
    return k, list(struct.unpack(f">{(len(raw) - 2) // 8}Q", raw[2:]))


def minimum_text(k, values):
    raw = struct.pack(">H", k) + b"".join(struct.pack(">Q", v) for v in sorted(set(values))[:k])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sketch_hash(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def day_keys(agent):
    """The keys in the policy on an agent's disk, by date."""
    with open(os.path.join(agent.state, "policy.jws"), encoding="utf-8") as f:
        return {k["date"]: unbase64(k["key"]) for k in payload(f.read())["keys"]}


def rows(country, sql):
    """Reads the collector's database from outside."""
    with sqlite3.connect(f"file:{country.collector.state}/collector.db?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def summaries(country, system):
    """Payloads of all counted summaries of a system, in order."""
    found = rows(country, f"SELECT jws FROM summary WHERE agent LIKE '{system}/%' ORDER BY epoch, seq")
    return [payload(jws) for (jws,) in found]
