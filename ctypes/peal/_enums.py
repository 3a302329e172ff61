# SPDX-License-Identifier: MIT
"""The numbers of the C headers that have names."""

from __future__ import annotations

import enum
from typing import Any

EFORKED, EABI, ESECURE, ELOST = -4097, -4098, -4099, -4100
ENOSAMPLE, ENOVOICE, EVOICE, ESCHEDULE = -4101, -4102, -4103, -4104

RING_MESSAGES = 1024
FLAG_WAKE, FLAG_QUIET = 1, 2
PORT_EVENTS = 1
PRIORITY_NORMAL = -1
POOL_RECYCLE, POOL_ZERO = 1, 2
TARGET_ENGINE, TARGET_VOICE = 0, 1
VOLUME_MAX = 16.0
RATE_RATIO_MIN, RATE_RATIO_MAX = 0.25, 4.0


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
    STOP = 0x2
    SET_VOLUME = 0x3
    LOAD_SAMPLE = 0x4
    PLAY_SAMPLE = 0x5
    STOP_VOICE = 0x6
    PONG = 0x101
    STOPPED = 0x102
    VOLUME_SET = 0x103
    SAMPLE_LOADED = 0x104
    VOICE_STARTED = 0x105
    VOICE_STOPPED = 0x106
    EVENT_XRUN = 0x201
    EVENT_SUSPEND = 0x202
    EVENT_RESUME = 0x203
    EVENT_LOST = 0x204
    EVENT_BACKPRESSURE = 0x205
    EVENT_UNDERRUN = 0x206
    EVENT_OVERRUN = 0x207
    EVENT_STALLED = 0x208
    EVENT_RETURNED = 0x209
    EVENT_FAILED = 0x20A
    VOICE_ENDED = 0x301


class State(_OpenEnum):
    """Where a device stands."""

    CLOSED = 0
    PREPARED = 1
    RUNNING = 2
    XRUN = 3
    SUSPENDED = 4
    LOST = 5
    STALLED = 6
    FAILED = 7


class Cause(_OpenEnum):
    """Why something happened to a device, as far as can be told; see peal/message.h."""

    NONE = 0
    WOKEN_LATE = 1
    WORK = 2
    DEVICE = 3
    SYSTEM = 4
    GONE = 5
    RESTARTS = 6
    REFUSED = 7
    SILENT = 8


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


class Steal(_OpenEnum):
    """What a new voice does when every voice plays."""

    NONE = 0
    OLDEST = 1
    QUIETEST = 2


class End(_OpenEnum):
    """Why a voice ended.

    FINISHED: its sample was over. STOPPED: by `Voice.stop` or
    `Engine.stop_all`. STOLEN: its place was needed for another. HALTED: the
    engine stopped, or its device was lost.
    """

    FINISHED = 1
    STOPPED = 2
    STOLEN = 3
    HALTED = 4


class Access(_OpenEnum):
    """How frames lie in the device's memory."""

    INTERLEAVED = 1
    NONINTERLEAVED = 2


class DeviceAccess(enum.IntFlag):
    """How frames can be moved to or from a device; an engine needs one of the first two."""

    MMAP_INTERLEAVED = 1
    MMAP_NONINTERLEAVED = 2
    RW_INTERLEAVED = 4
    RW_NONINTERLEAVED = 8


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
