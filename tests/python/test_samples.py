# SPDX-License-Identifier: MIT
"""Samples: loaded from arrays and files, converted, replaced and unloaded."""

import array
import errno
import math
import os
import pathlib
import random
import threading
import wave

import peal
import pytest
from conftest import PATIENCE

NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture
def player(manual):
    """player(**arguments): a mono engine of floats whose clock the test moves."""
    return lambda **arguments: manual(**{
        "channels": 1, "format": "FLOAT_LE", "capture": True, "period": 64,
        "stream_frames": 1 << 17, **arguments})


@pytest.fixture
def played(player):
    """played(source, **arguments): what a sample of it sounds like, and the sample."""
    def play(source, channels=1, **arguments):
        engine = player(channels=channels)
        sample = engine.load_sample(5, source, **arguments)
        assert sample.number == 5
        voice = engine.play_sample(5, at=1)
        engine.ping(timeout=PATIENCE, wake=True)
        engine.start()
        count = (sample.frames // 64 + 2) * 64
        engine.advance(count)
        captured = engine.capture.read(count, timeout=PATIENCE).tolist()
        assert voice.wait(PATIENCE) is peal.End.FINISHED
        assert voice.frames == sample.frames
        assert not any(map(any, captured[1 + sample.frames:]))
        heard = captured[1:1 + sample.frames]
        return [frame[0] for frame in heard] if channels == 1 else heard, sample
    return play


@pytest.fixture
def write_wav(tmp_path):
    def write(samples, *, width=2, rate=48000, channels=1):
        path = tmp_path / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((channels, width, rate, 0, "NONE", ""))
            file.writeframes(samples)
        return path
    return write


def optional(load, *arguments, **keywords):
    """Load, or skip where the library was built without what that needs."""
    try:
        return load(*arguments, **keywords)
    except peal.EngineError as refusal:
        if refusal.errno != errno.ENOSYS:
            raise
        pytest.skip(refusal.strerror)


def refused(load, *arguments, **keywords):
    with pytest.raises(peal.EngineError) as refusal:
        optional(load, *arguments, **keywords)
    return refusal.value


# Arrays


@pytest.mark.parametrize("samples, full", [
    (array.array("h", [0, 1, -1, 32767, -32768]), 2**15),
    (array.array("i", [0, 1 << 8, -1 << 8, 0x7FFFFF << 8, -2**31]), 2**31),
    (array.array("f", [0.0, 0.5, -0.5, 1.0, -1.0]), 1),
    (array.array("d", [0.0, 0.5, -0.5, 1.0, -1.0]), 1),
])
def test_arrays_of_each_kind_are_played_as_they_are(played, samples, full):
    heard, sample = played(samples)
    assert heard == [value / full for value in samples]
    assert (sample.frames, sample.source_frames, sample.channels) == (5, 5, 1)
    assert (sample.rate, sample.source_rate, sample.silenced) == (48000, 48000, 0)
    assert sample.duration == 5 / 48000
    assert sample.bytes >= 5 * 4


def test_channels_are_kept_apart(played):
    frames = [(0.25, -0.25), (0.5, -0.5), (1.0, -1.0)]
    flat = array.array("f", [value for frame in frames for value in frame])
    heard, sample = played(memoryview(flat).cast("B").cast("f", (3, 2)), channels=2)
    assert [tuple(frame) for frame in heard] == frames
    assert sample.channels == 2


def test_numpy_arrays_of_any_layout_are_taken(player):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    engine = player()
    noise = np.random.default_rng(1).uniform(-1, 1, (1000, 2)).astype("f4")
    wide = np.ascontiguousarray(noise.T)
    for array_ in (noise, wide.T, noise[::2], noise.astype(">f4"), noise.astype("f8"),
                   (noise * 32767).astype("i2"), noise[:, 0], noise[:0:-1]):
        sample = engine.load_sample(0, array_)
        assert (sample.frames, sample.channels) == (len(array_), 2 if array_.ndim == 2 else 1)
    engine.play_sample(engine.load_sample(1, noise[::-2, 0]).number, at=1)
    engine.ping(timeout=PATIENCE, wake=True)
    engine.start()
    engine.advance(640)
    assert (engine.capture.read(501, timeout=PATIENCE)[1:, 0] == noise[::-2, 0]).all()


def test_the_array_is_copied(player):
    engine = player()
    source = array.array("f", [1.0])
    engine.load_sample(0, source)
    source[0] = 0.5
    source.append(2.0)  # and is not held
    engine.play_sample(0, at=1)
    engine.ping(timeout=PATIENCE, wake=True)
    engine.start()
    engine.advance(64)
    assert engine.capture.read(2, timeout=PATIENCE).tolist() == [[0.0], [1.0]]


def test_what_is_not_finite_is_silence_and_is_counted(played):
    heard, sample = played(array.array("f", [1.0, NAN, INFINITE, -INFINITE, 0.5]))
    assert heard == [1.0, 0.0, 0.0, 0.0, 0.5]
    assert sample.silenced == 3


def test_what_was_captured_can_be_played(player):
    engine = player()
    engine.playback.write(array.array("f", [0.25, 0.5]))
    engine.start()
    engine.advance(64)
    sample = engine.load_sample(0, engine.capture.read())
    assert (sample.frames, sample.channels) == (64, 1)
    before = engine.frame
    voice = engine.play_sample(0, at=before + 64)
    engine.advance(256)
    assert voice.wait_started(PATIENCE) == before + 64
    engine.capture.read(before, timeout=PATIENCE)  # from 64 on
    engine.advance(256)
    assert engine.capture.read(2, timeout=PATIENCE).tolist() == [[0.25], [0.5]]


@pytest.mark.parametrize("rate, to_rate", [(44100, 48000), (48000, 44100), (8000, 48000)])
def test_another_rate_is_converted(player, rate, to_rate):
    """A sine stays one of the same frequency, amplitude and phase."""
    seconds, pitch = 0.25, 440
    source = array.array("f", (0.5 * math.sin(math.tau * pitch * frame / rate)
                               for frame in range(int(rate * seconds))))
    engine = player(rate=to_rate)
    sample = optional(engine.load_sample, 0, source, rate)
    assert (sample.rate, sample.source_rate) == (to_rate, rate)
    assert sample.source_frames == len(source)
    assert abs(sample.frames - to_rate * seconds) <= 1
    assert sample.duration == pytest.approx(seconds, abs=1e-3)
    engine.play_sample(0, at=1)
    engine.ping(timeout=PATIENCE, wake=True)
    engine.start()
    engine.advance(sample.frames // 64 * 64)
    heard = engine.capture.read(sample.frames // 64 * 64, timeout=PATIENCE).tolist()
    for frame in range(2000, 8000):  # away from the ends
        expected = 0.5 * math.sin(math.tau * pitch * (frame - 1) / to_rate)
        assert heard[frame][0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("samples, sentence", [
    (b"\0\0\0\0", "not of bytes"), (bytearray(8), "bytes"), (array.array("b", [1]), "int8"),
    (array.array("H", [1]), "uint16"), (array.array("q", [1]), "int64"), ([1.0], "'list'"),
    (None, "'NoneType'"), (1.0, "'float'"),
])
def test_what_is_no_sound_is_refused(player, samples, sentence):
    with pytest.raises(TypeError, match=sentence):
        player().load_sample(0, samples)


def test_shapes_that_are_none_are_refused(player):
    engine = player()
    cube = memoryview(bytes(32)).cast("B").cast("f", (2, 2, 2))
    with pytest.raises(ValueError, match="shape"):
        engine.load_sample(0, cube)
    with pytest.raises(ValueError, match="at least one frame"):
        engine.load_sample(0, array.array("f"))
    wide = memoryview(bytes(4 * 257)).cast("B").cast("f", (1, 257))
    assert refused(engine.load_sample, 0, wide).errno == errno.EINVAL


@pytest.mark.parametrize("rate", [0, -1, 2**32])
def test_a_rate_that_is_none_is_refused(player, rate):
    with pytest.raises(ValueError, match="rate"):
        player().load_sample(0, array.array("f", [1.0]), rate)


def test_a_rate_out_of_range_is_refused(player):
    refusal = refused(player().load_sample, 0, array.array("f", [1.0]), 999)
    assert refusal.errno == errno.EINVAL and "999" in refusal.strerror


def test_a_rate_that_is_no_integer_is_refused(player):
    with pytest.raises(TypeError):
        player().load_sample(0, array.array("f", [1.0]), "fast")


@pytest.mark.parametrize("number", [-1, 1024, 2**32, 2**64])
def test_a_number_out_of_range_is_refused(player, number):
    engine = player()
    for call in (lambda: engine.load_sample(number, array.array("f", [1.0])),
                 lambda: engine.unload_sample(number)):
        with pytest.raises(ValueError, match=r"0\.\.1023"):
            call()


def test_how_many_numbers_there_are_can_be_set(player):
    engine = player(samples=3)
    assert engine.info.samples == 3
    engine.load_sample(2, array.array("f", [1.0]))
    with pytest.raises(ValueError, match=r"0\.\.2"):
        engine.load_sample(3, array.array("f", [1.0]))


def test_an_engine_that_only_captures_loads_nothing(manual):
    engine = manual(playback=False, capture=True)
    assert (engine.info.voices, engine.info.samples) == (0, 0)
    assert refused(engine.load_sample, 0, array.array("f", [1.0])).errno == errno.ENOTSUP
    assert refused(engine.unload_sample, 0).errno == errno.ENOTSUP


def test_a_closed_engine_loads_nothing(player):
    engine = player()
    sample = engine.load_sample(0, array.array("f", [1.0]))
    engine.close()
    for call in (lambda: engine.load_sample(0, array.array("f", [1.0])), sample.unload,
                 lambda: engine.unload_sample(0)):
        assert refused(call).errno == errno.EBADF


# Files


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_a_file_is_played_as_it_is(played, write_wav, kind):
    whole = random.Random(1)
    samples = array.array("h", (whole.randrange(-2**15, 2**15) for _ in range(5000)))
    heard, sample = optional(played, kind(write_wav(samples.tobytes())))
    assert heard == [value / 2**15 for value in samples]
    assert (sample.frames, sample.channels, sample.source_rate) == (5000, 1, 48000)


def test_a_file_of_another_rate_is_converted(player, write_wav):
    path = write_wav(bytes(2 * 2 * 44100), rate=44100, channels=2)
    sample = optional(player().load_sample, 0, path)
    assert (sample.rate, sample.source_rate, sample.channels) == (48000, 44100, 2)
    assert abs(sample.frames - 48000) <= 1


def test_files_that_are_none_are_refused(player, write_wav, tmp_path):
    engine = player()
    text = tmp_path / "text.wav"
    text.write_text("no sound\n")
    assert refused(engine.load_sample, 0, tmp_path / "none.wav").errno == errno.ENOENT
    assert refused(engine.load_sample, 0, text).errno == errno.EILSEQ
    assert refused(engine.load_sample, 0, write_wav(b"")).errno == errno.ENODATA
    with pytest.raises(ValueError, match="null"):
        engine.load_sample(0, "a\0.wav")
    with pytest.raises(ValueError, match="a file has its own"):
        engine.load_sample(0, str(text), 48000)
    assert refused(engine.unload_sample, 0).errno == peal.ENOSAMPLE


def test_a_file_that_was_cut_off_is_played_as_far_as_it_goes(player, write_wav):
    path = write_wav(bytes(2 * 4800))
    os.truncate(path, 44 + 2 * 1000)
    assert optional(player().load_sample, 0, path).frames == 1000


# Numbers


def test_a_replaced_sample_is_played_to_its_end(player):
    engine = player()
    engine.load_sample(0, array.array("f", [0.25]) * 1000)
    old = engine.play_sample(0, at=1)
    engine.ping(timeout=PATIENCE, wake=True)
    engine.start()
    engine.advance(64)
    assert old.wait_started(PATIENCE) == 1
    engine.load_sample(0, array.array("f", [0.5]) * 1000)
    engine.play_sample(0, at=500)
    engine.advance(1984)
    heard = [frame[0] for frame in engine.capture.read(1600, timeout=PATIENCE).tolist()]
    assert heard == [0.0] + [0.25] * 499 + [0.75] * 501 + [0.5] * 499 + [0.0] * 100
    assert old.wait(PATIENCE) is peal.End.FINISHED


def test_an_unloaded_sample_is_played_to_its_end_and_not_again(player):
    engine = player()
    sample = engine.load_sample(0, array.array("f", [0.5]) * 1000)
    old = engine.play_sample(0, at=1)
    engine.ping(timeout=PATIENCE, wake=True)
    engine.start()
    engine.advance(64)
    assert old.wait_started(PATIENCE) == 1
    sample.unload()
    again = engine.play_sample(0)
    engine.advance(2048)
    assert old.wait(PATIENCE) is peal.End.FINISHED and old.frames == 1000
    assert refused(again.wait, PATIENCE).errno == peal.ENOSAMPLE
    assert refused(engine.unload_sample, 0).errno == peal.ENOSAMPLE
    sample.unload()  # again: nothing to do


def test_a_replaced_sample_does_not_unload_the_one_in_its_place(player):
    engine = player()
    first, second = (engine.load_sample(0, array.array("f", [1.0])) for _ in range(2))
    assert first == second
    first.unload()
    voice = engine.play_sample(0)
    engine.start()
    engine.advance(640)
    assert voice.wait(PATIENCE) is peal.End.FINISHED
    second.unload()
    assert refused(engine.unload_sample, 0).errno == peal.ENOSAMPLE


def test_samples_are_loaded_and_played_by_threads_at_once(engine):
    """On the card in real time: nobody waits for the audio thread, and none gets a wrong one."""
    failures = []

    def work(number):
        try:
            for round in range(30):
                engine.load_sample(number, array.array("f", [0.0]) * (number * 100 + 100))
                voice = engine.play_sample(number)
                assert voice.wait(PATIENCE) is peal.End.FINISHED
                assert voice.frames == number * 100 + 100
                if round % 3 == 0:
                    engine.unload_sample(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_a_sample_tells_about_itself(player):
    sample = player().load_sample(7, array.array("f", [1.0] * 480))
    assert "number=7" in repr(sample) and "frames=480" in repr(sample)
    assert sample.duration == 0.01
    assert isinstance(sample.locked, bool)
