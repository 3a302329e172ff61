# SPDX-License-Identifier: MIT
"""The results: cells of card and check, as a table and as JUnit XML."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import random
from typing import TextIO
from xml.etree import ElementTree

from cards import CARDS, Card
from machine import Machine

MARKS = {"pass": "ok", "fail": "FAIL", "skip": "-"}


@dataclasses.dataclass
class Cell:
    card: str
    check: str
    result: str
    detail: str = ""
    seconds: float = 0.0
    log: str = ""
    wav: dict | None = None


def _judge(card: Card, played: dict, heard: bytes) -> str:
    """What is wrong with what reached the WAV; "" if nothing."""
    if card.wav == "zeros":
        if not heard or any(heard):
            return "expected silence, and some of it"
        return ""
    if card.wav == "audio":
        return "" if any(heard) else "silence"
    sent = random.Random(played["seed"]).randbytes(played["bytes"])
    at = heard.find(sent[:64])
    if at < 0:
        return "its first frames are not in the WAV"
    same = heard[at : at + len(sent)]
    if same == sent:
        return ""
    differing = next((i for i, (a, b) in enumerate(zip(same, sent)) if a != b), len(same))
    return f"differs from byte {differing} of {len(sent)} on"


class Results:
    """Collects what a machine prints and what its cards played."""

    def __init__(self, kernel: str, progress: TextIO) -> None:
        self._kernel = kernel
        self._progress = progress
        self._cells: list[Cell] = []
        self._log: list[str] = []

    def take(self, line: str) -> None:
        """A line of the guest's output: a cell, or something for the log."""
        if not line.startswith("@"):
            self._log.append(line)
            return
        self._add(Cell(**json.loads(line[1:])))

    def _add(self, cell: Cell) -> None:
        self._cells.append(cell)
        print(f"  {MARKS[cell.result]:5} {cell.card:9} {cell.check:12} {cell.seconds:5.1f} s  "
              f"{cell.detail}", file=self._progress, flush=True)

    def judge_wavs(self, machine: Machine) -> None:
        """Add a column: what the host heard of what each card played."""
        for card in CARDS:
            played = next((c for c in self._cells if c.card == card.name and c.wav), None)
            if not card.wav or played is None:
                continue
            wrong = _judge(card, played.wav or {}, machine.heard(card))
            self._add(Cell(card.name, "wav", "fail" if wrong else "pass", wrong or card.wav))

    @property
    def failed(self) -> list[Cell]:
        # a machine that ran nothing has shown nothing
        none = [Cell("lab", "run", "fail", "no check ran")]
        return [cell for cell in self._cells if cell.result == "fail"] or (
            [] if self._cells else none)

    def write(self, folder: pathlib.Path) -> None:
        """Keep the log, the XML, and for each failure its own log."""
        (folder / "guest.log").write_text("\n".join(self._log) + "\n")
        suite = ElementTree.Element("testsuite", name=f"lab-{self._kernel}",
                                    tests=str(len(self._cells)), failures=str(len(self.failed)))
        for cell in self._cells:
            case = ElementTree.SubElement(suite, "testcase", classname=cell.card,
                                          name=cell.check, time=str(cell.seconds))
            if cell.result == "fail":
                ElementTree.SubElement(case, "failure", message=cell.detail).text = cell.log
                (folder / f"{cell.card}-{cell.check}.log").write_text(
                    f"{cell.detail}\n\n{cell.log}")
            elif cell.result == "skip":
                ElementTree.SubElement(case, "skipped", message=cell.detail)
            else:
                ElementTree.SubElement(case, "system-out").text = cell.detail
        ElementTree.ElementTree(suite).write(folder / "junit.xml", encoding="unicode",
                                             xml_declaration=True)
        if not self.failed:
            for path in (*folder.glob("*.wav"), *folder.glob("*.kept")):
                path.unlink()

    def table(self) -> str:
        """Cards down, checks across."""
        checks = list(dict.fromkeys(cell.check for cell in self._cells))
        cells = {(cell.card, cell.check): MARKS[cell.result] for cell in self._cells}
        lines = [f"{self._kernel:9} " + " ".join(checks)]
        for card in CARDS:
            row = (f"{cells.get((card.name, check), ''):{len(check)}}" for check in checks)
            lines.append(f"{card.name:9} " + " ".join(row))
        return "\n".join(line.rstrip() for line in lines)

    def closing_line(self) -> str:
        count = {mark: sum(c.result == mark for c in self._cells) for mark in MARKS}
        return f"lab: {count['pass']} passed, {len(self.failed)} failed, {count['skip']} skipped"
