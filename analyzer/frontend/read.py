# SPDX-License-Identifier: GPL-2.0-only
"""Read one unit: the page-table headers of a variant, some .c files, and probes of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from analyzer.frontend.errors import UnitError
from analyzer.frontend.image import macro_events
from analyzer.frontend.macros import MacroTable, without_directives
from analyzer.frontend.parsecache import ParseCache
from analyzer.frontend.preprocess import OURS, Diagnostic, preprocess, without_counts
from analyzer.frontend.stage import MISSING, Stage
from analyzer.frontend.tokens import tree_path
from analyzer.frontend.unit import Unit
from analyzer.model import Location
from analyzer.preprocessor import Tool, find_tool

if TYPE_CHECKING:
    from analyzer.kconfig import Variant

HEADERS: Final = (
    "linux/mm.h",
    "linux/pgtable.h",
    "linux/hugetlb.h",
    "linux/swapops.h",
    "linux/leafops.h",
    "asm/tlb.h",
    "asm/pgalloc.h",
    "asm/tlbflush.h",
    "linux/page_table_check.h",
    "linux/mman.h",
    "linux/sched/mm.h",
)
"""What generic page-table code is made of; each is included where the tree has it."""
_NEVER_EMPTY: Final = frozenset({"mm_types.h", "page_table_check.h"})
_ENTRY: Final = re.compile(r'\n# \d+ "([^"\n]*)" 1')
_RETURN: Final = re.compile(r'\n# (\d+) "([^"\n]*)" 2')
_PADDING: Final = re.compile(r"^(?:_/)+")
_MAX_FATAL: Final = 40  # directives that are tried again without
_ARCH_PGTABLE: Final = re.compile(r"arch/([^/]+)/include/asm/pgtable\.h$")


def standard_headers(stage: Stage, arch: str) -> tuple[str, ...]:
    """Return the standard headers that this tree has for this architecture."""
    found = []
    for header in HEADERS:
        if stage.provides(arch, header):
            found.append(header)
        elif header == "linux/pgtable.h":  # before 5.8
            found.append("asm/pgtable.h")
    return tuple(found)


def read_unit(
    stage: Stage,
    variant: Variant,
    bodies: tuple[str, ...] = (),
    prelude: str = "",
    probes: str = "",
    with_macros: bool = False,
    *,
    cache: ParseCache | None = None,
    tool: Tool | None = None,
    keep: bool = False,
) -> Unit:
    """Preprocess and slice one unit of `variant`.

    The unit is `prelude` (text of ours), the standard headers, each of `bodies` (.c files,
    paths in the tree), and `probes` (C of ours, located as "<ptcheck>"). With `keep` it has what
    its image needs, where the preprocessor can tell.
    Raises UnitError where the unit as a whole cannot be trusted: the preprocessor goes beyond
    its bounds (now or in an earlier unit of this architecture), a file from outside of the tree
    was read, or the page-table header that was read is not the architecture's own; SourceError
    where the copy has no room; ToolError where there is no preprocessor.
    """
    stage.check(variant.arch)
    headers = standard_headers(stage, variant.arch)
    absent = [b for b in bodies if not stage.has(b) or '"' in b or "\n" in b]
    bodies = tuple(b for b in bodies if b not in absent)
    prepared = stage.prepare(variant, (*headers, *bodies))
    lines = [f'# 1 "{OURS}"', prelude] if prelude else []
    lines += [f"#include <{header}>" for header in headers]
    lines += [f'#include "{body}"' for body in bodies]
    if probes:
        lines += [f'# 1 "{OURS}"', probes]
    tool = find_tool() if tool is None else tool
    unresolved: list[Diagnostic] = []
    lacking = [Diagnostic(Location(b, 0), "the tree has no such file") for b in absent]
    source = "\n".join(lines) + "\n"
    folders, forced = prepared.folders, prepared.forced
    keep = keep and tool.kind != "pcpp"
    for _ in range(_MAX_FATAL):
        try:
            result = preprocess(tool, source, stage.source, folders, forced, with_macros or keep)
        except UnitError as error:
            known = (*error.diagnostics, *unresolved, *lacking)
            stage.give_up(variant.arch, UnitError(error.path, error.line, error.reason, known))
            stage.check(variant.arch)
            raise
        if result.fatal is None or not stage.defuse(result.fatal):
            break
        unresolved += [d for d in result.diagnostics if d.location == result.fatal]
    text = result.text
    macros = MacroTable(text) if with_macros else None
    events = macro_events(text) if keep and "push_macro" not in text else ""
    if with_macros or keep:
        text = without_directives(text)
    text = without_counts(text)
    lacking += _missing_headers(text, f"../gen/{variant.arch}/{MISSING}/")
    unit = Unit(text, (), macros, cache)
    unit.events = events
    flaws = _flaws(stage, unit.files)
    said = (*result.diagnostics, *unresolved, *lacking, *flaws)
    unit.diagnostics = tuple(dict.fromkeys(said))  # a header without a guard says it again
    _check_origin(stage, variant.arch, unit)
    return unit


def _missing_headers(text: str, folder: str) -> list[Diagnostic]:
    """One diagnostic for each header that the tree lacks and that was read all the same."""
    found = []
    seen = set()
    start = text.find(folder)
    while start >= 0:
        marker = _ENTRY.match(text, text.rfind("\n", 0, start))
        if marker and marker[1] not in seen:
            seen.add(marker[1])
            place = _includer(text, marker.end())
            name = _PADDING.sub("", marker[1].removeprefix(folder))
            if place.path.startswith("../"):  # a wrapper, or a shadow, of what is missing
                place = Location(f"include/{name}", 0)
            found.append(Diagnostic(place, f"the tree has no header {name}"))
        start = text.find(folder, start + 1)
    return found


def _includer(text: str, position: int) -> Location:
    """The place of the directive that led to an empty file, by the marker that returns there."""
    back = _RETURN.search(text, position)
    return Location(tree_path(back[2]), int(back[1]) - 1) if back else Location(OURS, 0)


def _flaws(stage: Stage, files: Iterable[str]) -> list[Diagnostic]:
    """What is wrong with files that were read, though no preprocessor minds."""
    found = []
    for path in sorted(files):
        seen = stage.scanned(path)
        if seen is None:
            continue
        if seen.null:
            place = Location(path, seen.null)
            found.append(Diagnostic(place, "a NUL byte: this is no text file"))
        elif seen.empty and _has_content(path):
            found.append(Diagnostic(Location(path, 1), "the header is empty"))
    return found


def _has_content(path: str) -> bool:
    """Whether a header of this name defines something in every kernel."""
    header = path.rpartition("include/")[2].replace("asm-generic/", "asm/")
    name = header.rpartition("/")[2]
    return header in HEADERS or "pgtable" in name or name in _NEVER_EMPTY


def _check_origin(stage: Stage, arch: str, unit: Unit) -> None:
    """Every file must be of the tree or ours, and asm/pgtable.h the architecture's own."""
    own = f"arch/{arch}/include/asm/pgtable.h"
    said = unit.diagnostics
    for path in sorted(unit.files):
        if path.startswith(("../gen/", "../stubs/")) or path[:1] == "<":
            continue
        if path.startswith(("/", "..")):
            raise UnitError(path, 0, "not in the tree, but an #include led there", said)
        found = _ARCH_PGTABLE.match(path)
        if found and found[1] != arch:
            message = f"the page-table header of {found[1]} was read for {arch}"
            raise UnitError(path, 0, message, said)
    if own not in unit.files:
        raise UnitError(own, 0, f"no page-table header of {arch} was read", said)
