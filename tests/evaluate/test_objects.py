# SPDX-License-Identifier: GPL-2.0-only
"""Structures, unions, arrays, initialisers and pointers, in both byte orders and word sizes."""

from __future__ import annotations

from contextlib import suppress

import pytest

from analyzer.evaluate.values import Int, Opaque, Unjudged
from tests.evaluate.lab import machine, number, only, paths, s, u, unknown, value

WORDS = """\
union entry {
	struct { unsigned int first, second; };
	unsigned long long whole;
};
"""


@pytest.mark.parametrize(("order", "wanted"), [("little", 0x55667788), ("big", 0x11223344)])
def test_halves_of_a_word(order: str, wanted: int) -> None:
    text = (
        WORDS + "unsigned f(unsigned long long x) { union entry e; e.whole = x; return e.first; }"
    )
    assert number(text, u(0x1122334455667788), order=order) == wanted


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize(
    ("order", "wanted"), [("little", 0xAABBCCDD_00000001), ("big", 0x00000001_AABBCCDD)]
)
def test_word_from_halves(order: str, wanted: int, bits: int) -> None:
    text = WORDS + (
        "unsigned long long f(unsigned x) { union entry e; e.first = 1; e.second = x; return"
        " e.whole; }"
    )
    assert number(text, u(0xAABBCCDD, 32), order=order, bits=bits) == wanted


@pytest.mark.parametrize(
    ("member", "order", "wanted"),
    [
        ("first", "little", 0x11111111_00000005),
        ("second", "little", 0x00000005_22222222),
        ("first", "big", 0x00000005_22222222),
        ("second", "big", 0x11111111_00000005),
    ],
)
def test_half_of_a_word_is_replaced(member: str, order: str, wanted: int) -> None:
    """A store to a part of a cell that was written as a whole is seen through the whole."""
    text = WORDS + (
        "unsigned long long f(unsigned long long x)"
        f" {{ union entry e; e.whole = x; e.{member} = 5; return e.whole; }}"
    )
    assert number(text, u(0x11111111_22222222), order=order) == wanted


@pytest.mark.parametrize("order", ["little", "big"])
def test_half_of_an_entry_is_replaced(order: str) -> None:
    """The same for the entry itself: two stores of 32 bits to one of 64."""
    types = "typedef union { struct { unsigned first, second; }; unsigned long long pte; } pte_t;\n"
    path = only(
        paths("void f(pte_t *p) { p->second = 7; }", old=0x1_00000002, types=types, order=order)
    )
    assert path.slot == (0x7_00000002 if order == "little" else 0x1_00000007)
    (event,) = path.events
    assert (event.kind, event.old, event.new) == ("store", 0x1_00000002, path.slot)


def test_bytes_of_a_word_in_an_array() -> None:
    text = """\
union b { unsigned int word; unsigned char byte[4]; };
int f(void) { union b x = { .word = 0x01020304 }; x.byte[1] = 0xff; return x.word; }
"""
    assert number(text) == 0x0102FF04
    assert number(text, order="big") == 0x01FF0304


def test_structure_copy_is_a_copy() -> None:
    text = """\
struct pair { int a; long b; };
int f(void)
{
	struct pair x = { 1, 2 }, y = x;

	x.b = 9;
	y.a = 5;
	return x.a * 1000 + x.b * 100 + y.a * 10 + y.b;
}
"""
    assert number(text) == 1952


def test_structures_as_arguments_and_results() -> None:
    text = """\
struct pair { int a; long b; };
static struct pair swap(struct pair p) { int a = p.a; p.a = p.b; p.b = a; return p; }
int f(void) { struct pair x = { 1, 2 }; return swap(x).a * 100 + swap(swap(x)).a * 10 + x.a; }
"""
    assert number(text) == 211


