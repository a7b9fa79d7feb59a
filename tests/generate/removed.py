# SPDX-License-Identifier: GPL-2.0-only
"""Takes out one hook of a generated series after the other, and asks `verify` whether it notices.

    python -m tests.generate.removed TREE ARCH SERIES VARIANT[,VARIANT]

SERIES is a folder that `ptcheck generate -o` wrote. A line for each hook: where it stood, and the
first helper of which the counters and the page tables disagree without it, in the first of the
variants that reads its file. Exit code 1 if one is not missed, in any helper or sequence.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from analyzer.check.arch import RECURSION
from analyzer.check.judge import Judge
from analyzer.check.unit import build_unit
from analyzer.clock import Clock
from analyzer.frontend import ParseCache, Stage
from analyzer.generate.ctext import blank, closing, line_of
from analyzer.helpers.bodies import SourceIndex
from analyzer.helpers.interface import called_names, find_interface
from analyzer.kconfig import Variant, load_kconfig, variants
from analyzer.law.hugetlb import is_hugetlb
from analyzer.series.apply import apply_series
from analyzer.series.read import read_series
from analyzer.tree import FolderTree, KernelTree, OverlayTree
from analyzer.verify.ledger import Ledger
from analyzer.verify.scripts import SEQUENCES
from analyzer.verify.sequences import SequenceRuns
from analyzer.verify.single import SingleRuns
from analyzer.verify.values import Agreement, SequenceProof

_CALL: Final = re.compile(r"\bpage_table_check_\w+\s*\(")
NOTHING: Final = "do { } while (0)"


def with_series(tree: KernelTree, folder: Path) -> KernelTree:
    """The tree with the patches of a folder applied."""
    patches = [p for mail in sorted(folder.glob("0*.patch"))[1:] for p in read_series(mail)]
    return OverlayTree(tree, apply_series(tree, patches))


def without_one(tree: KernelTree, arch: str) -> Iterator[tuple[str, KernelTree]]:
    """For each call of a hook in the architecture: where it stands, and a tree without it."""
    for path, data in tree.read_many(tree.walk(f"arch/{arch}", (".c", ".h"))):
        text = data.decode("latin-1")
        masked = blank(text)
        for match in _CALL.finditer(masked):
            end = closing(masked, match.end() - 1) + 1
            new = text[: match.start()] + NOTHING + text[end:]
            where = f"{path}:{line_of(text, match.start())}: {match[0].rstrip('( ')}()"
            yield where, OverlayTree(tree, {path: new.encode("latin-1")})


class Verifier:
    """One variant of trees that differ in little: what does not change is parsed once."""

    def __init__(self, tree: KernelTree, arch: str, variant: str) -> None:
        self.arch = arch
        self.called = called_names(tree)
        self.variant: Variant = next(
            v for v in variants(tree, arch, load_kconfig(tree, arch)) if v.name == variant
        )
        self.cache = ParseCache()
        self.hint: tuple[str, ...] = ()
        interface = find_interface(tree, arch, self.called)
        index = SourceIndex(tree, arch)
        with Stage(tree) as stage:
            unit, self.hint = build_unit(
                stage, self.variant, interface, index, (), self.cache, Clock()
            )
            self.files = unit.files

    def first_disagreement(self, tree: KernelTree) -> str:
        """The first helper or sequence that disagrees; '' for none."""
        interface = find_interface(tree, self.arch, self.called)
        index = SourceIndex(tree, self.arch)
        with Stage(tree) as stage:
            unit, self.hint = build_unit(
                stage, self.variant, interface, index, self.hint, self.cache, Clock()
            )
            worlds: list[dict[str, int] | None] = [None]
            while worlds:
                world = worlds.pop()
                judge = Judge(unit, self.variant, interface, index, None, world)
                found = self._disagreement(judge)
                if found:
                    return found
                if world is None and judge.session.machine.world:
                    worlds.append(dict.fromkeys(judge.session.machine.world, 1))
        return ""

    @staticmethod
    def _disagreement(judge: Judge) -> str:
        ledger = Ledger(judge.session)
        single = SingleRuns(judge, ledger)
        signatures = sorted(judge.judged(), key=lambda one: "young" in one.name)
        alone = [[one] for one in signatures if not is_hugetlb(one.name)]
        together = [one for one in signatures if is_hugetlb(one.name)]
        for asked in (*alone, together):
            for proof in single.prove(asked):
                if proof.agreement is Agreement.DISAGREES:
                    return proof.helper
        runs = SequenceRuns(judge, ledger, single.reserved)
        for sequence in SEQUENCES:
            played = runs.prove(sequence)
            if isinstance(played, SequenceProof) and played.agreement is Agreement.DISAGREES:
                return played.name
        return ""


def main(arguments: list[str]) -> int:
    """Print a line for each hook; 1 if one is not missed."""
    sys.setrecursionlimit(RECURSION)
    name, arch, folder, variant = arguments
    missed = 0
    with FolderTree(Path(name)) as tree:
        whole = with_series(tree, Path(folder))
        verifiers = [Verifier(whole, arch, name) for name in variant.split(",")]
        for where, less in without_one(whole, arch):
            path = where.partition(":")[0]
            verifier = next((one for one in verifiers if path in one.files), None)
            if verifier is None:
                sys.stdout.write(f"{where}: no variant reads it\n")
                continue
            found = verifier.first_disagreement(less)
            missed += not found
            name = verifier.variant.name
            sys.stdout.write(f"{where}: {found or 'NOT MISSED'} ({name})\n")
            sys.stdout.flush()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
