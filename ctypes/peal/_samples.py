# SPDX-License-Identifier: MIT
"""Samples: a program's arrays as the engine's frames, and frames as float32.

Full scale is -1.0 to 1.0 in floats, and the whole range in integers.

========== ====================================================================
from, to   how
========== ====================================================================
float, int times 2**(bits - 1), rounded to the nearest (half to even), clipped;
           NaN is silence
int, float divided by 2**(bits - 1), rounded to the nearest float32
int, int   shifted: a wider one gets zeros below, a narrower one loses them
float64    rounded to the nearest float32; nothing is clipped
========== ====================================================================

NumPy does it where it can be imported; without it the same comes out, slower.
"""

from __future__ import annotations

import functools
import math
import sys
from array import array
from dataclasses import dataclass
from typing import Any

from ._abi import Pinned


@dataclass(frozen=True)
class Format:
    """How the samples of one format lie in memory; `bits` is 0 for floats."""

    bytes: int
    bits: int
    kind: str  # the array that holds them as they are: its dtype's name


FORMATS = {
    "S16_LE": Format(2, 16, "int16"), "S24_LE": Format(4, 24, ""), "S24_3LE": Format(3, 24, ""),
    "S32_LE": Format(4, 32, "int32"), "FLOAT_LE": Format(4, 0, "float32"),
}

#: The dtypes taken: their bits (0 for floats) and codes in `array`.
_KINDS = {"float32": (0, "f"), "float64": (0, "d"), "int16": (16, "h"), "int32": (32, "i")}
_RAW = ("B", "c")


@functools.lru_cache(maxsize=None)
def numpy() -> Any:
    """NumPy, or None where it cannot be imported."""
    try:
        import numpy as np
    except (ImportError, AttributeError):  # the latter: an import that a Ctrl-C had cut off
        return None
    return np


def kind_of(view: memoryview) -> str:
    """The dtype's name of a buffer, "bytes" for plain ones."""
    code = view.format.lstrip("@=<>!")
    if code in _RAW:
        return "bytes"
    if code in ("l", "q", "i", "h", "b"):
        return f"int{8 * view.itemsize}"
    if code in ("L", "Q", "I", "H"):
        return f"uint{8 * view.itemsize}"
    return {"e": "float16", "f": "float32", "d": "float64"}.get(code, repr(view.format))


def view_of(samples: Any) -> memoryview:
    """A memoryview of the samples; TypeError if they have no buffer."""
    try:
        return memoryview(samples)
    except (ValueError, BufferError) as reason:  # what NumPy says of dtypes that have none
        raise TypeError(f"samples must have a buffer of {', '.join(_KINDS)} or bytes: "
                        f"{reason}") from None


def shape_of(view: memoryview) -> tuple[int, int]:
    """Frames and channels of an array."""
    shape = view.shape or ()
    if len(shape) not in (1, 2):
        raise ValueError(f"an array must be of shape (frames,) or (frames, channels), not {shape}")
    return shape[0], shape[1] if len(shape) == 2 else 1


class Source:
    """A program's samples, to be taken from block by block as frames of an engine.

    Parameters
    ----------
    samples : buffer
        Bytes in the native format, or an array of float32, float64, int16 or
        int32 of shape (frames,) or (frames, channels).
    format, channels
        The engine's.
    """

    def __init__(self, samples: Any, format: str, channels: int) -> None:
        view = view_of(samples)
        self._format = format
        self._kind = kind_of(view)
        self._frame_bytes = FORMATS[format].bytes * channels
        if self._kind == "bytes":
            if view.nbytes % self._frame_bytes:
                raise ValueError(f"{view.nbytes} bytes are no whole number of frames of "
                                 f"{self._frame_bytes} bytes ({channels} channels of {format})")
            self.frames = view.nbytes // self._frame_bytes
        else:
            self.frames = self._check(view, format, channels)
        swapped = view.format[0] in ">!"
        native = self._kind in ("bytes", FORMATS[format].kind) and not swapped
        if (swapped or not view.c_contiguous) and (native or not numpy()):
            view = memoryview(_contiguous(view, self._kind, swapped))
        self._view = view
        self._samples_a_frame = channels
        self._pinned = Pinned(view) if native and view.nbytes else None

    def _check(self, view: memoryview, format: str, channels: int) -> int:
        if self._kind not in _KINDS:
            raise TypeError(f"samples must be {', '.join(_KINDS)} or bytes in {format}, "
                            f"not {self._kind}")
        frames, given = shape_of(view)
        if given != channels:
            wanted = f"(frames, {channels})" + (" or (frames,)" if channels == 1 else "")
            raise ValueError(f"an engine of {channels} channels takes arrays of shape {wanted}, "
                             f"not {view.shape}")
        return frames

    def block(self, start: int, count: int) -> tuple[int, Any]:
        """The address of count native frames from one on, and what keeps it valid."""
        if self._pinned:
            return self._pinned.address + start * self._frame_bytes, self._pinned
        part = self._part(start, count)
        pinned = Pinned(encode(part, self._kind, self._format))
        return pinned.address, pinned

    def _part(self, start: int, count: int) -> Any:
        np = numpy()
        if np:
            return np.asarray(self._view)[start:start + count].reshape(-1)
        code: Any = _KINDS[self._kind][1]
        flat = self._view.cast("B").cast(code)
        return flat[start * self._samples_a_frame:(start + count) * self._samples_a_frame]


