# SPDX-License-Identifier: GPL-2.0-only
"""Exchange, atomics, bit operations, static keys and hooks: what their generic names mean."""

from __future__ import annotations

import pytest

from analyzer.evaluate.intrinsics import Intrinsics
from analyzer.evaluate.values import Int, Opaque
from tests.evaluate.lab import EXCHANGE, HOOKS, Path, only, paths, s, unknown


def result(path: Path) -> int:
    assert isinstance(path.result, Int), path
    return path.result.raw


# -- exchange


@pytest.mark.parametrize(
    ("call", "returned", "left"),
    [
        ("__ptc_xchg(&p->pte, 0x22UL)", 0x11, 0x22),
        ("__ptc_xchg(p, ((pte_t) { 0x22 })).pte", 0x11, 0x22),
        ("__ptc_xchg((unsigned long *)p, 0)", 0x11, 0),
        ("__ptc_xchg((void *)p, 0UL)", 0x11, 0),
        ("__ptc_cmpxchg(&p->pte, 0x11UL, 0x22UL)", 0x11, 0x22),
        ("__ptc_cmpxchg(&p->pte, 0x12UL, 0x22UL)", 0x11, 0x11),
        ("__ptc_cmpxchg(&p->pte, 0x11, -1)", 0x11, (1 << 64) - 1),
    ],
)
def test_exchange(call: str, returned: int, left: int) -> None:
    path = only(paths(f"{EXCHANGE}unsigned long f(pte_t *p) {{ return {call}; }}"))
    assert (result(path), path.slot) == (returned, left)


def test_compare_exchange_compares_the_whole_entry() -> None:
    """`0` is an int, the entry is not."""
    text = f"{EXCHANGE}unsigned long f(pte_t *p) {{ return __ptc_cmpxchg(&p->pte, 0, 0x77UL); }}"
    path = only(paths(text, old=0x1_00000000))
    assert (result(path), path.slot) == (0x1_00000000, 0x1_00000000)


@pytest.mark.parametrize(("expected", "answer", "left"), [("0x11", 1, 0x22), ("0x10", 0, 0x11)])
def test_try_compare_exchange(expected: str, answer: int, left: int) -> None:
    text = f"""{EXCHANGE}
int f(pte_t *p)
{{
	unsigned long old = {expected};
	int done = __ptc_try_cmpxchg(&p->pte, &old, 0x22UL);

	return done * 0x100 + old;
}}
"""
    path = only(paths(text))
    assert (result(path), path.slot) == (answer * 0x100 + 0x11, left)


def test_loop_of_try_compare_exchange() -> None:
    text = f"""{EXCHANGE}
void f(pte_t *p)
{{
	unsigned long old = 0;

	while (!__ptc_try_cmpxchg(&p->pte, &old, old & ~1UL))
		;
}}
"""
    assert only(paths(text)).slot == 0x10


@pytest.mark.parametrize(
    "body",
    [
        "unsigned long old = what(); __ptc_try_cmpxchg(&p->pte, &old, 0x22UL);",
        "__ptc_cmpxchg(&p->pte, what(), 0x22UL);",
        "__ptc_xchg(&p->pte, what());",
        "unsigned long old = 0x11; __ptc_try_cmpxchg(&p->pte, &old, what());",
        "__ptc_cmpxchg(&p->pte, 0x11UL, what());",
        "unsigned long old = 0x11; __ptc_try_cmpxchg(&p[what()].pte, &old, 0x22UL);",
        "__ptc_xchg(&p[what()].pte, 0x22UL);",
        "__ptc_cmpxchg(&p[what()].pte, 0x11UL, 0x22UL);",
    ],
)
def test_exchange_of_something_unknown_is_unknown(body: str) -> None:
    """Never `no store`: the entry could be changed."""
    assert unknown(paths(f"{EXCHANGE}unsigned long what(void);\nvoid f(pte_t *p) {{ {body} }}"))


@pytest.mark.parametrize(
    "attempt", ["__ptc_try_cmpxchg(&lock, &none, 1)", "__ptc_cmpxchg(&lock, 0, 1) == 0"]
)
def test_lock_elsewhere_may_fail(attempt: str) -> None:
    text = f"""{EXCHANGE}
extern int lock;
void f(pte_t *p) {{ int none = 0; if (!({attempt})) p->pte = 0; }}
"""
    assert {path.slot for path in paths(text)} == {0, 0x11}


