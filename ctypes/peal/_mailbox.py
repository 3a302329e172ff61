# SPDX-License-Identifier: MIT
"""The mailbox: sending and receiving, the same on an engine and on a port."""

from __future__ import annotations

import errno
import operator
import weakref
from array import array
from collections.abc import Iterable
from typing import Any

from ._abi import Handle, lib, sized
from ._abi import PortStats as _PortStats
from ._command import next_id as _next_id
from ._commands import Commands
from ._dispatch import MESSAGES, PONGS, Dispatcher
from ._enums import FLAG_WAKE, MessageType
from ._errors import EngineError
from ._info import PortStats, fields
from ._life import Life
from ._log import logger
from ._messages import COMMAND, Event, Pong

_send_ping = lib.engine_port_send_ping


def _close_quietly(life: Life) -> None:
    """Close what was forgotten; no one catches errors from here."""
    try:
        life.close()
    except EngineError as failure:
        logger.error("closing: %s", failure)


class Mailbox(Commands):
    """What an `Engine` and a `Port` have in common. Any thread may call any of it.

    It is closed at the latest when it is garbage or the interpreter ends.
    """

    def __init__(self, engine: Handle, port: Handle, life: Life) -> None:
        self._engine_handle = engine
        self._port_handle = port
        self._life = life
        self._dispatcher = Dispatcher(port, life)
        super().__init__()
        weakref.finalize(self, _close_quietly, life)

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} cannot be pickled: an audio thread belongs to one "
                        "process; create an Engine in the other one")

    def close(self) -> None:
        """Close it. Closing it again does nothing.

        Threads that wait on it get an EngineError with `errno.EBADF`, as does
        every later call. In a forked child it does nothing.
        """
        self._life.close()

    def send_ping(self, id: int | None = None, wake: bool = False) -> int:
        """Send a ping, without waiting.

        Parameters
        ----------
        id : int, optional
            Any number below 2**32; the pong will carry it. Those from 2**31
            on are also what peal chooses when none is given.
        wake : bool
            Wake the audio thread to take it at once (a system call), not at
            its next period.

        Returns
        -------
        int
            The id.

        Raises
        ------
        RingFull
            If the audio thread has yet to take as many as the ring holds.
        EngineError
            If the engine is closed, or this process is a fork.
        """
        if id is None:
            id = _next_id()
        else:
            if type(id) is not int:
                id = operator.index(id)  # now: no code of others may run inside the call
            if id >> 32:
                raise ValueError(f"id must be 0..{2**32 - 1}, not {id}")
        code = _send_ping(self._port_handle, id)
        if code:
            self._send_again(id, code)
        self._credit -= 1
        if self._credit < 0:
            self._relieve()
        if wake:
            self.wake()
        return id

    def send_pings(self, ids: Iterable[int], wake: bool = False) -> int:
        """Send several pings at once: all or none of them.

        Parameters
        ----------
        ids : iterable of int
            At most 1024 ids, as for `send_ping`.
        wake : bool
            As for `send_ping`.

        Returns
        -------
        int
            How many were sent.

        Raises
        ------
        RingFull
            If they do not all fit now.
        """
        try:
            numbers = array("I", list(ids))
        except OverflowError:
            raise ValueError(f"ids must be 0..{2**32 - 1}") from None
        flags = FLAG_WAKE if wake else 0
        pings = bytearray(COMMAND.pack(MessageType.PING, flags, 0) * len(numbers))
        if numbers:
            memoryview(pings).cast("I")[1::COMMAND.size // 4] = memoryview(numbers)
        self._relieve()
        code = lib.engine_port_send_batch(self._port_handle, bytes(pings), len(numbers))
        if code < 0:
            raise self._life.error(code)
        return len(numbers)

    def ping(self, timeout: float | None = 1.0, wake: bool = False) -> Pong:
        """Send a ping and wait for its pong.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; None waits without limit.
        wake : bool
            As for `send_ping`.

        Returns
        -------
        Pong
            Its `round_trip` is how long it took, in seconds.

        Raises
        ------
        TimeoutError
            If the pong did not come in time.
        RingFull, EngineError
            As `send_ping`.
        """
        id = _next_id()
        self._dispatcher.expect(id)
        sent = False
        try:
            self.send_ping(id, wake)
            sent = True
            pong = self._dispatcher.await_pong(id, timeout)
        finally:
            self._dispatcher.forget(id, sent)
        if pong is None:
            raise TimeoutError(errno.ETIMEDOUT, f"no pong within {timeout} s")
        return pong

    def receive_pong(self, timeout: float | None = 0.0) -> Pong | None:
        """Take the next pong that nobody waits for by its id.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; 0 does not wait, None waits without limit.

        Returns
        -------
        Pong or None
            None when there is none in time.
        """
        pong: Pong | None = self._dispatcher.receive(PONGS, timeout)
        return pong

    def receive_msg(self, timeout: float | None = 0.0) -> Event | None:
        """Take the next message that is not a pong: an event of the device or of a stream.

        Parameters
        ----------
        timeout : float, optional
            As for `receive_pong`.

        Returns
        -------
        Message, RingEvent or None
            None when there is none in time.
        """
        event: Event | None = self._dispatcher.receive(MESSAGES, timeout)
        return event

    async def ping_async(self, timeout: float | None = 1.0, wake: bool = False) -> Pong:
        """As `ping`, in asyncio."""
        id = _next_id()
        self._dispatcher.expect(id)
        sent = False
        try:
            self.send_ping(id, wake)
            sent = True
            pong = await self._dispatcher.await_pong_async(id, timeout)
        finally:
            self._dispatcher.forget(id, sent)
        if pong is None:
            raise TimeoutError(errno.ETIMEDOUT, f"no pong within {timeout} s")
        return pong

    async def receive_pong_async(self, timeout: float | None = None) -> Pong | None:
        """As `receive_pong`, in asyncio; it waits without limit unless told otherwise."""
        pong: Pong | None = await self._dispatcher.receive_async(PONGS, timeout)
        return pong

    async def receive_msg_async(self, timeout: float | None = None) -> Event | None:
        """As `receive_msg`, in asyncio; it waits without limit unless told otherwise."""
        event: Event | None = await self._dispatcher.receive_async(MESSAGES, timeout)
        return event

    def wake(self) -> None:
        """Wake the audio thread, so that it takes now what was sent."""
        code = lib.engine_wake(self._engine_handle)
        if code < 0:
            raise self._life.error(code)

    def fileno(self) -> int:
        """A descriptor for select, selectors or asyncio.

        It is readable while there may be something to receive, and no more
        once a `receive_pong` or `receive_msg` that does not wait has found
        nothing. Only poll it. One reader at a time can rely on it.
        """
        return self._dispatcher.fileno()

    @property
    def given_up(self) -> int:
        """How many messages were dropped because nobody took them.

        Each queue holds 65536 and drops its oldest; and a pong is dropped
        that comes after its `ping` has timed out.
        """
        return self._dispatcher.given_up

    @property
    def port_stats(self) -> PortStats:
        """The counters of the rings."""
        stats = sized(_PortStats)
        code = lib.engine_port_get_stats(self._port_handle, stats)
        if code < 0:
            raise self._life.error(code)
        return PortStats(**fields(stats))

    def _send_again(self, id: int, code: int) -> None:
        if code == -errno.ENOBUFS:  # what waits for us may be what holds it up
            self._relieve()
            code = _send_ping(self._port_handle, id)
        if code < 0:
            raise self._life.error(code)
