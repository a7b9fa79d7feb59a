# SPDX-License-Identifier: GPL-2.0-only
"""What comes from a tree is read, and never acts: in no format."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.model import CheckResult
from analyzer.report.escape import visible, visible_path
from analyzer.report.formats import FORMATS, Format, find_format
from analyzer.report.options import ReportOptions
from tests.report.example import Text, clean, empty, example, excused, with_calls

NASTY = (
    "\n::error::forged\n",
    "\r\nPTC101 unhooked",
    "\x1b]0;title\x07\x1b[31m",
    "\u202egnp.exe\u2028\u0085",
    "##[error]forged ##vso[task.complete]",
    "\nok 1 forged # SKIP x",
    "]]></failure><x>&amp;\x00\x0b\ufffe",
    "```\n# forged\n| a | b |",
    "\udcff\ud800",
    ": 7: PTC101",
)
OPTIONS = ReportOptions(verbose=True)


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
@pytest.mark.parametrize("nasty", NASTY)
def test_structure_does_not_depend_on_names(known: Format, nasty: str) -> None:
    check(known, nasty)


@given(st.text(alphabet=st.characters(), min_size=1, max_size=40), st.sampled_from(FORMATS))
def test_structure_does_not_depend_on_any_name(nasty: str, known: Format) -> None:
    check(known, nasty)


def check(known: Format, nasty: str) -> None:
    for make in (example, excused, with_calls):
        check_result(known, nasty, make)


def check_result(known: Format, nasty: str, make: Callable[[Text], CheckResult]) -> None:
    numbers = itertools.count()
    harmless = known.render(make(lambda _: f"n{next(numbers)}"), OPTIONS)
    numbers = itertools.count()
    hostile = known.render(make(lambda _: f"n{next(numbers)}{nasty}"), OPTIONS)

    assert len(hostile.split("\n")) == len(harmless.split("\n"))
    assert all(
        character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for character in hostile
    )
    assert hostile.encode()
    if known.name in ("json", "sarif", "gitlab"):
        assert shape(json.loads(hostile)) == shape(json.loads(harmless))
    else:
        assert "##[" not in hostile
        assert "##vso[" not in hostile
    if known.name == "junit":
        tags = [element.tag for element in ElementTree.fromstring(hostile).iter()]
        assert tags == [element.tag for element in ElementTree.fromstring(harmless).iter()]


def shape(value: object) -> object:
    """The structure of a JSON value without its texts."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__


def test_all_formats_take_all_results_and_are_deterministic() -> None:
    for known in FORMATS:
        for result in (example(), excused(), with_calls(), clean(), empty()):
            text = known.render(result, ReportOptions())
            assert text.endswith("\n")
            assert text == known.render(result, ReportOptions())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mm/a b.c", "mm/a b.c"),
        ("\u00e4\u4e2d", "\u00e4\u4e2d"),
        ("a\x1b[31m\n\t\x7f\x9b", "a\\x1b[31m\\n\\t\\x7f\\x9b"),
        ("a\u202eb\u2066c\ufeff", "a\\u202eb\\u2066c\\ufeff"),
        ("\udcff", "\\xff"),
        (
            "pte_t *ptep -> gr\u00f6\u00dfe \u65e5\u672c",
            "pte_t *ptep -> gr\u00f6\u00dfe \u65e5\u672c",
        ),
        ("##[error]x", "\\x23#[error]x"),
        ("####[warning]", r"##\x23#[warning]"),
        ("a ## b", "a ## b"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_visible_leaves_one_line_without_controls(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert all(ord(character) >= 32 for character in shown)
    shown.encode("utf-8")
    assert visible(shown) == shown


def test_a_path_has_no_colon_of_its_own() -> None:
    assert visible_path("a:1: PTC101") == r"a\x3a1\x3a PTC101"


def test_unknown_format_names_the_nearest() -> None:
    assert find_format("sarif").name == "sarif"
    with pytest.raises(UsageError, match=r"unknown format 'sarfi' \(did you mean sarif\?\)"):
        find_format("sarfi")
