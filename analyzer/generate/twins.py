# SPDX-License-Identifier: GPL-2.0-only
"""Code of hooked functions that no judged configuration compiles: what stands under the other
branches of their conditionals, and other definitions of the same names.

A configuration that compiles it is looked for, and judged like the others from then on. What none
is found for is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..errors import SourceError
from ..frontend import Unit
from ..kconfig import Variant
from ..kconfig.conditions import condition_of, truth
from ..kconfig.expression import Expression, symbols
from ..kconfig.solve import Config
from .ctext import Function, blank, find_function, line_of
from .edits import Edit, Step
from .judge import Bench
from .kconfig_edit import SUPPORT

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.S)
_DIRECTIVE: Final = re.compile(
    r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b((?:\\\n|[^\n])*)", re.M
)
_MOST: Final = 3  # configurations that are added
_TRIES: Final = 24  # of an option that is turned
_MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Arm:
    """A branch of a conditional: text[start:end], shown where all `conditions` hold."""

    start: int
    end: int
    conditions: tuple[Expression, ...]

    def shown(self, config: Config) -> bool:
        """Whether a configuration may show it: what depends on no option, it may."""
        return all(truth(one, config) for one in self.conditions)

    def held(self, config: Config) -> int:
        """How many of the conditions hold."""
        return sum(truth(one, config) > 0 for one in self.conditions)


@dataclass(frozen=True, slots=True)
class Twin:
    """A piece of a hooked function that no judged configuration compiles."""

    function: str
    path: str
    line: int
    arm: Arm


def arms(text: str) -> list[Arm]:
    """The branches of all conditionals of a file, each with what has to hold around it, too."""
    plain = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    found: list[Arm] = []
    stack: list[tuple[int, Expression, tuple[Expression, ...], tuple[Expression, ...]]] = []

    def leave(end: int) -> tuple[Expression, tuple[Expression, ...], tuple[Expression, ...]]:
        start, condition, before, outer = stack.pop()
        others = tuple(("not", one) for one in before)
        found.append(Arm(start, end, (*outer, *others, condition)))
        return condition, before, outer

    for match in _DIRECTIVE.finditer(plain):
        word, rest = match[1], match[2]
        if word in ("if", "ifdef", "ifndef"):
            outer: tuple[Expression, ...] = ()
            if stack:
                _, condition, before, above = stack[-1]
                outer = (*above, *(("not", one) for one in before), condition)
            stack.append((match.end(), condition_of(word, rest), (), outer))
        elif word in ("elif", "else") and stack:
            last, before, outer = leave(match.start())
            condition = condition_of("if", rest) if word == "elif" else ("str", "y")
            stack.append((match.end(), condition, (*before, last), outer))
        elif word == "endif" and stack:
            leave(match.start())
    return sorted(found, key=lambda arm: (arm.start, -arm.end))


def definitions(text: str, name: str) -> list[Function]:
    """Every definition of a function in a file's text."""
    masked = blank(text)
    found: dict[int, Function] = {}
    for match in re.finditer(rf"\b{re.escape(name)}\s*\(", masked):
        one = find_function(text, name, line_of(text, match.start()), masked)
        if one is not None:
            found.setdefault(one.open, one)
    return list(found.values())


def unseen(
    variants: Sequence[Variant], bench: Bench, edits: Iterable[Edit], units: Mapping[str, Unit]
) -> list[Twin]:
    """The pieces of functions that edits hook which no variant compiles that was read."""
    hooked: dict[str, set[str]] = {}
    for edit in edits:
        if edit.hook and edit.step is Step.HOOKS and edit.level:
            hooked.setdefault(edit.function, set()).add(edit.path)
    found: list[Twin] = []
    headers = _headers(bench)
    for name, paths in sorted(hooked.items()):
        for path in sorted({*paths, *headers}):
            text = _read(bench, path)
            if text is None or (f"{name}(" not in text and f"{name} (" not in text):
                continue
            read = [v.config for v in variants
                    if v.name in units and path in units[v.name].files]  # fmt: skip
            found += _in_file(text, path, name, read)
    return found


