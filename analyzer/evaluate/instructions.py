# SPDX-License-Identifier: GPL-2.0-only
"""Assembler templates as instructions: what a mnemonic does, in one table.

Mnemonics of load-store machines mean much the same everywhere: `and` is `and`, and what is loaded
exclusively is loaded. Where an operand says what an instruction stores, no more has to be known;
a row here says what no operand says. What is not in the table is not guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

THREE: Final = {
    **dict.fromkeys(("or", "orr", "ori", "oris"), "|"),
    **dict.fromkeys(("and", "andi"), "&"),
    **dict.fromkeys(("andc", "andn", "bic"), "&~"),
    **dict.fromkeys(("xor", "eor", "xori"), "^"),
    **dict.fromkeys(("add", "addi", "addu", "addiu", "daddu", "daddiu"), "+"),
    **dict.fromkeys(("sllx", "sll", "slld", "dsll"), "<<"),
    **dict.fromkeys(("srlx", "srl", "srld", "dsrl"), ">>"),
}
"""`op a, b, c`: one of the outer operands is the result of the other two."""

COPIES: Final = frozenset({"mov", "mr", "move", "li", "movi", "lgr", "lr"})
HIGH_PARTS: Final = frozenset({"sethi"})  # its operand says which part: %hi() or %uhi()

LOADS: Final = {
    **dict.fromkeys(("lwarx", "lwz", "lw", "lwx", "ll", "ll.w", "ldrex", "ldr", "l"), 4),
    **dict.fromkeys(("ld.w", "lwu"), 4),
    **dict.fromkeys(("ldarx", "ldx", "lld", "ll.d", "ld.d", "lg", "ldrexd"), 8),
    "ld": 0,
}
"""Bytes that are loaded; 0: a word of the machine, or 4 where results stand last (SPARC)."""

STORES: Final = {
    **dict.fromkeys(("stwcx.", "stw", "stwx", "sw", "swx", "str", "st", "st.w"), 4),
    **dict.fromkeys(("stdcx.", "stdx", "sd", "stx", "stg", "std", "st.d"), 8),
    **dict.fromkeys(("sc", "sc.w"), 4),
    **dict.fromkeys(("scd", "sc.d"), 8),
}
"""Bytes that are stored from the first operand; conditional ones succeed, as one does in the
end: the branch back that follows is not taken."""

SUCCEED: Final = frozenset({"sc", "scd", "sc.w", "sc.d"})
"""Of these the first operand says afterwards whether anything was stored."""

FORWARD: Final = {
    **dict.fromkeys(("bnez", "cbnz"), False),
    **dict.fromkeys(("beqz", "cbz"), True),
}
"""`op a, 2f`: goes on at a label below where the register is zero (True), or is not."""

EQUALITIES: Final = {"cmpw": 32, "cmplw": 32, "cmpd": 64, "cmpld": 64}
"""Bits of the last two operands that are compared."""

ON_EQUALITY: Final = {"bne": False, "beq": True}
"""`op 2f`: goes on at a label below where what was compared last is equal (True), or is not."""

FETCHES: Final = {
    **dict.fromkeys(("laog", "lao"), "|"),
    **dict.fromkeys(("lang", "lan"), "&"),
    **dict.fromkeys(("laag", "laa"), "+"),
    **dict.fromkeys(("laxg", "lax"), "^"),
}
"""`op old, value, memory`: what memory held, and memory changed by the value; 8 bytes with g."""

HALVES: Final = re.compile(r"^([no])i([hl])([hl])$")
"""`nihh a, number`: AND (n) or OR (o) of a number and one of the four halfwords of a register: the
high or low one of its high or low word."""

EXCHANGES: Final = {"cs": 4, "csy": 4, "csg": 8}
"""`op old, new, memory`: bytes of memory that become new where they are old; else old is them."""

SWAPS: Final = frozenset({"swap"})

QUIET: Final = frozenset(
    {
        *(
            "nop",
            "lock",
            "dbar",
            "bcr",
            "sync",
            "lwsync",
            "ptesync",
            "eieio",
            "mbar",
            "isync",
            "dmb",
            "dsb",
            "isb",
        ),
        *("tst", "teq", "cmp", "cmpwi", "cmpdi"),
        *("dcbf", "dcbst", "icbi", "mcr", "mcrne", "mcreq", "tlbie", "tlbiel"),
    }
)
"""Barriers, comparisons, caches, address translation buffers: they change no entry. `mcr` writes a
coprocessor register: ARM cleans caches and invalidates TLBs that way."""

BACK: Final = re.compile(r"^(?:b\w*[+-]?|j(?:l|m|ne|nz))$")
"""Branches back where a store that was tried did not succeed; `jl` and the like: EXCHANGES."""

ORS: Final = {"idte": 0x20}
"""What an instruction sets in the entry that is its memory operand: the invalid bit of a segment
or region table entry (Principles of Operation, INVALIDATE DAT TABLE ENTRY)."""

CLEARS: Final = {".insn rrf,0xb98b0000": 0x200}
"""RESET DAT PROTECTION takes the protection bit out of the page table entry."""

INVALIDATES: Final = {"ipte": (0x400, 8)}
"""INVALIDATE PAGE TABLE ENTRY: bit, bytes of an entry. The first operand is the entry's address;
bits 56-63 of the third, where it is a register, are the number of entries more."""

COMPARES: Final = {"csp": 4, "cspg": 8}
"""COMPARE AND SWAP AND PURGE: the first operand is an even-odd pair (expected, new), the second
the address, whose last bits say what to purge."""

PAIRED: Final = frozenset({"cmpxchg8b"})
"""`op memory`: eight bytes that become those of ecx:ebx where they are those of edx:eax; else
edx:eax is them. Operands give the registers by their constraints, A, b and c."""

OPCODES: Final = {
    ".insn rre,0xb2500000": "csp",
    ".insn rre,0xb98a0000": "cspg",
    ".insn rrf,0xb2210000": "ipte",
    ".insn rrf,0xb98e0000": "idte",
}
"""Instructions by format and number, as trees write them that old assemblers are to read; their
operands are those of the mnemonic (Principles of Operation, list of instructions)."""

_WORDS: Final = re.compile(r"^\.(?:word|long|4byte|inst|byte|insn)\b")
_LABEL = re.compile(r"^(\d+)\s*:\s*")
_SECTION = re.compile(r"^\.(?:push)?section\s+\"?([\w.$]+)")
_SECTION_ENDS = re.compile(r"^\.(?:previous|popsection)\b")
_REPLACED = re.compile(r"^\.word\s+(\d+)b$")
_DATA = re.compile(r"^\.(?:b?align|long|4byte)\b")
_COMMENT = re.compile(r"\s(?:#\s|@|!|//).*$|^(?:#|//|@|!).*$")


@dataclass(frozen=True, slots=True)
class Instruction:
    """A mnemonic and its operands, as written."""

    mnemonic: str
    operands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """What a template executes; `patched` is the same after a section of that name was applied.

    `labels`: their numbers, and which instruction each stands before.
    """

    plain: tuple[Instruction, ...]
    section: str
    patched: tuple[Instruction, ...] | None
    labels: tuple[tuple[str, int], ...] = ()


@cache
def program(text: str) -> Program | None:
    """The instructions of a template (with real newlines); None when it has no simple shape."""
    plain: list[Instruction] = []
    labels: dict[str, int] = {}
    every: list[tuple[str, int]] = []
    patch: dict[str, list[Instruction]] = {}
    section = ""
    inside = ""
    where = ""
    for raw in re.split(r"[\n;]", text):
        line = _COMMENT.sub("", f" {raw}").strip()
        while (found := _LABEL.match(line)) is not None:
            if not inside:
                labels[found[1]] = len(plain)
                every.append((found[1], len(plain)))
            line = line[found.end() :]
        if not line:
            continue
        opened = _SECTION.match(line)
        if opened is not None:
            inside, where = opened[1], ""
            continue
        if _SECTION_ENDS.match(line):
            inside = ""
            continue
        if inside:
            replaced = _REPLACED.match(line)
            if replaced is not None:
                where = replaced[1]
                patch.setdefault(where, [])
                section = section or inside
                if section != inside:
                    return None
            elif where:
                patch[where].append(_instruction(line))
            elif not _DATA.match(line):  # a list of places (of lock prefixes, say) does nothing
                return None
            continue
        if line.startswith(".") and not line.startswith(".insn"):
            return None
        plain.append(_instruction(line))
    if not section:
        return Program(tuple(plain), "", None, tuple(every))
    patched = list(plain)
    for label, instructions in patch.items():
        start = labels.get(label)
        if start is None or start + len(instructions) > len(patched):
            return None
        patched[start : start + len(instructions)] = instructions
    return Program(tuple(plain), section, tuple(patched), tuple(every))


def _instruction(line: str) -> Instruction:
    mnemonic, _, rest = line.partition(" ")
    if "\t" in mnemonic:
        mnemonic, _, more = mnemonic.partition("\t")
        rest = f"{more} {rest}"
    if mnemonic == ".insn":
        parts = _split(rest)
        named = f".insn {','.join(parts[:2])}"
        return Instruction(OPCODES.get(named, named), parts[2:])
    return Instruction(re.sub(r"(?:%[A-Z]\d+)+$", "", mnemonic), _split(rest))


def _split(text: str) -> tuple[str, ...]:
    """Operands at commas outside brackets."""
    parts: list[str] = []
    depth = 0
    current = ""
    for char in text:
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    if current.strip():
        parts.append(current.strip())
    return tuple(parts)


__all__ = [
    "BACK",
    "CLEARS",
    "COMPARES",
    "COPIES",
    "FETCHES",
    "FORWARD",
    "HIGH_PARTS",
    "INVALIDATES",
    "LOADS",
    "ORS",
    "QUIET",
    "STORES",
    "SUCCEED",
    "SWAPS",
    "THREE",
    "Instruction",
    "Program",
    "program",
]
