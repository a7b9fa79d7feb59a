# SPDX-License-Identifier: GPL-2.0-only
"""Values that the tree gives to global variables at boot, found by running what assigns them.

Where a variable has no initializer, the functions that assign it are run alone, with nothing known
about their surroundings. What cannot be followed is left out, unless it assigns the variable:
then nothing is known. A condition on the way (radix or hash, a feature of the processor) is a
choice of the run that asks for the variable, under the same name as everywhere else: geometry that
is set together is used together.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from pycparser import c_ast

from ..model import Location
from .core import Core
from .ctype import Node, UnknownType
from .memory import Variable
from .names import Scope
from .state import NOWHERE, Frame
from .statements import Break, Continue, Jump, Return
from .values import Opaque, PathEnds, Payload, Unjudged, Value

_CONDITIONAL: Final = (c_ast.If, c_ast.For, c_ast.While, c_ast.DoWhile, c_ast.Switch)
Cells = dict[int, tuple[int, Payload]]
Question = tuple[str, str, str]
MAX_DEPTH: Final = 4
MAX_STEPS: Final = 20_000
MAX_CONDITIONS: Final = 1  # a value that depends on more is state, not geometry


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition that the way to a value depends on."""

    key: str
    ways: int


@dataclass(frozen=True, slots=True)
class Found:
    """The cells of a variable after boot, and what was asked of the unit for them."""

    cells: Cells
    questions: frozenset[Question]


@dataclass(frozen=True, slots=True)
class Slice:
    """The variable that is asked for, with the local pointers to it, and the names that its value
    depends on."""

    target: str
    places: frozenset[str]
    names: frozenset[str]


class Spoiled(Exception):
    """Something on the way that may assign the variable cannot be followed."""


class Boot(Core):
    """Runs setters of globals; the results are kept as a tree of choices."""

    def boot_cells(self, name: str, var: Variable) -> Cells | None:
        """What a variable holds after boot; None when that is not known."""
        setters = self.code.setters(name)
        if not setters or name in self.booting or len(self.booting) >= MAX_DEPTH:
            return None
        tree = self.booted.setdefault(name, {})
        path: tuple[int, ...] = ()
        self.booting.add(name)
        try:
            while True:
                node = tree.get(path)
                if node is None:
                    self._boot(name, var, setters, path, tree)
                    continue
                if isinstance(node, Found):
                    self.questions |= node.questions
                    return node.cells or None
                self.moody.add(name)
                self.run.touched += 1
                if not self.deciding and node.key not in self.run.memo:
                    self.run.asked.add(("world", node.key, ""))
                    return None  # a helper forks on its own conditions only
                self.boot_keys.add(node.key)
                path = (*path, self.run.choose(node.key, node.ways))
        finally:
            self.booting.discard(name)

    def _boot(
        self,
        name: str,
        var: Variable,
        setters: tuple[str, ...],
        path: tuple[int, ...],
        tree: dict[tuple[int, ...], Asked | Found],
    ) -> None:
        saved, outer = self.run, frozenset(self.questions)
        self.questions.clear()
        types, self.types.asked = self.types.asked, set()
        run = self.run = self.new_run(path)
        limit, self.max_steps = self.max_steps, MAX_STEPS
        target = Variable(name, var.ctype, base=var.base, fill=var.fill, is_global=True)
        run.globals[name] = target
        cells: Cells = {}
        try:
            self._run_setters(name, setters)
            if not any(
                isinstance(p, Opaque) and p.default is None for _, p in target.cells.values()
            ):
                cells = dict(target.cells)
        except (Spoiled, Unjudged, PathEnds, RecursionError):
            cells = {}
        finally:
            questions = frozenset(self.questions | self.types.asked)
            self.types.asked = types
            self.questions.update(outer)
            self.run, self.max_steps = saved, limit
        if len(run.choices) > MAX_CONDITIONS:
            tree[path] = Found({}, questions)
            return
        taken: tuple[int, ...] = ()
        for choice in run.choices:
            tree.setdefault(taken, Asked(choice.key, choice.ways))
            taken = (*taken, choice.taken)
        tree[taken] = Found(cells, questions)

    def _run_setters(self, name: str, setters: tuple[str, ...]) -> None:
        carriers = self.code.carriers(name)
        if len(setters) > 1:
            chooser = self.code.chooser(setters)
            node = self.code.function_node(chooser, "") if chooser else None
            if node is not None:
                part = _smallest(node.body, frozenset(setters))
                self.run.stack.append(Frame(chooser, NOWHERE, NOWHERE))
                self.run.location = _place(node)
                with suppress(Return):
                    self._carry_on(part, Scope(), _relevant(part, name, carriers), carriers)
                return
            taken = self.run.choose(f"boot of {name}", len(setters))
            setters = (setters[taken],)
        node = self.code.function_node(setters[0], "")
        if node is None:
            raise Spoiled
        self._body(setters[0], node, [], name, carriers)

    def _body(
        self, function: str, node: Node, values: list[Value], name: str, carriers: frozenset[str]
    ) -> None:
        if len(self.run.stack) >= MAX_DEPTH:
            raise Spoiled
        self.questions.add(("function", function, ""))
        scope = Scope()
        arguments = node.decl.type.args
        for index, parameter in enumerate(arguments.params if arguments is not None else []):
            label = getattr(parameter, "name", None)
            if label:
                ctype = self.types.of(parameter)
                local = Variable(label, ctype, fill=Opaque(f"{function}({label})"))
                if index < len(values):
                    self.memory.store(local, 0, self.convert(values[index], ctype), ctype)
                scope.names[label] = local
        self.run.stack.append(Frame(function, NOWHERE, NOWHERE))
        where, self.run.location = self.run.location, _place(node)
        try:
            with suppress(Return):
                self._carry_on(node.body, scope, _relevant(node.body, name, carriers), carriers)
        finally:
            self.run.stack.pop()
            self.run.location = where

    def _carry_on(
        self, node: Node | None, scope: Scope, part: Slice, carriers: frozenset[str]
    ) -> None:
        """Executes what matters of a statement; what cannot be followed is passed over, unless
        it assigns the variable."""
        if node is None:
            return
        if isinstance(node, c_ast.Compound):
            inner = Scope(scope)
            for item in node.block_items or []:
                self._carry_on(item, inner, part, carriers)
            return
        if not _touches(node, part.names, carriers):
            return
        try:
            if isinstance(node, c_ast.If):
                taken = self.truth(self.evaluate(node.cond, scope), node)
                self._carry_on(node.iftrue if taken else node.iffalse, scope, part, carriers)
                return
            call = node.expr if isinstance(node, c_ast.Return) else node
            if _called(call) in carriers:
                self._carried_call(call, scope, part.target, carriers)
                if call is not node:
                    raise Return(None)
                return
            self.evaluate(node, scope)
        except (Unjudged, PathEnds, Break, Continue, Jump):
            if _touches(node, part.places, carriers):
                raise Spoiled from None
            if isinstance(node, c_ast.Decl) and node.name:
                scope.names[node.name] = Variable(
                    node.name, UnknownType(), fill=Opaque(f"{node.name} at boot")
                )

    def _carried_call(self, call: Node, scope: Scope, name: str, carriers: frozenset[str]) -> None:
        values: list[Value] = []
        for argument in call.args.exprs if call.args is not None else []:
            try:
                values.append(self.evaluate(argument, scope))
            except (Unjudged, PathEnds):
                values.append(Opaque("an argument at boot"))
        node = self.code.function_node(call.name.name, self.run.location.path)
        if node is None:
            raise Spoiled
        self._body(call.name.name, node, values, name, carriers)


