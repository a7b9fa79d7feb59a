# SPDX-License-Identifier: GPL-2.0-only
"""The C that shows what a bit is for: modifiers, tests and protections of the generic interface."""

from __future__ import annotations

from typing import Final

from ..helpers.interface import LEVELS
from ..helpers.probes import CALL

CHANGE: Final = "__ptc_bitchange_"
ASK: Final = "__ptc_bitask_"
MAKE: Final = "__ptc_bitmake_"

MODIFIERS: Final = (
    "mkwrite_novma", "mkwrite", "wrprotect", "mkdirty", "mkclean", "mkyoung", "mkold",
    "mkspecial", "mkdevmap", "mkhuge", "mksoft_dirty", "clear_soft_dirty", "mkuffd_wp",
    "clear_uffd_wp", "swp_mkexclusive", "swp_clear_exclusive", "swp_mksoft_dirty",
    "swp_clear_soft_dirty", "swp_mkuffd_wp", "swp_clear_uffd_wp",
)  # fmt: skip
"""Functions of the generic interface that take an entry and return it changed."""

QUESTIONS: Final = (
    "present", "write", "dirty", "young", "special", "devmap", "leaf", "protnone", "user",
    "soft_dirty", "uffd_wp", "swp_exclusive", "swp_soft_dirty", "swp_uffd_wp",
)  # fmt: skip
"""Functions of the generic interface that ask something of one entry."""

PROTECTIONS: Final = (
    ("kernel", "PAGE_KERNEL"),
    ("kernel_ro", "PAGE_KERNEL_RO"),
    ("kernel_exec", "PAGE_KERNEL_EXEC"),
    ("noncached", "pgprot_noncached(PAGE_KERNEL)"),
    ("writecombine", "pgprot_writecombine(PAGE_KERNEL)"),
    ("device", "pgprot_device(PAGE_KERNEL)"),
    ("dmacoherent", "pgprot_dmacoherent(PAGE_KERNEL)"),
)
"""Protections of the generic interface: (name of ours, C)."""

_POPULATE: Final = (
    f"static void {CALL}pud_populate(struct mm_struct *mm, pud_t *pud, pmd_t *pmd)"
    " { pud_populate(mm, pud, pmd); }"
)
USER_PROTECTIONS: Final = (0, 1, 3, 4, 5, 9, 11, 13, 15)
"""VM_READ 1, VM_WRITE 2, VM_EXEC 4, VM_SHARED 8 (include/linux/mm.h)."""


def behaviour_probes() -> str:
    """All probes as C, one function a line."""
    lines = [_POPULATE]
    for level in LEVELS:
        entry = f"{level}_t"
        lines += [
            f"static {entry} {CHANGE}{level}_{change}({entry} x) {{ return {level}_{change}(x); }}"
            for change in MODIFIERS
        ]
        lines += [_ask(level, question, f"{level}_{question}(x)") for question in QUESTIONS]
        lines.append(_ask(level, "access", f"{level}_access_permitted(x, 0)"))
        lines += [_make(level, name, text) for name, text in PROTECTIONS]
        for flags in USER_PROTECTIONS:
            lines.append(_make(level, f"user{flags}_0", f"vm_get_page_prot({flags})"))
            lines.append(_make(level, f"user{flags}_1", f"protection_map[{flags}]"))
        lines.append(
            f"static {entry} {MAKE}{level}_swap(unsigned long type, unsigned long offset)"
            f" {{ return swp_entry_to_{level}(swp_entry(type, offset)); }}"
        )
    return "\n".join(lines) + "\n"


def _ask(level: str, name: str, test: str) -> str:
    return f"static unsigned long {ASK}{level}_{name}({level}_t x) {{ return {test}; }}"


def _make(level: str, name: str, protection: str) -> str:
    frame = f"pfn_{level}(pfn, {protection})"
    if level != "pte":
        frame = f"{level}_mkhuge({frame})"
    return f"static {level}_t {MAKE}{level}_{name}(unsigned long pfn) {{ return {frame}; }}"
