# SPDX-License-Identifier: GPL-2.0-only
"""Room for many calls of Python at once.

The interpreter keeps the frames of calls in pieces of 16 KiB (CPython since 3.11), each mapped
when a call does not fit and unmapped when that call returns. What walks trees of C goes up and
down across such an edge all the time, and pays a fifth of its seconds for it. Below a call that
needs a large piece all others find room in the same one; what is not touched costs no memory.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")
SLOTS: Final = 600_000  # of 8 bytes: more than half of a piece, whose size is a power of two


def _called(function: Callable[[], Any]) -> Any:
    return function()


def with_room(function: Callable[[], T]) -> T:
    """What `function()` returns, with room on the stack for some thousand calls."""
    code = _called.__code__.replace(co_stacksize=SLOTS)
    roomy = cast("Callable[[Callable[[], T]], T]", FunctionType(code, globals()))
    return roomy(function)
