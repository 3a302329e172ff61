# SPDX-License-Identifier: MIT
"""Voices and commands: played, stopped and ramped at exactly the frame that was asked for."""

import array
import asyncio
import contextlib
import errno
import gc
import random
import struct
import threading
import time
import weakref

import peal
import pytest
from conftest import PATIENCE

RING = 1024
SCHEDULE = 512
IMPULSE, STEADY, LONG = 1, 2, 3


@pytest.fixture
def player(manual):
    """player(**arguments): a mono engine of floats, its clock the test's, with samples.

    IMPULSE is one frame of 1.0, STEADY 64 of them, LONG 100,000.
    """
    def make(**arguments):
        engine = manual(**{"channels": 1, "format": "FLOAT_LE", "capture": True, "period": 64,
                           "stream_frames": 1 << 17, **arguments})
        for number, frames in (IMPULSE, 1), (STEADY, 64), (LONG, 100000):
            engine.load_sample(number, array.array("f", [1.0]) * frames)
        return engine
    return make


def heard(engine, frames):
    """Let frames pass: a list of them as they came back, of tuples if there are channels."""
    count = -(-frames // engine.info.period_frames) * engine.info.period_frames
    engine.advance(count)
    captured = engine.capture.read(count, timeout=PATIENCE).tolist()
    return [frame[0] if len(frame) == 1 else tuple(frame) for frame in captured]


def settled(engine):
    """Let the audio thread take what was sent, and the package what it answered."""
    engine.ping(timeout=PATIENCE, wake=True)


def begin(engine):
    """Start it, with everything that was sent in the audio thread's hands."""
    settled(engine)
    engine.start()


def refused(answer):
    with pytest.raises(peal.EngineError) as refusal:
        answer.wait(PATIENCE)
    assert answer.done
    return refusal.value.errno


# Frames


@pytest.mark.parametrize("period", [32, 64, 256, 1024])
def test_impulses_are_captured_at_exactly_their_frames(player, period):
    """Several in one period too, on its edges, and on neighbouring frames."""
    engine = player(period=period, voices=1024)
    chance = random.Random(period)
    total = period * 300
    frames = {chance.randrange(1, total) for _ in range(1500)}
    frames |= {edge + step for edge in range(0, total, 7 * period) for step in (-1, 0, 1)}
    todo = sorted(frame for frame in frames if 1 <= frame < total)
    loud = {frame: chance.randrange(1, 4096) / 4096 for frame in todo}
    expected = [loud.get(frame, 0.0) for frame in range(total)]
    voices, captured, started = [], [], False
    while len(captured) < total:
        # no more than may wait at once, in no order
        ready, todo = todo[:SCHEDULE - 12], todo[SCHEDULE - 12:]
        chance.shuffle(ready)
        voices += [engine.play_sample(IMPULSE, loud[frame], at=frame) for frame in ready]
        if not started:
            begin(engine)
            started = True
        end = todo[0] if todo else total
        captured += heard(engine, max(end - 4 * period - engine.frame, period))
        settled(engine)
        while todo and sum(not voice.done for voice in voices) > 12:
            captured += heard(engine, period)
    assert captured[:total] == expected
    for voice in voices:
        voice.wait(PATIENCE)
    assert all(voice.late == 0 and loud[voice.frame] for voice in voices)


def test_a_voice_tells_when_it_started_and_ended(player):
    engine = player()
    voice = engine.play_sample(STEADY, at=100)
    assert (voice.started, voice.done, voice.frame, voice.end) == (False, False, None, None)
    begin(engine)
    engine.advance(1024)
    assert voice.wait(PATIENCE) is peal.End.FINISHED
    assert voice.wait_started() == voice.frame == 100
    assert (voice.started, voice.done, voice.late) == (True, True, 0)
    assert (voice.end_frame, voice.frames) == (164, 64)
    assert voice.time_ns <= time.monotonic_ns()
    assert "frame=100" in repr(voice)


def test_what_was_sent_before_the_start_is_in_time(player):
    """Even if the audio thread had no time yet to take it."""
    for _ in range(20):
        engine = player()
        voice = engine.play_sample(IMPULSE, at=1)
        engine.start()
        engine.advance(64)
        assert (voice.wait_started(PATIENCE), voice.late) == (1, 0)
        engine.close()


def test_what_comes_late_runs_at_once_and_says_by_how_much(player):
    engine = player()
    engine.start()
    engine.advance(64 * 10)
    now = engine.frame
    voice, volume = engine.play_sample(IMPULSE, at=5), engine.set_volume(1.0, at=6)
    engine.advance(640)
    assert voice.wait_started(PATIENCE) == voice.late + 5 >= now
    assert volume.wait(PATIENCE) == volume.late + 6 >= now


def test_without_a_frame_it_starts_at_the_next_period(player):
    engine = player()
    engine.start()
    engine.advance(640)
    now = engine.frame
    voice = engine.play_sample(STEADY)
    engine.advance(640)
    assert voice.wait_started(PATIENCE) >= now and voice.late == 0


# What is played


def test_velocity_and_loop_and_stop(player):
    engine = player()
    engine.load_sample(9, array.array("f", [0.25, 0.5, 1.0]))
    voice = engine.play_sample(9, 0.5, at=10, loop=True)
    begin(engine)
    command = voice.stop(at=1000, fade_ms=0)
    captured = heard(engine, 1100)
    assert captured[10:1000] == [0.125, 0.25, 0.5] * 330
    assert not any(captured[:10]) and not any(captured[1000:])
    assert command.wait(PATIENCE) == 1000
    assert voice.wait(PATIENCE) is peal.End.STOPPED
    assert (voice.end_frame, voice.frames) == (1000, 990)


def test_the_rate_of_a_voice(player):
    engine = player()
    double, half = engine.play_sample(LONG, rate=2.0, at=1), engine.play_sample(STEADY, rate=0.5)
    begin(engine)
    engine.advance(51200)
    assert double.wait(PATIENCE) is half.wait(PATIENCE) is peal.End.FINISHED
    assert abs(double.frames - 50000) <= 4 and abs(half.frames - 128) <= 4


@pytest.mark.parametrize("channels, left, right", [
    (None, [1.0, 1.0], [1.0, 1.0]), ([0], [1.0, 1.0], [0.0, 0.0]), ([1], [0.0, 0.0], [1.0, 1.0]),
    (["all"], [1.0, 1.0], [1.0, 1.0]),
])
def test_one_channel_goes_where_the_map_says(player, channels, left, right):
    engine = player(channels=2)
    engine.load_sample(9, array.array("f", [1.0, 1.0]))
    engine.play_sample(9, channels=channels, at=1)
    begin(engine)
    assert heard(engine, 64)[1:3] == list(zip(left, right))


@pytest.mark.parametrize("channels, expected", [
    (None, (0.25, 0.5)), ([1, 0], (0.5, 0.25)), ([None, 1], (0.0, 0.5)), (["all", 0], (0.75, 0.25)),
    ([0, 0], (0.75, 0.0)),
])
def test_several_channels_go_where_the_map_says(player, channels, expected):
    engine = player(channels=2)
    stereo = memoryview(array.array("f", [0.25, 0.5])).cast("B").cast("f", (1, 2))
    engine.load_sample(9, stereo)
    engine.play_sample(9, channels=channels, at=1)
    begin(engine)
    assert heard(engine, 64)[1] == expected


# Volume


def steps(samples):
    return [abs(after - before) for before, after in zip(samples, samples[1:])]


def test_the_volume_is_ramped(player):
    engine = player()
    engine.play_sample(LONG, at=1)
    command = engine.set_volume(0.0, ramp_ms=10, at=1000)
    begin(engine)
    captured = heard(engine, 2048)[1:]
    ramp = 480
    assert captured[:998] == [1.0] * 998
    assert not any(captured[999 + ramp:])
    assert max(steps(captured)) <= 1.001 / ramp
    assert command.wait(PATIENCE) == 1000


def test_the_volume_of_a_voice_is_its_own(player):
    engine = player()
    one = engine.play_sample(LONG, 0.25, at=1)
    engine.play_sample(LONG, 0.5, at=1)
    begin(engine)
    engine.advance(64 * 4)
    command = one.set_volume(0.0, ramp_ms=0, at=1000)
    captured = heard(engine, 1984)[:1984]
    assert captured[999:1001] == [0.75, 0.5]
    assert command.wait(PATIENCE) == 1000


def test_a_ramp_of_no_time_is_a_jump(player):
    engine = player()
    engine.play_sample(LONG, at=1)
    engine.set_volume(0.5, ramp_ms=0, at=100)
    begin(engine)
    assert heard(engine, 128)[99:101] == [1.0, 0.5]


def test_the_mix_saturates(player):
    engine = player(format="S16_LE")
    for _ in range(3):
        engine.play_sample(STEADY, at=1)
    begin(engine)
    assert heard(engine, 64)[1] == 32767 / 32768


# Stopping


def test_stop_all_fades_and_cancels(player):
    engine = player()
    playing, waiting = engine.play_sample(LONG, at=1), engine.play_sample(LONG, at=50000)
    command = engine.stop_all(fade_ms=10, at=1000)
    begin(engine)
    captured = heard(engine, 2048)[1:]
    assert max(steps(captured)) <= 1.001 / 480 and not any(captured[999 + 480:])
    assert command.wait(PATIENCE) == 1000
    assert playing.wait(PATIENCE) is peal.End.STOPPED
    assert refused(waiting) == errno.ECANCELED
    assert not waiting.started and waiting.end is None


def test_stop_all_may_leave_what_waits(player):
    engine = player()
    waiting = engine.play_sample(IMPULSE, at=1000)
    engine.stop_all(cancel=False)
    begin(engine)
    engine.advance(2048)
    assert waiting.wait(PATIENCE) is peal.End.FINISHED


def test_stopping_the_engine_ends_voices_and_cancels_the_others(player):
    engine = player()
    playing, waiting = engine.play_sample(LONG), engine.play_sample(LONG, at=50000)
    begin(engine)
    engine.advance(640)
    assert playing.wait_started(PATIENCE) >= 0
    engine.stop()
    assert playing.wait(PATIENCE) is peal.End.HALTED
    assert refused(waiting) == errno.ECANCELED


# What is refused


def test_refusals_are_told_by_wait(player):
    engine = player(voices=1)
    engine.start()
    nothing = engine.play_sample(77)
    first, second = engine.play_sample(LONG), engine.play_sample(LONG)
    engine.advance(256)
    assert refused(nothing) == peal.ENOSAMPLE
    assert refused(second) == peal.ENOVOICE
    with pytest.raises(peal.EngineError, match="config.voices"):
        second.wait_started()
    stopped = first.stop(fade_ms=0)
    engine.advance(256)
    assert stopped.wait(PATIENCE) and first.wait(PATIENCE) is peal.End.STOPPED
    again, louder = first.stop(), first.set_volume(1.0)
    engine.advance(256)
    assert refused(again) == refused(louder) == peal.EVOICE


@pytest.mark.parametrize("steal, ended", [("oldest", 0), ("quietest", 1)])
def test_a_voice_may_be_stolen(player, steal, ended):
    engine = player(voices=2, steal=steal)
    assert engine.info.voices == 2
    voices = [engine.play_sample(LONG, 0.5, at=1), engine.play_sample(LONG, 0.25, at=2),
              engine.play_sample(LONG, 1.0, at=1000)]
    begin(engine)
    engine.advance(2048)
    assert voices[ended].wait(PATIENCE) is peal.End.STOLEN
    assert [voice.done for voice in voices] == [place == ended for place in range(3)]


def test_a_full_schedule_is_told_at_once(player):
    engine = player()
    engine.start()
    waiting = []
    for _ in range(SCHEDULE // 64):
        waiting += [engine.set_volume(1.0, at=10**9) for _ in range(64)]
        settled(engine)
    one_more = engine.set_volume(1.0, at=10**9)
    assert refused(one_more) == peal.ESCHEDULE
    assert not any(command.done for command in waiting)
    engine.stop()
    assert {refused(command) for command in waiting} == {errno.ECANCELED}


@pytest.mark.parametrize("arguments, sentence", [
    (dict(velocity=-0.1), r"velocity must be 0\.0\.\.16\.0, not -0\.1"),
    (dict(velocity=16.1), "velocity"), (dict(velocity=float("nan")), "velocity"),
    (dict(velocity=float("inf")), "velocity"), (dict(rate=0.2), r"rate must be 0\.25\.\.4\.0"),
    (dict(rate=4.1), "rate"), (dict(rate=0.0), "rate"), (dict(at=-1), "at must be"),
    (dict(at=2**64), "at must be"), (dict(id=1024), r"number must be 0\.\.1023, not 1024"),
    (dict(id=-1), "number"), (dict(channels=[]), "channels must name 1..8"),
    (dict(channels=[0] * 9), "channels"), (dict(channels=[1]), r"a channel must be 0\.\.0"),
    (dict(channels=[-1]), "a channel"), (dict(channels=[None]), "nowhere"),
])
def test_what_is_wrong_in_itself_is_raised_by_the_call(player, arguments, sentence):
    engine = player()
    with pytest.raises(ValueError, match=sentence):
        engine.play_sample(**{"id": IMPULSE, **arguments})
    assert engine.port_stats.sent == 0


@pytest.mark.parametrize("arguments", [
    dict(id="1"), dict(id=1.0), dict(at=1.5), dict(velocity="loud"), dict(channels=3),
    dict(channels=["left"]), dict(rate=None),
])
def test_what_is_of_no_use_is_raised_by_the_call(player, arguments):
    engine = player()
    with pytest.raises(TypeError):
        engine.play_sample(**{"id": IMPULSE, **arguments})
    assert engine.port_stats.sent == 0


@pytest.mark.parametrize("call", [
    lambda engine: engine.set_volume(-1), lambda engine: engine.set_volume(17),
    lambda engine: engine.set_volume(float("nan")), lambda engine: engine.set_volume(1, -1),
    lambda engine: engine.set_volume(1, 1e300), lambda engine: engine.set_volume(1, at=-1),
    lambda engine: engine.set_volume(1, float("nan")), lambda engine: engine.stop_all(-1),
    lambda engine: engine.stop_all(1e12),
])
def test_volumes_and_fades_out_of_range_are_raised_by_the_call(player, call):
    engine = player()
    with pytest.raises(ValueError):
        call(engine)
    assert engine.port_stats.sent == 0


def test_an_engine_that_only_captures_plays_nothing(manual):
    engine = manual(playback=False, capture=True)
    for call in (lambda: engine.play_sample(0), lambda: engine.set_volume(1),
                 lambda: engine.stop_all()):
        with pytest.raises(peal.EngineError, match="without playback") as refusal:
            call()
        assert refusal.value.errno == errno.ENOTSUP


@pytest.mark.parametrize("arguments", [
    dict(voices=0), dict(voices=-1), dict(samples=0), dict(steal="loudest"), dict(steal=1)])
def test_parameters_that_are_none_are_refused(manual, arguments):
    with pytest.raises(ValueError):
        manual(**arguments)


@pytest.mark.parametrize("arguments", [dict(voices=4097), dict(samples=65537)])
def test_parameters_that_are_too_large_are_refused(manual, arguments):
    with pytest.raises(peal.EngineError) as refusal:
        manual(**arguments)
    assert refusal.value.errno == errno.EINVAL


# Batches


def test_a_batch_takes_effect_together(player):
    engine = player()
    engine.start()
    engine.advance(640)
    for _ in range(50):
        with engine.batch():
            voices = [engine.play_sample(IMPULSE) for _ in range(10)]
            assert engine.port_stats.sent == engine.port_stats.handled
            assert not any(voice.done for voice in voices)
        engine.advance(64)
        assert len({voice.wait_started(PATIENCE) for voice in voices}) == 1


def test_an_exception_inside_a_batch_sends_nothing(player):
    engine = player()
    with pytest.raises(ZeroDivisionError):
        with engine.batch():
            voice, command = engine.play_sample(IMPULSE), engine.set_volume(0.5)
            1 / 0
    assert engine.port_stats.sent == 0
    assert refused(voice) == refused(command) == errno.ECANCELED
    engine.play_sample(IMPULSE)  # and the batch is over
    assert engine.port_stats.sent == 1


def test_a_batch_that_is_too_long_raises_at_once(player):
    engine = player()
    with pytest.raises(peal.EngineError, match="1024") as refusal:
        with engine.batch():
            for count in range(RING + 1):
                engine.set_volume(1.0)
    assert (refusal.value.errno, count) == (errno.EMSGSIZE, RING)
    with pytest.raises(peal.EngineError, match="1024"):
        with engine.batch():
            for count in range(RING):
                engine.play_sample(IMPULSE)
    assert count == RING // 2
    assert engine.port_stats.sent == 0
    with engine.batch():
        commands = [engine.set_volume(1.0) for _ in range(RING)]
    assert engine.port_stats.sent == RING
    engine.start()
    engine.advance(256)
    assert all(command.wait(PATIENCE) == commands[0].frame for command in commands)


def test_a_batch_that_does_not_fit_is_not_sent(make_engine):
    engine = make_engine(period=65536, rate=8000)  # 8 s
    engine.start()
    engine.ping(timeout=PATIENCE, wake=True)
    with engine.batch():
        for _ in range(RING - 1):
            engine.set_volume(1.0)
    with pytest.raises(peal.RingFull):
        with engine.batch():
            one, two = engine.set_volume(1.0), engine.set_volume(1.0)
    assert engine.port_stats.sent == RING
    assert refused(one) == refused(two) == errno.ECANCELED


def test_waiting_inside_a_batch_is_an_error(player):
    engine = player()
    with engine.batch():
        voice = engine.play_sample(IMPULSE)
        for wait in voice.wait, voice.wait_started, engine.set_volume(1.0).wait:
            with pytest.raises(RuntimeError, match="batch"):
                wait()
        with pytest.raises(RuntimeError, match="batch"):
            with engine.batch():
                pass
        port = engine.port()
        with port.batch():
            port.play_sample(IMPULSE)
    begin(engine)
    engine.advance(256)
    assert voice.wait(PATIENCE) is peal.End.FINISHED


def test_a_batch_is_of_one_thread(player):
    engine = player()
    with engine.batch():
        engine.play_sample(IMPULSE)
        other = threading.Thread(target=engine.play_sample, args=(IMPULSE,))
        other.start(), other.join()
        assert engine.port_stats.sent == 1
    assert engine.port_stats.sent == 2


def test_an_empty_batch_sends_nothing(player):
    engine = player()
    with engine.batch():
        pass
    assert engine.port_stats.sent == 0


# Waiting


def test_waiting_times_out(player):
    engine = player()
    voice = engine.play_sample(IMPULSE, at=1000)
    for wait in voice.wait, voice.wait_started:
        for seconds in 0, 0.001:
            with pytest.raises(TimeoutError) as refusal:
                wait(seconds)
            assert refusal.value.errno == errno.ETIMEDOUT
    with pytest.raises(ValueError, match="timeout"):
        voice.wait(-1)


def test_several_threads_wait_for_the_same_voice(player):
    engine = player()
    engine.start()
    voice = engine.play_sample(IMPULSE, at=10000)
    ends = []
    threads = [threading.Thread(target=lambda: ends.append(voice.wait(PATIENCE)))
               for _ in range(4)]
    threads += [threading.Thread(target=lambda: ends.append(voice.wait_started(PATIENCE)))
                for _ in range(4)]
    for thread in threads:
        thread.start()
    engine.advance(20480)
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(ends) == [peal.End.FINISHED] * 4 + [10000] * 4
    assert not engine._dispatcher._parked.keys() - {"pongs", "messages"}


def test_who_waits_for_the_earlier_voice_is_woken_by_who_waits_for_the_later(player):
    engine = player()
    engine.start()
    later, earlier = (engine.play_sample(IMPULSE, at=frame) for frame in (50000, 10000))
    dispatcher = engine._dispatcher

    def begun(wait, waits):
        thread = threading.Thread(target=wait)
        thread.start()
        while not waits():
            time.sleep(0)
        return thread

    leader = begun(lambda: later.wait(PATIENCE), lambda: dispatcher._leader)
    ends = []
    parked = [begun(lambda: ends.append(earlier.wait()),
                    lambda: len(dispatcher._parked.get(earlier.id, ())) == count)
              for count in (1, 2)]
    engine.advance(20480)
    for thread in parked:
        thread.join(PATIENCE)
    assert ends == [peal.End.FINISHED] * 2 and leader.is_alive()
    engine.advance(40960)
    leader.join(PATIENCE)


def test_voices_and_pings_are_waited_for_at_once(engine):
    engine.load_sample(0, array.array("f", [0.0] * 480))
    failures = []

    def play():
        try:
            for _ in range(20):
                assert engine.play_sample(0).wait(PATIENCE) is peal.End.FINISHED
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=play) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        engine.ping(timeout=PATIENCE)
    for thread in threads:
        thread.join(PATIENCE)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_coroutines_wait(engine):
    engine.load_sample(0, array.array("f", [0.0] * 4800))

    async def play():
        voice = engine.play_sample(0)
        frame = await voice.wait_started_async(PATIENCE)
        command = voice.set_volume(0.5)
        assert await command.wait_async(PATIENCE) >= frame
        assert await voice.wait_async(PATIENCE) is peal.End.FINISHED
        with pytest.raises(peal.EngineError):
            await engine.play_sample(1).wait_async(PATIENCE)
        with pytest.raises(TimeoutError):
            await engine.play_sample(0, at=10**12).wait_async(0.01)

    async def several():
        await asyncio.gather(*(play() for _ in range(5)))

    asyncio.run(several())


def test_closing_turns_out_who_waits(player):
    engine = player()
    voice, done = engine.play_sample(IMPULSE, at=10**9), engine.play_sample(IMPULSE)
    begin(engine)
    engine.advance(640)
    assert done.wait(PATIENCE)
    failures = []

    def wait():
        try:
            voice.wait()
        except peal.EngineError as failure:
            failures.append(failure.errno)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    engine.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == [errno.EBADF] * 3
    assert done.wait() is peal.End.FINISHED  # what is known stays known
    for call in (voice.wait, voice.stop, lambda: voice.done, lambda: engine.play_sample(IMPULSE),
                 lambda: engine.set_volume(1.0), lambda: engine.batch().__enter__()):
        with pytest.raises(peal.EngineError) as refusal:
            call()
        assert refusal.value.errno == errno.EBADF


# What is left


def test_a_program_that_only_plays_never_fills_the_ring(player):
    engine = player()
    engine.start()
    for count in range(20000):
        engine.play_sample(IMPULSE)
        if count % 100 == 0:
            engine.advance(64)
    stats = engine.port_stats
    assert stats.refused == 0 and stats.sent == 20000


def test_forgotten_voices_leave_nothing_behind(player):
    engine = player()
    engine.start()
    kept = []
    for count in range(2000):
        voice = engine.play_sample(IMPULSE)
        engine.set_volume(1.0)
        if count % 100 == 0:
            kept.append(voice)
            engine.advance(64)
            assert engine.receive_msg() is None and engine.receive_pong() is None
    engine.advance(640)
    settled(engine)
    assert all(voice.wait(PATIENCE) is peal.End.FINISHED for voice in kept)
    del voice
    table = engine._dispatcher.answers
    assert len(table) == len(kept)
    del kept
    assert len(table) == 0
    assert engine.given_up == 0
    assert not engine._dispatcher._unsorted


def test_a_looping_voice_outlives_its_object(player):
    engine = player()
    engine.play_sample(STEADY, at=1, loop=True)
    gc.collect()
    begin(engine)
    assert heard(engine, 1024)[1:1024] == [1.0] * 1023


def test_a_voice_does_not_keep_a_forgotten_engine_from_closing(manual):
    engine = peal.Engine("virtual:clock=manual", channels=1, format="FLOAT_LE")
    sample = engine.load_sample(0, array.array("f", [1.0]))
    voice = engine.play_sample(0, at=10**9)
    life = weakref.ref(engine)
    del engine
    assert life() is not None  # they need it
    del sample, voice
    assert life() is None


def test_ports_play_and_hear_of_their_own(player):
    engine = player()
    port = engine.port()
    mine, yours = port.play_sample(IMPULSE, at=100), engine.play_sample(LONG, at=100)
    begin(engine)
    engine.advance(640)
    assert mine.wait(PATIENCE) is peal.End.FINISHED
    with port.batch():
        ended = port.stop_all(fade_ms=0)
        louder = port.set_volume(2.0)
    engine.advance(640)
    assert ended.wait(PATIENCE) == louder.wait(PATIENCE)
    assert yours.wait(PATIENCE) is peal.End.STOPPED


def test_in_a_fork_nothing_is_played(player, python):
    done = python("""
        import array, os, peal, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        engine = peal.Engine("virtual")
        engine.load_sample(0, array.array("f", [1.0]))
        voice = engine.play_sample(0, at=10**9)
        child = os.fork()
        if child == 0:
            status = 0
            for call in (lambda: engine.play_sample(0), voice.wait, lambda: voice.done,
                         lambda: engine.load_sample(0, array.array("f", [1.0])),
                         lambda: engine.batch().__enter__(), lambda: engine.clock):
                try:
                    call()
                    status = 1
                except peal.EngineError as refusal:
                    status |= refusal.errno != peal.EFORKED
            os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        engine.start()
        engine.stop_all()
        assert engine.ping(timeout=60)
        """)
    assert (done.returncode, done.stderr) == (0, "")


# Time


def test_frames_and_times_are_converted_both_ways(engine):
    while engine.clock.frame == 0:
        engine.ping(timeout=PATIENCE)
    clock = engine.clock
    assert clock.running and clock.rate == 48000
    assert clock.time_ns <= time.monotonic_ns()
    for frame in clock.frame, clock.frame + 1, clock.frame + 123456789, 0:
        assert clock.frame_at(clock.time_of(frame)) == frame
    assert clock.time_of(clock.frame + 48000) == pytest.approx(clock.time_ns / 1e9 + 1, abs=1e-6)
    # what the converter has not reached is rendered ahead of it
    assert engine.frame_at(time.monotonic()) <= engine.frame_at(time.monotonic() + 0.1)
    assert engine.time_of(engine.frame) > clock.time_ns / 1e9


def test_a_time_is_played_at(engine):
    engine.load_sample(0, array.array("f", [0.0]))
    while engine.clock.frame == 0:
        engine.ping(timeout=PATIENCE)
    frame = engine.frame_at(time.monotonic() + 0.2)
    voice = engine.play_sample(0, at=frame)
    assert voice.wait_started(PATIENCE) - voice.late == frame


def test_a_clock_that_stands_converts_nothing(manual):
    engine = manual()
    assert not engine.clock.running
    for convert in engine.frame_at, engine.time_of:
        with pytest.raises(peal.EngineError) as refusal:
            convert(1)
        assert refusal.value.errno == errno.EPIPE


def test_the_clock_begins_anew_with_the_engine(manual):
    engine = manual()
    engine.start()
    engine.advance(10240)
    engine.stop()
    engine.start()
    clock = engine.clock
    assert not clock.running or (clock.frame < 10240 and clock.time_ns)