# -- atomics


@pytest.mark.parametrize(
    ("call", "left"),
    [
        ("atomic_long_set((atomic_long_t *)p, 5)", 5),
        ("atomic64_set((atomic64_t *)p, -1)", (1 << 64) - 1),
        ("atomic_long_or(8, (atomic_long_t *)p)", 0x19),
        ("atomic_long_and(0x10, (atomic_long_t *)p)", 0x10),
        ("atomic_long_andnot(0x10, (atomic_long_t *)p)", 1),
        ("atomic_long_xor(0x11, (atomic_long_t *)p)", 0),
        ("atomic_long_add(1, (atomic_long_t *)p)", 0x12),
        ("atomic64_sub(1, (atomic64_t *)p)", 0x10),
        ("atomic64_fetch_or(2, (atomic64_t *)p)", 0x13),
        ("atomic64_fetch_andnot_relaxed(1, (atomic64_t *)p)", 0x10),
        ("raw_atomic_long_xchg((atomic_long_t *)p, 6)", 6),
        ("arch_atomic64_cmpxchg((atomic64_t *)p, 0x11, 7)", 7),
        ("arch_atomic64_cmpxchg((atomic64_t *)p, 0x12, 7)", 0x11),
        ("atomic_or(4, (atomic_t *)p)", 0x15),
    ],
)
def test_atomics(call: str, left: int) -> None:
    types = (
        "typedef struct { long counter; } atomic_long_t, atomic64_t;\n"
        "typedef struct { int counter; } atomic_t;\n"
    )
    path = only(paths(f"{types}void f(pte_t *p) {{ {call}; }}"))
    assert path.slot == left
    assert [e.kind for e in path.events] == ["store"] * (left != 0x11 or "cmpxchg" not in call)


@pytest.mark.parametrize(
    ("call", "returned"),
    [
        ("atomic_long_read((void *)p)", 0x11),
        ("atomic_long_xchg((void *)p, 0)", 0x11),
        ("atomic_long_fetch_or(2, (void *)p)", 0x11),
        ("atomic_long_cmpxchg((void *)p, 0, 1)", 0x11),
    ],
)
def test_results_of_atomics(call: str, returned: int) -> None:
    text = f"long {call.partition('(')[0]}();\nlong f(pte_t *p) {{ return {call}; }}"
    assert result(only(paths(text))) == returned


@pytest.mark.parametrize(
    "body",
    [
        "atomic_long_or(what(), (void *)p);",
        "atomic_long_set((void *)p, what());",
        "atomic_long_xor(1, (void *)(p + what()));",
        "atomic_long_add_unless((void *)p, 1, 2);",
        "atomic_long_inc((void *)p);",
        "atomic_long_dec_and_test((void *)p);",
    ],
)
def test_atomics_that_are_not_known(body: str) -> None:
    assert unknown(paths(f"unsigned long what(void);\nvoid f(pte_t *p) {{ {body} }}"))


def test_width_of_atomics() -> None:
    """atomic_t is a word of 32 bits, atomic_long_t one of the machine, atomic64_t one of 64."""
    half = only(paths("void f(pte_t *p) { atomic_set((void *)p, 5); }", old=0x7_00000011))
    assert half.slot == 0x7_00000005
    for name, bits in (("atomic_long_set", 32), ("atomic64_set", 64), ("atomic_long_set", 64)):
        text = f"void f(pte_t *p) {{ {name}((void *)p, -1); }}"
        assert only(paths(text, bits=bits)).slot == (1 << bits) - 1


@pytest.mark.parametrize(("expected", "answer", "left"), [("0x11", 1, 9), ("0x10", 0, 0x11)])
def test_atomic_try_compare_exchange(expected: str, answer: int, left: int) -> None:
    text = f"""\
_Bool atomic_long_try_cmpxchg();
int f(pte_t *p) {{ long old = {expected}; return atomic_long_try_cmpxchg((void *)p, &old, 9); }}
"""
    path = only(paths(text))
    assert (result(path), path.slot) == (answer, left)


def test_atomics_elsewhere_are_opaque() -> None:
    text = (
        "extern long v;\nvoid f(pte_t *p) { if (atomic_long_fetch_or(1, (void *)&v)) p->pte = 0; }"
    )
    assert {path.slot for path in paths(text)} == {0, 0x11}


