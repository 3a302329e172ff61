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
from ctypes import (POINTER, c_char, c_char_p, c_double, c_float, c_int, c_int16, c_int32,
                    c_size_t, c_ssize_t, c_uint, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)
from ctypes import byref as byref, create_string_buffer as create_string_buffer
from ctypes import sizeof as sizeof
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

SONAME = "libpeal.so.0"
ABI_MAJOR, ABI_MINOR = 0, 1
HEALTH_LATENCIES = 4

#: A pointer to an engine, a port or a sample. It is passed as this object, never as its
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
        ("voices", c_uint32), ("samples", c_uint32), ("steal", c_uint32),
        ("reopen", c_uint32),
        ("fallback_virtual", c_uint32), ("allow_secure", c_uint32),
        ("log", LogFunction), ("log_arg", c_void_p),
    ]


class Reply(ctypes.Structure):
    _fields_ = [("result", c_int32), ("age_ns", c_uint32), ("time_ns", c_uint64)]


class Done(ctypes.Structure):
    _fields_ = [("result", c_int32), ("late_frames", c_uint32), ("time_ns", c_uint64)]


class StopAll(ctypes.Structure):
    _fields_ = [("fade_frames", c_uint32), ("cancel", c_uint32), ("reserved", c_uint64)]


class Volume(ctypes.Structure):
    _fields_ = [
        ("target", c_uint32), ("voice", c_uint32), ("gain", c_float), ("ramp_frames", c_uint32),
    ]


class SampleCheck(ctypes.Structure):
    _fields_ = [("sample", c_uint32), ("reserved", c_uint32 * 3)]


class Play(ctypes.Structure):
    _fields_ = [
        ("sample", c_uint16), ("loop", c_uint8), ("reserved", c_uint8), ("velocity", c_float),
        ("rate", c_float), ("map", c_uint32),
    ]


class StopVoice(ctypes.Structure):
    _fields_ = [("id", c_uint32), ("fade_frames", c_uint32), ("reserved", c_uint64)]


class Ended(ctypes.Structure):
    _fields_ = [("reason", c_uint32), ("reserved", c_uint32), ("frames", c_uint64)]


class Ping(ctypes.Structure):
    _fields_ = [("reserved", c_uint64), ("time_ns", c_uint64)]


class DeviceEvent(ctypes.Structure):
    _fields_ = [
        ("from_", c_uint8), ("to", c_uint8), ("step", c_uint8), ("directions", c_uint8),
        ("error", c_int16), ("cause", c_uint8), ("reserved", c_uint8), ("lost_frames", c_uint32),
        ("took_us", c_uint32),
    ]


class RingEvent(ctypes.Structure):
    _fields_ = [
        ("ring", c_uint8), ("on", c_uint8), ("permille", c_uint16), ("length", c_uint32),
        ("time_ns", c_uint64),
    ]


class Body(ctypes.Union):
    _fields_ = [
        ("reply", Reply), ("done", Done), ("stop", StopAll), ("volume", Volume),
        ("sample", SampleCheck), ("play", Play), ("voice", StopVoice), ("ended", Ended),
        ("ping", Ping), ("device", DeviceEvent), ("ring", RingEvent),
        ("words", c_uint32 * 4),
    ]


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
        ("stream_frames", c_uint32), ("ports", c_uint32), ("voices", c_uint32),
        ("samples", c_uint32), ("playback", PcmInfo), ("capture", PcmInfo),
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
        "suspends", "demoted", "stalls", "slips", "lost_frames", "underrun_frames",
        "overrun_frames", "played_frames", "captured_frames")]


class Chunk(ctypes.Structure):
    _fields_ = [
        ("frame", c_uint64), ("time_ns", c_uint64), ("sequence", c_uint64),
        ("gap_frames", c_uint64), ("frames", c_uint32), ("capacity", c_uint32),
        ("samples", c_void_p), ("pool", c_void_p), ("index", c_uint32), ("channels", c_uint32),
        ("format", c_uint32), ("rate", c_uint32),
    ]


#: A pointer to a chunk; false while it is NULL.
ChunkPointer = POINTER(Chunk)


class BackpressureStats(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "on_now", "triggers", "current_ns", "total_ns")] + [("on", c_double), ("off", c_double)]


class Latency(ctypes.Structure):
    _fields_ = [("count", c_uint64)] + [(name, c_double) for name in (
        "min_ns", "mean_ns", "p50_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns")]


class HealthSnapshot(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "uptime_ns", "chunks", "frames", "drops", "overruns", "underruns", "xruns")] + [
        (name, c_double) for name in (
            "drop_rate", "chunks_per_second", "frames_per_second", "load", "load_max")] + [
        ("latency", Latency * HEALTH_LATENCIES)]


class HealthLimits(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_double) for name in (
        "drop_rate", "load", "xruns", "underruns", "overruns", "wakeup_p99_ns")]


