# SPDX-License-Identifier: GPL-2.0-only
"""Calls: builtins, intrinsics, functions of the unit, and functions that cannot be seen.

The one rule for what is not known: an opaque value is harmless until it decides a condition (then
both ways are run), is stored to an entry or given to a hook (then the path is unknown). A
function that cannot be seen is opaque too, unless an entry's address reaches it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pycparser import c_ast

from .builtins import Builtins
from .ctype import (
    IntType,
    Node,
    UnknownType,
    VoidType,
)
from .globals import Globals
from .harmless import BUILD_ERROR as BUILD_ERROR
from .harmless import NO_RETURN
from .inline_asm import InlineAssembly
from .intrinsics import Intrinsics
from .journal import Done, Earlier, begun, is_kept, is_portable, leads_to_locals, repeat, table_of
from .memory import Variable
from .merge import Meeting
from .names import LOCAL_BASE, Scope
from .recall import Before, call_key
from .resume import Entered, arguments, found_by, note, restore
from .shapes import Shape, Shapes
from .state import MAX_DEPTH, Frame, Run
from .statements import Break, Continue, Jump, Return
from .stored import StoredCalls
from .typing import StaticTypes
from .values import FuncRef, Int, Opaque, PathEnds, Pointer, Struct, Unjudged, Value
from .warm import Warm

_ASM: Final = "__ptc_asm"
TANGLE: Final = 3  # choices on one path through a function that is not followed from then on
HELPER_DEPTH: Final = 2  # our probe, and the helper that it calls


class Tangled(Exception):
    """A function is not followed any more: the paths of the case are to be run again."""


class Machine(Intrinsics, InlineAssembly, Builtins, StaticTypes, Shapes, Warm, Globals):
    """Evaluates functions of one unit. `run` holds the state of the current path."""

    def __init__(self, code: Any, bits: int, order: str) -> None:
        super().__init__(code, bits, order)
        self.dispatch = {
            **self.expression_methods(),
            **self.statement_methods(),
            c_ast.FuncCall: self._call,
        }
        self.ordinary: set[str] = set()  # functions that mean what their bodies say
        self.overrides: dict[str, Callable[[list[Value]], Value | None]] = {}
        self.usual = self.overrides  # those under which calls are remembered
        self.recall = StoredCalls()
        self.virtual = {}
        self.tangled: set[str] = set()  # answers nobody can foresee, and no entry depends on
        self.recording = 0  # calls on the stack that may be remembered
        self.meeting: Meeting | None = None  # where paths of the case that is run come together

    def release(self) -> None:
        """Breaks the cycles that lead through the machine: unit and trees go with the last user.

        Nothing can be evaluated afterwards.
        """
        self.dispatch = {}
        self.forget_closures()
        self.overrides = self.usual = {}
        self.types.release()
        self.named_types.clear()
        self.typed_operands.clear()
        self.run = Run()

    # -- expressions that call

    def _call(self, node: Node, scope: Scope) -> Value:
        self.mark(node)
        arguments = node.args.exprs if node.args is not None else []
        target = node.name
        if isinstance(target, c_ast.ID):
            name = target.name
            if name == _ASM:
                return self.assembly(arguments, scope)
            if name.startswith("__builtin_") or name == "offsetof":
                try:
                    return self.builtin(name, arguments, scope)
                except (IndexError, ValueError, AttributeError):
                    raise Unjudged(f"{name} with impossible arguments") from None
            local = self._local(name, scope)
            if local is None:
                values = [self.evaluate(argument, scope) for argument in arguments]
                self.mark(node)
                return self.call(name, values)
        callee = self.evaluate(target, scope)
        values = [self.evaluate(argument, scope) for argument in arguments]
        self.mark(node)
        if not isinstance(callee, FuncRef) and isinstance(target, c_ast.StructRef):
            stored = self.stored_by(target.field.name, values)
            if stored is not None:
                return stored
        return self._through(callee, values)

    def _through(self, callee: Value, values: list[Value]) -> Value:
        """Calls the function that a pointer leads to."""
        if not isinstance(callee, FuncRef):
            return self.unseen(f"{callee!r}", values, indirect=True)
        function = self.one_of(callee)
        return self.call(function.name, values, function.home)

    @staticmethod
    def _local(name: str, scope: Scope | None) -> Variable | None:
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.outer
        return None

    # -- functions

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        """Calls a function by name, as the file `home` (default: the caller's) knows it.

        Up to where a path parts from the one before, calls are not run again.
        """
        run = self.run
        past = run.past
        if past is None:
            return self._called(name, values, home)
        number, opened = len(past), self.meeting.opened if self.meeting is not None else []
        earlier = run.earlier
        if earlier is not None and not self.recording:
            if len(run.choices) > earlier.parting:
                run.earlier = None
            else:
                done = earlier.run.past[number] if number < len(earlier.run.past) else None
                if done is not None and done.choices <= earlier.parting:
                    if done.name != name or done.begun != run.steps:
                        run.earlier = None
                    else:
                        known = repeat(done, earlier, run, opened)
                        if known is not None:
                            return known
        found = None if self.recording else found_by(run, number, len(opened))
        past.append(None)
        before, steps, first = begun(run), run.steps, len(opened)
        try:
            result = self._called(name, values, home)
        finally:
            if found is not None and len(run.choices) > found.choices:
                note(run, found, name, values, home)
        if (
            is_kept(before, run)
            and is_portable(result)
            and not leads_to_locals(values, run, LOCAL_BASE[self.bits])
        ):
            past[number] = Done(
                name, steps, result, len(past), run.steps, run.stores, run.decided, run.touched,
                len(run.log), len(run.choices), len(run.events), len(run.writes),
                len(run.globals), (first, len(opened)), table_of(result, run),
            )  # fmt: skip
        return result

    def resume(self, entered: Entered, earlier: Earlier) -> Earlier | None:
        """Makes a call of an earlier run again, on the path that `run` is to go, which is new.

        Gives `run` as the earlier one of the call around that; None where it has to be run in
        full. Raises Merged where the path goes on as one did that was run.
        """
        run, meeting = self.run, self.meeting
        opened = restore(run, entered, earlier)
        if meeting is None or opened is None:
            return None
        meeting.opened, run.earlier = opened, earlier
        try:
            self.call(entered.name, arguments(run, entered), entered.home)
        except (Unjudged, PathEnds, RecursionError):
            return None
        return Earlier(run, opened, len(run.choices), earlier.world)

    def _called(self, name: str, values: list[Value], home: str) -> Value:
        override = self.overrides.get(name)
        if override is not None:
            self.questions.add(("function", name, ""))
            answer = override(values)
            if answer is not None:
                return answer
        if name not in self.ordinary:
            try:
                handled = self.intrinsic(name, values)
            except IndexError:
                raise Unjudged(f"{name} with impossible arguments") from None
            if handled is not None:
                return handled
            if name in NO_RETURN:
                raise PathEnds(name)
            if name.startswith(BUILD_ERROR):
                return self._build_error(name)
            if not self.is_intrinsic(name):
                self.ordinary.add(name)
        near = home or self.run.location.path
        self.questions.add(("function", name, near))
        node = self.code.function_node(name, near)
        if node is None:
            self.questions.add(("prototype", name, ""))
            if self.code.prototype_node(name) is None:
                self.questions.add(("variable", name, ""))
                if self.code.variable_node(name, near) is not None:
                    return self._through(self.evaluate(c_ast.ID(name), Scope()), values)
            return self.unseen(name, values)
        if self.skippable(name, node, values):
            self.forget_globals(name)
            return Int(0)
        if name in self.tangled and self.meeting is not None and self._apart(values):
            self.forget_globals(name)
            return Opaque(self._call_name(name, values))
        return self._enter(name, node, values)

    def _of_kernel(self, values: list[Value]) -> bool:
        """Whether a function is given init_mm, and no entry that is judged: it works on tables of
        the kernel, which are no process's (kmap_local_folio(), say)."""
        named = any(isinstance(one, Pointer) and one.obj.name == "init_mm" for one in values)
        return named and not any(self.is_slot(one) or self.names_slot(one) for one in values)

    def _build_error(self, name: str) -> Value:
        """A compile-time assertion that seems to fail.

        In the helper itself it says that this configuration has no such helper. Further down it
        cannot really fail, since the kernel builds: the compiler saw a constant where we do not.
        """
        if len(self.run.stack) <= HELPER_DEPTH and not self.transparent:
            raise PathEnds(name)
        return Int(0)

    def _enter(self, name: str, node: Node, values: list[Value]) -> Value:
        """Calls a function of the unit, or remembers what it did with the same arguments."""
        run, recall = self.run, self.recall
        if self.transparent or self.booting or run.written or self.overrides is not self.usual:
            return self._execute(name, node, values)
        key = call_key(node, values, run, LOCAL_BASE[self.bits], self.deciding)
        if key is None:
            return recall.over_entries(self, self._execute, name, node, values)
        first, steps = len(run.choices), run.steps
        known = recall.find(key, run, self.max_steps)
        if known is not None:
            self.questions |= known.questions
            self.types.asked |= known.types
            if self.meeting is not None and len(run.choices) > first:
                self.meeting.returned(run, first, steps, len(run.events), values, known.result)
            return known.result
        if not recall.worth(node):
            return self._execute(name, node, values)
        before = Before.of(run, key)
        outer = self.questions.copy()
        self.questions.clear()
        types, self.types.asked = self.types.asked, set()
        self.recording += 1
        try:
            result = self._execute(name, node, values)
            recall.keep(node, before, run, values, result, self.questions, self.types.asked)
            return result
        finally:
            self.recording -= 1
            run.deepest = max(run.deepest, before.deepest)
            self.questions |= outer
            types |= self.types.asked
            self.types.asked = types

    def _execute(self, name: str, node: Node, values: list[Value]) -> Value:
        run = self.run
        if len(run.stack) >= MAX_DEPTH:
            raise Unjudged(f"calls nested deeper than {MAX_DEPTH}")
        shape = self.shape(name, node)
        if shape.has_mm and self._of_kernel(values):
            self.forget_globals(name)
            return Opaque(self._call_name(name, values))
        if shape.variadic and self.takes_any(name, node, shape, values):
            self.forget(values, name)
            self.forget_globals(name)
            return Opaque(self._call_name(name, values))
        scope = Scope()
        for (parameter, ctype), value in zip(shape.parameters, values, strict=False):
            if not parameter:
                continue
            value = self.convert(value, ctype)
            scope.names[parameter] = var = Variable(parameter, ctype)
            if type(value) is Struct:
                var.cells = dict(value.cells)
            elif type(ctype) is IntType and type(value) is Int:
                var.cells[0] = (ctype.size, value.raw)
            else:
                self.memory.store(var, 0, value, ctype)
            if isinstance(ctype, UnknownType):
                var.ctype, var.guessed = self.type_of_value(value), True
        defined = shape.defined
        has_mm = shape.has_mm and any(isinstance(value, Opaque) for value in values)  # not NULL
        called = run.location
        run.stack.append(Frame(name, defined, called, has_mm))
        if len(run.stack) > run.deepest:
            run.deepest = len(run.stack)
        before = (run.stores, len(run.events))
        first, steps, meeting = len(run.choices), run.steps, self.meeting
        run.location = defined
        try:
            self.run_body(node.body, scope)
            result: Value = Int(0)
        except Return as returned:
            if returned.value is None:
                result = Int(0)
            else:
                result = returned.value
                if not isinstance(shape.result, VoidType):
                    result = self.convert(result, shape.result)
        except Jump as jump:
            raise Unjudged(f"goto {jump.label} into a block") from None
        except (Break, Continue):
            raise Unjudged("break or continue outside a loop") from None
        except Unjudged as reason:
            self._entangle(name, shape, values, first, before)
            if not reason.place:
                reason.place = f"{name} ({run.location})"
            if (
                len(run.stack) > 1
                and not any(self.names_slot(value) for value in values)
                and before == (run.stores, len(run.events))
                and not reason.reason.startswith("more than")
                and not self.noted_reach(name)
            ):
                self.forget(values, name)
                self.forget_globals(name)
                return Opaque(self._call_name(name, values))
            raise
        finally:
            run.stack.pop()
            run.location = called
        if len(run.choices) >= first + TANGLE:
            self._entangle(name, shape, values, first, before)
        if meeting is not None and len(run.choices) > first:
            meeting.returned(run, first, steps, before[1], values, result)
        return result

    def _entangle(
        self, name: str, shape: Shape, values: list[Value], first: int, before: tuple[int, int]
    ) -> None:
        """Raises Tangled for a function that asks much and whose answer is a number.

        It is given no entry's address, stores to none and reaches no hook; its answer is unknown
        from then on, which is more than it can answer.
        """
        run = self.run
        if (
            self.meeting is not None
            and shape.answers
            and len(run.choices) >= first + TANGLE
            and before == (run.stores, len(run.events))
            and self._apart(values)
            and not self.noted_reach(name)
        ):
            self.tangled.add(name)
            self.recall.clear()  # of calls that followed it
            raise Tangled

    def _apart(self, values: list[Value]) -> bool:
        """Whether no argument leads to an entry or to a local variable."""
        for value in values:
            if isinstance(value, Int) and isinstance(self.at_address(value), Pointer):
                return False
            local = isinstance(value, Pointer) and not (
                isinstance(value.obj, Variable) and value.obj.is_global
            )
            if local or self.names_slot(value):
                return False
        return True

    @staticmethod
    def _call_name(name: str, values: list[Value]) -> str:
        return f"{name}({', '.join(repr(value) for value in values)})"

    def unseen(self, name: str, values: list[Value], indirect: bool = False) -> Value:
        """A function without a body here. An entry's address must not reach it."""
        if any(self.names_slot(value) for value in values) and not self.only_prints(name, values):
            what = "a call through a pointer" if indirect else "a function without a body here"
            problem = self.code.problem(name)
            raise Unjudged(f"an entry's address is given to {what}: {name}{problem}")
        full = self._call_name(name, values)
        self.forget(values, full)
        self.forget_globals(full)
        return Opaque(full)
