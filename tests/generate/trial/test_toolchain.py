# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler is found, in a PATH of our own: gcc before clang, else the package by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.boot.tools import HOST
from analyzer.generate.trial.toolchain import Missing, Toolchain, clang_target, find_toolchain
from analyzer.tree import KernelTree, MemoryTree

_CLANG = "CLANG_TARGET_FLAGS_loongarch\t:= loongarch64-linux-gnusf\n"


def tree(text: str = _CLANG) -> KernelTree:
    return MemoryTree({"scripts/Makefile.clang": text})


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with the tools that every build needs, and no compiler."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "none")
    for name, _ in HOST:
        add(tmp_path, name)
    return tmp_path


def add(folder: Path, *names: str, status: int = 0) -> None:
    for name in names:
        (folder / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (folder / name).chmod(0o755)


def llvm(folder: Path, suffix: str, status: int = 0) -> None:
    tools = ("clang", "ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-strip")
    add(folder, *(f"{tool}{suffix}" for tool in tools), status=status)


@pytest.mark.parametrize(
    ("arch", "name", "prefix"),
    [
        ("loongarch", "loongarch64-linux-gnu-gcc", "loongarch64-linux-gnu-"),
        ("arm64", "aarch64-linux-gcc", "aarch64-linux-"),
        ("arm", "arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-"),
        ("mips", "mips64el-linux-gnuabi64-gcc", "mips64el-linux-gnuabi64-"),
        ("openrisc", "or1k-elf-gcc", "or1k-elf-"),
        ("openrisc", "or1k-linux-gcc", "or1k-linux-"),
        ("xtensa", "xtensa-buildroot-linux-gnu-gcc", "xtensa-buildroot-linux-gnu-"),
    ],
)
def test_a_cross_gcc(programs: Path, arch: str, name: str, prefix: str) -> None:
    add(programs, name)
    llvm(programs, "")
    assert find_toolchain(tree(), arch) == Toolchain(name, (f"CROSS_COMPILE={prefix}",))


def test_a_compiler_of_each_width_where_one_does_not_make_both(programs: Path) -> None:
    add(programs, "hppa-linux-gnu-gcc", "s390x-linux-gnu-gcc")
    assert isinstance(find_toolchain(tree(), "parisc", 64), Missing)
    add(programs, "hppa64-linux-gnu-gcc")
    for bits, name in ((0, "hppa"), (32, "hppa"), (64, "hppa64")):
        found = find_toolchain(tree(), "parisc", bits)
        assert isinstance(found, Toolchain)
        assert found.name == f"{name}-linux-gnu-gcc"
    assert find_toolchain(tree(), "s390", 64) == find_toolchain(tree(), "s390")


@pytest.mark.parametrize("other", ["arm-none-eabi-gcc", "arm-linux-gnueabihf-gcc-12", "armv7-gcc"])
def test_other_names_are_none(programs: Path, other: str) -> None:
    add(programs, other)
    assert isinstance(find_toolchain(tree(), "arm"), Missing)


def test_clang_where_the_tree_takes_it(programs: Path) -> None:
    llvm(programs, "-14")
    llvm(programs, "-19")
    assert find_toolchain(tree(), "loongarch") == Toolchain("clang-19 for loongarch", ("LLVM=-19",))
    llvm(programs, "")
    assert find_toolchain(tree(), "loongarch") == Toolchain("clang for loongarch", ("LLVM=1",))


def test_a_clang_without_the_target_or_the_tools_is_none(programs: Path) -> None:
    llvm(programs, "-19", status=1)
    llvm(programs, "-14")
    (programs / "llvm-nm-14").unlink()
    found = find_toolchain(tree(), "loongarch")
    assert isinstance(found, Missing)
    assert "clang-19 lld-19" in str(found)


def test_a_tree_that_clang_cannot_build(programs: Path) -> None:
    llvm(programs, "")
    assert isinstance(find_toolchain(tree("# nothing\n"), "loongarch"), Missing)
    assert clang_target(MemoryTree({}), "loongarch") == ""


@pytest.mark.parametrize(
    ("arch", "package"),
    [("m68k", "gcc-m68k-linux-gnu"), ("openrisc", "gcc-or1k-elf"), ("s390", "gcc-s390x-linux-gnu")],
)
def test_a_missing_compiler_is_named_with_its_package(
    programs: Path, arch: str, package: str
) -> None:
    assert package in str(find_toolchain(tree(), arch))
    assert find_toolchain(tree(), "nowhere") == Missing("no compiler for nowhere is installed", "")


def test_missing_tools_are_named_with_their_packages(programs: Path) -> None:
    (programs / "bison").unlink()
    (programs / "ld").unlink()
    said = str(find_toolchain(tree(), "m68k"))
    assert said == "this is missing: ld, bison (on Debian: apt-get install binutils bison)"
