# SPDX-License-Identifier: GPL-2.0-only
"""Calls: what is followed, what is skipped, and what must not be given an entry's address."""

from __future__ import annotations

import pytest

from analyzer.evaluate.values import Int, Opaque, PathEnds, Unjudged
from tests.evaluate.lab import HOOKS, machine, number, only, paths, s, u, unknown, value

# -- an entry's address leaves what can be seen


@pytest.mark.parametrize(
    "handed",
    [
        "out(p);",
        "out((void *)p);",
        "out(p + 1);",
        "out(&p->pte);",
        "out((unsigned long *)p);",
        "word((unsigned long)p);",
        "word((unsigned long)(p + 1));",
        "word((unsigned long)p & ~7UL);",
        "word((unsigned long)p | 1);",
        "word((unsigned long)p + 8);",
        "word((unsigned long)p - 0x700000UL);",
        "word((unsigned long)p - offset);",
        "unsigned long a = (unsigned long)p - 0x700000UL; word(a);",
        "unsigned long a = (unsigned long)p; a -= 0x700000UL; word(a);",
        "handed_on((unsigned long)p - 0x700000UL);",
        "struct number n = { 0, (unsigned long)p - 0x700000UL }; out(&n);",
        "struct number n = { (unsigned long)p - offset, 0 }; numbered(n);",
        "word(((unsigned long)p - offset) >> 3 << 3);",
        "word((unsigned long)p ^ offset);",
        "wide((unsigned long long)(unsigned long)p);",
        "out(p + offset);",
        "out(&p[offset]);",
        "pte_t *q = p; out(&q);",
        "struct box b = { p }; out(&b);",
        "struct box b; b.slot = p; out(&b);",
        "struct box b = { p }; boxed(b);",
        "struct number n; n.a = 0; n.slot = (unsigned long)p; out(&n);",
        "struct number n = { 1, (unsigned long)p }; numbered(n);",
        "struct number n[2] = { { 0, 1 }, { 0, (unsigned long)p } }; out(n);",
        "struct box b = { p }; struct deep d = { &b }; out(&d);",
        "struct box b = { p }; struct deep d = { &b }; struct deeper e = { &d }; out(&e);",
        "pte_t *q[2] = { 0, p }; out(q);",
        "through(p);",
        "(*through)(p);",
        "table.op(p);",
        "undeclared(p);",
        "__builtin_nontemporal_store(1UL, &p->pte);",
        "__builtin_frob((unsigned long)p);",
        "__sync_fetch_and_or(&p->pte, 1UL);",
        "__atomic_store_n(&p->pte, 1UL, 0);",
        "memcpy(p, p + 1, 8);",
        "memset(p, 0, 8);",
        "__builtin_memset(p, 0, 8);",
        "pte_t x; memcpy(&x, p, 8); out(&x);",
        'printer("%p", 1); out(p);',
    ],
)
@pytest.mark.parametrize("bits", [32, 64])
def test_entry_given_away_is_unknown(handed: str, bits: int) -> None:
    """evaluating.md, silent 5. Cures: an address is looked for in pointers, in numbers that are
    or were derived from one, in structures by value and by reference, however deep."""
    text = f"""\
struct box {{ pte_t *slot; }};
struct number {{ unsigned long a, slot; }};
struct deep {{ struct box *box; }};
struct deeper {{ struct deep *deep; }};
struct ops {{ void (*op)(pte_t *); }};
extern struct ops table;
extern void (*through)(pte_t *);
extern unsigned long offset;
void out(void *x);
void boxed(struct box b);
void numbered(struct number n);
void word(unsigned long x);
void wide(unsigned long long x);
void *memcpy(void *, const void *, unsigned long);
void *memset(void *, int, unsigned long);
int printer(const char *, ...);
static void handed_on(unsigned long x) {{ word(x); }}
void f(pte_t *p) {{ {handed} }}
"""
    found = paths(text, bits=bits)
    assert all(path.unknown for path in found), found


@pytest.mark.parametrize("offset", ["0x700000UL", "offset"])
def test_store_through_an_alias_of_the_entry_is_unknown(offset: str) -> None:
    text = f"""\
extern unsigned long offset;
void f(pte_t *p) {{ unsigned long a = (unsigned long)p + {offset}; *(unsigned long *)a = 1; }}
"""
    assert unknown(paths(text))


