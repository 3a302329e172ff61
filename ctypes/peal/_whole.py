# SPDX-License-Identifier: MIT
"""Whole sounds: play, record, or both, in one call each."""

from __future__ import annotations

import contextlib
import errno
import threading
from typing import Any

from . import _waiting
from ._engine import Engine
from ._errors import EngineError
from ._log import logger
from ._samples import Source, kind_of, shape_of, view_of

#: The most that a stream holds.
STREAM_FRAMES_MAX = 1 << 24

#: The formats to ask for, those that lose least first; None: any.
_WISHES = {"float32": ("FLOAT_LE", "S32_LE", None), "float64": ("FLOAT_LE", "S32_LE", None),
           "int32": ("S32_LE", None), "int16": ("S16_LE", None)}


def _engine(kind: str, device: str | None, format: str | None, **wanted: Any) -> Engine:
    """An engine of the best format that the device takes, or of the one given."""
    *wishes, last = (format,) if format else _WISHES.get(kind, (None,))
    for wish in wishes:
        try:
            return Engine(device, format=wish, **wanted)
        except EngineError as refusal:
            if refusal.errno != errno.EINVAL:
                raise
    return Engine(device, format=last, **wanted)


def _frames_and_channels(samples: Any) -> tuple[str, int, int]:
    view = view_of(samples)
    kind = kind_of(view)
    if kind == "bytes":
        raise TypeError("samples must be an array of float32, float64, int16 or int32, not bytes")
    return (kind, *shape_of(view))


class Playing:
    """A sound that is being played; `play` returns it.

    Attributes
    ----------
    engine : Engine
        The engine that plays it. It is closed at the end.
    """

    def __init__(self, engine: Engine, samples: Any) -> None:
        self.engine = engine
        self._stopped = False
        self._failure: EngineError | None = None
        try:
            source = engine.playback.source(samples)
            self._done = engine.playback.feed(source, 0, 0.0)
            engine.start()
        except BaseException:
            engine.close()
            raise
        self._thread = threading.Thread(target=self._play, args=(source,), name="peal.play",
                                        daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return not self._thread.is_alive()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it was played to its end, or stopped.

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
            If it could not be played to its end.
        """
        end = _waiting.deadline(timeout)
        while self._thread.is_alive():
            seconds = _waiting.left(end)
            if not seconds:
                return False
            self._thread.join(seconds)
        if self._failure:
            raise self._failure
        return True

    def stop(self) -> None:
        """Stop it at once. Afterwards it does nothing."""
        self._stopped = True
        self.engine.close()
        self._thread.join()

    def _play(self, source: Source) -> None:
        try:
            with contextlib.closing(self.engine):
                self.engine.playback.feed(source, self._done, None)
                self.engine.playback.drain()
        except EngineError as failure:
            if not self._stopped:
                self._failure = failure


def play(samples: Any, rate: int, wait: bool = False, device: str | None = None, *,
         format: str | None = None, **arguments: Any) -> Playing:
    """Play a sound, to its very end.

    Parameters
    ----------
    samples : array
        float32, float64, int16 or int32 of shape (frames,) or (frames,
        channels); it must not change before the end.
    rate : int
        Frames per second.
    wait : bool
        Whether to wait for the end. Otherwise a thread sees to it, which does
        not keep the program from ending.
    device : str, optional
        As for `Engine`, as are all other arguments.
    format : str, optional
        As for `Engine`; by default what loses least of those that the device takes.

    Returns
    -------
    Playing
        To `Playing.wait` for, or to stop.

    Raises
    ------
    TypeError, ValueError
        If these are no such samples.
    EngineError
        If the device is refused.
    """
    kind, _, channels = _frames_and_channels(samples)
    engine = _engine(kind, device, format, rate=rate, channels=channels, **arguments)
    playing = Playing(engine, samples)
    if wait:
        try:
            playing.wait()
        except BaseException:
            playing.stop()
            raise
    return playing


def record(frames: int, rate: int, channels: int = 1, device: str | None = None, *,
           format: str | None = None, **arguments: Any) -> Any:
    """Record so many frames.

    Parameters
    ----------
    frames : int
        How many; at least 1.
    rate, channels : int
        Frames per second, and samples per frame.
    device, format, **arguments
        As for `play`.

    Returns
    -------
    array
        As `Capture.read` gives: float32 of shape (frames, channels), with NaN
        for frames that were lost.

    Raises
    ------
    EngineError
        If the device is refused, or lost meanwhile.
    """
    engine = _engine("float32", device, format, rate=rate, channels=channels, playback=False,
                     capture=True, **arguments)
    with engine:
        return engine.capture.read(frames)


def playrec(samples: Any, rate: int, channels: int | None = None, device: str | None = None, *,
            format: str | None = None, **arguments: Any) -> Any:
    """Play a sound, and record as long.

    Frame 0 of the result met frame 0 of the sound at the converter, and so on.
    (Where the two directions run on clocks of their own, which
    `Info.linked` tells, that is only nearly so; the logger is told.)

    Parameters
    ----------
    samples : array
        As for `play`, at most 2**24 frames.
    rate : int
        Frames per second.
    channels : int, optional
        How many to record. The engine has as many of each, so that it must be
        the array's number, as it is by default.
    device, format, **arguments
        As for `play`.

    Returns
    -------
    array
        As `Capture.read` gives: float32 of shape (frames, channels).

    Raises
    ------
    ValueError
        If the shape does not fit; it names both.
    EngineError
        If the device is refused or lost; `errno.EPIPE` if frames were lost, so
        that the two are not aligned.
    """
    kind, frames, wide = _frames_and_channels(samples)
    if channels not in (None, wide):
        raise ValueError(f"channels must be the array's {wide} (it is of shape "
                         f"{view_of(samples).shape}), not {channels}")
    if not 0 < frames <= STREAM_FRAMES_MAX:
        raise ValueError(f"the array must have 1..{STREAM_FRAMES_MAX} frames, not {frames}")
    engine = _engine(kind, device, format, rate=rate, channels=wide, capture=True,
                     stream_frames=frames, **arguments)
    with contextlib.closing(engine):
        engine.playback.write(samples)  # all of it: none of it can come too late
        engine.start()
        if not engine.info.linked:
            logger.warning("playback and capture are not linked: the recording is only nearly "
                           "aligned")
        recorded = engine.capture.read(frames)
        stats = engine.stats
        if stats.lost_frames or stats.overrun_frames:
            raise EngineError(errno.EPIPE, f"{stats.lost_frames + stats.overrun_frames} frames "
                              "were lost: the recording is not aligned")
        return recorded
