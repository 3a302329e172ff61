# SPDX-License-Identifier: MIT
"""The machine: one run of QEMU, from power-on to power-off.

Three serial lines connect it: the kernel's console (a log), the output of the
program that it runs, and a control line on which the guest asks for what only
the host can do (plugging devices by QMP) and reports its exit status.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable

from cards import Card

QEMU = "qemu-system-x86_64"


class LabError(Exception):
    """The machine could not do its job; the text says why."""


def _connect(path: pathlib.Path, process: subprocess.Popen) -> socket.socket:
    """Connect to a socket that QEMU is about to listen on."""
    while process.poll() is None:
        if path.exists():
            client = socket.socket(socket.AF_UNIX)
            try:
                client.connect(str(path))
                return client
            except ConnectionRefusedError:
                client.close()
        time.sleep(0.01)  # QEMU tells nobody when it listens
    raise LabError(f"{QEMU} did not start:\n{process.stderr.read()}")


class _Monitor:
    """QEMU's own control, one command at a time."""

    def __init__(self, client: socket.socket) -> None:
        self._file = client.makefile("rw")
        self._file.readline()  # the greeting
        self.execute({"execute": "qmp_capabilities"})

    def execute(self, command: dict) -> dict:
        self._file.write(json.dumps(command) + "\n")
        self._file.flush()
        for line in self._file:
            answer = json.loads(line)
            if "event" not in answer:
                return answer
        raise LabError("QEMU closed its monitor")


class Machine:
    """A machine with these cards, running one initramfs.

    Parameters
    ----------
    kernel, initrd : files to boot
    cards : what is plugged in
    folder : where logs and WAVs go; emptied first
    output : gets the program's output, line by line
    """

    def __init__(
        self,
        kernel: pathlib.Path,
        initrd: pathlib.Path,
        cards: Iterable[Card],
        folder: pathlib.Path,
        output: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._output = output
        self._status: int | None = None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._arguments = [
            QEMU, "-nodefaults", "-display", "none", "-no-reboot",
            "-cpu", "max", "-smp", "2", "-accel", "tcg,thread=multi", "-m", "768",
            "-kernel", str(kernel), "-initrd", str(initrd),
            "-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
            "-serial", f"file:{folder}/console.log",
            "-serial", f"unix:{folder}/output,server=on,wait=off",
            "-serial", f"unix:{folder}/control,server=on,wait=off",
        ]
        for card in cards:
            self._arguments += (part.format(wav=self.wav(card)) for part in card.qemu)

    def wav(self, card: Card) -> pathlib.Path:
        """The file that gets what a card plays."""
        return self._folder / f"{card.name}.wav"

    def heard(self, card: Card) -> bytes:
        """The frames that a card played, up to the guest's request to keep them if it made one."""
        wav = self.wav(card)
        kept = wav.with_suffix(".kept")
        # QEMU completes the header only when it ends well: skip it by its size
        return (kept if kept.exists() else wav).read_bytes()[44:]

    def run(self, timeout: float) -> int:
        """Boot, run to power-off, and return the guest program's exit status."""
        process = subprocess.Popen(
            self._arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )
        killer = threading.Timer(timeout, process.kill)
        killer.start()
        try:
            return self._serve(process, timeout)
        finally:
            killer.cancel()
            process.kill()
            process.wait()

    def _serve(self, process: subprocess.Popen, timeout: float) -> int:
        output = _connect(self._folder / "output", process)
        control = _connect(self._folder / "control", process)
        monitor = _Monitor(_connect(self._folder / "qmp", process))
        threads = [
            threading.Thread(target=self._print, args=(output,)),
            threading.Thread(target=self._answer, args=(control, monitor)),
        ]
        for thread in threads:
            thread.start()
        # QEMU fills this pipe with its audio back end's remarks
        (self._folder / "qemu.log").write_text(process.stderr.read())
        for thread in threads:
            thread.join()
        if self._status is None:
            raise LabError(
                f"the machine went down without a result, after {timeout:.0f} s at most; "
                f"see {self._folder}/console.log"
            )
        return self._status

    def _print(self, output: socket.socket) -> None:
        with output, output.makefile(errors="replace") as lines:
            for line in lines:
                self._output(line.rstrip("\r\n"))

    def _answer(self, control: socket.socket, monitor: _Monitor) -> None:
        with control, control.makefile("rw", errors="replace") as line:
            for request in line:
                verb, _, rest = request.strip().partition(" ")
                if verb == "exit":
                    self._status = int(rest)
                elif verb == "qmp":
                    line.write(json.dumps(monitor.execute(json.loads(rest))) + "\n")
                    line.flush()
                elif verb == "keep":
                    self._keep()
                    line.write("kept\n")
                    line.flush()

    def _keep(self) -> None:
        for wav in self._folder.glob("*.wav"):
            kept = wav.with_suffix(".kept")
            if not kept.exists():  # after the first there is what came back
                shutil.copy(wav, kept)
