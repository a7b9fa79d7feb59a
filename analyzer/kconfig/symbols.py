# SPDX-License-Identifier: GPL-2.0-only
"""What a reading of the Kconfig files consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from analyzer.kconfig.blocks import Conditional, Properties
from analyzer.kconfig.macros import Key
from analyzer.kconfig.scan import FileIndex

#: A block that encloses others: number of the inclusion, number of the block (-1: the whole file).
Context: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class Inclusion:
    """A file as it is sourced at one place; `parent` is the number of the sourcing inclusion."""

    index: FileIndex
    parent: int
    context: int  # in the parent's file
    key: Key


@dataclass(slots=True)
class Definition:
    """One block (`config`, `choice`) where it stands."""

    inclusion: int
    block: int
    key: Key
    context: Context
    properties: Properties


@dataclass(slots=True)
class Pointer:
    """A `select` or `imply` that points at a symbol: who, from which definition, when."""

    owner: str
    definition: Definition
    item: Conditional


@dataclass(slots=True)
class Choice:
    """A `choice`; of its members at most one is y. A named one may have several blocks."""

    identity: Context | str
    definitions: list[Definition]
    members: dict[str, None] = field(default_factory=dict)

    @property
    def optional(self) -> bool:
        """Whether no member at all may be chosen."""
        return any(definition.properties.optional for definition in self.definitions)


@dataclass(slots=True)
class Symbol:
    """A symbol with all its definitions in reading order. `type` is '' if none is given."""

    name: str
    type: str
    definitions: list[Definition]
    choice: Choice | None = None
    selectors: list[Pointer] | None = None
    implied_by: list[Pointer] | None = None

    @property
    def boolean(self) -> bool:
        """Whether the value is n, m or y."""
        return self.type in ("bool", "tristate")

    @property
    def has_prompt(self) -> bool:
        """Whether a user can be asked for it."""
        return any(definition.properties.prompts for definition in self.definitions)


@dataclass(frozen=True, slots=True)
class Support:
    """Whether the architecture selects a symbol, and under which condition, as written.

    `path` and `line` say where; they are '' and 0 if it does not.
    """

    supported: bool
    condition: str | None
    path: str
    line: int