def test_address_that_comes_back_is_the_entry() -> None:
    text = """\
void f(pte_t *p)
{
	unsigned long a = (unsigned long)p - 0x700000UL;

	a += 0x700000UL;
	*(unsigned long *)a = 1;
}
"""
    assert only(paths(text)).slot == 1


@pytest.mark.parametrize(
    "handed",
    [
        'printer("%p", p);',
        "word(p->pte);",
        "word(p->pte & ~7UL);",
        "word(p == (pte_t *)0);",
        "pte_t x = *p; out(&x);",
        "__builtin_prefetch(p);",
        "word(__builtin_popcountl(p->pte));",
        "word(sizeof(*p));",
    ],
)
def test_contents_may_be_given_away(handed: str) -> None:
    text = f"""\
void out(void *x);
void word(unsigned long x);
int printer(const char *, ...);
void f(pte_t *p) {{ {handed} p->pte = 1; }}
"""
    assert only(paths(text)).slot == 1


def test_unseen_function_is_opaque() -> None:
    text = "long g(long);\nvoid f(pte_t *p) { if (g(1) == 2) p->pte = 5; }"
    assert {path.slot for path in paths(text)} == {5, 0x11}
    assert "unknown value is stored" in unknown(
        paths("long g(void);\nvoid f(pte_t *p) { p->pte = g(); }")
    )


@pytest.mark.parametrize(
    "kind", ["int x = 1; get(&x);", "struct { int x; } w = { 1 }; get(&w); int x = w.x;"]
)
def test_unseen_function_may_write_what_it_is_pointed_to(kind: str) -> None:
    text = f"void get(void *);\nvoid f(pte_t *p) {{ {kind} if (x == 2) p->pte = 0; }}"
    assert {path.slot for path in paths(text)} == {0, 0x11}


def test_unseen_function_may_write_a_pointer() -> None:
    text = "int get(int, int **);\nvoid f(pte_t *p) { int *q = 0; get(1, &q); if (q) p->pte = 0; }"
    assert {path.slot for path in paths(text)} == {0, 0x11}


def test_function_that_was_left_half_way_may_have_written() -> None:
    """A callee that cannot be followed to its end is opaque, and so is what it could write."""
    text = """\
static int g(int *a) { *a = 5; return 1.5; }
void f(pte_t *p) { int x = 1; g(&x); if (x == 1) p->pte = 7; else p->pte = 8; }
"""
    found = paths(text)
    assert {path.slot for path in found} >= {8} or all(path.unknown for path in found)


@pytest.mark.parametrize("loop", ["f2(x + 1)", "f2(x)"])
def test_recursion_with_the_entry_is_unknown(loop: str) -> None:
    text = f"static void f2(pte_t *x) {{ {loop}; }}\nvoid f(pte_t *p) {{ f2(p); p->pte = 1; }}"
    assert unknown(paths(text))


def test_recursion_that_ends() -> None:
    assert number("int f(int n) { return n ? n + f(n - 1) : 0; }", s(10)) == 55


def test_recursion_without_the_entry_is_opaque() -> None:
    text = "static int g(int x) { return g(x + 1); }\nvoid f(pte_t *p) { if (g(0)) p->pte = 1; }"
    found = paths(text)
    assert {path.slot for path in found} == {1, 0x11} or all(path.unknown for path in found)


CHANGES = """\
typedef struct { long counter; } atomic_long_t;
struct wrap { unsigned long *to; };
struct twice { struct wrap *to; };
void out(void *);
unsigned long what(void);
void *memcpy(void *, const void *, unsigned long);
static void seven(unsigned long *to) { *to = 7; }
"""


