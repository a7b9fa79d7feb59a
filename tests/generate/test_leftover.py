# SPDX-License-Identifier: GPL-2.0-only
"""What `check` still finds with a series: functions of a guest, which the search does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.check import check_tree
from analyzer.generate.edits import Step
from analyzer.generate.leftover import mend_leftover
from analyzer.generate.run import plan
from analyzer.tree import KernelTree
from tests.generate.conftest import Demo, applied, edited

PGTABLE = "arch/demo/include/asm/pgtable.h"
BODIES = "arch/demo/mm/pgtable.c"
GUEST = "arch/demo/guest/mmu.c"
HOOK = "\tpage_table_check_pud_set(mm, pudp, pud);\n"
PARAMETERS = "(struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud)"
TABLE = f"""struct mmu_ops {{
	void (*set_pud_at){PARAMETERS};
}};
extern struct mmu_ops mmu_ops;

"""
BARE = f"""static void bare_set_pud_at{PARAMETERS}
{{
{HOOK}	set_pud(pudp, pud);
}}

struct mmu_ops mmu_ops = {{
	.set_pud_at = bare_set_pud_at,
}};
"""
FILLED = f"""// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

static void guest_set_pud_at{PARAMETERS}
{{
	unsigned long value = pud.pud;

	WRITE_ONCE(pudp->pud, value);
}}

void guest_init(void)
{{
	mmu_ops.set_pud_at = guest_set_pud_at;
}}
"""


def guest(demo: Demo, text: str = FILLED) -> KernelTree:
    """The mended demonstration with a setter behind a table, which a guest fills anew."""
    header = demo.whole.read(PGTABLE).decode()
    start = header.index("static inline void set_pud_at")
    end = header.index("}\n", start)
    call = "\tmmu_ops.set_pud_at(mm, addr, pudp, pud);\n"
    head, _, _ = header[start:end].partition("{\n")
    header = f"{header[:start]}{TABLE}{head}{{\n{call}{header[end:]}"
    bodies = demo.whole.read(BODIES).decode() + "\n" + BARE
    return edited(demo.whole, {PGTABLE: header, BODIES: bodies, GUEST: text})


def test_a_function_of_a_guest_gets_its_hook(demo: Demo) -> None:
    tree = guest(demo)
    (wrong,) = check_tree(tree, ("demo",)).findings
    assert (wrong.rule, wrong.location.path) == ("PTC101", GUEST)
    before = plan(tree, "demo")

    found, checked = mend_leftover(tree, before)

    assert checked.findings == ()
    text = applied(tree, found).read(GUEST).decode()
    assert text.count(HOOK) == 1
    assert f"value = pud.pud;\n\n{HOOK}\tWRITE_ONCE(" in text
    assert "#include <linux/mm.h>\n#include <linux/page_table_check.h>\n" in text
    assert {edit.step for edit in found.edits} == {Step.HOOKS}
    assert set(found.texts) == {*before.texts, GUEST}
    assert not check_tree(applied(tree, found), ("demo",)).findings


@pytest.mark.parametrize(
    "change",
    [
        ("pud.pud;\n", "pud.pud + (1UL << 31);\n"),
        ("struct mm_struct *mm, ", "struct mm_struct *unused, "),
    ],
    ids=["it stores something else", "it calls the address space otherwise"],
)
def test_what_a_hook_does_not_mend_stays_as_it_was(demo: Demo, change: tuple[str, str]) -> None:
    old, new = change
    tree = guest(demo, FILLED.replace(old, new))
    before = plan(tree, "demo")

    found, checked = mend_leftover(tree, before)

    mended = "unused" in new  # the name does not matter
    assert (found == before) is not mended
    assert bool(checked.findings) is not mended


def test_nothing_is_looked_for_where_nothing_is_found(demo: Demo) -> None:
    empty = replace(demo.plan, edits=(), texts={})
    found, checked = mend_leftover(demo.whole, empty)
    assert found is empty
    assert checked.findings == ()
