# SPDX-License-Identifier: GPL-2.0-only
"""The evaluator against the compilers of every other architecture that has one here.

What was compared is printed and recorded; where there is no compiler, that is said.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.kconfig import architectures
from analyzer.tree import FolderTree
from tests.compiler.comparison import compare_constants, compare_functions
from tests.compiler.compilers import COMPILERS
from tests.compiler.conftest import Benches
from tests.compiler.targets import NONE, TARGETS

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

FEWEST_CONSTANTS = 15
FEWEST_ANSWERS = 1500


def test_every_architecture_is_accounted_for(kernel: Path) -> None:
    """A compiler, or the statement that there is none."""
    with FolderTree(str(kernel)) as tree:
        assert set(architectures(tree)) <= {*COMPILERS, *TARGETS, *NONE}


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_constants_and_functions(
    benches: Benches, kernel: Path, target: str, record_property: Callable[[str, object], None]
) -> None:
    bench = benches(kernel, target)
    constants = compare_constants(bench)
    functions = compare_functions(bench, ("test", "number", "entry"), neighbours=1, others=30)
    for kind, result in (("constants", constants), ("functions", functions)):
        record_property(kind, str(result))
        print(f"{bench.variant.label}: {kind}: {result}")  # noqa: T201
    assert constants.mismatches == []
    assert functions.mismatches == []
    assert constants.agree >= FEWEST_CONSTANTS
    assert functions.agree >= FEWEST_ANSWERS
    assert functions.left_out.keys() <= {
        "not folded by the compiler",
        "not known to the evaluator",
        "does not return",
    }