# -- bits


@pytest.mark.parametrize(
    ("call", "returned", "left"),
    [
        ("set_bit(3, (void *)p)", None, 0x19),
        ("__set_bit(0, (void *)p)", None, 0x11),
        ("clear_bit(4, (void *)p)", None, 0x01),
        ("change_bit(4, (void *)p)", None, 0x01),
        ("test_bit(4, (void *)p)", 1, 0x11),
        ("test_bit(3, (void *)p)", 0, 0x11),
        ("test_and_clear_bit(0, (void *)p)", 1, 0x10),
        ("test_and_clear_bit(1, (void *)p)", 0, 0x11),
        ("test_and_set_bit(1, (void *)p)", 0, 0x13),
        ("test_and_change_bit(0, (void *)p)", 1, 0x10),
        ("arch_set_bit(63, (void *)p)", None, 0x8000000000000011),
        ("clear_bit_unlock(0, (unsigned long *)&p->pte)", None, 0x10),
    ],
)
def test_bit_operations(call: str, returned: int | None, left: int) -> None:
    text = f"int {call.partition('(')[0]}();\nint f(pte_t *p) {{ return {call}; }}"
    path = only(paths(text))
    assert path.slot == left
    assert returned is None or result(path) == returned


def test_bit_of_a_later_word() -> None:
    path = only(paths("void f(pte_t *p) { set_bit(64 + 3, (void *)p); }"))
    assert (path.slot, path.entries[3]) == (0x11, 8)


def test_bit_of_an_entry_by_number_is_found() -> None:
    path = only(
        paths("void f(pte_t *p) { unsigned long a = (unsigned long)p; set_bit(3, (void *)a); }")
    )
    assert path.slot == 0x19


@pytest.mark.parametrize("order", ["little", "big"])
def test_bit_operations_count_in_words(order: str) -> None:
    types = "typedef struct { unsigned long pte; } pte_t;\n"
    path = only(
        paths("void f(pte_t *p) { set_bit(3, (void *)p); }", order=order, types=types, bits=32)
    )
    assert path.slot == 0x19


@pytest.mark.parametrize(
    "body",
    [
        "set_bit(what(), (void *)p);",
        "set_bit(1, (void *)(p + what()));",
        "set_bit(-1000, (void *)p);",
    ],
)
def test_bits_that_are_not_known(body: str) -> None:
    assert unknown(paths(f"unsigned long what(void);\nvoid f(pte_t *p) {{ {body} }}"))


def test_bit_of_something_else_is_followed() -> None:
    text = """\
static void set_bit(int n, unsigned long *a) { *a |= 1UL << n; }
unsigned long f(pte_t *p) { unsigned long x = 0; set_bit(2, &x); return x; }
"""
    assert result(only(paths(text))) == 4


# -- static keys


def test_static_keys_go_both_ways_and_stay_apart() -> None:
    """evaluating.md, silent 3. Cure: the key's address is part of the choice."""
    text = """\
struct key { int enabled; };
extern struct key a, b;
_Bool __ptc_static_key();
int f(pte_t *p) { return (__ptc_static_key(&a) ? 1 : 0) + (__ptc_static_key(&b) ? 10 : 0); }
"""
    assert sorted(result(path) for path in paths(text)) == [0, 1, 10, 11]
    assert sorted(result(path) for path in paths(text.replace("&b", "&a"))) == [0, 11]


def test_static_keys_of_an_array_stay_apart() -> None:
    text = """\
struct key { int enabled; };
extern struct key keys[4];
_Bool __ptc_static_key();
int f(pte_t *p)
{
	return (__ptc_static_key(&keys[1]) ? 1 : 0) + (__ptc_static_key(&keys[2]) ? 10 : 0);
}
"""
    assert len(paths(text)) == 4


# -- hooks


@pytest.mark.parametrize(
    "name",
    [
        "page_table_check_pte_set", "page_table_check_ptes_set", "__page_table_check_ptes_set",
        "page_table_check_pmd_set", "page_table_check_pmds_set", "page_table_check_pud_clear",
        "__page_table_check_pmd_clear",
    ],
)  # fmt: skip
def test_names_of_hooks(name: str) -> None:
    assert Intrinsics.is_hook(name)


