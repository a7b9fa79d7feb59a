# SPDX-License-Identifier: GPL-2.0-only
"""What the findings among call sites depend on, and whether an edit of a header changes them.

A call of a helper is a finding where it goes around the hooks. Where hooks are put in or taken
out of a helper, nothing changes for those who call it but whether it is hooked, and that matters
only to callers that have a call or a store that could be a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..errors import SourceError
from ..tree import KernelTree
from .blocks import TooDeep
from .body import Body
from .code import Function, functions
from .mapping import Origins
from .reading import NAMES_CALLED, names_guarded
from .sensitive import Sensitive
from .setters import Definitions, Node, Setter, Setters, may_be_found, reaches_hook
from .text import Source
from .view import tables_in

_STATEMENT: Final = re.compile(r"\bpage_table_check_\w+\s*\([^;{}]*\)\s*;")
_SPACE: Final = re.compile(r"\s+")
_EMPTY: Final = re.compile(r"(?<=[;{}])(?:\s*;)+")


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The setters of an architecture, what they reach, and where it matters which are hooked.
    `usual`: hooks store nothing through what they are given."""

    setters: tuple[Setter, ...]
    graph: tuple[Node, ...]
    sensitive: tuple[Sensitive, ...]
    usual: bool


def same_sites(
    tree: KernelTree, facts: SiteFacts, path: str, old: bytes, new: bytes, changed_files: int
) -> bool:
    """Whether all findings stay as they are, but for lines, where only the insides of functions of
    a header differ. False where that is not certain."""
    if changed_files > 1:
        return old == new  # what each of them does to setters would have to be put together
    before, after = Source(path, old), Source(path, new)
    if not facts.usual or without_hooks(before.code) != without_hooks(after.code):
        return False
    setters = {one.name: one for one in facts.setters}
    for one, other in zip(functions(before), functions(after), strict=True):
        was, now = before.code[one.start : one.end], after.code[other.start : other.end]
        if was == now:
            continue
        if one.name not in setters or _uses(one, was) != _uses(other, now):
            return False
    mine = Definitions()
    mine.add(after)
    own = Setters(Definitions(), mine)
    nodes: dict[str, list[Node]] = {}
    for node in facts.graph:
        if node.path != path:
            nodes.setdefault(node.name, []).append(node)
    known = {node.name for node in facts.graph if node.path == path}
    for name in sorted(known):
        nodes.setdefault(name, []).extend(own.nodes(name))
    hooked: dict[str, bool] = {}
    turned: set[str] = set()
    for name, setter in setters.items():
        now_hooked = reaches_hook(name, lambda called: nodes.get(called, ()), hooked)
        if now_hooked != setter.hooked:
            if may_be_found(setter):
                return False
            turned.add(name)
    open_ = [one for one in facts.sensitive if not turned.isdisjoint(one.setters)]
    after_all = {
        name: replace(one, hooked=one.hooked != (name in turned)) for name, one in setters.items()
    }
    return all(_same_pairs(tree, one, setters, after_all) for one in open_)


def _same_pairs(
    tree: KernelTree, one: Sensitive, before: dict[str, Setter], after: dict[str, Setter]
) -> bool:
    """Whether the same entries are put back in a function, whatever is hooked."""
    from .judge import FunctionJudge  # seldom needed, and much to import

    try:
        source = Source(one.path, tree.read(one.path))
        for function in functions(source):
            if (function.name, source.line(function.start)) == (one.name, one.line):
                body = Body(source, function)
                was, now = (
                    FunctionJudge(body, setters, nobody()).put_back() for setters in (before, after)
                )
                return was == now
    except (SourceError, TooDeep, RecursionError):
        return False
    return False


def nobody() -> Origins:
    """Origins for a function of which no caller is known."""
    return Origins(lambda _: [], lambda *_: False, lambda *_: None, lambda *_: [])


def facts_of(
    setters: Mapping[str, Setter], found: Setters, sensitive: Iterable[Sensitive]
) -> SiteFacts:
    """What is kept of one architecture."""
    by_place = sorted(sensitive, key=lambda one: (one.path, one.line, one.name))
    ordered = tuple(setters[name] for name in sorted(setters))
    return SiteFacts(ordered, found.graph(setters), tuple(by_place), found.usual)


def declares_the_same(path: str, old: bytes, new: bytes) -> bool:
    """Whether two contents of a header call and declare the same, but for hooks."""
    found = []
    for data in (old, new):
        source = Source(path, data)
        names = {*NAMES_CALLED.findall(source.text), *NAMES_CALLED.findall(source.code)}
        names = {name for name in names if "page_table_check" not in name}
        found.append((names, tables_in(source.code), names_guarded(source.text)))
    return found[0] == found[1]


def without_hooks(code: str) -> str:
    """A text without calls of hooks and without layout."""
    text = _STATEMENT.sub(";", code)
    return _EMPTY.sub("", _SPACE.sub(" ", text)).replace(" ", "")


def _uses(function: Function, body: str) -> tuple[int, ...]:
    """How often each parameter is followed as a pointer (see Setters._effect)."""
    names = [re.escape(parameter.name) for parameter in function.parameters if parameter.name]
    return tuple(
        len(re.findall(rf"\*\s*\(?\s*{name}\b|\b{name}\s*\)?->", body))
        for name in names
        if re.search(r"p", name) and "mm" not in name and "vma" not in name
    )
