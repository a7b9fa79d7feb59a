# SPDX-License-Identifier: GPL-2.0-only
"""A function that has to call a hook and does not know the mm gets it from its callers."""

from __future__ import annotations

import re

import pytest

from analyzer.check import check_tree
from analyzer.generate.ctext import find_function
from analyzer.generate.forms import Site
from analyzer.generate.parameters import mm_forms
from analyzer.generate.run import plan
from tests.generate.conftest import Demo, applied
from tests.generate.hooks import hooks
from tests.generate.test_shapes import hooked, stripped_with
from tests.generate.test_split import SET_PMD

INNER = """
static inline void __demo_put(pmd_t *pmdp, pmd_t pmd)
{
	if (!(pmd_val(pmd) & _PAGE_ACCESSED))
		pmd = __pmd(0);
	set_pmd(pmdp, pmd);
}

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
					pmd_t pmd)
{
	__demo_put(pmdp, pmd);
}
"""
PUT = "void put(pte_t *ptep, pte_t pte)\n{\n\t*ptep = pte;\n}\n"


@pytest.mark.slow
def test_a_hook_that_only_the_callee_can_call(demo: Demo) -> None:
    tree = stripped_with(demo, {SET_PMD: ""}, INNER)
    found = plan(tree, "demo")
    assert not found.undecided
    series = applied(tree, found)
    text = hooked(series, "__demo_put")
    assert text.startswith(
        "static inline void __demo_put(struct mm_struct *mm, pmd_t *pmdp, pmd_t pmd)\n"
    )
    assert "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n\tset_pmd(pmdp, pmd);\n" in text
    assert hooked(series, "set_pmd_at").endswith("{\n\t__demo_put(mm, pmdp, pmd);\n}\n")
    assert not check_tree(series, ("demo",)).findings


def forms_of(text: str) -> list[str]:
    parsed = find_function(text, "put", 1)
    assert parsed is not None
    site = Site(text, parsed, text.index("*ptep = pte"), "pte")
    found = []
    for form in mm_forms(site, hooks()):
        new = text
        for one in sorted(form.changes, key=lambda c: -c.start):
            new = new[: one.start] + one.new + new[one.end :]
        found.append(new)
    return found


def test_every_caller_gives_the_mm_that_it_knows() -> None:
    callers = (
        "void a(struct mm_struct *mm, pte_t *p, pte_t e)\n{\n\tput(p, e);\n}\n"
        "void b(struct vm_area_struct *vma, pte_t *p, pte_t e)\n{\n\tput(p, e);\n}\n"
        "void c(pte_t *p, pte_t e)\n{\n\tstruct mm_struct *own = get();\n\n\tput(p, e);\n}\n"
    )
    made = forms_of("void put(pte_t *ptep, pte_t pte);\n" + PUT + callers)
    assert made
    given = re.findall(r"\tput\(([^,]*),", made[0])
    assert given == ["mm", "vma->vm_mm", "own"]
    assert made[0].count("void put(struct mm_struct *mm, pte_t *ptep, pte_t pte)") == 2


def test_a_caller_without_an_mm_is_in_the_way() -> None:
    assert not forms_of(PUT + "void a(pte_t *p, pte_t e)\n{\n\tput(p, e);\n}\n")
    assert not forms_of(PUT + "void (*f)(pte_t *, pte_t) = x(put(0, e));\n")
