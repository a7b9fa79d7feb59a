# SPDX-License-Identifier: GPL-2.0-only
"""Whether an edit of a header can change what is said of call sites."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.callsites import CallSite, sites_of
from analyzer.callsites.kept import declares_the_same, is_quiet, same_sites
from analyzer.callsites.text import Source
from analyzer.tree import MemoryTree
from tests.callsites.small import HEADER, tree

PATH = "arch/demo/include/asm/pgtable.h"
MORE = (
    HEADER
    + """
static inline int pmd_young(pmd_t pmd)
{
	return pmd_val(pmd) & 32;
}

static inline pmd_t pmd_old(pmd_t pmd)
{
	return pmd_young(pmd) ? __pmd(pmd_val(pmd) - 32) : pmd;
}

static inline void pmd_hook_it(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)
{
	page_table_check_pmd_set(mm, pmdp, pmd);
}

static inline pmd_t *first_of(struct mm_struct *mm)
{
	return (pmd_t *)mm->pgd;
}
"""
)
CODE = """
static pmd_t *entry_of(struct vm_area_struct *vma)
{
	return first_of(vma->vm_mm);
}

static void move(struct vm_area_struct *vma, unsigned long addr, pmd_t *to)
{
	pmd_t *from = entry_of(vma);
	pmd_t pmd = *from;

	if (!pmd_leaf(pmd))
		return;
	pmd_clear(from);
	set_pmd_at(vma->vm_mm, addr, to, pmd);
}

static void store(struct mm_struct *mm, pmd_t *pmdp)
{
	pmd_clear(pmdp);
}

void all(struct vm_area_struct *vma)
{
	move(vma, 0, NULL);
	store(vma->vm_mm, first_of(vma->vm_mm));
}
"""


def found(kernel: MemoryTree) -> list[CallSite]:
    """The sites without the lines of the header."""
    sites, problems, _ = sites_of(kernel, "demo")
    assert not problems
    return [
        replace(one, location=replace(one.location, line=0)) if one.location.path == PATH else one
        for one in sites
    ]


def stays(old: str, new: str) -> bool:
    """What is said of an edit; that it is never wrong is asserted."""
    assert old in MORE
    now = MORE.replace(old, new, 1)
    before, after = (tree(CODE, header=text) for text in (MORE, now))
    _, _, facts = sites_of(before, "demo")
    given = Source(PATH, MORE.encode()), Source(PATH, now.encode())
    said = declares_the_same(facts, *given) and same_sites(after, facts, *given)
    if said:
        assert found(before) == found(after)
    return said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return pmd_val(pmd) & 32", "return pmd_val(pmd) & 64"),
        ("return pmd_val(pmd) & 32", "barrier();\n\treturn pmd_val(pmd) & 32"),
        ("\tpage_table_check_pud_set(mm, pudp, pud);\n", ""),  # no call of a clear depends on it
        ("\tset_pud(pudp, pud);", "\tset_pud(pudp, pud);\n\tflush(mm, addr);"),
        ("\tset_pud(pudp, __pud(0));", "\tset_pud(pudp, __pud(0));\n\tpud_flush();"),
        ("pmd_wrprotect(*pmdp)", "pmd_wrprotect(pmd_old(*pmdp))"),
    ],
)
def test_harmless(old: str, new: str) -> None:
    assert stays(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\tpage_table_check_pmd_set(mm, pmdp, pmd);\n", ""),  # move() is a finding with it only
        ("set_pud(pudp, __pud(0))", "(void)pudp"),
        ("return pmd_val(pmd) & 32", "pmd_clear(&pmd);\n\treturn 0"),
        ("return pmd_val(pmd) & 32", "pmd_t *p = &pmd;\n\tset_pmd(p, pmd);\n\treturn 0"),
        ("return pmd_val(pmd) & 32", "store(init_mm.x, NULL);\n\treturn 0"),
        ("set_pud(pudp, __pud(0))", "set_pud(pudp, __pud(0));\n\tpmd_hook_it(NULL, NULL, 0)"),
        ("return (pmd_t *)mm->pgd", "return swapper_pg_dir"),
        ("pmd_wrprotect(*pmdp)", "__pmd(0)"),
        ("set_pmd(pmdp, pmd_wrp", "pmd_t was = *pmdp;\n\tset_pmd(pmdp, pmd_wrp"),
        ("static inline int pmd_young(pmd_t pmd)", "static inline int pmd_young(pmd_t *pmd)"),
    ],
)
def test_what_may_matter(old: str, new: str) -> None:
    stays(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd", "\tset_pmd"),
        ("set_pud(pudp, __pud(0))", "(void)pudp"),
        ("return pmd_val(pmd) & 32", "store(init_mm.x, NULL);\n\treturn 0"),
        ("set_pud(pudp, __pud(0))", "set_pud(pudp, __pud(0));\n\tpmd_hook_it(NULL, NULL, 0)"),
    ],
)
def test_what_matters_is_read_again(old: str, new: str) -> None:
    assert not stays(old, new)


def test_a_setter_that_is_called_for_the_first_time() -> None:
    kernel = tree(CODE, header=MORE, mm__more_c="void put_it(pte_t *ptep, pte_t pte)\n{\n}\n")
    _, _, facts = sites_of(kernel, "demo")
    now = MORE.replace("return pmd_val(pmd) & 32", "put_it(NULL, 0);\n\treturn 0")
    assert "put_it" in facts.others
    was = Source(PATH, MORE.encode())
    assert not declares_the_same(facts, was, Source(PATH, now.encode()))
    other = now.replace("put_it", "print_it")
    assert declares_the_same(facts, was, Source(PATH, other.encode()))


@pytest.mark.parametrize(
    ("name", "body", "quiet"),
    [
        ("fork", "static inline pmd_t {}(pmd_t pmd)\n{{\n\treturn pmd_old(pmd);\n}}\n", True),
        ("fork", "static inline int {}(int x)\n{{\n\treturn x;\n}}\n", True),
        ("fork", "static inline void {}(pmd_t *pmdp)\n{{\n\t*pmdp = __pmd(0);\n}}\n", False),
        ("fork", "static inline void {}(long a)\n{{\n\tpmd_clear((pmd_t *)a);\n}}\n", False),
        ("fork", "static inline void {}(void)\n{{\n\tpmd_hook_it(0, 0, __pmd(0));\n}}\n", False),
        ("fork", "static inline void {}(void)\n{{\n\tpage_table_check_x();\n}}\n", False),
        ("fork", "static inline void {}(pmd_t *pmdp)\n{{\n\t(void)pmdp;\n}}\n", False),
        ("fork", "static inline void {}(void *mm)\n{{\n\tstore(mm, 0);\n}}\n", False),
        ("move", "static inline int {}(int x)\n{{\n\treturn x;\n}}\n", False),
        ("fork", "static inline pmd_t *{}(void *mm)\n{{\n\treturn first_of(mm);\n}}\n", True),
    ],
)
def test_a_new_function(name: str, body: str, quiet: bool) -> None:
    """It is no setter, hands nothing on, and nobody looked for its name."""
    now = MORE + body.format(name)
    before, after = (tree(CODE, header=text) for text in (MORE, now))
    _, _, facts = sites_of(before, "demo")
    assert is_quiet(facts, Source(PATH, now.encode()), [name]) == quiet
    if quiet:
        assert found(before) == found(after)


FLAGS = (
    MORE
    + """
