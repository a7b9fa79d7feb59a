# SPDX-License-Identifier: GPL-2.0-only
"""The table over all architectures: what a run said in few words, and what is kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.resources import demo_dir
from tests.generate.table import Run, compiled, main, predicates, row

MAILS = """\
+static inline bool pte_user_accessible_page(pte_t pte)
+{
+\treturn pte_present(pte) && pte_user(pte);
+}
+
+static inline bool pmd_user_accessible_page(pmd_t pmd)
+{
+\treturn pmd_leaf(pmd) &&
+\t       pmd_user(pmd);
+}
"""


def _said(**more: Any) -> dict[str, Any]:
    return {
        "configurations": ["base", "nothp"],
        "guard": "",
        "undecided": [],
        "patches": [
            {"edits": [{"function": "set_pmd_at", "hook": "page_table_check_pmd_set"},
                       {"function": "", "hook": ""}]}
        ],
        "after": {"balanced": 3, "neutral": 2, "unknown": 0, "findings": [], "variants": ["base"]},
        "tried": [
            {"step": "git am", "state": "ok", "result": "applies cleanly"},
            {"step": "checkpatch", "result": "0 errors, 0 warnings, 1 checks"},
            {"step": "checkpatch", "result": "0 errors, 2 warnings, 1 checks"},
        ],
        **more,
    }  # fmt: skip


def test_predicates_of_mails() -> None:
    assert predicates(MAILS) == [
        "pte: pte_present(pte) && pte_user(pte)", "pmd: pmd_leaf(pmd) && pmd_user(pmd)",
    ]  # fmt: skip


def test_a_line() -> None:
    cells = row("x", Run(0, 12.4, 20.0, True, 310), _said(), MAILS, "")
    assert cells[0] == "x (stripped)"
    assert cells[1] == "1: set_pmd_at() pmd_set"
    assert "0 findings, 0 unknown in 1 of 2 variants" in cells[3]
    assert cells[4:6] == ("ok", "0/2/2")
    assert cells[7:] == ("0", "12", "310")


def test_undecided_is_told() -> None:
    said = _said(undecided=[{"helper": "h"}], guard="MMU")
    assert row("x", Run(3, 1, 1, False), said, "", "")[3].endswith("(if MMU); 1 undecided")


def test_nothing_written_says_why() -> None:
    assert row("x", Run(2, 1, 1, False), {}, "", "no MMU")[3] == "no MMU"


@pytest.mark.parametrize("state", ["failed", "not tried"])
def test_compiled(state: str) -> None:
    said = "8 targets with gcc-x, 0 new warnings, page table check on"
    rows = [
        {"step": "compile", "patch": f"{n}/2", "configuration": f"a/{name}", "state": "ok",
         "result": said}
        for name in ("base", "nothp") for n in (1, 2)
    ]  # fmt: skip
    assert compiled({"tried": rows}) == "2 of 2 configurations, 2 patches (gcc-x)"
    rows[3] |= {"state": state, "result": "does not compile"}
    text = compiled({"tried": rows})
    assert text == f"1 of 2 configurations, 2 patches (gcc-x); nothp: {state}: does not compile"


@pytest.mark.slow
def test_results_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--tree", str(demo_dir()), "--work", str(tmp_path), "--check", "none"]
    main(arguments)
    first = capsys.readouterr()
    assert "demo: exit 0" in first.err
    assert (tmp_path / "demo" / "0000-cover-letter.patch").is_file()
    assert main([*arguments, "--print"]) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert not second.err
    assert "| demo (stripped) |" in second.out
