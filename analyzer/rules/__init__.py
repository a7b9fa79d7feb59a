# SPDX-License-Identifier: GPL-2.0-only
"""The rules: what each code means; how they are decided is in `analyzer.law`."""

from __future__ import annotations

from analyzer.rules.catalogue import RULES, Rule, find_rule, rule_named

__all__ = ["RULES", "Rule", "find_rule", "rule_named"]
