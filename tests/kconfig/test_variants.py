# SPDX-License-Identifier: GPL-2.0-only
"""Variants of an architecture that nobody has ever seen."""

from __future__ import annotations

import pytest

from analyzer.kconfig import Variant, architectures, load_kconfig, variants
from analyzer.tree import MemoryTree

GENERIC = """
config MODULES
	bool "modules"
	modules
source "arch/$(SRCARCH)/Kconfig"
config TRANSPARENT_HUGEPAGE
	bool "thp"
	depends on HAVE_THP
config HAVE_THP
	bool
config MIGRATION
	def_bool y
config DEVMEM
	bool "devmem"
	default y
config ARCH_SUPPORTS_PAGE_TABLE_CHECK
	bool
config PAGE_TABLE_CHECK
	bool "ptc"
	depends on ARCH_SUPPORTS_PAGE_TABLE_CHECK && !DEVMEM
config PARAVIRT_XXL
	bool
config PHYS_ADDR_T_64BIT
	def_bool 64BIT
"""

TOY = """
config TOY
	def_bool y
	select HAVE_THP if CPU_BIG
	select ARCH_SUPPORTS_PAGE_TABLE_CHECK if 64BIT && MMU # where it was tested
config 64BIT
	bool "64 bit" if "$(ARCH)" = "toy"
	default "$(ARCH)" = "toy64"
config MMU
	bool "mmu"
config SMP
	bool "smp"
	depends on BOARD
choice
	prompt "cpu"
config CPU_SMALL
	bool "small"
config CPU_BIG
	bool "big"
config CPU_ODD
	bool "odd"
endchoice
choice
	prompt "board"
config NO_BOARD
	bool "none"
config BOARD
	bool "a board"
endchoice
choice
	prompt "address space"
	depends on 64BIT
config VA_39
	bool "39"
config VA_48
	bool "48"
	depends on NONPORTABLE
endchoice
config NONPORTABLE
	bool "odd things"
config WIDE
	bool "wide"
	depends on !64BIT
	select PHYS_ADDR_T_64BIT
config PGTABLE_LEVELS
	int
	default 4 if 64BIT && VA_48
	default 3 if 64BIT
	default 2
config GUEST
	bool "guest"
	depends on 64BIT
	select PARAVIRT_XXL
config CPU_BIG_ENDIAN
	bool "big endian"
config UNRELATED
	bool "nothing to do with it"
"""

HEADERS = {
    "arch/toy/include/asm/pgtable.h": """
#include <asm/pgtable-bits.h>
#if CONFIG_PGTABLE_LEVELS > 3
int p4d;
#elif CONFIG_PGTABLE_LEVELS > 2
int pud;
#else
int pmd;
#endif
#ifdef CONFIG_PARAVIRT_XXL
int xxl;
#endif
#if defined(CONFIG_CPU_ODD) && !defined(__ASSEMBLY__)
#include <asm/odd/pgtable.h>
#endif
#if defined(CONFIG_WIDE) || IS_ENABLED(CONFIG_SMP)
int wide;
#endif
/* CONFIG_UNRELATED is only mentioned */
""",
    "arch/toy/include/asm/pgtable-bits.h": "int bits;\n",
    "arch/toy/include/asm/odd/pgtable.h": "int odd;\n" * 30,
    "arch/toy/include/asm/unrelated.h": "#ifdef CONFIG_UNRELATED\n#endif\n",
    "arch/toy/include/uapi/asm/byteorder.h": "#ifdef A\n#include <linux/byteorder/big_endian.h>\n"
    "#else\n#include <linux/byteorder/little_endian.h>\n#endif\n",
}


@pytest.fixture
def tree() -> MemoryTree:
    return MemoryTree({"Kconfig": GENERIC, "arch/toy/Kconfig": TOY, **HEADERS})


def by_name(tree: MemoryTree, **options: bool) -> dict[str, Variant]:
    found = variants(tree, "toy", load_kconfig(tree, "toy"), **options)
    assert len({v.label for v in found}) == len(found)
    return {v.name: v for v in found}


def test_names(tree: MemoryTree) -> None:
    assert list(by_name(tree)) == [
        "base",
        "nothp",
        "32",
        "levels-4",
        "32-wide",
        "xxl",
        "big",
        "cpu-odd",
    ]


def test_base(tree: MemoryTree) -> None:
    base = by_name(tree)["base"]
    assert (base.label, base.bits, base.endian, base.levels) == ("toy/base", 64, "little", 3)
    assert base.has_mmu
    assert base.supported
    assert base.config.on("TRANSPARENT_HUGEPAGE")  # by choosing another processor
    assert base.config.on("PAGE_TABLE_CHECK")
    assert not base.config.on("DEVMEM")
    assert not base.config.on("SMP")  # not by choosing another board
    assert dict(base.wants)["CPU_BIG"] == "y"


def test_the_others(tree: MemoryTree) -> None:
    found = by_name(tree)
    assert not found["nothp"].config.on("TRANSPARENT_HUGEPAGE")
    assert (found["32"].bits, found["32"].levels, found["32"].supported) == (32, 2, False)
    assert found["levels-4"].levels == 4
    assert found["levels-4"].config.on("NONPORTABLE")
    assert found["32-wide"].config.on("PHYS_ADDR_T_64BIT")
    assert found["32-wide"].bits == 32
    assert found["xxl"].config.on("PARAVIRT_XXL")
    assert found["big"].endian == "big"
    assert found["cpu-odd"].config.on("CPU_ODD")


