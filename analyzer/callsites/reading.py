# SPDX-License-Identifier: GPL-2.0-only
"""Files of a tree that can have call sites: filtered by bytes, then cut into functions, once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from ..helpers.interface import GENERIC_HEADERS, OVERRIDABLE_HEADERS
from .body import Body
from .code import functions, unclosed
from .definitions import Definitions
from .model import CallSite
from .sensitive import Looked, Sensitive
from .setters import Setter
from .text import Source

_BIG: Final = 1 << 20  # bytes; larger headers are tables of registers, not code
_GUARD: Final = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+([a-z_]\w*)", re.M)
NAMES_CALLED: Final = re.compile(r"\b([a-z_]\w*)\s*\(")
_INTERESTING: Final = re.compile(
    rb"\b(?:pte|pmd|pud)_t\s*\*|\bset_(?:huge_)?p(?:te|md|ud)|\b(?:huge_)?p(?:te|md|ud)p_[a-z]"
    rb"|\bp(?:te|md|ud)_(?:clear|populate|off)"
)


@dataclass(slots=True)
class SourceFile:
    """A file cut into functions, in its order."""

    source: Source
    bodies: tuple[Body, ...]
    unclosed: int  # the position of a block that never ends, or -1
    by_name: dict[str, list[Body]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Generic:
    """The generic side of the interface; `words` is what generic code calls."""

    definitions: Definitions
    declared: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, files: dict[str, SourceFile]) -> Generic:
        definitions = Definitions()
        declared: set[str] = set()
        words: set[str] = set()
        for path, file in files.items():
            text = file.source.text
            words.update(NAMES_CALLED.findall(file.source.code))
            if path in GENERIC_HEADERS:
                declared.update(NAMES_CALLED.findall(text))
            elif path in OVERRIDABLE_HEADERS:
                declared.update(_GUARD.findall(text))
            elif not path.startswith("mm/"):
                continue
            definitions.add(file.source)
        return cls(definitions, frozenset(declared), frozenset(words))


class ReadSources:
    """What was found out about contents of files; shared between architectures and trees."""

    def __init__(self) -> None:
        self._files: dict[bytes, SourceFile] = {}
        self._generic: dict[frozenset[int], Generic] = {}
        self._judged: dict[tuple[frozenset[Setter], frozenset[int]], Judged] = {}

    def file(self, path: str, data: bytes) -> SourceFile:
        """A file cut into functions. Raises RecursionError."""
        key = blake2b(path.encode("utf-8", "surrogateescape") + b"\0" + data).digest()
        found = self._files.get(key)
        if found is None:
            source = Source(path, data)
            bodies = tuple(Body(source, function) for function in functions(source))
            found = SourceFile(source, bodies, unclosed(source))
            for body in bodies:
                found.by_name.setdefault(body.function.name, []).append(body)
            self._files[key] = found
        return found

    def forget(self, folder: str) -> None:
        """Let go of the files below a folder that no answer for generic code was given for."""
        kept = {one for _, files in self._judged for one in files}
        kept.update(one for files in self._generic for one in files)
        self._files = {
            key: file
            for key, file in self._files.items()
            if id(file) in kept or not file.source.path.startswith(f"{folder}/")
        }

    def generic(self, files: dict[str, SourceFile]) -> Generic:
        """What the generic headers declare and generic code defines."""
        key = frozenset(id(file) for file in files.values())
        if key not in self._generic:
            self._generic[key] = Generic.of(files)
        return self._generic[key]

    def judged(
        self, shape: frozenset[Setter], files: Iterable[SourceFile], judge: Callable[[], Judged]
    ) -> Judged:
        """The sites and problems of files that call these setters."""
        key = (shape, frozenset(id(file) for file in files))
        if key not in self._judged:
            self._judged[key] = judge()
        return self._judged[key]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the call sites of some files are; `archs` are left open."""

    sites: tuple[CallSite, ...]
    problems: tuple[str, ...]
    sensitive: frozenset[Sensitive]
    looked: Looked


def may_have_sites(path: str, data: bytes) -> bool:
    """Whether a file is worth being read as C."""
    return _mentions(path, data) and _INTERESTING.search(data) is not None


def names_guarded(text: str) -> list[str]:
    """The names that a header lets others define before it."""
    return _GUARD.findall(text)


def _mentions(path: str, data: bytes) -> bool:
    """The cheap question that nearly every file of a tree answers with no."""
    if len(data) > _BIG and path.endswith(".h"):
        return b"pte_t" in data
    if b"pte" in data and (b"_pte" in data or b"pte_" in data or b"ptep" in data):
        return True
    return b"pmd" in data or b"pud" in data
