# SPDX-License-Identifier: GPL-2.0-only
"""An architecture's own predicates, cut out of its preprocessed headers, for a peer.

The functions that decode an entry, and whatever they need of types, variables and other
functions, are taken from the unit as they are and compiled with the host's compiler. That works
for variants with words of 64 bits whose functions are C; what cannot be compiled says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...errors import UsageError
from ...evaluate.values import PathEnds, Unjudged
from ...frontend import Chunk, Unit
from ...helpers.probes import INITIAL, TEST
from ...helpers.session import Session
from ..decode import BaseDecoder, Facts
from ..session import SessionDecoder
from ..values import LEVELS
from .build import ArchCode
from .layout import BLOCK, PAGES, PFN_SHIFT, TABLE, Layout
from .neutral import without_assembly

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_TESTS: Final = ("pfn", "write", "special", "present", "none", "uffd_wp")
_SWAP: Final = ("swp_uffd_wp", "swp_write")
_MAX_CHUNKS: Final = 4000
BLOCKS: Final = 4


class ArchDecoder(BaseDecoder):
    """Raw entries of an architecture in the small tables and leaves of a peer."""

    def __init__(self, session: Session) -> None:
        self.inner = SessionDecoder(session)

    def facts(self, level: str, raw: int) -> Facts:
        """See Decoder."""
        return self.inner.facts(level, raw)

    def pages(self, level: str) -> int:
        """See Decoder."""
        return PAGES[level]

    def span(self, level: str) -> int:
        """See Decoder."""
        return PAGES[level] << PFN_SHIFT

    def entries(self, level: str) -> int:
        """See Decoder."""
        return TABLE


def arch_layout(session: Session) -> Layout:
    """Every class of entry that the tree can make, at frames that its leaves can have.

    Raises UsageError where no entry is counted.
    """
    decoder = ArchDecoder(session)
    first = session.frames[0]
    wide = max(_pages(session, level) for level in LEVELS)
    blocks = tuple(first + number * max(wide, BLOCK) for number in range(BLOCKS))
    classes: dict[str, tuple[tuple[str, int], ...]] = {}
    steps: dict[str, int] = {}
    for level in LEVELS:
        mask, shift = decoder.inner.field(level)
        steps[level] = 1 << shift if mask else 0
        classes[level] = tuple(
            (entry.name, entry.raw)
            for entry in session.classes(level)
            if _moves(decoder, level, entry.raw, blocks, steps[level])
        )
    if not any(decoder.facts(level, raw).accessible for level in LEVELS for _, raw in
               classes[level]):  # fmt: skip
        raise UsageError(f"{session.variant.label}: no entry that is counted can be made")
    return Layout(decoder, blocks, classes, steps, frozenset({"pte"}))


def _pages(session: Session, level: str) -> int:
    try:
        return session.pages(level)
    except Unjudged:
        return 1


def _moves(decoder: ArchDecoder, level: str, raw: int, blocks: tuple[int, ...], step: int) -> bool:
    """Whether an entry, if it is counted, maps the frames that are computed for it."""
    try:
        if not decoder.facts(level, raw).accessible:
            return True
        offsets = range(BLOCK) if level == "pte" else range(1)
        return step != 0 and all(
            decoder.facts(level, raw + (block + offset - blocks[0]) * step).pfn == block + offset
            for block in blocks
            for offset in offsets
        )
    except (Unjudged, PathEnds):
        return False


def arch_code(session: Session) -> ArchCode:
    """C with the functions that the peer calls.

    Raises UsageError where there is no predicate to take, and for words of 32 bits.
    """
    unit = session.unit
    if not session.has_predicate("pte"):
        raise UsageError(f"{session.variant.label}: no pte_user_accessible_page() of its own")
    if session.bits != 64:
        raise UsageError(f"{session.variant.label}: words of 32 bits cannot be compiled here")
    wrappers = []
    roots: list[str] = []
    for level in LEVELS:
        predicate = f"{level}_user_accessible_page"
        chunk = unit.function(predicate)
        if chunk is None:
            wrappers.append(_constant(level, "user"))
        else:
            roots.append(predicate)
            wrappers.append(_wrapper(level, "user", f"{predicate}({_given(unit, chunk)})"))
        for test in _TESTS:
            probe = f"{TEST}{level}_{test}"
            if _answers(unit, probe, f"{level}_{test}"):
                roots.append(probe)
                wrappers.append(_wrapper(level, test, f"{probe}(entry)"))
            else:
                wrappers.append(_constant(level, test))
        wrappers += [_constant(level, test) for test in _SWAP]
        roots.append(f"{level}_t")
    parts = [_text(unit, chunk) for chunk in _closure(unit, roots)]
    return ArchCode("\n".join([*parts, *wrappers, ""]))


def _text(unit: Unit, chunk: Chunk) -> str:
    """A declaration as C for the host; a variable that is only declared gets its first value."""
    text = unit.source(chunk)
    if chunk.kind == "function":
        return without_assembly(text)
    if text.startswith("register"):
        return f"static {text.removeprefix('register').partition('asm')[0]};".replace("__;", ";")
    if chunk.kind == "variable" and text.startswith("extern") and "=" not in text:
        initial = unit.variable(f"{INITIAL}0_{chunk.name}")
        if initial is not None:
            value = unit.source(initial).partition("=")[2]
            return f"{text}\n__typeof__({chunk.name}) {chunk.name} = {value}"
    return text


def _constant(level: str, test: str) -> str:
    return f"unsigned long ptc_{level}_{test}(unsigned long long raw) {{ return 0; }}"


def _wrapper(level: str, test: str, call: str) -> str:
    return (
        f"unsigned long ptc_{level}_{test}(unsigned long long raw) {{ {level}_t entry;"
        ' _Static_assert(sizeof(entry) <= sizeof(raw), "entry");'
        f" __builtin_memcpy(&entry, &raw, sizeof(entry)); return {call}; }}"
    )


def _given(unit: Unit, chunk: Chunk) -> str:
    """The arguments of a predicate: (entry), (entry, addr) or (mm, addr, entry)."""
    head = unit.source(chunk).partition("{")[0]
    parameters = head[head.rindex("(") + 1 :].split(",")
    return ", ".join("entry" if re.search(r"\bp\w\w_t\b", one) else "0" for one in parameters)


def _answers(unit: Unit, probe: str, name: str) -> bool:
    """Whether what a probe asks for exists in this configuration."""
    chunk = unit.function(probe)
    if chunk is None:
        return False
    body = unit.source(chunk).partition("{")[2]
    return name in unit.functions or re.search(rf"\b{name}\s*\(", body) is None


def _closure(unit: Unit, roots: Iterable[str]) -> list[Chunk]:
    """The declarations that some names need, in the order of the unit."""
    chosen: dict[tuple[int, int], Chunk] = {}
    seen: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for chunk in _declarations(unit, name):
            if (chunk.start, chunk.end) in chosen:
                continue
            chosen[chunk.start, chunk.end] = chunk
            if len(chosen) > _MAX_CHUNKS:
                raise UsageError(f"the predicates need more than {_MAX_CHUNKS} declarations")
            todo.extend(_WORD.findall(unit.text, chunk.start, chunk.end))
    return [chosen[place] for place in sorted(chosen)]


def _declarations(unit: Unit, name: str) -> list[Chunk]:
    """What a name may mean: everything that declares it, but one definition of a function."""
    found: list[Chunk] = []
    function = unit.function(name)
    if function is not None:
        found.append(function)
    for index in (unit.typedefs, unit.structs, unit.enums, unit.enum_constants):
        found.extend(index.get(name, ()))
    if name in unit.functions or name in unit.prototypes:
        found.extend(unit.prototypes.get(name, ())[:1])
    if name in unit.variables:
        variable = unit.variable(name)
        if variable is not None:
            found.append(variable)
    return found
