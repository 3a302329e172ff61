# SPDX-License-Identifier: MIT
"""The dispatcher: the one place that drains a port's out ring, and sorts.

A pong that someone waits for by its id goes to that thread, the other pongs
to one queue, events to a second one, each in order. The answer to another
command goes to the object that stands for it, or nowhere if that was
forgotten. Any number of
threads may wait at once: one of them, the leader, polls the port's
descriptor; the others are parked, each on a condition of its own. Whoever
drains wakes those whose messages it found, and whoever leaves wakes one more
to lead if no one does, so that no wake-up is ever lost. All of it under one
lock, which is never held while waiting. It is reentrant, since a signal
handler may come in between any two steps and wait here itself: what is half
done then must be fit for it to go on with.
"""

from __future__ import annotations

import itertools
import select
import threading
import time
import weakref
from collections import deque
from typing import Any, Callable, Union

from . import _asyncio, _waiting
from ._abi import Handle, Message, lib
from ._command import Answer
from ._enums import MessageType
from ._life import Life
from ._messages import REPLY, Pong, message

_BATCH = 64
_Batch = Message * _BATCH
#: The most that each queue holds; beyond it the oldest is given up, and counted.
QUEUE_MAX = 65536

#: What one waits for: what has this id, any other pong, any event.
Key = Union[int, str]
PONGS, MESSAGES = "pongs", "messages"

_PONG = int(MessageType.PONG)
_ENDED = int(MessageType.VOICE_ENDED)
_EVENTS = range(0x200, 0x300)


