# SPDX-License-Identifier: MIT
"""A player: a process with an engine, which may hang without hanging the tests."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from servers import HERE, PATIENCE, World


class Answer(NamedTuple):
    """What came of a line of code: its value, and the seconds that it took."""

    value: object
    took: float


class Refused(Exception):
    """The code raised an error: .errno (None if it has none) and .text."""

    def __init__(self, errno: int | None, text: str, took: float) -> None:
        super().__init__(text)
        self.errno, self.text, self.took = errno, text, took


class Stuck(Exception):
    """The code did not come to its end in time; the text shows where the threads are."""


class Player:
    """A process that does what it is told, in a server's world.

    player(code) has it evaluate an expression or run a statement. The names it
    assigns stay; `peal` and `time` are there from the beginning.
    """

    def __init__(self, world: World) -> None:
        self._process = world.start(
            sys.executable, HERE / "child.py", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._log = world.folder / f"{Path(sys.executable).name}.log"
        self._stuck = ""

    def __call__(self, code: str, within: float = PATIENCE) -> Answer:
        """Have it run code. Raises Refused, or Stuck when that takes longer than within."""
        assert not self._stuck, f"{code}: it is still inside {self._stuck}"
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], within)[0]:
            self._stuck = code
            raise Stuck(f"{code}: not done within {within} s\n{self.stacks()}")
        line = self._process.stdout.readline()
        if not line:
            said = self._log.read_text(errors="replace")[-1000:]
            raise RuntimeError(f"{code}: the process ended with {self._process.wait()}: {said}")
        took, value, failure = json.loads(line)
        if failure:
            raise Refused(*failure, took)
        return Answer(value, took)

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()

    @contextlib.contextmanager
    def stopped(self, seconds: float) -> Iterator[None]:
        """It is stopped by a signal for so long, and until what is done meanwhile is done."""
        self._process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)  # the time for which it is stopped
        yield
        self._process.send_signal(signal.SIGCONT)

    def cpu_share(self, seconds: float) -> float:
        """The share of a core that all its threads together take over some time from now."""
        before, started = self._cpu_seconds(), time.monotonic()
        time.sleep(seconds)  # the time over which it is measured
        return (self._cpu_seconds() - before) / (time.monotonic() - started)

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stacks(self) -> str:
        """Where each of its threads is, as far as the kernel says."""
        lines = []
        for task in sorted(Path(f"/proc/{self.pid}/task").iterdir()):
            said = [task.name]
            for name in ("comm", "wchan", "syscall"):
                try:
                    said.append((task / name).read_text().strip())
                except OSError as failure:
                    said.append(f"({name}: {failure.strerror})")
            lines.append("  ".join(said))
        return "\n".join(lines)
