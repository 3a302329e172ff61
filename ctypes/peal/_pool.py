# SPDX-License-Identifier: MIT
"""The pool and the chunk ring: memory made in advance, handed over without copying."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterable
from dataclasses import dataclass

from . import _abi
from ._abi import ChunkPointer, lib, memory, sized
from ._chunk import Chunk, Loan
from ._config import format_number, size_number
from ._enums import POOL_RECYCLE, POOL_ZERO
from ._info import fields
from ._standalone import Standalone, count


@dataclass(frozen=True)
class PoolStats:
    """A pool's counters.

    Attributes
    ----------
    hits, misses : int
        Chunks taken that were there, and times there was none.
    allocated, in_use : int
        Chunks that exist, and how many of these are out.
    limit : int
        How many there can be.
    hit_rate : float or None
        hits / (hits + misses); None before the first acquire.
    """

    hits: int
    misses: int
    allocated: int
    in_use: int
    limit: int
    hit_rate: float | None


@dataclass(frozen=True)
class ChunkRingStats:
    """A ring's counters.

    Attributes
    ----------
    capacity, length : int
        How many chunks fit, and how many are there.
    pushed, popped, dropped : int
        How many went in and came out, and how many did not fit.
    usage : float
        length / capacity.
    """

    capacity: int
    length: int
    pushed: int
    popped: int
    dropped: int
    usage: float


class PoolChunk(Chunk):
    """A chunk to be filled: its samples can be written, and what it says be set.

    Attributes
    ----------
    capacity : int
        How many frames fit. `frames` says how many there are, and with that
        the length of `data`; it is 0 at first.
    """

    __slots__ = ("capacity", "_frames")

    def __init__(self, loan: Loan) -> None:
        self.capacity: int = loan.pointer.contents.capacity
        super().__init__(loan)

    @property
    def frames(self) -> int:
        """How many frames there are, 0..capacity."""
        return self._frames

    @frames.setter
    def frames(self, number: int) -> None:
        if not 0 <= number <= self.capacity:
            raise ValueError(f"frames must be 0..{self.capacity}, not {number}")
        self._frames = number

    @property
    def data(self) -> memoryview:
        """The samples: bytes, interleaved, in the format, without a copy; writable."""
        return self._view()

    def _hand_over(self) -> Loan:
        """What C is to have, with all that this says, while no view of it is left."""
        view = self._view()
        view.release()
        loan: Loan = self._memory.owner
        self.release()
        about = loan.pointer.contents
        about.frame, about.time_ns, about.sequence = self.frame, self.time_ns, self.sequence
        about.gap_frames, about.frames = self.gap, self.frames
        return loan

    def _take_back(self, loan: Loan) -> None:
        size = self.capacity * self.frame_bytes
        self._memory = memory(loan.pointer.contents.samples, size, loan)


class Pool(Standalone):
    """Chunks made in advance. Any thread may call any of it.

    Parameters
    ----------
    frames, channels, format, rate
        What its chunks are: `frames` is how many fit, 1..65536.
    chunks : int
        How many are made now.
    limit : int, optional
        How many there can ever be. By default `chunks`.
    recycle : bool
        For one thread that acquires and one that releases; it never grows.
    zero : bool
        Zero a chunk's samples before its next use.

    Raises
    ------
    EngineError
        If it cannot be made; the text names the parameter.

    Examples
    --------
    >>> with peal.Pool(frames=256, chunks=8) as pool, pool.acquire() as chunk:
    ...     chunk.frames = 256
    """

    def __init__(self, *, frames: int = 256, channels: int = 2, format: str = "FLOAT_LE",
                 rate: int = 48000, chunks: int = 16, limit: int | None = None,
                 recycle: bool = False, zero: bool = False) -> None:
        wanted = sized(_abi.PoolConfig)
        wanted.frames = size_number("frames", frames)
        wanted.channels = size_number("channels", channels)
        wanted.format, wanted.rate = format_number(format), size_number("rate", rate)
        wanted.chunks = count("chunks", chunks)
        wanted.limit = size_number("limit", limit)
        wanted.flags = POOL_RECYCLE * bool(recycle) | POOL_ZERO * bool(zero)
        super().__init__(lib.engine_pool_create, lib.engine_pool_destroy, wanted)

    def acquire(self, grow: bool = False) -> PoolChunk | None:
        """Take a chunk.

        Parameters
        ----------
        grow : bool
            Whether to make one if none is there and the limit allows it.

        Returns
        -------
        PoolChunk or None
            None if there is none: a miss.
        """
        loan = Loan(lib.engine_chunk_release, self)
        function = lib.engine_pool_acquire_or_grow if grow else lib.engine_pool_acquire
        code = function(self._handle, loan.pointer)
        if code == -errno.ENOBUFS:
            return None
        if code < 0:
            raise self._error(code)
        return PoolChunk(loan)

    def close(self) -> None:
        """Free it and its chunks; closing it again does nothing.

        Raises
        ------
        EngineError
            `errno.EBUSY` while chunks are in use; nothing is freed.
        """
        super().close()

    def clear(self) -> int:
        """Free the chunks that are not in use; how many those were. The counters stay."""
        return self._call(lib.engine_pool_clear)

    @property
    def stats(self) -> PoolStats:
        """Its counters; exact while no other thread uses it."""
        structure = sized(_abi.PoolStats)
        self._call(lib.engine_pool_get_stats, structure)
        values = fields(structure)
        if math.isnan(values["hit_rate"]):
            values["hit_rate"] = None
        return PoolStats(**values)


class ChunkRing(Standalone):
    """Hands a `Pool`'s chunks over from one thread to one other.

    What is pushed is the ring's, and what is popped is another object for the
    same memory; the chunk that was pushed is as if released. The ring keeps
    the pools of its chunks.

    Parameters
    ----------
    capacity : int
        How many chunks it holds, 1..2**20.

    Raises
    ------
    EngineError
        If it cannot be made; the text names the parameter.
    """

    def __init__(self, capacity: int) -> None:
        pools: dict[int, Pool] = {}  # by their addresses

        def destroy(address: int) -> int:
            code: int = lib.engine_chunk_ring_destroy(address)
            pools.clear()  # not before the ring has given them what lay in it
            return code

        self._pools = pools
        super().__init__(lib.engine_chunk_ring_create, destroy, count("capacity", capacity))

    def push(self, chunk: PoolChunk) -> bool:
        """Push a chunk, with all that it says.

        Returns
        -------
        bool
            False if the ring is full: the chunk stays the caller's, and the
            drop is counted.

        Raises
        ------
        TypeError
            If it is not from a `Pool`.
        BufferError
            If views of its samples exist: what is handed over must be let go.
        ValueError
            If it was released.
        """
        return bool(self.push_batch((chunk,)))

    def push_batch(self, chunks: Iterable[PoolChunk]) -> int:
        """Push as many as fit, in order from the first; how many. The others stay the caller's."""
        given = list(chunks)
        for chunk in given:
            if not isinstance(chunk, PoolChunk):
                raise TypeError(f"only chunks of a Pool can be pushed, not {chunk!r}")
        loans: list[Loan] = []
        done = 0
        try:
            for chunk in given:
                loans.append(chunk._hand_over())
            self._pools.update(
                (loan.pointer.contents.pool, loan.owner) for loan in loans)  # type: ignore[misc]
            pointers = (ChunkPointer * len(loans))(*(loan.pointer for loan in loans))
            done = self._call(lib.engine_chunk_ring_push_batch, pointers, len(loans))
        finally:
            for loan in loans[:done]:
                loan.pointer = ChunkPointer()
            for chunk, loan in zip(given[done:], loans[done:]):
                chunk._take_back(loan)
        return done

    def pop(self) -> PoolChunk | None:
        """Pop the oldest chunk; None if there is none."""
        loan = Loan(lib.engine_chunk_release)
        return self._mine(loan) if self._call(lib.engine_chunk_ring_pop, loan.pointer) else None

    def pop_batch(self, most: int) -> list[PoolChunk]:
        """Pop up to so many chunks."""
        popped: list[PoolChunk] = []
        while len(popped) < most:
            chunk = self.pop()
            if chunk is None:
                break
            popped.append(chunk)
        return popped

    def clear(self) -> int:
        """Pop what lies in the ring and release it; how many those were."""
        return self._call(lib.engine_chunk_ring_clear)

    def __len__(self) -> int:
        return self.stats.length

    def __bool__(self) -> bool:
        return True

    @property
    def stats(self) -> ChunkRingStats:
        """Its counters."""
        structure = sized(_abi.ChunkRingStats)
        self._call(lib.engine_chunk_ring_get_stats, structure)
        return ChunkRingStats(**fields(structure))

    def _mine(self, loan: Loan) -> PoolChunk:
        loan.owner = self._pools[loan.pointer.contents.pool]
        return PoolChunk(loan)
