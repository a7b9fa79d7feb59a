# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig, the hooks' header and the code of one architecture against each other.

What the runs of helpers cannot see: hooks that no helper reaches, calls that no configuration
here compiles, a select where there is nothing to select.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ..callsites.code import functions
from ..callsites.live import holds_in
from ..callsites.text import Source
from ..helpers.bodies import SourceIndex
from ..kconfig import Config, Kconfig, Support
from ..law.predicate import predicate_name
from ..model import Location
from ..tree import KernelTree, Kind
from .api import hook_api
from .hookuse import Use, misused, uses_in
from .results import RawFinding, VariantResult

SUPPORT: Final = "ARCH_SUPPORTS_PAGE_TABLE_CHECK"
FRAMEWORK: Final = "mm/page_table_check.c"
_GENERIC: Final = ("include/linux/pgtable.h", "include/asm-generic/pgtable.h", "include/linux/mm.h")
_HOOK: Final = re.compile(r"^page_table_check_(?:pte|pmd|pud)s?_(?:set|clear)(?:_range)?$")
_PREDICATE: Final = re.compile(r"\b(pte|pmd|pud)_user_accessible_page\b")
_BYTES: Final = (b"page_table_check_", b"_user_accessible_page")


def lint(
    tree: KernelTree,
    arch: str,
    kconfig: Kconfig,
    results: list[VariantResult],
    index: SourceIndex,
) -> list[VariantResult]:
    """The results with what is wrong about the architecture as a whole in the first of them."""
    sources = list(_sources(tree, arch, index))
    uses = [use for source in sources for use in uses_in(source)]
    found: list[RawFinding] = []
    support = kconfig.select_of(SUPPORT)
    if support.supported:
        results, more = _select(arch, support, _without_mmu(kconfig), results, sources)
        found += more
    else:
        found += _without_select(arch, uses, results)
    known = {f.location for result in results for f in result.findings if f.rule == "PTC301"}
    prototypes = {one.name: one for one in hook_api(tree, ()).prototypes}
    if prototypes:
        found += [f for use in uses if use.location not in known for f in misused(use, prototypes)]
    return [replace(results[0], findings=(*results[0].findings, *found)), *results[1:]]


def misused_hooks(tree: KernelTree, arch: str) -> list[RawFinding]:
    """Calls of hooks that the header does not declare like that: PTC301, from the text alone."""
    prototypes = {one.name: one for one in hook_api(tree, ()).prototypes}
    sources = _sources(tree, arch, SourceIndex(tree, arch))
    return [
        found for source in sources for use in uses_in(source) for found in misused(use, prototypes)
    ]


def _sources(tree: KernelTree, arch: str, index: SourceIndex) -> Iterator[Source]:
    """Every file of the architecture, of mm/ and of the generic headers that names a hook."""
    headers = [path for path in _GENERIC if tree.kind(path) is Kind.FILE]
    headers += list(tree.walk(f"arch/{arch}/include", (".h",)))
    bodies = ((path, data) for path, data in index.texts().items() if path != FRAMEWORK)
    for pairs in (tree.read_many(headers), bodies):
        for path, data in pairs:
            if any(word in data for word in _BYTES):
                yield Source(path, data)


def _without_select(
    arch: str, uses: list[Use], results: list[VariantResult]
) -> Iterator[RawFinding]:
    """PTC302: the first hook, of those that helpers reach or that stand in the files."""
    folder = f"arch/{arch}/"
    reached = {
        (hook.location, hook.hook, hook.function)
        for result in results
        for verdict in result.helpers
        for hook in verdict.hooks
    }
    written = {(use.location, use.hook, use.function) for use in uses if _HOOK.match(use.hook)}
    for used in (reached, written):
        own = sorted(one for one in used if one[0].path.startswith(folder))
        if own:
            location, hook, function = own[0]
            message = f"arch/{arch} calls {hook}() and does not select {SUPPORT}"
            yield RawFinding(
                "PTC302", function, "pte", location, function, message, None, (function,)
            )
            return


def _without_mmu(kconfig: Kconfig) -> Config | None:
    """A configuration without an MMU in which the option is selected, if the tree offers one."""
    wants = kconfig.reach({}, "MMU", "n") if kconfig.symbol("MMU") is not None else None
    if wants is None:
        return None
    config = kconfig.solve(wants)
    return config if config.on(SUPPORT) else None


def _select(
    arch: str,
    support: Support,
    without_mmu: Config | None,
    results: list[VariantResult],
    sources: list[Source],
) -> tuple[list[VariantResult], list[RawFinding]]:
    """PTC303 and 304 in the place of what follows from them in each variant."""
    places = [place for source in sources for place in _definitions(source)]
    name = predicate_name("pte")
    where = Location(support.path, support.line)
    lacking = [
        result.variant
        for result in results
        if any(f.rule == "PTC209" and f.level == "pte" for f in result.findings)
    ]
    if not places and len(lacking) == len(results):
        message = f"arch/{arch} selects {SUPPORT}, and nobody defines {name}()"
        found = RawFinding("PTC303", name, "pte", where, name, message, None, (name,))
        return [_without_missing(result) for result in results], [found]
    if (
        places
        and without_mmu is not None
        and not any(
            holds_in(conditions, without_mmu) for level, conditions in places if level == "pte"
        )
    ):
        lacking.append("a configuration without an MMU")
    if not lacking:
        return results, []
    condition = f"if {support.condition}" if support.condition else "without a condition"
    message = (
        f"arch/{arch} selects {SUPPORT} {condition}, and {name}() is not defined in"
        f" {', '.join(dict.fromkeys(lacking))}"
    )
    found = RawFinding("PTC304", name, "pte", where, name, message, None, (name,))
    kept = [_without_missing(r) if r.variant in lacking else r for r in results]
    return kept, [found]


def _without_missing(result: VariantResult) -> VariantResult:
    return replace(result, findings=tuple(f for f in result.findings if f.rule != "PTC209"))


def _definitions(source: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Level and #if conditions of each definition of a predicate, functions and macros."""
    for function in functions(source):
        match = _PREDICATE.fullmatch(function.name)
        if match is not None:
            yield match[1], source.conditions(function.start)
    for directive in source.directives:
        if directive.word == "define":
            match = _PREDICATE.match(directive.rest)
            if match is not None:
                yield match[1], source.conditions(directive.start)
