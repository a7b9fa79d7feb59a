# SPDX-License-Identifier: GPL-2.0-only
"""Generated headers that are derived from the tree instead of being stubbed.

- bounds.h: how many page flags and zones there are in a configuration (kernel/bounds.c lets the
  compiler count them), version.h: numbers of the top Makefile;
- arm64's cpucap-defs.h and sysreg-defs.h, which awk scripts make of two text files. They are
  keyed by the presence of those files, not by the name of an architecture.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.errors import SourceError
from analyzer.frontend.conditions import active_lines
from analyzer.frontend.kbuild import ConfigValues
from analyzer.tree import KernelTree

_NAME: Final = re.compile(r"[A-Za-z_]\w*$")
_REST: Final = re.compile(r"\w+$", re.ASCII)  # of a name: `PARANGE_32` of `32`
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


def configured_headers(tree: KernelTree, config: ConfigValues) -> dict[str, str]:
    """Return path to text of the headers that differ between configurations."""
    numbers = {
        "NR_PAGEFLAGS": _count(
            tree, "include/linux/page-flags.h", "pageflags", "__NR_PAGEFLAGS", config
        ),
        "MAX_NR_ZONES": _count(
            tree, "include/linux/mmzone.h", "zone_type", "__MAX_NR_ZONES", config
        ),
    }
    if not all(numbers.values()):
        return {}  # the stub stands
    generations = config.value("LRU_GEN") == "y"
    cpus = config.value("NR_CPUS")
    numbers["NR_CPUS_BITS"] = max(1, int(cpus) - 1).bit_length() if cpus.isdigit() else 1
    numbers["SPINLOCK_SIZE"] = 4 if config.value("SMP") == "y" else 0  # without lock debugging
    numbers["LRU_GEN_WIDTH"] = 3 if generations else 0  # MAX_NR_GENS is 4: 0 to 4
    numbers["__LRU_REFS_WIDTH"] = 2 if generations else 0  # MAX_NR_TIERS is 4, less 2
    lines = [f"#define {name} {number}\n" for name, number in numbers.items()]
    return {"generated/bounds.h": "".join(lines)}


def _count(tree: KernelTree, path: str, tag: str, end: str, config: ConfigValues) -> int:
    """Count the enumerators before `end` in an enum; 0 if that is not possible."""
    text = _read(tree, path)
    found = re.search(rf"\benum {tag} \{{(.*?)\b{end}\b", text, re.DOTALL)
    if found is None:
        return 0
    lines = "\n".join(active_lines(found[1] + "\n", config))
    return len([name for name in lines.split(",") if name.strip()])


def version_header(tree: KernelTree) -> str:
    """Return linux/version.h from VERSION, PATCHLEVEL and SUBLEVEL of the top Makefile."""
    text = _read(tree, "Makefile")
    numbers = []
    for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL"):
        found = re.search(rf"^{name}[ \t]*=[ \t]*(\d{{1,4}})[ \t]*$", text, re.MULTILINE)
        numbers.append(int(found[1]) if found else 0)
    version, patch, sub = numbers
    if not version:
        return ""
    code = (version << 16) + (patch << 8) + min(sub, 255)
    return (
        f"#define LINUX_VERSION_CODE {code}\n"
        "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
        f"#define LINUX_VERSION_MAJOR {version}\n"
        f"#define LINUX_VERSION_PATCHLEVEL {patch}\n"
        f"#define LINUX_VERSION_SUBLEVEL {sub}\n"
    )


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
        elif keyword[:1].isdigit() and field and rest and _REST.match(rest[0]):
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
