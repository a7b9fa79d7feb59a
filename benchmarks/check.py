# SPDX-License-Identifier: GPL-2.0-only
"""CPU seconds and peak memory of `ptcheck check`, cold, beside spatch on the same files.

    python -m benchmarks.check --tree ~/linux [--arch x86,arm64,riscv] [--runs 3] [--json FILE]
    python -m benchmarks.check --tree ~/linux --arch all

For each architecture, all its variants: a run of `check` as a user starts it (the best of --runs
by CPU seconds; nothing is kept between runs), a run with timers for the share of each stage, and
a run of spatch with benchmarks/unhooked.cocci on the files that the check read and that mention
an entry type at all. `all` is one job: every architecture of the tree in one run, one process,
with the seconds of each. Exit code 1: over budget (10 CPU seconds and 250 MB for one
architecture, 120 and 300 for all).
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Usage, measure
from benchmarks.stages import ORDER

REPOSITORY = Path(__file__).resolve().parents[1]
RULE = REPOSITORY / "benchmarks" / "unhooked.cocci"
BUDGET_CPU = 10.0  # seconds, for one architecture with all its variants
BUDGET_MEMORY = 250.0  # MB
ALL = "all"
ALL_CPU = 120.0  # seconds, for all architectures with all their variants
ALL_MEMORY = 300.0  # MB
ENTRY_TYPES = (b"pte_t", b"pmd_t", b"pud_t")


@dataclass(frozen=True, slots=True)
class Row:
    """One architecture."""

    arch: str
    check: Usage
    stages: dict[str, Any]
    files: int
    spatch: Usage | None

    @property
    def within(self) -> bool:
        """Whether it keeps to the budget."""
        seconds, memory = budget(self.arch)
        return self.check.cpu <= seconds and self.check.together <= memory

    @property
    def listed(self) -> int:
        """How many functions spatch listed."""
        return 0 if self.spatch is None else len(self.spatch.out.splitlines())

    def document(self) -> dict[str, Any]:
        """The figures as plain values."""
        found: dict[str, Any] = {
            "arch": self.arch,
            "cpu": round(self.check.cpu, 2),
            "wall": round(self.check.wall, 2),
            "memory_process": round(self.check.process, 1),
            "memory_together": round(self.check.together, 1),
            "exit": self.check.code,
            "variants": self.stages["variants"],
            "helpers": self.stages["helpers"],
            "unknown": self.stages["unknown"],
            "stages": self.stages["stages"],
            "archs": self.stages["archs"],
            "files": len(self.stages["files"]),
        }
        if self.spatch is not None:
            found["spatch"] = {
                "cpu": round(self.spatch.cpu, 2),
                "memory": round(self.spatch.process, 1),
                "files": self.files,
                "functions": self.listed,
                "ratio": round(self.check.cpu / self.spatch.cpu, 2),
            }
        return found


def budget(arch: str) -> tuple[float, float]:
    """CPU seconds and MB that a row may take."""
    return (ALL_CPU, ALL_MEMORY) if arch == ALL else (BUDGET_CPU, BUDGET_MEMORY)


def bench(tree: Path, arch: str, runs: int) -> Row:
    """Measure one architecture."""
    command = [sys.executable, "-m", "analyzer", "check", "-C", str(tree), "--arch", arch]
    command += ["--format", "json", "-q", "--no-cache"]
    if arch == ALL:
        command += ["--jobs", "1"]
    usages = [measure(command, REPOSITORY) for _ in range(runs)]
    best = min(usages, key=lambda usage: usage.cpu)
    if best.code not in (0, 1, 3):
        raise SystemExit(f"check failed for {arch}: {best.err.strip()}")
    taken = measure([sys.executable, "-m", "benchmarks.stages", str(tree), arch], REPOSITORY)
    if taken.code:
        raise SystemExit(f"the run with timers failed for {arch}: {taken.err.strip()}")
    stages = json.loads(taken.out)
    files = [
        path
        for path in stages["files"]
        if path.endswith((".c", ".h"))
        and (arch == ALL or path.startswith(f"arch/{arch}/") or not path.startswith("arch/"))
        and any(word in (tree / path).read_bytes() for word in ENTRY_TYPES)
    ]
    spatch = _spatch(tree, files) if shutil.which("spatch") else None
    return Row(arch, best, stages, len(files), spatch)


def _spatch(tree: Path, files: list[str]) -> Usage:
    """One process for all files, each a group of its own: matched alone, rule parsed once."""
    with tempfile.NamedTemporaryFile("w", suffix=".groups") as groups:
        groups.write("\n\n".join(files) + "\n")
        groups.flush()
        options = ["--very-quiet", "--no-includes", "--timeout", "120", "--sp-file", str(RULE)]
        return measure(["spatch", *options, "--file-groups", groups.name], tree)


COLUMNS = (
    ("variants", 8), ("helpers", 8), ("CPU s", 7), ("wall s", 7), ("MB", 6), ("(all)", 6),
)  # fmt: skip
COMPARED = (("spatch: files", 14), ("CPU s", 7), ("MB", 6), ("listed", 7), ("ratio", 7))


def show(rows: list[Row]) -> None:
    """Print a table, and the share of each stage."""
    own = " ".join(f"{name:>{width}}" for name, width in COLUMNS)
    other = " ".join(f"{name:>{width}}" for name, width in COMPARED)
    print(f"{'':8} {own} | {other}")
    for row in rows:
        line = (
            f"{row.arch:8} {row.stages['variants']:8} {row.stages['helpers']:8}"
            f" {row.check.cpu:7.2f} {row.check.wall:7.2f} {row.check.process:6.0f}"
            f" {row.check.together:6.0f}"
        )
        if row.spatch is not None:
            line += (
                f" | {row.files:14} {row.spatch.cpu:7.2f} {row.spatch.process:6.0f}"
                f" {row.listed:7} {row.check.cpu / row.spatch.cpu:7.2f}"
            )
        print(line + ("" if row.within else "  over budget"))
    print()
    names = [name for name in (*ORDER, "rest") if any(r.stages["stages"].get(name) for r in rows)]
    print(f"{'share':8} " + " ".join(f"{name:>11}" for name in names))
    for row in rows:
        total = row.stages["total"]
        shares = (100 * row.stages["stages"][name] / total for name in names)
        print(f"{row.arch:8} " + " ".join(f"{share:10.1f}%" for share in shares))
    for row in rows:
        if row.arch == ALL:
            _show_archs(row.stages["archs"], names)
    print()
    print(f"budget: {BUDGET_CPU:g} CPU s and {BUDGET_MEMORY:g} MB for each architecture,")
    print(f"        {ALL_CPU:g} CPU s and {ALL_MEMORY:g} MB for all in one run")
    print(f"Python {platform.python_version()}, {platform.machine()}")


def _show_archs(archs: dict[str, dict[str, float]], names: list[str]) -> None:
    """The CPU seconds of each architecture, by stage, the dearest first."""
    print()
    print(f"{'seconds':11} {'all':>6} " + " ".join(f"{name:>11}" for name in names))
    for arch, stages in sorted(archs.items(), key=lambda item: -sum(item[1].values())):
        parts = " ".join(f"{stages.get(name, 0.0):11.2f}" for name in names)
        print(f"{arch:11} {sum(stages.values()):6.2f} {parts}")


def main() -> int:
    """Measure and print; 1 if an architecture is over its budget."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.check",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tree", required=True, type=Path, help="a kernel tree (a folder)")
    parser.add_argument("--arch", default="x86,arm64,riscv", help="architectures, separated by ,")
    parser.add_argument("--runs", type=int, default=1, help="runs of check, the best counts")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    args = parser.parse_args()
    tree = args.tree.expanduser().resolve()
    rows = [bench(tree, arch, max(1, args.runs)) for arch in args.arch.split(",") if arch]
    show(rows)
    if not shutil.which("spatch"):
        print("spatch is not installed (Debian: coccinelle): nothing to compare with")
    if args.json is not None:
        document = {"tree": str(tree), "archs": [row.document() for row in rows]}
        args.json.write_text(json.dumps(document, indent=2) + "\n")
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
