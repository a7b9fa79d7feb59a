# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck diff`: two folders, two revisions, every kind of difference."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.check.history import Story
from tests.check.trees import PGTABLE, demo_files, mend, write
from tests.commands.runner import Done, ptcheck

HEADER = f"arch/demo/{PGTABLE}"
BITS = "arch/demo/include/asm/pgtable-bits.h"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def diff(cache: Path, *arguments: str) -> Done:
    return ptcheck("diff", *arguments, "--cache", str(cache), "--variant", "base")


def test_two_folders(tmp_path: Path, cache: Path) -> None:
    files = demo_files("demo")
    write(tmp_path / "a", files)
    files[HEADER] = b"/* moved */\n\n" + mend(files[HEADER])
    write(tmp_path / "b", files)
    trees = (str(tmp_path / "a"), str(tmp_path / "b"))
    done = diff(cache, *trees)
    assert done.code == 1
    assert "demo: pmd pmdp_huge_get_and_clear [base]: finding -> balanced" in done.out
    assert "+ page_table_check_pmd_clear in pmdp_huge_get_and_clear" in done.out
    assert "  - demo: pmdp_huge_get_and_clear [base]: PTC101" in done.out
    for kind in ("api:", "predicate:", "bit:", "definition:", "helper:"):
        assert kind not in done.out
    same = diff(cache, trees[0], trees[0])
    assert same.code == 0
    assert ": 0 differences; findings: 0 new, 0 fixed, 1 unchanged\n" in same.out


def test_every_kind(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "r").mkdir()
    story = Story(tmp_path / "r", demo_files("demo"))
    story.git("init", "-q")
    story.commit("one")
    story.edit(BITS, lambda t: t + "\n#define _PAGE_EXTRA (1UL << 58)\n")
    story.edit(HEADER, lambda t: t.replace("_user_accessible_page(pte_t pte)\n{",
                                           "_user_accessible_page(pte_t pte)\n{\n\t;"))  # fmt: skip
    story.edit("include/linux/page_table_check.h",
               lambda t: t.replace("mm, pmd_t pmd)", "mm, pmd_t entry)"))  # fmt: skip
    for path, data in demo_files("new").items():
        if path.startswith("arch/new/"):
            story.files[path] = data
    story.commit("two")
    done = diff(cache, "-C", str(story.folder), "HEAD~1", "HEAD", "--format", "json")
    document = json.loads(done.out)
    kinds = {(item["kind"], item["subject"]) for item in document["differences"]}
    assert ("architecture", "new") in kinds
    assert ("api", "page_table_check_pmd_clear") in kinds
    assert ("predicate", "pte_user_accessible_page") in kinds
    assert any(kind == "bit" and "_PAGE_EXTRA" in subject for kind, subject in kinds)
    assert document["after"]["revision"] == story.ids[1]
    backwards = diff(cache, "-C", str(story.folder), "HEAD", "HEAD~1")
    assert "  - new" in backwards.out


def test_what_cannot_be_compared(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "a", demo_files("demo"))
    for arguments in (
        (str(tmp_path / "a"), str(tmp_path)),
        (str(tmp_path / "a"), "v1"),
        (str(tmp_path / "a"), str(tmp_path / "a"), "--rev", "x"),
    ):
        done = diff(cache, *arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err.count("\n") == 1
