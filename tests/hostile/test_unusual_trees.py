# SPDX-License-Identifier: GPL-2.0-only
"""Trees of another shape: a directory that has another name, parts that are not there, a file that
is larger than any. Never a traceback, a long wait, or "clean" for what was not looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.model import Verdict
from analyzer.tree import FolderTree
from analyzer.tree.base import Entry, Kind
from tests.commands.runner import PGTABLE
from tests.hostile.trees import check, copy, named, never_clean, verdicts

ARCH = "openrisc"
OTHER = "novarch"


def test_a_line_of_200_megabytes(tmp_path: Path) -> None:
    tree = copy(tmp_path)
    with (tree / PGTABLE).open("ab") as file:
        file.write(b"static int ptc_x = 0")
        for _ in range(50):
            file.write(b" + 1" * (1 << 20))
        file.write(b";\n")
    done, value = check(tree)
    never_clean(done)
    assert named(value, PGTABLE)


def test_the_demonstration_under_another_name(tmp_path: Path) -> None:
    """What a directory is called decides nothing."""
    tree = copy(tmp_path)
    _, before = check(tree)
    (tree / "arch" / "demo").rename(tree / "arch" / OTHER)
    for path in sorted((tree / "arch" / OTHER).rglob("Kconfig*")):
        path.write_text(path.read_text().replace("arch/demo", f"arch/{OTHER}"))
    done, after = check(tree)
    assert done.code in (0, 3)
    known = {(variant, helper): v for (_, variant, helper), v in verdicts(before).items()}
    assert {(variant, helper): v for (_, variant, helper), v in verdicts(after).items()} == known


@pytest.mark.parametrize("missing", ["Kconfig", "mm/page_table_check.c", "arch/demo/mm"])
def test_a_part_of_the_demonstration(missing: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    path = tree / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    done, _ = check(tree)
    assert done.code in (1, 2, 3)
    assert done.code != 2 or len(done.err.splitlines()) == 1


def _part(kernel: Path, folder: Path, name: str, *parts: str) -> Path:
    """A tree with parts of a kernel, the architecture under `name`."""
    tree = folder / "tree"
    for part in parts:
        target = tree / part.replace(f"arch/{ARCH}", f"arch/{name}")
        target.parent.mkdir(parents=True, exist_ok=True)
        source = kernel / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return tree


class Renamed(FolderTree):
    """A kernel with one architecture's directory under another name."""

    def read(self, path: str) -> bytes:
        return super().read(_old(path))

    def kind(self, path: str) -> Kind | None:
        return super().kind(_old(path))

    def entries(self, directory: str) -> tuple[Entry, ...]:
        found = super().entries(_old(directory))
        if directory == "arch":
            found = tuple(replace(e, name=OTHER) if e.name == ARCH else e for e in found)
        return found

    def walk(self, directory: str, suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        for path in super().walk(_old(directory), suffixes):
            yield path.replace(f"arch/{ARCH}/", f"arch/{OTHER}/")

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        for path in paths:
            if self.kind(path) is Kind.FILE:
                yield path, self.read(path)


def _old(path: str) -> str:
    return path.replace(f"arch/{OTHER}", f"arch/{ARCH}")


@pytest.fixture(params=["6.12", "6.1"])
def kernel(request: pytest.FixtureRequest) -> Path:
    """The folder of each of the two kernels."""
    found: Path = request.getfixturevalue(f"kernel_{str(request.param).replace('.', '_')}")
    return found


@pytest.mark.slow
@pytest.mark.kernel
def test_a_kernel_with_a_directory_renamed(kernel: Path) -> None:
    """An architecture nobody has seen is read as the one that it is a copy of."""
    results = []
    for tree, name in ((FolderTree(str(kernel)), ARCH), (Renamed(str(kernel)), OTHER)):
        with tree:
            found = check_tree(tree, (name,))
        results.append({(h.variant, h.helper): h.verdict for h in found.helpers})
    before, after = results
    assert len(before) >= 10
    assert Verdict.BALANCED in before.values()
    assert after == before


@pytest.mark.slow
@pytest.mark.kernel
def test_a_kernel_of_which_little_is_there(kernel: Path, tmp_path: Path) -> None:
    """arch/A/include, include and mm: judged as far as that goes, and never clean."""
    tree = _part(kernel, tmp_path, ARCH, f"arch/{ARCH}/include", "include", "mm")
    done, value = check(tree, "--arch", ARCH)
    assert done.code in (2, 3)
    assert value is None or value["problems"]
