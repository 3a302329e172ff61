# SPDX-License-Identifier: MIT
"""Finding the C library: what is loaded, and what is refused with which words."""

import shutil
import sys
from pathlib import Path

import peal
import pytest
from conftest import environment, succeeded
from peal import _abi

IMPORT = """
    try:
        import peal
    except ImportError as error:
        print(error)
    else:
        from peal import _abi
        print(_abi.lib.path)
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package, without a library anywhere near."""
    folder = tmp_path / "site" / "peal"
    shutil.copytree(Path(peal.__file__).parent, folder,
                    ignore=shutil.ignore_patterns("__pycache__", "*.so*"))
    return folder


def loaded(python, package, code=IMPORT, **env):
    env = environment(PYTHONPATH=str(package.parent), **env)
    if "PEAL_LIBRARY" not in env or env["PEAL_LIBRARY"] == "":
        env.pop("PEAL_LIBRARY", None)
    done = python(code, env=env)
    assert succeeded(done)
    return done.stdout.strip()


def fake(cc, tmp_path, version, leave_out=()):
    """A library that has every symbol, but those left out."""
    source = tmp_path / "fake.c"
    names = [name for name in _abi.SIGNATURES
             if name not in leave_out and name != "engine_abi_version"]
    source.write_text(f"unsigned engine_abi_version(void) {{ return {version}; }}\n" +
                      "".join(f"int {name}(void) {{ return 0; }}\n" for name in names))
    return cc(source, tmp_path / "libfake.so", "-shared", "-fPIC")


def test_the_environment_comes_first(python, package):
    beside = package / "libpeal.so.0"
    beside.write_bytes(b"not a library")
    path = _abi.lib.path
    assert loaded(python, package, PEAL_LIBRARY=path) == path


def test_then_beside_the_package(python, package):
    library = Path(_abi.lib.path).resolve()
    shutil.copy(library, package / "libpeal.so.0")
    assert loaded(python, package, PEAL_LIBRARY="") == str(package / "libpeal.so.0")


def test_then_a_checkout(python, package):
    top = package.parent.parent
    for folder in "include", "build":
        (top / folder).mkdir()
    (top / "include/peal.h").touch()
    shutil.copy(Path(_abi.lib.path).resolve(), top / "build/libpeal.so")
    assert loaded(python, package, PEAL_LIBRARY="") == str(top / "build/libpeal.so")


def test_then_the_system(python, package, tmp_path):
    folder = tmp_path / "lib"
    folder.mkdir()
    shutil.copy(Path(_abi.lib.path).resolve(), folder / "libpeal.so.0")
    assert loaded(python, package, PEAL_LIBRARY="", LD_LIBRARY_PATH=str(folder)) == "libpeal.so.0"


def test_a_library_that_is_not_there(python, package):
    said = loaded(python, package, PEAL_LIBRARY="/nonexistent/libpeal.so")
    assert "/nonexistent/libpeal.so" in said and "PEAL_LIBRARY" in said


def test_a_library_that_is_none(python, package, tmp_path):
    for content in b"", b"not a library", Path(_abi.lib.path).read_bytes()[:60]:
        library = tmp_path / "broken.so"
        library.write_bytes(content)
        assert str(library) in loaded(python, package, PEAL_LIBRARY=str(library))


def test_a_missing_symbol_is_named(python, package, cc, tmp_path):
    library = fake(cc, tmp_path, _abi.ABI_MINOR, leave_out=["engine_port_open"])
    assert "lacks engine_port_open" in loaded(python, package, PEAL_LIBRARY=str(library))


@pytest.mark.parametrize("major, minor", [
    (_abi.ABI_MAJOR + 1, _abi.ABI_MINOR), (_abi.ABI_MAJOR, _abi.ABI_MINOR - 1), (0x7FFF, 0xFFFF)])
def test_another_version_is_refused_with_both(python, package, cc, tmp_path, major, minor):
    library = fake(cc, tmp_path, major << 16 | minor, leave_out=["engine_port_open"])
    said = loaded(python, package, PEAL_LIBRARY=str(library))
    assert f"{major}.{minor}" in said and f"{_abi.ABI_MAJOR}.{_abi.ABI_MINOR}" in said


def test_a_newer_minor_version_is_taken(python, package, cc, tmp_path):
    library = fake(cc, tmp_path, _abi.ABI_MAJOR << 16 | _abi.ABI_MINOR + 1)
    assert loaded(python, package, PEAL_LIBRARY=str(library)) == str(library)


def test_ctypes_stays_the_standard_library(python):
    """The folder ctypes/ is no package, so that a checkout in the path shadows nothing."""
    top = Path(__file__).resolve().parents[2]
    assert not (top / "ctypes/__init__.py").exists()
    done = python("import ctypes; print(ctypes.__file__)", cwd=top,
                  env=environment(PYTHONPATH=str(top)))
    assert succeeded(done) and not done.stdout.startswith(str(top))


def test_only_abi_imports_ctypes():
    for source in Path(peal.__file__).parent.glob("*.py"):
        lines = [line for line in source.read_text().splitlines()
                 if line.split()[:1] in (["import"], ["from"]) and "ctypes" in line]
        assert bool(lines) == (source.name == "_abi.py"), source


def test_without_a_gil_a_lock_takes_its_place(python, package):
    """The same package as a build without a GIL would run it."""
    done = python("""
        import sys
        sys._is_gil_enabled = lambda: False
        import os, threading, peal
        from peal import _abi
        assert not _abi._has_gil
        with peal.Engine("virtual", period=64, capture=True) as engine:
            def work():
                for _ in range(200):
                    engine.ping(timeout=60, wake=True)
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            with _abi._instead_of_gil:
                threading.Thread(target=engine.send_ping).start()
                assert engine.send_ping(1) == 1
            pid = None
            held = threading.Event()
            def hold():
                with _abi._instead_of_gil:
                    held.set()
                    release.wait()
            release = threading.Event()
            holder = threading.Thread(target=hold); holder.start(); held.wait()
            pid = os.fork()
            if pid == 0:
                try: engine.send_ping()
                except peal.EngineError as error: os._exit(error.errno == peal.EFORKED)
                os._exit(2)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
            release.set(); holder.join()
        """, env={**environment(), "PYTHONWARNINGS": "ignore::DeprecationWarning"})
    assert succeeded(done)


def test_the_version_is_python_3_9_or_later():
    assert sys.version_info >= (3, 9)
