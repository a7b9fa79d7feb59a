# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own mm/page_table_check.c, compiled for user space and driven beside the model.

    with build_peer(source_of(tree)) as peer:                 # or source_from(code, header)
        wrong = compare(model_side(traits), peer, events)     # a Disagreement, or None

This runs code of the tree, in a child process with bounds on its time and memory; nothing does it
that was not asked to. Two peers can be compared as well: `compare(peer, peer_of_another_file, ..)`.
"""

from __future__ import annotations

from .build import PeerSource, build_peer, source_from, source_of
from .compare import Disagreement, ModelSide, Side, compare, minimal
from .layout import Layout, PlainDecoder, plain_layout
from .random_events import random_events
from .run import Peer, PeerEvent, Result

__all__ = [
    "Disagreement",
    "Layout",
    "ModelSide",
    "Peer",
    "PeerEvent",
    "PeerSource",
    "PlainDecoder",
    "Result",
    "Side",
    "build_peer",
    "compare",
    "minimal",
    "plain_layout",
    "random_events",
    "source_from",
    "source_of",
]
