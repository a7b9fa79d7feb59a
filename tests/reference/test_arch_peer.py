# SPDX-License-Identifier: GPL-2.0-only
"""Peers with an architecture's own entries: evaluator and compiler decode the same raw values."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import ToolError, UsageError
from analyzer.kconfig import load_kconfig, variants
from analyzer.reference.decode import Facts
from analyzer.reference.opening import open_session
from analyzer.reference.peer import (
    ModelSide,
    build_peer,
    compare,
    minimal,
    random_events,
    source_of,
)
from analyzer.reference.peer.arch import ArchDecoder, arch_code, arch_layout
from analyzer.reference.peer.neutral import without_assembly
from analyzer.reference.traits import read_traits
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree

SEQUENCES = 12
EVENTS = 250
NEEDED = {"x86": 4, "arm64": 4, "riscv": 2}
"""Of the variants of an architecture, so many must be compiled; words of 32 bits are not."""


class Blind(ArchDecoder):
    """Takes every entry that the tree counts for read-only."""

    def facts(self, level: str, raw: int) -> Facts:
        return super().facts(level, raw)._replace(write=False)


def agree(tree: KernelTree, arch: str, name: str) -> int:
    """Events compared for a variant. Raises UsageError where it cannot be compiled."""
    with open_session(tree, arch, name) as session:
        found = read_traits(session)
        layout = arch_layout(session)
        with build_peer(source_of(tree), layout, arch_code(session)) as peer:
            side = ModelSide(layout, found)
            for seed in range(SEQUENCES):
                sequence = random_events(layout, seed, EVENTS)
                wrong = compare(side, peer, sequence)
                if wrong is not None:
                    short = minimal(side, peer, wrong)
                    pytest.fail(f"{arch}/{name}, {short.reason}: {short.events}")
    return SEQUENCES * EVENTS


@pytest.mark.parametrize("arch", ["x86", "arm64", "riscv"])
def test_agrees_with_compiled_predicates(arch: str, kernel_6_12: Path) -> None:
    assert agree(FolderTree(str(kernel_6_12)), arch, "base") == SEQUENCES * EVENTS


def test_agrees_on_the_demonstration_tree() -> None:
    assert agree(FolderTree(demo_dir()), "demo", "base") == SEQUENCES * EVENTS


def test_a_wrong_decoder_is_caught(kernel_6_12: Path) -> None:
    tree = FolderTree(str(kernel_6_12))
    with open_session(tree, "riscv") as session:
        layout = arch_layout(session)
        with build_peer(source_of(tree), layout, arch_code(session)) as peer:
            wrong = type(layout)(
                Blind(session), layout.blocks, layout.classes, layout.steps, layout.many
            )
            side = ModelSide(wrong, read_traits(session))
            sequences = [random_events(layout, seed, EVENTS) for seed in range(SEQUENCES)]
            assert any(compare(side, peer, sequence) is not None for sequence in sequences)


def test_what_has_no_predicate_says_so(kernel_6_12: Path) -> None:
    with pytest.raises(UsageError, match="no pte_user_accessible_page"):
        agree(FolderTree(str(kernel_6_12)), "parisc", "base")


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["x86", "arm64", "riscv"])
@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_agrees_for_every_variant(
    arch: str, version: str, kernel_6_1: Path, kernel_6_12: Path
) -> None:
    tree = FolderTree(str(kernel_6_1 if version == "6.1" else kernel_6_12))
    done, lacking = 0, []
    for variant in variants(tree, arch, load_kconfig(tree, arch)):
        if not variant.has_mmu or variant.bits != 64:
            continue
        try:
            agree(tree, arch, variant.name)
        except (UsageError, ToolError) as error:
            lacking.append(str(error))
            continue
        done += 1
    assert done >= NEEDED[arch], lacking


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('u64 f(void) { u64 x; asm volatile("mrs %0, t" : "=r" (x)); return x; }', "(x) = 0;"),
        ('int f(int a) { asm("x" : [o] "+r" (a) : "r" (a) : "memory"); return a; }', "do {  }"),
        ('int f(void) { asm goto("1: b %l[no] \\":(\\"" : : : : no); return 1; no: return 0; }',
         "return 1; no: return 0;"),
        ('int f(int x) { __asm__ __volatile__ ("" : "=r" (x), "=&a" (((int *)&x)[0])); }',
         "(x) = 0; (((int *)&x)[0]) = 0;"),
        ("int f(void) { return 1; }", "{ return 1; }"),
    ],
)  # fmt: skip
def test_assembly_is_taken_out(text: str, wanted: str) -> None:
    found = without_assembly(text)

    assert wanted in found
    assert "asm" not in found
    assert found.count("{") == found.count("}")
