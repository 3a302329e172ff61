# SPDX-License-Identifier: MIT
"""peal play: on the virtual card, and bit for bit into devices that are files."""

import math
import os
import random
import re
import signal
import struct
import wave
from pathlib import Path

import pytest

from conftest import CALM, stop_for

pytestmark = pytest.mark.usefixtures("needs_sound_files")

PLAYED = re.compile(
    r"played (\d+) frames \((\d+\.\d{3}) s\), (\d+) underrun frames, (\d+) xruns\n"
)
ALSA_SOUNDS = sorted(Path("/usr/share/sounds/alsa").glob("*.wav"))


def played(done):
    """Frames played; checks that the exit status tells of gaps, and of them alone."""
    match = PLAYED.fullmatch(done.stdout)
    assert match, (done.stdout, done.stderr)
    frames, _, underruns, xruns = match.groups()
    assert done.returncode == (1 if int(underruns) or int(xruns) else 0)
    return int(frames)


@pytest.mark.parametrize("frames", [0, 1, 1024, 1025, 14400])
def test_a_file_is_played_to_its_last_frame(peal, write_wav, frames):
    done = peal("play", "-D", "virtual", write_wav("a.wav", frames))
    assert played(done) == frames
    # all of it was handed over before the device started, and silence behind it is none
    assert ", 0 underrun frames, " in done.stdout


def test_the_summary_tells_the_time_at_the_rate_of_the_file(peal, write_wav):
    done = peal("play", "-D", "virtual", write_wav("a.wav", 11025, rate=44100, channels=1))
    assert done.stdout.startswith("played 11025 frames (0.250 s), ")


@pytest.mark.skipif(not ALSA_SOUNDS, reason="no sounds in /usr/share/sounds/alsa")
def test_a_sound_of_alsa_is_played(peal):
    with wave.open(str(ALSA_SOUNDS[0])) as file:
        frames = file.getnframes()
    assert played(peal("play", "-D", "virtual", ALSA_SOUNDS[0])) == frames


def test_small_periods_play_the_same_frames(peal, write_wav):
    path = write_wav("a.wav", 4801)
    assert played(peal("play", "-D", "virtual", "--period", 64, "--periods", 16, path)) == 4801


def test_samples_of_16_bits_arrive_untouched(peal, write_wav, file_devices):
    data = random.Random(1).randbytes(5000 * 4)
    peal("play", "-D", "tofile", write_wav("a.wav", 5000, data=data))
    assert data in file_devices.read_bytes()


def test_samples_of_8_bits_become_16(peal, write_wav, file_devices):
    data = bytes(range(256))
    peal("play", "-D", "tofile", write_wav("a.wav", 256, width=1, channels=1, data=data))
    assert struct.pack("<256h", *((u - 128) << 8 for u in data)) in file_devices.read_bytes()


def signed_24(data):
    return [int.from_bytes(data[i : i + 3], "little", signed=True) for i in range(0, len(data), 3)]


def test_samples_of_24_bits_arrive_in_the_low_three_of_four_bytes(
    peal, write_wav, file_devices
):
    data = random.Random(2).randbytes(5000 * 3)
    peal("play", "-D", "tofile", write_wav("a.wav", 5000, width=3, channels=1, data=data))
    assert struct.pack("<5000i", *signed_24(data)) in file_devices.read_bytes()


def test_samples_of_24_bits_become_floats_when_the_device_takes_nothing_else(
    peal, write_wav, file_devices
):
    data = random.Random(3).randbytes(5000 * 3)
    peal("play", "-D", "tofile_float", write_wav("a.wav", 5000, width=3, channels=1, data=data))
    # the device turned them into 32-bit integers: the 24 bits came through its floats
    expected = struct.pack("<5000i", *(sample << 8 for sample in signed_24(data)))
    assert expected in file_devices.read_bytes()


def test_samples_of_32_bits_arrive_untouched(peal, write_wav, file_devices):
    data = random.Random(4).randbytes(5000 * 4)
    peal("play", "-D", "tofile", write_wav("a.wav", 5000, width=4, channels=1, data=data))
    assert data in file_devices.read_bytes()


@pytest.mark.parametrize(
    "name, format",
    [("a.flac", 0x170002), ("a.aiff", 0x020002), ("a.au", 0x030002), ("a.caf", 0x180002)],
)
def test_every_kind_of_file_arrives_untouched(peal, write_sound, file_devices, name, format):
    whole = random.Random(6)
    samples = [whole.randrange(-(2**15), 2**15) for _ in range(10000)]  # more than one block
    done = peal("play", "-D", "tofile", write_sound(name, format, samples))
    assert played(done) == 10000
    assert struct.pack("<10000h", *samples) in file_devices.read_bytes()


