# SPDX-License-Identifier: GPL-2.0-only
"""Deletes the hooks of a real tree one at a time, builds and boots each kernel.

    python -m tests.mutants.boot --tree ~/linux --machine x86_64 --work /var/tmp/boot

The table says for each hook what the boot says; `tests/verify` compares it with the analysis.
A deleted hook changes only the objects that called one, so only these are built again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from analyzer.boot.kernel import Kernel, Unbuilt
from analyzer.boot.machines import Machine, find_machine
from analyzer.boot.mirror import View
from analyzer.boot.run import Limits, boot_tree, start
from analyzer.boot.verdict import Outcome
from analyzer.tree import FolderTree
from tests.mutants.judge import generic_sites, overrides, prototypes, tree_sites
from tests.mutants.mutate import mutate
from tests.mutants.sites import Site

_HOOK: Final = " __page_table_check_"
_LONG_AGO: Final = 1_500_000_000


def hooked_objects(machine: Machine, build: Path) -> list[Path]:
    """The objects of a finished build that call a hook."""
    kept = build.parent / "hooked.txt"
    if not kept.is_file():
        objects = [
            path
            for path in build.rglob("*.o")
            if not path.name.startswith(("vmlinux", "built-in", ".tmp"))
        ]
        found = []
        for path in sorted(objects):
            done = subprocess.run(
                [f"{machine.prefix}nm", "-u", path], capture_output=True, text=True, check=False
            )
            if _HOOK in done.stdout:
                found.append(str(path))
        kept.write_text("\n".join(found), encoding="utf-8")
    return [Path(line) for line in kept.read_text(encoding="utf-8").splitlines()]


class BootBench:
    """One machine and one tree: built once, then again for each deleted hook."""

    def __init__(self, tree: FolderTree, machine: Machine, work: Path) -> None:
        self.tree = tree
        self.machine = machine
        self.folder = work / machine.name
        self.limits = Limits()
        self.view = View(tree, self.folder / "source", self.folder)
        self.kernel = Kernel(
            machine, self.folder / "source", self.folder / "build", 2, self.limits.build
        )

    def prepare(self) -> str:
        """Build the tree as it is, unless that was done; return the outcome of its boot."""
        hooked = self.folder / "hooked.txt"
        if not hooked.is_file():
            first = boot_tree(self.tree, self.machine, self.folder.parent, {}, 2, self.limits)
            if first.outcome is not Outcome.PASS:
                return f"{first.outcome.value} {first.stop or first.reason}"
            hooked_objects(self.machine, self.kernel.folder)
        return Outcome.PASS.value

    def sites(self) -> Iterator[Site]:
        """The hook calls of the architecture, then those of the generic header that it uses."""
        arch = self.machine.arch
        yield from tree_sites(self.tree, arch)
        for site in generic_sites(self.tree):
            if not any(overrides(self.tree, arch, site)):
                yield site

    def try_deleted(self, site: Site) -> str:
        """The outcome of the boot without one hook call."""
        text = self.tree.read(site.path).decode("latin-1")
        made = mutate(site, text, "deleted", prototypes(self.tree))
        assert made is not None
        return self.try_edits({site.path: made.encode("latin-1")})

    def try_edits(self, edits: dict[str, bytes | None]) -> str:
        """The outcome of a boot with edits that remove hooks and do nothing else."""
        for path in self.view.refresh(edits):
            if path.endswith(".h"):  # or everything would be built again
                os.utime(self.view.folder / path, (_LONG_AGO, _LONG_AGO))
        for made in hooked_objects(self.machine, self.kernel.folder):
            made.unlink(missing_ok=True)
        try:
            self.kernel.build()
        except Unbuilt as problem:
            return f"UNBUILT {problem.reason}"
        found = start(self.kernel, self.folder, self.limits)
        if found.stop is None:
            return found.outcome.value
        stop = found.stop
        return " ".join(
            filter(
                None,
                (found.outcome.value, stop.place, f"in {stop.hook or stop.function}",
                 f"called by {stop.caller}", f"scene {stop.scene or 'none'}"),
            )
        )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """One line for each hook: seconds, place, function, hook, outcome."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.boot", description=__doc__)
    parser.add_argument("--tree", required=True, type=Path)
    parser.add_argument("--machine", required=True)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--only", default="", help="places that contain this text")
    given = parser.parse_args(arguments)
    bench = BootBench(FolderTree(given.tree), find_machine(given.machine), given.work)
    print(f"as it is: {bench.prepare()}", flush=True)  # noqa: T201
    for site in bench.sites():
        if given.only not in str(site):
            continue
        begun = time.monotonic()
        outcome = bench.try_deleted(site)
        seconds = time.monotonic() - begun
        print(f"{seconds:4.0f} s | {site} | {site.hook} | {outcome}", flush=True)  # noqa: T201
    bench.view.refresh({})
    return 0


if __name__ == "__main__":
    sys.exit(main())
