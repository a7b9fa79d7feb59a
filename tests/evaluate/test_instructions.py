# SPDX-License-Identifier: GPL-2.0-only
"""Assembler that is understood: loads, stores, retried exclusives, patched instructions."""

from __future__ import annotations

import pytest

from analyzer.evaluate.instructions import program
from analyzer.evaluate.values import Int
from tests.evaluate.lab import BASE, SLOT, machine, number, only, paths, unknown

NARROW = """\
typedef struct { unsigned long long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
"""


@pytest.mark.parametrize(
    "statement",
    [
        'asm volatile("stx %1, [%0]" : : "r" (p), "r" (0x99UL) : "memory");',
        'asm volatile("std %1,0(%0)" : : "r" ((unsigned long)p), "r" (0x99UL) : "memory");',
        'asm volatile("std%U0%X0 %1,%0" : "=m" (*p) : "r" (0x99UL));',
        'asm volatile("stdx %[new],0,%[at]" : : [new] "r" (0x99UL), [at] "b" (p) : "memory");',
        'asm volatile("std %1,-8(%0)" : : "r" (p + 1), "r" (0x99UL) : "memory");',
        (
            "unsigned long o, t;"
            ' asm volatile("1: ldarx %0,0,%3 # old\\n and. %1,%0,%5\\n bne- 1b\\n'
            ' andc %1,%0,%4\\n or %1,%1,%6\\n stdcx. %1,0,%3\\n bne- 1b"'
            ' : "=&r" (o), "=&r" (t), "=m" (*p)'
            ' : "r" (p), "r" (0x11UL), "r" (0x800UL), "r" (0x99UL) : "cc", "memory");'
        ),
        (
            'unsigned long o; asm volatile("1: lld %0,%1\\n or %0,%0,%2\\n scd %0,%1\\n beqz %0,1b"'
            ' : "=&r" (o), "+m" (p->pte) : "r" (0x88UL));'
        ),
        (
            'unsigned long o; asm volatile("1: ll.d %0,%1\\n beqz %0,2f\\n or %0,%0,%2\\n'
            ' sc.d %0,%1\\n beqz %0,1b\\n2: dbar 0"'
            ' : "=&r" (o), "+m" (p->pte) : "r" (0x88UL));'
        ),
    ],
)
def test_a_store_is_executed(statement: str) -> None:
    path = only(paths(f"void f(pte_t *p) {{ {statement} }}", old=0x11))
    assert path.slot == 0x99
    assert [event.kind for event in path.events] == ["store"]


UNLESS = (
    "unsigned long f(pte_t *p) { unsigned long o; asm volatile("
    '"1: ll.d %[o],%[b]\\n bnez %[o],2f\\n or %[o],%[o],%[g]\\n sc.d %[o],%[b]\\n'
    ' beqz %[o],1b\\n nop\\n2:\\n dbar 0"'
    ' : [b] "+m" (p->pte), [o] "=&r" (o) : [g] "r" (0x40UL)); return o; }'
)


@pytest.mark.parametrize(
    ("old", "left", "result", "stores"), [(0, 0x40, 1, ["store"]), (0x11, 0x11, 0x11, [])]
)
def test_a_store_that_is_branched_around(
    old: int, left: int, result: int, stores: list[str]
) -> None:
    path = only(paths(UNLESS, old=old))
    assert isinstance(path.result, Int)
    assert (path.slot, path.result.value) == (left, result)
    assert [event.kind for event in path.events] == stores


@pytest.mark.parametrize(
    ("before", "after"),
    [("bnez %[o],2f", "bnez %[o],3f"), ("bnez %[o],2f", "bnez %[g],2f"), ("2f", "1f")],
)
def test_a_branch_that_is_not_understood(before: str, after: str) -> None:
    """To a label that is not there, and on what nobody knows."""
    text = UNLESS.replace(before, after)
    if "%[g]" in after:
        text = text.replace("0x40UL", "ask()").replace("unsigned", "long ask(void); unsigned", 1)
    assert "assembler" in unknown(paths(text))


def test_the_old_value_is_what_was_loaded() -> None:
    path = only(
        paths(
            "unsigned long f(pte_t *p) { unsigned long o, t;"
            ' asm volatile("1: ldarx %0,0,%3\\n andc %1,%0,%4\\n stdcx. %1,0,%3\\n bne- 1b"'
            ' : "=&r" (o), "=&r" (t), "+m" (*p) : "r" (p), "r" (0x10UL) : "cc");'
            " return o; }",
            old=0x11,
        )
    )
    assert isinstance(path.result, Int)
    assert (path.result.value, path.slot) == (0x11, 0x01)