#define _PAGE_PRESENT	1
#define _PAGE_ACCESSED	2

static inline int pte_present(pte_t pte)
{
	return pte_val(pte) & _PAGE_PRESENT;
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_ACCESSED);
}
"""
)
TOUCH = "void touch(pte_t *ptep)\n{\n\tpte_val(*ptep) |= _PAGE_ACCESSED;\n}\n"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("\tset_pud(pudp, __pud(0));", "\tset_pud(pudp, __pud(0));\n\tpud_flush();", True),
        ("return pmd_val(pmd) & 32", "return pmd_val(pmd) & 64", False),
        ("(pte) & _PAGE_PRESENT", "(pte) & (_PAGE_PRESENT | _PAGE_ACCESSED)", False),
        ("(pte) & _PAGE_PRESENT", "(pte) & _PAGE_OTHER", False),
        ("(pte) | _PAGE_ACCESSED", "(pte) | _PAGE_OTHER", False),
    ],
)
def test_functions_that_say_what_a_bit_is(old: str, new: str, same: bool) -> None:
    now = FLAGS.replace(old, new, 1)
    assert now != FLAGS
    before, after = (tree(CODE, header=text, arch__demo__mm__t_c=TOUCH) for text in (FLAGS, now))
    _, _, facts = sites_of(before, "demo")
    given = Source(PATH, FLAGS.encode()), Source(PATH, now.encode())
    assert same_sites(after, facts, *given) == same
    if same:
        assert found(before) == found(after)


@pytest.mark.parametrize("name", ["pte_user", "pmd_mkdirty"])
def test_a_new_function_that_says_what_a_bit_is(name: str) -> None:
    now = FLAGS + f"static inline int {name}(pte_t pte)\n{{\n\treturn 0;\n}}\n"
    after = Source(PATH, now.encode())
    _, _, facts = sites_of(tree(CODE, header=FLAGS, arch__demo__mm__t_c=TOUCH), "demo")
    assert not is_quiet(facts, after, [name])
    _, _, facts = sites_of(tree(CODE, header=FLAGS), "demo")
    assert is_quiet(facts, after, [name])
