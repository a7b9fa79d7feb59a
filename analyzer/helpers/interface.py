# SPDX-License-Identifier: GPL-2.0-only
"""The generic interface of a tree: helpers that change an entry and that generic code calls.

No list of names is kept. A helper is a function or macro that takes a pointer to an entry
together with an `mm` or a `vma`, stands in the headers of the page-table interface (the
architecture's, asm-generic, linux/pgtable.h, linux/hugetlb.h), and is called by generic code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from ..errors import SourceError
from ..tree import KernelTree
from .contracts import is_helper
from .generated import generated, makers_in
from .macroparameters import (
    Declared,
    Macro,
    by_name,
    calls,
    is_value_name,
    level_of,
    named,
    own_level,
    told,
)  # fmt: skip

LEVELS: Final = ("pte", "pmd", "pud")
GENERIC_HEADERS: Final = (
    "include/linux/pgtable.h",
    "include/asm-generic/pgtable.h",
    "include/asm-generic/hugetlb.h",
    "include/asm-generic/pgalloc.h",
)
OVERRIDABLE_HEADERS: Final = ("include/linux/hugetlb.h",)  # only what an architecture may replace
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_SPLICE = re.compile(r"\\\n")
_FUNCTION = re.compile(
    r"\b([a-z_]\w*)\s*\(([^(){};]*\b(?:pte|pmd|pud)_t\s*\*[^(){};]*)\)\s*(?=[{;\n]|__)"
)
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([a-z_]\w*)\(([^()]*)\)[ \t]*(.*)$", re.M)
_ALIAS = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([a-z_]\w*)[ \t]+([a-z_]\w*)[ \t]*$", re.M)
_MODIFIER = re.compile(
    r"\b(pte|pmd|pud)_t\s+(?:__\w+\s+)*((?:pte|pmd|pud)_\w+)\s*\(\s*(?:const\s+)?(?:pte|pmd|pud)_t\s+\w+\s*\)"
)
_MAKES = re.compile(r"^(pte|pmd|pud)_mk\w+$")
_MADE = re.compile(r"^[ \t]*(\w+)[ \t]*\(([^()\n]*)\)", re.M)  # as `generated` reads calls
_GUARD = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+([a-z_]\w*)", re.M)
_POINTED = re.compile(
    r"\(\s*\*\s*(?:const\s+)?([a-z_]\w*)\s*\)\s*"
    r"\(([^(){};]*\b(?:pte|pmd|pud)_t\s*\*[^(){};]*)\)"
)
_HELD = re.compile(
    r"^[ \t]*extern\b[ \t]+(?:typeof\()?(?:const[ \t]+)?([a-z_]\w*)\b(?![ \t]*\()[^;{}=(]*?"
    r"\b([a-z_]*(?:pte|pmd|pud)\w*)(?:[ \t]+__\w+)?[ \t]*;",
    re.M,
)
_PLACE = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+([a-z_]\w*)[ \t]+"
    r"([(* \t]*[a-z_]\w*(?:[ \t]*(?:\.|->)[ \t]*\w+)*[ \t)]*)$",
    re.M,
)
_CALL = re.compile(r"\b([a-z_]\w*)\s*\(")
_POINTER = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*\s*(?:const\s+)?(\w*)$")
_ENTRY = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+(?:const\s+)?(\w*)$")
_ANNOTATION = re.compile(r"\b(?:__always_unused|__maybe_unused|__unused|volatile|register)\b")


@dataclass(frozen=True, slots=True)
class Signature:
    """A helper's parameters as C declarations, in order; `level` is that of the entry pointer.

    `untold` are parameters of a macro of which nothing tells what they are: it cannot be run.
    """

    name: str
    parameters: tuple[str, ...]
    level: str
    path: str
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interface:
    """Every candidate by name, with the signature that the architecture's own headers prefer."""

    signatures: tuple[Signature, ...]
    files: int
    makers: tuple[str, ...] = ()  # macros that make functions
    declared: tuple[str, ...] = ()  # all names of which it was asked whether they are called
    told_by: tuple[str, ...] = ()  # macros of which the body was asked, and what it calls
    modifiers: tuple[str, ...] = ()  # functions and macros that make an entry of an entry

    def digest(self) -> str:
        """What tells the candidates from others, what makes entries, and macros that make
        functions."""
        told = (self.signatures, self.makers, self.modifiers)
        return sha256(repr(told).encode()).hexdigest()


