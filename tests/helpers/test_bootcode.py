# SPDX-License-Identifier: GPL-2.0-only
"""Numbers of the boot code: which lines every machine runs, and what the others leave."""

from __future__ import annotations

import pytest

from analyzer.helpers.bootcode import AtBoot, numbers

ALWAYS = AtBoot("mask", "-1UL", "")
SOMETIMES = AtBoot("mask", "-1UL", "0")


def read(*lines: str, around: str = "static void find(void)\n{{\n{}\n}}\n") -> list[AtBoot]:
    text = around.format("\n".join(f"\t{line}" for line in lines))
    return list(numbers(text.encode(), {"mask"}))


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (("mask = -1UL;",), ALWAYS),
        (("if (has()) {", "\tset();", "}", "mask = -1UL;"), ALWAYS),
        (("/* if (has()) */", "mask = -1UL;"), ALWAYS),
        (("if (has())", "\tmask = -1UL;"), SOMETIMES),
        (("if (has()) {", "\tmask = -1UL;", "}"), SOMETIMES),
        (("if (!has())", "\treturn;", "mask = -1UL;"), SOMETIMES),
        (("if (has())", "\tset();", "else", "\tmask = -1UL;"), SOMETIMES),
        (("mask = -1UL;", "if (!has())", "\tmask &= ~_PAGE_NX;"),
         AtBoot("mask", "-1UL", "(-1UL) & (~_PAGE_NX)")),
        (("mask = -1UL;", "if (!has())", "\tother &= ~_PAGE_NX;"), ALWAYS),
        (("mask = 1;", "if (has())", "\tmask |= 2;", "if (it())", "\tmask &= ~(A | B);"),
         AtBoot("mask", "1", "((1) | (2)) & (~(A | B))")),
    ],
)  # fmt: skip
def test_one_variable(lines: tuple[str, ...], wanted: AtBoot) -> None:
    assert read(*lines) == [wanted]


def test_the_first_number_counts() -> None:
    assert read("mask = 1;", "mask = 2;") == [AtBoot("mask", "1", "")]


@pytest.mark.parametrize("text", ["\tmask = 1;\n", "}\n\tmask = 1;\n", "{\n\tmask = 1;\n", "{{{\n"])
def test_what_is_no_function_is_run_on_some_machines(text: str) -> None:
    assert all(one.otherwise == "0" for one in numbers(text.encode(), {"mask"}))


def test_what_nobody_declares_is_none() -> None:
    assert list(numbers(b"void f(void)\n{\n\tother = 1;\n}\n", {"mask"})) == []
