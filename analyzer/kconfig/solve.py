# SPDX-License-Identifier: GPL-2.0-only
"""Values of symbols, computed when asked for (scripts/kconfig/symbol.c: sym_calc_value).

0, 1, 2 stand for n, m, y. What a symbol's value depends on is evaluated in the order in which an
answer is likely: a symbol without user value and default can only be selected, so its visibility
is never asked; selectors are asked until one says y. That keeps the closure of a question about
page tables at some hundred symbols, and gives the value that a full evaluation gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.kconfig.blocks import Conditional
from analyzer.kconfig.expression import Expression, unquote
from analyzer.kconfig.load import Choice, Definition, Symbol, View
from analyzer.kconfig.scan import Kind

_LETTERS = "nmy"
_TRISTATE = {"n": 0, "m": 1, "y": 2}
_MAX_DEPTH = 60
_MODULES = "MODULES"


class _TooDeep(Exception):
    """The chain of dependencies is long: evaluate `name` first, then try again."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Config:
    """The values that symbols have in one configuration. Lazy; deterministic.

    `wants` is like a .config file: a value counts where the symbol is visible. `force` names
    symbols that count as selected (y) whatever the tree says.
    """

    def __init__(
        self, view: View, wants: Mapping[str, str], force: frozenset[str] = frozenset()
    ) -> None:
        self._view = view
        self.wants = dict(wants)
        self.force = force
        self._tri: dict[str, int] = {"y": 2, "m": 1, "n": 0}
        self._text: dict[str, str | None] = {}
        self._contexts: dict[tuple[int, int], int] = {}
        self._visible_if: dict[tuple[int, int], int] = {}
        self._choices: dict[tuple[int, int] | str, str] = {}
        self._busy: set[str] = set()
        self._outer: list[str] = []
        self._depth = 0

    # -- the public questions -----------------------------------------------------------

    def value(self, name: str) -> str:
        """'y', 'm', 'n', a number or a text; 'n' for a symbol that does not exist."""
        symbol = self._view.symbol(name)
        if symbol is None:
            return "n"
        if symbol.type in ("bool", "tristate"):
            return _LETTERS[self.tristate(name)]
        return self._ask_text(name) or ""

    def on(self, name: str) -> bool:
        """Whether a bool or tristate symbol is y or m."""
        return self.tristate(name) > 0

    def visible(self, name: str) -> bool:
        """Whether a user could set the symbol in this configuration."""
        symbol = self._view.symbol(name)
        if symbol is None:
            return False
        return self._retry(name, lambda: self._visibility(symbol)) > 0

    def tristate(self, name: str) -> int:
        """0, 1 or 2; 0 for what is no bool or tristate."""
        known = self._tri.get(name)
        if known is not None:
            return known
        return self._retry(name, lambda: self._value_of(name))

    def autoconf(self, names: Iterable[str]) -> str:
        """What include/generated/autoconf.h says of `names` (confdata.c), in their order.

        Names may carry the prefix CONFIG_. Symbols that are n do not appear.
        """
        parts = []
        for name in names:
            name = name.removeprefix("CONFIG_")
            symbol = self._view.symbol(name)
            if symbol is None:
                continue
            if symbol.type in ("bool", "tristate"):
                value = self.tristate(name)
                if value == 2:
                    parts.append(f"#define CONFIG_{name} 1\n")
                elif value == 1:
                    parts.append(f"#define CONFIG_{name}_MODULE 1\n")
                continue
            text = self._ask_text(name)
            if text is None:
                continue
            if symbol.type == "string":
                quoted = text.replace("\\", "\\\\").replace('"', '\\"')
                parts.append(f'#define CONFIG_{name} "{quoted}"\n')
            elif symbol.type == "hex" and not text.lower().startswith("0x"):
                parts.append(f"#define CONFIG_{name} 0x{text}\n")
            else:
                parts.append(f"#define CONFIG_{name} {text}\n")
        return "".join(parts)

    # -- bounded recursion --------------------------------------------------------------

    def _retry(self, name: str, question):  # type: ignore[no-untyped-def]
        """Ask; where the recursion gets too deep, work bottom-up from there."""
        if self._depth:
            return question()
        while True:
            try:
                self._outer = []
                return question()
            except _TooDeep as deep:
                self._climb(deep.name)

    def _climb(self, name: str) -> None:
        stack = [name]
        while stack:
            self._outer = stack[:-1]
            self._depth = 0
            self._busy.clear()
            try:
                self._compute(stack[-1])
                stack.pop()
            except _TooDeep as deep:
                stack.append(deep.name)
        self._outer = []

    def _compute(self, name: str) -> None:
        symbol = self._view.symbol(name)
        if symbol is not None and symbol.type not in ("bool", "tristate"):
            self._text_of(name)
        else:
            self._value_of(name)

    def _enter(self, name: str) -> bool:
        """Begin with a symbol; False: it depends on itself (its value so far is n)."""
        if name in self._busy or name in self._outer:
            return False
        if self._depth >= _MAX_DEPTH:
            raise _TooDeep(name)
        self._busy.add(name)
        self._depth += 1
        return True

    def _leave(self, name: str) -> None:
        self._busy.discard(name)
        self._depth -= 1

    # -- bool and tristate --------------------------------------------------------------

    def _value_of(self, name: str) -> int:
        known = self._tri.get(name)
        if known is not None:
            return known
        if name in self.force:
            self._tri[name] = 2
            return 2
        symbol = self._view.symbol(name)
        if symbol is None or symbol.type not in ("bool", "tristate"):
            self._tri[name] = 0
            return 0
        if not self._enter(name):
            return 0
        try:
            result = self._calculate(symbol)
        finally:
            self._leave(name)
        self._tri[name] = result
        return result

    def _calculate(self, symbol: Symbol) -> int:
        if symbol.choice is not None and self._visibility(symbol) == 2:
            return 2 if self._selected(symbol.choice) == symbol.name else 0
        result = self._own_value(symbol)
        if result < 2:
            result = max(result, self._selected_value(symbol))
        if result == 1 and (symbol.type == "bool" or not self._modules(symbol)):
            return 2
        return result

    def _modules(self, symbol: Symbol) -> bool:
        return symbol.name != _MODULES and self._value_of(_MODULES) > 0

    def _own_value(self, symbol: Symbol) -> int:
        """From the user, a default or an imply."""
        wanted = _TRISTATE.get(self.wants.get(symbol.name, ""))
        if wanted is not None and symbol.has_prompt:
            visible = self._visibility(symbol)
            if visible:
                return min(wanted, visible)
        result = self._default(symbol)
        if result < 2:
            implied = 0
            for definition, owner, item in self._view.implied_by(symbol):
                implied = max(implied, self._pointing(definition, owner, item))
                if implied == 2:
                    break
            if implied:
                dependency = max(self._context_of(d) for d in symbol.definitions)
                result = min(max(result, implied), dependency)
        return result

    def _default(self, symbol: Symbol) -> int:
        for definition in symbol.definitions:
            for item in definition.properties.defaults:
                if item.value == ("str", "n") and len(symbol.definitions) == 1:
                    if item is definition.properties.defaults[-1]:
                        return 0
                condition = min(self.truth(item.condition), self._context_of(definition))
                if condition:
                    if item.value == ("str", "m"):
                        return min(1, condition)
                    return min(self.truth(item.value), condition)
        return 0

    def _selected_value(self, symbol: Symbol) -> int:
        result = 0
        for definition, owner, item in self._view.selectors(symbol):
            result = max(result, self._pointing(definition, owner, item))
            if result == 2:
                break
        return result

    def _pointing(self, definition: Definition, owner: str, item: Conditional) -> int:
        """What one `select` or `imply` contributes."""
        value = self._value_of(owner)
        if value:
            value = min(value, self.truth(item.condition))
        if value:
            value = min(value, self._context_of(definition))
        return value

    # -- dependencies and visibility ------------------------------------------------------

    def _context_of(self, definition: Definition) -> int:
        """The dependencies of a definition: its own and those of everything around it."""
        result = 2
        for expression in definition.properties.depends:
            result = min(result, self.truth(expression))
            if not result:
                return 0
        return min(result, self._context(definition.context))

    def _context(self, context: tuple[int, int]) -> int:
        """The dependencies that a place in the files has; iterative, nesting may be deep."""
        path: list[tuple[int, int]] = []
        at: tuple[int, int] | None = context
        result = 2
        while at is not None:
            known = self._contexts.get(at)
            if known is not None:
                result = known
                break
            path.append(at)
            at = self._view.outer(at)
        for at in reversed(path):
            if result:
                kind = self._view.kind(at)
                if kind is Kind.CHOICE:
                    result = min(result, self._choice_value(self._view.choice(at)))
                elif kind is not None:
                    result = min(result, self.truth(self._view.condition(at)))
            if not self._busy_choice(at):
                self._contexts[at] = result
        return result

    def _busy_choice(self, at: tuple[int, int]) -> bool:
        del at
        return False

    def _prompt_context(self, definition: Definition) -> int:
        """`visible if` of the menus around a definition."""
        path: list[tuple[int, int]] = []
        at: tuple[int, int] | None = definition.context
        result = 2
        while at is not None:
            known = self._visible_if.get(at)
            if known is not None:
                result = known
                break
            path.append(at)
            at = self._view.outer(at)
        for at in reversed(path):
            if result and self._view.kind(at) is Kind.MENU:
                for expression in self._view.properties(*at).visible:
                    result = min(result, self.truth(expression))
            self._visible_if[at] = result
        return result

    def _visibility(self, symbol: Symbol) -> int:
        result = 0
        for definition in symbol.definitions:
            for prompt in definition.properties.prompts:
                value = self.truth(prompt)
                if value:
                    value = min(value, self._context_of(definition))
                if value:
                    value = min(value, self._prompt_context(definition))
                result = max(result, value)
        if result == 1 and (symbol.type == "bool" or not self._modules(symbol)):
            return 2
        return result

    # -- choices ------------------------------------------------------------------------

    def _choice_value(self, choice: Choice) -> int:
        """0: the choice is not offered. Otherwise its mode (y: exactly one member)."""
        result = 0
        for definition in choice.definitions:
            value = self._context_of(definition)
            if value:
                prompts = definition.properties.prompts
                shown = max((self.truth(p) for p in prompts), default=0)
                value = min(value, shown, self._prompt_context(definition))
            result = max(result, value)
        if result and any(d.properties.optional for d in choice.definitions):
            chosen = any(self.wants.get(name) == "y" for name in choice.members)
            return result if chosen else 0
        return 2 if result else 0

    def _selected(self, choice: Choice) -> str:
        """The member that is y: the user's, else the first visible default, else the first."""
        known = self._choices.get(choice.identity)
        if known is not None:
            return known
        result = self._select(choice)
        self._choices[choice.identity] = result
        return result

    def _select(self, choice: Choice) -> str:
        members = set(choice.members)
        wanted = [n for n, v in self.wants.items() if v == "y" and n in members]
        for name in reversed(wanted):
            if self._member_visible(name):
                return name
        refused = {name for name in members if self.wants.get(name) == "n"}
        for definition in choice.definitions:
            for item in definition.properties.defaults:
                name = item.value[1] if item.value[0] == "sym" else ""
                if name not in members or name in refused:
                    continue
                if self.truth(item.condition) and self._member_visible(name):
                    return name
        visible = [name for name in choice.members if self._member_visible(name)]
        return next((name for name in visible if name not in refused), visible[0] if visible else "")

    def _member_visible(self, name: str) -> bool:
        symbol = self._view.symbol(name)
        return symbol is not None and self._visibility(symbol) > 0

    # -- expressions --------------------------------------------------------------------

    def truth(self, expression: Expression) -> int:
        """The tristate value of an expression."""
        kind = expression[0]
        if kind == "sym":
            return self._value_of(expression[1])
        if kind == "str":
            if expression[1] == "m":  # expr.c: `m` in a condition is `m && MODULES`
                return min(1, self._value_of(_MODULES))
            return _TRISTATE.get(expression[1], 0)
        if kind == "not":
            return 2 - self.truth(expression[1])
        if kind == "and":
            result = 2
            for term in expression[1]:
                result = min(result, self.truth(term))
                if not result:
                    break
            return result
        if kind == "or":
            result = 0
            for term in expression[1]:
                result = max(result, self.truth(term))
                if result == 2:
                    break
            return result
        return 2 if self._compare(expression) else 0

    def _compare(self, expression: Expression) -> bool:
        operator, left, right = expression
        a, b = self._operand(left), self._operand(right)
        order = _order(a, b)
        if operator == "=":
            return order == 0
        if operator == "!=":
            return order != 0
        if operator == "<":
            return order < 0
        if operator == "<=":
            return order <= 0
        return order > 0 if operator == ">" else order >= 0

    def _operand(self, expression: Expression) -> tuple[str, str]:
        """Type and text of one side of a comparison."""
        name: str = expression[1]
        if expression[0] == "str":
            return "", name
        symbol = self._view.symbol(name)
        if symbol is None:
            return "", name
        if symbol.type in ("bool", "tristate"):
            return symbol.type, _LETTERS[self._value_of(name)]
        return symbol.type, self._text_of(name) or ""

    # -- string, int, hex ----------------------------------------------------------------

    def _ask_text(self, name: str) -> str | None:
        result: str | None = self._retry(name, lambda: self._text_of(name))
        return result

    def _text_of(self, name: str) -> str | None:
        """The value of a symbol as text, None: it has none (autoconf.h does not name it)."""
        if name in self._text:
            return self._text[name]
        symbol = self._view.symbol(name)
        if symbol is None:
            return None
        if not self._enter(name):
            return None
        try:
            result = self._calculate_text(symbol)
        finally:
            self._leave(name)
        self._text[name] = result
        return result

    def _calculate_text(self, symbol: Symbol) -> str | None:
        for definition in symbol.definitions:
            variable = definition.properties.environment
            if variable:
                return self._view.environment.get(variable, "")
        result = self._text_value(symbol)
        if result is not None and symbol.type in ("int", "hex"):
            return self._ranged(symbol, result)
        return result

    def _text_value(self, symbol: Symbol) -> str | None:
        visible = symbol.has_prompt and self._visibility(symbol) > 0
        wanted = self.wants.get(symbol.name)
        if visible and wanted is not None and _valid(symbol.type, wanted):
            return wanted
        for definition in symbol.definitions:
            for item in definition.properties.defaults:
                if self.truth(item.condition) and self._context_of(definition):
                    return self._default_text(symbol, item.value)
        if visible:
            return {"int": "0", "hex": "0x0"}.get(symbol.type, "")
        return None

    def _default_text(self, symbol: Symbol, value: Expression) -> str:
        if value[0] == "str":
            return unquote(value[1]) if value[1] else ""
        if value[0] != "sym":
            return _LETTERS[self.truth(value)]
        other = self._view.symbol(value[1])
        if other is None:
            return str(value[1])
        if other.type in ("bool", "tristate"):
            return _LETTERS[self._value_of(other.name)]
        return self._text_of(other.name) or ""

    def _ranged(self, symbol: Symbol, text: str) -> str:
        base = 16 if symbol.type == "hex" else 10
        number = _number(text, base)
        for definition in symbol.definitions:
            for item in definition.properties.ranges:
                if not (self.truth(item.condition) and self._context_of(definition)):
                    continue
                low = self._operand(item.value)[1]
                high = self._operand(item.second)[1] if item.second is not None else low
                if number is None:
                    return text
                first, last = _number(low, base), _number(high, base)
                if first is not None and number < first:
                    return low
                if last is not None and number > last:
                    return high
                return text
        return text


def _number(text: str, base: int) -> int | None:
    if len(text) > 40:
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def _valid(kind: str, text: str) -> bool:
    if kind == "int":
        return _number(text, 10) is not None
    if kind == "hex":
        return _number(text, 16) is not None
    return True


def _order(left: tuple[str, str], right: tuple[str, str]) -> int:
    """Compare as expr.c does: as numbers where both are numbers, else as texts."""
    a, b = _sortable(*left), _sortable(*right)
    if a is not None and b is not None:
        return (a > b) - (a < b)
    return (left[1] > right[1]) - (left[1] < right[1])


def _sortable(kind: str, text: str) -> int | None:
    if kind in ("bool", "tristate"):
        return _TRISTATE.get(text)
    if kind == "int":
        return _number(text, 10)
    if kind == "hex":
        return _number(text, 16)
    if kind == "":
        return _number(text, 0)
    return None