def parameter_names(parameters: Iterable[str]) -> tuple[str, ...]:
    """The names of declared parameters."""
    return tuple(re.search(r"(\w+)\s*$", p).group(1) for p in parameters)  # type: ignore[union-attr]


def slot_level(parameters: Iterable[str]) -> str | None:
    """The level of the first parameter that points to an entry."""
    for parameter in parameters:
        match = _POINTER.match(parameter)
        if match:
            return match[1]
    return None


def _upper(parameters: Iterable[str]) -> bool:
    """Whether the slot is that of a level which never maps memory."""
    return any(re.search(r"\b(p4d|pgd)_t\s*\*", p) for p in parameters)


def takes_mm(parameters: Iterable[str]) -> bool:
    """Whether a helper is told whose page table it changes."""
    return any(re.search(r"\bstruct\s+(mm_struct|vm_area_struct)\s*\*", p) for p in parameters)


def called_names(tree: KernelTree) -> frozenset[str]:
    """Every identifier that generic code (mm/, include/linux, asm-generic, fs, kernel) calls."""
    return frozenset(called_in_files(tree))


def called_in_files(tree: KernelTree) -> Mapping[str, int]:
    """The same with the number of files that call each."""
    found: Counter[str] = Counter()
    paths = [*tree.walk("mm", (".c", ".h")), *tree.walk("include/asm-generic", (".h",))]
    paths += [
        f"include/linux/{e.name}" for e in tree.entries("include/linux") if e.name.endswith(".h")
    ]
    paths += ["fs/proc/task_mmu.c", "fs/userfaultfd.c", "fs/dax.c", "kernel/events/uprobes.c"]
    for path, data in tree.read_many(paths):
        found.update(called_in(path, data))
    return found


def called_in(path: str, data: bytes) -> set[str]:
    """What a file of generic code calls, if it speaks of entries."""
    if b"_t" not in data or not (b"pte" in data or b"pmd" in data or b"pud" in data):
        return set()
    names = set(_CALL.findall(data.decode("latin-1")))
    if path.startswith("include/"):  # a header calls the pieces it is made of, too
        names = {name for name in names if not name.startswith(("__", "generic_"))}
    return names


def find_interface(tree: KernelTree, arch: str, called: frozenset[str]) -> Interface:
    """The candidates for one architecture; its own declarations win over the generic ones."""
    paths = [p for p in (*GENERIC_HEADERS, *OVERRIDABLE_HEADERS) if tree.kind(p) is not None]
    paths += list(tree.walk(f"arch/{arch}/include", (".h",)))
    headers = _Headers(called)
    count = 0
    for path, data in tree.read_many(paths):
        count += 1
        text = data.decode("latin-1")
        if "pte" in text or "pmd" in text or "pud" in text:
            headers.read(path, _plain(text))
    found = headers.candidates()
    ordered = tuple(found[name] for name in sorted(found) if is_helper(name))
    makers = tuple(sorted(makers_in(headers.texts)))
    asked, told_by = (tuple(sorted(names)) for names in (headers.asked, headers.told_by))
    return Interface(ordered, count, makers, asked, told_by, tuple(sorted(headers.modifiers)))


