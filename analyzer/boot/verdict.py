# SPDX-License-Identifier: GPL-2.0-only
"""Reads the console of a kernel: did it go through all scenes, and if not, where did it stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

_STOPS: Final = (
    re.compile(r"kernel BUG at (?P<place>[^!\s]+)!?"),
    re.compile(r"(?P<what>Unable to handle kernel .*)"),
    re.compile(r"\b(?P<what>BUG: .*)"),
    re.compile(r"(?P<what>Kernel panic - .*)"),
    re.compile(r"(?P<what>Oops(?: -|:) .*)"),
)
# the interrupted function: x86, arm64, riscv, powerpc, s390
_AT: Final = re.compile(
    r"(?:RIP: \w+:|\bpc : |\bepc : |NIP \[[0-9a-f]+\] |Krnl PSW : [^(]*\()"
    r"(?:\[<[0-9a-f]+>\] )?(?P<name>[A-Za-z_][\w.]*)"
)
_FRAME: Final = re.compile(r"(?P<guess>\? )?\b(?P<name>[A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+")
_TRACE: Final = re.compile(
    r"call trace|^(?:\[ *[\d.]+\] ?)?\[<[0-9a-f]+>\] \w",  # riscv: without a headline
    re.IGNORECASE,
)
_SCENE: Final = re.compile(r"^(?:\[[^\]]*\] ?)?(SCENE|DONE|SKIP|WRONG) (\S+)")
_NOTE: Final = re.compile(r"^NOTE (.*) (\d+)$")
_HOOK: Final = "__page_table_check_"
_AROUND: Final = ("page_table_check", "__page_table_check")
_AFTER: Final = 80  # lines of a report that are searched for frames


class Outcome(Enum):
    """What became of a kernel."""

    PASS = "PASS"
    STOPPED = "STOPPED"  # by itself, with a report
    WRONG = "WRONG"  # a process found other data than it had written
    SILENT = "SILENT"  # no word any more, until time was over or the machine went off
    UNBUILT = "UNBUILT"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a kernel stopped: `place` of the BUG (path:line) or the message, the function, the
    hook on the stack, who called that hook, the scene of our init ('' before it began)."""

    place: str
    function: str = ""
    hook: str = ""
    caller: str = ""
    scene: str = ""
    trace: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Console:
    """What the console of one boot says."""

    outcome: Outcome
    stop: Stop | None
    done: tuple[str, ...]
    skipped: tuple[str, ...]
    wrong: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: int


def read_console(text: str) -> Console:
    """The verdict of a console log."""
    lines = text.replace("\r", "").splitlines()
    scenes: dict[str, list[str]] = {"SCENE": [], "DONE": [], "SKIP": [], "WRONG": []}
    notes: list[str] = []
    stop: Stop | None = None
    passed = False
    for number, line in enumerate(lines):
        if stop is None and (match := _stopped(line)) is not None:
            current = scenes["SCENE"][-1] if scenes["SCENE"] else ""
            stop = _stop(match, lines[number : number + _AFTER], current)
        elif scene := _SCENE.match(line):
            scenes[scene[1]].append(scene[2])
        elif note := _NOTE.match(line):
            notes.append(f"{note[1]}: {note[2]}")
        passed = passed or line.startswith("VERDICT PASS")
    if stop is not None:
        outcome = Outcome.STOPPED
    elif scenes["WRONG"]:
        outcome = Outcome.WRONG
    elif passed:
        outcome = Outcome.PASS
    else:
        outcome = Outcome.SILENT
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no output")
        left = [s for s in scenes["SCENE"] if s not in scenes["DONE"] + scenes["SKIP"]]
        stop = Stop(f"last line: {last[:200]}", scene=left[-1] if left else "")
    warnings = sum("WARNING: " in line for line in lines)
    return Console(
        outcome, stop, tuple(scenes["DONE"]), tuple(scenes["SKIP"]), tuple(scenes["WRONG"]),
        tuple(notes), warnings,
    )  # fmt: skip


def _stopped(line: str) -> re.Match[str] | None:
    for pattern in _STOPS:
        if match := pattern.search(line):
            return match
    return None


def _stop(match: re.Match[str], report: list[str], scene: str) -> Stop:
    found = match.groupdict()
    place = found.get("place") or found.get("what") or match[0]
    trace = tuple(_trace(report))
    hook = next((name for name in trace if name.startswith(_HOOK)), "")
    behind = trace[trace.index(hook) + 1 :] if hook else trace
    caller = next((name for name in behind if not name.startswith(_AROUND)), "")
    return Stop(place.strip()[:200], trace[0] if trace else "", hook, caller, scene, trace)


def _trace(report: list[str]) -> Iterator[str]:
    """The functions of a report, innermost first, without what compilers append to names."""
    last = ""
    tracing = False
    for line in report:
        at = None if tracing or last else _AT.search(line)
        if at is not None:
            last = _plain(at["name"])
            yield last
        tracing = tracing or bool(_TRACE.search(line))
        frame = _FRAME.search(line) if tracing else None
        if frame is not None and not frame["guess"] and _plain(frame["name"]) != last:
            last = _plain(frame["name"])
            yield last


def _plain(name: str) -> str:
    return name.partition(".")[0]
