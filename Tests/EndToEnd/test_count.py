"""chot-agent count beside mawk on generated combined logs, hostile lines included.

What makes both count the same thing. mawk takes each line apart by itself, as COMBINED says: it decides which
lines fit the format and cuts out the login and the second path segment, both as they stand in the log. It
undoes no escapes; this file does (\\xHH, \\", \\\\, %HH), cuts blanks at the ends, and adds up what becomes equal. Empty lines are passed over,
a line over 1 MiB is bad, a CR before the line end is no part of the line; bytes, not characters (LC_ALL=C).
"""
import codecs
import json
import os
import random
import re
import subprocess
import time

import pytest

from country import Stage

LINE_MAX = 1 << 20
COMBINED = r"""
function fits(    user, path) {
    at = index($0, " - "); if (!at) return 0
    rest = substr($0, at + 3)
    if (!match(rest, / \[..\/...\/....:..:..:.. .....\] "/)) return 0
    user = substr(rest, 1, RSTART - 1)
    rest = substr(rest, RSTART + RLENGTH)
    if (!match(rest, /^([^"\\]|\\.)*" /)) return 0
    path = substr(rest, 1, RLENGTH - 2)
    rest = substr(rest, RLENGTH + 1)
    if (!match(rest, /^([0-9]+|-) ([0-9]+|-) "/)) return 0
    rest = substr(rest, RLENGTH + 1)
    if (!match(rest, /^([^"\\]|\\.)*" "/)) return 0
    rest = substr(rest, RLENGTH + 1)
    if (!match(rest, /^([^"\\]|\\.)*"/) || RLENGTH != length(rest)) return 0
    key = user "\t" second(path)
    return 1
}
function second(request,    at, n, i, parts, seen) {
    at = index(request, " "); if (!at) return ""
    request = substr(request, at + 1)
    if (match(request, /[ ?]/)) request = substr(request, 1, RSTART - 1)
    if (substr(request, 1, 1) != "/") {
        at = index(request, "://"); if (!at) return ""
        request = substr(request, at + 3)
        at = index(request, "/"); if (!at) return ""
        request = substr(request, at)
    }
    n = split(request, parts, "/")
    for (i = 1; i <= n; i++) if (parts[i] != "" && ++seen == 2) return parts[i]
    return ""
}
{ sub(/\r$/, "") }
length($0) == 0 { next }
length($0) > 1048576 { bad++; next }
fits() { count[key]++; next }
{ bad++ }
END { for (key in count) printf "%d\t%s\n", count[key], key; printf "bad\t%d\n", bad }
"""
SERVICES = [b"TraCuuThongTinCongDan", b"XacThucThongTinCongDan", b"CungCapThongTinHoGiaDinh"]


def nginx_escaped(value):
    """ngx_http_log_escape of escape=default, from its documentation."""
    return b"".join(b"\\x%02X" % c if c in b'"\\' or c < 32 or c > 126 else bytes([c]) for c in value)


def unescaped(text):
    return re.sub(rb"\\x([0-9A-Fa-f]{2})|\\([\"\\])",
                  lambda m: bytes.fromhex(m[1].decode()) if m[1] else m[2], text)


def percent_decoded(text):
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), text)


codecs.register_error("shown", lambda e: ("".join(f"\\x{b:02X}" for b in e.object[e.start:e.end]), e.end))


def shown(value):
    return value.decode("utf-8", "shown")


def line(rng, user, request, agent=b"Apache-HttpClient/4.5 (Java/11)", at=None):
    at = at or time.strftime("%d/%b/%Y:%H:%M:%S +0700", time.gmtime(1795460000 + rng.randrange(200_000)))
    return b'10.1.%d.%d - %s [%s] "%s" %d %d "-" "%s"' % (
        rng.randrange(9), rng.randrange(250), user, at.encode(), request, rng.choice((200, 200, 500, 404)),
        rng.randrange(9000), agent)


def plain(rng):
    return line(rng, b"canbo%d" % rng.randrange(300), b"POST /npd/" + rng.choice(SERVICES) + b" HTTP/1.1")


def odd_bytes(rng, most):
    alphabet = b'ab \\"[]-%/?&\t\n\x00\x1f\x7f\xe1\xbb\x91\xff\xc3' + bytes(range(32, 127))
    return bytes(rng.choice(alphabet) for _ in range(rng.randrange(most)))


