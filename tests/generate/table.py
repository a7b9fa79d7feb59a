# SPDX-License-Identifier: GPL-2.0-only
"""Generates the series of every architecture of a tree, one after another, and prints a table.

    python -m tests.generate.table --tree ~/linux --work DIR [--arch A,B] [--check mails]

Each architecture is a run of `ptcheck generate` as a user starts it; those that select the option
already are taken back first (tests/generate/strip.py). What a run says is kept in DIR: a second
call prints the same table and runs only what is not there yet (`--again` repeats those named).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from analyzer.kconfig import KconfigFiles, architectures, load_kconfig, variants
from analyzer.tree import FolderTree

REPOSITORY: Final = Path(__file__).resolve().parents[2]
_SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"
_TRIALS: Final = re.compile(r"ptcheck: git am, ")
_PREDICATE: Final = re.compile(
    r"^\+(?:static|#define)[^\n]*\b(\w+)_user_accessible_page\([^\n]*\n(.*?)^(?:\+\}|$|\+#)",
    re.M | re.S,
)
_COLUMNS: Final = (
    "architecture", "hooks", "predicates", "laws", "am", "checkpatch", "compiled", "exit", "CPU s",
    "MB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the command: its exit code (negative: the signal that ended it), CPU seconds of
    the engine, and those of `--check` as well; the memory that it needed, in MB."""

    code: int
    engine: float
    whole: float
    stripped: bool
    memory: int = 0


def run(tree: str, arch: str, work: Path, check: str, limit: int, stripped: bool) -> Run:
    """Runs the command for one architecture; what it wrote is in `work` then."""
    module = "tests.generate.stripped" if stripped else "analyzer"
    command = [
        sys.executable, "-m", module, "generate", "-C", tree, "--arch", arch, "-o",
        str(work / arch), "--force", "--format", f"json={work / arch}.json", "--format", "series",
        "-v", "--no-config", *([f"--check={check}"] if check != "none" else []),
    ]  # fmt: skip

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))

    engine = 0.0
    with (work / f"{arch}.out").open("w") as out, (work / f"{arch}.err").open("w") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.PIPE, text=True, errors="replace",
            preexec_fn=bounded, cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PTCHECK_TRACEBACK": "1"},
        )  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if not engine and _TRIALS.match(line):
                engine = _used(process.pid)
            err.write(line)
            err.flush()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    whole = used.ru_utime + used.ru_stime
    return Run(process.returncode, engine or whole, whole, stripped, used.ru_maxrss >> 10)


