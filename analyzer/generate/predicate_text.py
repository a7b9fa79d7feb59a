# SPDX-License-Identifier: GPL-2.0-only
"""The predicates as C in the architecture's header, and stubs for what the framework names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..frontend import Unit
from .ahead import undeclared
from .api import PredicateShape
from .edits import Edit, Step, make
from .placement import c_regions, end_of_c, end_of_header
from .predicates import Predicate


def function_text(predicate: Predicate, shape: PredicateShape) -> str:
    """One predicate as the kernel writes it."""
    if predicate.option:
        whole = function_text(replace(predicate, option=""), shape)
        never = function_text(replace(predicate, option="", terms=()), shape)
        return f"#ifdef CONFIG_{predicate.option}\n{whole}#else\n{never}#endif\n"
    level = predicate.level
    head = f"static inline bool {level}_user_accessible_page({shape.parameters(level)})"
    if len(head) > 80:
        first, _, rest = head.partition("(")
        parts = rest.rstrip(")").split(", ")
        pad = "\t" * (len(first + "(") // 8) + " " * (len(first + "(") % 8)
        lines = [f"{first}({', '.join(parts[:-1])},", f"{pad}{parts[-1]})"]
        head = "\n".join(lines)
    body = f"\treturn {predicate.expression()};"
    if len(body.expandtabs(8)) > 80 and predicate.terms:
        terms = predicate.spelled()
        body = f"\treturn {' && '.join(terms[:-1])} &&\n\t       {terms[-1]};"
        if len(body.split("\n")[0].expandtabs(8)) > 80:
            body = "\treturn " + " &&\n\t       ".join(terms) + ";"
    return f"{head}\n{{\n{body}\n}}\n"


_STUBBED: Final = {"pfn": "unsigned long", "write": "int"}
_ASKED = re.compile(r"\b((pte|pmd|pud)_(pfn|write))\s*\(")


def lacking(units: Mapping[str, Unit], framework: str) -> dict[str, frozenset[str]]:
    """Accessors that the framework calls, and the variants in which no header has them."""
    found: dict[str, set[str]] = {}
    for variant, unit in units.items():
        names: set[str] = set()
        for chunks in unit.functions.values():
            for chunk in chunks:
                if unit.path(chunk) == framework:
                    names.update(match[1] for match in _ASKED.finditer(unit.source(chunk)))
        for name in names:
            if unit.function(name) is None and unit.prototype(name) is None:
                found.setdefault(name, set()).add(variant)
    return {name: frozenset(variants) for name, variants in sorted(found.items())}


def stub_text(name: str, guard: str = "") -> str:
    """An accessor of a level that maps nothing here: its answer is never looked at.

    `guard`: the condition under which headers lack it, as a select has them.
    """
    level, _, what = name.partition("_")
    text = f"static inline {_STUBBED[what]} {name}({level}_t {level})\n{{\n\treturn 0;\n}}\n"
    if not guard:
        return text
    terms = [f"{'!' * (t[0] == '!')}defined(CONFIG_{t.lstrip('!')})" for t in guard.split(" && ")]
    condition = f"#if {' && '.join(terms)}"
    if len(terms) == 1:
        condition = f"#if{'n' * (guard[0] == '!')}def CONFIG_{guard.lstrip('!')}"
    return f"{condition}\n{text}#endif\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Predicates, and stubs (with the guard of each), of the configurations with an option ('!':
    without it; '' for all)."""

    option: str
    predicates: tuple[Predicate, ...]
    stubs: Mapping[str, str]

    def text(self, shape: PredicateShape) -> str:
        """All of them as C."""
        parts = [stub_text(name, guard) for name, guard in self.stubs.items()]
        return "\n".join([*parts, *(function_text(one, shape) for one in self.predicates)])


def _alternatives(blocks: Sequence[tuple[str, str]]) -> str:
    """The text of the only block, or of one and its opposite."""
    (option, text), *others = blocks
    if not others:
        return text
    said = f"{'!' * option.startswith('!')}CONFIG_{option.lstrip('!')}"
    unsaid = said.removeprefix("!") if said.startswith("!") else f"!{said}"
    word = "ifndef" if option.startswith("!") else "ifdef"
    return (
        f"#{word} CONFIG_{option.lstrip('!')}\n{text}"
        f"#else /* {unsaid} */\n{others[0][1]}#endif /* {unsaid} */\n"
    )


def lacking_ahead(units: Iterable[Unit], path: str) -> tuple[str, ...]:
    """What the predicates of a header need, and is not declared or defined ahead of them."""
    found: set[str] = set()
    for unit in units:
        for level in ("pte", "pmd", "pud"):
            chunk = unit.function(f"{level}_user_accessible_page", path)
            if chunk is not None and unit.path(chunk) == path:
                found |= undeclared(unit, chunk)
    return tuple(sorted(found))


def predicates_edits(
    text: str,
    path: str,
    blocks: Sequence[Block],
    shape: PredicateShape,
) -> Iterator[Edit]:
    """All predicates, and stubs, under the option: one edit for each place that may do.

    The end of what only C sees comes first, then the end of the header.
    """
    functions = _alternatives([(one.option, one.text(shape)) for one in blocks])
    plain = "#ifdef CONFIG_PAGE_TABLE_CHECK"
    hidden = "__ASSEMBLER__" if "__ASSEMBLER__" in text else "__ASSEMBLY__"
    guarded = f"#if defined(CONFIG_PAGE_TABLE_CHECK) && !defined({hidden})"
    why = "the framework asks them which entries it is to count"
    for at in dict.fromkeys((end_of_c(text), end_of_header(text))):
        inside = any(start <= at <= end for start, end in c_regions(text))
        condition = plain if inside else guarded  # nothing else keeps assembler from it
        block = f"{condition}\n{functions}#endif /* CONFIG_PAGE_TABLE_CHECK */\n"
        if text[at:].strip() and not text.startswith("\n", at):
            block += "\n"
        if not text[:at].endswith("\n\n"):
            block = "\n" + block
        yield make(text, path, at, at, block, Step.PREDICATES, "pte_user_accessible_page", why)
