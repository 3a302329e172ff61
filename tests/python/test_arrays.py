# SPDX-License-Identifier: MIT
"""Arrays in and out of the streams: every conversion against exact arithmetic."""

import array
import ctypes
import math
import random
import struct
from fractions import Fraction

import pytest
from conftest import PATIENCE
from peal import _abi, _samples

BITS = {"S16_LE": 16, "S24_LE": 24, "S24_3LE": 24, "S32_LE": 32, "FLOAT_LE": 0}
CODES = {"float32": "f", "float64": "d", "int16": "h", "int32": "i"}
NATIVE = {"int16": "S16_LE", "int32": "S32_LE", "float32": "FLOAT_LE"}


@pytest.fixture(params=["numpy", "plain"])
def way(request, monkeypatch):
    """With NumPy, and as it is where there is none."""
    if request.param == "plain":
        monkeypatch.setattr(_samples, "numpy", lambda: None)
    else:
        pytest.importorskip("numpy", reason="NumPy is not installed")
    return request.param


def values(dtype):
    """Samples of a dtype: its ends, what is halfway between two steps, and noise."""
    chance = random.Random(dtype)
    if dtype.startswith("int"):
        full = 2**(int(dtype[3:]) - 1)
        return [0, 1, -1, 127, 128, -128, -129, 255, 256, -257, full - 1, -full] + [
            chance.randrange(-full, full) for _ in range(500)]
    steps = [sign * (number + 0.5) / 2**(bits - 1) for bits in (16, 24, 32)
             for number in (0, 1, 2, 1000, 2**(bits - 1) - 2) for sign in (1, -1)]
    special = [0.0, -0.0, 1.0, -1.0, 1.5, -1.5, 1e30, -1e30, 5e-324, 1e-40,
               math.inf, -math.inf, math.nan, 1 - 2**-24, -1 + 2**-25]
    made = special + steps + [chance.uniform(-1.01, 1.01) for _ in range(500)]
    return [as_float32(value) for value in made] if dtype == "float32" else made + [3.5e38, -1e300]


def as_float32(value):
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def to_native(value, dtype, format):
    """The reference: exact fractions, one sample at a time."""
    bits = BITS[format]
    width = int(dtype[3:]) if dtype.startswith("int") else 0
    if not bits:
        exact = value if not width else Fraction(value, 2**(width - 1))
        return struct.pack("<f", as_float32(float(exact)))
    if width:
        whole = math.floor(Fraction(value) * Fraction(2)**(bits - width))
    elif math.isnan(value):
        whole = 0
    elif math.isinf(value):
        whole = 2**(bits - 1) - 1 if value > 0 else -2**(bits - 1)
    else:
        whole = round(Fraction(value) * 2**(bits - 1))  # half to even
        whole = min(max(whole, -2**(bits - 1)), 2**(bits - 1) - 1)
    return whole.to_bytes(_samples.FORMATS[format].bytes, "little", signed=True)


def captured(engine, frames):
    """What comes back of the frames that were written, as bytes."""
    engine.start()
    data = b""
    while len(data) < frames * engine.info.frame_bytes:
        engine.advance(engine.info.period_frames)
        while chunk := engine.capture.read():
            data += chunk.data
    return data[:frames * engine.info.frame_bytes]


@pytest.mark.parametrize("format", BITS)
@pytest.mark.parametrize("dtype", CODES)
def test_samples_are_converted_exactly(manual, way, dtype, format):
    samples = values(dtype)
    engine = manual(channels=1, format=format, capture=True, stream_frames=4096)
    assert engine.playback.write(array.array(CODES[dtype], samples)) == len(samples)
    expected = [to_native(sample, dtype, format) for sample in samples]
    got = captured(engine, len(samples))
    size = engine.info.sample_bytes
    assert [got[at:at + size] for at in range(0, len(got), size)] == expected


@pytest.mark.parametrize("format", BITS)
def test_frames_are_read_as_float32(manual, way, format):
    channels, bits = 3, BITS[format]
    size = _samples.FORMATS[format].bytes
    numbers = values(f"int{min(bits, 32)}") if bits in (16, 32) else [
        number >> 8 for number in values("int32")]
    if bits:
        raw = [number.to_bytes(size, "little", signed=True) for number in numbers]
        expected = [as_float32(float(Fraction(number, 2**(bits - 1)))) for number in numbers]
    else:
        expected = [value for value in values("float32") if value == value]
        raw = [struct.pack("<f", value) for value in expected]
    frames = len(raw) // channels
    engine = manual(channels=channels, format=format, capture=True)
    engine.playback.write(b"".join(raw[:frames * channels]))
    engine.start()
    engine.advance(1024)
    block = engine.capture.read(frames, PATIENCE)
    assert tuple(block.shape) == (frames, channels)
    assert (block.dtype == "float32") if way == "numpy" else (block.format == "f")
    flat = [sample for frame in block.tolist() for sample in frame]
    assert flat == expected[:frames * channels]