def test_words_of_a_wide_entry() -> None:
    """A 64-bit entry of a 32-bit machine is stored in two halves, the high one first."""
    path = only(
        paths(
            "void f(pte_t *p, pte_t v) {"
            ' asm volatile("stw%X0 %2,%0\\n eieio\\n stw%X1 %L2,%1"'
            ' : "=m" (*p), "=m" (*((unsigned char *)p + 4)) : "r" (v.pte) : "memory"); }',
            Int(0x1234_5678_9ABC_DEF0, 64, False),
            bits=32,
            order="big",
            types=NARROW,
        )
    )
    assert path.slot == 0x1234_5678_9ABC_DEF0


def test_half_an_entry_is_not_all_of_it() -> None:
    reason = unknown(paths('void f(pte_t *p) { asm("stw %1,%0" : "=m" (*p) : "r" (1)); }'))
    assert "writes an entry" in reason


def test_exchange() -> None:
    path = only(
        paths(
            "unsigned long f(pte_t *p, unsigned long v) {"
            ' asm volatile("swap [%2], %0" : "=&r" (v) : "0" (v), "r" (p) : "memory"); return v; }',
            Int(0x99, 32, False),
            bits=32,
            types=NARROW.replace("long long", "long"),
        )
    )
    assert isinstance(path.result, Int)
    assert (path.result.value, path.slot) == (0x11, 0x99)


def test_results_may_stand_last() -> None:
    """Which reading holds is seen at the instruction that allows one only."""
    text = (
        'unsigned long f(unsigned long v) { asm("sethi %%hi(%1), %0\\n or %0, %%lo(%1), %0"'
        ' : "=r" (v) : "i" (0x12345678)); return v; }'
    )
    assert number(text, Int(0, 64, False)) == 0x1234_5678


def test_two_readings_are_none() -> None:
    """`andn a, b, c` alone does not say which operand is the result."""
    it = machine(
        'unsigned long f(unsigned long v) { asm("andn %0, %1, %0" : "+r" (v) : "r" (3UL));'
        " return v; }"
    )
    assert not isinstance(it.call("f", [Int(1, 64, False)]), Int)


def test_patched_instructions_run_both_ways() -> None:
    text = (
        "void f(pte_t *p, unsigned long v) { unsigned long m;"
        ' asm("\\n661: mov %1, %0\\n nop\\n .section .new_2insn_patch, \\"ax\\"\\n'
        ' .word 661b\\n sethi %%uhi(%2), %0\\n sllx %0, 32, %0\\n .previous\\n"'
        ' : "=r" (m) : "i" (0x800), "i" (0x200000000000000));'
        " p->pte = v | m; }"
    )
    found = paths(text, Int(1, 64, False))
    assert {path.slot for path in found} == {0x801, 0x0200_0000_0000_0001}
    assert {path.choices[0][0] for path in found} == {"asm patched by .new_2insn_patch"}


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ('asm volatile("ipte %[a],%1,0,0" : "+m" (*p) : "a" (0UL), [a] "a" (p));', 0x411),
        (
            'unsigned long o = 0; asm("ipte %2,%3,%0,0" : "+a" (o), "+m" (*p) : "a" (p), "a" (0));',
            0x411,
        ),
        (
            'asm(".insn rrf,0xb2210000,%[a],%1,0,0" : "+m" (*p) : "a" (0UL), [a] "a" (p));',
            0x411,
        ),
        (
            'long o = 0; asm(".insn rrf,0xb2210000,%1,%2,%0,0" : "+a" (o) : "a" (p), "a" (0));',
            0x411,
        ),
        (
            'asm(".insn rrf,0xb98e0000,%0,%1,0,0" : "+m" (*p) : "a" (p), "a" (0UL));',
            0x31,
        ),
        ('asm volatile("idte %0,0,%1,0" : "+m" (*p) : "a" (p), "a" (0UL));', 0x31),
        (
            'asm volatile(".insn rrf,0xb98b0000,%1,%2,%%r0,0" : "+m" (*p) : "a" (p), "a" (0UL));',
            0x11,
        ),
    ],
)
def test_rows_for_what_no_operand_says(statement: str, wanted: int) -> None:
    path = only(paths(f"void f(pte_t *p) {{ {statement} }}", old=0x11, order="big"))
    assert path.slot == wanted


def test_a_range_of_entries_is_invalidated() -> None:
    path = only(
        paths(
            "void f(pte_t *p) { unsigned long n = 2, v = 0;"
            ' do { asm volatile("ipte %[a],%[b],%[c],0" : [b] "+a" (v), [c] "+a" (n)'
            ' : [a] "a" (p) : "memory"); } while (n != 255); }',
            order="big",
        )
    )
    assert path.entries[SLOT : SLOT + 4] == (0x411, 0x400, 0x400, 0)


