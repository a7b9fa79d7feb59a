# SPDX-License-Identifier: GPL-2.0-only
"""Inline assembly is never guessed at (what is understood: test_instructions)."""

from __future__ import annotations

import pytest

from analyzer.evaluate.inline_asm import default_arm
from analyzer.evaluate.values import Int, Opaque
from tests.evaluate.lab import only, paths, unknown


@pytest.mark.parametrize(
    "statement",
    [
        'asm volatile("put %1,%0" : "=m" (*p) : "r" (1UL));',
        'asm volatile("or %1,%0" : "+m" (p->pte) : "r" (1UL));',
        'asm volatile("put %1,0(%0)" : : "r" (p), "r" (1UL) : "memory");',
        'asm volatile("put %1,0(%0)" : : "r" (&p->pte), "r" (1UL) : "memory");',
        'asm volatile("put %1,0(%0)" : : "r" ((unsigned long)p), "r" (1UL) : "memory");',
        'asm volatile("put %1,%0" : "=Q" (*p) : "r" (1UL));',
        'asm volatile("put %1,%0" : [slot] "=m" (*(unsigned int *)p) : "r" (1UL));',
        'asm volatile("bts %1,%0" : : "m" (*(volatile long *)p), "r" (3UL) : "memory");',
        'asm volatile("bts %1,%0" : : "m" (p->pte), "r" (3UL) : "memory", "cc");',
        (
            'int c; asm volatile("bts %2,%1; setc %0" : "=qm" (c) : "m" (p->pte), "r" (3UL) :'
            ' "memory");'
        ),
        'asm volatile(".insn rre,0xb98a0000,%0,%1" : : "a" (p), "d" (1UL) : "memory");',
        'asm volatile(".insn r 0x33, 0, 0, %0, %0, %1" : : "r" (p), "r" (1UL) : "memory");',
        'asm volatile(".inst 0xd5033b9f" : : "r" (p) : "memory");',
        'asm volatile(".long 0x1234" : : "r" (p) : "memory");',
        'asm volatile(".byte 0x0f, 0x01" : : "a" (p) : "memory");',
        'asm volatile(".4byte 0x1234" : "+m" (*p));',
        (
            'asm volatile("1: nop\\n2:\\n.pushsection .alt\\n st %1,%0\\n.popsection" : "=m" (*p) :'
            ' "r" (1UL));'
        ),
        (
            "unsigned long a = (unsigned long)p;"
            ' asm volatile("put %1,0(%0)" : "+r" (a) : "r" (1UL) : "memory");'
        ),
        'struct { pte_t *q; } b = { p }; asm volatile("x %0" : : "r" (&b) : "memory");',
        'asm goto("x %0" : : "r" (p) : "memory" : out); out: ;',
    ],
)
def test_entry_given_to_the_assembler_is_unknown(statement: str) -> None:
    """Stored through an operand, by address, or by directives that emit instructions."""
    reason = unknown(paths(f"void f(pte_t *p) {{ {statement} }}"))
    assert "assembler" in reason or "unknown" in reason


@pytest.mark.parametrize(
    "statement",
    [
        'asm volatile("" : : : "memory");',
        'asm volatile("fence" : : : "memory");',
        'asm volatile("" : "+r" (v));',
        'asm volatile("tlbi %0" : : "r" (v) : "memory");',
        'asm volatile("" : : "r" (p) : "memory");',
        'asm volatile("ld %0,%1" : "=r" (other) : "m" (local));',
    ],
)
def test_harmless(statement: str) -> None:
    text = f"void f(pte_t *p) {{ unsigned long v = 5, other, local = 3; {statement} p->pte = v; }}"
    assert only(paths(text)).slot == 5


def test_empty_template_passes_its_input_on() -> None:
    text = (
        'unsigned long f(pte_t *p) { unsigned long r; asm("" : "=r" (r) : "0" (7UL)); return r; }'
    )
    found = only(paths(text)).result
    assert isinstance(found, Int)
    assert found.value == 7


