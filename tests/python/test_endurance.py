# SPDX-License-Identifier: MIT
"""Streams outlive a hogged GIL, calls an interrupt, and programs end in every way, many times."""

import ctypes
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import peal
import pytest
from conftest import PATIENCE, environment

#: How often a program ends in each way: 20 times with PEAL_LONG=1.
ENDS = 20 if os.environ.get("PEAL_LONG", "0") not in ("", "0") else 3
HOGS, HOG_US = 10, 500_000
RATE = 48000
#: How often a machine may fail to run the audio thread in time, which is not Python's fault.
TRIES = 5


# The GIL


def hog_the_gil(times):
    """Hold it for half a second, times over, with a moment for the others in between."""
    hold_gil = ctypes.PyDLL(None).usleep

    def hog():
        for _ in range(times):
            hold_gil(HOG_US)

    thread = threading.Thread(target=hog)
    thread.start()
    return thread


def stream_while_hogged(engine, hog):
    """Write and read until hog has ended; how many frames were taken, and the gaps in them."""
    silence = bytes(engine.info.frame_bytes * RATE)
    engine.playback.write(silence * 2)
    engine.start()
    thread = hog()
    taken = missing = 0
    while thread.is_alive():
        engine.playback.write(silence)  # as much as there is room for
        with engine.capture.read(timeout=PATIENCE) as chunk:
            taken += chunk.frames
            missing += chunk.gap
    return taken, missing


def assert_woken_late(engine):
    """Every xrun was for the one reason that is nobody's fault here."""
    causes = []
    while (event := engine.receive_msg()) is not None:
        if isinstance(event, peal.Message):
            causes.append(event.cause)
    assert causes and set(causes) == {peal.Cause.WOKEN_LATE}, causes


def test_a_thread_that_hogs_the_gil_costs_no_frame(make_engine):
    for _ in range(TRIES):
        engine = make_engine(capture=True, period=1024, periods=4, stream_frames=4 * RATE)
        taken, missing = stream_while_hogged(engine, lambda: hog_the_gil(HOGS))
        stats = engine.stats
        assert stats.underrun_frames == stats.overrun_frames == 0
        if stats.xruns == 0:
            break
        assert_woken_late(engine)
        engine.close()
    else:
        pytest.skip(f"this machine woke the audio thread late in each of {TRIES} runs")
    assert missing == 0
    # and they were hogged: so many frames passed meanwhile
    assert taken > HOGS * HOG_US * RATE / 1e6 / 2


# Ctrl-C

INTERRUPTED = """
    import array, os, signal, sys, threading
    import peal
    try:
        import numpy  # which does not survive an interrupt while it is imported
    except ImportError:
        pass
    engine = peal.Engine("virtual:clock=manual", capture=True, channels=1, format="S16_LE")
    engine.load_sample(1, array.array("f", [0.5]) * 100000)
    engine.start()
    port = engine.port()
    while engine.playback.write(bytes(2 * 4096)):
        pass
    full = bytes(2 * 4096)
    interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)
    for _ in range(5):
        timer = threading.Timer(0.05, interrupt)
        timer.start()
        try:
            while True:
                {wait}
        except KeyboardInterrupt:
            pass
        timer.join()
    # nothing is held, and nothing was lost
    assert engine.ping(timeout=60, wake=True).id and port.ping(timeout=60, wake=True).id
    assert engine.playback.write(full) == 0
    engine.advance(256, timeout=60)
    assert len(engine.capture.read(256, timeout=60)) == 256
    assert engine.playback.write(full) == 256
    assert threading.active_count() == 1
    engine.close()
"""

WAITS = {
    "read": "engine.capture.read(timeout=None)",
    "read of frames": "engine.capture.read(1, timeout=None)",
    "chunk": "engine.capture.chunk(timeout=None)",
    "write": "engine.playback.write(full, timeout=None)",
    "drain": "engine.playback.drain()",
    "wait": "engine.play_sample(1).wait()",
    "ping": "engine.ping(timeout=None)",
    "ping of a port": "port.ping(timeout=None, wake=True)",
    "pong": "engine.receive_pong(None)",
    "message": "engine.receive_msg(None)",
    "no wait": "engine.stats; engine.receive_pong(); engine.playback.free",
}


@pytest.mark.parametrize("wait", WAITS)
def test_an_interrupt_leaves_all_as_it_was(python, wait):
    done = python(textwrap.dedent(INTERRUPTED).replace("{wait}", WAITS[wait]))
    assert (done.returncode, done.stderr) == (0, "")


# Ends

AT_WORK = """
    import array, errno, os, sys, threading
    import peal
    sound = array.array("f", [0.1]) * 4800
    engine = peal.Engine("virtual", capture=True)
    engine.load_sample(1, sound)
    engine.start()
    voice = engine.play_sample(1, loop=True)
    ports = [engine.port() for _ in range(2)]

    def daemon(work, *arguments):
        def run():
            begun.release()
            try:
                while True:
                    work(*arguments)
            except peal.EngineError as error:  # the engine is closed as Python ends
                if error.errno != errno.EBADF:
                    raise
        threading.Thread(target=run, daemon=True).start()

    begun = threading.Semaphore(0)
    daemon(engine.receive_pong, None)
    daemon(engine.receive_msg, None)
    daemon(engine.capture.read, 1 << 16, None)
    daemon(engine.playback.write, bytes(4 * 4800), None)
    daemon(ports[0].ping, None)
    daemon(ports[1].ping, None, True)
    daemon(engine.load_sample, 1, sound)
    daemon(lambda: engine.stats.xruns)
    for _ in range(8):
        begun.acquire()
"""

ENDINGS = {
    "normal end": ("", 0, ""),
    "sys.exit": ("sys.exit(3)", 3, ""),
    "os._exit": ("os._exit(4)", 4, ""),
    "exception": ("1 / 0", 1, "ZeroDivisionError"),
    "exception in a with block": ("\nwith engine: 1 / 0", 1, "ZeroDivisionError"),
}


def run_to_its_end(code):
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE, env=environment())


@pytest.mark.parametrize("how", ENDINGS)
def test_a_program_ends_while_daemon_threads_are_inside(how):
    code, status, last = ENDINGS[how]
    program = textwrap.dedent(AT_WORK) + code
    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(run_to_its_end, [program] * ENDS):
            assert done.returncode == status, (done.returncode, done.stderr)
            assert done.stdout == "" and last in done.stderr if last else done.stderr == ""
