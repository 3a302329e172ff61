# SPDX-License-Identifier: MIT
"""The end of engines and ports: however, whenever, from wherever."""

import errno
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import peal
import pytest
from conftest import PATIENCE, environment, succeeded


#: Every way to use an engine.
USES = {
    "send_ping": lambda engine: engine.send_ping(),
    "send_ping, wake": lambda engine: engine.send_ping(1, wake=True),
    "send_pings": lambda engine: engine.send_pings([1]),
    "ping": lambda engine: engine.ping(),
    "receive_pong": lambda engine: engine.receive_pong(),
    "receive_pong, waiting": lambda engine: engine.receive_pong(PATIENCE),
    "receive_msg": lambda engine: engine.receive_msg(),
    "receive_msg, waiting": lambda engine: engine.receive_msg(None),
    "wake": lambda engine: engine.wake(),
    "fileno": lambda engine: engine.fileno(),
    "port_stats": lambda engine: engine.port_stats,
    "start": lambda engine: engine.start(),
    "stop": lambda engine: engine.stop(),
    "with": lambda engine: engine.__enter__(),
    "info": lambda engine: engine.info,
    "rt_report": lambda engine: engine.rt_report,
    "stats": lambda engine: engine.stats,
    "frame": lambda engine: engine.frame,
    "state": lambda engine: engine.state,
    "port": lambda engine: engine.port(),
    "advance": lambda engine: engine.advance(1),
    "write": lambda engine: engine.playback.write(bytes(4)),
    "free": lambda engine: engine.playback.free,
    "drain": lambda engine: engine.playback.drain(),
    "playback.fileno": lambda engine: engine.playback.fileno(),
    "read": lambda engine: engine.capture.read(),
    "capture.fileno": lambda engine: engine.capture.fileno(),
}

#: Every way to wait on an engine that has nothing to say.
WAITS = {
    "receive_pong": lambda engine: engine.receive_pong(None),
    "receive_msg": lambda engine: engine.receive_msg(PATIENCE),
    "ping": lambda engine: engine.ping(timeout=None),
    "write": lambda engine: engine.playback.write(bytes(4 * 2**21), timeout=None),
    "drain": lambda engine: engine.playback.drain(),
    "read": lambda engine: engine.capture.read(timeout=None),
}


class Waiting(threading.Thread):
    """A thread that waits on an engine, and what became of it."""

    def __init__(self, wait):
        super().__init__(daemon=True)
        self.wait, self.error = wait, None
        self.start()

    def run(self):
        try:
            self.wait()
        except BaseException as error:
            self.error = error

    def asleep(self):
        """Wait until the thread sleeps, and not just for its turn."""
        deadline = time.monotonic() + PATIENCE
        seen = 0
        while seen < 10:
            assert time.monotonic() < deadline, "it never slept"
            time.sleep(0.001)
            with open(f"/proc/self/task/{self.native_id}/stat") as stat:
                seen = seen + 1 if stat.read().rpartition(")")[2].split()[0] == "S" else 0
        return self


@pytest.mark.parametrize("use", USES)
def test_a_closed_engine_says_so(make_engine, use):
    engine = make_engine(capture=True)
    engine.send_ping()
    engine.close()
    with pytest.raises(peal.EngineError, match="engine is closed$") as refusal:
        USES[use](engine)
    assert refusal.value.errno == errno.EBADF


def test_a_closed_port_says_so(engine):
    port = engine.port()
    port.send_ping()
    port.close()
    for how in (port.send_ping, port.ping, port.receive_pong, port.receive_msg, port.fileno,
                lambda: port.send_pings([1]), lambda: port.port_stats,
                lambda: port.receive_pong(None)):
        with pytest.raises(peal.EngineError, match="port is closed") as refusal:
            how()
        assert refusal.value.errno == errno.EBADF
    assert engine.ping(timeout=PATIENCE)


def test_close_is_idempotent(engine):
    for _ in range(3):
        engine.close()


