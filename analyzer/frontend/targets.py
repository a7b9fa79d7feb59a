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
    "arm": (("", "__ARM_EABI__", "uapi asm/unistd.h: base of the system calls"),),
    "mips": (
        ("", "_ABIO32=1", "number of an ABI, the compiler has, not asm/sgidefs.h"),
        ("", "_ABIN32=2", "number of an ABI, the compiler has, not asm/sgidefs.h"),
        ("", "_ABI64=3", "number of an ABI, the compiler has, not asm/sgidefs.h"),
        ("64", "_MIPS_SIM=_ABI64", "the ABI of the kernel, everywhere"),
        ("32", "_MIPS_SIM=_ABIO32", "the ABI of the kernel, everywhere"),
        ("64", "_MIPS_SZLONG=64", "uapi asm/bitsperlong.h"),
        ("32", "_MIPS_SZLONG=32", "uapi asm/bitsperlong.h"),
        ("64", "__mips64", "asm/asm.h, uapi asm/msgbuf.h: registers have 64 bits"),
        ("", "__mips_isa_rev=2", "asm/isa-rev.h: revision of the instruction set"),
        ("64", "_MIPS_ISA=_MIPS_ISA_MIPS64", "the instruction set, asm/bug.h"),
        ("32", "_MIPS_ISA=_MIPS_ISA_MIPS32", "the instruction set, asm/bug.h"),
    ),
    "xtensa": (("", "__XTENSA_CALL0_ABI__", "asm/processor.h demands a calling convention"),),
}
