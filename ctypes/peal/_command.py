# SPDX-License-Identifier: MIT
"""The command: what became of something that was sent.

The audio thread answers each command once, and a voice's end is reported
after that; the dispatcher hands both to the object that stands for it. Who
does not want to know forgets the object: then the answer is dropped.
"""

from __future__ import annotations

import errno
import itertools
from typing import TYPE_CHECKING, Callable

from ._abi import in_turn
from ._errors import EngineError, error

if TYPE_CHECKING:
    from ._commands import Commands

# Ids that peal chooses have the top bit set; the others are the program's.
next_id = in_turn(
    itertools.chain.from_iterable(itertools.repeat(range(1 << 31, 1 << 32))).__next__)

#: Neither 0 nor a negative error: it is in a batch that was not sent yet.
UNSENT = 1

_CANCELLED = "it was cancelled before it took effect"


class Answer:
    """What is known of a command; the dispatcher tells it, under its lock."""

    ANSWERS = 1  # messages that say what became of it

    def __init__(self, mailbox: Commands) -> None:
        self.id: int = next_id()
        self.frame: int | None = None
        self.late: int | None = None
        self.time_ns: int | None = None
        self._result: int | None = None
        self._mailbox = mailbox  # must not end before the answer

    def _tell(self, frame: int, result: int, late: int, time_ns: int) -> None:
        """Its reply, or for a voice a report. The result comes last: it says that all is there."""
        self.frame, self.late, self.time_ns = frame, late, time_ns
        self._result = result

    def _answered(self) -> bool | None:
        return None if self._result in (None, UNSENT) else True

    def _known(self, what: Callable[[], bool | None]) -> bool:
        """Whether something is known, if need be after a look at what has arrived."""
        if what() is None:
            self._mailbox._dispatcher.relieve()
        return what() is True

    def _await(self, what: Callable[[], bool | None], timeout: float | None) -> None:
        if what() is None:
            self._check_sent()
            found = self._mailbox._dispatcher.wait_for(self.id, what, timeout)
            self._check(found, timeout)
        self._check(True, timeout)

    async def _await_async(self, what: Callable[[], bool | None], timeout: float | None) -> None:
        if what() is None:
            self._check_sent()
            found = await self._mailbox._dispatcher.wait_for_async(what, timeout)
            self._check(found, timeout)
        self._check(True, timeout)

    def _check_sent(self) -> None:
        if self._result == UNSENT:
            raise RuntimeError("it is part of a batch that was not sent yet: wait after the batch")

    def _check(self, found: bool | None, timeout: float | None) -> None:
        if found is None:
            raise TimeoutError(errno.ETIMEDOUT, f"nothing was heard of it within {timeout} s")
        failure = self._refusal()
        if failure:
            raise failure

    def _refusal(self) -> EngineError | None:
        if self._result is None or self._result >= 0:
            return None
        return error(self._result, _CANCELLED if self._result == -errno.ECANCELED else "")


class Command(Answer):
    """What became of a command, such as `Engine.set_volume` returns.

    Attributes
    ----------
    id : int
        Its number.
    frame : int or None
        The engine frame at which it took effect; None until that is known.
    late : int or None
        By how many frames that was later than it was to be.
    time_ns : int or None
        When it was carried out, in ns of CLOCK_MONOTONIC (`time.monotonic_ns`).
    """

    def __repr__(self) -> str:
        return f"Command(id={self.id}, frame={self.frame}, late={self.late})"

    @property
    def done(self) -> bool:
        """Whether it was answered."""
        return self._known(self._answered)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it took effect.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; None waits without limit.

        Returns
        -------
        int
            The engine frame at which it did.

        Raises
        ------
        EngineError
            If it was refused: `peal.EVOICE` when the voice has ended or has
            not started, `peal.ESCHEDULE` when too many commands wait for
            their frame, `errno.ECANCELED` when it was cancelled while it did,
            or its batch was not sent.
        TimeoutError
            If it was not answered in time.
        """
        self._await(self._answered, timeout)
        return self.frame or 0

    async def wait_async(self, timeout: float | None = None) -> int:
        """As `wait`, in asyncio."""
        await self._await_async(self._answered, timeout)
        return self.frame or 0
