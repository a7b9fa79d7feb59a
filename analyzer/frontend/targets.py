# SPDX-License-Identifier: GPL-2.0-only
"""Macros that only a compiler for the target defines and no file of the tree names.

One small table, read last: a macro that the tree's Makefiles define (CHECKFLAGS, CFLAGS) is not
looked up here, and an architecture without a row works with `__<arch>__` alone. Each row says
what the macro is needed for in the headers of the architecture.
"""

from __future__ import annotations

from typing import Final

TARGET_MACROS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    # architecture: (condition, macro[=value], reason)
    # condition: '' always, '32'/'64' word size, 'little'/'big' byte order
    "arc": (("", "__ARC700__", "generation, tested in asm/ptrace.h of old trees"),),
    "arm": (
        ("", "__ARM_EABI__", "asm/unistd.h, asm/ptrace.h select the ABI"),
        ("", "__LINUX_ARM_ARCH__=7", "asm/barrier.h, where the Makefile leaves it to the CPU"),
    ),
    "csky": (("", "__CSKYABI__=2", "asm/ptrace.h, asm/elf.h: register layout of the ABI"),),
    "hexagon": (("", "__HEXAGON_ARCH__=60", "instruction set version, asm/vm_mmu.h"),),
    "loongarch": (
        ("64", "__loongarch64", "uapi asm/sigcontext.h, asm/bitsperlong.h of the compiler"),
        ("", "__loongarch_grlen=32", "width of a register: uapi asm/bitsperlong.h"),
        ("64", "__loongarch_grlen=64", "width of a register: uapi asm/bitsperlong.h"),
        ("64", "__loongarch_lp64", "asm/asm.h selects the width of pointers"),
        ("", "__loongarch_frlen=64", "asm/asm.h, width of a float register"),
    ),
    "m68k": (("", "__mc68020__", "CPU that the default configurations are for"),),
    "mips": (
        ("", "_MIPS_SIM_ABI32=1", "uapi asm/sgidefs.h tests the ABI"),
        ("", "_ABIO32=1", "uapi asm/sgidefs.h: number of an ABI"),
        ("", "_ABIN32=2", "uapi asm/sgidefs.h: number of an ABI"),
        ("", "_ABI64=3", "uapi asm/sgidefs.h: number of an ABI"),
        ("64", "_MIPS_SIM=_ABI64", "uapi asm/sgidefs.h: the ABI of the kernel"),
        ("32", "_MIPS_SIM=_ABIO32", "uapi asm/sgidefs.h: the ABI of the kernel"),
        ("64", "_MIPS_SZLONG=64", "uapi asm/bitsperlong.h"),
        ("32", "_MIPS_SZLONG=32", "uapi asm/bitsperlong.h"),
        ("64", "_MIPS_SZPTR=64", "asm/asm.h selects pointer instructions"),
        ("32", "_MIPS_SZPTR=32", "asm/asm.h selects pointer instructions"),
        ("", "_MIPS_SZINT=32", "asm/asm.h selects integer instructions"),
        ("64", "__mips64", "asm/addrspace.h, asm/io.h"),
        ("64", "__mips=64", "asm/compiler.h, asm/asm.h: instruction set level"),
        ("32", "__mips=32", "asm/compiler.h, asm/asm.h: instruction set level"),
        ("", "__mips_isa_rev=2", "asm/swab.h, asm/compiler.h: instruction set revision"),
        ("", "_MIPS_ISA_MIPS32=6", "asm/sgidefs.h of user space; compared in asm/isadep.h"),
        ("", "_MIPS_ISA_MIPS64=7", "compared in asm/isadep.h"),
        ("64", "_MIPS_ISA=_MIPS_ISA_MIPS64", "compared in asm/asm.h"),
        ("32", "_MIPS_ISA=_MIPS_ISA_MIPS32", "compared in asm/asm.h"),
    ),
    "openrisc": (("", "__or1k__", "name of the instruction set"),),
    "parisc": (
        ("64", "__hppa64__", "uapi asm/bitsperlong.h of old trees"),
        ("64", "_PA_RISC2_0", "asm/barrier.h, asm/cache.h"),
        ("32", "_PA_RISC1_1", "asm/cache.h"),
    ),
    "powerpc": (("64", "_CALL_ELF=2", "asm/types.h and asm/sections.h select the ABI"),),
    "riscv": (("", "__riscv_cmodel_medany", "asm/module.h, code model of the kernel"),),
    "s390": (("", "__ARCH__=10", "asm/march.h of old trees: machine level"),),
    "sh": (("", "__SH4__", "asm/processor.h: CPU of the default configurations"),),
    "sparc": (("64", "__arch64__", "uapi asm/posix_types.h, where the Makefile lacks it"),),
    "xtensa": (("", "__XTENSA_CALL0_ABI__", "asm/core.h: calling convention"),),
}
