# SPDX-License-Identifier: MIT
"""peal ping, on the virtual card."""

import re
import signal

import pytest

from conftest import CALM, finish, stop_for

PONG = re.compile(r"pong id=(\d+) frame=(\d+) ring=(\d+\.\d{3}) ms rtt=(\d+\.\d{3}) ms")
COUNTS = re.compile(r"(\d+) pings, (\d+) pongs, (\d+) lost")
RTT = re.compile(r"rtt min/median/p99/max = ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms")


def pongs(stdout):
    return [(int(m[1]), int(m[2]), float(m[3]), float(m[4])) for m in PONG.finditer(stdout)]


def test_every_ping_is_answered_in_order_as_the_frames_go_on(peal):
    done = peal("ping", *CALM, "--period", 2048, "-n", 5, "-i", "0.02")
    assert (done.returncode, done.stderr) == (0, "")
    got = pongs(done.stdout)
    assert [id for id, *_ in got] == [1, 2, 3, 4, 5]
    frames = [frame for _, frame, *_ in got]
    assert frames == sorted(frames) and frames[0] < frames[-1]
    assert all(0 <= ring <= rtt for *_, ring, rtt in got)
    assert COUNTS.search(done.stdout).groups() == ("5", "5", "0")


def test_ten_are_sent_unless_told_otherwise(peal):
    done = peal("ping", "-D", "virtual", "-i", 0)
    assert COUNTS.search(done.stdout).groups() == ("10", "10", "0")


# pings that meet the period at a different place each time, and so take different times
SPREAD = ("-D", "virtual", "-i", "0.007")


def test_the_summary_is_that_of_the_pings(peal):
    done = peal("ping", *SPREAD, "-n", 21)
    rtts = sorted(rtt for *_, rtt in pongs(done.stdout))
    low, median, p99, high = map(float, RTT.search(done.stdout).groups())
    assert (low, median, p99, high) == (rtts[0], rtts[10], rtts[20], rtts[20])


def test_p99_leaves_one_in_a_hundred_out(peal):
    done = peal("ping", *SPREAD, "-n", 200)
    rtts = sorted(rtt for *_, rtt in pongs(done.stdout))
    _, median, p99, _ = map(float, RTT.search(done.stdout).groups())
    assert (median, p99) == (rtts[99], rtts[197])


def test_quiet_prints_the_summary_alone(peal):
    done = peal("ping", "-q", "-D", "virtual", "-n", 3, "-i", 0)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert COUNTS.fullmatch(lines[0]) and RTT.fullmatch(lines[1])


def test_a_stopped_device_answers_too(peal):
    done = peal("ping", "-D", "virtual", "--stopped", "-n", 3, "-i", 0)
    assert done.returncode == 0
    assert [(id, frame) for id, frame, *_ in pongs(done.stdout)] == [(1, 0), (2, 0), (3, 0)]


def test_a_wake_does_not_wait_for_the_period(peal):
    """A period here is 65 s, and left alone the audio thread looks once or twice a second."""
    done = peal("ping", "-D", "virtual", "--wake", "-n", 300, "-i", 0,
                "--rate", 1000, "--period", 65536)
    assert done.returncode == 0
    assert len(pongs(done.stdout)) == 300


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_prints_the_summary(pipe_command, signo):
    process = pipe_command("ping", *CALM, "--wake", "-n", 0, "-i", "0.001")
    for _ in range(3):
        assert PONG.fullmatch(process.stdout.readline().strip())
    process.send_signal(signo)
    done = finish(process)
    assert (done.returncode, done.stderr) == (0, "")
    answers = str(3 + len(pongs(done.stdout)))
    assert COUNTS.search(done.stdout).groups() == (answers, answers, "0")


def test_an_interrupt_ends_the_interval(pipe_command):
    process = pipe_command("ping", "-D", "virtual", "-n", 0, "-i", 86400)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.returncode == 0
    assert "1 pings, 1 pongs, 0 lost" in done.stdout


def test_an_ignored_interrupt_stays_ignored(pipe_command):
    """What a shell does for a background job of a script."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = pipe_command("ping", "-D", "virtual", "-n", 0, "-i", "0.001")
    finally:
        signal.signal(signal.SIGINT, before)
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    for _ in range(100):
        assert PONG.fullmatch(process.stdout.readline().strip())
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.returncode == 0
    assert COUNTS.search(done.stdout)


def test_a_named_device_is_never_replaced(peal):
    done = peal("ping", "-D", "hw:CARD=nosuchcard", "-n", 1)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("peal: ping: ")
    assert "nosuchcard" in done.stderr


def test_without_a_card_the_virtual_one_is_used_with_a_warning(peal, no_card):
    done = peal("ping", "-n", 1)
    assert done.returncode == 0
    assert done.stderr.startswith("peal: warning: ")
    assert "virtual" in done.stderr
    assert COUNTS.search(done.stdout).groups() == ("1", "1", "0")


def test_xruns_are_told_and_pings_answered_all_the_same(pipe_command):
    process = pipe_command("ping", "-D", "virtual", "-n", 0, "-i", "0.001")
    process.stdout.readline()
    stop_for(process, 0.2)
    sentence = process.stderr.readline()
    assert re.fullmatch(r"peal: ping: xrun at frame \d+, \d+ frames lost \([^)]+\)\n", sentence)
    assert PONG.fullmatch(process.stdout.readline().strip())
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.returncode == 0
    assert COUNTS.search(done.stdout).group(3) == "0"
