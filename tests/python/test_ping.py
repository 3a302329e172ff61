# SPDX-License-Identifier: MIT
"""Pings and pongs through the rings of one engine."""

import ctypes
import errno
import os
import time

import peal
import pytest
from conftest import PATIENCE, environment, succeeded

RING = 1024


def flood(mailbox):
    """Send until the ring is full; the ids that were accepted."""
    ids = []
    with pytest.raises(peal.RingFull) as refusal:
        while len(ids) < 16 * RING:
            ids.append(mailbox.send_ping(len(ids)))
    assert refusal.value.errno == errno.ENOBUFS
    assert refusal.value.strerror
    return ids


def collect(mailbox, count):
    return [mailbox.receive_pong(PATIENCE) for _ in range(count)]


def test_ping_from_python_reaches_audio_thread(engine):
    handled = engine.port_stats.handled
    engine.send_ping(5)
    assert engine.receive_pong(PATIENCE).id == 5
    assert engine.port_stats.handled == handled + 1


def test_pong_reaches_python(engine):
    before = time.monotonic_ns()
    engine.send_ping(0xFFFFFFFF)
    pong = engine.receive_pong(PATIENCE)
    assert (pong.id, pong.result) == (0xFFFFFFFF, 0)
    assert before <= pong.sent_ns <= pong.time_ns <= pong.received_ns <= time.monotonic_ns()
    assert pong.round_trip == pytest.approx((pong.received_ns - pong.sent_ns) * 1e-9)
    assert pong.frame <= engine.frame


def test_pongs_come_in_the_order_of_the_pings(engine):
    engine.send_pings(range(300))
    for id in range(300, 500):
        engine.send_ping(id)
    assert [pong.id for pong in collect(engine, 500)] == list(range(500))


def test_ping_waits_for_its_own_pong(engine):
    engine.send_ping(1)
    assert engine.ping(timeout=PATIENCE, wake=True).id >= 2**31
    engine.send_ping(2)
    assert [pong.id for pong in collect(engine, 2)] == [1, 2]


def test_id_is_chosen_above_those_of_the_program(engine):
    ids = [engine.send_ping() for _ in range(3)]
    assert len(set(ids)) == 3 and all(2**31 <= id < 2**32 for id in ids)
    assert [pong.id for pong in collect(engine, 3)] == ids


def test_a_stopped_engine_answers(make_engine):
    engine = make_engine()
    assert engine.state is peal.State.PREPARED
    assert engine.ping(timeout=PATIENCE).frame == 0
    engine.start()
    engine.stop()
    assert engine.ping(timeout=PATIENCE).result == 0


@pytest.mark.parametrize("send", [
    lambda engine: engine.ping(timeout=PATIENCE, wake=True),
    lambda engine: engine.send_ping(1, wake=True),
    lambda engine: engine.send_ping() and engine.wake(),
    lambda engine: engine.send_pings([1], wake=True),
], ids=["ping", "send_ping", "wake", "send_pings"])
def test_wake_is_what_wakes_the_audio_thread(make_engine, send):
    """It is told by the cycle's own count of wakes, not by the clock."""
    engine = make_engine(period=65536, rate=8000)  # 8 s
    engine.start()
    engine.send_ping()
    assert engine.receive_pong(PATIENCE)
    wakes = engine.stats.wakes
    engine.send_ping()
    assert engine.receive_pong(PATIENCE)
    assert engine.stats.wakes == wakes
    pong = send(engine)
    assert isinstance(pong, peal.Pong) or engine.receive_pong(PATIENCE)
    assert engine.stats.wakes == wakes + 1


def test_ping_times_out(make_engine):
    engine = make_engine(period=65536, rate=8000)
    engine.start()
    engine.ping(timeout=PATIENCE, wake=True)  # the next period is 8 s away
    with pytest.raises(TimeoutError) as refusal:
        engine.ping(timeout=0)
    assert refusal.value.errno == errno.ETIMEDOUT
    with pytest.raises(TimeoutError):
        engine.ping(timeout=0.001)
    # The pongs that came too late are nobody's.
    engine.send_ping(7, wake=True)
    assert engine.receive_pong(PATIENCE).id == 7
    assert engine.given_up == 2


def test_buffer_full_drops_with_an_error_code(make_engine):
    engine = make_engine(period=65536, rate=8000)
    engine.start()
    engine.ping(timeout=PATIENCE, wake=True)  # the next period is 8 s away
    refused = engine.port_stats.refused
    ids = flood(engine)
    assert len(ids) >= RING
    assert engine.port_stats.refused > refused
    assert engine.port_stats.sent == len(ids) + 1
    with pytest.raises(peal.RingFull):
        engine.send_pings([1])
    engine.wake()
    # Nothing of what was refused was queued, nothing of what was accepted is lost.
    assert [pong.id for pong in collect(engine, len(ids))] == ids
    assert engine.receive_pong() is None
    assert engine.ping(timeout=PATIENCE, wake=True)


def test_batch_is_sent_whole_or_not_at_all(make_engine):
    engine = make_engine(period=65536, rate=8000)
    engine.start()
    engine.ping(timeout=PATIENCE, wake=True)
    assert engine.send_pings(range(RING - 1)) == RING - 1
    with pytest.raises(peal.RingFull):
        engine.send_pings([1, 2])
    assert engine.send_pings([RING - 1]) == 1
    engine.wake()
    assert [pong.id for pong in collect(engine, RING)] == list(range(RING))
    assert engine.send_pings([]) == 0
    with pytest.raises(peal.EngineError) as refusal:
        engine.send_pings(range(RING + 1))
    assert refusal.value.errno == errno.EMSGSIZE


