# SPDX-License-Identifier: MIT
"""The heartbeat; and the example that pets systemd's watchdog by it, with this test as systemd."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import peal
import pytest
from conftest import PATIENCE, TOP, environment
from peal import _abi


def test_the_heartbeat_grows_until_the_audio_thread_wakes(make_engine):
    created = time.monotonic()
    engine = make_engine(period=8192)  # 0.17 s: there is time to see it grow
    for action in lambda: None, engine.start, engine.stop:
        action()
        begun = time.monotonic()
        grew = beaten = False
        while not (grew and beaten):
            age = engine.heartbeat
            now = time.monotonic()
            assert 0 <= age <= now - created and now - begun < PATIENCE
            grew |= age > 0.01
            beaten |= now - age > begun


def test_a_closed_engine_has_no_heartbeat(make_engine):
    engine = make_engine()
    engine.close()
    with pytest.raises(peal.EngineError, match="closed"):
        engine.heartbeat


class Service:
    """The example, started as systemd would, and what it says."""

    def __init__(self, program, address, device, **more):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(address)
        name = address.replace("\0", "@", 1)
        self.process = subprocess.Popen(
            [program, device], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment(NOTIFY_SOCKET=name, WATCHDOG_USEC="200000", **more))

    def hear(self):
        return self.socket.recv(4096).decode()

    def hear_until(self, words):
        """What it says up to these words, and no more than a machine can be late for."""
        end = time.monotonic() + PATIENCE
        said = [self.hear()]
        while words not in said[-1]:
            assert time.monotonic() < end, said[-10:]
            said.append(self.hear())
        return said

    def end(self, signo):
        self.process.send_signal(signo)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err

    def close(self):
        self.process.kill()
        self.process.communicate()
        self.socket.close()


@pytest.fixture(scope="module")
def program(cc, tmp_path_factory):
    library = Path(_abi.lib.path).resolve()
    return cc(TOP / "src/examples/watchdog.c", tmp_path_factory.mktemp("watchdog") / "watchdog",
              "-Wl,--no-as-needed", str(library), f"-Wl,-rpath,{library.parent}",
              "-Wl,--allow-shlib-undefined")


@pytest.fixture
def serve(program, tmp_path):
    services = []

    def serve(address=str(tmp_path / "notify"), device="virtual", **more):
        services.append(Service(program, address, device, **more))
        return services[-1]

    yield serve
    for service in services:
        service.close()


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("where", ["file", "abstract"])
def test_a_service_that_is_well_pets_until_it_is_ended(serve, tmp_path, where, signo):
    service = serve(str(tmp_path / "notify") if where == "file" else f"\0peal-{os.getpid()}")
    assert service.hear() == "READY=1"
    for _ in range(5):
        service.hear_until("WATCHDOG=1")
    service.process.send_signal(signo)
    service.hear_until("STOPPING=1")
    assert service.end(signo) == (0, "the device is running\n", "")


@pytest.fixture
def clogged(tmp_path):
    """A device whose driver blocks: it writes to a pipe that nobody reads.

    The ALSA configuration that has it as "clogged", and the pipe's end to read from.
    """
    pipe, path = tmp_path / "pipe", tmp_path / "asound.conf"
    os.mkfifo(pipe)
    path.write_text("</usr/share/alsa/alsa.conf>\n"
                    f'pcm.clogged {{ type file; file "{pipe}"; format raw; slave.pcm null }}\n')
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def test_a_stuck_audio_thread_is_not_petted_for(serve, clogged):
    path, reader = clogged
    service = serve(device="clogged", ALSA_CONFIG_PATH=str(path))
    late, end = 0, time.monotonic() + PATIENCE
    while late < 3:  # in a row: the thread of a busy machine may be late, but it comes
        assert time.monotonic() < end
        late = late + 1 if service.hear().startswith("STATUS=the audio thread has not") else 0
    # and it is well again as soon as the pipe is read
    os.read(reader, 1 << 20)
    service.hear_until("WATCHDOG=1")


def test_a_device_that_returns_is_waited_for_and_told(serve):
    service = serve(device="virtual:fault=unplug@4800,return@9600")
    said = service.hear_until("the device is back")
    assert "STATUS=the device is gone; waiting for its return" in said
    service.hear_until("WATCHDOG=1")


def test_a_device_that_cannot_be_taken_again_is_a_failure(serve):
    service = serve(device="virtual:fault=unplug@4800,return@9600,params@9600:1000")
    service.hear_until("STOPPING=1")
    assert service.process.wait(PATIENCE) == 1
