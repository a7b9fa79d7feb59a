# SPDX-License-Identifier: GPL-2.0-only
"""New functions are taken out of a header, where it is certain when they are compiled."""

from __future__ import annotations

import pytest

from analyzer.callsites.text import Source
from analyzer.check.added import without_added
from analyzer.check.edited import edit_of
from analyzer.frontend.edits import Added

PATH = "arch/demo/include/asm/x.h"
TEXT = """\
#define FIRST 1

static inline int one(int x)
{
	return x;
}

#ifdef CONFIG_MMU
static inline int two(int x)
{
	return one(x);
}
#endif

static inline int last(int x)
{
#ifdef CONFIG_SMP
	x++;
#endif
	return x;
}
"""
NEW = "/* more */\nstatic inline int fork(int x)\n{\n\treturn x + 1;\n}\n\n"


def taken_out(text: str) -> tuple[bytes, tuple[Added, ...]]:
    old, new = TEXT.encode(), text.encode()
    return without_added(Source(PATH, old), old, Source(PATH, new), new)


def before(name: str, more: str = NEW) -> str:
    head = f"static inline int {name}("
    assert head in TEXT
    return TEXT.replace(head, more + head)


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        (before("one"), "one"),
        (before("two"), "two"),
        (TEXT.replace("#ifdef CONFIG_MMU", f"{NEW}#ifdef CONFIG_MMU"), "one"),
        (before("one", NEW + NEW.replace("fork", "fork_too")), "one"),
    ],
)
def test_what_is_left_is_the_header_as_it_was(text: str, beside: str) -> None:
    left, added = taken_out(text)
    assert [one.beside for one in added] == [beside] * len(added)
    assert added[0].edit.new == NEW.partition("\n")[2].rstrip()
    assert added[0].edit.old.startswith(f"static inline int {beside}(")
    line = text.count("\n", 0, text.index("static inline int fork(")) + 1
    assert (added[0].edit.new_line, added[0].edit.new_end) == (line, line + 3)
    edit = edit_of(PATH, TEXT.encode(), left)
    assert edit is not None
    assert not edit.edits
    at = text.count("\n", 0, text.index("static inline int last("))
    was = TEXT.count("\n", 0, TEXT.index("static inline int last("))
    assert edit.line(was + 1) == at + 1


@pytest.mark.parametrize(
    "text",
    [
        before("last"),  # between lines of the preprocessor, and the next function has some
        before("one", NEW.replace("static ", "")),
        before("one", NEW + NEW),
        before("one", NEW.replace("fork(int x)", "fork(struct mm_struct *mm, pte_t *ptep)")),
        before("one", NEW.replace("fork", "pte_user_accessible_page")),
        before("one", NEW.replace("return x + 1;", "#ifdef A\n\treturn x;\n#endif")),
        before("one", f"#define fork(x) one(x)\n{NEW}"),
        before("one", NEW.replace("x + 1", 'x + sizeof("#")')),  # no directive, and yet
        before("one", NEW.replace("x + 1", "x \\\n + 1")),
        TEXT.replace("one", "first"),  # another name
    ],
)
def test_what_is_not_certain_is_left(text: str) -> None:
    left, added = taken_out(text)
    if added:  # the old one is gone, which shows when the rest is compared
        assert edit_of(PATH, TEXT.encode(), left) is None
    else:
        assert left == text.encode()
