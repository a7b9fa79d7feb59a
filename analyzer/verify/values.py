# SPDX-License-Identifier: GPL-2.0-only
"""What `ptcheck verify` found out, as values that reports render."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..model import Location


class Agreement(Enum):
    """Whether the counters that the hooks move agree with the page tables."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"  # no entry of a user can be concerned


@dataclass(frozen=True, slots=True)
class Move:
    """What one call did: a store to an entry, or a call of a hook, in the order they happened."""

    kind: str  # 'store' | 'set' | 'clear'
    name: str  # the hook; '' for a store
    level: str
    location: Location
    function: str
    text: str  # '0x80..67 -> 0x0', 'un-counts 0x80..67'


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a sequence as it was run: the helper, its entries, what it did."""

    text: str
    moves: tuple[Move, ...]
    branches: tuple[str, ...]  # undecidable conditions and the way that was taken


@dataclass(frozen=True, slots=True)
class Problem:
    """A disagreement: what is wrong, and the acts that led there."""

    rule: str  # of the reference model, or 'miscounted', 'misused-hook'
    message: str
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class HelperProof:
    """One helper over all entry classes. `hooked`: whether any hook was run."""

    helper: str
    level: str
    function: str
    location: Location | None
    agreement: Agreement
    hooked: bool
    runs: int
    cases: int
    reason: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class SequenceProof:
    """One sequence of helpers. `helpers` are those that this variant resolved the steps to."""

    name: str
    description: str
    helpers: tuple[str, ...]
    agreement: Agreement
    runs: int
    reason: str = ""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class VariantProof:
    """Everything about one variant. `classes`: level and name of every entry class that was
    made, and those of which some are counted; `missing`: sequences that it has no helpers for."""

    arch: str
    variant: str
    supported: bool
    helpers: tuple[HelperProof, ...]
    sequences: tuple[SequenceProof, ...]
    classes: tuple[tuple[str, str], ...]
    counted: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def proofs(self) -> tuple[HelperProof | SequenceProof, ...]:
        """Helpers, then sequences."""
        return (*self.helpers, *self.sequences)

    @property
    def applicable(self) -> tuple[HelperProof, ...]:
        """The helpers that entries of a user can be concerned by."""
        return tuple(p for p in self.helpers if p.agreement is not Agreement.NOT_APPLICABLE)

    @property
    def runs(self) -> int:
        """Runs of helpers, alone and in sequences."""
        return sum(one.runs for one in self.proofs)

    def count(self, agreement: Agreement) -> int:
        """Helpers with this answer."""
        return sum(one.agreement is agreement for one in self.helpers)

    def sequences_with(self, agreement: Agreement) -> int:
        """Sequences with this answer."""
        return sum(one.agreement is agreement for one in self.sequences)


@dataclass(frozen=True, slots=True)
class FrameworkProof:
    """The reference model beside the tree's own framework: random events until they differ.

    `stops`: at how many of them both said that the kernel stops. `story`: the fewest events
    after which they differ.
    """

    agreement: Agreement
    events: int
    stops: int
    message: str = ""
    story: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """All variants of a run. `series`: the patches that were applied first."""

    tree_label: str
    revision: str | None
    series: tuple[str, ...]
    variants: tuple[VariantProof, ...]
    problems: tuple[str, ...]
    seconds: float
    framework: FrameworkProof | None = None

    def disagrees(self, as_if_enabled: bool) -> bool:
        """Whether there is a disagreement that counts."""
        if self.framework is not None and self.framework.agreement is Agreement.DISAGREES:
            return True
        return any(
            (as_if_enabled or one.supported)
            and any(proof.agreement is Agreement.DISAGREES for proof in one.proofs)
            for one in self.variants
        )

    @property
    def incomplete(self) -> bool:
        """Whether something could not be run."""
        return (
            not self.variants
            or bool(self.problems)
            or (self.framework is not None and self.framework.agreement is Agreement.UNKNOWN)
            or any(
                one.problems
                or not one.helpers
                or any(p.agreement is Agreement.UNKNOWN for p in one.proofs)
                for one in self.variants
            )
        )
