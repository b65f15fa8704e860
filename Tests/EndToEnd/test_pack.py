"""Evidence: checked again in the running collector, packed for a lock, verified by who holds the pack alone."""
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import zipfile

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

import fakeclock
import stranger
from country import Broken, Country, SERVICES, ask, wait_for
from test_letter import asked, registered, the_lock

SYSTEM = "H26.motcua"
MAIN = SERVICES[0]


def run(country, *args, more=("--format", "json")):
    done = subprocess.run([f"{country.stage.bin}/chot-collector", *args, *more], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def verify(country, path, *args):
    code, out, err = run(country, "evidence", "verify-pack", path, *args)
    return code, json.loads(out) if out else None, err


def wrong(result):
    return [c["name"] for c in result["checks"] if not c["ok"]]


def locked(country, rule, scope=None):
    return wait_for(f"the lock of {rule}", lambda: next((
        k for k in country.collector.json("lock", "list", "--all")
        if k["reason"] == rule and scope in (None, k["scope"])), None), 20, 0.2)


def pack(country, lock, name="p.zip", *args):
    path = country.stage.path(name)
    country.collector.cli("evidence", "pack", lock, "--out", path, *args)
    return path


def rebuild(path, other, change, key=None):
    """A pack altered by who has all but the collector's key; `key`: signs the manifest anew with another."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if key:
        sums = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files)
                       if n not in ("SHA256SUMS", "manifest.jws"))
        files["SHA256SUMS"] = sums.encode()
        payload = stranger.unverified(files["manifest.jws"].decode())
        payload["sums"] = hashlib.sha256(sums.encode()).hexdigest()
        header = {"alg": "EdDSA", "kid": key.thumbprint(), "typ": "chot-pack+jws"}
        files["manifest.jws"] = jws.serialize_compact(header, json.dumps(payload), key, algorithms=["EdDSA"]).encode()
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return other


def r1(stage, **more):
    """An account that passed twice its volume, and the lock that followed."""
    country = Country(stage, systems=(SYSTEM, "H29.motcua"), accounts=3, per_day=5, **more)
    for n in range(10):
        assert ask(country.agents[0], "canbo0") == "allow", n
    wait_for("the refusal", lambda: ask(country.agents[0], "canbo0") == "deny", 10)
    return country, locked(country, "R1")


def test_a_pack_proves_its_lock_to_who_has_nothing_else(stage):
    country, lock = r1(stage)
    country.wait_enforced(lock)
    country.collector.cli("lock", "release", lock["id"], "--reason", "<b>đã giải trình</b> & \"xong\"",
                          "--outcome", "justified")
    path = pack(country, lock["id"])
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(Broken, match="never written over"):
        country.collector.cli("evidence", "pack", lock["id"], "--out", path)
    code, result, _ = verify(country, path)
    assert code == 0 and wrong(result) == [] and result["lock"] == lock["id"] and result["sound"]
    assert any(result["root"] in o["en"] for o in result["open"]), "without a pin it says what to compare"
    code, pinned, _ = verify(country, path, "--root", result["root"])
    assert code == 0 and pinned["root_pinned"]
    code, other, _ = verify(country, path, "--root", "A" * 43)
    assert code == 1 and wrong(other) == ["keys.jws"]
    found = stranger.check(path, result["root"])
    assert (found["lock"], found["holds"], found["total"]) == (lock["id"], True, 10)
    with zipfile.ZipFile(path) as archive:
        page = archive.read("bien-ban.html").decode()
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert "BIÊN BẢN TRÍCH XUẤT DỮ LIỆU ĐIỆN TỬ" in page and "<script" not in page
    assert "&lt;b&gt;đã giải trình&lt;/b&gt; &amp; &quot;xong&quot;" in page and "<b>đã" not in page
    for personal in ("NGUYENVANMAU", "000000000000"):
        assert all(personal not in text for text in files.values())
    told = json.loads(files["lock.json"])
    assert told["state"] == "released" and told["deliveries"][0]["latency_ms"] >= 0
    context = json.loads(files["context.json"])
    assert context["volume"]["registered"] == 5 and context["registry"]["number"] > 0
    assert context["systems"][0]["policy"]["digest"] in files["policies.json"]
    audited = country.collector.json("audit", "list", "--action", "evidence.pack")
    assert hashlib.sha256(open(path, "rb").read()).hexdigest() in audited[0]["reason"]
    vi = run(country, "evidence", "verify-pack", path, more=("--lang", "vi"))[1]
    assert "KẾT LUẬN: bộ hồ sơ nguyên vẹn" in vi and "Chưa chứng minh được" in vi


def test_whatever_is_changed_in_a_pack_is_named(stage):
    country, lock = r1(stage)
    path = pack(country, lock["id"])
    out = stage.path("forged.zip")
    names = sorted(stranger.FILES)
    assert verify(country, path)[0] == 0

    def fails(change, name, key=None):
        rebuild(path, out, change, key)
        code, result, err = verify(country, out)
        assert code == 1 and any(n.startswith(name) for n in wrong(result)), (name, wrong(result))
        assert name in err
        with pytest.raises((stranger.Wrong, KeyError, ValueError)):
            stranger.check(out)
    for name in names:
        def altered(files):
            data = bytearray(files[name])
            data[len(data) // 2] ^= 1
            files[name] = bytes(data)
        # A changed list of digests shows in the manifest, or in what it names.
        fails(altered, "" if name == "SHA256SUMS" else name)
        fails(lambda files: files.pop(name), name)
    fails(lambda files: files.update({"more.json": b"{}"}), "more.json")

    stray = OKPKey.generate_key("Ed25519")
    fails(lambda files: None, "manifest.jws", stray)

    def other_number(files):
        context = json.loads(files["context.json"])
        context["volume"]["threshold"] = 4
        files["context.json"] = json.dumps(context).encode()
    fails(other_number, "manifest.jws", stray)

    # Who makes all the rest anew still cannot sign for an agent.
    def summary_replaced(files):
        line = files["summaries.jws"].decode().split()[0]
        payload = stranger.unverified(line)
        header = {"alg": "EdDSA", "kid": stray.thumbprint(), "typ": "chot-summary+jws"}
        forged = jws.serialize_compact(header, json.dumps(payload), stray, algorithms=["EdDSA"])
        files["summaries.jws"] = files["summaries.jws"].replace(line.encode(), forged.encode())
        index = json.loads(files["summaries.json"])
        index[0]["hash"] = stranger.b64(hashlib.sha256(forged.encode()).digest())
        files["summaries.json"] = json.dumps(index).encode()
    fails(summary_replaced, "summaries.jws", stray)

    for content in (b"", b"no archive", open(path, "rb").read()[:-40]):
        with open(out, "wb") as f:
            f.write(content)
        assert verify(country, out)[0] == 65
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lock.json", b"0" * (200 << 20))
    code, _, err = verify(country, out)
    assert code == 65 and "too large" in err
    assert run(country, "evidence", "verify-pack", stage.path("none.zip"))[0] == 66


def test_locks_of_every_kind_can_be_packed(stage):
    country = Country(stage, systems=(SYSTEM, "H29.motcua"), accounts=2,
                      persons=lambda system, i: "000011112222" if i == 0 else f"00005555{system[1:3]}{i:02d}")
    for agent in country.agents:
        assert ask(agent, "canbo0") == "allow"
    shared = locked(country, "X1")
    person = shared["scope"]
    scopes = ["account=canbo1@" + SYSTEM, f"service={MAIN}@{SYSTEM}", "ip=192.0.2.1@" + SYSTEM, "system=" + SYSTEM,
              "unit=H26", "ip=192.0.2.2@*", person]
    for n, scope in enumerate(scopes):
        lock = country.collector.json("lock", "add", "--scope", scope, "--reason", "thử nghiệm", "--for", "1h",
                                      "--confirm", scope)
        code, result, _ = verify(country, pack(country, lock["id"], f"{n}.zip"))
        assert code == 0 and wrong(result) == [], (scope, wrong(result))
        assert any("decision of staff" in o["en"] for o in result["open"])
        assert stranger.check(stage.path(f"{n}.zip"))["holds"] is None
    country.collector.cli("lock", "reject", shared["id"], "--reason", "cùng một người, đã chuyển công tác")
    path = pack(country, shared["id"], "x1.zip")
    code, result, _ = verify(country, path)
    assert code == 0, wrong(result)
    assert any("active at two units" in c["en"] for c in result["checks"])
    with zipfile.ZipFile(path) as archive:
        related = json.loads(archive.read("related.json"))
        assert json.loads(archive.read("lock.json"))["state"] == "rejected"
    assert [k["reason"] for k in related["locks"]] == ["staff"]


@pytest.mark.parametrize("hour,agent,scope,rule,logins,each,total", [
    ("09:00", 0, f"service={MAIN}@H26.motcua", "R2", 3, 5, 12),
    ("20:00", 0, f"service={MAIN}@H26.motcua", "R3", 1, 12, 8),
    ("20:00", 1, "system=H26.dvc", "R3", 1, 1010, 1000)])
def test_a_service_and_a_system_are_judged_again_from_their_pack(stage, hour, agent, scope, rule, logins, each, total):
    with fakeclock.at(hour):
        country = registered(stage)
        for n in range(logins):
            asked(country.agents[agent], f"canbo{n}", each)
        lock = the_lock(country, scope)
        assert lock["reason"] == rule
        path = pack(country, lock["id"])
        code, result, _ = verify(country, path)
        assert code == 0, wrong(result)
        found = stranger.check(path, result["root"])
        assert (found["holds"], found["total"]) == (True, total)


def test_names_come_only_sealed_and_with_a_reason(stage):
    country, lock = r1(stage)
    secret = stage.path("passphrase")
    with open(secret, "w", encoding="utf-8") as f:
        f.write("mười hai từ khó đoán\n")
    os.chmod(secret, 0o644)
    with pytest.raises(Broken, match="status 65: .*others may read it .mode 644."):
        pack(country, lock["id"], "a.zip", "--annex-passphrase-file", secret, "--reason", "thử")
    os.chmod(secret, 0o600)
    with pytest.raises(Broken, match="--reason"):
        pack(country, lock["id"], "a.zip", "--annex-passphrase-file", secret)
    short = stage.path("short")
    with open(short, "w", encoding="utf-8") as f:
        f.write("ngắn\n")
    os.chmod(short, 0o600)
    with pytest.raises(Broken, match=f"{short}: the passphrase of the annex needs 12 to 1024 bytes"):
        pack(country, lock["id"], "a.zip", "--annex-passphrase-file", short, "--reason", "thử")
    with pytest.raises(Broken, match="status 66: .*/nodir/a.zip: the folder .*/nodir does not exist"):
        pack(country, lock["id"], "nodir/a.zip")
    assert not country.collector.json("audit", "list", "--action", "evidence.pack")
    path = pack(country, lock["id"], "a.zip", "--annex-passphrase-file", secret, "--reason", "công văn 01 (mẫu)")
    assert verify(country, path)[0] == 0
    with zipfile.ZipFile(path) as archive:
        sealed = archive.read("annex.json")
        assert all(b"NGUYENVANMAU" not in archive.read(name) for name in archive.namelist())
    opened = stranger.open_annex(sealed, "mười hai từ khó đoán".encode(), lock["id"])
    assert [(p["account"], p["full_name"]) for p in opened["people"]] == [("canbo0@" + SYSTEM, "NGUYENVANMAU")]
    with pytest.raises(Exception):
        stranger.open_annex(sealed, b"another passphrase", lock["id"])
    entry = country.collector.json("audit", "list", "--action", "evidence.pack.annex")[0]
    assert "công văn 01" in entry["reason"] and entry["subject"] == lock["id"]


def alter(country, statement):
    """Somebody writes into the collector's database while it is down."""
    country.collector.process.stop()
    db = sqlite3.connect(os.path.join(country.collector.state, "collector.db"))
    with db:
        assert db.execute(statement).rowcount > 0
    db.close()
    country.collector.start()


def test_evidence_is_checked_again_and_what_was_tampered_with_is_named(stage):
    country, _ = r1(stage)
    country.wait_complete()
    clean = country.collector.json("evidence", "verify")
    assert clean["found"] == 0 and clean["summaries"] > 2 and clean["totals"] >= 1
    assert clean["systems"] == 2 and clean["agents"] == 2
    one = country.collector.json("evidence", "verify", "--agent", SYSTEM + "/1")
    assert one["found"] == 0 and one["agents"] == 1
    country.agents[0].process.stop()
    # Every table that usage answers from is checked.
    for table in ("usage_hour", "usage_date", "usage_system_hour"):
        for change, back in (("allowed + 1", "allowed - 1"), ("-allowed", "-allowed")):
            alter(country, f"UPDATE {table} SET allowed = {change}")
            code, out, _ = run(country, "evidence", "verify", "--config", country.collector.config)
            assert code == 1 and {f["what"] for f in json.loads(out)["findings"]} == {"total"}, (table, out)
            alter(country, f"UPDATE {table} SET allowed = {back}")
    assert country.collector.json("evidence", "verify")["found"] == 0
    country.collector.process.stop()
    db = sqlite3.connect(os.path.join(country.collector.state, "collector.db"))
    seqs = [r[0] for r in db.execute("SELECT seq FROM summary WHERE agent = ? ORDER BY seq", (SYSTEM + "/1",))]
    altered, removed, swapped = seqs[0], seqs[len(seqs) // 2], seqs[-1]
    assert len({altered, removed, swapped}) == 3
    with db:
        db.execute("UPDATE usage_hour SET allowed = allowed + 1 WHERE allowed > 0")
        db.execute("UPDATE summary SET jws = substr(jws, 1, length(jws) - 4) || 'AAAA' WHERE agent = ? AND seq = ?",
                   (SYSTEM + "/1", altered))
        db.execute("DELETE FROM summary WHERE agent = ? AND seq = ?", (SYSTEM + "/1", removed))
        db.execute("UPDATE summary SET hash = 'x' WHERE agent = ? AND seq = ?", (SYSTEM + "/1", swapped))
    db.close()
    country.collector.start()
    code, out, err = run(country, "evidence", "verify", "--config", country.collector.config)
    found = json.loads(out)
    assert code == 1 and "do not agree" in err
    named = {(f["what"], f.get("seq")) for f in found["findings"]}
    assert {("hash", altered), ("missing", removed + 1), ("hash", swapped)} <= named
    assert any(what == "total" for what, _ in named)
    table = run(country, "evidence", "verify", "--config", country.collector.config, more=("--lang", "vi"))
    assert table[0] == 1 and "sai giá trị băm" in table[1]
