# SPDX-License-Identifier: MIT
"""The devices of this machine: listed without opening any, and asked what they offer."""

from __future__ import annotations

from dataclasses import dataclass

from . import _abi
from ._abi import lib
from ._enums import Direction
from ._errors import control_error
from ._info import fields
from ._limits import DeviceLimits, query


@dataclass(frozen=True)
class Device:
    """A PCM that `Engine` can be given.

    Attributes
    ----------
    name : str
        What to give as `device`; it survives reboots.
    description : str
        One line of words.
    playback, capture : bool
        Which way it goes.
    hardware : bool
        It is a PCM of a card, not a plugin, a server or the virtual card.
    """

    name: str
    description: str
    playback: bool
    capture: bool
    hardware: bool

    def limits(self) -> DeviceLimits:
        """Ask it what it offers; see `query`."""
        return query(self.name, self.playback, self.capture)


def devices() -> list[Device]:
    """The PCMs that `Engine` can be given: hardware, what ALSA's configuration names, "virtual".

    No device is opened; busy ones are listed too.

    Raises
    ------
    EngineError
        If ALSA cannot list them.
    """
    capacity = 0
    while True:
        room = (_abi.Device * capacity)()
        count = lib.engine_list_devices(room, capacity, _abi.sizeof(_abi.Device))
        if count < 0:
            raise control_error(count)
        if count <= capacity:
            return [_device(entry) for entry in room[:count]]
        capacity = count


def _device(structure: _abi.Device) -> Device:
    values = fields(structure)
    directions = values.pop("directions")
    return Device(playback=bool(directions & Direction.PLAYBACK),
                  capture=bool(directions & Direction.CAPTURE),
                  hardware=bool(values.pop("hardware")), **values)
