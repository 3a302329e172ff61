# SPDX-License-Identifier: MIT
"""Engines on the virtual card, and what the tests share."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]

try:
    import peal
except ModuleNotFoundError:  # neither installed nor in PYTHONPATH
    sys.path.insert(0, str(TOP / "ctypes"))
    import peal

# A shell ignores SIGINT in what it runs in the background, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: Seconds: far above what anything here takes, even on a busy machine.
PATIENCE = 60


@pytest.fixture(autouse=True)
def never_hangs():
    """End a test that hangs, whatever it hangs in, with every thread's traceback."""
    import faulthandler
    faulthandler.dump_traceback_later(5 * PATIENCE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def make_engine():
    """make_engine(device="virtual", **arguments): an engine that is closed after the test."""
    made = []

    def make(device="virtual", **arguments):
        made.append(peal.Engine(device, **arguments))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make_engine):
    """An engine on the virtual card in real time, running."""
    engine = make_engine()
    engine.start()
    return engine


@pytest.fixture
def manual(make_engine):
    """manual(**arguments): an engine on the virtual card whose clock the test moves."""
    return lambda **arguments: make_engine("virtual:clock=manual", **arguments)


@pytest.fixture
def python():
    """python(code, *args, **options): run a program in a Python of its own, to its end.

    Its .returncode, .stdout and .stderr; what a sanitizer preloads, it has too.
    """
    def run(code, *args, **options):
        options.setdefault("env", environment())
        return subprocess.run([sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, **options)
    return run


def environment(**more):
    """The environment for a Python that finds the same package."""
    package = str(Path(peal.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **more}


def succeeded(done):
    """Assert that a program came to its end without a word on stderr."""
    assert (done.returncode, done.stderr) == (0, ""), (done.returncode, done.stdout, done.stderr)
    return True


def stopped_for(process, seconds):
    """Stop a process so long that its buffers run over, as a debugger or a suspend does."""
    import time
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def cc():
    """cc(source, output, *flags): compile a C file of this folder, or one given by its path."""
    import shutil
    compiler = os.environ.get("CC", "cc").split()
    if not shutil.which(compiler[0]):
        pytest.skip(f"there is no C compiler ({compiler[0]})")

    def compile(source, output, *flags):
        here = Path(__file__).parent
        subprocess.run([*compiler, "-D_GNU_SOURCE", f"-I{TOP / 'include'}", *flags,
                        "-o", str(output), str(here / source)], check=True)
        return output

    return compile
