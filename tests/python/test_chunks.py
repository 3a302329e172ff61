# SPDX-License-Identifier: MIT
"""Chunks: zero-copy, and back in the pool when the last view is gone, not before."""

import gc
import pickle
import random
import threading

import peal
import pytest
from conftest import PATIENCE, succeeded
from peal import _abi

TYPES = {"S16_LE": ("int16", ()), "S24_LE": ("int32", ()), "S24_3LE": ("uint8", (3,)),
         "S32_LE": ("int32", ()), "FLOAT_LE": ("float32", ())}


@pytest.fixture
def released(monkeypatch):
    """How many chunks went back: a list that grows."""
    back = []
    release = _abi.lib.engine_capture_release
    monkeypatch.setattr(_abi.lib, "engine_capture_release",
                        lambda pointer: back.append(release(pointer)))
    return back


@pytest.fixture
def chunk_of(manual, released):
    """chunk_of(**arguments): an engine, what it played, and the first chunk captured of it."""
    def make(**arguments):
        engine = manual(**{"capture": True, "period": 64, **arguments})
        frames = random.Random(7).randbytes(64 * engine.info.frame_bytes)
        engine.playback.write(frames)
        engine.start()
        engine.advance(64 * 4)
        return engine, frames, engine.capture.read()
    return make


def test_a_chunk_says_what_it_is(chunk_of):
    engine, frames, chunk = chunk_of(channels=3, rate=8000, format="S24_3LE")
    assert (chunk.frame, chunk.frames, chunk.sequence, chunk.gap) == (0, 64, 0, 0)
    assert (chunk.rate, chunk.format, chunk.channels) == (8000, "S24_3LE", 3)
    assert chunk.duration == 64 / 8000
    assert chunk.time == chunk.time_ns / 1e9
    assert chunk.data == frames
    after = engine.capture.read()
    assert (after.frame, after.sequence) == (64, 1)
    assert after.time_ns >= chunk.time_ns > 0
    assert "frame=64" in repr(after)


def test_data_is_the_memory_itself_and_read_only(chunk_of):
    _, frames, chunk = chunk_of()
    first, second = chunk.data, chunk.data
    assert _abi.Pinned(first).address == _abi.Pinned(second).address
    assert first.readonly and first.format == "B" and first.nbytes == len(frames)
    with pytest.raises(TypeError):
        first[0] = 1


@pytest.mark.parametrize("format", TYPES)
def test_numpy_shares_the_memory(chunk_of, format):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    _, frames, chunk = chunk_of(format=format, channels=2)
    shared = np.asarray(chunk)
    dtype, inner = TYPES[format]
    assert shared.dtype == dtype and shared.shape == (64, 2, *inner)
    assert shared.ctypes.data == _abi.Pinned(chunk.data).address
    assert not shared.flags.writeable
    assert shared.tobytes() == frames


def test_release_with_live_views_is_refused(chunk_of, released):
    _, frames, chunk = chunk_of()
    view = chunk.data[8:]
    with pytest.raises(BufferError):
        chunk.release()
    assert not released and chunk.data == frames and view == frames[8:]
    view.release()
    del view
    chunk.release()
    assert released == [0]
    chunk.release()
    assert released == [0]
    with pytest.raises(ValueError, match="released"):
        chunk.data


def test_release_with_a_live_array_is_refused(chunk_of, released):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    _, frames, chunk = chunk_of()
    part = np.asarray(chunk)[::2, 1]
    with pytest.raises(BufferError):
        chunk.release()
    del part
    chunk.release()
    assert released == [0]


def test_it_goes_back_when_the_last_view_is_gone(chunk_of, released):
    _, frames, chunk = chunk_of()
    views = [chunk.data, chunk.data[4:8]]
    del chunk
    assert views[0] == frames
    del views[0]
    assert not released and views[0] == frames[4:8]
    del views[0]
    assert released == [0]


def test_with_gives_it_up_and_views_keep_it(chunk_of, released):
    engine, frames, chunk = chunk_of()
    with chunk:
        view = chunk.data
    assert not released and view == frames
    del view
    assert released == [0]
    with engine.capture.read():
        pass
    assert released == [0, 0]


def test_a_chunk_outlives_its_engine(chunk_of, released):
    engine, frames, chunk = chunk_of()
    rest = [engine.capture.read() for _ in range(3)]
    del rest[1]
    engine.close()
    assert chunk.data == frames and not any(rest[0].data)
    threads = [threading.Thread(target=kept.release) for kept in (chunk, *rest)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert released == [0] * 4


def test_a_stream_has_one_chunk_less_while_one_is_held(manual):
    """Every chunk held: frames are lost, and said to be; none held: none."""
    for hold in True, False:
        engine = manual(capture=True, period=64, stream_frames=1024)
        engine.start()
        held = []
        for _ in range(100):
            engine.advance(64)
            while chunk := engine.capture.read():
                assert chunk.gap == 0
                hold and held.append(chunk)
        assert (engine.stats.overrun_frames > 0) is hold
        if hold:
            assert engine.stats.overrun_frames == 64 * (100 - len(held))
            del held[:], chunk
            engine.advance(64)
            assert engine.capture.read().gap == engine.stats.overrun_frames


def test_garbage_in_a_cycle_goes_back(chunk_of, released):
    _, _, chunk = chunk_of()
    cycle = [chunk]
    cycle.append(cycle)
    del chunk, cycle
    gc.collect()
    assert released == [0]


def test_iteration_ends_when_the_engine_is_closed(manual):
    engine = manual(capture=True, period=64)
    engine.start()
    seen, three = [], threading.Event()

    def work():
        for chunk in engine.capture:
            seen.append((chunk.frame, chunk.gap))
            if len(seen) == 3:
                three.set()
        seen.append("the end")

    reader = threading.Thread(target=work)
    reader.start()
    engine.advance(64 * 3)
    assert three.wait(PATIENCE)
    engine.close()
    reader.join(PATIENCE)
    assert seen == [(0, 0), (64, 0), (128, 0), "the end"]


def test_iteration_of_what_does_not_capture_is_an_error(manual):
    with pytest.raises(peal.EngineError, match="without capture"):
        next(iter(manual().capture))


def test_a_chunk_cannot_be_pickled(chunk_of):
    with pytest.raises(TypeError, match="chunk.data"):
        pickle.dumps(chunk_of()[2])


def test_a_forked_child_neither_reads_nor_releases(python):
    assert succeeded(python("""
        import os, gc, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        import peal
        from peal import _abi
        engine = peal.Engine("virtual:clock=manual", capture=True)
        engine.start()
        engine.advance(256)
        chunk = engine.capture.read()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                try:
                    chunk.data
                except peal.EngineError as error:
                    assert error.errno == peal.EFORKED
                else:
                    raise AssertionError("not refused")
                called = []
                _abi.lib.engine_capture_release = called.append
                chunk._memory.owner._give_back = called.append
                chunk.release()
                del chunk
                gc.collect()
                assert not called
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert len(chunk.data) == 1024
        chunk.release()
        engine.close()
        """))


def test_chunks_at_the_interpreters_end(python):
    assert succeeded(python("""
        import peal
        engine = peal.Engine("virtual:clock=manual", capture=True)
        engine.start()
        engine.advance(512)
        chunk, view = engine.capture.read(), engine.capture.read().data
        class Late:
            def __del__(self):
                assert len(self.chunk.data) == len(self.view) == 1024
        late = Late()
        late.chunk, late.view = chunk, view
        """))
