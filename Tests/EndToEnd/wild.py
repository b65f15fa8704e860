#!/usr/bin/env python3
"""The wild run (issue 4, acceptance 2): what clients were answered is what is counted nationwide.

`make wild QUERIES=1000000 SEED=1`: real nginx, collector and agents; concurrent clients; kill -9 at
random moments, disks full, the collector away, an agent put back to a snapshot of its state folder.
Times depend on the machine: a seed gives the same plan again, not the same run.
"""
import argparse
import collections
import contextlib
import dataclasses
import os
import random
import signal
import subprocess
import sys
import threading
import time

from country import (Agent, Broken, Country, SmallDisk, Stage, calendar_around_now,
                     wait_for)
from wild_check import Known, milliseconds, utc
from wild_clients import (ALLOWED, DOUBT, LIMITED, REFUSED, UNJUDGED, Clients, Load, Target)
from wild_parts import AgentPart, CollectorPart, FrontPart

SYSTEMS = ("H26.motcua", "H29.motcua", "G15.hotich")
RESTORED, SMALL, SOAP = SYSTEMS  # which one is restored, has a small disk, is asked by SOAP
OFF = SMALL  # its office hours are over: the other window


@dataclasses.dataclass
class Plan:
    queries: int
    accounts: int  # of all systems
    seed: int
    kills: int
    fulls: int  # of 2: the agent's disk, the collector's
    outages: int
    rate: float = None
    seconds: tuple = (3, 8)  # of an outage
    every: str = "2s"
    megabytes: int = 400
    processes: int = 2
    connections: int = 8

    def events(self):
        """[(after how many queries, what, …)] in order."""
        rng = random.Random(self.seed)

        def moment(low=0.03, high=0.95):
            return int(self.queries * rng.uniform(low, high))
        events = []
        for _ in range(self.kills):
            target = rng.choice(("collector", *SYSTEMS))
            events.append((moment(), "kill", target))
        for way in rng.sample(("front", "killed", "frozen"), 3)[:self.outages]:
            events.append((moment(), "outage", way, rng.uniform(*self.seconds)))
        for who in rng.sample(("agent", "collector"), 2)[:self.fulls]:
            events.append((moment(0.1, 0.8), "full", who))
        events.append((moment(0.1, 0.4), "snapshot"))
        events.append((moment(0.5, 0.8), "restore"))
        return sorted(events)