def _contiguous(view: memoryview, kind: str, swapped: bool) -> Any:
    if kind == "bytes":
        return view.tobytes()
    samples = array(_KINDS[kind][1], view.tobytes())
    if swapped:
        samples.byteswap()
    return samples


def encode(samples: Any, kind: str, format: str) -> Any:
    """Samples of one of the dtypes as a format's bytes."""
    to, bits = FORMATS[format], _KINDS[kind][0]
    work = _numpy_encode if numpy() else _plain_encode
    whole = work(samples, bits, to.bits)
    if format == "S24_3LE":
        return _packed(whole)
    return whole


def _numpy_encode(samples: Any, bits: int, to: int) -> Any:
    np = numpy()
    if not to:
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = samples if not bits else samples / 2.0**(bits - 1)
            return np.ascontiguousarray(scaled, dtype="<f4")
    if bits:
        wide = samples.astype("<i4")
        whole = wide << (to - bits) if to >= bits else wide >> (bits - to)
    else:
        full = 2.0**(to - 1)
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.rint(samples.astype("f8") * full)
        scaled[np.isnan(scaled)] = 0
        whole = scaled.clip(-full, full - 1)
    return np.ascontiguousarray(whole, dtype="<i2" if to == 16 else "<i4")


def _plain_encode(samples: Any, bits: int, to: int) -> array[Any]:
    if not to:
        scale = 2.0**(bits - 1) if bits else 1.0
        return _swapped(array("f", (_as_float32(sample / scale) for sample in samples)))
    if bits and to >= bits:
        whole: Any = (sample << (to - bits) for sample in samples)
    elif bits:
        whole = (sample >> (bits - to) for sample in samples)
    else:
        full = 2.0**(to - 1)
        whole = (round(min(max(sample * full, -full), full - 1)) if sample == sample else 0
                 for sample in samples)
    return _swapped(array("h" if to == 16 else "i", whole))


def _as_float32(sample: float) -> float:
    """What array("f") takes: it refuses doubles that are beyond float32, which are infinite."""
    return math.copysign(math.inf, sample) if 3.4028235677973366e38 <= abs(sample) else sample


def _swapped(samples: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _packed(whole: Any) -> bytearray:
    """The low three of every four bytes."""
    four = memoryview(whole).cast("B")
    three = bytearray(len(four) // 4 * 3)
    for byte in range(3):
        three[byte::3] = four[byte::4]
    return three


def _unpacked(three: memoryview) -> bytearray:
    """Three bytes as the high ones of four."""
    four = bytearray(len(three) // 3 * 4)
    for byte in range(3):
        four[byte + 1::4] = three[byte::3]
    return four


class Target:
    """An array of float32 to be filled with frames, from the front.

    Parameters
    ----------
    frames, channels : int
        Its shape.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._channels = channels
        np = numpy()
        if np:
            self._samples = np.empty(frames * channels, dtype="f4")
        else:
            self._samples = array("f", bytes(4 * frames * channels))
        self._done = 0

    def fill(self, frames: int, value: float) -> None:
        """Add so many frames of one value."""
        self._put(array("f", [value]) * (frames * self._channels))

    def add(self, data: memoryview, format: str) -> None:
        """Add native frames."""
        self._put(decode(data, format))

    def _put(self, samples: Any) -> None:
        end = self._done + len(samples)
        self._samples[self._done:end] = samples
        self._done = end

    def taken(self) -> Any:
        """What was added, of shape (frames, channels)."""
        if numpy():
            return self._samples[:self._done].reshape(-1, self._channels)
        whole = memoryview(self._samples)[:self._done]
        if not self._done:
            return whole  # a memoryview of no frames has one dimension only
        return whole.cast("B").cast("f", (self._done // self._channels, self._channels))


def decode(data: memoryview, format: str) -> Any:
    """Native samples as float32."""
    how = FORMATS[format]
    if format == "S24_3LE":
        data = memoryview(_unpacked(data))
    # an S24_LE's fourth byte is the device's affair
    lift = 8 if format == "S24_LE" else 0
    full = 2.0**(31 if how.bytes != 2 else 15)
    np = numpy()
    if np:
        if not how.bits:
            return np.frombuffer(data, dtype="<f4")
        whole = np.frombuffer(data, dtype="<i2" if how.bytes == 2 else "<i4") << lift
        return (whole / full).astype("f4")
    code = "f" if not how.bits else "h" if how.bytes == 2 else "i"
    whole = _swapped(array(code, bytes(data)))
    if not how.bits:
        return whole
    if lift:
        whole = array("i", ((sample & 0xFFFFFF ^ 0x800000) - 0x800000 << 8 for sample in whole))
    return array("f", (sample / full for sample in whole))
