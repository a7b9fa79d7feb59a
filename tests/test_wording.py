# SPDX-License-Identifier: GPL-2.0-only
"""Paragraphs, lists and tables of mails."""

from __future__ import annotations

import jinja2
import pytest

from analyzer.wording import environment, fill


def test_paragraphs_and_lists_are_filled_and_tables_stay() -> None:
    words = "word " * 20
    text = f"{words}\n{words}\n\n\n- one {words}\n- two\n  more\n\n  a    table\n  b    of two\n"
    done = fill(text)
    assert max(map(len, done.split("\n"))) <= 72
    first, items, table = done.split("\n\n")
    assert first.split() == (words * 2).split()
    assert items.startswith("- one word")
    assert items.endswith("\n- two more")
    assert all(line.startswith(("- ", "  ")) for line in items.split("\n"))
    assert table == "  a    table\n  b    of two"
    assert fill(done) == done


@pytest.mark.parametrize("room", ["generate", "framework"])
def test_a_name_that_is_not_given_is_an_error(room: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment(room).from_string("{{ nobody_gave_this }}").render()
    assert environment(room).get_template("cover.subject.j2")
