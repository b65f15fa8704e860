"""What one enrolled agent can do to the others with its own good key: large bodies on many connections at once, alerts and
gaps as fast as it signs. A part of `Storm`."""
import json
import multiprocessing
import re
import threading
import time

import python_agent
from country import metrics
from socket_agent import Line, request

CONNECTIONS, BODY = 16, 4 << 20


class Bodies:
    """Bodies of 4 MiB from as many connections at once, signed once and sent again and again."""

    def __init__(self, storm, agent, kind):
        self.storm, self.agent, self.kind = storm, agent, kind
        self.answers, self.errors, self.lock = {}, [], threading.Lock()

    def lines(self):
        """`few`: sixteen summaries as large as they may be; `many`: as many as a push may hold; `forged`: as many, none of
        which its key has signed."""
        count = 16 if self.kind == "few" else 1000
        rows = int((BODY * 0.98 / count - 900) * 3 / 4 / 190)
        lines = []
        for number in range(count):
            self.storm.seal_rogue([self.agent.row(f"gia{i}", "TraCuuThongTinCongDan", self.agent.at, "office",
                                                  denied={"R8.account": 1}) for i in range(rows)])
            time.sleep(0.001)
        for payload, jws in self.agent.waiting:
            head, body, signature = jws.split(".")
            lines.append(f"{head}.{body}.{signature[::-1] if self.kind == 'forged' else signature}")
        if self.kind == "forged":
            self.storm.sent.pop(self.agent.identity["system"], None)
        return "\n".join(lines).encode()

    def _send(self, asked, seconds, told):
        end = time.monotonic() + seconds

        def send():
            line = Line(self.storm.run + "/api.sock")
            while time.monotonic() < end:
                try:
                    status, _ = line.ask(asked)
                except OSError:
                    status = 0
                    line.connect()
                with self.lock:
                    self.answers[status] = self.answers.get(status, 0) + 1
        threads = [threading.Thread(target=send, daemon=True) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told.send(self.answers)

    def run(self, seconds):
        body = self.lines()
        assert BODY // 2 < len(body) <= BODY, len(body)
        asked = request("POST", "/v1/summaries", {"Authorization": "Bearer " + self.agent.token()}, body)
        ours, theirs = multiprocessing.Pipe()
        # A process of its own: what it costs in Python is no latency of the others here.
        child = multiprocessing.get_context("fork").Process(target=self._send, args=(asked, seconds, theirs), daemon=True)
        child.start()
        held = 0
        while child.is_alive() and not ours.poll(0.05):
            said = metrics(self.storm.run + "/status.sock")
            held = max(held, int(re.search(r"^chot_collector_push_bytes (\d+)", said, re.M)[1]))
        self.answers = ours.recv()
        child.join()
        if set(self.answers) - {200, 503}:
            raise AssertionError(f"answers to the rogue: {self.answers}")
        return {"rows": sum(self.answers.values()), "bytes": len(body), "held": held, "taken": self.answers.get(200, 0),
                "busy": self.answers.get(503, 0)}


class Rogue:
    """Mixed into `Storm`."""

    def seal_rogue(self, rows, **more):
        self.rogue_agent().seal(rows, **more)
        system = self.rogue.identity["system"]
        self.sent[system] = self.sent.get(system, 0) + sum(
            r["allowed"] + r["passed"] + sum(r["denied"].values()) for r in rows)

    def rogue_agent(self):
        if not hasattr(self, "rogue"):
            self.rogue = self.agent("H26.la")
        return self.rogue

    def bodies(self, kind, seconds):
        return Bodies(self, self.rogue_agent(), kind).run(seconds)

    def floods(self, seconds, each):
        """Summaries as fast as they are signed; `each` gives the words of the next one. How many, and what they said."""
        agent, end, count, said = self.rogue_agent(), time.monotonic() + seconds, 0, {}
        while time.monotonic() < end:
            for _ in range(16):
                time.sleep(0.001)
                agent.seal([], **each(agent, count))
                count += 1
            before = agent.waiting[:]
            try:
                answer = json.loads(agent.call("POST", "/v1/summaries", "\n".join(jws for _, jws in before),
                                               "application/jose"))
            except python_agent.Refused as refused:
                if refused.status not in (429, 503):
                    raise
                agent.waiting = []
                agent.seq -= len(before)
                agent.prev = python_agent.digest(agent.kept[-1][1]) if agent.kept else ""
                continue
            for item in answer["items"]:
                word = item.get("problem") or item["status"]
                said[word] = said.get(word, 0) + 1
            # Whatever was refused, it goes on from where the collector is.
            agent.kept, agent.waiting = before, []
            if answer["epoch"] != agent.epoch or answer["next_seq"] != agent.seq + 1:
                agent.epoch, agent.seq = answer["epoch"], answer["next_seq"] - 1
                last = answer.get("last") or {}
                agent.prev = last.get("hash", "")
        return {"rows": count, **{"said_" + word.replace(" ", "_"): n for word, n in said.items()}}

    def alert_flood(self, seconds):
        """All that one summary can have alerted: a bypass, its clock, refused sets, losses, fifty breaches that it tells of."""
        def each(agent, number):
            system, now = agent.identity["system"], int(time.time() * 1000)
            breaches = [{"rule": "R1", "scope": f"account=canbo{i}@{system}", "key": time.strftime("%Y-%m-%d"), "k": 3 + number % 90,
                         "at": now, "count": 4_000_000, "threshold": 1_000_000} for i in range(50)]
            return {"bypass": {"from": now, "until": now + 60_000, "reason": "x" * 4000, "by": "root"},
                    "clock_offset_ms": 400_000, "refused_sets": {f"w{i}": 1 for i in range(32)},
                    "dropped": {"torn": 1, "refused": 1}, "breaches": breaches if number % 16 == 0 else []}
        return self.floods(seconds, each)

    def gap_flood(self, seconds):
        """Each summary leaves a time out, is torn, and says that its time came back."""
        def each(_, number):
            now = int(time.time() * 1000)
            return {"begin": now, "to": now, "dropped": {"spool": 1}, "returns": number // 64}
        return self.floods(seconds, each)