class Dispatcher:
    """Sorts what arrives on one port.

    Parameters
    ----------
    port : Handle
        The port, whose only receiver this is.
    life : Life
        What the port lives and ends with.
    """

    def __init__(self, port: Handle, life: Life) -> None:
        self.given_up = 0  # messages that nobody took in time
        #: By id: who is told what became of a command, if not forgotten by then.
        self.answers: weakref.WeakValueDictionary[int, Answer] = weakref.WeakValueDictionary()
        self._port = port
        self._life = life
        self._lock = threading.RLock()
        self._unsorted: deque[tuple[Any, int]] = deque()  # messages, and when they came
        self._queues: dict[Key, deque[Any]] = {PONGS: deque(), MESSAGES: deque()}
        self._expected: dict[int, Pong | None] = {}
        self._abandoned: set[int] = set()
        self._parked: dict[Key, deque[threading.Condition]] = {PONGS: deque(), MESSAGES: deque()}
        self._leader: int | None = None  # a thread
        self._alarms: list[Callable[[], None]] = []  # rung when something was sorted
        self._nudge = _waiting.Flag()  # up: the leader should look at what others found
        self._backlog: _waiting.Flag | None = None  # up: the queues may hold something
        self._readable: select.epoll | None = None
        life.wakers.append(self._closing)
        life.releases.append(self._release)

    def fileno(self) -> int:
        """A descriptor that is readable while there may be something to receive.

        The port's own tells of its ring only; this one also of what was
        drained from there into the queues.
        """
        self._life.check()
        with self._lock:
            self._life.check()
            if self._readable is None:
                self._backlog = _waiting.Flag()
                self._readable = select.epoll()
                self._readable.register(self._backlog.fileno(), select.EPOLLIN)
                self._readable.register(self._event_fd(), select.EPOLLIN)
                if any(self._queues.values()):
                    self._backlog.hoist()
            return self._readable.fileno()

    def receive(self, queue: str, timeout: float | None) -> Any:
        """The first in a queue, or None when the time is over."""
        self._life.check()
        waiting = self._queues[queue]
        found = _first(waiting)
        if found is not None:
            return found
        if timeout != 0:
            return self._wait(queue, lambda: _first(waiting), _waiting.deadline(timeout))
        with self._lock:
            self._drain()
            found = _first(waiting)
            if found is None and self._backlog:
                self._backlog.lower()
            return found

    def expect(self, id: int) -> None:
        """From now on keep the pong with this id for `await_pong`."""
        self._life.check()
        with self._lock:
            self._expected[id] = None

    def await_pong(self, id: int, timeout: float | None) -> Pong | None:
        """The expected pong, or None when the time is over."""
        pong: Pong | None = self._wait(id, lambda: self._expected[id], _waiting.deadline(timeout))
        return pong

    async def receive_async(self, queue: str, timeout: float | None) -> Any:
        """As `receive`, in asyncio."""
        waiting = self._queues[queue]
        return await self._wait_async(lambda: _first(waiting), _waiting.deadline(timeout))

    async def await_pong_async(self, id: int, timeout: float | None) -> Pong | None:
        """As `await_pong`, in asyncio."""
        pong: Pong | None = await self._wait_async(
            lambda: self._expected[id], _waiting.deadline(timeout))
        return pong

    def wait_for(self, id: int, take: Callable[[], Any], timeout: float | None) -> Any:
        """What take returns once that is not None, which the answer with this id may change."""
        return self._wait(id, take, _waiting.deadline(timeout))

    async def wait_for_async(self, take: Callable[[], Any], timeout: float | None) -> Any:
        """As `wait_for`, in asyncio."""
        return await self._wait_async(take, _waiting.deadline(timeout))

    def forget(self, id: int, sent: bool) -> None:
        """Expect this pong no more; if it was sent and comes late it is given up."""
        with self._lock:
            if self._expected.pop(id) is None and sent:
                self._abandoned.add(id)

    def relieve(self) -> None:
        """Make room in the ring, unless someone else is just doing so."""
        if self._lock.acquire(blocking=False):
            try:
                self._drain()
            finally:
                self._lock.release()

    # Waiting

    def _wait(self, key: Key, take: Callable[[], Any], end: float) -> Any:
        self._life.check()
        with self._lock:
            try:
                while True:
                    found = take()
                    if found is None:
                        self._drain()
                        found = take()
                    seconds = _waiting.left(end)
                    if found is not None or not seconds:
                        return found
                    if self._leader in (None, threading.get_ident()):
                        self._lead(seconds)
                    else:
                        self._park(key, seconds)
            finally:
                self._hand_on()

    async def _wait_async(self, take: Callable[[], Any], end: float) -> Any:
        """As `_wait`; a coroutine neither leads nor parks, but has an alarm of its own."""
        with _asyncio.alarm(self._alarms, self._life.wakers) as alarm:
            while True:
                self._life.check()
                with self._lock:
                    found = take()
                    if found is None:
                        self._drain()
                        found = take()
                    self._hand_on()
                seconds = _waiting.left(end)
                if found is not None or not seconds:
                    return found
                await alarm.wait(self._life, seconds, self._event_fd)

    def _lead(self, seconds: float) -> None:
        outer, self._leader = self._leader, threading.get_ident()
        try:
            self._nudge.lower()
            descriptors = self._event_fd(), self._nudge.fileno()
            self._lock.release()
            try:
                self._life.wait(seconds, *descriptors)
            finally:
                self._lock.acquire()
        finally:
            self._leader = outer
            if outer:  # this is a signal handler, and the code below it must look again
                self._nudge.hoist()

    def _park(self, key: Key, seconds: float) -> None:
        woken = threading.Condition(self._lock)
        parked = self._parked.setdefault(key, deque())
        parked.append(woken)
        try:
            woken.wait(seconds)
        finally:
            if woken in parked:
                parked.remove(woken)
            if key not in self._queues and not self._parked.get(key):
                self._parked.pop(key, None)

    def _wake(self, key: Key) -> None:
        woken = _first(self._parked.get(key))
        if woken:
            woken.notify()

    def _hand_on(self) -> None:
        """On leaving: no queue without someone awake for it, no parked thread without a leader."""
        for key, queue in self._queues.items():
            if queue:
                self._wake(key)
        if self._leader is None:
            for key, parked in list(self._parked.items()):
                if parked:
                    self._wake(key)
                    break

    def _closing(self) -> None:
        with self._lock:
            for key, parked in list(self._parked.items()):
                while parked:
                    self._wake(key)

    def _release(self) -> None:
        with self._lock:
            self._nudge.close()
            if self._readable is not None and self._backlog:
                self._readable.close()
                self._backlog.close()

    # Sorting

    def _event_fd(self) -> int:
        descriptor: int = lib.engine_port_event_fd(self._port)
        if descriptor < 0:
            raise self._life.error(descriptor)
        return descriptor

    def _drain(self) -> None:
        """Take everything out of the ring, and sort it."""
        count = _BATCH
        while count == _BATCH:
            received = _Batch()
            count = lib.engine_port_try_recv_batch(self._port, received, _BATCH)
            if count < 0:
                raise self._life.error(count)
            if count:
                messages = itertools.islice(REPLY.iter_unpack(received), count)
                self._unsorted.extend(zip(messages, itertools.repeat(time.monotonic_ns())))
        if self._unsorted:
            self._sort()

    def _sort(self) -> None:
        while (first := _first(self._unsorted)) is not None:
            fields, now = first
            kind, _, id, frame, result, age_ns, time_ns = fields
            if kind in _EVENTS:
                self._queue(MESSAGES, message(REPLY.pack(*fields)))
                continue
            if kind != _PONG:
                self._tell(kind, id, frame, result, age_ns, time_ns)
                continue
            pong = Pong(id, frame, time_ns, age_ns, result, now)
            if id in self._expected:
                self._expected[id] = pong
                self._wake(id)
            elif id in self._abandoned:
                self._abandoned.remove(id)
                self.given_up += 1
            else:
                self._queue(PONGS, pong)
        if self._leader is not None:
            self._nudge.hoist()
        for ring in self._alarms[:]:
            ring()
        if self._backlog and any(self._queues.values()):
            self._backlog.hoist()

    def _tell(self, kind: int, id: int, frame: int, result: int, late: int, value: int) -> None:
        """Tell who waits for a command, which may be several threads, what became of it."""
        answer: Any = self.answers.get(id)
        if answer is None:
            return
        if kind == _ENDED:
            answer._tell_end(frame, result, value)
        else:
            answer._tell(frame, result, late, value)
        while self._parked.get(id):
            self._wake(id)

    def _queue(self, key: str, item: Any) -> None:
        queue = self._queues[key]
        if len(queue) == QUEUE_MAX:
            queue.popleft()
            self.given_up += 1
        queue.append(item)
        self._wake(key)


def _first(queue: deque[Any] | None) -> Any:
    """Take what is first in a queue, or None; another thread may be faster."""
    try:
        return queue.popleft() if queue else None
    except IndexError:
        return None
