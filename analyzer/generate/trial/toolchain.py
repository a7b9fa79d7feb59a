# SPDX-License-Identifier: GPL-2.0-only
"""Which compiler builds a kernel for an architecture here, and which package would hold one."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...boot.tools import HOST
from ...errors import SourceError
from ...tree import KernelTree

_MACHINES: Final = {
    "arm": ("arm",), "arm64": ("aarch64",), "loongarch": ("loongarch64",),
    "mips": ("mips64el", "mips64", "mipsel", "mips"), "openrisc": ("or1k",), "parisc": ("hppa",),
    "powerpc": ("powerpc64le", "powerpc64", "powerpc"), "riscv": ("riscv64",),
    "s390": ("s390x",), "sh": ("sh4",), "sparc": ("sparc64", "sparc"), "x86": ("x86_64",),
}  # fmt: skip
"""What toolchains call the machines that the kernel has folders for, where it is not the same."""
_WIDE: Final = {"parisc": ("hppa64",)}
"""What they call those of 64 bits, where one compiler does not make both."""
_SYSTEMS: Final = (r"(?:\w+-)?linux(?:-\w+)?", "elf")
"""What they call the system: a kernel needs none of its libraries, so a bare one will do."""
_PACKAGES: Final = {
    "alpha": "gcc-alpha-linux-gnu", "arc": "gcc-arc-linux-gnu", "arm": "gcc-arm-linux-gnueabihf",
    "arm64": "gcc-aarch64-linux-gnu", "m68k": "gcc-m68k-linux-gnu",
    "mips": "gcc-mips64el-linux-gnuabi64", "openrisc": "gcc-or1k-elf",
    "parisc": "gcc-hppa-linux-gnu gcc-hppa64-linux-gnu",
    "powerpc": "gcc-powerpc64le-linux-gnu", "riscv": "gcc-riscv64-linux-gnu",
    "s390": "gcc-s390x-linux-gnu", "sh": "gcc-sh4-linux-gnu", "sparc": "gcc-sparc64-linux-gnu",
    "x86": "gcc-x86-64-linux-gnu",
}  # fmt: skip
"""Debian's cross compilers for kernels."""
_CLANG_TARGETS: Final = "scripts/Makefile.clang"
_LLVM: Final = ("ld.lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-strip")
_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler: as people call it, and the variables that tell make."""

    name: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there, and the Debian packages that hold it ('' where none is known)."""

    what: str
    packages: str

    def __str__(self) -> str:
        where = f" (on Debian: apt-get install {self.packages})" if self.packages else ""
        return f"{self.what}{where}"


def find_toolchain(tree: KernelTree, arch: str, bits: int = 0) -> Toolchain | Missing:
    """The cross gcc for the architecture, else clang if the tree can be built with it.

    `bits`: the width of a long, where it is known.
    """
    machines = _MACHINES.get(arch, (arch,))
    if bits == 64:
        machines = _WIDE.get(arch, machines)
    absent = [(tool, package) for tool, package in HOST if shutil.which(tool) is None]
    if absent:
        what = f"this is missing: {', '.join(tool for tool, _ in absent)}"
        return Missing(what, " ".join(dict.fromkeys(package for _, package in absent)))
    for system in _SYSTEMS:
        for machine in machines:
            for name in _programs(re.compile(rf"{re.escape(machine)}-{system}-gcc")):
                return Toolchain(name, (f"CROSS_COMPILE={name.removesuffix('gcc')}",))
    if platform.machine() in machines:
        return Toolchain("gcc", ())
    target = clang_target(tree, arch)
    if target:
        for name in _clangs():
            suffix = name.removeprefix("clang")
            if all(shutil.which(f"{tool}{suffix}") for tool in _LLVM) and _takes(name, target):
                return Toolchain(f"{name} for {arch}", (f"LLVM={suffix or 1}",))
    packages = _PACKAGES.get(arch, "")
    if not packages and target:
        packages = "clang-19 lld-19 llvm-19"
    return Missing(f"no compiler for {arch} is installed", packages)


def host(tree: KernelTree) -> str:
    """The architecture of the tree that this machine is of; '' if it has none such."""
    machine = platform.machine()
    folders = {folder for folder, names in _MACHINES.items() if machine in names} | {machine}
    return next((f for f in sorted(folders) if tree.kind(f"arch/{f}/Makefile")), "")


def clang_target(tree: KernelTree, arch: str) -> str:
    """The target that the tree's Makefiles give clang for an architecture; '' if none."""
    try:
        text = tree.read(_CLANG_TARGETS).decode("utf-8", "replace")
    except SourceError:
        return ""
    found = re.search(rf"^CLANG_TARGET_FLAGS_{re.escape(arch)}[ \t]*:?=[ \t]*([\w.-]+)$", text,
                      re.M)  # fmt: skip
    return found[1] if found else ""


def _programs(pattern: re.Pattern[str]) -> Iterator[str]:
    """The programs of such a name, in the order of PATH."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        try:
            names = sorted(path.name for path in Path(folder or ".").iterdir())
        except OSError:
            continue
        yield from (name for name in names if pattern.fullmatch(name) and shutil.which(name))


def _clangs() -> list[str]:
    """Every clang, the newest first; the one without a number before all."""
    names = set(_programs(re.compile(r"clang(?:-\d+)?")))
    return sorted(names, key=lambda name: -int(name.partition("-")[2] or 10**6))


def _takes(clang: str, target: str) -> bool:
    """Whether the compiler was built with that target."""
    try:
        done = subprocess.run(
            [clang, f"--target={target}", "-c", "-x", "c", os.devnull, "-o", os.devnull],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
