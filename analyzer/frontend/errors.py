# SPDX-License-Identifier: GPL-2.0-only
"""The errors of the front end: of one declaration, and of a unit as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzer.errors import SourceError

if TYPE_CHECKING:
    from analyzer.frontend.preprocess import Diagnostic


class ChunkError(SourceError):
    """One declaration of a unit cannot be read; only what uses it becomes unknown.

    It never leaves the front end: the unit lists it among `unparsed`.
    """


class UnitError(SourceError):
    """A unit as a whole cannot be read; `diagnostics` is what the preprocessor said before."""

    def __init__(
        self, path: str, line: int, message: str, diagnostics: Iterable[Diagnostic] = ()
    ) -> None:
        super().__init__(path, line, message)
        self.diagnostics = tuple(diagnostics)