@pytest.mark.parametrize(
    ("declared", "shown", "wanted"),
    [
        ("struct p v = { .b = 7, .a = 3 }", "v.a * 10 + v.b", 37),
        ("struct p v = { 1 }", "v.a * 10 + v.b", 10),
        ("struct p v = { .b = 1 }", "v.a * 10 + v.b", 1),
        ("struct p v[2] = { { 1, 2 }, { 3, 4 } }", "v[1].a * 10 + v[0].b", 32),
        ("struct p v[3] = { [2] = { 5, 6 }, [0] = { .b = 1 } }", "v[2].a * 10 + v[0].b", 51),
        ("struct p v[2] = { [1].b = 7, [1].a = 3 }", "v[1].b * 10 + v[1].a", 73),
        ("int v[8] = { [1 ... 3] = 4, [6] = 1, 2 }", "v[1] + v[3] * 10 + v[0] + v[7] * 100", 244),
        ("int v[] = { 1, 2, 3 }", "sizeof(v) / sizeof(v[0])", 3),
        ("int v[2][2] = { { 1, 2 }, { 3, 4 } }", "v[1][0] * 10 + v[0][1]", 32),
        ("struct n v = { .in.b = 4, .c = 2 }", "v.in.b * 10 + v.c", 42),
        ("struct n v = { { 1, 2 }, 3 }", "v.in.b * 10 + v.c", 23),
        ("struct p w = { 8, 9 }; struct n v = { w, 3 }", "v.in.b * 10 + v.c", 93),
        ("struct p *v = &(struct p) { 4, 5 }", "v->a * 10 + v->b", 45),
        ("int v = { 5 }", "v", 5),
    ],
)
def test_initialisers(declared: str, shown: str, wanted: int) -> None:
    types = "struct p { int a, b; };\nstruct n { struct p in; int c; };\n"
    assert number(f"{types}int f(void) {{ {declared}; return {shown}; }}") == wanted


@pytest.mark.parametrize(
    ("declared", "shown", "wanted"),
    [
        ("struct n v = { 1, 2, 3 }", "v.in.b * 10 + v.c", 23),
        ("int v[2][2] = { 1, 2, 3, 4 }", "v[1][0] * 10 + v[1][1]", 34),
    ],
)
def test_braces_left_out(declared: str, shown: str, wanted: int) -> None:
    """Right, or unknown: never another number."""
    types = "struct p { int a, b; };\nstruct n { struct p in; int c; };\n"
    try:
        found = value(f"{types}int f(void) {{ {declared}; return {shown}; }}")
    except Unjudged:
        return
    assert isinstance(found, Opaque) or found.value == wanted  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "body",
    [
        "e.word = x; e.low = 5; return e.word;",
        "e.word = x; e.high = 1; e.low = 5; return e.word;",
        "e = (union bits) { .word = x }; e.low = 5; return e.word;",
    ],
)
def test_bit_fields(body: str) -> None:
    """A store to a bit field must not vanish: the right word, or unknown."""
    text = (
        "union bits { struct { unsigned low:4, high:28; }; unsigned word; };\n"
        f"unsigned f(unsigned x) {{ union bits e; {body} }}"
    )
    try:
        found = value(text, u(0x123, 32))
    except Unjudged:
        return
    wanted = 0x15 if "high" in body else 0x125
    assert isinstance(found, Opaque) or (isinstance(found, Int) and found.value == wanted)


@pytest.mark.parametrize("init", ["{ { 1, 2 } }", "{ .low = 1, .high = 2 }"])
def test_bit_fields_in_an_initialiser(init: str) -> None:
    text = (
        "union bits { struct { unsigned low:4, high:28; }; unsigned word; };\n"
        f"unsigned f(void) {{ union bits e = {init}; return e.word; }}"
    )
    try:
        found = value(text)
    except Unjudged:
        return
    assert isinstance(found, Opaque) or (isinstance(found, Int) and found.value == 0x21)


def test_bit_field_of_an_entry_is_not_guessed() -> None:
    types = (
        "typedef union { struct { unsigned long low:4, high:60; }; unsigned long pte; } pte_t;\n"
    )
    found = paths("void f(pte_t *p) { p->low = 3; }", types=types, old=0x10)
    assert found[0].unknown or found[0].slot == 0x13


