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
from dataclasses import dataclass
from typing import Final

from ..errors import SourceError
from ..tree import KernelTree
from .contracts import is_helper
from .generated import generated, makers_in

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
_MADE = re.compile(r"^[ \t]*(\w+)[ \t]*\(([^()\n]*)\)", re.M)  # as `generated` reads calls
_GUARD = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+([a-z_]\w*)", re.M)
_CALL = re.compile(r"\b([a-z_]\w*)\s*\(")
_POINTER = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s*\*\s*(?:const\s+)?(\w*)$")
_ENTRY = re.compile(r"^(?:const\s+)?(pte|pmd|pud)_t\s+(?:const\s+)?(\w*)$")
_ANNOTATION = re.compile(r"\b(?:__always_unused|__maybe_unused|__unused|volatile|register)\b")

_BY_NAME: Final = {
    "mm": "struct mm_struct *mm",
    "__mm": "struct mm_struct *__mm",
    "vma": "struct vm_area_struct *vma",
    "__vma": "struct vm_area_struct *__vma",
}
_SLOT_NAMES: Final = re.compile(r"^_*(pte|pmd|pud)(p|ptr)$|^_*(xp|ptr)$")
_VALUE_NAMES: Final = re.compile(r"^_*(?:entry|(?:new|old)?_?(pte|pmd|pud)(?:val|v)?|pteval)_*$")
_ADDRESS_NAMES: Final = re.compile(r"^_*(addr|address|haddr|start|end)$")


@dataclass(frozen=True, slots=True)
class Signature:
    """A helper's parameters as C declarations, in order; `level` is that of the entry pointer."""

    name: str
    parameters: tuple[str, ...]
    level: str
    path: str


@dataclass(frozen=True, slots=True)
class Interface:
    """Every candidate by name, with the signature that the architecture's own headers prefer."""

    signatures: tuple[Signature, ...]
    files: int
    makers: tuple[str, ...] = ()  # macros that make functions
    declared: tuple[str, ...] = ()  # all names of which it was asked whether they are called


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
    found: dict[str, Signature] = {}
    declared: dict[str, Signature] = {}
    aliases: dict[str, str] = {}
    asked: set[str] = set()
    macros: dict[str, tuple[tuple[str, ...], str, str]] = {}
    paths = [p for p in (*GENERIC_HEADERS, *OVERRIDABLE_HEADERS) if tree.kind(p) is not None]
    paths += list(tree.walk(f"arch/{arch}/include", (".h",)))
    count = 0
    texts: list[tuple[str, str]] = []
    for path, data in tree.read_many(paths):
        count += 1
        text = data.decode("latin-1")
        if "pte" not in text and "pmd" not in text and "pud" not in text:
            continue
        text = _SPLICE.sub(" ", _COMMENT.sub(" ", text))
        texts.append((path, text))
        replaceable = set(_GUARD.findall(text)) if path in OVERRIDABLE_HEADERS else called
        for name, inner in _FUNCTION.findall(text):
            signature = _declared(name, inner, path)
            if signature is None:
                continue
            declared[name] = signature
            asked.add(name)
            if name in called and name in replaceable:
                found[name] = signature
        for name, inner, body in _MACRO.findall(text):
            asked.add(name)
            if name in called:
                macros[name] = (tuple(a.strip() for a in inner.split(",")), body, path)
        pairs = _ALIAS.findall(text)
        asked.update(pair[0] for pair in pairs)
        aliases.update(pair for pair in pairs if pair[0] in called and pair[0] != pair[1])
    for path, text in generated(texts):
        for name, inner in _FUNCTION.findall(text):
            asked.add(name)
            signature = _declared(name, inner, path) if name in called else None
            if signature is not None:
                declared.setdefault(name, signature)
                found.setdefault(name, signature)
    for name, (parameters, body, path) in macros.items():
        if name not in found and name not in aliases:
            signature = _macro_signature(name, parameters, body, path, declared)
            if signature is not None:
                found[name] = signature
    for name, other in aliases.items():
        if name not in found and other in declared:
            known = declared[other]
            found[name] = Signature(name, known.parameters, known.level, known.path)
    ordered = tuple(found[name] for name in sorted(found) if is_helper(name))
    return Interface(ordered, count, tuple(sorted(makers_in(texts))), tuple(sorted(asked)))


