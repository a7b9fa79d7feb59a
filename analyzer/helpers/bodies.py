# SPDX-License-Identifier: GPL-2.0-only
"""Which .c files define the functions that the headers only declare.

Helpers are defined out of line in mm/ and anywhere below arch/<arch>; the files are found by the
names that are missing, and a file that the Makefile beside it does not build in the configuration
is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..frontend import Unit
from ..model import Location
from ..tree import KernelTree
from .bootcode import numbers
from .built import Built
from .defined import Globals
from .interface import read_text

if TYPE_CHECKING:
    from ..kconfig import Config

_ENTRY_TYPE = re.compile(r"\b(?:pte|pmd|pud|p4d|pgd|pgprot|pteval|pgtable)_t\b|\bpte_basic_t\b")
_CALLED_THROUGH = re.compile(r"\b([A-Za-z_]\w*)(?:\.\w+)+\s*\(")
_EXTERN = re.compile(rb"^extern\s+([^;(){}=]*);", re.M)
_MAKER = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+([A-Z_]\w*)(?:\([^)\n]*\))?[ \t]++([^\n{]*+\{[^\n]*)", re.M
)
_DEFINED = re.compile(rb"\b([a-z_]\w*)[ \t]*\([^(){};]*\)\s*\{")
_OF_ADDRESS = re.compile(
    rb"^(?!static\b)[a-z][\w \t*]*?\b([a-z_]\w*)\((?:const[ \t]+)?void[ \t]*\*\w+\)\s*\{", re.M
)
_INTERESTING = (b"pte", b"pmd", b"pud", b"pgprot")
_NAME = re.compile(rb"\b[A-Za-z_]\w*\b")
_TYPE_WORDS = frozenset(
    b"unsigned signed long int short char const volatile struct union enum bool".split()
)
_WORD = re.compile(r"\b[a-z_]\w*\b")


Words = tuple[frozenset[str], frozenset[str]]


class SourceIndex:
    """The definitions below mm/ and one architecture, found by bytes; shared by its variants."""

    def __init__(self, tree: KernelTree, arch: str, known: Globals | None = None) -> None:
        self._globals = known or Globals()
        self._tree = tree
        self._arch = arch
        self._texts: dict[str, bytes] | None = None
        self._assembler: bytes | None = None
        self._built = Built(tree)
        self._words: dict[str, Words] = {}
        self.damaged: list[str] = []  # files that are no text, one line each
        self._defining: dict[str, tuple[str, ...]] = {}
        self._made: dict[bytes, tuple[bytes, ...]] | None = None
        self._initial: dict[str, tuple[str, ...]] | None = None
        self._filling: dict[str, tuple[str, ...]] = {}
        self._at_boot: dict[str, str] = {}

    def texts(self) -> dict[str, bytes]:
        """Every candidate file's bytes: mm/*.c first, then the architecture's."""
        if self._texts is None:
            paths = [f"mm/{e.name}" for e in self._tree.entries("mm") if e.name.endswith(".c")]
            paths += [
                path
                for path in self._tree.walk(f"arch/{self._arch}", (".c",))
                if "/boot/" not in path and "/tools/" not in path and "/vdso" not in path
            ]
            self._texts = {}
            for path, data in self._tree.read_many(paths):
                if b"\0" in data:
                    line = data.count(b"\n", 0, data.index(b"\0")) + 1
                    self.damaged.append(f"{path}:{line}: a NUL byte: this is no text file")
                if any(word in data for word in _INTERESTING):
                    self._texts[path] = data
        return self._texts

    def defining(self, name: str, config: Config) -> tuple[str, ...]:
        """The files with a definition that this configuration builds.

        Several are usual: a generic one under `#ifndef`, a weak one, the architecture's own.
        """
        return tuple(path for path in self._with_definition(name) if self.built(path, config))

    def defines(self, name: str) -> bool:
        """Whether any file has a definition, whatever the configuration."""
        return bool(self._with_definition(name))

    def filling(self, table: str, config: Config) -> tuple[str, ...]:
        """The files that put functions about entries into a table of functions, beside its
        initializer (see `operations`), of those that this configuration builds."""
        known = self._filling.get(table)
        if known is None:
            known = self._filling[table] = tuple(self._fillers(table))
            if known:
                self._initial = None  # their folders are searched, too
        return tuple(path for path in known if self.built(path, config))

    def refilled(self, config: Config) -> tuple[str, ...]:
        """The tables asked about so far that some file fills anew."""
        return tuple(sorted(table for table in self._filling if self.filling(table, config)))

    def _fillers(self, table: str) -> Iterator[str]:
        needle = table.encode()
        pattern = re.compile(
            rb"^[ \t]+" + re.escape(needle) + rb"(?:\.\w+)*\s*=(?!=)([^;{}]*);", re.M
        )
        for path, data in self.texts().items():
            if needle in data and any(
                self._about_entries(data, word)
                for value in pattern.findall(data)
                for word in _NAME.findall(value)
            ):
                yield path
                yield from self._beside(path)

    def _beside(self, path: str) -> Iterator[str]:
        """The files of a folder that define what one of them calls with an address."""
        folder = path.rpartition("/")[0]
        words = frozenset(_NAME.findall(self.texts()[path]))
        for other, data in self.texts().items():
            beside = other != path and other.rpartition("/")[0] == folder
            if beside and any(name in words for name in _OF_ADDRESS.findall(data)):
                yield other

    def _about_entries(self, data: bytes, name: bytes, deep: bool = True) -> bool:
        """Whether a name is a function with entries, or a table of such, by one file's text; a
        function that another file defines counts, too."""
        head = re.compile(rb"^[^\n;={}#]*\b" + re.escape(name) + rb"[ \t]*\([^;{}]*?\)\s*\{", re.M)
        found = head.search(data)
        if found is not None:
            return _ENTRY_TYPE.search(found[0].decode("latin-1")) is not None
        if not deep:
            return False
        table = re.search(
            rb"\b" + re.escape(name) + rb"\b[^\n;(){}]*=\s*\{(.*?)^\}", data, re.M | re.S
        )
        if table is not None:
            return any(self._about_entries(data, one, False) for one in _NAME.findall(table[1]))
        return any(
            self._about_entries(self.texts()[path], name, False)
            for path in self._with_definition(name.decode("latin-1"))
            if data is not self.texts()[path]
        )

    def complete(self) -> bool:
        """Whether the architecture's own memory management is there, and all could be searched."""
        folders = tuple(f"arch/{self._arch}/{folder}/" for folder in ("mm", "kernel"))
        own = any(path.startswith(folders) for path in self.texts())
        return own and not self._tree.unreadable

    def mentions(self, name: str) -> bool:
        """Whether a function is defined in C, or named by any assembler file."""
        if self.defines(name):
            return True
        if self._assembler is None:
            paths = self._tree.walk(f"arch/{self._arch}", (".S",))
            self._assembler = b"".join(data for _, data in self._tree.read_many(paths))
        return name.encode() in self._assembler

    def macro(self, path: str, name: str) -> Location:
        """Where a header defines a macro; its first line where that is not found."""
        text = read_text(self._tree, path)
        found = re.search(rf"^[ \t]*#[ \t]*define[ \t]+{re.escape(name)}\b", text, re.M)
        return Location(path, 1 if found is None else text.count("\n", 0, found.start()) + 1)

    def _with_definition(self, name: str) -> tuple[str, ...]:
        """The files that define a function or a table, remembered: variants miss the same ones."""
        known = self._defining.get(name)
        if known is None:
            known = self._defining[name] = tuple(self._candidates(name))
        return known

    def _candidates(self, name: str) -> Iterator[str]:
        needle = name.encode()
        pattern = re.compile(
            rb"(?![ \t#/*])[^\n;={}]*?\b" + re.escape(needle) + rb"[ \t]*\(([^;{}]*?)\)\s*\{"
        )
        table = re.compile(
            rb"(?!extern|static)[^\n;(){}]*\b" + re.escape(needle) + rb"\b[^\n;(){}]*=\s*\{"
        )
        makers = [
            re.compile(rb"^" + maker + rb"\b", re.M) for maker in self._makers().get(needle, ())
        ]
        for path, data in self.texts().items():
            if any(maker.search(data) for maker in makers):
                yield path
                continue
            at = data.find(needle)
            while at >= 0:  # both begin where the line of the name begins
                start = data.rfind(b"\n", 0, at) + 1
                if pattern.match(data, start) or table.match(data, start):
                    yield path
                    break
                at = data.find(needle, at + 1)

    def _makers(self) -> dict[bytes, tuple[bytes, ...]]:
        """Macros of the headers that define a function, by the function they define."""
        if self._made is None:
            found: dict[bytes, tuple[bytes, ...]] = {}
            paths = ["include/linux/pgtable.h", "include/linux/mm.h", "include/linux/hugetlb.h"]
            paths += list(self._tree.walk(f"arch/{self._arch}/include/asm", (".h",)))
            for _, data in self._tree.read_many(p for p in paths if self._tree.kind(p) is not None):
                for maker, body in _MAKER.findall(data.replace(b"\\\n", b" ")):
                    for name in _DEFINED.findall(body):
                        found[name] = (*found.get(name, ()), maker)
            self._made = found
        return self._made

    def initial_values(self) -> dict[str, tuple[str, ...]]:
        """Initializers of global scalars that the architecture's headers declare, as C text.

        One that is defined without an initializer has no text: it starts as zero. A mask that is
        narrowed at boot starts as all ones there, or in the code of the architecture's boot/
        folder, which hands its variables on to the kernel; the evaluator uses the initial
        value in arithmetic and takes both ways where a condition asks for it.
        """
        if self._initial is None:
            declared: set[bytes] = set()
            for _, data in self._tree.read_many(
                self._tree.walk(f"arch/{self._arch}/include/asm", (".h",))
            ):
                if b"extern" in data:
                    for words in _EXTERN.findall(data):
                        declared.update(_NAME.findall(words))
            declared -= _TYPE_WORDS
            found: dict[str, tuple[str, ...]] = {}
            texts = [*self.texts().items(), *self._beside_fillers()]
            defined = [self._globals.of(path, data) for path, data in texts]
            for file in defined:
                for names, value in file.initialised:
                    for name in (n.decode("latin-1") for n in names if n in declared):
                        text = " ".join(value.decode("latin-1").split())
                        known = found.get(name, ())
                        if text not in known:
                            found[name] = (*known, text)
            for file in defined:
                for names in file.tentative:
                    for word in names:
                        if word in declared:
                            found.setdefault(word.decode("latin-1"), ())
            folder = f"arch/{self._arch}/boot"
            for _, data in self._tree.read_many(
                path for path in self._tree.walk(folder, (".c",)) if path.count("/") == 3
            ):
                for one in numbers(data, {name.decode("latin-1") for name in declared}):
                    if one.name not in found and one.otherwise:
                        self._at_boot[one.name] = one.otherwise
                    found.setdefault(one.name, (one.value,))
            self._initial = found
        return self._initial

    def set_at_boot(self) -> Mapping[str, str]:
        """Those of `initial_values` that the boot folder sets on some machines only, and what they
        have on the others."""
        self.initial_values()
        return self._at_boot

    def _beside_fillers(self) -> Iterator[tuple[str, bytes]]:
        """The files in the folders of those that fill tables of functions; they have no entries,
        but the state of the guest."""
        folders = {path.rpartition("/")[0] for paths in self._filling.values() for path in paths}
        paths = [
            f"{folder}/{entry.name}"
            for folder in sorted(folders)
            for entry in self._tree.entries(folder)
            if entry.name.endswith(".c") and f"{folder}/{entry.name}" not in self.texts()
        ]
        yield from self._tree.read_many(paths)

    def words(self, text: str) -> Words:
        """`words_of`, remembered: variants share most of their functions."""
        known = self._words.get(text)
        if known is None:
            known = self._words[text] = words_of(text)
        return known

    def built(self, path: str, config: Config) -> bool:
        """Whether Kbuild compiles the file; True where no Makefile says."""
        return self._built.file(path, config)


