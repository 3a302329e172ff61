# SPDX-License-Identifier: MIT
"""The cases: what is seen of an engine whose server fails, once per server and fault.

Most of it is waiting, so the cases that are wanted run at the same time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from player import Player, Refused, Stuck
from servers import KINDS, NotReady, PipeWire, Server, World, started, wait_until

PERIOD, RATE = 1024, 48000
#: Seconds within which stop and destroy return: 2, and then some for a busy machine.
RETURNED = 2 + 1
#: Seconds until a silent server is declared lost: 5, and then some.
DECLARED = 5 + 1.5

# A buffer of 0.17 s: a busy machine rarely makes it run dry before the server fails.
_PLAYING = """
engine = peal.Engine({pcm!r}, period={period}, periods=8, rate={rate}, reopen={reopen})
engine.start()
engine.ping(2)

seen = []
def events(seconds=0.0, until=None):
    'What happened to the device, up to a state or until the time is over.'
    end = time.monotonic() + seconds
    while until not in [state for _, state, *_ in seen]:
        message = engine.receive_msg(max(0.0, end - time.monotonic()))
        if message is None:
            break
        if isinstance(message, peal.Message):
            seen.append((message.type.name, message.to_state.name, message.step.name,
                         message.error, message.took))
    return seen
"""


def playing(server: Server, reopen: bool = False) -> str:
    """The code for an engine that plays on a server."""
    return _PLAYING.format(pcm=server.pcm, period=PERIOD, rate=RATE, reopen=reopen)


class Seen:
    """What came of it. A call that was made is an Answer, a Refused or a Stuck."""

    def __init__(self, server: Server) -> None:
        self.player = Player(server.world)
        self.server = server
        self.pings: list[object] = []
        self.events: list[list] = []
        self.state = ""
        self.lost = 0
        self.cpu = self.cycles_a_second = 0.0
        self.create = self.start = self.stop = self.destroy = None
        self.held_before = self.held_after = ""

    def play(self, reopen: bool = False) -> None:
        self.player("import os")
        self.held_before = self.held()
        self.player(playing(self.server, reopen))

    def attempt(self, code: str) -> object:
        try:
            return self.player(code, RETURNED)
        except (Refused, Stuck) as failure:
            return failure

    def ping(self, count: int = 1) -> None:
        self.pings += [self.attempt("engine.ping(2).round_trip") for _ in range(count)]

    def held(self) -> str:
        """How much the process holds: file descriptors and threads."""
        return self.player("' '.join(str(len(os.listdir(f'/proc/self/{what}')))"
                           " for what in ('fd', 'task'))").value

    def destroy_stopped(self) -> None:
        """Destroy it while the server is stopped, and look what is left once it goes on."""
        self.server.stop_it()
        self.destroy = self.attempt("engine.close()")
        if not isinstance(self.destroy, Stuck):
            self.server.cont()
            with contextlib.suppress(NotReady):
                wait_until(lambda: self.held() == self.held_before, "freed", patience=RETURNED)
            self.held_after = self.held()

    def measure(self, seconds: float = 2.0) -> None:
        """How much it does all by itself."""
        before = self.player("engine.stats.cycles").value
        self.cpu = self.player.cpu_share(seconds)
        # it took that time or longer, which the limit has room for
        self.cycles_a_second = (self.player("engine.stats.cycles").value - before) / seconds

    def look(self, seconds: float, until: str | None = None) -> None:
        self.events = self.player(f"events({seconds}, {until!r})", seconds + RETURNED).value
        self.state = self.player("engine.state.name").value

    def end(self) -> None:
        self.stop = self.attempt("engine.stop()")
        if not isinstance(self.stop, Stuck):
            self.ping()
            self.destroy = self.attempt("engine.close()")


def killed(seen: Seen) -> None:
    seen.play()
    seen.server.kill()
    seen.ping(5)
    seen.measure()
    seen.look(DECLARED, "LOST")
    seen.end()


def stopped(seen: Seen) -> None:
    seen.play()
    seen.server.stop_it()
    seen.ping(5)
    seen.measure()
    seen.look(0)
    seen.end()


def unmanaged(seen: Seen) -> None:
    """A server without what leads streams to devices: they are never woken."""
    seen.server.kill_session_manager()
    seen.play()
    seen.ping(5)
    seen.measure()
    seen.look(0)
    seen.end()


def destroyed_running(seen: Seen) -> None:
    seen.play()
    seen.destroy_stopped()


def destroyed_prepared(seen: Seen) -> None:
    seen.play()
    seen.player("engine.stop()")
    seen.destroy_stopped()


def started_stopped(seen: Seen) -> None:
    seen.play()
    seen.player("engine.stop()")
    seen.server.stop_it()
    seen.start = seen.attempt("engine.start()")
    if not isinstance(seen.start, Stuck):
        seen.ping()


def created_stopped(seen: Seen) -> None:
    seen.server.stop_it()
    seen.create = seen.attempt(f"engine = peal.Engine({seen.server.pcm!r})")


def late_stopped(seen: Seen) -> None:
    """The server is stopped just when the engine finds that it was late, and recovers."""
    seen.play()
    with seen.player.stopped(0.4):
        seen.server.stop_it()
    seen.ping(5)


def late(seen: Seen) -> None:
    """The program is stopped for longer than the buffers last, as a debugger does."""
    seen.play()
    with seen.player.stopped(0.4):
        pass
    # a second and more, for a position that is held against the clock
    seen.look(2)
    seen.lost = seen.player("engine.stats.lost_frames").value


def returned(seen: Seen) -> None:
    """The server is killed and started again, under an engine that takes it again."""
    seen.play(reopen=True)
    seen.server.kill()
    # before it is there again: on a slow machine the two could pass for a pause
    seen.look(DECLARED, "LOST")
    seen.server.restart()
    seen.look(DECLARED, "RUNNING")
    seen.end()


def started_killed(seen: Seen) -> None:
    seen.play()
    seen.player("engine.stop()")
    seen.server.kill()
    seen.start = seen.attempt("engine.start()")
    seen.ping()
    seen.look(2.5, "STALLED")
    seen.destroy = seen.attempt("engine.close()")


#: What takes longest comes first.
FAULTS = (
    killed, returned, stopped, unmanaged, late_stopped, destroyed_running, destroyed_prepared,
    started_stopped, started_killed, created_stopped, late,
)
CASES: dict[str, tuple[type[Server], Callable[[Seen], None]]] = {
    f"{kind.name}-{fault.__name__}": (kind, fault)
    for fault in FAULTS
    for kind in KINDS.values()
    if fault is not unmanaged or kind is PipeWire
}


def named(*faults: str) -> list[str]:
    """The cases with these faults, of all servers."""
    return [name for name in CASES if name.split("-")[1] in faults]


def _see(kind: type[Server], fault: Callable[[Seen], None]) -> Seen:
    with started(kind) as server:
        seen = Seen(server)
        fault(seen)
        return seen


class Cases:
    """The cases with some names, under way. A context manager: its end is theirs."""

    def __init__(self, names: set[str]) -> None:
        self._pool = ThreadPoolExecutor(max_workers=8)
        self._results: dict[str, Future[Seen]] = {
            name: self._pool.submit(_see, *CASES[name]) for name in CASES if name in names
        }

    def __getitem__(self, name: str) -> Seen:
        return self._results[name].result()

    def __enter__(self) -> Cases:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        World.kill_all()  # what is under way fails now, and ends its world
        self._pool.shutdown()
