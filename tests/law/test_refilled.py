# SPDX-License-Identifier: GPL-2.0-only
"""Tables of functions that a guest fills anew: judged as they start, and as it leaves them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer.check.results import VariantResult
from analyzer.model import Verdict
from analyzer.tree import OverlayTree
from tests.law.demo import ARCH_BODIES, Bench, Edit, arch, bench, found, unknown, verdict

GUEST = "arch/demo/guest/mmu.c"
TABLE = """
struct mmu_ops {
	void (*set_pte)(pte_t *ptep, pte_t pte);
	void (*flush)(void);
};
extern struct mmu_ops mmu_ops;

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	mmu_ops.set_pte(ptep, pte);
}
"""
EDITS = (
    arch(
        "\nstatic inline void set_pte(pte_t *ptep, pte_t pte)\n{\n\tWRITE_ONCE(*ptep, pte);\n}\n",
        TABLE,
    ),
    Edit(
        ARCH_BODIES,
        "/* Indexed by",
        "static void bare_set_pte(pte_t *ptep, pte_t pte)\n{\n\tWRITE_ONCE(*ptep, pte);\n}\n\n"
        "struct mmu_ops mmu_ops = {\n\t.set_pte = bare_set_pte,\n};\n\n/* Indexed by",
    ),
)
HEAD = "#include <linux/mm.h>\n"
GOOD = (
    "static void guest_set_pte(pte_t *ptep, pte_t pte)\n{\n\tWRITE_ONCE(ptep->pte, pte.pte);\n}\n"
)
BAD = "static void guest_set_pte(pte_t *ptep, pte_t pte)\n{\n\tWRITE_ONCE(ptep->pte, 0);\n}\n"
HYPERCALL = """
void hyper_ask(pte_t *ptep, unsigned long value);
static void guest_set_pte(pte_t *ptep, pte_t pte)
{
	hyper_ask(ptep, pte.pte);
}
"""
FILL = "void guest_init(void)\n{\n\tmmu_ops.set_pte = guest_set_pte;\n}\n"
WHOLE = (
    "static const struct mmu_ops guest_ops = {\n\t.set_pte = guest_set_pte,\n};\n\n"
    "void guest_init(void)\n{\n\tmmu_ops = guest_ops;\n}\n"
)
GONE = (
    'static void __attribute__((section(".init.text"))) early_set_pte(pte_t *ptep, pte_t pte)\n'
    "{\n}\n"
    "void guest_early(void)\n{\n\tmmu_ops.set_pte = early_set_pte;\n}\n"
)
STAYS = GONE.replace('__attribute__((section(".init.text"))) ', "")


@pytest.fixture(scope="module")
def on_table() -> Iterator[Bench]:
    with bench() as it:
        yield it


def judged(on_table: Bench, guest: str) -> VariantResult:
    """The demonstration with stores through a table, and a file that fills it."""
    tree = OverlayTree(on_table.tree, {GUEST: (HEAD + guest).encode()})
    return Bench(tree, on_table.variant, on_table.cache, on_table.reuse).judge(*EDITS)


@pytest.mark.parametrize("fill", [FILL, WHOLE])
def test_a_guest_that_stores_what_it_is_given(on_table: Bench, fill: str) -> None:
    result = judged(on_table, GOOD + fill)
    assert verdict(result, "set_ptes").verdict is Verdict.BALANCED
    assert found(result) == set()
    assert unknown(result) == {}
    assert GUEST in result.bodies


@pytest.mark.parametrize("fill", [FILL, WHOLE])
def test_a_guest_that_stores_something_else_is_a_finding_beside_a_sound_start(
    on_table: Bench, fill: str
) -> None:
    result = judged(on_table, BAD + fill)
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING
    (finding,) = [one for one in result.findings if "set_ptes" in one.helpers]
    assert finding.witness is not None
    assert any(step.function == "guest_set_pte" for step in finding.witness.path)


def test_what_a_hypervisor_does_is_unknown_with_its_place(on_table: Bench) -> None:
    reason = unknown(judged(on_table, HYPERCALL + FILL))["set_ptes"]
    assert "hyper_ask" in reason
    assert GUEST in reason


def test_functions_that_are_discarded_after_boot_are_in_no_table(on_table: Bench) -> None:
    assert found(judged(on_table, GOOD + FILL + GONE)) == set()
    result = judged(on_table, GOOD + FILL + STAYS)
    assert verdict(result, "set_ptes").verdict is Verdict.FINDING


def test_other_members_are_no_state_of_their_own(on_table: Bench) -> None:
    text = (
        "static void guest_flush(void)\n{\n}\nvoid f(void)\n{\n\tmmu_ops.flush = guest_flush;\n}\n"
    )
    result = judged(on_table, "extern pte_t *unused;\n" + text)
    assert GUEST not in result.bodies
    assert found(result) == set()


def test_a_request_is_a_store_where_the_address_is_known(on_table: Bench) -> None:
    request = """
struct mmu_update { unsigned long ptr; unsigned long val; };
int guest_mmu_update(struct mmu_update *req, int count);
static void guest_set_pte(pte_t *ptep, pte_t pte)
{
	struct mmu_update u;

	u.ptr = ((((unsigned long)ptep - OFFSET) >> 12) << 12) | ((unsigned long)ptep & 0xfff);
	u.val = VALUE;
	guest_mmu_update(&u, COUNT);
}
"""
    linear = arch("#define PMD_SHIFT 21\n", "#define __va(x) ((void *)((x) + 0x1000000UL))\n"
                  "#define PMD_SHIFT 21\n")  # fmt: skip

    def asked(offset: str, value: str, count: str) -> VariantResult:
        text = request.replace("OFFSET", offset).replace("VALUE", value).replace("COUNT", count)
        tree = OverlayTree(on_table.tree, {GUEST: (HEAD + text + FILL).encode()})
        return Bench(tree, on_table.variant).judge(*EDITS, linear)

    assert verdict(asked("0x1000000", "pte.pte", "1"), "set_ptes").verdict is Verdict.BALANCED
    assert verdict(asked("0x1000000", "0", "1"), "set_ptes").verdict is Verdict.FINDING
    assert "several" in unknown(asked("0x1000000", "pte.pte", "2"))["set_ptes"]
    assert "no entry's" in unknown(asked("0x900000000000", "pte.pte", "1"))["set_ptes"]


def test_a_tracepoint_changes_nothing(on_table: Bench) -> None:
    text = """
struct tracepoint { int name; int key; };
struct tracepoint __tracepoint_store;
extern void (*traced)(pte_t *ptep);
_Bool __ptc_static_key();
static void guest_set_pte(pte_t *ptep, pte_t pte)
{
	if (__ptc_static_key(&__tracepoint_store.key))
		traced(ptep);
	WRITE_ONCE(ptep->pte, pte.pte);
}
"""
    assert unknown(judged(on_table, text + FILL)) == {}
    assert "set_ptes" in unknown(judged(on_table, text.replace("__tracepoint", "other") + FILL))
