# SPDX-License-Identifier: MIT
"""Messages: what the audio thread sends, as Python objects."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Union

from ._enums import Cause, Direction, MessageType, Ring, State, Step

#: struct engine_message, its union read as a reply, a device's event and a stream's.
REPLY = struct.Struct("=HHIQiIQ")
EVENT = struct.Struct("=HHIQBBBBhBxII")
RING = struct.Struct("=HHIQBBHIQ")
#: A command's first fields, all others 0.
COMMAND = struct.Struct("=HHI24x")
#: A command with its union: to play, to set a volume, to stop one voice or all.
PLAY = struct.Struct("=HHIQHBBffI")
VOLUME = struct.Struct("=HHIQIIfI")
STOP = struct.Struct("=HHIQII8x")


@dataclass
class Pong:
    """The answer to a ping.

    Attributes
    ----------
    id : int
        The ping's id.
    frame : int
        The engine frame at which the audio thread took the ping.
    time_ns : int
        When it took it, in ns of CLOCK_MONOTONIC (`time.monotonic_ns`).
    age_ns : int
        For how long the ping had then been in the ring, in ns; 2**32 - 1
        stands for that long or longer.
    result : int
        0, or a negative error.
    received_ns : int
        When Python took the pong out of the ring, in ns of CLOCK_MONOTONIC.
    """

    __slots__ = ("id", "frame", "time_ns", "age_ns", "result", "received_ns")

    id: int
    frame: int
    time_ns: int
    age_ns: int
    result: int
    received_ns: int

    @property
    def sent_ns(self) -> int:
        """When the ping was sent, in ns of CLOCK_MONOTONIC."""
        return self.time_ns - self.age_ns

    @property
    def round_trip(self) -> float:
        """Seconds from sending the ping to receiving the pong in Python."""
        return (self.received_ns - self.sent_ns) / 1e9


@dataclass
class Message:
    """An event: something that happened to the device.

    Attributes
    ----------
    type : MessageType
        What happened.
    dropped : int
        How many events before this one found no room.
    frame : int
        The engine frame at which it took effect.
    from_state, to_state : State
        Where the device stood, and stands.
    step : Step
        The call to the device that showed it.
    directions : Direction
        The direction that showed it.
    error : int
        That call's negative result; 0 if none.
    cause : Cause
        Why, as far as can be told.
    lost_frames : int
        By how many frames the engine frame jumped.
    took : float
        Seconds from the detection to this event.
    """

    __slots__ = ("type", "dropped", "frame", "from_state", "to_state", "step", "directions",
                 "error", "cause", "lost_frames", "took")

    type: MessageType
    dropped: int
    frame: int
    from_state: State
    to_state: State
    step: Step
    directions: Direction
    error: int
    cause: Cause
    lost_frames: int
    took: float


@dataclass
class RingEvent:
    """An event: a ring fills up, or the program is late with it. It goes on by itself.

    Attributes
    ----------
    type : MessageType
        EVENT_BACKPRESSURE: it fills up, or no longer does. EVENT_UNDERRUN:
        silence is played from now on. EVENT_OVERRUN: captured frames are
        dropped from now on.
    dropped : int
        How many events before this one found no room.
    frame : int
        The engine frame at which it took effect.
    ring : Ring
        Which.
    on : bool
        False when backpressure is over; else True.
    usage : float
        How full it is, 0.0 to 1.0, in steps of 0.001.
    length : int
        The same, in chunks or messages.
    time_ns : int
        When, in ns of CLOCK_MONOTONIC.
    """

    __slots__ = ("type", "dropped", "frame", "ring", "on", "usage", "length", "time_ns")

    type: MessageType
    dropped: int
    frame: int
    ring: Ring
    on: bool
    usage: float
    length: int
    time_ns: int


#: What `Mailbox.receive_msg` returns.
Event = Union[Message, RingEvent]

_OF_RINGS = {int(MessageType.EVENT_BACKPRESSURE), int(MessageType.EVENT_UNDERRUN),
               int(MessageType.EVENT_OVERRUN)}


def message(raw: bytes) -> Event:
    """The event in the 32 bytes of a struct engine_message."""
    kind, _, dropped, frame, was, now, step, way, code, cause, lost, took_us = EVENT.unpack(raw)
    if kind in _OF_RINGS:
        *_, ring, on, permille, length, time_ns = RING.unpack(raw)
        return RingEvent(MessageType(kind), dropped, frame, Ring(ring), bool(on),
                         permille / 1000, length, time_ns)
    return Message(MessageType(kind), dropped, frame, State(was), State(now), Step(step),
                   Direction(way), code, Cause(cause), lost, took_us / 1e6)
