# SPDX-License-Identifier: MIT
"""peal tone: on the virtual card, and sample for sample into devices that are files."""

import math
import re
import signal
import struct

import pytest

from conftest import CALM

PLAYED = re.compile(r"played (\d+) frames \((\d+\.\d{3}) s\) of (sine|sweep|noise), (\d+) xruns\n")


def played(done, kind="sine"):
    """Frames played; checks that the exit status tells of gaps, and of them alone."""
    match = PLAYED.fullmatch(done.stdout)
    assert match, (done.stdout, done.stderr)
    assert match[3] == kind
    assert done.returncode == (1 if int(match[4]) else 0)
    return int(match[1])


@pytest.fixture
def rendered(peal, file_devices):
    """rendered(*args, channels=1): each channel's samples, to the end of the sound."""

    def render(*args, channels=1, seconds=0.1, kind="sine"):
        done = peal("tone", "-D", "tofile", "-f", "FLOAT_LE", "-c", channels, "-d", seconds, *args)
        frames = played(done, kind)
        assert frames == round(seconds * 48000)
        data = file_devices.read_bytes()
        samples = struct.unpack(f"<{len(data) // 4}f", data)
        assert not any(samples[frames * channels :])
        return [samples[channel : frames * channels : channels] for channel in range(channels)]

    return render


@pytest.mark.parametrize("kind", ["sine", "sweep", "noise"])
def test_each_kind_plays_as_long_as_it_is_told(peal, kind):
    assert played(peal("tone", *CALM, "-d", "0.2", kind), kind) == 9600


def test_a_sine_has_its_frequency_and_level(rendered):
    (samples,) = rendered("-F", 1000, "--level", -6.0206)
    expected = [0.5 * math.sin(math.tau * frame / 48) for frame in range(4800)]
    assert samples[:3840] == pytest.approx(expected[:3840], abs=1e-5)


def test_it_ends_in_a_fade(rendered):
    (samples,) = rendered("-F", 1000, "--level", 0)
    for frame in range(3840, 4800):
        full = math.sin(math.tau * frame / 48)
        assert samples[frame] == pytest.approx(full * (4800 - frame) / 960, abs=2e-3)


@pytest.mark.parametrize("frequency", [1, 440, 440.3, 1234.56, 23999])
def test_the_loop_of_a_sine_has_no_seam(rendered, frequency):
    """Whatever the frequency: the second time around is as smooth as the first."""
    (samples,) = rendered("-F", frequency, "--level", 0, seconds=2.5)
    rise = math.tau * frequency / 48000
    for frame in range(47000, 49000):
        # x[n+1] + x[n-1] = 2 cos(w) x[n] for every sine
        around = samples[frame - 1] + samples[frame + 1]
        assert around == pytest.approx(2 * math.cos(rise) * samples[frame], abs=1e-3)


def test_all_channels_sound_unless_told_otherwise(rendered):
    left, middle, right = rendered(channels=3)
    assert left == middle == right and any(left)


@pytest.mark.parametrize("kind", ["sine", "sweep", "noise"])
@pytest.mark.parametrize("on, sounding", [("2", {2}), ("1,3", {1, 3}), ("3,3", {3})])
def test_only_the_channels_that_are_named_sound(rendered, kind, on, sounding):
    channels = rendered("-o", on, kind, channels=3, kind=kind)
    assert {place for place, samples in enumerate(channels, 1) if any(samples)} == sounding


def test_noise_is_even_and_each_channel_has_its_own(rendered):
    left, right = rendered("noise", "--level", -20, channels=2, seconds=0.5, kind="noise")
    count = 23000  # without the fade
    for samples in left[:count], right[:count]:
        assert max(map(abs, samples)) == pytest.approx(0.1, rel=1e-2)
        assert sum(samples) / count == pytest.approx(0, abs=2e-3)
        assert sum(x * x for x in samples) / count == pytest.approx(0.1**2 / 3, rel=0.05)
    assert abs(sum(a * b for a, b in zip(left[:count], right[:count]))) / count < 2e-4


def crossings(samples):
    return sum(before < 0 <= after for before, after in zip(samples, samples[1:]))


def test_a_sweep_rises_from_its_frequency(rendered):
    (samples,) = rendered("-F", 100, "--level", 0, "sweep", seconds=1, kind="sweep")
    # exponentially: in the middle it is at the geometric mean of 100 Hz and 20 kHz
    assert crossings(samples[:2400]) == pytest.approx(100 * 0.05 * 1.14, abs=1)
    assert crossings(samples[21600:26400]) == pytest.approx(1414 * 0.1, rel=0.03)
    assert crossings(samples[43200:]) == pytest.approx(20000 * 0.1 * 0.777, rel=0.03)
    assert max(map(abs, samples)) == pytest.approx(1, abs=1e-2)
    assert max(map(abs, samples[:2] + samples[-2:])) < 0.1


@pytest.mark.parametrize("kind", ["sine", "noise"])
def test_it_goes_on_until_an_interrupt_which_fades_it_out(start, kind):
    running = start("tone", *CALM, kind)
    running.wait_shown(r"K[0-9.]*[1-9] s, \d+ xruns")
    assert played(running.end(signal.SIGINT), kind) > 0


def test_an_interrupt_ends_a_sound_before_its_time(start):
    running = start("tone", *CALM, "-d", 1000)
    running.wait_shown(r"K[0-9.]*[1-9] s, \d+ xruns")
    assert 0 < played(running.end(signal.SIGTERM)) < 48000 * 999


def test_the_device_is_as_told(peal):
    done = peal("tone", "-D", "virtual", "-r", 8000, "-c", 9, "-f", "S24_3LE", "-d", 0.1)
    assert done.stdout.startswith("played 800 frames (0.100 s)")


def refused(done):
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("peal: tone: ")
    return done.stderr


def test_a_device_that_is_not_there_is_told(peal):
    assert "nosuchcard" in refused(peal("tone", "-D", "hw:CARD=nosuchcard"))


def test_the_virtual_card_must_be_named(peal, no_card):
    refused(peal("tone"))


def test_a_device_whose_clock_stands_still_is_told(peal):
    done = peal("tone", "-D", "virtual:clock=manual", "-d", 1)
    assert "the device stands still" in refused(done)
