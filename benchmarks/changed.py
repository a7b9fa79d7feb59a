# SPDX-License-Identifier: GPL-2.0-only
"""CPU seconds of `check --base` where one header changed, beside a full check.

    python -m benchmarks.changed --tree ~/linux [--arch arm64] [--runs 2] [--json FILE]

What a check of the architecture reads is put into a repository in a temporary folder: the tree as
it is, and on top of it one commit for each kind of edit of a header (`benchmarks.kinds`; the first
lacks a hook). Of that first one are measured a full check (no cache), `check --base` with an empty
cache and with one that knows both commits, and a check of the unchanged folder from the cache; of
each kind `check --base` with a cache that knows the tree as it is. Exit code 1: over the budget of
one CPU second for a kind of edit that is judged from what is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from analyzer.cache.recorder import Recorder
from analyzer.check import check_tree
from analyzer.tree import Kind, open_tree
from benchmarks.kinds import KINDS, EditKind, unnamed
from benchmarks.measure import Usage, measure

REPOSITORY = Path(__file__).resolve().parents[1]
BUDGET_CPU = 1.0  # seconds, a header changed and the base is known
FULL = "full check, no cache"
KNOWN = "--base is known: "
_WORD = re.compile(rb"[A-Za-z_]\w*")


def repository(tree: Path, arch: str, header: str, folder: Path) -> list[EditKind]:
    """Make the repository; return the kinds of edits that there are."""
    with open_tree(tree) as base:
        noted = Recorder(base)
        check_tree(noted, (arch,))
        words: set[bytes] = set()
        for path in noted.questions.contents:
            if base.kind(path) is Kind.FILE:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                data = base.read(path)
                target.write_bytes(data)
                own = not path.startswith("arch/") or path.startswith(f"arch/{arch}/")
                if own and path != header and path.endswith((".h", ".c", ".S")):
                    words.update(_WORD.findall(data))
    _git(folder, "init", "-q")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "as it is")
    _git(folder, "tag", "base")
    file = folder / header
    text = file.read_bytes().decode("latin-1")
    kinds = []
    for kind in (*KINDS, *unnamed({word.decode() for word in words})):
        changed = kind.change(text)
        if changed is not None:
            file.write_bytes(changed.encode("latin-1"))
            _git(folder, "commit", "-q", "-a", "-m", kind.name)
            _git(folder, "tag", _tag(kind))
            file.write_bytes(text.encode("latin-1"))
            kinds.append(kind)
    _git(folder, "checkout", "-q", "-f", _tag(kinds[0]))
    return kinds


def _tag(kind: EditKind) -> str:
    return kind.name.replace(" ", "-").replace("'", "")


def _git(folder: Path, *arguments: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environment, check=True)


def bench(tree: Path, arch: str, header: str, runs: int) -> dict[str, Usage]:
    """Measure; of several runs the one with the fewest CPU seconds."""
    with tempfile.TemporaryDirectory(prefix="ptcheck-bench-") as name:
        top = Path(name)
        folder, known, both = top / "repository", top / "known", top / "both"
        folder.mkdir()
        kinds = repository(tree, arch, header, folder)
        check = [sys.executable, "-m", "analyzer", "check", "-C", str(folder), "--arch", arch]
        check += ["--jobs", "1", "-q", "--no-config"]
        since = [*check, "--base", "base", "--head"]
        _run([*check, "--rev", "base", "--cache", str(known)])

        def best(command: list[str], copied: Path | None = None) -> Usage:
            found = []
            for _ in range(runs):
                extra = []
                if copied is not None:
                    cache = top / "cache"
                    shutil.rmtree(cache, ignore_errors=True)
                    if copied.is_dir():
                        shutil.copytree(copied, cache)
                    extra = ["--cache", str(cache)]
                found.append(_run([*command, *extra]))
            return min(found, key=lambda usage: usage.cpu)

        rows = {
            FULL: best([*check, "--rev", "HEAD", "--no-cache"]),
            "--base, empty cache": best([*since, "HEAD"], top / "none"),
        }
        for kind in kinds:
            rows[f"{KNOWN}{kind.name}"] = best([*since, _tag(kind)], known)
        _run([*since, "HEAD", "--cache", str(both)])
        rows["--base, both are known"] = best([*since, "HEAD"], both)
        _run([*check, "--cache", str(both)])
        rows["the folder again"] = best(check, both)
        return rows


def _run(command: list[str]) -> Usage:
    usage = measure(command, REPOSITORY)
    if usage.code not in (0, 1, 3):
        raise SystemExit(f"check failed: {usage.err.strip()}")
    return usage


def main() -> int:
    """Measure and print; 1 if a changed header costs more than the budget."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tree", type=Path, required=True, help="a kernel tree")
    parser.add_argument("--arch", default="arm64", help="architectures (default: arm64)")
    parser.add_argument("--runs", type=int, default=2, help="runs; the best counts (default: 2)")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument(
        "--header",
        default="arch/{arch}/include/asm/pgtable.h",
        help="the header to change (default: %(default)s)",
    )
    args = parser.parse_args()
    document = {}
    within = True
    for arch in args.arch.split(","):
        header = args.header.replace("{arch}", arch)
        rows = bench(args.tree.resolve(), arch, header, args.runs)
        print(f"{arch:44} {'CPU s':>7} {'MB':>6}  of a full check")
        full = rows[FULL].cpu
        for name, usage in rows.items():
            share = 100 * usage.cpu / full
            print(f"  {name:42} {usage.cpu:7.2f} {usage.together:6.0f}  {share:5.1f} %")
        document[arch] = {name: round(usage.cpu, 3) for name, usage in rows.items()}
        kept = [rows[f"{KNOWN}{k.name}"].cpu for k in KINDS if k.kept and KNOWN + k.name in rows]
        within = within and max(kept) <= BUDGET_CPU
    print(f"budget: {BUDGET_CPU:g} CPU s for a header that changed, where the base is known")
    if args.json is not None:
        args.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
