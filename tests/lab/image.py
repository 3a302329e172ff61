# SPDX-License-Identifier: MIT
"""The image: an initramfs with a shell, Python, ALSA, peal and the drivers.

It is made of two archives, one behind the other, as the kernel allows: what
the machine's packages give (kept between runs) and what is under test.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import subprocess

from cards import CARDS, driver_commands
from kernel import Kernel

GUEST = pathlib.Path(__file__).parent / "guest"
COMMANDS = ("aplay", "arecord", "amixer", "python3.11", "chrt", "taskset")
# modules of Python that no test in the guest imports, a third of it
PYTHON_LEFT_OUT = ("test", "idlelib", "lib2to3", "ensurepip", "pydoc_data", "tkinter", "distutils")


class Tree:
    """A folder that becomes an archive."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)

    def add(self, source: pathlib.Path, at: str | None = None, skip: tuple[str, ...] = ()) -> None:
        """Copy a file or a folder to where it stands on the host, or `at`."""
        target = self.root / (at or str(source)).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(
                source, target, symlinks=True, dirs_exist_ok=True,
                ignore=shutil.ignore_patterns(*skip),
            )
        else:
            shutil.copy(source, target)

    def add_libraries(self, program: pathlib.Path) -> None:
        """Add the shared libraries that a program or library needs."""
        shown = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
        for path in re.findall(r"(/\S+) \(0x", shown):
            if not (self.root / path.lstrip("/")).exists():
                self.add(pathlib.Path(path))

    def add_program(self, program: pathlib.Path, at: str | None = None) -> None:
        self.add(program, at)
        self.add_libraries(program)

    def archive(self, into: pathlib.Path) -> None:
        names = subprocess.run(["find", "."], cwd=self.root, check=True, capture_output=True)
        with into.open("wb") as file:
            subprocess.run(
                ["cpio", "-o", "-H", "newc", "--quiet"],
                cwd=self.root, input=names.stdout, stdout=file, check=True,
            )


def _which(command: str) -> pathlib.Path:
    # Debian's own, whatever else the developer's PATH has in front
    found = shutil.which(command, path="/usr/bin:/bin:/usr/sbin:/sbin")
    if not found:
        raise FileNotFoundError(f"{command} is not installed: try scripts/install lab")
    return pathlib.Path(found)


def _base(kernel: Kernel, folder: pathlib.Path) -> pathlib.Path:
    """The archive of what does not change from run to run."""
    archive = folder / f"base-{kernel.version}.cpio"
    if archive.exists():
        return archive
    tree = Tree(folder / "base")
    for path in ("proc", "sys", "dev", "tmp", "run", "root", "etc", "lab", "bin", "sbin"):
        (tree.root / path).mkdir(exist_ok=True)
    tree.add(_which("busybox"), "/bin/busybox")
    for command in COMMANDS:
        tree.add_program(_which(command))
    tree.add(pathlib.Path("/usr/lib/python3.11"), skip=PYTHON_LEFT_OUT)
    for module in pathlib.Path("/usr/lib/python3.11/lib-dynload").glob("*.so"):
        tree.add_libraries(module)
    tree.add(pathlib.Path("/usr/share/alsa"))
    modules = f"lib/modules/{kernel.version}"
    needed = [name for card in CARDS for name in (*card.needs, card.module)]
    for path in kernel.modules(list(dict.fromkeys(needed))):
        tree.add(path, str(path.relative_to(kernel.root)))
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        tree.add(kernel.root / modules / name, f"{modules}/{name}")
    subprocess.run(["depmod", "-b", tree.root, kernel.version], check=True)
    tree.archive(archive)
    return archive


def build(
    kernel: Kernel, folder: pathlib.Path, repository: pathlib.Path, program: pathlib.Path
) -> pathlib.Path:
    """Make the image that runs ``program/run``.

    Parameters
    ----------
    folder : where images are kept
    repository : peal, built
    program : a folder, copied to /lab/program; its `run` is what is run
    """
    tree = Tree(folder / "run")
    tree.add(GUEST / "init", "/init")
    for name in ("control.py", "faults.py"):
        tree.add(GUEST / name, f"/lab/{name}")
    tree.add(pathlib.Path(__file__).parent / "cards.py", "/lab/cards.py")
    (tree.root / "lab/drivers").write_text("\n".join(driver_commands()) + "\n")
    names = dict.fromkeys(card.card for card in CARDS)
    (tree.root / "lab/cards").write_text("\n".join(names) + "\n")
    tree.add(repository / "ctypes/peal", "/lab/peal", skip=("__pycache__",))
    library = repository / "build/libpeal.so.0"
    tree.add_program(library, "/lab/libpeal.so.0")
    tree.add_program(repository / "build/peal", "/lab/bin/peal")
    tree.add(program, "/lab/program", skip=("__pycache__",))
    for path in (tree.root / "lab/program").rglob("*"):
        if path.is_file():
            tree.add_libraries(path)
    base = _base(kernel, folder)
    image = folder / "image.cpio"
    overlay = folder / "run.cpio"
    tree.archive(overlay)
    with image.open("wb") as file:
        for part in (base, overlay):
            with part.open("rb") as source:
                shutil.copyfileobj(source, file)
    return image
