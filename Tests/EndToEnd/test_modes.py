"""Keys, state folders and settings that others may read or change: said at the start, refused where it is too wide."""
import json
import os
import stat
import subprocess

import pytest

from country import Collector, free_port, wait_for


def run(stage, program, *args):
    return subprocess.run([f"{stage.bin}/{program}", *args], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL)


def refused(done, path, *words):
    assert done.returncode == 78, done
    for word in (path, *words):
        assert word in done.stderr, done.stderr


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_collector_whose_keys_others_may_have_does_not_start(stage):
    collector = Collector(stage, {})
    secret = stage.path("hook.secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write("một bí mật dài và ngẫu nhiên\n")
    os.chmod(secret, 0o600)
    with open(collector.config + ".d/60-test.json5", "w", encoding="utf-8") as f:
        json.dump({"notify": {"webhook": [{"url": "https://hook.example/x", "secret_file": secret}]}}, f)
    state = collector.state
    wide = {f"{state}/sign.key": 0o646, f"{state}/root/root.key": 0o602, secret: 0o646, f"{state}/collector.db": 0o606,
            state: 0o777, f"{state}/run": 0o757, collector.config: 0o646, f"{collector.config}.d": 0o777,
            stage.dir: 0o777}
    for path, bad in wide.items():
        good = mode(path)
        os.chmod(path, bad)
        refused(run(stage, "chot-collector", "serve", "--config", collector.config), path, "others may")
        os.chmod(path, good)
    # All at once, in the other language, and before a service is begun.
    os.chmod(f"{state}/sign.key", 0o646)
    os.chmod(secret, 0o646)
    done = run(stage, "chot-collector", "check-config", "--lang", "vi", "--config", collector.config)
    refused(done, secret, f"{state}/sign.key: người khác đọc hoặc sửa được (quyền 646); chmod o-rw")
    os.chmod(f"{state}/sign.key", 0o600)
    os.chmod(secret, 0o600)
    # Said, and no more.
    os.chmod(f"{state}/collector.db", 0o644)
    os.chmod(f"{state}/sign.key", 0o644)
    done = run(stage, "chot-collector", "check-config", "--config", collector.config)
    assert (done.returncode, done.stdout) == (0, "configuration is valid\n"), done
    for path in (f"{state}/collector.db", f"{state}/sign.key"):
        assert f"{path}: others may read it (mode 644)" in done.stderr
    collector.process = stage.start("collector", f"{stage.bin}/chot-collector", "serve", "--config", collector.config)
    wait_for("the collector", collector._answers)
    assert f"<4>{state}/collector.db: others may read it" in collector.process.tail(50)


def test_an_agent_whose_folder_others_may_change_does_not_start(stage):
    state, config = stage.path("agent"), stage.path("agent.json5")
    os.mkdir(state, 0o700)
    with open(config, "w", encoding="utf-8") as f:
        json.dump({"state": state, "collector": {"url": "https://127.0.0.1:9", "proxy": "http://a:b@127.0.0.1:9"},
                   "authorize": {"listen": f"unix:{state}/authorize.sock"},
                   "gateway": {"upstream": "https://127.0.0.1:9", "listen": f"127.0.0.1:{free_port()}"}}, f)
    files = {}
    for name in ("agent.key", "policy.jws", "querylog.key", "identity.json"):
        files[name] = os.path.join(state, name)
        with open(os.open(files[name], os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("{}")
    wide = {files["agent.key"]: 0o606, files["policy.jws"]: 0o646, files["querylog.key"]: 0o602,
            files["identity.json"]: 0o606, state: 0o777, config: 0o666}
    for path, bad in wide.items():
        good = mode(path)
        os.chmod(path, bad)
        refused(run(stage, "chot-agent", "run", "--config", config), path, "others may")
        os.chmod(path, good)
    # The proxy's password stands in a file that all may read.
    done = run(stage, "chot-agent", "check-config", "--lang", "vi", "--config", config)
    assert done.returncode == 0 and f"{config}: người khác đọc được (quyền 644)" in done.stderr


@pytest.mark.parametrize("lang,words", [("en", "others may change it"), ("vi", "người khác sửa được")])
def test_a_token_that_others_may_exchange_is_not_used(stage, lang, words):
    token = stage.path("token")
    with open(token, "w", encoding="utf-8") as f:
        f.write("a.b.c\n")
    os.chmod(token, 0o622)
    done = run(stage, "chot-agent", "enroll", "--lang", lang, "--collector", "https://127.0.0.1:9", "--token-file", token,
               "--state", stage.path("agent"))
    assert done.returncode == 65 and f"{token}: {words}" in done.stderr, done


def test_no_key_is_made_in_a_folder_that_others_may_change(stage):
    state, token = stage.path("state"), stage.path("token")
    os.mkdir(state)
    os.chmod(state, 0o777)
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(".".join(["A" * 43] * 3) + "\n")
    refused(run(stage, "chot-collector", "init", "--state", state, "--listen", "127.0.0.1:1"), f"{state}: others may")
    refused(run(stage, "chot-agent", "enroll", "--collector", "https://127.0.0.1:9", "--token-file", token, "--state", state),
            f"{state}: others may")
    assert os.listdir(state) == []