def test_with_starts_and_closes():
    with peal.Engine("virtual") as engine:
        assert engine.state is peal.State.RUNNING
    with pytest.raises(peal.EngineError, match="closed"):
        engine.state
    with pytest.raises(ZeroDivisionError):
        with peal.Engine("virtual") as engine:
            1 / 0
    with pytest.raises(peal.EngineError, match="closed"):
        engine.state


def test_with_closes_what_does_not_start(monkeypatch):
    engine = peal.Engine("virtual")
    monkeypatch.setattr(engine, "start", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        with engine:
            pass
    with pytest.raises(peal.EngineError, match="closed"):
        engine.state


def test_closing_the_engine_closes_its_ports(engine):
    ports = [engine.port() for _ in range(3)]
    engine.close()
    for port in ports:
        with pytest.raises(peal.EngineError, match="port is closed"):
            port.send_ping()
        port.close()


def test_ports_come_back(make_engine):
    engine = make_engine(ports=2, period=64)
    for _ in range(10):
        with engine.port() as one, engine.port() as other:
            assert one.ping(timeout=PATIENCE) and other.ping(timeout=PATIENCE)
            with pytest.raises(peal.EngineError) as refusal:
                engine.port()
            assert refusal.value.errno == errno.ENOSPC
            assert "ports" in refusal.value.strerror
        engine.ping(timeout=PATIENCE)  # a closed port is free a period later
        engine.ping(timeout=PATIENCE)


@pytest.mark.parametrize("wait", WAITS)
def test_close_turns_out_who_waits(make_engine, wait):
    engine = make_engine(rate=8000, period=65536, capture=True)
    engine.start()
    engine.playback.write(bytes(4))
    engine.ping(timeout=PATIENCE, wake=True)  # the next period is 8 s away
    thread = Waiting(lambda: WAITS[wait](engine)).asleep()
    engine.close()
    thread.join(PATIENCE)
    assert isinstance(thread.error, peal.EngineError)
    assert thread.error.errno == errno.EBADF


def test_close_turns_out_many_at_once(make_engine):
    engine = make_engine(capture=True)
    port = engine.port()
    threads = [Waiting(lambda mailbox=mailbox: mailbox.receive_msg(None))
               for mailbox in (engine, port) for _ in range(10)]
    for thread in threads:
        thread.asleep()
    engine.close()
    for thread in threads:
        thread.join(PATIENCE)
        assert thread.error.errno == errno.EBADF


def test_close_from_many_threads_at_once():
    for _ in range(20):
        engine = peal.Engine("virtual", period=64)
        engine.start()
        go = threading.Barrier(4)

        def close():
            go.wait()
            engine.close()
            assert engine._engine_handle.value is None  # when close returns, it is closed

        threads = [Waiting(close) for _ in range(4)]
        for thread in threads:
            thread.join(PATIENCE)
            assert thread.error is None


def test_close_while_others_are_at_work():
    for _ in range(20):
        engine = peal.Engine("virtual", period=64, capture=True)
        engine.start()

        def work():
            while True:
                engine.send_ping(1, wake=True)
                engine.receive_pong()
                engine.playback.write(bytes(4))
                engine.capture.read()
                engine.stats
                with engine.port() as port:
                    port.ping(timeout=PATIENCE, wake=True)

        threads = [Waiting(work) for _ in range(3)]
        engine.ping(timeout=PATIENCE)
        engine.close()
        for thread in threads:
            thread.join(PATIENCE)
            assert isinstance(thread.error, peal.EngineError)
            assert thread.error.errno in (errno.EBADF, errno.ENOBUFS)


def test_garbage_is_closed():
    tasks = set(os.listdir("/proc/self/task"))
    engine = peal.Engine("virtual")
    engine.start()
    port = engine.port()
    gone = weakref.ref(engine)
    started = set(os.listdir("/proc/self/task")) - tasks
    assert started
    del engine
    assert gone() is not None  # the port needs it
    del port
    gc.collect()
    assert gone() is None
    deadline = time.monotonic() + PATIENCE
    while started & set(os.listdir("/proc/self/task")):  # the kernel clears up in its own time
        assert time.monotonic() < deadline


def test_no_descriptor_is_left_behind():
    def use():
        with peal.Engine("virtual", capture=True) as engine, engine.port() as port:
            for mailbox in engine, port:
                mailbox.fileno()
                mailbox.ping(timeout=PATIENCE)
                mailbox.receive_msg(timeout=0.001)
            engine.capture.read(timeout=PATIENCE)

    use()
    before = sorted(os.listdir("/proc/self/fd"))
    for _ in range(5):
        use()
    assert sorted(os.listdir("/proc/self/fd")) == before


RUNNING = """
    import os, signal, sys, threading, time
    import peal
    engine = peal.Engine("virtual", capture=True)
    engine.start()
    port = engine.port()
    engine.ping(timeout=60)
    port.ping(timeout=60)
    engine.playback.write(bytes(4 * 48000))
    daemon = threading.Thread(target=lambda: engine.receive_pong(None), daemon=True)
"""

ENDS = {
    "normal end": ("", 0, ""),
    "exit": ("sys.exit(3)", 3, ""),
    "exception": ("1 / 0", 1, "ZeroDivisionError"),
    "interrupt": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -2, "KeyboardInterrupt"),
    "interrupt while waiting": (
        "threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start();"
        "engine.receive_pong(None)", -2, "KeyboardInterrupt"),
    "interrupt while draining": (
        "engine.stop(); engine.start();"
        "threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start();"
        "\nwhile True: engine.playback.drain(); engine.playback.write(bytes(4 * 4800))",
        -2, "KeyboardInterrupt"),
    "interrupt with nothing caught": (
        "signal.signal(signal.SIGINT, signal.SIG_DFL);"
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -2, ""),
    "terminated": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -15, ""),
    "os._exit": ("os._exit(5)", 5, ""),
    "with a thread that waits": ("daemon.start()", 0, ""),
    "in a with block": ("with engine: sys.exit(4)", 4, ""),
    "garbage cycle": ("engine.me = engine; del engine, port", 0, ""),
    "closed by a signal handler": (
        "signal.signal(signal.SIGALRM, lambda *_: engine.close());"
        "signal.setitimer(signal.ITIMER_REAL, 0.05);"
        "\ntry: engine.receive_pong(None)\nexcept peal.EngineError as e: sys.exit(e.errno)",
        errno.EBADF, ""),
}


