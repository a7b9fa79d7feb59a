# SPDX-License-Identifier: GPL-2.0-only
"""Where the hooks' header may be included: where it is seen whenever the hooks are called."""

from __future__ import annotations

from analyzer.generate.placement import include_places

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
