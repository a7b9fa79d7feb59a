# SPDX-License-Identifier: GPL-2.0-only
"""What an edit of a header changes: functions, or nothing but lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.check.edited import edit_of
from analyzer.check.moved import moved
from analyzer.frontend.edits import FileEdit, Unsure
from analyzer.model import Location

PATH = "arch/demo/include/asm/x.h"
TEXT = """\
/* first */
#ifndef X
#define X
#define TWO(a, b) \\
	((a) + (b))

static inline int one(int x)
{
	int y = x; /* said */

	return TWO(y,
		x);
}

int declared(int a,
	int b);

static inline int two(int x)
{
	return one(x) + 1;
}
#endif
"""


def edited(new: str) -> FileEdit | None:
    return edit_of(PATH, TEXT.encode(), new.encode())


def lines(found: FileEdit | None) -> dict[int, int]:
    """Where each line with a word is now."""
    assert found is not None
    return {
        number: found.line(number)
        for number, line in enumerate(TEXT.split("\n"), 1)
        if line.strip() and not found.lost(number) and not line.startswith("/*")
    }


@pytest.mark.parametrize("comment", ["/* a */", "/*\n * a\n */", "// a", "", "\n\n"])
@pytest.mark.parametrize("before", ["#define X\n", "static inline int one", "\tint y", "int decl"])
def test_comments_and_blank_lines(comment: str, before: str) -> None:
    new = TEXT.replace(before, f"{comment}\n{before}", 1)
    found = edited(new)
    assert found is not None
    assert not found.edits
    after = new.split("\n")
    for old, now in lines(found).items():
        was = TEXT.split("\n")[old - 1]
        assert after[now - 1].split("/*")[0].split() == was.split("/*")[0].split()


def test_a_place_moves() -> None:
    found = edited(TEXT.replace("\tint y", "\n\n\tint y"))
    assert found is not None
    assert moved(Location(PATH, 9), (found,)) == Location(PATH, 11)
    assert moved((f"{PATH}:20: said", Location(PATH, 7)), (found,)) == (
        f"{PATH}:22: said", Location(PATH, 7),
    )  # fmt: skip
    assert moved(Location(PATH + "x", 9), (found,)) == Location(PATH + "x", 9)


@pytest.mark.parametrize(
    ("old", "new", "functions"),
    [
        ("return one(x) + 1;", "return one(x) + 2;", ["two"]),
        ("return one(x)", "barrier();\n\treturn one(x)", ["two"]),
        ("int y = x;", "int z = x;", ["one"]),
        ("\treturn TWO(y,\n\t\tx);", "\treturn TWO(y, x);", ["one"]),  # given to a macro
        ("\treturn TWO(y,\n", "\treturn TWO(y,\n\n", ["one"]),
        ("one(x) + 1", "one(x)+1", ["two"]),  # a macro could tell
        ("\treturn one", "        return one", []),
    ],
)
def test_functions_that_differ(old: str, new: str, functions: list[str]) -> None:
    assert old in TEXT
    found = edited(TEXT.replace(old, new))
    assert found is not None
    assert [edit.name for edit in found.edits] == functions


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("((a) + (b))", "((a) - (b))"),
        ("#define X\n", "#define X 1\n"),
        ("#define X\n", "#define X\n#define Y\n"),
        ("int declared(int a", "int declared(long a"),
        ("static inline int two", "static int two"),
        ("#endif\n", "#endif\nint more;\n"),
        ("int b);", "int b); /* open"),
        ("/* first */", "// first \\"),
        ("return one(x) + 1;", "\n#define Z\n\treturn one(x) + 1;"),
        ("return one(x) + 1;", "return one(x) + 1; } int three(void) {"),
    ],
)
def test_more_than_that(old: str, new: str) -> None:
    assert old in TEXT
    found = edited(TEXT.replace(old, new, 1))
    assert found is None or [edit.name for edit in found.edits] == ["two"]
    if "static" not in old:
        assert found is None


def test_a_line_that_is_torn_is_no_place() -> None:
    found = edited(TEXT.replace("int declared(int a,\n", "int\ndeclared(int a,\n"))
    assert found is not None
    with pytest.raises(Unsure):
        moved(Location(PATH, 15), (found,))
    assert moved(Location(PATH, 18), (found,)) == Location(PATH, 19)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["\n", " /* x */ ", "\n\n", "\t"]))))
def test_layout_anywhere(chosen: list[tuple[int, str]]) -> None:
    """Wherever there is white space outside of lines of the preprocessor."""
    new = TEXT
    for number, more in chosen:
        gaps = [m.start() for m in re.finditer(r"(?<=\S)(?=[ \t\n])", new)]
        at = gaps[number % len(gaps)]
        line = new[new.rfind("\n", 0, at) + 1 : at]
        if "#" in line or "((a)" in line or "//" in line or "/*" in line:
            continue
        new = new[:at] + more + new[at:]
    found = edited(new)
    assert found is not None
    after = [line.split("/*")[0] for line in re.sub(r"/\*.*?\*/", " ", new).split("\n")]
    for old, now in lines(found).items():
        word = re.sub(r"/\*.*?\*/", " ", TEXT.split("\n")[old - 1]).split()
        assert after[now - 1].split()[:1] == word[:1]