@pytest.mark.parametrize(
    "name",
    [
        "page_table_check_pte_clear_range", "page_table_check_alloc", "page_table_check_set",
        "my_page_table_check_pte_set", "page_table_check_pgd_set", "page_table_check_pte",
    ],
)  # fmt: skip
def test_names_of_no_hooks(name: str) -> None:
    assert not Intrinsics.is_hook(name)


def hooked(body: str) -> Path:
    text = f"{HOOKS}void f(pte_t *p, struct mm_struct *mm, unsigned long addr) {{ {body} }}"
    return only(paths(text, Opaque("mm", nonnull=True), s(0x1000, 64)))


def test_set_hook_says_what_the_slot_holds() -> None:
    path = hooked("page_table_check_ptes_set(mm, p, (pte_t) { 0x33 }, 2); p->pte = 0x33;")
    hook, store = path.events
    assert (hook.kind, hook.level, hook.index, hook.nr) == ("set", "pte", 2, 2)
    assert (hook.old, hook.new, hook.held) == (0x11, 0x33, (0x11, 0))
    assert hook.mm is not None
    assert repr(hook.mm) == "?mm"
    assert (store.kind, store.old, store.new) == ("store", 0x11, 0x33)


def test_set_hook_after_the_store_sees_the_new_entry() -> None:
    path = hooked("p->pte = 0x33; page_table_check_ptes_set(mm, p, (pte_t) { 0x33 }, 1);")
    assert path.events[1].old == 0x33


def test_clear_hook_is_given_an_entry() -> None:
    path = hooked("pte_t old = *p; p->pte = 0; page_table_check_pte_clear(mm, old);")
    hook = path.events[1]
    assert (hook.kind, hook.level, hook.new, hook.table) == ("clear", "pte", 0x11, None)


def test_hook_of_another_level() -> None:
    path = hooked("page_table_check_pmd_clear(mm, (pmd_t) { p->pte });")
    assert (path.events[0].level, path.events[0].new) == ("pmd", 0x11)


def test_hooks_with_an_address_before_the_slot() -> None:
    text = """\
void page_table_check_pte_set(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte);
void page_table_check_pte_clear(struct mm_struct *mm, unsigned long addr, pte_t pte);
void f(pte_t *p, struct mm_struct *mm)
{
	page_table_check_pte_set(mm, 0x5000, p, (pte_t) { 2 });
	page_table_check_pte_clear(mm, 0x6000, (pte_t) { 3 });
}
"""
    first, second = only(paths(text, Opaque("mm"))).events
    assert isinstance(first.address, Int)
    assert isinstance(second.address, Int)
    assert (first.index, first.new, first.nr, first.address.value) == (2, 2, 1, 0x5000)
    assert (second.new, second.address.value, second.arity) == (3, 0x6000, None)


@pytest.mark.parametrize(
    ("call", "arity"),
    [
        ("page_table_check_pte_clear(mm, *p)", None),
        ("page_table_check_pte_clear(mm, 0x1000, *p)", (3, 2)),
        ("page_table_check_ptes_set(mm, p, *p, 1)", None),
        ("page_table_check_ptes_set(mm, p, *p)", (3, 4)),
        ("page_table_check_pmd_set(mm, 0x1000, (pmd_t *)p, (pmd_t) { 1 })", (4, 3)),
    ],
)
def test_number_of_arguments_of_a_hook(call: str, arity: tuple[int, int] | None) -> None:
    path = hooked(f"{call};")
    assert path.events[0].arity == arity


@pytest.mark.parametrize(
    "call",
    [
        "page_table_check_pte_clear(mm, (pte_t) { what() })",
        "page_table_check_pte_clear(mm, unset)",
        "page_table_check_ptes_set(mm, p, (pte_t) { what() }, 1)",
        "page_table_check_ptes_set(mm, p, *p, what())",
        "page_table_check_ptes_set(mm, p + what(), *p, 1)",
        "page_table_check_ptes_set(mm, &unset, *p, 1)",
        "page_table_check_pte_clear(mm)",
        "page_table_check_pte_clear()",
    ],
)
def test_hook_that_is_given_something_unknown(call: str) -> None:
    text = f"""{HOOKS}
unsigned long what(void);
void f(pte_t *p, struct mm_struct *mm) {{ pte_t unset; {call}; }}
"""
    assert unknown(paths(text, Opaque("mm")))
