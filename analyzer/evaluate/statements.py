# SPDX-License-Identifier: GPL-2.0-only
"""Statements: blocks, declarations with initializers, loops, switches, jumps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeAlias

from pycparser import c_ast

from . import arith
from .ctype import ArrayType, Node, UnknownType
from .harmless import Harmless
from .initializers import Initializers
from .leaving import CLEANUP, Leaving
from .memory import Variable
from .merge import state_of
from .names import Scope, condition_key
from .values import Int, Opaque, PathEnds, Pointer, Struct, Text, Unjudged, Value

MAX_ITERATIONS: Final = 5000
MAX_UNDECIDED: Final = 40  # rounds of a loop that an unknown condition keeps going
NO_END: Final = "a loop that does not end"
FOR_EVER: Final = "a loop that goes on for ever on this path"
MAX_OPAQUE_ITERATIONS: Final = 2  # a loop whose condition is unknown is left after that many


State: TypeAlias = tuple[Hashable, int] | None


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    def __init__(self, value: Value | None) -> None:
        self.value = value


class Jump(Exception):
    def __init__(self, label: str) -> None:
        self.label = label


NOTHING: Final = Int(0)


class Statements(Initializers, Harmless, Leaving):
    """Executes statements; a statement's value is that of its last expression (GNU C)."""

    def statement_methods(self) -> dict[type, Callable[[Any, Scope], Value]]:
        return {
            c_ast.Compound: self._block,
            c_ast.Decl: self._declaration,
            c_ast.DeclList: self._declarations,
            c_ast.If: self._if,
            c_ast.For: self._for,
            c_ast.While: self._while,
            c_ast.DoWhile: self._do,
            c_ast.Switch: self._switch,
            c_ast.Return: self._return,
            c_ast.Break: self._break,
            c_ast.Continue: self._continue,
            c_ast.Goto: self._goto,
            c_ast.Label: self._label,
            c_ast.EmptyStatement: self._empty,
            c_ast.Typedef: self._typedef,
            c_ast.StaticAssert: self._empty,
            c_ast.Pragma: self._empty,
            c_ast.Struct: self._empty,
            c_ast.Enum: self._empty,
            c_ast.FuncDef: self._empty,
            c_ast.AttributedStatement: self._attributed,
        }

    def _empty(self, node: Node, scope: Scope) -> Value:
        return NOTHING

    def _typedef(self, node: Node, scope: Scope) -> Value:
        if self.code.typedef_node(node.name) is None:
            self.types.define(node.name, self.type_of_name(node.type, scope))
        return NOTHING

    def _attributed(self, node: Node, scope: Scope) -> Value:
        return self.evaluate(node.stmt, scope)

    def _block(self, node: Node, scope: Scope) -> Value:
        items = node.block_items or []
        inner = Scope(scope)
        value: Value = NOTHING
        position = 0
        jumps = 0
        state: State = None
        try:
            while position < len(items):
                try:
                    value = self.evaluate(items[position], inner)
                    position += 1
                except Jump as jump:
                    target = self.find_label(items, jump.label)
                    jumps += 1
                    if target is None or jumps > MAX_ITERATIONS:
                        raise
                    state = self.moved_on(state, jump.label, inner)
                    position = target
        except (Return, Break, Continue, Jump):
            self.leave(inner)
            raise
        if inner.ends is not None:
            self.leave(inner)
        return value

    def moved_on(self, before: State, label: str, scope: Scope) -> State:
        """The state at a jump to a label, and how often a choice was asked for until then.

        Where both are those of the jump before, it is taken for ever: what is not known answers
        as it did then. Raises PathEnds; Unjudged, if nothing that is not known was asked.
        """
        found, decided = state_of(self.run, scope), self.run.decided
        state = None if found is None else (label, found)
        if state is not None and before is not None and state == before[0]:
            if decided > before[1]:
                raise PathEnds(FOR_EVER)
            raise Unjudged(NO_END)
        return state, decided

    @staticmethod
    def find_label(items: list[Node], label: str) -> int | None:
        for index, item in enumerate(items):
            inner = item
            while isinstance(inner, c_ast.Label):
                if inner.name == label:
                    return index
                inner = inner.stmt
        return None

    def _label(self, node: Node, scope: Scope) -> Value:
        return self.evaluate(node.stmt, scope)

    def _goto(self, node: Node, scope: Scope) -> Value:
        raise Jump(node.name)

    def _return(self, node: Node, scope: Scope) -> Value:
        raise Return(None if node.expr is None else self.evaluate(node.expr, scope))

    def _break(self, node: Node, scope: Scope) -> Value:
        raise Break

    def _continue(self, node: Node, scope: Scope) -> Value:
        raise Continue

    def _if(self, node: Node, scope: Scope) -> Value:
        value = self.evaluate(node.cond, scope)
        if self.passed_over(node, value, scope):
            return NOTHING
        if self.truth(value, node):
            if node.iftrue is not None:
                self.evaluate(node.iftrue, scope)
        elif node.iffalse is not None:
            self.evaluate(node.iffalse, scope)
        return NOTHING

    def passed_over(self, node: Node, value: Value, scope: Scope) -> bool:
        """Passes over both ways of a condition that is not known, if neither matters."""
        if (
            isinstance(value, Opaque)
            and not value.nonnull
            and condition_key(value.name)[0] not in self.run.memo
            and self.run.stack
            and self.is_harmless(node.iftrue, scope)
            and self.is_harmless(node.iffalse, scope)
        ):
            self.pass_over(node.iftrue, node.iffalse)
            return True
        return False

    # -- declarations

    def _declarations(self, node: Node, scope: Scope) -> Value:
        for decl in node.decls:
            self._declaration(decl, scope)
        return NOTHING

    def _declaration(self, node: Node, scope: Scope) -> Value:
        if node.name is None or isinstance(node.type, c_ast.FuncDecl):
            return NOTHING
        if node.name.startswith(CLEANUP):
            self.clean_up_after(node.init, scope)
            return NOTHING
        guesses = self.guesses
        ctype = self.type_of_name(node.type, scope)
        var = Variable(node.name, ctype)
        var.guessed = self.guesses != guesses
        if node.init is None:
            scope.names[node.name] = var
            return NOTHING
        self.mark(node)
        if isinstance(node.init, c_ast.ID) and node.init.name == node.name:
            scope.names[node.name] = var  # `int x = x;` says: not initialised, do not warn
            return NOTHING
        self.begin(var, self.initial(node.init, ctype, scope), scope)
        return NOTHING

    def begin(self, var: Variable, value: Value, scope: Scope) -> None:
        """Declares a variable that begins with a value."""
        ctype = var.ctype
        if isinstance(ctype, UnknownType):
            var.ctype, var.guessed = self.type_of_value(value), True
        elif isinstance(ctype, ArrayType) and isinstance(value, Struct):
            var.ctype = ArrayType(ctype.element, ctype.length or self._length(value, ctype))
        scope.names[var.name] = var
        if not isinstance(value, Text) or not isinstance(ctype, ArrayType):
            self.memory.store(var, 0, value, var.ctype if not isinstance(value, Struct) else None)

    @staticmethod
    def _length(value: Struct, ctype: ArrayType) -> int:
        end = max((at + cell[0] for at, cell in value.cells.items()), default=0)
        return -(-end // ctype.element.size)

    # -- loops

    def evaluate_again(self, node: Node, scope: Scope, iteration: int) -> Value:
        """Evaluates a part of a loop, in one of its rounds."""
        return self.evaluate(node, scope)

    def _holds(self, cond: Node, scope: Scope, iteration: int) -> bool:
        sense = True
        while isinstance(cond, c_ast.UnaryOp) and cond.op == "!":  # !list_entry_is_head(...)
            cond, sense = cond.expr, not sense
        value = self.evaluate_again(cond, scope, iteration)
        if isinstance(value, Opaque) and not value.nonnull:
            if iteration >= MAX_OPAQUE_ITERATIONS:
                return False
            self.mark(cond)
            return bool(self.run.choose(value.name)) == sense
        return self.truth(value, cond) == sense

    def _loop(
        self, cond: Node | None, body: Node, step: Node | None, scope: Scope, first: bool
    ) -> Value:
        outer, self.run.round = self.run.round, 0
        try:
            return self._rounds(cond, body, step, scope, first)
        finally:
            self.run.round = outer

    def _rounds(
        self, cond: Node | None, body: Node, step: Node | None, scope: Scope, first: bool
    ) -> Value:
        iteration = 0
        decided = self.run.decided
        while True:
            if (iteration or not first) and cond is not None:
                round_ = iteration if not first else iteration - 1
                if not self._holds(cond, scope, round_):
                    return NOTHING
            try:
                if body is not None:
                    self.evaluate_again(body, scope, iteration)
            except Break:
                return NOTHING
            except Continue:
                pass
            if step is not None:
                self.evaluate_again(step, scope, iteration)
            iteration += 1
            self.run.round = iteration
            if iteration > MAX_UNDECIDED and self.run.decided - decided >= iteration:
                where = f" of {self.run.stack[-1].function}()" if self.run.stack else ""
                raise PathEnds(f"a loop{where} has unknown conditions in too many rounds")
            if iteration > MAX_ITERATIONS:
                raise Unjudged(NO_END)

    def _while(self, node: Node, scope: Scope) -> Value:
        return self._loop(node.cond, node.stmt, None, scope, first=False)

    def _do(self, node: Node, scope: Scope) -> Value:
        if self.is_idle_block(node, scope):
            self.pass_over(node.stmt)
            return NOTHING
        return self._loop(node.cond, node.stmt, None, scope, first=True)

    def _for(self, node: Node, scope: Scope) -> Value:
        inner = Scope(scope)
        try:
            if node.init is not None:
                self.evaluate(node.init, inner)
            result = self._loop(node.cond, node.stmt, node.next, inner, first=False)
        except (Return, Jump):
            self.leave(inner)
            raise
        self.leave(inner)
        return result

    # -- switch

    def _switch(self, node: Node, scope: Scope) -> Value:
        value = self.number(self.evaluate(node.cond, scope))
        if isinstance(value, Int):
            value = arith.promote(value)
        items = _items_of(node)
        start = self._select(value, items, node, scope)
        if start is None:
            return NOTHING
        inner = Scope(scope)
        try:
            for item in items[start:]:
                for statement in _parts_of(item):
                    self.evaluate_again(statement, inner, 0)
        except Break:
            pass
        except (Return, Continue, Jump):
            self.leave(inner)
            raise
        self.leave(inner)
        return NOTHING

    def _select(
        self, value: Int | Opaque, items: list[Node], node: Node, scope: Scope
    ) -> int | None:
        arms = [i for i, item in enumerate(items) if isinstance(item, (c_ast.Case, c_ast.Default))]
        if any(_hides_case(item) for item in items):
            raise Unjudged("a case inside a nested block")
        default = next((i for i in arms if isinstance(items[i], c_ast.Default)), None)
        if isinstance(value, Opaque):
            self.mark(node)
            ways = arms if default is not None else [*arms, -1]
            if not ways:
                return None
            picked = ways[self.run.choose(f"switch ({value.name})", len(ways))]
            return None if picked < 0 else picked
        for index in arms:
            item = items[index]
            if isinstance(item, c_ast.Default):
                continue
            expr = item.expr
            if isinstance(expr, c_ast.BinaryOp) and expr.op == "...":
                low, high = (
                    self.constant_expression(expr.left),
                    self.constant_expression(expr.right),
                )
                if low <= value.value <= high:
                    return index
                continue
            label = self.number(self.evaluate(expr, scope))
            if isinstance(label, Opaque):
                raise Unjudged(f"case {label.name} is no constant")
            if Int(label.value, value.bits, value.signed).value == value.value:
                return index
        return default


def _items_of(node: Node) -> list[Node]:
    """The cases of a switch, and statements between them."""
    body = node.stmt
    return (body.block_items or []) if isinstance(body, c_ast.Compound) else [body]


def _parts_of(item: Node) -> list[Node]:
    return (item.stmts or []) if isinstance(item, (c_ast.Case, c_ast.Default)) else [item]


def statements_of(node: Node) -> list[Node]:
    """The statements of a switch, of all its cases."""
    return [statement for item in _items_of(node) for statement in _parts_of(item)]


def _hides_case(node: Node) -> bool:
    """Whether a statement of a switch has cases of that switch inside a block of its own."""
    todo = list(node.stmts or []) if isinstance(node, (c_ast.Case, c_ast.Default)) else [node]
    while todo:
        item = todo.pop()
        if isinstance(item, (c_ast.Case, c_ast.Default)):
            return True
        if isinstance(item, (c_ast.Compound, c_ast.If, c_ast.For, c_ast.While, c_ast.DoWhile)):
            todo.extend(child for _, child in item.children())
    return False


__all__ = ["Break", "Continue", "Jump", "Pointer", "Return", "Statements"]
