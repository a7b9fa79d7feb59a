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
{HEAD}ptc_pte_clear: (__page_table_check_pte_clear+0x0/0xc0) mm=0xffff888100000000 pte=0x8000000001000067 caller=ptep_get_and_clear+0x8/0x30
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
{HEAD}p: (__page_table_check_pmd_clear+0x0/0x1) mm=0x10 addr=0x7f0000200000 pmd=0xe7 caller=zap_huge_pmd+0x4/0x8
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
        (f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) mm=0x10 caller=x", "no pte or value="),
        (f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) pte=0x10 caller=x", "no mm="),
        (f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x1) mm=0x10 pte=0x10", "no caller="),
        (f"{HEAD}p: (__page_table_check_ptes_set+0x0/0x1) mm=0x1 pte=0x1", "neither addr= nor"),
        (f"{HEAD}p: (__page_table_check_pte_clear_range+0x0/0x1) mm=0x1 pmd=0x1", "calls no clear"),
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


SET = f"{HEAD}p: (__page_table_check_ptes_set+0x0/0x104) mm=0x10 ptep=0x8000 pte=0x67"
CLEAR = f"{HEAD}p: (__page_table_check_pte_clear+0x0/0x60) mm=0x10"
BY_SET = "caller=__page_table_check_ptes_set+0xa8/0x104"


def test_clears_that_a_set_makes_say_what_was_there() -> None:
    text = f"""{SET} nr=2 old=0x1
{CLEAR} pte=0x1 {BY_SET}
{CLEAR} pte=0x2 {BY_SET}
{CLEAR} pte=0x67 caller=ptep_clear_flush+0x1/0x2
"""
    assert convert(text) == [
        Event(Op.SET, "pte", 1, 0x1000, 0x67, 2, (1, 2), number=1),
        Event(Op.CLEAR, "pte", 1, None, 0x67, number=4),
    ]


def test_sets_that_make_none_keep_what_the_probe_read() -> None:
    """The compiler put the clears in line; another CPU is in the middle of a set."""
    other = CLEAR.replace("[001]", "[000]")
    text = f"""{SET} nr=2 old=0x1
{other} pte=0x9 {BY_SET}
{CLEAR} pte=0x2 {BY_SET}
{HEAD}p: (__page_table_check_zero+0x0/0x80) page=0xffffea0000000000 order=0 caller=free_pages+0x1/0x2
{SET} nr=1 old=0x3
"""
    assert convert(text) == [
        Event(Op.SET, "pte", 1, 0x1000, 0x67, 2, (1,), number=1),
        Event(Op.FREE, pfn=0, order=0, number=4),
        Event(Op.SET, "pte", 1, 0x1000, 0x67, 1, (3,), number=5),
    ]


def test_a_set_before_which_nothing_is_known_needs_the_clears() -> None:
    line = SET.replace("ptep=0x8000 ", "")
    assert convert(f"{line} nr=1\n{CLEAR} pte=0x5 {BY_SET}\n")[0].old == (5,)
    with pytest.raises(LogError, match="trace:1: neither addr= nor"):
        convert(f"{line} nr=1\n{CLEAR} pte=0x5 caller=ptep_clear_flush+0x1/0x2\n")


def test_a_table_of_unknown_place_is_what_is_cleared_in_it() -> None:
    within = "caller=__page_table_check_pte_clear_range+0x50/0x90"
    text = f"""{SET} nr=1 old=0x0
{HEAD}p: (__page_table_check_pte_clear_range+0x0/0x90) mm=0x10 addr=0x200000 pmd=0x63
{CLEAR} pte=0x67 {within}
{CLEAR} pte=0x0 {within}
"""
    assert convert(text)[1:] == [
        Event(Op.CLEAR, "pte", 1, None, 0x67, number=3),
        Event(Op.CLEAR, "pte", 1, None, 0x0, number=4),
    ]


def test_what_a_set_calls_in_function_graph() -> None:
    text = """\
 1)               |  __page_table_check_ptes_set(mm=0x10, ptep=0x8000, pte=0x67, nr=1) {
 0)   0.350 us    |  __page_table_check_pte_clear(mm=0x20, pte=0x99);
 1)   0.350 us    |    __page_table_check_pte_clear(mm=0x10, pte=0x7);
 1)   0.350 us    |  }
 1)   0.350 us    |  __page_table_check_pte_clear(mm=0x10, pte=0x67);
"""
    assert convert(text) == [
        Event(Op.CLEAR, "pte", 2, None, 0x99, number=2),
        Event(Op.SET, "pte", 1, 0x1000, 0x67, 1, (7,), number=1),
        Event(Op.CLEAR, "pte", 1, None, 0x67, number=5),
    ]


def test_pages_are_anonymous_together_and_after_they_moved() -> None:
    def page(pfn: int) -> str:
        return hex(0xFFFFEA0000000000 + 64 * pfn)

    zero = f"{HEAD}z: (__page_table_check_zero+0x0/0x80)"
    text = f"""{zero} page={page(0x200)} order=9 caller=page_table_check_alloc+0x13/0x16
{HEAD}a: (folio_add_new_anon_rmap+0x0/0x80) folio={page(0x200)}
{zero} page={page(0x800)} order=9 caller=page_table_check_alloc+0x13/0x16
{HEAD}m: (folio_migrate_flags+0x0/0x80) folio={page(0x800)} src={page(0x200)}
{HEAD}m: (folio_migrate_flags+0x0/0x80) folio={page(5)} src={page(6)}
{HEAD}f: (free_huge_folio+0x0/0x80) folio={page(0x800)}
{zero} page={page(0x200)} order=9 caller=page_table_check_alloc+0x13/0x16
{HEAD}m: (folio_migrate_flags+0x0/0x80) folio={page(5)} src={page(0x200)}
"""
    kinds = [(e.op, e.pfn, e.nr, e.kind) for e in convert(text) if e.op is Op.PAGE]
    assert kinds == [
        (Op.PAGE, 0x200, 512, PageKind.ANONYMOUS),
        (Op.PAGE, 0x800, 512, PageKind.ANONYMOUS),
        (Op.PAGE, 0x800, 512, PageKind.FILE),
    ]


def test_one_function_for_alloc_and_free_tells_neither() -> None:
    line = f"{HEAD}z: (__page_table_check_zero+0x0/0x80) page=0xffffea0000000000 order=0"
    assert convert(f"{line} caller=page_table_check_alloc+0x13/0x16\n")[0].op is Op.ZERO
    assert convert(f"{line} caller=free_unref_page+0x13/0x16\n")[0].op is Op.FREE


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
