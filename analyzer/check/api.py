# SPDX-License-Identifier: GPL-2.0-only
"""The hook interface of a tree, read from its page_table_check.h and its predicates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..errors import SourceError
from ..model import HookApi, HookPrototype, Location
from ..tree import KernelTree

HEADER: Final = "include/linux/page_table_check.h"
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_HOOK = re.compile(r"^(?:static\s+inline\s+)?void\s+(page_table_check_\w+)\s*\(([^)]*)\)", re.M)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(page_table_check_\w+)\(([^)]*)\)", re.M)
_PREDICATE = re.compile(r"\bbool\s+(pte_user_accessible_page)\s*\(([^)]*)\)", re.M)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def hook_api(tree: KernelTree, archs: Iterable[str]) -> HookApi:
    """The prototypes of the hooks, macros included, and the predicate's signature.

    A tree without the header has no page table check: no prototypes.
    """
    try:
        text = tree.read(HEADER).decode("latin-1")
    except SourceError:
        return HookApi((), _predicate(tree, archs))
    text = _COMMENT.sub(_blank, text)
    found: dict[str, HookPrototype] = {}
    for pattern in (_HOOK, _MACRO):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            parameters = tuple(" ".join(p.split()) for p in match[2].split(","))
            found.setdefault(match[1], HookPrototype(match[1], parameters, Location(HEADER, line)))
    return HookApi(tuple(found[name] for name in sorted(found)), _predicate(tree, archs))


def _predicate(tree: KernelTree, archs: Iterable[str]) -> str | None:
    roots = [f"arch/{arch}/include/asm" for arch in archs] + ["mm/page_table_check.c"]
    for root in roots:
        paths = [root] if root.endswith(".c") else list(tree.walk(root, (".h",)))
        for _, data in tree.read_many(p for p in paths if tree.kind(p) is not None):
            found = predicate_in(data)
            if found is not None:
                return found
    return None


def predicate_in(data: bytes) -> str | None:
    """The signature of the predicate that a file defines first."""
    if b"pte_user_accessible_page" not in data:
        return None
    match = _PREDICATE.search(_COMMENT.sub(_blank, data.decode("latin-1")))
    return None if match is None else f"bool {match[1]}({' '.join(match[2].split())})"
