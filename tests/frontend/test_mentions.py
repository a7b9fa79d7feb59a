# SPDX-License-Identifier: GPL-2.0-only
"""Where words stand, and which of them macros may make."""

from __future__ import annotations

import pytest

from analyzer.frontend.mentions import Mentioned, Mentions, mentions_of

A = b"""\
#define GLUE(a, b) a##b
#define VIA(x) GLUE(one_, x)
#define PREFIX(x) set_##x /* set_page */
#define END(x) x ## _end
#define NAME two
#define MANY(first, rest...) GLUE(first, rest)
#define OTHER_GLUE GLUE
#define APPLY(f, x) f(three_, x)
#define SP\\
LICED 1
int VIA(two), VIA(NAME) , PREFIX(page);
int MANY(a, b, c);
"""
B = b"int word, GLUE(four_, five), OTHER_GLUE(six_, seven);\n"


def asked(*texts: bytes) -> Mentioned:
    pairs = [(f"{number}.h", text) for number, text in enumerate(texts)]
    return Mentioned(mentions_of("", pairs))


def test_where_words_stand() -> None:
    found = asked(A, B)
    assert found.files("GLUE") == ("0.h", "1.h")
    assert found.files("word") == ("1.h",)
    assert found.files("wor") == found.files("words") == ()
    assert found.files("SPLICED") == ("0.h",)


@pytest.mark.parametrize(
    "name",
    ["one_two", "set_page", "page_end", "ab", "ac", "four_five", "six_seven", "one_four_", "set_1",
     "set_page_end"],
)  # fmt: skip
def test_what_may_be_pasted(name: str) -> None:
    assert asked(A, B).may_be_pasted(name)


@pytest.mark.parametrize(
    "name", ["one", "two", "word", "one_three", "page", "set_nothing", "nothing_end", "eight_five"]
)
def test_what_cannot_be(name: str) -> None:
    assert not asked(A, B).may_be_pasted(name)


def test_a_macro_that_calls_what_it_is_given() -> None:
    """Then nothing is known: any name may be given to the one that pastes."""
    assert asked(A, B, b"int APPLY(GLUE, x);\n").may_be_pasted("nothing_at_all")


def test_the_empty_piece() -> None:
    assert asked(b"#define NEW(x) new_##x##_of\n").may_be_pasted("new__of")


@pytest.mark.parametrize("words", ["word\tx", "word\t9", "word\t-1", "word\t"])
def test_no_index_of_ours(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Mentioned(Mentions("", "a.h", words, "", "")).files("word")
