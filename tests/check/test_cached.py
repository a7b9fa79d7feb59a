# SPDX-License-Identifier: GPL-2.0-only
"""With and without a cache, the same; whatever changes in the tree is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analyzer.cache import FactCache, open_cache
from analyzer.check import check_tree
from analyzer.check.arch import Workshop
from analyzer.model import CheckResult
from analyzer.report.formats import FORMATS
from analyzer.report.options import ReportOptions
from analyzer.tree import FolderTree, KernelTree, MemoryTree, OverlayTree, open_tree
from tests.check.trees import PGTABLE, demo_files, demo_tree, mend, write

BASE = frozenset({"base"})
HEADER = f"arch/demo/{PGTABLE}"


@pytest.fixture
def cache(tmp_path: Path) -> FactCache:
    return open_cache(tmp_path / "facts")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """From `refuse` on, nothing may be judged."""
    return monkeypatch


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(self: Workshop, *_: object) -> None:
        raise AssertionError("judged again")

    monkeypatch.setattr(Workshop, "check", judge)


def checked(
    tree: KernelTree, cache: FactCache | None, archs: tuple[str, ...] = ("demo",)
) -> CheckResult:
    return replace(check_tree(tree, archs, only=BASE, facts=cache), seconds=0.0)


def test_an_unchanged_tree_is_not_judged_again(cache: FactCache, idle: pytest.MonkeyPatch) -> None:
    archs = ("demo", "mended")
    cold = checked(demo_tree(*archs), cache, archs)
    assert cold == checked(demo_tree(*archs), None, archs)
    refuse(idle)
    warm = checked(demo_tree(*archs), cache, archs)
    assert warm == cold
    for known in FORMATS:
        assert known.render(warm, ReportOptions()) == known.render(cold, ReportOptions())
    with pytest.raises(AssertionError, match="judged again"):
        checked(OverlayTree(demo_tree(*archs), {f"arch/demo/{PGTABLE}": b""}), cache, archs)


def test_an_architecture_depends_on_its_own_files(
    cache: FactCache, idle: pytest.MonkeyPatch
) -> None:
    tree = demo_tree("demo", "mended")
    checked(tree, cache, ("demo", "mended"))
    refuse(idle)
    changed = OverlayTree(tree, {HEADER: b"", "Documentation/mm/new.rst": b"text"})
    assert checked(changed, cache, ("mended",)) == checked(tree, cache, ("mended",))


def test_a_folder_and_a_second_run(tmp_path: Path, cache: FactCache) -> None:
    write(tmp_path / "tree", demo_files("demo"))
    before = checked(FolderTree(tmp_path / "tree"), cache)
    assert [f.rule for f in before.findings] == ["PTC101"]
    path = tmp_path / "tree" / HEADER
    path.write_bytes(mend(path.read_bytes()))
    after = checked(FolderTree(tmp_path / "tree"), cache)
    assert after.findings == ()
    assert checked(FolderTree(tmp_path / "tree"), cache) == after


FILES = demo_files("demo")
EDITS = st.one_of(
    st.just(None),
    st.sampled_from([b"", b"\n", b"/* x */\n", b"#error no\n", b"#define pmd_leaf(x) 0\n", b"\0"]),
)
PLACES = st.sampled_from(
    [*sorted(FILES), "include/asm-generic/page.h", "arch/demo/include/asm/hugetlb.h",
     "arch/demo/include/linux/mm.h", "arch/demo/mm/more.c", "mm/hugetlb.c", "arch/other/Kconfig",
     "include/linux/leafops.h", "arch/demo/include/uapi/asm/mman.h"]
)  # fmt: skip


def edited(edits: list[tuple[str, bytes | None, float]]) -> KernelTree:
    """The demonstration with files removed, added, and text put in somewhere."""
    changes: dict[str, bytes | None] = {}
    for path, text, place in edits:
        old = FILES.get(path, b"")
        lines = old.splitlines(keepends=True)
        at = int(place * len(lines))
        changes[path] = None if text is None else b"".join([*lines[:at], text, *lines[at:]])
    return OverlayTree(MemoryTree(FILES), changes)


ANY = st.lists(st.tuples(PLACES, EDITS, st.floats(0, 1)), min_size=1, max_size=2)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that remembers the trees of all examples."""
    return tmp_path_factory.mktemp("shared")


def _never_stale(folder: Path, edits: list[tuple[str, bytes | None, float]]) -> None:
    tree = edited(edits)
    with open_cache(folder) as cache:
        first = checked(tree, cache)
        assert first == checked(edited(edits), cache)
    assert first == checked(tree, None)


@given(ANY)
@settings(
    max_examples=6,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_edit_gives_a_stale_answer(
    shared: Path, edits: list[tuple[str, bytes | None, float]]
) -> None:
    _never_stale(shared, edits)


@pytest.mark.slow
@given(ANY)
@settings(
    max_examples=150,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_edit_of_many_gives_a_stale_answer(
    shared: Path, edits: list[tuple[str, bytes | None, float]]
) -> None:
    _never_stale(shared, edits)


@pytest.mark.slow
def test_real_trees(kernel_6_12: Path, cache: FactCache) -> None:
    with open_tree(kernel_6_12) as tree:
        cold = checked(tree, None, ("arm64", "riscv"))
        assert checked(tree, cache, ("arm64", "riscv")) == cold
        assert cache.hits == 0
    with open_tree(kernel_6_12) as tree:
        assert checked(tree, cache, ("arm64", "riscv")) == cold
        assert cache.hits == 3
