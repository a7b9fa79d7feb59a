# SPDX-License-Identifier: GPL-2.0-only
"""The row of an architecture: only in a table of this option, only if it does not say so yet."""

from __future__ import annotations

import pytest

from analyzer.generate.edits import apply
from analyzer.generate.features import feature_edit
from analyzer.generate.run import plan
from analyzer.tree import MemoryTree
from tests.generate.conftest import Demo, edited

PATH = "Documentation/features/debug/page-table-check/arch-support.txt"
TABLE = """#
# Feature name:          page-table-check
#         Kconfig:       {option}
#
    -----------------------
    |         arch |status|
    -----------------------
    |      anydemo: | TODO |
    |        demo: | {state} |
    |       other: | TODO |
    -----------------------
"""


@pytest.mark.parametrize("option", ["PAGE_TABLE_CHECK", "ARCH_SUPPORTS_PAGE_TABLE_CHECK"])
@pytest.mark.parametrize("state", ["TODO", " .. "])
def test_the_row_becomes_ok(option: str, state: str) -> None:
    text = TABLE.format(option=option, state=state)
    edit = feature_edit(MemoryTree({PATH: text}), "demo")
    assert edit is not None
    assert apply({PATH: text}, [edit]) == {PATH: TABLE.format(option=option, state=" ok ")}


@pytest.mark.parametrize(
    ("option", "state", "arch"),
    [
        ("ARCH_HAS_DEBUG_VM_PGTABLE", "TODO", "demo"),
        ("PAGE_TABLE_CHECK_ENFORCED", "TODO", "demo"),
        ("PAGE_TABLE_CHECK", " ok ", "demo"),
        ("PAGE_TABLE_CHECK", "TODO", "nowhere"),
    ],
)
def test_nothing_to_write(option: str, state: str, arch: str) -> None:
    text = TABLE.format(option=option, state=state)
    assert feature_edit(MemoryTree({PATH: text}), arch) is None
    assert feature_edit(MemoryTree({}), arch) is None


def test_it_goes_with_the_select(demo: Demo) -> None:
    text = TABLE.format(option="PAGE_TABLE_CHECK", state="TODO")
    found = plan(edited(demo.stripped, {PATH: text}), "demo")
    rows = [e for e in found.edits if e.path == PATH]
    assert [e.step for e in rows] == [found.edits[-1].step]
    assert found.texts[PATH] == text
