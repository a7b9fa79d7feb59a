# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of an architecture's page-table headers a configuration shows.

A sketch of the C preprocessor, enough to compare configurations: conditionals over CONFIG_ symbols
are decided, all others count as "perhaps" and their lines as shown. Two configurations that show
the same lines need not both be judged; one that shows lines that no other shows must be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.errors import SourceError
from analyzer.kconfig.conditions import condition_of, truth
from analyzer.kconfig.expression import Expression

if TYPE_CHECKING:
    from analyzer.kconfig.files import Reader
    from analyzer.kconfig.solve import Config

#: Headers that hold the page tables of an architecture, by their names: their symbols count,
_NAMED = re.compile(r"pgt|pgalloc|page|hugetlb|tlb|pte|pmd")
#: and of these the lines as well (not of flushing, and not of where memory begins).
_SHOWN = re.compile(r"pgt|pgalloc|hugetlb|pte|pmd")
_GENERIC = ("include/linux/pgtable.h", "include/linux/hugetlb.h", "include/linux/huge_mm.h")
_CORE = "include/linux/mm.h"
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif|include)\b((?:\\\n|[^\n])*)", re.MULTILINE
)
_SYMBOL = re.compile(r"\bCONFIG_(\w+)")
_INCLUDE = re.compile(r"\s*[<\"]([^>\"]+)[>\"]")
_HOOK = re.compile(r"\bpage_table_check_\w+[ \t]*\([^;{}#]*\)[ \t]*;")
_MAX_HEADERS = 400
_MAX_BYTES = 1 << 20


@dataclass(slots=True)
class _Branch:
    """One arm of a conditional: shown if `outer` is, no arm `before` is, and `condition` holds."""

    outer: int
    before: tuple[Expression, ...]
    condition: Expression


@dataclass(slots=True)
class _Header:
    branches: list[_Branch] = field(default_factory=list)
    segments: list[tuple[int, int]] = field(default_factory=list)  # branch, lines of text
    includes: list[tuple[int, str]] = field(default_factory=list)  # branch, name as written


class Headers:
    """The page-table headers of an architecture.

    `own` are the symbols that they name, `symbols` these and those of the generic headers of page
    tables, `core` those of include/linux/mm.h.
    """

    def __init__(self, tree: Reader, arch: str) -> None:
        self._top = f"arch/{arch}/include/asm"
        self._headers: dict[str, _Header] = {}
        own: set[str] = set()
        for path in _named(tree, self._top):
            text = _read(tree, path)
            own.update(_SYMBOL.findall(text))
            self._headers[path] = _parse(text)
        generic: set[str] = set()
        for path in _GENERIC:
            generic.update(_SYMBOL.findall(_read(tree, path)))
        self.own = tuple(sorted(own))
        self.core = tuple(sorted(set(_SYMBOL.findall(_read(tree, _CORE)))))
        self.symbols = tuple(sorted(own | generic))
        self._roots = self._find_roots()

    def _find_roots(self) -> list[str]:
        """Headers that no other of them includes: those are read in every configuration."""
        included = {
            path
            for name, header in self._headers.items()
            for path in (self._resolve(name, i) for _, i in header.includes)
            if path is not None and path != name
        }
        roots = [path for path in self._headers if path not in included]
        main = f"{self._top}/pgtable.h"
        return roots if main in roots or main not in self._headers else [main, *roots]

    def _resolve(self, path: str, written: str) -> str | None:
        for candidate in (
            f"{self._top.removesuffix('/asm')}/{written}",
            f"{path.rpartition('/')[0]}/{written}",
        ):
            if candidate in self._headers:
                return candidate
        return None

    def shown(self, config: Config) -> dict[tuple[str, int], int]:
        """The parts of the headers that are shown, with their number of lines."""
        found: dict[tuple[str, int], int] = {}
        work = list(self._roots)
        seen = set(work)
        while work:
            path = work.pop()
            header = self._headers[path]
            values: list[int] = []
            for branch in header.branches:
                value = 2 if branch.outer < 0 else values[branch.outer]
                for condition in branch.before:
                    if value:
                        value = min(value, 2 - truth(condition, config))
                if value:
                    value = min(value, truth(branch.condition, config))
                values.append(value)
            if _SHOWN.search(path.rpartition("/")[2]):
                for number, (at, lines) in enumerate(header.segments):
                    if at < 0 or values[at]:
                        found[path, number] = lines
            for at, written in header.includes:
                other = self._resolve(path, written) if at < 0 or values[at] else None
                if other is not None and other not in seen:
                    seen.add(other)
                    work.append(other)
        return found


