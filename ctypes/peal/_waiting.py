# SPDX-License-Identifier: MIT
"""Waiting: deadlines, and file descriptors that Python itself makes readable."""

from __future__ import annotations

import math
import os
import select
import time

#: poll and locks take no longer time-outs; who waits longer looks again.
_LONGEST = 3600.0


def deadline(timeout: float | None) -> float:
    """When a wait of so many seconds from now is over, in seconds of `time.monotonic`."""
    if timeout is None:
        return math.inf
    if not timeout >= 0:
        raise ValueError(f"timeout must be None or at least 0 seconds, not {timeout!r}")
    return time.monotonic() + timeout


def left(end: float) -> float:
    """The seconds left until a deadline, or 0 when it has passed."""
    return min(max(end - time.monotonic(), 0.0), _LONGEST)


def poll(seconds: float, *descriptors: int) -> None:
    """Wait until one of the descriptors is readable, or the time is over."""
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    poller.poll(seconds * 1000)


class Flag:
    """A file descriptor that is readable while the flag is up.

    Its owner's lock is held around every method. The descriptors are made
    when they are first asked for.
    """

    def __init__(self) -> None:
        self.up = False
        self._pipe: tuple[int, int] | None = None

    def fileno(self) -> int:
        if self._pipe is None:
            self._pipe = os.pipe()
            if self.up:
                os.write(self._pipe[1], b"!")
        return self._pipe[0]

    def hoist(self) -> None:
        if not self.up:
            self.up = True
            if self._pipe:
                os.write(self._pipe[1], b"!")

    def lower(self) -> None:
        if self.up:
            self.up = False
            if self._pipe:
                os.read(self._pipe[0], 1)

    def close(self) -> None:
        pipe, self._pipe = self._pipe, None
        for end in pipe or ():
            os.close(end)
