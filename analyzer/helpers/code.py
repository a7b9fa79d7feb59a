# SPDX-License-Identifier: GPL-2.0-only
"""A unit of the front end as the evaluator wants it: parsed nodes by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pycparser import c_ast

from ..evaluate.ctype import Node
from ..evaluate.refilling import Filling
from ..frontend import Chunk, Unit
from ..frontend.core import CoreUnit, Searched
from .operations import KeptOperations, Operations
from .probes import BOOT, INITIAL, ZERO
from .setting import KeptSetting, Setting

_WORD = re.compile(r"[A-Za-z_]\w*")


class UnitCode:
    """Answers the evaluator's questions from one unit; implements `evaluate.code.Code`."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._functions: dict[tuple[str, str], Node | None] = {}
        self._callees: dict[str, frozenset[str]] = {}
        self._variables: dict[tuple[str, str], Node | None] = {}
        self._setting = KeptSetting(unit) if isinstance(unit, CoreUnit) else Setting(unit)
        self._operations = KeptOperations(unit) if isinstance(unit, CoreUnit) else Operations(unit)

    def function_node(self, name: str, near: str) -> Node | None:
        """The FuncDef of a function, that of the file `near` when static names clash."""
        chunks = self.unit.functions.get(name)
        if not chunks:
            return None
        key = (name, near if len(chunks) > 1 else "")
        if key not in self._functions:
            chunk = self.unit.function(name, near)
            node = self.unit.ast(chunk) if chunk is not None else None
            self._functions[key] = node if isinstance(node, c_ast.FuncDef) else None
        return self._functions[key]

    def prototype_node(self, name: str) -> Node | None:
        chunk = self.unit.prototype(name)
        node = self.unit.ast(chunk) if chunk is not None else None
        return node if node is not None and isinstance(node.type, c_ast.FuncDecl) else None

    def variable_node(self, name: str, near: str) -> Node | None:
        chunk = self._variable(name, near)
        return self.unit.ast(chunk) if chunk is not None else None

    def variable_home(self, name: str, near: str) -> str:
        """`near` where that file has a variable of its own of this name, else ''."""
        if len(self.unit.variables.get(name, ())) < 2:
            return ""
        chunk = self._variable(name, near)
        if chunk is None or not self.unit.source(chunk).startswith("static"):
            return ""
        return near if self.unit.path(chunk) == near else ""

    def _variable(self, name: str, near: str) -> Chunk | None:
        chunks = self.unit.variables.get(name, ())
        if near and len(chunks) > 1:
            for chunk in chunks:
                if self.unit.path(chunk) == near and "=" in self.unit.source(chunk):
                    return chunk
        return self.unit.variable(name)

    def initial_nodes(self, name: str, near: str) -> list[Node]:
        """Initializers of a global: its own, or those of its definitions elsewhere in the tree."""
        node = self.variable_node(name, near)
        if node is None or not isinstance(node, c_ast.Decl):
            return []
        if node.init is not None:
            return [node.init]
        found: list[Node] = []
        while True:
            chunk = self.unit.variable(f"{INITIAL}{len(found)}_{name}")
            probe = self.unit.ast(chunk) if chunk is not None else None
            if probe is None:
                return found
            found.append(probe.init)

    def initial_texts(self, name: str) -> list[str]:
        """The texts of `initial_nodes` that stand elsewhere in the tree."""
        found: list[str] = []
        while True:
            chunk = self.unit.variable(f"{INITIAL}{len(found)}_{name}")
            if chunk is None:
                return found
            found.append(self.unit.source(chunk))

    def starts_as_zero(self, name: str, structure: bool = False) -> bool:
        """Whether the tree defines a global without an initializer.

        A structure that a header of the architecture declares, and nobody who deals with entries
        initialises, is taken for one: the layout of memory that firmware or a boot loader fills.
        """
        if f"{ZERO}{name}" in self.unit.variables:
            return True
        paths = [self.unit.path(chunk) for chunk in self.unit.variables.get(name, ())]
        return structure and any(p.startswith("arch/") and "/include/" in p for p in paths)

    def otherwise(self, name: str) -> Node | None:
        """What a global has on machines where the boot code does not give it its value."""
        node: Any = self.variable_node(f"{BOOT}{name}", "")
        return None if node is None else node.init

    def otherwise_text(self, name: str) -> str:
        """The text of `otherwise`; "" where there is none."""
        chunk = self.unit.variable(f"{BOOT}{name}")
        return "" if chunk is None else self.unit.source(chunk)

    def assigned_in(self, function: str) -> set[str]:
        """What functions of a name in .c files assign."""
        return self._setting.assigned_in(function)

    def setters(self, name: str) -> tuple[str, ...]:
        """The functions whose run gives a global its value."""
        return self._setting.setters(name)

    def carriers(self, name: str) -> frozenset[str]:
        """The functions between them and the assignments."""
        return self._setting.carriers(name)

    def chooser(self, names: tuple[str, ...]) -> str:
        """The function that picks one of several setters."""
        return self._setting.chooser(names)

    def setting_texts(self, name: str) -> list[str]:
        """The texts of all of these."""
        return self._setting.texts(name)

    def fillers(self, table: str) -> tuple[str, ...]:
        """The folders whose files fill a table of functions anew."""
        return self._operations.folders(table)

    def fillings(self, table: str, folder: str) -> list[Filling]:
        """What one of them assigns, with the files' names."""
        return self._operations.fillings(table, folder)

    def filling_texts(self, table: str) -> list[str]:
        """The texts of the functions that fill a table."""
        return self._operations.texts(table)

    def searched(self, variables: Iterable[str], tables: Iterable[str]) -> Searched:
        """What is found out about variables, and tables of functions, by looking through the
        whole unit."""
        assigned = self._setting.searched(variables)
        others = self._setting.others(one.variable for one in assigned)
        return Searched(assigned, others, self._operations.searched(tables))

    def discarded(self, name: str, near: str) -> bool:
        """Whether a function is gone after boot."""
        return self._operations.discarded(name, near)

    def typedef_node(self, name: str) -> Node | None:
        chunk = self.unit.typedef(name)
        return self.unit.ast(chunk) if chunk is not None else None

    def struct_node(self, tag: str) -> Node | None:
        chunk = self.unit.struct(tag)
        return self.unit.ast(chunk) if chunk is not None else None

    def enum_node(self, constant: str) -> Node | None:
        chunk = self.unit.enum_constant(constant)
        return self.unit.ast(chunk) if chunk is not None else None

    def has_function(self, name: str) -> bool:
        return name in self.unit.functions

    def callees(self, name: str) -> frozenset[str]:
        """Every identifier in the body of a function."""
        known = self._callees.get(name)
        if known is None:
            found: set[str] = set()
            for chunk in self.unit.functions.get(name, ()):
                found.update(_WORD.findall(self.unit.text, chunk.start, chunk.end))
            found.discard(name)
            known = frozenset(word for word in found if "_" in word or word in self.unit.functions)
            self._callees[name] = known
        return known

    def problem(self, name: str) -> str:
        """Why a function that the unit has could not be used; '' when it has none."""
        for chunk in self.unit.functions.get(name, ()):
            location = self.unit.location(chunk)
            reason = self.unit.unparsed.get(location)
            if reason is not None:
                return f" ({location} does not parse: {reason})"
        return ""
