# SPDX-License-Identifier: MIT
"""Waiting in asyncio: nothing is missed, nothing is lost by cancelling, nothing is left behind."""

import array
import asyncio
import os
import threading

import peal
import pytest
from conftest import PATIENCE
from peal import _streams


@pytest.fixture
def run():
    """run(coroutine): in a loop of its own, which in the end must watch no more than before."""
    def runner(main):
        async def watched():
            loop = asyncio.get_running_loop()
            before = len(loop._selector.get_map())
            result = await asyncio.wait_for(main, PATIENCE)
            assert len(loop._selector.get_map()) == before
            return result
        return asyncio.run(watched())
    return runner


async def until_waiting(task):
    """Let the others run until the task waits; it is then behind every step it can take."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert not task.done()


def test_async_for_gets_every_chunk(manual, run):
    engine = manual(capture=True, period=64)
    engine.start()

    async def main():
        async def consume():
            return [(chunk.frame, chunk.gap) async for chunk in engine.capture]

        task = asyncio.ensure_future(consume())
        await until_waiting(task)
        for _ in range(5):
            engine.advance(64 * 4)
            await until_waiting(task)
        engine.close()
        return await task

    seen = run(main())
    assert seen == [(64 * number, 0) for number in range(len(seen))] and len(seen) == 20


def test_reading_and_writing_async(manual, run):
    engine = manual(channels=1, format="S32_LE", capture=True, period=64, stream_frames=1024)
    total = 64 * 100
    samples = array.array("i", (number << 15 for number in range(1, total + 1)))

    async def main():
        writer = asyncio.ensure_future(engine.playback.write_async(samples))
        reader = asyncio.ensure_future(engine.capture.read_async(total))
        await until_waiting(writer)
        engine.start()
        while not reader.done():
            engine.advance(64)
            await asyncio.sleep(0)
        return await writer, await reader

    written, block = run(main())
    assert written == total
    assert [round(sample * 2**16) for sample, in block.tolist()] == list(range(1, total + 1))


def test_time_outs(manual, run):
    engine = manual(capture=True, period=64, stream_frames=1024)
    engine.start()

    async def main():
        assert await engine.capture.read_async(timeout=0.01) is None
        assert len(await engine.capture.read_async(10, timeout=0.01)) == 0
        assert await engine.receive_msg_async(timeout=0.01) is None
        assert await engine.receive_pong_async(timeout=0) is None
        room = engine.playback.free
        assert await engine.playback.write_async(bytes(4 * room + 4), timeout=0.01) == room
        with pytest.raises(ValueError):
            await engine.capture.read_async(timeout=-1)

    run(main())


def test_a_cancelled_read_loses_nothing(manual, run):
    engine = manual(channels=1, format="S32_LE", capture=True, period=64, stream_frames=1024)
    engine.playback.write(array.array("i", (number << 16 for number in range(1, 513))))
    engine.start()

    async def main():
        for frames in None, 1000, 200:
            while await engine.capture.read_async(timeout=0):
                pass
            start = engine.frame
            task = asyncio.ensure_future(engine.capture.read_async(frames))
            await until_waiting(task)
            if frames:
                engine.advance(128)
                await until_waiting(task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            if frames:
                chunks = [engine.capture.read() for _ in range(2)]
                assert [chunk.frame for chunk in chunks] == [chunks[0].frame, chunks[0].frame + 64]
                assert [chunk.gap for chunk in chunks] == [0, 0]
                assert engine.frame == start + 128
            assert engine.capture.read() is None

    run(main())


def test_pings_at_the_same_time(engine, run):
    async def main():
        pongs = await asyncio.gather(*(engine.ping_async(PATIENCE, wake=True) for _ in range(200)))
        return [pong.id for pong in pongs]

    ids = run(main())
    assert ids == list(range(ids[0], ids[0] + 200))
    assert engine.given_up == 0


def test_a_ping_whose_pong_another_thread_drains(engine, run):
    """It leaves the ring, whose descriptor then tells the coroutine nothing."""
    over = threading.Event()

    def drain():
        while not over.is_set():
            engine.receive_msg(timeout=0.001)

    thread = threading.Thread(target=drain)
    thread.start()

    async def main():
        for _ in range(50):
            assert (await engine.ping_async(PATIENCE / 2)).result == 0
    try:
        run(main())
    finally:
        over.set()
        thread.join()


def test_a_ping_that_is_cancelled_or_late_is_forgotten(make_engine, run):
    engine = make_engine(rate=8000, period=65536)  # 8 s
    engine.start()

    async def main():
        task = asyncio.ensure_future(engine.ping_async())
        await until_waiting(task)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(TimeoutError):
            await engine.ping_async(timeout=0.01)
        engine.send_ping(77, wake=True)
        assert (await engine.receive_pong_async()).id == 77

    run(main())
    assert engine.given_up == 2


def test_the_programs_own_reader_stays(manual, run):
    """It watches the same descriptor in the same loop, as do several coroutines."""
    engine = manual(capture=True, period=64)
    engine.start()

    async def main():
        loop, seen = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(engine.capture.fileno(), seen.set)
        tasks = [asyncio.ensure_future(engine.capture.read_async()) for _ in range(3)]
        for task in tasks:
            await until_waiting(task)
        engine.advance(64 * 3)
        chunks = await asyncio.gather(*tasks)
        assert sorted(chunk.frame for chunk in chunks) == [0, 64, 128]
        seen.clear()
        engine.advance(64)
        await seen.wait()
        assert loop.remove_reader(engine.capture.fileno())

    run(main())


@pytest.mark.parametrize("wait", [
    lambda engine: engine.capture.read_async(), lambda engine: engine.capture.read_async(10),
    lambda engine: engine.playback.write_async(bytes(4 * 10**6)),
    lambda engine: engine.receive_msg_async(), lambda engine: engine.receive_pong_async()])
def test_closing_ends_every_wait(manual, run, wait, monkeypatch):
    """At once, and not only when it next looks whether the device is still there."""
    monkeypatch.setattr(_streams, "_LOOK", 2 * PATIENCE)
    engine = manual(capture=True)

    async def main():
        task = asyncio.ensure_future(wait(engine))
        await until_waiting(task)
        closer = threading.Thread(target=engine.close)
        closer.start()
        with pytest.raises(peal.EngineError, match="closed"):
            await task
        closer.join()

    run(main())


def test_waits_leave_no_descriptor_open(manual, run):
    engine = manual(capture=True)
    engine.start()

    async def main():
        counts = []
        for cancel in [True, False] * 20:
            timeout = PATIENCE if cancel else 0.001
            task = asyncio.ensure_future(engine.capture.read_async(timeout=timeout))
            if cancel:
                await until_waiting(task)
                task.cancel()
            await asyncio.wait([task])
            counts.append(len(os.listdir("/proc/self/fd")))
        assert len(set(counts)) == 1

    run(main())


def test_events_arrive(manual, run):
    engine = manual(capture=True, period=64, stream_frames=1024)
    engine.start()

    async def main():
        task = asyncio.ensure_future(engine.receive_msg_async())
        await until_waiting(task)
        engine.playback.write(bytes(4 * 64))
        engine.advance(64 * 100)
        return await task

    assert isinstance(run(main()), peal.RingEvent)