def _named(tree: Reader, top: str) -> list[str]:
    """Page-table headers below a directory, by name, sorted."""
    found: list[str] = []
    work = [top]
    steps = 0
    while work and len(found) < _MAX_HEADERS and steps < _MAX_HEADERS:
        directory = work.pop()
        steps += 1
        for entry in tree.entries(directory):
            path = f"{directory}/{entry.name}"
            if entry.name.endswith(".h"):
                if _NAMED.search(entry.name):
                    found.append(path)
            elif "." not in entry.name and path.count("/") < 12:
                work.append(path)
    return sorted(found)


def _read(tree: Reader, path: str) -> str:
    try:
        data = tree.read(path)
    except SourceError:
        return ""
    if len(data) > _MAX_BYTES:
        return ""
    return _COMMENT.sub("", data.decode("latin-1"))


def lines_now(path: str, arch: str, old: bytes, new: bytes) -> dict[tuple[str, int], int] | None:
    """The lines that the parts of a header have now, as far as they count for the choice of
    configurations. None where more than these is other than it was to whoever chooses."""
    before, after = (_COMMENT.sub("", data.decode("latin-1")) for data in (old, new))
    name = path.rpartition("/")[2]
    own = path.startswith(f"arch/{arch}/include/asm/") and _NAMED.search(name) is not None
    if not own and path not in (*_GENERIC, _CORE):
        return {}
    if set(_SYMBOL.findall(before)) != set(_SYMBOL.findall(after)):
        return None
    if not own:
        return {}
    was, now = _parse(before), _parse(after)
    same = [at for at, _ in was.segments] == [at for at, _ in now.segments]
    if not same or (was.branches, was.includes) != (now.branches, now.includes):
        return None
    if not _SHOWN.search(name):
        return {}
    return {(path, number): lines for number, (_, lines) in enumerate(now.segments)}


def _parse(text: str) -> _Header:
    """Calls of hooks are no lines: which configurations are judged does not depend on them."""
    header = _Header()
    text = _HOOK.sub("", text)
    stack: list[int] = []  # the branches that are open
    position = 0

    def segment(end: int) -> None:
        lines = sum(1 for line in text[position:end].splitlines() if line.strip(" \t;"))
        if lines:
            header.segments.append((stack[-1] if stack else -1, lines))

    for match in _DIRECTIVE.finditer(text):
        word = match[1]
        segment(match.start())
        position = match.end()
        if word in ("if", "ifdef", "ifndef"):
            condition = condition_of(word, match[2])
            header.branches.append(_Branch(stack[-1] if stack else -1, (), condition))
            stack.append(len(header.branches) - 1)
        elif word in ("elif", "else") and stack:
            last = header.branches[stack.pop()]
            condition = condition_of("if", match[2]) if word == "elif" else ("str", "y")
            before = (*last.before, last.condition) if len(last.before) < 64 else last.before
            header.branches.append(_Branch(last.outer, before, condition))
            stack.append(len(header.branches) - 1)
        elif word == "endif" and stack:
            stack.pop()
        elif word == "include":
            written = _INCLUDE.match(match[2])
            if written is not None:
                header.includes.append((stack[-1] if stack else -1, written[1]))
    segment(len(text))
    return header