def test_compare_and_swap_of_a_pair() -> None:
    text = (
        "union pair { unsigned __int128 pair; struct { unsigned long even, odd; }; };"
        "int f(pte_t *p, unsigned long o) { union pair r = { .even = o, .odd = 0x99 };"
        ' asm volatile("cspg %[r],%[a]" : [r] "+&d" (r.pair), "+m" (*p)'
        ' : [a] "d" ((unsigned long)p | 1) : "cc"); return o == r.even; }'
    )
    taken = only(paths(text, Int(0x11, 64, False), order="big"))
    assert isinstance(taken.result, Int)
    assert (taken.slot, taken.result.value) == (0x99, 1)


@pytest.mark.parametrize("name", ["cspg\t", ".insn rre,0xb98a0000,"])
@pytest.mark.parametrize(("old", "wanted"), [(0x11, 0x99), (0x12, 0x12)])
def test_compare_and_swap_of_two_variables(name: str, old: int, wanted: int) -> None:
    text = (
        'void f(pte_t *p) { register unsigned long even asm("2") = 0x11;'
        ' register unsigned long odd asm("3") = 0x99;'
        f' asm volatile("{name} %0,%3" : "+d" (even), "+m" (*p)'
        ' : "d" (odd), "d" ((unsigned long)p | 1) : "cc"); }'
    )
    assert only(paths(text, old=old, order="big")).slot == wanted


def test_compare_and_swap_with_an_input_too_many() -> None:
    text = (
        "void f(pte_t *p) { unsigned long even = 0x11, odd = 0x99, more = 1;"
        ' asm volatile("cspg %0,%4" : "+d" (even), "+m" (*p)'
        ' : "d" (odd), "d" (more), "d" ((unsigned long)p | 1) : "cc"); }'
    )
    assert "assembler" in unknown(paths(text, old=0x11, order="big"))


WIDE = "typedef struct { unsigned long long pte; } pte_t;\n"
LISTED = r".section .places,\"a\"\n.balign 4\n.long 7f - .\n.previous\n7: lock; "


@pytest.mark.parametrize("prefix", ["", "lock; ", LISTED])
@pytest.mark.parametrize("expected", ["p->pte", "0x1100000012ULL", "n"])
def test_eight_bytes_are_exchanged_by_two_registers(prefix: str, expected: str) -> None:
    """Where memory holds something else it is tried again with that, and succeeds."""
    text = (
        "void f(pte_t *p, unsigned long long n) { unsigned int low = n, high = n >> 32;"
        f" unsigned long long prev = {expected};"
        f' asm volatile("\\n1:\\t{prefix}cmpxchg8b %0\\n\\tjnz 1b" : "=m" (p->pte), "+A" (prev)'
        ' : "b" (low), "c" (high) : "memory"); }'
    )
    given = Int(0x99_0000_0077, 64, False)
    path = only(paths(text, given, old=0x11_0000_0012, bits=32, types=WIDE))
    assert path.slot == 0x99_0000_0077


@pytest.mark.parametrize(("expected", "wanted"), [(0x11_0000_0012, 0x77), (0x12, 0x11_0000_0012)])
def test_an_exchange_of_eight_bytes_that_is_not_tried_again(expected: int, wanted: int) -> None:
    text = (
        "unsigned long long f(pte_t *p) {"
        f" unsigned long long prev = {expected:#x}ULL;"
        ' asm volatile("lock; cmpxchg8b %1" : "+A" (prev), "+m" (p->pte)'
        ' : "b" (0x77u), "c" (0u) : "memory"); return prev; }'
    )
    path = only(paths(text, old=0x11_0000_0012, bits=32, types=WIDE))
    assert path.slot == wanted
    assert isinstance(path.result, Int)
    assert path.result.value == 0x11_0000_0012


def test_eight_bytes_without_their_registers_are_not_exchanged() -> None:
    text = (
        "void f(pte_t *p) { unsigned long long prev = p->pte;"
        ' asm volatile("cmpxchg8b %0" : "+m" (p->pte), "+A" (prev) : "b" (1u) : "memory"); }'
    )
    assert "assembler" in unknown(paths(text, bits=32, types=WIDE))


@pytest.mark.parametrize(
    "text",
    [
        ".word 1",
        ".section a; .long 1; y",
        "1: nop; .section a; .word 1b; x; .section b; y",
        "1: nop; nop; .section a; .word 1b; x; .previous; .section b; y",
    ],
)
def test_no_program(text: str) -> None:
    assert program(text) is None


def test_nothing_happens_before_all_is_understood() -> None:
    reason = unknown(
        paths(
            "void f(pte_t *p) {"
            ' asm volatile("stx %1,[%0]\\n frobnicate %0" : : "r" (p), "r" (9UL) : "memory"); }'
        )
    )
    assert "entry" in reason
    assert BASE[64]
