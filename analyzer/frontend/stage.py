# SPDX-License-Identifier: GPL-2.0-only
"""A private copy of exactly those files of a tree that preprocessing can reach.

    <stage>/src/...          files of the tree, under their own paths
    <stage>/gen/<arch>/...   wrappers and stand-ins of headers that a build would generate
    <stage>/gen/<variant>/   autoconf.h and the compiler's macros of one variant
    <stage>/stubs/...        kernel_stubs/shadow (searched first) and kernel_stubs/generated (last)

The preprocessor runs in <stage>/src with relative include folders, so that line markers are the
same for a folder and for a git revision, and nothing outside of the tree can be reached: a
directive that is not a plain include is defused in the copy (see includes.py), and <stage> lies
deeper in the temporary folder than an include may climb.
One Stage serves all variants of an architecture. No file is read twice by one Stage, and no content
is scanned twice by those that share their scans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING

from analyzer.closing import Closing
from analyzer.errors import SourceError
from analyzer.frontend.definitions import configured_headers, derived_headers, version_header
from analyzer.frontend.errors import UnitError
from analyzer.frontend.includes import MAX_CLIMB, Include, Scan, answer, scan
from analyzer.frontend.predefined import OBJTREE, Target, header_arch, target
from analyzer.frontend.search import Search
from analyzer.frontend.stubs import stub_files
from analyzer.frontend.wrappers import Wrappers, wrappers
from analyzer.model import Location
from analyzer.scratch import Scratch
from analyzer.tree import KernelTree, Kind

if TYPE_CHECKING:
    from analyzer.kconfig import Variant

GEN = "../gen"
STUBS = "../stubs"
MISSING = "missing"
_DEEP = "/".join([MISSING, *["_"] * MAX_CLIMB])  # so that `../x.h` stays below MISSING
_MADE = frozenset({"generated/autoconf.h", "generated/bounds.h", "linux/version.h"})
_DENIED = "".join(  # whether a file exists outside of the tree must not decide anything
    f"#undef {name}\n#define {name}(...) 0\n"
    for name in ("__has_include", "__has_include_next", "__has_embed")
)
_DENIED += "#define _Pragma(text)\n"  # _Pragma("GCC dependency \"file\"") would open the file
_INCLUDE = re.compile(rb"^[ \t\f\v]*#[ \t\f\v]*include(?:_next)?\b")
_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One variant made ready: what to give to the preprocessor, run in <stage>/src."""

    folders: tuple[str, ...]  # include folders in order, relative to <stage>/src
    forced: tuple[str, ...]  # headers that are included before everything, in order
    arch: str
    own: str  # folder of the generated files of this variant, relative to <stage>/src
    symbols: frozenset[str]  # configuration symbols that the reachable files name