class Wild:
    """The country, and what befalls it."""

    def __init__(self, stage, plan):
        self.stage, self.plan, self.said = stage, plan, []
        self.disks, self.done, self.failed = [], collections.Counter(), []
        self.agents_disk = self.disk("agent-" + SMALL)
        self.collectors_disk = self.disk("collector")
        accounts = plan.accounts // len(SYSTEMS)
        calendar_now = calendar_around_now()
        hour = time.gmtime(time.time() + 7 * 3600).tm_hour
        self.calendars = collections.defaultdict(lambda: calendar_now)
        self.calendars[OFF] = {"office_from": 20, "office_to": 22} if hour < 12 else {
            "office_from": 1, "office_to": 3}
        self.country = Country(
            stage, SYSTEMS, accounts=accounts, per_day=1_000_000, agents=False,
            policy={"rules": {"R3": {"effect": "observe"}},
                    "calendar": {**calendar_now,
                                 "units": {OFF.split(".")[0]: self.calendars[OFF]}}})
        self.limit_some(accounts)
        self.parts = {"collector": CollectorPart(self), "front": FrontPart(self)}
        for system in SYSTEMS:
            agent = Agent(stage, self.country.collector, self.country.npd, system, every=plan.every,
                          mode="soap" if system == SOAP else "headers")
            self.country.agents.append(agent.start())
            self.parts[system] = AgentPart(self, agent)
        targets = [Target(a.system, a.gateway_port if a.system == SOAP
                          else a.state + "/authorize.sock") for a in self.country.agents]
        self.load = Load(targets, accounts, plan.seed, plan.processes, plan.connections,
                         soap_share=0.05, rate=plan.rate, folder=stage.dir)
        self.snapshot = None
        # An nginx front does not start on a full disk: one trouble of the centre at a time,
        # kills apart.
        self.centre = threading.Lock()

    def disk(self, name):
        self.disks.append(SmallDisk(self.stage.path(name), self.plan.megabytes))
        return self.disks[-1]

    def limit_some(self, accounts):
        """A few accounts of each system use up what is registered for them, and are locked."""
        self.country.write("accounts", "system,login,full_name,cccd,per_day", [
            (s, f"canbo{i}", "NGUYENVANMAU", f"0000{n:04d}{i:04d}", 20)
            for n, s in enumerate(SYSTEMS) for i in range(min(LIMITED, accounts))])
        self.country.collector.cli("registry", "import", self.country.registry + "/accounts.csv")

    def window(self, system, hour):
        hours = self.calendars[system]
        return "office" if hours["office_from"] <= (hour // 3_600_000 + 7) % 24 \
            < hours["office_to"] else "off"

    def say(self, text):
        self.said.append(f"{time.time() - self.started:7.1f} s  {self.clients.sent():8d}  {text}")
        print(self.said[-1], flush=True)

    # MARK: what befalls it

    def kill(self, name):
        pid = self.parts[name].kill()
        self.done["kill"] += 1
        self.say(f"kill -9 {name} ({pid})")

    def outage(self, way, seconds):
        part = self.parts["front" if way == "front" else "collector"]
        with self.centre:
            self.say(f"the collector is away: {way}, for {seconds:.1f} s")
            with part.frozen() if way == "frozen" else part.down():
                time.sleep(seconds)
            wait_for("the collector", part.is_up, 60)
        self.done["outage"] += 1
        self.say("the collector is back")

    def full(self, who):
        """Keeps a disk full until its program failed to write or start, and a little longer."""
        with self.centre if who == "collector" else contextlib.nullcontext():
            self.fill(who)

    def fill(self, who):
        part = self.parts["collector" if who == "collector" else SMALL]
        disk = self.collectors_disk if who == "collector" else self.agents_disk
        before = part.hurts()
        end, hurt = time.monotonic() + 150, None  # agents back off for up to a minute
        self.say(f"the disk of {part.name} is full")
        while hurt is None or time.monotonic() < hurt + 3:
            disk.fill()
            if hurt is None and part.hurts() > before:
                hurt = time.monotonic()
            if time.monotonic() > end:
                raise Broken(f"{part.name} did not notice its full disk")
            time.sleep(0.05)
        disk.free()
        self.done["full"] += 1
        self.say(f"the disk of {part.name} has room again")

    def take_snapshot(self):
        part, copy = self.parts[RESTORED], self.stage.path("snapshot")
        with part.frozen():
            self.snapshot = copy, time.time()
            subprocess.run(["cp", "-a", "--sparse=never", part.agent.state, copy], check=True)
        self.say(f"a snapshot of {RESTORED} was taken")

    def restore(self):
        part = self.parts[RESTORED]
        copy, self.taken_at = self.snapshot
        # If the centre heard nothing in between, nobody could know that something is lost.
        wait_for("the agent to tell of the time after the snapshot",
                 lambda: self.told_to(RESTORED) > self.taken_at + 1, 90, 0.3)
        with part.down():
            os.rename(part.agent.state, part.agent.state + ".lost")
            os.rename(copy, part.agent.state)
        wait_for("the restored agent", part.is_up, 60)
        self.restored_at = time.time()
        self.done["restore"] += 1
        self.say(f"{RESTORED} was killed and goes on from the snapshot")

    def told_to(self, system):
        if not self.parts["collector"].answers():
            return 0  # it is killed just now: asked again
        until = self.country.usage("system", "--system", system)["coverage"]["complete_to"]
        return milliseconds(until) / 1000 if until else 0

    # MARK: the run

    def befall(self, event):
        try:
            {"kill": self.kill, "outage": self.outage, "full": self.full,
             "snapshot": self.take_snapshot, "restore": self.restore}[event[1]](*event[2:])
        except BaseException as error:
            self.failed.append(error)

    def run(self):
        """All events and at least so many queries; returns what the clients noted."""
        self.started = time.time()
        self.clients = Clients(self.load)
        threads = []
        for event in self.plan.events():
            while self.clients.sent() < event[0] and not self.failed:
                time.sleep(0.02)
            if self.failed:
                break
            threads.append(threading.Thread(target=self.befall, args=(event,), daemon=True))
            threads[-1].start()
            if event[1] in ("snapshot", "restore"):
                threads[-1].join()
        while (any(t.is_alive() for t in threads) or self.clients.sent() < self.plan.queries) \
                and not self.failed:
            time.sleep(0.02)
        self.say("the clients stop")
        self.seconds = time.time() - self.started
        self.notes = self.clients.stop()
        for part in self.parts.values():
            wait_for(part.name, part.is_up, 60)
        if self.failed:
            raise self.failed[0]

    def wait_complete(self, seconds=180):
        """Every agent told of the time until now; gaps before it stay."""
        until = utc(time.time() + 1)
        end = milliseconds(until)

        def late():
            coverage = self.country.usage("system", "--to", until)["coverage"]
            return [gap for gap in coverage["missing"] if milliseconds(gap["to"]) == end]

        def reached():
            return time.time() > end / 1000 and not late()
        try:
            wait_for("the coverage to reach the end of the run", reached, seconds, 0.5)
        except Broken as broken:
            raise Broken(f"{broken}; missing: {late()}" + "".join(
                part.process.tail() for part in self.parts.values())) from broken

    def look(self):
        """Asks the collector, and compares with what the clients know."""
        self.wait_complete()
        answer = self.country.usage("account,service,hour,window")
        self.rows, missing = answer["rows"], answer["coverage"]["missing"]
        self.gaps = collections.defaultdict(list)
        for gap in missing:
            self.gaps[gap["agent"].split("/")[0]].append(
                (milliseconds(gap["from"]), milliseconds(gap["to"])))
        self.quarantined = self.parts[RESTORED].quarantined()
        alerts = self.country.collector.json("alerts", "list")
        self.alerts = {a["figures"]["kind"]: a for a in alerts if a["rule"] == "I1"}
        self.known = Known(self.load, self.notes, self.gaps, self.window)

    def verify(self):
        self.look()
        self.known.compare(self.rows)
        self.known.compare_npd(SOAP, self.country.npd.counts().get(SOAP, 0), self.rows)
        # What was told a second time is not counted, so the interval that was open at the snapshot is missing, too.
        taken = min([self.taken_at * 1000 - 1000, *self.quarantined["from"]])
        back = self.restored_at * 1000 + 1000
        for system, gaps in self.gaps.items():
            for start, end in gaps:
                if system != RESTORED or not taken <= start < end <= back:
                    raise Broken(f"coverage names {utc(start / 1000)}…{utc(end / 1000)} of "
                                 f"{system} as missing, when nothing of it was lost")
        if not self.quarantined["summaries"] and not self.gaps[RESTORED]:
            raise Broken("nobody said that an agent went on from a snapshot")
        if self.quarantined["summaries"] and "overlap" not in self.alerts:
            raise Broken("summaries were quarantined without an alert")
        wanted = {"kill": self.plan.kills, "outage": self.plan.outages, "full": self.plan.fulls,
                  "restore": 1}
        if self.done != wanted:
            raise Broken(f"befell {dict(self.done)}, planned {wanted}")

    def table(self):
        known, outcomes = self.known, self.known.outcomes
        allowed = sum(r["allowed"] for r in self.rows)
        refused = sum(r["denied"] for r in self.rows)
        lost = sum(self.known.in_gap.values())
        gaps = ", ".join(f"{utc(a / 1000)}…{utc(b / 1000)} ({(b - a) / 1000:.1f} s) of {s}"
                         for s, all_gaps in self.gaps.items() for a, b in all_gaps)
        asked = sum(outcomes.values())
        return "\n".join(f"  {name:<38} {value}" for name, value in (
            ("seed", self.plan.seed),
            ("queries sent", f"{asked} in {self.seconds:.0f} s, {asked / self.seconds:.0f}/s"),
            ("answered: allowed", outcomes[ALLOWED]),
            ("answered: refused", outcomes[REFUSED]),
            ("answered: cannot be counted (503)", outcomes[UNJUDGED]),
            ("in doubt (no answer)", outcomes[DOUBT]),
            ("kill -9", f"{self.done['kill']} and 1 by the restore"),
            ("collector outages", self.done["outage"]),
            ("disks full", self.done["full"]),
            ("snapshots restored", self.done["restore"]),
            ("counted nationwide: allowed", allowed),
            ("counted nationwide: refused", refused),
            ("difference: allowed", f"{allowed - outcomes[ALLOWED]:+d}"),
            ("difference: refused", f"{refused - outcomes[REFUSED]:+d}"),
            ("may be missing: asked in a named gap", f"{lost}; coverage: missing {gaps or 'none'}"),
            ("quarantined: told twice, not counted",
             f"{self.quarantined['queries']} queries in {self.quarantined['summaries']} summaries"),
            ("said by", ", ".join(f"alert {a['id']} I1 {k}" for k, a in sorted(self.alerts.items()))
             or "nobody"),
            ("keys compared, all within bounds", len(known.by_hour)),
            ("received by the population database", f"{self.country.npd.counts().get(SOAP, 0)}"
             f" (SOAP, {SOAP})")))

    def close(self):
        for part in self.parts.values():
            part.is_over.set()
            part.join(10)
        for process in reversed(self.stage.processes):
            process.stop()
        for disk in self.disks:
            disk.unmount()


def run_wild(plan, stage, then=None):
    """The whole run; any failure names the seed. `then`: gets the Wild while its country stands."""
    wild = None
    try:
        wild = Wild(stage, plan)
        wild.run()
        wild.verify()
        if then:
            then(wild)
        return wild.table()
    except Broken as broken:
        raise Broken(f"seed {plan.seed}: {broken}") from broken
    finally:
        if wild:
            wild.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--accounts", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=8000, help="queries a second; 0: no limit")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    plan = Plan(options.queries, options.accounts, seed, kills=20, fulls=2, outages=3,
                rate=options.rate or None)
    with Stage("chot-wild-") as stage:
        try:
            print(run_wild(plan, stage))
        except Broken as broken:
            print(broken, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
