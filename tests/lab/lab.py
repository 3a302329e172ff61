#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lab: boots Debian's kernel with its real sound drivers and tests peal on them."""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import time

from cards import CARDS
from image import build
from kernel import KERNELS, Kernel
from machine import LabError, Machine
from results import Results

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parent.parent
LAB = REPOSITORY / "build/lab"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/lab",
        description="Boots Debian's stock kernel in QEMU, in software, with real sound drivers "
        "and six kinds of sound card, and runs peal's tests of them.",
        epilog="exit status: 0 all passed (or that of DIR/run); 1 a test failed; "
        "2 the machine could not be run",
    )
    parser.add_argument(
        "--kernel", choices=KERNELS, default="6.1",
        help="6.1: Debian 12's own (the default); rt: the same with PREEMPT_RT; "
        "6.12: the one in bookworm-security",
    )
    parser.add_argument(
        "--run", metavar="DIR", type=pathlib.Path,
        help="instead of peal's own tests copy DIR in and run DIR/run there: its output is "
        "printed, its exit status returned, and what each card played is left in "
        "build/lab/run/*.wav",
    )
    parser.add_argument("--only", metavar="WORD", default="",
                        help="only the cards and checks whose name contains WORD")
    parser.add_argument("--times", type=int, default=5, metavar="N",
                        help="how often each fault strikes (default: %(default)d)")
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS",
                        help="power off after this time at most (default: %(default).0f)")
    return parser.parse_args()


def _machine(program: pathlib.Path, folder: pathlib.Path, kernel_name: str, output) -> Machine:
    kernel = Kernel(kernel_name, LAB / "kernels")
    image = build(kernel, LAB / "image", REPOSITORY, program)
    return Machine(kernel.image, image, CARDS, folder, output)


def _run(options: argparse.Namespace) -> int:
    """Run somebody's program."""
    if not (options.run / "run").exists():
        raise LabError(f"{options.run}/run is not there: the lab runs a file of this name")
    machine = _machine(options.run, LAB / "run", options.kernel, lambda line: print(line, flush=True))
    status = machine.run(options.timeout)
    print(f"scripts/lab: exit status {status}; WAVs in {LAB / 'run'}", file=sys.stderr)
    return status


def _test(options: argparse.Namespace) -> int:
    """Run peal's own tests and show them as a table."""
    folder = LAB / f"suite-{options.kernel}"
    program = LAB / "program"
    shutil.rmtree(program, ignore_errors=True)
    shutil.copytree(HERE / "suite", program)
    (program / "only").write_text(options.only)
    (program / "times").write_text(str(options.times))
    results = Results(options.kernel, progress=sys.stderr)
    started = time.monotonic()
    machine = _machine(program, folder, options.kernel, results.take)
    status = machine.run(options.timeout)
    results.judge_wavs(machine)
    results.write(folder)
    print(results.table())
    print(f"{time.monotonic() - started:.0f} s; results in {folder}/")
    print(results.closing_line())
    return 1 if results.failed or status else 0


def main() -> int:
    options = _arguments()
    try:
        return _run(options) if options.run else _test(options)
    except (LabError, OSError) as failure:
        print(f"scripts/lab: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
