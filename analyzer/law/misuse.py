# SPDX-License-Identifier: GPL-2.0-only
"""Hooks that are wrong in themselves, whatever they count: mm, table, arity, address."""

from __future__ import annotations

from collections.abc import Sequence

from ..evaluate.memory import Table
from ..evaluate.state import Event
from ..helpers.interface import Signature, parameter_names
from ..helpers.session import ADDRESS
from .addresses import is_elsewhere, stands_still
from .arguments import is_address
from .deltas import is_user_mm


def misused(signature: Signature, events: Sequence[Event], table: Table, bits: int) -> bool:
    """Whether a path of a helper, given an entry of a table, calls a hook that is wrong in itself.

    A hook of another level is judged by its effect: a helper may treat a pmd as a pte.
    """
    for event in events:
        if event.kind == "store":
            continue
        if event.arity is not None or not is_user_mm(event.mm):
            return True
        if event.table is not None and event.table is not table:
            return True
    return _misplaced(signature, events, bits)


def _misplaced(signature: Signature, events: Sequence[Event], bits: int) -> bool:
    """A hook with the address of another entry, where a helper knows the address."""
    if not any(event.address is not None for event in events):
        return False
    named = any(is_address(name) for name in parameter_names(signature.parameters))
    return stands_still(events) or (named and is_elsewhere(events, ADDRESS[bits], bits))
