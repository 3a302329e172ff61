# SPDX-License-Identifier: MIT
"""The structures and constants of the package are those of the C headers."""

import ctypes
import enum
import re
import subprocess

import peal
import pytest
from conftest import TOP
from peal import _abi, _enums, _whole
from peal._messages import COMMAND, EVENT, PLAY, REPLY, RING, STOP, VOLUME

STRUCTURES = {
    "engine_config": _abi.Config, "engine_message": _abi.Message, "engine_info": _abi.Info,
    "engine_pcm_info": _abi.PcmInfo, "engine_rt_report": _abi.RtReport,
    "engine_port_stats": _abi.PortStats, "engine_stats": _abi.Stats,
    "engine_device": _abi.Device, "engine_chunk": _abi.Chunk,
    "engine_backpressure_stats": _abi.BackpressureStats, "engine_latency": _abi.Latency,
    "engine_health_snapshot": _abi.HealthSnapshot, "engine_health_limits": _abi.HealthLimits,
    "engine_pool_config": _abi.PoolConfig, "engine_pool_stats": _abi.PoolStats,
    "engine_chunk_ring_stats": _abi.ChunkRingStats, "engine_clock": _abi.Clock,
    "engine_sample_info": _abi.SampleInfo, "engine_pcm_limits": _abi.PcmLimits,
    "engine_device_limits": _abi.DeviceLimits,
}
UNION = {"reply": _abi.Reply, "ping": _abi.Ping, "device": _abi.DeviceEvent,
         "ring": _abi.RingEvent, "done": _abi.Done, "stop": _abi.StopAll,
         "volume": _abi.Volume, "sample": _abi.SampleCheck, "play": _abi.Play,
         "voice": _abi.StopVoice, "ended": _abi.Ended}

CONSTANTS = {
    "ENGINE_EFORKED": peal.EFORKED, "ENGINE_EABI": peal.EABI, "ENGINE_ESECURE": peal.ESECURE,
    "ENGINE_ELOST": peal.ELOST, "ENGINE_ENOSAMPLE": peal.ENOSAMPLE,
    "ENGINE_ENOVOICE": peal.ENOVOICE, "ENGINE_EVOICE": peal.EVOICE,
    "ENGINE_ESCHEDULE": peal.ESCHEDULE,
    "ENGINE_ABI_MAJOR": _abi.ABI_MAJOR,
    "ENGINE_ABI_MINOR": _abi.ABI_MINOR, "ENGINE_RING_MESSAGES": _enums.RING_MESSAGES,
    "ENGINE_FLAG_WAKE": _enums.FLAG_WAKE, "ENGINE_FLAG_QUIET": _enums.FLAG_QUIET,
    "ENGINE_PORT_EVENTS": _enums.PORT_EVENTS, "ENGINE_PRIORITY_NORMAL": _enums.PRIORITY_NORMAL,
    **{f"ENGINE_{member.name}": member for member in peal.MessageType},
    **{f"ENGINE_{member.name}": member for member in peal.Direction},
    **{f"ENGINE_STEAL_{member.name}": member for member in peal.Steal},
    **{f"ENGINE_END_{member.name}": member for member in peal.End},
    "ENGINE_TARGET_ENGINE": _enums.TARGET_ENGINE, "ENGINE_TARGET_VOICE": _enums.TARGET_VOICE,
    "ENGINE_VOLUME_MAX": _enums.VOLUME_MAX,
    "1 / ENGINE_RATE_RATIO_MIN": 1 / _enums.RATE_RATIO_MIN,
    "ENGINE_RATE_RATIO_MAX": _enums.RATE_RATIO_MAX,
    **{f"ENGINE_STATE_{member.name}": member for member in peal.State},
    **{f"ENGINE_CAUSE_{member.name}": member for member in peal.Cause},
    **{f"ENGINE_STEP_{member.name}": member for member in peal.Step},
    **{f"ENGINE_ACCESS_MMAP_{member.name}": member for member in peal.Access},
    **{f"ENGINE_DEVICE_{member.name}": member for member in peal.DeviceAccess},
    **{f"ENGINE_TIMESTAMPS_{member.name}": member for member in peal.Timestamps},
    **{f"ENGINE_BACKPRESSURE_{member.name}": member for member in peal.BackpressureChange},
    **{f"ENGINE_HEALTH_{member.name}": member for member in peal.HealthLatency},
    "ENGINE_HEALTH_LATENCIES": _abi.HEALTH_LATENCIES,
    "ENGINE_POOL_RECYCLE": _enums.POOL_RECYCLE, "ENGINE_POOL_ZERO": _enums.POOL_ZERO,
    "ENGINE_STREAM_FRAMES_MAX": _whole.STREAM_FRAMES_MAX,
}


