# SPDX-License-Identifier: GPL-2.0-only
"""What the findings among call sites depend on, and whether an edit of a header changes them.

A call of a helper is a finding where it goes around the hooks. Where hooks are put in or taken
out of a helper, nothing changes for those who call it but whether it is hooked, and that matters
only to callers that have a call or a store that could be a finding. Any other edit of a function
matters where something was looked up in it, where it stores to entries, or hands them on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import SourceError
from ..tree import KernelTree
from .blocks import TooDeep
from .body import Body
from .code import Function, functions
from .definitions import Definitions
from .flags import TABLE_UPDATE, is_about_flags
from .reading import NAMES_CALLED, names_guarded
from .sensitive import Looked, Sensitive
from .setters import Node, Setter, Setters, may_be_found, may_set, reaches_hook
from .text import Source
from .view import tables_in

if TYPE_CHECKING:
    from .mapping import Origins

_STATEMENT: Final = re.compile(r"\bpage_table_check_\w+\s*\([^;{}]*\)\s*;")
_SPACE: Final = re.compile(r"\s+")
_EMPTY: Final = re.compile(r"(?<=[;{}])(?:\s*;)+")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which parameter of a function it was asked whether it is stored through."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The setters of an architecture, what they reach, and where it matters which are hooked.

    `usual`: hooks store nothing through what they are given. `asked`: see `Asked`. `reaching`:
    what reaches a hook. `others`: what may be a setter, if generic code could call it. `names`,
    `bodies` (path and function) and `paths`: see `Looked`.
    """

    setters: tuple[Setter, ...]
    graph: tuple[Node, ...]
    sensitive: tuple[Sensitive, ...]
    usual: bool
    asked: tuple[Asked, ...]
    reaching: tuple[str, ...]
    others: tuple[str, ...]
    names: tuple[str, ...]
    bodies: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]


def same_sites(tree: KernelTree, facts: SiteFacts, before: Source, after: Source) -> bool:
    """Whether all findings stay as they are, but for lines, where only the insides of functions of
    a header differ. False where that is not certain.

    Of one header: what two of them do to setters would have to be put together.
    """
    if not facts.usual:
        return False
    path = before.path
    setters = {one.name: one for one in facts.setters}
    changed = [
        (one, other)
        for one, other in zip(functions(before), functions(after), strict=True)
        if _squeezed(before, one) != _squeezed(after, other)
    ]
    edited = _Edited(facts, path, before, after)
    if not all(edited.is_harmless(one, other) for one, other in changed):
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
    called = {callee for node in facts.graph for callee in (node.name, *node.callees)}
    more = {
        callee
        for name in known & {one.name for one, _ in changed}
        for node in nodes[name]
        for callee in node.callees
        if callee not in called
    }
    if not more.isdisjoint(facts.reaching):
        return False
    hooked: dict[str, bool] = {}
    turned: set[str] = set()
    for name, setter in setters.items():
        now_hooked = reaches_hook(name, lambda called: nodes.get(called, ()), hooked)
        if now_hooked != setter.hooked:
            if may_be_found(setter):
                return False
            turned.add(name)
    if turned and more:
        return False  # what is called anew may reach what is hooked now
    open_ = [one for one in facts.sensitive if not turned.isdisjoint(one.setters)]
    after_all = {
        name: replace(one, hooked=one.hooked != (name in turned)) for name, one in setters.items()
    }
    return all(_same_pairs(tree, one, setters, after_all) for one in open_)


def said_of(facts: SiteFacts) -> set[str]:
    """The names that something is said of, or was looked up for, but for `reaching`."""
    known = {name for node in facts.graph for name in (node.name, *node.callees)}
    known.update(facts.names, facts.others, (one.name for one in facts.setters))
    known.update((one.name for one in facts.asked), (name for _, name in facts.bodies))
    return known


def is_quiet(facts: SiteFacts, after: Source, names: Iterable[str]) -> bool:
    """Whether new functions of a header are no setters, and nothing is said of their insides."""
    known = said_of(facts)
    fresh = frozenset(names)
    if changes_flags(facts, fresh):
        return False
    if after.path in facts.paths or not known.isdisjoint(fresh):
        return False
    about = _Edited(facts, after.path, after, after)
    for function in functions(after):
        if function.name not in fresh:
            continue
        body = Body(after, function)
        called = {call.name for call in body.calls}
        if (
            may_set(function)
            or "page_table_check" in body.text
            or not called.isdisjoint(facts.reaching)
            or about.named(body) != ([], [])
            or not about.has_no_sites(body)
        ):
            return False
    return True