class _Headers:
    """What the headers of the interface declare."""

    def __init__(self, called: frozenset[str]) -> None:
        self.called = called
        self.texts: list[tuple[str, str]] = []
        self.asked: set[str] = set()  # names of which it was asked whether they are called
        self.told_by: set[str] = set()  # macros of which the body was asked, and what it calls
        self.modifiers: set[str] = set()
        self._found: dict[str, Signature] = {}
        self._declared: dict[str, Signature] = {}
        self._functions: dict[
            str, list[tuple[str, ...]]
        ] = {}  # given an entry's address, all of them
        self._held: dict[str, tuple[str, str]] = {}  # pointers to functions: type, path
        self._aliases: dict[str, str] = {}
        self._places: dict[str, tuple[str, str]] = {}  # macros for a pointer to a function
        self._macros: dict[str, Macro] = {}

    def read(self, path: str, text: str) -> None:
        """One header, without its comments."""
        self.texts.append((path, text))
        called = self.called
        replaceable = set(_GUARD.findall(text)) if path in OVERRIDABLE_HEADERS else called
        for name, inner in _FUNCTION.findall(text):
            self._functions.setdefault(name, []).append(_parameters(inner))
            signature = _declared(name, inner, path)
            if signature is None:
                continue
            self._declared[name] = signature
            self.asked.add(name)
            if name in called and name in replaceable:
                self._found[name] = signature
        for name, inner in _POINTED.findall(text):
            self._functions.setdefault(name, []).append(_parameters(inner))
            self._held.setdefault(name, (name, path))
        for kind, name in _HELD.findall(text):
            self._held.setdefault(name, (kind, path))
        self.modifiers.update(n for level, n in _MODIFIER.findall(text) if n.startswith(level))
        for name, inner, body in _MACRO.findall(text):
            self.asked.add(name)
            if "," not in inner and _MAKES.match(name):
                self.modifiers.add(name)
            if name not in self._macros or path.startswith("arch/"):
                self._macros[name] = Macro(tuple(a.strip() for a in inner.split(",")), body, path)
        pairs = _ALIAS.findall(text)
        self.asked.update(pair[0] for pair in pairs)
        self._aliases.update(pair for pair in pairs if pair[0] in called and pair[0] != pair[1])
        for name, place in _PLACE.findall(text):
            if name in called and re.search(r"[.>*]", place):
                self._places[name] = (re.findall(r"\w+", place)[-1], path)

    def candidates(self) -> dict[str, Signature]:
        """The helpers by name."""
        found, called = self._found, self.called
        for path, text in generated(self.texts):
            for name, inner in _FUNCTION.findall(text):
                self.asked.add(name)
                signature = _declared(name, inner, path) if name in called else None
                if signature is not None:
                    self._declared.setdefault(name, signature)
                    found.setdefault(name, signature)
        self.asked.update(self._held, self._places)
        for name, (kind, path) in self._held.items():
            signature = self._pointer(name, kind, path)
            if signature is not None:
                self._declared.setdefault(name, signature)
                if name in called:
                    found.setdefault(name, signature)
        for name, macro in self._macros.items():
            if name in called and name not in found and name not in self._aliases:
                signature = _macro_signature(name, macro, self._declared) or self._told(name, macro)
                if signature is not None:
                    found[name] = signature
        for name, other in self._aliases.items():
            if name not in found and other in self._declared:
                found[name] = replace(self._declared[other], name=name)
        for name, (member, path) in self._places.items():
            signature = self._pointer(name, member, path) if name in called else None
            if signature is not None and name not in self._aliases:
                found.setdefault(name, signature)
        return found

    def _pointer(self, name: str, kind: str, path: str) -> Signature | None:
        """A pointer to a function, by the type or the member of a structure that it is."""
        parameters = self._functions.get(kind)
        if parameters:
            return _signature(name, parameters[0], path)
        level = level_of(name)
        return Signature(name, (), level, path, ("...",)) if level else None

    def _told(self, name: str, macro: Macro) -> Signature | None:
        """A macro whose body tells what its parameters are, or that cannot be told."""
        self._told_by(name)
        declared = Declared(self._functions, self._macros, self._is_other)
        known = told(name, macro, declared)
        if known is None:
            return None
        level = slot_level(known.parameters) or level_of(name) or "pte"
        if known.untold:
            return Signature(name, known.parameters, level, macro.path, known.untold)
        return _signature(name, known.parameters, macro.path)

    def _told_by(self, name: str) -> None:
        """Notes a macro and the names that its body calls, with all that `told` can come to."""
        todo = [name]
        while todo:
            one = todo.pop()
            if one not in self.told_by:
                self.told_by.add(one)
                macro = self._macros.get(one)
                todo += [] if macro is None else [call.name for call in calls(macro.body)]

    def _is_other(self, name: str) -> bool:
        """Whether a function is declared that is given no entry's address."""
        line = re.compile(
            rf"^(?:[^\n#;{{}}=(]*[\s*])?{name}\s*\([^(){{}};]*\)\s*(?:[;{{]|$|__)", re.M
        )
        return any(line.search(text) is not None for _, text in self.texts if name in text)


