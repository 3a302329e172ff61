# SPDX-License-Identifier: MIT
"""The command line itself: help, usage errors, and output that cannot be written."""

import os

import pytest

from conftest import CALM, INTERFACE, PATIENCE

COMMANDS = ["ping", "play", "record", "tone", "monitor", "devices", "doctor"]


def test_help_goes_to_stdout_and_names_every_command(peal):
    done = peal("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_each_command_explains_itself(peal, command, flag):
    done = peal(command, flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: peal {command}")
    assert "Exit status: 0" in done.stdout
    assert f"Examples:\n  peal {command}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_every_option_the_command_takes(peal, command):
    """An option is known if giving it does not make peal call it unknown."""
    help_text = peal(command, "--help").stdout
    for option in ("--device", "--rate", "--channels", "--format", "--period", "--periods",
                   "--priority", "--count", "--interval", "--wake", "--stopped", "--quiet",
                   "--duration", "--json", "--prometheus", "--statsd", "--frequency", "--level",
                   "--on"):
        # the operand too many keeps a known option from being acted on
        known = "unknown option" not in peal(command, option, "1", "a", "b").stderr
        assert known == (f"{option} " in help_text), option


def test_version_tells_the_interface(peal):
    done = peal("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"peal, interface {INTERFACE}, on a library of interface {INTERFACE}\n"
    )


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("", "peal: which command? see peal --help"),
        ("pong", "peal: there is no command 'pong'; see peal --help"),
        ("ping --loud", "peal: ping: unknown option '--loud'; see peal ping --help"),
        ("ping -z", "peal: ping: unknown option '-z'"),
        ("ping -qz", "peal: ping: unknown option '-z'"),
        ("ping -n", "peal: ping: -n needs a value"),
        ("ping --count", "peal: ping: --count needs a value"),
        ("ping --wake=1", "peal: ping: "),
        ("ping -n ten", "peal: ping: count must be a whole number from 0 to "),
        ("ping -n -1", "not '-1'"),
        ("ping -n 1x", "not '1x'"),
        ("ping -n 99999999999999999999", "not '99999999999999999999'"),
        ("ping -i nan", "peal: ping: interval must be a number of seconds from 0 to "),
        ("ping -i 1e400", "not '1e400'"),
        ("ping --rate 999", "rate must be a whole number from 1000 to 768000, not '999'"),
        ("ping --period 15", "period must be a whole number from 16 to 65536"),
        ("ping --periods 1", "periods must be a whole number from 2 to 1024"),
        ("ping --priority 100", "priority must be a whole number from 1 to 99"),
        ("ping extra", "peal: ping: 'extra' is one argument too many"),
        ("play", "peal: play: the file to play is missing"),
        ("play a.wav b.wav", "'b.wav' is one argument too many"),
        ("record", "peal: record: the file to record to is missing"),
        ("record -d 0 a.wav", "duration must be a number of seconds from 0.001 "),
        ("record -c 257 a.wav", "channels must be a whole number from 1 to 256"),
        ("record -f MP3 a.wav", "format must be S16_LE, "),
        ("tone hum", "peal: tone: there is no sound 'hum': it is sine, sweep or noise"),
        ("tone sine sine", "'sine' is one argument too many"),
        ("tone -F 0", "frequency must be a number of Hz from 1 to 384000, not '0'"),
        ("tone -F 24000", "frequency must be below half the rate, 24000 Hz, not 24000"),
        ("tone -r 8000 -F 5000", "below half the rate, 4000 Hz"),
        ("tone --level 1", "level must be a number of dB from -120 to 0, not '1'"),
        ("tone --level loud", "level must be a number of dB"),
        ("tone -o 3", "a channel must be a whole number from 1 to 2, not '3'"),
        ("tone -c 4 -o 1,", "a channel must be a whole number from 1 to 4, not ''"),
        ("tone -o 1,1111111111111111111111", "a channel must be"),
        ("tone -d 601 sweep", "a sweep takes 600 seconds at most"),
        ("monitor extra", "peal: monitor: 'extra' is one argument too many"),
        ("monitor -i 0", "interval must be a number of seconds from 0.01 to 86400, not '0'"),
        ("monitor --statsd", "peal: monitor: --statsd needs a value"),
        ("devices virtual extra", "peal: devices: 'extra' is one argument too many"),
        ("doctor extra", "peal: doctor: 'extra' is one argument too many"),
    ],
)
def test_a_wrong_command_line_is_refused_with_a_sentence(peal, line, sentence):
    done = peal(*line.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_empty_device_name_is_refused(peal):
    done = peal("ping", "-D", "")
    assert done.returncode == 2
    assert "the device has no name" in done.stderr


def calmly(line):
    command, *rest = line.split()
    return [command, *CALM, *rest] if command == "ping" else [command, *rest]


@pytest.mark.parametrize("line", ["--help", "devices", "ping -n 1"])
def test_a_full_output_is_an_error(peal, line):
    with open("/dev/full", "w") as full:
        done = peal(*calmly(line), stdout=full)
    assert done.returncode == 1
    assert done.stderr == "peal: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("line", ["--help", "devices", "ping -n 1"])
def test_a_closed_output_is_an_error_and_no_other_file_is_hit(peal, line):
    done = peal(*calmly(line), stdout=None, preexec_fn=lambda: os.close(1))
    assert done.returncode == 1
    assert done.stderr == "peal: cannot write the output: Bad file descriptor\n"


def test_a_closed_error_output_changes_nothing(peal):
    done = peal("ping", *CALM, "-n", 1, stderr=None, preexec_fn=lambda: os.close(2))
    assert done.returncode == 0
    assert "1 pings, 1 pongs, 0 lost" in done.stdout


def test_a_reader_that_goes_away_ends_the_command_without_noise(pipe_command):
    process = pipe_command("ping", *CALM, "--wake", "-n", 0, "-i", "0.001")
    assert process.stdout.readline().startswith("pong id=1 ")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE) == 1