def changes_flags(facts: SiteFacts, names: Iterable[str]) -> bool:
    """Whether something was said of bits that may depend on functions or macros of these names."""
    return TABLE_UPDATE in facts.names and any(is_about_flags(name) for name in names)


def _squeezed(source: Source, function: Function) -> str:
    text = source.code[function.start : function.end]
    return _SPACE.sub(" ", f"{function.head}({function.given}){text}")


class _Edited:
    """Asks whether an edit of a function leaves everything as it is that others take from it."""

    def __init__(self, facts: SiteFacts, path: str, before: Source, after: Source) -> None:
        self._facts = facts
        self._path = path
        self._sources = before, after
        self._setters = {one.name: one for one in facts.setters}
        self._found = []
        for source in self._sources:
            definitions = Definitions()
            definitions.add(source)
            self._found.append(Setters(Definitions(), definitions))
        self._asked: dict[str, list[int]] = {}
        for one in facts.asked:
            self._asked.setdefault(one.name, []).append(one.position)

    def is_harmless(self, one: Function, other: Function) -> bool:
        """Whether setters, and what is said of calls, are the same; but for which are hooked."""
        was, now = (Body(source, f) for source, f in zip(self._sources, (one, other), strict=True))
        if (_flat(one.head), _flat(one.given)) != (_flat(other.head), _flat(other.given)):
            return False
        name = one.name
        positions = self._asked.get(name, ())
        about = [found.about_stores(name, positions) for found in self._found]
        if about[0] != about[1]:
            return False
        same = without_hooks(was.text) == without_hooks(now.text)
        if same and name in self._setters:
            return True
        looked_at = (self._path, name) in self._facts.bodies or self._path in self._facts.paths
        if looked_at or self.named(was) != self.named(now):
            return False
        return self.has_no_sites(was) and self.has_no_sites(now)

    def named(self, body: Body) -> tuple[list[str], list[tuple[str, tuple[str, ...]]]]:
        """What is there of names that others look for."""
        names = frozenset(self._facts.names)
        calls = [
            (call.name, call.arguments)
            for call in body.calls
            if call.name in names or not names.isdisjoint(_WORD.findall(" ".join(call.arguments)))
        ]
        return [word for word in _WORD.findall(body.text) if word in names], calls

    def has_no_sites(self, body: Body) -> bool:
        """Whether nothing is said of calls and stores in a function: it is a setter, or there is
        nothing that could be a finding."""
        from .judge import MAX_STORES, FunctionJudge  # seldom needed, and much to import

        try:
            judge = FunctionJudge(body, self._setters, nobody())
        except (TooDeep, RecursionError):
            return False
        if body.function.name in self._setters:
            return len(judge.events) <= MAX_STORES
        return not judge.may_be_raw()


def _flat(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


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
    from .mapping import Origins  # seldom needed, too

    return Origins(
        lambda _: [], lambda *_: False, lambda *_: None, lambda *_: [], has_hooks=lambda: True
    )


def facts_of(
    setters: Mapping[str, Setter], found: Setters, sensitive: Iterable[Sensitive], looked: Looked
) -> SiteFacts:
    """What is kept of one architecture."""
    by_place = sorted(sensitive, key=lambda one: (one.path, one.line, one.name))
    ordered = tuple(setters[name] for name in sorted(setters))
    return SiteFacts(
        ordered, found.graph(setters), tuple(by_place), found.usual,
        tuple(Asked(*one) for one in found.stores_asked()),
        tuple(sorted(found.reaching())), tuple(sorted(found.others(setters))),
        tuple(sorted(looked.names)), tuple(sorted(looked.bodies)), tuple(sorted(looked.paths)),
    )  # fmt: skip


def declares_the_same(facts: SiteFacts, before: Source, after: Source) -> bool:
    """Whether two contents of a header call and declare the same setters, and other variables that
    matter."""
    if (tables_in(before.code), names_guarded(before.text)) != (
        tables_in(after.code), names_guarded(after.text),
    ):  # fmt: skip
        return False
    setters = {one.name for one in facts.setters}.union(facts.others)
    return all(
        setters.isdisjoint({*NAMES_CALLED.findall(was)} ^ {*NAMES_CALLED.findall(now)})
        for was, now in ((before.text, after.text), (before.code, after.code))
    )


def without_hooks(code: str) -> str:
    """A text without calls of hooks and without layout."""
    text = _STATEMENT.sub(";", code)
    return _EMPTY.sub("", _SPACE.sub(" ", text)).replace(" ", "")
