# SPDX-License-Identifier: MIT
"""Streams: the audio that a program supplies and takes.

Frames are interleaved. Bytes, and the data of chunks, are in the format that
`Engine.info` names and reach the device untouched; arrays are converted if
they have to be (see `_samples`). Any thread may call any of it.

What may have to wait is a generator that yields when it does, and is sent
whether there is time left: so a thread and a coroutine share one loop. A device
that recovers is waited for, as long as the time allows, and with
``Engine(reopen=True)`` a lost one too, until it returns or cannot.
"""

from __future__ import annotations

import errno
import math
import operator
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from . import _asyncio, _waiting
from ._abi import lib
from ._chunk import Chunk, Loan
from ._enums import ELOST, State
from ._errors import EngineError, error
from ._samples import Source, Target

if TYPE_CHECKING:
    from ._engine import Engine

# The most frames that one call copies while it holds the GIL.
_FRAMES_A_CALL = 16384
# How often a wait looks whether the device is still there, in seconds.
_LOOK = 0.5

Result = TypeVar("Result")
Steps = Generator[None, bool, Result]


class _Stream:
    """One direction of an engine."""

    _fd: Callable[[Any], int]
    _direction: str

    def __init__(self, engine: Engine) -> None:
        self._engine = engine  # must not end before its stream does
        self._life = engine._life
        self._handle = engine._engine_handle

    def fileno(self) -> int:
        """A descriptor for select, selectors or asyncio; only poll it."""
        return self._checked(type(self)._fd(self._handle))

    def _checked(self, code: int) -> int:
        if code == -errno.ENOTSUP:
            raise EngineError(errno.ENOTSUP, f"the engine was created without {self._direction}")
        if code < 0:
            raise self._life.error(code)
        return code

    def _walk(self, steps: Steps[Result], timeout: float | None) -> Result:
        """Take the steps, and wait between them until the time is over."""
        try:
            end = _waiting.deadline(timeout)
            next(steps)
            while True:
                seconds = _waiting.left(end)
                if seconds:
                    self._life.wait(min(seconds, _LOOK), self.fileno())
                    self._look()
                steps.send(seconds > 0)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        finally:
            steps.close()

    async def _walk_async(self, steps: Steps[Result], timeout: float | None) -> Result:
        try:
            end = _waiting.deadline(timeout)
            next(steps)
            with _asyncio.alarm(self._life.wakers) as alarm:
                while True:
                    seconds = _waiting.left(end)
                    if seconds:
                        await alarm.wait(self._life, min(seconds, _LOOK), self.fileno)
                        self._look()
                    steps.send(seconds > 0)
        except StopIteration as finished:
            result: Result = finished.value
            return result
        finally:
            steps.close()

    def _look(self) -> None:
        state = lib.engine_state(self._handle)
        if state == State.FAILED or (state == State.LOST and not self._engine._reopens):
            raise error(ELOST)


