# SPDX-License-Identifier: MIT
"""The examples and the demo run to their end and say what they should."""

import re
import subprocess
import sys
import wave

import pytest
from conftest import PATIENCE, TOP, environment

EXAMPLES = {
    "ping.py": r"pong at frame \d+ after \d+ us, wake=False\n.*wake=True\n$",
    # Where the machine was too busy to play on, it must say so.
    "play_and_capture.py":
        r"48000 frames played; captured back: (True; 0|False; [1-9]\d*) xruns\n$",
    "asyncio_pongs.py": r"(pong \d after \d+\.\d ms\n){5}$",
    "asyncio_capture.py": r"(pong at frame \d+ after \d+\.\d ms\n){3}\d{5} frames heard; "
                          r"healthy: (True|False)\n$",
    "numpy_sine.py": r"48000 frames recorded as float32, the loudest frequency is 440 Hz\n$",
    "threads.py": r"(thread \d: median round trip \d+ us\n){4}$",
    "events.py": r"Stats\(cycles=\d+, .*\)\n$",
    "sampler.py": r"32 strokes played, \d+ of them late\n$",
    "devices.py": r"virtual: playback and capture\n.*\n$",
}


def run(name, *arguments):
    return subprocess.run([sys.executable, str(TOP / "ctypes/examples" / name), *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE, env=environment())


def test_every_example_is_tried():
    names = {path.name for path in (TOP / "ctypes/examples").glob("*.py")}
    assert names == {*EXAMPLES, "demo.py"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name):
    if name.startswith("numpy"):
        pytest.importorskip("numpy", reason="NumPy is not installed")
    done = run(name)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(EXAMPLES[name], done.stdout), done.stdout


@pytest.fixture
def wav(tmp_path):
    def write(frames, *, width=2, channels=2, rate=48000):
        path = tmp_path / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((channels, width, rate, 0, "NONE", ""))
            size = frames * width * channels
            file.writeframes(bytes(index * 7 % 251 for index in range(size)))
        return str(path)
    return write


@pytest.mark.parametrize("form", [{}, dict(channels=1, width=3), dict(rate=8000, width=4)])
def test_demo_plays_and_compares(wav, form):
    done = run("demo.py", wav(20000, **form), "--device", "virtual")
    assert done.stderr == ""
    shifted = "what came back is shifted" in done.stdout  # this machine was too busy, and told
    assert done.returncode == (1 if shifted else 0), done.stdout
    assert shifted or "20000 frames played" in done.stdout
    assert re.search(r"pings +\d+ with a wake: +min \d+, median \d+, p99 \d+, max \d+ us",
                     done.stdout)


@pytest.mark.parametrize("content, said", [
    (b"", "no WAV file"), (b"RIFF\0\0\0\0WAVE", "no WAV file"), (b"text", "no WAV file")])
def test_demo_refuses_what_is_no_wav_file(tmp_path, content, said):
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    done = run("demo.py", str(path))
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


def test_demo_refuses_what_it_cannot_play(wav, tmp_path):
    assert "8 bit" in run("demo.py", wav(100, width=1)).stderr
    assert "no frames" in run("demo.py", wav(0)).stderr
    assert "not there" in run("demo.py", str(tmp_path / "none.wav")).stderr
    done = run("demo.py", wav(100), "--device", "nosuchdevice")
    assert done.returncode == 1 and "nosuchdevice" in done.stderr