def test_the_fourth_byte_of_s24_le_is_none_of_ours(way):
    """Some devices leave anything in it."""
    for top in b"\0", b"\xff", b"\x5a":
        assert list(_samples.decode(memoryview(b"\x00\x00\x80" + top), "S24_LE")) == [-1.0]
        assert list(_samples.decode(memoryview(b"\x00\x00\x40" + top), "S24_LE")) == [0.5]


@pytest.mark.parametrize("dtype", CODES)
def test_arrays_of_two_dimensions(manual, way, dtype):
    samples = array.array(CODES[dtype], [0, 1, -1, 0, 1, 1, -1, -1])
    shaped = memoryview(samples).cast("B").cast(CODES[dtype], (4, 2))
    engine = manual(channels=2, format="S32_LE", capture=True)
    assert engine.playback.write(shaped) == 4
    assert captured(engine, 4) == b"".join(to_native(sample, dtype, "S32_LE")
                                           for sample in samples)


def test_arrays_of_numpy_however_they_lie(manual):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    plain = np.arange(600, dtype="i2").reshape(-1, 2) * 50
    apart = np.repeat(plain, 2, axis=0)[::2]
    locked = plain.copy()
    locked.flags.writeable = False
    engine = manual(channels=2, format="S16_LE", capture=True)
    for given in (plain, apart, np.asfortranarray(plain), locked, plain[::-1][::-1],
                  plain.astype(">i2"), plain.astype("<i4") << 16, plain / 2.0**15,
                  np.asfortranarray(plain / 2.0**15), (plain / 2.0**15).astype(">f4")):
        assert engine.playback.write(given) == 300
        assert captured(engine, 300) == plain.astype("<i2").tobytes()
        engine.stop()
        while engine.capture.read():
            pass


def test_the_other_byte_order_is_taken_too(manual, way):
    swapped = (ctypes.c_short.__ctype_be__ * 4)(1, -2, 3, 256)
    for format in "S16_LE", "FLOAT_LE":
        engine = manual(channels=1, format=format, capture=True)
        assert engine.playback.write(swapped) == 4
        assert captured(engine, 4) == b"".join(to_native(sample, "int16", format)
                                               for sample in (1, -2, 3, 256))


@pytest.mark.parametrize("dtype, format", NATIVE.items())
def test_native_samples_are_not_copied(manual, monkeypatch, dtype, format):
    seen = []
    write = _abi.lib.engine_playback_write
    monkeypatch.setattr(_abi.lib, "engine_playback_write",
                        lambda handle, start, count: seen.append(start) or write(
                            handle, start, count))
    engine = manual(channels=1, format=format)
    samples = array.array(CODES[dtype], range(100))
    start = samples.buffer_info()[0]
    raw = samples.tobytes()
    for given, address in [
            (samples, start), (memoryview(samples)[10:], start + 10 * samples.itemsize),
            (memoryview(samples).toreadonly(), start),
            (memoryview(samples).cast("B"), start), (raw, _abi.Pinned(raw).address)]:
        engine.playback.write(given)
        assert seen.pop() == address and not seen


def test_converting_takes_no_more_than_fits(manual, monkeypatch):
    """A write that does not wait does not convert an hour of which it can take 0.2 s."""
    converted = []
    encode = _samples.encode
    monkeypatch.setattr(_samples, "encode", lambda samples, *how: converted.append(
        len(samples)) or encode(samples, *how))
    engine = manual(channels=1, format="S16_LE", period=64, stream_frames=1024)
    room = engine.playback.free
    hour = memoryview(bytearray(4 * 10**6)).cast("f")
    assert engine.playback.write(hour) == room
    assert room <= sum(converted) <= room + 64


@pytest.mark.parametrize("dtype, code", [
    ("uint16", "H"), ("int8", "b"), ("uint32", "I"), ("int64", "q"), ("uint64", "Q")])
def test_a_dtype_that_is_not_taken_is_named_with_those_that_are(manual, dtype, code):
    for channels in 1, 2:
        with pytest.raises(TypeError, match=rf"float32.*int32.*S16_LE.*not {dtype}"):
            manual(channels=channels, format="S16_LE").playback.write(array.array(code, [0, 0]))


@pytest.mark.parametrize("dtype", ["float16", "complex64", "bool", "O", "datetime64[s]", "U3"])
def test_a_dtype_of_numpy_that_is_not_taken(manual, dtype):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    with pytest.raises(TypeError, match="float32"):
        manual(channels=1).playback.write(np.zeros(4, dtype=dtype))


