# SPDX-License-Identifier: MIT
"""The checks, in the order in which they run; a new one is one function here.

A check takes a card. What it returns is the cell's detail (a sentence, or a
dict that may also carry ``wav``: what the host should find in the card's
WAV); an exception is a failure.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import pathlib
import random
import subprocess
import time
from array import array
from collections.abc import Callable

import peal

import faults
from cards import Card
from control import keep_wavs


class Skip(Exception):
    """Not for this card, and why."""


@dataclasses.dataclass(frozen=True)
class Check:
    name: str
    function: Callable[[Card], object]
    applies: Callable[[Card], bool]


CHECKS: list[Check] = []

#: How often a fault strikes.
TIMES = int(pathlib.Path("times").read_text())

#: How long a thing may take that a user would call instant, in software emulation.
SOON = 5.0


def check(applies: Callable[[Card], bool]) -> Callable:
    """Register a check, for the cards that it applies to."""

    def register(function: Callable[[Card], object]) -> Callable[[Card], object]:
        CHECKS.append(Check(function.__name__, function, applies))
        return function

    return register


def mmaps(card: Card) -> bool:
    return card.access != "none" and not muted_trap(card)


def muted_trap(card: Card) -> bool:
    return card.wav == "zeros"


# What the checks share


def engine(card: Card, **wanted: object) -> peal.Engine:
    """An engine that plays to a card, or does what is wanted."""
    options = dict(
        rate=card.rate, channels=card.channels, format=card.formats[0], access=card.access,
        period=card.period, periods=card.periods,
    )
    if wanted.get("capture") and wanted.get("playback") is False:
        return peal.Engine(card.capture, **{**options, **wanted})
    if wanted.get("capture"):
        options["capture_device"] = card.capture
    return peal.Engine(card.playback, **{**options, **wanted})


def noise(engine: peal.Engine, seconds: float, seed: int) -> bytes:
    """That much reproducible noise in the engine's format."""
    frames = int(engine.info.rate * seconds)
    return random.Random(seed).randbytes(frames * engine.info.frame_bytes)


def answers(engine: peal.Engine) -> None:
    """It answers pings, with a wake and without."""
    engine.ping(timeout=SOON, wake=True)
    engine.ping(timeout=SOON)


def audio_cpu() -> float:
    """CPU seconds that this process's audio threads have used."""
    ticks = 0
    for task in pathlib.Path("/proc/self/task").iterdir():
        stat = (task / "stat").read_text()
        if "(peal-audio)" in stat:
            fields = stat.rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def calm(engine: peal.Engine) -> None:
    """It answers, and its audio thread does not spin."""
    answers(engine)
    before, seconds = audio_cpu(), 0.3
    time.sleep(seconds)  # the time over which it is measured
    used = (audio_cpu() - before) / seconds
    assert used < 0.5, f"the audio thread takes {used:.0%} of a processor"


def events(engine: peal.Engine) -> list[peal.Message]:
    found = []
    while (message := engine.receive_msg()) is not None:
        found.append(message)
    return found


def told(engine: peal.Engine, kind: peal.MessageType) -> peal.Message:
    """The next event, which must be of this kind; streams may tell of themselves meanwhile."""
    event = engine.receive_msg(timeout=SOON)
    while isinstance(event, peal.RingEvent):
        event = engine.receive_msg(timeout=SOON)
    assert event is not None and event.type == kind, (kind, event)
    return event


def advances(engine: peal.Engine) -> None:
    """Frames move."""
    frame, end = engine.frame, time.monotonic() + SOON
    while engine.frame == frame:
        assert time.monotonic() < end, f"no frame after {frame}"
        time.sleep(0.001)  # nobody tells of a frame


def closes(engine: peal.Engine) -> float:
    """Close it; how long that took."""
    started = time.monotonic()
    engine.close()
    took = time.monotonic() - started
    assert took < SOON, f"closing took {took:.1f} s"
    return took


# The engine on a card in order


