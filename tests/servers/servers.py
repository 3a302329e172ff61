# SPDX-License-Identifier: MIT
"""The sound servers: each started headless in a world of its own, and ended with it.

A world is a private folder that stands for the user's home, runtime folder and
ALSA configuration; its environment leads to no bus and no server of the host.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Seconds: far above what anything here takes, even on a busy machine.
PATIENCE = 30

HERE = Path(__file__).resolve().parent
HOME = HERE / "world"
#: Where scripts/servers unpacks ALSA's plugin for PipeWire if it is not installed.
PLUGINS = os.environ.get("PEAL_SERVERS_PLUGINS", "")
#: What a process may know of the host: how it is found, and which peal it is to use.
KEPT = ("PATH", "LD_PRELOAD", "PEAL_", "PYTHON", "ASAN_", "TSAN_", "UBSAN_")


class NotReady(Exception):
    """A server did not come to what a test begins with. Never a failure that is expected."""


def wait_until(
    condition: Callable[[], object], what: str, process=None, patience: float = PATIENCE
) -> None:
    """Ask again and again, for what nobody gives notice of."""
    deadline = time.monotonic() + patience
    while not condition():
        if process is not None and process.poll() is not None:
            raise NotReady(f"{what}: {process.args} ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise NotReady(f"{what}: not within {patience} s")
        time.sleep(0.01)


class OwnShm:
    """A mount name space in which a folder is /dev/shm, for each process that starts in it."""

    SHELL = 'mount --bind "$0" /dev/shm && exec "$@"'
    UNSHARE = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))

    @classmethod
    def command(cls, folder: Path) -> tuple[str, ...]:
        """What to put before a command."""
        return (*cls.UNSHARE, "sh", "-c", cls.SHELL, str(folder))

    @classmethod
    def refused(cls) -> str:
        """Why there can be none (in most containers); "" if there can."""
        done = subprocess.run([*cls.command(Path("/tmp")), "true"], text=True, capture_output=True)
        return done.stderr.strip().replace("\n", "; ")


class World:
    """A private folder and environment, and the processes that live in it."""

    _alive: set[World] = set()

    def __init__(self, own_shm: bool = False) -> None:
        # not pytest's folder: the path of a socket is short
        self.folder = Path(tempfile.mkdtemp(prefix="peal-servers-"))
        self._processes: list[subprocess.Popen] = []
        self._alive.add(self)
        shutil.copytree(HOME, self.folder, dirs_exist_ok=True)
        (self.folder / "run").mkdir(mode=0o700)
        (self.folder / "shm").mkdir(mode=0o700)
        self._inside = OwnShm.command(self.folder / "shm") if own_shm else ()
        bus = f"unix:path={self.folder}/no-bus"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name.startswith(KEPT)},
            "LC_ALL": "C",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": f"{self.folder}/config",
            "XDG_RUNTIME_DIR": f"{self.folder}/run",
            "ALSA_CONFIG_PATH": f"{self.folder}/alsa.conf",
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "DBUS_SYSTEM_BUS_ADDRESS": bus,
            "JACK_NO_START_SERVER": "1",
            # a name that no other run and no server of the host has
            "JACK_DEFAULT_SERVER": self.folder.name,
        }

    def start(self, *command: object, **options: object) -> subprocess.Popen:
        """Start a program that ends with this one at the latest, even if that is killed."""
        with open(self.folder / f"{Path(str(command[0])).name}.log", "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            process = subprocess.Popen(
                [*self._inside, "setpriv", "--pdeathsig", "KILL", *map(str, command)],
                env=self.environment, start_new_session=True, **options,
            )
        self._processes.append(process)
        return process

    def ask(self, *command: object) -> str:
        """What a program says that asks a server; "" when it gets no answer."""
        done = subprocess.run(
            [*self._inside, *map(str, command)], env=self.environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
        )
        return done.stdout if done.returncode == 0 else ""

    def kill(self) -> None:
        """End all that was started here, the latest first."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    @classmethod
    def kill_all(cls) -> None:
        """The same, of every world: what waits for an answer there gets none."""
        for world in list(cls._alive):
            world.kill()

    def end(self) -> None:
        """Nothing is left of it."""
        self.kill()
        shutil.rmtree(self.folder)
        self._alive.discard(self)