def _in_file(text: str, path: str, name: str, read: Sequence[Config]) -> Iterator[Twin]:
    every = arms(text)
    for one in definitions(text, name):
        around = [arm for arm in every if arm.start <= one.start and one.close < arm.end]
        inner = around[-1] if around else Arm(0, len(text), ())
        if not any(inner.shown(config) for config in read):
            yield Twin(name, path, line_of(text, one.start), inner)
            continue
        done = -1
        for arm in every:
            if not (one.open < arm.start and arm.end < one.close) or arm.end <= done:
                continue
            if not text[arm.start : arm.end].strip() or any(arm.shown(c) for c in read):
                continue
            done = arm.end  # what is inside of it is not shown, either
            yield Twin(name, path, line_of(text, arm.start) + 1, arm)


def others(bench: Bench, twins: Sequence[Twin], selected: bool = False) -> list[Variant]:
    """Configurations that compile them: of those that are judged, with as little turned as will
    do. They are few.

    `selected`: the architecture selects the option, and in such a configuration it has to be on.
    """
    found: list[Variant] = []
    tries = _TRIES
    for twin in twins:
        if len(found) == _MOST or any(twin.arm.shown(one.config) for one in found):
            continue
        for variant in bench.variants:
            one, used = _turned(bench, variant, twin, tries)
            tries -= used
            if one is not None and (one.supported or not selected):
                taken = {v.name for v in (*bench.variants, *found)}
                if one.name not in taken:
                    found.append(one)
                break
    return found


def _turned(bench: Bench, variant: Variant, twin: Twin, most: int) -> tuple[Variant | None, int]:
    """A variant with options turned until it shows a twin, and how many were tried."""
    kconfig = bench.kconfig.with_environment(dict(variant.environment))
    names = dict.fromkeys(n for c in twin.arm.conditions for n in sorted(symbols(c)))
    config, wants, force = variant.config, dict(variant.wants), frozenset((SUPPORT,))
    turned: list[str] = []
    used = 0
    for name in names:
        if used == most or twin.arm.shown(config):
            break
        if kconfig.symbol(name) is None:
            continue
        used += 1
        value = "n" if config.on(name) else "y"
        longer = kconfig.reach({**wants, name: value}, name, value, force)
        if longer is None:
            continue
        other = kconfig.solve(longer, force)
        if any(other.on(n) != variant.config.on(n) for n in ("MMU", "64BIT")):
            continue
        if twin.arm.held(other) > twin.arm.held(config):
            config, wants = other, longer
            turned.append(_short(bench.arch, name, value))
    if not turned or not twin.arm.shown(config):
        return None, used
    label = "-".join(turned)
    if variant != bench.variants[0]:
        label = f"{variant.name}-{label}"
    return replace(
        variant, name=label, label=f"{bench.arch}/{label}", config=config,
        supported=kconfig.solve(wants).on(SUPPORT), wants=tuple(sorted(wants.items())),
        description=f"shows what {twin.function}() is elsewhere",
    ), used  # fmt: skip


def _short(arch: str, name: str, value: str) -> str:
    text = name.lower().replace("_", "-").removeprefix(f"{arch}-").removeprefix("arch-")
    return text if value == "y" else f"no-{text}"


def _headers(bench: Bench) -> list[str]:
    """The headers of the architecture."""
    try:
        return list(bench.tree.walk(f"arch/{bench.arch}/include/asm", (".h",)))
    except SourceError:
        return []


def unsearched(bench: Bench) -> tuple[str, ...]:
    """The headers of the architecture that no branch was looked for in: they cannot be read, or
    are too large."""
    return tuple(path for path in _headers(bench) if _read(bench, path) is None)


def _read(bench: Bench, path: str) -> str | None:
    try:
        data = bench.tree.read(path)
    except SourceError:
        return None
    return data.decode("latin-1") if len(data) <= _MAX_BYTES else None
