# SPDX-License-Identifier: MIT
"""Creating an engine: what is refused, with which words, and what is granted."""

import errno
import glob
import logging
import os
import pickle

import peal
import pytest
from conftest import PATIENCE, environment, succeeded

no_card = pytest.mark.skipif(bool(glob.glob("/dev/snd/controlC*")),
                             reason="this machine has a sound card")


def refused(*arguments, **keywords):
    with pytest.raises(peal.EngineError) as refusal:
        peal.Engine(*arguments, **keywords)
    return refusal.value


def test_defaults(make_engine):
    info = make_engine().info
    assert (info.rate, info.channels, info.format) == (48000, 2, "S16_LE")
    assert (info.period_frames, info.playback.periods) == (256, 3)
    assert (info.directions, info.capture) == (peal.Direction.PLAYBACK, None)
    assert info.fallback is False
    assert info.ports == 16


def test_what_was_asked_for_is_got(make_engine):
    engine = make_engine(rate=96000, channels=5, format="float_le", period=128, periods=4,
                         capture=True, access="noninterleaved", ports=3, stream_frames=4096)
    info = engine.info
    assert (info.rate, info.channels, info.format) == (96000, 5, "FLOAT_LE")
    assert (info.sample_bytes, info.frame_bytes, info.ports) == (4, 20, 3)
    assert info.stream_frames >= 4096
    for pcm in info.playback, info.capture:
        assert (pcm.period_frames, pcm.periods, pcm.buffer_frames) == (128, 4, 512)
        assert pcm.access is peal.Access.NONINTERLEAVED
        assert (pcm.rate_num, pcm.rate_den) == (96000, 1)
    assert info.linked is True


def test_none_asks_for_the_default(make_engine):
    info = make_engine(rate=None, channels=None, period=None, periods=None).info
    assert (info.rate, info.channels, info.period_frames, info.playback.periods) == (
        48000, 2, 256, 3)


@no_card
def test_without_a_card_the_virtual_one_is_taken_with_a_warning(caplog, make_engine):
    with caplog.at_level(logging.DEBUG, logger="peal"):
        engine = make_engine(None)
    assert engine.info.fallback is True
    assert engine.info.playback.name == "virtual"
    assert [record.levelname for record in caplog.records
            if record.name == "peal" and "virtual" in record.getMessage()] == ["WARNING"]


@no_card
@pytest.mark.parametrize("device", ["default", "hw:0", "hw:CARD=PCH,DEV=0"])
def test_a_device_that_is_named_is_never_replaced(device):
    assert device in refused(device).strerror


@pytest.mark.parametrize("device", ["nosuchdevice", "", "hw:CARD=none", "virtual2", "é",
                                    "a" * 4000])
def test_an_unknown_device_is_refused_by_its_name(device):
    refusal = refused(device)
    assert refusal.errno > 0
    assert device[:40] in refusal.strerror


def test_a_clock_that_the_virtual_card_has_not_is_refused():
    refusal = refused("virtual:clock=sundial")
    assert refusal.errno == errno.EINVAL
    assert "sundial" in refusal.strerror and "manual" in refusal.strerror


@pytest.mark.parametrize("parameter, value", [
    ("rate", 999), ("rate", 768001), ("rate", 2**32 - 1),
    ("channels", 257), ("channels", 2**32 - 1),
    ("period", 15), ("period", 65537), ("period", 2**32 - 1),
    ("periods", 1), ("periods", 1025), ("periods", 2**32 - 1),
    ("ports", 256), ("stream_frames", 2**24 + 1),
])
def test_what_is_out_of_range_is_refused_by_its_name(parameter, value):
    refusal = refused("virtual", **{parameter: value})
    assert refusal.errno == errno.EINVAL
    assert parameter in refusal.strerror and str(value) in refusal.strerror


SIZES = ["rate", "channels", "period", "periods", "ports", "stream_frames"]


@pytest.mark.parametrize("value", [0, -1, -2**70, 2**32, 2**70])
@pytest.mark.parametrize("parameter", SIZES)
def test_what_c_cannot_be_told_is_refused_by_its_name(parameter, value):
    with pytest.raises(ValueError, match=parameter):
        peal.Engine("virtual", **{parameter: value})


@pytest.mark.parametrize("value", ["48000", b"2", 2.0, [], object(), float("nan")])
@pytest.mark.parametrize("parameter", [*SIZES, "priority"])
def test_what_is_no_integer_is_refused_by_its_name(parameter, value):
    with pytest.raises(TypeError, match=parameter):
        peal.Engine("virtual", **{parameter: value})


