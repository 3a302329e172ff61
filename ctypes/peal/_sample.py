# SPDX-License-Identifier: MIT
"""The sample: a recording that an engine has loaded, under a number."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _abi
from ._abi import Handle, byref, lib, sized
from ._chunk import Chunk
from ._config import format_number, size_number
from ._errors import control_error
from ._info import fields
from ._samples import Source, kind_of, shape_of, view_of

if TYPE_CHECKING:
    from ._engine import Engine

#: What is handed to C in which format; float64 is converted on the way.
_FORMATS = {"float32": "FLOAT_LE", "float64": "FLOAT_LE", "int16": "S16_LE", "int32": "S32_LE"}


@dataclass(frozen=True)
class Sample:
    """A sample that `Engine.load_sample` has loaded.

    Attributes
    ----------
    number : int
        What `Engine.play_sample` is to be given.
    frames, rate : int
        How long it is, and how fast: the engine's rate.
    source_frames, source_rate : int
        The same of what it was made of.
    channels : int
        Samples per frame.
    silenced : int
        How many of its samples were no finite numbers, and are silence.
    bytes : int
        Of memory that it takes.
    locked : bool
        Whether that is locked into RAM.
    """

    number: int
    frames: int
    rate: int
    source_frames: int
    source_rate: int
    channels: int
    silenced: int
    bytes: int
    locked: bool
    _engine: Engine = field(repr=False, compare=False)

    @property
    def duration(self) -> float:
        """Seconds that it lasts."""
        return self.frames / self.rate

    def unload(self) -> None:
        """Unload it, as `Engine.unload_sample`; if it is no longer loaded, do nothing."""
        self._engine._unload(self)


class Loan:
    """A sample of C's: one reference to it, given up when this is garbage.

    C puts it into `handle`, so that there is no moment at which it is out and
    nobody would give it back.
    """

    def __init__(self) -> None:
        self.handle = Handle()

    def __del__(self, put: Any = lib.engine_sample_put) -> None:
        if self.handle:
            put(self.handle)


def made(source: Any, rate: int | None, to_rate: int) -> Loan:
    """A sample of a file, an array or a chunk, at the rate to_rate."""
    loan = Loan()
    if isinstance(source, (str, os.PathLike)):
        if rate is not None:
            raise ValueError(f"rate is an array's: a file has its own, not {rate}")
        path = os.fsencode(source)
        if b"\0" in path:
            raise ValueError(f"a path must not contain a null character: {source!r}")
        _checked(lib.engine_sample_open(byref(loan.handle), path, to_rate))
        return loan
    if isinstance(source, Chunk):
        rate = source.rate if rate is None else rate
        format, channels, source = source.format, source.channels, source.data
    else:
        view = view_of(source)
        if kind_of(view) not in _FORMATS:
            raise TypeError(f"a sample must be a file's path, a chunk, or an array of "
                            f"{', '.join(_FORMATS)}, not of {kind_of(view)}")
        format, channels = _FORMATS[kind_of(view)], shape_of(view)[1]
    samples = Source(source, format, channels)
    if not samples.frames or not channels:
        raise ValueError("a sample must have at least one frame")
    address, keep = samples.block(0, samples.frames)
    _checked(lib.engine_sample_create(
        byref(loan.handle), address, samples.frames, format_number(format), channels,
        to_rate if rate is None else size_number("rate", rate), to_rate))
    del keep
    return loan


def described(loan: Loan, number: int, engine: Engine) -> Sample:
    """What there is to know of a sample."""
    info = sized(_abi.SampleInfo)
    _checked(lib.engine_sample_get_info(loan.handle, info))
    about = fields(info)
    about["locked"] = bool(about["locked"])
    return Sample(number=number, _engine=engine, **about)


def _checked(code: int) -> None:
    if code < 0:
        raise control_error(code)
