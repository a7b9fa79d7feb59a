# SPDX-License-Identifier: GPL-2.0-only
"""What a run keeps of the demonstration, for those that change it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from analyzer.cache.codec import Malformed, decode, encode
from analyzer.cache.store import Store
from analyzer.check.again import judge_again
from analyzer.check.judging import Shared
from analyzer.check.nearly import Change
from analyzer.check.results import ArchResult
from analyzer.clock import Clock
from analyzer.frontend import ParseCache
from analyzer.tree import FolderTree, OverlayTree
from tests.commands.runner import DEMO, PGTABLE

T = TypeVar("T")
_NAMES = (
    ("trail", "demo"), ("judged", "demo", "base"), ("core", "demo", "base"),
    ("events", "demo", "base"), ("image", "demo", "base"),
    ("mentions", "demo"),
)  # fmt: skip
_NEW = b"#define A_STEP 1\nstatic inline int a_step(int x)\n{\n\treturn x + A_STEP;\n}\n\n"
_INSTEAD = {2: _NAMES[4], 4: _NAMES[2]}  # what would be taken where the other is no good


class _Notes:
    """A cache in memory: only what is kept by name."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, ...], Any] = {}

    def load(self, name: Sequence[str], kind: type[T]) -> T | None:
        data = self.pieces.get(tuple(name))
        try:
            return None if data is None else decode(kind, data)
        except Malformed:
            return None

    def save(self, name: Sequence[str], value: object) -> None:
        self.pieces[tuple(name)] = encode(value)


class Kept:
    """Made when it is asked for: the demonstration is judged for it."""

    @cached_property
    def _judged(self) -> tuple[_Notes, ArchResult, frozenset[str]]:
        from analyzer.check.arch import Question
        from analyzer.check.judging import survey

        notes = _Notes()
        with FolderTree(DEMO) as tree:
            called = frozenset(survey(tree, Clock()).called)
            question = Question(called, frozenset({"base"}))
            found = Shared().workshop.check(
                tree, "demo", question, Clock(), lambda _: None, notes, "stamp"
            )
        return notes, found, called

    @staticmethod
    def changes() -> tuple[bytes, ...]:
        """Which piece, then places in it with what is put there: lines of numbers and of JSON."""
        return (
            b"0", b"0\n0\n[]", b"0\n3\n-1\n9\n\"x\"", b"1\n0\n\"\"", b"1\n30\n[1, 2]\n1000\n0",
            b"1\n77\n\"function\"", b"2\n1\n\"\\n\"", b"2\n2\n\"5 1\"", b"2\n5\n\"1 2 3\"",
            b"2\n6\n\"set_pmd_at\"", b"2\n8\n[[],[],[]]", b"3\n1\n\"a\\t1\\t+ b\"", b"4\n1\n\"\"",
            b"4\n4\n\"7\"", b"5\n0\n\"\"", b"5\n1\n\"\"", b"5\n2\n\"A_STEP\\t0\"",
            b"5\n2\n\"pmd_leaf\\t9\"", b"5\n3\n\"A_ *\"", b"5\n4\n\"A_\\nSTEP\"",
            b"1\n400\n[123]\n401\n\"counted pte 0\"",
        )  # fmt: skip

    def forged(self, data: bytes) -> bool:
        """Judge an edit of the demonstration with a piece that was changed; tell whether there
        is a result."""
        known, result, called = self._judged
        number, *lines = data.split(b"\n")
        chosen = int(number) % len(_NAMES) if number.isdigit() and len(number) < 9 else 0
        name = _NAMES[chosen]
        notes = _Notes()
        notes.pieces = dict(known.pieces)
        notes.pieces.pop(_INSTEAD.get(chosen, ()), None)
        value = json.loads(json.dumps(known.pieces[name]))
        for place, text in zip(lines[::2], lines[1::2], strict=False):
            try:
                _put(value, int(place), json.loads(text))
            except (ValueError, RecursionError):
                return False
        notes.pieces[name] = value
        with FolderTree(DEMO) as base:
            old = base.read(PGTABLE)
            start = old.index(b"page_table_check_")
            new = old[:start] + b"a_step(1);" + old[old.index(b";", start) + 1 :]
            head = new.rindex(b"\nstatic inline ", 0, start) + 1
            new = new[:head] + _NEW + new[head:]
            tree = OverlayTree(base, {PGTABLE: new})
            changes = (Change(PGTABLE, old, new),)
            found = judge_again(
                tree, result, "stamp", changes, called, notes, ParseCache(), Clock(),
                lambda _: None,
            )  # fmt: skip
        return found is not None

    def files(self) -> tuple[bytes, ...]:
        """A file of a store."""
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder))
            store.save("records/ab/one", [1, "two", [None, True]])
            return ((Path(folder) / "records/ab/one").read_bytes(),)

    def damaged(self, data: bytes) -> None:
        """Load a file of a store that is not what was written."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "records" / "ab" / "one"
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
            assert Store(Path(folder)).load("records/ab/one") in (None, [1, "two", [None, True]])


def _put(value: Any, place: int, new: Any) -> None:
    """Put something at one of the places of nested lists, counted from the outside."""
    lists = [value]
    places: list[tuple[list[Any], int]] = []
    for one in lists:
        for index, item in enumerate(one):
            places.append((one, index))
            if isinstance(item, list):
                lists.append(item)
    one, index = places[place % len(places)]
    one[index] = new
