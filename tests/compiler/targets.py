# SPDX-License-Identifier: GPL-2.0-only
"""Compilers for every architecture: gcc where Debian has one, else clang's targets.

Each variant is compiled with the options for its word size, its byte order and its processor, as
the Makefile of the architecture would give them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.kconfig import Variant

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The compilers of an architecture and what decides about types and code.

    `commands` and `options` are pairs of a condition and words: '' always, '32'/'64' word size,
    'little'/'big' byte order, or the name of a symbol of the configuration. The first command that
    fits is taken, and all options that do.
    """

    commands: tuple[tuple[str, Words], ...]
    options: tuple[tuple[str, Words], ...] = ()
    unasserted: bool = False  # without the assertions that only an optimizing compiler makes
    lax: bool = False  # sizes from generated headers are wrong, which assertions notice


_CLANG: Final = ("clang-19", "-fno-integrated-as", "-Wno-implicit-function-declaration")
_MIPS: Final = "mips64el-linux-gnuabi64-gcc"

TARGETS: Final[Mapping[str, Target]] = {
    "alpha": Target((("", ("alpha-linux-gnu-gcc",)),)),
    "arc": Target((("", ("arc-linux-gnu-gcc", "-mcpu=hs38")),), (("big", ("-mbig-endian",)),)),
    "arm": Target(
        (("", ("arm-linux-gnueabihf-gcc", "-mabi=aapcs-linux", "-marm", "-mfloat-abi=soft")),),
        (("", ("-march=armv7-a",)), ("big", ("-mbig-endian",))),
    ),
    "arm64": Target(
        (("", ("aarch64-linux-gnu-gcc", "-mgeneral-regs-only", "-mabi=lp64")),),
        (("big", ("-mbig-endian",)),),
    ),
    "hexagon": Target((("", (*_CLANG, "--target=hexagon-linux")),)),
    "loongarch": Target((("", (*_CLANG, "--target=loongarch64-linux-gnusf")),)),
    "m68k": Target(
        (("COLDFIRE", ("m68k-linux-gnu-gcc", "-mcpu=54455")),
         ("SUN3", ("m68k-linux-gnu-gcc", "-m68020")),
         ("", ("m68k-linux-gnu-gcc", "-m68040"))),
    ),
    "mips": Target(
        (("64", (_MIPS, "-mabi=64")), ("32", (_MIPS, "-mabi=32"))),
        (("", ("-mno-abicalls", "-fno-pic")), ("big", ("-EB",)), ("little", ("-EL",))),
    ),
    "openrisc": Target((("", ("or1k-elf-gcc",)),)),
    "parisc": Target(
        (("64", ("hppa64-linux-gnu-gcc",)), ("32", ("hppa-linux-gnu-gcc",))), lax=True
    ),
    "powerpc": Target(  # 6.1 has BUILD_BUG() for what no configuration calls: asked all the same
        (("", ("powerpc64le-linux-gnu-gcc",)),),
        (("64", ("-m64",)), ("32", ("-m32",)), ("64", ("-mabi=elfv2",)),
         ("big", ("-mbig-endian",)), ("little", ("-mlittle-endian",))),
        unasserted=True,
    ),
    "riscv": Target(
        (("", ("riscv64-linux-gnu-gcc", "-mcmodel=medany")),),
        (("64", ("-mabi=lp64", "-march=rv64ima")), ("32", ("-mabi=ilp32", "-march=rv32ima"))),
    ),
    "s390": Target((("", ("s390x-linux-gnu-gcc", "-m64", "-march=z10")),)),
    "sh": Target((("", ("sh4-linux-gnu-gcc", "-m4")),), (("big", ("-mb",)),)),
    "sparc": Target(
        (("", ("sparc64-linux-gnu-gcc",)),),
        (("64", ("-m64", "-mcpu=ultrasparc")), ("32", ("-m32", "-mcpu=v8"))),
    ),
    "um": Target((("", ("gcc", "-fno-PIE")),), (("64", ("-m64",)), ("32", ("-m32",)))),
    "x86": Target(
        (("", ("gcc", "-fno-PIE", "-mno-sse", "-mno-80387")),),
        (("64", ("-m64", "-mcmodel=kernel", "-mno-red-zone")), ("32", ("-m32", "-march=i686"))),
    ),
    "xtensa": Target((("", ("xtensa-lx106-elf-gcc",)),)),
}  # fmt: skip
NONE: Final = frozenset({"csky", "ia64", "microblaze", "nios2"})
"""No compiler in Debian, and no target of its clang."""


def _fits(condition: str, variant: Variant) -> bool:
    if condition in ("", str(variant.bits), variant.endian):
        return True
    return condition.isupper() and variant.config.value(condition) == "y"


def command_for(variant: Variant) -> Words | None:
    """The compiler of a variant with its options; None where there is none."""
    target = TARGETS.get(variant.arch)
    if target is None:
        return None
    for condition, words in target.commands:
        if _fits(condition, variant):
            more = (o for when, options in target.options if _fits(when, variant) for o in options)
            return (*words, *more)
    return None
