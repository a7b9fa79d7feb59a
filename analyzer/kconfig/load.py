# SPDX-License-Identifier: GPL-2.0-only
"""One architecture's view of the Kconfig files: what is included where, and its symbols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import normpath

from analyzer.kconfig.answers import TOOLS
from analyzer.kconfig.blocks import Conditional, Expand, Properties, condition_of, parse_block
from analyzer.kconfig.expression import NO, YES, Expression
from analyzer.kconfig.files import KconfigFiles
from analyzer.kconfig.macros import Key, MacroTable
from analyzer.kconfig.scan import Assignment, FileIndex, Kind, Problem, Source
from analyzer.model import Location

_MAX_INCLUSIONS = 50_000
_MAX_NESTING = 64
_MAX_PROBLEMS = 200
_COMPARED = re.compile(r"\"\$\((\w+)\)\"[ \t]*!?=[ \t]*\"(\w+)\"")
_VARIABLE = re.compile(r"\$\((\w+)\)")


@dataclass(slots=True)
class Inclusion:
    """A file as it is sourced at one place; `parent` is the number of the sourcing inclusion."""

    index: FileIndex
    parent: int
    context: int  # in the parent's file
    key: Key


@dataclass(slots=True)
class Definition:
    """One `config` block of a symbol, where it stands."""

    inclusion: int
    block: int
    key: Key
    context: tuple[int, int]
    properties: Properties


@dataclass(slots=True)
class Symbol:
    """A symbol with all its definitions in reading order."""

    name: str
    type: str
    definitions: list[Definition]
    selectors: list[tuple[Definition, str, Conditional]] | None = None
    implied_by: list[tuple[Definition, str, Conditional]] | None = None
    choice: Choice | None = None

    @property
    def has_prompt(self) -> bool:
        """Whether a user can be asked for it."""
        return any(d.properties.prompts for d in self.definitions)


@dataclass(slots=True)
class Choice:
    """A `choice` block; of its members at most one is y."""

    name: str
    identity: tuple[int, int] | str
    definitions: list[Definition]
    type: str = ""
    members: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Support:
    """Whether the architecture selects a symbol, and under which condition, as written."""

    supported: bool
    condition: str | None
    path: str
    line: int


class View:
    """The files as one architecture reads them. See `analyzer.kconfig.Kconfig`."""

    def __init__(self, files: KconfigFiles, arch: str, environment: Mapping[str, str]) -> None:
        self.files = files
        self.arch = arch
        self.environment = {**TOOLS, "srctree": ".", "SRCARCH": arch, "ARCH": arch, **environment}
        self.macros = MacroTable(self.environment)
        self.inclusions: list[Inclusion] = []
        self._places: dict[str, list[int]] = {}
        self._symbols: dict[str, Symbol | None] = {}
        self._choices: dict[tuple[int, int] | str, Choice] = {}
        self._own: dict[tuple[int, int], Properties] = {}
        self._conditions: dict[tuple[int, int], Expression] = {}
        self._problems: list[Problem] = []
        self._seen_problems: set[Problem] = set()
        top = "Kconfig"
        if isinstance(files.get(top), str):
            top = f"arch/{arch}/Kconfig"
        start = files.get(top)
        if isinstance(start, FileIndex):
            self._include(start)

    # -- reading order ------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not understood so far."""
        return tuple(self._problems)

    def problem(self, location: Location, message: str) -> None:
        """Record something that was not understood (once; a bounded number)."""
        found = Problem(location, message)
        if found not in self._seen_problems and len(self._problems) < _MAX_PROBLEMS:
            self._seen_problems.add(found)
            self._problems.append(found)

    def _include(self, top: FileIndex) -> None:
        """Follow the `source` statements, depth first, in the order of the files."""
        stack = [self._enter(top, -1, -1, ())]
        chain = [top.path]
        while stack:
            number, events, position = stack.pop()
            here = self.inclusions[number]
            entered = False
            while position < len(events):
                event = events[position]
                position += 1
                if isinstance(event, Assignment):
                    self._assign(here, event)
                    continue
                index = self._sourced(here, event, chain)
                if index is not None:
                    stack.append((number, events, position))
                    key = (*here.key, event.offset)
                    stack.append(self._enter(index, number, event.context, key))
                    chain.append(index.path)
                    entered = True
                    break
            if not entered:
                chain.pop()

    def _enter(
        self, index: FileIndex, parent: int, context: int, key: Key
    ) -> tuple[int, list[Source | Assignment], int]:
        number = len(self.inclusions)
        self.inclusions.append(Inclusion(index, parent, context, key))
        self._places.setdefault(index.path, []).append(number)
        for problem in index.problems:
            self.problem(problem.location, problem.message)
        events: list[Source | Assignment] = list(index.sources)
        if index.assignments:
            events.extend(index.assignments)
            events.sort(key=lambda event: event.offset)
        return number, events, 0

    def _assign(self, here: Inclusion, event: Assignment) -> None:
        try:
            self.macros.assign((*here.key, event.offset), event.name, event.operator, event.value)
        except ValueError as error:
            self.problem(self._location(here, event.offset), str(error))

    def _sourced(self, here: Inclusion, event: Source, chain: list[str]) -> FileIndex | None:
        """The file that a `source` statement names; None (and a problem) if it cannot be had."""
        text = event.text.strip()
        if text[:1] in ('"', "'"):
            end = text.find(text[0], 1)
            text = text[1:end] if end > 0 else text[1:]
        else:
            text = text.split("#", 1)[0].strip()
        if "$" in text:
            text = self._source_path(text, (*here.key, event.offset))
        if event.keyword in ("rsource", "orsource"):
            text = f"{here.index.path.rpartition('/')[0]}/{text}".lstrip("/")
        path = normpath(text)
        if path in chain:
            self.problem(self._location(here, event.offset), f"{path} sources itself")
            return None
        if len(chain) >= _MAX_NESTING or len(self.inclusions) >= _MAX_INCLUSIONS:
            self.problem(self._location(here, event.offset), "too many files are sourced")
            return None
        found = self.files.get(path)
        if isinstance(found, FileIndex):
            return found
        if event.keyword in ("source", "rsource"):
            self.problem(self._location(here, event.offset), f"cannot source {path}: {found}")
        return None

    def _source_path(self, text: str, key: Key) -> str:
        for name in _VARIABLE.findall(text):
            if name not in self.environment and self.macros.variable(name, key) is None:
                self._guess(name, text)
        try:
            text = self.macros.expand(text, key)
        except ValueError:
            return ""
        if "$" in text:  # before 4.18: "arch/$SRCARCH/Kconfig"
            for name in sorted(self.environment, key=len, reverse=True):
                text = text.replace(f"${name}", self.environment[name])
        return text

    def _guess(self, name: str, text: str) -> None:
        """Give an unset variable in a path the first value for which the path exists.

        Such a variable comes from the Makefile of an architecture (um: HEADER_ARCH names the
        architecture that it runs on); which values make sense, the directories tell.
        """
        before, _, behind = text.partition(f"$({name})")
        if "$" in before or "$" in behind:
            return
        tree = self.files.tree
        for entry in tree.entries(before.rpartition("/")[0])[:200]:
            if tree.kind(f"{before}{entry.name}{behind}") is not None:
                self.environment[name] = entry.name
                self.macros.environment[name] = entry.name
                return

    def _location(self, here: Inclusion, offset: int) -> Location:
        return Location(here.index.path, here.index.line(offset))

    # -- symbols ------------------------------------------------------------------------

    def symbol(self, name: str) -> Symbol | None:
        """A symbol, None if nothing that is included defines it."""
        try:
            return self._symbols[name]
        except KeyError:
            pass
        definitions = self._definitions(self.files.defines.get(name, ()))
        result: Symbol | None = None
        if definitions:
            kind = next((d.properties.type for d in definitions if d.properties.type), "")
            result = Symbol(name, kind, definitions)
        self._symbols[name] = result
        if result is not None:
            self._join_choice(result)
        return result

    def names(self) -> list[str]:
        """Every symbol that is defined by an included file (costly; for tests and reports)."""
        places = self._places
        return [n for n, at in self.files.defines.items() if any(i.path in places for i, _ in at)]

    def selectors(self, symbol: Symbol) -> list[tuple[Definition, str, Conditional]]:
        """Who selects a symbol: definition, name, and the `select` with its condition."""
        if symbol.selectors is None:
            symbol.selectors = self._pointing_at(symbol.name, self.files.selects, "selects")
        return symbol.selectors

    def implied_by(self, symbol: Symbol) -> list[tuple[Definition, str, Conditional]]:
        """Who implies a symbol."""
        if symbol.implied_by is None:
            symbol.implied_by = self._pointing_at(symbol.name, self.files.implies, "implies")
        return symbol.implied_by

    def _pointing_at(
        self, name: str, table: Mapping[str, list[tuple[FileIndex, int]]], what: str
    ) -> list[tuple[Definition, str, Conditional]]:
        places = table.get(name)
        if not places:
            return []
        seen: set[tuple[str, int]] = set()
        unique = []
        for index, number in places:
            if (index.path, number) not in seen:
                seen.add((index.path, number))
                unique.append((index, number))
        result = []
        for definition in self._definitions(unique):
            owner = self.inclusions[definition.inclusion].index.blocks[definition.block].name
            for item in getattr(definition.properties, what):
                if item.value[-1] == name:
                    result.append((definition, owner, item))
        return result

    def _definitions(
        self, places: list[tuple[FileIndex, int]] | tuple[()]
    ) -> list[Definition]:
        found = []
        for index, number in places:
            for inclusion in self._places.get(index.path, ()):
                found.append(self.definition(inclusion, number))
        if len(found) > 1:
            found.sort(key=lambda definition: definition.key)
        return found

    def definition(self, inclusion: int, number: int) -> Definition:
        """A block as it stands in an inclusion of its file."""
        here = self.inclusions[inclusion]
        block = here.index.blocks[number]
        key = (*here.key, block.start)
        context = (inclusion, block.context)
        return Definition(inclusion, number, key, context, self.properties(inclusion, number))

    def located(self, definition: Definition, offset: int | None = None) -> Location:
        """The place of a definition, or of an offset in its file."""
        index = self.inclusions[definition.inclusion].index
        start = index.blocks[definition.block].start if offset is None else offset
        return Location(index.path, index.line(start))

    def path_of(self, definition: Definition) -> str:
        """The file that a definition stands in."""
        return self.inclusions[definition.inclusion].index.path

    def properties(self, inclusion: int, number: int) -> Properties:
        """The properties of a block with this architecture's macros expanded."""
        here = self.inclusions[inclusion]
        shared = self.files.properties(here.index, number)
        if shared is None:
            key = (inclusion, number)
            shared = self._own.get(key)
            if shared is None:
                block = here.index.blocks[number]
                shared = parse_block(here.index, block.start, block.end, self._expander(here))
                self._own[key] = shared
        for offset, message in shared.errors:
            self.problem(self._location(here, offset), message)
        return shared

    def _expander(self, here: Inclusion) -> Expand:
        def expand(text: str, offset: int) -> str:
            return self.macros.expand(text, (*here.key, offset))

        return expand

    # -- contexts -----------------------------------------------------------------------

    def outer(self, context: tuple[int, int]) -> tuple[int, int] | None:
        """The context around a context; (inclusion, -1) is the top of a file. None: the top."""
        inclusion, number = context
        here = self.inclusions[inclusion]
        if number >= 0:
            return inclusion, here.index.blocks[number].context
        if here.parent < 0:
            return None
        return here.parent, here.context

    def kind(self, context: tuple[int, int]) -> Kind | None:
        """What kind of block a context is; None: a file."""
        inclusion, number = context
        return None if number < 0 else self.inclusions[inclusion].index.blocks[number].kind

    def condition(self, context: tuple[int, int]) -> Expression:
        """What an `if` or `menu` block demands of everything in it."""
        known = self._conditions.get(context)
        if known is not None:
            return known
        inclusion, number = context
        here = self.inclusions[inclusion]
        block = here.index.blocks[number]
        result: Expression = YES
        if block.kind is Kind.IF:
            try:
                result = condition_of(here.index, block.start, self._expander(here))
            except ValueError as error:
                self.problem(self._location(here, block.start), str(error))
                result = NO
        elif block.kind is Kind.MENU:
            result = self.properties(inclusion, number).dependency
        self._conditions[context] = result
        return result

    # -- choices ------------------------------------------------------------------------

    def choice_at(self, context: tuple[int, int]) -> Choice | None:
        """The choice whose direct member a block in `context` is (`if` blocks in between)."""
        at: tuple[int, int] | None = context
        steps = 0
        while at is not None and steps < 1000:
            kind = self.kind(at)
            if kind is Kind.CHOICE:
                return self.choice(at)
            if kind is Kind.MENU:
                return None
            at = self.outer(at)
            steps += 1
        return None

    def choice(self, context: tuple[int, int]) -> Choice:
        """The choice that a CHOICE context belongs to; a named one may have several blocks."""
        inclusion, number = context
        index = self.inclusions[inclusion].index
        start = index.blocks[number].start
        head = index.text[start : index.text.find("\n", start)].split("#", 1)[0].split()
        name = head[1] if len(head) > 1 else ""
        identity: tuple[int, int] | str = name or context
        choice = self._choices.get(identity)
        if choice is None:
            choice = self._choices[identity] = Choice(name, identity, [])
        if all((d.inclusion, d.block) != context for d in choice.definitions):
            definition = self.definition(inclusion, number)
            choice.definitions.append(definition)
            choice.type = choice.type or definition.properties.type
            choice.members.extend(self._members(context))
        return choice

    def _members(self, context: tuple[int, int]) -> list[str]:
        """The symbols in a choice block that have a prompt, in order."""
        inclusion, number = context
        index = self.inclusions[inclusion].index
        found: list[tuple[Key, str]] = []
        self._collect(inclusion, number, index.blocks[number].last, found)
        start = index.blocks[number].start
        last = index.blocks[number].last
        end = index.blocks[last].start if last < len(index.blocks) else len(index.text)
        for source in index.sources:
            if start < source.offset < end and index.blocks[number].last > number:
                self._collect_sourced(inclusion, source, number, found)
        found.sort()
        names: list[str] = []
        for _, name in found:
            if name not in names:
                names.append(name)
        return names

    def _collect(self, inclusion: int, number: int, last: int, found: list[tuple[Key, str]]) -> None:
        here = self.inclusions[inclusion]
        for inner in range(number + 1, min(last, len(here.index.blocks))):
            block = here.index.blocks[inner]
            if block.kind is Kind.CONFIG and self.properties(inclusion, inner).prompts:
                found.append(((*here.key, block.start), block.name))

    def _collect_sourced(
        self, inclusion: int, source: Source, number: int, found: list[tuple[Key, str]]
    ) -> None:
        context = source.context
        blocks = self.inclusions[inclusion].index.blocks
        while context >= 0 and context != number:
            context = blocks[context].context
        if context < 0:
            return
        key = (*self.inclusions[inclusion].key, source.offset)
        for other, place in enumerate(self.inclusions):
            if place.parent == inclusion and place.key == key:
                self._collect(other, -1, len(place.index.blocks), found)

    def _join_choice(self, symbol: Symbol) -> None:
        for definition in symbol.definitions:
            if definition.properties.prompts:
                choice = self.choice_at(definition.context)
                if choice is not None:
                    symbol.choice = choice
                    return

    def compared_environment(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of comparisons such as `"$(ARCH)" = "i386"` below arch/."""
        found: dict[tuple[str, str], None] = {}
        for inclusion in self.inclusions:
            if inclusion.index.path.startswith("arch/"):
                for name, value in _COMPARED.findall(inclusion.index.text):
                    if value != self.environment.get(name, ""):
                        found[name, value] = None
        return tuple(found)

    # -- questions ----------------------------------------------------------------------

    def select_of(self, name: str) -> Support:
        """Whether a file below arch/<arch>/ selects `name`."""
        holder = self.symbol(name) or Symbol(name, "bool", [])
        own = f"arch/{self.arch}/"
        found = [
            (self.located(definition, item.offset), item.text)
            for definition, _, item in self.selectors(holder)
            if self.inclusions[definition.inclusion].index.path.startswith(own)
        ]
        if not found:
            return Support(False, None, "", 0)
        place = found[0][0]
        conditions = [text for _, text in found if text is not None]
        text = " || ".join(conditions) if len(conditions) == len(found) else None
        return Support(True, text, place.path, place.line)
