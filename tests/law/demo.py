# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration tree, mended, with small edits: what does the law say about them?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from analyzer.check import check_tree
from analyzer.check.results import RawFinding, VariantResult
from analyzer.check.variant import judge_variant
from analyzer.frontend import ParseCache, Stage
from analyzer.helpers.bodies import SourceIndex
from analyzer.helpers.interface import called_names, find_interface
from analyzer.kconfig import Variant, load_kconfig
from analyzer.kconfig import variants as kconfig_variants
from analyzer.law.reuse import Reuse
from analyzer.model import CheckResult, HelperVerdict, Verdict
from analyzer.tree import KernelTree, OverlayTree, open_tree

DEMO: Final = Path(__file__).resolve().parents[2] / "kernel_stubs" / "demo"
PGTABLE: Final = "arch/demo/include/asm/pgtable.h"
PGALLOC: Final = "arch/demo/include/asm/pgalloc.h"
BITS: Final = "arch/demo/include/asm/pgtable-bits.h"
GENERIC: Final = "include/linux/pgtable.h"
FRAMEWORK: Final = "mm/page_table_check.c"
BODIES: Final = "mm/pgtable-generic.c"
ARCH_BODIES: Final = "arch/demo/mm/pgtable.c"
CALLERS: Final = "mm/memory.c"
KCONFIG: Final = "arch/demo/Kconfig"


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: `before` stands exactly once in the file."""

    path: str
    before: str
    after: str


MENDED: Final = Edit(
    PGTABLE,
    "pmd_t old = __pmd(xchg(&pmdp->pmd, 0UL));\n\n\treturn old;",
    "pmd_t old = __pmd(xchg(&pmdp->pmd, 0UL));\n\n"
    "\tpage_table_check_pmd_clear(mm, old);\n\treturn old;",
)


def arch(before: str, after: str) -> Edit:
    """An edit of the architecture's page-table header."""
    return Edit(PGTABLE, before, after)


def generic(before: str, after: str) -> Edit:
    """An edit of the generic page-table header."""
    return Edit(GENERIC, before, after)


def overlay(tree: KernelTree, edits: tuple[Edit, ...], mended: bool = True) -> KernelTree:
    """A tree with edits; without the demonstration's own defect unless `mended` is False."""
    texts: dict[str, str] = {}
    for edit in (MENDED, *edits) if mended else edits:
        text = texts.get(edit.path) or (DEMO / edit.path).read_text()
        assert text.count(edit.before) == 1, (edit.path, text.count(edit.before), edit.before)
        texts[edit.path] = text.replace(edit.before, edit.after)
    return OverlayTree(tree, {path: text.encode() for path, text in texts.items()})


def checked(*edits: Edit, mended: bool = True) -> CheckResult:
    """What `check` finds in the base variant of the edited tree, its Kconfig included."""
    with open_tree(str(DEMO), None) as tree:
        return check_tree(overlay(tree, edits, mended), ("demo",), only=frozenset({"base"}))


@dataclass(slots=True)
class Bench:
    """Judges edits of C in one variant.

    As between variants, runs are reused where everything that they asked for is the same: an edit
    that is not seen because of that would be a mutant that survives here.
    """

    tree: KernelTree
    variant: Variant
    cache: ParseCache = field(default_factory=ParseCache)
    reuse: Reuse = field(default_factory=Reuse)

    def judge(self, *edits: Edit, mended: bool = True) -> VariantResult:
        tree = overlay(self.tree, edits, mended)
        with Stage(tree) as stage:
            interface = find_interface(tree, "demo", called_names(tree))
            hint = (FRAMEWORK, BODIES, ARCH_BODIES)
            index = SourceIndex(tree, "demo")
            return judge_variant(
                stage, self.variant, interface, index, hint, self.cache, reuse=self.reuse
            )


@contextmanager
def bench(name: str = "base") -> Iterator[Bench]:
    """A bench for one variant of the demonstration tree."""
    with open_tree(str(DEMO), None) as tree:
        kconfig = load_kconfig(tree, "demo")
        (variant,) = [v for v in kconfig_variants(tree, "demo", kconfig) if v.name == name]
        yield Bench(tree, variant)


def found(result: VariantResult) -> set[tuple[str, str]]:
    """Rule and function of each finding."""
    return {(finding.rule, finding.function) for finding in result.findings}


def only(result: VariantResult) -> RawFinding:
    """The only finding."""
    (finding,) = result.findings
    return finding


def verdict(result: VariantResult, helper: str) -> HelperVerdict:
    """The verdict of a helper."""
    (one,) = [v for v in result.helpers if v.helper == helper]
    return one


def unknown(result: VariantResult) -> dict[str, str]:
    """What could not be judged, and why."""
    return {v.helper: v.reason for v in result.helpers if v.verdict is Verdict.UNKNOWN}
