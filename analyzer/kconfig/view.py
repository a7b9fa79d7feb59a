# SPDX-License-Identifier: GPL-2.0-only
"""The symbols and choices that one architecture's reading of the Kconfig files defines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from analyzer.kconfig.files import KconfigFiles
from analyzer.kconfig.macros import Key
from analyzer.kconfig.reading import Reading
from analyzer.kconfig.scan import FileIndex, Kind, Source
from analyzer.kconfig.symbols import Choice, Context, Definition, Pointer, Support, Symbol
from analyzer.model import Location

_COMPARED = re.compile(r"(?:\"\$\((\w+)\)\"|\b([A-Z]\w*))[ \t]*!?=[ \t]*\"(\w+)\"")


class View(Reading):
    """Symbols by name, made when they are asked for."""

    def __init__(self, files: KconfigFiles, arch: str, environment: Mapping[str, str]) -> None:
        self._symbols: dict[str, Symbol | None] = {}
        self._choices: dict[Context | str, Choice] = {}
        self._choice_at: dict[Context, Choice | None] = {}
        super().__init__(files, arch, environment)

    # -- symbols ------------------------------------------------------------------------

    def symbol(self, name: str) -> Symbol | None:
        """A symbol, None if nothing that is included defines it.

        Where the top file is missing, what is selected counts as defined.
        """
        try:
            return self._symbols[name]
        except KeyError:
            pass
        result: Symbol | None = None
        definitions = self._definitions(self.files.defines.get(name, ()))
        if definitions:
            kind = next((d.properties.type for d in definitions if d.properties.type), "")
            result = Symbol(name, kind, definitions)
        elif self.partial and name in self.files.selects:
            result = Symbol(name, "bool", [])
        self._symbols[name] = result
        if result is not None:
            for definition in definitions:
                if definition.properties.prompts:
                    result.choice = self.choice_around(definition.context)
                    if result.choice is not None:
                        break
        return result

    def names(self) -> list[str]:
        """Every symbol that an included file defines (for tests and reports)."""
        return [
            name
            for name, places in self.files.defines.items()
            if any(index.path in self.places for index, _ in places)
        ]

    def selectors(self, symbol: Symbol) -> list[Pointer]:
        """Who selects a symbol."""
        if symbol.selectors is None:
            symbol.selectors = self._pointers(symbol.name, self.files.selects, "selects")
        return symbol.selectors

    def implied_by(self, symbol: Symbol) -> list[Pointer]:
        """Who implies a symbol."""
        if symbol.implied_by is None:
            symbol.implied_by = self._pointers(symbol.name, self.files.implies, "implies")
        return symbol.implied_by

    def _pointers(
        self, name: str, table: Mapping[str, list[tuple[FileIndex, int]]], what: str
    ) -> list[Pointer]:
        places = table.get(name)
        if not places:
            return []
        unique = {(index.path, number): (index, number) for index, number in places}
        result: list[Pointer] = []
        for definition in self._definitions(unique.values()):
            index = self.inclusions[definition.inclusion].index
            owner = index.blocks[definition.block].name
            result.extend(
                Pointer(owner, definition, item)
                for item in getattr(definition.properties, what)
                if item.value == ("sym", name)
            )
        return result

    def _definitions(self, places: Iterable[tuple[FileIndex, int]]) -> list[Definition]:
        found = [
            self.definition(inclusion, number)
            for index, number in places
            for inclusion in self.places.get(index.path, ())
        ]
        if len(found) > 1:
            found.sort(key=lambda definition: definition.key)
        return found

    def definition(self, inclusion: int, number: int) -> Definition:
        """A block as it stands in an inclusion of its file."""
        here = self.inclusions[inclusion]
        block = here.index.blocks[number]
        key = (*here.key, block.start)
        properties = self.properties(inclusion, number)
        return Definition(inclusion, number, key, (inclusion, block.context), properties)

    def path(self, definition: Definition) -> str:
        """The file that a definition stands in."""
        return self.inclusions[definition.inclusion].index.path

    def of_arch(self, definition: Definition) -> bool:
        """Whether a definition stands in a file of the architecture (not in arch/Kconfig).

        Whatever lies below a directory of arch/ and is included counts: um includes files of the
        architecture that it runs on.
        """
        return self.path(definition).startswith("arch/") and self.path(definition).count("/") > 1

    def location(self, definition: Definition, offset: int | None = None) -> Location:
        """The place of a definition, or of an offset in its file."""
        index = self.inclusions[definition.inclusion].index
        start = index.blocks[definition.block].start if offset is None else offset
        return Location(index.path, index.line(start))

    # -- choices ------------------------------------------------------------------------

    def choice_around(self, context: Context) -> Choice | None:
        """The choice whose member a block in `context` is (only `if` blocks in between)."""
        path: list[Context] = []
        at: Context | None = context
        result: Choice | None = None
        while at is not None:
            if at in self._choice_at:
                result = self._choice_at[at]
                break
            path.append(at)
            kind = self.kind(at)
            if kind is Kind.CHOICE:
                result = self.choice(at)
            if kind is Kind.CHOICE or kind is Kind.MENU:
                break
            at = self.outer(at)
        for at in path:
            self._choice_at[at] = result
        return result

    def choice(self, context: Context) -> Choice:
        """The choice that a CHOICE context belongs to."""
        inclusion, number = context
        index = self.inclusions[inclusion].index
        start = index.blocks[number].start
        head = index.text[start : index.text.find("\n", start)].split("#", 1)[0].split()
        identity: Context | str = head[1] if len(head) > 1 else context
        choice = self._choices.get(identity)
        if choice is None:
            choice = self._choices[identity] = Choice(identity, [])
        if all((d.inclusion, d.block) != context for d in choice.definitions):
            choice.definitions.append(self.definition(inclusion, number))
            choice.members.update(dict.fromkeys(self._members(inclusion, number)))
        return choice

    def _members(self, inclusion: int, number: int) -> list[str]:
        """The symbols in a choice block that have a prompt, in order."""
        index = self.inclusions[inclusion].index
        last = index.blocks[number].last
        found = self._prompted(inclusion, number + 1, last)
        start = index.blocks[number].start
        end = index.blocks[last].start if last < len(index.blocks) else len(index.text)
        for source in index.sources:
            if start < source.offset < end and self._within(index, source.context, number):
                found += self._sourced_members(inclusion, source)
        return [name for _, name in sorted(found)]

    def _prompted(self, inclusion: int, first: int, last: int) -> list[tuple[Key, str]]:
        here = self.inclusions[inclusion]
        blocks = here.index.blocks
        return [
            ((*here.key, blocks[number].start), blocks[number].name)
            for number in range(first, min(last, len(blocks)))
            if blocks[number].kind is Kind.CONFIG and self.properties(inclusion, number).prompts
        ]

    @staticmethod
    def _within(index: FileIndex, context: int, number: int) -> bool:
        while context > number:
            context = index.blocks[context].context
        return context == number

    def _sourced_members(self, inclusion: int, source: Source) -> list[tuple[Key, str]]:
        key = (*self.inclusions[inclusion].key, source.offset)
        found: list[tuple[Key, str]] = []
        for number, place in enumerate(self.inclusions):
            if place.parent == inclusion and place.key == key:
                found += self._prompted(number, 0, len(place.index.blocks))
        return found

    # -- questions ----------------------------------------------------------------------

    def compared_environment(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of comparisons such as `"$(ARCH)" = "i386"` below arch/."""
        found: dict[tuple[str, str], None] = {}
        for inclusion in self.inclusions:
            if not inclusion.index.path.startswith("arch/"):
                continue
            for macro, bare, value in _COMPARED.findall(inclusion.index.text):
                name = macro or (bare if bare in self.environment else "")
                if name and value != self.environment.get(name, ""):
                    found[name, value] = None
        return tuple(found)

    def select_of(self, name: str) -> Support:
        """Whether a file of the architecture selects `name`."""
        holder = self.symbol(name) or Symbol(name, "bool", [])
        found = [p for p in self.selectors(holder) if self.of_arch(p.definition)]
        if not found:
            return Support(False, None, "", 0)
        place = self.location(found[0].definition, found[0].item.offset)
        conditions = [p.item.text for p in found if p.item.text is not None]
        text = " || ".join(conditions) if len(conditions) == len(found) else None
        return Support(True, text, place.path, place.line)