# -- pointers


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("int a[4] = { 1, 2, 3, 4 }, *p = a + 1; return p[1] * 10 + *(p - 1);", 31),
        ("int a[4]; return (&a[3] - &a[1]) * 10 + (&a[1] < &a[2]) + (&a[1] == a + 1);", 22),
        ("int a = 1, *p = &a, **q = &p; **q = 5; return a;", 5),
        ("int a[2] = { 1, 2 }, *p = a; int x = *p++; return x * 10 + *p;", 12),
        ("int a[2] = { 1, 2 }, *p = a; return *++p;", 2),
        ("int a[3] = { 1, 2, 3 }; int *p = a + 2; p -= 2; return *p;", 1),
        ("int a[3] = { 1, 2, 3 }; unsigned long i = 0; int *p = a + 1; return p[i - 1];", 1),
        ("int x = 7; unsigned long a = (unsigned long)&x; return *(int *)a;", 7),
        ("int x = 7; unsigned long a = (unsigned long)&x; *(int *)a = 8; return x;", 8),
        ("int a[2] = { 1, 2 }; return *(int *)((unsigned long)a + 4);", 2),
        ("int a[2] = { 1, 2 }; return *(int *)((void *)a + 4);", 2),
        ("int a[2] = { 1, 2 }; return *(int *)((char *)a + 4);", 2),
        ("int x = 3; void *p = &x; return *(int *)p;", 3),
        ("int *p = (int[]) { 1, 2, 3 }; return p[1];", 2),
        ("int x = 1, *p = &x; return p ? 2 : 3;", 2),
        ("int *p = (void *)0; return p ? 2 : 3;", 3),
        ("int *p = (int *)0, x; p = &x; return !p + (p != 0) * 2 + (p == (void *)0) * 4;", 2),
        ("char c[2] = { 1, 2 }; return sizeof(c) + c[1] * 10;", 22),
        ("const volatile int x = 4; return *(const volatile int *)&x;", 4),
    ],
)
@pytest.mark.parametrize("bits", [32, 64])
def test_pointers(body: str, wanted: int, bits: int) -> None:
    assert number(f"int f(void) {{ {body} }}", bits=bits) == wanted


def test_part_of_a_long() -> None:
    text = "int f(void) { unsigned long x = 0x100000002; return *(int *)&x; }"
    assert number(text) == 2
    assert number(text, order="big") == 1


@pytest.mark.parametrize("pointer", ["void *", "char *"])
@pytest.mark.parametrize(
    "offset", ["__builtin_offsetof(struct outer, b)", "((unsigned long)&((struct outer *)0)->b)"]
)
def test_container_of(pointer: str, offset: str) -> None:
    text = f"""\
struct outer {{ int a; long b; }};
int f(void)
{{
	struct outer x = {{ 7, 8 }};
	long *member = &x.b;

	return ({{ {pointer} m_ = ({pointer})member; ((struct outer *)(m_ - {offset}))->a; }});
}}
"""
    assert number(text) == 7


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("__builtin_offsetof(struct s, b)", 8),
        ("__builtin_offsetof(struct s, c)", 16),
        ("__builtin_offsetof(struct s, x)", 20),
        ("(unsigned long)&((struct s *)0)->c", 16),
        ("(unsigned long)&((struct s *)16)->c", 32),
        ("sizeof(struct s)", 32),
        ("sizeof(union t)", 16),
        ("sizeof(((struct s *)0)->d)", 3),
    ],
)
def test_layout(expression: str, wanted: int) -> None:
    text = f"""\
struct s {{ char a; long b; int c; struct {{ short x; }}; char d[3]; }};
union t {{ char a[9]; long b; }};
unsigned long f(void) {{ return {expression}; }}
"""
    assert number(text) == wanted


# -- the entry


@pytest.mark.parametrize(
    "body",
    [
        "*p = v;",
        "p->pte = v.pte;",
        "p[0] = v;",
        "*(unsigned long *)p = v.pte;",
        "*(volatile unsigned long *)&p->pte = v.pte;",
        "*(volatile pte_t *)&(*p) = v;",
        "pmd_t m = { v.pte }; *(pmd_t *)p = m;",
        "unsigned long a = (unsigned long)p; *(pte_t *)a = v;",
        "unsigned long a = (unsigned long)(p + 1); ((pte_t *)a)[-1] = v;",
        "void *a = p; *(pte_t *)(a + 0) = v;",
        "pte_t *q = p + 2; q -= 2; *q = v;",
        "pte_t **q = &p; **q = v;",
        "struct { pte_t *slot; } w = { p }; *w.slot = v;",
        "struct { unsigned long slot; } w; w.slot = (unsigned long)p; *(pte_t *)w.slot = v;",
        "({ pte_t *q_ = p; q_; })->pte = v.pte;",
        "(1 ? p : (pte_t *)0)->pte = v.pte;",
        "pte_t *q = &*p; *q = v;",
        "unsigned int *w = (unsigned int *)p; w[1] = v.pte >> 32; w[0] = v.pte;",
    ],
)
def test_stores_to_the_entry(body: str) -> None:
    path = only(
        paths(f"static void set(pte_t *p, pte_t v) {{ {body} }}\n"
              "void f(pte_t *p, unsigned long x) { set(p, (pte_t) { x }); }",
              u(0x1234567890))
    )  # fmt: skip
    assert path.slot == 0x1234567890
    assert [entry for entry in path.entries if entry] == [0x1234567890]
    assert all(event.kind == "store" for event in path.events)
    assert path.events[-1].new == 0x1234567890


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        ("p[1].pte = 5;", 3),
        ("(p - 1)->pte = 5;", 1),
        ("((unsigned long *)p)[1] = 5;", 3),
        ("*(unsigned long *)((void *)p + 8) = 5;", 3),
        ("*(unsigned long *)((char *)p - 16) = 5;", 0),
        ("void *q = p; q += 8; *(unsigned long *)q = 5;", 3),
        ("unsigned long i = 0; p[i - 1].pte = 5;", 1),
        ("*(pte_t *)((unsigned long)p & ~63UL) = (pte_t) { 5 };", 0),
        ("*(pte_t *)((unsigned long)p | 8) = (pte_t) { 5 };", 3),
    ],
)
def test_stores_to_its_neighbours(body: str, entry: int) -> None:
    path = only(paths(f"void f(pte_t *p) {{ {body} }}"))
    assert path.entries[entry] == 5
    assert path.slot == 0x11
    assert [event.index for event in path.events] == [entry]