@pytest.mark.parametrize(
    "change",
    [
        "out(&x);",
        "out((void *)&x);",
        "struct wrap w = { &x }; out(&w);",
        "struct wrap w = { &x }; struct twice t = { &w }; out(&t);",
        "unsigned long a = (unsigned long)&x; out((void *)a);",
        "unsigned long y = 4; memcpy(&x, &y, 8);",
        "unsigned long *q = &x; q[what()] = 4;",
        "*(&x + what()) = 4;",
        "seven(&x + what());",
        "atomic_long_set((atomic_long_t *)&x, 4);",
        "atomic_long_or(4, (atomic_long_t *)&x);",
        'asm volatile("st %0" : : "r" (&x) : "memory");',
        'asm volatile("inc %0" : : "m" (x) : "memory");',
        'asm volatile("inc %0" : "+m" (x));',
        'asm volatile("inc %0" : "+r" (x));',
        "__builtin_add_overflow(x, 1, &x);",
    ],
)
def test_local_that_may_have_changed_is_not_known(change: str) -> None:
    """Its old value must neither be stored to an entry nor decide a condition."""
    stored = paths(f"{CHANGES}void f(pte_t *p) {{ unsigned long x = 3; {change} p->pte = x; }}")
    assert all(path.unknown or path.slot in (4, 7) for path in stored)
    decided = paths(
        f"{CHANGES}void f(pte_t *p) {{ unsigned long x = 3; {change} if (x != 3) p->pte = 0; }}"
    )
    assert 0 in {path.slot for path in decided} or all(path.unknown for path in decided)


def test_array_with_an_unknown_index() -> None:
    text = f"""{CHANGES}
void f(pte_t *p) {{ pte_t a[2] = {{ {{ 1 }}, {{ 2 }} }}; a[what() & 1].pte = 7; *p = a[0]; }}
"""
    assert unknown(paths(text))


@pytest.mark.parametrize("call", ["static void change(void) { state = 1; }", "void change(void);"])
def test_global_that_may_have_changed_is_not_known(call: str) -> None:
    text = f"""\
int state;
{call}
void f(pte_t *p) {{ state = 0; change(); if (state) p->pte = 0; }}
"""
    assert 0 in {path.slot for path in paths(text)}


def test_something_unknown_that_was_changed() -> None:
    text = """\
struct mm { int a; };
void f(pte_t *p, struct mm *m)
{
	int first = 0;

	if (!m->a) {
		m->a = 1;
		first = 1;
	}
	if (m->a && first)
		p->pte = 0;
}
"""
    assert 0 in {path.slot for path in paths(text, Opaque("m", nonnull=True))}


# -- what is skipped


def test_void_function_without_the_entry_is_skipped() -> None:
    """Its body cannot be followed, and need not be."""
    text = (
        "static void flush(unsigned long a) { for (;;) ; }\n"
        "void f(pte_t *p) { flush(1); p->pte = 1; }"
    )
    assert only(paths(text)).slot == 1


def test_function_that_reaches_a_hook_is_not_skipped() -> None:
    text = f"""{HOOKS}
static void inner(struct mm_struct *mm, pte_t v) {{ page_table_check_pte_clear(mm, v); }}
static void outer(struct mm_struct *mm, pte_t v) {{ inner(mm, v); }}
void f(pte_t *p, struct mm_struct *mm) {{ outer(mm, *p); }}
"""
    path = only(paths(text, Opaque("mm")))
    assert [(e.kind, e.level, e.new) for e in path.events] == [("clear", "pte", 0x11)]
    assert [frame.function for frame in path.events[0].stack] == ["f", "outer", "inner"]


def test_function_that_reaches_a_hook_in_a_circle_is_not_skipped() -> None:
    text = f"""{HOOKS}
static void a(struct mm_struct *mm, pte_t v, int n);
static void b(struct mm_struct *mm, pte_t v, int n) {{ if (n) a(mm, v, n - 1); }}
static void a(struct mm_struct *mm, pte_t v, int n)
{{
	b(mm, v, n);
	if (!n)
		page_table_check_pte_clear(mm, v);
}}
void f(pte_t *p, struct mm_struct *mm) {{ b(mm, *p, 0); a(mm, *p, 1); }}
"""
    assert len(only(paths(text, Opaque("mm"))).events) == 1


def test_function_with_the_entry_is_not_skipped() -> None:
    text = "static void g(pte_t *q) { q->pte = 1; }\nvoid f(pte_t *p) { g(p); }"
    assert only(paths(text)).slot == 1


