# SPDX-License-Identifier: MIT
"""The faults: what can happen to a sound card, done to it for real.

Each is a verb on a card of the table or on a process that has one open. None
of them knows anything of peal: they are as true for aplay.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pathlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

from cards import CARDS, Card
from control import qmp

_XRUN = ord("A") << 8 | 0x48  # SNDRV_PCM_IOCTL_XRUN
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438
_libc = ctypes.CDLL(None, use_errno=True)


def _wait_for(what: str, condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for the kernel's background work, of which it tells by no event we could await."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.02)


def _exists(card: Card) -> bool:
    return pathlib.Path("/proc/asound", card.card).exists()


def gone(card: Card) -> None:
    """Wait until the kernel has let go of a card's name."""
    _wait_for(f"{card.name} going", lambda: not _exists(card))


def back(card: Card) -> None:
    """Wait until a card is there, with its PCMs' device files."""

    def there() -> bool:
        if not _exists(card):
            return False
        index = os.readlink(f"/proc/asound/{card.card}").removeprefix("card")
        return any(pathlib.Path("/dev/snd").glob(f"pcmC{index}D*"))

    _wait_for(f"{card.name} coming back", there)


def _sysfs(card: Card) -> pathlib.Path:
    """The device below which a card's sound lies."""
    index = os.readlink(f"/proc/asound/{card.card}").removeprefix("card")
    return pathlib.Path(f"/sys/class/sound/card{index}/device").resolve()


# On a running PCM


def pcm_fds(pid: int) -> list[int]:
    """The PCM devices that a process has open."""
    found = []
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # our own, of the listing
            if os.readlink(fd).startswith("/dev/snd/pcmC"):
                found.append(int(fd.name))
    return found


def xrun(pid: int) -> int:
    """Put every running PCM of a process into XRUN, as its driver would; how many there were."""
    pidfd = _libc.syscall(_PIDFD_OPEN, pid, 0)
    hit = 0
    try:
        for fd in pcm_fds(pid):
            copy = _libc.syscall(_PIDFD_GETFD, pidfd, fd, 0)
            if copy < 0:
                raise OSError(ctypes.get_errno(), "pidfd_getfd")
            with contextlib.suppress(OSError):  # EBADFD: it is not running
                fcntl.ioctl(copy, _XRUN)
                hit += 1
            os.close(copy)
    finally:
        os.close(pidfd)
    return hit


def freeze(pid: int, seconds: float) -> None:
    """Stop a process, the calling one too, and let it go on after that time."""
    script = f"kill -STOP {pid}; usleep {round(seconds * 1e6)}; kill -CONT {pid}"
    subprocess.run(["sh", "-c", script], check=True)


def hog(seconds: float, priority: int = 99) -> None:
    """Keep each processor busy for that long with a SCHED_FIFO process that spins."""
    spin = f"end=$(( $(cut -d. -f1 /proc/uptime) + {seconds} ))"
    spin += "; while [ $(cut -d. -f1 /proc/uptime) -lt $end ]; do :; done"
    hogs = [
        subprocess.Popen(
            ["taskset", "-c", str(cpu), "chrt", "-f", str(priority), "sh", "-c", spin]
        )
        for cpu in os.sched_getaffinity(0)
    ]
    for process in hogs:
        process.wait()


# On a card


class _Request(threading.Thread):
    """Something written to a file of sysfs, whose driver may wait until every PCM is closed."""

    def __init__(self, path: pathlib.Path, text: str) -> None:
        super().__init__(daemon=True)
        self._path, self._text = path, text
        self.start()

    def run(self) -> None:
        self._path.write_text(self._text)

    def finish(self) -> None:
        self.join(20)
        if self.is_alive():
            raise TimeoutError(f"{self._path}: the driver waits for a PCM that is still open")


@contextlib.contextmanager
def platform(card: Card) -> Iterator[None]:
    """Unbind the driver of a card that the kernel makes up; bind it again."""
    device = _sysfs(card)
    driver = (device / "driver").resolve()
    request = _Request(driver / "unbind", device.name)
    gone(card)
    try:
        yield
    finally:
        request.finish()
        (driver / "bind").write_text(device.name)
        back(card)


@contextlib.contextmanager
def pci(card: Card) -> Iterator[None]:
    """Remove a PCI card; find it again by a rescan."""
    request = _Request(_sysfs(card) / "remove", "1")
    gone(card)
    try:
        yield
    finally:
        request.finish()
        pathlib.Path("/sys/bus/pci/rescan").write_text("1")
        back(card)


@contextlib.contextmanager
def usb(card: Card) -> Iterator[None]:
    """Take a USB card's authorisation away; give it back."""
    device = _sysfs(card)
    if (device / "bInterfaceNumber").exists():
        device = device.parent
    authorized = device / "authorized"
    authorized.write_text("0")
    gone(card)
    try:
        yield
    finally:
        authorized.write_text("1")
        back(card)


@contextlib.contextmanager
def device_del(card: Card) -> Iterator[None]:
    """Pull a USB card out of the machine itself; plug it in again."""
    name = card.name
    qmp("device_del", id="usbaudio")
    gone(card)
    try:
        yield
    finally:
        qmp("device_add", driver="usb-audio", id="usbaudio", bus="uhci.0", audiodev=name)
        back(card)


def suspend() -> None:
    """Suspend every device and resume them after a second, as suspend-to-idle does."""
    pathlib.Path("/sys/module/suspend/parameters/pm_test_delay").write_text("1")
    pathlib.Path("/sys/power/pm_test").write_text("devices")
    pathlib.Path("/sys/power/state").write_text("freeze")


UNPLUG = {"platform": platform, "pci": pci, "usb": usb, "device_del": device_del}

assert all(verb in UNPLUG for card in CARDS for verb in card.unplug)