def _plain(text: str) -> str:
    """A header without comments, its lines joined."""
    return _SPLICE.sub(" ", _COMMENT.sub(" ", text))


def declares_the_same(old: bytes, new: bytes, makers: Collection[str]) -> bool:
    """Whether two contents of a header are the same to `find_interface`, where macros of these
    names make functions."""
    patterns = (_FUNCTION, _MODIFIER, _POINTED, _HELD, _MACRO, _ALIAS, _PLACE, _GUARD)
    texts = [_plain(data.decode("latin-1")) for data in (old, new)]
    made = [[found for found in _squeezed(_MADE, text) if found[0] in makers] for text in texts]
    same = all(_squeezed(one, texts[0]) == _squeezed(one, texts[1]) for one in patterns)
    return same and made[0] == made[1]


def declares_a_helper(text: str) -> bool:
    """Whether a function in a header could be a candidate."""
    plain = _plain(text)
    if _POINTED.search(plain):
        return True
    return any(_declared(name, inner, "") is not None for name, inner in _FUNCTION.findall(plain))


def makes_an_entry(name: str) -> bool:
    """Whether something of a name could be one of the interface's modifiers."""
    return name.startswith(("pte_", "pmd_", "pud_"))


def names_a_function(text: str) -> bool:
    """Whether a line could be read as a function that is given a pointer to an entry."""
    return _FUNCTION.search(f"{text}\n") is not None or _POINTED.search(text) is not None


def _squeezed(pattern: re.Pattern[str], text: str) -> list[list[str]]:
    """What a pattern finds, with single spaces."""
    return [[" ".join(one.split()) for one in found.groups()] for found in pattern.finditer(text)]


def _declared(name: str, inner: str, path: str) -> Signature | None:
    return _signature(name, _parameters(inner), path)


def _parameters(inner: str) -> tuple[str, ...]:
    """The parameters of a declaration, all of them with names; () where they are odd."""
    parameters = tuple(" ".join(_ANNOTATION.sub(" ", p).split()) for p in inner.split(","))
    if not all(re.search(r"\w[\s*]*$", parameter) for parameter in parameters):
        return ()  # an empty parameter, `...`: no helper is declared like that
    return named(parameters)


def _signature(name: str, parameters: tuple[str, ...], path: str) -> Signature | None:
    """The signature of a function, if it may be a helper."""
    level = slot_level(parameters)
    if level is None or _upper(parameters) or not takes_mm(parameters):
        return None
    if name.startswith("page_table_check"):
        return None
    return Signature(name, parameters, level, path)


def _macro_signature(name: str, macro: Macro, found: dict[str, Signature]) -> Signature | None:
    """A macro's parameters by the kernel's naming, or by the function that it hands them to."""
    match = re.match(r"^\(?\s*([a-z_]\w*)\s*\(", macro.body)
    delegate = found.get(match[1]) if match else None
    known = (
        dict(zip(parameter_names(delegate.parameters), delegate.parameters, strict=True))
        if delegate is not None
        else {}
    )
    own = (own_level(item) for item in macro.parameters)
    level = next(filter(None, own), "")  # the first one: what follows is a table that is put there
    level = level or (delegate.level if delegate else "") or level_of(name)
    if not level:
        return None
    parameters = []
    for item in macro.parameters:
        declared = by_name(item, level)
        if declared is not None:
            parameters.append(declared)
        elif item in known:
            parameters.append(known[item])
        elif is_value_name(item):
            parameters.append(f"{level}_t {item}")
        elif re.match(r"^\w+$", item):
            parameters.append(f"unsigned long {item}")
        else:
            return None
    if slot_level(parameters) is None or not takes_mm(parameters):
        return None
    return Signature(name, tuple(parameters), level, macro.path)


def read_text(tree: KernelTree, path: str) -> str:
    """A file of the tree as text; '' where there is none."""
    try:
        return tree.read(path).decode("latin-1")
    except SourceError:
        return ""
