# SPDX-License-Identifier: GPL-2.0-only
"""Consoles of kernels that went through, stopped, lied or fell silent (written for the tests)."""

from __future__ import annotations

import pytest

from analyzer.boot.verdict import Outcome, read_console

BEGIN = "[    0.1] Run /init as init process\nNOTE bytes in a page 4096\nSCENE anonymous\n"
END = "DONE anonymous\nSCENE reserved\nSKIP reserved\nVERDICT PASS\nreboot: Restarting system\n"
X86 = """[    0.9] kernel BUG at mm/page_table_check.c:118!
[    0.9] Oops: invalid opcode: 0000 [#1] SMP
[    0.9] RIP: 0010:page_table_check_set.part.0+0x8e/0x90
[    0.9] Code: 00 11 22
[    0.9] Call Trace:
[    0.9]  <TASK>
[    0.9]  ? die+0x33/0x90
[    0.9]  __page_table_check_ptes_set+0x99/0xb0
[    0.9]  set_pte_range+0xf0/0x1b0
[    0.9]  finish_fault+0x10f/0x1e0
[    0.9] Kernel panic - not syncing: Fatal exception
"""
ARM64 = """[    0.9] kernel BUG at mm/page_table_check.c:90!
[    0.9] pc : page_table_check_clear.isra.0+0x7c/0x80
[    0.9] lr : __page_table_check_pmd_clear+0x34/0x40
[    0.9] Call trace:
[    0.9]  page_table_check_clear.isra.0+0x7c/0x80
[    0.9]  __page_table_check_pmd_clear+0x34/0x40
[    0.9]  pmdp_huge_get_and_clear+0x44/0x50
"""
RISCV = """[    0.9] kernel BUG at mm/page_table_check.c:157!
[    0.9] epc : __page_table_check_zero+0x4a/0x4c
[    0.9]  ra : free_unref_page+0x44/0x120
[    0.9] [<ffffffff80141c6e>] __page_table_check_zero+0x4a/0x4c
[    0.9] [<ffffffff80133c6e>] free_unref_page+0x44/0x120
"""
PPC = """[    0.9] kernel BUG at mm/page_table_check.c:157!
[    0.9] NIP [c0000000003a1234] __page_table_check_zero+0x94/0xa0
[    0.9] LR [c0000000003a1200] __page_table_check_zero+0x60/0xa0
[    0.9] Call Trace:
[    0.9] [c000000003f1b8e0] [c0000000003a1200] __page_table_check_zero+0x60/0xa0 (unreliable)
[    0.9] [c000000003f1b920] [c000000000371ab4] free_unref_folios+0x2d4/0x5e0
"""
S390 = """[    0.9] kernel BUG at mm/page_table_check.c:118!
[    0.9] Krnl PSW : 0704e00180000000 000003ffe0166e5c (page_table_check_set+0x9c/0xa0)
[    0.9] Call Trace:
[    0.9]  [<000003ffe0166e5c>] page_table_check_set+0x9c/0xa0
[    0.9] ([<000003ffe0166e5c>] page_table_check_set+0x9c/0xa0)
[    0.9]  [<000003ffe0167000>] __page_table_check_ptes_set+0xd0/0xf0
[    0.9]  [<000003ffe0120000>] insert_page+0xd0/0xf0
"""


def test_pass() -> None:
    found = read_console(BEGIN.replace("\n", "\r\n") + END)
    assert found.outcome is Outcome.PASS
    assert found.stop is None
    assert (found.done, found.skipped, found.wrong) == (("anonymous",), ("reserved",), ())
    assert found.notes == ("bytes in a page: 4096",)


@pytest.mark.parametrize(
    ("report", "line", "function", "hook", "caller"),
    [
        (X86, 118, "page_table_check_set", "__page_table_check_ptes_set", "set_pte_range"),
        (ARM64, 90, "page_table_check_clear", "__page_table_check_pmd_clear",
         "pmdp_huge_get_and_clear"),
        (RISCV, 157, "__page_table_check_zero", "__page_table_check_zero", "free_unref_page"),
        (PPC, 157, "__page_table_check_zero", "__page_table_check_zero", "free_unref_folios"),
        (S390, 118, "page_table_check_set", "__page_table_check_ptes_set", "insert_page"),
    ],
    ids=["x86", "arm64", "riscv", "powerpc", "s390"],
)  # fmt: skip
def test_where_it_stopped(report: str, line: int, function: str, hook: str, caller: str) -> None:
    found = read_console(BEGIN + report)
    assert found.outcome is Outcome.STOPPED
    assert found.stop is not None
    assert found.stop.place == f"mm/page_table_check.c:{line}"
    assert found.stop.scene == "anonymous"
    assert found.stop.function == function
    assert found.stop.hook == hook
    assert found.stop.caller == caller


def test_stop_counts_more_than_a_pass_behind_it() -> None:
    found = read_console(BEGIN + "[    2.0] BUG: Bad page state in process init\n" + END)
    assert found.outcome is Outcome.STOPPED
    assert found.stop is not None
    assert found.stop.place == "BUG: Bad page state in process init"


def test_stop_before_init() -> None:
    found = read_console("[    0.1] Kernel panic - not syncing: no init\n")
    assert found.outcome is Outcome.STOPPED
    assert found.stop is not None
    assert found.stop.scene == ""
    assert found.stop.place == "Kernel panic - not syncing: no init"


def test_wrong_data() -> None:
    found = read_console(BEGIN + "WRONG anonymous\nVERDICT WRONG\n")
    assert found.outcome is Outcome.WRONG
    assert found.wrong == ("anonymous",)


@pytest.mark.parametrize(
    ("text", "scene", "last"),
    [
        ("", "", "no output"),
        ("SeaBIOS\n\n", "", "SeaBIOS"),
        (BEGIN + "DONE anonymous\nSCENE swapping\n", "swapping", "SCENE swapping"),
        (BEGIN + "DONE anonymous\n", "", "DONE anonymous"),
    ],
)
def test_silence(text: str, scene: str, last: str) -> None:
    found = read_console(text)
    assert found.outcome is Outcome.SILENT
    assert found.stop is not None
    assert found.stop.scene == scene
    assert found.stop.place == f"last line: {last}"


def test_pass_inside_of_other_output_is_none() -> None:
    assert read_console("the line VERDICT PASS is not at its beginning\n").outcome is Outcome.SILENT
