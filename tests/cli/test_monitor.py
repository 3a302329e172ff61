# SPDX-License-Identifier: MIT
"""peal monitor: what it tells people, and what it tells machines."""

import json
import os
import pty
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time

import pytest

from conftest import CALM, COMMAND, PATIENCE, finish, stop_for

VIRTUAL = ("-D", "virtual")
# short periods, and a second of them
STEADY = (*CALM, "--period", 256, "--periods", 256)
LATENCIES = ["wakeup", "cycle", "message", "chunk"]
KEYS = {
    "device", "state", "rate", "channels", "format", "period_frames", "fill", "levels",
    "uptime_ns", "chunks", "frames", "drops", "overruns", "underruns", "xruns", "lost_frames",
    "underrun_frames", "overrun_frames", "drop_rate", "load", "load_max", "chunks_per_second",
    "frames_per_second", "latency",
}
# What a busy machine has not come to yet is unknown: a dash.
LINE = re.compile(
    r"[\d.]+ s: running, load ([\d.]+|-) %, fill [\d.]+ %, xruns \d+, underruns \d+, "
    r"overruns \d+, drops \d+, wake-up p99 ([\d.]+|-) ms, peak (-inf|-) (-inf|-) dBFS\n"
)


def refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


def objects(text):
    return [json.loads(line, parse_constant=refuse_constant) for line in text.splitlines()]


def reports(done):
    assert (done.returncode, done.stderr) == (0, "")
    return objects(done.stdout)


# JSON


def test_json_is_one_object_a_report(peal):
    got = reports(peal("monitor", *STEADY, "--json", "-n", 5, "-i", "0.1"))
    assert len(got) == 5
    for one in got:
        assert one.keys() == KEYS
        assert one["latency"].keys() == set(LATENCIES)
        assert (one["device"], one["state"], one["rate"]) == ("virtual", "running", 48000)
        assert (one["channels"], one["period_frames"]) == (2, 256)
        assert all(fill is None or 0 <= fill <= 1 for fill in one["fill"].values())
    for name in ("uptime_ns", "chunks", "frames"):
        values = [one[name] for one in got]
        assert values == sorted(values) and values[0] < values[-1]
    last = got[-1]
    assert 0 < last["load"] <= last["load_max"]
    assert last["frames"] == 256 * last["chunks"]
    assert [{"peak": 0, "rms": 0}] * 2 in [one["levels"] for one in got]
    for name in ("wakeup", "cycle", "chunk"):
        one = last["latency"][name]
        assert one["count"] > 0
        ordered = [one[q] for q in ("min_ns", "p50_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns")]
        assert ordered == sorted(ordered)


def test_it_pings_so_that_message_latency_is_known(peal):
    got = reports(peal("monitor", *STEADY, "--json", "-n", 5, "-i", "0.1"))
    assert 1 <= got[-1]["latency"]["message"]["count"] <= 5  # those that were answered by then


def test_what_is_unknown_is_null(peal):
    """On a card whose clock stands still nothing is captured, and no period ever worked."""
    done = peal("monitor", "-D", "virtual:clock=manual", "--json", "-n", 1, "-i", "0.1")
    [one] = reports(done)
    assert one["levels"] == [{"peak": None, "rms": None}] * 2
    assert (one["load"], one["load_max"], one["drop_rate"]) == (None, None, None)
    assert (one["chunks"], one["xruns"]) == (0, 0)
    wakeup = one["latency"]["wakeup"]
    assert wakeup.pop("count") == 0
    assert set(wakeup.values()) == {None}


SHORTLY = ("--json", "-n", 5, "-i", "0.1")


def levels_of(done):
    """Those of the first report by which anything was captured."""
    assert done.returncode == 0, done.stderr
    return next(one["levels"] for one in objects(done.stdout) if one["frames"])


HALF, QUARTER = 2**30, -(2**29)  # of full scale, as 32 bits


@pytest.mark.parametrize(
    "name, packed",
    [
        ("S16_LE", lambda s: struct.pack("<h", s >> 16)),
        ("S24_LE", lambda s: struct.pack("<i", s >> 8)),
        ("S24_3LE", lambda s: struct.pack("<i", s >> 8)[:3]),
        ("S32_LE", lambda s: struct.pack("<i", s)),
        ("FLOAT_LE", lambda s: struct.pack("<f", s / 2**31)),
    ],
)
def test_levels_are_those_of_each_channel_in_every_format(peal, file_devices, name, packed):
    # constant, so that peak and mean are the same wherever a report begins; or nearly so
    frame = packed(HALF) + packed(QUARTER)
    loud = packed(HALF) + packed(-(2**31))
    file_devices.write_bytes((frame * 99 + loud) * 2000)
    first, second = levels_of(peal("monitor", "-D", "fromfile", "-f", name, *SHORTLY))
    assert first == {"peak": 0.5, "rms": 0.5}
    assert second["peak"] == 1
    assert 0.25 < second["rms"] < 0.3


