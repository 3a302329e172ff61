# SPDX-License-Identifier: MIT
"""The engine's descriptors in asyncio and selectors."""

import asyncio
import random
import select
import selectors

from conftest import PATIENCE


def readable(source):
    return bool(select.select([source], [], [], 0)[0])


def test_asyncio_receives_every_pong(engine):
    async def main():
        loop = asyncio.get_running_loop()
        pongs = asyncio.Queue()

        def on_readable():
            while (pong := engine.receive_pong()) is not None:
                pongs.put_nowait(pong.id)

        loop.add_reader(engine.fileno(), on_readable)
        try:
            for id in range(700):  # enough that sending drains on the way
                engine.send_ping(id)
            return [await asyncio.wait_for(pongs.get(), PATIENCE) for _ in range(700)]
        finally:
            loop.remove_reader(engine.fileno())

    assert asyncio.run(main()) == list(range(700))


def test_asyncio_one_pong_at_a_time(engine):
    async def main():
        loop = asyncio.get_running_loop()
        ids, done = [], loop.create_future()

        def on_readable():
            pong = engine.receive_pong()
            if pong:
                ids.append(pong.id)
            if len(ids) == 600 and not done.done():
                done.set_result(ids)

        loop.add_reader(engine.fileno(), on_readable)
        try:
            for id in range(0, 600, 300):
                engine.send_pings(range(id, id + 300))
            return await asyncio.wait_for(done, PATIENCE)
        finally:
            loop.remove_reader(engine.fileno())

    assert asyncio.run(main()) == list(range(600))


def test_asyncio_streams(manual):
    engine = manual(capture=True, period=64, stream_frames=1024)
    frames = random.Random(1).randbytes(4 * 20000)
    captured = bytearray()

    async def main():
        loop = asyncio.get_running_loop()
        todo, done = memoryview(frames), loop.create_future()

        def room():
            nonlocal todo
            todo = todo[4 * engine.playback.write(todo):]

        def heard():
            while chunk := engine.capture.read():
                captured.extend(chunk.data)
            if len(captured) >= len(frames) and not done.done():
                done.set_result(None)

        room()
        loop.add_reader(engine.playback.fileno(), room)
        loop.add_reader(engine.capture.fileno(), heard)
        with engine:
            while not done.done():
                engine.advance(64)
                await asyncio.sleep(0)  # the loop's turn
            loop.remove_reader(engine.playback.fileno())
            loop.remove_reader(engine.capture.fileno())

    asyncio.run(main())
    assert captured[:len(frames)] == frames


def test_fileno_is_readable_exactly_while_something_may_wait(make_engine):
    engine = make_engine(rate=8000, period=65536)  # 8 s
    engine.start()
    with selectors.DefaultSelector() as selector:
        selector.register(engine, selectors.EVENT_READ)
        assert not selector.select(0)
        engine.send_ping(1, wake=True)
        engine.send_ping(2, wake=True)
        assert selector.select(PATIENCE)
        while (pong := engine.receive_pong()) is None or pong.id != 2:
            assert selector.select(PATIENCE)
        assert engine.receive_pong() is None
        assert not selector.select(0)


def test_fileno_tells_of_what_was_drained_before(make_engine):
    """What sending, or another wait, moved to the queues has left the ring."""
    for ask_first in False, True:
        engine = make_engine(rate=8000, period=65536)
        engine.start()
        ask_first and engine.fileno()
        engine.send_ping(1)
        engine.ping(timeout=PATIENCE, wake=True)  # drains the first pong too
        engine.send_ping(2)
        engine.ping(timeout=PATIENCE, wake=True)
        assert engine.receive_msg(timeout=0.001) is None  # the ring is empty now
        assert readable(engine)
        assert [engine.receive_pong().id for _ in range(2)] == [1, 2]
        assert engine.receive_pong() is None
        assert not readable(engine)


def test_fileno_is_the_same_each_time(engine):
    assert engine.fileno() == engine.fileno()
    port = engine.port()
    assert port.fileno() != engine.fileno()
    port.send_ping(3, wake=True)
    assert select.select([port], [], [], PATIENCE)[0]
    assert port.receive_pong().id == 3
