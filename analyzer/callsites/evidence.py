# SPDX-License-Identifier: GPL-2.0-only
"""What tells whose a mapping is, and what is asked of the files of a tree to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .body import Body, Call
from .model import Mapping


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that tells whose a mapping is; `boot` if it is that nobody is a user yet."""

    mapping: Mapping
    reason: str
    boot: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a function's name stands: called, or handed on as a pointer."""

    body: Body
    call: Call
    direct: bool  # False: the name is one of the arguments


Callers = Callable[[Body], Iterable[Use]]
Tables = Callable[[Body, str], bool]
Through = Callable[[Body, int], list[str]]
"""What is given for a parameter where a function is called through a member of a structure."""
Makers = Callable[[Body, str], Body | None]
"""The function of a name, as one function sees it: of its own file."""