@pytest.mark.parametrize("name, format", [("a.ogg", 0x200060), ("a.opus", 0x200064)])
def test_a_compressed_file_arrives_nearly_untouched(peal, write_sound, file_devices, name, format):
    samples = [round(16384 * math.sin(math.tau * 440 * n / 48000)) for n in range(48000)]
    done = peal("play", "-D", "tofile", write_sound(name, format, samples))
    assert played(done) == 48000
    data = file_devices.read_bytes()
    heard = struct.unpack(f"<{len(data) // 4}f", data)[10000:40000]
    error = max(abs(a - b / 32768) for a, b in zip(heard, samples[10000:40000]))
    assert error < 0.05


def test_floats_arrive_untouched(peal, write_float_wav, file_devices):
    samples = [random.Random(5).uniform(-1, 1) for _ in range(5000)]
    peal("play", "-D", "tofile", write_float_wav("a.wav", samples))
    assert struct.pack("<5000f", *samples) in file_devices.read_bytes()


def test_floats_are_scaled_by_full_scale_and_clipped_for_a_device_of_integers(
    peal, write_float_wav, file_devices
):
    """Not by the file's own peak: a quiet file stays quiet."""
    samples = [0.5, -0.5, 0.25, 1.0, -1.0, 1.5, -1.5, float("nan"), float("inf"), 2**-31]
    peal("play", "-D", "tofile_linear", write_float_wav("a.wav", samples))
    high, low = 2**31 - 1, -(2**31)
    expected = [2**30, -(2**30), 2**29, high, low, high, low, 0, high, 1]
    assert struct.pack("<10i", *expected) in file_devices.read_bytes()


@pytest.fixture
def long_wav(write_wav):
    """Ten minutes of silence."""
    return write_wav("long.wav", 28800000, channels=1, width=1, data=bytes([128]) * 28800000)


def test_an_interrupt_stops_at_once(start, long_wav):
    running = start("play", "-D", "virtual", long_wav)
    running.wait_shown(r"K[0-9.]+[1-9] of 600\.0 s, stream \d+ % full, \d+ xruns")
    assert 0 < played(running.end(signal.SIGINT)) < 28800000


def test_an_xrun_is_told_and_is_a_failure(start, long_wav):
    running = start("play", "-D", "virtual", long_wav)
    running.wait_shown(r"K[0-9.]+[1-9] of 600\.0 s")
    stop_for(running.process, 0.5)
    running.wait_shown(r"peal: play: xrun at frame \d+, \d+ frames lost")
    done = running.end(signal.SIGINT)
    assert int(PLAYED.fullmatch(done.stdout)[4]) > 0
    assert done.returncode == 1


def test_progress_is_for_terminals(peal, write_wav):
    assert peal("play", *CALM, write_wav("a.wav", 14400)).stderr == ""


def refused(done):
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("peal: ")
    return done.stderr


def test_a_missing_file_is_told(peal, tmp_path):
    path = tmp_path / "none.wav"
    sentence = refused(peal("play", "-D", "virtual", path))
    assert sentence == f"peal: {path}: No such file or directory\n"


def test_a_file_without_sound_is_told(peal):
    assert __file__ in refused(peal("play", "-D", "virtual", __file__))


def test_a_folder_and_a_pipe_are_not_files(peal, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused(peal("play", "-D", "virtual", tmp_path / "pipe"))
    assert "not a regular file" in refused(peal("play", "-D", "virtual", tmp_path))


def test_a_cut_off_file_is_played_as_far_as_it_goes(peal, write_wav):
    path = write_wav("a.wav", 4800)
    os.truncate(path, 44 + 1200 * 4 + 3)
    assert played(peal("play", "-D", "virtual", path)) == 1200


def test_a_rate_that_is_refused_is_told(peal, write_wav):
    sentence = refused(peal("play", "-D", "virtual", write_wav("a.wav", 100, rate=500)))
    assert "rate" in sentence and "500" in sentence


def test_channels_that_are_refused_are_told_with_what_converts(peal, write_wav, file_devices):
    """Whatever formats were tried before: the sentence is about the channels."""
    path = write_wav("a.wav", 100, channels=1, width=3)
    sentence = refused(peal("play", "-D", "hw:Bell", path))
    assert re.search(r"1 channels? refused by hw:Bell", sentence)
    assert "plughw:Bell would convert" in sentence


def test_a_named_device_is_never_replaced(peal, write_wav):
    sentence = refused(peal("play", "-D", "hw:CARD=nosuchcard", write_wav("a.wav", 100)))
    assert "nosuchcard" in sentence


def test_the_virtual_card_must_be_named(peal, write_wav, no_card):
    refused(peal("play", write_wav("a.wav", 100)))


def test_a_device_whose_clock_stands_still_is_told(peal, write_wav):
    done = peal("play", "-D", "virtual:clock=manual", write_wav("a.wav", 4800))
    assert done.returncode == 1
    assert "the device stands still" in done.stderr
    assert done.stdout.startswith("played ")
