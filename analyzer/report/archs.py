# SPDX-License-Identifier: GPL-2.0-only
"""The reports of `ptcheck archs`: text, and JSON as docs/json-schema.md says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer import __version__
from analyzer.model import HookApi
from analyzer.report.escape import place, visible, visible_path
from analyzer.report.json import SCHEMA, api_document, to_json
from analyzer.report.summary import count

_INDENT = "  "
_HEADER = "include/linux/page_table_check.h"


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """One configuration; `levels` is None where the tree does not say (no PGTABLE_LEVELS).

    `supported`: whether ARCH_SUPPORTS_PAGE_TABLE_CHECK is selected in it.
    """

    name: str
    description: str
    bits: int
    endian: str
    levels: int | None
    mmu: bool
    supported: bool


@dataclass(frozen=True, slots=True)
class ArchFacts:
    """One architecture: whether it selects the option, `condition` as the `if` of the select."""

    arch: str
    supported: bool
    condition: str | None
    path: str | None
    line: int | None
    variants: tuple[VariantFacts, ...]


@dataclass(frozen=True, slots=True)
class TreeFacts:
    """What `ptcheck archs` reports; `problems` are Kconfig files that were not understood."""

    label: str
    revision: str | None
    api: HookApi
    archs: tuple[ArchFacts, ...]
    problems: tuple[str, ...]


def render_json(facts: TreeFacts) -> str:
    """One JSON document; keys may be added without a new schema number."""
    return to_json(
        {
            "schema": SCHEMA,
            "tool": {"name": "ptcheck", "version": __version__},
            "tree": {"path": facts.label, "revision": facts.revision},
            "api": api_document(facts.api),
            "archs": [_arch(arch) for arch in facts.archs],
            "problems": list(facts.problems),
        }
    )


def _arch(arch: ArchFacts) -> dict[str, Any]:
    return {
        "arch": arch.arch,
        "supported": arch.supported,
        "condition": arch.condition,
        "path": arch.path,
        "line": arch.line,
        "variants": [variant.name for variant in arch.variants],
        "configurations": [
            {
                "variant": variant.name,
                "description": variant.description,
                "bits": variant.bits,
                "endian": variant.endian,
                "levels": variant.levels,
                "mmu": variant.mmu,
                "supported": variant.supported,
            }
            for variant in arch.variants
        ],
    }


def render_text(facts: TreeFacts, verbose: bool = False) -> str:
    """For people: the hooks, then each architecture with its variants."""
    sections = (_api(facts.api), _archs(facts), _problems(facts.problems, verbose), _closing(facts))
    return "\n".join("".join(f"{line}\n" for line in section) for section in sections if section)


def _api(api: HookApi) -> list[str]:
    if not api.present:
        lines = [f"hooks: this tree has none (no function in {_HEADER})"]
    else:
        lines = ["hooks:"]
        lines += (
            f"{_INDENT}{place(hook.location)}: "
            f"{visible(hook.name)}({visible(', '.join(hook.parameters))})"
            for hook in sorted(api.prototypes, key=lambda hook: hook.location)
        )
    lines.append(f"predicate: {visible(api.predicate) if api.predicate else 'none'}")
    return lines


def _archs(facts: TreeFacts) -> list[str]:
    return [line for arch in facts.archs for line in _arch_lines(arch)]


def _arch_lines(arch: ArchFacts) -> Iterator[str]:
    yield f"{visible(arch.arch)}: {_selection(arch)}"
    width = max(len(visible(variant.name)) for variant in arch.variants) if arch.variants else 0
    for variant in arch.variants:
        levels = f"{variant.levels} levels" if variant.levels else "levels not known"
        notes = [f"{variant.bits} bit", f"{variant.endian} endian", levels]
        if not variant.mmu:
            notes.append("no MMU: not judged")
        if arch.supported and not variant.supported:
            notes.append("not selected here")
        text = visible(f"{', '.join(notes)}: {variant.description}")
        yield f"{_INDENT}{visible(variant.name):{width}}  {text}"


def _selection(arch: ArchFacts) -> str:
    if not arch.supported:
        return "does not select ARCH_SUPPORTS_PAGE_TABLE_CHECK"
    condition = f" if {visible(arch.condition)}" if arch.condition else ""
    at = f" ({visible_path(arch.path)}:{arch.line})" if arch.path else ""
    return f"selects ARCH_SUPPORTS_PAGE_TABLE_CHECK{condition}{at}"


def _problems(problems: tuple[str, ...], verbose: bool) -> list[str]:
    if not problems:
        return []
    shown = problems if verbose else problems[:10]
    lines = ["could not be read:", *(f"{_INDENT}{visible(problem)}" for problem in shown)]
    if len(problems) > len(shown):
        lines.append(f"{_INDENT}... and {len(problems) - len(shown)} more (-v lists all)")
    return lines


def _closing(facts: TreeFacts) -> list[str]:
    archs = count(len(facts.archs), "architecture")
    selecting = sum(arch.supported for arch in facts.archs)
    total = count(sum(len(arch.variants) for arch in facts.archs), "variant")
    hooks = count(len(facts.api.prototypes), "hook")
    return [f"{archs}, of which {selecting} can select the option; {total}; {hooks}"]
