# SPDX-License-Identifier: MIT
"""The kernels: Debian's own packages, unpacked and never installed."""

from __future__ import annotations

import pathlib
import re
import subprocess

# --kernel NAME: the package that depends on the newest of its kind
KERNELS = {
    "6.1": "linux-image-amd64",
    "rt": "linux-image-rt-amd64",
    "6.12": "linux-image-6.12-amd64",
}


def _package(name: str) -> str:
    """The package with the kernel itself, behind a meta package."""
    shown = subprocess.run(
        ["apt-cache", "depends", name], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"Depends: (linux-image-\S+)", shown)
    return found.group(1) if found else name


class Kernel:
    """An unpacked kernel with its modules, below `cache`."""

    def __init__(self, name: str, cache: pathlib.Path) -> None:
        package = _package(KERNELS[name])
        self.root = cache / package
        if not (self.root / "unpacked").exists():
            self._unpack(package)
        self.image = next(self.root.glob("boot/vmlinuz-*"))
        self.version = self.image.name.removeprefix("vmlinuz-")

    def _unpack(self, package: str) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package],
            cwd=self.root, check=True,
        )
        archive = next(self.root.glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, self.root], check=True)
        archive.unlink()
        version = next(self.root.glob("boot/vmlinuz-*")).name.removeprefix("vmlinuz-")
        subprocess.run(["depmod", "-b", self.root, version], check=True)
        (self.root / "unpacked").touch()

    def modules(self, names: list[str]) -> list[pathlib.Path]:
        """The files of these modules and of all that they depend on."""
        files: dict[pathlib.Path, None] = {}
        for name in names:
            shown = subprocess.run(
                ["modprobe", "-d", self.root, "-S", self.version, "--show-depends", name],
                check=True, capture_output=True, text=True,
            ).stdout
            for line in shown.splitlines():
                kind, _, path = line.partition(" ")
                if kind == "insmod":
                    files[pathlib.Path(path.split()[0])] = None
        return list(files)
