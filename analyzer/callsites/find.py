# SPDX-License-Identifier: GPL-2.0-only
"""Finds the call sites of a tree: filtered by bytes, then only files that hit are read as C."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final

from ..helpers.interface import GENERIC_HEADERS, OVERRIDABLE_HEADERS
from ..model import Location
from ..tree import KernelTree, Kind
from .blocks import TooDeep
from .body import Body
from .code import Function, functions
from .judge import PLAIN, FunctionJudge
from .mapping import Origins, Use
from .model import CallSite, Judgement, Mapping, Scan
from .setters import Definitions, Setter, Setters
from .text import Source

NOT_KERNEL: Final = frozenset(
    {"Documentation", "LICENSES", "scripts", "tools", "usr", "samples", "rust", "arch"}
)
"""Directories at the top that hold no code of the kernel; arch/ is read by architecture."""
CHECKED: Final = ("mm",)
CHECKED_FILES: Final = (
    "fs/proc/task_mmu.c",
    "fs/userfaultfd.c",
    "fs/dax.c",
    "kernel/events/uprobes.c",
)
"""What `check` reads beside the architectures, which is where it looks for callers anyway."""
_BIG: Final = 1 << 20  # bytes; larger headers are tables of registers, not code
_GUARD: Final = re.compile(r"^[ \t]*#[ \t]*ifndef[ \t]+([a-z_]\w*)", re.M)
_DECLARED: Final = re.compile(r"\b([a-z_]\w*)\s*\(")
_TABLE: Final = re.compile(
    r"^(?:extern\s+|static\s+|const\s+)*(?:pte|pmd|pud|p4d|pgd)_t\s*\*?\s*(?:__\w+\s+)*(\w+)\s*[\[;=_]",
    re.M,
)
_INTERESTING: Final = re.compile(
    rb"\b(?:pte|pmd|pud)_t\s*\*|\bset_(?:huge_)?p(?:te|md|ud)|\b(?:huge_)?p(?:te|md|ud)p_[a-z]"
    rb"|\bp(?:te|md|ud)_(?:clear|populate|off)"
)
_RETURNS_ENTRY: Final = re.compile(r"\b(?:pte|pmd|pud|p4d|pgd)_t\s*\*\s*$")
MAX_CALLERS: Final = 40


@dataclass(slots=True)
class _File:
    source: Source
    functions: tuple[Function, ...]
    by_name: dict[str, list[Body]] = field(default_factory=dict)

    def bodies(self) -> Iterator[Body]:
        for function in self.functions:
            for body in self.by_name.get(function.name, ()):
                if body.function is function:
                    yield body


@dataclass(frozen=True, slots=True)
class _Generic:
    """The generic side of the interface; `words` is what generic code calls."""

    definitions: Definitions
    declared: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, files: dict[str, _File]) -> _Generic:
        definitions = Definitions()
        declared: set[str] = set()
        words: set[str] = set()
        for path, file in files.items():
            text = file.source.text
            words.update(_DECLARED.findall(file.source.code))
            if path in GENERIC_HEADERS:
                declared.update(_DECLARED.findall(text))
            elif path in OVERRIDABLE_HEADERS:
                declared.update(_GUARD.findall(text))
            elif not path.startswith("mm/"):
                continue
            definitions.add(file.source)
        return cls(definitions, frozenset(declared), frozenset(words))


class ReadSources:
    """What was found out about contents of files; shared between architectures and trees."""

    def __init__(self) -> None:
        self._files: dict[bytes, _File] = {}
        self._generic: dict[frozenset[int], _Generic] = {}
        self._judged: dict[tuple[frozenset[Setter], frozenset[int]], _Judged] = {}

    def file(self, path: str, data: bytes) -> _File:
        """A file cut into functions. Raises RecursionError."""
        key = blake2b(path.encode("utf-8", "surrogateescape") + b"\0" + data).digest()
        found = self._files.get(key)
        if found is None:
            source = Source(path, data)
            found = _File(source, tuple(functions(source)))
            for function in found.functions:
                body = Body(source, function)
                found.by_name.setdefault(function.name, []).append(body)
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

    def generic(self, files: dict[str, _File]) -> _Generic:
        """What the generic headers declare and generic code defines."""
        key = frozenset(id(file) for file in files.values())
        if key not in self._generic:
            self._generic[key] = _Generic.of(files)
        return self._generic[key]

    def judged(
        self, shape: frozenset[Setter], files: Iterable[_File], judge: Callable[[], _Judged]
    ) -> _Judged:
        """The sites and problems of files that call these setters."""
        key = (shape, frozenset(id(file) for file in files))
        if key not in self._judged:
            self._judged[key] = judge()
        return self._judged[key]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the call sites of some files are; `archs` are left open."""

    sites: tuple[CallSite, ...]
    problems: tuple[str, ...]


