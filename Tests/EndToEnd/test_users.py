"""The services as the users that install-*.sh makes: what their units run works, and what is none of theirs stays shut."""
import glob
import http.client
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import time

import pytest

from country import NGINX, ROOT, SERVICES, Broken, NPD, Stage, free_port, soap, wait_for
from people import open_to_all, temporary_users

GROUPS = ("chot", "chot-backup")
# A user of the tests for each of the units' users; its groups as User=, Group= and SupplementaryGroups= say.
USERS = {name: "chottest-" + name for name in ("collector", "front", "backup", "agent", "gateway")}
WITHOUT_RIGHTS = ("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")


@pytest.fixture(scope="module")
def people():
    # A group of another's name is there before its member: the gateway's is the agent's.
    groups = {"backup": ["chot", "chot-backup"], "gateway": [USERS["agent"]]}
    with temporary_users(GROUPS, [(user, groups.get(name, [])) for name, user in USERS.items()]):
        yield


class Host:
    """What install-*.sh and systemd make, below a folder of the stage."""

    def __init__(self, stage):
        self.stage = stage
        open_to_all(stage)
        self.places = {
            "/usr/bin/chot-": stage.bin + "/chot-", "/usr/sbin/nginx": NGINX,
            "/etc/chot/collector.json5": stage.path("collector.json5"), "/etc/chot/agent.json5": stage.path("agent.json5"),
            "/etc/chot/backup.pub": stage.path("backup.key.pub"), "%d": stage.path("credentials"), "%%": "%",
            "/var/log/chot-front": stage.path("log-front"), "/mnt": stage.path("bodies"),
            "/run/chot-collector-front": stage.path("run-front"), "/run/chot-collector": stage.path("run-collector"),
            "/var/lib/chot-collector": stage.path("state-collector"), "/var/lib/chot-backup": stage.path("backups"),
            "/var/lib/chot-agent-gateway": stage.path("seen-gateway"), "/var/lib/chot-agent": stage.path("state-agent"),
            "/run/chot-agent": stage.path("run-agent"), "chot-front": USERS["front"], "chot-gateway": USERS["gateway"],
        }

    def here(self, text):
        """In one pass, the longest first."""
        places = sorted(self.places, key=lambda place: (place != "%%", -len(place)))
        return re.sub("|".join(map(re.escape, places)), lambda found: self.places[found[0]], text)

    def folder(self, place, user, mode):
        path = self.here(place)
        os.mkdir(path)
        os.chmod(path, mode)
        shutil.chown(path, USERS.get(user, user), USERS.get(user, user))
        return path

    def lines(self, unit, key):
        """The command lines of a unit, with this stage's paths in them; without their marks."""
        with open(f"{ROOT}/deploy/systemd/{unit}.service", encoding="utf-8") as f:
            found = [line[len(key) + 1:].strip() for line in f if line.startswith(key + "=")]
        return [self.here(line.lstrip("-+")) for line in found]

    def as_user(self, user, *args):
        groups = subprocess.run(["id", "-G", USERS[user]], capture_output=True, text=True).stdout.split()
        return ["setpriv", f"--reuid={USERS[user]}", f"--regid={USERS[user]}", "--groups=" + ",".join(groups),
                *WITHOUT_RIGHTS, "--", *args]

    def run(self, user, line):
        """A unit's command line, as sh understands it."""
        done = subprocess.run(self.as_user(user, "/bin/sh", "-c", "umask 0077; " + line), capture_output=True,
                              text=True, cwd="/", timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Broken(f"{user}: {line}: {done.returncode} {done.stdout} {done.stderr}")
        return done.stdout

    def start(self, name, user, line, *before):
        return self.stage.start(name, *before, *self.as_user(user, "/bin/sh", "-c", f"umask 0077; cd /; exec {line}"))

    def may(self, user, *tests):
        """Which of these a user may do: `r` reads or lists a path, `c` connects to a socket."""
        script = ("import os,socket,sys\nfor way,path in zip(sys.argv[1::2],sys.argv[2::2]):\n"
                  " try:\n"
                  "  if way=='c': socket.socket(socket.AF_UNIX).connect(path)\n"
                  "  elif os.path.isdir(path): os.listdir(path)\n"
                  "  else: open(path,'rb').read(1)\n"
                  "  print('yes')\n"
                  " except PermissionError: print('no')\n"
                  " except OSError as e: print(e)\n")
        flat = [part for test in tests for part in test]
        done = subprocess.run(self.as_user(user, "/usr/bin/python3", "-c", script, *flat), capture_output=True, text=True,
                              cwd="/", timeout=30)
        return done.stdout.split("\n")[:-1]


@pytest.fixture(scope="module")
def host(people):
    with Stage("chot-test-") as stage:
        host = Host(stage)
        port = free_port()
        state = host.folder("/var/lib/chot-collector", "collector", 0o700)
        run = host.folder("/run/chot-collector", "collector", 0o755)
        backups = host.folder("/var/lib/chot-backup", "backup", 0o770)
        shutil.chown(backups, group=USERS["collector"])
        host.run("collector", f"{stage.bin}/chot-collector init --state {state} --listen 127.0.0.1:{port}")
        config = host.here("/etc/chot/collector.json5")
        with open(f"{ROOT}/deploy/config/collector.json5", encoding="utf-8") as f:
            text = host.here(f.read()).replace('listen: "127.0.0.1:8470"', f'listen: "127.0.0.1:{port}"')
        with open(config, "w", encoding="utf-8") as f:
            f.write(text)
        for line in host.lines("chot-collector", "ExecStartPre"):
            host.run("collector", line)
        host.collector = host.start("collector", "collector", *host.lines("chot-collector", "ExecStart"))
        admin = f"{run}/admin.sock"
        wait_for("the admin socket", lambda: host.collector.check() or os.path.exists(admin))
        wait_for("wait.sock", lambda: os.path.exists(f"{run}/wait.sock"))
        for line in host.lines("chot-collector", "ExecStartPost"):
            subprocess.run(line, shell=True, check=True)
        host.port, host.config, host.state, host.admin = port, config, state, admin
        # LoadCredential=
        credentials = host.folder("%d", "front", 0o500)
        for name in ("server.pem", "server.key"):
            copy = shutil.copy(f"{state}/{name}", credentials)
            os.chmod(copy, 0o400)
            shutil.chown(copy, USERS["front"], USERS["front"])
        host.folder("/run/chot-collector-front", "front", 0o750)
        host.logs = host.folder("/var/log/chot-front", "front", 0o750)
        host.folder("/mnt", "root", 0o1777)
        for line in host.lines("chot-collector-front", "ExecStartPre"):
            host.run("front", line)
        host.front = host.start("front", "front", *host.lines("chot-collector-front", "ExecStart"))
        wait_for("the front", lambda: host.front.check() or ask_front(host, "/v1/keys"))
        yield host


def ask_front(host, path, body=None):
    """The status of the front's answer; None without one."""
    context = ssl.create_default_context(cafile=f"{host.state}/ca.pem")
    line = http.client.HTTPSConnection("127.0.0.1", host.port, context=context, timeout=5)
    try:
        line.request("POST" if body else "GET", path, body)
        return line.getresponse().status
    except OSError:
        return None
    finally:
        line.close()


def cli(host, *args):
    return host.stage.program("chot-collector", *args, "--config", host.config)


def test_the_front_works_as_its_own_user_and_reaches_nothing_else(host):
    assert ask_front(host, "/v1/keys") == 200
    assert ask_front(host, "/v1/summaries", b"x" * 300_000) == 401
    workers = subprocess.run(["ps", "-o", "user:32=,comm=", "-g", str(host.front.pid)], capture_output=True, text=True)
    assert {line.split()[0] for line in workers.stdout.splitlines() if "nginx" in line} == {USERS["front"]}
    run = host.here("/run/chot-collector")
    shut = [("r", host.state), ("r", f"{host.state}/sign.key"), ("r", f"{host.state}/collector.db"), ("c", host.admin),
            ("r", host.here("/var/lib/chot-backup"))]
    assert host.may("front", *shut) == ["no"] * len(shut)
    assert host.may("front", ("c", f"{run}/api.sock"), ("c", f"{run}/wait.sock")) == ["yes", "yes"]
    # All that it writes lies where its unit says.
    assert sorted(os.listdir(host.logs)) == ["access.log", "error.log"]
    assert "front.pid" in os.listdir(host.here("/run/chot-collector-front"))
    assert "nginx" not in os.listdir(host.state)


def test_a_reload_of_the_front_as_its_user_takes_a_changed_configuration(host):
    os.makedirs(host.config + ".d", exist_ok=True)
    with open(host.config + ".d/70-front.json5", "w", encoding="utf-8") as f:
        f.write("{ front: { large_bodies_per_address: 3 } }")
    write, test, reload = host.lines("chot-collector-front", "ExecReload")
    host.run("front", write)
    host.run("front", test)
    assert "limit_conn chot_large_bodies 3;" in open(host.here("/run/chot-collector-front/nginx.conf")).read()
    host.run("front", reload.replace("$MAINPID", str(host.front.pid)))
    time.sleep(0.3)
    host.front.check()
    assert ask_front(host, "/v1/keys") == 200


def rotate(host, name, logs, user, process, tmp_path):
    """Real logrotate with the file that is installed; systemctl is asked for the main process of the right unit."""
    asked = tmp_path / "asked"
    stub = tmp_path / "systemctl"
    stub.write_text(f"#!/bin/sh\necho \"$(id -un) $*\" >>{asked}\nexec kill -USR1 {process.pid}\n")
    stub.chmod(0o755)
    conf = tmp_path / "rotate.conf"
    with open(f"{ROOT}/deploy/logrotate/{name}", encoding="utf-8") as f:
        conf.write_text(re.sub("%.", lambda found: found[0].replace("%", "%%"), f.read()))
    conf.write_text(host.here(conf.read_text()).replace("chot-agent\n", USERS["agent"] + "\n"))
    conf.chmod(0o644)
    done = subprocess.run(["/usr/sbin/logrotate", "--force", "--state", str(tmp_path / "state"), str(conf)],
                          capture_output=True, text=True, env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 0 and "error" not in done.stderr, done.stderr
    unit = {"chot-collector-front": "chot-collector-front", "chot-agent-gateway": "chot-agent-gateway"}[name]
    assert asked.read_text() == f"root kill --kill-whom=main --signal=USR1 {unit}.service\n"
    assert os.path.exists(f"{ROOT}/deploy/systemd/{unit}.service")
    rotated = [p for p in glob.glob(f"{logs}/access.log-*")]
    assert len(rotated) == 1 and os.path.getsize(rotated[0])
    return rotated[0]


@pytest.mark.skipif(not os.path.exists("/usr/sbin/logrotate"), reason="logrotate is not installed")
def test_rotated_logs_of_the_front_are_followed_by_new_ones(host, tmp_path):
    assert ask_front(host, "/v1/keys") == 200
    log = f"{host.logs}/access.log"
    wait_for("a line in the log", lambda: os.path.getsize(log))
    time.sleep(1.1)  # nginx writes what it buffers once a second
    old = rotate(host, "chot-collector-front", host.logs, "front", host.front, tmp_path)
    size = os.path.getsize(old)
    new = os.stat(log)
    assert (new.st_mode & 0o777, new.st_uid) == (0o640, os.stat(host.logs).st_uid)
    time.sleep(0.3)
    assert ask_front(host, "/v1/keys") == 200
    wait_for("a line in the new log", lambda: os.path.getsize(log))
    assert os.path.getsize(old) == size
    host.front.check()


def test_the_backups_user_has_sealed_backups_made_and_reads_none(host):
    host.stage.program("chot-collector", "backup-key", host.stage.path("backup.key"))
    folder = host.here("/var/lib/chot-backup")
    make, delete = host.lines("chot-collector-backup", "ExecStart")
    # systemd takes the quotes away.
    host.run("backup", make)
    made = glob.glob(f"{folder}/chot-*.age")
    assert len(made) == 1 and os.stat(made[0]).st_mode & 0o777 == 0o600
    with open(made[0], "rb") as f:
        assert f.read(21) == b"age-encryption.org/v1"
    assert host.may("backup", ("r", made[0]), ("r", host.state), ("c", host.admin)) == ["no", "no", "yes"]
    # And nothing else over the admin socket.
    for command in ("usage", "agent list", f"backup {folder}/clear --unsealed"):
        with pytest.raises(Broken, match=": 77 "):
            host.run("backup", f"{host.stage.bin}/chot-collector {command} --config {host.config}")
    os.utime(made[0], (time.time() - 10 * 86400,) * 2)
    host.run("backup", delete.replace("chot-*", "'chot-*'"))
    assert not os.path.exists(made[0])


def test_the_gateway_works_as_its_own_user_and_reads_nothing_of_the_agents(host, tmp_path):
    stage = host.stage
    npd, port, status = NPD(stage), free_port(), free_port()
    registry = stage.path("registry")
    os.mkdir(registry)
    for kind, rows in (("units", "code,name,kind,province_code\nH26,Đơn vị H26,province,\n"),
                       ("systems", "code,unit,name\nH26.motcua,H26,Hệ thống\n"),
                       ("services", f"system,service,office_per_day,off_per_day,purpose\nH26.motcua,{SERVICES[0]},9000,900,thử\n"),
                       ("accounts", "system,login,full_name,cccd,per_day\nH26.motcua,canbo1,NGUYENVANMAU,000000000001,900\n")):
        with open(f"{registry}/{kind}.csv", "w", encoding="utf-8") as f:
            f.write(rows)
    cli(host, "registry", "import", registry)
    state = host.folder("/var/lib/chot-agent", "agent", 0o700)
    run = host.folder("/run/chot-agent", "agent", 0o755)
    host.folder("/run/chot-agent/gateway", "agent", 0o755)
    seen = host.here("/var/lib/chot-agent-gateway")
    os.mkdir(seen)
    token = stage.path("token")
    with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(cli(host, "agent", "token", "H26.motcua"))
    shutil.chown(token, USERS["agent"])
    host.run("agent", f"{stage.bin}/chot-agent enroll --collector https://127.0.0.1:{host.port} --token-file {token} --state {state}")
    with open(f"{ROOT}/deploy/config/agent.json5", encoding="utf-8") as f:
        text = host.here(f.read())
    for was, is_ in (("https://collector.example:8470", f"https://127.0.0.1:{host.port}"),
                     ("https://lgsp.example", npd.url), ("127.0.0.1:8471", f"127.0.0.1:{port}"),
                     ('// status: { listen: "127.0.0.1:8473" },', f'status: {{ listen: "127.0.0.1:{status}" }},')):
        text = text.replace(was, is_, 1)
    config = host.here("/etc/chot/agent.json5")
    with open(config, "w", encoding="utf-8") as f:
        f.write(text)
    # 0640 root:chot-agent, as installed.
    os.chmod(config, 0o640)
    shutil.chown(config, "root", USERS["agent"])
    for line in host.lines("chot-agent", "ExecStartPre"):
        host.run("agent", line)
    agent = host.start("agent", "agent", *host.lines("chot-agent", "ExecStart"))
    wait_for("authorize.sock", lambda: os.path.exists(f"{run}/authorize.sock"), 20)
    first, check = host.lines("chot-agent-gateway", "ExecStartPre")
    first = first.replace(f"{stage.dir}/state-agent", state).replace("-g chot-agent", "-g " + USERS["agent"])
    subprocess.run(first, shell=True, check=True)
    # BindPaths=: its logs under another name, seen by it alone.
    bound = ("unshare", "--mount", "/bin/sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', f"{state}/nginx", seen)
    if subprocess.run([*bound, "/bin/true"], capture_output=True).returncode != 0:
        pytest.skip("a mount of one's own is not permitted here")
    subprocess.run([*bound, *host.as_user("gateway", "/bin/sh", "-c", check)], check=True, timeout=30)
    gateway = host.start("gateway", "gateway", *host.lines("chot-agent-gateway", "ExecStart"), *bound)

    def answer(login):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            line.request("POST", "/npd/x", soap(login), {"Content-Type": "text/xml; charset=utf-8"})
            return line.getresponse().status
        except OSError:
            return None
        finally:
            line.close()
    wait_for("an answer through the gateway", lambda: gateway.check() or answer("canbo1") == 200, 20)
    wait_for("the query in the log of the database", npd.counts, 5)
    shut = [("r", state), *(("r", f"{state}/{name}") for name in ("policy.jws", "agent.key", "agent.db", "querylog.key"))]
    assert all(os.path.exists(path) for _, path in shut)
    assert host.may("gateway", *shut) == ["no"] * len(shut)
    assert host.may("gateway", ("c", f"{run}/authorize.sock")) == ["yes"]
    assert host.may("front", ("c", f"{run}/authorize.sock")) == ["no"]
    folder = os.stat(f"{state}/nginx")
    assert stat.S_IMODE(folder.st_mode) == 0o2750
    # The modes that install-*.sh and the units make are neither refused nor worth a word.
    for process in (agent, host.collector):
        assert not re.search("may (read|change)|it belongs to", process.tail(200)), process.tail(200)
    # The agent reads what the gateway logs.
    assert host.may("agent", ("r", f"{state}/nginx/access.log")) == ["yes"]
    if os.path.exists("/usr/sbin/logrotate"):
        time.sleep(1.1)
        old = rotate(host, "chot-agent-gateway", f"{state}/nginx", "gateway", gateway, tmp_path)
        size = os.path.getsize(old)
        time.sleep(0.3)
        assert answer("canbo1") == 200
        wait_for("a line in the new log", lambda: os.path.getsize(f"{state}/nginx/access.log"))
        assert os.path.getsize(old) == size
        assert host.may("agent", ("r", f"{state}/nginx/access.log")) == ["yes"]
