# SPDX-License-Identifier: GPL-2.0-only
"""Architectures without support, enabled by hand: balanced, and every mutant is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check import check_tree
from analyzer.tree import open_tree
from tests.mutants.judge import Bench, generic_sites, tree_sites
from tests.mutants.mutate import KINDS, Mutant, mutate
from tests.mutants.table import rows
from tests.mutants.unsupported import ENABLED, enabled

UNREADABLE = 0  # helpers that stay unknown


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("arch", sorted(ENABLED))
def test_balanced_in_every_variant(kernel_6_12: Path, arch: str) -> None:
    with open_tree(kernel_6_12) as tree:
        before = check_tree(tree, (arch,))
        after = check_tree(enabled(tree, arch), (arch,))
    assert before.findings
    assert all(finding.if_enabled for finding in before.findings)
    assert not after.findings, "\n".join(f"{f.location} {f.message}" for f in after.findings)
    assert all(s.supported and s.balanced > 10 for s in after.summaries)
    assert sum(s.unknown for s in after.summaries) == UNREADABLE


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("arch", sorted(ENABLED))
def test_every_mutant_is_found(kernel_6_12: Path, arch: str) -> None:
    with open_tree(kernel_6_12) as tree:
        good = enabled(tree, arch)
        bench = Bench(good, arch)
        sites = [*tree_sites(good, arch), *generic_sites(good)]
        reached = [site for site in sites if bench.reaches(site)]
        effects = []
        for site in reached:
            text = good.read(site.path).decode("latin-1")
            for kind in KINDS:
                made = mutate(site, text, kind, bench.prototypes)
                if made is not None:
                    effects.append(bench.try_mutant(Mutant(site, kind, made)))
    assert any(site.path.startswith(f"arch/{arch}/") for site in reached)
    assert len(effects) >= 10
    # A generic hook may be all that helpers above it have: they are then found, too.
    wrong = [e for e in effects if not (e.right or (e.found == (e.expected,) and e.place))]
    assert not wrong, "\n".join(rows(wrong))
