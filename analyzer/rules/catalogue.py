# SPDX-License-Identifier: GPL-2.0-only
"""All rules, in the order of their codes, which is the order in which they are run and listed.

A new rule is one `Rule` in a module of `analyzer/rules/texts/` and one line here; whoever finds
it out refers to it by its code. Codes are stable: a rule that is given up leaves a gap.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from analyzer.errors import UsageError
from analyzer.rules.texts import (
    accounting,
    arguments,
    bookkeeping,
    callers,
    coverage,
    interface,
    order,
    predicate_entries,
    predicate_laws,
)
from analyzer.rules.texts.rule import Rule

__all__ = ["BY_CODE", "FAMILIES", "RULES", "Rule", "family_of", "find_rule", "rule_named"]

RULES: tuple[Rule, ...] = (
    accounting.UNHOOKED,
    accounting.DOUBLE_HOOK,
    order.SET_ORDER,
    order.CLEAR_VALUE,
    arguments.WRONG_LEVEL,
    arguments.WRONG_MM,
    arguments.WRONG_SLOT,
    accounting.MISCOUNTED,
    accounting.MODIFIER,
    callers.RAW_CALL_SITE,
    callers.BROKEN_CONTRACT,
    callers.TABLE_WITH_ENTRIES,
    predicate_entries.COUNTS_ABSENT,
    predicate_entries.COUNTS_TABLE,
    predicate_entries.COUNTS_INVALIDATED,
    predicate_entries.MISSES_USER,
    predicate_entries.COUNTS_KERNEL,
    predicate_laws.DEPENDS_ON_FLAGS,
    predicate_laws.DEPENDS_ON_NUMA,
    predicate_laws.LEVELS_DISAGREE,
    predicate_laws.MISSING,
    predicate_entries.COUNTS_SPECIAL,
    interface.HOOK_ARITY,
    interface.HOOK_WITHOUT_SELECT,
    interface.SELECT_WITHOUT_PREDICATE,
    interface.SELECT_CONDITION,
    coverage.UNJUDGED,
    coverage.UNREADABLE,
    coverage.NO_COUNTED_CLASS,
    bookkeeping.MALFORMED,
    bookkeeping.UNUSED,
    bookkeeping.STALE,
)

BY_CODE: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in RULES})

# The first digit of a code (design.md, section 4).
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "1": "accounting",
        "2": "predicate",
        "3": "hook API, Kconfig and callers",
        "4": "bits",
        "9": "what could not be judged, and what is excused",
    }
)


def family_of(rule: Rule) -> str:
    """The heading under which the rule is listed."""
    return FAMILIES[rule.code[len("PTC")]]


def rule_named(code: str) -> Rule:
    """The rule with exactly that code. KeyError if there is none: a defect of the caller."""
    return BY_CODE[code]


def find_rule(text: str) -> Rule:
    """The rule with that code or name, in any case.

    Raises UsageError, with the nearest codes and names, if there is none.
    """
    wanted = text.strip().casefold()
    for rule in RULES:
        if wanted in (rule.code.casefold(), rule.name):
            return rule
    known = {key: f"{rule.code} {rule.name}" for rule in RULES for key in _keys(rule)}
    near = dict.fromkeys(known[key] for key in difflib.get_close_matches(wanted, known, 3, 0.55))
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise UsageError(f"unknown rule '{text}'{hint}; 'ptcheck explain' lists all")


def _keys(rule: Rule) -> tuple[str, str]:
    return rule.code.casefold(), rule.name
