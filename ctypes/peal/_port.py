# SPDX-License-Identifier: MIT
"""The port: a pair of rings of its own, for one more sending thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._abi import Handle, byref, lib
from ._enums import PORT_EVENTS
from ._life import Life
from ._mailbox import Mailbox

if TYPE_CHECKING:
    from ._engine import Engine


class Port(Mailbox):
    """A pair of rings of its own on an engine; `Engine.port` makes it.

    ``with`` closes it at the end; so does closing the engine.
    """

    def __init__(self, engine: Engine, events: bool) -> None:
        self._engine = engine  # must not end before its port does
        handle = Handle()
        engine._life.call(lib.engine_port_open, engine._engine_handle, byref(handle),
                          PORT_EVENTS if events else 0)
        life = Life("port", handle, destroy=lib.engine_port_close)
        engine._life.adopt(life)
        super().__init__(engine._engine_handle, handle, life)
        self._shape = engine._shape

    def __enter__(self) -> Port:
        return self