@pytest.mark.parametrize("format", ["S16", "U8", "S16_BE", "", "ANY", "unknown", "S16_LE ", "é"])
def test_an_unknown_format_is_refused_with_those_there_are(format):
    with pytest.raises(ValueError, match="format.*S16_LE.*FLOAT_LE"):
        peal.Engine("virtual", format=format)


@pytest.mark.parametrize("parameter", ["device", "capture_device", "format"])
def test_a_name_that_is_no_string_is_refused(parameter):
    for value in b"virtual", 7, ["virtual"], object():
        with pytest.raises(TypeError, match=parameter):
            peal.Engine(**{"device": "virtual", parameter: value})
    with pytest.raises(ValueError, match=parameter):
        peal.Engine(**{"device": "virtual", parameter: "vir\0tual"})


@pytest.mark.parametrize("access", ["mmap", "", 1, None.__class__])
def test_an_unknown_access_is_refused(access):
    with pytest.raises(ValueError, match="access.*'interleaved', 'noninterleaved'"):
        peal.Engine("virtual", access=access)


def test_an_engine_without_direction_is_refused():
    with pytest.raises(ValueError, match="playback and capture"):
        peal.Engine("virtual", playback=False)


@pytest.mark.parametrize("priority", [-1, 100, 2**40])
def test_a_priority_out_of_range_is_refused(priority):
    with pytest.raises(ValueError, match="priority"):
        peal.Engine("virtual", priority=priority)


def test_rt_report_says_what_was_granted(make_engine):
    normal = make_engine(priority=0).rt_report
    assert (normal.policy, normal.priority) == (os.SCHED_OTHER, 0)
    wished = make_engine(priority=10).rt_report
    assert wished.wanted_priority == 10
    if wished.policy == os.SCHED_FIFO:
        assert wished.priority <= 10
        assert bool(wished.sched_reason) == (wished.priority < 10)
    else:
        assert wished.sched_reason and wished.sched_remedy
    assert wished.signals_blocked is True
    assert 0 <= wished.locked_bytes <= wished.arena_bytes
    assert wished.stack_bytes > 0


def test_the_list_of_devices_has_the_virtual_one():
    names = [device.name for device in peal.devices()]
    assert len(names) == len(set(names))
    virtual = peal.devices()[-1]
    assert (virtual.name, virtual.playback, virtual.capture, virtual.hardware) == (
        "virtual", True, True, False)
    assert virtual.description


@no_card
def test_nothing_is_written_to_stderr(capfd, make_engine):
    refused("nosuchdevice")
    refused("hw:0")
    refused("virtual", rate=1)
    peal.devices()
    engine = make_engine(None)
    engine.start()
    engine.ping(timeout=PATIENCE)
    engine.close()
    assert capfd.readouterr() == ("", "")


def test_a_failing_log_handler_breaks_no_engine(python):
    """The logger's handlers run outside the C library, and the engine is closed."""
    done = python("""
        import logging, os, time, peal

        class Failing(logging.Handler):
            def handle(self, record):
                raise RuntimeError(record.getMessage())

        peal.Engine("virtual").close()  # a sanitizer may begin a thread of its own with this one
        logging.getLogger("peal").addHandler(Failing())
        os.environ["ALSA_CONFIG_PATH"] = "/dev/null"  # no default device
        tasks = len(os.listdir("/proc/self/task"))
        try:
            peal.Engine()
        except RuntimeError as error:
            assert "virtual" in str(error)
        else:
            import glob
            assert glob.glob("/dev/snd/controlC*"), "no warning"
        deadline = time.monotonic() + 60
        while len(os.listdir("/proc/self/task")) != tasks:
            assert time.monotonic() < deadline
        """)
    assert succeeded(done)


def test_an_engine_is_not_pickled(engine):
    for mailbox in engine, engine.port():
        with pytest.raises(TypeError, match="pickle"):
            pickle.dumps(mailbox)


def test_a_privileged_program_is_refused_by_name(make_engine):
    # What can be seen of it without privileges: the flag is taken, and the code has a sentence.
    assert make_engine(allow_secure=True).ping(timeout=PATIENCE)
    assert "allow_secure" in peal._errors.error(peal.ESECURE).strerror


def test_the_documented_example_runs(python):
    done = python("""
        import doctest, peal, peal._engine
        failed, tried = doctest.testmod(peal._engine, extraglobs={"peal": peal})
        assert tried and not failed
        """, env=environment())
    assert succeeded(done)