class Server:
    """A sound server. One of its kind is started by each test that asks for it."""

    name: str
    pcm: str
    formats = ("S16_LE", "FLOAT_LE")
    #: What has to be installed: programs, and plugins of alsa-lib.
    programs: tuple[str, ...] = ()
    plugin: str
    #: Whether it has to be kept from the host's /dev/shm.
    own_shm = False

    def __init__(self, world: World) -> None:
        self.world = world
        self.process: subprocess.Popen

    @classmethod
    def missing(cls) -> str:
        """What is not installed, in words; "" if all is."""
        lacking = [program for program in cls.programs if not shutil.which(program)]
        if not cls._library():
            lacking.append(f"libasound_module_pcm_{cls.plugin}.so")
        if lacking:
            return f"{cls.name}: not installed: {', '.join(lacking)}; scripts/install servers"
        if cls.own_shm and (refusal := OwnShm.refused()):
            return f"{cls.name}: a /dev/shm of its own is refused here: {refusal}"
        return ""

    @classmethod
    def _library(cls) -> Path | None:
        name = f"libasound_module_pcm_{cls.plugin}.so"
        folders = [Path(PLUGINS)] if PLUGINS else []
        folders += [*Path("/usr/lib").glob("*/alsa-lib"), Path("/usr/lib64/alsa-lib"),
                    Path("/usr/lib/alsa-lib")]
        return next((folder / name for folder in folders if (folder / name).exists()), None)

    def configure(self) -> None:
        """Tell ALSA where the plugin is: it may only be unpacked."""
        with open(self.world.folder / "alsa.conf", "a") as file:
            file.write(f'pcm_type.{self.plugin}.lib "{self._library()}"\n')

    def start(self) -> None:
        """Start it, and wait until it answers."""
        raise NotImplementedError

    def stop_it(self) -> None:
        """Stop it by a signal, as a debugger does: it is there, and does not answer."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def cont(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it without a chance to say so."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again after its end."""
        self.start()

    def join(self, player) -> None:
        """Lead what a player plays to what it captures, if the server does not do so."""

    def _connects(self, path: str) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(f"{self.world.folder}/run/{path}") == 0


class PipeWire(Server):
    """PipeWire with WirePlumber, and one node that plays to itself."""

    name = "pipewire"
    pcm = "pipewire"
    plugin = "pipewire"
    programs = ("pipewire", "wireplumber", "pw-metadata")
    _manager: subprocess.Popen

    def start(self) -> None:
        self.process = self.world.start("pipewire", "-c", self.world.folder / "pipewire.conf")
        wait_until(lambda: self._connects("pipewire-0"), "pipewire listens", self.process)
        self._manager = self.world.start("wireplumber")
        wait_until(self._has_defaults, "wireplumber has chosen the defaults", self._manager)

    def _has_defaults(self) -> bool:
        said = self.world.ask("pw-metadata")
        return "default.audio.sink" in said and "default.audio.source" in said

    def restart(self) -> None:
        self._manager.kill()  # it ends by itself, but when?
        self._manager.wait()
        self.start()

    def kill_session_manager(self) -> None:
        """End what links streams to devices: new ones are never woken."""
        self._manager.kill()
        self._manager.wait()
        wait_until(lambda: "default.audio" not in self.world.ask("pw-metadata"),
                   "pipewire has noticed")


class PulseAudio(Server):
    """PulseAudio with a null sink; its monitor is the source."""

    name = "pulseaudio"
    pcm = "plug:pulse"  # pulse alone has no mmap
    plugin = "pulse"
    programs = ("pulseaudio",)

    def start(self) -> None:
        self.process = self.world.start(
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--realtime=no", "--high-priority=no",
            # without norewinds a null sink takes seconds at a time
            "-L", "module-null-sink sink_name=loop norewinds=1 rate=48000",
            "-L", "module-native-protocol-unix",
        )
        wait_until(lambda: self._connects("pulse/native"), "pulseaudio listens", self.process)


class Jack(Server):
    """jackd with its dummy driver.

    It keeps a list of all servers in /dev/shm, and a killed one stays in it: one of eight.
    """

    name = "jack"
    pcm = "jack"
    plugin = "jack"
    formats = ("FLOAT_LE",)
    own_shm = True
    programs = ("jackd", "jack_lsp", "jack_connect")

    def start(self) -> None:
        self.process = self.world.start(
            "jackd", "--name", self.world.folder.name, "--no-realtime", "-d", "dummy",
            "--rate", 48000, "--period", 1024)
        wait_until(lambda: "system:playback_2" in self.world.ask("jack_lsp"), "jackd answers",
                   self.process)

    def join(self, player) -> None:
        ports = self.world.ask("jack_lsp").split()
        outs = [port for port in ports if f"P.{player.pid}." in port]
        ins = [port for port in ports if f"C.{player.pid}." in port]
        assert len(outs) == len(ins) == 2, ports
        for out, into in zip(outs, ins):
            self.world.ask("jack_connect", out, into)


KINDS = {kind.name: kind for kind in (PipeWire, PulseAudio, Jack)}


@contextlib.contextmanager
def configured(kind: type[Server]) -> Iterator[Server]:
    """A server in a world of its own, not started. Skips when it is not installed."""
    if reason := kind.missing():
        pytest.skip(reason)
    world = World(kind.own_shm)
    try:
        server = kind(world)
        server.configure()
        yield server
    finally:
        world.end()


@contextlib.contextmanager
def started(kind: type[Server]) -> Iterator[Server]:
    """The same, started."""
    with configured(kind) as server:
        server.start()
        yield server
