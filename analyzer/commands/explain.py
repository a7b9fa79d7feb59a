# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck explain [RULE]`: what a rule means, or the list of all rules."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from analyzer.rules.catalogue import RULES, Rule, family_of, find_rule

NAME = "explain"
HELP = "explain a rule with a bad and a good example, or list all rules"

_WIDTH = 88
_INDENT = "    "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "rule", nargs="?", metavar="RULE", help="code or name: PTC101, unhooked (default: list)"
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Print the text of a rule, or one line for each. Raises UsageError for an unknown rule."""
    out.write(_list() if args.rule is None else _explanation(find_rule(args.rule)))
    return 0


def _list() -> str:
    width = max(len(rule.name) for rule in RULES)
    lines = []
    for family, rules in groupby(RULES, family_of):
        lines.append(f"{family}:")
        lines += [f"  {rule.code} {rule.name:{width}}  {rule.title}" for rule in rules]
        lines.append("")
    lines.append("'ptcheck explain PTC101' or 'ptcheck explain unhooked' says more.")
    return "\n".join(lines) + "\n"


def _explanation(rule: Rule) -> str:
    lines = [f"{rule.code} {rule.name}: {rule.title}", ""]
    for heading, text in (("What it means", rule.explanation), ("Why it matters", rule.why)):
        lines += [heading, *_paragraphs(text), ""]
    for heading, code in (("Bad", rule.bad), ("Good", rule.good)):
        lines += [heading, *_code(code), ""]
    lines += ["How to fix it", *_paragraphs(rule.fix)]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.split("\n\n")):
        if number:
            yield ""
        yield from textwrap.wrap(
            " ".join(paragraph.split()),
            _WIDTH,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _code(text: str) -> Iterator[str]:
    for line in text.rstrip("\n").split("\n"):
        yield (_INDENT + line) if line else ""
