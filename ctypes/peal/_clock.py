# SPDX-License-Identifier: MIT
"""The clock: which engine frame meets the converter when."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from ._errors import EngineError


@dataclass(frozen=True)
class Clock:
    """One reading of an engine's clock.

    Attributes
    ----------
    frame : int
        An engine frame.
    time_ns : int
        When it met, or meets, the converter, in ns of CLOCK_MONOTONIC
        (`time.monotonic_ns`), as the audio thread last saw it.
    rate : int
        Frames per second.
    running : bool
        False: the clock stands.
    """

    frame: int
    time_ns: int
    rate: int
    running: bool

    def frame_at(self, time: float) -> int:
        """The engine frame at a time, in seconds of `time.monotonic`.

        Raises
        ------
        EngineError
            `errno.EPIPE` when the clock stands.
        """
        self._check()
        return self.frame + round((time - self.time_ns / 1e9) * self.rate)

    def time_of(self, frame: int) -> float:
        """The time of an engine frame; the reverse of `frame_at`."""
        self._check()
        return self.time_ns / 1e9 + (frame - self.frame) / self.rate

    def _check(self) -> None:
        if not self.running:
            raise EngineError(errno.EPIPE, "the engine is not running: its clock stands")
