# SPDX-License-Identifier: MIT
"""How many captured chunks a second Python takes, without copying and copied out.

The virtual card's manual clock fills the stream; what is timed is emptying it.
"""

import time

import harness

try:
    import peal
except ImportError as reason:
    harness.skip(f"the Python package cannot be imported: {reason}")

PERIOD, CHUNKS = 64, 256


def fill(engine):
    while (chunk := engine.capture.read()) is not None:
        chunk.release()
    engine.advance(PERIOD * CHUNKS)


def timed(engine, take):
    fill(engine)
    start = time.perf_counter_ns()
    for _ in range(CHUNKS):
        take(engine.capture)
    return [(time.perf_counter_ns() - start) / CHUNKS]


def share(capture):
    capture.read().release()


def copy(capture):
    with capture.read() as chunk:
        bytes(chunk.data)


with peal.Engine("virtual:clock=manual", playback=False, capture=True, period=PERIOD,
                 stream_frames=PERIOD * (CHUNKS + 1)) as engine:
    samples = harness.measure(
        [("read and release", lambda: timed(engine, share)),
         ("read, copy 256 bytes, release", lambda: timed(engine, copy))],
        harness.choose(200, 5))
harness.report("python_chunks", "a captured chunk in Python", "ns", samples,
               "10^9 / ns is chunks a second")
