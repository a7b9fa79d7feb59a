# SPDX-License-Identifier: GPL-2.0-only
"""From a tree, an architecture and a variant to the decoder and the traits of the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..check.unit import build_unit
from ..clock import Clock
from ..errors import UsageError
from ..frontend import ParseCache, Stage
from ..helpers.bodies import SourceIndex
from ..helpers.interface import Interface
from ..helpers.session import Session
from ..kconfig import Variant, load_kconfig, variants
from ..tree import KernelTree


@contextmanager
def open_session(tree: KernelTree, arch: str, name: str = "base") -> Iterator[Session]:
    """The session of a variant of a tree.

    Raises UsageError for a variant that there is not or that has no page tables, SourceError
    where its headers cannot be read.
    """
    offered = variants(tree, arch, load_kconfig(tree, arch))
    variant = next((one for one in offered if one.name == name), None)
    if variant is None:
        names = ", ".join(one.name for one in offered)
        raise UsageError(f"{arch} has no variant '{name}'; it has: {names}")
    if not variant.has_mmu:
        raise UsageError(f"{variant.label} has no page tables")
    with Stage(tree) as stage:
        yield session_of(stage, variant)


def session_of(stage: Stage, variant: Variant, cache: ParseCache | None = None) -> Session:
    """The session of one variant with nothing to judge: entries, predicates, the framework."""
    index = SourceIndex(stage.tree, variant.arch)
    unit, _ = build_unit(stage, variant, Interface((), 0), index, (), cache, Clock())
    return Session(unit, variant)
