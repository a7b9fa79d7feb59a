# SPDX-License-Identifier: GPL-2.0-only
"""The evaluator against the compilers of every variant of every architecture that has one here.

What was compared is printed and recorded; where there is no compiler, that is said.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.kconfig import architectures
from analyzer.tree import FolderTree
from tests.compiler.compilers import Compiler
from tests.compiler.run import rows
from tests.compiler.targets import NONE, TARGETS

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

FEWEST_CONSTANTS = 15
FEWEST_ANSWERS = 1500
FEWEST_BEHIND_TABLES = 500  # x86/xxl: what goes through pv_ops no compiler can tell


def test_every_architecture_is_accounted_for(kernel: Path) -> None:
    """A compiler, or the statement that there is none."""
    with FolderTree(str(kernel)) as tree:
        assert set(architectures(tree)) <= {*TARGETS, *NONE}
    assert not NONE & TARGETS.keys()


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_constants_and_functions(
    kernel: Path, target: str, record_property: Callable[[str, object], None]
) -> None:
    """All variants of an architecture; each of them with a compiler, none with another answer."""
    missing = []
    for row in rows(kernel, [target], None, neighbours=1, others=30):
        name = row.variant.name
        if row.missing is not None:
            missing.append(row.missing)
            continue
        for kind, result in (("constants", row.constants), ("functions", row.functions)):
            record_property(f"{name} {kind}", str(result))
        assert row.constants.mismatches == [], name
        assert row.functions.mismatches == [], name
        assert row.constants.agree >= FEWEST_CONSTANTS, name
        few = FEWEST_BEHIND_TABLES if row.variant.config.on("PARAVIRT_XXL") else FEWEST_ANSWERS
        assert row.functions.agree >= few, name
        assert row.functions.left_out.keys() <= {
            "not folded by the compiler",
            "not known to the evaluator",
            "does not return",
        }
    if missing:
        pytest.skip("; ".join(missing))


def test_no_compiler_is_said(kernel: Path) -> None:
    """One row for each variant, with the reason."""
    found = list(rows(kernel, ["csky"], None, neighbours=0, others=0))
    assert [row.missing for row in found] == ["no compiler for csky is known"]
    assert Compiler.missing(found[0].variant) is not None
