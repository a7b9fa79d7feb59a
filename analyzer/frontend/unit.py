# SPDX-License-Identifier: GPL-2.0-only
"""One preprocessed unit: what it declares, by name; bodies are parsed when they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Final, NamedTuple

from pycparser import c_ast

from analyzer.frontend.cparse import BUILTIN_TYPES, Node
from analyzer.frontend.declarators import declared_names, enum_constants, objects_in, tags
from analyzer.frontend.image import Image, Slices, image_of
from analyzer.frontend.macros import Macro
from analyzer.frontend.parsecache import ParseCache
from analyzer.frontend.patterns import PROTOTYPE
from analyzer.frontend.preprocess import Diagnostic
from analyzer.frontend.slicer import Slicer, Span
from analyzer.frontend.words import NOT_NAMES
from analyzer.model import Location

MAX_DECLARATION: Final = 1 << 20  # characters; the longest of a real kernel has 329,893
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*+")
TYPEDEF: Final = ("typedef", "__extension__ typedef", "__extension__\ntypedef")
NO_OBJECT: Final = (*TYPEDEF, "_Static_assert", "asm", "__asm")
_HEAD_WEAK: Final = re.compile(r"\b(?:__)?weak(?:__)?\b")


class Chunk(NamedTuple):  # a unit makes tens of thousands: half the time of a dataclass
    """One declaration of a unit under one of its names: text[start:end].

    `kind`: 'function' (a definition), 'typedef', 'struct' (or union), 'enum' (a tag),
    'enum_constant', 'variable', 'prototype'.
    """

    kind: str
    name: str
    start: int
    end: int


_Index = dict[str, tuple[Chunk, ...]]


class Unit:
    """The declarations of one preprocessed text, which must begin with a newline.

    `unparsed` grows: broken stretches at once, declarations that do not parse when asked for.
    `slices`: where the text was cut before.
    """

    def __init__(
        self,
        text: str,
        diagnostics: Iterable[Diagnostic] = (),
        macros: Mapping[str, Macro] | None = None,
        cache: ParseCache | None = None,
        slices: Slices | None = None,
    ) -> None:
        self.text = text
        self.diagnostics = tuple(diagnostics)
        self.macros: Mapping[str, Macro] = {} if macros is None else macros
        self.cache = ParseCache() if cache is None else cache
        self._declared: dict[int, tuple[Node, ...]] = {}
        self._slicer: Slicer | Slices = Slicer(text) if slices is None else slices
        self._positions = self._slicer.positions
        self.events = ""  # of macros, where they are kept (see `frontend.image`)
        self.unparsed: dict[Location, str] = {
            self._positions.location(b.start): b.reason for b in self._slicer.broken
        }

    # -- indexes, each built when it is first needed -----------------------------------------

    @cached_property
    def functions(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Function definitions by name; several where static names repeat."""
        return index_of(Chunk("function", s.name, s.start, s.end) for s in self._slicer.functions)

    @cached_property
    def typedefs(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Typedef declarations by each name."""
        text = self.text
        return index_of(
            Chunk("typedef", name, s.start, s.end)
            for s in self._slicer.declarations
            if text.startswith(TYPEDEF, s.start)
            for name, _ in declared_names(text[s.start : s.end])
        )

    @cached_property
    def structs(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Declarations that define a struct or union, by tag."""
        return index_of(c for c in self._tagged if c.kind == "struct")

    @cached_property
    def enums(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Declarations that define an enum with a tag, by tag."""
        return index_of(c for c in self._tagged if c.kind == "enum")

    @cached_property
    def _tagged(self) -> list[Chunk]:
        return [
            Chunk("enum" if kind == "enum" else "struct", tag, s.start, s.end)
            for s in self._slicer.declarations
            if s.braced
            for kind, tag in tags(self.text[s.start : s.end])
        ]

    @cached_property
    def enum_constants(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Declarations that define an enum, by each of its constants."""
        text = self.text
        return index_of(
            Chunk("enum_constant", name, s.start, s.end)
            for s in self._slicer.declarations
            if s.braced and text.find("enum", s.start, s.end) >= 0
            for name in enum_constants(text[s.start : s.end])
        )

    @cached_property
    def prototypes(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Function declarations without a body, by name."""
        return index_of(c for c in self._objects if c.kind == "prototype")

    @cached_property
    def variables(self) -> Mapping[str, tuple[Chunk, ...]]:
        """Variables, declared or defined, by name."""
        return index_of(c for c in self._objects if c.kind == "variable")

    @cached_property
    def _objects(self) -> list[Chunk]:
        found = []
        text = self.text
        for span in self._slicer.declarations:
            start, end = span.start, span.end
            if text.startswith(NO_OBJECT, start):
                continue
            if not span.braced:
                simple = PROTOTYPE.match(text, start, end)
                if simple and simple[1] not in NOT_NAMES:
                    found.append(Chunk("prototype", simple[1], start, end))
                    continue
            for kind, name in objects_in(text, start, end, span.braced):
                found.append(Chunk(kind, name, start, end))
        return found

    def in_headers(self) -> Iterator[tuple[str, Location]]:
        """Yield the functions that stand in headers, and where they begin."""
        for span in self._slicer.functions:
            if self._positions.path(span.start).endswith(".h"):
                yield span.name, self._positions.location(span.start)

    def spans(self) -> list[tuple[bool, Span]]:
        """Return all declarations in their order; whether each is a function."""
        found = [(True, span) for span in self._slicer.functions]
        found += [(False, span) for span in self._slicer.declarations]
        return sorted(found, key=lambda one: one[1].start)

    def place(self, position: int) -> Location:
        """Return the place in the tree of a position in the text."""
        return self._positions.location(position)

    def reached(self, path: str, line: int) -> int | None:
        """Return where in the text a file comes to a line, what that line includes behind it.

        None where the file is not read, or ends before.
        """
        return self._positions.reached(path, line)

    def image(self, stamp: str) -> Image | None:
        """Return the unit in a form that can be kept; None where it cannot be."""
        if not self.events or not isinstance(self._slicer, Slicer):
            return None
        return image_of(stamp, self._slicer, self.unread)

    # -- look-up -----------------------------------------------------------------------------

    def function(self, name: str, near: str | None = None) -> Chunk | None:
        """Return the definition of a function.

        Of several, the one in the file `near`; else one that is not weak; else the first.
        """
        found = self.functions.get(name)
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        if near is not None:
            for chunk in found:
                if self._positions.path(chunk.start) == near:
                    return chunk
        return next((c for c in found if not self._is_weak(c)), found[0])

    def typedef(self, name: str) -> Chunk | None:
        """Return the first declaration of a typedef name."""
        return _first(self.typedefs, name)

    def struct(self, tag: str) -> Chunk | None:
        """Return the declaration that defines `struct tag` or `union tag`."""
        return _first(self.structs, tag)

    def enum(self, tag: str) -> Chunk | None:
        """Return the declaration that defines `enum tag`."""
        return _first(self.enums, tag)

    def enum_constant(self, name: str) -> Chunk | None:
        """Return the declaration that defines an enum with this constant."""
        return _first(self.enum_constants, name)

    def variable(self, name: str) -> Chunk | None:
        """Return the declaration of a variable; one with an initialiser where there is one."""
        found = self.variables.get(name, ())
        for chunk in found:
            if "=" in self.text[chunk.start : chunk.end]:
                return chunk
        return found[0] if found else None

    def prototype(self, name: str) -> Chunk | None:
        """Return the first declaration of a function that is no definition."""
        return _first(self.prototypes, name)

    def _is_weak(self, chunk: Chunk) -> bool:
        head = self.text[chunk.start : self.text.find("{", chunk.start)]
        return bool(_HEAD_WEAK.search(head))

    # -- places --------------------------------------------------------------------------------

    def source(self, chunk: Chunk) -> str:
        """Return the preprocessed text of a declaration."""
        return self.text[chunk.start : chunk.end]

    def location(self, chunk: Chunk) -> Location:
        """Return the place in the tree of the name that the chunk declares."""
        found = re.compile(rf"\b{re.escape(chunk.name)}\b").search(
            self.text, chunk.start, chunk.end
        )
        return self._positions.location(found.start() if found else chunk.start)

    def path(self, chunk: Chunk) -> str:
        """Return the file of a chunk (cheaper than its location)."""
        return self._positions.path(chunk.start)

    @property
    def unread(self) -> str:
        """The first place of the unit that could not be read; '' when everything was."""
        places = [d.location for d in self.diagnostics] + sorted(self.unparsed)
        named = [place for place in places if not place.path.startswith("<")]
        return str(named[0]) if named else ""

    @property
    def files(self) -> frozenset[str]:
        """The files that the unit consists of, as the line markers name them."""
        return self._positions.paths

    # -- parsing -------------------------------------------------------------------------------

    def ast(self, chunk: Chunk) -> Node | None:
        """Return the parsed node of a chunk; None, and an entry in `unparsed`, if that fails.

        function: FuncDef; typedef: Typedef; struct: Struct or Union; enum, enum_constant: Enum;
        variable, prototype: Decl. Coordinates are places in the tree. Never write to the result.
        """
        nodes = self.declarations(chunk)
        return _node(nodes, chunk.kind, chunk.name)

    def declarations(self, chunk: Chunk) -> tuple[Node, ...]:
        """Return everything that the declaration of a chunk declares, () if it is unparsed."""
        known = self._declared.get(chunk.start)
        if known is None:
            known = self._declared[chunk.start] = self._declarations(chunk)
        return known

    def _declarations(self, chunk: Chunk) -> tuple[Node, ...]:
        location = self._positions.location(chunk.start)
        if chunk.end - chunk.start > MAX_DECLARATION:
            self.unparsed[location] = "too large"
            return ()
        text = self.text[chunk.start : chunk.end]
        found = self.cache.parse(text, location, self._types(chunk, text))
        if isinstance(found, str):
            self.unparsed[location] = found
            return ()
        return found

    def parsed(self, chunk: Chunk, text: str) -> Node | None:
        """Return the node of another text of a chunk, a function; None if it does not parse."""
        location = self._positions.location(chunk.start)
        found = self.cache.parse(text, location, self._types(chunk, text))
        return None if isinstance(found, str) else _node(found, chunk.kind, chunk.name)

    def mark(self, chunk: Chunk) -> str:
        """Return a digest of what decides whether a chunk parses: not its place."""
        text = self.text[chunk.start : chunk.end]
        names = ",".join(sorted(self._types(chunk, text)))
        key = f"{names}\0{text}".encode("utf-8", "surrogateescape")
        return blake2b(key, digest_size=16).hexdigest()

    def _types(self, chunk: Chunk, text: str) -> list[str]:
        """The typedef names that a chunk uses."""
        typedefs, start = self.typedefs, chunk.start
        return [
            word
            for word in set(_WORD.findall(text))
            if word in typedefs and typedefs[word][0].start < start and word not in BUILTIN_TYPES
        ]


def index_of(chunks: Iterable[Chunk]) -> _Index:
    """Chunks by their names."""
    lists: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        lists.setdefault(chunk.name, []).append(chunk)
    return {name: tuple(found) for name, found in lists.items()}


def _first(index: Mapping[str, tuple[Chunk, ...]], name: str) -> Chunk | None:
    found = index.get(name)
    return found[0] if found else None


def _node(nodes: tuple[Node, ...], kind: str, name: str) -> Node | None:
    """Pick the node for a name out of one declaration."""
    for node in nodes:
        if kind in ("struct", "enum", "enum_constant"):
            found = _type_node(node, kind, name)
            if found is not None:
                return found
        elif kind == "function":
            if isinstance(node, c_ast.FuncDef):
                return node
        elif getattr(node, "name", None) == name:
            return node
    return None


def _type_node(node: Node, kind: str, name: str) -> Node | None:
    """Search a declaration for the definition of a struct or an enum."""
    stack = [node]
    while stack:
        here = stack.pop()
        if kind == "struct":
            composite = isinstance(here, (c_ast.Struct, c_ast.Union))
            if composite and here.name == name and here.decls is not None:
                return here
        elif isinstance(here, c_ast.Enum) and here.values is not None:
            if kind == "enum" and here.name == name:
                return here
            if kind == "enum_constant" and any(e.name == name for e in here.values.enumerators):
                return here
        stack.extend(child for _, child in reversed(here.children()))
    return None