def test_array_parameters_are_pointers() -> None:
    """C11 6.7.6.3: a store through `pte_t q[4]` is a store to the caller's entries."""
    text = "static void g(pte_t q[4]) { q[1].pte = 5; }\nvoid f(pte_t *p) { g(p); }"
    assert only(paths(text)).entries[3] == 5


def test_copy_of_the_entry_is_no_entry() -> None:
    path = only(
        paths("int f(pte_t *p) { pte_t x = *p; x.pte |= 8; (&x)->pte |= 2; return x.pte; }")
    )
    assert isinstance(path.result, Int)
    assert path.result.value == 0x1B
    assert (path.slot, path.events) == (0x11, ())


def test_outside_the_table_nothing_is_known() -> None:
    assert "outside" in unknown(paths("void f(pte_t *p) { p[100].pte = 1; }"))
    for place in ("p[100].pte", "(p - 50)->pte"):
        both = paths(f"int f(pte_t *p) {{ return {place} ? 1 : 2; }}")
        assert sorted(p.result.value for p in both if isinstance(p.result, Int)) == [1, 2]
        assert "unknown" in unknown(paths(f"void f(pte_t *p) {{ p->pte = {place}; }}"))


def test_store_across_two_entries_is_unknown() -> None:
    text = "void f(pte_t *p) { *(unsigned long *)((char *)p + 4) = 0; }"
    assert "across" in unknown(paths(text))


def test_null_is_not_followed() -> None:
    (path,) = paths("void f(pte_t *p) { pte_t *q = 0; q->pte = 1; p->pte = 2; }")
    assert "NULL" in path.ends
    assert path.slot == 0x11


def test_unset_variable_is_not_zero() -> None:
    assert isinstance(value("int f(void) { int x; return x; }"), Opaque)
    assert "unknown value is stored" in unknown(paths("void f(pte_t *p) { pte_t x; *p = x; }"))


def test_half_set_value_is_not_stored() -> None:
    """The other half of a local entry is not zero but unknown."""
    types = "typedef struct { unsigned low, high; } pte_t;\n"
    assert unknown(paths("void f(pte_t *p) { pte_t x; x.low = 1; *p = x; }", types=types))


# -- globals

OPERATION = "struct g { int (*op)(int); };\nstatic int o(int x) { return x + 1; }\n"


@pytest.mark.parametrize(
    ("declared", "expression", "wanted"),
    [
        ("static const int a[] = { 1, 2, 3 };", "sizeof(a) / sizeof(a[0])", 3),
        ("static const int a[] = { 1, 2, 3 };", "a[2]", 3),
        ("static const unsigned long m = ~0xffUL;", "m >> 60", 15),
        ("enum { A = 3, B, C = B + 4, D };", "B * 100 + C * 10 + D", 489),
        ("enum { N = -2, O };", "O", -1),
        ("enum e { P = 1 << 4 };", "((enum e)P) | 1", 17),
        (("struct g { int a, b; };\n"
          "static const struct g t[2] = { [1] = { .b = 6 } };"), "t[1].b", 6),
        (f"{OPERATION}static const struct g t = {{ .op = o }};", "t.op(4)", 5),
        (f"{OPERATION}static const struct g t = {{ .op = &o }};", "t.op(4)", 5),
    ],
)  # fmt: skip
def test_constants_of_the_unit(declared: str, expression: str, wanted: int) -> None:
    assert number(f"{declared}\nint f(void) {{ return {expression}; }}") == wanted


