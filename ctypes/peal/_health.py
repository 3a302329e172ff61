# SPDX-License-Identifier: MIT
"""Health: counters and latency histograms, and whether they keep their limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Callable

from . import _abi
from ._abi import create_string_buffer, lib, sized, sizeof
from ._enums import HealthLatency
from ._errors import error
from ._info import fields
from ._standalone import Standalone, count as number


@dataclass(frozen=True)
class Latency:
    """One latency, from all samples since the last reset; ns, or None with no sample.

    The mean is exact, the others are within 1 %.
    """

    count: int
    min_ns: float | None
    mean_ns: float | None
    p50_ns: float | None
    p95_ns: float | None
    p99_ns: float | None
    p999_ns: float | None
    max_ns: float | None


@dataclass(frozen=True)
class Latencies:
    """The latencies that are kept.

    Attributes
    ----------
    wakeup : Latency
        From when the device was due to when the audio thread ran.
    cycle : Latency
        The work of one period.
    message : Latency
        A message's time in its ring.
    chunk : Latency
        A captured chunk's age when the program took it.
    """

    wakeup: Latency
    cycle: Latency
    message: Latency
    chunk: Latency


@dataclass(frozen=True)
class HealthSnapshot:
    """How well it goes. What is unknown is None, never 0.

    Attributes
    ----------
    uptime_ns : int
        Since it was created or reset.
    chunks, frames : int
        Chunks delivered, and the frames in these.
    drops : int
        Chunks dropped.
    overruns, underruns : int
        Times the program was late to take captured frames, and to supply them.
    xruns : int
        Times the device ran empty or over.
    drop_rate : float or None
        drops / (chunks + drops).
    chunks_per_second, frames_per_second : float or None
        Over the uptime.
    load, load_max : float or None
        The share of the periods that their work took, mean and greatest.
    latency : Latencies
        How long things took.
    """

    uptime_ns: int
    chunks: int
    frames: int
    drops: int
    overruns: int
    underruns: int
    xruns: int
    drop_rate: float | None
    chunks_per_second: float | None
    frames_per_second: float | None
    load: float | None
    load_max: float | None
    latency: Latencies
    _c: Any = field(repr=False, compare=False)

    def is_healthy(self, **limits: float | None) -> bool:
        """Whether it keeps the limits. What is unknown breaks none.

        Parameters
        ----------
        drop_rate, load, xruns, underruns, overruns, wakeup_p99_ns : float, optional
            At most so much; None looks away. By default drop_rate is 0.01,
            load (the mean) 0.8, wakeup_p99_ns None, and the counts are 0.
        """
        return not self.complaint(**limits)

    def complaint(self, **limits: float | None) -> str:
        """The first limit that is broken, in words; "" if none is. See `is_healthy`."""
        wanted, words = sized(_abi.HealthLimits), create_string_buffer(256)
        lib.engine_health_limits_default(wanted)
        for name, limit in limits.items():
            if name not in fields(wanted):
                raise TypeError(f"there is no limit {name!r}: the limits are "
                                f"{', '.join(fields(wanted))}")
            setattr(wanted, name, math.nan if limit is None else limit)
        code = lib.engine_health_is_healthy(self._c, wanted, words, sizeof(words))
        if code < 0:
            raise error(code)
        return "" if code else words.value.decode()

    def to_json(self) -> str:
        """As a JSON object; what is unknown is null."""
        return self._text(lib.engine_health_to_json)

    def to_prometheus(self) -> str:
        """In Prometheus's text exposition format; what is unknown is left out."""
        return self._text(lib.engine_health_to_prometheus)

    def __reduce__(self) -> Any:
        return _unpickled, (bytes(self._c),)

    def _text(self, render: Callable[..., int]) -> str:
        length = render(self._c, None, 0)
        if length < 0:
            raise error(length)
        text = create_string_buffer(length + 1)
        render(self._c, text, len(text))
        return text.value.decode()


def _unpickled(raw: bytes) -> HealthSnapshot:
    return snapshot(_abi.HealthSnapshot.from_buffer_copy(raw))


def _known(structure: Any) -> dict[str, Any]:
    return {name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in fields(structure).items()}


def snapshot(structure: _abi.HealthSnapshot) -> HealthSnapshot:
    """The snapshot in a struct engine_health_snapshot."""
    values = _known(structure)
    values["latency"] = Latencies(**{
        which.name.lower(): Latency(**_known(structure.latency[which]))
        for which in HealthLatency})
    return HealthSnapshot(**values, _c=structure)


class Health(Standalone):
    """Health of a program's own streams; an engine keeps its own (`Engine.health`).

    Any number of threads may record and take snapshots at the same time.
    """

    def __init__(self) -> None:
        super().__init__(lib.engine_health_create, lib.engine_health_destroy)

    def record_chunks(self, chunks: int = 1, frames: int = 0) -> None:
        """So many chunks were delivered, with so many frames in them all."""
        self._call(lib.engine_health_record_chunks, number("chunks", chunks),
                   number("frames", frames))

    def record_drops(self, chunks: int = 1) -> None:
        """So many chunks were dropped."""
        self._call(lib.engine_health_record_drops, number("chunks", chunks))

    def record_overruns(self, count: int = 1) -> None:
        """So many times captured frames were taken too late."""
        self._call(lib.engine_health_record_overruns, number("count", count))

    def record_underruns(self, count: int = 1) -> None:
        """So many times frames were supplied too late."""
        self._call(lib.engine_health_record_underruns, number("count", count))

    def record_xruns(self, count: int = 1) -> None:
        """So many times the device ran empty or over."""
        self._call(lib.engine_health_record_xruns, number("count", count))

    def record_latency(self, which: HealthLatency, ns: int) -> None:
        """Something took so long, in ns."""
        self._call(lib.engine_health_record_latency, which, number("ns", ns))

    def record_load(self, work_ns: int, period_ns: int) -> None:
        """The work of a period took so much of it, both in ns."""
        self._call(lib.engine_health_record_load, number("work_ns", work_ns),
                   number("period_ns", period_ns))

    def snapshot(self) -> HealthSnapshot:
        """All of it, as of now."""
        structure = sized(_abi.HealthSnapshot)
        self._call(lib.engine_health_get, structure)
        return snapshot(structure)

    def reset(self) -> None:
        """Start again from zero."""
        self._call(lib.engine_health_reset)
