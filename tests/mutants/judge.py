# SPDX-License-Identifier: GPL-2.0-only
"""Judges a variant of a tree as it is and with one mutant, and says what became different."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.check.api import hook_api
from analyzer.check.results import RawFinding, VariantResult
from analyzer.check.variant import judge_variant
from analyzer.frontend import ParseCache, Stage
from analyzer.helpers.bodies import SourceIndex
from analyzer.helpers.interface import called_names, find_interface
from analyzer.kconfig import KconfigFiles, Variant, load_kconfig, variants
from analyzer.law.reuse import Reuse
from analyzer.model import HelperVerdict, Verdict
from analyzer.tree import KernelTree, OverlayTree
from tests.mutants.mutate import Mutant, expected, why_nothing
from tests.mutants.sites import Site, find_sites

GENERIC: Final = "include/linux/pgtable.h"
_Key = tuple[str, str]


def prototypes(tree: KernelTree) -> Mapping[str, tuple[str, ...]]:
    """The parameters of each hook of the tree."""
    return {p.name: p.parameters for p in hook_api(tree, ()).prototypes}


def tree_sites(tree: KernelTree, arch: str) -> Iterator[Site]:
    """The hook calls of one architecture's own sources, headers and .c files."""
    for path, data in tree.read_many(tree.walk(f"arch/{arch}", (".h", ".c"))):
        if b"page_table_check_" in data:
            yield from find_sites(path, data.decode("latin-1"))


def generic_sites(tree: KernelTree) -> Iterator[Site]:
    """The hook calls of the generic page-table header."""
    yield from find_sites(GENERIC, tree.read(GENERIC).decode("latin-1"))


def overrides(tree: KernelTree, arch: str, site: Site) -> Iterator[tuple[str, int]]:
    """The path and line of each #define by which an architecture replaces a generic helper."""
    if site.path != GENERIC:
        return
    for path, data in tree.read_many(tree.walk(f"arch/{arch}/include", (".h",))):
        for number, line in enumerate(data.decode("latin-1").splitlines(), 1):
            words = line.replace("#", " # ").split()
            if words[:2] == ["#", "define"] and words[2].partition("(")[0] in site.guards:
                yield path, number


def lifted(tree: KernelTree, arch: str, site: Site) -> KernelTree:
    """The tree without an architecture's own version of a generic helper, so that the generic
    one is used: its #define is gone and its function has another name."""
    edits: dict[str, bytes | None] = {}
    for path, number in overrides(tree, arch, site):
        text = edits.get(path) or tree.read(path)
        lines = text.decode("latin-1").split("\n")
        lines[number - 1] = ""
        name = site.function.name
        made = re.sub(
            rf"^((?:static|extern|#[ \t]*define)\b[^\n;(]*)\b{name}(?=\(|\n)",
            rf"\1{name}_taken_out",
            "\n".join(lines),
            flags=re.M,
        )
        edits[path] = made.encode("latin-1")
    return OverlayTree(tree, edits)