def test_variables_of_the_unit_are_not_known() -> None:
    for declared in ("int x;", "extern int x;", "static int x = 3;"):
        (no, yes) = paths(f"{declared}\nint f(pte_t *p) {{ if (x) return 1; return 0; }}")
        assert {no.choices, yes.choices} == {(("x", 0),), (("x", 1),)}


def test_initial_value_is_used_in_arithmetic() -> None:
    """A mask that is narrowed at boot: its first value makes entries."""
    text = "unsigned long mask = ~0xffUL;\nvoid f(pte_t *p) { p->pte = 0x1234 & mask; }"
    assert only(paths(text)).slot == 0x1200


@pytest.mark.parametrize(
    "condition", ["flags & 4", "(flags >> 2) & 1", "(flags & 4) == 4", "!(flags & 4)", "flags == 4"]
)
def test_run_time_flags_go_both_ways(condition: str) -> None:
    text = f"unsigned long flags = 0;\nvoid f(pte_t *p) {{ if ({condition}) p->pte = 0; }}"
    assert {path.slot for path in paths(text)} == {0, 0x11}


@pytest.mark.parametrize(
    "declared",
    [
        "struct sw { int on; };\nstatic struct sw sw = { .on = 0 };",
        "struct sw { int other, on; };\nstruct sw sw = { .other = 1 };",
        "struct sw { int on; };\nextern struct sw sw;",
        "struct sw { int on; };\nstruct sw sw;",
    ],
)
def test_run_time_switch_in_a_structure_goes_both_ways(declared: str) -> None:
    text = f"{declared}\nvoid f(pte_t *p) {{ if (sw.on) p->pte = 0; }}"
    assert {path.slot for path in paths(text)} == {0, 0x11}


def test_function_pointer_that_may_be_set_later() -> None:
    """No initialiser says NULL now, not that it stays so."""
    text = """\
struct ops { void (*set)(pte_t *); };
static struct ops ops = { };
void f(pte_t *p) { if (ops.set) ops.set(p); }
"""
    found = paths(text)
    assert any(path.unknown for path in found), found


def test_narrowed_global_has_the_narrow_value() -> None:
    text = "unsigned long m = ~0UL;\nunsigned long f(void) { unsigned x = m; return (x | 0) >> 4; }"
    assert number(text) == 0x0FFFFFFF


def test_static_variables_of_two_files() -> None:
    text = """\
static const int mask = 1;
int f(void) { return mask * 10 + g(); }
# 1 "b.c"
static const int mask = 2;
int g(void) { return mask; }
"""
    assert number(text) == 12


def test_static_functions_of_two_files() -> None:
    text = """\
static int one(void) { return 1; }
int f(void) { return one() * 10 + g(); }
# 1 "b.c"
static int one(void) { return 2; }
int g(void) { return one(); }
"""
    assert number(text) == 12


def test_static_function_by_address_is_that_of_its_file() -> None:
    text = """\
static int one(void) { return 1; }
struct ops { int (*op)(void); };
extern const struct ops ops;
int f(void) { return ops.op() * 10 + one(); }
# 1 "b.c"
static int one(void) { return 2; }
const struct ops ops = { .op = one };
"""
    try:
        found = value(text)
    except Unjudged:
        return
    assert isinstance(found, Opaque) or (isinstance(found, Int) and found.value == 21)


def test_address_of_a_global_is_a_number_and_back() -> None:
    """An empty entry can be the address of a table: the same each time, and aligned."""
    text = """\
extern pte_t nothing[512];
int f(pmd_t *p) { p->pmd = (unsigned long)nothing; return p->pmd == (unsigned long)nothing; }
"""
    path = only(paths(text, level="pmd"))
    assert isinstance(path.result, Int)
    assert path.result.value == 1
    assert path.slot % 4096 == 0
    assert path.slot


def test_globals_keep_no_entry() -> None:
    text = "pte_t *cursor;\nvoid f(pte_t *p) { cursor = p; }"
    assert "kept in cursor" in unknown(paths(text))


