# SPDX-License-Identifier: GPL-2.0-only
"""Lines keep the numbers of the tree's file through edits."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from analyzer.generate.edits import Edit, Step
from analyzer.generate.numbered import Numbered, make_all, steady_texts, texts_of

TEXT = "one\ntwo\nthree\nfour\nfive\n"


def edit(before: str, after: str, path: str = "a.h") -> Edit:
    return Edit(path, before, after, Step.HOOKS, "f", "why")


def numbers(text: str) -> dict[str, int]:
    """What a preprocessor says of where each line stands."""
    found: dict[str, int] = {}
    line = 0
    for one in text.split("\n"):
        line += 1
        directive = re.fullmatch(r"#line (\d+)", one)
        if directive:
            line = int(directive[1]) - 1
            continue
        found.setdefault(one, line)
    return found


def test_what_follows_an_insertion_keeps_its_line() -> None:
    file = Numbered.of(TEXT).edited(edit("two\n", "two\nnew\n"))
    assert file is not None
    assert file.text == "one\ntwo\nnew\nthree\nfour\nfive\n"
    assert file.steady() == "one\ntwo\nnew\n#line 3\nthree\nfour\nfive\n"
    assert (file.line(2), file.line(3), file.line(5)) == (2, 4, 6)


def test_what_follows_a_deletion_keeps_its_line() -> None:
    file = Numbered.of(TEXT).edited(edit("two\nthree\n", ""))
    assert file is not None
    assert file.steady() == "one\n#line 4\nfour\nfive\n"
    assert file.line(3) == 1  # gone: what is left before it


def test_no_directive_parts_a_line_from_its_continuation() -> None:
    file = Numbered.of("#define A \\\n\tb\nc\n").edited(edit("#define A \\\n", "x\n#define A \\\n"))
    assert file is not None
    assert file.steady() == "x\n#line 1\n#define A \\\n\tb\nc\n"


def test_a_branch_that_is_not_compiled_moves_nothing_behind_it() -> None:
    text = "#if A\none\n#else\ntwo\n#endif\nthree\n"
    file = Numbered.of(text).edited(edit("one\n", "new\none\n"))
    assert file is not None
    assert file.steady() == (
        "#if A\nnew\n#line 2\none\n#else\n#line 4\ntwo\n#endif\n#line 6\nthree\n"
    )
    assert Numbered.of(text).steady() == text


def test_an_edit_that_fits_twice_is_refused() -> None:
    assert Numbered.of("a\na\n").edited(edit("a\n", "b\n")) is None
    assert (
        make_all({"a.h": Numbered.of(TEXT)}, [edit("two\n", "2\n"), edit("two\n", "3\n")]) is None
    )
    assert make_all({"a.h": Numbered.of(TEXT)}, [edit("one\n", "1\n", "b.h")]) is None


@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 3), st.integers(0, 3)), max_size=6))
def test_every_line_that_is_left_has_its_number(changes: list[tuple[int, int, int]]) -> None:
    original = "".join(f"line {n}\n" for n in range(1, 41))
    files = {"a.h": Numbered.of(original)}
    fresh = 0
    for start, gone, come in changes:
        lines = files["a.h"].text.splitlines(keepends=True)
        before = "".join(lines[start : start + gone])
        if not before or start + gone > len(lines):
            continue
        new = "".join(f"fresh {fresh + n}\n" for n in range(come))
        fresh += come
        after = make_all(files, [edit(before, new)])
        assert after is not None
        files = after
    said = numbers(steady_texts(files)["a.h"])
    for line in texts_of(files)["a.h"].splitlines():
        if line.startswith("line"):
            assert said[line] == int(line.split()[1])
