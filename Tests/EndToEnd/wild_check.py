"""What the wild run's clients know, beside what the collector counted."""
import collections
import datetime

from country import Broken
from wild_clients import ALLOWED, DOUBT, REFUSED, UNREGISTERED_SERVICE

# Under which an agent counts names that nobody registered when there are more than it may tell (`dropped.folded`).
FOLDED = "*other"

SLACK = 100  # ms by which a client's and an agent's reading of the clock may lie apart
HOUR = 3_600_000


def milliseconds(text):
    return round(datetime.datetime.fromisoformat(text).timestamp() * 1000)


class Row:
    """Of one key: what was answered for certain, and what may have been counted besides."""
    __slots__ = ("allowed", "refused", "maybe_allowed", "maybe_refused", "doubt")

    def __init__(self):
        self.allowed = self.refused = self.maybe_allowed = self.maybe_refused = self.doubt = 0

    def add(self, other):
        for slot in self.__slots__:
            setattr(self, slot, getattr(self, slot) + getattr(other, slot))

    def problem(self, allowed, refused):
        most_allowed = self.allowed + self.maybe_allowed + self.doubt
        most_refused = self.refused + self.maybe_refused + self.doubt
        most = self.allowed + self.refused + self.maybe_allowed + self.maybe_refused + self.doubt
        if (self.allowed <= allowed <= most_allowed and self.refused <= refused <= most_refused
                and allowed + refused <= most):
            return None
        return (f"counted {allowed} allowed and {refused} refused; the clients know of "
                f"{self.allowed}…{most_allowed} allowed, {self.refused}…{most_refused} refused "
                f"and {most} in all")


class Known:
    """The clients' notes by (system, login, service, hour, window) and by (system, login, service).

    `gaps`: {system: [(from, to)]} in ms, as the coverage names them: what was asked then may be
    missing. `window`: of a system and hour. A query around the turn of an hour is sure in the sum
    over hours only.
    """

    def __init__(self, load, notes, gaps, window):
        self.load, self.gaps, self.window = load, gaps, window
        self.by_hour = collections.defaultdict(Row)
        self.by_name = collections.defaultdict(Row)
        self.outcomes = collections.Counter()
        self.in_gap = collections.Counter()
        names = {}
        for place in range(0, len(notes), 3):
            sent, over, code = notes[place:place + 3]
            key, outcome = divmod(code, 8)
            if key not in names:
                names[key] = load.names(key)
            self.take(names[key], sent, over, outcome)

    def take(self, name, sent, over, outcome):
        self.outcomes[outcome] += 1
        if outcome > DOUBT:
            return
        lost = any(sent <= end + SLACK and over >= start - SLACK
                   for start, end in self.gaps.get(name[0], ()))
        if lost:
            self.in_gap[outcome] += 1
        first, last = (sent - SLACK) // HOUR * HOUR, (over + SLACK) // HOUR * HOUR
        for hour in range(first, last + HOUR, HOUR):
            note(self.by_hour[(*name, hour, self.window(name[0], hour))], outcome,
                 not lost and first == last)
        note(self.by_name[name], outcome, not lost)

    def told(self, key, folding):
        """How a key is compared: at a system that folded, all its names that nobody registered are one; the others stay
        apart, exact as ever."""
        system, login, service, *rest = key
        if system in folding:
            login = FOLDED if login.startswith("gia") else login
            service = FOLDED if service == UNREGISTERED_SERVICE else service
        return (system, login, service, *rest)

    def compare(self, rows):
        """Raises Broken naming the first keys that differ. `rows`: as `usage` gives them."""
        problems, by_name = [], collections.Counter()
        counted = collections.Counter()
        folding = {row["system"] for row in rows if FOLDED in (row["account"], row["service"])}
        for row in rows:
            hour = milliseconds(row["hour"])
            name = self.told((row["system"], row["account"], row["service"]), folding)
            for count in ("allowed", "denied"):
                counted[(*name, hour, row["window"]), count] += row[count]
                by_name[name, count] += row[count]
        for sums, rows_known in ((counted, self.by_hour), (by_name, self.by_name)):
            known = collections.defaultdict(Row)
            for key, row in rows_known.items():
                known[self.told(key, folding)].add(row)
            for key in {k for k, _ in sums} | known.keys():
                problems.append((key, known[key].problem(sums[key, "allowed"], sums[key, "denied"])))
        problems = [(key, text) for key, text in problems if text]
        if problems:
            raise Broken(f"{len(problems)} keys differ, such as\n" + "\n".join(
                f"  {key}: {text}" for key, text in sorted(problems, key=str)[:10]))

    def compare_npd(self, system, received, rows):
        """What went on to the population database was counted; what clients got came from there."""
        sure = sum(r.allowed for name, r in self.by_name.items() if name[0] == system)
        counted = sum(r["allowed"] for r in rows if r["system"] == system)
        if not sure <= received <= counted:
            raise Broken(f"{system}: {sure} were answered, the population database received "
                         f"{received}, counted {counted}")


def note(row, outcome, is_sure):
    if outcome == DOUBT:
        row.doubt += 1
    elif outcome == ALLOWED:
        row.allowed += is_sure
        row.maybe_allowed += not is_sure
    elif outcome == REFUSED:
        row.refused += is_sure
        row.maybe_refused += not is_sure


def utc(moment):
    """A time as the command line takes it, to the second."""
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")

