# SPDX-License-Identifier: GPL-2.0-only
"""Functions that stand on other lines, and text without layout."""

from __future__ import annotations

import pytest

from analyzer.frontend.layout import is_odd, lines_of, without_comments
from analyzer.frontend.lines import only_told

WARNING = 'asm volatile("1: ud2\\n .org 2b" : : "i" ("f.h"), "i" ({line}), "i" (0));'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WARNING, True),
        ('asm ("warn" "{line}");', True),
        ("_printk(FMT, {line}, pte);", True),
        ("x = {line};", False),
        ("own({line});", False),
        ("__builtin_expect({line}, 0);", False),
        ("_printk(FMT, {line} + 1);", False),
        ("if ({line}) x();", False),
        ('asm volatile("mov" : "=r" (x) : "i" ({line}));', False),
        ('asm volatile("mov" : : "r" (ptep), "i" ({line}));', False),
    ],
)
def test_who_is_told_a_line(text: str, told: bool) -> None:
    old, new = (f"void f(void) {{ {text.replace('{line}', line)} }}" for line in ("12", "15"))
    assert only_told(old, new, {"own"}) is told
    assert only_told(old, old, {"own"})
    assert not only_told(old, f"{new} x", {"own"})
    assert not only_told("f(a);", "f(b);", ())


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("int x; // a \\\nint y;\n", True),
        ("#define A 1 /* two\n lines */ + 2\n", True),
        ("#define A 1 /* two\n lines */\nint y;\n", False),
        ("int a??(1??);\n", True),
        ("/* what??? (really??) */\nint a;\n", False),
        ("/* a ??/\n*/\n", True),
        ("int a;\r\n", True),
        ('char *s = "// no comment \\\n at all";\n', False),
        ("%:define A\n", True),
    ],
)
def test_text_that_is_not_what_it_seems(text: str, odd: bool) -> None:
    assert is_odd(text) is odd


def test_words_by_line() -> None:
    text = '#define A \\\n\tb /* c */\nint "/* d */"; // e\n\n  x\n'
    assert list(lines_of(without_comments(text), 5)) == [
        (5, ["\1", "#define", "A"]),
        (6, ["b", "\2"]),
        (7, ["int", '"/*', "d", '*/";']),
        (9, ["x"]),
    ]
