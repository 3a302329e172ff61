# SPDX-License-Identifier: MIT
"""The chunk: some consecutive frames, with where and when they belong.

Its samples lie in the memory where the audio thread put them. They go back
to their pool when the last object that points there is gone: the chunk, its
views and the arrays made of it all hold the `Loan`.
"""

from __future__ import annotations

import weakref
from typing import Any, Callable, TypeVar

from . import _life
from ._abi import ChunkPointer, copied, lib, memory
from ._enums import EFORKED
from ._errors import error
from ._samples import FORMATS

_NAMES = {lib.engine_format_from_name(name.encode()): name for name in FORMATS}
_TYPES = {"S16_LE": "<i2", "S24_LE": "<i4", "S24_3LE": "|u1", "S32_LE": "<i4", "FLOAT_LE": "<f4"}

Self = TypeVar("Self", bound="Chunk")


class Loan:
    """A chunk that C has handed out; it is given back when this is garbage.

    C puts the chunk into `pointer`, so that there is no moment at which it is
    out and nobody would give it back. A forked child gives nothing back.

    Parameters
    ----------
    give_back : callable
        Takes the pointer.
    owner : object
        What must not end before the chunk is back.
    """

    __slots__ = ("pointer", "owner", "_give_back", "_born")

    def __init__(self, give_back: Callable[[Any], int], owner: object = None) -> None:
        self.pointer = ChunkPointer()
        self.owner = owner
        self._give_back = give_back
        self._born = _life.forks()

    def __del__(self, forks: Callable[[], int] = _life.forks) -> None:
        if self.pointer and self._born == forks():
            self._give_back(self.pointer)


class Chunk:
    """Frames that follow each other without a gap.

    It stays valid when its engine is closed, but not in a forked child. Its
    memory returns to the pool, which has one chunk less meanwhile, with
    `release`, at the end of ``with chunk:``, or when it is garbage; in any
    case not before its last view is.

    ``numpy.asarray(chunk)`` is a view of shape (frames, channels): int16,
    int32 (also for S24_LE, of which the low three bytes are the sample) or
    float32; packed S24_3LE is uint8 of shape (frames, channels, 3).

    Attributes
    ----------
    frame : int
        The engine frame of the first.
    time_ns : int
        When the audio thread took them, in ns of CLOCK_MONOTONIC.
    sequence : int
        It rises by 1 with each chunk delivered.
    gap : int
        How many frames are missing between the chunk before and this one.
    frames : int
        How many.
    rate : int
        Frames per second.
    format : str
        "S16_LE" ...
    channels : int
        Samples per frame.
    """

    __slots__ = ("frame", "time_ns", "sequence", "gap", "frames", "rate", "format", "channels",
                 "_memory", "_start", "_born")

    def __init__(self, loan: Loan) -> None:
        about = loan.pointer.contents
        self.frame: int = about.frame
        self.time_ns: int = about.time_ns
        self.sequence: int = about.sequence
        self.gap: int = about.gap_frames
        self.frames: int = about.frames
        self.rate: int = about.rate
        self.format = _NAMES[about.format]
        self.channels: int = about.channels
        self._memory: Any = memory(about.samples, about.capacity * self.frame_bytes, loan)
        self._start = 0  # where in the memory, in frames
        self._born = _life.forks()

    def __repr__(self) -> str:
        return (f"{type(self).__name__}(frame={self.frame}, frames={self.frames}, "
                f"sequence={self.sequence}, gap={self.gap}, time_ns={self.time_ns}, "
                f"rate={self.rate}, format={self.format!r}, channels={self.channels})")

    @property
    def frame_bytes(self) -> int:
        """Bytes per frame."""
        return FORMATS[self.format].bytes * self.channels

    @property
    def time(self) -> float:
        """`time_ns` in seconds: comparable with `time.monotonic`."""
        return self.time_ns / 1e9

    @property
    def duration(self) -> float:
        """Seconds that it lasts: frames / rate."""
        return self.frames / self.rate

    @property
    def data(self) -> memoryview:
        """The samples: bytes, interleaved, in the native format, without a copy; read-only.

        Raises
        ------
        ValueError
            If the chunk was released.
        EngineError
            In a forked child, which has not inherited them.
        """
        return self._view().toreadonly()

    @property
    def __array_interface__(self) -> dict[str, Any]:
        shape: tuple[int, ...] = self.frames, self.channels
        if self.format == "S24_3LE":
            shape += 3,
        return {"version": 3, "shape": shape, "typestr": _TYPES[self.format], "data": self.data}

    def release(self) -> None:
        """Give the memory back to its pool; doing it again does nothing.

        Raises
        ------
        BufferError
            If a view of the samples, or an array made of them, still exists.
        """
        if self._memory is not None:
            alive = weakref.ref(self._memory)
            self._memory = None
            self._memory = alive()
        if self._memory is not None:
            raise BufferError("views of the chunk's samples still exist")

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._memory = None

    def __reduce__(self) -> Any:
        raise TypeError("a Chunk cannot be pickled: its samples are the engine's; pickle "
                        "bytes(chunk.data)")

    def _view(self) -> memoryview:
        if self._memory is None:
            raise ValueError("the chunk was released")
        if self._born != _life.forks():
            raise error(EFORKED)
        start = self._start * self.frame_bytes
        return memoryview(self._memory).cast("B")[start:start + self.frames * self.frame_bytes]

    def _split(self, frames: int) -> tuple[Chunk, Chunk | None]:
        """The first so many frames, those of the gap counted, as a copy; and the rest if any."""
        lost = min(frames, self.gap)
        taken = min(frames - lost, self.frames)
        first, rest = self._twin(), self._twin()
        first.gap, first.frames, first._start = lost, taken, 0
        rest.gap, rest.frames = self.gap - lost, self.frames - taken
        rest.frame, rest._start = self.frame + taken, self._start + taken
        first._memory = copied(self._view()[:taken * self.frame_bytes])
        return first, rest if rest.gap or rest.frames else None

    def _twin(self) -> Chunk:
        twin = Chunk.__new__(Chunk)
        for name in Chunk.__slots__:
            setattr(twin, name, getattr(self, name))
        return twin