def test_a_float_that_is_not_a_number_spoils_no_level(peal, file_devices):
    nan, inf = float("nan"), float("inf")
    frames = struct.pack("<8f", 0.5, 0.25, 0.5, nan, 0.5, inf, -0.5, -0.25)
    file_devices.write_bytes(frames * 30000)
    done = peal("monitor", "-D", "fromfile", "-f", "FLOAT_LE", *SHORTLY)
    assert levels_of(done) == [{"peak": 0.5, "rms": 0.5}, {"peak": 0.25, "rms": 0.25}]


@pytest.fixture
def one_way(tmp_path, monkeypatch):
    """ALSA devices that only play, or only capture."""
    (tmp_path / ".asoundrc").write_text(
        "pcm.player { type asym; playback.pcm null }\n"
        "pcm.recorder { type asym; capture.pcm null }\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("device, known", [("player", "playback"), ("recorder", "capture")])
def test_a_device_with_one_direction_is_watched_in_that(peal, one_way, device, known):
    done = peal("monitor", "-D", device, "--json", "-n", 1, "-i", "0.1")
    assert done.returncode == 0, done.stderr
    [one] = objects(done.stdout)
    assert [name for name, fill in one["fill"].items() if fill is not None] == [known]
    assert len(one["levels"]) == (2 if known == "capture" else 0)


def test_xruns_are_counted_and_told_and_no_failure(pipe_command):
    process = pipe_command("monitor", *VIRTUAL, "--json", "-i", "0.05")
    assert json.loads(process.stdout.readline())["state"] == "running"
    stop_for(process, 0.3)
    assert re.fullmatch(r"peal: monitor: xrun at frame \d+, .*\n", process.stderr.readline())
    while json.loads(process.stdout.readline())["xruns"] == 0:
        pass
    process.send_signal(signal.SIGINT)
    assert finish(process).returncode == 0


# lines


def test_without_a_terminal_it_prints_lines(peal):
    done = peal("monitor", *STEADY, "-n", 2, "-i", "0.1")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines(keepends=True)
    assert len(lines) == 2 and all(map(LINE.fullmatch, lines)), lines


def test_what_is_unknown_is_a_dash(peal):
    done = peal("monitor", "-D", "virtual:clock=manual", "-n", 1, "-i", "0.1")
    assert "load - %, fill 0.0 %" in done.stdout
    assert "wake-up p99 - ms, peak - - dBFS" in done.stdout


def test_quiet_prints_no_report(peal):
    done = peal("monitor", *CALM, "-qn", 2, "-i", "0.1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("signo", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_it(pipe_command, signo):
    process = pipe_command("monitor", *STEADY, "-i", "0.05")
    while "-" in (match := LINE.fullmatch(process.stdout.readline())).groups():
        assert match
    process.send_signal(signo)
    done = finish(process)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_ends_it(pipe_command):
    process = pipe_command("monitor", *CALM, "-i", "0.02")
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE) == 1


def test_a_named_device_is_never_replaced(peal):
    done = peal("monitor", "-D", "hw:CARD=nosuchcard", "-n", 1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nosuchcard" in done.stderr


def test_without_a_card_the_virtual_one_is_used_with_a_warning(peal, no_card):
    done = peal("monitor", "-qn", 1, "-i", "0.05")
    assert done.returncode == 0
    assert done.stderr.startswith("peal: warning: ") and "virtual" in done.stderr


# the page


class Screen:
    """A monitor on a terminal."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [COMMAND, "monitor", *map(str, args)], stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(slave)
        self.text = ""

    def read_until(self, pattern):
        end = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.text, re.DOTALL)):
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"{pattern!r} was never shown: {self.text[-2000:]!r}"
            self.text += os.read(self.master, 65536).decode().replace("\r\n", "\n")
        self.text = self.text[match.end():]
        return match

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def screen():
    made = []

    def make(*args):
        made.append(Screen(*args))
        return made[-1]

    yield make
    for one in made:
        one.close()


PAGE = r"\x1b\[\?7l(.*?)\x1b\[\?7h"


def test_on_a_terminal_a_page_is_renewed_in_its_place(screen, file_devices):
    file_devices.write_bytes(struct.pack("<hh", 16384, 0) * 400000)
    shown = screen("-D", "fromfile", "-f", "S16_LE", "-i", "0.1")
    while re.search(r" -\s", page := shown.read_until(PAGE)[1]):
        pass  # until all is known
    assert re.match(r"fromfile: running for \d+ s\n48000 Hz, 2 channels, S16_LE, period", page)
    assert re.search(r"\n    1 +-6\.0 +-6\.0  #{35}\|\.{4}\n    2 +-inf +-inf  \.{40}\n", page)
    assert re.search(r"\nload [\d.]+ %, at most [\d.]+ %; fill: capture [\d.]+ %, playback", page)
    assert "xruns " in page and "underruns " in page and "overruns " in page and "drops " in page
    assert re.search(r"\nms +count +p50 +p95 +p99 +p99\.9 +max\n", page)
    for name in ("wake-up", "cycle", "message", "chunk age"):
        assert re.search(rf"\n{name} +\d+( +\d+\.\d{{3}}){{5}}\n", page), name
    assert max(map(len, page.splitlines())) <= 80
    up = shown.read_until(r"^\x1b\[(\d+)A\x1b\[J\x1b\[\?7l")[1]
    assert int(up) == page.count("\n")


def test_a_complaint_scrolls_away_above_the_page(screen):
    shown = screen(*VIRTUAL, "-i", "0.1")
    shown.read_until(PAGE)
    stop_for(shown.process, 0.3)
    shown.read_until(r"\x1b\[\d+A\x1b\[Jpeal: monitor: xrun at frame \d+, \d+ frames lost \([^)]+\)\n")
    shown.read_until(r"^(peal: monitor: xrun [^\n]*\n)*" + PAGE)
    shown.process.send_signal(signal.SIGINT)
    assert shown.process.wait(PATIENCE) == 0


def test_the_last_page_stays(screen):
    shown = screen(*CALM, "-n", 1, "-i", "0.1")
    shown.read_until(PAGE)
    with pytest.raises(OSError):  # EIO: the command has closed its end
        shown.read_until("(?!)")
    assert shown.text == ""
    assert shown.process.wait(PATIENCE) == 0


def test_many_channels_are_cut_short(screen):
    shown = screen(*CALM, "-c", 200, "-i", "0.1")
    page = shown.read_until(PAGE)[1]
    assert "\n   16 " in page and "\n  and 184 more\n" in page and "\n   17 " not in page


# Prometheus

SAMPLE = re.compile(r'peal_\w+(\{\w+="[\w.]+"\})? (-?\d+(\.\d+)?(e[+-]\d+)?)')
COMMENT = re.compile(r"# (HELP|TYPE) (peal_\w+) \S.*")


def metrics(text):
    """The samples of an exposition by name; fails when it is not whole."""
    assert text.endswith("\n")
    found, typed = {}, []
    for line in text.splitlines():
        if match := COMMENT.fullmatch(line):
            typed += [match[2]] if match[1] == "TYPE" else []
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name = line.rsplit(" ", 1)[0]
        assert name not in found and name.startswith(typed[-1]), line
        found[name] = float(match[2])
    assert len(typed) == len(set(typed))
    assert typed[-1] == "peal_level_rms_ratio"  # the last of all
    return found


def test_a_prometheus_file_holds_the_figures(peal, tmp_path):
    path = tmp_path / "peal.prom"
    done = peal("monitor", *STEADY, "--json", "-n", 5, "-i", "0.1", "--prometheus", path)
    last = reports(done)[-1]
    found = metrics(path.read_text())
    assert found["peal_running"] == 1
    assert found["peal_chunks_total"] == last["chunks"] > 0
    assert found["peal_load_ratio"] == last["load"]
    assert found['peal_stream_fill_ratio{direction="capture"}'] == last["fill"]["capture"]
    assert found.get('peal_level_peak_ratio{channel="1"}') == last["levels"][0]["peak"]
    assert found["peal_chunk_latency_seconds_count"] == last["latency"]["chunk"]["count"]
    assert list(tmp_path.iterdir()) == [path]


def test_the_prometheus_file_is_replaced_and_never_seen_in_part(pipe_command, tmp_path):
    path = tmp_path / "peal.prom"
    path.write_text("old\n")
    with path.open() as old:
        process = pipe_command("monitor", *CALM, "-i", "0.01", "--prometheus", path)
        end = time.monotonic() + PATIENCE
        inodes, texts = set(), set()
        while len(inodes) < 2 or len(texts) < 20:
            assert time.monotonic() < end and process.poll() is None
            with path.open() as file:
                text = file.read()
                if text != "old\n":
                    # two files at most take turns: an inode that is free is used again
                    inodes.add(os.fstat(file.fileno()).st_ino)
                    texts.add(text)
                    metrics(text)
        assert old.read() == "old\n"
        assert old.fileno() not in inodes and os.fstat(old.fileno()).st_nlink == 0
    process.send_signal(signal.SIGINT)
    assert finish(process).returncode == 0
    assert list(tmp_path.iterdir()) == [path]


def test_the_prometheus_file_can_be_read_by_others(peal, tmp_path):
    path = tmp_path / "peal.prom"
    peal("monitor", *CALM, "-qn", 1, "-i", "0.05", "--prometheus", path,
         preexec_fn=lambda: os.umask(0o022))
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_prometheus_folder_that_is_missing_is_refused(peal, tmp_path):
    path = tmp_path / "none" / "peal.prom"
    done = peal("monitor", *VIRTUAL, "-n", 1, "--prometheus", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"peal: {path}: No such file or directory\n"


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_only_a_file_is_replaced(peal, tmp_path, kind):
    path = tmp_path / "there"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path / "elsewhere")
    done = peal("monitor", *VIRTUAL, "-n", 1, "--prometheus", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"peal: {path}: not a regular file\n"


def test_a_full_disk_leaves_the_old_file_and_is_told_once(peal, tmp_path):
    """A limit on the size of files stands in for the disk: the same write fails."""
    path = tmp_path / "peal.prom"
    path.write_text("old\n")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # noqa: E731
    done = peal("monitor", *CALM, "-qn", 3, "-i", "0.05", "--prometheus", path, preexec_fn=limit)
    assert done.returncode == 1
    assert done.stderr == f"peal: {path}: File too large\n"
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


# statsd


def bound(family, address):
    listener = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listener.bind((address, 0))
    except OSError as refusal:
        listener.close()
        pytest.skip(f"no {address} here: {refusal}")
    listener.setblocking(False)
    return listener


def received(listener):
    while True:
        try:
            yield listener.recv(65536).decode()
        except BlockingIOError:
            return


STATSD = re.compile(r"peal\.([\w.]+):(\d+(?:\.\d+)?(?:e[+-]\d+)?)\|([gc])")


@pytest.mark.parametrize(
    "family, address, written",
    [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")],
)
def test_statsd_is_sent_the_same_figures(peal, family, address, written):
    with bound(family, address) as listener:
        port = listener.getsockname()[1]
        done = peal("monitor", *STEADY, "-c", 48, "--json", "-n", 5, "-i", "0.1",
                    "--statsd", f"{written}:{port}")
        datagrams = list(received(listener))
    got = reports(done)
    assert len(datagrams) > 5 and max(map(len, datagrams)) <= 1400
    sums, gauges, names = {}, {}, []
    for line in "\n".join(datagrams).split("\n"):
        match = STATSD.fullmatch(line)
        assert match, line
        name, value, kind = match[1], float(match[2]), match[3]
        names.append(name)
        if kind == "c":
            sums[name] = sums.get(name, 0) + value
        else:
            gauges[name] = value
    last = got[-1]
    for name in ("chunks", "frames", "drops", "overruns", "underruns", "xruns", "lost_frames"):
        assert sums[name] == last[name], name
        assert names.count(name) == 5
    assert gauges["running"] == 1
    assert gauges["load"] == last["load"]
    assert gauges["fill.capture"] == last["fill"]["capture"]
    assert gauges["level.48.rms"] == 0 and "level.49.rms" not in gauges
    for name in LATENCIES:
        for quantile in ("p50", "p95", "p99", "p999", "max"):
            expected = last["latency"][name][f"{quantile}_ns"] / 1e6
            assert gauges[f"latency.{name}.{quantile}_ms"] == pytest.approx(expected)


def test_a_statsd_that_nobody_runs_is_told_once_and_no_failure(peal):
    with bound(socket.AF_INET, "127.0.0.1") as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    done = peal("monitor", *CALM, "-qn", 6, "-i", "0.03", "--statsd", address)
    assert done.returncode == 0
    first, last = done.stderr.splitlines()
    assert first == f"peal: {address}: Connection refused"
    assert re.fullmatch(rf"peal: {address}: \d+ of \d+ datagrams could not be sent", last)


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", ":8125", "localhost:0", "localhost:65536",
                "localhost:http", "localhost:-1", "::1:8125", "[]:8125", "x" * 300 + ":8125"],
)
def test_what_is_no_address_is_refused(peal, address):
    done = peal("monitor", *VIRTUAL, "-n", 1, "--statsd", address)
    assert (done.returncode, done.stdout) == (2, "")
    assert "statsd must be HOST:PORT" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_statsd_host_that_is_not_found_is_told(peal):
    done = peal("monitor", *VIRTUAL, "-n", 1, "--statsd", "[::zz]:8125")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("peal: [::zz]:8125: ")
