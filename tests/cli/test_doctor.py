# SPDX-License-Identifier: MIT
"""peal doctor."""

import os
import platform
import re
import resource
import stat
from pathlib import Path

import pytest

from conftest import COMMAND, INTERFACE


def test_what_was_negotiated_is_read_back(peal):
    done = peal("doctor", "-D", "virtual", "-r", 44100, "-c", 4, "-f", "S24_3LE",
                "--period", 128, "--periods", 5)
    assert done.stderr == ""
    for fact in (f"interface {INTERFACE}", platform.release(), "S24_3LE, 4 channels, interleaved, "
                 "44100.000 Hz", "5 periods of 128 frames (2.90 ms)", "a buffer of 640"):
        assert fact in done.stdout
    assert done.stdout.count("a buffer of 640") == 2  # playback and capture
    assert "one for both directions" in done.stdout


def test_the_exit_status_tells_of_refusals(peal):
    done = peal("doctor", "-D", "virtual")
    assert done.returncode == (1 if "why:" in done.stdout else 0)


def reachable_by_all(path):
    return all(p.stat().st_mode & stat.S_IXOTH for p in [path, *path.parents])


SANITIZED = re.search(rb"__[at]san_init", Path(COMMAND).read_bytes())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its rights up")
@pytest.mark.skipif(not reachable_by_all(Path(COMMAND)), reason="others cannot run this build")
@pytest.mark.parametrize(
    "what",
    [
        "scheduling",
        pytest.param("memory", marks=pytest.mark.skipif(
            SANITIZED, reason="the sanitizer replaces mlock, and always grants it")),
    ],
)
def test_what_is_refused_is_told_with_the_line_to_add(peal, what):
    def powerless():
        for limit in (resource.RLIMIT_RTPRIO, resource.RLIMIT_MEMLOCK):
            resource.setrlimit(limit, (0, 0))

    done = peal("doctor", "-D", "virtual", preexec_fn=powerless, user=65534, group=65534,
                extra_groups=[])
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    refusal = next(i for i, line in enumerate(lines) if line.startswith(f"{what} "))
    assert "REFUSED" in lines[refusal]
    assert lines[refusal + 1].strip().startswith("why: ")
    assert lines[refusal + 2].strip().startswith("mend: ")


def test_normal_priority_is_no_refusal_when_it_is_what_was_asked_for(peal):
    done = peal("doctor", "-D", "virtual", "--priority", "none")
    assert "scheduling normal priority" in done.stdout


def test_a_device_that_cannot_be_opened_is_told_after_the_system(peal):
    done = peal("doctor", "-D", "hw:CARD=nosuchcard")
    assert done.returncode == 1
    assert platform.release() in done.stdout
    assert done.stderr.startswith("peal: doctor: ")
    assert "nosuchcard" in done.stderr


def test_the_virtual_card_must_be_named(peal, no_card):
    done = peal("doctor")
    assert done.returncode == 1
    assert done.stderr.startswith("peal: doctor: ")
