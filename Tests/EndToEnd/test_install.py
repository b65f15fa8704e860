"""deploy/install-*.sh into an empty root: what lies where, what a second run does, and that it works."""
import json
import os
import shutil
import stat
import subprocess

import pytest

from country import NGINX, ROOT, free_port, user_line

EXPECTED = {
    "agent": {
        "etc/chot": 0o755, "etc/chot/agent.json5.d": 0o755, "var/lib/chot-agent": 0o700,
        "usr/local/bin/chot-agent": 0o755, "etc/chot/agent.json5": 0o640,
        "etc/systemd/system/chot-agent.service": 0o644,
        "etc/systemd/system/chot-agent-gateway.service": 0o644,
        "etc/logrotate.d/chot-agent-gateway": 0o644,
    },
    "collector": {
        "etc/chot": 0o755, "etc/chot/collector.json5.d": 0o755, "var/lib/chot-collector": 0o700,
        "usr/local/bin/chot-collector": 0o755, "etc/chot/collector.json5": 0o644,
        "etc/systemd/system/chot-collector.service": 0o644,
        "etc/systemd/system/chot-collector-front.service": 0o644,
        "etc/systemd/system/chot-collector-backup.service": 0o644,
        "etc/systemd/system/chot-collector-backup.timer": 0o644,
        "etc/logrotate.d/chot-collector-front": 0o644, "var/lib/chot-backup": 0o770,
    },
}
BOTH = pytest.mark.parametrize("program", EXPECTED)
DOES = ("install ", "create ", "keep ", "reload ", "would ")


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "root"
    path.mkdir()
    return path


def install(stage, root, program, *options):
    """The lines in which the script says what it did, without the advice that follows."""
    done = subprocess.run([f"{ROOT}/deploy/install-{program}.sh", "--bin", stage.bin, *options],
                          env={**os.environ, "DESTDIR": str(root)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(DOES)]


def snapshot(root):
    """Every path below the root with its mode, time and content."""
    return {p.relative_to(root): (p.stat().st_mode, p.stat().st_mtime_ns, p.is_file() and p.read_bytes())
            for p in sorted(root.rglob("*"))}


def run(*args):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True)


@BOTH
def test_files_lie_where_they_should_with_their_modes(stage, root, program):
    install(stage, root, program)
    modes = {path: stat.S_IMODE((root / path).stat().st_mode) for path in EXPECTED[program]}
    assert modes == EXPECTED[program]
    files = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
    assert files == {p for p in EXPECTED[program] if (root / p).is_file()}
    assert (root / f"usr/local/bin/chot-{program}").read_bytes() == open(f"{stage.bin}/chot-{program}", "rb").read()
    version = run(root / f"usr/local/bin/chot-{program}", "version").stdout
    assert version.startswith(f"chot-{program} ")


@BOTH
def test_a_second_run_changes_nothing_and_says_nothing(stage, root, program):
    assert install(stage, root, program)
    before = snapshot(root)
    assert install(stage, root, program) == []
    assert snapshot(root) == before


@BOTH
def test_a_changed_program_is_replaced(stage, root, program):
    install(stage, root, program)
    installed = root / f"usr/local/bin/chot-{program}"
    installed.write_bytes(b"an older one")
    assert install(stage, root, program) == [f"install {installed}"]
    assert installed.read_bytes() == open(f"{stage.bin}/chot-{program}", "rb").read()


@BOTH
def test_an_edited_configuration_is_kept_and_the_new_default_lies_beside_it(stage, root, program):
    install(stage, root, program)
    config = root / f"etc/chot/{program}.json5"
    config.write_text("// mine\n{}\n")
    said = install(stage, root, program)
    assert config.read_text() == "// mine\n{}\n"
    default = open(f"{ROOT}/deploy/config/{program}.json5").read()
    assert (root / f"etc/chot/{program}.json5.new").read_text() == default
    assert any(line.startswith(f"keep {config}") for line in said)
    assert f"install {config}.new" in said


@BOTH
def test_dry_run_says_everything_and_writes_nothing(stage, root, program):
    said = install(stage, root, program, "--dry-run")
    assert snapshot(root) == {}
    done = install(stage, root, program)
    assert said == ["would " + line for line in done]
    before = snapshot(root)
    assert install(stage, root, program, "--dry-run") == []
    assert snapshot(root) == before


@BOTH
def test_another_prefix_reaches_the_units(stage, root, program):
    install(stage, root, program, "--prefix", "/opt/chot")
    assert (root / f"opt/chot/bin/chot-{program}").is_file()
    for unit in (root / "etc/systemd/system").iterdir():
        text = unit.read_text()
        if unit.suffix == ".timer":
            continue
        # The gateway's runs nginx only; its configuration is written by the agent's.
        assert f"/opt/chot/bin/chot-{program}" in text or unit.name == "chot-agent-gateway.service"
        assert "/usr/bin/chot-" not in text and "/usr/local" not in text


@BOTH
def test_mistakes_on_the_command_line_write_nothing(stage, root, program, tmp_path):
    script = f"{ROOT}/deploy/install-{program}.sh"
    for options, status in ([["--nonsense"], 64], [["--bin", tmp_path], 1], [["--prefix", "opt", "--bin", stage.bin], 1]):
        done = subprocess.run([script, *options], env={**os.environ, "DESTDIR": str(root)}, capture_output=True)
        assert done.returncode == status and done.stderr
    assert snapshot(root) == {}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@BOTH
