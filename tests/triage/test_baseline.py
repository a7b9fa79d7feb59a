# SPDX-License-Identifier: GPL-2.0-only
"""The baseline as a file: sorted, one finding a line, and one line for what is none."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.triage.baseline import (
    Entry,
    entries_of,
    parse_baseline,
    read_baseline,
    render,
    write_baseline,
)
from tests.report.example import clean, example

TEXTS = st.text(max_size=8)
ENTRIES = st.builds(
    Entry, TEXTS, TEXTS, TEXTS, st.text(min_size=1, max_size=4), TEXTS,
    st.text("0123456789abcdef", min_size=1, max_size=8),
)  # fmt: skip


def test_one_line_for_each_finding_in_order() -> None:
    text = write_baseline(example())

    lines = [json.loads(line.rstrip(",")) for line in text.splitlines() if "fingerprint" in line]
    assert [line["arch"] for line in lines] == ["demo", "demo", "other"]
    assert lines[0] == {
        "arch": "demo",
        "path": "arch/demo/include/asm/pgtable.h",
        "function": "pmd_user_accessible_page",
        "rule": "PTC203",
        "level": "pmd",
        "fingerprint": "5f0b",
    }
    assert text.startswith('{\n  "ptcheck-baseline": 1,\n')
    assert "120" not in text  # no line numbers
    assert json.loads(text)["findings"] == lines
    assert json.loads(write_baseline(clean()))["findings"] == []


def test_the_order_of_the_findings_does_not_matter() -> None:
    backwards = replace(example(), findings=tuple(reversed(example().findings)))
    assert write_baseline(backwards) == write_baseline(example())


@given(st.lists(ENTRIES, max_size=5, unique_by=lambda entry: entry.fingerprint))
def test_what_is_written_is_read(entries: list[Entry]) -> None:
    text = render(tuple(entries))
    assert text.isascii()
    assert parse_baseline(text.encode(), "b").entries == tuple(sorted(entries))
    assert len(text.splitlines()) == 4 + (len(entries) + 1 if entries else 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a baseline, no JSON"),
        (b"{", "not a baseline, no JSON"),
        (b"\xff\xfe", "not a baseline, no JSON"),
        (b"[" * 100_000, "not a baseline, no JSON"),
        (b"[]", "not a baseline (no 'ptcheck-baseline')"),
        (b'{"findings": []}', "not a baseline (no 'ptcheck-baseline')"),
        (b'{"ptcheck-baseline": 2, "findings": []}', "a baseline of version 2"),
        (b'{"ptcheck-baseline": true, "findings": []}', "a baseline of version True"),
        (b'{"ptcheck-baseline": "\\u001b[31m"}', r"a baseline of version \x1b[31m"),
        (b'{"ptcheck-baseline": 1}', "a damaged baseline: no list 'findings'"),
        (b'{"ptcheck-baseline": 1, "findings": [], "x": 1}', "a damaged baseline: unknown key 'x'"),
        (b'{"ptcheck-baseline": 1, "findings": [1]}', "a damaged baseline: entry 1 is no object"),
        (
            b'{"ptcheck-baseline": 1, "findings": [{"rule": "PTC101"}]}',
            "a damaged baseline: entry 1: no text for 'fingerprint'",
        ),
        (
            b'{"ptcheck-baseline": 1, "findings": [{"line": 1}]}',
            "a damaged baseline: entry 1: unknown key 'line'",
        ),
        (
            b'{"ptcheck-baseline": 1, "findings": [{"rule": 1, "fingerprint": "a"}]}',
            "a damaged baseline: entry 1: no text for 'rule'",
        ),
    ],
)
def test_what_is_none_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_baseline(data, "x\n.json")
    assert str(caught.value).startswith(rf"x\n.json: {message}")
    assert len(str(caught.value).splitlines()) == 1


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, message in (
        ("absent", "no such baseline"),
        ("", "not a regular file"),
        ("fifo", "not a regular file"),
        ("\0", "not a path"),
    ):
        with pytest.raises(UsageError, match=message):
            read_baseline(str(tmp_path / name) if name != "" else str(tmp_path))


@given(st.binary(max_size=60))
def test_any_bytes_give_a_baseline_or_one_line(data: bytes) -> None:
    said = [""]
    try:
        parse_baseline(data, "x")
    except UsageError as error:
        said = str(error).splitlines()
    assert len(said) == 1


def test_entries_leave_out_what_is_excused_otherwise() -> None:
    assert len(entries_of(example())) == 3
