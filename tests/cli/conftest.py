# SPDX-License-Identifier: MIT
"""Runs the built peal command, as a shell does: PEAL_COMMAND, or build/peal."""

import ctypes
import os
import pty
import re
import select
import signal
import struct
import subprocess
import threading
import time
import wave
from glob import glob
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
COMMAND = str(Path(os.environ.get("PEAL_COMMAND", TOP / "build/peal")).resolve())
# The version of the binary interface, as the headers tell it.
INTERFACE = ".".join(
    re.findall(r"define ENGINE_ABI_M\w+ (\d+)", (TOP / "include/peal/error.h").read_text())
)
# Far above what any command here takes, even on a busy machine.
PATIENCE = int(os.environ.get("PEAL_PATIENCE", 60))
# A device with a buffer long enough that no busy machine makes it lose frames.
CALM = ("-D", "virtual", "--period", 8192, "--periods", 8)

# A script's background jobs ignore Ctrl-C, and so would the commands that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

if not os.access(COMMAND, os.X_OK):
    pytest.exit(f"no peal command at {COMMAND}: run make first", returncode=2)


class Running:
    """A peal command with a terminal on its stderr, so that it shows its progress."""

    def __init__(self, *args):
        self.master, slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [COMMAND, *map(str, args)], stdout=subprocess.PIPE, stderr=slave, text=True
        )
        os.close(slave)

    def wait_shown(self, pattern):
        """Wait until the terminal has shown pattern; fails when the command ends before."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.shown)):
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.master], [], [], left)[0]
            assert ready, f"{pattern!r} was never shown; at the end {self.shown[-400:]!r}"
            self._read()
        return match

    def _read(self):
        try:
            self.shown += os.read(self.master, 65536).decode()
        except OSError:  # EIO: the command has closed its end
            raise AssertionError(f"the command ended, having shown {self.shown[-400:]!r}") from None

    def end(self, signo=None):
        """Send a signal, if any, and wait for the end. Returns what subprocess.run does."""
        if signo is not None:
            self.process.send_signal(signo)
        stdout, _ = self.process.communicate(timeout=PATIENCE)
        while select.select([self.master], [], [], 0)[0]:
            try:
                self._read()
            except AssertionError:
                break
        return subprocess.CompletedProcess(
            self.process.args, self.process.returncode, stdout, self.shown
        )

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.master)


def finish(process):
    """What subprocess.run returns, for a process whose output was read in part."""
    stdout, stderr = process.stdout.read(), process.stderr.read()
    return subprocess.CompletedProcess(process.args, process.wait(PATIENCE), stdout, stderr)


def stop_for(process, seconds):
    """Stop a process by a signal for longer than its device's buffer lasts: it loses frames."""
    process.send_signal(signal.SIGSTOP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    process.send_signal(signal.SIGCONT)


@pytest.fixture
def peal():
    """peal(*args) runs the command to its end: .returncode, .stdout, .stderr."""

    def run(*args, **options):
        for name in ("stdout", "stderr"):
            options.setdefault(name, subprocess.PIPE)
        return subprocess.run(
            [COMMAND, *map(str, args)], text=True, timeout=PATIENCE, **options
        )

    return run


@pytest.fixture
def start():
    """start(*args) runs the command on a terminal and returns it Running."""
    running = []

    def run(*args):
        running.append(Running(*args))
        return running[-1]

    yield run
    for one in running:
        one.close()


@pytest.fixture
def pipe_command():
    """pipe_command(*args) runs the command with its output on pipes, to be read line by line."""
    running, watchdogs = [], []

    def run(*args):
        running.append(
            subprocess.Popen(
                [COMMAND, *map(str, args)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        # a line that never comes shall fail the test, not hang it
        watchdogs.append(threading.Timer(PATIENCE, running[-1].kill))
        watchdogs[-1].start()
        return running[-1]

    yield run
    for one in watchdogs:
        one.cancel()
    for one in running:
        one.kill()
        one.wait()


@pytest.fixture
def no_card():
    if glob("/dev/snd/controlC*"):
        pytest.skip("this machine has a sound card")


@pytest.fixture(scope="session")
def needs_sound_files():
    done = subprocess.run(
        [COMMAND, "play", "/dev/null"], capture_output=True, text=True, timeout=PATIENCE
    )
    if "without libsndfile" in done.stderr:
        pytest.skip("peal was built without libsndfile")


@pytest.fixture
def write_wav(tmp_path):
    """write_wav(name, frames, width=2, rate=48000, channels=2): a file of counted-up bytes."""

    def write(name, frames, *, width=2, rate=48000, channels=2, data=None):
        path = tmp_path / name
        with wave.open(str(path), "wb") as file:
            file.setparams((channels, width, rate, 0, "NONE", ""))
            size = frames * channels * width
            file.writeframes(data if data is not None else bytes(i * 7 % 251 for i in range(size)))
        return path

    return write


@pytest.fixture
def write_float_wav(tmp_path):
    """write_float_wav(name, samples): a mono WAV file of 32-bit floats at 48000 Hz."""

    def write(name, samples):
        data = struct.pack(f"<{len(samples)}f", *samples)
        fmt = struct.pack("<HHIIHH", 3, 1, 48000, 4 * 48000, 4, 32)
        body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
        body += b"data" + struct.pack("<I", len(data)) + data
        path = tmp_path / name
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        return path

    return write


@pytest.fixture
def write_sound(tmp_path):
    """
    write_sound(name, format, samples): a file of any format that libsndfile writes,
    of mono 16-bit samples at 48000 Hz. format: its SF_FORMAT_ number.
    """

    class Info(ctypes.Structure):
        _fields_ = [("frames", ctypes.c_int64)] + [
            (name, ctypes.c_int)
            for name in ("samplerate", "channels", "format", "sections", "seekable")
        ]

    try:
        library = ctypes.CDLL("libsndfile.so.1")
    except OSError:
        pytest.skip("libsndfile.so.1 is not installed")
    library.sf_open.restype = ctypes.c_void_p

    def write(name, format, samples):
        path = tmp_path / name
        info = Info(samplerate=48000, channels=1, format=format)
        file = library.sf_open(os.fsencode(path), 0x20, ctypes.byref(info))
        assert file, f"libsndfile does not write format {format:#x}"
        file, count = ctypes.c_void_p(file), ctypes.c_int64(len(samples))
        frames = (ctypes.c_short * len(samples))(*samples)
        assert library.sf_writef_short(file, frames, count) == len(samples)
        assert library.sf_close(file) == 0
        return path

    return write


@pytest.fixture
def file_devices(tmp_path, monkeypatch):
    """
    ALSA devices that end in one file, without a clock: tofile takes any format,
    tofile_linear only integers, tofile_float only floats; fromfile captures what
    the file holds; hw:anything takes only two channels. Returns the file's path.
    """
    raw = tmp_path / "device.raw"
    to_file = f'type file; file "{raw}"; format raw; slave.pcm null'
    (tmp_path / ".asoundrc").write_text(
        f"""
        pcm.tofile {{ {to_file} }}
        pcm.tofile_linear {{ type linear; slave {{ pcm {{ {to_file} }}; format S32_LE }} }}
        pcm.tofile_float {{ type lfloat; slave {{ pcm {{ {to_file} }}; format S32_LE }} }}
        pcm.!hw {{
            @args [ CARD ]
            @args.CARD {{ type string }}
            type multi
            slaves.a {{ pcm null; channels 2 }}
            bindings {{ 0 {{ slave a; channel 0 }}; 1 {{ slave a; channel 1 }} }}
        }}
        pcm.fromfile {{ type file; file /dev/null; infile "{raw}"; format raw; slave.pcm null }}
        """
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    return raw
