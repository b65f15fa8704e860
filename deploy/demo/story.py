"""The story of `make demo`: seven chapters, each a promise of the main job with its figures."""
import csv
import functools
import json
import os
import random
import threading
import time

import oracle
from clerks import Desk, Tally, run_threads
from stage import ROOT, Agent, Broken, Collector, NPD, policy_around_now, wait_for
from telling import chapter, compared, holds, same, say, sentences, table

HANOI, HCMC, JUSTICE = SYSTEMS = ("H26.motcua", "H29.dichvucong", "G15.hotich")
SERVICES = ("TraCuuThongTinCongDan", "XacThucThongTinCongDan")
CLERKS = {
    HANOI: ("canbo01", "canbo02", "canbo03"),
    HCMC: ("hcm.cb01", "hcm.cb02", "hcm.cb03"),
    JUSTICE: ("hotich.cb01", "hotich.cb02", "hotich.cb03", "hotich.cb04"),
}
REGISTRY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "registry")
OFFICIAL_UNITS = os.path.join(ROOT, "deploy", "registry", "units.csv")
WINDOWS = {"office": "office hours", "off": "off hours"}


class Story:
    def __init__(self, stage, seed):
        self.stage, self.seed = stage, seed
        self.tally = Tally()
        with open(OFFICIAL_UNITS, encoding="utf-8", newline="") as f:
            self.unit_names = {row["code"]: row["name"] for row in csv.DictReader(f)}
        self.lock = None

    def tell(self):
        started = time.monotonic()
        chapter(1, "Set-up")
        self.set_up()
        chapter(2, "Counting: what was sent, what was counted, what the NPD received")
        self.counting()
        chapter(3, "An account that ran wild (rule R1)")
        self.runaway()
        chapter(4, "One person active in two provinces (rule X1)")
        self.one_person_twice()
        chapter(5, "Release")
        self.release()
        chapter(6, "kill -9 of an agent in the middle of the day")
        self.killed_agent()
        chapter(7, "Who did what, and the evidence")
        self.audit()
        say(f"All of it is so: {compared()} figures and promises were read back from the system "
            f"and compared with what was sent, in {time.monotonic() - started:.0f} s (seed "
            f"{self.seed}).")

    # 1

    def set_up(self):
        stage = self.stage
        self.npd = NPD(stage)
        policy = policy_around_now()
        calendar = policy["calendar"]
        self.collector = Collector(stage, policy).start()
        say(f"""The centre: chot-collector with its own root key, authority and SQLite database,
            behind nginx with TLS at {self.collector.url}. The population database (NPD) is an nginx
            that gives one canned SOAP answer. To run at any hour, office hours are
            {calendar["office_from"]}:00–{calendar["office_to"]}:00 in this show (the letter:
            07:00–18:00).""")
        self.collector.cli("registry", "import", OFFICIAL_UNITS,
                           *(os.path.join(REGISTRY, kind + ".csv")
                             for kind in ("systems", "services", "accounts")))
        registered = {kind: len(self.collector.json("registry", "list", kind))
                      for kind in ("units", "systems", "services", "accounts")}
        for kind, rows in registered.items():
            source = OFFICIAL_UNITS if kind == "units" else os.path.join(REGISTRY, kind + ".csv")
            with open(source, encoding="utf-8", newline="") as f:
                same(f"registered {kind}", rows, len(list(csv.DictReader(f))))
        say(f"""Imported, as the letter's forms give them: {registered["units"]} units,
            {registered["systems"]} systems, {registered["services"]} service registrations,
            {registered["accounts"]} accounts (all people are invented).""")
        for system in SYSTEMS:
            self.collector.cli("agent", "mode", system, "enforce")
        self.agents = {s: Agent(stage, self.collector, self.npd, s).start() for s in SYSTEMS}
        listed = {a["system"]: a for a in self.collector.json("agent", "list")}
        same("enrolled systems", sorted(listed), sorted(SYSTEMS))
        say("Three agents made their keys, enrolled with one-time tokens and stand behind their "
            "own nginx gateways:")
        table(["agent", "unit", "gateway"],
              [[listed[s]["id"], self.unit_of(s), f"127.0.0.1:{self.agents[s].gateway_port}"]
               for s in SYSTEMS])

    # 2

    def counting(self):
        """Eight workstations with a random plan from the seed; 12 queries by a login nobody knows."""
        rng = random.Random(self.seed)
        plan = [(s, rng.choice(CLERKS[s]), rng.choice(SERVICES))
                for s in SYSTEMS for _ in range({HANOI: 160, HCMC: 120, JUSTICE: 80}[s])]
        plan += [(HCMC, "khongdangky", SERVICES[0])] * 12
        rng.shuffle(plan)

        def workstation(number):
            desks = {s: Desk(self.agents[s], self.tally) for s in SYSTEMS}
            for system, account, service in plan[number::8]:
                answer = desks[system].ask(account, service)
                expected = account != "khongdangky"
                holds(f"{account}@{system} {'passes' if expected else 'is refused'}",
                      answer.allowed == expected, f"{answer.status} {answer.reason}")

        run_threads([functools.partial(workstation, n) for n in range(8)])
        say(f"""Eight workstations sent {len(plan)} SOAP queries at once; 12 of them with a login
            that is on no list, which the agent refused at once (R8).""")
        self.compare_totals()
        self.show_totals()

    def compare_totals(self):
        """Waits until the collector's totals are what was sent, to the query; then the NPD's own."""
        def wanted():
            return {key: (row["allowed"], row["denied"])
                    for key, row in self.tally.by_account().items()}

        def counted():
            return {(r["system"], r["account"]): (r["allowed"], r["denied"])
                    for r in self.collector.json("usage", "--by", "account")["rows"]}

        try:
            wait_for("the totals", lambda: counted() == wanted(), every=0.3)
        except Broken:
            got, want = counted(), wanted()
            wrong = {k: f"counted {got.get(k)}, sent {want.get(k)}"
                     for k in got.keys() | want.keys() if got.get(k) != want.get(k)}
            raise Broken(f"totals (allowed, refused) differ from what was sent: {wrong}") from None
        same("totals by account", counted(), wanted())
        for system in SYSTEMS:
            allowed = self.tally.sum("allowed", system)
            wait_for(f"the NPD's log of {system}",
                     lambda: self.npd.counts().get(system, 0) >= allowed)
            same(f"queries of {system} in the NPD's own log", self.npd.counts().get(system, 0),
                 allowed)

    def show_totals(self):
        usage = self.collector.json("usage", "--by", "unit,window")
        rows = []
        for row in sorted(usage["rows"], key=lambda r: -r["allowed"]):
            system = next(s for s in SYSTEMS if s.startswith(row["unit"] + "."))
            same(f"allowed of {row['unit']}", row["allowed"], self.tally.sum("allowed", system))
            same(f"refused of {row['unit']}", row["denied"], self.tally.sum("denied", system))
            rows.append([f"{row['unit']} {self.unit_names[row['unit']]}", WINDOWS[row["window"]],
                         self.tally.sum("allowed", system), row["allowed"], row["denied"],
                         self.npd.counts().get(system, 0)])
        print("   Read back with: chot-collector usage --by unit,window\n")
        table(["unit", "window", "passed to clerks", "counted", "refused", "NPD's own log"], rows)
        coverage = self.complete_coverage()
        say(f"""Coverage: {coverage["complete"]} of {coverage["expected"]} agents complete to
            {coverage["complete_to"]}, nothing missing. A total always says what it does not
            know.""")

    def complete_coverage(self):
        def complete():
            coverage = self.collector.json("usage")["coverage"]
            good = coverage["complete"] == coverage["expected"] and not coverage["missing"]
            return coverage if good else None
        coverage = wait_for("complete coverage", complete, every=0.3)
        same("agents expected", coverage["expected"], len(SYSTEMS))
        same("systems without an agent", coverage["without_agent"], [])
        return coverage

    # 3

    def runaway(self):
        account, registered = "canbo07", 20
        say(f"""{account} of {HANOI} is registered for {registered} queries a day. The letter locks
            an account that passes its volume twice over. A script now uses the login:""")
        before = self.npd.counts().get(HANOI, 0)
        with Desk(self.agents[HANOI], self.tally) as desk:
            answers = [desk.ask(account) for _ in range(2 * registered + 1)]
            passed = sum(a.allowed for a in answers)
            refused = answers[-1]
            same("queries that passed before the lock", passed, 2 * registered)
            wait_for("the NPD's log", lambda: self.npd.counts()[HANOI] - before >= passed)
            same("of them in the NPD's log", self.npd.counts()[HANOI] - before, passed)
            say(f"""{passed} passed, number {len(answers)} did not. What the clerk's software
                received:""")
            self.show_fault(refused)
            same("verdict", refused.headers.get("X-Chot-Verdict"), "deny")
            same("status of a SOAP refusal", refused.status, 500)
            text = " ".join(text for _, text in refused.fault())
            holds("the refusal names figure and threshold, in both languages",
                  all(part in text for part in (f"{passed} lượt", f"{passed} queries",
                                                str(registered))), text)
            self.lock = wait_for("the lock in force everywhere", self.enforced_lock, every=0.1)
            print()
            say(f"""The agent told the centre at once, and the centre's lock book now holds
                {self.lock["id"]}: {self.lock["scope"]}, by rule {self.lock["reason"]}, until
                {self.lock["expires_at"]}.""")
            agents = self.lock["agents"]
            same("agents concerned", agents["concerned"], 1)
            say(f"{agents['enforcing']}/{agents['concerned']} agents enforce it.")
            after = desk.ask(account)
            same("reason given from now on", after.reason, self.lock["id"])
        say("What the duty officer reads:")
        for kind in ("breach", "lock"):
            alert = wait_for(f"the alert of the {kind}", lambda k=kind: self.alert("R1", k))
            holds(f"the {kind} alert names account and threshold",
                  all(part in alert["message"]["vi"] for part in (account, str(registered))),
                  alert["message"]["vi"])
            sentences(alert["message"])
        self.compare_totals()

    def enforced_lock(self):
        for lock in self.collector.json("lock", "list"):
            agents = lock["agents"]
            if lock["reason"] == "R1" and agents["enforcing"] == agents["concerned"] > 0:
                return lock
        return None

    def alert(self, rule, kind=None):
        for alert in self.collector.json("alerts", "list"):
            if alert["rule"] == rule and kind in (None, alert["figures"].get("kind")):
                return alert
        return None

    @staticmethod
    def show_fault(answer):
        print(f"   HTTP status {answer.status}")
        for name in ("X-Chot-Verdict", "X-Chot-Reason", "Content-Type"):
            print(f"   {name}: {answer.headers.get(name)}")
        for name, text in answer.fault():
            say(text, f"   <{name}>  ")
        print(flush=True)

    # 4

    def one_person_twice(self):
        first, second, each = ("mau.tt", HANOI), ("mau.thitran", HCMC), 5
        say(f"""{first[0]}@{first[1]} and {second[0]}@{second[1]} are registered with the same
            CCCD. Both now send {each} queries, at the same time, from two provinces. Each agent
            sees nothing odd; the collector does:""")
        with Desk(self.agents[HANOI], self.tally) as here, \
                Desk(self.agents[HCMC], self.tally) as there:
            for _ in range(each):
                holds("both are allowed",
                      here.ask(first[0]).allowed and there.ask(second[0]).allowed)

        def full():
            alert = self.alert("X1")
            return alert if alert and alert["message"]["vi"].count(f"({each} lượt)") == 2 else None

        alert = wait_for(f"the X1 alert with {each} queries at each place", full, every=0.2)
        holds("it names both accounts and that it is one person",
              all(part in alert["message"]["vi"] for part in (first[0], second[0], "một người")),
              alert["message"]["vi"])
        holds("it rests on evidence of both agents",
              len({e["agent"] for e in alert["evidence"]}) == 2, str(alert["evidence"]))
        sentences(alert["message"])
        self.compare_totals()

    # 5

    def release(self):
        account, lock = "canbo07", self.lock["id"]
        reason = "Đơn vị xác nhận đợt cao điểm, đăng ký bổ sung"
        with Desk(self.agents[HANOI], self.tally) as desk:
            same("reason before the release", desk.ask(account).reason, lock)
            self.collector.cli("lock", "release", lock, "--reason", reason)
            released = time.monotonic()
            refused = 0

            def passes():
                nonlocal refused
                allowed = desk.ask(account).allowed
                refused += not allowed
                return allowed

            wait_for("a query to pass after the release", passes, seconds=10, every=0.02)
            seconds = time.monotonic() - released
        say(f"""The unit explained itself, and a duty officer released {lock} with the reason
            “{reason}”. {seconds * 1000:.0f} ms after the command returned the next query of
            {account} passed ({refused} refused in between), although its count is still over the
            threshold: the release travels with a waiver.""")
        same("active locks", [x["id"] for x in self.collector.json("lock", "list")
                              if x["state"] == "active"], [])
        self.compare_totals()

    # 6

    def killed_agent(self):
        agent, stop, paused = self.agents[JUSTICE], threading.Event(), 0.8

        def workstation(account):
            with Desk(agent, self.tally) as desk:
                while not stop.is_set():
                    desk.ask(account, SERVICES[1])
                    stop.wait(0.004)

        before = self.tally.sum("allowed", JUSTICE)
        clerks = threading.Thread(target=run_threads, daemon=True, args=(
            [functools.partial(workstation, a) for a in CLERKS[JUSTICE]],))
        clerks.start()
        time.sleep(1.3)
        agent.process.kill9()
        time.sleep(paused)
        agent.start()
        time.sleep(1.3)
        stop.set()
        clerks.join()

        answered, down = self.tally.sum("allowed", JUSTICE), self.tally.sum("down", JUSTICE)
        holds("queries passed before and after, and were refused while the agent was dead",
              answered > before and down > 0)
        wait_for("the NPD's log", lambda: self.npd.counts()[JUSTICE] >= answered)
        same("queries in the NPD's own log", self.npd.counts()[JUSTICE], answered)
        self.complete_coverage()

        def counted():
            rows = self.collector.json("usage", "--by", "system")["rows"]
            return next(r["allowed"] for r in rows if r["system"] == JUSTICE)
        wait_for("all answered queries to be counted", lambda: counted() >= answered, every=0.3)
        holds("no answered query is lost, and none is counted twice",
              answered <= counted() <= answered + down,
              f"{answered} ≤ {counted()} ≤ {answered + down}")
        say(f"""Four workstations of {JUSTICE} were at work when the agent was killed; it was
            started again after {paused} s. The gateway answered {down} queries with a 503 that says
            so, in both languages; none of them reached the NPD. Since the morning {answered}
            queries were answered, {self.npd.counts()[JUSTICE]} are in the NPD's own log, and
            {counted()} are counted: a query is counted before its answer is given, so a crash
            loses none ({counted() - answered} counted ones were cut off before their answer).
            Coverage is complete again: the agent itself reported its downtime.""")
        holds("no integrity alert", self.alert("I1") is None, str(self.alert("I1")))

    # 7

    def audit(self):
        entries = self.collector.json("audit", "list")
        mine = [e for e in entries if self.lock["id"] in json.dumps(e, ensure_ascii=False)]
        holds("the audit log names who released the lock and why",
              any("release" in e["action"] and e["who"] and "cao điểm" in e["reason"]
                  for e in mine), str(mine))
        table(["at", "who", "action", "subject", "reason"],
              [[e["at"][11:19], e["who"][:20], e["action"], e["subject"][:24],
                (e["reason"] or "")[:28]] for e in sorted(entries, key=lambda e: e["at"])[-12:]])
        proofs = {(e["agent"], e["epoch"], e["seq"])
                  for rule in ("R1", "X1") for alert in self.collector.json("alerts", "list")
                  if alert["rule"] == rule for e in alert["evidence"]}
        holds("the alerts name their evidence", proofs)
        for agent, epoch, seq in sorted(proofs):
            key = json.loads(self.collector.cli("agent", "show", agent, "--jwk"))
            jws = self.collector.cli("evidence", "show", "--agent", agent, "--epoch", epoch,
                                     "--seq", seq, "--raw").strip()
            holds(f"openssl verifies summary {seq} of {agent}", oracle.verifies(jws, key))
            holds("and refuses it with one bit changed",
                  not oracle.verifies(oracle.with_flipped_bit(jws), key))
            same("the summary is the one named", oracle.payload(jws)["seq"], seq)
        say(f"""The alerts above rest on {len(proofs)} signed summaries. openssl, which knows
            nothing of us, verifies each with its agent's public key, and refuses each with one bit
            changed.""")

    def unit_of(self, system):
        code = system.split(".")[0]
        return f"{code} {self.unit_names[code]}"