def fields(structure):
    return [name for name, *_ in structure._fields_ if name != "body"]


def lines():
    """What layout.c is to print, and what it should."""
    for name, structure in STRUCTURES.items():
        yield f"STRUCT({name});", f"{name} {ctypes.sizeof(structure)}"
        for field in fields(structure):
            yield field_line(name, field, getattr(structure, field), 0)
    start = _abi.Message.body.offset
    for member, structure in UNION.items():
        for field in fields(structure):
            yield field_line("engine_message", f"{member}.{field.rstrip('_')}",
                             getattr(structure, field), start)
    for name, value in CONSTANTS.items():
        yield f"CONSTANT({name});", f"{name} {int(value)}"


def field_line(name, field, found, start):
    return (f"FIELD({name}, {field});", f"{name}.{field} {found.size} {start + found.offset}")


def test_layout_is_that_of_the_c_compiler(cc, tmp_path):
    asked, expected = zip(*lines())
    (tmp_path / "layout.inc").write_text("\n".join(asked))
    program = cc("layout.c", tmp_path / "layout", f"-I{tmp_path}")
    printed = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert printed.splitlines() == list(expected)


def header(name):
    return re.sub(r"/\*.*?\*/", "", (TOP / "include/peal" / name).read_text(), flags=re.S)


@pytest.mark.parametrize("name, structure", STRUCTURES.items())
def test_no_field_of_a_structure_is_left_out(name, structure):
    """offsetof sees fields that we know; this sees those that we do not."""
    for path in (TOP / "include/peal").glob("*.h"):
        body = re.search(rf"^struct {name} \{{\n(.*?)^\}};", header(path.name), re.S | re.M)
        if body:
            break
    plain = re.sub(r"union \{.*?\n\t\};", "", body[1], flags=re.S)
    declared = re.findall(r"(?:\(\*)?(\w+)(?:\)\([^)]*\)|\[\w+\])?;", plain)
    assert declared == fields(structure)


@pytest.mark.parametrize("name, prefix, names", [
    ("message_type", "", peal.MessageType), ("state", "STATE_", peal.State),
    ("cause", "CAUSE_", peal.Cause), ("step", "STEP_", peal.Step),
    ("timestamps", "TIMESTAMPS_", peal.Timestamps),
    ("backpressure_change", "BACKPRESSURE_", peal.BackpressureChange),
    ("device_access", "DEVICE_", peal.DeviceAccess),
    ("steal", "STEAL_", peal.Steal), ("end", "END_", peal.End)])
def test_no_member_of_an_enumeration_is_left_out(name, prefix, names):
    text = "".join(header(path.name) for path in (TOP / "include/peal").glob("*.h"))
    body = re.search(rf"^enum engine_{name} \{{\n(.*?)^\}};", text, re.S | re.M)[1]
    declared = set(re.findall(rf"\bENGINE_{prefix}(\w+) = 0?x?\d", body))
    assert declared == {member.name for member in names}


