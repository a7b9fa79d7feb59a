# SPDX-License-Identifier: GPL-2.0-only
"""One architecture's reading of the Kconfig files: what is sourced where, in which context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import normpath

from analyzer.kconfig.answers import TOOLS
from analyzer.kconfig.blocks import Expand, Properties, condition_of, parse_block
from analyzer.kconfig.expression import NO, YES, Expression
from analyzer.kconfig.files import KconfigFiles
from analyzer.kconfig.macros import Key, MacroTable
from analyzer.kconfig.scan import Assignment, FileIndex, Kind, Problem, Source
from analyzer.kconfig.symbols import Context, Inclusion
from analyzer.model import Location

_MAX_INCLUSIONS = 20_000
_MAX_NESTING = 64
_MAX_PROBLEMS = 200
_VARIABLE = re.compile(r"\$\((\w+)\)")
#: Read where the top file is missing (a tree that was cut down), as far as they are there.
_WITHOUT_TOP = (
    "arch/{}/Kconfig",
    "init/Kconfig",
    "arch/Kconfig",
    "mm/Kconfig",
    "mm/Kconfig.debug",
    "fs/Kconfig",
    "lib/Kconfig",
    "lib/Kconfig.debug",
)


class Reading:
    """The files as one architecture reads them, in order; expressions with their macros."""

    def __init__(self, files: KconfigFiles, arch: str, environment: Mapping[str, str]) -> None:
        self.files = files
        self.arch = arch
        self.environment = {**TOOLS, "srctree": ".", "SRCARCH": arch, "ARCH": arch, **environment}
        self.macros = MacroTable(self.environment)
        self.inclusions: list[Inclusion] = []
        self.places: dict[str, list[int]] = {}  # path -> numbers of inclusions
        self._own: dict[Context, Properties] = {}
        self._conditions: dict[Context, Expression] = {}
        self._problems: dict[Problem, None] = {}
        self.partial = False  # the top file is missing: what is not defined may be elsewhere
        self.evaluations = 0  # how many symbols were evaluated so far: a measure of work
        self._read()

    # -- problems -----------------------------------------------------------------------

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not understood so far."""
        return tuple(self._problems)

    def _problem(self, here: Inclusion, offset: int, message: str) -> None:
        """Record what was not understood; no more than 200 things."""
        if len(self._problems) < _MAX_PROBLEMS:
            place = Location(here.index.path, here.index.line(offset))
            self._problems[Problem(place, message)] = None

    # -- reading order ------------------------------------------------------------------

    def _read(self) -> None:
        top = self.files.get("Kconfig")
        if isinstance(top, FileIndex):
            self._include(top, (0,))
            return
        self._problems[Problem(Location("Kconfig", 0), top)] = None
        self.partial = True
        if isinstance(self.files.get(_WITHOUT_TOP[0].format(self.arch)), str):
            return
        for number, name in enumerate(_WITHOUT_TOP):
            index = self.files.get(name.format(self.arch))
            if isinstance(index, FileIndex) and index.path not in self.places:
                self._include(index, (number,))

    def _include(self, top: FileIndex, key: Key) -> None:
        """Follow the `source` statements, depth first, in the order of the files."""
        stack = [self._enter(top, -1, -1, key)]
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
        self.places.setdefault(index.path, []).append(number)
        for problem in index.problems:
            if len(self._problems) < _MAX_PROBLEMS:
                self._problems[problem] = None
        events: list[Source | Assignment] = list(index.sources)
        if index.assignments:
            events.extend(index.assignments)
            events.sort(key=lambda event: event.offset)
        return number, events, 0

    def _assign(self, here: Inclusion, event: Assignment) -> None:
        try:
            self.macros.assign((*here.key, event.offset), event.name, event.operator, event.value)
        except ValueError as error:
            self._problem(here, event.offset, str(error))

    def _sourced(self, here: Inclusion, event: Source, chain: list[str]) -> FileIndex | None:
        """The file that a `source` statement names; None (and a problem) if it cannot be had."""
        path = self._source_path(here, event)
        if path in chain:
            self._problem(here, event.offset, f"{path} sources itself")
            return None
        if len(chain) >= _MAX_NESTING or len(self.inclusions) >= _MAX_INCLUSIONS:
            self._problem(here, event.offset, "too many files are sourced")
            return None
        found = self.files.get(path)
        if isinstance(found, FileIndex):
            return found
        if event.keyword in ("source", "rsource"):
            self._problem(here, event.offset, f"cannot source {path[:200]}: {found}")
            return self._renamed(path, chain)
        return None

    def _renamed(self, path: str, chain: list[str]) -> FileIndex | None:
        """The file in our own directory, if that was renamed and still uses its old name."""
        parts = path.split("/", 2)
        if len(parts) < 3 or parts[0] != "arch" or parts[1] == self.arch:
            return None
        if self.files.tree.kind(f"arch/{parts[1]}") is not None:
            return None
        moved = f"arch/{self.arch}/{parts[2]}"
        found = self.files.get(moved)
        return found if isinstance(found, FileIndex) and moved not in chain else None

    def _source_path(self, here: Inclusion, event: Source) -> str:
        """The path that a `source` statement means, relative to the top of the tree."""
        text = event.text.strip()
        if text[:1] in ('"', "'"):
            end = text.find(text[0], 1)
            text = text[1:end] if end > 0 else text[1:]
        else:
            text = text.split("#", 1)[0].strip()
        if "$" in text:
            text = self._expanded_path(text, (*here.key, event.offset))
        if event.keyword in ("rsource", "orsource"):
            text = f"{here.index.path.rpartition('/')[0]}/{text}".lstrip("/")
        return normpath(text[:4096])

    def _expanded_path(self, text: str, key: Key) -> str:
        for name in _VARIABLE.findall(text)[:8]:
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

    # -- blocks -------------------------------------------------------------------------

    def properties(self, inclusion: int, number: int) -> Properties:
        """The properties of a block with this architecture's macros expanded."""
        here = self.inclusions[inclusion]
        found = self.files.properties(here.index, number)
        if found is None:
            known = self._own.get((inclusion, number))
            if known is not None:
                return known
            block = here.index.blocks[number]
            found = parse_block(here.index, block.start, block.end, self._expander(here))
            self._own[inclusion, number] = found
        for offset, message in found.errors:
            self._problem(here, offset, message)
        return found

    def _expander(self, here: Inclusion) -> Expand:
        def expand(text: str, offset: int) -> str:
            return self.macros.expand(text, (*here.key, offset))

        return expand

    # -- contexts -----------------------------------------------------------------------

    def outer(self, context: Context) -> Context | None:
        """The context around a context; (inclusion, -1) is the top of a file. None: the top."""
        inclusion, number = context
        here = self.inclusions[inclusion]
        if number >= 0:
            return inclusion, here.index.blocks[number].context
        if here.parent < 0:
            return None
        return here.parent, here.context

    def kind(self, context: Context) -> Kind | None:
        """What kind of block a context is; None: a file."""
        inclusion, number = context
        return None if number < 0 else self.inclusions[inclusion].index.blocks[number].kind

    def condition(self, context: Context) -> Expression:
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
                self._problem(here, block.start, str(error))
                result = NO
        elif block.kind is Kind.MENU:
            result = self.properties(inclusion, number).dependency
        self._conditions[context] = result
        return result
