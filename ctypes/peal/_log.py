# SPDX-License-Identifier: MIT
"""The log: the C library's lines on their way to the logger `peal`.

Inside a call into C they are only collected; the logger, whose handlers are
anybody's code, gets them after it. They come on control threads alone.
"""

from __future__ import annotations

import logging
from collections import deque

from ._abi import LogFunction

logger = logging.getLogger("peal")
logger.addHandler(logging.NullHandler())

_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)


class Log:
    """The lines of one engine; must outlive it, since C holds `function`."""

    def __init__(self) -> None:
        lines: deque[tuple[int, bytes]] = deque()
        self._lines = lines
        self.function = LogFunction(lambda level, text, _: lines.append((level, text)))

    def flush(self) -> None:
        while self._lines:
            level, text = self._lines.popleft()
            logger.log(_LEVELS[min(level, len(_LEVELS) - 1)], "%s", text.decode(errors="replace"))
