# SPDX-License-Identifier: MIT
"""Health and backpressure: of an engine, and of a program's own streams."""

import dataclasses
import errno
import json
import pickle
import threading

import peal
import pytest
from conftest import PATIENCE
from peal import HealthLatency, MessageType, Ring

MS = 10**6


# Health


def test_unknown_is_none_and_not_zero():
    with peal.Health() as health:
        snapshot = health.snapshot()
    assert snapshot.chunks == snapshot.drops == snapshot.xruns == 0
    assert snapshot.drop_rate is None and snapshot.load is None and snapshot.load_max is None
    for latency in dataclasses.astuple(snapshot.latency):
        assert latency == (0,) + (None,) * 7
    assert snapshot.is_healthy()
    assert json.loads(snapshot.to_json())["load"] is None
    assert "nan" not in snapshot.to_prometheus().lower()


def test_what_is_recorded_is_told():
    health = peal.Health()
    health.record_chunks(97, 97 * 64)
    health.record_drops(3)
    health.record_overruns()
    health.record_underruns(2)
    health.record_xruns(4)
    health.record_load(250, 1000)
    health.record_load(750, 1000)
    snapshot = health.snapshot()
    assert (snapshot.chunks, snapshot.frames, snapshot.drops) == (97, 97 * 64, 3)
    assert (snapshot.overruns, snapshot.underruns, snapshot.xruns) == (1, 2, 4)
    assert snapshot.drop_rate == 0.03
    assert snapshot.load == pytest.approx(0.5, rel=0.01)
    assert snapshot.load_max == pytest.approx(0.75, rel=0.01)
    seconds = snapshot.uptime_ns / 1e9
    assert snapshot.chunks_per_second == pytest.approx(97 / seconds)
    assert snapshot.frames_per_second == pytest.approx(97 * 64 / seconds)
    health.reset()
    assert health.snapshot().chunks == 0 and health.snapshot().drop_rate is None


@pytest.mark.parametrize("which", HealthLatency)
def test_latencies_are_from_all_samples(which):
    health = peal.Health()
    for ms in range(1, 1001):
        health.record_latency(which, ms * MS)
    latency = getattr(health.snapshot().latency, which.name.lower())
    assert latency.count == 1000 and latency.mean_ns == 500.5 * MS
    for told, true in [(latency.min_ns, 1), (latency.p50_ns, 500), (latency.p95_ns, 950),
                       (latency.p99_ns, 990), (latency.p999_ns, 999), (latency.max_ns, 1000)]:
        assert told == pytest.approx(true * MS, rel=0.01)
    others = dataclasses.asdict(health.snapshot().latency)
    assert sum(other["count"] for other in others.values()) == 1000


def test_is_healthy_names_the_limit_that_is_broken():
    health = peal.Health()
    health.record_chunks(95, 95)
    health.record_drops(5)
    health.record_latency(HealthLatency.WAKEUP, 5 * MS)
    snapshot = health.snapshot()
    assert not snapshot.is_healthy() and "drop" in snapshot.complaint()
    assert snapshot.is_healthy(drop_rate=0.05) and snapshot.complaint(drop_rate=0.05) == ""
    assert snapshot.is_healthy(drop_rate=None)
    assert not snapshot.is_healthy(drop_rate=None, wakeup_p99_ns=4 * MS)
    health.record_xruns()
    assert "xrun" in health.snapshot().complaint(drop_rate=1)
    assert health.snapshot().is_healthy(drop_rate=1, xruns=1)
    with pytest.raises(TypeError, match="drop_rates.*drop_rate, load"):
        snapshot.is_healthy(drop_rates=1)


def test_renderings_say_the_same():
    health = peal.Health()
    health.record_chunks(7, 448)
    health.record_latency(HealthLatency.CYCLE, MS)
    snapshot = health.snapshot()
    told = json.loads(snapshot.to_json())
    assert told["chunks"] == snapshot.chunks == 7 and told["frames"] == 448
    assert told["latency"]["cycle"]["count"] == 1
    assert told["latency"]["cycle"]["mean_ns"] == snapshot.latency.cycle.mean_ns == MS
    lines = snapshot.to_prometheus().splitlines()
    assert any(line.startswith("peal_") and line.split()[-1] == "448" for line in lines)
    assert pickle.loads(pickle.dumps(snapshot)) == snapshot
    assert pickle.loads(pickle.dumps(snapshot)).to_json() == snapshot.to_json()


def test_threads_record_at_the_same_time():
    health = peal.Health()

    def work():
        for _ in range(2000):
            health.record_chunks(1, 64)
            health.record_latency(HealthLatency.CHUNK, MS)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        snapshot = health.snapshot()
        assert snapshot.chunks <= 8000
    for thread in threads:
        thread.join(PATIENCE)
    snapshot = health.snapshot()
    assert (snapshot.chunks, snapshot.frames, snapshot.latency.chunk.count) == (8000, 512000, 8000)


@pytest.mark.parametrize("use", [
    lambda health: health.record_drops(-1), lambda health: health.record_chunks(1, -1),
    lambda health: health.record_latency(HealthLatency.CYCLE, -1),
    lambda health: health.record_xruns(2**63)])
def test_numbers_that_c_would_misread_are_refused(use):
    with pytest.raises(ValueError, match="must be 0.."):
        use(peal.Health())


