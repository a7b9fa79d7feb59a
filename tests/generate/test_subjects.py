# SPDX-License-Identifier: GPL-2.0-only
"""What subjects begin with: as earlier commits have it, else as MAINTAINERS lets one think."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analyzer.generate.subjects import prefix_of, subject_prefix
from analyzer.tree import FolderTree, open_tree


@pytest.mark.parametrize(
    ("arch", "subjects", "prefix"),
    [
        ("x86", ["x86/mm: a", "x86/mm: b", "x86: c", "mm: d"], "x86/mm"),
        ("loongarch", ["LoongArch: a", "LoongArch: b", "LoongArch: mm: c", "MIPS: d"], "LoongArch"),
        ("riscv", ["riscv: mm: a", "riscv: mm: b", "RISC-V: mm: c", "riscv: d"], "riscv: mm"),
        ("sparc", ["sparc64: a", "sparc64: b", "sparc32: c"], "sparc64"),
        ("powerpc", ["powerpc/64s: a", "powerpc/mm: b", "powerpc/radix: c"], "powerpc/mm"),
        ("arm64", ["arm64/mm: a", "arm64: b", "arm64: c", "arm: d"], "arm64"),
        ("arm", ["ARM: 9000/1: a", "ARM: b", "ARM: c", "arm64: mm: d"], "ARM"),
        ("arm", ["arm64: a"] * 9, ""),
        ("sh", ["sh: a", "show: b", "mm: c"], ""),
        ("um", ["mm: a"] * 50, ""),
    ],
)
def test_the_prefix_is_that_of_most(arch: str, subjects: list[str], prefix: str) -> None:
    assert prefix_of(subjects, arch, frozenset({"arm64"}) - {arch}) == prefix


def small_tree(folder: Path) -> Path:
    for name in ("Kconfig", "Makefile", "arch/sh/mm/a.c", "arch/sh/include/asm/pgtable.h",
                 "include/a.h"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_maintainers_of_its_own(tmp_path: Path) -> None:
    tree = FolderTree(small_tree(tmp_path))
    assert subject_prefix(tree, "sh") == "sh"
    (tmp_path / "MAINTAINERS").write_text("SH\nF:\tarch/sh/\n\nX\nF:\tarch/sh/mm/fault.c\n")
    assert subject_prefix(FolderTree(tmp_path), "sh") == "sh"
    (tmp_path / "MAINTAINERS").write_text("SH\nF:\tarch/sh/\n\nSH MM\nF:\tarch/sh/mm/\n")
    assert subject_prefix(FolderTree(tmp_path), "sh") == "sh/mm"


def test_the_history_of_the_page_tables(tmp_path: Path) -> None:
    top = small_tree(tmp_path)

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=top, check=True, capture_output=True)

    git("init", "-q")
    for number, subject in enumerate(("SuperH: a", "mm: x", "SuperH: c", "sh: d", "", "SH: mm: e",
                                      "SH: mm: f")):  # fmt: skip
        (top / "arch/sh/mm/a.c").write_text(f"{number}\n")
        git("add", "-A")
        git("commit", "-q", "--allow-empty-message", "-m", subject)
    for number in range(9):
        (top / "Makefile").write_text(f"{number}\n")
        git("add", "-A")
        git("commit", "-q", "-m", "sh: of something else")
    with open_tree(top) as folder, open_tree(top, "HEAD") as head:
        assert subject_prefix(folder, "sh") == "SH: mm"
        assert subject_prefix(head, "sh") == "SH: mm"
