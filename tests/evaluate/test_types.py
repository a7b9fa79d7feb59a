# SPDX-License-Identifier: GPL-2.0-only
"""Types of expressions: typeof, sizeof, _Generic, casts, and the integers' own rules."""

from __future__ import annotations

import pytest

from analyzer.evaluate.arith import constant
from analyzer.evaluate.values import Int, Opaque
from tests.evaluate.lab import number, only, paths, u, value


@pytest.mark.parametrize(
    ("text", "word", "bits", "signed"),
    [
        ("0", 64, 32, True),
        ("2147483648", 64, 64, True),
        ("2147483648", 32, 64, True),
        ("0x80000000", 64, 32, False),
        ("0xffffffffffffffff", 32, 64, False),
        ("1u", 64, 32, False),
        ("1l", 64, 64, True),
        ("1L", 32, 32, True),
        ("0xffffffffL", 32, 32, False),
        ("4294967296L", 32, 64, True),
        ("1UL", 32, 32, False),
        ("1ull", 32, 64, False),
        ("'x'", 64, 32, True),
        ("0b101", 64, 32, True),
        ("017777777777", 64, 32, True),
        ("037777777777", 64, 32, False),
    ],
)
def test_type_of_a_constant(text: str, word: int, bits: int, signed: bool) -> None:
    found = constant(text, word)
    assert (found.bits, found.signed) == (bits, signed)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("'\\n'", 10), ("'\\0'", 0), ("'\\x41'", 65), ("'\\101'", 65), ("'\\\\'", 92)],
)
def test_character_constants(text: str, wanted: int) -> None:
    assert constant(text, 64).value == wanted


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("(unsigned char)0x1ff", 0xFF),
        ("(signed char)0xff", -1),
        ("(short)0x18000", -32768),
        ("(unsigned short)-1", 0xFFFF),
        ("(_Bool)256", 1),
        ("(unsigned long)-1 >> 60", 15),
        ("-1 >> 1", -1),
        ("~0u >> 31", 1),
        ("(unsigned char)200 + (unsigned char)100", 300),
        ("(unsigned char)1 << 31 < 0", 1),
        ("-1 < 1u", 0),
        ("-1L < 1u", 1),
        ("(short)-1 < (unsigned short)1", 1),
        ("1 ? -1 : 0u", 0xFFFFFFFF),
        ("(1 ? -1 : 0u) > 0", 1),
        ("(0 ? 0ul : -1) > 0", 1),
        ("(-1 ?: 0ul) > 0", 1),
        ("(0 ?: -1) > 0u", 1),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 / -2", -3),
        ("0x7fffffff + 1 < 0", 1),
        ("!5 + !0", 1),
        ("sizeof(1 ? (char)1 : (char)2)", 4),
        ("sizeof(char) + sizeof(short) + sizeof(int) + sizeof(long long)", 15),
        ("sizeof(_Bool) + sizeof(void *) + sizeof(\"abc\")", 13),
        ("sizeof(+(char)1)", 4),
        ("sizeof(1L << 1)", 8),
        ("sizeof(1 << 1L)", 4),
        ("sizeof(0, (short)1)", 2),
        ("sizeof((struct { char c; int i; } *)0)", 8),
        ("__alignof__(struct { char c; long i; })", 8),
        ("_Alignof(short)", 2),
    ],
)  # fmt: skip
def test_values(expression: str, wanted: int) -> None:
    assert number(f"long f(void) {{ return {expression}; }}") == wanted


def test_word_size() -> None:
    for bits in (32, 64):
        assert (
            number("int f(void) { return sizeof(long) * 10 + sizeof(void *); }", bits=bits)
            == bits // 8 * 11
        )
    assert number("int f(void) { return ~0UL == 0xffffffff; }", bits=32) == 1
    assert number("int f(void) { return (1UL << 31 << 1) == 0; }", bits=32) == 1
    assert number("int f(void) { return -1L < 1u; }", bits=32) == 0


def test_plain_char() -> None:
    """Signed on x86 before 6.2, unsigned after: only its bits may matter."""
    found = value("int f(void) { char c = 200; return (unsigned char)c; }")
    assert isinstance(found, Int)
    assert found.value == 200


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("int x = 3; __typeof__(x) y = x + 1; return y;", 4),
        ("unsigned char x = 3; __typeof__(x) y = 300; return y;", 44),
        ("unsigned char x = 3; __typeof__(x + 0) y = 300; return y;", 300),
        ("unsigned char x = 3; __auto_type y = x; y += 255; return y;", 2),
        ("unsigned long x = 0x100000002; unsigned y; return *(__typeof__(y) *)&x;", 2),
        (
            (
                "unsigned long x = 0x100000002; unsigned y = 5; return ({ __typeof__(y) *q_ = (void"
                " *)&x; *q_; });"
            ),
            2,
        ),
        ("pte_t x = { 7 }; __typeof__(x) y = x; return y.pte;", 7),
        ("pte_t x = { 7 }, *q = &x; return ({ __typeof__(*q) y = *q; y; }).pte;", 7),
        ("pte_t x = { 7 }; return (*(const volatile __typeof__(x) *)&(x)).pte;", 7),
        ("int x; return sizeof(__typeof__(&x)) + sizeof(__typeof__(*&x));", 12),
        ("return sizeof(__typeof__(int[3]));", 12),
        ("short a[4]; return sizeof(a) * 10 + sizeof(a[0]) + sizeof(*a);", 84),
        ("return sizeof(__typeof__(g(1)));", 8),
    ],
)
def test_typeof(body: str, wanted: int) -> None:
    assert number(f"long g(int x) {{ return x; }}\nint f(void) {{ {body} }}") == wanted


