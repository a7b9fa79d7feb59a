# SPDX-License-Identifier: GPL-2.0-only
"""Runs `check` and `verify` on one variant and says where their answers differ."""

from __future__ import annotations

from typing import Final

from analyzer.check import check_tree
from analyzer.model import Verdict
from analyzer.tree import KernelTree
from analyzer.verify import Agreement, verify_tree
from analyzer.verify.values import VariantProof

SAME: Final = {
    Verdict.BALANCED: (Agreement.AGREES, True),
    Verdict.NEUTRAL: (Agreement.AGREES, False),
    Verdict.FINDING: (Agreement.DISAGREES, None),
    Verdict.UNKNOWN: (Agreement.UNKNOWN, None),
    Verdict.NOT_APPLICABLE: (Agreement.NOT_APPLICABLE, None),
}
"""What `verify` has to say, and whether by hooks (None: either way)."""


def differences(tree: KernelTree, arch: str, variant: str) -> tuple[list[str], VariantProof]:
    """Every helper with another answer of `verify` than of `check`; and the proof."""
    only = frozenset({variant})
    checked = check_tree(tree, (arch,), only=only)
    (proof,) = verify_tree(tree, (arch,), only=only).variants
    proofs = {(one.level, one.helper): one for one in proof.helpers}
    wrong = []
    for verdict in checked.helpers:
        if verdict.helper.endswith("_user_accessible_page"):
            continue  # a law of the predicate, not a helper
        one = proofs.pop((verdict.level, verdict.helper), None)
        wanted, hooked = SAME[verdict.verdict]
        if one is None:
            wrong.append(f"{verdict.helper}: only check has it ({verdict.verdict.value})")
        elif one.agreement is not wanted or hooked not in (None, one.hooked):
            wrong.append(
                f"{verdict.helper}: check says {verdict.verdict.value} {verdict.reason}, verify"
                f" {one.agreement.value} {one.reason}"
            )
    wrong += [f"{name}: only verify has it" for _, name in proofs]
    return wrong, proof
