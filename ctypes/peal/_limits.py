# SPDX-License-Identifier: MIT
"""What a device offers, asked of it without setting it up."""

from __future__ import annotations

from dataclasses import dataclass

from . import _abi
from ._abi import lib, sized
from ._config import device_name
from ._enums import DeviceAccess, Direction
from ._errors import control_error
from ._info import fields

_FORMATS = 32
_ANY = 0xFFFFFFFF


@dataclass(frozen=True)
class PcmLimits:
    """What a device offers in one direction, each for itself.

    That is not to say that it takes every combination. Where it could not be
    asked, `error` and `reason` say why, and all else is empty.

    Attributes
    ----------
    error : int
        0, or the negative error of the refusal.
    reason : str
        Why ("busy: held by aplay (pid 123)").
    type, card_id, card_name, card : str and int
        As in `PcmInfo`.
    accesses : DeviceAccess
        How frames can be moved. Without mmap an engine cannot use it.
    formats : tuple of str
        Of those that an engine takes.
    other_formats : tuple of str
        ALSA's names of the others.
    channels : tuple of int
        How many it can have, up to 256.
    rate_min, rate_max : int
        Frames per second; `rate_max` is None without a limit.
    rate_any : bool
        Every rate between the two.
    rates : tuple of int
        Of the usual rates those that it has.
    default_format, default_channels, default_rate : str, int, int
        What an engine asks for unless it is told otherwise, or the nearest;
        the format is "" if it has none that an engine takes.
    period_min, period_max, buffer_min, buffer_max : int
        The sizes it has with those, in frames; None without a limit.
    batch : bool
        Its position moves in steps, not frames.
    """

    error: int
    reason: str
    type: str
    card_id: str
    card_name: str
    card: int
    accesses: DeviceAccess
    formats: tuple[str, ...]
    other_formats: tuple[str, ...]
    channels: tuple[int, ...]
    rate_min: int
    rate_max: int | None
    rate_any: bool
    rates: tuple[int, ...]
    default_format: str
    default_channels: int
    default_rate: int
    period_min: int
    period_max: int | None
    buffer_min: int
    buffer_max: int | None
    batch: bool


@dataclass(frozen=True)
class DeviceLimits:
    """What a device offers.

    Attributes
    ----------
    directions : Direction
        Those that could be asked.
    linkable : bool
        Both could, and would run on one clock and start together.
    playback, capture : PcmLimits or None
        What each offers, or why it could not be asked; None if it was not.
    """

    directions: Direction
    linkable: bool
    playback: PcmLimits | None
    capture: PcmLimits | None


def query(device: str | None = None, playback: bool = True, capture: bool = True) -> DeviceLimits:
    """Ask a device what it offers: it is opened for a moment, and not set up.

    Hardware that is in use is not opened; the reason names who holds it.

    Parameters
    ----------
    device : str, optional
        As for `Engine`. By default "default".
    playback, capture : bool
        Which directions to ask.

    Raises
    ------
    EngineError
        If none of them could be asked.

    Examples
    --------
    >>> peal.query("virtual").playback.formats
    ('S16_LE', 'S24_LE', 'S24_3LE', 'S32_LE', 'FLOAT_LE')
    """
    asked = Direction.PLAYBACK * bool(playback) | Direction.CAPTURE * bool(capture)
    if not asked:
        raise ValueError("an engine plays, captures or does both: ask for one at least")
    limits = sized(_abi.DeviceLimits)
    code = lib.engine_query_device(device_name("device", device), asked, limits)
    if code < 0:
        raise control_error(code)
    return DeviceLimits(
        directions=Direction(limits.directions), linkable=bool(limits.linkable),
        playback=_pcm(limits.playback) if playback else None,
        capture=_pcm(limits.capture) if capture else None)


def _pcm(structure: _abi.PcmLimits) -> PcmLimits:
    values = fields(structure)
    for name in "rate_max", "period_max", "buffer_max":
        if values[name] == _ANY:
            values[name] = None
    channels = sum(word << 64 * index for index, word in enumerate(values["channels"]))
    formats = values["formats"]
    default = values["default_format"]
    values.update(
        accesses=DeviceAccess(values["accesses"]),
        formats=tuple(_name(bit) for bit in range(_FORMATS) if formats >> bit & 1),
        other_formats=tuple(filter(None, values["other_formats"].split(", "))),
        channels=tuple(bit + 1 for bit in range(256) if channels >> bit & 1),
        rates=tuple(filter(None, values["rates"])),
        rate_any=bool(values["rate_any"]), batch=bool(values["batch"]),
        default_format=_name(default) if default else "")
    return PcmLimits(**values)


def _name(format: int) -> str:
    name: str = lib.engine_format_name(format).decode()
    return name
