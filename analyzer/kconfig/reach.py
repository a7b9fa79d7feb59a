# SPDX-License-Identifier: GPL-2.0-only
"""Which user values make a symbol have a value: the search behind the variants.

`depends on`, `select` and defaults are followed backwards to prompts. The search proposes, lazily
and bounded, one set of user values after the other; the solver decides: a proposal counts only if
the solved configuration has what was asked for. Of those that do, the smallest is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import TypeAlias

from analyzer.kconfig.expression import Expression, conjunction
from analyzer.kconfig.scan import Kind
from analyzer.kconfig.solve import Config
from analyzer.kconfig.symbols import Choice, Context, Definition, Symbol
from analyzer.kconfig.view import View

_MAX_DEPTH = 40
_MAX_TERMS = 24
_MAX_STEPS = 1500
_MAX_PROPOSALS = 60
_MAX_WAYS = 24
_ROUNDS = 3
_MAX_WORK = 100_000  # evaluated symbols; the most that a real tree needs is 5,000

Wants: TypeAlias = dict[str, str]
#: What is being sought on the way to where we are.
Path: TypeAlias = tuple[tuple[str, str], ...]
_NESTED = ("", "")  # an expression in an expression counts as a step as well


class Reach:
    """Search in one configuration. Only files of the architecture itself are asked who selects.

    `keep_choices`: what a choice has chosen (a processor, a platform) is not changed.
    """

    def __init__(self, view: View, config: Config, keep_choices: bool) -> None:
        self.view = view
        self.config = config
        self.keep_choices = keep_choices
        self.steps = _MAX_STEPS

    def proposals(self, name: str, value: str) -> Iterator[Wants]:
        """Sets of additional wants after which `name` may be `value`."""
        self.steps = _MAX_STEPS
        return islice(self._value(name, value, ()), _MAX_PROPOSALS)

    def _value(self, name: str, value: str, path: Path) -> Iterator[Wants]:
        if self.config.value(name) == value:
            yield {}
            return
        self.steps -= 1
        symbol = self.view.symbol(name)
        if symbol is None or self.steps <= 0:
            return
        if len(path) < _MAX_DEPTH and (name, value) not in path:
            yield from self._symbol(symbol, value, (*path, (name, value)))

    def _symbol(self, symbol: Symbol, value: str, path: Path) -> Iterator[Wants]:
        if symbol.has_prompt:
            yield from self._by_user(symbol, value, path)
        if symbol.type in ("bool", "tristate") and value == "n":
            yield from self._off(symbol, path)
            return
        yield from self._by_default(symbol, value, path)
        if value == "y":
            yield from self._by_select(symbol, path)

    def _by_user(self, symbol: Symbol, value: str, path: Path) -> Iterator[Wants]:
        """Make a prompt visible and answer it."""
        if symbol.choice is not None:
            if self.keep_choices:
                return
            if value == "n":
                yield from self._another(symbol.choice, symbol.name, path)
                return
        for definition in symbol.definitions:
            for prompt in definition.properties.prompts:
                visible = conjunction([prompt, *self._around(definition)])
                for found in self._holds(visible, True, path):
                    yield {**found, symbol.name: value}

    def _another(self, choice: Choice, name: str, path: Path) -> Iterator[Wants]:
        """Choose any other member."""
        for other in choice.members:
            if other != name:
                yield from islice(self._value(other, "y", path), 2)

    def _by_default(self, symbol: Symbol, value: str, path: Path) -> Iterator[Wants]:
        for definition in symbol.definitions:
            for item in definition.properties.defaults:
                around = [item.condition, *self._around(definition)]
                if symbol.type in ("bool", "tristate"):
                    if value != "y" or item.value == ("str", "n"):
                        continue
                    around.append(item.value)
                elif item.value[0] not in ("str", "sym") or item.value[1] != value:
                    continue
                yield from islice(self._holds(conjunction(around), True, path), _MAX_WAYS)

    def _by_select(self, symbol: Symbol, path: Path) -> Iterator[Wants]:
        for pointer in self.view.selectors(symbol):
            if self.steps <= 0:
                return
            if self.view.of_arch(pointer.definition):
                both = conjunction([("sym", pointer.owner), pointer.item.condition])
                yield from islice(self._holds(both, True, path), _MAX_WAYS)

    def _off(self, symbol: Symbol, path: Path) -> Iterator[Wants]:
        """Make a symbol n that has no prompt: none of its defaults and selectors may hold."""
        terms: list[Expression] = []
        for definition in symbol.definitions:
            around = self._around(definition)
            terms += [
                conjunction([item.value, item.condition, *around])
                for item in definition.properties.defaults
            ]
        terms += [
            conjunction([("sym", pointer.owner), pointer.item.condition])
            for pointer in self.view.selectors(symbol)
            if self.config.on(pointer.owner)
        ]
        yield from self._holds(("or", tuple(terms)) if terms else ("str", "n"), False, path)

    def _around(self, definition: Definition) -> list[Expression]:
        """The dependencies of a definition and of the blocks around it."""
        found = list(definition.properties.depends)
        at: Context | None = definition.context
        steps = 0
        while at is not None and steps < 200:
            kind = self.view.kind(at)
            if kind is Kind.CHOICE:
                for part in self.view.choice(at).definitions:
                    found.extend(part.properties.depends)
                    found.extend(part.properties.prompts)
            elif kind is not None:
                found.append(self.view.condition(at))
                if kind is Kind.MENU:
                    found.extend(self.view.properties(*at).visible)
            at = self.view.outer(at)
            steps += 1
        return found

    def _holds(self, expression: Expression, wanted: bool, path: Path) -> Iterator[Wants]:
        """Wants after which the expression is true (or false)."""
        if (self.config.truth(expression) > 0) == wanted:
            yield {}
            return
        kind = expression[0]
        if kind == "sym":
            yield from self._value(expression[1], "y" if wanted else "n", path)
            return
        path = (*path, _NESTED)
        if len(path) >= _MAX_DEPTH:
            return
        if kind == "not":
            yield from self._holds(expression[1], not wanted, path)
        elif kind in ("and", "or"):
            unmet = [t for t in expression[1] if (self.config.truth(t) > 0) != wanted]
            if (kind == "and") == wanted:
                yield from self._all(unmet, wanted, path)
            else:
                for term in unmet:
                    yield from islice(self._holds(term, wanted, path), _MAX_WAYS)
        elif kind in ("=", "!=") and (kind == "=") == wanted:
            yield from self._equal(expression, path)

    def _all(self, terms: list[Expression], wanted: bool, path: Path) -> Iterator[Wants]:
        """Every term at once: each way of the one with each way of the others."""
        if len(terms) > _MAX_TERMS:
            return
        ways: list[list[Wants]] = []
        for term in terms:
            ways.append(list(islice(self._holds(term, wanted, path), _MAX_WAYS)))
            if not ways[-1]:
                return
        for parts in islice(product(*ways), _MAX_PROPOSALS):
            self.steps -= 1
            whole: Wants = {}
            fits = True
            for part in parts:
                fits = fits and all(whole.get(n, v) == v for n, v in part.items())
                whole.update(part)
            if fits:
                yield whole

    def _equal(self, expression: Expression, path: Path) -> Iterator[Wants]:
        left, right = expression[1], expression[2]
        if left[0] == "sym" and (right[0] == "str" or self.view.symbol(right[1]) is None):
            yield from self._value(left[1], right[1], path)


def reached(
    view: View,
    wants: Mapping[str, str],
    force: frozenset[str],
    name: str,
    value: str,
    keep_choices: bool = False,
) -> Wants | None:
    """`wants` extended so that `name` is `value` in the solved configuration, or None."""
    start = dict(wants)
    limit = view.evaluations + _MAX_WORK
    for _ in range(_ROUNDS):
        config = Config(view, start, force)
        if config.value(name) == value:
            return start
        found = list(Reach(view, config, keep_choices).proposals(name, value))
        found.sort(key=len)
        for proposal in found:
            trial = _with(view, start, proposal)
            if view.evaluations > limit:
                return None
            if Config(view, trial, force).value(name) == value:
                return trial
        if not found or (following := _with(view, start, found[0])) == start:
            return None
        start = following
    return None


def _with(view: View, wants: Wants, more: Wants) -> Wants:
    """`wants` overlaid with `more`; of a choice, only what is said last remains."""
    result = dict(wants)
    for name, value in more.items():
        symbol = view.symbol(name)
        if value == "y" and symbol is not None and symbol.choice is not None:
            for member in symbol.choice.members:
                result.pop(member, None)
        result[name] = value
    return result
