# SPDX-License-Identifier: GPL-2.0-only
"""Sessions over a few lines of C, and trees of a few files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from analyzer.frontend.unit import Unit
from analyzer.helpers.interface import Signature
from analyzer.helpers.probes import probe_text
from analyzer.helpers.session import Session
from analyzer.kconfig import Variant, load_kconfig, variants
from analyzer.tree import KernelTree, open_tree

DEMO: Final = Path(__file__).resolve().parents[2] / "kernel_stubs" / "demo"

ENTRIES: Final = """\
typedef _Bool bool;
enum { VM_READ = 1, VM_WRITE = 2, VM_EXEC = 4, VM_SHARED = 8 };
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef struct { unsigned long prot; } pgprot_t;
struct mm_struct { int x; };
extern struct mm_struct init_mm;
static pte_t pfn_pte(unsigned long pfn, pgprot_t p) { return (pte_t) { (pfn << 12) | p.prot }; }
static pgprot_t vm_get_page_prot(unsigned long flags) { return (pgprot_t) { flags ? 3 : 4 }; }
static bool pte_present(pte_t p) { return p.pte & 5; }
static bool pte_special(pte_t p) { return p.pte & 256; }
static pte_t pte_mkspecial(pte_t p) { p.pte |= 256; return p; }
static unsigned long pte_pfn(pte_t p) { return p.pte >> 12; }
static void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep) { ptep->pte = 0; }
unsigned long __ptc_value_PAGE_SIZE = (4096UL);
unsigned long __ptc_value_PMD_SIZE = (1UL << 21);
"""
PREDICATE: Final = "static bool pte_user_accessible_page(pte_t p) { return (p.pte & 3) == 3; }\n"


@cache
def variant() -> Variant:
    """Some 64-bit little-endian variant."""
    with open_tree(str(DEMO), None) as tree:
        return next(
            v for v in variants(tree, "demo", load_kconfig(tree, "demo")) if v.name == "base"
        )


def session(
    text: str,
    *,
    entries: str = ENTRIES,
    signatures: tuple[Signature, ...] = (),
    world: Mapping[str, int] | None = None,
    bits: int = 64,
    endian: str = "little",
) -> Session:
    """A session over `text`, in a state of the processor; nothing is preprocessed."""
    probes = probe_text(signatures, {})
    source = f'\n# 1 "t.h"\n{entries}\n# 1 "t.c"\n{text}\n# 1 "<ptcheck>"\n{probes}\n'
    return Session(Unit(source), replace(variant(), bits=bits, endian=endian), world)


def tree(folder: Path, **files: str) -> KernelTree:
    """A tree with the files of a kernel that the reader insists on, and `files`."""
    for name, text in {"Kconfig": "", "Makefile": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "arch").mkdir(exist_ok=True)
    (folder / "include").mkdir(exist_ok=True)
    return open_tree(str(folder), None)
