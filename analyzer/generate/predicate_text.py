# SPDX-License-Identifier: GPL-2.0-only
"""The predicates as C in the architecture's header, and stubs for what the framework names."""

from __future__ import annotations

from .api import PredicateShape
from .edits import Edit, Step, make
from .placement import end_of_c
from .predicates import Predicate


def function_text(predicate: Predicate, shape: PredicateShape) -> str:
    """One predicate as the kernel writes it."""
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
        terms = [term.spelled(level) for term in predicate.terms]
        body = f"\treturn {' && '.join(terms[:-1])} &&\n\t       {terms[-1]};"
        if len(body.split("\n")[0].expandtabs(8)) > 80:
            body = "\treturn " + " &&\n\t       ".join(terms) + ";"
    return f"{head}\n{{\n{body}\n}}\n"


def predicates_edit(
    text: str, path: str, found: tuple[Predicate, ...], shape: PredicateShape
) -> Edit:
    """All predicates at the end of the header's C, under the option."""
    functions = "\n".join(function_text(one, shape) for one in found)
    block = f"#ifdef CONFIG_PAGE_TABLE_CHECK\n{functions}#endif /* CONFIG_PAGE_TABLE_CHECK */\n\n"
    at = end_of_c(text)
    if not text[:at].endswith("\n\n"):
        block = "\n" + block
    why = "the framework asks them which entries it is to count"
    return make(text, path, at, at, block, Step.PREDICATES, "pte_user_accessible_page", why)
