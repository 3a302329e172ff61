# SPDX-License-Identifier: MIT
"""On each server that is in order: opening, messages, real time, and what is heard."""

import errno
import math
from statistics import median

import pytest

from player import Refused
from servers import KINDS, started, wait_until

PERIOD, RATE = 1024, 48000
SOON = 2.0  # seconds: far above a period, even on a busy machine


@pytest.fixture(scope="module", params=KINDS)
def server(request):
    """Each of them in turn, for all tests here: nothing happens to it."""
    with started(KINDS[request.param]) as server:
        yield server


def engine(server, player, **wanted):
    """Have a player create an engine on a server."""
    wanted = {"period": PERIOD, "rate": RATE, **wanted}
    arguments = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
    player(f"engine = peal.Engine({server.pcm!r}, {arguments})")


def in_time(player, count=10):
    """Pings are answered within a period, as promised; on a busy machine a little later."""
    trips = [player(f"engine.ping({SOON}).round_trip").value for _ in range(count)]
    assert median(trips) < 5 * PERIOD / RATE, trips


def test_opens_as_asked_or_as_the_server_has_it(server, player):
    for format in server.formats:
        engine(server, player, format=format, channels=2, capture=True)
        got = "engine.info.rate, engine.info.channels, engine.info.format"
        assert player(got).value == [RATE, 2, format]
        sizes = "engine.info.period_frames, engine.info.playback.periods"
        assert player(sizes).value == [PERIOD, 3]
        player("engine.close()")


@pytest.mark.parametrize("server", ["jack"], indirect=True)
def test_a_format_that_it_has_not_is_refused_with_those_that_it_has(server, player):
    with pytest.raises(Refused, match="S16_LE refused by jack, which offers FLOAT_LE") as refused:
        engine(server, player, format="S16_LE")
    assert refused.value.errno == errno.EINVAL


def test_the_audio_thread_stays_at_normal_priority(server, player):
    engine(server, player)
    policy, reason = player("engine.rt_report.policy, engine.rt_report.sched_reason").value
    assert policy == 0
    assert "a sound server" in reason


def test_pings_are_answered_in_time_in_every_state(server, player):
    engine(server, player)
    in_time(player)
    player("engine.start()")
    in_time(player)
    player("engine.stop()")
    in_time(player)


def test_plays_in_real_time(server, player):
    engine(server, player)
    player("engine.start()")
    player(f"engine.ping({SOON})")
    # both looks at one moment each, however long it takes to get there
    look = "(lambda pong: (pong.frame, pong.time_ns))(engine.ping(2))"
    frame, time_ns = player(look).value
    player("time.sleep(1)")
    later_frame, later_ns = player(look).value
    rate = (later_frame - frame) / (later_ns - time_ns) * 1e9
    # a busy machine makes a server miss periods, but none faster than its clock, or for long
    assert 0.5 * RATE < rate < 1.25 * RATE
    assert player("engine.state").value == 2


def tone_blocks(samples, block=480):
    """How many blocks are a sine of 1000 Hz and amplitude 0.5, and nothing else."""
    cos = [math.cos(2 * math.pi * 1000 / RATE * i) for i in range(block)]
    sin = [math.sin(2 * math.pi * 1000 / RATE * i) for i in range(block)]
    count = 0
    for at in range(0, len(samples) - block + 1, block):
        part = samples[at : at + block]
        a = 2 / block * sum(x * c for x, c in zip(part, cos))
        b = 2 / block * sum(x * s for x, s in zip(part, sin))
        worst = max(abs(x - a * c - b * s) for x, c, s in zip(part, cos, sin))
        count += abs(math.hypot(a, b) - 0.5) < 0.01 and worst < 0.01
    return count


FEED = f"""
import array, math
tone = [0.5 * math.sin(2 * math.pi * 1000 / {RATE} * i) for i in range(48)]
tone = array.array("f", [x for x in tone for channel in (0, 1)] * 100)
tone = memoryview(tone).cast("B").cast("f", (4800, 2))

def heard():
    "0.1 s of what is captured, its first channel, while the tone is fed."
    while engine.playback.free >= len(tone):
        engine.playback.write(tone)
    return [row[0] for row in memoryview(engine.capture.read(4800, 2)).tolist()]
"""


def test_the_tone_that_is_played_is_captured(server, player):
    engine(server, player, capture=True)
    player(FEED)
    player("engine.start()")
    server.join(player)
    # it takes a while to get through, and a busy machine may lose some of it
    for _ in range(50):
        if tone_blocks(player("heard()").value) == 10:
            return
    pytest.fail(f"not heard in 5 s: {player('engine.stats').value}")


def test_stops_in_every_state_and_starts_again(server, player):
    engine(server, player)
    assert player("engine.stop()").took < SOON
    for _ in range(3):
        player("engine.start()")
        player(f"engine.ping({SOON})")
        assert player("engine.stop()").took < SOON
        assert player("engine.stop()").took < SOON
        assert player("engine.state").value == 1
    player("engine.start()")
    assert player("engine.close()").took < SOON


def test_leaves_nothing_open(server, player):
    player("import os")
    held = "len(os.listdir('/proc/self/fd')), len(os.listdir('/proc/self/task'))"
    turn = f"engine = peal.Engine({server.pcm!r}, capture=True)\nengine.start()\nengine.close()"
    before = player(held).value
    for _ in range(3):
        player(turn)
    # a thread that was told to end may need a moment for it
    wait_until(lambda: player(held).value == before, f"as before: {before}", patience=5)
