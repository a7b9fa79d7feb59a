# SPDX-License-Identifier: GPL-2.0-only
"""The kprobe events for the hooks of a tree, and that the converter knows what they print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.reference.ftrace import Converter, Memory
from analyzer.reference.probes import MACHINES, probes
from analyzer.reference.values import Op
from analyzer.tree import FolderTree, MemoryTree
from tests.commands.runner import DEMO, ptcheck
from tests.reference.frameworks import FORMS, Form, header

SPANS = {"pte": 4096, "pmd": 1 << 21, "pud": 1 << 30}
RMAP = b"void folio_add_new_anon_rmap(struct folio *folio, unsigned long address)\n{\n}\n"


def printed(line: str) -> str:
    """What such an event prints, with made up values."""
    definition, symbol, *arguments = line.split()
    shown = []
    for number, argument in enumerate(arguments):
        name, _, kind = argument.partition("=")
        value = "0xffffea0000000040" if name in ("page", "folio", "src") else hex(0x1000 + number)
        value = "2" if kind.endswith(":u32") else value
        shown.append(f"{name}={'f+0x4/0x8' if kind.endswith(':symbol') else value}")
    event = definition.removeprefix("p:")
    return f" init-1 [000] ..... 1.0: {event}: ({symbol}+0x0/0x80) {' '.join(shown)}\n"


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("machine", [one.machine for one in MACHINES])
def test_every_line_is_read_again(form: Form, machine: str) -> None:
    files = {"include/linux/page_table_check.h": header(form).encode(), "mm/rmap.c": RMAP}
    lines = probes(MemoryTree(files), machine)

    assert sum("_set __page" in line for line in lines) == 3
    assert sum("old=" in line for line in lines) == 3
    assert lines[-1].startswith("p:ptc_folio_add_new_anon_rmap folio_add_new_anon_rmap folio=")
    for line in lines:
        assert re.fullmatch(r"p:\w+ \w+( \w+=[%$+()\w]+(:\w+)?)+", line)
        if "clear_range" in line and "addr=" not in "".join(x for x in lines if "_set" in x):
            continue  # its place is not known: the clears that it makes are what counts
        memory = Memory(vmemmap=0xFFFFEA0000000000)
        (event,) = Converter("t", memory, SPANS).events([printed(line)])
        assert event.op in (Op.SET, Op.CLEAR, Op.CLEAR_RANGE, Op.ZERO, Op.PAGE)


def test_arguments_of_the_real_hooks(kernel_6_1: Path, kernel_6_12: Path) -> None:
    old, new = (probes(FolderTree(str(tree)), "x86_64") for tree in (kernel_6_1, kernel_6_12))
    assert "p:ptc_pte_set __page_table_check_pte_set mm=%di addr=%si ptep=%dx old=+0(%dx):x64" in (
        line.rpartition(" ")[0] for line in old
    )
    assert any(line.startswith("p:ptc_ptes_set") and line.endswith("nr=%cx:u32") for line in new)
    assert any("folio_add_new_anon_rmap folio=%di" in line for line in new)
    assert any("page_add_new_anon_rmap folio=%di" in line for line in old)


def test_a_tree_without_hooks_has_none() -> None:
    with pytest.raises(UsageError, match="declares no __page_table_check"):
        probes(MemoryTree({}), "arm64")


def test_the_command_prints_them() -> None:
    done = ptcheck("replay", "--probes", "riscv64", "-C", str(DEMO))
    assert done.code == 0, done.err
    assert all(line.startswith("p:ptc_") for line in done.out.splitlines())
    assert "caller=%ra:symbol" in done.out
    done = ptcheck("replay", "--probes", "riscv64", "log.jsonl", "-C", str(DEMO))
    assert done.code == 2
    assert "--probes reads no log" in done.err
