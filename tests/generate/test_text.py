# SPDX-License-Identifier: GPL-2.0-only
"""The original text of C: functions, statements, places for what is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.generate.ctext import blank, find_function, statement_at, wrap_call
from analyzer.generate.edits import Step, apply, make
from analyzer.generate.kconfig_edit import place
from analyzer.generate.placement import end_of_c, include_places, sorted_place

CODE = """\
/* take() { */
#define take(x) \\
\t(x)

static inline pte_t take(struct mm_struct *mm,
\t\t\t unsigned long addr, pte_t *ptep)
{
\tpte_t old = *ptep; /* ; */

\tif (mm)
\t\tdrop(ptep);
\telse {
\t\tkeep("}", ptep);
\t}
\treturn old;
}
"""


def test_a_function_is_found_by_its_definition() -> None:
    found = find_function(CODE, "take", 5)
    assert found is not None
    assert found.returns == "pte_t"
    assert [(p.type, p.name) for p in found.parameters] == [
        ("struct mm_struct *", "mm"), ("unsigned long", "addr"), ("pte_t *", "ptep"),
    ]  # fmt: skip
    assert [one.kind for one in found.body] == ["declaration", "compound", "simple"]
    assert CODE[found.close] == "}"
    assert CODE[: found.start].endswith("\n\n")


def test_the_statement_of_a_place_and_what_is_around_it() -> None:
    found = find_function(CODE, "take", 5)
    assert found is not None
    chain = statement_at(found.body, CODE.index("drop("))
    assert [one.kind for one in chain] == ["compound", "simple"]
    assert not chain[1].block
    inner = statement_at(found.body, CODE.index("keep("))
    assert [one.kind for one in inner] == ["compound", "block", "simple"]
    assert inner[-1].block


@given(st.text(alphabet="/*\"'\\\n#{}();a ", max_size=60))
def test_blanking_moves_nothing(text: str) -> None:
    masked = blank(text)
    assert len(masked) == len(text)
    assert [i for i, c in enumerate(masked) if c == "\n"] == [
        i for i, c in enumerate(text) if c == "\n"
    ]


@given(st.text(alphabet="abc{}();\n\t ", max_size=80), st.integers(0, 9))
def test_no_text_is_too_odd(text: str, line: int) -> None:
    find_function(text, "a", line)


def test_long_calls_are_wrapped_under_their_bracket() -> None:
    text = wrap_call("\t", "page_table_check_ptes_set", ["the_mm", "the_address", "the_slot",
                     "the_value", "the_number_of_them"])  # fmt: skip
    first, second = text.split("\n")
    assert first.expandtabs(8).index("(") + 1 == len(second.expandtabs(8)) - len(second.lstrip())
    assert max(len(line.expandtabs(8)) for line in (first, second)) <= 80


def test_an_edit_takes_in_what_makes_it_unique() -> None:
    text = "a\nx\nb\nx\nc\n"
    at = text.rindex("x")
    edit = make(text, "f", at, at + 1, "y", Step.HOOKS, "f", "why")
    assert apply({"f": text}, [edit]) == {"f": "a\nx\nb\ny\nc\n"}
    assert apply({"f": "nothing like it"}, [edit]) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["ARCH_A", "ARCH_SUPPORTS_LTO", "ARCH_SUPPORTS_RT", "ZED"], "ARCH_SUPPORTS_RT"),
        (["ARCH_STACKWALK", "ARCH_USE_X", "ARCH_SUPPORTS_A", "ARCH_USE_Y"], "ARCH_USE_Y"),
        (["ARCH_A", "ARCH_B"], ""),
    ],
)
def test_the_place_of_the_select(before: list[str], after: str) -> None:
    text = "config X\n\tbool\n" + "".join(f"\tselect {name}\n" for name in before) + "\nconfig Y\n"
    found = place(text)
    assert found is not None
    at, indent = found
    assert indent == "\t"
    rest = text[at:].split("\n")[0].strip()
    assert rest == (f"select {after}" if after else "")


HEADER = """\
#ifndef _X_H
#define _X_H
#include <asm/a.h>
#ifndef __ASSEMBLY__
#include <linux/b.h>
#ifdef CONFIG_C
#include <linux/c.h>
#endif

/* about f */
static inline int f(void) { return 0; }
#endif /* !__ASSEMBLY__ */
#endif
"""


def test_what_is_added_is_not_seen_by_assembler() -> None:
    assert HEADER[end_of_c(HEADER) :].startswith("#endif /* !__ASSEMBLY__ */")
    places = include_places(HEADER, HEADER.index("static"))
    assert HEADER[: places[0]].endswith("#include <linux/b.h>\n")
    assert all(at > HEADER.index("__ASSEMBLY__") for at in places)
    assert HEADER[places[-1] :].startswith("/* about f */")


def test_includes_of_a_c_file_stay_in_order() -> None:
    text = "#include <linux/mm.h>\n#include <linux/swap.h>\n#include <asm/x.h>\n"
    assert text[sorted_place(text) :].startswith("#include <linux/swap.h>")
