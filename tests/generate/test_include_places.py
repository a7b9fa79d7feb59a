# SPDX-License-Identifier: GPL-2.0-only
"""Where the hooks' header may be included: where it is seen whenever the hooks are called."""

from __future__ import annotations

import pytest

from analyzer.frontend import Unit
from analyzer.generate.includes import ready
from analyzer.generate.placement import include_places, place_behind

TEXT = """\
#ifndef H
#define H
#ifndef __ASSEMBLY__
#include <asm/page.h>

#ifdef CONFIG_MMU

#ifdef CONFIG_64BIT
#include <asm/pgtable-64.h>
#else
#include <asm/pgtable-32.h>
#endif

static inline int first(void);

static inline void set_pte_at(void);
#else
static inline void none(void);
#endif
#endif
#endif
"""


def test_a_place_under_the_condition_of_the_call() -> None:
    places = include_places(TEXT, TEXT.index("static inline void set_pte_at"))

    assert TEXT.index("\n#ifdef CONFIG_MMU") in places
    assert TEXT.index("static inline int first") in places


def test_no_place_in_a_branch_that_the_call_is_not_in() -> None:
    places = include_places(TEXT, TEXT.index("static inline void none"))

    assert not [
        at for at in places if TEXT.index("#ifdef CONFIG_64BIT") < at <= TEXT.index("#else\nst")
    ]


def test_among_lines_in_a_row_those_of_linux_come_first() -> None:
    text = TEXT.replace("#include <asm/page.h>\n", "#include <linux/b.h>\n#include <asm/page.h>\n")
    places = include_places(text, text.index("static inline void none"))

    assert places[:2] == [text.index("#include <asm/page.h>"), text.index("\n#ifdef CONFIG_MMU")]


TYPES = "typedef long pte_t; typedef long pmd_t; struct mm_struct;\n"
LEVELS = '# 1 "levels.h" 1\n# 1 "folded.h" 1\ntypedef long pud_t;\n# 2 "levels.h" 2\n'


def of(lines: str) -> Unit:
    """A header of which line 5 includes, through another one, what declares the last type."""
    return Unit(f'# 1 "early.h" 1\n{TYPES}# 1 "h.h" 1\n{lines}{LEVELS}# 6 "h.h" 2\nint last;\n')


@pytest.mark.parametrize(
    ("line", "is_ready"), [(1, False), (3, False), (4, False), (5, False), (6, True), (9, True)]
)
def test_no_place_ahead_of_an_include_that_leads_to_a_type(line: int, is_ready: bool) -> None:
    assert ready(of("\n\n\n\n"), "h.h", line) is is_ready
    assert ready(of('int first;\n# 4 "h.h"\n\n'), "h.h", line) is is_ready  # blank lines left out


def test_each_type_and_mm_struct_is_needed() -> None:
    for name in ("pte_t", "pmd_t", "pud_t", "struct mm_struct;"):
        unit = Unit(of("").text.replace(name, "struct other;" if "struct" in name else "other"))
        assert not ready(unit, "h.h", 6)


def test_a_file_that_is_not_read_wants_nothing() -> None:
    assert ready(of(""), "other.h", 1)


GUARDED = """\
#ifndef H
#define H
#ifndef __ASSEMBLY__
#define first(x) second(x)
#ifdef CONFIG_A
#define second(x) 1
#else
#define second(x) 0
#endif
/* here */
#endif /* !__ASSEMBLY__ */
#define third(x) 2
#if defined(CONFIG_B) && !defined(__ASSEMBLY__)
int b;
#endif
#if !defined(__ASSEMBLER__)
/* there */
#endif
#endif
"""


@pytest.mark.parametrize(
    ("behind", "found"),
    [
        ("first(x) second(x)\n", "#ifdef CONFIG_A"), ("second(x) 1\n", "/* here */"),
        ("second(x) 0\n", "/* here */"), ("third(x) 2\n", "/* there */"),
        ("/* there */\n", "#endif\n#endif"),
    ],
)  # fmt: skip
def test_a_place_further_below_has_the_same_conditions(behind: str, found: str) -> None:
    at = GUARDED.index(behind) + len(behind)
    place = place_behind(GUARDED, GUARDED.index("#define first"), at)
    assert place is not None
    assert GUARDED[place:].startswith(found)


def test_no_place_behind_what_stands_under_the_macros_own_condition() -> None:
    at = GUARDED.index("#define third")
    assert place_behind(GUARDED, GUARDED.index("#define second(x) 1"), at) is None
    assert place_behind(GUARDED, GUARDED.index("int b;"), GUARDED.index("/* there")) is None


def test_a_place_in_a_header_that_assembler_sees_as_a_whole() -> None:
    text = "#ifndef H\n#define H\n#define a(x) b(x)\n#define b(x) x\nint c;\n#endif\n"
    assert place_behind(text, text.index("#define a"), text.index("int c")) == text.index("int c")
