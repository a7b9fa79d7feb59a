# SPDX-License-Identifier: GPL-2.0-only
"""Callers in generic code that take an entry out around the hooks."""

from __future__ import annotations

from analyzer.check import check_tree
from analyzer.generate.callers import _put_back
from analyzer.generate.ctext import find_function
from analyzer.generate.run import plan
from tests.generate.conftest import Demo, applied, edited

MOVE = """// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

static bool move_pud(struct vm_area_struct *vma, unsigned long old_addr,
			unsigned long new_addr, pud_t *old_pud, pud_t *new_pud)
{
	struct mm_struct *mm = vma->vm_mm;
	pud_t pud;

	pud = *old_pud;
	pud_clear(old_pud);
	set_pud_at(mm, new_addr, new_pud, pud);
	return true;
}

bool move(struct vm_area_struct *vma, unsigned long old_addr, unsigned long new_addr,
		pud_t *old_pud, pud_t *new_pud)
{
	return move_pud(vma, old_addr, new_addr, old_pud, new_pud);
}
"""


def test_a_caller_that_takes_out_around_the_hooks_gets_one(demo: Demo) -> None:
    tree = edited(demo.whole, {"mm/move.c": MOVE})
    assert [f.rule for f in check_tree(tree, ("demo",)).findings] == ["PTC110"]
    found = plan(tree, "demo")
    assert not found.undecided
    text = applied(tree, found).read("mm/move.c").decode()
    assert "pud_clear(old_pud);\n\tpage_table_check_pud_clear(mm, pud);\n" in text
    assert "#include <linux/mm.h>\n#include <linux/page_table_check.h>\n" in text
    assert not check_tree(applied(tree, found), ("demo",)).findings


def test_a_caller_whose_old_entry_has_no_name_is_told(demo: Demo) -> None:
    text = MOVE.replace("pud = *old_pud;", "pud = read_it(old_pud);")
    tree = edited(demo.whole, {"mm/move.c": text})
    found = plan(tree, "demo")
    assert not found.edits
    wanted = [f.function for f in check_tree(tree, ("demo",)).findings]
    assert [(one.helper, one.judged) for one in found.undecided] == [(f, True) for f in wanted]


def test_the_address_is_the_one_that_the_new_one_goes_with() -> None:
    text = (
        "void f(struct control *pmc, pud_t *old_pud, pud_t *new_pud)\n{\n"
        "\tpud_t pud = *old_pud;\n\n\tpud_clear(old_pud);\n"
        "\tset_pud_at(mm, pmc->new_addr, new_pud, pud);\n\tflush(vma, pmc->old_addr);\n}\n"
    )
    parsed = find_function(text, "f", 1)
    assert parsed is not None
    assert _put_back(text, parsed, "pud") == "pmc->old_addr"
    text = text.replace("pmc->old_addr", "0")
    parsed = find_function(text, "f", 1)
    assert parsed is not None
    assert _put_back(text, parsed, "pud") == ""


def test_the_definition_that_holds_a_line() -> None:
    text = "int f(int a)\n{\n\n\n\n\n\treturn 1;\n}\n\nint f(int a)\n{\n\treturn 0;\n}\n"
    one, other = find_function(text, "f", 7), find_function(text, "f", 11)
    assert one is not None
    assert other is not None
    assert (one.start, other.start) == (0, text.rindex("int f"))
