# SPDX-License-Identifier: GPL-2.0-only
"""Calls that go up and down cost no memory that is mapped and unmapped over and over."""

from __future__ import annotations

import resource
import sys

import pytest

from analyzer.stack import with_room


def climb(height: int) -> int:
    return climb(height - 1) + 1 if height else 0


def faults() -> int:
    """How often memory was new to the process while calls went up and down all heights."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for height in range(20, 500):
        for _ in range(20):
            climb(height)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_what_is_called_returns_and_raises() -> None:
    assert with_room(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        with_room(lambda: 1 // 0)


def test_memory_is_mapped_once() -> None:
    with_room(faults)  # the first time it is new in any case
    assert with_room(faults) < 200


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="how CPython 3.11 does it")
def test_without_room_it_is_mapped_again() -> None:
    """Should this fail, the module is not needed any more."""
    assert faults() > 1000
