# SPDX-License-Identifier: MIT
"""The C library as ctypes sees it: structures, one table of signatures, the loader.

The only module that imports ctypes. The structures mirror ``include/peal/*.h``
field by field; ``tests/python/test_layout.py`` compares them with what the C
compiler says. Calls that cannot block are made holding the GIL (`PyDLL`):
they take less time than giving it up, and holding it keeps a second thread
out of the same ring. Calls that can block let go of it (`CDLL`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from ctypes import (POINTER, c_char, c_char_p, c_double, c_int, c_int32, c_size_t, c_uint,
                    c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)
from ctypes import byref as byref, sizeof as sizeof
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

SONAME = "libpeal.so.0"
ABI_MAJOR, ABI_MINOR = 0, 1

#: A pointer to an engine or a port. It is passed as this object, never as its
#: number: the call itself reads it, so that it cannot outlive `forget`.
Handle = c_void_p
Frame = c_uint64
LogFunction = ctypes.CFUNCTYPE(None, c_int, c_char_p, c_void_p)


class Config(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("device", c_char_p), ("capture_device", c_char_p),
        ("directions", c_uint32), ("rate", c_uint32), ("channels", c_uint32),
        ("format", c_uint32), ("access", c_uint32), ("period_frames", c_uint32),
        ("periods", c_uint32), ("priority", c_int32), ("ports", c_uint32),
        ("stream_frames", c_uint32),
        ("backpressure_on", c_double), ("backpressure_off", c_double),
        ("fallback_virtual", c_uint32), ("allow_secure", c_uint32),
        ("log", LogFunction), ("log_arg", c_void_p),
    ]


class Reply(ctypes.Structure):
    _fields_ = [("result", c_int32), ("age_ns", c_uint32), ("time_ns", c_uint64)]


class Ping(ctypes.Structure):
    _fields_ = [("reserved", c_uint64), ("time_ns", c_uint64)]


class DeviceEvent(ctypes.Structure):
    _fields_ = [
        ("from_", c_uint8), ("to", c_uint8), ("step", c_uint8), ("directions", c_uint8),
        ("error", c_int32), ("lost_frames", c_uint32), ("took_us", c_uint32),
    ]


class Body(ctypes.Union):
    _fields_ = [("reply", Reply), ("ping", Ping), ("device", DeviceEvent), ("words", c_uint32 * 4)]


class Message(ctypes.Structure):
    _anonymous_ = ("body",)
    _fields_ = [
        ("type", c_uint16), ("flags", c_uint16), ("id", c_uint32), ("frame", c_uint64),
        ("body", Body),
    ]


class PcmInfo(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 128), ("type", c_char * 32), ("card_id", c_char * 32),
        ("card_name", c_char * 96), ("card", c_int32), ("device", c_uint32),
        ("subdevice", c_uint32), ("access", c_uint32), ("period_frames", c_uint32),
        ("periods", c_uint32), ("buffer_frames", c_uint32), ("rate_num", c_uint32),
        ("rate_den", c_uint32), ("batch", c_uint32), ("timestamps", c_uint32),
    ]


class Info(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("directions", c_uint32), ("rate", c_uint32), ("channels", c_uint32),
        ("format", c_uint32), ("sample_bytes", c_uint32), ("frame_bytes", c_uint32),
        ("period_frames", c_uint32), ("linked", c_uint32), ("fallback", c_uint32),
        ("stream_frames", c_uint32), ("ports", c_uint32), ("playback", PcmInfo),
        ("capture", PcmInfo),
    ]


class RtReport(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("policy", c_int32), ("priority", c_int32),
        ("wanted_priority", c_int32), ("sched_error", c_int32), ("sched_reason", c_char * 256),
        ("sched_remedy", c_char * 256), ("locked_bytes", c_uint64), ("arena_bytes", c_uint64),
        ("lock_error", c_int32), ("stack_bytes", c_uint32), ("lock_reason", c_char * 256),
        ("lock_remedy", c_char * 256), ("signals_blocked", c_uint32), ("flush_to_zero", c_uint32),
    ]


class PortStats(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "sent", "refused", "handled", "answered", "received", "events_lost")]


class Stats(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "cycles", "periods", "wakes", "spurious_wakes", "backoffs", "poll_timeouts", "xruns",
        "suspends", "lost_frames", "underrun_frames", "overrun_frames", "played_frames",
        "captured_frames")]


class CaptureChunk(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "frame", "time_ns", "sequence", "gap_frames")]


class Device(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 128), ("description", c_char * 256), ("directions", c_uint32),
        ("hardware", c_uint32),
    ]


_PROMPT: type[ctypes.CDLL] = ctypes.PyDLL
_BLOCKS = ctypes.CDLL

#: Every function that the package calls: how, what it returns, what it takes.
SIGNATURES: dict[str, tuple[type[ctypes.CDLL], Any, tuple[Any, ...] | None]] = {
    "engine_abi_version": (_PROMPT, c_uint32, ()),
    "engine_strerror": (_PROMPT, c_char_p, (c_int,)),
    "engine_last_error": (_PROMPT, c_char_p, ()),
    "engine_format_from_name": (_PROMPT, c_int, (c_char_p,)),
    "engine_format_name": (_PROMPT, c_char_p, (c_uint32,)),
    "engine_list_devices": (_BLOCKS, c_int, (POINTER(Device), c_size_t, c_size_t)),
    "engine_create": (_BLOCKS, c_int, (POINTER(Handle), POINTER(Config))),
    "engine_destroy": (_BLOCKS, c_int, (Handle,)),
    "engine_start": (_BLOCKS, c_int, (Handle,)),
    "engine_stop": (_BLOCKS, c_int, (Handle,)),
    "engine_frame": (_PROMPT, c_int, (Handle, POINTER(Frame))),
    "engine_state": (_PROMPT, c_int, (Handle,)),
    "engine_wake": (_PROMPT, c_int, (Handle,)),
    "engine_get_info": (_PROMPT, c_int, (Handle, POINTER(Info))),
    "engine_get_rt_report": (_PROMPT, c_int, (Handle, POINTER(RtReport))),
    "engine_get_stats": (_PROMPT, c_int, (Handle, POINTER(Stats))),
    "engine_virtual_advance": (_BLOCKS, c_int, (Handle, c_uint64, c_int)),
    "engine_own_port": (_PROMPT, c_void_p, (Handle,)),
    "engine_port_open": (_BLOCKS, c_int, (Handle, POINTER(Handle), c_uint)),
    "engine_port_close": (_BLOCKS, c_int, (Handle,)),
    # The hot one. Undeclared arguments are passed on as they are, which takes 120 of 290 ns
    # less than converting the id would; Mailbox.send_ping sees to their types itself.
    "engine_port_send_ping": (_PROMPT, c_int, None),
    "engine_port_send_batch": (_PROMPT, c_int, (Handle, c_void_p, c_size_t)),
    "engine_port_try_recv_batch": (_PROMPT, c_int, (Handle, POINTER(Message), c_size_t)),
    "engine_port_event_fd": (_PROMPT, c_int, (Handle,)),
    "engine_port_get_stats": (_PROMPT, c_int, (Handle, POINTER(PortStats))),
    "engine_playback_write": (_PROMPT, c_int, (Handle, c_void_p, c_size_t)),
    "engine_playback_free": (_PROMPT, c_int, (Handle,)),
    "engine_playback_drain": (_BLOCKS, c_int, (Handle, c_int)),
    "engine_playback_fd": (_PROMPT, c_int, (Handle,)),
    "engine_capture_read": (_PROMPT, c_int, (Handle, c_void_p, c_size_t, POINTER(CaptureChunk))),
    "engine_capture_fd": (_PROMPT, c_int, (Handle,)),
}

# Without a GIL a lock takes its place around the calls that rely on it.
_has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
_instead_of_gil: Any = contextlib.nullcontext() if _has_gil else threading.RLock()


def _after_fork() -> None:
    """A forked child must not wait for a thread that it has not."""
    global _instead_of_gil
    if not _has_gil:
        _instead_of_gil = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


def in_turn(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for one thread at a time: itself, where the GIL sees to that."""
    def call(*arguments: Any) -> Any:
        with _instead_of_gil:
            return function(*arguments)
    return function if _has_gil else call