class SampleInfo(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "frames", "source_frames", "silenced", "bytes")] + [(name, c_uint32) for name in (
        "channels", "rate", "source_rate", "locked")]


class Clock(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("frame", c_uint64), ("time_ns", c_uint64), ("rate", c_uint32),
        ("running", c_uint32),
    ]


class PoolConfig(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint32) for name in (
        "frames", "channels", "format", "rate", "chunks", "limit", "flags")]


class PoolStats(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "hits", "misses", "allocated", "in_use", "limit")] + [("hit_rate", c_double)]


class ChunkRingStats(ctypes.Structure):
    _fields_ = [("size", c_size_t)] + [(name, c_uint64) for name in (
        "capacity", "length", "pushed", "popped", "dropped")] + [("usage", c_double)]


class Device(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 128), ("description", c_char * 256), ("directions", c_uint32),
        ("hardware", c_uint32),
    ]


class PcmLimits(ctypes.Structure):
    _fields_ = [
        ("error", c_int32), ("reason", c_char * 256), ("type", c_char * 32),
        ("card_id", c_char * 32), ("card_name", c_char * 96), ("card", c_int32),
        ("accesses", c_uint32), ("formats", c_uint32), ("other_formats", c_char * 512),
        ("channels", c_uint64 * 4), ("rate_min", c_uint32), ("rate_max", c_uint32),
        ("rate_any", c_uint32), ("rates", c_uint32 * 16), ("default_format", c_uint32),
        ("default_channels", c_uint32), ("default_rate", c_uint32), ("period_min", c_uint32),
        ("period_max", c_uint32), ("buffer_min", c_uint32), ("buffer_max", c_uint32),
        ("batch", c_uint32),
    ]


class DeviceLimits(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("directions", c_uint32), ("linkable", c_uint32),
        ("playback", PcmLimits), ("capture", PcmLimits),
    ]


_PROMPT: type[ctypes.CDLL] = ctypes.PyDLL
_BLOCKS = ctypes.CDLL