def test_outputs_are_unknown() -> None:
    """They fork where they decide something, and make an entry unknown."""
    text = (
        'void f(pte_t *p) { unsigned long r = 1; asm("mov %0, x" : "=r" (r)); if (r) p->pte = 0; }'
    )
    assert {path.slot for path in paths(text)} == {0, 0x11}
    stored = 'void f(pte_t *p) { unsigned long r = 1; asm("inc %0" : "+r" (r)); p->pte = r; }'
    assert unknown(paths(stored))


@pytest.mark.parametrize(
    "template",
    [".insn r 0x33, 0, 0, %0, %0, %0", ".inst 0x123", ".word 1", ".hword 1, 2", "add %0, 1"],
)
def test_in_out_operand_of_an_instruction_is_changed(template: str) -> None:
    text = f'void f(pte_t *p) {{ unsigned long r = 1; asm("{template}" : "+r" (r)); p->pte = r; }}'
    assert unknown(paths(text))


@pytest.mark.parametrize("labels", [1, 2])
def test_every_label_may_be_taken(labels: int) -> None:
    """evaluating.md, silent 4. Cure: the labels of `asm goto` are ways of a choice."""
    names = ["one", "two"][:labels]
    arms = "".join(f"{name}: p->pte = {i}; return;" for i, name in enumerate(names, 1))
    text = f"""\
void f(pte_t *p)
{{
	asm goto("1: nop" : : "i" (4) : : {", ".join(names)});
	p->pte = 9;
	return;
	{arms}
}}
"""
    assert {path.slot for path in paths(text)} == {9, *range(1, labels + 1)}


def test_two_asm_gotos_with_other_inputs_are_independent() -> None:
    def test(number: int) -> str:
        return (
            f'static int has{number}(void) {{ asm goto("1: nop" : : "i" ({number}) : : yes);'
            f" return 0; yes: return 1; }}\n"
        )

    text = test(1) + test(2) + "int f(pte_t *p) { return has1() * 10 + has2(); }"
    assert sorted(p.result.value for p in paths(text) if isinstance(p.result, Int)) == [
        0,
        1,
        10,
        11,
    ]


def test_same_asm_goto_agrees_with_itself() -> None:
    text = """\
static int has(void) { asm goto("1: nop" : : "i" (1) : : yes); return 0; yes: return 1; }
int f(pte_t *p) { return has() * 10 + has(); }
"""
    assert sorted(p.result.value for p in paths(text) if isinstance(p.result, Int)) == [0, 11]


def test_asm_goto_that_retries_ends() -> None:
    text = 'void f(pte_t *p) { again: asm goto("ll/sc" : : "i" (1) : : again); p->pte = 1; }'
    found = paths(text)
    assert any(path.slot == 1 for path in found)
    assert all(path.slot == 1 or path.unknown or path.ends for path in found)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("", ""),
        ("nop", ""),
        ("\\n\\t", ""),
        (".p2align 4", ""),
        (".insn r 0x33", None),
        (".word 5", None),
        ("mov %0, 1", None),
        ("661: nop\\n662:\\n.pushsection .altinstructions\\n.popsection", ""),
        ("1:\\tli %0, 5\\n2:\\n.pushsection .alt\\n li %0, 6\\n.popsection", "li %0, 5"),
        ("1: a\\n b\\n2:\\n.pushsection .alt\\n.popsection", None),
    ],
)
def test_default_arm(template: str, wanted: str | None) -> None:
    assert default_arm(template) == wanted


def test_patched_constant() -> None:
    """The default of a run-time patched `load immediate` is its value."""
    text = """\
void f(pte_t *p)
{
	unsigned long r;

	asm("1:\\tli %0, 5\\n2:\\n.pushsection .alt\\n li %0, 6\\n.popsection" : "=r" (r));
	p->pte = r;
}
"""
    found = paths(text)
    assert {path.slot for path in found} == {5} or all(path.unknown for path in found)


COMPARE_AND_SWAP = r"""
static unsigned long swap(volatile unsigned long *p, unsigned long old, unsigned long new)
{
	unsigned long prev;
	__asm__ ("1: ldarx %0,0,%2\n cmpd 0,%0,%3\n bne- 2f\n stdcx. %4,0,%2\n bne- 1b\n2:"
		: "=&r" (prev), "+m" (*p) : "r" (p), "r" (old), "r" (new) : "cc", "memory");
	return prev;
}
"""


