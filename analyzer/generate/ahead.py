# SPDX-License-Identifier: GPL-2.0-only
"""Whether a function stands behind all that it uses: C knows no name before its declaration.

The evaluator asks for a name wherever it is declared; a compiler does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pycparser import c_ast

from ..frontend import Chunk, Unit

_HOOK = "page_table_check_"
_OURS = ("__builtin_", "__ptc_")  # the compiler's, and what the front end writes for GNU C


def undeclared(unit: Unit, chunk: Chunk) -> frozenset[str]:
    """The names that a function uses and that nothing ahead of it declares.

    A macro that is defined behind the function is one of them. All of the function, by its own
    name, where it cannot be parsed: a type that is not known yet, say.
    """
    node = unit.ast(chunk)
    if node is None:
        return frozenset((chunk.name,))
    own = {chunk.name, *_declared(node)}
    tables = (unit.functions, unit.prototypes, unit.variables, unit.enum_constants)
    return frozenset(
        name for name in {*_used(node)} - own
        if not name.startswith(_OURS)
        and not any(c.start < chunk.start for table in tables for c in table.get(name, ()))
    )  # fmt: skip


def complete(unit: Unit, before: Unit | None, function: str, path: str, hook: str) -> bool:
    """Whether what a function, edited in a header or a .c file, uses is declared ahead of it.

    Not counted: the hook, whose #include is added in the end, and what was not declared ahead of
    it `before` the edit, either (a declaration that the variant lacks).
    """
    chunk = unit.function(function, path)
    if chunk is None or unit.path(chunk) != path:
        return True
    used = {name for name in undeclared(unit, chunk) if not name.startswith(_HOOK)}
    known = before.function(function, path) if before is not None else None
    if before is not None and known is not None:
        used -= undeclared(before, known) if used else set()
    elif _used_before(unit, function):
        return False  # a macro may be defined behind its users, a function may not
    if used:
        return False
    source = unit.source(chunk)
    if not hook or hook not in source or "->vm_mm" not in source:
        return True
    struct = unit.struct("vm_area_struct")
    return struct is None or struct.start < chunk.start


def _used_before(unit: Unit, name: str) -> bool:
    """Whether a function's name stands ahead of all its declarations."""
    declared = (*unit.functions.get(name, ()), *unit.prototypes.get(name, ()))
    first = min(chunk.start for chunk in declared)
    return re.search(rf"\b{re.escape(name)}\b", unit.text[:first]) is not None


def _declared(node: c_ast.Node) -> Iterator[str]:
    """What is declared inside of a function, parameters included."""
    for inner in _nodes(node):
        if isinstance(inner, (c_ast.Decl, c_ast.Typedef, c_ast.Enumerator)) and inner.name:
            yield inner.name


def _used(node: c_ast.Node) -> Iterator[str]:
    """The names in expressions; members of structures are not among them."""
    for inner in _nodes(node):
        if isinstance(inner, c_ast.ID):
            yield inner.name


def _nodes(node: c_ast.Node) -> Iterator[c_ast.Node]:
    """A node and all below it, but for the names of members."""
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        if isinstance(one, c_ast.StructRef):
            todo.append(one.name)
        elif isinstance(one, c_ast.NamedInitializer):
            todo.append(one.expr)
        elif isinstance(one, c_ast.FuncCall) and _is_offsetof(one):
            continue
        else:
            todo.extend(child for _, child in one.children())


def _is_offsetof(call: c_ast.FuncCall) -> bool:
    return isinstance(call.name, c_ast.ID) and call.name.name.endswith("offsetof")
