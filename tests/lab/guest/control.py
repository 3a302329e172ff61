# SPDX-License-Identifier: MIT
"""The control line: what a program in the guest asks the host to do."""

from __future__ import annotations

import json

_LINE = "/dev/ttyS2"


def _ask(request: str) -> str:
    with open(_LINE, "r+b", buffering=0) as line:
        line.write(request.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            answer += line.read(1)
    return answer.decode().strip()


def qmp(command: str, **arguments: str) -> None:
    """Have QEMU execute a command, as its QMP reference names them."""
    answer = _ask("qmp " + json.dumps({"execute": command, "arguments": arguments}))
    if "error" in json.loads(answer):
        raise OSError(f"QEMU refused {command}: {answer}")


def keep_wavs() -> None:
    """Have the host keep what the cards have played so far: QEMU begins the WAV
    of a card that is plugged in again anew. The last few milliseconds may miss."""
    _ask("keep")