def test_function_with_the_entry_as_a_number_is_not_skipped() -> None:
    text = (
        "static void g(unsigned long a) { *(unsigned long *)a = 1; }\n"
        "void f(pte_t *p) { g((unsigned long)p); }"
    )
    assert only(paths(text)).slot == 1


@pytest.mark.parametrize("given", ["&x", "(void *)&x", "&w"])
def test_function_with_a_local_is_not_skipped(given: str) -> None:
    store = "*w->to = 9;" if given == "&w" else "*(int *)a = 9;"
    text = f"""\
struct wrap {{ int *to; }};
static void set(void *a) {{ struct wrap *w = a; {store} }}
int f(void) {{ int x = 1; struct wrap w = {{ &x }}; set({given}); return x; }}
"""
    assert number(text) == 9


def test_function_with_a_local_as_a_number_is_not_skipped() -> None:
    text = """\
static void set(unsigned long a) { *(int *)a = 9; }
int f(void) { int x = 1; set((unsigned long)&x); return x; }
"""
    assert number(text) == 9


def test_function_with_a_result_is_followed() -> None:
    assert number("static int g(int a) { return a + 1; }\nint f(void) { return g(2); }") == 3


# -- function pointers


@pytest.mark.parametrize(
    "body",
    [
        "void (*op)(pte_t *) = set; op(p);",
        "void (*op)(pte_t *) = &set; (*op)(p);",
        "(set)(p);",
        "(*set)(p);",
        "(1 ? set : other)(p);",
        "struct ops o = { .op = set }; o.op(p);",
        "struct ops o = { set }; struct ops *q = &o; q->op(p);",
        "constant.op(p);",
        "apply(set, p);",
        "void (*table_[2])(pte_t *) = { other, set }; table_[1](p);",
    ],
)
def test_function_pointers(body: str) -> None:
    text = f"""\
struct ops {{ void (*op)(pte_t *); }};
static void set(pte_t *q) {{ q->pte = 7; }}
static void other(pte_t *q) {{ q->pte = 8; }}
static const struct ops constant = {{ .op = set }};
static void apply(void (*op)(pte_t *), pte_t *q) {{ op(q); }}
void f(pte_t *p) {{ {body} }}
"""
    assert only(paths(text)).slot == 7


def test_function_pointers_compared() -> None:
    text = """\
static void a(void) { }
static void b(void) { }
int f(void) { void (*x)(void) = a; return (x == a) * 100 + (x != b) * 10 + (x ? 1 : 0); }
"""
    assert number(text) == 111


def test_parameter_hides_a_function() -> None:
    text = """\
static void set(pte_t *q) { q->pte = 7; }
static void other(pte_t *q) { q->pte = 8; }
static void apply(void (*set)(pte_t *), pte_t *q) { set(q); }
void f(pte_t *p) { apply(other, p); }
"""
    assert only(paths(text)).slot == 8


# -- conversions at a call


def test_arguments_and_results_are_converted() -> None:
    text = """\
static unsigned char low(unsigned char x) { return x + 1; }
int f(void) { return low(0x1ff); }
"""
    assert number(text) == 0
    assert number("static _Bool b(int x) { return x; }\nint f(void) { return b(256); }") == 1
    assert (
        number("static long w(int x) { return x; }\nint f(void) { return w(0xffffffff) < 0; }") == 1
    )


def test_union_argument_from_a_number() -> None:
    text = (
        "typedef union { unsigned long v; } w_t;\nstatic long g(w_t w) { return w.v; }\n"
        "long f(void) { w_t w = { 5 }; return g(w); }"
    )
    assert number(text) == 5


def test_deep_nesting_is_unknown_or_followed() -> None:
    chain = "".join(f"static int g{i}(pte_t *p) {{ return g{i + 1}(p); }}\n" for i in range(200))
    text = f"{chain}static int g200(pte_t *p) {{ return 1; }}\nint f(pte_t *p) {{ return g0(p); }}"
    assert "deeper" in unknown(paths(text))


def test_missing_arguments() -> None:
    text = "static int g(int a, int b) { return b; }\nvoid f(pte_t *p) { p->pte = g(1); }"
    assert unknown(paths(text))


def test_undeclared_names_are_unknown() -> None:
    with pytest.raises(Unjudged, match="nothing_here"):
        value("int f(void) { return nothing_here; }")


