# SPDX-License-Identifier: GPL-2.0-only
"""Each part of the framework on a small tree: what is written where, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.errors import UsageError
from analyzer.framework import GENERATIONS, bring, read_facts
from analyzer.framework.draft import Draft
from analyzer.framework.letter import joined
from analyzer.framework.messages import cover, patches
from analyzer.framework.render import CODE, HEADER, code, header
from analyzer.reference.peer import build_peer, plain_layout, source_from
from analyzer.tree import KernelTree, OverlayTree
from tests.framework.forest import (
    FILES,
    KHUGEPAGED,
    MREMAP,
    PAGE_ALLOC,
    PAGE_EXT,
    PGTABLE,
    forest,
)


def after(tree: KernelTree, path: str, api: str | None = None) -> str:
    found = bring(tree, api)
    assert not found.refused
    return found.steps[-1].texts.get(path) or tree.read(path).decode()


def with_files(tree: KernelTree, **texts: str) -> KernelTree:
    return OverlayTree(tree, {path: text.encode() for path, text in texts.items()})


def test_all_parts_are_there() -> None:
    found = bring(forest())

    assert not found.refused
    assert not found.whole
    assert [step.name for step in found.steps] == [
        "order", "ptep_clear", "check", "allocator", "helpers",
    ]  # fmt: skip
    made = set(found.steps[-1].texts)
    assert {HEADER, CODE, "arch/Kconfig", "mm/Kconfig.debug", "mm/Makefile", "mm/page_ext.c",
            "mm/page_alloc.c", "mm/khugepaged.c", "include/linux/pgtable.h", "MAINTAINERS",
            "Documentation/mm/page_table_check.rst", "Documentation/mm/index.rst",
            "Documentation/admin-guide/kernel-parameters.txt"} <= made  # fmt: skip


def test_once_is_enough() -> None:
    again = bring(bring(forest()).overlay())

    assert again.whole
    assert not again.steps


def test_the_same_tree_gives_the_same_bytes() -> None:
    assert bring(forest()).steps == bring(forest()).steps


# -- the allocator ---------------------------------------------------------------------------


def test_free_and_alloc_are_told_beside_page_owner() -> None:
    text = after(forest(), "mm/page_alloc.c")

    assert text.count("page_table_check_free(page, order);") == 2
    assert text.count("page_table_check_alloc(page, order);") == 1
    for kind in (
        "reset_page_owner(page, order);\n\t\tpage_table_check_free(page, order);\n\t\treturn",
        "reset_page_owner(page, order);\n\tpage_table_check_free(page, order);\n\n",
        "set_page_owner(page, order, flags);\n\tpage_table_check_alloc(page, order);\n}",
        "#include <linux/page_owner.h>\n#include <linux/page_table_check.h>\n\n",
    ):
        assert kind in text


def test_without_page_owner_the_architecture_hooks_show_the_way() -> None:
    bare = "\n".join(line for line in PAGE_ALLOC.split("\n") if "page_owner(" not in line)
    text = after(forest(page_alloc__c=bare), "mm/page_alloc.c")

    assert "!order) {\n\t\tpage_table_check_free(page, order);\n\t\treturn false;" in text
    assert "page_table_check_free(page, order);\n\tarch_free_page(page, order);" in text
    assert "arch_alloc_page(page, order);\n\tpage_table_check_alloc(page, order);" in text


def test_one_early_return_less() -> None:
    start = PAGE_ALLOC.index("\tif (unlikely(PageHWPoison")
    short = PAGE_ALLOC[:start] + PAGE_ALLOC[PAGE_ALLOC.index("\tif (is_bad") :]

    assert after(forest(page_alloc__c=short), "mm/page_alloc.c").count("check_free(") == 1


def test_an_allocator_that_is_not_understood_is_refused() -> None:
    found = bring(forest(page_alloc__c="int nothing;\n"))

    assert not found.steps
    assert any("not known where pages are freed" in text for text in found.refused)


# -- generic helpers -------------------------------------------------------------------------


def test_generic_helpers_are_hooked_and_others_are_not() -> None:
    text = after(forest(), "include/linux/pgtable.h")

    assert "pte_clear(mm, address, ptep);\n\tpage_table_check_pte_clear(mm, address, old);" in text
    assert "pmd_clear(pmdp);\n\tpage_table_check_pmd_clear(mm, address, old);" in text
    assert "pud_clear(pudp);\n\tpage_table_check_pud_clear(mm, address, old);" in text
    assert text.count("page_table_check_pte_clear(") == 1
    assert "#include <linux/bug.h>\n#include <linux/page_table_check.h>\n" in text


def test_set_ptes_brings_the_newest_hooks() -> None:
    setter = (
        "static inline void set_ptes(struct mm_struct *mm, unsigned long addr,\n"
        "\t\tpte_t *ptep, pte_t pte, unsigned int nr)\n{\n"
        "\tfor (;;) {\n\t\tset_pte(ptep, pte);\n\t\tif (--nr == 0)\n\t\t\tbreak;\n\t}\n}\n\n"
    )
    tree = forest(pgtable__h=PGTABLE.replace("#define pmd_leaf", f"{setter}#define pmd_leaf"))
    found = bring(tree)
    text = found.steps[-1].texts["include/linux/pgtable.h"]

    assert found.generation.name == "7.1"
    assert "{\n\tpage_table_check_ptes_set(mm, addr, ptep, pte, nr);\n\n\tfor (;;)" in text
    assert "page_table_check_ptes_set(mm, ptep, pte, nr);" in after(
        tree, "include/linux/pgtable.h", "6.6"
    )
    assert any("count one at a time" in text for text in bring(tree, "5.19").refused)


def test_the_header_of_before_5_8() -> None:
    base = forest(pgtable__h=None)
    tree = OverlayTree(base, {"include/asm-generic/pgtable.h": PGTABLE.encode()})

    assert "page_table_check_pud_clear(" in after(tree, "include/asm-generic/pgtable.h")


# -- entries that are cleared raw, tables that are thrown away --------------------------------


def test_live_entries_are_cleared_by_ptep_clear() -> None:
    text = after(forest(), "mm/khugepaged.c")

    assert text.count("ptep_clear(vma->vm_mm, addr, pte);") == 1
    assert "} else {\n\t\t\tptep_clear(" in text
    assert "pte_clear(&init_mm" in text
    assert "static inline void ptep_clear(" in after(forest(), "include/linux/pgtable.h")


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ("", "", "old_addr"),
        ("set_pud_at(mm, new_addr", "set_pud_at(mm, pmc->new_addr", "pmc->old_addr"),
        ("pud = *old_pud", "pud = pudp_get(old_pud)", "old_addr"),
    ],
)
def test_a_huge_entry_that_moves_is_taken_out_by_a_helper(old: str, new: str, taken: str) -> None:
    tree = OverlayTree(forest(), {"mm/mremap.c": MREMAP.replace(old, new).encode()})
    found = bring(tree)
    text = found.steps[-1].texts["mm/mremap.c"]

    assert f"pud */\n\tpud = pudp_huge_get_and_clear(mm, {taken}, old_pud);\n\n\tVM" in text
    assert "pmd = *old_pmd;\n\tpmd_clear(old_pmd);\n" in text
    moved = next(step for step in found.steps if step.name == "moved")
    assert moved.done == ("move_huge_pud() in mm/mremap.c",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set_pud_at(mm, new_addr, new_pud, pud)", "pud_populate(mm, new_pud, pud_pgtable(pud))"),
        ("new_pud, pud)", "new_pud, other)"),
        ("pud_clear(old_pud)", "pud_clear(new_pud)"),
        ("new_addr, new_pud, pud)", "address, slot, pud)"),
    ],
)
def test_what_is_no_move_stays(old: str, new: str) -> None:
    tree = OverlayTree(forest(), {"mm/mremap.c": MREMAP.replace(old, new).encode()})

    assert "mm/mremap.c" not in bring(tree).steps[-1].texts


@pytest.mark.parametrize(
    ("head", "counted"),
    [
        ("if (!pte_present(pte))", False), ("if (pte_none(pte))", False),
        ("if (is_marker(entry) || softleaf_is_hwpoison(entry))", False),
        ("if (!pte_none(pte))", True), ("if (pte_none(pte) || other)", True),
        ("if (pte_none(pte) && other)", False), ("if (pte_present(pte))", True),
        ("if (pte_present(pte)) ; else", False), ("if (!pte_none(pte)) ; else", False),
        ("if (!is_marker(entry))", True),
    ],
)  # fmt: skip
def test_conditions_say_which_entries_are_live(head: str, counted: bool) -> None:
    text = f"void f(void)\n{{\n\t{head}\n\t\tpte_clear(mm, addr, ptep);\n}}\n"
    found = bring(OverlayTree(forest(), {"mm/x.c": text.encode()}))

    assert ("mm/x.c" in found.steps[-1].texts) is counted


def test_a_table_that_is_freed_is_uncounted_and_one_that_is_put_back_is_not() -> None:
    text = after(forest(), "mm/khugepaged.c")

    assert text.count("page_table_check_pte_clear_range(mm, haddr, old);") == 1
    assert (
        "haddr, pmd);\n\t\tpage_table_check_pte_clear_range(mm, haddr, old);\n\t\tpte_free" in text
    )
    hooked = KHUGEPAGED.replace(
        "\t\tpte_free(",
        "\t\tother();\n\t\tpage_table_check_pte_clear_range(mm, haddr, old);\n\t\tpte_free(",
    )  # fmt: skip
    assert after(forest(khugepaged__c=hooked), "mm/khugepaged.c").count("clear_range(") == 1


# -- the page first, then the entry ----------------------------------------------------------


def test_a_page_is_anonymous_before_its_entry_is_set() -> None:
    text = after(forest(), "mm/memory.c")

    assert (
        "lock();\n\tpage_add_new_anon_rmap(page, vma);\n\tset_pte_at(vma->vm_mm, addr, ptep, pte);"
        "\n\tcount++;\n\tunlock();" in text
    )
    assert text.index("void known") < text.index("if (PageAnon(page))\n\t\tpage_add")
    assert "set_pte_at(vma->vm_mm, addr, ptep, pte);\n\tspin_unlock(ptl);" in text
    assert bring(forest()).steps[0].done == ("late() in mm/memory.c",)


# -- options ---------------------------------------------------------------------------------


def test_options_stand_behind_page_owner() -> None:
    text = after(forest(), "mm/Kconfig.debug")

    assert "\n\n\n" not in text
    order = [line.split()[1] for line in text.split("\n") if line.startswith("config ")]
    assert order == ["PAGE_OWNER", "PAGE_TABLE_CHECK", "PAGE_TABLE_CHECK_ENFORCED",
                     "PAGE_POISONING"]  # fmt: skip
    assert "\tdepends on EXCLUSIVE_SYSTEM_RAM\n" in text


@pytest.mark.parametrize(
    ("char", "debug", "expected"),
    [
        ("config DEVMEM\n\tbool\n", "config STRICT_DEVMEM\n\tbool\n", ["!DEVMEM || STRICT_DEVMEM"]),
        ("config DEVMEM\n\tbool\n", "", ["!DEVMEM"]),
        ("config DEVMEM\n\tbool\nconfig DEVKMEM\n\tbool\n", "", ["!DEVMEM", "!DEVKMEM"]),
        ("", "", []),
    ],
)
def test_dev_mem_is_kept_out(char: str, debug: str, expected: list[str]) -> None:
    tree = OverlayTree(
        forest(Kconfig__debug=FILES["mm/Kconfig.debug"]),
        {"mm/Kconfig": None, "drivers/char/Kconfig": char.encode(),
         "lib/Kconfig.debug": debug.encode()},
    )  # fmt: skip
    text = after(tree, "mm/Kconfig.debug")

    guards = [line.removeprefix("\tdepends on ") for line in text.split("\n") if "DEV" in line]
    assert guards == expected
    document = after(tree, "Documentation/mm/page_table_check.rst")
    assert ("/dev/mem" in document) is bool(expected)


def test_small_files() -> None:
    tree = forest()

    assert after(tree, "arch/Kconfig").count("config ARCH_SUPPORTS_PAGE_TABLE_CHECK\n\tbool\n") == 1
    assert "page_owner.o\nobj-$(CONFIG_PAGE_TABLE_CHECK) += page_table_check.o\n" in after(
        tree, "mm/Makefile"
    )
    assert "#ifdef CONFIG_PAGE_TABLE_CHECK\n\t&page_table_check_ops,\n#endif\n};" in after(
        tree, "mm/page_ext.c"
    )
    assert "   page_owner\n   page_table_check\n   slub\n" in after(
        tree, "Documentation/mm/index.rst"
    )
    parameters = after(tree, "Documentation/admin-guide/kernel-parameters.txt")
    assert parameters.index("page_poison=") < parameters.index("page_table_check=")
    assert parameters.index("page_table_check=") < parameters.index("panic=")
    people = after(tree, "MAINTAINERS")
    assert people.index("PAGE POOL") < people.index("PAGE TABLE CHECK") < people.index("PANIC")


# -- half of it, and what contradicts --------------------------------------------------------


def test_half_of_it_is_completed_in_its_own_generation() -> None:
    whole = bring(forest(), "6.6").overlay()
    half = OverlayTree(
        whole, {CODE: None, "mm/page_alloc.c": PAGE_ALLOC.encode(),
                "include/linux/pgtable.h": PGTABLE.encode()},
    )  # fmt: skip
    found = bring(half)

    assert not found.refused
    assert found.begun
    assert found.generation.name == "6.6"
    text = found.steps[-1].texts
    assert HEADER not in text
    assert text[CODE] == whole.read(CODE).decode()
    assert "page_table_check_pte_clear(mm, old);" in text["include/linux/pgtable.h"]


@pytest.mark.parametrize("name", [one.name for one in GENERATIONS])
def test_the_generation_of_a_header_is_known_again(name: str) -> None:
    tree = bring(forest(), name).overlay()
    found = bring(OverlayTree(tree, {"mm/page_alloc.c": PAGE_ALLOC.encode()}))

    assert found.generation.name == name
    assert [step.name for step in found.steps] == ["allocator"]


def test_what_contradicts_is_listed() -> None:
    whole = bring(forest(), "6.6").overlay()
    cut = OverlayTree(whole, {"mm/page_alloc.c": PAGE_ALLOC.encode()})
    other = whole.read(CODE).replace(b"__page_table_check_zero", b"__page_table_check_none")
    odd = whole.read(HEADER).replace(b"struct mm_struct *mm, pud_t pud", b"pud_t pud, int odd")

    assert any("--api" in text for text in bring(cut, "7.1").refused)
    assert any("does not define" in t for t in bring(OverlayTree(cut, {CODE: other})).refused)
    assert bring(OverlayTree(cut, {HEADER: odd})).refused
    assert not bring(OverlayTree(cut, {HEADER: odd})).steps


@pytest.mark.parametrize("name", [one.name for one in GENERATIONS])
def test_a_header_is_written_as_the_code_asks_for_it(name: str) -> None:
    whole = bring(forest(), name).overlay()
    found = bring(OverlayTree(whole, {HEADER: None}))

    assert not found.refused
    assert [step.name for step in found.steps] == ["check"]
    assert found.steps[0].texts == {HEADER: whole.read(HEADER).decode()}


@pytest.mark.parametrize(
    ("hook", "predicate", "name"),
    [
        ("pmd_set(mm, addr, pmdp, pmd)", "pmd_t pmd", "5.19"),
        ("ptes_set(mm, ptep, pte, nr)", "pte_t pte", "6.16"),
        ("ptes_set(mm, addr, ptep, pte, 1)", "pte_t pte, unsigned long addr", "7.0"),
        ("pte_clear(mm, addr, pte)", "struct mm_struct *mm, unsigned long a, pte_t pte", "7.1"),
    ],
)
def test_the_calls_of_an_architecture_say_which_hooks(hook: str, predicate: str, name: str) -> None:
    text = (
        f"static inline void f(void)\n{{\n\tpage_table_check_{hook};\n}}\n"
        f"static inline bool pte_user_accessible_page({predicate})\n{{\n\treturn 1;\n}}\n"
    )
    found = bring(OverlayTree(forest(), {"arch/demo/include/asm/pgtable.h": text.encode()}))

    assert not found.refused
    assert found.begun
    assert found.generation.name == name


def test_calls_that_contradict_each_other_are_listed() -> None:
    text = (
        "void f(void)\n{\n\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"
        "\tpage_table_check_pmd_clear(mm, addr, pmd);\n}\n"
    )
    tree = OverlayTree(forest(), {"arch/demo/mm/x.c": text.encode()})

    refused = bring(tree).refused
    assert len(refused) == 1
    assert refused[0].startswith("arch/demo/mm/x.c:")
    found = bring(
        OverlayTree(bring(forest(), "6.6").overlay(), {"arch/demo/mm/x.c": text.encode()})
    )
    assert found.whole
    assert found.left[0].startswith("not touched: arch/demo/mm/x.c:4: page_table_check_pmd_clear()")
    select = {"arch/demo/Kconfig": b"config X\n\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK\n"}
    again = bring(OverlayTree(found.tree, select))
    assert again.refused == (
        "arch/demo/mm/x.c:4: page_table_check_pmd_clear() with 3 parameters; those of 6.6 have 2",
    )


@pytest.mark.parametrize("which", [0, 1])
def test_each_way_out_of_the_allocator_is_told(which: int) -> None:
    whole = bring(forest()).overlay()
    text = whole.read("mm/page_alloc.c").decode()
    parts = text.split("page_table_check_free(page, order);\n")
    cut = "".join(
        one + ("" if i == which else "page_table_check_free(page, order);\n")
        for i, one in enumerate(parts[:-1])
    )
    half = (cut + parts[-1]).replace("\t\t\treturn", "\t\treturn")
    found = bring(OverlayTree(whole, {"mm/page_alloc.c": half.encode()}))

    assert [step.name for step in found.steps] == ["allocator"]
    assert found.steps[0].texts["mm/page_alloc.c"].count("page_table_check_free(page, order);") == 2


@pytest.mark.parametrize(
    ("path", "old", "said"),
    [
        (CODE, "early_param(", "early_param()"),
        (CODE, "DEFINE_STATIC_KEY_TRUE(", "static key"),
        (CODE, "page_table_check_ops = {", "page_table_check_ops"),
        (CODE, "void __page_table_check_pud_clear(", "__page_table_check_pud_clear()"),
        (HEADER, "void page_table_check_pte_clear_range(", "page_table_check_pte_clear_range()"),
        (HEADER, "void page_table_check_pud_set(", "page_table_check_pud_set"),
    ],
)
def test_what_is_lacking_within_a_file_is_refused(path: str, old: str, said: str) -> None:
    whole = bring(forest()).overlay()
    text = whole.read(path).decode()
    assert old in text
    found = bring(OverlayTree(whole, {path: text.replace(old, "void other(").encode()}))

    assert any(said in text for text in found.refused)
    assert not found.whole


def test_an_architecture_that_selects_without_predicates_is_named() -> None:
    select = b"config X\n\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK\n"
    found = bring(OverlayTree(bring(forest()).overlay(), {"arch/demo/Kconfig": select}))

    assert found.whole
    assert any("arch/demo selects" in text and "--arch demo" in text for text in found.left)


def test_no_page_ext_no_counters() -> None:
    found = bring(forest(page_ext__h="struct nothing;\n"))

    assert any("page_ext" in text for text in found.refused)
    assert not found.steps


def test_an_unknown_generation() -> None:
    with pytest.raises(UsageError, match=r"no generation '4\.0' .*5\.19, 6\.6"):
        bring(forest(), "4.0")


# -- the code in all forms -------------------------------------------------------------------


EACH = PAGE_EXT + "#define for_each_page_ext(page, count, ext, iter) for (;;)\n"
LOOKUP = PAGE_EXT.replace("page_ext_get(", "lookup_page_ext(").replace("const ", "")
NO_NEXT = LOOKUP[: LOOKUP.index("static inline")]


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "ext", [PAGE_EXT, EACH, LOOKUP, NO_NEXT], ids=["get", "each", "lookup", "no-next"]
)
def test_every_form_compiles(generation, ext: str) -> None:  # type: ignore[no-untyped-def]
    facts = read_facts(Draft(forest(page_ext__h=ext)))
    forms = (
        facts,
        replace(facts, leaf="pmd_large", ptep_get=False, huge_zero="is_huge_zero_page",
                kstrtox="linux/string.h"),
        replace(facts, map_may_fail=True, shared_flags=True, ext_data=True, pmdp_get=True,
                swap_test=True, protects=True, writable=("is_writable_migration_entry",)),
        replace(facts, protects=True, softleaf=True, writable=("softleaf_is_migration_write",)),
    )  # fmt: skip
    form = forms[(len(ext) + GENERATIONS.index(generation)) % len(forms)]
    text = code(generation, form)
    build_peer(
        source_from(text.encode(), header(generation, "x").encode(), "g"), plain_layout()
    ).close()

    assert all(len(line.expandtabs(8)) <= 80 for line in text.split("\n"))
    assert ("uffd_wp" in text) is form.flags
    assert ("softleaf_from_pte(pte)" in text) is form.softleaf
    assert ("is_swap_pte(pte)" in text) is (form.flags and not form.softleaf)
    assert "\n\n\n" not in text


def test_messages_name_every_place_and_what_only_the_sender_knows() -> None:
    found = bring(forest())
    letter = cover(found, ["riscv"])
    mails = patches(found, ["riscv"])

    assert "NAME <MAIL>" in letter.body
    assert "late() in mm/memory.c" in mails[0].body
    assert all("--framework --arch riscv" in mail.body for mail in mails)
    assert all(len(line) <= 75 for mail in [*mails, letter] for line in mail.body.split("\n"))


_OF_HELPERS = """static void __init clear_tests(struct mm_struct *mm, pte_t *ptep, pte_t pte)
{
	set_pte_at(mm, 0, ptep, pte);
	pte_clear(mm, 0, ptep);
}

