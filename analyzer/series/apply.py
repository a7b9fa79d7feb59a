# SPDX-License-Identifier: GPL-2.0-only
"""Applies a series to a tree, in memory: every line of context has to be there (no fuzz).

As with `git apply`, a hunk may stand at another line than its head says, nearest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import MissingFile
from ..tree import KernelTree, Kind
from .model import FileChange, Hunk, Patch, SeriesError

Edits = Mapping[str, bytes | None]


def apply_series(tree: KernelTree, patches: Iterable[Patch]) -> dict[str, bytes | None]:
    """The files of the tree that a series changes, as they are after it (None: removed).

    The result is what `OverlayTree(tree, edits)` takes. Raises SeriesError that names patch,
    file and hunk, and what stands there instead; SourceError for a file that cannot be read.
    """
    edits: dict[str, bytes | None] = {}
    for number, patch in enumerate(patches, 1):
        shown = f"patch {number}" + (f" ({patch.subject})" if patch.subject else "")
        for change in patch.files:
            try:
                _apply_file(tree, edits, change)
            except SeriesError as problem:
                raise SeriesError(f"{shown} does not apply: {problem}") from None
    return edits


def _apply_file(tree: KernelTree, edits: dict[str, bytes | None], change: FileChange) -> None:
    if change.old is None:
        if _held(tree, edits, change.name) is not None:
            raise SeriesError(f"{change.name} is there already")
        lines: list[bytes] = []
    else:
        data = _held(tree, edits, change.old)
        if data is None:
            raise SeriesError(f"the tree has no {change.old}")
        lines = data.split(b"\n")
        lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    moves = change.new != change.old and change.new is not None and change.old is not None
    if moves and _held(tree, edits, change.name) is not None:
        raise SeriesError(f"{change.name} is there already")
    shift = 0
    for number, hunk in enumerate(change.hunks, 1):
        shift = _apply_hunk(lines, hunk, shift, f"{change.name}: hunk {number}")
    if change.new is None and lines:
        raise SeriesError(f"{change.name} is to be removed, and has {len(lines)} more lines")
    if change.old is not None and change.old != change.new and not change.copied:
        edits[change.old] = None
    if change.new is not None:
        edits[change.new] = b"".join(lines)


def _held(tree: KernelTree, edits: Edits, path: str) -> bytes | None:
    if path in edits:
        return edits[path]
    if tree.kind(path) is Kind.DIRECTORY:
        raise SeriesError(f"{path} is a folder")
    try:
        return tree.read(path)
    except MissingFile:
        return None


def _apply_hunk(lines: list[bytes], hunk: Hunk, shift: int, shown: str) -> int:
    """Replace the lines; return how far this hunk is from where its head says."""
    stated = (hunk.start - 1 if hunk.old else hunk.start) + shift
    stated = max(0, min(stated, len(lines)))
    if not hunk.old:
        place: int | None = stated if len(lines) >= hunk.start + shift else None
    else:
        place = _find(lines, hunk.old, stated)
    if place is None:
        raise SeriesError(f"{shown}: {_difference(lines, hunk, stated)}")
    lines[place : place + len(hunk.old)] = hunk.new
    return shift + (place - stated) + len(hunk.new) - len(hunk.old)


def _find(lines: list[bytes], wanted: tuple[bytes, ...], stated: int) -> int | None:
    """Where the lines stand; the place nearest to the stated one, the later of two."""
    first = wanted[0]
    places = [at for at, line in enumerate(lines) if line == first]
    places.sort(key=lambda at: (abs(at - stated), -at))
    size = len(wanted)
    return next((at for at in places if tuple(lines[at : at + size]) == wanted), None)


def _difference(lines: list[bytes], hunk: Hunk, stated: int) -> str:
    """The first line that is not as the hunk wants it."""
    for offset, wanted in enumerate(hunk.old):
        at = stated + offset
        if at >= len(lines):
            return f"line {at + 1}: wanted {_shown(wanted)}, the file ends at line {len(lines)}"
        if lines[at] != wanted:
            return f"line {at + 1}: wanted {_shown(wanted)}, there is {_shown(lines[at])}"
    return f"line {stated + 1}: the file has {len(lines)} lines"


def _shown(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
