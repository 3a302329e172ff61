# SPDX-License-Identifier: MIT
"""The numbers of the C headers that have names."""

from __future__ import annotations

import enum
from typing import Any

EFORKED, EABI, ESECURE, ELOST = -4097, -4098, -4099, -4100

RING_MESSAGES = 1024
FLAG_WAKE, FLAG_QUIET = 1, 2
PORT_EVENTS = 1
PRIORITY_NORMAL = -1
POOL_RECYCLE, POOL_ZERO = 1, 2


class _OpenEnum(enum.IntEnum):
    """Numbers that a newer library may have more of: those are UNKNOWN_n."""

    @classmethod
    def _missing_(cls, value: object) -> Any:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_, member._value_ = f"UNKNOWN_{value}", value
        return member


class MessageType(_OpenEnum):
    """What a message is."""

    PING = 0x1
    PONG = 0x101
    EVENT_XRUN = 0x201
    EVENT_SUSPEND = 0x202
    EVENT_RESUME = 0x203
    EVENT_LOST = 0x204
    EVENT_BACKPRESSURE = 0x205
    EVENT_UNDERRUN = 0x206
    EVENT_OVERRUN = 0x207


class State(_OpenEnum):
    """Where a device stands."""

    CLOSED = 0
    PREPARED = 1
    RUNNING = 2
    XRUN = 3
    SUSPENDED = 4
    LOST = 5


class Step(_OpenEnum):
    """The call to the device that showed the trouble."""

    NONE = 0
    POLL = 1
    AVAIL = 2
    BEGIN = 3
    COMMIT = 4
    PREPARE = 5
    START = 6
    RESUME = 7
    STATE = 8


class Direction(enum.IntFlag):
    """Which way the audio goes."""

    PLAYBACK = 1
    CAPTURE = 2


class Ring(_OpenEnum):
    """A ring between a program and the audio thread."""

    PLAYBACK = 1
    CAPTURE = 2
    COMMANDS = 3
    REPLIES = 4


class Access(_OpenEnum):
    """How frames lie in the device's memory."""

    INTERLEAVED = 1
    NONINTERLEAVED = 2


class BackpressureChange(_OpenEnum):
    """What an update of backpressure found."""

    SAME = 0
    ON = 1
    OFF = 2


class HealthLatency(_OpenEnum):
    """The latencies that health keeps."""

    WAKEUP = 0
    CYCLE = 1
    MESSAGE = 2
    CHUNK = 3


class Timestamps(_OpenEnum):
    """Which clock the device's time stamps are on."""

    NONE = 0
    MONOTONIC = 1
    MONOTONIC_RAW = 2
