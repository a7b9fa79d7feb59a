# SPDX-License-Identifier: GPL-2.0-only
"""The macros of a unit where some are defined otherwise than when it was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.frontend.edits import Beside, Edit, Macro, MacroEdit, Unsure
from analyzer.frontend.image import Macros

_BETWEEN = 0.5  # of a line: before it, or behind it


class Altered(Macros):
    """The macros now: `line_of` tells on which line of the text a function of a header begins,
    None where the unit has none."""

    def __init__(
        self,
        macros: Macros,
        edits: Sequence[MacroEdit],
        line_of: Callable[[str, Edit], int | None],
    ) -> None:
        self._before = macros
        self._line_of = line_of
        self.changed: dict[str, list[tuple[float, str | None]]] = {}
        for edit in edits:
            self._alter(edit)
        for name, events in self.changed.items():
            if len(events) > 1 or len(macros.events(name)) > 1:
                raise Unsure  # which one holds where is not looked at
        self.active = any(
            self.changed[name] != [(float(line), text) for line, text in macros.events(name)]
            for name in self.changed
        )

    def _alter(self, edit: MacroEdit) -> None:
        for name in edit.names:
            events = self._before.events(name)
            self.changed.setdefault(name, [(float(line), text) for line, text in events])
        for macro in edit.gone:
            line = self._line(macro)
            if line is not None:
                self.changed[macro.name] = [
                    one for one in self.changed[macro.name] if one[0] != line
                ]
        for macro, found_by in edit.new:
            at = self._position(edit, found_by[0])
            if at is not None:
                self.changed[macro.name].append((at, macro.behind))

    def _line(self, macro: Macro) -> int | None:
        """On which line of the text a macro is defined; None where it is not. Raises Unsure."""
        found = [
            line
            for line, text in self._before.events(macro.name)
            if text is not None and Macro(macro.name, text, 0).key == macro.key
        ]
        if len(found) > 1:
            raise Unsure
        return found[0] if found else None

    def _position(self, edit: MacroEdit, beside: Beside) -> float | None:
        if beside.macro is not None:
            line = self._line(beside.macro)
            if line is not None and beside.macro in edit.gone:
                return float(line)
        elif beside.edit is not None:
            line = self._line_of(edit.path, beside.edit)
        else:
            raise Unsure
        if line is None:
            return None
        return line + _BETWEEN if beside.before else line - _BETWEEN

    def starting(self, prefix: str) -> list[str]:
        """See `Macros`."""
        more = [name for name in self.changed if name.startswith(prefix)]
        return sorted({*self._before.starting(prefix), *more})

    def at(self, name: str, line: int) -> str | None:
        """See `Macros`."""
        events = self.changed.get(name)
        if events is None:
            return self._before.at(name, line)
        found = None
        for at, text in events:
            if at < line:
                found = text
        return found


__all__ = ["Altered"]
