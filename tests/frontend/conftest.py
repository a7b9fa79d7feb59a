# SPDX-License-Identifier: GPL-2.0-only
"""A toy kernel tree in memory, small enough to read, and helpers to make units of text."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from analyzer.frontend import ParseCache, Stage, Unit, read_unit
from analyzer.kconfig import Variant, load_kconfig
from analyzer.tree import KernelTree, MemoryTree

CLANG = pytest.param(
    "clang",
    marks=pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed"),
)
"""The preprocessor `clang` as a parameter of a test; skipped where there is none."""

TOY: dict[str, bytes] = {
    "Kconfig": b'source "arch/$(SRCARCH)/Kconfig"\n',
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 7\nSUBLEVEL = 300\n",
    "arch/toy/Kconfig": (
        b"config 64BIT\n\tdef_bool y\n"
        b"config MMU\n\tdef_bool y\n"
        b"config TOY_WIDE\n\tbool 'wide'\n\tdefault y\n"
    ),
    "arch/toy/Makefile": b"KBUILD_CPPFLAGS += -I$(srctree)/arch/toy/mach -DTOY_FLAG=7\n",
    "arch/toy/mach/mach.h": b"#define MACH_TOY 1\n",
    "arch/toy/include/asm/Kbuild": b"generic-y += wrapped.h\ngenerated-y += made.h\n",
    "arch/toy/include/asm/pgtable.h": (
        b"#ifndef TOY_PGTABLE_H\n#define TOY_PGTABLE_H\n"
        b"#include <asm/wrapped.h>\n#include <asm/made.h>\n#include <mach.h>\n"
        b"typedef struct { unsigned long pte; } pte_t;\n"
        b"#ifdef CONFIG_TOY_WIDE\nstatic inline int pte_wide(pte_t pte)\n{\n\treturn TOY_FLAG;\n}\n"
        b"#else\nstatic inline int pte_narrow(pte_t pte) { return 0; }\n#endif\n"
        b"#endif\n"
    ),
    "include/asm-generic/wrapped.h": b"#define WRAPPED 3\nextern int wrapped;\n",
    "include/linux/kconfig.h": b"#include <generated/autoconf.h>\n",
    "include/linux/mm.h": b"#include <linux/pgtable.h>\nstruct mm_struct { int users; };\n",
    "include/linux/pgtable.h": (
        b"#include <asm/pgtable.h>\n"
        b"static inline int generic(pte_t *ptep)\n{\n\treturn pte_wide(*ptep);\n}\n"
    ),
    "mm/body.c": b'#include <linux/mm.h>\n#include "local.h"\nint body(void) { return LOCAL; }\n',
    "mm/local.h": b"#define LOCAL 9\n",
}


def toy_variant(tree: KernelTree, arch: str = "toy", name: str = "base", **fields: Any) -> Variant:
    """A variant of the toy architecture, its configuration solved from the tree."""
    wants: Mapping[str, str] = fields.pop("configure", {})
    values: dict[str, Any] = {
        "label": f"{arch}/{name}",
        "bits": 64,
        "endian": "little",
        "config": load_kconfig(tree, arch).solve(wants),
        "has_mmu": True,
        "supported": False,
        "wants": tuple(wants.items()),
        "environment": (),
        "description": "",
    }
    return Variant(arch=arch, name=name, **(values | fields))


ReadToy = Callable[..., Unit]


@pytest.fixture
def read_toy() -> ReadToy:
    """Read one unit of the toy tree with some files replaced, added or (None) taken away."""

    def read(
        edits: Mapping[str, bytes | None] | None = None, bodies: tuple[str, ...] = (), **more: Any
    ) -> Unit:
        files = {p: d for p, d in {**TOY, **(edits or {})}.items() if d is not None}
        tree = MemoryTree(files)
        variant = toy_variant(tree, **more.pop("variant", {}))
        with Stage(tree) as stage:
            return read_unit(stage, variant, bodies, **more)

    return read


@pytest.fixture
def unit() -> Callable[[str], Unit]:
    """Make a unit of preprocessed text, line 1 of it being line 1 of the file `x.h`."""
    return lambda text: Unit(f'\n# 1 "x.h"\n{text}', cache=ParseCache())
