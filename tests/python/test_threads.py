# SPDX-License-Identifier: MIT
"""Many Python threads on one engine: nothing is lost, nobody sleeps through what is his."""

import collections
import contextlib
import random
import signal
import threading
import time

import peal
import pytest
from conftest import PATIENCE


def run_all(*targets):
    """Run each target in a thread of its own, all at once; their errors are ours."""
    errors = []
    go = threading.Barrier(len(targets))

    def run(target):
        try:
            go.wait(PATIENCE)
            target()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(target,), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive(), "a thread never came back"
    if errors:
        raise errors[0]


def persist(send, *arguments, **keywords):
    """Send until there is room."""
    while True:
        try:
            return send(*arguments, **keywords)
        except peal.RingFull:
            time.sleep(0)


def test_many_threads_send_on_one_engine(engine):
    """Every ping that was accepted is answered once, and each thread's in its order."""
    senders, each = 4, 3000
    pongs = []

    def sender(number):
        for index in range(each):
            persist(engine.send_ping, number * each + index)

    def receiver():
        while len(pongs) < senders * each:
            pongs.append(engine.receive_pong(PATIENCE).id)

    run_all(receiver, *[lambda number=number: sender(number) for number in range(senders)])
    assert sorted(pongs) == list(range(senders * each))
    for number in range(senders):
        own = [id for id in pongs if id // each == number]
        assert own == sorted(own)
    assert engine.port_stats.sent == senders * each


def test_many_threads_wait_for_their_own_pong(make_engine):
    engine = make_engine(period=64)
    engine.start()

    def pinger():
        for index in range(20):
            assert engine.ping(timeout=PATIENCE, wake=index % 2)

    run_all(*[pinger] * 100)
    assert engine.receive_pong() is None
    assert engine.given_up == 0


def test_many_threads_wait_for_any_pong(engine):
    """Each pong goes to one of them; none sleeps while there are more."""
    total, receivers = 2000, 20
    taken = collections.Counter()
    done = object()

    def receiver():
        while True:
            pong = engine.receive_pong(PATIENCE)
            if pong.id == total:
                return done
            taken[pong.id] += 1

    def sender():
        for id in range(total):
            persist(engine.send_ping, id)
        for _ in range(receivers):
            persist(engine.send_ping, total)

    run_all(sender, *[receiver] * receivers)
    assert taken == collections.Counter(range(total))


def test_waiters_of_every_kind_at_once(make_engine):
    engine = make_engine(period=64)
    engine.start()
    stop = threading.Event()
    got = []

    def pinger():
        seed = random.Random(threading.get_ident())
        for _ in range(200):
            assert persist(engine.ping, timeout=PATIENCE, wake=seed.random() < 0.5)

    def impatient():
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                persist(engine.ping, timeout=random.random() / 1000)

    def events():
        while not stop.is_set():
            engine.receive_msg(timeout=0.001)

    def poller():
        while not stop.is_set():
            pong = engine.receive_pong()
            got.append(pong.id) if pong else time.sleep(0)

    def waiter():
        while not stop.is_set():
            pong = engine.receive_pong(timeout=0.0005)
            got.append(pong.id) if pong else None

    def sender():
        for id in range(3000):
            persist(engine.send_ping, id)

    def director():
        try:
            run_all(*[pinger] * 8, sender)
            while len(got) < 3000:
                time.sleep(0.001)
        finally:
            stop.set()

    run_all(director, *[impatient] * 4, *[events] * 2, poller, *[waiter] * 3)
    assert sorted(got) == list(range(3000))


def test_the_leader_hands_on_when_its_time_is_over(make_engine):
    """The first waiter polls for all; when it gives up, another must, or the others sleep on."""
    engine = make_engine(rate=8000, period=65536)  # 8 s
    engine.start()
    engine.ping(timeout=PATIENCE, wake=True)
    leader = threading.Thread(target=engine.receive_msg, args=(0.05,))
    leader.start()
    follower = []
    thread = threading.Thread(target=lambda: follower.append(engine.receive_pong(PATIENCE)))
    thread.start()
    leader.join()
    began = time.monotonic()
    engine.send_ping(9, wake=True)
    thread.join(PATIENCE)
    assert follower[0].id == 9
    assert time.monotonic() - began < PATIENCE / 2


def drain_elsewhere(engine, count):
    """Have another thread empty the ring of so many pongs, until its descriptor tells of none."""
    def drain():
        while engine.port_stats.received < count or engine._dispatcher._unsorted:
            engine.receive_msg()
        engine.receive_msg()

    thread = threading.Thread(target=drain)
    thread.start()
    thread.join(PATIENCE)


def test_what_another_thread_found_wakes_the_one_that_polls(make_engine, monkeypatch):
    """Between its last look and its sleep another thread takes what it waits for."""
    engine = make_engine()
    wait = engine._life.wait

    def wait_a_bit_late(*arguments):
        monkeypatch.undo()
        engine.send_ping(1, wake=True)
        drain_elsewhere(engine, 1)
        wait(*arguments)

    monkeypatch.setattr(engine._life, "wait", wait_a_bit_late)
    began = time.monotonic()
    assert engine.receive_pong(timeout=PATIENCE).id == 1
    assert time.monotonic() - began < PATIENCE / 2


def test_what_a_signal_handler_found_wakes_the_code_below_it(make_engine):
    """The handler interrupts a wait, waits itself, and takes in what both wait for."""
    engine = make_engine()

    def handler(*_):
        engine.send_ping(1)
        assert engine.ping(timeout=PATIENCE, wake=True)
        assert engine.receive_msg(timeout=0.001) is None  # the ring is empty now

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        began = time.monotonic()
        assert engine.receive_pong(timeout=PATIENCE).id == 1
        assert time.monotonic() - began < PATIENCE / 2
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_port_per_thread(engine):
    def worker():
        with engine.port() as port:
            for id in range(500):
                persist(port.send_ping, id)
            assert [port.receive_pong(PATIENCE).id for _ in range(500)] == list(range(500))
            assert port.port_stats.sent == 500
            assert port.ping(timeout=PATIENCE, wake=True)

    run_all(*[worker] * 8)
    assert engine.port_stats.sent == 0


@pytest.mark.parametrize("wait", ["receive_pong", "receive_msg"])
def test_a_wait_takes_its_time(make_engine, wait):
    engine = make_engine()
    began = time.monotonic()
    assert getattr(engine, wait)(timeout=0.05) is None
    assert time.monotonic() - began >= 0.05
