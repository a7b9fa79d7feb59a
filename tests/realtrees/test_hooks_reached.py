# SPDX-License-Identifier: GPL-2.0-only
"""The hook calls that `check` reaches are the real ones of the sources, no more and no fewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.model import CheckResult
from analyzer.tree import open_tree
from tests.mutants.judge import generic_sites, overrides, tree_sites
from tests.realtrees.conftest import Checked
from tests.realtrees.grep import hook_calls, without_comments

GENERIC = "include/linux/pgtable.h"
ARCHS = ("x86", "arm64", "riscv")
VERSIONS = ("6.1", "6.12")
# Counted by hand in the sources.
CALLS = {
    ("6.1", "x86"): 8,
    ("6.1", "arm64"): 6,
    ("6.1", "riscv"): 6,
    ("6.12", "x86"): 8,
    ("6.12", "arm64"): 6,
    ("6.12", "riscv"): 6,
}
# Helpers whose generic version, with its hook, an architecture puts its own in the place of.
REPLACED = {
    ("6.1", "x86"): {"ptep_get_and_clear", "pmdp_huge_get_and_clear", "pudp_huge_get_and_clear"},
    ("6.1", "arm64"): {"ptep_get_and_clear", "pmdp_huge_get_and_clear"},
    ("6.1", "riscv"): {"ptep_get_and_clear", "pmdp_huge_get_and_clear"},
    ("6.12", "x86"): {"ptep_get_and_clear", "pmdp_huge_get_and_clear", "pudp_huge_get_and_clear"},
    ("6.12", "arm64"): {"set_ptes", "ptep_get_and_clear", "pmdp_huge_get_and_clear"},
    ("6.12", "riscv"): {"set_ptes", "ptep_get_and_clear", "pmdp_huge_get_and_clear"},
}


def _reached(result: CheckResult) -> set[tuple[str, int]]:
    return {
        (hook.location.path, hook.location.line)
        for verdict in result.helpers
        for hook in verdict.hooks
    }


def test_comments_do_not_count() -> None:
    text = 'a /* b\n c */ d // e\n"/* f */" /* g'
    assert without_comments(text) == 'a \n d \n"/* f */" '


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("arch", ARCHS)
def test_reached(version: str, arch: str, checked: Checked, request: pytest.FixtureRequest) -> None:
    top: Path = request.getfixturevalue(f"kernel_{version.replace('.', '_')}")
    own = set(hook_calls(top, f"arch/{arch}"))
    generic = set(hook_calls(top, GENERIC))
    assert len(own) == CALLS[version, arch]
    with open_tree(top) as tree:
        replaced = {
            (site.path, site.line): site.function.name
            for site in generic_sites(tree)
            if any(overrides(tree, arch, site))
        }
    assert set(replaced.values()) == REPLACED[version, arch]
    assert _reached(checked(version, arch)) == own | (generic - set(replaced))


@pytest.mark.kernel
@pytest.mark.parametrize("version", VERSIONS)
def test_both_searches_agree(version: str, request: pytest.FixtureRequest) -> None:
    top: Path = request.getfixturevalue(f"kernel_{version.replace('.', '_')}")
    with open_tree(top) as tree:
        for arch in ARCHS:
            sites = [(site.path, site.line) for site in tree_sites(tree, arch)]
            assert sites == sorted(hook_calls(top, f"arch/{arch}"))
        sites = [(site.path, site.line) for site in generic_sites(tree)]
        assert sites == sorted(hook_calls(top, GENERIC))
