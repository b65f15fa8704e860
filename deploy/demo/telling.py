"""How the demonstration speaks: numbered chapters, wrapped sentences, tables, and its promise that
every figure on the screen was compared with what was really sent."""
import textwrap

from stage import Broken

WIDTH = 98
_compared = 0


def chapter(number, title):
    head = f"── {number} · {title} "
    print("\n" + head + "─" * (WIDTH - len(head)), flush=True)


def say(text, indent=""):
    print(textwrap.fill(" ".join(text.split()), WIDTH, initial_indent=indent,
                        subsequent_indent=" " * len(indent)), flush=True)


def sentences(message):
    """A message of the system in both of its languages."""
    say(message["vi"], "   vi  ")
    say(message["en"], "   en  ")


def table(heads, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    numeric = [all(row[i].replace("/", "").isdigit() for row in rows) for i in range(len(heads))]
    for row in [heads, ["─" * w for w in widths], *rows]:
        cells = [c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric)]
        print("   " + "  ".join(cells).rstrip())
    print(flush=True)


def same(what, got, want):
    """Compares a figure read back from the system with what is known from outside."""
    global _compared
    _compared += 1
    if got != want:
        raise Broken(f"{what}: expected {want}, but the system says {got}")
    return got


def holds(what, condition, detail=""):
    """A promise that is no equality."""
    global _compared
    _compared += 1
    if not condition:
        raise Broken(f"not so: {what} {detail}".rstrip())


def compared():
    return _compared
