# SPDX-License-Identifier: MIT
"""The pool and the chunk ring without an engine: nothing lost, nothing handed out twice."""

import errno
import threading

import peal
import pytest
from conftest import PATIENCE, succeeded


@pytest.fixture
def pool():
    return peal.Pool(frames=64, channels=2, format="S16_LE", rate=44100, chunks=4)


def test_hit_miss_release_and_hit_rate(pool):
    assert pool.stats == peal.PoolStats(0, 0, 4, 0, 4, None)
    chunks = [pool.acquire() for _ in range(4)]
    assert pool.acquire() is None
    assert pool.stats == peal.PoolStats(4, 1, 4, 4, 4, 0.8)
    chunks.pop().release()
    assert pool.stats.in_use == 3
    assert pool.acquire() is not None  # and is garbage at once
    assert pool.stats.in_use == 3


def test_a_pool_grows_to_its_limit_when_asked_to():
    pool = peal.Pool(chunks=1, limit=3)
    held = [pool.acquire(grow=True) for _ in range(3)]
    assert None not in held and pool.acquire(grow=True) is None
    assert (pool.stats.allocated, pool.stats.limit) == (3, 3)
    del held
    assert pool.clear() == 3
    assert pool.stats.allocated == 0


def test_a_chunk_of_a_pool_can_be_written(pool):
    chunk = pool.acquire()
    assert (chunk.frames, chunk.capacity, chunk.rate) == (0, 64, 44100)
    assert len(chunk.data) == 0
    chunk.frames = 3
    chunk.data[:] = bytes(range(12))
    chunk.data.cast("h")[5] = -2
    assert chunk.data == bytes(range(10)) + b"\xfe\xff"
    for frames in -1, 65:
        with pytest.raises(ValueError, match="0..64"):
            chunk.frames = frames


def test_numpy_writes_into_a_chunk(pool):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    chunk = pool.acquire()
    chunk.frames = 2
    np.asarray(chunk)[:] = [[1, 2], [3, 4]]
    assert chunk.data.cast("h").tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("zero", [True, False])
def test_a_released_chunk_comes_back_zeroed_if_asked_for(zero):
    pool = peal.Pool(frames=8, channels=1, format="S16_LE", chunks=1, zero=zero)
    for _ in range(2):
        chunk = pool.acquire()
        chunk.frames = 8
        dirty = any(chunk.data)
        chunk.data[:] = b"x" * 16
        del chunk
    assert dirty is not zero


def test_a_pool_in_use_is_not_closed(pool):
    chunk = pool.acquire()
    with pytest.raises(peal.EngineError, match="1 of the pool's 4") as refusal:
        pool.close()
    assert refusal.value.errno == errno.EBUSY
    chunk.release()
    pool.close()


def test_a_chunk_keeps_its_pool(python):
    assert succeeded(python("""
        import logging, peal
        logging.basicConfig()  # a pool that cannot be freed is told to the logger
        chunk = peal.Pool(frames=4, channels=1, format="S16_LE", chunks=1).acquire()
        chunk.frames = 4
        chunk.data[:] = b"12345678"
        assert chunk.data == b"12345678"
        """))


@pytest.mark.parametrize("wrong, named", [
    (dict(frames=65537), "frames"), (dict(channels=257), "channels"), (dict(rate=999), "rate"),
    (dict(chunks=3, limit=2), "limit|chunks")])
def test_a_pool_that_cannot_be_is_refused(wrong, named):
    with pytest.raises(peal.EngineError, match=named):
        peal.Pool(**wrong)


def test_arguments_that_are_none_are_refused():
    for wrong in dict(frames=0), dict(chunks=-1), dict(format="S17"), dict(channels=-1):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            peal.Pool(**wrong)


def test_four_threads_acquire_and_release():
    """Each writes its own number over the chunk and finds it again: nothing is handed out twice."""
    pool = peal.Pool(frames=4, channels=1, format="S32_LE", chunks=6)
    wrong = []

    def work(number):
        mine = number.to_bytes(4, "little") * 4
        for _ in range(2000):
            chunk = pool.acquire()
            if chunk is None:
                continue
            chunk.frames = 4
            chunk.data[:] = mine
            if chunk.data != mine:
                wrong.append(number)
            chunk.release()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    stats = pool.stats
    assert not wrong and stats.in_use == 0 and stats.hits + stats.misses == 8000


# The ring