def forget(*handles: c_void_p) -> None:
    """Make every later call with these handles see NULL."""
    with _instead_of_gil:
        for handle in handles:
            handle.value = None


def sized(structure: type[Any]) -> Any:
    """A zeroed structure whose size field is set."""
    return structure(sizeof(structure))


def address(buffer: Any) -> tuple[int, Any]:
    """The address of a buffer's bytes, and what must stay alive to keep it valid.

    Copies only what ctypes cannot point into: read-only buffers other than
    bytes, and those that are not contiguous.
    """
    if isinstance(buffer, bytes):
        return ctypes.cast(c_char_p(buffer), c_void_p).value or 0, buffer
    view = memoryview(buffer)
    if view.readonly or not view.c_contiguous or not view.nbytes:
        return address(view.tobytes())
    first = c_char.from_buffer(view)
    return ctypes.addressof(first), first


def _library_path() -> str:
    """The environment's library, else one beside the package, a checkout's, the system's."""
    package = Path(__file__).resolve().parent
    checkout = package.parents[1]
    built = checkout / "build" / "libpeal.so"
    if os.environ.get("PEAL_LIBRARY"):
        return os.environ["PEAL_LIBRARY"]
    if (package / SONAME).exists():
        return str(package / SONAME)
    if (checkout / "include" / "peal.h").exists() and built.exists():
        return str(built)
    return SONAME


def _load(path: str) -> SimpleNamespace:
    try:
        opened = {how: how(path) for how in (_PROMPT, _BLOCKS)}
    except OSError as reason:
        raise ImportError(f"peal needs its C library, and it cannot be loaded: {reason}; "
                          "build it with make, or name it in PEAL_LIBRARY") from None
    library = SimpleNamespace(path=path)
    for name, (how, result, arguments) in SIGNATURES.items():
        try:
            function = opened[how][name]
        except AttributeError:
            raise ImportError(f"{path} lacks {name}: it is not the libpeal that this version "
                              f"of the package needs") from None
        function.restype, function.argtypes = result, arguments
        setattr(library, name, in_turn(function) if how is _PROMPT else function)
        if name == "engine_abi_version":
            _check_version(path, function())
    return library


def _check_version(path: str, version: int) -> None:
    major, minor = version >> 16, version & 0xFFFF
    if major != ABI_MAJOR or minor < ABI_MINOR:
        raise ImportError(f"{path} has ABI version {major}.{minor}, and this package needs "
                          f"{ABI_MAJOR}.{ABI_MINOR}")


lib = _load(_library_path())