@check(muted_trap)
def muted(card: Card) -> dict:
    """Everything goes well, and nothing is heard: the mixer starts muted."""
    with engine(card, stream_frames=card.rate) as player:
        data = noise(player, 0.5, 1)
        player.playback.write(data)
        assert player.playback.drain(timeout=30), "not drained"
    shown = subprocess.run(["amixer", "-c", card.card, "sget", "Master"],
                           check=True, capture_output=True, text=True).stdout
    assert "[off]" in shown, shown
    return {"detail": "Master is off", "wav": {"seed": 1, "bytes": len(data)}}


@check(lambda card: card.access == "none")
def refuses(card: Card) -> str:
    """A driver that cannot be mapped is refused, with the reason."""
    try:
        engine(card, access=None).close()
    except peal.EngineError as refusal:
        assert "access" in str(refusal).lower() or "mmap" in str(refusal).lower(), refusal
        return str(refusal)
    raise AssertionError("opened a PCM that cannot be mapped")


@check(mmaps)
def negotiates(card: Card) -> str:
    """Every format that the driver offers is got, and read back; others are refused by name."""
    for name in card.formats:
        with engine(card, format=name) as opened:
            info = opened.info
            assert info.format == name and info.rate == card.rate, info
            assert info.channels == card.channels, info
    try:
        engine(card, channels=200).close()
    except peal.EngineError as refusal:
        assert "channels" in str(refusal), refusal
        return f"{len(card.formats)} formats; {refusal.strerror}"
    raise AssertionError("took 200 channels")


def accesses(card: Card) -> peal.DeviceAccess:
    """The ways in which its driver can move frames."""
    ways = peal.DeviceAccess
    if card.access == "none":
        return ways.RW_NONINTERLEAVED if card.apart else ways.RW_INTERLEAVED
    if card.apart:
        return ways.MMAP_NONINTERLEAVED | ways.RW_NONINTERLEAVED
    return ways.MMAP_INTERLEAVED | ways.RW_INTERLEAVED


@check(lambda card: True)
def limits(card: Card) -> str:
    """It says what it offers, and who holds it once no substream is left."""

    def ask() -> peal.PcmLimits:
        return peal.query(card.playback, capture=False).playback

    offered = ask()
    assert (offered.type, offered.card_id) == ("HW", card.card), offered
    assert offered.accesses == accesses(card), offered.accesses
    assert offered.formats == card.formats, offered
    assert card.channels in offered.channels, offered
    assert offered.rate_min <= card.rate <= offered.rate_max and card.rate in offered.rates, offered
    assert offered.period_min <= card.period <= offered.period_max, offered
    assert offered.buffer_min <= card.period * card.periods <= offered.buffer_max, offered
    if card.capture == card.playback:
        assert peal.query(card.playback).linkable
    detail = f"{offered.accesses.name}, {len(offered.channels)} counts of channels, {offered.rates} Hz"
    if not mmaps(card):
        return detail
    device = card.playback.rpartition("=")[2]
    substreams = pathlib.Path("/proc/asound", card.card).glob(f"pcm{device}p/sub*")
    with contextlib.ExitStack() as holders:
        for _ in substreams:
            holder = holders.enter_context(engine(card))
            assert holder.info.playback.batch == offered.batch, offered
        try:
            ask()
        except peal.EngineError as refusal:
            assert refusal.errno == errno.EBUSY, refusal
            assert refusal.strerror.startswith("busy: held by "), refusal
            assert f"(pid {os.getpid()})" in refusal.strerror, refusal
            return f"{detail}; {refusal.strerror}"
    raise AssertionError("opened a device that is held")


@check(mmaps)
def pings(card: Card) -> str:
    """Pings are answered: stopped, running, and from the command line."""
    with engine(card) as running:
        trips = sorted(running.ping(timeout=SOON, wake=True).round_trip for _ in range(20))
        answers(running)
        running.stop()
        answers(running)
    command = ["peal", "ping", "-D", card.playback, "-n", "3", "-i", "0.01", "-q"]
    if card.access == "interleaved":
        subprocess.run(command, check=True, timeout=60, capture_output=True)
    return f"median {trips[10] * 1e3:.2f} ms with wake"


