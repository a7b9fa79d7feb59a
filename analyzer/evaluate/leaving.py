# SPDX-License-Identifier: GPL-2.0-only
"""What runs when a block is left: functions that clean up after its variables (GNU C).

The front end writes `T x __attribute__((cleanup(f))) = y;` as `T x = y, *__ptc_cleanup_1 =
__ptc_cleanup(f, &x);`. The kernel's guard() and __free() are made of it (linux/cleanup.h).
"""

from __future__ import annotations

from typing import Final

from .core import Core
from .ctype import Node
from .names import Scope
from .values import Unjudged, Value

CLEANS_UP: Final = "__ptc_cleanup"
CLEANUP: Final = f"{CLEANS_UP}_"
"""How the front end names the variables that it adds."""


class Leaving(Core):
    """Notes what cleans up after a variable, and calls it."""

    def call(self, name: str, values: list[Value], home: str = "") -> Value:
        """Calls a function by name, as the file `home` (default: the caller's) knows it."""
        raise NotImplementedError

    def clean_up_after(self, call: Node, scope: Scope) -> None:
        """`__ptc_cleanup(f, &x)`: f is called with &x when the block of `scope` is left."""
        function, *variable = call.args.exprs
        if not variable:
            raise Unjudged(f"{function.name}() cleans up after a variable that is not told")
        scope.ends = scope.ends or []
        scope.ends.append((function.name, self.evaluate(variable[0], scope)))

    def leave(self, scope: Scope) -> None:
        """Cleans up after the variables of a block, the last one first."""
        while scope.ends:
            function, variable = scope.ends.pop()
            self.call(function, [variable])
