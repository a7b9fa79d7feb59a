# SPDX-License-Identifier: GPL-2.0-only
"""Functions that macros generate: their names are pasted together, no header has them as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_PASTING = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)\(([^()\n]*)\)[ \t]*([^\n]*##[^\n]*\{[^\n]*)$", re.M
)
_PASTE = re.compile(r"\s*##\s*")
MAX_CALLS = 64  # of one macro in one header


def generated(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(path, C text) of each function that a header makes by a macro of any of them.

    `texts` are (path, text) of headers without comments, their lines joined.
    """
    texts = list(texts)
    for name, (parameters, body) in makers_in(texts).items():
        call = re.compile(rf"^[ \t]*{name}[ \t]*\(([^()\n]*)\)", re.M)
        for path, text in texts:
            if name not in text:
                continue
            for inner in call.findall(text)[:MAX_CALLS]:
                given = [one.strip() for one in inner.split(",")]
                if len(given) == len(parameters):
                    yield path, _expanded(body, dict(zip(parameters, given, strict=True)))


def makers_in(texts: Iterable[tuple[str, str]]) -> dict[str, tuple[list[str], str]]:
    """The macros of some headers that make functions: their parameters and what they stand for."""
    return {
        name: ([one.strip() for one in inner.split(",")], body)
        for _, text in texts
        if "##" in text
        for name, inner, body in _PASTING.findall(text)
    }


def _expanded(body: str, given: dict[str, str]) -> str:
    """A macro's body with its arguments, pasted."""
    names = "|".join(re.escape(name) for name in given if name)
    text = re.sub(rf"\b(?:{names})\b", lambda m: given[m[0]], body) if names else body
    return _PASTE.sub("", text)
