# SPDX-License-Identifier: MIT
"""peal: an ALSA-native real-time audio engine, from Python.

An `Engine` owns one sound device and the audio thread that serves it. Python
never runs on that thread: it sends pings and receives pongs through rings
that wait for nobody, hands audio over and takes it through two streams (as
chunks, as NumPy arrays where there is NumPy, or as plain buffers), and plays
samples that it has loaded, each at an exact frame.

    import peal

    with peal.Engine() as engine:
        print(engine.ping().round_trip)
"""

from __future__ import annotations

from ._backpressure import Backpressure, BackpressureStats, RingsBackpressure
from ._chunk import Chunk
from ._clock import Clock
from ._command import Command
from ._device import Device, devices
from ._engine import Engine
from ._enums import (EABI, EFORKED, ELOST, ENOSAMPLE, ENOVOICE, ESCHEDULE, ESECURE, EVOICE, Access,
                     BackpressureChange, Cause, DeviceAccess, Direction, End, HealthLatency,
                     MessageType, Ring, State, Steal, Step, Timestamps)
from ._errors import EngineError, RingFull
from ._health import Health, HealthSnapshot, Latencies, Latency
from ._info import Info, PcmInfo, PortStats, RtReport, Stats
from ._limits import DeviceLimits, PcmLimits, query
from ._messages import Message, Pong, RingEvent
from ._pool import ChunkRing, ChunkRingStats, Pool, PoolChunk, PoolStats
from ._port import Port
from ._sample import Sample
from ._streams import Capture, Playback
from ._voice import Voice
from ._whole import Playing, play, playrec, record

__all__ = [
    "EABI", "EFORKED", "ELOST", "ENOSAMPLE", "ENOVOICE", "ESCHEDULE", "ESECURE", "EVOICE",
    "Access", "Backpressure", "BackpressureChange", "BackpressureStats", "Capture", "Cause",
    "Chunk", "ChunkRing", "ChunkRingStats", "Clock", "Command", "Device", "DeviceAccess",
    "DeviceLimits", "Direction", "End", "Engine", "EngineError", "Health", "HealthLatency",
    "HealthSnapshot", "Info", "Latencies", "Latency", "Message", "MessageType", "PcmInfo",
    "PcmLimits", "Playback", "Playing", "Pong", "Pool", "PoolChunk", "PoolStats", "Port",
    "PortStats", "Ring", "RingEvent", "RingFull", "RingsBackpressure", "RtReport", "Sample",
    "State", "Stats", "Steal", "Step", "Timestamps", "Voice", "devices", "play", "playrec",
    "query", "record",
]