def find_sites(
    tree: KernelTree, archs: Sequence[str], wanted: Iterable[str] = (), *, everything: bool = True
) -> Scan:
    """The call sites in generic code and in `archs`; of the names in `wanted` only, if given.

    `everything`: drivers and the rest too, not only `CHECKED`.
    """
    return _Finder(tree, tuple(archs), frozenset(wanted), everything).scan()


def setter_names(tree: KernelTree, archs: Sequence[str]) -> frozenset[str]:
    """The names of all setters that the headers of `archs` and the generic ones have."""
    return _Finder(tree, tuple(archs), frozenset(), False).names()


def check_sites(
    tree: KernelTree, archs: Sequence[str], known: ReadSources | None = None
) -> tuple[tuple[CallSite, ...], tuple[str, ...]]:
    """The findings of the code that `check` reads, and what of it could not be read as C."""
    scan = _Finder(tree, tuple(archs), frozenset(), False, known).scan()
    found = tuple(site for site in scan.sites if site.judgement is Judgement.FINDING)
    return found, scan.problems


class _Finder:
    def __init__(
        self,
        tree: KernelTree,
        archs: tuple[str, ...],
        wanted: frozenset[str],
        everything: bool,
        known: ReadSources | None = None,
    ) -> None:
        self.known = known or ReadSources()
        self.tree = tree
        self.archs = archs
        self.wanted = wanted
        self.everything = everything
        self.files_read = 0
        self.problems: list[str] = []

    def names(self) -> frozenset[str]:
        """The names of the setters."""
        generic, own = self._read()
        return frozenset(n for arch in self.archs for n in self._setters(arch, generic, own))

    def scan(self) -> Scan:
        """Reads, filters, judges."""
        generic, own = self._read()
        setters = {arch: self._setters(arch, generic, own) for arch in self.archs}
        sites: list[CallSite] = []
        for arch in self.archs:
            view = _View({**generic, **own[arch]})
            found = self._judge(own[arch], setters[arch], view)
            sites += [replace(site, archs=(arch,)) for site in found.sites]
            self.problems += found.problems
        words = self.known.generic(generic).words
        grouped: dict[frozenset[Setter], list[str]] = {}
        for arch in self.archs:  # generic code reads alike where what it calls is alike
            shape = frozenset(s for n, s in setters[arch].items() if n in words)
            grouped.setdefault(shape, []).append(arch)
        for shape, group in grouped.items():
            found = self._generic_sites(generic, shape)
            sites += [replace(site, archs=tuple(group)) for site in found.sites]
            self.problems += found.problems
        lost = [f"{path}: {reason}" for path, reason in sorted(self.tree.unreadable.items())]
        return Scan(
            _merged(sites, self.wanted), tuple(dict.fromkeys(self.problems + lost)),
            self.files_read,
            len(generic) + sum(len(files) for files in own.values()),
        )  # fmt: skip

    # -- reading

    def _read(self) -> tuple[dict[str, _File], dict[str, dict[str, _File]]]:
        tops: tuple[str, ...] = CHECKED
        if self.everything:
            tops = tuple(
                entry.name
                for entry in self.tree.entries("")
                if entry.is_directory and entry.name not in NOT_KERNEL
            )
        paths = [path for top in tops for path in self.tree.walk(top, (".c", ".h"))]
        if not self.everything:
            more = (*CHECKED_FILES, *GENERIC_HEADERS, *OVERRIDABLE_HEADERS)
            paths += [path for path in more if self._is_file(path)]
        own = {
            arch: self._files(
                path
                for path in self.tree.walk(f"arch/{arch}", (".c", ".h"))
                if "/boot/" not in path and "/tools/" not in path
            )
            for arch in self.archs
        }
        return self._files(paths), own

    def _is_file(self, path: str) -> bool:
        return self.tree.kind(path) is Kind.FILE

    def _files(self, paths: Iterable[str]) -> dict[str, _File]:
        found: dict[str, _File] = {}
        for path, data in self.tree.read_many(paths):
            self.files_read += 1
            if not _mentions(path, data) or not _INTERESTING.search(data):
                continue
            if b"\0" in data:
                self.problems.append(f"{path}: a NUL byte: this is no text file")
                continue
            try:
                file = self.known.file(path, data)
            except RecursionError:
                self.problems.append(f"{path}: brackets nested too deep")
                continue
            found[path] = file
        return found

    # -- setters

    def _setters(
        self, arch: str, generic: dict[str, _File], own: dict[str, dict[str, _File]]
    ) -> dict[str, Setter]:
        shared = self.known.generic(generic)
        mine = Definitions()
        declared = set(shared.declared)
        for path, file in own[arch].items():
            mine.add(file.source)
            if path.startswith(f"arch/{arch}/include/"):
                declared.update(_DECLARED.findall(file.source.text))
        names = (name for name in declared if name in mine or name in shared.definitions)
        return dict(Setters(shared.definitions, mine).among(names))

    # -- judging

    def _generic_sites(self, files: dict[str, _File], shape: frozenset[Setter]) -> _Judged:
        called = {setter.name: setter for setter in shape}
        return self.known.judged(
            shape, files.values(), lambda: self._judge(files, called, _View(files))
        )

    def _judge(self, files: dict[str, _File], setters: dict[str, Setter], view: _View) -> _Judged:
        origins = Origins(view.callers, view.is_table, view.maker)
        sites: list[CallSite] = []
        problems: list[str] = []
        for file in files.values():
            for body in file.bodies():
                if not body.about_entries:
                    continue
                judge = FunctionJudge(body, setters, origins)
                if not self.everything and not judge.may_be_raw():
                    continue
                try:
                    sites += judge.sites()
                except TooDeep:
                    place = Location(body.source.path, body.source.line(body.function.start))
                    problems.append(f"{place}: blocks nested too deep")
                    sites.append(
                        CallSite(
                            PLAIN, "", place, body.function.name, Mapping.UNKNOWN,
                            Judgement.UNKNOWN, "blocks nested too deep",
                        )
                    )  # fmt: skip
        return _Judged(tuple(sites), tuple(problems))


