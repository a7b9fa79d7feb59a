# SPDX-License-Identifier: GPL-2.0-only
"""Who calls what, and which variables are tables, as one architecture sees it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from .body import Body
from .mapping import Use
from .reading import SourceFile
from .sensitive import Looked

_TABLE: Final = re.compile(
    r"^(?:(?:extern|static|const|__\w+)\s+)*(?:pte|pmd|pud|p4d|pgd)_t\b\s*(?:__\w+\s+)*\*?\s*"
    r"(?:__\w+\s+)*(\w+)\s*[\[;=_,]",
    re.M,
)
_HOOK: Final = re.compile(r"^_+page_table_check_ptes?_(?:clear|set)")
MAX_CALLERS: Final = 40


def tables_in(code: str) -> list[str]:
    """The variables in a text that are tables, or point to one."""
    return _TABLE.findall(code)


class View:
    """Who calls what, as one architecture sees it; `looked` notes what was asked of it."""

    def __init__(self, files: dict[str, SourceFile]) -> None:
        self._files = files
        self._names: set[str] = set()
        self._bodies: set[tuple[str, str]] = set()
        self._paths: set[str] = set()
        self._uses: dict[tuple[str, str], list[Use]] = {}
        self._tables: frozenset[str] | None = None
        self._calls: dict[str, list[tuple[SourceFile, Body]]] | None = None

    def looked(self, searched: Iterable[str]) -> Looked:
        """What was asked so far; `searched` are files that were searched by others."""
        return Looked(
            frozenset(self._names), frozenset(self._bodies), frozenset(self._paths.union(searched))
        )

    def _noted(self, body: Body) -> Body:
        self._bodies.add((body.source.path, body.function.name))
        return body

    def is_table(self, body: Body, name: str) -> bool:
        """Whether a name is a variable of the kernel that is a table, or points to one."""
        if self._tables is None:
            self._tables = frozenset(
                name for file in self._files.values() for name in _TABLE.findall(file.source.code)
            )
        return name in self._tables and name not in body.types

    def is_array(self, member: str) -> bool:
        """Whether a structure has a member of a name that is an array of entries."""
        declared = re.compile(rf"\b(?:pte|pmd|pud)_t\s+{re.escape(member)}\s*\[")
        self._names.add(member)
        return any(declared.search(file.source.code) for file in self._files.values())

    def has_hooks(self) -> bool:
        """Whether the tree has page table check, whoever calls its hooks."""
        return any(_HOOK.match(name) for file in self._files.values() for name in file.by_name)

    def maker(self, body: Body, name: str) -> Body | None:
        """The function of a name that the same file defines."""
        own = self._files.get(body.source.path)
        found = own.by_name.get(name, ()) if own is not None else ()
        return self._noted(found[0]) if found else None

    def callers(self, body: Body) -> list[Use]:
        """Where the function's name stands: calls, and the calls that it is handed to."""
        name = body.function.name
        path = body.source.path
        scope = path if body.function.is_static and path.endswith(".c") else ""
        key = (name, scope)
        if key not in self._uses:
            self._names.add(name)
            self._uses[key] = self._find(name, scope)
            for use in self._uses[key]:
                self._noted(use.body)
        return self._uses[key]

    def through(self, body: Body, position: int) -> list[str]:
        """What is given for a parameter where a function is called through a member.

        That is any call `ops->member(...)` where the file says `.member = function`.
        """
        own = re.compile(rf"\.(\w+)\s*=\s*&?{re.escape(body.function.name)}\s*[,}}]")
        members = set(own.findall(body.source.code))
        self._paths.add(body.source.path)
        self._names |= members
        return [
            call.arguments[position]
            for file in self._files.values()
            if any(f">{member}(" in file.source.code for member in members)
            for other in file.bodies
            for call in other.calls
            if call.name in members and self._noted(other) and position < len(call.arguments)
        ]

    def _find(self, name: str, scope: str) -> list[Use]:
        files = [self._files[scope]] if scope in self._files else list(self._files.values())
        word = re.compile(rf"\b{re.escape(name)}\b(?!\s*\()")
        found: list[Use] = []
        for file in files:
            if name not in file.source.code:
                continue
            for body in file.bodies:
                if body.function.name == name or name not in body.text:
                    continue
                for call in body.calls:
                    if call.name == name:
                        found.append(Use(body, call, True))
                    elif any(word.search(argument) for argument in call.arguments):
                        found.append(Use(body, call, False))
                    if len(found) >= MAX_CALLERS:
                        return found
            for holder in _holders(file.source.code, name):
                self._names.add(holder)
                found += self._handed(file, holder)
        return found[:MAX_CALLERS]

    def _handed(self, file: SourceFile, holder: str) -> list[Use]:
        """Calls that are given a table of functions in which the name stands."""
        given = re.compile(rf"&\s*{re.escape(holder)}\b")
        return [
            Use(body, call, False)
            for body in file.bodies
            if holder in body.text
            for call in body.calls
            if any(given.match(argument) for argument in call.arguments)
        ]


def _holders(code: str, name: str) -> Iterator[str]:
    """Variables that are initialised with a function's address: `x = { .pte_entry = name }`."""
    for match in re.finditer(rf"=\s*&?{re.escape(name)}\s*[,;}}]", code):
        brace = code.rfind("{", 0, match.start())
        if brace < 0:
            continue
        head = re.search(r"(\w+)\s*(?:\[[^\]]*\])?\s*=\s*$", code[max(0, brace - 200) : brace])
        if head is not None:
            yield head[1]
