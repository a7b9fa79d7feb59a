# SPDX-License-Identifier: GPL-2.0-only
"""Whether two texts of a function are the same to whoever runs it.

Parentheses that change nothing are not in the tree of a function, and the names of its local
variables mean nothing outside of it.
"""

from __future__ import annotations

from pycparser import c_ast

from analyzer.frontend.cparse import Node

_NAMED = (c_ast.ID, c_ast.Decl, c_ast.TypeDecl)
_NAMES = frozenset({"name", "declname"})


def renamed(old: Node, new: Node) -> set[str] | None:
    """The names that local variables had and have, where two definitions differ in nothing else:
    each has one new name wherever it stands, which nothing else has. None where more differs."""
    if not (isinstance(old, c_ast.FuncDef) and isinstance(new, c_ast.FuncDef)):
        return None
    there: dict[str, str] = {}
    back: dict[str, str] = {}
    todo: list[tuple[Node, Node, bool]] = [(old, new, False)]
    while todo:
        one, other, exact = todo.pop()
        if type(one) is not type(other):
            return None
        for attribute in one.attr_names:
            first, second = getattr(one, attribute), getattr(other, attribute)
            if isinstance(one, _NAMED) and attribute in _NAMES and first and second and not exact:
                if there.setdefault(first, second) != second:
                    return None
                if back.setdefault(second, first) != first:
                    return None
            elif first != second:
                return None
        children, others = one.children(), other.children()
        if [name for name, _ in children] != [name for name, _ in others]:
            return None
        for (name, child), (_, twin) in zip(children, others, strict=True):
            todo.append((child, twin, _is_member(one, name)))
    pairs = {(first, second) for first, second in there.items() if first != second}
    mine, its = _locals(old), _locals(new)
    if not all(first in mine and second in its for first, second in pairs):
        return None
    return {name for pair in pairs for name in pair}


def _is_member(parent: Node, name: str) -> bool:
    """Whether a part of a node is the name of a member of a structure."""
    if isinstance(parent, c_ast.StructRef):
        return name == "field"
    if isinstance(parent, c_ast.NamedInitializer):
        return name.startswith("name")
    return isinstance(parent, (c_ast.Struct, c_ast.Union))


def _locals(function: Node) -> set[str]:
    """The variables that the body of a function declares."""
    found = set()
    todo = [function.body]
    while todo:
        node = todo.pop()
        if isinstance(node, c_ast.Decl) and node.name and not _is_shared(node):
            found.add(node.name)
        if not isinstance(node, (c_ast.Struct, c_ast.Union)):
            todo += [child for _, child in node.children()]
    return found


def _is_shared(node: Node) -> bool:
    """Whether what is declared is not the function's alone, or its name is told to others."""
    return bool(node.storage) or isinstance(node.type, c_ast.FuncDecl)


__all__ = ["renamed"]
