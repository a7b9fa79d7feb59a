# SPDX-License-Identifier: GPL-2.0-only
"""The judging of architectures: again where nearly all is known, or from nothing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ..clock import Clock
from ..frontend import ParseCache
from ..law.bounds import Effort
from ..tree import KernelTree
from .again import judge_again
from .nearly import Change
from .notebook import Memory, Notebook
from .results import ArchResult

if TYPE_CHECKING:
    from ..callsites import ReadSources
    from ..frontend import Scan
    from ..helpers.defined import Globals
    from ..kconfig import ScannedKconfig

COLLECT: Final = 1_000_000  # what is made here is in no cycle: looked for, in case, but rarely
RECURSION: Final = 20_000  # Python frames; helpers nest about 60 calls of some 20 frames each


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each architecture: which names generic code calls, which variants."""

    called: frozenset[str]
    only: frozenset[str] | None = None


class Workshop:
    """What architectures, and trees, share: what was found out about contents.

    An answer depends on nothing that was judged before; only the time it takes does.
    """

    def __init__(self) -> None:
        gc.set_threshold(COLLECT, 20, 50)
        gc.unfreeze()  # what an earlier workshop left
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
        self._parsed = ParseCache()
        self._scans: dict[bytes, Scan] = {}
        self._last = ""  # the architecture that was judged last

    @cached_property
    def _kconfig(self) -> ScannedKconfig:
        from ..kconfig import ScannedKconfig

        return ScannedKconfig()

    @cached_property
    def _globals(self) -> Globals:
        from ..helpers.defined import Globals

        return Globals()

    @cached_property
    def _sources(self) -> ReadSources:
        from ..callsites import ReadSources

        return ReadSources()

    def check(
        self,
        tree: KernelTree,
        arch: str,
        question: Question,
        clock: Clock,
        note: Callable[[str], None],
        memory: Memory | None = None,
        stamp: str = "",
    ) -> ArchResult:
        """Judge one architecture of a tree; `memory` has what was found out of other trees.

        With a `stamp` it gets what `again` wants to know, under that name.
        """
        from ..frontend import Stage
        from ..kconfig import KconfigFiles
        from .whole import check_arch

        if self._last not in ("", arch):
            self._forget(self._last)
        self._last = arch
        files = KconfigFiles(tree, self._kconfig)
        with Stage(tree, self._scans) as stage:
            effort = Effort()
            results, unread, calls = check_arch(
                stage, arch, question, files, note, self._parsed, self._sources, self._globals,
                clock, Notebook(memory, arch, stamp), effort,
            )  # fmt: skip
            settled = not stage.exceeded and not effort.exhausted
            return ArchResult(arch, tuple(results), tuple(unread), stage.files, settled, calls)

    def again(
        self,
        tree: KernelTree,
        known: ArchResult,
        stamp: str,
        changes: Sequence[Change],
        called: Sequence[str],
        clock: Clock,
        note: Callable[[str], None],
        memory: Memory,
    ) -> ArchResult | None:
        """Judge an architecture of which nearly everything is known; None where that is not
        enough (see `again`)."""
        return judge_again(tree, known, stamp, changes, called, memory, self._parsed, clock, note)

    def _forget(self, arch: str) -> None:
        """Let go of what only one architecture needs, so that memory is that of the largest.

        Units and sessions are garbage with cycles by now, which is looked for rarely.
        """
        self._parsed.forget()
        self._sources.forget(f"arch/{arch}")
        gc.collect()
        gc.freeze()  # what is left is shared by all that follow: it need not be looked at again