def test_a_shape_that_does_not_fit_is_named_with_the_one_that_does(manual):
    stereo, mono = manual(channels=2), manual(channels=1)
    six = memoryview(bytes(4 * 6))
    for engine, shape, wanted in [
            (stereo, (6,), r"\(frames, 2\), not \(6,\)"),
            (stereo, (2, 3), r"\(frames, 2\), not \(2, 3\)"),
            (stereo, (3, 2, 1), r"\(frames, channels\), not \(3, 2, 1\)"),
            (mono, (3, 2), r"\(frames, 1\) or \(frames,\), not \(3, 2\)")]:
        with pytest.raises(ValueError, match=wanted):
            engine.playback.write(six.cast("f", shape))
        assert engine.playback.write(b"") == 0
    assert mono.playback.write(six.cast("f", (6, 1))) == 6
    assert mono.playback.write(six.cast("f")) == 6


def test_a_captured_chunk_can_be_played(manual):
    source = manual(channels=2, format="S24_LE", capture=True, period=64)
    frames = random.Random(3).randbytes(8 * 64)
    source.playback.write(frames)
    source.start()
    source.advance(64)
    chunk = source.capture.read()
    sink = manual(channels=2, format="S24_LE", capture=True, period=64)
    assert sink.playback.write(chunk) == 64
    assert captured(sink, 64) == frames
    with pytest.raises(ValueError, match="1 channels of S16_LE.*2 of S24_LE"):
        manual(channels=1, format="S16_LE").playback.write(chunk)


# Reading so many frames


@pytest.fixture
def ramp(manual):
    """ramp(frames, **arguments): a running engine in which frame F sounds like F + 1."""
    def make(frames, **arguments):
        engine = manual(**{"channels": 1, "format": "S32_LE", "capture": True, "period": 64,
                           "stream_frames": 1 << 14, **arguments})
        engine.playback.write(array.array("i", (number << 16 for number in range(1, frames + 1))))
        engine.start()
        return engine
    return make


def numbers(block):
    """The numbers of the frames in a block, None where one was lost."""
    return [None if math.isnan(sample) else round(sample * 2**15) for sample, in block.tolist()]


def test_read_gives_exactly_so_many_frames(ramp, way):
    engine = ramp(1000)
    engine.advance(1000)
    at = 1
    for count in 1, 63, 64, 65, 200, 1, 500:
        block = engine.capture.read(count, PATIENCE)
        assert numbers(block) == list(range(at, at + count))
        at += count


def test_read_gives_fewer_when_the_time_is_over(ramp, way):
    engine = ramp(100)
    assert len(engine.capture.read(10, timeout=0)) == 0
    engine.advance(64)
    assert numbers(engine.capture.read(100, timeout=0.01)) == list(range(1, 65))
    assert len(engine.capture.read(10**6, timeout=0)) == 0


def test_chunks_and_arrays_can_be_read_in_turns(ramp, way):
    engine = ramp(1000)
    engine.advance(256)
    assert numbers(engine.capture.read(100, PATIENCE)) == list(range(1, 101))
    rest = engine.capture.chunk()
    assert (rest.frame, rest.frames, rest.sequence, rest.gap) == (100, 28, 1, 0)
    assert list(memoryview(bytes(rest.data)).cast("i")) == [
        number << 16 for number in range(101, 129)]
    assert numbers(engine.capture.read(10, PATIENCE)) == list(range(129, 139))


def test_lost_frames_keep_their_place(ramp, way):
    engine = ramp(4096, stream_frames=512)
    engine.advance(64 * 32)
    kept = 64 * 32 - engine.stats.overrun_frames
    assert 0 < kept < 64 * 32
    first = engine.capture.read(kept, PATIENCE)
    assert None not in numbers(first)
    engine.advance(64)
    lost = 64 * 32 - kept
    assert numbers(engine.capture.read(lost - 10, PATIENCE)) == [None] * (lost - 10)
    silent = engine.capture.read(10, PATIENCE, 0.0)
    assert numbers(silent) == [0] * 10
    after = engine.capture.chunk()
    assert (after.frame, after.gap, after.frames) == (64 * 32, 0, 64)


def test_what_a_failing_read_has_taken_is_kept(ramp, monkeypatch):
    """Ctrl-C, say, in the middle of the wait."""
    engine = ramp(1000)
    engine.advance(128)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(engine._life, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            engine.capture.read(1000, PATIENCE)
    engine.advance(64 * 14)
    assert numbers(engine.capture.read(1000, PATIENCE)) == list(range(1, 1001))


@pytest.mark.parametrize("frames", ["1", 1.0, None.__class__])
def test_frames_must_be_an_integer(manual, frames):
    with pytest.raises(TypeError):
        manual(capture=True).capture.read(frames, timeout=0)
