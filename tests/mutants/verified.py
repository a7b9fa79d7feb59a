# SPDX-License-Identifier: GPL-2.0-only
"""Deletes the hooks of a real tree one at a time and verifies each (compare tests.mutants.boot).

python -m tests.mutants.verified --tree ~/linux --arch x86
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.tree import KernelTree, OverlayTree, open_tree
from analyzer.verify import Agreement, verify_tree
from analyzer.verify.values import VariantProof
from tests.mutants.judge import generic_sites, overrides, prototypes, tree_sites
from tests.mutants.mutate import mutate
from tests.mutants.sites import Site


@dataclass(frozen=True, slots=True)
class Rejection:
    """What `verify` says of a tree without one hook. `hidden`: why nothing can be said."""

    site: Site
    helpers: tuple[str, ...]
    sequences: tuple[str, ...]
    unknown: tuple[str, ...]
    hidden: str

    @property
    def rejected(self) -> bool:
        """Whether any helper or sequence disagrees with the reference model."""
        return bool(self.helpers or self.sequences)

    def __str__(self) -> str:
        if self.rejected:
            return f"rejected ({len(self.helpers)} helpers, {len(self.sequences)} sequences)"
        return self.hidden or ("unknown" if self.unknown else "accepted")


def deleted_hooks(tree: KernelTree, arch: str, variant: str = "base") -> Iterator[Rejection]:
    """Every hook call of an architecture and of the generic header, deleted."""
    for site in (*tree_sites(tree, arch), *generic_sites(tree)):
        yield delete(tree, arch, site, variant)


def delete(tree: KernelTree, arch: str, site: Site, variant: str = "base") -> Rejection:
    """One hook call deleted. A generic helper that the architecture replaces is not compiled."""
    for path, line in overrides(tree, arch, site):
        return Rejection(site, (), (), (), f"not compiled in: {path}:{line} has its own")
    text = tree.read(site.path).decode("latin-1")
    made = mutate(site, text, "deleted", prototypes(tree))
    assert made is not None
    edited = OverlayTree(tree, {site.path: made.encode("latin-1")})
    (proof,) = verify_tree(edited, (arch,), only=frozenset({variant})).variants
    return Rejection(
        site,
        tuple(one.helper for one in proof.helpers if one.agreement is Agreement.DISAGREES),
        tuple(one.name for one in proof.sequences if one.agreement is Agreement.DISAGREES),
        _unknown(proof),
        "",
    )


def _unknown(proof: VariantProof) -> tuple[str, ...]:
    return tuple(one.reason for one in proof.proofs if one.agreement is Agreement.UNKNOWN)


def main(arguments: Sequence[str] | None = None) -> int:
    """One line for each hook: place, function, hook, outcome."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.verified", description=__doc__)
    parser.add_argument("--tree", required=True)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--variant", default="base")
    given = parser.parse_args(arguments)
    with open_tree(given.tree) as tree:
        for site in (*tree_sites(tree, given.arch), *generic_sites(tree)):
            begun = time.process_time()
            found = delete(tree, given.arch, site, given.variant)
            seconds = time.process_time() - begun
            print(f"{seconds:4.0f} s | {site} | {site.hook} | {found}", flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
