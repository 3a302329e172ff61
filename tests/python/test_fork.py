# SPDX-License-Identifier: MIT
"""After a fork: the child gets errors, the parent's stream goes on, nothing hangs."""

import pytest
from conftest import succeeded

FORKED = """
    import asyncio, os, sys, threading, time, warnings
    import peal
    warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads

    def child_of_fork(test):
        \"\"\"Run test in a child; its exit status.\"\"\"
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                test()
                status = 0
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def refused(use):
        try:
            use()
        except peal.EngineError as error:
            assert error.errno == peal.EFORKED, error
            assert "fork" in error.strerror
        else:
            raise AssertionError("not refused")

    engine = peal.Engine("virtual", capture=True)
    engine.start()
    port = engine.port()
    engine.ping(timeout=60)
    port.ping(timeout=60)
"""

CASES = {
    "every call is refused": """
        engine.send_ping(1)
        engine.ping(timeout=60)  # so that a pong lies in the queue
        uses = [engine.send_ping, lambda: engine.send_ping(1, wake=True),
                lambda: engine.send_pings([1]), engine.ping, engine.receive_pong,
                lambda: engine.receive_pong(None), engine.receive_msg, engine.fileno,
                lambda: engine.port_stats, engine.wake, engine.start, engine.stop,
                lambda: engine.info, lambda: engine.rt_report, lambda: engine.stats,
                lambda: engine.frame, lambda: engine.state, engine.port,
                lambda: engine.advance(1), lambda: engine.playback.write(bytes(4)),
                lambda: engine.playback.write(bytes(4), None), lambda: engine.playback.free,
                lambda: engine.playback.drain(1), engine.playback.fileno,
                lambda: engine.capture.read(), lambda: engine.capture.read(timeout=None),
                engine.capture.fileno, engine.capture.chunk, lambda: engine.capture.read(1),
                lambda: next(engine.capture), engine.health, engine.reset_health,
                lambda: engine.backpressure, engine.__enter__,
                lambda: asyncio.run(engine.ping_async()),
                lambda: asyncio.run(engine.capture.read_async()),
                lambda: asyncio.run(engine.receive_msg_async()),
                port.send_ping, port.ping, port.receive_pong, port.fileno,
                lambda: port.send_pings([1]), lambda: port.port_stats]
        def test():
            for use in uses:
                refused(use)
        assert child_of_fork(test) == 0
        """,
    "close in the child does nothing": """
        def test():
            port.close()
            engine.close()
            with port:
                pass
        assert child_of_fork(test) == 0
        """,
    "garbage in the child does nothing": """
        def test():
            global engine, port
            del engine, port
            import gc
            gc.collect()
        assert child_of_fork(test) == 0
        """,
    "the child ends as programs do": """
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        """,
    "the child has an engine of its own": """
        def test():
            with peal.Engine("virtual") as mine:
                assert mine.ping(timeout=60)
                with mine.port() as port:
                    assert port.ping(timeout=60)
            refused(engine.ping)
        assert child_of_fork(test) == 0
        """,
    "locks that other threads hold": """
        import contextlib
        def until_closed(use):
            with contextlib.suppress(peal.EngineError):
                while True:
                    use()
        for use in [lambda: engine.receive_msg(None), lambda: engine.ping(60, wake=True),
                    engine.receive_pong] * 3:
            threading.Thread(target=until_closed, args=(use,), daemon=True).start()
        def test():
            refused(engine.ping)
            refused(lambda: engine.receive_msg(None))
            refused(engine.stop)
            engine.close()
        for _ in range(20):
            assert child_of_fork(test) == 0
        """,
    "a child has parts without an engine": """
        pool, ring = peal.Pool(frames=4, chunks=2), peal.ChunkRing(2)
        held = pool.acquire()
        def test():
            chunk = pool.acquire()
            chunk.frames = 4
            assert ring.push(chunk) and ring.pop().frames == 4
            refused(lambda: held.data)
            with peal.Health() as health:
                health.record_chunks(1)
        assert child_of_fork(test) == 0
        held.release()
        assert pool.stats.in_use == 0
        """,
    "a child of a child": """
        def test():
            refused(engine.ping)
            with peal.Engine("virtual") as mine:
                def inner():
                    refused(engine.ping)
                    refused(mine.ping)
                    mine.close()
                assert child_of_fork(inner) == 0
                assert mine.ping(timeout=60)
        assert child_of_fork(test) == 0
        """,
}

PARENT_GOES_ON = """
    frame, xruns = engine.frame, engine.stats.xruns
    while engine.frame == frame:
        time.sleep(0.001)
    assert engine.ping(timeout=60) and port.ping(timeout=60)
    assert engine.state is peal.State.RUNNING
    engine.close()
"""


def dedented(*parts):
    import textwrap
    return "\n".join(map(textwrap.dedent, parts))


@pytest.mark.parametrize("case", CASES)
def test_fork(python, case):
    assert succeeded(python(dedented(FORKED, CASES[case], PARENT_GOES_ON)))


MULTIPROCESSING = """
    import multiprocessing
    import sys
    import time
    import warnings
    import peal

    def work(number):
        with peal.Engine("virtual") as mine:
            return mine.ping(timeout=60).result + number

    if __name__ == "__main__":
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        engine = peal.Engine("virtual")
        engine.start()
        port = engine.port()
        engine.ping(timeout=60)
        context = multiprocessing.get_context(sys.argv[1])
        with context.Pool(2) as pool:
            assert pool.map(work, range(4)) == list(range(4))
        worker = context.Process(target=work, args=(1,))
        worker.start()
        worker.join()
        assert worker.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(python, tmp_path, method):
    """A worker process, however it is made, has engines of its own while the parent plays."""
    program = tmp_path / "program.py"
    program.write_text(dedented(MULTIPROCESSING, "if __name__ == '__main__':\n" + PARENT_GOES_ON))
    assert succeeded(python("import runpy, sys; sys.argv[:] = sys.argv[1:]; "
                            "runpy.run_path(sys.argv[0], run_name='__main__')", program, method))


def test_subprocess(python):
    assert succeeded(python(dedented(FORKED, """
        import subprocess
        for _ in range(3):
            subprocess.run([sys.executable, "-c", "import os; os.getpid()"], check=True,
                           preexec_fn=lambda: None)
        """, PARENT_GOES_ON)))
