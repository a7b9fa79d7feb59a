# SPDX-License-Identifier: GPL-2.0-only
"""One run of `check`, taken apart: CPU seconds of each stage, and the files that were read.

    python -m benchmarks.stages TREE ARCH        (or `all`)

Prints JSON: `stages` (name to CPU seconds, children included; each second counts for the
innermost stage only), `archs` (each with its own stages), `total`, and `files`. The timers cost
some per cent: totals are measured without them (benchmarks/check.py).
"""

from __future__ import annotations

import functools
import json
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from analyzer.check import check_tree
from analyzer.check.arch import Workshop
from analyzer.clock import Clock
from analyzer.frontend import ParseCache, Stage, read
from analyzer.frontend import unit as unit_module
from analyzer.kconfig import architectures
from analyzer.stack import with_room
from analyzer.tree import FolderTree, open_tree

ORDER = (
    "kconfig", "interface", "staging", "preprocess", "slice", "find bodies", "parse", "evaluate",
    "law", "call sites",
)  # fmt: skip


class StackClock(Clock):
    """A clock that gives each second to the innermost stage."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._since = _cpu()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a block, without that of stages inside of it."""
        self._turn()
        self._open.append("slice" if name == "read unit" else name)
        try:
            yield
        finally:
            self._turn()
            self._open.pop()

    def _turn(self) -> None:
        now = _cpu()
        name = self._open[-1] if self._open else "rest"
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now

    def wrap(self, owner: Any, attribute: str, name: str) -> None:
        """Let a function of another module count for a stage of its own."""
        function: Callable[..., Any] = getattr(owner, attribute)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        setattr(owner, attribute, timed)


def _cpu() -> float:
    """To the microsecond; os.times() counts in hundredths of a second."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main(path: str, arch: str) -> None:
    """Run, and print."""
    clock = StackClock()
    clock.wrap(Stage, "prepare", "staging")
    clock.wrap(read, "preprocess", "preprocess")
    clock.wrap(unit_module, "Slicer", "slice")
    clock.wrap(ParseCache, "parse", "parse")
    files: dict[str, None] = {}
    contents = FolderTree.contents

    def noting(self: FolderTree, path: str) -> bytes:
        files[path] = None
        return contents(self, path)

    FolderTree.contents = noting  # type: ignore[method-assign]
    archs: dict[str, dict[str, float]] = {}
    check = Workshop.check

    def apart(self: Workshop, tree: Any, arch: str, *rest: Any) -> Any:
        clock._turn()
        before = dict(clock.seconds)
        try:
            return check(self, tree, arch, *rest)
        finally:
            clock._turn()
            archs[arch] = {
                name: round(seconds - before.get(name, 0.0), 3)
                for name, seconds in clock.seconds.items()
            }

    Workshop.check = apart  # type: ignore[method-assign, assignment]
    with open_tree(path) as tree:
        chosen = architectures(tree) if arch == "all" else (arch,)
        result = check_tree(tree, chosen, clock=clock)
    clock._turn()
    stages = {name: round(clock.seconds.get(name, 0.0), 3) for name in (*ORDER, "rest")}
    json.dump(
        {
            "stages": stages,
            "total": round(sum(clock.seconds.values()), 3),
            "archs": archs,
            "files": sorted(files),
            "variants": len(result.summaries),
            "helpers": len(result.helpers),
            "unknown": sum(summary.unknown for summary in result.summaries),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    with_room(lambda: main(*sys.argv[1:]))
