# SPDX-License-Identifier: GPL-2.0-only
"""Tables of functions that somebody fills anew: a guest of a hypervisor, a kind of processor.

A structure of function pointers that code calls through starts with the functions of its
initializer. Where .c files assign others to its members, those of one folder belong together:
one state of the machine, beside the one that the table starts with. Which of several functions a
member holds in the end is a matter of when they are assigned; all are taken, but for those that
are discarded after boot (`__init`): a table never leads there when users have memory.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from pycparser import c_ast

from ..evaluate.ctype import Node
from ..evaluate.refilling import Filling
from ..frontend import Unit
from ..frontend.core import CoreUnit, Filled, LeftOut

ENTRY_TYPE = re.compile(r"\b(?:pte|pmd|pud)(?:val)?_t\b")
_WORD = re.compile(r"[A-Za-z_]\w*")
_DISCARDED = ".init.text"


def _assigned(table: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(table)}((?:\s*\.\s*\w+)*)\s*=(?!=)([^;]*);")


class Operations:
    """The assignments to tables of functions in the .c files of one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._folders: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, dict[str, list[str]]] = {}
        self._spans: list[tuple[int, int, str]] | None = None

    def folders(self, table: str) -> tuple[str, ...]:
        """The folders whose files put functions about entries into a table, sorted."""
        known = self._folders.get(table)
        if known is None:
            known = self._folders[table] = tuple(sorted(self._fillers(table)))
        return known

    def fillings(self, table: str, folder: str) -> list[Filling]:
        """The assignments that the files of a folder make: of single members first."""
        found: list[Filling] = []
        for name in dict.fromkeys(self._fillers(table).get(folder, ())):
            for chunk in self._unit.functions.get(name, ()):
                path = self._unit.path(chunk)
                if path.rpartition("/")[0] != folder:
                    continue
                node = self._unit.ast(chunk)
                if node is not None:
                    found += _fillings(node.body, table, path)
        return sorted(found, key=lambda one: isinstance(one.value, c_ast.StructRef))

    def texts(self, table: str) -> list[str]:
        """The functions that fill a table, as text."""
        names = {name for names in self._fillers(table).values() for name in names}
        return [
            self._unit.source(chunk)
            for name in sorted(names)
            for chunk in self._unit.functions.get(name, ())
        ]

    def searched(self, tables: Iterable[str]) -> tuple[Filled, ...]:
        """What is found out about tables, in a form that can be kept."""
        for table in tables:
            self._fillers(table)
        return tuple(
            Filled(table, tuple((folder, tuple(names)) for folder, names in found.items()))
            for table, found in sorted(self._found.items())
        )

    def discarded(self, name: str, near: str) -> bool:
        """Whether a function is gone when the kernel has booted."""
        chunk = self._unit.function(name, near)
        if chunk is None:
            return False
        return _DISCARDED in self._unit.source(chunk).partition("{")[0]

    def _fillers(self, table: str) -> dict[str, list[str]]:
        """The functions that assign to a table, by folder; only folders that matter."""
        known = self._found.get(table)
        if known is not None:
            return known
        text, pattern = self._unit.text, _assigned(table)
        found: dict[str, list[str]] = {}
        matter: set[str] = set()
        start = text.find(f"{table}")
        while start >= 0:
            match = pattern.match(text, start)
            place = self._function_at(start) if match is not None else None
            if match is not None and place is not None:
                name, path = place
                folder = path.rpartition("/")[0]
                found.setdefault(folder, []).append(name)
                if folder not in matter and self._about_entries(match[2]):
                    matter.add(folder)
            start = text.find(table, start + 1)
        known = {folder: names for folder, names in found.items() if folder in matter}
        self._found[table] = known
        return known

    def _function_at(self, position: int) -> tuple[str, str] | None:
        """The function of a .c file that a place of the text lies in, and its file."""
        unit = self._unit
        if self._spans is None:
            self._spans = sorted(
                (chunk.start, chunk.end, name)
                for name, chunks in unit.functions.items()
                for chunk in chunks
            )
        at = bisect_right(self._spans, (position, len(unit.text), "")) - 1
        if at < 0 or position >= self._spans[at][1]:
            return None
        start, _, name = self._spans[at]
        path = next(unit.path(c) for c in unit.functions[name] if c.start == start)
        return (name, path) if path.endswith(".c") else None

    def _about_entries(self, value: str) -> bool:
        """Whether a value names a function that deals with entries, or a table that does."""
        unit = self._unit
        for word in _WORD.findall(value):
            for chunk in unit.functions.get(word, ()):
                if ENTRY_TYPE.search(unit.source(chunk).partition("{")[0]):
                    return True
            variable = unit.variable(word)
            initial = unit.source(variable).partition("=")[2] if variable is not None else ""
            if initial and self._about_entries(initial):
                return True
        return False


class KeptOperations(Operations):
    """What is known of a whole unit, where only a part of it is at hand."""

    def __init__(self, unit: CoreUnit) -> None:
        super().__init__(unit)
        for one in unit.searched.filled:
            self._found[one.table] = {folder: list(names) for folder, names in one.fillers}

    def _fillers(self, table: str) -> dict[str, list[str]]:
        known = self._found.get(table)
        if known is None:
            raise LeftOut(table)
        return known


def _fillings(body: Node, table: str, path: str) -> list[Filling]:
    found: list[Filling] = []
    todo = [body]
    while todo:
        node = todo.pop()
        if isinstance(node, c_ast.Assignment) and node.op == "=" and _root(node.lvalue) == table:
            line = node.coord.line if node.coord else 0
            found.append(Filling(path, line or 0, node.lvalue, node.rvalue))
        todo.extend(child for _, child in node.children())
    return sorted(found, key=lambda one: one.line)


def _root(node: Node) -> str:
    while isinstance(node, c_ast.StructRef) and node.type == ".":
        node = node.name
    return str(node.name) if isinstance(node, c_ast.ID) else ""
