# SPDX-License-Identifier: GPL-2.0-only
"""One hook after the other is taken out, and `verify` misses each."""

from __future__ import annotations

import pytest

from tests.generate.conftest import Demo
from tests.generate.removed import Verifier, without_one


@pytest.mark.slow
def test_a_hook_that_is_taken_out_is_missed(demo: Demo) -> None:
    trees = dict(without_one(demo.whole, "demo"))
    assert len(trees) >= 5
    verifier = Verifier(demo.whole, "demo", "base")
    assert not verifier.first_disagreement(demo.whole)
    where = next(name for name in trees if "pud_set" in name)
    assert verifier.first_disagreement(trees[where]) == "set_pud_at"
