# SPDX-License-Identifier: MIT
"""Playing and capturing: every frame, bit by bit, or accounted for."""

import array
import errno
import random
import select
import threading
import wave

import peal
import pytest
from conftest import PATIENCE

FRONT_CENTER = "/usr/share/sounds/alsa/Front_Center.wav"
FORMATS = {"S16_LE": 2, "S24_LE": 4, "S24_3LE": 3, "S32_LE": 4, "FLOAT_LE": 4}


def noise(size):
    return random.Random(size).randbytes(size)


def read_all(capture):
    return list(iter(capture.read, None))


def played_back(engine, frames):
    """Play all frames on a manual clock; what was captured meanwhile."""
    total = len(frames) // engine.info.frame_bytes
    assert engine.playback.write(frames) == total
    engine.start()
    captured = b""
    while len(captured) < len(frames):
        engine.advance(engine.info.period_frames)
        for chunk in read_all(engine.capture):
            assert (chunk.gap, chunk.frame) == (0, len(captured) // engine.info.frame_bytes)
            captured += chunk.data
    return captured


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("format", FORMATS)
def test_frames_come_back_bit_by_bit(manual, format, channels):
    engine = manual(format=format, channels=channels, capture=True, period=64)
    assert engine.info.format == format
    assert engine.info.frame_bytes == FORMATS[format] * channels
    frames = noise(engine.info.frame_bytes * 5000)
    captured = played_back(engine, frames)
    assert captured[:len(frames)] == frames
    assert not any(captured[len(frames):])
    assert engine.stats.xruns == engine.stats.lost_frames == engine.stats.overrun_frames == 0


@pytest.mark.parametrize("access", ["interleaved", "noninterleaved"])
def test_the_device_may_hold_frames_either_way(manual, access):
    engine = manual(access=access, channels=3, capture=True)
    assert engine.info.playback.access is peal.Access[access.upper()]
    frames = noise(engine.info.frame_bytes * 1000)
    assert played_back(engine, frames)[:len(frames)] == frames


def test_wav_file_comes_back_bit_by_bit(manual, tmp_path):
    path = tmp_path / "noise.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(noise(4 * 20000))
    with wave.open(str(path)) as file:
        engine = manual(rate=file.getframerate(), channels=file.getnchannels(), capture=True,
                        format="S16_LE", stream_frames=file.getnframes())
        frames = file.readframes(file.getnframes())
    captured = played_back(engine, frames)
    assert captured[:len(frames)] == frames
    assert engine.stats.played_frames == 20000


def test_front_center_comes_back_bit_by_bit(manual):
    try:
        file = wave.open(FRONT_CENTER)
    except FileNotFoundError:
        pytest.skip("alsa-utils is not installed")
    with file:
        frames = file.readframes(file.getnframes())
        engine = manual(rate=file.getframerate(), channels=file.getnchannels(), capture=True,
                        format="S16_LE", stream_frames=file.getnframes())
    assert played_back(engine, frames)[:len(frames)] == frames


def test_real_time_with_a_buffer_of_100_ms_loses_nothing_unaccounted(make_engine):
    """However late this machine is: each frame is captured, or in a gap that was reported."""
    total = 48000
    numbered = array.array("i", range(1, total + 1))  # silence is 0
    engine = make_engine(channels=1, format="S32_LE", period=1200, periods=4, capture=True)
    assert engine.info.playback.buffer_frames == 4800
    todo = memoryview(numbered)[engine.playback.write(numbered):]
    engine.start()
    chunks, last, missing = [], 0, 0
    while last < total:
        todo = todo[engine.playback.write(todo):]
        chunk = engine.capture.read(timeout=PATIENCE)
        chunks.append(chunk)
        missing += chunk.gap
        samples = array.array("i", bytes(chunk.data))
        chunk.release()  # the stream has none to spare
        heard = [sample for sample in samples if sample]
        if heard:
            assert heard == list(range(heard[0], heard[-1] + 1))
            assert last < heard[0] <= last + 1 + missing
            missing -= heard[0] - last - 1
            last = heard[-1]
        if not todo:
            todo = memoryview(array.array("i", bytes(4 * 1200)))  # silence behind the end
    for before, after in zip(chunks, chunks[1:]):
        assert after.frame == before.frame + before.frames + after.gap
        assert after.sequence == before.sequence + 1
        assert after.time_ns >= before.time_ns
    stats = engine.stats
    assert stats.xruns or sum(chunk.gap for chunk in chunks) == stats.overrun_frames


def test_what_is_read_late_is_a_gap(manual):
    engine = manual(channels=1, capture=True, period=64, stream_frames=640)
    engine.start()
    engine.advance(64 * 30)
    kept = 0
    while chunk := engine.capture.read():
        kept += chunk.frames
        assert chunk.gap == 0
    assert kept < 64 * 30
    assert engine.stats.overrun_frames == 64 * 30 - kept
    engine.advance(64)
    late = engine.capture.read()
    assert (late.gap, late.frame) == (64 * 30 - kept, 64 * 30)


def test_write_accepts_what_fits(manual):
    engine = manual(stream_frames=1024, period=256)
    room = engine.playback.free
    assert 1024 <= room < 48000
    assert engine.playback.write(bytes(4 * 48000)) == room
    assert engine.playback.free == 0
    assert engine.playback.write(bytes(4)) == 0
    assert engine.playback.write(b"") == 0


def test_write_waits_for_room(manual):
    engine = manual(stream_frames=1024, period=256)
    total = 3 * engine.playback.free
    engine.start()
    accepted = []
    writer = threading.Thread(
        target=lambda: accepted.append(engine.playback.write(bytes(4 * total), PATIENCE)))
    writer.start()
    while writer.is_alive():
        engine.advance(256)
    assert accepted == [total]


def test_write_gives_up_in_time(manual):
    engine = manual(stream_frames=1024, period=256)
    room = engine.playback.free
    assert engine.playback.write(bytes(4 * (room + 1)), timeout=0.01) == room


def test_read_waits_for_frames(manual):
    engine = manual(capture=True)
    engine.start()
    read = []
    reader = threading.Thread(target=lambda: read.append(engine.capture.read(timeout=PATIENCE)))
    reader.start()
    engine.advance(256)
    reader.join(PATIENCE)
    assert read[0].frame == 0
    assert engine.capture.read(timeout=0.01) is None


def test_descriptors_tell_when_there_is_something_to_do(manual):
    engine = manual(capture=True, period=256)
    engine.start()

    def readable(stream):
        return bool(select.select([stream], [], [], 0)[0])

    assert engine.capture.read() is None
    assert not readable(engine.capture)
    engine.playback.write(bytes(4 * 48000))
    assert not readable(engine.playback)
    engine.advance(256 * 4)
    assert select.select([engine.capture], [], [], PATIENCE)[0]
    assert select.select([engine.playback], [], [], PATIENCE)[0]


def test_drain_waits_until_all_was_played(manual):
    engine = manual(period=256, periods=2)
    engine.start()
    engine.playback.write(bytes(4 * 2560))
    assert engine.playback.drain(timeout=0) is False
    assert engine.playback.drain(timeout=0.01) is False
    result = []
    drainer = threading.Thread(target=lambda: result.append(engine.playback.drain()))
    drainer.start()
    engine.advance(2560)
    while drainer.is_alive():
        engine.advance(256)
    assert result == [True]
    assert engine.frame >= 2560
    assert engine.stats.played_frames == 2560


def test_drain_of_a_stopped_engine_is_refused(manual):
    engine = manual()
    engine.playback.write(bytes(4 * 256))
    with pytest.raises(peal.EngineError, match="not running") as refusal:
        engine.playback.drain()
    assert refusal.value.errno == errno.EPIPE


def test_length_that_is_no_whole_number_of_frames_is_refused(manual):
    engine = manual(channels=2, format="S24_3LE")
    for size in 1, 5, 7, 6001:
        with pytest.raises(ValueError, match=rf"\b{size}\b.*\b6\b"):
            engine.playback.write(bytes(size))
    assert engine.playback.write(bytes(12)) == 2


class Unbuffered:
    __len__ = lambda self: 4


@pytest.mark.parametrize("buffer", ["text", 4, None, [0, 0], object(), Unbuffered()])
def test_what_is_no_buffer_is_refused(manual, buffer):
    with pytest.raises(TypeError):
        manual().playback.write(buffer)


@pytest.mark.parametrize("frames", [0, -1, -2**70])
def test_reading_no_frames_is_refused(manual, frames):
    with pytest.raises(ValueError, match="frames"):
        manual(capture=True).capture.read(frames, timeout=0)


@pytest.mark.parametrize("wrap", [
    bytes, bytearray, memoryview,
    lambda data: memoryview(bytearray(data)),
    lambda data: memoryview(bytearray(data)).toreadonly(),
    lambda data: memoryview(array.array("h", data)).cast("B").cast("h", (len(data) // 4, 2)),
    lambda data: memoryview(data).cast("B", (len(data) // 4, 4)),
    lambda data: memoryview(bytes(byte for pair in zip(data, data) for byte in pair))[::2],
], ids=["bytes", "bytearray", "memoryview", "writable view", "read-only view", "array of shape",
        "two dimensions", "strided"])
def test_any_buffer_is_taken(manual, wrap):
    engine = manual(capture=True)
    frames = noise(4 * 700)
    assert engine.playback.write(wrap(frames)) == 700
    engine.start()
    engine.advance(1024)
    assert b"".join(chunk.data for chunk in read_all(engine.capture))[:4 * 700] == frames


def test_numpy_arrays_are_taken_and_given(manual):
    numpy = pytest.importorskip("numpy")
    engine = manual(capture=True)
    frames = numpy.frombuffer(noise(4 * 700), dtype="<i2").reshape(-1, 2)
    every_other = numpy.repeat(frames, 2, axis=0)[::2]
    for given in frames, numpy.array(frames), every_other, numpy.asfortranarray(frames):
        assert engine.playback.write(given) == 700
        engine.start()
        engine.advance(1024)
        captured = b"".join(chunk.data for chunk in read_all(engine.capture))
        back = numpy.frombuffer(captured, dtype="<i2").reshape(-1, 2)[:700]
        assert (back == frames).all()
        engine.stop()


def test_a_buffer_is_given_back(manual):
    buffer = bytearray(4 * 256)
    manual().playback.write(buffer)
    buffer.clear()  # a BufferError if it were still held


def test_a_direction_that_is_not_there_is_refused(manual):
    only_playback, only_capture = manual(), manual(playback=False, capture=True)
    for use in (only_playback.capture.read, only_playback.capture.fileno,
                only_capture.playback.drain, only_capture.playback.fileno,
                lambda: only_capture.playback.write(bytes(4)), lambda: only_capture.playback.free):
        with pytest.raises(peal.EngineError, match="without (playback|capture)") as refusal:
            use()
        assert refusal.value.errno == errno.ENOTSUP


def test_advance_needs_a_manual_clock(engine):
    with pytest.raises(peal.EngineError) as refusal:
        engine.advance(1)
    assert refusal.value.errno == errno.ENOTSUP


def test_advance_moves_the_frame(manual):
    engine = manual(period=256)
    engine.advance(10**9)  # stopped: no time passes
    assert engine.frame == 0
    engine.start()
    before = engine.frame
    engine.advance(256 * 1000)
    assert engine.frame == before + 256 * 1000
    engine.advance(0)
    assert engine.frame == before + 256 * 1000


@pytest.mark.parametrize("frames, timeout", [(-1, 1), (1, -1), (1, float("nan")), (1, 1e300)])
def test_advance_refuses_what_is_none(manual, frames, timeout):
    with pytest.raises(ValueError):
        manual().advance(frames, timeout)
