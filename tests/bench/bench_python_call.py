# SPDX-License-Identifier: MIT
"""What a ping costs a Python program, in ns, beside an empty call through ctypes.

The first table divides the time of a block of calls by their number; the
second times each call by itself, for the worst of them, and so contains what
it costs to read the clock. The engine is stopped; its audio thread wakes only
once a period, and after each block to answer it, and then the rings are empty
again.
"""

import contextlib
import ctypes
import select
import time
import timeit

import harness

try:
    import peal
    from peal._abi import lib
except ImportError as reason:
    harness.skip(f"the Python package cannot be imported: {reason}")

BLOCK = 256  # pings at a time; a ring holds more
PATIENCE = 10.0  # seconds; only a failure waits so long


class Case:
    """A statement to be timed, and what has to be done before and after a block of it."""

    def __init__(self, engine, name, statement, sends=False, receives=False):
        self.name = name
        self._engine, self._sends, self._receives = engine, sends, receives
        self._taken = []
        names = {"engine": engine, "port": engine._port_handle, "nothing": _nothing(),
                 "send": lib.engine_port_send_ping, "now": time.perf_counter_ns,
                 "add": self._taken.append}
        self._block = timeit.Timer(statement, timer=time.perf_counter_ns, globals=names)
        self._each = timeit.Timer(f"start = now(); {statement}; add(now() - start)", globals=names)

    def block(self):
        self._before()
        took = self._block.timeit(BLOCK)
        self._after()
        return [took / BLOCK]

    def each(self):
        self._before()
        self._each.timeit(BLOCK)
        self._after()
        taken = list(self._taken)
        self._taken.clear()
        return taken

    def _before(self):
        if self._receives:
            self._engine.send_pings(range(BLOCK), wake=True)
            _await_answers(self._engine)

    def _after(self):
        if self._sends:
            self._engine.wake()
            for _ in range(BLOCK):
                if self._engine.receive_pong(timeout=PATIENCE) is None:
                    raise RuntimeError(f"{self.name}: a pong is missing")
        stats = self._engine.port_stats
        if stats.received != stats.sent or self._engine.receive_pong():
            raise RuntimeError(f"{self.name}: not every ping got its one pong")


def _nothing():
    """A function that does nothing to speak of, declared as the ping's is."""
    function = ctypes.PyDLL(None).abs
    function.argtypes = lib.engine_port_send_ping.argtypes
    function.restype = lib.engine_port_send_ping.restype
    return function


def _await_answers(engine):
    """Until all replies are in the ring, where they stay."""
    poll = select.poll()
    poll.register(lib.engine_port_event_fd(engine._port_handle), select.POLLIN)
    deadline = time.monotonic() + PATIENCE
    while engine.port_stats.answered != engine.port_stats.sent:
        if not poll.poll(PATIENCE * 1000) or time.monotonic() > deadline:
            raise RuntimeError(f"no answer within {PATIENCE} s")


def main(engine):
    cases = [
        Case(engine, "an empty ctypes call", "nothing(port, 7)"),
        Case(engine, "engine_port_send_ping by ctypes", "send(port, 7)", sends=True),
        Case(engine, "send_ping(id)", "engine.send_ping(7)", sends=True),
        Case(engine, "send_ping()", "engine.send_ping()", sends=True),
        Case(engine, "receive_pong()", "engine.receive_pong()", receives=True),
    ]
    repetitions = harness.choose(200, 8)
    harness.report("python_call", "a call from Python", "ns",
                   harness.measure([(case.name, case.block) for case in cases], repetitions))
    harness.report("python_each_call", "each by itself, clock included", "ns",
                   harness.measure([(case.name, case.each) for case in cases], repetitions))


with contextlib.closing(peal.Engine("virtual")) as stopped:
    main(stopped)