def test_an_engines_health(manual):
    engine = manual(capture=True, period=64, channels=1)
    engine.start()
    engine.playback.write(bytes(2 * 64 * 20))
    engine.advance(64 * 10)
    for _ in range(10):
        engine.capture.read().release()
    engine.ping()
    health = engine.health()
    assert health.latency.cycle.count >= 10 and health.latency.chunk.count == 10
    assert health.latency.message.count >= 1
    assert health.chunks > 0 and health.xruns == 0 and health.uptime_ns > 0
    assert 0 < health.load <= health.load_max
    assert health.is_healthy(load=None)
    engine.reset_health()
    again = engine.health()
    assert again.latency.chunk.count == 0 and again.uptime_ns < health.uptime_ns + 60 * 10**9
    engine.advance(64 * 1000)
    late = engine.health()
    assert late.overruns > 0 and late.underruns > 0 and not late.is_healthy()


# Backpressure


def test_backpressure_goes_on_at_one_threshold_and_off_at_another():
    change = peal.BackpressureChange
    with peal.Backpressure(on=0.9, off=0.7) as pressure:
        found = [pressure.update(length, 10, now) for now, length in enumerate(
            [0, 8, 9, 10, 8, 9, 7, 8, 9, 0])]
    assert found == [change.SAME, change.SAME, change.ON, change.SAME, change.SAME, change.SAME,
                     change.OFF, change.SAME, change.ON, change.OFF]


def test_backpressure_measures_how_long():
    pressure = peal.Backpressure()
    pressure.update(95, 100, 1000)
    assert pressure.stats(1500) == peal.BackpressureStats(True, 1, 500, 500, 0.9, 0.7)
    pressure.update(10, 100, 2000)
    assert pressure.stats(9000) == peal.BackpressureStats(False, 1, 0, 1000, 0.9, 0.7)
    pressure.update(100, 100, 10000)
    assert pressure.stats(10001) == peal.BackpressureStats(True, 2, 1, 1001, 0.9, 0.7)
    pressure.reset()
    assert pressure.stats(10002) == peal.BackpressureStats(False, 0, 0, 0, 0.9, 0.7)


def test_time_is_monotonics_unless_told_otherwise():
    pressure = peal.Backpressure()
    pressure.update(1, 1)
    first, second = pressure.stats(), pressure.stats()
    assert first.on_now and 0 <= first.current_ns <= second.current_ns < PATIENCE * 10**9


@pytest.mark.parametrize("on, off", [(0.5, 0.5), (0.5, 0.6), (1.1, 0.5), (0.5, -0.1),
                                     (float("nan"), 0.5)])
def test_thresholds_that_are_none_are_refused(manual, on, off):
    with pytest.raises(peal.EngineError, match="on|off|threshold|backpressure") as refusal:
        peal.Backpressure(on, off)
    assert refusal.value.errno == errno.EINVAL
    with pytest.raises(peal.EngineError, match="backpressure"):
        manual(backpressure=(on, off))


def test_thresholds_of_nothing_are_not_the_defaults(manual):
    for make in lambda: peal.Backpressure(0, 0), lambda: manual(backpressure=(0, 0)):
        with pytest.raises(ValueError, match="above 0.0"):
            make()


def test_an_engines_backpressure(manual):
    engine = manual(capture=True, period=64, channels=1, stream_frames=64 * 20,
                    backpressure=(0.5, 0.25))
    both = engine.backpressure
    assert (both.playback.on, both.playback.off) == (both.capture.on, both.capture.off) == (
        0.5, 0.25)
    assert not both.playback.on_now and both.capture.triggers == 0
    engine.start()
    engine.advance(64 * 30)
    stats = engine.backpressure.capture
    assert stats.on_now and stats.triggers == 1 and stats.total_ns >= stats.current_ns > 0
    while chunk := engine.capture.read():
        chunk.release()
    engine.advance(64)
    stats = engine.backpressure.capture
    assert not stats.on_now and stats.triggers == 1 and stats.current_ns == 0 < stats.total_ns
    changes = [(event.ring, event.on) for event in iter(engine.receive_msg, None)
               if event.type == MessageType.EVENT_BACKPRESSURE]
    assert changes == [(Ring.CAPTURE, True), (Ring.CAPTURE, False)]


def test_the_message_rings_have_backpressure_too(manual):
    engine = manual(period=64, backpressure=(0.5, 0.25))
    engine.start()
    assert engine.backpressure.replies.triggers == 0
    with engine.port() as port:
        for number in range(600):
            port.send_ping(number)
        engine.advance(64 * 3)
        assert engine.backpressure.replies.triggers == 0, "that port's rings are its own"
    assert engine.backpressure.commands.on == 0.5


def test_a_direction_that_is_not_there_has_no_backpressure(manual):
    assert manual().backpressure.capture is None
    assert manual(playback=False, capture=True).backpressure.playback is None


@pytest.mark.parametrize("make, use", [
    (peal.Health, lambda health: health.snapshot()),
    (peal.Backpressure, lambda pressure: pressure.update(1, 1)),
    (lambda: peal.ChunkRing(1), lambda ring: ring.stats), (peal.Pool, lambda pool: pool.acquire())])
def test_what_is_closed_is_refused(make, use):
    made = make()
    use(made)
    made.close()
    made.close()
    with pytest.raises(peal.EngineError, match="closed") as refusal:
        use(made)
    assert refusal.value.errno == errno.EBADF
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(made)
