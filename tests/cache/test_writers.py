# SPDX-License-Identifier: GPL-2.0-only
"""Several processes over one cache at the same time: nobody reads what is not whole."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyzer.cache import open_cache
from analyzer.cache.codec import encode
from analyzer.cache.store import Store
from analyzer.tree import MemoryTree
from tests.cache.test_again import _HOOK, _demo, _header, judged

WRITERS = 4
SECONDS = 1.0
NAMES = tuple(f"records/aa/{number}" for number in range(5))


def _value(name: str, writer: int, turn: int) -> list[Any]:
    return [name, writer, turn, [turn] * 3000]


def _is_whole(name: str, value: Any) -> bool:
    return bool(value == _value(name, value[1], value[2]))


def _hammer(folder: Path, writer: int, start: Any, answers: Any) -> None:
    """Writes, reads and trims, later also clears; says what it read that nobody wrote, and how
    often nothing could be written though nobody had cleared."""
    store = Store(folder, limit=20_000)
    wrong = read = failed = 0
    start.wait()
    half, end = time.monotonic() + SECONDS, time.monotonic() + 2 * SECONDS
    turn = 0
    while time.monotonic() < end:
        turn += 1
        name = NAMES[turn % len(NAMES)]
        store.refused = ""  # the folder may go while something is written there
        kept = store.save(name, _value(name, writer, turn))
        failed += not kept and time.monotonic() < half
        other = NAMES[(turn + writer) % len(NAMES)]
        found = store.load(other)
        if found is not None:
            read += 1
            wrong += not _is_whole(other, found)
        if turn % 7 == 0:
            store.trim()
        if turn % 50 == writer and time.monotonic() > half + 0.5:
            store.clear()
        store.names("records/aa")
    answers.put((read, wrong, failed))


def _together(work: Any, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """What each of several processes says, all of which begin at the same time."""
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(len(arguments)), context.Queue()
    workers = [context.Process(target=work, args=(*one, start, answers)) for one in arguments]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=240) for _ in workers]
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    return found


def test_pieces_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    found = _together(_hammer, [(tmp_path, writer) for writer in range(WRITERS)])
    read, wrong, failed = (sum(one) for one in zip(*found, strict=True))
    assert read > 0
    assert (wrong, failed) == (0, 0)
    store = Store(tmp_path)
    store.save(NAMES[0], _value(NAMES[0], 9, 9))
    assert _is_whole(NAMES[0], store.load(NAMES[0]))
    assert not list(tmp_path.rglob(".partial-*"))


def _trees() -> list[MemoryTree]:
    """A header, one hook less, a remark, a hook twice."""
    header = _header()
    hook = next(_HOOK.finditer(header))
    less = header[: hook.start()] + header[hook.end() :]
    twice = header[: hook.end()] + hook[0] + header[hook.end() :]
    return [_demo(text) for text in (header, less, f"/* so */\n{header}", twice)]


def _check(folder: Path, order: tuple[int, ...], start: Any, answers: Any) -> None:
    """Judges the trees in an order, each as if the first were the base."""
    trees = _trees()
    start.wait()
    with open_cache(folder) as cache:
        found = {number: encode(judged(trees[number], trees[0], cache)) for number in order}
    answers.put(found)


def test_checks_over_one_cache(tmp_path: Path) -> None:
    """Each says what it would without the others, and so does whoever comes after them."""
    alone = {number: encode(judged(tree, None, None)) for number, tree in enumerate(_trees())}
    assert len({str(one) for one in alone.values()}) == len(alone)
    orders = [(0, 1, 2), (1, 3, 0), (3, 2, 1)]
    for found in _together(_check, [(tmp_path, order) for order in orders]):
        assert all(alone[number] == result for number, result in found.items())
    trees = _trees()
    with open_cache(tmp_path) as cache:
        assert cache.store.refused == ""
        for number in (3, 0, 1, 2):
            assert encode(judged(trees[number], trees[0], cache)) == alone[number]
    assert not list(tmp_path.rglob(".partial-*"))
