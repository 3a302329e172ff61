# SPDX-License-Identifier: MIT
"""The engine: one sound device, and the audio thread that owns it."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Any, Callable, TypeVar

from . import _abi, _health, _info, _sample
from ._abi import Frame, Handle, byref, lib, sized
from ._backpressure import RingsBackpressure, backpressure_stats
from ._chunk import Chunk
from ._clock import Clock
from ._config import config
from ._enums import Direction, Ring, State
from ._errors import control_error
from ._health import HealthSnapshot
from ._info import Info, RtReport, Stats
from ._life import Life
from ._log import Log
from ._mailbox import Mailbox
from ._port import Port
from ._sample import Sample
from ._streams import Capture, Playback

# The most frames that one call lets pass: between calls Ctrl-C and close get their turn.
_ADVANCE_A_CALL = 1 << 16


Self = TypeVar("Self", bound="Engine")


class Engine(Mailbox):
    """One sound device, and the audio thread that owns it.

    The constructor opens the device and starts the audio thread, which
    answers pings from then on. ``with`` starts the device, and closes the
    engine at the end. Any thread may call any method.

    Parameters
    ----------
    device : str, optional
        An ALSA PCM ("hw:CARD=PCH,DEV=0", "default" ...), "virtual" or
        "virtual:clock=manual". If none is given: "default", and on a machine
        without a sound card the virtual one, with a warning to the logger
        `peal`. A device that is named is never replaced.
    rate : int
        Frames per second, 1000..768000; got exactly, or refused.
    channels : int
        1..256; got exactly, or refused.
    format : str, optional
        "S16_LE", "S24_LE", "S24_3LE", "S32_LE" or "FLOAT_LE"; got exactly, or
        refused. By default the first of them that the device takes.
    period : int
        Frames per period, 16..65536: how often the audio thread runs. The
        device may round it; see `info`.
    periods : int
        Periods in the device's buffer, 2..1024. The device may round it.
    playback, capture : bool
        Which way the audio goes.
    priority : int, optional
        SCHED_FIFO priority of the audio thread, 1..99; 0 for normal
        priority. By default 45, but normal on PCMs that end in a sound
        server. What was granted is in `rt_report`.
    capture_device : str, optional
        The PCM to capture from, if not `device`.
    access : str, optional
        "interleaved" or "noninterleaved": how frames lie in the device's
        memory; they are always interleaved here. By default as the device has it.
    ports : int, optional
        How many ports can be open, 1..255. By default 16.
    stream_frames : int, optional
        Frames that each stream holds, at most 2**24. By default the larger of
        0.2 s and 8 periods.
    voices : int, optional
        How many can play at once, 1..4096. By default 256.
    samples : int, optional
        How many can be loaded, under the numbers below it; 1..65536. By
        default 1024.
    steal : str, optional
        What a new voice does when every voice plays: "none" (it is refused,
        `peal.ENOVOICE`), "oldest" or "quietest" (it takes that one's place,
        which fades out in 2 ms). By default "none".
    backpressure : (float, float), optional
        How full a stream is, 0.0 to 1.0, when backpressure begins, and when
        it ends: a `RingEvent` each. By default (0.9, 0.7).
    reopen : bool
        Take a device that is lost again when it returns: the same card, by
        its id. An event EVENT_RETURNED says so, and the streams go on with a
        gap.
    allow_secure : bool
        Run even in a privileged program (see ENGINE_ESECURE in peal/error.h).

    Raises
    ------
    EngineError
        If the device is refused; the text names the parameter and what the
        device offers.
    TypeError, ValueError
        If an argument is none at all.

    Examples
    --------
    >>> with peal.Engine("virtual") as engine:
    ...     engine.ping().round_trip < 1
    True
    """

    def __init__(self, device: str | None = None, *, rate: int | None = 48000,
                 channels: int | None = 2, format: str | None = None, period: int | None = 256,
                 periods: int | None = 3, playback: bool = True, capture: bool = False,
                 priority: int | None = None, capture_device: str | None = None,
                 access: str | None = None, ports: int | None = None,
                 stream_frames: int | None = None, voices: int | None = None,
                 samples: int | None = None, steal: str | None = None,
                 backpressure: tuple[float, float] | None = None,
                 reopen: bool = False, allow_secure: bool = False) -> None:
        log = Log()
        wanted = config(
            device=device, capture_device=capture_device, playback=playback, capture=capture,
            format=format, access=access, priority=priority, steal=steal,
            reopen=reopen, allow_secure=allow_secure, backpressure=backpressure, log=log, rate=rate,
            channels=channels, period_frames=period, periods=periods, ports=ports,
            stream_frames=stream_frames, voices=voices, samples=samples)
        handle = Handle()
        code = lib.engine_create(byref(handle), byref(wanted))
        if code < 0:
            failure = control_error(code)
            log.flush()
            raise failure
        port = Handle(lib.engine_own_port(handle))
        life = Life("engine", handle, port, destroy=lib.engine_destroy, after=log.flush)
        super().__init__(handle, port, life)
        log.flush()
        self._shape = self.info
        self._reopens = bool(reopen)
        self._pending: deque[Chunk] = deque()  # see Capture
        self._loading = threading.RLock()  # guards what comes now
        self._loaded: weakref.WeakValueDictionary[int, Sample] = weakref.WeakValueDictionary()

    def __enter__(self: Self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def start(self) -> None:
        """Start the device; a running one goes on undisturbed.

        Engine frames count from 0 again. Frames written before are played
        first.

        Raises
        ------
        EngineError
            If the device is lost or refuses; the text names the step.
        """
        self._life.call(lib.engine_start, self._engine_handle)

    def stop(self) -> None:
        """Stop the device at once: what is in its buffer is not played.

        Raises
        ------
        EngineError
            If a step failed; the device counts as stopped all the same.
        """
        self._life.call(lib.engine_stop, self._engine_handle)

    @property
    def playback(self) -> Playback:
        """The audio to be played."""
        return Playback(self)

    @property
    def capture(self) -> Capture:
        """The audio that was captured."""
        return Capture(self)

    @property
    def info(self) -> Info:
        """What was negotiated with the device."""
        return _info.info(self._filled(lib.engine_get_info, sized(_abi.Info)))

    @property
    def rt_report(self) -> RtReport:
        """What real-time priority and memory the audio thread was granted."""
        return _info.rt_report(self._filled(lib.engine_get_rt_report, sized(_abi.RtReport)))

    @property
    def stats(self) -> Stats:
        """Counters since the engine was created."""
        return Stats(**_info.fields(self._filled(lib.engine_get_stats, sized(_abi.Stats))))

    def health(self) -> HealthSnapshot:
        """How well it goes, since the engine was created or `reset_health`."""
        return _health.snapshot(self._filled(lib.engine_get_health, sized(_abi.HealthSnapshot)))

    def reset_health(self) -> None:
        """Start `health` again from zero."""
        code = lib.engine_reset_health(self._engine_handle)
        if code < 0:
            raise self._life.error(code)

    @property
    def backpressure(self) -> RingsBackpressure:
        """How often and how long each ring was nearly full."""
        absent = {Ring(way) for way in Direction if way not in self._shape.directions}
        return RingsBackpressure(*(
            None if ring in absent else
            backpressure_stats(self._filled(lib.engine_get_backpressure,
                                            sized(_abi.BackpressureStats), ring))
            for ring in Ring))

    @property
    def frame(self) -> int:
        """The first engine frame not yet rendered; 0 before the first start."""
        number: int = self._filled(lib.engine_frame, Frame()).value
        return number

    @property
    def clock(self) -> Clock:
        """When engine frames meet the converter."""
        reading = _info.fields(self._filled(lib.engine_get_clock, sized(_abi.Clock)))
        reading["running"] = bool(reading["running"])
        return Clock(**reading)

    @property
    def heartbeat(self) -> float:
        """Seconds since the audio thread last woke, for a watchdog.

        It does within two periods (of half a second at most) whatever the
        device does: more than that is a thread that is stuck or starved.
        """
        seconds: float = self._filled(lib.engine_heartbeat, Frame()).value / 1e9
        return seconds

    def frame_at(self, time: float) -> int:
        """The engine frame that meets the converter at a time.

        Parameters
        ----------
        time : float
            In seconds of `time.monotonic`.

        Raises
        ------
        EngineError
            `errno.EPIPE` when the engine is not running.
        """
        return self.clock.frame_at(time)

    def time_of(self, frame: int) -> float:
        """The time at which an engine frame meets the converter; the reverse of `frame_at`."""
        return self.clock.time_of(frame)

    def load_sample(self, id: int, path_or_array: Any, rate: int | None = None) -> Sample:
        """Load a sample under a number; one that had the number before is replaced.

        Voices that play the one before play it to its end; what is sent
        afterwards plays the new one. It is converted to the engine's rate here.

        Parameters
        ----------
        id : int
            The number, below the engine's `samples`.
        path_or_array : str, os.PathLike, array or Chunk
            A sound file (WAV, FLAC, AIFF, Ogg ...). Or an array of float32,
            float64, int16 or int32, of NumPy or anything else with a buffer,
            of shape (frames,) or (frames, channels); full scale is -1.0 to
            1.0 in floats, and the whole range in integers. What is no finite
            number becomes silence. It is copied.
        rate : int, optional
            An array's frames per second. By default the engine's.

        Raises
        ------
        TypeError, ValueError
            If it is no such thing, or a number is out of its range.
        EngineError
            If the file cannot be opened (`errno.ENOENT` ...) or is no sound
            file (`errno.EILSEQ`, `errno.ENODATA`), if it is too large
            (`errno.EOVERFLOW`), if the C library was built without what is
            needed (`errno.ENOSYS`), or if the engine has no playback or is
            closed.
        """
        number = self._sample_number(id)
        self._life.check()
        loan = _sample.made(path_or_array, rate, self._shape.rate)
        sample = _sample.described(loan, number, self)
        with self._loading:
            self._life.call(lib.engine_load_sample, self._engine_handle, number, loan.handle)
            self._loaded[number] = sample
        return sample

    def unload_sample(self, id: int) -> None:
        """Forget a number. Voices play on.

        Raises
        ------
        ValueError
            If it is none.
        EngineError
            `peal.ENOSAMPLE` when nothing is loaded under it.
        """
        number = self._sample_number(id)
        self._life.check()
        with self._loading:
            self._life.call(lib.engine_unload_sample, self._engine_handle, number)
            self._loaded.pop(number, None)

    def _unload(self, sample: Sample) -> None:
        self._life.check()
        with self._loading:
            if self._loaded.get(sample.number) is sample:
                self.unload_sample(sample.number)

    @property
    def state(self) -> State:
        """Where the device stands."""
        code = lib.engine_state(self._engine_handle)
        if code < 0:
            raise self._life.error(code)
        return State(code)

    def port(self, events: bool = False) -> Port:
        """A pair of rings of its own, for one more sending thread.

        Parameters
        ----------
        events : bool
            Whether events arrive there too.

        Raises
        ------
        EngineError
            `errno.ENOSPC` when `info.ports` are open.
        """
        return Port(self, events)

    def advance(self, frames: int, timeout: float = 1.0) -> None:
        """Let frames pass on a virtual card with a manual clock.

        It returns when the audio thread has handled them. While the engine is
        stopped no time passes, and it returns at once.

        Parameters
        ----------
        frames : int
            How many.
        timeout : float
            Seconds to wait at most for the audio thread, for each period.

        Raises
        ------
        EngineError
            `errno.ENOTSUP` if the device is no such card, `errno.ETIMEDOUT`.
        """
        if frames < 0 or not 0 <= timeout < 1e6:
            raise ValueError(f"frames and timeout must be 0 or more, not {frames} and {timeout}")
        while True:
            step = min(frames, _ADVANCE_A_CALL)
            with self._life:
                code = lib.engine_virtual_advance(self._engine_handle, step, round(timeout * 1000))
            if code < 0:
                raise self._life.error(code)
            frames -= step
            if not frames:
                return

    def _filled(self, function: Callable[..., int], structure: Any, *which: int) -> Any:
        code = function(self._engine_handle, *which, structure)
        if code < 0:
            raise self._life.error(code)
        return structure