@pytest.mark.parametrize(("expected", "left"), [(0x11, 0x55), (0x12, 0x11)])
def test_a_compare_and_swap_in_a_loop(expected: int, left: int) -> None:
    """powerpc's pte_xchg(): a branch past the store where another value stands there."""
    text = COMPARE_AND_SWAP + (
        f"unsigned long f(pte_t *p) {{ return swap((unsigned long *)p, {expected}, 0x55); }}"
    )
    path = only(paths(text, old=0x11))
    assert path.slot == left
    assert isinstance(path.result, Int)
    assert path.result.value == 0x11
    text = COMPARE_AND_SWAP + (
        "unsigned long f(pte_t *p, unsigned long x) { return swap((unsigned long *)p, x, 0x55); }"
    )
    assert "assembler writes" in unknown(paths(text, Opaque("x")))


LOCK = r"""
static unsigned long lock(unsigned long *word)
{
	unsigned long old, new;
	asm("	lg	%0,%2\n0:	lgr	%1,%0\n	nihh	%0,0xff7f\n	oihh	%1,0x0080\n"
		"	csg	%0,%1,%2\n	jl	0b\n"
		: "=&d" (old), "=&d" (new), "=Q" (*word) : "Q" (*word) : "cc", "memory");
	return new;
}
static void unlock(unsigned long *word, unsigned long value)
{
	asm("	nihh	%1,0xff7f\n	stg	%1,%0\n" : "=Q" (*word) : "d" (value), "Q" (*word) : "cc");
}
"""
BIT = 0x0080 << 48


def test_an_exchange_that_is_tried_until_it_succeeds() -> None:
    """A lock in a bit of a word beside the entry, as s390 has it: taken, and given back."""
    text = LOCK + "unsigned long f(pte_t *p) { return lock((unsigned long *)p); }"
    path = only(paths(text, old=0x11))
    assert (path.slot, repr(path.result)) == (BIT | 0x11, hex(BIT | 0x11))
    text = LOCK + "void f(pte_t *p) { unlock((unsigned long *)p, lock((unsigned long *)p)); }"
    assert only(paths(text, old=0x11)).slot == 0x11


def test_an_exchange_that_never_succeeds_is_not_read() -> None:
    """The lock is held in the entry, and nobody here gives it back."""
    text = LOCK + "unsigned long f(pte_t *p) { return lock((unsigned long *)p); }"
    assert "assembler writes" in unknown(paths(text, old=BIT | 0x11))


@pytest.mark.parametrize(("expected", "left", "result"), [(0x11, 0x55, 0x11), (0x12, 0x11, 0x11)])
def test_an_exchange_that_is_tried_once(expected: int, left: int, result: int) -> None:
    swap = 'asm("csg %0,%1,%2" : "+d" (old), "+d" (new), "+Q" (*(unsigned long *)p) : : "cc");'
    text = (
        f"unsigned long f(pte_t *p) {{ unsigned long old = {expected}, new = 0x55; {swap}"
        " return old; }"
    )
    path = only(paths(text, old=0x11))
    assert (path.slot, repr(path.result)) == (left, hex(result))
    text = f"void f(pte_t *p, unsigned long old) {{ unsigned long new = 0x55; {swap} }}"
    assert "assembler writes" in unknown(paths(text, Opaque("x")))


@pytest.mark.parametrize(
    ("instruction", "wanted"),
    [("nilh", 0x20005), ("oill", 0xFFFF0007), ("oihl", 0x2_FFFF_0005), ("nihh", 0xFFFF0005)],
)
def test_halves_of_registers(instruction: str, wanted: int) -> None:
    """AND keeps the other halfwords; OR changes one."""
    text = (
        "void f(pte_t *p) { unsigned long v = 0xffff0005;"
        f' asm("{instruction} %0,0x2\\n" : "+d" (v)); '
        " p->pte = v; }"
    )
    assert only(paths(text)).slot == wanted
