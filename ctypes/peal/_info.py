# SPDX-License-Identifier: MIT
"""What the engine tells about itself, as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import _abi
from ._abi import lib
from ._enums import Access, Direction, Timestamps


@dataclass(frozen=True)
class PcmInfo:
    """One direction's PCM, read back from the device.

    Attributes
    ----------
    name : str
        The PCM that was opened.
    type : str
        ALSA's plugin type: "HW", "PLUG", "IOPLUG" ...
    card_id, card_name : str
        The card's id, and its own name for the PCM; "" if there is no card.
    card : int
        The card's index; -1 for none.
    device, subdevice : int
        Their numbers on the card.
    access : Access
        How frames lie in the device's memory. Here they are always interleaved.
    period_frames, periods, buffer_frames : int
        The device's buffer.
    rate_num, rate_den : int
        The exact rate is `rate_num / rate_den` frames per second.
    batch : bool
        Its position moves in steps, not frames.
    timestamps : Timestamps
        The clock of its time stamps.
    """

    name: str
    type: str
    card_id: str
    card_name: str
    card: int
    device: int
    subdevice: int
    access: Access
    period_frames: int
    periods: int
    buffer_frames: int
    rate_num: int
    rate_den: int
    batch: bool
    timestamps: Timestamps


@dataclass(frozen=True)
class Info:
    """What was negotiated with the device.

    Attributes
    ----------
    directions : Direction
        Which way the audio goes.
    rate : int
        Frames per second.
    channels : int
        Samples per frame.
    format : str
        ALSA's name of the sample format ("S16_LE" ...).
    sample_bytes, frame_bytes : int
        Bytes per sample and per frame.
    period_frames : int
        How often the audio thread runs, in frames.
    linked : bool
        Both directions run on one clock and start together.
    fallback : bool
        It is the virtual card, because there is no sound card.
    stream_frames : int
        Frames that each stream holds.
    ports : int
        How many ports can be open beside the engine's own.
    voices : int
        How many can play at once; 0 without playback.
    samples : int
        How many can be loaded; 0 without playback.
    playback, capture : PcmInfo or None
        The PCM of each direction; None if it is not used.
    """

    directions: Direction
    rate: int
    channels: int
    format: str
    sample_bytes: int
    frame_bytes: int
    period_frames: int
    linked: bool
    fallback: bool
    stream_frames: int
    ports: int
    voices: int
    samples: int
    playback: PcmInfo | None
    capture: PcmInfo | None


@dataclass(frozen=True)
class RtReport:
    """What the audio thread was granted, what was refused, and what mends it.

    Attributes
    ----------
    policy : int
        `os.SCHED_FIFO` or `os.SCHED_OTHER`, as the kernel reports it.
    priority, wanted_priority : int
        The priority it has (0 with SCHED_OTHER), and what was tried for.
    sched_error : int
        0, or the negative error of the refusal.
    sched_reason, sched_remedy : str
        Why it is not what was wanted, and the line to add, and where.
    locked_bytes, arena_bytes : int
        How much of the engine's own memory is locked into RAM, and all of it.
    lock_error : int
        0, or the negative error of mlock.
    stack_bytes : int
        The audio thread's stack, all of it prefaulted.
    lock_reason, lock_remedy : str
        As `sched_reason` and `sched_remedy`.
    signals_blocked, flush_to_zero : bool
        Whether signals are blocked and denormals flushed in the thread.
    """

    policy: int
    priority: int
    wanted_priority: int
    sched_error: int
    sched_reason: str
    sched_remedy: str
    locked_bytes: int
    arena_bytes: int
    lock_error: int
    stack_bytes: int
    lock_reason: str
    lock_remedy: str
    signals_blocked: bool
    flush_to_zero: bool


@dataclass(frozen=True)
class Stats:
    """Counters since the engine was created; see include/peal/stats.h for each."""

    cycles: int
    periods: int
    wakes: int
    spurious_wakes: int
    backoffs: int
    poll_timeouts: int
    xruns: int
    suspends: int
    demoted: int
    stalls: int
    slips: int
    lost_frames: int
    underrun_frames: int
    overrun_frames: int
    played_frames: int
    captured_frames: int


@dataclass(frozen=True)
class PortStats:
    """The counters of a port's rings; see include/peal/stats.h for each."""

    sent: int
    refused: int
    handled: int
    answered: int
    received: int
    events_lost: int


def fields(structure: Any) -> dict[str, Any]:
    """A structure's fields, but its size, as Python values."""
    values = {name: getattr(structure, name) for name, *_ in structure._fields_ if name != "size"}
    return {name: value.decode(errors="replace") if isinstance(value, bytes) else value
            for name, value in values.items()}


def info(structure: _abi.Info) -> Info:
    """The Info in a struct engine_info."""
    values = fields(structure)
    directions = values["directions"] = Direction(values["directions"])
    values.update(
        format=lib.engine_format_name(values["format"]).decode(),
        linked=bool(values["linked"]), fallback=bool(values["fallback"]),
        playback=_pcm(structure.playback) if directions & Direction.PLAYBACK else None,
        capture=_pcm(structure.capture) if directions & Direction.CAPTURE else None)
    return Info(**values)


def _pcm(structure: _abi.PcmInfo) -> PcmInfo:
    values = fields(structure)
    values.update(access=Access(values["access"]), batch=bool(values["batch"]),
                  timestamps=Timestamps(values["timestamps"]))
    return PcmInfo(**values)


def rt_report(structure: _abi.RtReport) -> RtReport:
    """The RtReport in a struct engine_rt_report."""
    values = fields(structure)
    values.update(signals_blocked=bool(values["signals_blocked"]),
                  flush_to_zero=bool(values["flush_to_zero"]))
    return RtReport(**values)
