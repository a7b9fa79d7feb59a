# SPDX-License-Identifier: GPL-2.0-only
"""Which lines a comment is about, and what makes it one that counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.triage.comments import Comment, comments

MARK = "ptcheck: ignore PTC101 -- never counted"
SET = """\
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr,
        pte_t *ptep, pte_t pte)
{
    WRITE_ONCE(*ptep, pte);
}
"""
OTHER = """\
static inline int other(pte_t pte)
{
    return 1;
}
"""


def only(text: str) -> Comment:
    found = comments(text)
    assert len(found) == 1, found
    return found[0]


def about(text: str) -> list[str]:
    """The lines that the only comment of `text` is about."""
    comment = only(text)
    assert not comment.problem, comment.problem
    assert comment.rules == ("PTC101",)
    assert comment.reason == "never counted"
    return text.split("\n")[comment.first - 1 : comment.last]


FUNCTION = SET.rstrip("\n").split("\n")


@pytest.mark.parametrize(
    "before",
    [
        f"/* {MARK} */\n",
        f"// {MARK}\n",
        f"/*\n * {MARK}\n */\n",
        "/*\n * ptcheck: ignore\n *\tunhooked -- never\n * counted\n */\n",
        f"/* {MARK} */\n#define set_pte_at set_pte_at\n",
        f"/* {MARK} */\n/* what it is for:\n\n   much */\n",
        f"#ifdef CONFIG_X\n/* {MARK} */\n#endif\n",
    ],
)
def test_right_before_a_definition(before: str) -> None:
    assert about(OTHER + "\n" + before + SET + "\n" + OTHER) == FUNCTION


@pytest.mark.parametrize("line", range(2, 5))
def test_inside_of_a_definition(line: int) -> None:
    lines = SET.split("\n")
    lines.insert(line, f"\t/* {MARK} */")
    text = "\n".join(lines)
    assert about(OTHER + text + OTHER) == lines[:-1]


def test_at_the_end_of_a_line() -> None:
    lines = SET.split("\n")
    for number in range(4):
        marked = [*lines]
        marked[number] += f" /* {MARK} */"
        assert about("\n".join([OTHER, *marked, OTHER])) == marked[:5]


def test_a_line_of_its_own_type() -> None:
    text = f"/* {MARK} */\nstatic inline void\nset_pte(pte_t *p, pte_t v)\n{{\n\t*p = v;\n}}\n"
    assert about(text)[-1] == "}"
    assert "set_pte(pte_t *p, pte_t v)" in about(text)


def test_macros() -> None:
    text = f"/* {MARK} */\n#define set(p, v) \\\ndo {{ \\\n\t*(p) = (v); \\\n}} while (0)\n" + OTHER
    assert about(text) == text.split("\n")[1:5]
    inner = text.replace(f"/* {MARK} */\n", "").replace("*(p)", f"/* {MARK} */ *(p)")
    assert about(inner) == inner.split("\n")[0:4]


def test_a_definition_on_one_line() -> None:
    text = OTHER + f"/* {MARK} */\nstatic inline void f(pte_t *p) {{ p->pte = 0; }}\n" + OTHER
    assert about(text) == ["static inline void f(pte_t *p) { p->pte = 0; }"]


def test_braces_of_both_sides_of_a_condition() -> None:
    text = (
        f"/* {MARK} */\nvoid f(void)\n{{\n#ifdef A\n\tif (a) {{\n#else\n\tif (b) {{\n#endif\n"
        "\t\tg();\n\t}\n\th();\n}\n"
    )
    assert about(text + OTHER)[-2:] == ["\th();", "}"]


@pytest.mark.parametrize(
    "text",
    [
        f"/* {MARK} */\n\n{SET}",
        f"{SET}/* {MARK} */\n",
        f"/* {MARK} */\nint x;\n{SET}",
        f"{SET}\n/* {MARK} */\n\n{OTHER}",
        f"/* {MARK} */\n",
    ],
)
def test_elsewhere_it_is_about_nothing(text: str) -> None:
    assert only(text).problem == "it is neither in a definition nor right before one"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("ignore PTC101", "it has no reason"),
        ("ignore PTC101 --", "it has no reason"),
        ("ignore PTC101 -- ", "it has no reason"),
        ("ignore -- because", "it names no rule"),
        ("ignore", "it names no rule"),
        ("ignore PTC101 because", "unknown rule 'because'"),
        ("ignore unhoked -- x", "unknown rule 'unhoked' (did you mean 'PTC101'?)"),
        ("ignore PTC901 -- x", "PTC901 cannot be disabled or suppressed"),
        ("ignore PTC1 -- x", "unknown rule 'PTC1'"),
        ("disable PTC101 -- x", "'ptcheck: ignore RULE -- reason' is the only form"),
        ("", "'ptcheck: ignore RULE -- reason' is the only form"),
    ],
)
def test_what_is_wrong_is_said(words: str, problem: str) -> None:
    assert only(f"/* ptcheck: {words} */\n{SET}").problem.startswith(problem)


def test_several_rules() -> None:
    assert only(f"/* ptcheck: ignore PTC101, double-hook -- a -- b */\n{SET}") == Comment(
        1, 2, 6, ("PTC101", "PTC102"), "a -- b", ""
    )


@pytest.mark.parametrize(
    "text",
    [
        f'char *s = "/* {MARK} */";\n{SET}',
        f"/* as in ptcheck: ignore PTC101 -- x */\n{SET}",
        f"/* see ptcheck */\n{SET}",
        f"#if 0\nptcheck: ignore PTC101 -- x\n#endif\n{SET}",
    ],
)
def test_what_only_mentions_it_is_none(text: str) -> None:
    assert comments(text) == ()


PIECES = st.sampled_from(
    ["/* ", "*/", "//", "\n", "ptcheck: ", "ignore PTC101", " -- ", "why", "{", "}", "(", ")", ";",
     "#define a(b) ", "\\\n", '"', "'", "\t", "void f", "\r\n", "\0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text())
def test_any_text_can_be_read(text: str) -> None:
    count = text.count("\n") + 1
    for comment in comments(text):
        assert 1 <= comment.line <= count
        assert comment.problem or 1 <= comment.first <= comment.last <= count