def declares_the_same(old: bytes, new: bytes, makers: Collection[str]) -> bool:
    """Whether two contents of a header are the same to `find_interface`, where macros of these
    names make functions."""
    patterns = (_FUNCTION, _MACRO, _ALIAS, _GUARD)
    texts = [_SPLICE.sub(" ", _COMMENT.sub(" ", data.decode("latin-1"))) for data in (old, new)]
    made = [[found for found in _squeezed(_MADE, text) if found[0] in makers] for text in texts]
    same = all(_squeezed(one, texts[0]) == _squeezed(one, texts[1]) for one in patterns)
    return same and made[0] == made[1]


def declares_a_helper(text: str) -> bool:
    """Whether a function in a header could be a candidate."""
    plain = _SPLICE.sub(" ", _COMMENT.sub(" ", text))
    return any(_declared(name, inner, "") is not None for name, inner in _FUNCTION.findall(plain))


def names_a_function(text: str) -> bool:
    """Whether a line could be read as a function that is given a pointer to an entry."""
    return _FUNCTION.search(f"{text}\n") is not None


def _squeezed(pattern: re.Pattern[str], text: str) -> list[list[str]]:
    """What a pattern finds, with single spaces."""
    return [[" ".join(one.split()) for one in found.groups()] for found in pattern.finditer(text)]


def _declared(name: str, inner: str, path: str) -> Signature | None:
    parameters = tuple(" ".join(_ANNOTATION.sub(" ", p).split()) for p in inner.split(","))
    if not all(re.search(r"\w[\s*]*$", parameter) for parameter in parameters):
        return None  # an empty parameter, `...`: no helper is declared like that
    level = slot_level(parameters)
    if level is None or _upper(parameters) or not takes_mm(parameters):
        return None
    if name.startswith("page_table_check"):
        return None
    return Signature(name, _named(parameters), level, path)


def _named(parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Gives a name to the parameters of a prototype that have none."""
    result = []
    for index, parameter in enumerate(parameters):
        words = re.findall(r"\w+", parameter)
        unnamed = (
            parameter.endswith("*")
            or len(words) == 1
            or (words[-1] in ("long", "int", "pte_t", "pmd_t", "pud_t", "pgtable_t", "bool"))
        )
        result.append(f"{parameter} __arg{index}" if unnamed else parameter)
    return tuple(result)


_OWN_LEVEL = re.compile(r"^_*(pte|pmd|pud)(?:p|ptr)$")


def _macro_signature(
    name: str,
    names: tuple[str, ...],
    body: str,
    path: str,
    found: dict[str, Signature],
) -> Signature | None:
    """A macro's parameters by the kernel's naming, or by the function that it hands them to."""
    match = re.match(r"^\(?\s*([a-z_]\w*)\s*\(", body)
    delegate = found.get(match[1]) if match else None
    known = (
        dict(zip(parameter_names(delegate.parameters), delegate.parameters, strict=True))
        if delegate is not None
        else {}
    )
    level = ""
    for item in names:
        slot = _OWN_LEVEL.match(item)
        if slot and not level:
            level = slot[1]  # the first one: what follows is a table that is put there
    level = level or (delegate.level if delegate else "") or _level_of(name)
    if not level:
        return None
    parameters = []
    for item in names:
        if item in _BY_NAME:
            parameters.append(_BY_NAME[item])
        elif _SLOT_NAMES.match(item):
            own = _OWN_LEVEL.match(item)
            parameters.append(f"{own[1] if own else level}_t *{item}")
        elif _ADDRESS_NAMES.match(item):
            parameters.append(f"unsigned long {item}")
        elif item in known:
            parameters.append(known[item])
        elif _VALUE_NAMES.match(item):
            parameters.append(f"{level}_t {item}")
        elif re.match(r"^\w+$", item):
            parameters.append(f"unsigned long {item}")
        else:
            return None
    declared = tuple(parameters)
    if slot_level(declared) is None or not takes_mm(declared):
        return None
    return Signature(name, declared, level, path)


def _level_of(name: str) -> str:
    match = re.search(r"(pte|pmd|pud)", name)
    return match[1] if match else ""


def read_text(tree: KernelTree, path: str) -> str:
    """A file of the tree as text; '' where there is none."""
    try:
        return tree.read(path).decode("latin-1")
    except SourceError:
        return ""
