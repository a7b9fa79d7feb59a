# SPDX-License-Identifier: GPL-2.0-only
"""Results with the lines that their places have after an edit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from ..frontend.edits import FileEdit, Unsure
from ..model import Location

T = TypeVar("T")


def moved(value: T, files: Sequence[FileEdit]) -> T:
    """Any result with the lines that its places have now. Raises Unsure for a place in what
    was edited."""
    shifted = [file for file in files if file.shifts or file.torn]
    return cast("T", _moved(value, shifted)) if shifted else value


def _moved(value: Any, files: Sequence[FileEdit]) -> Any:
    if isinstance(value, Location):
        for file in files:
            if file.path == value.path:
                return replace(value, line=_line(file, value.line))
        return value
    if isinstance(value, str):
        for file in files:
            if file.path in value:
                value = re.sub(
                    rf"(?<![\w/.-]){re.escape(file.path)}:(\d+)",
                    lambda found, f=file: f"{f.path}:{_line(f, int(found[1]))}",  # type: ignore[misc]
                    value,
                )
        return value
    if isinstance(value, tuple):
        return tuple(_moved(item, files) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        given = {one.name: _moved(getattr(value, one.name), files) for one in fields(value)}
        return replace(value, **given)
    return value


def _line(file: FileEdit, line: int) -> int:
    if file.lost(line):
        raise Unsure
    return file.line(line)