def _used(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def row(arch: str, one: Run, said: dict[str, Any], mails: str, last: str) -> tuple[str, ...]:
    """A line of the table: the report of the command in few words."""
    after = said.get("after") or {}
    hooks = [
        f"{edit['function']}() {edit['hook'].removeprefix('page_table_check_')}"
        for patch in said.get("patches", []) for edit in patch["edits"] if edit["hook"]
    ]  # fmt: skip
    laws = last
    if after:
        laws = (
            f"{after['balanced']} balanced, {after['neutral']} neutral,"
            f" {len(after['findings'])} findings, {after['unknown']} unknown"
            f" in {len(after['variants'])} of {len(said['configurations'])} variants"
        )
        laws += f" (if {said['guard']})" if said["guard"] else ""
        laws += f"; {len(said['undecided'])} undecided" if said["undecided"] else ""
    return (
        arch + (" (stripped)" if one.stripped else ""),
        f"{len(hooks)}: {', '.join(dict.fromkeys(hooks))}" if hooks else "0",
        "; ".join(predicates(mails)),
        laws,
        _step(said, "git am"),
        _step(said, "checkpatch"),
        compiled(said),
        str(one.code),
        f"{one.engine:.0f}",
        str(one.memory) if one.memory else "-",
    )


def predicates(mails: str) -> list[str]:
    """The predicates that patches add: what each of them returns."""
    found = []
    for level, body in _PREDICATE.findall(mails):
        words = " ".join(re.sub(r"^\+", "", body, flags=re.M).split())
        match = re.search(r"return (.*?);", words)
        found.append(f"{level}: {match[1] if match else words}")
    return list(dict.fromkeys(found))


def _step(said: dict[str, Any], step: str) -> str:
    rows = [one for one in said.get("tried", []) if one["step"] == step]
    if step == "git am":
        return rows[0]["state"] if rows else "-"
    numbers = [[int(n) for n in re.findall(r"(\d+) (?:error|warning|check)", one["result"])]
               for one in rows]  # fmt: skip
    if not rows or not all(numbers):
        return "-" if not rows else rows[0]["result"]
    return "/".join(str(sum(column)) for column in zip(*numbers, strict=True))


def compiled(said: dict[str, Any]) -> str:
    """How many of the configurations were compiled, after how many patches, and by what."""
    rows = [one for one in said.get("tried", []) if one["step"] == "compile"]
    if not rows:
        return "-"
    names = dict.fromkeys(one["configuration"] for one in rows)
    bad = {one["configuration"]: one for one in rows if one["state"] != "ok"}
    tools = {m[1] for one in rows if (m := re.search(r"targets with ([^,]+),", one["result"]))}
    steps = len({one["patch"] for one in rows})
    good = [name for name in names if name not in bad]
    text = f"{len(good)} of {len(names)} configurations, {steps} patches ({', '.join(tools)})"
    if not tools:
        return str(rows[0]["result"])
    for name, one in bad.items():
        text += f"; {name.rpartition('/')[2]}: {one['state']}: {one['result']}"
    return text


def archs_of(tree: FolderTree) -> dict[str, bool]:
    """Architectures with an MMU in some configuration; whether each selects the option."""
    found = {}
    files = KconfigFiles(tree)
    for arch in architectures(tree):
        kconfig = load_kconfig(tree, arch, files)
        if any(variant.has_mmu for variant in variants(tree, arch, kconfig)):
            found[arch] = bool(kconfig.select_of(_SUPPORT).supported)
    return found


def _kept(work: Path, arch: str) -> Run | None:
    try:
        return Run(**json.loads((work / f"{arch}.run").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _line(arch: str, one: Run, work: Path) -> tuple[str, ...]:
    report, folder = work / f"{arch}.json", work / arch
    said = json.loads(report.read_text()) if report.is_file() else {}
    mails = "\n".join(path.read_text("latin-1") for path in sorted(folder.glob("0*.patch"))[1:])
    notes = (work / f"{arch}.err").read_text().strip().splitlines()
    last = notes[-1].removeprefix("ptcheck: ") if notes else ""
    return row(arch, one, said, mails, f"stopped by the limit; {last}" if one.code < 0 else last)


def main(arguments: list[str]) -> int:
    """Run what is not there yet, print the table; 1 if a run did not end with 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", required=True)
    parser.add_argument("--work", type=Path, required=True, help="where results are kept")
    parser.add_argument("--arch", default="", help="a list; default: all with an MMU")
    parser.add_argument("--check", choices=("none", "mails", "all"), default="all")
    parser.add_argument("--limit", type=int, default=600, help="CPU seconds of a run's engine")
    parser.add_argument("--again", action="store_true", help="run what was run before, too")
    parser.add_argument("--print", action="store_true", help="run nothing")
    args = parser.parse_args(arguments)
    with FolderTree(args.tree) as tree:
        known = archs_of(tree)
    args.work.mkdir(parents=True, exist_ok=True)
    lines: list[tuple[str, ...]] = [_COLUMNS, tuple("---" for _ in _COLUMNS)]
    worst = 0
    for arch in args.arch.split(",") if args.arch else sorted(known):
        one = _kept(args.work, arch)
        if (one is None or args.again) and not args.print:
            for left in (f"{arch}.run", f"{arch}.json"):
                (args.work / left).unlink(missing_ok=True)
            one = run(args.tree, arch, args.work, args.check, args.limit, known.get(arch, False))
            (args.work / f"{arch}.run").write_text(json.dumps(asdict(one)))
            sys.stderr.write(f"{arch}: exit {one.code}, {one.whole:.0f} CPU s\n")
        if one is not None:
            worst = max(worst, int(one.code != 0))
            lines.append(_line(arch, one, args.work))
    sys.stdout.write("".join(f"| {' | '.join(cells)} |\n" for cells in lines))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
