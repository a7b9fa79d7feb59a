# SPDX-License-Identifier: GPL-2.0-only
"""Which .c files are read for the functions that the headers only declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.frontend.unit import Unit
from analyzer.helpers.bodies import SourceIndex, missing_functions
from analyzer.helpers.defined import Globals
from tests.helpers.bench import tree, variant

CONFIG = variant().config
BODY = "int pte_thing(pte_t *ptep)\n{\n\treturn 1;\n}\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (BODY, True),
        ("pte_t\npte_thing(pte_t *ptep)\n{\n}\n", True),
        ("int pte_thing(struct mm_struct *mm,\n\t\tpte_t *ptep)\n{\n}\n", True),
        ("int __weak pte_thing(pte_t *ptep)\n{\n}\n", True),
        ("static inline int pte_thing(pte_t *ptep)\n{\n}\n", True),
        ("int pte_thing(pte_t *ptep);\n", False),
        ("int f(pte_t *ptep)\n{\n\tif (pte_thing(ptep)) {\n\t}\n}\n", False),
        ("int my_pte_thing(pte_t *ptep)\n{\n}\n", False),
        (" * pte_thing(pte_t *ptep) {\n", False),
        ("#define pte_thing(pte) {\n", False),
    ],
)
def test_definitions(tmp_path: Path, text: str, wanted: bool) -> None:
    with tree(tmp_path, **{"mm/a.c": text}) as it:
        index = SourceIndex(it, "new")
        assert index.defines("pte_thing") is wanted
        assert index.defining("pte_thing", CONFIG) == (("mm/a.c",) if wanted else ())


@pytest.mark.parametrize(
    ("makefile", "wanted"),
    [
        ("", True),
        ("obj-y += a.o\n", True),
        ("obj-y := b.o \\\n\ta.o\n", True),
        ("obj-$(CONFIG_MMU) += a.o\n", True),
        ("obj-$(CONFIG_NOT_THERE) += a.o\n", False),
        ("obj-$(CONFIG_NOT_THERE) += a.o\nobj-$(CONFIG_MMU) += a.o\n", True),
        ("obj-n += a.o\n", False),
        ("obj-$(CONFIG_NOT_THERE) += aa.o\n", True),
        ("obj-$(subst m,y,$(CONFIG_NOT_THERE)) += a.o\n", True),
        ("ifdef CONFIG_NOT_THERE\nobj-y += a.o\nendif\n", False),
        ("ifdef CONFIG_MMU\nobj-y += a.o\nendif\n", True),
        ("ifndef CONFIG_MMU\nobj-y += a.o\nelse\nobj-y += b.o\nendif\n", False),
        ("ifndef CONFIG_MMU\nobj-y += b.o\nelse\nobj-y += a.o\nendif\n", True),
        ("ifeq ($(CONFIG_NOT_THERE),y)\nobj-y += a.o\nendif\n", False),
        ("ifneq ($(CONFIG_NOT_THERE),)\nobj-y += a.o\nendif\n", False),
        ("ifneq ($(CONFIG_NOT_THERE),y)\nobj-y += a.o\nendif\n", True),
        ("ifeq ($(SOMETHING),y)\nobj-y += a.o\nendif\n", True),
        ("ifeq ($(SOMETHING),y)\nelse ifdef CONFIG_NOT_THERE\nobj-y += a.o\nendif\n", True),
        ("ifdef CONFIG_NOT_THERE\nendif\nobj-y += a.o\n", True),
    ],
)
def test_only_what_is_built(tmp_path: Path, makefile: str, wanted: bool) -> None:
    with tree(tmp_path, **{"mm/a.c": BODY, "mm/Makefile": makefile}) as it:
        index = SourceIndex(it, "new")
        assert index.built("mm/a.c", CONFIG) is wanted
        assert bool(index.defining("pte_thing", CONFIG)) is wanted
        assert index.defines("pte_thing")


@pytest.mark.parametrize(
    ("makefiles", "wanted"),
    [
        ({}, True),
        ({"mm/Makefile": "obj-$(CONFIG_MMU) += deep/\n"}, True),
        ({"mm/Makefile": "obj-$(CONFIG_NOT_THERE) += deep/\n"}, False),
        ({"Makefile": "obj-$(CONFIG_NOT_THERE) += mm/\n"}, False),
        ({"mm/Makefile": "ifndef CONFIG_MMU\nobj-y += deep/\nendif\n"}, False),
        ({"Makefile": "X = mm\ncore-y += arch/new/$(X)/\n"}, True),
        (
            {
                "Makefile": "ifdef CONFIG_MMU\nX = other\nendif\nifdef CONFIG_NOT_THERE\nX = mm\n"
                "endif\ncore-y += arch/new/$(X)/\n"
            },
            False,
        ),
    ],
)
def test_only_folders_that_are_entered(
    tmp_path: Path, makefiles: dict[str, str], wanted: bool
) -> None:
    files = {f"arch/new/{name}": text for name, text in makefiles.items()}
    with tree(tmp_path, **{"arch/new/mm/deep/a.c": BODY}, **files) as it:
        index = SourceIndex(it, "new")
        assert index.built("arch/new/mm/deep/a.c", CONFIG) is wanted
        assert bool(index.defining("pte_thing", CONFIG)) is wanted


def test_files_of_the_architecture_below_any_folder(tmp_path: Path) -> None:
    files = {"arch/new/mm/deep/b.c": BODY, "arch/old/mm/c.c": BODY, "arch/new/boot/d.c": BODY}
    with tree(tmp_path, **files) as it:
        assert SourceIndex(it, "new").defining("pte_thing", CONFIG) == ("arch/new/mm/deep/b.c",)


def test_initial_values(tmp_path: Path) -> None:
    files = {
        "arch/new/include/asm/pgtable.h": "extern unsigned long pte_mask;\nextern int *ptr;\n",
        "arch/new/mm/init.c": (
            "unsigned long pte_mask __ro_after_init = ~0UL;\nstatic int pte_other = 3;\n"
        ),
    }
    with tree(tmp_path, **files) as it:
        assert SourceIndex(it, "new").initial_values() == {"pte_mask": ("~0UL",)}


def test_initial_values_of_code_that_runs_before_the_kernel(tmp_path: Path) -> None:
    files = {
        "arch/new/include/asm/pgtable.h": "extern unsigned long pte_mask, pte_known, pte_late;\n",
        "arch/new/mm/init.c": (
            "#include <asm/pgtable.h>\nunsigned long __boot(pte_mask);\n"
            "unsigned long pte_known = 7;\n"
        ),
        "arch/new/boot/start.c": (
            "static void detect(void)\n{\n\tpte_mask = -1UL;\n\tpte_known = 1;\n"
            "\tpte_late = facility();\n\tunrelated = 3;\n\tpte_mask &= ~4UL;\n}\n"
        ),
    }
    with tree(tmp_path, **files) as it:
        found = SourceIndex(it, "new").initial_values()
    assert found == {"pte_mask": ("-1UL",), "pte_known": ("7",)}


def test_missing_functions_are_followed_through_bodies() -> None:
    unit = Unit(
        '\n# 1 "t.h"\ntypedef struct { unsigned long pte; } pte_t;\n'
        "int pte_far(pte_t *p);\nint other(int x);\nint pte_alone(pte_t *p);\n"
        "static int near(pte_t *p) { return pte_far(p) + other(1); }\n"
        "static int root(pte_t *p) { return near(p); }\n"
    )
    assert missing_functions(unit, ["root"]) == {"pte_far"}
    assert missing_functions(unit, ["root", "pte_alone"]) == {"pte_far", "pte_alone"}
    assert missing_functions(unit, ["nothing"]) == set()


def test_what_mm_defines_is_the_same_for_all_architectures(tmp_path: Path) -> None:
    known = Globals()
    texts = {
        "mm/a.c": "int pte_one = 1;\nint pte_none;\n",
        "arch/new/mm/b.c": "int pte_two = 2;\n",
        "arch/new/include/asm/a.h": "extern int pte_one, pte_none, pte_two;\n",
        "arch/other/mm/b.c": "int pte_two = 3;\n",
        "arch/other/include/asm/a.h": "extern int pte_one, pte_two;\n",
    }
    with tree(tmp_path, **texts) as it:
        found = {}
        for arch in ("new", "other"):
            found[arch] = SourceIndex(it, arch, known).initial_values()
            assert found[arch] == SourceIndex(it, arch).initial_values()
    assert found["new"] == {"pte_one": ("1",), "pte_none": (), "pte_two": ("2",)}
    assert found["other"] == {"pte_one": ("1",), "pte_two": ("3",)}
