# SPDX-License-Identifier: GPL-2.0-only
"""Compilers for every other architecture: gcc where Debian has one, else clang's targets.

The variant that is compared is the first of the architecture that the compiler can be told to
compile for: word size and byte order must be those of the options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Target:
    """A compiler with the options that decide about types, and the variant it fits."""

    command: tuple[str, ...]
    variant: str = "base"
    swapped: bool = False  # __pte() swaps bytes: entries are given as raw bits
    unasserted: bool = False  # without the assertions that only an optimizing compiler makes
    lax: bool = False  # sizes from generated headers are wrong, which assertions notice


_CLANG: Final = ("clang-19", "-fno-integrated-as", "-Wno-implicit-function-declaration")

TARGETS: Final[Mapping[str, Target]] = {
    "alpha": Target(("alpha-linux-gnu-gcc",)),
    "arm": Target(
        (
            "arm-linux-gnueabihf-gcc",
            "-mabi=aapcs-linux",
            "-marm",
            "-march=armv7-a",
            "-mfloat-abi=soft",
        )
    ),
    "hexagon": Target((*_CLANG, "--target=hexagon-linux")),
    "loongarch": Target((*_CLANG, "--target=loongarch64-linux-gnusf")),
    "m68k": Target(("m68k-linux-gnu-gcc", "-m68040")),
    "mips": Target(("mips64el-linux-gnuabi64-gcc", "-mabi=64"), "little"),
    "parisc": Target(("hppa64-linux-gnu-gcc",), lax=True),
    "powerpc": Target(  # 6.1 has BUILD_BUG() for what no configuration calls: asked all the same
        ("powerpc64le-linux-gnu-gcc", "-m64"), "little", swapped=True, unasserted=True
    ),
    "s390": Target(("s390x-linux-gnu-gcc", "-m64", "-march=z10")),
    "sh": Target(("sh4-linux-gnu-gcc", "-m4")),
    "sparc": Target(("sparc64-linux-gnu-gcc", "-m64", "-mcpu=ultrasparc")),
    "um": Target(("gcc", "-m64", "-fno-PIE")),
}
NONE: Final = frozenset({"arc", "csky", "ia64", "microblaze", "nios2", "openrisc", "xtensa"})
"""No compiler in Debian, and no target of its clang."""