class Stage(Closing):
    """The copy; a context manager. Raises nothing but OSError of the temporary folder itself.

    `scans` holds what was found in files, by a digest of their contents; pass the same to several.
    """

    def __init__(self, tree: KernelTree, scans: dict[bytes, Scan] | None = None) -> None:
        self.tree = tree
        self._by_content: dict[bytes, Scan] = {} if scans is None else scans
        self._scratch = Scratch()
        self.root = self._scratch.path
        self.top = self.root.joinpath(*["_"] * MAX_CLIMB)
        self.source = self.top / "src"
        self.source.mkdir(parents=True)
        self._scans: dict[str, Scan] = {}
        self._folders: set[Path] = set()
        self._present: dict[str, bool] = {}
        self._wrappers: dict[str, Wrappers] = {}
        self._generated: dict[str, frozenset[str]] = {}
        self._closures: dict[tuple[tuple[str, ...], tuple[str, ...]], frozenset[str]] = {}
        self._stand_ins: dict[str, set[str]] = {}
        self._answers: dict[str, set[str]] = {}
        self._exceeded: dict[str, UnitError] = {}
        self._host: str | None = None
        self._shadows: set[str] = set()
        self._stubs = self._write_stubs()

    # -- life ------------------------------------------------------------------------------

    def close(self) -> None:
        """Remove the copy; closing twice is harmless."""
        self._scratch.close()

    @property
    def files_read(self) -> int:
        """Number of files of the tree that were read so far, each counted once."""
        return len(self._scans)

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the tree that were read so far, sorted."""
        return tuple(sorted(self._scans))

    def stand_ins(self, arch: str) -> frozenset[str]:
        """Return the empty stand-ins of `arch` for headers that a build generates."""
        return self._generated.get(arch, frozenset())

    # -- looking into the tree -------------------------------------------------------------

    def has(self, path: str) -> bool:
        """Tell whether the tree has this file."""
        known = self._present.get(path)
        if known is None:
            known = self._present[path] = self.tree.kind(path) is Kind.FILE
        return known

    def provides(self, arch: str, header: str) -> bool:
        """Tell whether `#include <header>` finds something for an architecture, but a stand-in."""
        if self.has(f"include/{header}") or self.has(f"arch/{arch}/include/{header}"):
            return True
        self._make_arch(arch)
        wrapped = any(name == header for name, _ in self._wrappers[arch].files)
        return wrapped and self.has(f"include/asm-generic/{header.removeprefix('asm/')}")

    def scanned(self, path: str) -> Scan | None:
        """Return what was found in a file of the tree; None for one that was not copied."""
        return self._scans.get(path)

    def give_up(self, arch: str, error: UnitError) -> None:
        """Remember that the headers of `arch` go beyond the bounds of the preprocessor."""
        self._exceeded[arch] = error

    @property
    def exceeded(self) -> bool:
        """Whether a bound on the preprocessor's time or memory was hit."""
        return bool(self._exceeded)

    def check(self, arch: str) -> None:
        """Raise the UnitError that ended an earlier unit of `arch`, if there is one.

        What is beyond the bounds in one variant would take as long in each of the others.
        """
        known = self._exceeded.get(arch)
        if known is not None:
            raise UnitError(known.path, known.line, known.reason, known.diagnostics)

    def load(self, paths: Iterable[str]) -> None:
        """Copy and scan files of the tree, those that are new; absent ones are skipped."""
        new = [p for p in paths if p not in self._scans]
        for path, data in self.tree.read_many(new):
            digest = blake2b(data, digest_size=20).digest()
            found = self._by_content.get(digest)
            if found is None:
                found = self._by_content[digest] = scan(data)
            self._scans[path] = found
            self._write(self.source / path, data if found.text is None else found.text)

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """Yield what the preprocessor was given so far: files of the tree, and without a name all
        that is ours, as one text. Raises OSError where the copy is gone."""
        for path in self.files:
            yield path, (self.source / path).read_bytes()
        ours = [one for part in ("gen", "stubs") for one in sorted((self.top / part).rglob("*"))]
        yield "", b"\n".join(one.read_bytes() for one in ours if one.is_file())

    def change(self, path: str, data: bytes, shown: bytes | None = None) -> None:
        """Take a file of the tree as `data` from now on, for those who try an edit.

        The preprocessor is given `shown` instead, unless the file had to be made harmless.
        """
        before = self._scans.get(path)
        found = self._scans[path] = scan(data)
        self._present[path] = True
        if before is None or before.includes != found.includes:
            self._closures.clear()
        copy = data if shown is None else shown
        self._write(self.source / path, copy if found.text is None else found.text)

    def defuse(self, place: Location) -> bool:
        """Make the include directive at a place of the copy an `#error`; False if there is none.

        For those that no stand-in could be made for.
        """
        path = self.source / place.path
        if place.path not in self._scans:
            return False
        lines = path.read_bytes().split(b"\n")
        if not 0 < place.line <= len(lines):
            return False
        line = lines[place.line - 1]
        lines[place.line - 1] = _INCLUDE.sub(b"#error ptcheck: not found: ", line, count=1)
        if lines[place.line - 1] == line:
            return False
        self._write(path, b"\n".join(lines))
        return True

    # -- making a variant ready ------------------------------------------------------------

    def prepare(self, variant: Variant, roots: Iterable[str]) -> Prepared:
        """Copy all that `roots` (headers as `linux/mm.h`, files as `mm/x.c`) can reach.

        Any arm of any #if counts. Writes the wrappers, the compiler's macros and autoconf.h.
        """
        arch, config = variant.arch, variant.config
        compiler = target(self.tree, arch, variant.bits, variant.endian, config)
        host = self._header_host(compiler)
        folders = self._search_path(arch, compiler)
        real = tuple(f for f in folders if not f.startswith(".."))
        forced = [
            name
            for name in ("compiler-version.h", "kconfig.h", "compiler_types.h")
            if self.has(f"include/linux/{name}")
        ]
        start = [*(f"linux/{name}" for name in forced), *roots]
        for made in filter(None, (arch, host)):
            self._make_arch(made)
        reached = self._closure(arch, host, real, tuple(start))
        symbols = frozenset().union(*(self._scans[p].symbols for p in reached))
        own = f"{arch}.{_FILE_NAME.sub('_', variant.name)}"
        folder = self.top / "gen" / own
        for name, text in configured_headers(self.tree, config).items():
            self._write(folder / name, text.encode())
        self._write(folder / "generated/autoconf.h", config.autoconf(sorted(symbols)).encode())
        lines = [f"#define {name} {text}\n" for name, text in compiler.macros]
        lines += [f"#define {answer(name)} 1\n" for name in sorted(self._answers.get(arch, ()))]
        lines.append(_DENIED)
        self._write(folder / "predefined.h", "".join(lines).encode())
        at = folders.index("include")
        search = (*folders[:at], f"{GEN}/{own}", *folders[at:])
        return Prepared(
            folders=(f"{STUBS}/shadow", *search, f"{STUBS}/generated", f"{GEN}/{arch}/{_DEEP}"),
            forced=(f"{GEN}/{own}/predefined.h", *(f"include/linux/{name}" for name in forced)),
            arch=arch,
            own=f"{GEN}/{own}",
            symbols=symbols,
        )

    def _header_host(self, compiler: Target) -> str | None:
        """The architecture whose generated headers are searched too (um), None for most."""
        for folder in compiler.folders:
            if folder.startswith(f"{OBJTREE}/arch/"):
                return folder.split("/")[2]
        return None

    def _search_path(self, arch: str, compiler: Target) -> list[str]:
        """LINUXINCLUDE of the top Makefile, then the folders of the arch Makefile."""
        folders = [
            f"arch/{arch}/include",
            f"{GEN}/{arch}",
            "include",
            f"arch/{arch}/include/uapi",
            f"{GEN}/{arch}/uapi",
            "include/uapi",
        ]
        for folder in compiler.folders:
            if folder.startswith(OBJTREE):
                parts = folder.split("/")
                if parts[1:2] == ["arch"] and parts[3:5] == ["include", "generated"]:
                    folder = "/".join([GEN, parts[2], *parts[5:]])
                else:
                    continue
            if folder not in folders:
                folders.append(folder)
        return folders

    def _make_arch(self, arch: str) -> None:
        """Write the wrappers, derived headers and empty stand-ins of an architecture, once."""
        if arch in self._wrappers:
            return
        made = self._wrappers[arch] = wrappers(self.tree, arch)
        folder = self.top / "gen" / arch
        for name, text in made.files:
            self._write(folder / name, text.encode())
        version = version_header(self.tree)
        if version:
            self._write(folder / "linux/version.h", version.encode())
        derived = derived_headers(self.tree, arch)
        for name, text in derived.items():
            if name in made.generated:
                self._write(folder / name, text.encode())
        empty = made.generated - derived.keys()
        for name in empty:
            self._write(folder / name, b"")
        self._generated[arch] = frozenset(empty)

    # -- the closure of includes -----------------------------------------------------------

    def _closure(
        self, arch: str, host: str | None, folders: tuple[str, ...], roots: tuple[str, ...]
    ) -> frozenset[str]:
        """Copy everything that `roots` can reach through any arm of any #if; return the paths."""
        key = ((arch, *folders), roots)
        done = self._closures.get(key)
        if done is not None:
            return done
        search = self._search(arch, host, folders)
        level = {root for root in roots if self.has(root)}
        for root in roots:
            if root not in level:
                level.update(search.named(root))
        for includes in self._stubs.values():
            for include in includes:
                level.update(search.named(include.name))
        reached: set[str] = set()
        while level:
            self.load(sorted(level))
            level = {path for path in level if path in self._scans}
            reached |= level
            following: set[str] = set()
            for path in level:
                for include in self._scans[path].includes:
                    following.update(search.included(path, include))
            level = following - reached
        self._stand_in(arch, search.absent)
        answers = self._answers.setdefault(arch, set())
        for path in reached:
            answers.update(n for n in self._scans[path].asked if search.exists(path, n))
        self._closures[key] = frozenset(reached)
        return self._closures[key]

    def _search(self, arch: str, host: str | None, folders: tuple[str, ...]) -> Search:
        made = [self._wrappers[a] for a in (arch, host) if a is not None]
        wrapped = {n.removeprefix("uapi/") for w in made for n, _ in w.files}
        generated = {n.removeprefix("uapi/") for w in made for n in w.generated}
        stubs = {n for n in self._stubs if n not in self._shadows}
        return Search(self.has, folders, frozenset(wrapped), frozenset(generated | stubs | _MADE))

    def _stand_in(self, arch: str, names: set[str]) -> None:
        """Write an empty header for each name, searched last; the unit reports those it reads."""
        known = self._stand_ins.setdefault(arch, set())
        for name in names - known:
            known.add(name)
            path = normpath(f"{_DEEP}/{name}")
            if path.startswith(f"{MISSING}/"):
                self._write(self.top / "gen" / arch / path, b"")

    # -- writing ---------------------------------------------------------------------------

    def _write_stubs(self) -> dict[str, tuple[Include, ...]]:
        """Copy kernel_stubs; return the includes of each stub by the name it is included as."""
        names = {}
        for path, data in stub_files().items():
            self._write(self.top / "stubs" / path, data)
            part, _, name = path.partition("/")
            names[name] = scan(data).includes
            if part == "shadow" and names[name]:
                self._shadows.add(name)  # it includes the one of the tree
        return names

    def _write(self, path: Path, data: bytes) -> None:
        """Write a file of the copy; a name that is a folder already, or below a file, is lost.

        Such names come only from trees made to annoy. Raises SourceError where there is no room.
        """
        folder = path.parent
        try:
            if folder not in self._folders:
                folder.mkdir(parents=True, exist_ok=True)
                self._folders.add(folder)
            path.write_bytes(data)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            return
        except OSError as error:
            raise SourceError(path.name, 0, f"cannot be copied: {error.strerror}") from None


__all__ = ["GEN", "MISSING", "STUBS", "Prepared", "Stage", "header_arch"]
