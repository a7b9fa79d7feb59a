# SPDX-License-Identifier: GPL-2.0-only
"""Finds the call sites of a tree: filtered by bytes, then only files that hit are read as C."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ..helpers.interface import GENERIC_HEADERS, OVERRIDABLE_HEADERS
from ..model import Location
from ..tree import KernelTree, Kind
from .blocks import TooDeep
from .definitions import Definitions
from .draft import PLAIN
from .flags import Flags
from .judge import FunctionJudge
from .kept import SiteFacts, facts_of
from .mapping import Origins
from .model import CallSite, Judgement, Mapping, Scan
from .reading import NAMES_CALLED, Judged, ReadSources, SourceFile, may_have_sites
from .sensitive import Looked, Sensitive
from .setters import Setter, Setters
from .text import Source
from .view import View

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
    "include/linux/swap.h",
)
"""What `check` reads beside the architectures, which is where it looks for callers anyway."""


_BITS: Final = re.compile(r"/[\w-]*(?:pgtable|page)[\w-]*\.h$")


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
    """The calls around the hooks in the code that `check` reads, each judged, and what of it
    could not be read as C."""
    scan = _Finder(tree, tuple(archs), frozenset(), False, known).scan()
    return _around(scan), scan.problems


def sites_of(
    tree: KernelTree, arch: str, known: ReadSources | None = None
) -> tuple[tuple[CallSite, ...], tuple[str, ...], SiteFacts]:
    """The same of one architecture, and what it depends on."""
    finder = _Finder(tree, (arch,), frozenset(), False, known)
    scan = finder.scan()
    return _around(scan), scan.problems, finder.facts()


def _around(scan: Scan) -> tuple[CallSite, ...]:
    around = (Judgement.FINDING, Judgement.UNKNOWN, Judgement.UNCOUNTED)
    return tuple(site for site in scan.sites if site.judgement in around)


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
        self.sensitive: set[Sensitive] = set()
        self.looked = Looked()
        self.last: tuple[dict[str, Setter], Setters] | None = None
        self.problems: list[str] = []
        self.own_definitions: dict[str, Definitions] = {}

    def names(self) -> frozenset[str]:
        """The names of the setters."""
        generic, own = self._read()
        return frozenset(n for arch in self.archs for n in self._setters(arch, generic, own))

    def facts(self) -> SiteFacts:
        """What the sites depend on."""
        assert self.last is not None
        setters, found = self.last
        return facts_of(setters, found, self.sensitive, self.looked)

    def scan(self) -> Scan:
        """Reads, filters, judges."""
        generic, own = self._read()
        setters = {arch: self._setters(arch, generic, own) for arch in self.archs}
        sites: list[CallSite] = []
        for arch in self.archs:
            view = View({**generic, **own[arch]})
            flags = self._flags(arch, own[arch])
            found = self._judge(own[arch], setters[arch], view, flags)
            sites += [replace(site, archs=(arch,)) for site in found.sites]
            self.problems += found.problems
            self.sensitive |= found.sensitive
            self.looked |= found.looked
        words = self.known.generic(generic).words
        grouped: dict[frozenset[Setter], list[str]] = {}
        for arch in self.archs:  # generic code reads alike where what it calls is alike
            shape = frozenset(s for n, s in setters[arch].items() if n in words)
            grouped.setdefault(shape, []).append(arch)
        for shape, group in grouped.items():
            found = self._generic_sites(generic, shape)
            sites += [replace(site, archs=tuple(group)) for site in found.sites]
            self.problems += found.problems
            self.sensitive |= found.sensitive
            self.looked |= found.looked
        lost = [f"{path}: {reason}" for path, reason in sorted(self.tree.unreadable.items())]
        return Scan(
            _merged(sites, self.wanted), tuple(dict.fromkeys(self.problems + lost)),
            self.files_read,
            len(generic) + sum(len(files) for files in own.values()),
        )  # fmt: skip

    # -- reading

    def _read(self) -> tuple[dict[str, SourceFile], dict[str, dict[str, SourceFile]]]:
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

    def _files(self, paths: Iterable[str]) -> dict[str, SourceFile]:
        found: dict[str, SourceFile] = {}
        for path, data in self.tree.read_many(paths):
            self.files_read += 1
            if not may_have_sites(path, data):
                continue
            if b"\0" in data:
                self.problems.append(f"{path}: a NUL byte: this is no text file")
                continue
            try:
                file = self.known.file(path, data)
            except RecursionError:
                self.problems.append(f"{path}: brackets nested too deep")
                continue
            if file.unclosed >= 0:
                line = file.source.line(file.unclosed)
                self.problems.append(f"{path}:{line}: a block begins here and never ends")
            found[path] = file
        return dict(sorted(found.items()))  # whatever the order of the tree

    # -- setters

    def _setters(
        self, arch: str, generic: dict[str, SourceFile], own: dict[str, dict[str, SourceFile]]
    ) -> dict[str, Setter]:
        shared = self.known.generic(generic)
        mine = self.own_definitions[arch] = Definitions()
        declared = set(shared.declared)
        for path, file in own[arch].items():
            mine.add(file.source)
            if path.startswith(f"arch/{arch}/include/"):
                declared.update(NAMES_CALLED.findall(file.source.text))
        names = (name for name in declared if name in mine or name in shared.definitions)
        found = Setters(shared.definitions, mine)
        setters = dict(found.among(names))
        self.last = setters, found
        return setters

    def _flags(self, arch: str, own: dict[str, SourceFile]) -> Flags:
        """The bits of an architecture; headers that have nothing but bits are read if asked for."""

        def more() -> Iterator[Source]:
            for path in self.tree.walk(f"arch/{arch}/include/", (".h",)):
                if path not in own and _BITS.search(path) and self._is_file(path):
                    yield Source(path, self.tree.read(path))

        return Flags(self.own_definitions[arch], more)

    # -- judging

    def _generic_sites(self, files: dict[str, SourceFile], shape: frozenset[Setter]) -> Judged:
        called = {setter.name: setter for setter in shape}
        return self.known.judged(
            shape, files.values(), lambda: self._judge(files, called, View(files), Flags())
        )

    def _judge(
        self, files: dict[str, SourceFile], setters: dict[str, Setter], view: View, flags: Flags
    ) -> Judged:
        origins = Origins(
            view.callers,
            view.is_table,
            view.maker,
            view.through,
            flags,
            view.has_hooks,
            view.is_array,
        )
        sites: list[CallSite] = []
        problems: list[str] = []
        sensitive: set[Sensitive] = set()
        searched: set[str] = set()
        for file in files.values():
            for body in file.bodies:
                if not body.about_entries:
                    continue
                judge = FunctionJudge(body, setters, origins)
                if not self.everything and not judge.may_be_raw():
                    continue
                try:
                    sites += judge.sites()
                    if any("->" in draft.slot for draft in judge.drafts):
                        searched.add(file.source.path)
                    if judge.sensitive:
                        line = body.source.line(body.function.start)
                        path, name = body.source.path, body.function.name
                        names = tuple(sorted(judge.sensitive))
                        sensitive.add(Sensitive(path, name, line, names))
                except TooDeep as error:
                    searched.add(file.source.path)
                    place = Location(body.source.path, body.source.line(body.function.start))
                    problems.append(f"{place}: {error}")
                    sites.append(
                        CallSite(
                            PLAIN, "", place, body.function.name, Mapping.UNKNOWN,
                            Judgement.UNKNOWN, str(error),
                        )
                    )  # fmt: skip
        looked = view.looked(searched) | flags.looked
        return Judged(tuple(sites), tuple(problems), frozenset(sensitive), looked)


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
