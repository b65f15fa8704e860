"""nginx takes every gateway that the configuration can describe; what it could not take is refused before."""
import json
import os
import subprocess

import pytest

from country import NGINX, ROOT, Agent, Country, Stage, configure, free_port, post, soap, user_line
from mock_npd import MockNPD

GATEWAYS = {
    "plain": {},
    "headers": {"authorize": {"mode": "headers"}},
    "headers, own variables": {"authorize": {"mode": "headers"},
                               "gateway": {"account": "$http_x_portal_account", "service": "$arg_service"}},
    "agent on a port": {"authorize": {"listen": "127.0.0.1:8472"}},
    "on a unix socket": {"gateway": {"listen": "unix:{state}/gateway.sock"}},
    "on a unix socket behind a proxy": {"gateway": {"listen": "unix:{state}/gateway.sock", "trustedProxies": ["unix:"]}},
    "on IPv6": {"gateway": {"listen": "[::1]:{port}"}},
    "https": {"gateway": {"upstream": "https://127.0.0.1:8443/npd"}},
    "https by another name": {"gateway": {"upstream": "https://127.0.0.1", "upstreamHost": "lgsp.example:8443"}},
    "IPv6 upstream": {"gateway": {"upstream": "http://[::1]:8080"}},
    "two upstreams": {"gateway": {"upstream": ["http://127.0.0.1:81", "http://127.0.0.1:82/ignored"]}},
    "spread over https": {"gateway": {"upstream": ["https://127.0.0.1:81", "https://127.0.0.2"], "upstreamOrder": "spread",
                                      "upstreamHost": "lgsp.example"}},
    "eight upstreams": {"gateway": {"upstream": [f"http://127.0.0.{i}" for i in range(1, 9)]}},
    "trusted proxies": {"gateway": {"trustedProxies": ["10.0.0.0/8", "127.0.0.1", "fd00::/8", "::1"]}},
    "pass": {"gateway": {"onAgentDown": "pass", "soapFaultStatus": "verdict"}},
    "several systems": {"systems": [
        {"system": "H26.a", "match": {"MaTichHop": ["037"]}},
        {"system": "H26.b", "match": {"header": {"name": "X-Road-Client", "value": "VN/b"}}},
        {"system": "H26.c", "match": {"listen": "127.0.0.1:{port}"}}]},
    "limits, least": {"gateway": {"bodyMax": "1KiB", "timeout": "1s"}},
    "limits, most": {"gateway": {"bodyMax": "8MiB", "timeout": "10m"}},
    "several systems, a unix socket and IPv6": {"systems": [
        {"system": "H26.mot", "match": {"header": {"name": "X-Road-Client", "value": 'a"b;$c{}'}}},
        {"system": "H26.hai", "match": {"listen": "unix:{state}/hai.sock"}},
        {"system": "H26.ba", "match": {"listen": "[::1]:{port}"}}, {"system": "H26.khac"}]},
    "a folder with spaces": {"state": "{dir}/thư mục của chốt, #1 (mới)"},
}
REFUSED = {  # by check-config
    "no upstream": ({"upstream": []}, "gateway.upstream is a list; holds 0 addresses; must hold 1 to 8"),
    "nine": ({"upstream": [f"http://a{i}" for i in range(9)]}, "holds 9 addresses; must hold 1 to 8"),
    "two schemes": ({"upstream": ["http://a", "https://b"]}, "must be all https:// or all http://"),
    "twice": ({"upstream": ["http://a", "http://A:80/x"]}, "names an address twice"),
    "no scheme": ({"upstream": "lgsp.example"}, "must be an address like https://lgsp.example:8443"),
    "a password": ({"upstream": "http://me:secret@lgsp.example"}, "must hold no user or password"),
    "an nginx directive": ({"upstream": "http://a; include /etc/passwd"}, "must be an address like"),
    "port 0": ({"upstream": "http://a:0"}, "must be an address like"),
    "a number": ({"upstream": 5}, "gateway.upstream is 5; must be a string"),
    "order": ({"upstreamOrder": "random"}, "must be one of primary, spread"),
    "host": ({"upstreamHost": "a b"}, "must be a host name like lgsp.example"),
    "proxy by name": ({"trustedProxies": ["proxy.example"]}, "must be an address or network like 10.0.0.0/8"),
}


@pytest.fixture(scope="module")
def programs():
    with Stage("chot-test-") as stage:
        yield stage


class Part:
    """An agent's configuration that nobody runs."""

    def __init__(self, folder, settings):
        self.state = settings.pop("state", str(folder / "state"))
        self.config = str(folder / "agent.json5")
        with open(self.config, "w", encoding="utf-8") as f:
            json.dump({"state": self.state, "collector": {"url": "https://127.0.0.1:8470"},
                       "authorize": {"listen": "unix:/run/chot-agent/authorize.sock"},
                       "gateway": {"listen": f"127.0.0.1:{free_port()}", "upstream": "http://127.0.0.1:80"}}, f)
        configure(self, **settings)


def filled(settings, folder):
    text = json.dumps(settings).replace("{state}", str(folder / "state")).replace("{port}", str(free_port()))
    return json.loads(text.replace("{dir}", str(folder)))


