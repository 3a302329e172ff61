# SPDX-License-Identifier: MIT
"""Errors: a negative result of the C library as an exception."""

from __future__ import annotations

import errno

from ._abi import lib


class EngineError(OSError):
    """What the engine refused, and why.

    Attributes
    ----------
    errno : int
        A positive errno (`errno.EBUSY` ...), or one of the engine's own
        negative codes: `peal.EFORKED`, `peal.EABI`, `peal.ESECURE`,
        `peal.ELOST`, `peal.ENOSAMPLE`, `peal.ENOVOICE`, `peal.EVOICE`,
        `peal.ESCHEDULE`.
    strerror : str
        The sentence that says what was refused and what is possible.
    """


class RingFull(EngineError):
    """More commands are under way than the rings hold; nothing was queued."""


def error(code: int, sentence: str = "") -> EngineError:
    """The exception for a negative result; without a sentence, the code's own."""
    number = -code if code > -4096 else code
    kind = RingFull if number == errno.ENOBUFS else EngineError
    return kind(number, sentence or lib.engine_strerror(code).decode(errors="replace"))


def control_error(code: int) -> EngineError:
    """The exception for a control call that has just failed on this thread."""
    return error(code, lib.engine_last_error().decode(errors="replace"))
