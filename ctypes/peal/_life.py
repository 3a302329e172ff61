# SPDX-License-Identifier: MIT
"""Life: when a C object may still be used, and how everybody gets out before it goes.

Calls made holding the GIL need no guard: they read the handle themselves, and
see NULL once it is gone. A thread that lets go of the GIL, to wait on one of
the object's descriptors or inside a blocking call, is counted in and out
(``with life:``), and `Life.close` turns all of them out before it destroys.
A forked child only ever sees errors: it takes no lock and touches nothing.
"""

from __future__ import annotations

import errno
import os
import threading
from typing import Any, Callable

from . import _waiting
from ._abi import Handle, forget
from ._enums import EFORKED
from ._errors import EngineError, control_error, error

_forks = 0


def _after_fork() -> None:
    global _forks
    _forks += 1


def forks() -> int:
    """How many forks lie between the first process and this one."""
    return _forks


os.register_at_fork(after_in_child=_after_fork)


class Life:
    """The life of an engine or a port.

    Parameters
    ----------
    what : str
        "engine" or "port", for the error after the end.
    handles : Handle
        The object's own handle, then others that end with it.
    destroy : callable
        Takes the handle's address and returns 0 or a negative error.
    after : callable
        Called after every control call, outside all locks.
    """

    def __init__(self, what: str, *handles: Handle, destroy: Callable[[int], int],
                 after: Callable[[], None] = lambda: None) -> None:
        self.wakers: list[Callable[[], None]] = []  # called when closing begins
        self.releases: list[Callable[[], None]] = []  # called when all is over
        self._what = what
        self._handles = handles
        self._destroy = destroy
        self._after = after
        self._born = _forks
        self._changed = threading.Condition(threading.RLock())  # guards all below
        self._children: list[Life] = []  # closed before it
        self._inside: list[int] = []  # the threads inside, once per entry
        self._closing = _waiting.Flag()
        self._destroyed = False

    def check(self) -> None:
        """Raise EngineError in a forked child and once closing has begun."""
        if self._born != _forks:
            raise error(EFORKED)
        if self._closing.up:
            main = threading.main_thread()
            if threading.get_ident() != main.ident and not main.is_alive():
                raise SystemExit  # a daemon thread, and the interpreter ends: without a word
            raise EngineError(errno.EBADF, f"{self._what} is closed")

    def error(self, code: int) -> EngineError:
        """The exception for a call that returned a negative result."""
        if code == -errno.EINVAL and self._closing.up:
            return EngineError(errno.EBADF, f"{self._what} is closed")
        return error(code)

    def __enter__(self) -> Life:
        self.check()
        with self._changed:
            self.check()
            self._inside.append(threading.get_ident())
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside.remove(threading.get_ident())
            self._changed.notify_all()
            self._release()

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """Make a blocking control call; its error carries the C library's own sentence."""
        with self:
            code = function(*arguments)
            failure = self.failure(code)
        self._after()
        if failure:
            raise failure

    def failure(self, code: int) -> EngineError | None:
        """The exception for what a control call has just returned on this thread, if any."""
        if code >= 0:
            return None
        return self.error(code) if code == EFORKED else control_error(code)

    def wait(self, seconds: float, *descriptors: int) -> None:
        """Wait until a descriptor is readable, closing begins or the time is over."""
        with self:
            with self._changed:
                closing = self._closing.fileno()
            _waiting.poll(seconds, closing, *descriptors)

    def adopt(self, child: Life) -> None:
        """Close the child when this is closed; raises EngineError if it is already."""
        with self._changed:
            self.check()
            self._children.append(child)
        child.releases.append(lambda: self._children.remove(child))

    def close(self) -> None:
        """End it: once, whoever calls, whatever waits."""
        if self._born != _forks:
            return
        with self._changed:
            self._closing.hoist()
        for wake in self.wakers[:]:
            wake()
        # A signal handler may close what the code below it on its own thread waits for.
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: all(thread == me for thread in self._inside))
        for child in self._children[:]:
            child.close()
        with self._changed:
            if self._destroyed:
                return
            self._destroyed = True
            address = self._handles[0].value or 0
            forget(*self._handles)
            failure = self.failure(self._destroy(address))
            self._release()
        self._after()
        if failure:
            raise failure

    def _release(self) -> None:
        """Give up Python's own descriptors once no one can be polling them."""
        if self._destroyed and not self._inside:
            self._closing.close()
            while self.releases:
                self.releases.pop()()
