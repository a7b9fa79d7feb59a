# SPDX-License-Identifier: GPL-2.0-only
"""Text of ftrace to events: both ways to record, every generation's arguments, bad lines."""

# ruff: noqa: E501  (lines of a trace are long)
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.reference.ftrace import Converter, Memory
from analyzer.reference.log import LogError
from analyzer.reference.values import Event, Op, PageKind

MEMORY = Memory(vmemmap=0xFFFFEA0000000000, init_mm=0xFFFFFFFF82E00000)
SPANS = {"pte": 4096, "pmd": 1 << 21, "pud": 1 << 30}
HEAD = " bash-1234  [001] d..1.   123.456789: "


def convert(text: str, memory: Memory = MEMORY) -> list[Event]:
    return list(Converter("trace", memory, SPANS).events(text.splitlines(keepends=True)))


def test_kprobe_events_without_addresses() -> None:
    text = f"""# tracer: nop
#
{HEAD}ptc_zero: (__page_table_check_zero+0x0/0x90) page=0xffffea0000040000 order=0 caller="post_alloc_hook+0x4/0x10"
{HEAD}ptc_anon: (folio_add_new_anon_rmap+0x0/0x80) folio=0xffffea0000040000
{HEAD}ptc_ptes_set: (__page_table_check_ptes_set+0x0/0x1b0) mm=0xffff888100000000 ptep=0xffff888101000008 pte=0x8000000001000067 nr=1 old=0x0
{HEAD}ptc_pte_clear: (__page_table_check_pte_clear+0x0/0xc0) mm=0xffff888100000000 pte=0x8000000001000067
{HEAD}sched_switch: prev_comm=bash prev_pid=1234
{HEAD}ptc_pmd_set: (__page_table_check_pmd_set+0x0/0xc0) mm=0xffffffff82e00000 pmdp=0xffff888101000010 pmd=0xa00000e7 old=0x0
{HEAD}ptc_free: (__page_table_check_zero+0x0/0x90) page=0xffffea0000040000 order=2 caller="free_unref_page+0x4/0x10"
{HEAD}ptc_zero: (__page_table_check_zero+0x0/0x90) page=0xffffea0000040040 order=0
"""
    slot = 0xFFFF888101000008 // 8

    assert convert(text) == [
        Event(Op.ALLOC, pfn=0x1000, order=0, number=3),
        Event(Op.PAGE, pfn=0x1000, nr=1, kind=PageKind.ANONYMOUS, number=4),
        Event(Op.SET, "pte", 1, slot, 0x8000000001000067, 1, (0,), number=5),
        Event(Op.CLEAR, "pte", 1, None, 0x8000000001000067, number=6),
        Event(Op.SET, "pmd", 0, 0xFFFF888101000010 // 8, 0xA00000E7, 1, (0,), number=8),
        Event(Op.FREE, pfn=0x1000, order=2, number=9),
        Event(Op.ZERO, pfn=0x1001, order=0, number=10),
    ]


def test_kprobe_events_with_addresses_and_arrays() -> None:
    text = f"""{HEAD}p: (__page_table_check_ptes_set+0x0/0x1) mm=0x10 addr=0x7f0000003000 ptep=0x8 pte=0x67 nr=2 old={{0x1,0x2}}
{HEAD}p: (__page_table_check_pte_set+0x0/0x1) mm=0x20 addr=0x7f0000003000 ptep=0x8 pte=0x67
{HEAD}p: (__page_table_check_pmd_clear+0x0/0x1) mm=0x10 addr=0x7f0000200000 pmd=0xe7
{HEAD}p: (__page_table_check_pte_clear_range+0x0/0x1) mm=0x10 addr=0x7f0000200000 pmd=0x63
"""
    assert convert(text) == [
        Event(Op.SET, "pte", 1, 0x7F0000003, 0x67, 2, (1, 2), number=1),
        Event(Op.SET, "pte", 2, 0x7F0000003, 0x67, number=2),
        Event(Op.CLEAR, "pmd", 1, 0x7F0000200000 >> 21, 0xE7, number=3),
        Event(Op.CLEAR_RANGE, "pte", 1, 0x7F0000200, number=4),
    ]


def test_function_and_function_graph_with_arguments() -> None:
    text = f"""{HEAD}__page_table_check_puds_set(mm=0xffff888100000000, addr=0x40000000, pudp=0xffff8881010000a0, pud=(STRUCT)[0x400000e7], nr=1) <-set_pud_at
{HEAD}__page_table_check_zero(page=0xffffea0000000000, order=0) <-post_alloc_hook
 1)               |  __page_table_check_pte_clear(mm=0xffff888100000000, addr=0x5000, pte=(STRUCT)[0x67]) {{
 1)   0.350 us    |    __page_table_check_pte_clear(mm=0xffff888100000000, addr=0x6000, pte=103);
 1)   0.350 us    |    pfn_valid(pfn=0x67); /* __page_table_check_pte_clear */
"""
    assert convert(text)[:4] == [
        Event(Op.SET, "pud", 1, 1, 0x400000E7, 1, number=1),
        Event(Op.ALLOC, pfn=0, order=0, number=2),
        Event(Op.CLEAR, "pte", 1, 5, 0x67, number=3),
        Event(Op.CLEAR, "pte", 1, 6, 0x67, number=4),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("CPU:0 [LOST 12 EVENTS]", "12 events are lost"),
        (f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) mm=0x10", "no pte or value="),
        (f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) pte=0x10", "no mm="),
        (f"{HEAD}p: (__page_table_check_ptes_set+0x0/0x1) mm=0x1 pte=0x1", "neither addr= nor"),
        (f"{HEAD}p: (__page_table_check_pte_clear_range+0x0/0x1) mm=0x1 pmd=0x1", "cannot be told"),
        (f"{HEAD}p: (__page_table_check_zero+0x0/0x1) order=1", "no page or folio or pfn="),
        (f"{HEAD}p: (__page_table_check_zero+0x0/0x1) page=0xffffea0000000001", "no struct page"),
        (f"{HEAD}p: (__page_table_check_zero+0x0/0x1) page=0x0 order=99", "order=99"),
        (f"{HEAD}__page_table_check_pte_clear <-ptep_get_and_clear", "without its arguments"),
    ],
)
def test_a_line_that_lacks_something_is_named(line: str, why: str) -> None:
    if "without" in why:
        line = line.replace(" <-ptep_get_and_clear", "")
    with pytest.raises(LogError) as caught:
        convert(f"# x\n{line}\n")

    assert str(caught.value).startswith("trace:2: ")
    assert why in str(caught.value)


def test_pages_need_the_address_of_the_first() -> None:
    line = f"{HEAD}p: (__page_table_check_zero+0x0/0x1) page=0xffffea0000000000\n"
    with pytest.raises(LogError, match="--vmemmap"):
        convert(line, Memory())
    assert convert(line.replace("page=0xffffea0000000000", "pfn=0x7"), Memory())[0].pfn == 7


@given(st.text(max_size=200))
def test_no_text_is_a_defect(text: str) -> None:
    for prefix in (
        "",
        f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) ",
        "__page_table_check_zero(",
    ):
        try:
            convert(prefix + text + "\n")
        except LogError as error:
            assert "trace:" in str(error)  # noqa: PT017
