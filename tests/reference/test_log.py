# SPDX-License-Identifier: GPL-2.0-only
"""The log: what is written is read again, what is wrong is named, the schema says the same."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reference.log import (
    MAX_LINE,
    Header,
    LogError,
    LogReader,
    read_header,
    write_log,
)
from analyzer.reference.minimise import first_violation, minimise, shrink
from analyzer.reference.peer.layout import (
    PFN_SHIFT,
    PRESENT,
    USER,
    WRITE,
    PlainDecoder,
    plain_layout,
)
from analyzer.reference.peer.random_events import random_events
from analyzer.reference.replay import replay
from analyzer.reference.values import Event, Op, PageKind, Traits

REPOSITORY = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((REPOSITORY / "docs" / "event-log.schema.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA)
LOGS = REPOSITORY / "kernel_stubs" / "logs"


def read(text: str | bytes) -> list[Event]:
    data = text.encode() if isinstance(text, str) else text
    stream = io.BytesIO(data)
    read_header("log", stream.readline())
    return list(LogReader("log", stream, PlainDecoder()))


def events_of(seed: int, count: int) -> list[Event]:
    items = random_events(plain_layout(), seed, count)
    return [item.event._replace(number=2 + i) for i, item in enumerate(items)]


@given(st.integers(0, 1 << 32))
def test_written_and_read_again(seed: int) -> None:
    events = events_of(seed, 30)
    text = write_log(Header("demo", "base"), events, "a note")

    assert read(text) == [_normal(event) for event in events]
    for line in text.splitlines():
        VALID.validate(json.loads(line))


def _normal(event: Event) -> Event:
    """An event with what its line does not say left out."""
    if event.op in (Op.ALLOC, Op.FREE, Op.PAGE):
        return event._replace(level="pte", mm=1, slot=None, value=0)
    return event


def test_the_examples_keep_to_the_schema() -> None:
    files = sorted(LOGS.glob("*.jsonl"))
    assert len(files) >= 5
    for path in files:
        for line in path.read_text().splitlines():
            VALID.validate(json.loads(line))


BAD = {
    "not json": "not JSON",
    "[1]": "not a JSON object",
    '"x"': "not a JSON object",
    '{"op": "sett"}': "op 'sett' is none of set",
    '{"op": ["set"]}': "op",
    "{}": "op None",
    '{"op": "set", "mm": 1, "slot": 1}': "no value",
    '{"op": "set", "mm": 1, "value": 1}': "neither slot nor addr",
    '{"op": "store", "mm": 1, "value": 1}': "neither slot nor addr",
    '{"op": "clear-range", "mm": 1}': "neither slot nor addr",
    '{"op": "clear-range", "mm": 1, "slot": 0, "level": "pmd"}': "tables of ptes",
    '{"op": "set", "slot": 1, "value": 1}': "no mm",
    '{"op": "set", "mm": "me", "slot": 1, "value": 1}': "mm 'me' is neither",
    '{"op": "set", "mm": 1, "slot": 1, "value": true}': "value True is neither",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1.5}': "value 1.5 is neither",
    '{"op": "set", "mm": 1, "slot": 1, "value": -1}': "negative",
    '{"op": "set", "mm": 1, "slot": 1, "value": "0x1_0"}': "neither",
    '{"op": "set", "mm": 1, "slot": 1, "value": "0x1 "}': "neither",
    '{"op": "set", "mm": 1, "slot": 1, "value": "0x10000000000000000"}': "more than 64 bits",
    '{"op": "set", "mm": 1, "slot": 1, "value": 18446744073709551616}': "more than 64 bits",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "level": "p4d"}': "level 'p4d'",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "nr": 0}': "nr 0 is not from 1",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "nr": 4194304}': "is not from 1",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "old": 5}': "old is no list",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "old": ["x"]}': "old 'x' is neither",
    '{"op": "set", "mm": 1, "slot": 1, "addr": 1, "value": 1}': "both slot and addr",
    '{"op": "set", "mm": 1, "slot": 1, "value": 1, "extra": 1}': "unknown member 'extra'",
    '{"op": "clear", "mm": 1, "value": 1, "nr": 2}': "unknown member 'nr'",
    '{"op": "alloc"}': "no pfn",
    '{"op": "alloc", "pfn": 1, "order": 60}': "order 60",
    '{"op": "page", "pfn": 1}': "kind None",
    '{"op": "page", "pfn": 1, "kind": "gold"}': "kind 'gold'",
    '{"op": "page", "pfn": 1, "kind": "file", "nr": 2000000}': "is not from 1",
    "[" * 50000: "not JSON",
    "\x00": "not JSON",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:60])
def test_a_bad_line_is_named(line: str) -> None:
    good = '{"op": "alloc", "pfn": 1}\n'
    with pytest.raises(LogError) as caught:
        read('{"ptcheck-log": 1}\n' + good + "\n" + line + "\n" + good)

    assert str(caught.value).startswith("log:4: ")
    assert BAD[line] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("line", [one for one in BAD if one.startswith("{")])
def test_the_schema_refuses_it_too(line: str) -> None:
    assert not VALID.is_valid(json.loads(line)) or "4194304" in line or "order" in line


@pytest.mark.parametrize(
    "first",
    ["", "{}", '{"ptcheck-log": 2}', '{"ptcheck-log": true}', '{"ptcheck-log": 1, "x": 1}',
     '{"ptcheck-log": 1, "arch": 5}', '{"op": "alloc", "pfn": 1}'],
)  # fmt: skip
def test_a_bad_header_is_named(first: str) -> None:
    with pytest.raises(LogError, match=r"^log:1: "):
        read(first + "\n")


def test_one_way_to_name_entries() -> None:
    text = '{"ptcheck-log": 1}\n{"op": "clear", "mm": 1, "slot": 1, "value": 0}\n'
    with pytest.raises(LogError, match=r"^log:3: .*addr is new here"):
        read(text + '{"op": "clear", "mm": 1, "addr": 1, "value": 0}\n')


def test_lines_that_are_too_long_or_no_text() -> None:
    for line in (b" " * (MAX_LINE + 1), b"\xff\xfe", b'{"op": "\xff"}'):
        with pytest.raises(LogError, match=r"^log:2: "):
            read(b'{"ptcheck-log": 1}\n' + line + b"\n")


@given(st.binary(max_size=200))
def test_no_bytes_are_a_defect(data: bytes) -> None:
    with suppress(LogError):
        read(b'{"ptcheck-log": 1}\n' + data)


# -- the history, and the fewest events ------------------------------------------------------


def failing(seed: int) -> list[Event] | None:
    """Random events with a violation somewhere, or None."""
    events = events_of(seed, 120)
    return events if first_violation(events, PlainDecoder(), Traits()) else None


@given(st.integers(0, 1 << 32))
def test_the_fewest_events_are_one_minimal(seed: int) -> None:
    events = failing(seed)
    if events is None:
        return
    found = replay(lambda: events, PlainDecoder(), Traits())
    assert found.violation is not None
    kept = minimise(found, lambda: events, PlainDecoder(), Traits())

    def same(some: list[Event]) -> bool:
        seen = first_violation(some, PlainDecoder(), Traits())
        return (
            seen is not None
            and found.violation is not None
            and (seen.rule, seen.pfn) == (found.violation.rule, found.violation.pfn)
        )

    assert same(list(kept))
    assert list(kept) == [event for event in events if event in kept]
    for position in range(len(kept)):
        assert not same([*kept[:position], *kept[position + 1 :]])


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(61, 90))
def test_shrinking_finds_what_is_needed(needed: set[int], size: int) -> None:
    asked = []

    def fails(items: Sequence[int]) -> bool:
        asked.append(1)
        return needed <= set(items)

    assert shrink(list(range(size)), fails) == sorted(needed)
    assert len(asked) < 40 * size


@given(st.integers(0, 1 << 32))
def test_the_history_explains_the_counters(seed: int) -> None:
    """Every event that moved the page's counters is in it, and the last one broke the rule."""
    events = failing(seed)
    if events is None:
        return
    found = replay(lambda: events, PlainDecoder(), Traits())
    assert found.violation is not None
    assert found.history[-1].event == found.violation.event
    assert found.history[-1].counters == found.violation.after
    if len(found.history) > 1:
        assert found.history[-2].counters == found.violation.before
    else:
        assert found.violation.before.anon == found.violation.before.file == 0
    for touch, later in zip(found.history, found.history[1:], strict=False):
        assert touch.event.number < later.event.number


def test_the_history_has_what_ends_a_mapping() -> None:
    """An event that writes over the page's entry touches it, though it maps another one."""
    one, other = (pfn << PFN_SHIFT | PRESENT | USER | WRITE for pfn in (0x100, 0x101))
    events = [
        Event(Op.PAGE, pfn=0x100, nr=2, kind=PageKind.ANONYMOUS, number=2),
        Event(Op.SET, "pte", 1, 0, one, number=3),
        Event(Op.SET, "pte", 1, 0, other, number=4),
        Event(Op.ALLOC, pfn=0x100, number=5),
        Event(Op.CLEAR, "pte", 1, 0, one, number=6),
    ]
    found = replay(lambda: events, PlainDecoder(), Traits())

    assert [touch.event.number for touch in found.history] == [2, 3, 4, 5, 6]
