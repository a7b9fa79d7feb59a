# SPDX-License-Identifier: GPL-2.0-only
"""What subjects of patches to an architecture's page tables begin with, as its people write it.

A repository says it by the subjects of earlier commits to the same files; without one MAINTAINERS
says whether mm has maintainers of its own there (x86, s390): then it is `x86/mm`, else `arc`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..errors import PtcheckError, SourceError
from ..kconfig import architectures
from ..tree import FolderTree, KernelTree
from ..tree.history import History

_COMMITS: Final = 100  # that are asked
_ENOUGH: Final = 3  # subjects that name the architecture, or it is chance
_SUBJECT: Final = re.compile(r"^([A-Za-z][A-Za-z0-9_-]{0,23})(/mm:|: mm:|:|/)")
_STYLES: Final = {":": "", "/mm:": "/mm", ": mm:": ": mm"}
_MAINTAINERS: Final = "MAINTAINERS"


def subject_prefix(tree: KernelTree, arch: str) -> str:
    """`x86/mm`, `LoongArch`, `riscv: mm`: what stands before the last colon."""
    others = frozenset(architectures(tree)) - {arch}
    return prefix_of(_history(tree, arch), arch, others) or _written_down(tree, arch)


def prefix_of(subjects: Iterable[str], arch: str, others: frozenset[str]) -> str:
    """What most of the subjects begin with; '' where too few name the architecture (and none of
    the others)."""
    words: Counter[str] = Counter()
    styles: Counter[str] = Counter()
    for subject in subjects:
        found = _SUBJECT.match(subject)
        if found is None or not _names(found[1], arch, others):
            continue
        words[found[1]] += 1
        if found[2] in _STYLES:
            styles[_STYLES[found[2]]] += 1
    if words.total() < _ENOUGH:
        return ""
    word = min(words, key=lambda one: (-words[one], one))
    return word + (min(styles, key=lambda one: (-styles[one], one)) if styles else "")


def _names(word: str, arch: str, others: frozenset[str]) -> bool:
    """Whether a word is the name of the architecture, in any spelling (LoongArch, sparc64)."""
    plain = re.sub(r"[^a-z0-9]", "", word.lower())
    return plain in (arch, f"{arch}64", f"{arch}32") and plain not in others


def _history(tree: KernelTree, arch: str) -> tuple[str, ...]:
    """The subjects of the last commits to the page tables; none where there is no repository."""
    rev = tree.revision
    if rev is None and isinstance(tree, FolderTree) and Path(tree.path, ".git").exists():
        rev = "HEAD"
    if rev is None or not tree.path:
        return ()
    folder = f"arch/{arch}"
    places = (f"{folder}/mm", f"{folder}/include/asm/pgtable.h")
    try:
        return History(tree.path).subjects(rev, places, _COMMITS)
    except PtcheckError:
        return ()


def _written_down(tree: KernelTree, arch: str) -> str:
    try:
        text = tree.read(_MAINTAINERS).decode("utf-8", "replace")
    except SourceError:
        return arch
    own = re.search(rf"^F:[ \t]*arch/{re.escape(arch)}/mm/?[ \t]*$", text, re.M)
    return f"{arch}/mm" if own else arch
