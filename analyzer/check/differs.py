# SPDX-License-Identifier: GPL-2.0-only
"""What differs between two trees, if that is of a kind of which it can be told what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..callsites.kept import changes_flags, declares_the_same, is_quiet, same_sites
from ..callsites.reading import may_have_sites as is_read
from ..callsites.text import Source
from ..frontend.edits import Edit, FileEdit, MacroEdit
from ..helpers.bodies import header_is_alike
from ..helpers.interface import declares_the_same as is_same_interface
from ..helpers.interface import find_interface, makes_an_entry
from ..kconfig.headers import lines_now
from ..tree import KernelTree
from .added import without_added, without_gone
from .api import HEADER
from .declared import Declared, is_nobodys, without_declared
from .edited import edit_between
from .hookuse import header_is_quiet
from .macros import is_no_site, makes_no_function, without_macros
from .nearly import Change
from .notebook import Memory
from .remarks import never_asked, only_remarks
from .results import ArchResult
from .trail import Trail

MAX_EDITS: Final = 40  # functions; with more, reading the headers again costs no more
_OTHERS: Final = frozenset({"byteorder.h", "bitsperlong.h"})  # read by kconfig.facts


@dataclass(frozen=True, slots=True)
class Differences:
    """Edits of files without the macros that differ, and these; and without the declarations."""

    files: tuple[FileEdit, ...]
    macros: tuple[MacroEdit, ...]
    declared: tuple[Declared, ...] = ()

    @property
    def asks_for_names(self) -> bool:
        """Whether it matters where names stand that are in no edited function."""
        return bool(self.macros or self.declared or any(one.gone for one in self.files))

    def with_meanings(
        self,
        tree: KernelTree,
        stamp: str,
        changes: Sequence[Change],
        memory: Memory,
        arch: str,
    ) -> Differences:
        """The same with the functions that name a macro that differs. Raises Unsure, also where the
        name of a function that is gone, or of a declaration, stands anywhere yet; ValueError."""
        from .meanings import with_meanings  # most edits need none of it

        files, macros = with_meanings(
            tree, stamp, self.macros, self.files, changes, memory, arch, self.declared
        )
        return Differences(files, macros, self.declared)


def differences(
    tree: KernelTree,
    known: ArchResult,
    trail: Trail,
    changes: Sequence[Change],
    called: Iterable[str],
) -> Differences | None:
    """The edits, if no stage but that of units sees them; None where one may."""
    if not any(result.supported for result in known.variants):
        return None  # what Kconfig and hooks say of each other is found by lint
    said = "\n".join([*known.unread, *(p for one in known.variants for p in one.problems)])
    found: list[FileEdit] = []
    macros: list[MacroEdit] = []
    declared: list[Declared] = []
    known_calls = frozenset(called)
    told: set[str] = set()  # names that may tell what a helper is
    lines: dict[tuple[str, int], int] = {}
    read = 0  # files whose call sites may be others now
    for change in changes:
        path, old, new = change.path, change.old, change.new
        name = path.rpartition("/")[2]
        if path == HEADER or name in _OTHERS or path in said:
            return None
        shown = lines_now(path, known.arch, old, new)
        if shown is None:
            return None
        lines |= shown
        if path not in known.files and never_asked(path, old, new):
            continue
        if name.endswith(".c"):
            remarks = "/boot/" not in path and only_remarks(old, new)
        else:
            remarks = name.endswith(".h")
        if not remarks:
            return None
        before, after = Source(path, old), Source(path, new)
        left, added = without_added(before, old, after, new)
        rest = Source(path, left) if added else after
        was, now = (before, old), (rest, left)
        gone: tuple[Edit, ...] = ()
        if name.endswith(".h"):
            left_old, gone = without_gone(before, old, after)
            was = (Source(path, left_old), left_old) if gone else was
        parted = without_macros(*was, *now) if name.endswith(".h") else None
        if parted is not None:
            was, now = ((Source(path, data), data) for data in parted[:2])
            macros.append(parted[2])
            told |= parted[2].names
            if not (
                makes_no_function(parted[2], trail.makers)
                and is_no_site(trail.sites, path, parted[2], (before, after))
            ):
                return None
        both = before, after
        apart = without_declared(*was, *now, both) if name.endswith(".h") else None
        if apart is not None:
            was, now = ((Source(path, data), data) for data in apart[:2])
            declared.append(apart[2])
            told |= apart[2].fresh | apart[2].gone
            if not is_nobodys(trail.sites, apart[2], trail.makers):
                return None
        edit = edit_between(*was, *now, added)
        if edit is None or ((edit.edits or added) and name.endswith(".c")):
            return None
        edit = replace(edit, gone=gone)
        if not (
            is_same_interface(was[1], now[1], trail.makers)
            and header_is_alike(old, left)
            and declares_the_same(trail.sites, before, after)
            and is_read(path, old) == is_read(path, new)
        ):
            return None
        if (edit.edits or added or gone) and not header_is_quiet(tree, after):
            return None
        if changes_flags(trail.sites, (one.name for one in edit.edits)):
            return None
        if (edit.edits or added or gone) and is_read(path, old):
            read += 1
            if read > 1 or not same_sites(tree, trail.sites, was[0], now[0]):
                return None
            if added and not is_quiet(trail.sites, after, [one.edit.name for one in added]):
                return None
            if gone and not is_quiet(trail.sites, before, [one.name for one in gone]):
                return None
        texts = [*(one.edit.new for one in added), *(one.old for one in gone)]
        if any(maker in text for maker in trail.makers for text in texts):
            return None
        told |= {*(one.edit.name for one in added), *(one.name for one in gone)}
        found.append(edit)
    if sum(
        len(one.edits) + len(one.added) + len(one.gone) for one in found
    ) > MAX_EDITS or not trail.weighing.stands(lines):
        return None
    asked = known_calls | frozenset(trail.told_by)
    if not told.isdisjoint(asked) or any(makes_an_entry(name) for name in told):
        interface = find_interface(tree, known.arch, known_calls)
        if interface.digest() != trail.signatures:
            return None
    return Differences(tuple(found), tuple(macros), tuple(declared))