def test_typeof_sees_the_scope_of_the_cast() -> None:
    """A global of the same name must not take part."""
    text = """\
unsigned char y;
unsigned long f(void)
{
	unsigned long x = 0x1122334455667788;
	unsigned y = 0;

	return *(typeof(y) *)&x;
}
"""
    assert number(text) == 0x55667788


GENERIC = (
    "_Generic((x), char: 1, unsigned char: 2, int: 3, unsigned int: 4, long: 5, unsigned"
    " long: 6, pte_t: 7, pte_t *: 8, default: 9)"
)


@pytest.mark.parametrize(
    ("declared", "wanted"),
    [
        ("unsigned char x", 2), ("int x", 3), ("unsigned x", 4), ("long x", 5),
        ("unsigned long x", 6), ("pte_t x", 7), ("pte_t *x", 8), ("pmd_t x", 9),
        ("pmd_t *x", 9), ("short x", 9),
    ],
)  # fmt: skip
def test_generic(declared: str, wanted: int) -> None:
    assert number(f"int f(void) {{ {declared}; return {GENERIC}; }}") == wanted


ONCE = """\
static void set(pte_t *p, pte_t v)
{
	*(volatile __typeof__(_Generic((*p), char: (char)0, unsigned char: (unsigned char)0,
		unsigned long: (unsigned long)0, default: (*p))) *)&(*p) = v;
}
static pte_t get(pte_t *p)
{
	return (*(const volatile __typeof__(_Generic((*p), char: (char)0, int: (int)0,
		default: (*p))) *)&(*p));
}
int f(pte_t *p, unsigned long x)
{
	unsigned long old = get(p).pte;

	set(p, (pte_t) { x });
	return old + get(p + 0).pte;
}
"""


def test_once_macros_with_generic() -> None:
    path = only(paths(ONCE, u(0x100)))
    assert isinstance(path.result, Int)
    assert (path.slot, path.result.value) == (0x100, 0x111)


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        ("int, int", 1), ("int, unsigned", 0), ("pte_t, pte_t", 1), ("pte_t, pmd_t", 0),
        ("int *, int *", 1), ("pte_t *, pmd_t *", 0), ("__typeof__(*(pte_t *)0), pte_t", 1),
        ("int, long", 0), ("const int, int", 1),
    ],
)  # fmt: skip
def test_types_compatible(types: str, wanted: int) -> None:
    assert number(f"int f(void) {{ return __builtin_types_compatible_p({types}); }}") == wanted


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("__builtin_popcountl(0xf0f0UL)", 8),
        ("__builtin_ffsl(0x100UL)", 9),
        ("__builtin_ffs(0)", 0),
        ("__builtin_ctzll(1ULL << 40)", 40),
        ("__builtin_clz(1)", 31),
        ("__builtin_clzl(1UL)", 63),
        ("__builtin_bswap64(0x0102030405060708ULL) == 0x0807060504030201ULL", 1),
        ("__builtin_bswap32(0x01020304)", 0x04030201),
        ("__builtin_bswap16(0x0102)", 0x0201),
        ("__builtin_expect(!!(5), 1)", 1),
        ("__builtin_choose_expr(1, 4, undefined_thing)", 4),
        ("__builtin_choose_expr(0, undefined_thing, 5)", 5),
    ],
)
def test_builtins(expression: str, wanted: int) -> None:
    assert number(f"long f(void) {{ return {expression}; }}") == wanted


def test_bits_of_the_word_in_builtins() -> None:
    assert number("int f(void) { return __builtin_clzl(1UL); }", bits=32) == 31


def test_builtin_that_writes_a_local() -> None:
    """An unknown builtin may write where it is pointed to: the old value must not stay."""
    text = "unsigned f(unsigned a) { unsigned r = 3; __builtin_add_overflow(a, 1u, &r); return r; }"
    found = value(text, u(1, 32))
    assert isinstance(found, Opaque) or (isinstance(found, Int) and found.value == 2)
