# SPDX-License-Identifier: MIT
"""The configuration: keyword arguments as a struct engine_config.

Only what C cannot be told is refused here, since it takes 0 for "the
default" and has no negative sizes; all else is for the C library to judge.
"""

from __future__ import annotations

import operator
import os
from enum import IntEnum
from typing import Any

from ._abi import Config, lib, sized
from ._enums import PRIORITY_NORMAL, Access, Direction, Steal
from ._log import Log


def config(*, device: str | None, capture_device: str | None, playback: bool, capture: bool,
           format: str | None, access: str | None, priority: int | None, steal: str | None,
           reopen: bool, allow_secure: bool, backpressure: tuple[float, float] | None,
           log: Log, **sizes: int | None) -> Config:
    """The struct engine_config for these arguments; see `peal.Engine`."""
    if not playback and not capture:
        raise ValueError("playback and capture are both off: there is nothing to do")
    filled: Config = sized(Config)
    filled.device = device_name("device", device)
    filled.capture_device = device_name("capture_device", capture_device)
    filled.directions = (Direction.PLAYBACK * bool(playback)) | (Direction.CAPTURE * bool(capture))
    filled.format = format_number(format)
    filled.access = _choice("access", Access, access)
    filled.steal = _choice("steal", Steal, steal)
    filled.priority = _priority(priority)
    if backpressure is not None:
        filled.backpressure_on, filled.backpressure_off = thresholds(*backpressure)
    filled.reopen = bool(reopen)
    filled.fallback_virtual = device is None
    filled.allow_secure = bool(allow_secure)
    filled.log = log.function
    for field, size in sizes.items():
        setattr(filled, field, size_number(field.replace("period_frames", "period"), size))
    return filled


def thresholds(on: float, off: float) -> tuple[float, float]:
    """Backpressure's; that one is below the other is for C to see to."""
    if not on and not off:  # its defaults
        raise ValueError(f"backpressure must begin above 0.0, not at {on} (and end at {off})")
    return float(on), float(off)


def _integer(parameter: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{parameter} must be an integer, not {value!r}") from None


def size_number(parameter: str, value: int | None) -> int:
    """A size for C, for which 0 stands for the default."""
    if value is None:
        return 0
    number = _integer(parameter, value)
    if not 0 < number < 2**32:
        raise ValueError(f"{parameter} must be 1..{2**32 - 1}, not {number}")
    return number


def _priority(value: int | None) -> int:
    if value is None:
        return 0
    number = _integer("priority", value)
    if not 0 <= number < 100:
        raise ValueError(f"priority must be 0 (normal) or 1..99 (SCHED_FIFO), not {number}")
    return number or PRIORITY_NORMAL


def device_name(parameter: str, value: str | None) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{parameter} must be a string, not {value!r}")
    if "\0" in value:
        raise ValueError(f"{parameter} must not contain a null character: {value!r}")
    return os.fsencode(value)


def format_number(value: str | None) -> int:
    """The enum engine_format with this name."""
    name = device_name("format", value)
    number: int = lib.engine_format_from_name(name) if name is not None else 0
    if number < 0:
        raise ValueError(f"format must be one of {', '.join(_formats())}, not {value!r}")
    return number


def _formats() -> list[str]:
    names = (lib.engine_format_name(number).decode() for number in range(1, 256))
    return [name for name in names if name != "unknown"]


def _choice(parameter: str, names: type[IntEnum], value: str | None) -> int:
    if value is None:
        return 0
    try:
        return names[value.upper()]
    except (KeyError, AttributeError):
        known = ", ".join(repr(member.name.lower()) for member in names)
        raise ValueError(f"{parameter} must be one of {known}, not {value!r}") from None
