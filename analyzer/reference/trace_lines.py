# SPDX-License-Identifier: GPL-2.0-only
"""Lines of the text that ftrace prints: kprobe events, and function tracing with arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_KPROBE: Final = re.compile(
    r": \w+: \((?P<symbol>[\w.]+)(?:\+0x0)?(?:/0x[0-9a-f]+)?\)(?P<rest>.*)$"
)
_CALL: Final = re.compile(
    r"(?P<symbol>\b[A-Za-z_][\w.]*)\((?P<args>.*?)\)\s*(?P<rest>(?:[;{<].*)?)$"
)
_VALUE: Final = re.compile(
    r"\b(?P<name>\w+)=(?:\(\w[\w ]*\)\[)?(?P<value>\{[^}]*\}|-?(?:0x)?[0-9a-fA-F]+\b)\]?"
)
_CALLER: Final = re.compile(r"\bcaller=\"?(\w+)|<-(\w+)")
_CPU: Final = re.compile(r"\[(\d+)\]|^\s*(\d+)\)")
_GRAPH: Final = re.compile(r"^\s*\d+\)[^|]*\|(?P<space> *)(?P<text>\S.*)$")


class BadTraceError(ValueError):
    """A line that is about a hook and does not say enough, and why."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A call: which function, on which CPU, with which arguments, by whom.

    `caller` is '' where the line does not say it. `depth` is the place of the name in text of
    function_graph, None in others; `opens` whether calls follow that it makes.
    """

    symbol: str
    values: dict[str, tuple[int, ...]]
    caller: str
    cpu: str
    depth: int | None = None
    opens: bool = False

    def one(self, *names: str) -> int:
        """The first of some arguments that is there. Raises BadTraceError."""
        for name in names:
            if self.values.get(name):
                return self.values[name][0]
        raise BadTraceError(f"no {' or '.join(names)}= in it")


def read_line(line: str) -> TraceLine | None:
    """The call that a line tells of; None where it is somebody else's, made by a hook.

    Raises BadTraceError for a call without arguments.
    """
    graph = _GRAPH.match(line)
    found = _KPROBE.search(line)
    if found is not None:
        text = rest = found["rest"]
    else:
        found = _CALL.search(line)
        if found is None:
            if "<-" in line or line.rstrip().endswith(("();", "() {")):
                return None
            raise BadTraceError(
                "a hook without its arguments (options/func-args, or kprobe events)"
            )
        text, rest = found["args"], found["rest"]
    caller = _CALLER.search(rest)
    return TraceLine(
        found["symbol"],
        dict(_values(text)),
        (caller[1] or caller[2]) if caller is not None else "",
        cpu_of(line),
        None if graph is None else len(graph["space"]),
        rest.rstrip().endswith("{"),
    )


def cpu_of(line: str) -> str:
    """The CPU that a line names; '' if it names none."""
    found = _CPU.search(line)
    return "" if found is None else (found[1] or found[2]).lstrip("0") or "0"


def closes_at(line: str) -> int | None:
    """How deep the call began that a line of function_graph ends; None for other lines."""
    graph = _GRAPH.match(line)
    return len(graph["space"]) if graph is not None and graph["text"].startswith("}") else None


def _values(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    for match in _VALUE.finditer(text):
        if match["name"] == "caller":
            continue
        inner = match["value"]
        parts = inner[1:-1].split(",") if inner.startswith("{") else [inner]
        try:
            yield match["name"], tuple(_integer(part) for part in parts if part)
        except ValueError:
            raise BadTraceError(f"{match['name']}={inner} is no number") from None


def _integer(text: str) -> int:
    value = int(text.strip(), 0 if text.strip().lstrip("-").startswith("0x") else 10)
    return value & ((1 << 64) - 1)
