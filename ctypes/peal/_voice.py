# SPDX-License-Identifier: MIT
"""The voice: one playing of a sample."""

from __future__ import annotations

from ._command import Answer, Command
from ._enums import End


class Voice(Answer):
    """One playing of a sample; `Engine.play_sample` returns it.

    It sounds to its end even if this object is forgotten, but belongs to the
    engine or port that started it.

    Attributes
    ----------
    id : int
        Its number.
    frame : int or None
        The engine frame of its first frame; None until it has started.
    late : int or None
        By how many frames that was later than it was to be.
    time_ns : int or None
        When it was started, in ns of CLOCK_MONOTONIC (`time.monotonic_ns`).
    end : End or None
        Why it ended; None until then.
    end_frame : int or None
        The first engine frame without it.
    frames : int or None
        How many engine frames it sounded.
    """

    ANSWERS = 2
    end: End | None = None
    end_frame: int | None = None
    frames: int | None = None

    def __repr__(self) -> str:
        return (f"Voice(id={self.id}, frame={self.frame}, late={self.late}, end={self.end!r}, "
                f"frames={self.frames})")

    def _tell_end(self, frame: int, reason: int, frames: int) -> None:
        self.end_frame, self.frames = frame, frames
        self.end = End(reason)

    def _over(self) -> bool | None:
        return True if self.end is not None or (self._result or 0) < 0 else None

    @property
    def started(self) -> bool:
        """Whether it has started; it may have ended since."""
        return self._known(self._answered) and self._result == 0

    @property
    def done(self) -> bool:
        """Whether nothing more will be heard of it: it ended, or was refused."""
        return self._known(self._over)

    def wait_started(self, timeout: float | None = None) -> int:
        """Wait until it starts.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; None waits without limit.

        Returns
        -------
        int
            The engine frame of its first frame.

        Raises
        ------
        EngineError
            If it was refused: `peal.ENOSAMPLE` when nothing is loaded under
            the number, `peal.ENOVOICE` when every voice plays,
            `peal.ESCHEDULE` when too many commands wait for their frame,
            `errno.ECANCELED` when it was cancelled while it did, or its batch
            was not sent.
        TimeoutError
            If nothing was heard of it in time.
        """
        self._await(self._answered, timeout)
        return self.frame or 0

    def wait(self, timeout: float | None = None) -> End:
        """Wait until it ends. As `wait_started`; returns why it ended."""
        self._await(self._over, timeout)
        return self.end or End.FINISHED

    async def wait_started_async(self, timeout: float | None = None) -> int:
        """As `wait_started`, in asyncio."""
        await self._await_async(self._answered, timeout)
        return self.frame or 0

    async def wait_async(self, timeout: float | None = None) -> End:
        """As `wait`, in asyncio."""
        await self._await_async(self._over, timeout)
        return self.end or End.FINISHED

    def stop(self, at: int | None = None, fade_ms: float = 5.0) -> Command:
        """Fade it out, and end it.

        One that waits for its frame has no place to be stopped at yet (its
        command's `wait` says `peal.EVOICE`): `Engine.stop_all` cancels it.

        Parameters
        ----------
        at : int, optional
            The engine frame at which the fade begins. If none is given, or it
            has passed: at once.
        fade_ms : float
            How long the fade takes, in milliseconds; 0 for none.
        """
        return self._mailbox._stop_voice(self.id, at, fade_ms)

    def set_volume(self, gain: float, ramp_ms: float = 5.0, at: int | None = None) -> Command:
        """Set how loud it is, beside its velocity. As `Engine.set_volume`."""
        return self._mailbox._set_volume(self.id, gain, ramp_ms, at)
