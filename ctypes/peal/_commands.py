# SPDX-License-Identifier: MIT
"""Commands: playing, stopping and volume, the same on an engine and on a port.

Every call sends at once and waits for nothing, or adds to the batch that its
thread has begun. What is wrong in itself is raised by the call; what only the
audio thread can know, by the returned object's `wait`.
"""

from __future__ import annotations

import contextlib
import errno
import operator
import threading
from collections.abc import Iterator, Sequence
from typing import Union

from ._abi import Handle, lib
from ._command import UNSENT, Answer, Command
from ._dispatch import Dispatcher
from ._enums import (RATE_RATIO_MAX, RATE_RATIO_MIN, RING_MESSAGES, TARGET_ENGINE, TARGET_VOICE,
                     VOLUME_MAX, Direction, MessageType)
from ._errors import EngineError
from ._info import Info
from ._life import Life
from ._messages import PLAY, STOP, VOLUME
from ._voice import Voice

#: Where a channel of a sample goes: one of the engine's, all of them, or nowhere.
Target = Union[int, str, None]

# After this many messages the answers are taken in, so that the ring has room for more. Python
# keeps numbers up to 256 ready made, so that counting pings costs next to nothing.
_DRAIN_AFTER = RING_MESSAGES // 4

# A map has four bits for each of this many channels of a sample: 0 is nowhere, 15 is everywhere.
_MAPPED = 8
_EVERYWHERE = 15


class _Batch:
    """The commands of a batch, and how many answers they will have."""

    def __init__(self) -> None:
        self.commands: list[tuple[Answer, bytes]] = []
        self.answers = 0