#: Every function that the package calls: how, what it returns, what it takes.
SIGNATURES: dict[str, tuple[type[ctypes.CDLL], Any, Any]] = {
    "engine_abi_version": (_PROMPT, c_uint32, ()),
    "engine_strerror": (_PROMPT, c_char_p, (c_int,)),
    "engine_last_error": (_PROMPT, c_char_p, ()),
    "engine_format_from_name": (_PROMPT, c_int, (c_char_p,)),
    "engine_format_name": (_PROMPT, c_char_p, (c_uint32,)),
    "engine_list_devices": (_BLOCKS, c_int, (POINTER(Device), c_size_t, c_size_t)),
    "engine_query_device": (_BLOCKS, c_int, (c_char_p, c_uint32, POINTER(DeviceLimits))),
    "engine_create": (_BLOCKS, c_int, (POINTER(Handle), POINTER(Config))),
    "engine_destroy": (_BLOCKS, c_int, (Handle,)),
    "engine_start": (_BLOCKS, c_int, (Handle,)),
    "engine_stop": (_BLOCKS, c_int, (Handle,)),
    "engine_frame": (_PROMPT, c_int, (Handle, POINTER(Frame))),
    "engine_get_clock": (_PROMPT, c_int, (Handle, POINTER(Clock))),
    "engine_state": (_PROMPT, c_int, (Handle,)),
    "engine_heartbeat": (_PROMPT, c_int, (Handle, POINTER(Frame))),
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
    "engine_capture_pop": (_PROMPT, c_int, (Handle, POINTER(ChunkPointer))),
    "engine_capture_release": (_PROMPT, c_int, (ChunkPointer,)),
    "engine_capture_fd": (_PROMPT, c_int, (Handle,)),
    "engine_sample_create": (_BLOCKS, c_int, (POINTER(Handle), c_void_p, c_size_t, c_uint32,
                                              c_uint32, c_uint32, c_uint32)),
    "engine_sample_open": (_BLOCKS, c_int, (POINTER(Handle), c_char_p, c_uint32)),
    "engine_sample_put": (_BLOCKS, c_int, (Handle,)),
    "engine_sample_get_info": (_PROMPT, c_int, (Handle, POINTER(SampleInfo))),
    "engine_load_sample": (_BLOCKS, c_int, (Handle, c_uint32, Handle)),
    "engine_unload_sample": (_BLOCKS, c_int, (Handle, c_uint32)),
    "engine_port_get_backpressure": (_PROMPT, c_int, (Handle, c_uint32,
                                                      POINTER(BackpressureStats))),
    "engine_get_backpressure": (_PROMPT, c_int, (Handle, c_uint32, POINTER(BackpressureStats))),
    "engine_get_health": (_PROMPT, c_int, (Handle, POINTER(HealthSnapshot))),
    "engine_reset_health": (_PROMPT, c_int, (Handle,)),
    "engine_health_create": (_PROMPT, c_int, (POINTER(Handle),)),
    "engine_health_destroy": (_PROMPT, c_int, (Handle,)),
    "engine_health_record_chunks": (_PROMPT, c_int, (Handle, c_uint64, c_uint64)),
    "engine_health_record_drops": (_PROMPT, c_int, (Handle, c_uint64)),
    "engine_health_record_overruns": (_PROMPT, c_int, (Handle, c_uint64)),
    "engine_health_record_underruns": (_PROMPT, c_int, (Handle, c_uint64)),
    "engine_health_record_xruns": (_PROMPT, c_int, (Handle, c_uint64)),
    "engine_health_record_latency": (_PROMPT, c_int, (Handle, c_int, c_uint64)),
    "engine_health_record_load": (_PROMPT, c_int, (Handle, c_uint64, c_uint64)),
    "engine_health_get": (_PROMPT, c_int, (Handle, POINTER(HealthSnapshot))),
    "engine_health_reset": (_PROMPT, c_int, (Handle,)),
    "engine_health_limits_default": (_PROMPT, c_int, (POINTER(HealthLimits),)),
    "engine_health_is_healthy": (_PROMPT, c_int, (POINTER(HealthSnapshot), POINTER(HealthLimits),
                                                  c_char_p, c_size_t)),
    "engine_health_to_json": (_PROMPT, c_int, (POINTER(HealthSnapshot), c_char_p, c_size_t)),
    "engine_health_to_prometheus": (_PROMPT, c_int, (POINTER(HealthSnapshot), c_char_p, c_size_t)),
    "engine_backpressure_create": (_PROMPT, c_int, (POINTER(Handle), c_double, c_double)),
    "engine_backpressure_destroy": (_PROMPT, c_int, (Handle,)),
    "engine_backpressure_update": (_PROMPT, c_int, (Handle, c_uint64, c_uint64, c_uint64)),
    "engine_backpressure_get_stats": (_PROMPT, c_int, (Handle, c_uint64,
                                                       POINTER(BackpressureStats))),
    "engine_backpressure_reset": (_PROMPT, c_int, (Handle,)),
    "engine_pool_create": (_PROMPT, c_int, (POINTER(Handle), POINTER(PoolConfig))),
    "engine_pool_destroy": (_PROMPT, c_int, (Handle,)),
    "engine_pool_acquire": (_PROMPT, c_int, (Handle, POINTER(ChunkPointer))),
    "engine_pool_acquire_or_grow": (_PROMPT, c_int, (Handle, POINTER(ChunkPointer))),
    "engine_chunk_release": (_PROMPT, c_int, (ChunkPointer,)),
    "engine_pool_get_stats": (_PROMPT, c_int, (Handle, POINTER(PoolStats))),
    "engine_pool_clear": (_PROMPT, c_int, (Handle,)),
    "engine_chunk_ring_create": (_PROMPT, c_int, (POINTER(Handle), c_size_t)),
    "engine_chunk_ring_destroy": (_PROMPT, c_int, (Handle,)),
    "engine_chunk_ring_push_batch": (_PROMPT, c_int, (Handle, POINTER(ChunkPointer), c_size_t)),
    "engine_chunk_ring_pop": (_PROMPT, c_int, (Handle, POINTER(ChunkPointer))),
    "engine_chunk_ring_clear": (_PROMPT, c_int, (Handle,)),
    "engine_chunk_ring_get_stats": (_PROMPT, c_int, (Handle, POINTER(ChunkRingStats))),
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


class _Buffer(ctypes.Structure):
    """CPython's Py_buffer."""

    _fields_ = [
        ("buf", c_void_p), ("obj", ctypes.py_object), ("len", c_ssize_t), ("itemsize", c_ssize_t),
        ("readonly", c_int), ("ndim", c_int), ("format", c_char_p), ("shape", c_void_p),
        ("strides", c_void_p), ("suboffsets", c_void_p), ("internal", c_void_p),
    ]


_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = (ctypes.py_object, POINTER(_Buffer), c_int)
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes, _release_buffer.restype = (POINTER(_Buffer),), None


class Pinned:
    """Bytes that stay where they are while this object exists.

    Parameters
    ----------
    buffer : bytes-like
        Contiguous; it may be read-only, and is not copied.

    Attributes
    ----------
    address : int
        Where they are.
    """

    def __init__(self, buffer: Any) -> None:
        self._buffer = _Buffer()
        _get_buffer(buffer, self._buffer, 0)
        self.address: int = self._buffer.buf or 0

    def __del__(self, release: Any = _release_buffer) -> None:
        release(self._buffer)  # does nothing if there is nothing to release


def memory(address: int, size: int, owner: object) -> Any:
    """Bytes of C's as an object with the buffer protocol, which keeps `owner` alive."""
    lent: Any = (c_char * size).from_address(address)
    lent.owner = owner
    return lent


def copied(view: memoryview) -> Any:
    """A copy of some bytes, as `memory` gives them."""
    return (c_char * len(view)).from_buffer_copy(view)


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
