# SPDX-License-Identifier: GPL-2.0-only
"""Remarks in files of C."""

from __future__ import annotations

import pytest

from analyzer.check.remarks import never_asked, only_remarks

TEXT = """\
// SPDX
#include <linux/mm.h>

/* What it is for; x = 1 */
static int one(int x)
{
	int y = x; /* said */

	return y
		+ 1;
}
"""


@pytest.mark.parametrize(
    ("old", "new", "only"),
    [
        ("static int", "/* see one() */\nstatic int", True),
        ("\tint y", "\t/*\n\t * more\n\t */\n\n\tint y", True),
        ("\n\n\treturn", "\n\t// here\n\treturn", True),
        ("// SPDX\n", "// SPDX\n\n\n", True),
        ("// SPDX", "// other", True),
        ("#include", "/* all */\n#include", True),
        ("\n\n/* What", "\n/* of it */\n/* What", True),
        ("/* What it is for; x = 1 */\n", "", False),  # it looks like code
        ("static int", "// see one()\nstatic int", False),
        ("static int", "/* one() { */\nstatic int", False),
        ("/* said */", "/* told */", False),
        ("\t\t+ 1;", "\t\t/* one */\n\t\t+ 1;", False),  # in a statement
        ("\t\t+ 1;", "\t+ 1;", False),
        ("\treturn y\n\t\t+ 1", "\treturn y + 1", False),
        ("return y", "return x", False),
        ("static int", "/* of a pte */\nstatic int", False),  # the file was about no entries
        ("}\n", "}\n/* open", True),
        ("}\n", "}\n/* open\n#if 0", False),
    ],
)
def test_remarks(old: str, new: str, only: bool) -> None:
    assert old in TEXT
    now = TEXT.replace(old, new, 1)
    assert only_remarks(TEXT.encode(), now.encode()) is only
    assert only_remarks(now.encode(), TEXT.encode()) is only


@pytest.mark.parametrize(
    ("path", "more", "never"),
    [
        ("mm/x.c", "int two(void)\n{\n\treturn 2;\n}\n", True),
        ("mm/x.h", "static inline int two(void)\n{\n\treturn 2;\n}\n", True),
        ("mm/x.c", "int more;\n", False),  # a variable that headers may declare
        ("mm/x.c", "int more = 1;\n", False),
        ("mm/x.h", "extern int more;\n", False),
        ("mm/x.c", "pte_t *two(void);\n", False),
        ("mm/x.c", "void two(void) { page_table_check_x(); }\n", False),
        ("mm/x.c", "\0", False),
        ("arch/demo/boot/x.c", "void two(void) { }\n", False),
        ("mm/x.S", "nop\n", False),
    ],
)
def test_what_nobody_asks_for(path: str, more: str, never: bool) -> None:
    assert never_asked(path, TEXT.encode(), (TEXT + more).encode()) is never
