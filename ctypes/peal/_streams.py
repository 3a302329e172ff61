# SPDX-License-Identifier: MIT
"""Streams: the audio that a program supplies and takes.

Frames are interleaved, in the format that `Engine.info` names. Nothing is
converted. Any thread may call any of it.
"""

from __future__ import annotations

import errno
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from . import _waiting
from ._abi import CaptureChunk, address, byref, lib, sized
from ._enums import ELOST, State
from ._errors import EngineError, error

if TYPE_CHECKING:
    from ._engine import Engine

# The most frames that one call copies while it holds the GIL.
_FRAMES_A_CALL = 16384
# How often a wait looks whether the device is still there, in seconds.
_LOOK = 0.5


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

    def _wait(self, end: float) -> bool:
        """Wait until more may go on; False when the time is over."""
        seconds = _waiting.left(end)
        if seconds:
            self._life.wait(min(seconds, _LOOK), self.fileno())
            if lib.engine_state(self._handle) == State.LOST:
                raise error(ELOST)
        return seconds > 0


class Playback(_Stream):
    """Audio to be played."""

    _fd = staticmethod(lib.engine_playback_fd)
    _direction = "playback"

    def write(self, buffer: Any, timeout: float | None = 0.0) -> int:
        """Hand frames over to be played.

        Parameters
        ----------
        buffer : bytes-like
            Interleaved frames in the native format, shape (frames, channels);
            a NumPy array will do. Copied.
        timeout : float, optional
            Seconds to wait at most until all are accepted; 0 does not wait,
            None waits without limit.

        Returns
        -------
        int
            How many frames were accepted, from the front.

        Raises
        ------
        ValueError
            If the buffer's length is no whole number of frames.
        EngineError
            If the engine has no playback, is closed, or its device is lost.
        """
        frame_bytes = self._engine._shape.frame_bytes
        size = memoryview(buffer).nbytes
        if size % frame_bytes:
            raise ValueError(f"{size} bytes are no whole number of frames of {frame_bytes} bytes")
        start, keep = address(buffer)
        count, done = size // frame_bytes, 0
        end = _waiting.deadline(timeout)
        while True:
            wanted = min(count - done, _FRAMES_A_CALL)
            accepted = self._checked(lib.engine_playback_write(
                self._handle, start + done * frame_bytes, wanted))
            done += accepted
            if done == count or (accepted < wanted and not self._wait(end)):
                del keep
                return done

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


@dataclass
class Chunk:
    """Captured frames that follow each other without a gap.

    Attributes
    ----------
    frame : int
        The engine frame of the first.
    time_ns : int
        When the audio thread took them, in ns of CLOCK_MONOTONIC.
    sequence : int
        Chunks delivered before this one.
    gap : int
        How many frames are missing between the last frame read and the first here.
    data : bytes
        Interleaved, in the native format, shape (frames, channels).
    frames : int
        How many.
    """

    __slots__ = ("frame", "time_ns", "sequence", "gap", "data", "frames")

    frame: int
    time_ns: int
    sequence: int
    gap: int
    data: bytes
    frames: int


class Capture(_Stream):
    """Audio that was captured."""

    _fd = staticmethod(lib.engine_capture_fd)
    _direction = "capture"

    def read(self, frames: int | None = None, timeout: float | None = 0.0) -> Chunk | None:
        """Take captured frames.

        Parameters
        ----------
        frames : int, optional
            How many at most. Never more than a period's come at once, which
            is also the default.
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
        shape = self._engine._shape
        if frames is not None and frames < 1:
            raise ValueError(f"frames must be at least 1, not {frames}")
        most = min(frames or shape.period_frames, shape.period_frames)
        into = bytearray(most * shape.frame_bytes)
        start, keep = address(into)
        about = sized(CaptureChunk)
        end = _waiting.deadline(timeout)
        while True:
            count = self._checked(lib.engine_capture_read(self._handle, start, most, byref(about)))
            if count:
                del keep
                return Chunk(about.frame, about.time_ns, about.sequence, about.gap_frames,
                             bytes(memoryview(into)[:count * shape.frame_bytes]), count)
            if not self._wait(end):
                return None
