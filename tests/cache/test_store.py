# SPDX-License-Identifier: GPL-2.0-only
"""A folder in any state: what is damaged is computed again, what is hostile does nothing."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.cache.codec import Malformed, decode, encode
from analyzer.cache.facts import FactCache
from analyzer.cache.place import default_folder
from analyzer.cache.store import MARK, Store
from analyzer.check.results import ArchResult, RawFinding, VariantResult
from analyzer.model import (
    EntryValue,
    HelperVerdict,
    HookCall,
    Location,
    Step,
    VariantSummary,
    Verdict,
    Witness,
)
from analyzer.tree import KernelTree, MemoryTree

PLACE = Location("arch/x/\udcff\n.h", 3)
ENTRY = EntryValue("none", 1 << 63, "")
RESULT = ArchResult(
    "x",
    (
        VariantResult(
            "base",
            True,
            VariantSummary("x", "base", True, 1, 2, 3, 4, 5),
            (
                HelperVerdict(
                    "x", "base", "set_ptes", "pte", Verdict.UNKNOWN, None, "", (), "why"
                ),
                HelperVerdict(
                    "x", "base", "set_pte_at", "pte", Verdict.BALANCED, PLACE, "f",
                    (HookCall("page_table_check_ptes_set", PLACE, "f"),), "",
                ),
            ),
            (
                RawFinding(
                    "PTC101", "h", "pmd", PLACE, "f", "m",
                    Witness("x/base", "h", ENTRY, None, ENTRY, (Step("call", PLACE, "f", "t"),),
                            ("a",), ()),
                    ("h",),
                ),
            ),
            ("problem",),
            ("mm/a.c",),
        ),
    ),
    (),
    ("a", "b"),
)  # fmt: skip
TREE = MemoryTree({"a": b"1"})
NAME = ("arch", "x")


def compute(tree: KernelTree) -> ArchResult:
    """A result that depends on one file."""
    return RESULT if tree.read("a") == b"1" else replace(RESULT, unread=("a",))


def kept(folder: Path) -> FactCache:
    """A cache that knows one result."""
    cache = FactCache(Store(folder), "test")
    cache.keep(TREE, NAME, compute)
    return cache


def pieces(folder: Path) -> list[Path]:
    """The files of a cache."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MARK)


def signed(name: str, value: object) -> bytes:
    """A piece with a checksum that is right."""
    packed = zlib.compress(json.dumps([name, value]).encode())
    return b"ptcheck fact 1\n" + blake2b(packed, digest_size=32).digest() + packed


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    assert kept(tmp_path).recall(TREE, NAME, ArchResult) == RESULT
    assert decode(ArchResult, json.loads(json.dumps(encode(RESULT)))) == RESULT


def test_what_is_no_fact_is_refused() -> None:
    for value in (b"bytes", 1.5, [1], {"a": 1}, object()):
        with pytest.raises(TypeError):
            encode(value)
    with pytest.raises(Malformed):
        decode(Location, ["path", True])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=30,
)


@given(JSON, st.data())
def test_decoding_anything_gives_the_type_or_fails(value: object, data: st.DataObject) -> None:
    good = encode(RESULT)
    holder = good
    while True:  # somewhere in a good one
        at = data.draw(st.integers(0, len(holder) - 1))
        if type(holder[at]) is not list or not holder[at] or data.draw(st.booleans()):
            break
        holder = holder[at]
    holder[at] = value
    try:
        found = decode(ArchResult, good)
    except Malformed:
        return
    assert encode(found) == good


@pytest.mark.parametrize("how", ["cut", "flip", "empty", "longer", "pickle", "swap", "device"])
def test_damage_is_as_if_nothing_was_there(tmp_path: Path, how: str) -> None:
    for number in range(len(pieces(kept(tmp_path / "whole").store.folder))):
        folder = tmp_path / f"{how}{number}"
        kept(folder)
        piece = pieces(folder)[number]
        data = piece.read_bytes()
        if how == "swap":
            others = [p for p in pieces(folder) if p != piece]
            piece.write_bytes(others[0].read_bytes())
        elif how == "device":
            piece.unlink()
            os.mkfifo(piece)
        else:
            piece.write_bytes(
                {
                    "cut": data[:-1],
                    "flip": data[:-1] + bytes([data[-1] ^ 1]),
                    "empty": b"",
                    "longer": data + b"x",
                    "pickle": pickle.dumps(Path),
                }[how]
            )
        cache = FactCache(Store(folder), "test")
        known = cache.recall(TREE, NAME, ArchResult)
        assert known is None or (known == RESULT and "same" in piece.parts)
        cache.keep(TREE, NAME, compute)
        assert cache.recall(TREE, NAME, ArchResult) == RESULT


def test_hostile_pieces(tmp_path: Path) -> None:
    deep: list[object] = []
    for _ in range(500):
        deep = [deep]
    values = [deep, {}, [], ["x"], [["/etc/passwd"], [], [], []], "../../x", 7, None]
    for value in values:
        kept(tmp_path)
        for piece in pieces(tmp_path):
            name = piece.relative_to(tmp_path).as_posix()
            piece.write_bytes(signed(name, value))
            cache = FactCache(Store(tmp_path), "test")
            assert cache.recall(TREE, NAME, ArchResult) in (None, RESULT)
            cache.keep(TREE, NAME, compute)


def test_a_piece_that_unpacks_to_too_much(tmp_path: Path) -> None:
    kept(tmp_path)
    for piece in pieces(tmp_path):
        packer = zlib.compressobj()
        packed = b"".join(packer.compress(b"[" * (1 << 20)) for _ in range(80)) + packer.flush()
        piece.write_bytes(b"ptcheck fact 1\n" + blake2b(packed, digest_size=32).digest() + packed)
    assert FactCache(Store(tmp_path), "test").recall(TREE, NAME, ArchResult) is None


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    for folder in (file, file / "below", shared, Path("/proc/nothing/here")):
        store = Store(folder)
        cache = FactCache(store, "test")
        assert cache.recall(TREE, NAME, ArchResult) is None
        assert cache.keep(TREE, NAME, lambda _: RESULT) == RESULT
        cache.close()
        assert str(folder) in store.refused
    assert list(shared.iterdir()) == []


def test_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    cache = FactCache(Store(tmp_path), "test")
    assert cache.store.refused.endswith("belongs to another user")
    assert cache.recall(TREE, NAME, ArchResult) is None


def test_what_was_not_used_for_longest_goes(tmp_path: Path) -> None:
    store = Store(tmp_path, limit=6000)
    for number in range(20):
        name = f"answers/aa/{number:040}"
        store.save(name, ["x", os.urandom(300).hex()])
        os.utime(tmp_path / name, (number, number))
    assert store.load(f"answers/aa/{0:040}") is not None  # used: the youngest now
    store.trim()
    left = {int(p.name) for p in pieces(tmp_path)}
    assert store.size().bytes <= 6000 * 0.75
    assert 0 in left
    assert left - {0} == set(range(20 - len(left) + 1, 20))


def test_clearing_takes_our_files_only(tmp_path: Path) -> None:
    kept(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "answers" / "mine").write_text("mine")
    store = Store(tmp_path)
    assert store.clear().files == 4 - 1
    assert store.size().files == 0
    assert (tmp_path / "notes.txt").exists()
    assert (tmp_path / "answers" / "mine").exists()


def test_the_place(tmp_path: Path) -> None:
    assert default_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "ptcheck" / "facts"
    for ignored in ({}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}):
        assert default_folder(ignored).parts[-3:] == (".cache", "ptcheck", "facts")
