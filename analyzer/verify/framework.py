# SPDX-License-Identifier: GPL-2.0-only
"""The reference model against the tree's own mm/page_table_check.c, compiled for user space.

Runs code of the tree, in a child process with bounds; only `--against-kernel` asks for it.
"""

from __future__ import annotations

from typing import Final

from ..reference.opening import open_session
from ..reference.peer import ModelSide, build_peer, compare, minimal, random_events, source_of
from ..reference.peer.layout import plain_layout
from ..reference.traits import read_traits
from ..tree import KernelTree
from .values import Agreement, FrameworkProof

SEQUENCES: Final = 80
EVENTS: Final = 250  # of each


def against_kernel(tree: KernelTree, arch: str, variant: str) -> FrameworkProof:
    """Drive both with random events; the differences between trees are read in a variant.

    Raises ToolError without a compiler, UsageError where the file does not compile or there is
    no such variant, SourceError where the tree has none, Unjudged where it cannot be followed.
    """
    with open_session(tree, arch, variant) as session:
        traits = read_traits(session)
    layout = plain_layout()
    side = ModelSide(layout, traits)
    events = stops = 0
    with build_peer(source_of(tree), layout) as peer:
        for seed in range(SEQUENCES):
            sequence = random_events(layout, seed, EVENTS)
            found = compare(side, peer, sequence)
            if found is not None:
                short = minimal(side, peer, found)
                story = tuple(repr(item.event) for item in short.events)
                message = f"they differ in {short.reason} after {len(story)} events"
                return FrameworkProof(Agreement.DISAGREES, events, stops, message, story)
            results = side.results(sequence)
            events += len(results)
            stops += sum(result.stopped for result in results)
    return FrameworkProof(Agreement.AGREES, events, stops, "", ())
