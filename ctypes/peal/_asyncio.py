# SPDX-License-Identifier: MIT
"""Waiting in asyncio: what `_waiting` and `Life.wait` are for threads.

Every wait watches a duplicate of the descriptor, so that any number of
coroutines, and the program itself, can watch the same one in the same loop;
it is gone when the wait is over or cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from typing import Callable

from ._life import Life


class Alarm:
    """Wakes one coroutine; `ring` may be called by any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, life: Life, seconds: float, fileno: Callable[[], int]) -> None:
        """Wait until it rings, the descriptor is readable, or the time is over."""
        with life:
            descriptor = os.dup(fileno())
        timer = self._loop.call_later(seconds, self._rung.set)
        try:
            self._loop.add_reader(descriptor, self._rung.set)
            await self._rung.wait()
        finally:
            timer.cancel()
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
            self._rung.clear()


@contextlib.contextmanager
def alarm(*bells: list[Callable[[], None]]) -> Iterator[Alarm]:
    """An alarm that rings when what is in one of these lists is called."""
    made = Alarm()
    for bell in bells:
        bell.append(made.ring)
    try:
        yield made
    finally:
        for bell in bells:
            bell.remove(made.ring)
