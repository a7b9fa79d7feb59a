# SPDX-License-Identifier: GPL-2.0-only
"""Names of a declaration, found in its text."""

from __future__ import annotations

import time

import pytest

from analyzer.frontend.declarators import declared_names, enum_constants, tags

VARIABLE, FUNCTION = False, True


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("int a;", [("a", VARIABLE)]),
        ("extern unsigned long a, *b, c[3];", [("a", 0), ("b", 0), ("c", 0)]),
        ("extern pte_t t[((4096) / sizeof(pte_t))];", [("t", VARIABLE)]),
        ('extern pgd_t t[(1UL << (9))] __attribute__((section("x")));', [("t", VARIABLE)]),
        ("int f(void);", [("f", FUNCTION)]),
        ("extern pte_t *f(struct mm_struct *mm, unsigned long a);", [("f", FUNCTION)]),
        ("f(int x);", [("f", FUNCTION)]),
        ("int (f)(int);", [("f", FUNCTION)]),
        ("int (*f)(int);", [("f", VARIABLE)]),
        ("pte_t (*f)(int);", [("f", VARIABLE)]),
        ("void (*table[4])(int, int);", [("table", VARIABLE)]),
        ("void (*f(int a))(int);", [("f", FUNCTION)]),
        ("pte_t (*f(int a))(int);", [("f", FUNCTION)]),
        ("int (*(*f)(void))[3];", [("f", VARIABLE)]),
        ("int f(int), g, *h(void);", [("f", FUNCTION), ("g", VARIABLE), ("h", FUNCTION)]),
        ("int f(int) __attribute__((noreturn(1, 2)));", [("f", FUNCTION)]),
        ('int f(int) __asm__("_f") __attribute__((x));', [("f", FUNCTION)]),
        ("extern __typeof__(int (*)[3]) a;", [("a", VARIABLE)]),
        ('extern __attribute__((section(".data"))) __typeof__(struct x) y;', [("y", VARIABLE)]),
        ('__typeof__(f) g __attribute__((alias("f")));', [("g", VARIABLE)]),
        ("struct x { int a; int b; } c, d[2];", [("c", VARIABLE), ("d", VARIABLE)]),
        ("struct { int a; } c = { 1 };", [("c", VARIABLE)]),
        ("struct x;", []),
        ("struct x { int a; };", []),
        ("enum { A, B };", []),
        ("enum e { A, B } v;", [("v", VARIABLE)]),
        ("static const int a[] = { f(1), g(2), }, b = 3;", [("a", VARIABLE), ("b", VARIABLE)]),
        ("typedef struct { unsigned long pte; } pte_t;", [("pte_t", VARIABLE)]),
        ("typedef unsigned long a, *b;", [("a", VARIABLE), ("b", VARIABLE)]),
        ("typedef int (*fn_t)(int, pte_t);", [("fn_t", VARIABLE)]),
        ("typedef int fn_t(int, pte_t);", [("fn_t", FUNCTION)]),
        ("typedef pte_t *pgtable_t;", [("pgtable_t", VARIABLE)]),
        ("typedef unsigned long v4[4] __attribute__((aligned(8)));", [("v4", VARIABLE)]),
        ("__extension__ typedef __signed__ long long s64;", [("s64", VARIABLE)]),
        ('register unsigned long sp asm("rsp");', [("sp", VARIABLE)]),
        ("extern bool b;", [("b", VARIABLE)]),
        ('# 3 "a.h"\nextern\n# 4 "b.h"\nint x;', [("x", VARIABLE)]),
        ("int a = sizeof(int), b = (1, 2);", [("a", VARIABLE), ("b", VARIABLE)]),
        ('char s[] = "a, b;", t;', [("s", VARIABLE), ("t", VARIABLE)]),
        ("unsigned x : 3;", [("x", VARIABLE)]),
        (";", []),
        ("(((((", []),
    ],
)
def test_declared_names(text: str, names: list[tuple[str, bool]]) -> None:
    assert declared_names(text) == names


def test_enum_constants() -> None:
    text = """enum __attribute__((packed)) e {
        A, B = 3, C = (B, 4) + f(1, 2),
        # 3 "x.h"
        D __attribute__((deprecated)) = 'x', E = sizeof(enum e)
    };"""
    assert list(enum_constants(text)) == ["A", "B", "C", "D", "E"]
    assert list(enum_constants("struct s { enum { X = 1, Y } kind; enum t z; };")) == ["X", "Y"]
    assert list(enum_constants("enum { }; enum { , };")) == []


def test_tags() -> None:
    text = "struct a { union b { int x; } u; struct { int y; }; enum c { Z } z; struct d *p; };"
    assert list(tags(text)) == [("struct", "a"), ("union", "b"), ("enum", "c")]
    assert list(tags("struct __attribute__((packed)) s { int x; };")) == [("struct", "s")]
    assert list(tags("enum e : unsigned char { A };")) == [("enum", "e")]


def test_hostile_text_takes_no_time() -> None:
    began = time.process_time()
    for text in ("enum " * 50_000, "(" * 50_000, "int " + "*(" * 20_000 + ";", "enum {" * 20_000):
        declared_names(text + ";")
        list(enum_constants(text))
        list(tags(text))
    assert time.process_time() - began < 20
