# SPDX-License-Identifier: GPL-2.0-only
"""What a guest puts into a table of functions is hooked where it stores, as all else is."""

from __future__ import annotations

import pytest

from analyzer.generate.run import plan
from analyzer.generate.selfcheck import check_series
from tests.generate.conftest import Demo, applied, edited

HEADER = "arch/demo/include/asm/pgtable.h"
BODIES = "arch/demo/mm/pgtable.c"
GUEST = "arch/demo/guest/mmu.c"
STORE = "\tpage_table_check_pud_set(mm, pudp, pud);\n\tset_pud(pudp, pud);\n"
PARAMETERS = "struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud"
TABLE = f"""
struct mmu_ops {{
	void (*set_pud_at)({PARAMETERS});
}};
extern struct mmu_ops mmu_ops;
"""
BARE = f"""
#include <linux/page_table_check.h>

static void bare_set_pud_at({PARAMETERS})
{{
{STORE}}}

struct mmu_ops mmu_ops = {{
	.set_pud_at = bare_set_pud_at,
}};
"""
STORES = f"""\
#include <linux/mm.h>

static void guest_set_pud_at({PARAMETERS})
{{
	set_pud(pudp, pud);
}}

void guest_init(void)
{{
	mmu_ops.set_pud_at = guest_set_pud_at;
}}
"""


@pytest.mark.parametrize("mm", ["mm", pytest.param("unused", marks=pytest.mark.slow)])
def test_the_function_of_a_guest_gets_the_hook_that_the_machine_s_own_has(
    demo: Demo, mm: str
) -> None:
    header = demo.whole.read(HEADER).decode()
    assert STORE in header
    at = header.index("static inline void set_pud_at(")
    head, tail = header[:at], header[at:]
    tail = tail.replace(STORE, "\tmmu_ops.set_pud_at(mm, addr, pudp, pud);\n", 1)
    bodies = demo.whole.read(BODIES).decode()
    stores = STORES.replace("*mm,", f"*{mm},")
    texts = {HEADER: head + TABLE.lstrip() + "\n" + tail, BODIES: bodies + BARE, GUEST: stores}
    tree = edited(demo.whole, texts)
    found = plan(tree, "demo")
    assert {(edit.path, edit.function) for edit in found.edits if edit.hook} == {
        (GUEST, "guest_set_pud_at")
    }
    assert not found.undecided
    assert STORE.replace("mm, p", f"{mm}, p") in applied(tree, found).read(GUEST).decode()
    assert not check_series(tree, found).findings