def hostile(rng):
    kind = rng.randrange(12)
    if kind < 4:  # a client's own words, as nginx writes them
        user = nginx_escaped(odd_bytes(rng, 12)) or b"-"
        path = b"/npd/" + bytes(c for c in odd_bytes(rng, 12) if c not in b" ")
        request = rng.choice((b"POST " + path + b" HTTP/1.1", path, b"GET http://npd.example" + path, odd_bytes(rng, 20)))
        return line(rng, user, nginx_escaped(request), nginx_escaped(odd_bytes(rng, 30)))
    if kind == 4:  # a login that looks like the next field
        return line(rng, b"x [24/Nov/2026:08:00:00 +0700] y", b"GET /npd/A HTTP/1.1")
    if kind == 5:  # Apache's way with quotes; two spellings of one letter
        return line(rng, rng.choice((rb"a\"b", rb"a\x22b", b"\xc3\xa9", b"e\xcc\x81")), rb"GET /npd/S\"x?q HTTP/1.1")
    if kind == 6:  # bytes beyond ASCII as they are, valid UTF-8 or not
        return line(rng, bytes(rng.choice((0, 1, *range(127, 256))) for _ in range(rng.randrange(1, 6))), b"GET /npd/\xff%C3%A9 HTTP/1.1")
    if kind == 7:
        whole = plain(rng)
        return whole[:rng.randrange(len(whole))]
    if kind == 8:
        return plain(rng) + rng.choice((b"\r", b' "-"', b" ", b"\r\r"))
    if kind == 9:
        return rng.choice((b"", b"\r", b"-", b'"', b' - [] ""', b"\xff\xfe", b'a - b [c] "d" 1 2 "e" "f"'))
    if kind == 10:  # a raw quote where none can be
        return line(rng, b"canbo1", b'GET " 200 /npd/S HTTP/1.1')
    whole = bytearray(plain(rng))
    whole[rng.randrange(len(whole))] = rng.choice(b'"\\ []-\xff')
    return bytes(whole)


def long_lines(rng):
    base = len(line(rng, b"", b"GET /npd/S HTTP/1.1", at="24/Nov/2026:08:00:00 +0700"))
    for size in (100_000, LINE_MAX - 200, LINE_MAX - 1, LINE_MAX, LINE_MAX + 1, 3 * LINE_MAX):
        rest = size - base
        yield from (whole + b"x" * (size - len(whole) - 1) + b'"' for whole in (
            line(rng, b"canbo1", b"GET /npd/S HTTP/1.1", b"A", "24/Nov/2026:08:00:00 +0700")[:-1],))
        if rest < 200_000:
            yield line(rng, b"u" * rest, b"GET /npd/S HTTP/1.1")
            yield line(rng, b"canbo2", b"GET /npd/" + b"s" * rest + b" HTTP/1.1")
        yield b"\xff" * size