def header_is_alike(old: bytes, new: bytes) -> bool:
    """Whether two contents of a header are the same to a SourceIndex."""
    found = [
        [_squeezed(_EXTERN, data), _squeezed(_MAKER, data.replace(b"\\\n", b" "))]
        for data in (old, new)
    ]
    return found[0] == found[1]


def _squeezed(pattern: re.Pattern[bytes], data: bytes) -> list[list[bytes]]:
    """What a pattern finds, with single spaces."""
    return [[b" ".join(one.split()) for one in found.groups()] for found in pattern.finditer(data)]


def words_of(text: str) -> Words:
    """The names in a function, and those of tables that it calls through."""
    return frozenset(_WORD.findall(text)), frozenset(_CALLED_THROUGH.findall(text))


@dataclass(frozen=True, slots=True)
class Reached:
    """What is reachable from some functions of a unit: functions about entries that are declared
    but not defined, and tables of functions that are called through; of these, those that have
    no initializer here are missing, too. `seen` are all names that were followed."""

    missing: frozenset[str]
    tables: frozenset[str]
    seen: frozenset[str]


def missing_functions(
    unit: Unit, roots: Iterable[str], words_in: Callable[[str], Words] = words_of
) -> frozenset[str]:
    """The names that `reached` misses."""
    return reached(unit, roots, words_in).missing


def reached(
    unit: Unit, roots: Iterable[str], words_in: Callable[[str], Words] = words_of
) -> Reached:
    """Follows the calls from `roots` through all bodies that the unit has."""
    declared = unit.functions.keys() | unit.prototypes.keys()
    todo = set(roots)
    seen = set(todo)
    missing: set[str] = set()
    through: set[str] = set()
    while todo:
        name = todo.pop()
        chunks = unit.functions.get(name)
        if chunks:
            for chunk in chunks:
                words, tables = words_in(unit.text[chunk.start : chunk.end])
                through |= tables
                new = (words & declared) - seen
                seen |= new
                todo |= new
            continue
        chunk_ = unit.prototype(name)
        if chunk_ is not None and _ENTRY_TYPE.search(unit.text, chunk_.start, chunk_.end):
            missing.add(name)
    found: set[str] = set()
    for table in through:
        variable = unit.variable(table)
        if variable is not None:
            found.add(table)
            if "=" not in unit.text[variable.start : variable.end]:
                missing.add(table)
    return Reached(frozenset(missing), frozenset(found), frozenset(seen))
