# SPDX-License-Identifier: MIT
"""Events: what happens to the device, told to the program."""

import subprocess
import sys
import textwrap

import peal
import pytest
from conftest import PATIENCE, environment, stopped_for
from peal._messages import EVENT, RING, message


def test_an_xrun_is_told(tmp_path):
    """A process that does not run for a while: its buffers run over, and it is told so."""
    code = textwrap.dedent("""
        import peal
        with peal.Engine("virtual", period=64, capture=True) as engine, \\
                engine.port(events=True) as port, engine.port() as quiet:
            engine.ping(timeout=60)
            print("up", flush=True)
            def xrun(mailbox):
                while (event := mailbox.receive_msg(timeout=60)).type != 0x201:
                    pass
                return event
            event, same = xrun(engine), xrun(port)
            assert event == same and isinstance(event, peal.Message)
            assert event.to_state is peal.State.RUNNING
            assert event.step in peal.Step and event.directions in (1, 2, 3)
            assert (event.dropped, engine.stats.xruns > 0) == (0, True)
            assert event.took >= 0
            assert engine.ping(timeout=60)
            assert quiet.receive_msg() is None
            print("told", flush=True)
        """)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stdout.readline() == "up\n"
    stopped_for(process, 0.1)
    assert process.communicate(timeout=PATIENCE) == ("told\n", "")


def test_a_late_program_is_told(make_engine):
    engine = make_engine("virtual:clock=manual", capture=True, stream_frames=1024, period=64)
    engine.start()
    engine.playback.write(bytes(4 * 64))
    engine.advance(64 * 100)
    events = {event.type: event for event in iter(engine.receive_msg, None)}
    underrun = events[peal.MessageType.EVENT_UNDERRUN]
    overrun = events[peal.MessageType.EVENT_OVERRUN]
    assert isinstance(underrun, peal.RingEvent) and underrun.on is True
    assert (underrun.ring, overrun.ring) == (peal.Ring.PLAYBACK, peal.Ring.CAPTURE)
    assert 0 <= underrun.usage < overrun.usage <= 1
    assert underrun.time_ns <= overrun.time_ns


def test_an_event_is_read_field_by_field():
    assert message(EVENT.pack(0x201, 0, 7, 2**40, 2, 3, 4, 3, -32, 2, 480, 1500)) == (
        peal.Message(
            peal.MessageType.EVENT_XRUN, 7, 2**40, peal.State.RUNNING, peal.State.XRUN,
            peal.Step.COMMIT, peal.Direction.PLAYBACK | peal.Direction.CAPTURE, -32,
            peal.Cause.WORK, 480, 0.0015))
    assert message(RING.pack(0x205, 0, 7, 2**40, 2, 1, 900, 18, 2**50)) == (
        peal.RingEvent(peal.MessageType.EVENT_BACKPRESSURE, 7, 2**40, peal.Ring.CAPTURE,
                       True, 0.9, 18, 2**50))


@pytest.mark.parametrize("names", [
    peal.MessageType, peal.State, peal.Step, peal.Cause, peal.Steal, peal.End])
def test_numbers_of_a_newer_library_have_a_name_too(names):
    assert names(250).name == "UNKNOWN_250"
    assert names(250) == 250
    with pytest.raises(ValueError):
        names("x")
