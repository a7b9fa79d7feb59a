# SPDX-License-Identifier: GPL-2.0-only
"""Statements that cannot matter to an entry: an unknown condition before one needs no fork.

`if (cpu_has_walker) stop_the_walker();` changes registers and somebody's counters. Such a
statement is passed over: it declares what it assigns or assigns what is no local, calls nothing
that reaches a hook, is given no entry's address, and does not leave its function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pycparser import c_ast

from .core import Core
from .ctype import Node
from .leaving import CLEANS_UP
from .memory import Variable
from .names import Scope
from .values import FuncRef, Int, Opaque, Payload, SlotInt, Text

_ASM = "__ptc_asm"
BUILD_ERROR: Final = "__compiletime_assert"
NO_RETURN: Final = frozenset({"panic", "__bug", "BUG", "do_exit", "__builtin_trap"})
ENDS: Final = NO_RETURN | {"__builtin_unreachable"}
_LEAVES = (c_ast.Return, c_ast.Goto, c_ast.Break, c_ast.Continue, c_ast.Label, c_ast.Case)


@dataclass(frozen=True, slots=True)
class Reach:
    """The names that a statement uses and changes that are not its own, and what it calls."""

    used: frozenset[str]
    changed: frozenset[str]
    called: frozenset[str]
    branches: bool


class Harmless(Core):
    """Decides whether a statement may be passed over."""

    def noted_reach(self, name: str) -> bool:
        raise NotImplementedError

    def is_harmless(self, node: Node | None, scope: Scope) -> bool:
        """Whether nothing that a verdict depends on can change in a statement."""
        if node is None:
            return True
        if self.transparent:
            return False  # what counts is called by its own name
        reach = self._reach_of(node)
        if reach is None:
            return False
        for name in reach.used:
            found = _local(name, scope)
            if found is None:
                continue
            if name in reach.changed or any(self._leads(p) for _, p in found.cells.values()):
                return False
            if found.fill is not None and found.fill.slot:
                return False
        for name in sorted(reach.called):
            self.questions.add(("function", name, ""))
            if ENDS & self.code.callees(name) or self.noted_reach(name):
                return False
        return True

    def _leads(self, payload: Payload) -> bool:
        """Whether a value leads to an object that somebody could change: then it matters."""
        if isinstance(payload, int):  # the address of a local variable is such a number, too
            return not isinstance(self.at_address(Int(payload, self.bits, False)), Int)
        if isinstance(payload, (FuncRef, Text)):
            return False
        if isinstance(payload, Opaque):
            return payload.slot
        return isinstance(payload, SlotInt) or not isinstance(payload, Int)

    def is_idle_block(self, node: Node, scope: Scope) -> bool:
        """Whether `do { ... } while (0)` holds conditions and nothing that matters."""
        once = isinstance(node.cond, c_ast.Constant) and node.cond.value == "0"
        if not once or not self.run.stack or not self.may_be_idle(node.stmt):
            return False
        return self.is_harmless(node.stmt, scope)

    def may_be_idle(self, node: Node | None) -> bool:
        """Whether a block has conditions, and could be passed over for its form."""
        reach = None if node is None else self._reach_of(node)
        return reach is not None and bool(reach.branches)

    def _reach_of(self, node: Node) -> Reach | None:
        if node not in self.reached:
            self.reached[node] = _reach(node)
        found: Reach | None = self.reached[node]
        return found

    def pass_over(self, *nodes: Node | None) -> None:
        """Leaves statements out; what they write that is no local is not known any more."""
        for node in nodes:
            reach = self.reached.get(node) if node is not None else None
            for name in sorted(reach.changed) if reach is not None else ():
                if name and self.code.variable_node(name, self.run.location.path) is not None:
                    self.global_variable(name)
                    self.run.written.add(name)
        self.forget_globals("a branch that was passed over")


def _local(name: str, scope: Scope | None) -> Variable | None:
    while scope is not None:
        found = scope.names.get(name)
        if found is not None:
            return found
        scope = scope.outer
    return None


def _goes_on(node: Node) -> bool:
    """Whether a loop has no condition to end by."""
    if not isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile)):
        return False
    return node.cond is None or (isinstance(node.cond, c_ast.Constant) and node.cond.value != "0")


def _reach(node: Node) -> Reach | None:
    """What a statement reaches; None when it leaves its function or cannot be told."""
    declared: set[str] = set()
    used: set[str] = set()
    changed: set[str] = set()
    called: set[str] = set()
    branches = False
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, _LEAVES) or _goes_on(item):
            return None
        branches |= isinstance(item, c_ast.If)
        if isinstance(item, c_ast.Decl):
            declared.add(str(item.name))
        elif isinstance(item, c_ast.ID):
            used.add(str(item.name))
        elif isinstance(item, c_ast.FuncCall):
            if not isinstance(item.name, c_ast.ID):
                return None  # a call through a pointer
            name = str(item.name.name)
            if name in ENDS or name.startswith(BUILD_ERROR):
                return None
            if name == _ASM:
                changed |= _asm_outputs(item)
            elif name == CLEANS_UP:
                called.add(str(item.args.exprs[0].name))
            elif not name.startswith("__ptc_"):
                called.add(name)
        elif isinstance(item, c_ast.Assignment):
            changed.add(_root(item.lvalue))
        elif isinstance(item, c_ast.UnaryOp) and item.op in ("&", "++", "--", "p++", "p--"):
            changed.add(_root(item.expr))
        todo.extend(child for _, child in item.children())
    return Reach(
        frozenset(used - declared - called),
        frozenset(changed - declared),
        frozenset(called),
        branches,
    )


def _asm_outputs(call: Node) -> set[str]:
    found = set()
    for argument in call.args.exprs[1:] if call.args is not None else []:
        if argument.name.name == "__ptc_asm_out" and argument.args is not None:
            found.add(_root(argument.args.exprs[-1]))
    return found


def _root(node: Node) -> str:
    while isinstance(node, (c_ast.ArrayRef, c_ast.StructRef, c_ast.Cast)):
        node = node.expr if isinstance(node, c_ast.Cast) else node.name
    return str(node.name) if isinstance(node, c_ast.ID) else ""