static void __init young_tests(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)
{
	pmdp_huge_get_and_clear(mm, 0, pmdp);
	set_pmd_at(mm, 0, pmdp, pmd);
	pmdp_test_and_clear_young(mm, 0, pmdp);
}
"""


def test_the_test_of_the_helpers_is_told_what_it_leaves_behind() -> None:
    tree = with_files(forest(), **{"mm/debug_vm_pgtable.c": _OF_HELPERS})
    text = after(tree, "mm/debug_vm_pgtable.c")
    assert "\tptep_clear(mm, 0, ptep);\n" in text

    left = " ".join(bring(tree).left)
    assert "mm/debug_vm_pgtable.c: young_tests() sets an entry and does not take it out" in left
    assert "clear_tests" not in left
    tidy = _OF_HELPERS.replace("young(mm, 0, pmdp);", "young(mm, 0, pmdp);\n\tpmd_clear(pmdp);")
    tree = with_files(forest(), **{"mm/debug_vm_pgtable.c": tidy})
    assert "debug_vm_pgtable" not in " ".join(bring(tree).left)


def test_what_the_series_has_nothing_of_is_named() -> None:
    full = cover(bring(forest()), []).body
    assert "made anonymous" not in full
    assert "ptep_clear() and its callers" not in full
    assert "no caller" not in full

    bare = "\n".join(line for line in KHUGEPAGED.split("\n") if "pmdp_collapse_flush" not in line)
    tree = with_files(
        forest(khugepaged__c=bare),
        **{"mm/memory.c": "int nothing;\n", "kernel/configs/hardening.config": "CONFIG_A=y\n",
           "Documentation/translations/xx/mm/page_owner.rst": "=\n"},
    )  # fmt: skip
    named = " ".join(cover(bring(tree), []).body.split())
    assert "no page is made anonymous after its entry was set" in named
    assert "page_table_check_pte_clear_range() has no caller" in named
    assert "- kernel/configs/hardening.config: to let" in named
    assert "- Documentation/translations: the document is in English" in named
    assert "there is no generic set_ptes() to hook" in named
    assert "no generic ptep_get_and_clear()" not in named


def test_what_is_not_understood_is_told_and_not_passed_over() -> None:
    assert "not understood" not in (text := " ".join(bring(forest()).left))
    assert "not known" not in text
    old, new = "\tpmd_clear(pmdp);\n", "\tset_pmd(pmdp, __pmd(0));\n"
    odd = PGTABLE.replace(old, new)
    assert odd != PGTABLE
    left = " ".join(bring(forest(pgtable__h=odd)).left)
    assert "pmdp_huge_get_and_clear() has a form that is not known" in left

    carriage = KHUGEPAGED.replace("\n", "\r\n")
    found = bring(forest(khugepaged__c=carriage))
    left = " ".join(found.left)
    assert "mm/khugepaged.c: pmdp_collapse_flush() is called where no function was under" in left
    assert "mm/khugepaged.c: pte_clear() is called where no function was understood" in left
    assert "no caller" not in " ".join(found.absent)

    for old, new in (("pmd_pgtable(", "keep_table("), ("pte_free(", "keep_table(")):
        kept = KHUGEPAGED.replace(old, new)
        assert kept != KHUGEPAGED
        left = " ".join(bring(forest(khugepaged__c=kept)).left)
        assert "the table that pmdp_collapse_flush() takes out is not known" in left


def test_the_command_of_a_series_names_the_generation_that_was_asked_for() -> None:
    assert "--framework -C linux" in patches(bring(forest()))[0].body
    asked = patches(bring(forest(), "6.6"), ["a", "b"])[0].body
    assert "--framework --api 6.6 --arch a,b -C linux" in asked


def test_a_letter_says_once_what_its_parts_share() -> None:
    shared = "Each change was found by judging the tree with it. " * 3
    end = "This was judged by reading the tree, and by nothing else at all. " * 2
    bodies = [
        (name, "\n\n".join((f"What. This series enables it on {name}.", shared, f"  table {name}",
                           "None.", end)))
        for name in ("a", "b")
    ]  # fmt: skip
    text = joined("The framework.", bodies)

    assert text.startswith("The framework.\n\na\n=\n\nThis series enables it on a.\n\nEach change")
    assert text.count(shared.strip()) == text.count(end.strip()) == 1
    assert text.rstrip().endswith(end.strip())
    assert text.count("None.") == 2
    assert text.index("b\n=\n\nThis series") < text.index("  table b")
    assert "What." not in text