def nginx_test(path):
    done = subprocess.run([NGINX, "-t", "-e", "stderr", "-c", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # A host without IPv6, and the like, would be told here; a configuration of ours has nothing to warn of.
    assert "[warn]" not in done.stderr and "[alert]" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", GATEWAYS)
def test_nginx_takes_every_gateway(programs, tmp_path, name):
    part = Part(tmp_path, filled(GATEWAYS[name], tmp_path))
    text = programs.program("chot-agent", "nginx-config", "--standalone", "--config", part.config)
    path = tmp_path / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    nginx_test(path)
    assert all(os.path.exists(f"{part.state}/nginx/{f}") for f in ("error.log", "access.log", "chot-gateway.js"))


def shipped(path):
    with open(os.path.join(ROOT, "deploy", path), encoding="utf-8") as f:
        return f.read()


def test_the_shipped_gateway_is_what_the_default_configuration_gives(programs, tmp_path):
    (tmp_path / "agent.json5").write_text(
        shipped("config/agent.json5").replace("/var/lib/chot-agent\",", f"{tmp_path}/state\","), encoding="utf-8")
    text = programs.program("chot-agent", "nginx-config", "--standalone", "--config", tmp_path / "agent.json5")
    lines = [line.rstrip() for line in text.replace(f"{tmp_path}/state", "/var/lib/chot-agent").splitlines()
             if not line.startswith("user ")]
    comment, sample = shipped("nginx/gateway.conf").split("# Written by", 1)
    assert comment.startswith("# The gateway") and lines == ("# Written by" + sample).splitlines()
    assert (tmp_path / "state/nginx/chot-gateway.js").read_text() == shipped("nginx/chot-gateway.js")


def test_the_shipped_gateway_works(stage):
    """deploy/nginx/gateway.conf with nothing changed but folders, ports and the NPD's address."""
    with MockNPD() as npd:
        country = Country(stage, systems=("H26.motcua",), accounts=3, agents=False)
        agent = Agent(stage, country.collector, npd, "H26.motcua").start()
        agent.gateway.stop()
        country.wait_enforced(country.lock("account=canbo1@H26.motcua", "--for", "1h"))
        text = shipped("nginx/gateway.conf")
        for ours, theirs in (("/var/lib/chot-agent", agent.state), ("127.0.0.1:8471", f"127.0.0.1:{agent.gateway_port}"),
                             ("/run/chot-agent", agent.state), ("lgsp.example:443", npd.url.removeprefix("http://")),
                             ("https://chot_npd", "http://chot_npd")):
            assert ours in text
            text = text.replace(ours, theirs)
        stage.start_nginx("shipped", user_line() + text, agent.gateway_port)
        assert post(agent.gateway_port, soap("canbo0"), {"X-Chot-Account": "canbo1"})[::2] == (200, b"ok")
        assert npd.last().all(b"X-Chot-Account") == []
        status, headers, body = post(agent.gateway_port, soap("canbo1"))
        assert (status, headers["X-Chot-Verdict"]) == (500, "deny") and b"<soapenv:Fault>" in body
        agent.process.kill9()
        status, headers, _ = post(agent.gateway_port, soap("canbo0"))
        assert (status, headers["X-Chot-Reason"], headers["Retry-After"]) == (503, "agent-down", "5")
        assert len(npd.requests) == 1
        agent.start()
        country.wait_complete()
        assert {k[1]: v for k, v in country.totals().items()} == {"canbo0": (1, 0), "canbo1": (0, 1)}


@pytest.mark.parametrize("name", ["plain", "headers", "spread over https", "a folder with spaces"])
def test_an_nginx_that_is_there_takes_it_into_its_http_block(programs, tmp_path, name):
    part = Part(tmp_path, filled(GATEWAYS[name], tmp_path))
    text = programs.program("chot-agent", "nginx-config", "--config", part.config)
    (tmp_path / "chot.conf").write_text(text, encoding="utf-8")
    path = tmp_path / "nginx.conf"
    path.write_text(f"{user_line()} pid {tmp_path}/pid; error_log {tmp_path}/error.log;"
                    "load_module /usr/lib/nginx/modules/ngx_http_js_module.so; events {}"
                    f"http {{ access_log {tmp_path}/access.log; include {tmp_path}/chot.conf;"
                    f"server {{ listen 127.0.0.1:{free_port()}; }} }}", encoding="utf-8")
    nginx_test(path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_gateway_is_refused_with_its_reason(programs, tmp_path, name):
    settings, reason = REFUSED[name]
    part = Part(tmp_path, {"gateway": settings})
    for command in ("check-config", "nginx-config"):
        done = subprocess.run([f"{programs.bin}/chot-agent", command, "--config", part.config],
                              capture_output=True, text=True)
        assert done.returncode == 78 and reason in done.stderr, done.stderr
        assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize("settings, reason", [
    ({"state": "relative"}, "state is \"relative\"; nginx needs the whole path, beginning with /"),
    ({"state": "/tmp/a;b"}, "choose another"), ({"state": "/tmp/$a"}, "choose another"),
    ({"state": "/tmp/a\nb"}, "choose another"), ({"state": '/tmp/a"b'}, "choose another"),
    ({"gateway": {"upstreamCA": "/tmp/{ca}"}}, "gateway.upstreamCA is"),
    ({"authorize": {"listen": "unix:/tmp/a'b"}}, "authorize.listen is"),
    ({"gateway": {"listen": "unix:/tmp/a\\b"}}, "gateway.listen is"),
])
def test_a_path_that_nginx_would_read_otherwise_is_refused(programs, tmp_path, settings, reason):
    part = Part(tmp_path, settings)
    done = subprocess.run([f"{programs.bin}/chot-agent", "nginx-config", "--config", part.config],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 78 and reason in done.stderr and done.stdout == ""
    assert not os.path.exists(tmp_path / "relative")