@pytest.mark.parametrize("how", ENDS)
def test_the_program_ends_with_an_engine_running(python, how):
    code, status, said = ENDS[how]
    done = python(textwrap.dedent(RUNNING) + code)
    assert done.returncode == status, done.stderr
    assert said in done.stderr if said else done.stderr == ""


def test_ctrl_c_reaches_a_program_that_waits():
    """As a shell does it, from outside, at any time."""
    code = textwrap.dedent(RUNNING) + 'print("up", flush=True)\nwhile True: engine.ping()'
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=environment())
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert stderr.count("Traceback") == 1 and "KeyboardInterrupt" in stderr
    assert process.returncode == -signal.SIGINT


def test_signals_do_not_disturb_a_wait(python):
    done = python("""
        import signal, peal
        seen = []
        signal.signal(signal.SIGALRM, lambda *_: seen.append(engine.ping(timeout=60).id))
        with peal.Engine("virtual", period=64, capture=True) as engine:
            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
            while len(seen) < 200:
                engine.ping(timeout=60)
                assert engine.receive_pong(timeout=0.01) is None
                engine.playback.write(bytes(4 * 64))
                assert engine.playback.drain(timeout=60)
                engine.capture.read(timeout=60)
            signal.setitimer(signal.ITIMER_REAL, 0)
        """)
    assert succeeded(done)
