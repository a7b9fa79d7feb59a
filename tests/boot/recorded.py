# SPDX-License-Identifier: GPL-2.0-only
"""Records a real trace of the hooks: builds a kernel of a tree with kprobe events, boots it with
our init, which prints what was recorded when all scenes are played.

    python -m tests.boot.recorded --tree ~/linux --work /var/tmp/trace

prints where the trace is and the command that replays it. The probes are those of `ptcheck replay
--probes`, given to the kernel on its command line, so that nothing is missed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.boot.kernel import Kernel
from analyzer.boot.machines import find_machine
from analyzer.boot.mirror import View
from analyzer.boot.run import BootResult, Limits, start
from analyzer.reference.probes import probes
from analyzer.tree import FolderTree

MACHINE: Final = "x86_64"
VMEMMAP: Final = 0xFFFFEA0000000000  # of x86_64 with four levels and without KASLR
OPTIONS: Final = """
CONFIG_SPARSEMEM_VMEMMAP=y
CONFIG_FTRACE=y
CONFIG_FUNCTION_TRACER=y
CONFIG_DYNAMIC_FTRACE=y
CONFIG_KPROBES=y
CONFIG_KPROBE_EVENTS=y
"""
_EVENT: Final = re.compile(r"^.+-\d+ +\[\d+\] \S+ +[\d.]+: ptc_\w+: ")
_LOST: Final = re.compile(r"^CPU:\d+ \[LOST \d+ EVENTS\]")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trace, and what to tell `ptcheck replay` beside it."""

    trace: Path
    lines: int
    init_mm: int
    boot: BootResult


def record(tree: FolderTree, work: Path) -> Recorded:
    """Build, boot and cut the trace out of the console. Raises ToolError, TreeError, Unbuilt."""
    machine = find_machine(MACHINE)
    folder = work / machine.name
    view = View(tree, folder / "source", folder)
    view.refresh({})
    kernel = Kernel(machine, view.folder, folder / "build", 2, Limits().build, OPTIONS)
    kernel.configure()
    kernel.build()
    events = ";".join(line.replace(" ", ",") for line in probes(tree, MACHINE))
    boot = start(kernel, folder, Limits(), f"ftrace=nop trace_buf_size=100M kprobe_event={events}")
    console = Path(boot.log).read_text(encoding="utf-8", errors="replace")
    kept = [line for line in console.splitlines() if _EVENT.match(line) or _LOST.match(line)]
    trace = folder / "trace.txt"
    trace.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    symbols = (folder / "build" / "System.map").read_text(encoding="ascii")
    found = re.search(r"^([0-9a-f]+) \w init_mm$", symbols, re.M)
    assert found is not None
    return Recorded(trace, len(kept), int(found[1], 16), boot)


def arguments(recorded: Recorded, tree: str) -> tuple[str, ...]:
    """Of `ptcheck` for such a trace."""
    return (
        "replay", "--ftrace", str(recorded.trace), "-C", tree, "--arch", "x86",
        "--vmemmap", hex(VMEMMAP), "--init-mm", hex(recorded.init_mm),
    )  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    """Records one trace."""
    parser = argparse.ArgumentParser(prog="python -m tests.boot.recorded", description=__doc__)
    parser.add_argument("--tree", required=True)
    parser.add_argument("--work", required=True, type=Path)
    args = parser.parse_args(given)
    recorded = record(FolderTree(args.tree), args.work)
    print(f"{recorded.boot.outcome.value}, {recorded.lines} lines")  # noqa: T201
    print("ptcheck", *arguments(recorded, args.tree))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
