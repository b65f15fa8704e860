"""What is not signed, not for us, not now, or not the same, is refused, counted and alerted (acceptance 6)."""
import json
import os
import time

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from country import Broken, Country, ask, metrics, wait_for
from forger import Forger


def test_forged_replayed_and_foreign_requests(stage):
    country = Country(stage, systems=("H26.motcua",), accounts=2)
    agent = country.agents[0]
    assert ask(agent, "canbo0") == "allow"
    collector = country.collector
    wait_for("the count", lambda: country.totals(), 10)
    raw = collector.cli("evidence", "show", "--agent", "H26.motcua/1", "--seq", "1", "--raw").strip()
    key = OKPKey.import_key(json.loads(collector.cli("agent", "show", "H26.motcua/1", "--jwk")))
    payload = json.loads(jws.deserialize_compact(raw, key, algorithms=["EdDSA"]).payload)
    agent.process.stop()
    totals = country.totals()
    forger = Forger(country, agent)
    stranger = OKPKey.generate_key("Ed25519")

    def status(line):
        code, answer = forger.push([line])
        assert code == 200
        return answer["items"][0]["status"], answer["items"][0].get("problem")

    assert status(raw) == ("duplicate", None)
    fork = forger.sign({**payload, "to": payload["to"] + 1}, "chot-summary+jws")
    for _ in range(2):
        assert status(fork) == ("refused", "fork")
    assert status(forger.sign(payload, "chot-auth+jwt")) == ("refused", "typ")
    assert status(forger.sign(payload, "chot-summary+jws", stranger)) == ("refused", "signature")
    head, body, signature = raw.split(".")
    flipped = ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]])
    assert status(flipped) == ("refused", "signature")
    assert status(forger.sign({**payload, "seq": 99999}, "chot-summary+jws"))[0] == "resync"

    # Both texts answer for the fork, a word with the wrong predecessor for the break of the chain.
    def show(*more):
        return collector.cli("evidence", "show", "--agent", "H26.motcua/1", *more)

    last = forger.push([raw])[1]["last"]
    broken = forger.sign({**payload, "epoch": last["epoch"], "seq": last["seq"] + 1, "prev": "A" * 43}, "chot-summary+jws")
    assert status(broken) == ("refused", "chain")
    assert show("--seq", "1", "--refused", "--raw").strip() == fork
    assert show("--seq", "1", "--raw").strip() == raw
    shown = json.loads(show("--seq", "1", "--format", "json"))
    assert [(r["kind"], "payload" in r) for r in shown["refused"]] == [("fork", False)]
    texts = json.loads(show("--seq", "1", "--refused", "--format", "json"))["refused"]
    assert [r["payload"]["to"] for r in texts] == [payload["to"] + 1]
    assert collector.json("evidence", "verify")["found"] == 0
    assert shown["payload"] == payload
    number = str(last["seq"] + 1)
    assert show("--seq", number, "--refused", "--raw").strip() == broken
    with pytest.raises(Broken, match="1 were refused, see --refused"):
        show("--seq", number)

    old = int(time.time()) - 3600
    assert forger.push([raw], forger.token(iat=old, exp=old + 50))[0] == 401
    assert forger.push([raw], forger.token(aud="chot-elsewhere"))[0] == 401
    assert forger.push([raw], forger.token(key=stranger))[0] == 401
    assert forger.push([raw], forger.token(typ="chot-summary+jws"))[0] == 401
    collector.cli("agent", "revoke", "H26.motcua/1", "--reason", "thử nghiệm")
    assert forger.push([raw])[0] == 403

    text = metrics(os.path.join(collector.state, "run/status.sock"))
    for why in ["fork", "typ", "signature", "token_expired", "token_audience", "token_signature", "agent_revoked"]:
        assert f'why="{why}"' in text, why
    kinds = {a["figures"]["kind"] for a in country.alerts("I1")}
    assert {"fork", "chain", "clock", "token", "key"} <= kinds
    assert country.totals() == totals, "something was counted twice"
