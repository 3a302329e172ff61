# SPDX-License-Identifier: MIT
"""peal record: from the virtual card, and bit for bit from a device that is a file."""

import random
import re
import resource
import shutil
import signal
import struct
import subprocess
import wave

import pytest

from conftest import CALM, stop_for

pytestmark = pytest.mark.usefixtures("needs_sound_files")

RECORDED = re.compile(
    r"recorded (\d+) frames \([\d.]+ s\) to \S+, (\d+) of them silence for lost ones, "
    r"(\d+) xruns(?: \(([^)]+)\))?\n"
)


def recorded(done):
    """Frames recorded; checks that the exit status tells of losses, and of them alone."""
    match = RECORDED.fullmatch(done.stdout)
    assert match, (done.stdout, done.stderr)
    frames, silence, xruns = map(int, match.group(1, 2, 3))
    assert done.returncode == (1 if silence or xruns else 0)
    return frames


def frames_in(path):
    with wave.open(str(path)) as file:
        data = file.readframes(1 << 30)
        assert len(data) == file.getnframes() * file.getnchannels() * file.getsampwidth()
        return file.getnframes()


def test_silence_of_the_virtual_card_is_recorded_to_the_frame(peal, tmp_path):
    path = tmp_path / "take.wav"
    done = peal("record", "-D", "virtual", "-d", "0.3", "-r", 44100, "-c", 1, path)
    assert recorded(done) == 13230
    assert f" to {path}, " in done.stdout
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 44100, 13230)
        assert file.readframes(20000) == bytes(13230 * 2)


@pytest.mark.parametrize(
    "name, width, packed",
    [
        ("S16_LE", 2, lambda s: struct.pack("<h", s >> 16)),
        ("S24_LE", 3, lambda s: struct.pack("<i", s >> 8)),
        ("s24_3le", 3, lambda s: struct.pack("<i", s >> 8)[:3]),
        ("S32_LE", 4, lambda s: struct.pack("<i", s)),
    ],
)
def test_integers_are_recorded_bit_for_bit(peal, tmp_path, file_devices, name, width, packed):
    rng = random.Random(6)
    samples = [rng.randrange(-(2**31), 2**31) for _ in range(20000)]
    file_devices.write_bytes(b"".join(map(packed, samples)))
    path = tmp_path / "take.wav"
    peal("record", "-D", "fromfile", "-c", 2, "-f", name, "-d", "0.1", path)
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (2, width, 48000, 4800)
        data = file.readframes(4800)
    expected = b"".join(struct.pack("<i", s)[4 - width :] for s in samples)
    assert data == expected[: len(data)]


def test_a_junk_fourth_byte_of_s24_le_does_not_reach_the_file(peal, tmp_path, file_devices):
    file_devices.write_bytes(b"\x01\x02\x03\xaa" * 20000)
    path = tmp_path / "take.wav"
    peal("record", "-D", "fromfile", "-c", 1, "-f", "S24_LE", "-d", "0.1", path)
    with wave.open(str(path)) as file:
        assert file.readframes(4800) == b"\x01\x02\x03" * 4800


def test_floats_are_recorded_bit_for_bit(peal, tmp_path, file_devices):
    rng = random.Random(7)
    data = struct.pack("<9600f", *(rng.uniform(-2, 2) for _ in range(9600)))
    file_devices.write_bytes(data * 2)
    path = tmp_path / "take.wav"
    peal("record", "-D", "fromfile", "-c", 2, "-f", "FLOAT_LE", "-d", "0.1", path)
    assert data in path.read_bytes()


def test_a_name_in_rf64_makes_such_a_file(peal, tmp_path):
    path = tmp_path / "take.RF64"
    peal("record", "-D", "virtual", "-d", "0.1", path)
    assert path.read_bytes()[:4] == b"RF64"
    assert len(path.read_bytes()) >= 4800 * 4


def test_an_interrupt_leaves_a_complete_file(start, tmp_path):
    path = tmp_path / "take.wav"
    running = start("record", "-D", "virtual", path)
    running.wait_shown(r"K[0-9.]+[1-9] s, \d+ frames lost")
    assert recorded(running.end(signal.SIGINT)) == frames_in(path) > 0


@pytest.mark.parametrize("seconds", [0, 2])
def test_even_a_kill_leaves_a_file_that_can_be_played(start, tmp_path, seconds):
    path = tmp_path / "take.wav"
    running = start("record", "-D", "virtual", path)
    frames = int(float(running.wait_shown(rf"K({seconds}\.[1-9]) s, \d+ frames lost")[1]) * 48000)
    running.end(signal.SIGKILL)
    with wave.open(str(path)) as file:
        assert max(1, frames - 48000 - 4096) <= file.getnframes()