def _mentions(path: str, data: bytes) -> bool:
    """The cheap question that nearly every file of a tree answers with no."""
    if len(data) > _BIG and path.endswith(".h"):
        return b"pte_t" in data
    if b"pte" in data and (b"_pte" in data or b"pte_" in data or b"ptep" in data):
        return True
    return b"pmd" in data or b"pud" in data


class _View:
    """Who calls what, as one architecture sees it."""

    def __init__(self, files: dict[str, _File]) -> None:
        self._files = files
        self._uses: dict[tuple[str, str], list[Use]] = {}
        self._tables: frozenset[str] | None = None
        self._calls: dict[str, list[tuple[_File, Body]]] | None = None

    def is_table(self, body: Body, name: str) -> bool:
        """Whether a name is a variable of the kernel that is a table, or points to one."""
        if self._tables is None:
            self._tables = frozenset(
                name for file in self._files.values() for name in _TABLE.findall(file.source.code)
            )
        return name in self._tables and name not in body.types

    def maker(self, body: Body, name: str) -> Body | None:
        """The function of a name, of the same file first, if it returns a pointer to an entry."""
        own = self._files.get(body.source.path)
        for file in (own,) if own is not None else ():
            for found in file.by_name.get(name, ()):
                if _RETURNS_ENTRY.search(found.function.head):
                    return found
        return None

    def callers(self, body: Body) -> list[Use]:
        """Where the function's name stands: calls, and the calls that it is handed to."""
        name = body.function.name
        path = body.source.path
        scope = path if body.function.is_static and path.endswith(".c") else ""
        key = (name, scope)
        if key not in self._uses:
            self._uses[key] = self._find(name, scope)
        return self._uses[key]

    def _find(self, name: str, scope: str) -> list[Use]:
        files = [self._files[scope]] if scope in self._files else list(self._files.values())
        word = re.compile(rf"\b{re.escape(name)}\b(?!\s*\()")
        found: list[Use] = []
        for file in files:
            if name not in file.source.code:
                continue
            for body in file.bodies():
                if body.function.name == name or name not in body.text:
                    continue
                for call in body.calls:
                    if call.name == name:
                        found.append(Use(body, call, True))
                    elif any(word.search(argument) for argument in call.arguments):
                        found.append(Use(body, call, False))
                    if len(found) >= MAX_CALLERS:
                        return found
            for holder in _holders(file.source.code, name):
                found += self._handed(file, holder)
        return found[:MAX_CALLERS]

    def _handed(self, file: _File, holder: str) -> list[Use]:
        """Calls that are given a table of functions in which the name stands."""
        given = re.compile(rf"&\s*{re.escape(holder)}\b")
        return [
            Use(body, call, False)
            for body in file.bodies()
            if holder in body.text
            for call in body.calls
            if any(given.match(argument) for argument in call.arguments)
        ]


def _holders(code: str, name: str) -> Iterator[str]:
    """Variables that are initialised with a function's address: `x = { .pte_entry = name }`."""
    for match in re.finditer(rf"=\s*&?{re.escape(name)}\s*[,;}}]", code):
        brace = code.rfind("{", 0, match.start())
        if brace < 0:
            continue
        head = re.search(r"(\w+)\s*(?:\[[^\]]*\])?\s*=\s*$", code[max(0, brace - 200) : brace])
        if head is not None:
            yield head[1]


def _merged(sites: Iterable[CallSite], wanted: frozenset[str]) -> tuple[CallSite, ...]:
    """Sites that differ in their architectures only are one; in the order of the tree."""
    found: dict[CallSite, list[str]] = {}
    for site in sites:
        if wanted and site.helper not in wanted:
            continue
        found.setdefault(replace(site, archs=()), []).extend(site.archs)
    merged = [
        replace(site, archs=tuple(sorted(dict.fromkeys(archs)))) for site, archs in found.items()
    ]
    merged.sort(key=lambda s: (s.location, s.helper, s.function, s.judgement.value, s.archs))
    return tuple(merged)
