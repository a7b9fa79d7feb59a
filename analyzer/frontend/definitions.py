# SPDX-License-Identifier: GPL-2.0-only
"""Two of arm64's generated headers, derived from the text files that they are made of.

In a build awk scripts of the tree write them; here the formats are read directly. They are keyed
by the presence of those files, not by the name of an architecture.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.errors import SourceError
from analyzer.tree import KernelTree

_NAME: Final = re.compile(r"[A-Za-z_]\w*$")
_BITS: Final = re.compile(r"\d+(:\d+)?$")


def derived_headers(tree: KernelTree, arch: str) -> dict[str, str]:
    """Return path below the folder of generated headers to text, for what can be derived."""
    found = {}
    capabilities = _read(tree, f"arch/{arch}/tools/cpucaps")
    if capabilities:
        text = _capabilities(capabilities)
        found["asm/cpucap-defs.h"] = text  # since 6.6
        found["asm/cpucaps.h"] = text
    registers = _read(tree, f"arch/{arch}/tools/sysreg")
    if registers:
        found["asm/sysreg-defs.h"] = _registers(registers)
    return found


def _read(tree: KernelTree, path: str) -> str:
    try:
        return tree.read(path).decode("utf-8", "replace")
    except SourceError:
        return ""


def _capabilities(text: str) -> str:
    """One name per line; numbered in order (arch/arm64/tools/gen-cpucaps.awk)."""
    names = [n for n in (line.split("#")[0].strip() for line in text.split("\n")) if n]
    names = [n for n in names if _NAME.match(n)]
    lines = [f"#define ARM64_{name} {number}" for number, name in enumerate(names)]
    return "\n".join([*lines, f"#define ARM64_NCAPS {len(names)}", ""])


def _registers(text: str) -> str:
    """Registers, their fields and the enumerations (arch/arm64/tools/sysreg explains itself)."""
    out: list[str] = []
    owner = field = ""
    for line in text.split("\n"):
        words = line.split("#")[0].split()
        if not words:
            continue
        keyword, rest = words[0], words[1:]
        if keyword in ("Sysreg", "SysregFields"):
            owner, field = (rest[0] if rest else ""), ""
            if keyword == "Sysreg" and len(rest) >= 6 and _NAME.match(owner):
                out += _encoding(owner, rest[1:6])
        elif keyword.startswith("End"):
            if keyword != "EndEnum":
                owner = ""
            field = ""
        elif not owner or not _NAME.match(owner):
            continue
        elif keyword in ("Field", "Enum", "SignedEnum", "UnsignedEnum") and len(rest) >= 2:
            field = rest[1]
            out += _field(owner, field, rest[0])
        elif keyword[:1].isdigit() or keyword.startswith("0b"):
            if field and rest and _NAME.match(rest[0]):
                out.append(f"#define {owner}_{field}_{rest[0]} UL({_number(keyword)})")
    return "\n".join([*out, ""])


def _encoding(name: str, numbers: list[str]) -> list[str]:
    if not all(n.isdigit() for n in numbers):
        return []
    op0, op1, crn, crm, op2 = numbers
    return [
        f"#define REG_{name} S{op0}_{op1}_C{crn}_C{crm}_{op2}",
        f"#define SYS_{name} sys_reg({op0}, {op1}, {crn}, {crm}, {op2})",
        *(
            f"#define SYS_{name}_{part} {value}"
            for part, value in zip(("Op0", "Op1", "CRn", "CRm", "Op2"), numbers, strict=True)
        ),
    ]


def _field(owner: str, name: str, bits: str) -> list[str]:
    if not _BITS.match(bits) or not _NAME.match(name):
        return []
    high, _, low = bits.partition(":")
    low = low or high
    base = f"{owner}_{name}"
    width = int(high) - int(low) + 1
    return [
        f"#define {base} GENMASK({high}, {low})",
        f"#define {base}_MASK GENMASK({high}, {low})",
        f"#define {base}_SHIFT {low}",
        f"#define {base}_WIDTH {width}",
    ]


def _number(text: str) -> str:
    return text if text.startswith(("0b", "0x")) or text.isdigit() else "0"
