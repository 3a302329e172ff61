# SPDX-License-Identifier: MIT
"""Streams whose device stands still, goes away and returns: who waits for it, and who must not."""

import asyncio
import errno

import peal
import pytest
from conftest import PATIENCE

#: A tenth of a second after the start it goes, and a tenth later it is back.
RETURNS = "virtual:fault=unplug@4800,return@9600"
GOES = "virtual:fault=unplug@4800"
#: It returns as another card, which takes nothing that it took before.
CHANGES = GOES + ",return@9600,params@9600:1000"
#: Beyond the second after a start in which a device may take its time.
STANDS_STILL = "virtual:fault=stuck@52800,go@72000"
#: Far beyond both.
FRAMES = 20000


def silence(engine):
    return bytes(engine.info.frame_bytes * FRAMES)


def read_frames(engine):
    return len(engine.capture.read(FRAMES, timeout=PATIENCE))


def read_frames_async(engine):
    return len(asyncio.run(engine.capture.read_async(FRAMES, timeout=PATIENCE)))


def iterate(engine):
    taken = 0
    while taken < FRAMES:
        chunk = next(engine.capture)
        taken += chunk.gap + chunk.frames
    return FRAMES


def write(engine):
    return engine.playback.write(silence(engine), timeout=PATIENCE)


def write_async(engine):
    return asyncio.run(engine.playback.write_async(silence(engine), timeout=PATIENCE))


def drain(engine):
    assert engine.playback.write(silence(engine)) == FRAMES
    return engine.playback.drain(PATIENCE) * FRAMES


WAITS = [read_frames, read_frames_async, iterate, write, write_async, drain]


@pytest.fixture
def started(make_engine):
    def start(device, use, **options):
        # a drain is told of all at once, a write has to wait for room
        held = FRAMES if use is drain else 4096
        engine = make_engine(device, capture=True, stream_frames=held, **options)
        engine.start()
        return engine
    return start


def told(engine):
    """What happened to the device, but for what a busy machine did to it."""
    found = []
    while (message := engine.receive_msg()) is not None:
        if isinstance(message, peal.Message) and message.type != peal.MessageType.EVENT_XRUN:
            found.append(message.type.name.removeprefix("EVENT_"))
    return found


@pytest.mark.parametrize("use", WAITS)
def test_a_device_that_returns_is_waited_for(started, use):
    engine = started(RETURNS, use, reopen=True)
    assert use(engine) == FRAMES
    assert told(engine) == ["LOST", "RETURNED"]
    assert engine.state is peal.State.RUNNING


@pytest.mark.parametrize("use", WAITS)
@pytest.mark.parametrize("device, reopen, events", [
    (GOES, False, ["LOST"]), (CHANGES, True, ["LOST", "FAILED"])])
def test_a_device_that_is_gone_for_good_is_told(started, use, device, reopen, events):
    engine = started(device, use, reopen=reopen)
    with pytest.raises(peal.EngineError) as caught:
        use(engine)
    assert caught.value.errno == peal.ELOST
    assert told(engine) == events


@pytest.mark.parametrize("use", [read_frames, write])
def test_a_device_that_stands_still_is_waited_for(started, use):
    engine = started(STANDS_STILL, use)
    for _ in range(4):  # a stream each, which together are longer than it stands
        assert use(engine) == FRAMES
    assert "STALLED" in told(engine)


def test_a_time_out_holds_while_the_device_is_away(started):
    engine = started(GOES, drain, reopen=True)
    while engine.state is not peal.State.LOST:
        engine.receive_msg(timeout=PATIENCE)
    kept = len(engine.capture.read(FRAMES, timeout=0.01))
    assert 0 < kept < FRAMES
    assert engine.capture.read(timeout=0.01) is None
    assert engine.playback.write(silence(engine)) == FRAMES
    assert engine.playback.write(silence(engine), timeout=0.01) == 0
    assert engine.playback.drain(timeout=0.01) is False


def test_closing_ends_the_wait_for_a_device(started):
    import threading
    engine = started(GOES, read_frames, reopen=True)
    while engine.state is not peal.State.LOST:
        engine.receive_msg(timeout=PATIENCE)
    threading.Timer(0.1, engine.close).start()
    with pytest.raises(peal.EngineError) as caught:
        read_frames(engine)
    assert caught.value.errno == errno.EBADF