def chunk_of(pool, number):
    chunk = pool.acquire()
    chunk.frames = 1
    chunk.frame, chunk.sequence, chunk.gap, chunk.time_ns = number, number + 1, number + 2, 2**60
    chunk.data.cast("h")[0] = number
    return chunk


def test_a_ring_hands_over_all_that_a_chunk_says(pool):
    ring = peal.ChunkRing(2)
    given = chunk_of(pool, 5)
    assert ring.push(given)
    with pytest.raises(ValueError, match="released"):
        given.data
    got = ring.pop()
    assert (got.frame, got.sequence, got.gap, got.time_ns, got.frames) == (5, 6, 7, 2**60, 1)
    assert got.data.cast("h")[0] == 5
    assert ring.pop() is None
    del got
    assert pool.stats.in_use == 0


def test_a_full_ring_leaves_the_chunk_to_the_caller(pool):
    ring = peal.ChunkRing(2)
    chunks = [chunk_of(pool, number) for number in range(4)]
    assert ring.push_batch(chunks[:3]) == 2
    assert not ring.push(chunks[3])
    assert [chunk.data.cast("h")[0] for chunk in chunks[2:]] == [2, 3]
    assert ring.stats == peal.ChunkRingStats(2, 2, 2, 0, 2, 1.0)
    assert [chunk.frame for chunk in ring.pop_batch(10)] == [0, 1]
    assert len(ring) == 0 and ring.stats.popped == 2
    assert ring.push(chunks[2]) and pool.stats.in_use == 2


def test_clear_and_close_give_the_chunks_back(pool):
    ring = peal.ChunkRing(4)
    ring.push_batch([chunk_of(pool, number) for number in range(3)])
    assert ring.clear() == 3 and pool.stats.in_use == 0
    ring.push_batch([chunk_of(pool, number) for number in range(3)])
    assert pool.stats.in_use == 3
    ring.close()
    assert pool.stats.in_use == 0


def test_a_ring_keeps_the_pools_of_its_chunks(python):
    assert succeeded(python("""
        import logging, weakref
        import peal
        logging.basicConfig()  # a pool that cannot be freed is told to the logger
        ring, pools = peal.ChunkRing(4), []
        for number in range(3):
            pool = peal.Pool(frames=1, channels=1, format="S16_LE", chunks=1)
            chunk = pool.acquire()
            chunk.sequence = number
            assert ring.push(chunk)
            pools.append(weakref.ref(pool))
        del pool, chunk
        assert [ring.pop().sequence for _ in range(2)] == [0, 1]
        assert all(pool() for pool in pools)
        ring.close()
        assert not any(pool() for pool in pools)
        ring = peal.ChunkRing(1)
        ring.push(peal.Pool(chunks=1).acquire())
        del ring
        """))


def test_what_is_seen_elsewhere_is_not_handed_over(pool):
    ring, chunk = peal.ChunkRing(2), chunk_of(pool, 1)
    view = chunk.data
    with pytest.raises(BufferError):
        ring.push(chunk)
    with pytest.raises(BufferError):
        ring.push_batch([chunk_of(pool, 2), chunk])
    assert len(ring) == 0 and view.cast("h")[0] == 1
    del view
    assert ring.push_batch([chunk]) == 1
    with pytest.raises(ValueError):
        ring.push(chunk)


def test_only_chunks_of_a_pool_are_taken(manual):
    engine = manual(capture=True)
    engine.start()
    engine.advance(256)
    for wrong in engine.capture.read(), b"", None:
        with pytest.raises(TypeError, match="Pool"):
            peal.ChunkRing(1).push(wrong)


@pytest.mark.parametrize("capacity", [0, 2**20 + 1])
def test_a_capacity_out_of_range_is_refused(capacity):
    with pytest.raises(peal.EngineError, match="capacity"):
        peal.ChunkRing(capacity)


def test_fifty_items_on_two_threads():
    pool, ring, got = peal.Pool(frames=1, channels=1, format="S16_LE", chunks=8), \
        peal.ChunkRing(4), []

    def produce():
        for number in range(50):
            while (chunk := pool.acquire()) is None:
                pass
            chunk.sequence = number
            while not ring.push(chunk):
                pass

    producer = threading.Thread(target=produce)
    producer.start()
    while len(got) < 50:
        chunk = ring.pop()
        if chunk is not None:
            got.append(chunk.sequence)
            chunk.release()
    producer.join(PATIENCE)
    assert got == list(range(50))
    assert pool.stats.in_use == 0 and ring.stats.pushed == ring.stats.popped == 50