def test_systemd_has_no_complaint_about_the_units(stage, root, program):
    install(stage, root, program)
    units = sorted((root / "etc/systemd/system").iterdir())
    said = run("systemd-analyze", "verify", "--man=no", *units)
    complaints = [line for line in (said.stdout + said.stderr).splitlines() if is_about_ours(line)]
    assert complaints == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@BOTH
def test_no_service_is_exposed_beyond_one_and_a_half(stage, root, program):
    install(stage, root, program)
    for unit in sorted((root / "etc/systemd/system").glob("*.service")):
        said = run("systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", unit)
        assert said.returncode == 0, unit.name + "\n" + said.stdout[-3000:] + said.stderr


def test_nothing_that_faces_a_network_runs_as_the_program_behind_it():
    users = {}
    for name in os.listdir(f"{ROOT}/deploy/systemd"):
        with open(f"{ROOT}/deploy/systemd/{name}", encoding="utf-8") as f:
            users[name] = [line[5:].strip() for line in f if line.startswith("User=")]
    assert users == {
        "chot-agent.service": ["chot-agent"], "chot-agent-gateway.service": ["chot-gateway"],
        "chot-collector.service": ["chot-collector"], "chot-collector-front.service": ["chot-front"],
        "chot-collector-backup.service": ["chot-backup"], "chot-collector-backup.timer": []}


def is_about_ours(line):
    """A complaint about one of our units, other than that its program is not installed here."""
    return "chot-" in line and not ("is not executable" in line and "No such file" in line)


def drop_in(root, program, settings):
    path = root / f"etc/chot/{program}.json5"
    with open(f"{path}.d/10-test.json5", "w") as f:
        json.dump(settings, f)
    return path


def nginx_accepts(tmp_path, http):
    """nginx -t on a whole configuration around the printed one."""
    conf = tmp_path / "wrapper.conf"
    conf.write_text(f"""{user_line()}
        load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
        pid {tmp_path}/nginx.pid; error_log {tmp_path}/error.log;
        events {{}}
        http {{ {http} }}""")
    return run(NGINX, "-t", "-c", conf)


def test_the_agents_default_configuration_works_once_set(stage, root, tmp_path):
    install(stage, root, "agent")
    agent = root / "usr/local/bin/chot-agent"
    state = tmp_path / "state"
    config = drop_in(root, "agent", {
        "state": str(state), "collector": {"url": "https://127.0.0.1:8470"},
        "gateway": {"upstream": "https://127.0.0.1:9", "listen": f"127.0.0.1:{free_port()}"}})
    state.mkdir()
    checked = run(agent, "check-config", "--config", config)
    assert (checked.returncode, checked.stdout) == (0, "configuration is valid\n"), checked.stderr
    printed = run(agent, "nginx-config", "--config", config)
    assert printed.returncode == 0, printed.stderr
    assert "include it in the http {} block" in printed.stdout.split("\n")[1]
    tested = nginx_accepts(tmp_path, printed.stdout)
    assert tested.returncode == 0 and "[warn]" not in tested.stderr, tested.stderr


def test_the_collectors_default_configuration_works_once_set(stage, root, tmp_path):
    install(stage, root, "collector")
    collector = root / "usr/local/bin/chot-collector"
    state, listen = tmp_path / "state", f"127.0.0.1:{free_port()}"
    stage.program("chot-collector", "init", "--state", state, "--listen", listen)
    # Who may not list it comes through it to the sockets.
    assert [stat.S_IMODE(os.stat(p).st_mode) for p in (state, state / "run", state / "root")] == [0o711, 0o755, 0o700]
    assert not [f for f in os.listdir(state) if (state / f).stat().st_mode & 0o004 and f not in (
        "run", "collector.json5.d", "collector.json5", "ca.pem", "server.pem", "keys.jws")]
    (tmp_path / "made").mkdir(mode=0o700)
    stage.program("chot-collector", "init", "--state", tmp_path / "made", "--listen", listen)
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700
    config = drop_in(root, "collector", {"state": str(state), "listen": listen})
    checked = run(collector, "check-config", "--config", config)
    assert (checked.returncode, checked.stdout) == (0, "configuration is valid\n"), checked.stderr
    printed = run(collector, "nginx-config", "--config", config)
    assert printed.returncode == 0, printed.stderr
    assert "include it in the http {} block" in printed.stdout and "whole nginx.conf" not in printed.stdout
    whole = run(collector, "nginx-config", "--standalone", "--config", config)
    assert "whole nginx.conf" in whole.stdout and "include it in" not in whole.stdout
    tested = nginx_accepts(tmp_path, printed.stdout)
    assert tested.returncode == 0 and "[warn]" not in tested.stderr, tested.stderr


@BOTH
def test_the_default_configuration_itself_is_valid(stage, root, program):
    install(stage, root, program)
    checked = run(root / f"usr/local/bin/chot-{program}", "check-config",
                  "--config", root / f"etc/chot/{program}.json5")
    assert checked.returncode == 0, checked.stderr
