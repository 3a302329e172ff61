# SPDX-License-Identifier: MIT
"""The virtual card and its faults as an ALSA plugin, under alsa-utils' aplay and arecord.

Of real time only lower bounds are checked.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import COMMAND, PATIENCE

PLUGIN = Path(
    os.environ.get("PEAL_PLUGIN", Path(COMMAND).parent / "libasound_module_pcm_peal.so")
).resolve()
RATE = 48000
RAW = ("-q", "-t", "raw", "-f", "S16_LE", "-c", "2", "-r", str(RATE))
FRAME_BYTES = 4

pytestmark = [
    pytest.mark.skipif(not shutil.which("aplay"), reason="alsa-utils is not installed"),
    pytest.mark.skipif(not PLUGIN.exists(), reason=f"no {PLUGIN}: run make plugin first"),
    pytest.mark.skipif(
        bool(os.environ.get("SANITIZE")), reason="aplay cannot load a plugin with a sanitizer"
    ),
]


@pytest.fixture
def configure(tmp_path):
    """configure(settings) is the environment of a program for which "card" is our PCM."""

    def configure(settings):
        path = tmp_path / "asound.conf"
        path.write_text(
            f'pcm_type.peal {{ lib "{PLUGIN}" }}\npcm.card {{ type peal {settings} }}\n'
        )
        return {"PATH": os.environ["PATH"], "LC_ALL": "C", "ALSA_CONFIG_PATH": str(path)}

    return configure


@pytest.fixture
def run(configure):
    """run(program, settings, *args) runs aplay or arecord on a PCM with these settings."""

    def run(program, settings, *args, **options):
        return subprocess.run(
            [program, "-D", "card", *RAW, *args],
            capture_output=True,
            timeout=PATIENCE,
            env=configure(settings),
            **options,
        )

    return run


def play(run, settings, seconds=0.5):
    """Play silence; returns what subprocess.run does, and how long it took."""
    began = time.monotonic()
    done = run("aplay", settings, input=bytes(int(seconds * RATE) * FRAME_BYTES))
    return done, time.monotonic() - began


def test_plays_in_real_time(run):
    done, took = play(run, "")
    assert (done.returncode, done.stderr) == (0, b"")
    assert took >= 0.5


def test_records_silence(run):
    done = run("arecord", "", "-s", "24000")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == bytes(24000 * FRAME_BYTES)


def test_each_xrun_of_the_script_is_one(run):
    # a busy machine may add some of its own
    done, _ = play(run, 'fault "xrun@4800,xrun@9600"', 2)
    assert done.returncode == 0
    assert done.stderr.count(b"underrun!!!") >= 2
    done = run("arecord", 'fault "xrun@4800,xrun@9600"', "-d", "1")
    assert done.returncode == 0
    assert done.stderr.count(b"overrun!!!") >= 2
    assert set(done.stdout) == {0}


def test_a_suspended_card_goes_on_when_it_wakes_up(run):
    done, took = play(run, 'fault "suspend@4800:300"')
    assert done.returncode == 0
    assert took >= 0.8


@pytest.mark.parametrize("program", ["aplay", "arecord"])
def test_an_unplugged_card_is_no_device(run, program):
    done = run(program, 'fault "unplug@4800"', input=bytes(RATE * FRAME_BYTES))
    assert done.returncode == 1
    assert b"No such device" in done.stderr


@pytest.mark.parametrize(
    "fault, said",
    [
        ("busy@0", b"Device or resource busy"),
        ("unplug@0", b"No such device"),
        ("open@0", b"Input/output error"),
        ("params@0:99", b"Unable to install hw params"),
    ],
)
def test_what_cannot_be_opened_says_why(run, fault, said):
    done, _ = play(run, f'fault "{fault}"')
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    "settings, named",
    [
        ('fault "xrun@1,xrum@2"', b'fault "xrum@2": possible is xrun suspend'),
        ('fault "late@1"', b"late@frame:ms"),
        ("fault 7", b"fault must be a string"),
        ('colour "red"', b"unknown field colour: possible is fault"),
    ],
)
def test_a_bad_setting_is_refused_by_name(run, settings, named):
    done, _ = play(run, settings)
    assert done.returncode == 1
    assert named in done.stderr


# Opens and closes the PCM many times in one process; prints how many descriptors that left.
REOPEN = """
import ctypes, os
alsa, pcm = ctypes.CDLL("libasound.so.2"), ctypes.c_void_p()
def once():
    for direction in 0, 1:
        assert alsa.snd_pcm_open(ctypes.byref(pcm), b"card", direction, 0) == 0
        assert alsa.snd_pcm_set_params(pcm, 2, 3, 2, 48000, 0, 100000) == 0
        assert alsa.snd_pcm_close(pcm) == 0
once()
before = len(os.listdir("/proc/self/fd"))
for _ in range(200):
    once()
print(len(os.listdir("/proc/self/fd")) - before)
"""


def test_a_card_leaves_nothing_behind_when_it_is_closed(configure):
    done = subprocess.run(
        [sys.executable, "-c", REOPEN],
        capture_output=True,
        timeout=PATIENCE,
        env=configure('fault "xrun@1,unplug@2"'),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"0\n", b"")