@pytest.mark.parametrize(
    "text",
    [
        "enum { A = A };\nint f(void) { return A; }",
        "struct s { struct s x; };\nint f(void) { return sizeof(struct s); }",
        "typedef t t;\nint f(void) { return sizeof(t); }",
        "static int x = sizeof(x) + x;\nint f(void) { return x; }",
        "int f(int x) { return f(x + 1); }",
        "int f(void) { int a[-1]; a[0] = 1; return sizeof(a); }",
        'int f(void) { "abc" = 3; f = 3; 3 = 4; return "abc"[1] * "abc"; }',
        "struct u;\nint f(struct u *x) { struct u y = *x; return sizeof(y) + y.a; }",
        "int f(void) { return 1 / 0; }",
        "int f(void) { return 1 << -1; }",
        "int f(void) { return memset(); }",
        "int f(void) { return __builtin_expect(); }",
        "int f(void) { return __builtin_choose_expr(1); }",
        "int f(void) { return __builtin_bswap(1); }",
        "int f(void) { return __builtin_types_compatible_p(); }",
        "int f(void) { atomic_long_set(1); set_bit(1); xchg(); __ptc_xchg(); return __ptc_asm(); }",
        "int f(void) { switch (1.5) { case 2.5: return '\\x'; } return 1e5; }",
        "int f(void) { page_table_check_pte_clear(); page_table_check_ptes_set(1); return 0; }",
    ],
)
def test_nonsense_is_no_traceback(text: str) -> None:
    """A hostile unit gives a value, or Unjudged; RecursionError is caught by the law."""
    it = machine(text)
    with suppress(Unjudged, RecursionError):
        it.call("f", [s(1)])


PAGES = "struct page { unsigned long flags, other; int last; };\n"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("(struct page *)0xc00014000000UL + x", 0xC000_1400_0000 + 3 * 24),
        ("x + (struct page *)0xc00014000000UL", 0xC000_1400_0000 + 3 * 24),
        ("(struct page *)0xc00014000000UL - x", 0xC000_1400_0000 - 3 * 24),
        ("&((struct page *)0xc00014000000UL)[x]", 0xC000_1400_0048),
        ("(struct page *)0xc00014000048UL - (struct page *)0xc00014000000UL", 3),
        ("(void *)0xc00014000000UL + x", 0xC000_1400_0003),
        ("(char *)0xc00014000000UL + x", 0xC000_1400_0003),
        ("(struct page **)0xc00014000000UL + x", 0xC000_1400_0018),
        ("0xc00014000000UL + x", 0xC000_1400_0003),
        ("(struct gone *)0xc00014000000UL + x", None),
        ("({ struct page *p = (void *)0xc00014000000UL; p += x; p; })", 0xC000_1400_0000 + 72),
        ("({ struct page *p = (void *)0xc00014000000UL; p -= x; p; })", 0xC000_1400_0000 - 72),
        ("({ struct page *p = (void *)0xc00014000000UL; ++p; p; })", 0xC000_1400_0018),
        ("({ struct page *p = (void *)0xc00014000000UL; p--; p; })", 0xC000_1400_0000 - 24),
    ],
)
def test_a_pointer_that_is_a_number_moves_in_steps(expression: str, wanted: int | None) -> None:
    """As `vmemmap + pfn` does, where the map of page frames has a constant address."""
    text = f"{PAGES}unsigned long f(unsigned long x) {{ return (unsigned long)({expression}); }}"
    found = value(text, u(3))
    if wanted is None:
        assert not isinstance(found, Int)
    else:
        assert isinstance(found, Int)
        assert found.raw == wanted


@pytest.mark.parametrize("bits", [32, 64])
def test_a_structure_at_a_constant_address(bits: int) -> None:
    """s390's lowcore is `*(struct lowcore *)0`: what stands there is not known, and no NULL."""
    text = "struct low { unsigned long first, flags; };\nunsigned long f(void) { return %s; }"
    read = value(text % "(*((struct low *)0)).flags", bits=bits)
    assert isinstance(read, Opaque)
    assert repr(read) == repr(value(text % "((struct low *)0)->flags", bits=bits))
    assert number(text % "(unsigned long)&(*(struct low *)0).flags", bits=bits) == bits // 8
    assert number(text % "({ struct low s = { 1, 2 }, *p = &s; (*p).flags; })", bits=bits) == 2
