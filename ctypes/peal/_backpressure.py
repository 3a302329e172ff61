# SPDX-License-Identifier: MIT
"""Backpressure: says early, and once, that something fills up, and once that it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass

from . import _abi
from ._abi import lib, sized
from ._config import thresholds
from ._enums import BackpressureChange
from ._info import fields
from ._standalone import Standalone, count


@dataclass(frozen=True)
class BackpressureStats:
    """How often and how long it was on.

    Attributes
    ----------
    on_now : bool
        Whether it is on.
    triggers : int
        Times it went on.
    current_ns : int
        For how long it has been on, in ns; 0 when it is off.
    total_ns : int
        For how long it was on in all, the current time included.
    on, off : float
        The thresholds.
    """

    on_now: bool
    triggers: int
    current_ns: int
    total_ns: int
    on: float
    off: float


@dataclass(frozen=True)
class RingsBackpressure:
    """The backpressure of an engine's rings; None for a direction that it has not.

    Attributes
    ----------
    playback, capture : BackpressureStats or None
        Of the streams.
    commands, replies : BackpressureStats
        Of the messages on the engine's own port.
    """

    playback: BackpressureStats | None
    capture: BackpressureStats | None
    commands: BackpressureStats
    replies: BackpressureStats


def backpressure_stats(structure: _abi.BackpressureStats) -> BackpressureStats:
    """The stats in a struct engine_backpressure_stats."""
    values = fields(structure)
    return BackpressureStats(**{**values, "on_now": bool(values["on_now"])})


class Backpressure(Standalone):
    """On at or above one share of full, off at or below a lower one; in between it stays.

    One thread at a time updates it; any may read it.

    Parameters
    ----------
    on, off : float
        0.0 <= off < on <= 1.0.

    Raises
    ------
    EngineError
        If the thresholds are none; it names them.
    """

    def __init__(self, on: float = 0.9, off: float = 0.7) -> None:
        super().__init__(lib.engine_backpressure_create, lib.engine_backpressure_destroy,
                         *thresholds(on, off))

    def update(self, length: int, capacity: int, now_ns: int | None = None) -> BackpressureChange:
        """Tell how full it is.

        Parameters
        ----------
        length, capacity : int
            How full, and what full is; at least 1.
        now_ns : int, optional
            The time, in ns of CLOCK_MONOTONIC, if not now's.

        Returns
        -------
        BackpressureChange
            Whether it went on, off, or stays the same.
        """
        return BackpressureChange(self._call(
            lib.engine_backpressure_update, count("length", length), count("capacity", capacity),
            _now(now_ns)))

    def stats(self, now_ns: int | None = None) -> BackpressureStats:
        """How often and how long it was on, until now or the time given."""
        structure = sized(_abi.BackpressureStats)
        self._call(lib.engine_backpressure_get_stats, _now(now_ns), structure)
        return backpressure_stats(structure)

    def reset(self) -> None:
        """Off, and all counts 0."""
        self._call(lib.engine_backpressure_reset)


def _now(now_ns: int | None) -> int:
    return time.monotonic_ns() if now_ns is None else count("now_ns", now_ns)