def offered(tree: KernelTree, arch: str) -> tuple[Variant, ...]:
    """The variants of an architecture that have page tables."""
    kconfig = load_kconfig(tree, arch, KconfigFiles(tree))
    return tuple(v for v in variants(tree, arch, kconfig) if v.has_mmu)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one mutant changed against the tree as it is, in one variant."""

    site: Site
    kind: str
    variant: str
    found: tuple[str, ...]  # rules of new findings in the mutated function; 'unknown'
    place: bool  # the new finding names the mutated function, at a line of it
    misplaced: tuple[str, ...]  # new findings anywhere else
    callers: int  # helpers that reach this hook in the tree as it is
    changed: tuple[str, ...]  # of these, whose verdict changed
    others: tuple[str, ...]  # any other helper whose verdict changed, and lost findings
    problems: tuple[str, ...]  # new lines of "does not parse" and the like
    why: str  # where nothing was expected to change

    @property
    def expected(self) -> str:
        """The rule that has to be found; '' for none."""
        return "" if self.why else expected(self.site, self.kind)

    @property
    def nothing(self) -> bool:
        """No finding, no verdict changed."""
        return not (self.found or self.misplaced or self.changed or self.others)

    @property
    def right(self) -> bool:
        """As expected: the rule, the place, and nobody else."""
        if not self.expected:
            return self.nothing and not self.problems
        return (
            self.found == (self.expected,)
            and (self.place or self.expected == "unknown")
            and not (self.misplaced or self.others or self.problems)
        )


class Bench:
    """One variant of one architecture, prepared once, judged again for each mutant.

    Helpers that a mutant does not touch are not run again: `check` reuses runs between variants,
    and so does this. With `anew` every helper is run for every mutant.
    """

    def __init__(
        self,
        tree: KernelTree,
        arch: str,
        variant: str = "base",
        mark: str = "",
        anew: bool = False,
    ) -> None:
        self.tree = tree
        self.mark = mark
        self.arch = arch
        self.called = called_names(tree)
        self.variant = next(v for v in offered(tree, arch) if v.name == variant)
        self.index = SourceIndex(tree, arch)
        self.cache = ParseCache()
        self.reuse = None if anew else Reuse()
        self.prototypes = prototypes(tree)
        self.plain = self.judge(tree, ())
        self.verdicts = _verdicts(self.plain.helpers)
        self.findings = {_finding_key(f) for f in self.plain.findings}

    def judge(self, tree: KernelTree, hint: tuple[str, ...]) -> VariantResult:
        """The verdicts of a tree; files that only the overlay changes are read anew."""
        interface = find_interface(tree, self.arch, self.called)
        with Stage(tree) as stage:
            return judge_variant(
                stage, self.variant, interface, self.index, hint, self.cache, reuse=self.reuse
            )

    def reaches(self, site: Site) -> frozenset[_Key]:
        """The helpers of the unmutated tree that call this hook, directly or through others."""
        return frozenset(
            (verdict.level, verdict.helper)
            for verdict in self.plain.helpers
            if any(
                (hook.location.path, hook.location.line) == (site.path, site.line)
                for hook in verdict.hooks
            )
        )

    def try_mutant(self, mutant: Mutant) -> Effect:
        """Judge the tree with one mutant in it."""
        site = mutant.site
        overlay = OverlayTree(self.tree, {site.path: mutant.text.encode("latin-1")})
        result = self.judge(overlay, self.plain.bodies)
        callers = self.reaches(site)
        verdicts = _verdicts(result.helpers)
        changed, others, unknown = [], [], False
        for key in sorted({*verdicts, *self.verdicts}):
            was, now = self.verdicts.get(key), verdicts.get(key)
            if was == now:
                continue
            text = f"{key[1]}: {_word(was)} -> {_word(now)}"
            if key in callers:
                changed.append(text)
                unknown = unknown or now is Verdict.UNKNOWN
            else:
                others.append(text)
        new = [f for f in result.findings if _finding_key(f) not in self.findings]
        here = [f for f in new if f.function == site.function.name]
        keys = {_finding_key(f) for f in result.findings}
        others += [f"lost {k[0]} {k[2]}" for k in sorted(self.findings - keys)]
        found = [f.rule for f in here]
        if unknown and not found:
            found.append("unknown")
        return Effect(
            site=site,
            kind=mutant.kind,
            variant=f"{self.variant.label}{self.mark}",
            found=tuple(dict.fromkeys(found)),
            place=bool(here) and all(_inside(f, site) for f in here),
            misplaced=tuple(f"{f.rule} {f.location} {f.function}" for f in new if f not in here),
            callers=len(callers),
            changed=tuple(changed),
            others=tuple(others),
            problems=tuple(p for p in result.problems if p not in self.plain.problems),
            why=self._why(mutant, callers),
        )

    def _why(self, mutant: Mutant, callers: Iterable[_Key]) -> str:
        if not callers:
            for path, line in overrides(self.tree, self.arch, mutant.site):
                return f"not compiled in: {path}:{line} has the architecture's own"
        return why_nothing(mutant.site, mutant.kind)


def _verdicts(helpers: Iterable[HelperVerdict]) -> dict[_Key, Verdict]:
    return {(verdict.level, verdict.helper): verdict.verdict for verdict in helpers}


def _word(verdict: Verdict | None) -> str:
    return "absent" if verdict is None else verdict.value


def _finding_key(finding: RawFinding) -> tuple[str, str, str, str]:
    return finding.rule, finding.level, finding.function, str(finding.location)


def _inside(finding: RawFinding, site: Site) -> bool:
    return (
        finding.location.path == site.path
        and site.first_line <= finding.location.line <= site.last_line
    )