def test_features_that_generic_code_asks_for() -> None:
    tree = MemoryTree(
        {
            "Kconfig": GENERIC,
            "arch/toy/Kconfig": TOY,
            **HEADERS,
            "include/linux/mm.h": "#ifdef CONFIG_UNRELATED\n#endif\n#ifdef CONFIG_SMP\n#endif\n",
        }
    )
    features = by_name(tree)["features"]
    assert features.description == "with UNRELATED"
    assert features.config.on("UNRELATED")
    assert features.levels == by_name(tree)["base"].levels


def test_support_is_pretended_or_not(tree: MemoryTree) -> None:
    kconfig = load_kconfig(tree, "toy")
    support = kconfig.select_of("ARCH_SUPPORTS_PAGE_TABLE_CHECK")
    assert support.supported
    assert support.condition == "64BIT && MMU"
    assert (support.path, support.line) == ("arch/toy/Kconfig", 5)
    assert by_name(tree)["32"].config.on("PAGE_TABLE_CHECK")
    honest = by_name(tree, as_if_supported=False)
    assert honest["base"].config.on("PAGE_TABLE_CHECK")
    assert not honest["32"].config.on("PAGE_TABLE_CHECK")


HUGE = """
config ARCH_SUPPORTS_HUGETLBFS
	def_bool y
config HUGETLBFS
	bool "hugetlbfs"
	depends on ARCH_SUPPORTS_HUGETLBFS
config HUGETLB_PAGE
	def_bool HUGETLBFS
config QUIRK
	bool "a quirk"
	depends on !64BIT
"""


@pytest.mark.parametrize(
    ("condition", "base", "other"),
    [
        ("!HUGETLB_PAGE", True, "hugetlbfs"),
        ("64BIT && !(HUGETLB_PAGE || TRANSPARENT_HUGEPAGE)", True, "transparent-hugepage"),
        ("HUGETLB_PAGE", True, None),
        ("!64BIT && QUIRK", False, "supported"),  # nothing else has the quirk
        ("!MMU", False, "supported"),
        ("NOBODY_SETS_THIS", False, None),
    ],
)
def test_support_that_excludes_what_the_base_has(
    condition: str, base: bool, other: str | None
) -> None:
    """The base is a configuration in which page table check can be enabled; what had to be given
    up for it is judged as well, and where the base cannot be one, some other variant is."""
    support = "select ARCH_SUPPORTS_PAGE_TABLE_CHECK if"
    toy = TOY.replace(f"{support} 64BIT && MMU", f"{support} {condition}")
    tree = MemoryTree({"Kconfig": GENERIC + HUGE, "arch/toy/Kconfig": toy, **HEADERS})
    found = by_name(tree)
    assert found["base"].supported is base
    assert found["base"].bits == 64
    assert found["base"].has_mmu
    if base:
        assert found["base"].config.on("HUGETLB_PAGE") is (condition == "HUGETLB_PAGE")
    extra = {"hugetlbfs", "transparent-hugepage", "supported"} & set(found)
    assert extra == ({other} if other else set())
    if other:
        assert found[other].supported is not base
        assert found[other].config.on("HUGETLB_PAGE")


def test_variants_are_their_wants(tree: MemoryTree) -> None:
    """What a variant records is enough to make it again."""
    kconfig = load_kconfig(tree, "toy")
    for variant in variants(tree, "toy", kconfig, as_if_supported=False):
        again = kconfig.with_environment(dict(variant.environment)).solve(dict(variant.wants))
        names = ["64BIT", "PGTABLE_LEVELS", "WIDE", "CPU_ODD", "VA_48", "GUEST", "MMU"]
        assert [again.value(n) for n in names] == [variant.config.value(n) for n in names]


def test_the_same_every_time(tree: MemoryTree) -> None:
    def facts() -> list[object]:
        found = variants(tree, "toy", load_kconfig(tree, "toy"))
        return [(v.name, v.description, v.wants, v.environment) for v in found]

    assert facts() == facts()


def test_another_value_of_arch() -> None:
    """Where no prompt makes it 32 bit, the environment may."""
    kconfig = 'config 64BIT\n\tdef_bool "$(ARCH)" != "toy32"\nconfig MMU\n\tdef_bool y\n'
    tree = MemoryTree(
        {
            "Kconfig": 'source "arch/$(SRCARCH)/Kconfig"\n',
            "arch/toy/Kconfig": kconfig,
            "arch/toy/include/asm/pgtable.h": "#ifdef CONFIG_64BIT\n#endif\n",
        }
    )
    base, other = variants(tree, "toy", load_kconfig(tree, "toy"))
    assert (base.bits, other.bits, other.name) == (64, 32, "32")
    assert dict(other.environment)["ARCH"] == "toy32"


@pytest.mark.parametrize(
    ("header", "bits", "endian"),
    [
        ("", 32, "little"),
        ("#define __BITS_PER_LONG 64\n#include <linux/byteorder/big_endian.h>\n", 64, "big"),
        ("#define __BITS_PER_LONG 32\n", 32, "little"),
    ],
)
def test_facts_of_headers(header: str, bits: int, endian: str) -> None:
    tree = MemoryTree(
        {
            "Kconfig": "config MMU\n\tdef_bool y\n",
            "arch/toy/include/uapi/asm/bitsperlong.h": header,
            "arch/toy/include/uapi/asm/byteorder.h": header,
        }
    )
    (base,) = variants(tree, "toy", load_kconfig(tree, "toy"))
    assert (base.bits, base.endian) == (bits, endian)


def test_architectures() -> None:
    tree = MemoryTree(
        {"arch/b/Kconfig": "", "arch/a/include/asm/page.h": "", "arch/Kconfig": "", "arch/c/x": ""}
    )
    assert architectures(tree) == ("a", "b")
    assert architectures(MemoryTree({"mm/x.c": ""})) == ()