def test_buffer_empty_does_not_block(make_engine):
    engine = make_engine()  # not started: nothing can happen to it
    began = time.thread_time()
    for _ in range(1000):
        assert engine.receive_pong() is None
        assert engine.receive_msg() is None
        assert engine.receive_pong(timeout=0) is None
    assert time.thread_time() > began  # it was spent running, not sleeping
    assert engine.receive_pong(timeout=0.01) is None


def test_a_program_that_only_sends_is_not_held_up(engine):
    """At the audio thread's pace it never meets a full ring, however long it goes on."""
    total = 8 * RING  # more than both rings hold
    for id in range(total):
        engine.send_ping(id)
        while id % 200 == 0 and engine.port_stats.handled <= id:
            engine.wake()
    assert [pong.id for pong in collect(engine, total)] == list(range(total))


def test_what_nobody_takes_is_given_up_and_counted(make_engine, monkeypatch):
    monkeypatch.setattr("peal._dispatch.QUEUE_MAX", 100)
    engine = make_engine()
    for start in range(0, 600, 300):
        engine.send_pings(range(start, start + 300), wake=True)
        engine.ping(timeout=PATIENCE, wake=True)  # takes the others in on the way
    assert engine.given_up == 500
    assert [pong.id for pong in collect(engine, 100)] == list(range(500, 600))
    assert engine.receive_pong() is None


def test_no_gil_in_message_processing(make_engine):
    """The audio thread answers while another thread holds the GIL inside C."""
    hold_gil = ctypes.PyDLL(None).usleep
    engine = make_engine(period=4800)  # 100 ms
    engine.start()
    for _ in range(20):
        engine.send_ping()
        began = time.monotonic_ns()
        hold_gil(400_000)
        ended = time.monotonic_ns()
        pong = engine.receive_pong(PATIENCE)
        if began < pong.time_ns < ended:  # else it was answered before we held it
            return
    pytest.fail("no ping was answered while the GIL was held")


def test_no_allocation_or_gil_in_message_processing(python, cc, tmp_path):
    """Allocations, counted on every thread but Python's own: the audio thread makes none."""
    if os.environ.get("SANITIZE"):
        pytest.skip("a sanitizer has an allocator of its own")
    library = cc("allocations.c", tmp_path / "allocations.so", "-shared", "-fPIC")
    done = python("""
        import ctypes, threading, time
        import peal

        process, usleep = ctypes.CDLL(None), ctypes.PyDLL(None).usleep
        made = lambda: process.allocations_elsewhere()
        with peal.Engine("virtual", capture=True) as engine:
            engine.ping(timeout=60)
            before = made()
            for round in range(50):
                engine.send_pings(range(100), wake=round % 2)
                engine.playback.write(bytes(4096))
                while engine.capture.read():
                    pass
                engine.send_ping(round)
                usleep(2000)
                while engine.receive_pong():
                    pass
            engine.ping(timeout=60)
            assert engine.port_stats.handled > 5000
            assert made() == before, f"{made() - before} allocations on the audio thread"
        # The counter does count: Python allocates on a thread of its own.
        before = made()
        thread = threading.Thread(target=lambda: process.strdup(b"peal"))
        thread.start(), thread.join()
        assert made() > before
        """, env=environment(LD_PRELOAD=str(library)))
    assert succeeded(done)


def test_send_latency(engine):
    """Prints the figures (pytest -s); only that they are there is asserted."""
    for wake in False, True:
        trips, calls = [], []
        for _ in range(50):
            began = time.perf_counter_ns()
            engine.send_ping(1, wake=wake)
            calls.append(time.perf_counter_ns() - began)
            trips.append(engine.receive_pong(PATIENCE).round_trip)
        trips.sort(), calls.sort()
        print(f"\nsend latency, wake={wake}: call {calls[25]} ns; round trip "
              f"median {trips[25] * 1e6:.1f} us, max {trips[-1] * 1e6:.1f} us")
        assert len(trips) == 50 and all(trip > 0 for trip in trips)


@pytest.mark.parametrize("timeout", [-1, -0.001, float("nan")])
def test_a_timeout_that_is_none_is_refused(engine, timeout):
    for wait in engine.receive_pong, engine.receive_msg, engine.ping:
        with pytest.raises(ValueError, match="timeout"):
            wait(timeout=timeout)


@pytest.mark.parametrize("timeout", ["1", b"", [], object()])
def test_a_timeout_that_is_no_number_is_refused(engine, timeout):
    for wait in engine.receive_pong, engine.receive_msg, engine.ping:
        with pytest.raises(TypeError):
            wait(timeout=timeout)


@pytest.mark.parametrize("id", [-1, 2**32, 2**100, -2**100])
def test_an_id_out_of_range_is_refused(engine, id):
    with pytest.raises(ValueError, match="id"):
        engine.send_ping(id)
    with pytest.raises(ValueError, match="id"):
        engine.send_pings([1, id])
    assert engine.port_stats.sent == 0


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


@pytest.mark.parametrize("id", ["1", b"1", 1.0, [], object(), lambda: 1])
def test_an_id_that_is_no_integer_is_refused(engine, id):
    with pytest.raises(TypeError):
        engine.send_ping(id)
    with pytest.raises(TypeError):
        engine.send_pings([id])
    with pytest.raises(TypeError):
        engine.send_pings(None)
    assert engine.port_stats.sent == 0


def test_an_id_may_be_as_good_as_an_integer(engine):
    assert engine.send_ping(Index(7)) == 7
    assert engine.send_ping(True) == 1
    assert [pong.id for pong in collect(engine, 2)] == [7, 1]