def test_every_signature_is_declared_with_that_many_parameters():
    text = "".join(header(path.name) for path in (TOP / "include/peal").glob("*.h"))
    for name, (_, _, arguments) in _abi.SIGNATURES.items():
        declared = re.search(rf"\b{name}\(([^)]*)\);", text)
        assert declared, name
        count = 0 if declared[1] == "void" else declared[1].count(",") + 1
        assert arguments is None or len(arguments) == count, name


def test_messages_are_unpacked_as_they_lie():
    """The struct formats, which are faster, against the structure."""
    sent = _abi.Message(type=0x101, flags=0x2222, id=0x33333333, frame=0x4444444444444444)
    sent.reply = _abi.Reply(-5, 0x66666666, 0x7777777777777777)
    assert REPLY.unpack(bytes(sent)) == (
        0x101, 0x2222, 0x33333333, 0x4444444444444444, -5, 0x66666666, 0x7777777777777777)
    sent.device = _abi.DeviceEvent(1, 2, 3, 3, -6, 7, 0, 0x55555555, 0x66666666)
    assert EVENT.unpack(bytes(sent))[4:] == (1, 2, 3, 3, -6, 7, 0x55555555, 0x66666666)
    sent.ring = _abi.RingEvent(1, 2, 0x3333, 0x44444444, 0x5555555555555555)
    assert RING.unpack(bytes(sent))[4:] == (1, 2, 0x3333, 0x44444444, 0x5555555555555555)
    ping = bytes(_abi.Message(type=1, flags=2, id=3))
    assert COMMAND.pack(1, 2, 3) == ping
    told = _abi.Message(type=1, id=3, frame=4)
    told.play = _abi.Play(5, 1, 0, 0.5, 2.0, 0x66666666)
    assert PLAY.pack(1, 0, 3, 4, 5, 1, 0, 0.5, 2.0, 0x66666666) == bytes(told)
    told.volume = _abi.Volume(1, 5, 0.25, 6)
    assert VOLUME.pack(1, 0, 3, 4, 1, 5, 0.25, 6) == bytes(told)
    told.stop, told.voice = _abi.StopAll(), _abi.StopVoice(5, 6)
    assert STOP.pack(1, 0, 3, 4, 5, 6) == bytes(told)
    told.stop = _abi.StopAll(5, 1)
    assert STOP.pack(1, 0, 3, 4, 5, 1) == bytes(told)
    sent.done = _abi.Done(-5, 0x66666666, 0x7777777777777777)
    assert REPLY.unpack(bytes(sent))[4:] == (-5, 0x66666666, 0x7777777777777777)
    sent.ended = _abi.Ended(2, 0, 0x7777777777777777)
    assert REPLY.unpack(bytes(sent))[4:] == (2, 0, 0x7777777777777777)
    for form in REPLY, EVENT, RING, COMMAND, PLAY, VOLUME, STOP:
        assert form.size == ctypes.sizeof(_abi.Message) == 32


@pytest.mark.parametrize("told, structure", [
    (peal.Stats, _abi.Stats), (peal.PortStats, _abi.PortStats), (peal.RtReport, _abi.RtReport),
    (peal.Info, _abi.Info), (peal.Clock, _abi.Clock), (peal.PcmInfo, _abi.PcmInfo),
    (peal.Latency, _abi.Latency), (peal.HealthSnapshot, _abi.HealthSnapshot),
    (peal.PoolStats, _abi.PoolStats), (peal.BackpressureStats, _abi.BackpressureStats),
    (peal.ChunkRingStats, _abi.ChunkRingStats), (peal.PcmLimits, _abi.PcmLimits),
    (peal.DeviceLimits, _abi.DeviceLimits)])
def test_the_package_tells_every_field(told, structure):
    assert [field for field in told.__dataclass_fields__ if field[0] != "_"] == [
        field for field in fields(structure) if field != "size"]


def test_enumerations_are_numbers():
    for names in peal.MessageType, peal.State, peal.Step, peal.Direction:
        assert issubclass(names, (enum.IntEnum, enum.IntFlag))
