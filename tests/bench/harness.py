# SPDX-License-Identifier: MIT
"""The harness in Python: the same tables and the same JSON as harness.h.

A row is a name and a function that takes one sample, or several: it returns
them in a list. The rows are measured in turn, again and again.
"""

import json
import math
import os
import sys

# A quantile needs some samples beyond it before it says more than the maximum.
_QUANTILES = (("median", 0.5, 1), ("min", 0, 2), ("p99", 0.99, 200), ("p99.9", 0.999, 2000),
              ("max", 1, 2))


def choose(proper, quick):
    """The number for a proper run, or the one for a trial."""
    return quick if os.environ.get("BENCH_QUICK", "0") not in ("", "0") else proper


def skip(reason):
    print(f"  skipped: {reason}\n")
    sys.exit(77)


def measure(rows, repetitions):
    """Measure each of (name, function) in turn, so often, after one round that is not counted."""
    samples = {name: [] for name, _ in rows}
    for repetition in range(repetitions + 1):
        for i in range(len(rows)):
            name, take = rows[(repetition + i) % len(rows)]
            taken = take()
            if repetition:
                samples[name] += taken
    return samples


def report(name, title, unit, samples, note=None):
    """Print the table, and append it to BENCH_RESULTS."""
    rows = [_row(row, values, next(iter(samples.values()))) for row, values in samples.items()]
    heads = [quantile for quantile, _, _ in _QUANTILES]
    print(f"  {f'{title}, {unit}':44}", *(f"{head:>8}" for head in heads), f"{'ratio':>7} {'n':>6}")
    for row in rows:
        cells = (f"{row[head]:8.4g}" if head in row else f"{'-':>8}" for head in heads)
        print(f"  {row['name']:44}", *cells, f"{row['ratio']:7.2f} {row['samples']:6}")
    if note:
        print(f"  ({note})")
    print()
    if os.environ.get("BENCH_RESULTS"):
        table = {"table": name, "title": title, "unit": unit, "rows": rows}
        if note:
            table["note"] = note
        with open(os.environ["BENCH_RESULTS"], "a", encoding="utf-8") as results:
            results.write(json.dumps(table) + "\n")


def _row(name, values, base):
    values = sorted(values)
    row = {"name": name}
    for quantile, share, needed in _QUANTILES:
        if len(values) >= needed:
            row[quantile] = _value_at(values, share)
    row["ratio"] = _value_at(values, 0.5) / _value_at(sorted(base), 0.5)
    row["samples"] = len(values)
    return row


def _value_at(values, share):
    return values[max(math.ceil(share * len(values)), 1) - 1]
