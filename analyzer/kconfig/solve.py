# SPDX-License-Identifier: GPL-2.0-only
"""A configuration: the values that symbols have for given user values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from analyzer.kconfig.evaluate import Evaluator, TooDeep
from analyzer.kconfig.expression import Expression
from analyzer.kconfig.symbols import Symbol
from analyzer.kconfig.values import letter, number, valid
from analyzer.kconfig.view import View

_T = TypeVar("_T")


class Config(Evaluator):
    """The values that symbols have in one configuration. Lazy; the same on every machine.

    `wants` is like a .config file: a value counts where the symbol is visible. `force` names
    symbols that are y whatever the tree says. In a tree without a top Kconfig a symbol that nothing
    defines has the value that is wanted.
    """

    def __init__(
        self, view: View, wants: Mapping[str, str], force: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(view, wants, force)
        self._texts: dict[str, str | None] = {}
        self._unwritten: set[str] = set()  # have a value that autoconf.h does not name

    # -- the public questions -----------------------------------------------------------

    def value(self, name: str) -> str:
        """'y', 'm', 'n', a number or a text; 'n' for a symbol that does not exist.

        '' for an int, hex or string that has no value in this configuration.
        """
        symbol = self._view.symbol(name)
        if symbol is None:
            return self._undefined(name)
        if symbol.boolean:
            return letter(self._ask(lambda: self._value_of(name)))
        return self._ask(lambda: self._text_of(name)) or ""

    def on(self, name: str) -> bool:
        """Whether a bool or tristate symbol is y or m."""
        if self._view.symbol(name) is None:
            return self._undefined(name) in ("y", "m")
        return self._ask(lambda: self._value_of(name)) > 0

    def visible(self, name: str) -> bool:
        """Whether a user could set the symbol in this configuration."""
        symbol = self._view.symbol(name)
        return symbol is not None and self._ask(lambda: self._visibility(symbol)) > 0

    def truth(self, expression: Expression) -> int:
        """The tristate value of an expression: 0, 1 or 2."""
        return self._ask(lambda: self._truth(expression))

    def autoconf(self, names: Iterable[str]) -> str:
        """What include/generated/autoconf.h says of `names` (confdata.c), in their order.

        Names may carry the prefix CONFIG_. Symbols that are n do not appear.
        """
        parts = []
        for name in names:
            name = name.removeprefix("CONFIG_")
            symbol = self._view.symbol(name)
            if symbol is None or symbol.boolean:
                value = self.value(name)
                if value == "m":
                    parts.append(f"#define CONFIG_{name}_MODULE 1\n")
                elif value != "n":
                    parts.append(f"#define CONFIG_{name} {'1' if value == 'y' else value}\n")
                continue
            text = self.value(name)
            if name not in self._unwritten:
                parts.append(f"#define CONFIG_{name} {_literal(symbol.type, text)}\n")
        return "".join(parts)

    def _ask(self, question: Callable[[], _T]) -> _T:
        """Answer; where the recursion gets too deep, work from its far end."""
        while True:
            try:
                return question()
            except TooDeep as deep:
                self._from_the_end(deep.name)

    def _from_the_end(self, name: str) -> None:
        stack = [name]
        while True:
            self._cost = 0
            self._busy.clear()
            self._waiting = set(stack[:-1])
            if not stack:
                return
            last = stack[-1]
            symbol = self._view.symbol(last)
            try:
                if symbol is None or symbol.boolean:
                    self._value_of(last)
                else:
                    self._text_of(last)
            except TooDeep as deep:
                stack.append(deep.name)
            else:
                stack.pop()

    # -- string, int, hex ----------------------------------------------------------------

    def _text_of(self, name: str) -> str | None:
        """The value of a symbol as text, None: it does not exist or depends on itself."""
        if name in self._texts:
            return self._texts[name]
        symbol = self._view.symbol(name)
        if symbol is None or not self._enter(name):
            return None
        result = self._calculate_text(symbol)
        self._leave(name)
        self._texts[name] = result
        return result

    def _calculate_text(self, symbol: Symbol) -> str:
        self._view.evaluations += 1
        for definition in symbol.definitions:
            variable = definition.properties.environment
            if variable:
                return self._view.environment.get(variable, "")
        result = self._text_value(symbol)
        if result is None:
            self._unwritten.add(symbol.name)
        return self._ranged(symbol, result or "")

    def _text_value(self, symbol: Symbol) -> str | None:
        visible = symbol.has_prompt and self._visibility(symbol) > 0
        wanted = self.wants.get(symbol.name)
        if (
            visible
            and wanted is not None
            and valid(symbol.type, wanted)
            and self._ranged(symbol, wanted) == wanted  # else conf_read() forgets it
        ):
            return wanted
        for definition in symbol.definitions:
            for item in definition.properties.defaults:
                if self._truth(item.condition) and self._context_of(definition):
                    return self._default_text(item.value)
        if visible:  # since 6.7; older kernels ask
            return {"int": "0", "hex": "0x0"}.get(symbol.type, "")
        return None

    def _default_text(self, value: Expression) -> str:
        if value[0] not in ("str", "sym"):
            return letter(self._truth(value))
        return self._operand(value)[1]

    def _ranged(self, symbol: Symbol, text: str) -> str:
        """The nearest value in the range that holds; of other types, the text itself."""
        if symbol.type not in ("int", "hex"):
            return text
        base = 16 if symbol.type == "hex" else 10
        value = number(text or "0", base)
        for definition in symbol.definitions:
            for item in definition.properties.ranges:
                if not (self._truth(item.condition) and self._context_of(definition)):
                    continue
                if item.second is None:
                    continue
                low, high = self._operand(item.value)[1], self._operand(item.second)[1]
                first, last = number(low, base), number(high, base)
                if value is not None and first is not None and value < first:
                    return low
                if value is not None and last is not None and value > last:
                    return high
                return text
        return text


def _literal(kind: str, text: str) -> str:
    """A value as autoconf.h writes it."""
    if kind == "string":
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind == "hex" and not text.lower().startswith("0x"):
        return f"0x{text}"
    return text
