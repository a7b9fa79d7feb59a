# SPDX-License-Identifier: GPL-2.0-only
"""The configuration: where it is looked up, what it may say, whose word it is."""

from __future__ import annotations

from analyzer.settings.lookup import Source, find_source, load
from analyzer.settings.model import OutputName, RuleChoice, Settings, Suppression

__all__ = ["OutputName", "RuleChoice", "Settings", "Source", "Suppression", "find_source", "load"]
