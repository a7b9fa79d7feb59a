# SPDX-License-Identifier: GPL-2.0-only
"""The table: aligned, notes below their row, nothing of the scratch folder in it."""

from __future__ import annotations

from analyzer.generate.trial import State, Tried, render
from analyzer.generate.trial.values import scrub


def test_columns_are_as_wide_as_they_have_to_be() -> None:
    rows = [
        Tried("git am", "all", "", State.OK, "applies cleanly"),
        Tried("compile", "1/3", "demo/base", State.FAILED, "does not compile", ("x.c: error: y",)),
    ]
    lines = render(rows).splitlines()
    assert len({line.index(word) for line, word in zip(
        [lines[0], lines[1], lines[2]], ["result", "applies", "does not"], strict=True
    )}) == 1  # fmt: skip
    assert lines[3] == "    x.c: error: y"
    assert all(line == line.rstrip() for line in lines)


def test_folders_are_taken_out() -> None:
    text = "../view/mm/x.c: In /tmp/s/view/mm/x.c from /tmp/s"
    assert scrub(text, ("/tmp/s/view", "../view", "/tmp/s")) == "mm/x.c: In mm/x.c from ."
