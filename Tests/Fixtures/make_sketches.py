#!/usr/bin/env python3
"""Makes Tests/Fixtures/datasketches.json: what Apache DataSketches estimates from the very registers and
values that ours hold. Run again only when a sketch changes: pip install datasketches; python3 make_sketches.py

Registers and minima are computed here anew, from the definition, and handed to DataSketches in its own binary
forms; so an error in ours, or in how it reads itself, shows as a difference.
"""
import heapq
import json
import struct
from pathlib import Path

import datasketches as ds

MASK = (1 << 64) - 1


def values(seed, count):
    """SplitMix64: different values, uniform, the same everywhere."""
    state = seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def hll(precision, hashes):
    registers = bytearray(1 << precision)
    for value in hashes:
        index = value >> (64 - precision)
        rest = value & ((1 << (64 - precision)) - 1)
        rank = 64 - precision - rest.bit_length() + 1
        registers[index] = max(registers[index], rank)
    low = sum(2.0**-rank for rank in registers if rank < 32)
    high = sum(2.0**-rank for rank in registers if rank >= 32)
    # 10 preamble ints, version 1, family 7, lg k, flags: out of order (16), so that no history is used
    head = struct.pack("<8B", 10, 1, 7, precision, 0, 16, 0, 2 | 2 << 2)
    body = struct.pack("<dddii", 0.0, low, high, registers.count(0), 0)
    return ds.hll_sketch.deserialize(head + body + bytes(registers)).get_estimate()


SEED_HASH = None


def theta(k, hashes):
    """The k-th smallest value is theta, those below it are kept; DataSketches counts in 63 bits."""
    smallest = heapq.nsmallest(k, set(hashes))
    full = len(smallest) == k
    kept = [value >> 1 for value in (smallest[:-1] if full else smallest)]
    limit = smallest[-1] >> 1 if full else (1 << 63) - 1
    # compact, ordered, read only
    head = struct.pack("<BBBBBBH", 3, 3, 3, 0, 0, 2 | 8 | 16, SEED_HASH)
    body = struct.pack("<IfQ", len(kept), 1.0, limit) + b"".join(struct.pack("<Q", v) for v in kept)
    return ds.compact_theta_sketch.deserialize(head + body)


def main():
    global SEED_HASH
    probe = ds.update_theta_sketch()
    probe.update(1)
    SEED_HASH = struct.unpack_from("<H", probe.compact().serialize(), 6)[0]
    fixture = {"hll": [], "theta": [], "overlap": []}
    for precision in (10, 12):
        for count in (200, 400, 1000, 2500, 5000, 20_000, 100_000, 1_000_000):
            if count <= (1 << precision) * 3 // 16:
                continue
            for seed in (1, 2):
                estimate = hll(precision, values(seed, count))
                fixture["hll"].append(
                    {"precision": precision, "seed": seed, "count": count, "estimate": estimate})
    for count in (10, 1000, 1024, 1025, 5000, 100_000, 1_000_000):
        estimate = theta(1024, values(7, count)).get_estimate()
        fixture["theta"].append({"seed": 7, "count": count, "estimate": estimate})
    # both have `common` values of seed 11, and own ones of seeds 12 and 13
    for first, second, common in (
        (500, 300, 200), (5000, 5000, 200), (100_000, 20_000, 10_000), (300_000, 300_000, 0), (900, 200_000, 500)):
        shared = list(values(11, common))
        a = theta(1024, shared + list(values(12, first - common)))
        b = theta(1024, shared + list(values(13, second - common)))
        both = ds.theta_intersection()
        both.update(a)
        both.update(b)
        fixture["overlap"].append(
            {"first": first, "second": second, "common": common, "estimate": both.get_result().get_estimate(),
             "seen": both.get_result().num_retained})
    out = Path(__file__).resolve().parent / "datasketches.json"
    out.write_text(json.dumps(fixture, indent=1) + "\n")
    for kind, cases in fixture.items():
        for case in cases:
            print(kind, case)


if __name__ == "__main__":
    main()