@check(mmaps)
def plays(card: Card) -> dict:
    """Half a second of noise is played, and nothing is lost on the way."""
    for control in card.mixer:
        subprocess.run(["amixer", "-q", "-c", card.card, "sset", control, "100%", "unmute"],
                       check=True)
    for seed in range(1, 6):
        with engine(card, stream_frames=card.rate) as player:
            data = noise(player, 0.5, seed)
            # a converter, QEMU's too, may still hold what has left the buffer
            silence = bytes(player.info.rate // 5 * player.info.frame_bytes)
            frames = len(data + silence) // player.info.frame_bytes
            assert player.playback.write(data + silence) == frames
            assert player.playback.drain(timeout=30), "not drained"
            stats = player.stats
            assert stats.played_frames == frames, stats
            # an emulated machine may be late; what is played must be whole once
            if stats.xruns == 0:
                return {
                    "detail": f"{frames} frames, attempt {seed}",
                    "wav": {"seed": seed, "bytes": len(data)},
                }
    raise AssertionError("5 attempts, an xrun in each")


@check(lambda card: bool(card.capture) and mmaps(card))
def captures(card: Card) -> str:
    """Frames come, in one unbroken timeline; where the clock is dead none come, and nothing hangs."""
    with engine(card, playback=False, capture=True) as recorder:
        if card.dead_capture:
            assert recorder.capture.read(timeout=0.5) is None, "a dead clock moved"
            calm(recorder)
            return f"none, as is true of it; closed in {closes(recorder):.2f} s"
        expected = 0
        for _ in range(8):
            chunk = recorder.capture.read(timeout=SOON)
            assert chunk is not None, "no frames"
            assert chunk.frame == expected + chunk.gap, chunk.frame
            expected = chunk.frame + chunk.frames
    return f"{expected} frames"


def record_loop(card: Card, seed: int) -> tuple[peal.Stats, bytes, bytes]:
    subject = engine(card, capture=True, stream_frames=card.rate * 2)
    sent = noise(subject, 0.3, seed)
    subject.playback.write(sent)  # before the start: the first frame of all is its first
    with subject as duplex:
        assert duplex.info.linked, "not linked"
        received = bytearray()
        while len(received) < len(sent) * 2:
            chunk = duplex.capture.read(timeout=SOON)
            assert chunk is not None, "no frames"
            received += bytes(chunk.gap * duplex.info.frame_bytes) + chunk.data
        return duplex.stats, sent, bytes(received)


@check(lambda card: card.loops)
def duplex(card: Card) -> str:
    """Linked, and what is captured is what is played, at one distance throughout."""
    for seed in range(1, 6):
        stats, sent, received = record_loop(card, seed)
        if stats.xruns == 0:
            at = received.find(sent[:64])
            assert at >= 0, "not captured"
            assert received[at : at + len(sent)] == sent, "not the same"
            later = at // (len(sent) // int(card.rate * 0.3))
            assert later == 0, f"captured {later} frames later than played"
            return "bit-exact, frame F captured is frame F played"
    raise AssertionError("5 attempts, an xrun in each")


class Loop:
    """Both streams of a card that loops, for long. Each frame played is its own number.

    Frame F carries the number F - ``shift``: silence that was played and time
    that nobody heard, inside a gap, are what may move the numbers.
    """

    def __init__(self, subject: peal.Engine) -> None:
        self.subject = subject
        assert subject.info.frame_bytes == array("I").itemsize, subject.info
        self.written = 0
        self.next = self.taken = self.gaps = self.shift = self.unheard = self.silence = 0

    def write(self) -> None:
        block = self.subject.info.period_frames
        while True:
            # counted from 1: 0 is silence
            numbers = array("I", range(self.written + 1, self.written + 1 + block))
            accepted = self.subject.playback.write(numbers.tobytes())
            self.written += accepted
            if accepted < block:
                return

    def read(self) -> None:
        chunk = self.subject.capture.read(timeout=SOON)
        assert chunk is not None, f"no frames after {self.next}"
        assert chunk.frame == self.next + chunk.gap, (chunk.frame, self.next, chunk.gap)
        self.gaps += chunk.gap
        self.unheard += chunk.gap
        heard = array("I", bytes(chunk.data))
        assert len(heard) == chunk.frames, (len(heard), chunk.frames)
        first = chunk.frame - self.shift + 1
        if self.unheard or heard != array("I", range(first, first + chunk.frames)):
            self._hear(chunk.frame, heard)
        self.taken += chunk.frames
        self.next = chunk.frame + chunk.frames

    def _hear(self, frame: int, heard: array) -> None:
        silent = 0
        for at, number in enumerate(heard):
            if number == 0:
                silent += 1
                self.shift += 1
                continue
            self.silence += silent
            late = frame + at - self.shift - (number - 1)
            assert 0 <= late <= self.unheard, f"frame {frame + at} is {number - 1}: {late} late"
            self.shift += late
            silent = self.unheard = 0
        self.silence += silent

    def judge(self, returns: int = 0) -> str:
        """Whether the counters are what was heard, to the frame; it was lost so many times."""
        stats, buffer = self.subject.stats, self.subject.info.playback.buffer_frames
        assert self.taken + self.gaps == self.next, (self.taken, self.gaps, self.next)
        assert stats.captured_frames == self.taken, (stats, self.taken)
        assert self.silence <= stats.underrun_frames, (stats, self.silence)
        explained = stats.overrun_frames + stats.lost_frames + (stats.xruns + returns) * buffer
        assert self.gaps <= explained, (stats, self.gaps)
        assert self.shift <= stats.lost_frames + stats.underrun_frames, (stats, self.shift)
        return (f"{self.next} frames: {self.taken} captured = played, {self.gaps} in gaps, "
                f"{self.silence} silent, {stats.xruns} xruns")


@check(lambda card: card.name == "LoopA")
def streams(card: Card) -> str:
    """A minute of both streams: each frame captured is the one played, or told missing."""
    subject = engine(card, capture=True, stream_frames=card.rate * 2)
    loop = Loop(subject)
    loop.write()  # before the start: the first frame of all is its first
    with subject:
        assert subject.info.linked, "not linked"
        while loop.next < 60 * card.rate:
            loop.read()
            loop.write()
        subject.stop()
        while loop.taken < subject.stats.captured_frames:
            loop.read()
        return loop.judge()


IMPULSES = 200


@check(lambda card: card.loops)
def impulses(card: Card) -> str:
    """Voices start at exactly the frames that they were asked for, on a real driver."""
    chance = random.Random(4)
    with engine(card, capture=True, stream_frames=card.rate * 4) as subject:
        bytes_each = subject.info.frame_bytes
        subject.load_sample(0, array("f", [0.25]), rate=card.rate)
        at = card.rate // 2
        asked = []
        for _ in range(IMPULSES):
            at += chance.randrange(1, 300)
            asked.append(at)
        voices = [subject.play_sample(0, at=frame) for frame in asked]
        heard: list[int] = []
        told = 0  # frames that chunks said are missing
        while not heard or heard[-1] < asked[-1]:
            chunk = subject.capture.read(timeout=SOON)
            assert chunk is not None and chunk.frame < asked[-1] + card.rate, heard[-3:]
            told += chunk.gap
            frames = bytes(chunk.data)
            if any(frames):
                heard += [chunk.frame + n for n in range(chunk.frames)
                          if any(frames[n * bytes_each : (n + 1) * bytes_each])]
        for voice, frame in zip(voices, asked):
            voice.wait(timeout=SOON)
            assert voice.frame == frame, (voice.frame, frame)
        if told:
            raise Skip(f"{told} frames were lost to an xrun")
        assert heard == asked, (heard[:5], asked[:5])
    return f"{IMPULSES} impulses, each at its frame"


@check(lambda card: card.name == "LoopA")
def content_after_return(card: Card) -> str:
    """Taken again, it captures what it plays, at the same distance as before."""
    subject = engine(card, capture=True, reopen=True, stream_frames=card.rate * 2)
    loop = Loop(subject)
    loop.write()
    with subject:
        for _ in range(TIMES):
            until = loop.next + card.rate // 2
            while loop.next < until:
                loop.read()
                loop.write()
            with faults.UNPLUG[card.unplug[0]](card):
                told(subject, peal.MessageType.EVENT_LOST)
            told(subject, peal.MessageType.EVENT_RETURNED)
            loop.write()
            advances(subject)
        until = loop.next + card.rate
        while loop.next < until:
            loop.read()
            loop.write()
        subject.stop()
        while loop.taken < subject.stats.captured_frames:
            loop.read()
        return loop.judge(TIMES)


@check(mmaps)
def stops(card: Card) -> str:
    """Stop returns in every state, and a stopped engine starts again."""
    subject = engine(card)
    subject.stop()
    for _ in range(3):
        subject.start()
        answers(subject)
        started = time.monotonic()
        subject.stop()
        subject.stop()
        took = time.monotonic() - started
        assert took < SOON, f"stop took {took:.1f} s"
    subject.start()
    return f"closed while running in {closes(subject):.2f} s"


# What is true of some cards


@check(lambda card: card.ratio is not None)
def true_rate(card: Card) -> str:
    """The driver's own rate is told where it is not what was asked for."""
    with engine(card) as opened:
        playback = opened.info.playback
        assert (playback.rate_num, playback.rate_den) == card.ratio, playback
        return f"{playback.rate_num}/{playback.rate_den} = {card.ratio[0] / card.ratio[1]:.3f} Hz"


@check(lambda card: card.module == "snd-usb-audio")
def bursts(card: Card) -> str:
    """Its position moves in bursts, and the engine says so."""
    with engine(card) as opened:
        assert opened.info.playback.batch, "not told as a batch device"
    return "batch"


def hw_ptr(card: Card) -> int:
    status = pathlib.Path(f"/proc/asound/{card.card}/pcm0p/sub0/status").read_text()
    return int(next(line.split(":")[1] for line in status.splitlines() if "hw_ptr" in line))


@check(lambda card: card.module == "snd-aloop")
def steps(card: Card) -> str:
    """Its position moves by the kernel's ticks of 4 ms; and its drift control takes a value."""
    with engine(card):
        positions = sorted({hw_ptr(card) for _ in range(300)})
    jumps = {b - a for a, b in zip(positions, positions[1:])}
    assert jumps and all(jump % 192 == 0 for jump in jumps), jumps
    control = ["amixer", "-c", card.card, "cset", "iface=PCM,name=PCM Rate Shift 100000,device=1"]
    for value in ("100100", "100000"):
        shown = subprocess.run([*control, value], check=True, capture_output=True, text=True)
        assert f": values={value}" in shown.stdout, shown.stdout
    return f"steps of {min(jumps)} frames; rate shift settable"


# Faults: that each is real, shown on aplay; that the engine outlives it


def aplay(card: Card, format: str) -> subprocess.Popen:
    arguments = ["aplay", "-q", "-D", f"plug{card.playback}", "-f", "S16_LE", "-c", "2"]
    player = subprocess.Popen(
        [*arguments, "-r", str(card.rate), "-B", "80000", "/dev/zero"],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C"},
    )
    end = time.monotonic() + SOON
    status = None
    while status != "RUNNING":
        assert time.monotonic() < end and player.poll() is None, "aplay does not play"
        fds = faults.pcm_fds(player.pid)
        path = pathlib.Path(f"/proc/asound/{card.card}")
        running = [p for p in path.glob("pcm*p/sub*/status") if "RUNNING" in p.read_text()]
        status = "RUNNING" if fds and running else None
        time.sleep(0.02)  # aplay tells nobody when it has started
    return player


def end_of(player: subprocess.Popen) -> str:
    player.terminate()
    return player.communicate(timeout=30)[1]


@check(mmaps)
def aplay_xrun(card: Card) -> str:
    """Stopped by the ioctl, and by being frozen, aplay reports an underrun each time."""
    player = aplay(card, card.formats[0])
    assert faults.xrun(player.pid) == 1
    time.sleep(0.3)  # aplay has to come round to it
    faults.freeze(player.pid, 0.5)
    time.sleep(0.3)
    heard = end_of(player)
    assert heard.count("underrun") >= 2, heard
    return f"{heard.count('underrun')} underruns"


@check(mmaps)
def xrun(card: Card) -> str:
    """Put into XRUN, the engine counts it, tells of it and runs again."""
    took = []
    with engine(card) as subject:
        answers(subject)
        for _ in range(TIMES):
            assert faults.xrun(os.getpid()) >= 1
            took.append(told(subject, peal.MessageType.EVENT_XRUN).took)
            assert subject.state == peal.State.RUNNING, subject.state
            advances(subject)
        assert subject.stats.xruns >= TIMES, subject.stats
        calm(subject)
        return f"{TIMES} times; running again after {max(took) * 1e3:.2f} ms at most"


@check(mmaps)
def freeze(card: Card) -> str:
    """Stopped for half a second by SIGSTOP it goes on."""
    with engine(card) as subject:
        answers(subject)
        faults.freeze(os.getpid(), 0.5)
        calm(subject)
        assert subject.state == peal.State.RUNNING, subject.state
        return f"{subject.stats.xruns} xruns"


@check(lambda card: card.name in ("HDA", "LoopA", "Dummy0"))
def hog(card: Card) -> str:
    """Starved by a process of higher priority it goes on."""
    with engine(card) as subject:
        answers(subject)
        faults.hog(1)
        calm(subject)
        assert subject.state == peal.State.RUNNING, subject.state
        return f"{subject.stats.xruns} xruns"


@check(mmaps)
def suspend(card: Card) -> str:
    """The machine is suspended and resumed: no hang, no spin, a state that is told."""
    kinds: list[str] = []
    with engine(card) as subject:
        answers(subject)
        for _ in range(max(1, TIMES // 5)):  # one takes more than a second
            faults.suspend()
            calm(subject)
            found = [peal.MessageType(event.type).name for event in events(subject)
                     if isinstance(event, peal.Message)]
            assert found, "not told"
            kinds += found
        state = subject.state
        assert state == peal.State.RUNNING, state
        closes(subject)
    return f"{', '.join(f'{kinds.count(kind)} {kind}' for kind in sorted(set(kinds)))}"


def _aplay_unplugged(card: Card, verb: str) -> None:
    player = aplay(card, card.formats[0])
    with faults.UNPLUG[verb](card):
        player.wait(timeout=30)
        heard = player.communicate()[1]
        assert player.returncode != 0 or heard, "aplay did not notice"


def _unplugged(card: Card, verb: str) -> str:
    subject = engine(card)
    subject.start()
    answers(subject)
    with faults.UNPLUG[verb](card):
        message = subject.receive_msg(timeout=SOON)
        while message is not None and message.to_state != peal.State.LOST:
            message = subject.receive_msg(timeout=SOON)
        assert message is not None, "the loss was not told"
        calm(subject)
        assert subject.state == peal.State.LOST, subject.state
        took = closes(subject)
    with engine(card) as again:
        answers(again)
    return f"{verb}: lost at {message.step.name}, closed in {took:.2f} s, played again"


@check(lambda card: bool(card.unplug) and mmaps(card))
def returns(card: Card) -> str:
    """With reopen it is taken again each time that it comes back: each told once, frames move."""
    gaps = []
    if card.wav:
        keep_wavs()
    with engine(card, reopen=True) as subject:
        answers(subject)
        for verb in card.unplug:
            for _ in range(TIMES):
                with faults.UNPLUG[verb](card):
                    lost = told(subject, peal.MessageType.EVENT_LOST)
                    assert lost.to_state == peal.State.LOST, lost
                    answers(subject)
                returned = told(subject, peal.MessageType.EVENT_RETURNED)
                assert returned.from_state == peal.State.LOST, returned
                gaps.append(returned.lost_frames)
                advances(subject)
        calm(subject)
        assert not [event for event in events(subject) if isinstance(event, peal.Message)]
        assert subject.state == peal.State.RUNNING, subject.state
    return f"{len(gaps)} times, gaps of {min(gaps)} to {max(gaps)} frames"


@check(lambda card: bool(card.unplug))
def unplug(card: Card) -> str:
    """Taken away in each way it can be: told once, calm, closed in time, and usable again."""
    told = []
    if card.wav:
        keep_wavs()
    for verb in card.unplug:
        _aplay_unplugged(card, verb)
        told.append(_unplugged(card, verb))
    return "; ".join(told)
