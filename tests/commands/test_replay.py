# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck replay` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.runner import DEMO, ptcheck

EXAMPLES = {
    "copy-on-write": ("anonymous-shared-writable", 3),
    "double-mapping": ("anonymous-shared-writable", 3),
    "file-as-anonymous": ("anonymous-over-file", 3),
    "special-counted": ("freed-while-mapped", 2),
    "special-skipped": ("", 0),
    "use-after-free": ("freed-while-mapped", 2),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, tmp_path: Path) -> None:
    rule, fewest = EXAMPLES[name]
    short = tmp_path / "short.jsonl"
    done = ptcheck("replay", "--example", name, "--minimise", str(short), "--format", "json")
    found = json.loads(done.out)

    assert done.code == (1 if rule else 0)
    assert found["clean"] is not bool(rule)
    if not rule:
        assert not short.exists()
        return
    assert found["violation"]["rule"] == rule
    assert found["history"][-1]["line"] == found["violation"]["line"]
    assert len(found["minimised"]) == fewest
    again = ptcheck("replay", str(short), "-C", str(DEMO))
    assert again.code == 1
    assert f"{short}:{fewest + 1}: {rule}: " in again.out


def test_text_names_lines_mappings_and_history() -> None:
    done = ptcheck("replay", "--example", "double-mapping")

    assert done.code == 1
    assert done.out.startswith("double-mapping.jsonl:8: anonymous-shared-writable: ")
    assert "before    anonymous 1, file 0" in done.out
    assert "at stop   anonymous 2, file 0" in done.out
    assert done.out.count("    mapping   ") == 2
    assert done.out.count("    history   ") == 4


def test_a_bad_line_ends_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"ptcheck-log": 1, "arch": "demo"}\n{"op": "alloc", "pfn": 1}\nhello\n')
    done = ptcheck("replay", str(log), "-C", str(DEMO))

    assert done.code == 2
    assert done.out == ""
    assert done.err == f"ptcheck: {log}:3: not JSON: Expecting value\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a log"),
        (("x", "--example", "double-mapping"), "name a log"),
        (("--example", "nothing"), "unknown example 'nothing'"),
        (("/nowhere/log",), "cannot read /nowhere/log"),
        (("/",), "cannot read /"),
        (("/dev/null", "-C", str(DEMO)), "/dev/null:1: not JSON"),
        (("--example", "double-mapping", "--arch", "x86"), "unknown architecture 'x86'"),
        (("--example", "double-mapping", "--variant", "no"), "demo has no variant 'no'"),
        (("--example", "double-mapping", "--minimise", "-", "--format", "text"), "a report"),
    ],
)
def test_usage_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = ptcheck("replay", *arguments)

    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_trace_is_replayed_and_saved(tmp_path: Path) -> None:
    head = " sh-1 [000] d..1. 1.0: p: "
    trace = tmp_path / "trace.txt"
    set_ = "(__page_table_check_ptes_set+0x0/0x1b0)"
    trace.write_text(
        f"{head}(folio_add_new_anon_rmap+0x0/0x1) pfn=0x1000\n"
        f"{head}{set_} mm=0xff10 ptep=0x1000 pte=0x1000077 nr=1 old=0x0\n"
        f"{head}{set_} mm=0xff20 ptep=0x2000 pte=0x1000077 nr=1 old=0x0\n"
    )
    log = tmp_path / "log.jsonl"
    done = ptcheck("replay", "--ftrace", str(trace), "-C", str(DEMO), "--save", str(log))

    assert done.code == 1
    assert f"{trace}:3: anonymous-shared-writable" in done.out
    again = ptcheck("replay", str(log), "-C", str(DEMO))
    assert again.code == 1
    assert f"{log}:4: anonymous-shared-writable" in again.out


def test_the_rules_are_those_of_the_tree(kernel_6_1: Path, tmp_path: Path) -> None:
    """x86's entries: NX, and user, present; the write protection of userfaultfd is not warned
    about in 6.1."""
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"ptcheck-log": 1, "arch": "x86_64"}\n{"op": "page", "pfn": 4096, "kind": "anonymous"}\n'
        '{"op": "set", "mm": 1, "slot": 1, "value": "0x8000000001000067"}\n'
        '{"op": "set", "mm": 2, "slot": 1, "value": "0x8000000001000065"}\n'
        '{"op": "set", "mm": "init", "slot": 1, "value": "0x8000000001000067"}\n'
        '{"op": "set", "mm": 3, "slot": 1, "value": "0x8000000001000267"}\n'
        '{"op": "set", "mm": 3, "slot": 2, "value": "0x8000000001000067"}\n'
    )
    done = ptcheck("replay", str(log), "-C", str(kernel_6_1))

    assert done.code == 1
    assert f"{log}:7: anonymous-shared-writable" in done.out
    assert "before    anonymous 2, file 0" in done.out
