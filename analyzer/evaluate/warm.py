# SPDX-License-Identifier: GPL-2.0-only
"""Functions and loops that are run often, made into closures: see `closures`."""

from __future__ import annotations

from typing import Any, Final

from pycparser import c_ast

from .closures import Closure
from .ctype import Node
from .leaving import CLEANUP
from .memory import Variable
from .names import Scope
from .statements import (
    MAX_ITERATIONS,
    NOTHING,
    Break,
    Continue,
    Jump,
    Return,
    State,
    Statements,
    statements_of,
)
from .unary_closures import UnaryClosures
from .values import Int, Value

WARM: Final = 12  # times that a body is run before it is made into closures


class Warm(UnaryClosures, Statements):
    """Runs bodies as closures once they are warm."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.warm = WARM
        self._heat: dict[Node, int] = {}
        self._closures: dict[Node, Closure] = {}
        self.makers |= {
            c_ast.Compound: self._made_block,
            c_ast.Decl: self._made_declaration,
            c_ast.If: self._made_if,
            c_ast.Return: self._made_return,
            c_ast.For: self._made_loop,
            c_ast.While: self._made_loop,
            c_ast.DoWhile: self._made_do,
            c_ast.Label: self._made_label,
            c_ast.Goto: self._made_goto,
            c_ast.Switch: self._made_switch,
        }

    def forget_closures(self) -> None:
        """They hold the machine."""
        super().forget_closures()
        self._closures.clear()
        self._heat.clear()

    def run_body(self, body: Node, scope: Scope) -> None:
        """Evaluates the body of a function."""
        code = self._closures.get(body)
        if code is None:
            heat = self._heat[body] = self._heat.get(body, 0) + 1
            if heat <= self.warm:
                self.evaluate(body, scope)
                return
            code = self._closures[body] = self.made(body)
        code(scope)

    def evaluate_again(self, node: Node, scope: Scope, iteration: int) -> Value:
        """Evaluates a part of a loop, in one of its rounds."""
        code = self._closures.get(node)
        if code is None:
            if iteration < self.warm:
                return self.evaluate(node, scope)
            code = self._closures[node] = self.made(node)
        return code(scope)

    # -- statements

    def _made_block(self, node: Node) -> Closure:
        items = node.block_items or []
        made = [self.made(item) for item in items]
        step, find_label = self.tick, self.find_label

        def block(scope: Scope) -> Value:
            step()
            inner = Scope(scope)
            value: Value = NOTHING
            position = jumps = 0
            state: State = None
            try:
                while position < len(made):
                    try:
                        for code in made[position:] if position else made:
                            value = code(inner)
                        break
                    except Jump as jump:
                        target = find_label(items, jump.label)
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

        return block

    def _made_return(self, node: Node) -> Closure:
        step = self.tick
        if node.expr is None:
            return self.made_as_it_is(node)
        inner = self.made(node.expr)

        def leave(scope: Scope) -> Value:
            step()
            raise Return(inner(scope))

        return leave

    def _made_if(self, node: Node) -> Closure:
        cond = self.made(node.cond)
        true, false = self.made_part(node.iftrue), self.made_part(node.iffalse)
        step, truth, passed = self.tick, self.truth, self.passed_over

        def branch(scope: Scope) -> Value:
            step()
            value = cond(scope)
            if type(value) is Int:
                taken = value.value != 0
            elif passed(node, value, scope):
                return NOTHING
            else:
                taken = truth(value, node)
            code = true if taken else false
            if code is not None:
                code(scope)
            return NOTHING

        return branch

    def _made_do(self, node: Node) -> Closure:
        """`do { ... } while (0)`, which is how macros are written, runs once."""
        body_of = self.made_part(node.stmt)
        once = isinstance(node.cond, c_ast.Constant) and node.cond.value == "0"
        if not once or body_of is None or self.may_be_idle(node.stmt):
            return self._made_loop(node)
        step, body = self.tick, body_of

        def one_round(scope: Scope) -> Value:
            step()
            run = self.run
            outer, run.round = run.round, 0
            try:
                body(scope)
            except Break:
                return NOTHING
            except Continue:
                pass
            finally:
                run.round = outer
            step()  # the condition
            return NOTHING

        return one_round

    def made_part(self, node: Node | None) -> Closure | None:
        """A closure for a part of a statement that may be left out."""
        return None if node is None else self.made(node)

    def _made_loop(self, node: Node) -> Closure:
        cond = node.cond
        while isinstance(cond, c_ast.UnaryOp) and cond.op == "!":
            cond = cond.expr
        step = node.next if isinstance(node, c_ast.For) else None
        for part in (cond, node.stmt, step):
            if part is not None:
                self._closures[part] = self.made(part)
        return self.made_as_it_is(node)

    def _made_label(self, node: Node) -> Closure:
        step, inner = self.tick, self.made(node.stmt)

        def labelled(scope: Scope) -> Value:
            step()
            return inner(scope)

        return labelled

    def _made_goto(self, node: Node) -> Closure:
        step, label = self.tick, node.name

        def jump(scope: Scope) -> Value:
            step()
            raise Jump(label)

        return jump

    def _made_switch(self, node: Node) -> Closure:
        for statement in statements_of(node):
            self._closures[statement] = self.made(statement)
        return self.made_as_it_is(node)

    def _made_empty(self, node: Node) -> Closure:
        declared, name, step, type_of_name = node.type, node.name, self.tick, self.type_of_name

        def declaration(scope: Scope) -> Value:
            step()
            guesses = self.guesses
            scope.names[name] = var = Variable(name, type_of_name(declared, scope))
            var.guessed = self.guesses != guesses
            return NOTHING

        return declaration

    def _made_declaration(self, node: Node) -> Closure:
        init, name = node.init, node.name
        if name is None or isinstance(node.type, c_ast.FuncDecl) or name.startswith(CLEANUP):
            return self.made_as_it_is(node)
        if init is None:
            return self._made_empty(node)
        if isinstance(init, c_ast.InitList) or (isinstance(init, c_ast.ID) and init.name == name):
            return self.made_as_it_is(node)
        declared, where, value_of = node.type, self.line_of(node), self.made(init)
        step, type_of_name, convert = self.tick, self.type_of_name, self.convert

        def declaration(scope: Scope) -> Value:
            step()
            guesses = self.guesses
            ctype = type_of_name(declared, scope)
            var = Variable(name, ctype)
            var.guessed = self.guesses != guesses
            if where is not None:
                self.run.location = where
            self.begin(var, convert(value_of(scope), ctype), scope)
            return NOTHING

        return declaration