def test_compile_time_assertions() -> None:
    """In the helper itself it ends the path; further down it cannot really fail."""
    head = "void __compiletime_assert_7(void);\n"
    it = machine(head + "void f(void) { __compiletime_assert_7(); }")
    with pytest.raises(PathEnds):
        it.call("f", [])
    deep = head + (
        "static int h(void) { __compiletime_assert_7(); return 1; }\n"
        "static int g(void) { return h(); }\nint f(void) { return g(); }"
    )
    assert number(deep) == 1


@pytest.mark.parametrize(("text", "wanted"), [("7", 1), ("x", 0), ("x + 1", 0)])
def test_constant_p(text: str, wanted: int) -> None:
    assert number(f"int f(int x) {{ return __builtin_constant_p({text}); }}", s(3)) == wanted


def test_steps_are_counted_per_path() -> None:
    it = machine("int f(int x) { return x; }")
    for _ in range(3):
        assert isinstance(it.call("f", [s(1)]), Int)
    assert it.run.steps < 100


def test_same_opaque_argument_same_answer() -> None:
    text = (
        "int ask(long);\nint f(pte_t *p, long x) { return ask(x) * 0 + (ask(x) ? 1 : 0) +"
        " (ask(x) ? 2 : 0); }"
    )
    found = {path.result.value for path in paths(text, u(5)) if isinstance(path.result, Int)}
    assert found >= {0, 3}


OFFSET = """\
static void tell(pte_t *p, unsigned long size)
{{
	unsigned long at = {};
	for (;;)
		;
}}
void f(pte_t *p) {{ tell(p, 1); p->pte = 1; }}
"""


def test_function_that_takes_only_an_offset_of_the_entry_is_skipped() -> None:
    """The place in a page says nothing of which page: its body need not be followed."""
    text = OFFSET.format("(unsigned long)p & (255 * sizeof(pte_t))")
    assert only(paths(text)).slot == 1
    assert only(paths(OFFSET.format("size + (0xff & (unsigned long)p)"))).slot == 1


@pytest.mark.parametrize(
    "expression",
    [
        "(unsigned long)p & 0x1fff",  # more than a page
        "(unsigned long)p & size",
        "(unsigned long)p & ~7UL",
        "(unsigned long)p & -1",
        "(unsigned long)p | 0xff",
        "((unsigned long)p & 0xff) + p->pte",
    ],
)
def test_function_that_takes_more_of_the_entry_is_not_skipped(expression: str) -> None:
    (path,) = paths(OFFSET.format(expression))
    assert path.unknown == "a loop that does not end"


KERNEL = (
    "struct mm_struct { int x; }; extern struct mm_struct init_mm; extern pte_t *kmap_pte;\n"
    "void page_table_check_ptes_set(struct mm_struct *mm, pte_t *p, pte_t pte, unsigned nr);\n"
    "static void put(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n"
    "{ page_table_check_ptes_set(mm, ptep, pte, 1); *ptep = pte; }\n"
)


def test_what_works_on_tables_of_the_kernel_changes_no_entry() -> None:
    """kmap_local_folio() puts an entry into init_mm's table, which nobody knows here."""
    text = (
        KERNEL + "int f(pte_t *p) { pte_t x; x.pte = 5; put(&init_mm, kmap_pte - 3, x); return 1; }"
    )
    assert only(paths(text)).slot == 0x11
    other = (
        KERNEL + "int f(pte_t *p, struct mm_struct *mm) { put(mm, kmap_pte - 3, *p); return 1; }"
    )
    assert "a slot that is not known" in unknown(paths(other, Opaque("mm")))


def test_an_entry_that_is_judged_is_followed_into_functions_of_the_kernel() -> None:
    text = KERNEL + "int f(pte_t *p) { pte_t x; x.pte = 5; put(&init_mm, p, x); return 1; }"
    assert only(paths(text)).slot == 5
    inside = KERNEL + (
        "struct box { pte_t *p; };\n"
        "static void open(struct mm_struct *mm, struct box *b) { b->p->pte = 7; }\n"
        "int f(pte_t *p) { struct box b; b.p = p; open(&init_mm, &b); return 1; }"
    )
    assert only(paths(inside)).slot == 7
