# SPDX-License-Identifier: MIT
"""Playing, recording, and both, in one call."""

import array
import errno
import logging
import math

import peal
import pytest
from conftest import PATIENCE


def tone(frames, channels=2):
    samples = array.array("f", (math.sin(at / 7) * 0.8 for at in range(frames * channels)))
    return memoryview(samples).cast("B").cast("f", (frames, channels))


def test_play_plays_to_the_very_end():
    playing = peal.play(tone(5000), 48000, wait=True, device="virtual")
    assert playing.done and playing.wait(0)
    with pytest.raises(peal.EngineError, match="closed"):
        playing.engine.ping()


def test_play_does_not_wait_unless_asked_to():
    playing = peal.play(tone(60000), 48000, device="virtual:clock=manual", period=64,
                        stream_frames=1 << 16)
    engine = playing.engine
    assert (engine.info.rate, engine.info.channels, engine.info.format) == (48000, 2, "FLOAT_LE")
    assert not playing.done and not playing.wait(timeout=0)
    while not playing.done:
        try:
            engine.advance(64)
            frame = engine.frame
        except peal.EngineError as error:  # it has just been closed
            assert error.errno == errno.EBADF
    assert playing.wait(PATIENCE)
    assert frame >= 60000


def test_play_can_be_stopped():
    playing = peal.play(tone(1 << 20), 8000, device="virtual:clock=manual")
    playing.stop()
    playing.stop()
    assert playing.done and playing.wait()


def test_what_goes_wrong_while_playing_is_told_by_wait():
    playing = peal.play(tone(1000), 8000, device="virtual:clock=manual")
    playing.engine.stop()
    with pytest.raises(peal.EngineError, match="not running"):
        playing.wait(PATIENCE)


@pytest.mark.parametrize("code, format", [
    ("f", "FLOAT_LE"), ("d", "FLOAT_LE"), ("i", "S32_LE"), ("h", "S16_LE")])
def test_the_format_that_loses_least_is_asked_for(code, format):
    playing = peal.play(array.array(code, [0] * 10), 8000, device="virtual:clock=manual")
    assert (playing.engine.info.format, playing.engine.info.channels) == (format, 1)
    playing.stop()
    playing = peal.play(array.array(code, [0] * 10), 8000, device="virtual:clock=manual",
                        format="S24_3LE")
    assert playing.engine.info.format == "S24_3LE"
    playing.stop()


def test_record_gives_so_many_frames():
    recorded = peal.record(1000, 48000, 3, "virtual")
    assert tuple(recorded.shape) == (1000, 3)


def test_playrec_is_aligned():
    """Frame for frame what was played; on a machine that is too busy an error, not a shift."""
    sound = tone(4800)
    for _ in range(10):
        try:
            recorded = peal.playrec(sound, 48000, device="virtual")
            break
        except peal.EngineError as error:
            assert error.errno == errno.EPIPE and "not aligned" in str(error)
    assert recorded.tolist() == sound.tolist()


def test_playrec_of_unlinked_directions_tells_the_logger(monkeypatch, caplog):
    import dataclasses
    info = peal.Engine.info
    monkeypatch.setattr(peal.Engine, "info", property(
        lambda engine: dataclasses.replace(info.fget(engine), linked=False)))
    with caplog.at_level(logging.WARNING, "peal"):
        peal.playrec(tone(10), 48000, device="virtual")
    assert "not linked" in caplog.text


@pytest.mark.parametrize("use, error, words", [
    (lambda: peal.play(b"1234", 48000, device="virtual"), TypeError, "bytes"),
    (lambda: peal.play([0.0], 48000, device="virtual"), TypeError, "list"),
    (lambda: peal.playrec(tone(4), 48000, 1, device="virtual"), ValueError, r"2.*\(4, 2\).*not 1"),
    (lambda: peal.playrec(array.array("f"), 48000, device="virtual"), ValueError, "not 0"),
    (lambda: peal.record(0, 48000, device="virtual"), ValueError, "frames"),
    (lambda: peal.record(10, 1, device="virtual"), peal.EngineError, "rate"),
    (lambda: peal.play(tone(4), 48000, device="nosuchdevice"), peal.EngineError, "nosuchdevice"),
    (lambda: peal.play(tone(4), 48000, device="virtual", perod=3), TypeError, "perod")])
def test_what_cannot_be_is_refused(use, error, words):
    with pytest.raises(error, match=words):
        use()