class Playback(_Stream):
    """Audio to be played."""

    _fd = staticmethod(lib.engine_playback_fd)
    _direction = "playback"

    def write(self, samples: Any, timeout: float | None = 0.0) -> int:
        """Hand frames over to be played.

        Parameters
        ----------
        samples : array, bytes-like or Chunk
            An array of float32, float64, int16 or int32, of NumPy or anything
            else with a buffer, of shape (frames, channels), or (frames,) for
            an engine of one channel. Full scale is -1.0 to 1.0 in floats,
            which are clipped and rounded, and the whole range in integers,
            which are shifted. Or bytes: frames in the native format. What is
            contiguous and in the native format is not converted or copied on
            the way into the stream.
        timeout : float, optional
            Seconds to wait at most until all are accepted; 0 does not wait,
            None waits without limit.

        Returns
        -------
        int
            How many frames were accepted, from the front.

        Raises
        ------
        TypeError
            If it has no such samples; it names theirs and the ones that do.
        ValueError
            If its shape does not fit the engine's channels, or its length is
            no whole number of frames; it names both.
        EngineError
            If the engine has no playback, is closed, or its device is lost.
        """
        return self.feed(self.source(samples), 0, timeout)

    async def write_async(self, samples: Any, timeout: float | None = None) -> int:
        """As `write`, in asyncio; it waits without limit unless told otherwise.

        When it is cancelled, what was accepted by then is played. Use `timeout`
        to learn how much that was.
        """
        return await self._walk_async(self._feed(self.source(samples), 0), timeout)

    @property
    def free(self) -> int:
        """How many frames `write` would accept now."""
        return self._checked(lib.engine_playback_free(self._handle))

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until every frame written so far has been played.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; None waits without limit.

        Returns
        -------
        bool
            False when the time is over.

        Raises
        ------
        EngineError
            `errno.EPIPE` when the engine is not running, so that they never
            will be; otherwise as `write`.
        """
        end = _waiting.deadline(timeout)
        while True:
            seconds = _waiting.left(end)
            with self._life:
                code = lib.engine_playback_drain(self._handle, math.ceil(min(seconds, 0.1) * 1000))
            if code == -errno.EINTR:
                continue
            if code == -errno.EPIPE:
                raise EngineError(errno.EPIPE, "the engine is not running: what was written "
                                  "will not be played before it starts")
            if self._checked(code) or not seconds:
                return bool(code)

    def source(self, samples: Any) -> Source:
        """Samples as `write` takes them, to be fed from."""
        shape = self._engine._shape
        if isinstance(samples, Chunk):
            if (samples.format, samples.channels) != (shape.format, shape.channels):
                raise ValueError(f"an engine of {shape.channels} channels of {shape.format} does "
                                 f"not take a chunk of {samples.channels} of {samples.format}")
            samples = samples.data
        return Source(samples, shape.format, shape.channels)

    def feed(self, source: Source, done: int, timeout: float | None) -> int:
        """As `write`, of a source whose first frames are done; how many are done then."""
        return self._walk(self._feed(source, done), timeout)

    def _feed(self, source: Source, done: int) -> Steps[int]:
        while True:
            # no more than will be taken, but a period, is converted
            room = max(self.free, self._engine._shape.period_frames)
            wanted = min(source.frames - done, room, _FRAMES_A_CALL)
            if not wanted:
                return done
            start, keep = source.block(done, wanted)
            accepted = self._checked(lib.engine_playback_write(self._handle, start, wanted))
            del keep
            done += accepted
            if accepted < wanted and not (yield):
                return done


class Capture(_Stream):
    """Audio that was captured.

    As an iterator, ``for`` or ``async for``, it gives chunks as they come,
    until the engine is closed.
    """

    _fd = staticmethod(lib.engine_capture_fd)
    _direction = "capture"

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._pending = engine._pending  # what was taken out of the ring and not read

    def read(self, frames: int | None = None, timeout: Any = ..., fill: float = math.nan) -> Any:
        """Take captured frames: the next chunk, or an array of so many frames.

        Parameters
        ----------
        frames : int, optional
            How many; none for a chunk.
        timeout : float, optional
            Seconds to wait at most; 0 does not wait, None waits without limit.
            By default a chunk is not waited for, but so many frames are.
        fill : float
            What stands in an array in the place of frames that were lost. By
            default NaN, since a lost frame is no silent one.

        Returns
        -------
        Chunk or None
            Without `frames`: as `chunk`.
        array
            With `frames`: float32 of shape (frames, channels), full scale -1.0
            to 1.0; fewer frames if the time is over. A NumPy array; where
            NumPy cannot be imported a memoryview of that shape (of none at
            all: of shape (0,)).

        Raises
        ------
        EngineError
            If the engine does not capture, is closed, or its device is lost.
            Frames that were taken for an array by then are kept, and read next.
        """
        if frames is None:
            return self.chunk(0.0 if timeout is ... else timeout)
        return self._walk(self._collect(frames, fill), None if timeout is ... else timeout)

    async def read_async(self, frames: int | None = None, timeout: float | None = None,
                         fill: float = math.nan) -> Any:
        """As `read`, in asyncio; it waits without limit unless told otherwise.

        When it is cancelled, no frame is lost: the next read takes them.
        """
        steps = self._next() if frames is None else self._collect(frames, fill)
        return await self._walk_async(steps, timeout)

    def chunk(self, timeout: float | None = 0.0) -> Chunk | None:
        """Take the next chunk: a period's frames, or what a read has left of them.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; 0 does not wait, None waits without limit.

        Returns
        -------
        Chunk or None
            None when there is none in time.

        Raises
        ------
        EngineError
            If the engine does not capture, is closed, or its device is lost.
        """
        return self._walk(self._next(), timeout)

    def __iter__(self) -> Capture:
        return self

    def __next__(self) -> Chunk:
        try:
            chunk = self._walk(self._next(), None)
        except EngineError as failure:
            if failure.errno != errno.EBADF:
                raise
            chunk = None
        if chunk is None:
            raise StopIteration
        return chunk

    def __aiter__(self) -> Capture:
        return self

    async def __anext__(self) -> Chunk:
        try:
            chunk = await self._walk_async(self._next(), None)
        except EngineError as failure:
            if failure.errno != errno.EBADF:
                raise
            chunk = None
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def _pop(self) -> Chunk | None:
        self._life.check()
        try:
            return self._pending.popleft()
        except IndexError:
            pass
        loan = Loan(lib.engine_capture_release)
        if self._checked(lib.engine_capture_pop(self._handle, loan.pointer)):
            return Chunk(loan)
        return None

    def _next(self) -> Steps[Chunk | None]:
        while True:
            chunk = self._pop()
            if chunk is not None or not (yield):
                return chunk

    def _collect(self, frames: int, fill: float) -> Steps[Any]:
        missing = operator.index(frames)
        if missing < 1:
            raise ValueError(f"frames must be at least 1, not {frames}")
        shape = self._engine._shape
        array = Target(missing, shape.channels)
        parts: list[Chunk] = []
        try:
            while missing:
                chunk = self._pop()
                if chunk is None:
                    if not (yield):
                        break
                    continue
                part, rest = chunk._split(missing)
                if rest:
                    self._pending.appendleft(rest)
                parts.append(part)
                missing -= part.gap + part.frames
        except BaseException:
            self._pending.extendleft(reversed(parts))
            raise
        for part in parts:
            array.fill(part.gap, fill)
            array.add(part.data, part.format)
        return array.taken()
