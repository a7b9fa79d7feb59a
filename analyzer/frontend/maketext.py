# SPDX-License-Identifier: GPL-2.0-only
"""The text functions of make (GNU make manual, "Functions for Transforming Text")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from posixpath import basename, normpath, splitext
from typing import Final


def _matches(pattern: str, word: str) -> str | None:
    """Return the stem of `word` under a `%` pattern ('' if it has no `%`), None if it differs."""
    if "%" not in pattern:
        return "" if pattern == word else None
    before, _, after = pattern.partition("%")
    fits = word.startswith(before) and word.endswith(after)
    if not fits or len(word) < len(before) + len(after):
        return None
    return word[len(before) : len(word) - len(after)]


def patsubst(pattern: str, replacement: str, text: str) -> str:
    """Replace each word that matches a `%` pattern."""
    out = []
    for word in text.split():
        stem = _matches(pattern, word)
        if stem is None:
            out.append(word)
        else:
            out.append(replacement.replace("%", stem, 1) if "%" in pattern else replacement)
    return " ".join(out)


def _filter(values: list[str], keep: bool) -> str:
    patterns = values[0].split()
    return " ".join(
        word
        for word in values[1].split()
        if any(_matches(p, word) is not None for p in patterns) == keep
    )


def _directory(path: str) -> str:
    return path.rpartition("/")[0] + "/" if "/" in path else "./"


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda values: " ".join(map(change, values[0].split()))


TEXT_FUNCTIONS: Final[Mapping[str, Callable[[list[str]], str]]] = {
    "subst": lambda v: v[2].replace(v[0], v[1]) if v[0] else v[2],
    "patsubst": lambda v: patsubst(v[0].strip(), v[1].strip(), v[2]),
    "strip": lambda v: " ".join(v[0].split()),
    "findstring": lambda v: v[0] if v[0] in v[1] else "",
    "filter": lambda v: _filter(v, True),
    "filter-out": lambda v: _filter(v, False),
    "sort": lambda v: " ".join(sorted(set(v[0].split()))),
    "word": lambda v: v[1].split()[int(v[0]) - 1],
    "words": lambda v: str(len(v[0].split())),
    "wordlist": lambda v: " ".join(v[2].split()[int(v[0]) - 1 : int(v[1])]),
    "firstword": lambda v: " ".join(v[0].split()[:1]),
    "lastword": lambda v: " ".join(v[0].split()[-1:]),
    "dir": _each(_directory),
    "notdir": _each(basename),
    "basename": _each(lambda p: splitext(p)[0]),
    "suffix": _each(lambda p: splitext(p)[1]),
    "addprefix": lambda v: " ".join(v[0].strip() + w for w in v[1].split()),
    "addsuffix": lambda v: " ".join(w + v[0].strip() for w in v[1].split()),
    "realpath": _each(normpath),
    "abspath": _each(normpath),
    "shell": lambda v: "",
    "error": lambda v: "",
    "warning": lambda v: "",
    "info": lambda v: "",
    "eval": lambda v: "",
    "origin": lambda v: "undefined",
    "value": lambda v: "",
}
"""By name: from the expanded arguments to the result. IndexError where arguments are missing."""
