# SPDX-License-Identifier: GPL-2.0-only
"""The rules that a configuration, a comment or an option names."""

from __future__ import annotations

import difflib
import re

from analyzer.errors import UsageError
from analyzer.report.escape import visible
from analyzer.rules.catalogue import RULES
from analyzer.settings.model import UNTOUCHABLE


def chosen_rule(text: str, *, beginnings: bool) -> str:
    """The code for the code or name of a rule, or the beginning of some (`PTC2`).

    Raises UsageError for what no rule is called, and for rules that cannot be chosen.
    """
    wanted = text.strip()
    code = wanted.upper()
    found = next((r.code for r in RULES if code == r.code or wanted.lower() == r.name), "")
    if not found and beginnings and re.fullmatch(r"PTC\d{1,2}", code):
        found = code if any(rule.code.startswith(code) for rule in RULES) else ""
    if not found:
        names = {key: rule.code for rule in RULES for key in (rule.code, rule.name)}
        near = difflib.get_close_matches(wanted, list(names), 1, 0.5)
        hint = f" (did you mean '{names[near[0]]}'?)" if near else ""
        raise UsageError(f"unknown rule '{visible(wanted)}'{hint}; 'ptcheck explain' lists all")
    if found.startswith(UNTOUCHABLE):
        raise UsageError(
            f"{found} cannot be disabled or suppressed: what could not be judged is always said"
        )
    return found
