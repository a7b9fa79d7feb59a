# SPDX-License-Identifier: GPL-2.0-only
"""Every hook of real trees made wrong: the finding is there, at its place, and nothing else.

A few mutants on every run; all of them, for both trees, with `-m slow`. The table of them:
`python -m tests.mutants --tree PATH`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.model import Verdict
from analyzer.tree import open_tree
from tests.mutants.judge import GENERIC, Bench, tree_sites
from tests.mutants.mutate import NOTHING, Mutant, mutate
from tests.mutants.run import run_all
from tests.mutants.sites import Site
from tests.mutants.table import rows

ARCHS = ("x86", "arm64", "riscv")
FEW = ("set_pmd_at", "pmdp_huge_get_and_clear", "pmdp_establish", "ptep_get_and_clear")
# hooks of 6.1 and 6.12: x86 8 and 8, arm64 6 and 6, riscv 6 and 6, generic 3 and 4
HOOKS = {"kernel_6_1": 23, "kernel_6_12": 24}


@pytest.fixture(scope="module")
def bench(kernel_6_12: Path) -> Iterator[Bench]:
    with open_tree(kernel_6_12) as tree:
        yield Bench(tree, "x86")


@pytest.fixture(scope="module")
def sites(bench: Bench) -> dict[str, Site]:
    return {site.function.name: site for site in tree_sites(bench.tree, "x86")}


@pytest.mark.kernel
@pytest.mark.parametrize("kind", ["deleted", "duplicated", "moved", "level"])
@pytest.mark.parametrize("function", FEW)
def test_found(bench: Bench, sites: dict[str, Site], function: str, kind: str) -> None:
    site = sites[function]
    text = bench.tree.read(site.path).decode("latin-1")
    made = mutate(site, text, kind, bench.prototypes)
    assert made is not None
    effect = bench.try_mutant(Mutant(site, kind, made))
    assert effect.right, "\n".join(rows([effect]))
    assert effect.changed


@pytest.mark.kernel
def test_the_tree_as_it_is(bench: Bench) -> None:
    assert not bench.plain.findings
    assert set(bench.verdicts.values()) >= {Verdict.BALANCED, Verdict.NEUTRAL}


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("kind", ["deleted", "level"])
def test_run_anew(bench: Bench, sites: dict[str, Site], kind: str) -> None:
    """Helpers whose runs were taken over say the same when they are run again."""
    site = sites["pmdp_establish"]
    text = bench.tree.read(site.path).decode("latin-1")
    made = mutate(site, text, kind, bench.prototypes)
    assert made is not None
    mutant = Mutant(site, kind, made)
    anew = Bench(bench.tree, "x86", anew=True)
    assert anew.plain.helpers == bench.plain.helpers
    assert anew.try_mutant(mutant) == bench.try_mutant(mutant)


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("kernel", sorted(HOOKS))
def test_all(kernel: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(kernel)
    effects = run_all(str(path), ARCHS)
    wrong = [effect for effect in effects if not effect.right]
    assert not wrong, "\n".join(rows(wrong))
    # each hook is found, the generic ones that all three replace once they are uncovered
    found = {str(effect.site) for effect in effects if effect.found}
    assert len(found) == HOOKS[kernel]
    hidden = [effect for effect in effects if not effect.callers]
    assert all(effect.site.path == GENERIC for effect in hidden)
    assert all(effect.why.startswith("not compiled in") for effect in hidden)
    # what changes nothing although it is compiled in
    silent = {(e.site.function.name, e.kind) for e in effects if e.nothing and e.callers}
    early = {(e.site.function.name, e.kind) for e in effects if e.kind == "early" and e.callers}
    assert silent - early <= set(NOTHING)
    assert silent >= early