def _place(node: Node) -> Location:
    coord = node.decl.coord
    return Location(coord.file or "", coord.line or 0) if coord else NOWHERE


def _called(node: Node) -> str:
    named = isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID)
    return str(node.name.name) if named else ""


def _touches(node: Node, names: frozenset[str], carriers: frozenset[str]) -> bool:
    """Whether a statement assigns, declares or takes the address of one of `names`, calls
    something that leads to the variable, or leaves the function."""
    todo = [node]
    while todo:
        item = todo.pop()
        if _target(item) in names or _called(item) in carriers:
            return True
        if isinstance(item, (c_ast.Return, c_ast.Goto, c_ast.Label)):
            return True
        todo.extend(child for _, child in item.children())
    return False


def _target(node: Node) -> str:
    """The variable that a node changes, itself only."""
    if isinstance(node, c_ast.Assignment):
        return _root(node.lvalue)
    if isinstance(node, c_ast.UnaryOp) and node.op in ("&", "++", "--", "p++", "p--"):
        return _root(node.expr)
    if isinstance(node, c_ast.Decl):
        return str(node.name)
    return ""


def _relevant(body: Node, name: str, carriers: frozenset[str]) -> Slice:
    """The names that the value of a variable depends on in one body."""
    places = {name}
    nodes: list[Node] = []
    todo = [body]
    while todo:
        item = todo.pop()
        nodes.append(item)
        if isinstance(item, c_ast.Decl) and _points_to(item, name):
            places.add(str(item.name))
        todo.extend(child for _, child in item.children())
    names = set(places)
    while True:
        before = len(names)
        known = frozenset(names)
        for item in nodes:
            if _target(item) in names or _called(item) in carriers:
                names |= _ids(item)
            elif isinstance(item, _CONDITIONAL) and _touches(item, known, carriers):
                names |= set() if item.cond is None else _ids(item.cond)
        if len(names) == before:
            return Slice(name, frozenset(places), frozenset(names))


def _points_to(decl: Node, name: str) -> bool:
    """Whether a local pointer is declared that starts as the address of a variable."""
    if not isinstance(decl.type, c_ast.PtrDecl) or decl.init is None:
        return False
    init = decl.init
    while isinstance(init, (c_ast.Cast, c_ast.UnaryOp)):
        init = init.expr
    return _root(init) == name


def _ids(node: Node) -> set[str]:
    found = set()
    todo = [node]
    while todo:
        item = todo.pop()
        if isinstance(item, c_ast.ID):
            found.add(str(item.name))
        todo.extend(child for _, child in item.children())
    return found


def _root(node: Node) -> str:
    while isinstance(node, (c_ast.ArrayRef, c_ast.StructRef)):
        node = node.name
    return str(node.name) if isinstance(node, c_ast.ID) else ""


def _smallest(node: Node, setters: frozenset[str]) -> Node:
    """The innermost statement that holds every call of the setters in `node`."""
    wanted = _calls(node, setters)
    while True:
        for _, child in node.children():
            if _calls(child, setters) == wanted:
                node = child
                break
        else:
            return node


def _calls(node: Node, setters: frozenset[str]) -> int:
    found = 0
    todo = [node]
    while todo:
        item = todo.pop()
        found += _called(item) in setters
        todo.extend(child for _, child in item.children())
    return found
