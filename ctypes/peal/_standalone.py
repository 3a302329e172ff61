# SPDX-License-Identifier: MIT
"""Parts of the engine that a program can use without one."""

from __future__ import annotations

import errno
import operator
import weakref
from typing import Any, Callable, TypeVar

from ._abi import Handle, byref, forget
from ._errors import EngineError, control_error, error
from ._log import logger

Self = TypeVar("Self", bound="Standalone")


def count(name: str, value: Any) -> int:
    """A number for C, which would take a negative one for a large one."""
    number = operator.index(value)
    if not 0 <= number < 2**63:
        raise ValueError(f"{name} must be 0..{2**63 - 1}, not {number}")
    return number


def _destroy(handle: Handle, destroy: Callable[[int], int]) -> None:
    address = handle.value
    if address:
        forget(handle)
        code = destroy(address)
        if code < 0:
            handle.value = address
            raise control_error(code)


def _destroy_quietly(handle: Handle, destroy: Callable[[int], int]) -> None:
    """Destroy what was forgotten; no one catches errors from here."""
    try:
        _destroy(handle, destroy)
    except EngineError as failure:
        logger.error("closing: %s", failure)


class Standalone:
    """An object of C's. ``with`` closes it at the end, as does its becoming garbage.

    Parameters
    ----------
    create, destroy : callable
        Its functions in C.
    arguments
        What `create` takes after the handle.
    """

    def __init__(self, create: Callable[..., int], destroy: Callable[[int], int],
                 *arguments: Any) -> None:
        self._handle = Handle()
        code = create(byref(self._handle), *arguments)
        if code < 0:
            raise control_error(code)
        weakref.finalize(self, _destroy_quietly, self._handle, destroy).atexit = False
        self._destroy = destroy

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"{type(self).__name__} cannot be pickled: it belongs to one process")

    def close(self) -> None:
        """Free it; closing it again does nothing. Every later call raises `errno.EBADF`."""
        _destroy(self._handle, self._destroy)

    def _call(self, function: Callable[..., int], *arguments: Any) -> int:
        code = function(self._handle, *arguments)
        if code < 0:
            raise self._error(code)
        return code

    def _error(self, code: int) -> EngineError:
        if code == -errno.EINVAL and not self._handle:
            return EngineError(errno.EBADF, f"{type(self).__name__} is closed")
        return error(code)
