# SPDX-License-Identifier: GPL-2.0-only
"""Tristate values: defaults, selects, implies, visibility, choices (scripts/kconfig/symbol.c).

0, 1, 2 stand for n, m, y. What a symbol's value depends on is evaluated in the order in which an
answer is likely: a symbol without user value and default can only be selected, so its visibility
is never asked; selectors are asked until one says y. That keeps the closure of a question about
page tables at some hundred symbols, and gives the value that a full evaluation gives.

Recursion is bounded: where a chain of dependencies is long, `TooDeep` unwinds it and the caller
evaluates it from its far end. A symbol that depends on itself (an error in Kconfig) counts as n
while it is evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.kconfig.expression import NO, Expression
from analyzer.kconfig.scan import Kind
from analyzer.kconfig.symbols import Choice, Context, Definition, Pointer, Symbol
from analyzer.kconfig.values import TRISTATE, letter, order
from analyzer.kconfig.view import View

_SYMBOL_COST = 10  # frames of the interpreter, about
_MAX_COST = 480
_MODULES = "MODULES"


class TooDeep(Exception):
    """The chain of dependencies is long: evaluate `name` first, then try again."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Evaluator:
    """Values of bool and tristate symbols; `solve.Config` adds the other types."""

    def __init__(self, view: View, wants: Mapping[str, str], force: frozenset[str]) -> None:
        self._view = view
        self.wants = dict(wants)
        self.force = force
        self._tri: dict[str, int] = {}
        self._contexts: dict[Context, int] = {}
        self._visible_if: dict[Context, int] = {}
        self._selections: dict[Context | str, str] = {}
        self._busy: set[str] = set()
        self._waiting: set[str] = set()
        self._cost = 0

    def _text_of(self, name: str) -> str | None:
        raise NotImplementedError

    def _undefined(self, name: str) -> str:
        """The value of a symbol that nothing defines; what is wanted, if files are missing."""
        if name in self.force:
            return "y"
        return self.wants.get(name, "n") if self._view.partial else "n"

    # -- bounded recursion --------------------------------------------------------------

    def _enter(self, name: str) -> bool:
        """Begin with a symbol; False: it depends on itself. Raises TooDeep."""
        if name in self._busy or name in self._waiting:
            return False
        if self._cost > _MAX_COST:
            raise TooDeep(name)
        self._busy.add(name)
        self._cost += _SYMBOL_COST
        return True

    def _leave(self, name: str) -> None:
        self._busy.discard(name)
        self._cost -= _SYMBOL_COST

    # -- values -------------------------------------------------------------------------

    def _value_of(self, name: str) -> int:
        known = self._tri.get(name)
        if known is not None:
            return known
        symbol = self._view.symbol(name)
        if name in self.force:
            result = 2
        elif symbol is None:
            result = TRISTATE.get(self._undefined(name), 0)
        elif not symbol.boolean:
            result = 0
        elif not self._enter(name):
            return 0
        else:
            result = self._calculate(symbol)
            self._leave(name)
        self._tri[name] = result
        return result

    def _calculate(self, symbol: Symbol) -> int:
        self._view.evaluations += 1
        if symbol.choice is not None and self._visibility(symbol) == 2:
            return 2 if self._selected(symbol.choice) == symbol.name else 0
        result = self._own_value(symbol)
        if result < 2:
            result = max(result, self._pointed(self._view.selectors(symbol)))
        return self._raised(symbol, result)

    def _raised(self, symbol: Symbol, value: int) -> int:
        """m is y for a bool, and wherever there are no modules."""
        if value == 1 and (symbol.type == "bool" or symbol.name == _MODULES):
            return 2
        return 2 if value == 1 and self._value_of(_MODULES) == 0 else value

    def _own_value(self, symbol: Symbol) -> int:
        """From the user, a default or an imply."""
        wanted = TRISTATE.get(self.wants.get(symbol.name, ""))
        if wanted == 1 and symbol.type == "bool":  # confdata.c: not a value of a bool
            wanted = None
        if wanted is not None and symbol.has_prompt:
            visible = self._visibility(symbol)
            if visible:
                return min(wanted, visible)
        result = self._default(symbol)
        if result < 2:
            implied = self._pointed(self._view.implied_by(symbol))
            if implied:
                around = max((self._context_of(d) for d in symbol.definitions), default=2)
                result = min(max(result, implied), around)
        return result

    def _default(self, symbol: Symbol) -> int:
        """The first default whose condition holds."""
        last = symbol.definitions[-1].properties.defaults[-1:] if symbol.definitions else []
        for definition in symbol.definitions:
            for item in definition.properties.defaults:
                if item.value == NO and any(item is i for i in last):
                    return 0  # whatever the condition says
                condition = self._truth(item.condition)
                if condition:
                    condition = min(condition, self._context_of(definition))
                if condition:
                    return min(self._truth(item.value), condition)
        return 0

    def _pointed(self, pointers: list[Pointer]) -> int:
        """What selects (or implies) contribute."""
        result = 0
        for pointer in pointers:
            value = self._value_of(pointer.owner)
            if value:
                value = min(value, self._truth(pointer.item.condition))
            if value:
                value = min(value, self._context_of(pointer.definition))
            if value > result:
                result = value
                if result == 2:
                    break
        return result

    # -- dependencies and visibility ------------------------------------------------------

    def _context_of(self, definition: Definition) -> int:
        """The dependencies of a definition: its own and those of everything around it."""
        result = 2
        for expression in definition.properties.depends:
            result = min(result, self._truth(expression))
            if not result:
                return 0
        return min(result, self._context(definition.context))

    def _context(self, context: Context) -> int:
        """The dependencies that a place in the files has; iterative, nesting may be deep."""
        path, result = self._unknown(context, self._contexts)
        for inner in reversed(path):
            if result:
                kind = self._view.kind(inner)
                if kind is Kind.CHOICE:
                    result = min(result, self._choice_value(self._view.choice(inner)))
                elif kind is not None:
                    result = min(result, self._truth(self._view.condition(inner)))
            self._contexts[inner] = result
        return result

    def _unknown(self, context: Context, known: Mapping[Context, int]) -> tuple[list[Context], int]:
        """The places around one, inner first, up to the first that is known; its value, or 2."""
        path: list[Context] = []
        at: Context | None = context
        while at is not None:
            if at in known:
                return path, known[at]
            path.append(at)
            at = self._view.outer(at)
        return path, 2

    def _menus(self, context: Context) -> int:
        """`visible if` of the menus around a place."""
        path, result = self._unknown(context, self._visible_if)
        for inner in reversed(path):
            if result and self._view.kind(inner) is Kind.MENU:
                for expression in self._view.properties(*inner).visible:
                    result = min(result, self._truth(expression))
            self._visible_if[inner] = result
        return result

    def _visibility(self, symbol: Symbol) -> int:
        """Whether a user is asked for it."""
        result = 0
        for definition in symbol.definitions:
            result = max(result, self._shown(definition))
            if result == 2:
                return 2
        return self._raised(symbol, result)

    def _shown(self, definition: Definition) -> int:
        """Whether a prompt of this block is shown."""
        result = 0
        for prompt in definition.properties.prompts:
            result = max(result, self._truth(prompt))
        if result:
            result = min(result, self._context_of(definition))
        if result:
            result = min(result, self._menus(definition.context))
        return result

    # -- choices ------------------------------------------------------------------------

    def _choice_value(self, choice: Choice) -> int:
        """2: one member is y. 0: the choice is not shown, or optional and not used."""
        shown = max((self._shown(definition) for definition in choice.definitions), default=0)
        if shown and choice.optional:
            return 2 if any(self.wants.get(name) == "y" for name in choice.members) else 0
        return 2 if shown else 0

    def _selected(self, choice: Choice) -> str:
        """The member that is y."""
        known = self._selections.get(choice.identity)
        if known is None:
            known = self._selections[choice.identity] = self._select(choice)
        return known

    def _select(self, choice: Choice) -> str:
        """What the user said last, else the first default, else the first member not refused."""
        members = choice.members
        wanted = [n for n, v in self.wants.items() if v == "y" and n in members]
        for name in reversed(wanted):
            if self._offered(name):
                return name
        refused = {name for name in members if self.wants.get(name) == "n"}
        for definition in choice.definitions:
            for item in definition.properties.defaults:
                name = str(item.value[1]) if item.value[0] == "sym" else ""
                if name not in members or name in refused:
                    continue
                if self._truth(item.condition) and self._offered(name):
                    return name
        offered = [name for name in members if self._offered(name)]
        for name in offered:
            if name not in refused:
                return name
        return offered[0] if offered else ""

    def _offered(self, name: str) -> bool:
        symbol = self._view.symbol(name)
        return symbol is not None and self._visibility(symbol) > 0

    # -- expressions --------------------------------------------------------------------

    def _truth(self, expression: Expression) -> int:
        """The tristate value of an expression."""
        kind = expression[0]
        if kind == "sym":
            return self._value_of(expression[1])
        if kind == "str":
            return TRISTATE.get(expression[1], 0)
        self._cost += 1
        if kind == "not":
            result = 2 - self._truth(expression[1])
        elif kind == "and":
            result = 2
            for term in expression[1]:
                value = self._truth(term)
                if value < result:
                    result = value
                    if not result:
                        break
        elif kind == "or":
            result = 0
            for term in expression[1]:
                value = self._truth(term)
                if value > result:
                    result = value
                    if result == 2:
                        break
        else:
            result = 2 if self._compare(expression) else 0
        self._cost -= 1
        return result

    def _compare(self, expression: Expression) -> bool:
        operator, left, right = expression
        result = order(*self._operand(left), *self._operand(right))
        if operator == "=":
            return result == 0
        if operator == "!=":
            return result != 0
        if operator == "<":
            return result < 0
        if operator == "<=":
            return result <= 0
        return result > 0 if operator == ">" else result >= 0

    def _operand(self, expression: Expression) -> tuple[str, str]:
        """Type and text of one side of a comparison."""
        name = str(expression[1])
        symbol = None if expression[0] == "str" else self._view.symbol(name)
        if symbol is None:  # y, m and n are symbols of the type tristate
            return "tristate" if name in TRISTATE else "", name
        if symbol.boolean:
            return symbol.type, letter(self._value_of(name))
        return symbol.type, self._text_of(name) or ""
