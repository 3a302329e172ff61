# SPDX-License-Identifier: MIT
"""peal: an ALSA-native real-time audio engine, from Python.

An `Engine` owns one sound device and the audio thread that serves it. Python
never runs on that thread: it sends pings and receives pongs through rings
that wait for nobody, and hands audio over and takes it through two streams.

    import peal

    with peal.Engine() as engine:
        print(engine.ping().round_trip)
"""

from __future__ import annotations

from ._device import Device, devices
from ._engine import Engine
from ._enums import (EABI, EFORKED, ELOST, ESECURE, Access, Direction, MessageType, State, Step,
                     Timestamps)
from ._errors import EngineError, RingFull
from ._info import Info, PcmInfo, PortStats, RtReport, Stats
from ._messages import Message, Pong
from ._port import Port
from ._streams import Capture, Chunk, Playback

__all__ = [
    "EABI", "EFORKED", "ELOST", "ESECURE", "Access", "Capture", "Chunk", "Device", "Direction",
    "Engine", "EngineError", "Info", "Message", "MessageType", "PcmInfo", "Playback", "Pong",
    "Port", "PortStats", "RingFull", "RtReport", "State", "Stats", "Step", "Timestamps", "devices",
]