class Commands:
    """What plays and stops; a part of `Engine` and `Port`."""

    _port_handle: Handle
    _life: Life
    _dispatcher: Dispatcher
    _shape: Info

    def __init__(self) -> None:
        self._batches: dict[int, _Batch] = {}  # by thread
        self._credit = _DRAIN_AFTER

    def play_sample(self, id: int, velocity: float = 1.0, at: int | None = None,
                    loop: bool = False, rate: float = 1.0,
                    channels: Sequence[Target] | None = None) -> Voice:
        """Play a sample that `Engine.load_sample` has loaded.

        Parameters
        ----------
        id : int
            The sample's number.
        velocity : float
            How loud, 0.0 to 16.0; 1.0 is as it is.
        at : int, optional
            The engine frame at which it starts, exactly. If none is given, or
            it has passed: at once. While the engine is stopped, frames are
            those after its next start.
        loop : bool
            Whether it begins again at its end, until it is stopped.
        rate : float
            How fast, 0.25 to 4.0; 1.0 is as it is.
        channels : sequence, optional
            Where each channel of the sample goes (the first 8; the others go
            nowhere): a channel of the engine, 0..13, "all", or None for
            nowhere. By default one channel goes to all, and of several each
            to its own.

        Returns
        -------
        Voice
            To wait for, or to stop; it may be forgotten.

        Raises
        ------
        ValueError
            If a number is out of its range; it names the range.
        RingFull
            If the audio thread has yet to take as many commands as the ring
            holds.
        EngineError
            If the engine has no playback, or is closed.
        """
        number = self._sample_number(id)
        _within("velocity", velocity, 0.0, VOLUME_MAX)
        _within("rate", rate, RATE_RATIO_MIN, RATE_RATIO_MAX)
        where = 0 if channels is None else _map(channels, self._shape.channels)
        voice = Voice(self)
        self._send(voice, PLAY.pack(MessageType.PLAY_SAMPLE, 0, voice.id, _frame(at), number,
                                    bool(loop), 0, velocity, rate, where))
        return voice

    def set_volume(self, gain: float, ramp_ms: float = 5.0, at: int | None = None) -> Command:
        """Set the volume of all that is played, the stream included.

        Parameters
        ----------
        gain : float
            0.0 (silence) to 16.0; 1.0 changes nothing. What gets louder than
            full scale is clipped.
        ramp_ms : float
            How long the way there takes, in milliseconds; 0 for a jump.
        at : int, optional
            The engine frame at which it begins. If none is given, or it has
            passed: at once.

        Raises
        ------
        ValueError, RingFull, EngineError
            As `play_sample`.
        """
        return self._set_volume(None, gain, ramp_ms, at)

    def stop_all(self, fade_ms: float = 5.0, cancel: bool = True,
                 at: int | None = None) -> Command:
        """Fade all voices out and end them, whoever started them.

        Parameters
        ----------
        fade_ms : float
            How long the fade takes, in milliseconds; 0 for none.
        cancel : bool
            Whether commands that wait for their frame are cancelled.
        at : int, optional
            As for `set_volume`.

        Raises
        ------
        ValueError, RingFull, EngineError
            As `play_sample`.
        """
        fade = self._ramp("fade_ms", fade_ms)
        command = Command(self)
        self._send(command, STOP.pack(MessageType.STOP, 0, command.id, _frame(at), fade,
                                      bool(cancel)))
        return command

    @contextlib.contextmanager
    def batch(self) -> Iterator[None]:
        """Collect this thread's commands, and send them whole or not at all.

        They take effect together, in one cycle. ``with engine.batch():`` sends
        at its end; an exception inside sends nothing. Pings are no part of it,
        nor are a port's commands of an engine's batch.

        Raises
        ------
        EngineError
            `errno.EMSGSIZE` when it is to have more than 1024 answers, of
            which a voice has two, by the call that is one too many.
        RingFull
            If they do not all fit now; none was sent.
        RuntimeError
            If this thread has begun a batch here already.
        """
        me = threading.get_ident()
        if me in self._batches:
            raise RuntimeError("this thread has begun a batch here already")
        self._life.check()
        batch = self._batches[me] = _Batch()
        commands = batch.commands
        try:
            yield
            del self._batches[me]
            for answer, _ in commands:
                answer._result = None
            if commands:
                self._deliver(b"".join(raw for _, raw in commands), len(commands))
        except BaseException:
            for answer, _ in commands:
                answer._result = -errno.ECANCELED
            raise
        finally:
            self._batches.pop(me, None)

    def _set_volume(self, voice: int | None, gain: float, ramp_ms: float,
                    at: int | None) -> Command:
        _within("gain", gain, 0.0, VOLUME_MAX)
        ramp = self._ramp("ramp_ms", ramp_ms)
        target = TARGET_ENGINE if voice is None else TARGET_VOICE
        command = Command(self)
        self._send(command, VOLUME.pack(MessageType.SET_VOLUME, 0, command.id, _frame(at), target,
                                        voice or 0, gain, ramp))
        return command

    def _stop_voice(self, voice: int, at: int | None, fade_ms: float) -> Command:
        fade = self._ramp("fade_ms", fade_ms)
        command = Command(self)
        self._send(command, STOP.pack(MessageType.STOP_VOICE, 0, command.id, _frame(at), voice,
                                      fade))
        return command

    def _sample_number(self, id: int) -> int:
        self._check_playback()
        number = operator.index(id)
        if not 0 <= number < self._shape.samples:
            raise ValueError(f"a sample's number must be 0..{self._shape.samples - 1}, "
                             f"not {number}")
        return number

    def _check_playback(self) -> None:
        if Direction.PLAYBACK not in self._shape.directions:
            raise EngineError(errno.ENOTSUP, "the engine was created without playback")

    def _ramp(self, name: str, milliseconds: float) -> int:
        """So many milliseconds in frames; 1 is at once, since 0 is C's default."""
        most = (2**32 - 1) * 1000 // self._shape.rate
        _within(name, milliseconds, 0, most)
        return max(1, round(milliseconds * self._shape.rate / 1000))

    def _send(self, answer: Answer, raw: bytes) -> None:
        self._check_playback()
        batch = self._batches.get(threading.get_ident()) if self._batches else None
        if batch is None:
            self._dispatcher.answers[answer.id] = answer
            self._deliver(raw, 1)
            return
        self._life.check()
        if batch.answers + answer.ANSWERS > RING_MESSAGES:
            raise EngineError(errno.EMSGSIZE, f"a batch has at most {RING_MESSAGES} answers, of "
                              "which a voice has two: this is one too many")
        answer._result = UNSENT
        self._dispatcher.answers[answer.id] = answer
        batch.answers += answer.ANSWERS
        batch.commands.append((answer, raw))

    def _deliver(self, raw: bytes, count: int) -> None:
        code = lib.engine_port_send_batch(self._port_handle, raw, count)
        if code == -errno.ENOBUFS:  # what waits for us may be what holds it up
            self._relieve()
            code = lib.engine_port_send_batch(self._port_handle, raw, count)
        if code < 0:
            raise self._life.error(code)
        self._credit -= 2 * count  # a voice's start and its end
        if self._credit < 0:
            self._relieve()

    def _relieve(self) -> None:
        self._credit = _DRAIN_AFTER
        self._dispatcher.relieve()


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} must be {low}..{high}, not {value}")


def _frame(at: int | None) -> int:
    """The frame in a message, where 0 is at once."""
    if at is None:
        return 0
    frame = operator.index(at)
    if not 0 <= frame < 2**64:
        raise ValueError(f"at must be an engine frame, 0 or more, not {frame}")
    return frame


def _map(channels: Sequence[Target], count: int) -> int:
    """The map of a message; 0 is C's default, so that nothing must not go anywhere."""
    if not 1 <= len(channels) <= _MAPPED:
        raise ValueError(f"channels must name 1..{_MAPPED} channels, not {len(channels)}")
    most = min(count, _EVERYWHERE - 1) - 1
    where = 0
    for place, channel in enumerate(channels):
        if channel is None:
            continue
        if channel == "all":
            nibble = _EVERYWHERE
        else:
            nibble = operator.index(channel) + 1  # type: ignore[arg-type]
            if not 1 <= nibble <= most + 1:
                raise ValueError(f"a channel must be 0..{most}, \"all\" or None, not {channel}")
        where |= nibble << 4 * place
    if not where:
        raise ValueError("channels lead nowhere: one of them must be a channel or \"all\"")
    return where