def counted(stage, *args):
    done = subprocess.run([os.path.join(stage.bin, "chot-agent"), "count", *args, "--output", "json"],
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr.decode()


def by_mawk(path):
    """{(account, service): count}, bad; see the head of this file."""
    out = subprocess.run(["mawk", COMBINED, path], capture_output=True, check=True, timeout=120,
                         env={**os.environ, "LC_ALL": "C"}).stdout
    rows, bad = {}, 0
    for row in out.split(b"\n")[:-1]:
        head, rest = row.split(b"\t", 1)
        if head == b"bad":
            bad = int(rest or 0)
            continue
        user, service = rest.rsplit(b"\t", 1)
        user, service = unescaped(user).strip(), percent_decoded(unescaped(service)).strip()
        key = shown(user or b"-"), shown(service if service not in (b"", b"-") else b"?")
        rows[key] = rows.get(key, 0) + int(head)
    return rows, bad


@pytest.fixture(scope="module")
def stage():
    with Stage("chot-count-") as stage:
        yield stage


def rows_of(answer):
    return {(r["account"], r["service"]): r["count"] for r in answer["rows"]}


@pytest.mark.parametrize("seed", range(6))
def test_count_is_what_mawk_counts_on_hostile_lines(stage, seed):
    rng = random.Random(seed)
    lines = [hostile(rng) if rng.random() < 0.7 else plain(rng) for _ in range(20_000)]
    for long in long_lines(rng):
        lines.insert(rng.randrange(len(lines)), long)
    path = stage.path(f"hostile-{seed}.log")
    with open(path, "wb") as f:
        f.write(b"\n".join(lines) + rng.choice((b"", b"\n")))
    answer, closing = counted(stage, path)
    rows, bad = by_mawk(path)
    assert rows_of(answer) == rows
    assert answer["bad"] == bad > 1000
    assert sum(rows.values()) == answer["counted"] == answer["lines"] - bad > 10_000
    assert answer["folded"] == 0 and f"{bad} bad" in closing
    # The same from standard input, in pieces.
    with open(path, "rb") as f:
        piped = subprocess.run([os.path.join(stage.bin, "chot-agent"), "count", "-", "--output", "json"],
                               stdin=f, capture_output=True, check=True).stdout
    assert json.loads(piped) == answer


def test_windows_are_what_mawk_makes_of_the_hour(stage):
    rng = random.Random(6383)
    path = stage.path("windows.log")
    with open(path, "wb") as f:
        for _ in range(50_000):
            f.write(plain(rng) + b"\n")
    answer, _ = counted(stage, "--by", "window,account", path)
    script = ('{ hour = substr($4, 14, 2) + 0; w = hour >= 7 && hour < 18 ? "office" : "off"; n[w " " $3]++ } '
              'END { for (k in n) print k, n[k] }')
    out = subprocess.run(["mawk", script, path], capture_output=True, check=True, text=True).stdout
    assert {(r["window"], r["account"]): r["count"] for r in answer["rows"]} == {
        (w, a): int(n) for w, a, n in (row.split() for row in out.splitlines())}


def test_formats_of_one_s_own_and_json_lines_say_the_same(stage):
    """nginx's own escape=json, read by its format string and as JSON, beside Python's json."""
    rng = random.Random(7)
    rows, paths = {}, stage.path("json.log")
    with open(paths, "w", encoding="utf-8") as f:
        for _ in range(5000):
            user = "".join(rng.choice('aé"\\\n\t/ố😀 ') for _ in range(rng.randrange(1, 6)))
            service = rng.choice(["A", "B"])
            f.write('{"remote_user":%s,"request":"POST /npd/%s HTTP/1.1","status":200}\n' % (
                json.dumps(user, ensure_ascii=rng.random() < 0.5), service))
            # Blanks at the ends are no part of a name.
            user = user.strip(" \t\n") or "-"
            rows[user, service] = rows.get((user, service), 0) + 1
    own = 'escape=json {"remote_user":"$remote_user","request":"$request","status":$status}'
    for form in ("json", own, f"log_format npd escape=json '{own[12:]}';"):
        assert rows_of(counted(stage, "--format", form, paths)[0]) == rows


def test_what_cannot_be_counted_says_why(stage):
    def refused(*args):
        done = subprocess.run([os.path.join(stage.bin, "chot-agent"), "count", *args], capture_output=True, text=True)
        return done.returncode, done.stderr
    path = stage.path("other.log")
    with open(path, "w", encoding="ascii") as f:
        f.write("no line of the format 000099000001\n")
    code, text = refused(path)
    assert code == 65 and "no line fits" in text and "000099000001" not in text
    assert refused(stage.path("none.log"))[0] == 66
    for args, why in ((("--format", "main", path), "holds no variable"), (("--account", "canbo1", path), "must be a variable"),
                      (("--account", "$http_x", path), "has no $http_x"), (("--by", "unit", path), "must be some of"),
                      (("--output", "xml", path), "must be table, json or csv"), ((), "FILE is needed")):
        code, text = refused(*args)
        assert code == 64 and why in text, args


def test_a_flood_of_accounts_is_folded_and_said(stage):
    path = stage.path("flood.log")
    with open(path, "wb") as f:
        for start in range(0, 1_100_000, 10_000):
            f.write(b"".join(b'::1 - u%d [24/Nov/2026:08:00:00 +0700] "GET /npd/S HTTP/1.1" 200 5 "-" "-"\n' % n
                             for n in range(start, start + 10_000)))
    answer, closing = counted(stage, path)
    assert answer["counted"] == 1_100_000 and answer["folded"] == 100_000
    assert answer["rows"][0] == {"account": "*other", "service": "*other", "count": 100_000}
    assert "100000 lines are folded" in closing