def test_a_full_disk_is_told_and_leaves_a_file_that_can_be_played(peal, tmp_path):
    """A limit on the size of files stands in for the disk: the same write fails."""
    path = tmp_path / "take.wav"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50001, 50001))  # noqa: E731
    done = peal("record", *CALM, "-d", 60, path, preexec_fn=limit)
    assert done.returncode == 1
    assert f"peal: {path}: " in done.stderr
    assert "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert 0 < int(RECORDED.fullmatch(done.stdout)[1]) <= frames_in(path) <= 12500


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]
    if not shutil.which("mount"):
        pytest.skip("no mount here")
    if (done := subprocess.run(mount, capture_output=True, text=True)).returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full_too(peal, small_disk):
    path = small_disk / "take.wav"
    done = peal("record", *CALM, "-d", 60, path)
    assert done.returncode == 1
    assert f"peal: {path}: " in done.stderr and "No space left on device" in done.stderr
    assert done.stderr.count("\n") == 1
    assert 20000 < int(RECORDED.fullmatch(done.stdout)[1]) <= frames_in(path) <= 32768


def test_lost_frames_are_silence_of_the_same_length(start, tmp_path):
    path = tmp_path / "take.wav"
    running = start("record", "-D", "virtual", "-d", 2, path)
    running.wait_shown(r"K[0-9.]+[1-9] s, \d+ frames lost")
    stop_for(running.process, 0.5)
    running.wait_shown(r"peal: record: \d+ frames lost at \d\.\d{3} s")
    done = running.end()
    assert done.returncode == 1
    assert recorded(done) == frames_in(path) == 96000
    silence, xruns = map(int, RECORDED.fullmatch(done.stdout).group(2, 3))
    assert silence > 0 and xruns > 0
    # a process that was stopped is one that was woken late; what else there was, the machine did
    assert re.search(r"\d+ woken late", RECORDED.fullmatch(done.stdout)[4])


def test_what_a_device_does_is_told_with_its_cause(start, tmp_path):
    path = tmp_path / "take.wav"
    # a buffer so long that no busy machine is late for it
    running = start("record", "-D", "virtual:fault=xrun@4800,stuck@62400,go@96000,unplug@120000",
                    "--period", 4096, "--periods", 8, "-d", 60, path)
    running.wait_shown(r"peal: record: xrun at frame \d+, \d+ frames lost \(the device's own\)")
    running.wait_shown(r"peal: record: the device stands still at frame \d+\r")
    running.wait_shown(r"peal: record: the device was lost at frame \d+ "
                       r"\(unplugged, or its server has ended(: [^)]+)?\)")
    done = running.end()
    assert done.returncode == 1
    assert "1 the device's own" in RECORDED.fullmatch(done.stdout)[4]
    assert "the device is gone" in done.stderr


def test_an_existing_file_is_overwritten(peal, tmp_path):
    path = tmp_path / "take.wav"
    path.write_bytes(b"x" * 1000000)
    peal("record", "-D", "virtual", "-d", "0.1", path)
    assert frames_in(path) == 4800
    assert path.stat().st_size < 100000


def refused(done, *, but):
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("peal: ")
    assert not but.exists()
    return done.stderr


def test_a_refused_device_leaves_no_file(peal, tmp_path):
    path = tmp_path / "take.wav"
    assert "nosuchcard" in refused(
        peal("record", "-D", "hw:CARD=nosuchcard", "-d", 1, path), but=path
    )


def test_the_virtual_card_must_be_named(peal, tmp_path, no_card):
    refused(peal("record", "-d", 1, tmp_path / "take.wav"), but=tmp_path / "take.wav")


def test_a_folder_that_does_not_exist_is_told(peal, tmp_path):
    path = tmp_path / "none" / "take.wav"
    assert "No such file or directory" in refused(
        peal("record", "-D", "virtual", "-d", 1, path), but=path
    )


def test_what_is_not_a_file_is_not_recorded_to(peal):
    done = peal("record", "-D", "virtual", "-d", 1, "/dev/null")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "peal: /dev/null: not a regular file\n"


def test_more_than_a_wav_file_holds_is_refused_before_it_begins(peal, tmp_path):
    path = tmp_path / "take.wav"
    assert "4 GiB" in refused(peal("record", "-D", "virtual", "-d", 100000, path), but=path)


def test_a_device_whose_clock_stands_still_is_told(peal, tmp_path):
    done = peal("record", "-D", "virtual:clock=manual", tmp_path / "take.wav")
    assert done.returncode == 1
    assert "the device stands still" in done.stderr
    assert done.stdout.startswith("recorded 0 frames")
    assert frames_in(tmp_path / "take.wav") == 0
