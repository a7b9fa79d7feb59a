# SPDX-License-Identifier: GPL-2.0-only
"""What a condition says about entries: the tests of the generic interface, by their names."""

from __future__ import annotations

import re
from typing import Final

from ..brackets import closing, split_arguments
from .state import LEVEL, Said, State

_TEST: Final = re.compile(r"^(?:!\s*)*([A-Za-z_]\w*)\s*\((.*)\)$", re.S)
_WRAPPER: Final = re.compile(
    r"^(?:likely|unlikely|WARN_ON_ONCE|WARN_ON|VM_WARN_ON\w*|BUG_ON|VM_BUG_ON|IS_ERR)$"
)
_NONE: Final = re.compile(rf"^{LEVEL}_none(?:_mostly)?$")
_PRESENT: Final = re.compile(rf"^{LEVEL}_present$")
_LEAF: Final = re.compile(rf"^(?:{LEVEL}|p)_(?:leaf|trans_huge|huge|large|devmap|sect)$")
_KINDS: Final = r"\w*(?:swap|marker|migration|poison|private)\w*"
_ABSENT: Final = re.compile(
    rf"^(?:is_|non_){_KINDS}$|^softleaf_is_{_KINDS}$|^(?:pte|pmd)_is_{_KINDS}$|^pte_marker_uffd_\w+$"
    r"|^(?:pte|pmd)_swap$|^pmd_is_valid_softleaf$"
)
_NOT_TABLE: Final = re.compile(rf"^{LEVEL}_none_or_(?:\w+_or_)?clear_bad$|^{LEVEL}_trans_unstable$")
_SAME: Final = re.compile(rf"^{LEVEL}_same$")
_BAD: Final = re.compile(rf"^{LEVEL}_bad$")
_OF_FRAME: Final = re.compile(rf"^{LEVEL}_pfn\s*\((.*)\)$", re.S)
_SPECIAL: Final = re.compile(rf"^{LEVEL}_special$|^is_huge_zero_\w+$|^is_zero_pfn$")
MAX_CONDITION: Final = 40


def conditions(text: str, state: State, depth: int = 0) -> tuple[Said, Said]:
    """What is known of which entry if a condition is true, and if it is false."""
    text = text.strip()
    while text.startswith("(") and closing(text, 0) == len(text):
        text = text[1:-1].strip()
    if depth > MAX_CONDITION:
        return [], []
    for operator in ("||", "&&"):
        parts = _split(text, operator)
        if len(parts) > 1:
            said = [conditions(part, state, depth + 1) for part in parts]
            every = [one for yes, no in said for one in (yes if operator == "&&" else no)]
            some = [yes if operator == "||" else no for yes, no in said]
            shared = [one for one in some[0] if all(one in other for other in some[1:])]
            return (every, shared) if operator == "&&" else (shared, every)
    if text.startswith("!") and not text.startswith("!="):
        yes, no = conditions(text[1:], state, depth + 1)
        return no, yes
    if text in state.tests:
        return state.tests[text]
    match = _TEST.match(text)
    if match is None or closing(text, text.index("(")) != len(text):
        return [], []
    name, inner = match[1], match[2]
    if _WRAPPER.match(name):
        return conditions(inner, state, depth + 1)
    return _atom(name, inner, state)


def _atom(name: str, inner: str, state: State) -> tuple[Said, Said]:
    arguments = split_arguments(inner)
    if not arguments:
        return [], []
    key = state.key(arguments[0])
    if _NONE.match(name):
        return [(key, "none")], [(key, "some")]
    if _PRESENT.match(name):
        return [(key, "present")], [(key, "absent")]
    if _LEAF.match(name):
        return [(key, "leaf")], [(key, "not a leaf")]
    if _ABSENT.match(name):
        return [(key, "absent")], []
    if _BAD.match(name):
        return [(key, "bad")], []
    if _SPECIAL.match(name):
        key = state.key(_OF_FRAME.sub(r"\1", arguments[0]))
        return [(key, "special")], []
    if _SAME.match(name) and len(arguments) == 2:
        other = state.key(arguments[1])
        said = [(key, word) for word in sorted(state.about(other))]
        return said + [(other, word) for word in sorted(state.about(key))], []
    if _NOT_TABLE.match(name):
        slot = f"*{arguments[0].lstrip('&* ')}"
        return [], [(slot, "table")]
    return [], []


def _split(text: str, operator: str) -> list[str]:
    """Cuts at an operator outside of brackets."""
    found: list[str] = []
    depth = start = 0
    for match in re.finditer(r"[(\[{)\]}]|&&|\|\|", text):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        elif depth == 0 and match[0] == operator:
            found.append(text[start : match.start()])
            start = match.end()
    found.append(text[start:])
    return found
