# SPDX-License-Identifier: GPL-2.0-only
"""Where a macro that means something else now can matter: in the insides of which functions.

The name is looked up in every text that the preprocessor reads for an architecture. Where a macro
names it, that macro means something else, too. Where it stands in a condition, in a declaration,
or in what we ask ourselves, nothing can be told without reading all headers again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ..callsites.text import Source
from ..errors import SourceError
from ..frontend.edits import Beside, Edit, FileEdit, Macro, MacroEdit, Unsure
from ..frontend.layout import is_odd
from ..frontend.mentions import Mentioned, Mentions
from ..tree import KernelTree
from .declared import Declared
from .edited import Definition, definitions_in, is_plain
from .macros import definitions_of
from .nearly import Change
from .notebook import Memory

MAX_NAMES: Final = 40  # macros that name one that changed, and so on
MAX_FILES: Final = 16  # that mention them
MAX_TOUCHED: Final = 60  # functions that do
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_DEFINED: Final = re.compile(r"[A-Za-z_]\w*")
_SPLICED: Final = re.compile(rb"[\w$]\\[ \t]*\r?\n[\w$]")
_SAID: Final = frozenset({"error", "warning"})  # words that are not looked at


class _File:
    """A file that mentions names: where its functions and directives are."""

    def __init__(self, path: str, data: bytes) -> None:
        self.source = Source(path, data)
        self.raw = data.decode("latin-1")
        if _SPLICED.search(data) or is_odd(self.raw):
            raise Unsure
        self.functions = definitions_in(self.source)
        self._starts = [one.start for one in self.functions]
        self._directives = self.source.directives
        self._lines = [one.start for one in self._directives]
        self.words: dict[str, list[int]] = {}
        for word in _WORD.finditer(self.source.text):
            self.words.setdefault(word[0], []).append(word.start())
        self.touched: set[int] = set()

    def names_behind(self, name: str) -> set[str]:
        """The macros of the file that name a name; functions that do are noted. Raises Unsure
        where it stands elsewhere."""
        found: set[str] = set()
        for position in self.words.get(name, ()):
            at = bisect_right(self._lines, position) - 1
            if at >= 0 and position < self._directives[at].end:
                directive = self._directives[at]
                if directive.word in _SAID:
                    continue
                if directive.word != "define":
                    raise Unsure
                made = _DEFINED.match(directive.rest)
                if made is None:
                    raise Unsure
                found.add(made[0])
                continue
            index = bisect_right(self._starts, position) - 1
            if index < 0 or position >= self.functions[index].end:
                raise Unsure
            if self.source.code[position] != self.source.text[position]:
                raise Unsure  # in an arm of an #if that was left out
            self.touched.add(index)
        return found

    def text(self, one: Definition) -> str:
        """A function as it is written, without what the preprocessor would read in it."""
        text = self.raw[one.start : one.end]
        inside = any(one.start <= d.start < one.end for d in self._directives)
        if inside or "#" in text or not is_plain(text):
            raise Unsure
        return text


def with_meanings(
    tree: KernelTree,
    stamp: str,
    macros: Sequence[MacroEdit],
    files: Sequence[FileEdit],
    changes: Sequence[Change],
    memory: Memory,
    arch: str,
    declared: Sequence[Declared] = (),
) -> tuple[tuple[FileEdit, ...], tuple[MacroEdit, ...]]:
    """The edits of files, with the functions that name a macro that differs; and the macros, each
    with one thing that it can be found by. Raises Unsure, ValueError; Unsure also where a name of
    what is `declared` stands anywhere else."""
    mentions = memory.load(("mentions", arch), Mentions)
    if mentions is None or mentions.stamp != stamp:
        raise Unsure
    known = Mentioned(mentions)
    given = {change.path: change for change in changes}
    _nobody_names([one.name for file in files for one in file.gone], known, given)
    for one in declared:
        _is_told_nobody(one, known, given)
    read: dict[str, _File] = {}
    names = set().union(*(one.names for one in macros))
    seen: set[str] = set()
    while names:
        name = names.pop()
        seen.add(name)
        if len(seen) > MAX_NAMES or known.may_be_pasted(name):
            raise Unsure
        paths = {*known.files(name), *given}
        for path in sorted(paths):
            if path not in read:
                if not path or len(read) == MAX_FILES:
                    raise Unsure
                read[path] = _File(path, _content(tree, path, given))
            names |= read[path].names_behind(name) - seen
    _defined_once(macros, read.values())
    found = tuple(
        replace(
            edit, new=tuple((one, (_sure(edit, by, known, tree, given),)) for one, by in edit.new)
        )
        for edit in macros
    )
    return _touched(read, files, given), found


def _nobody_names(gone: Sequence[str], known: Mentioned, given: Mapping[str, Change]) -> None:
    """Raises Unsure where a function that is gone may be named anywhere now."""
    if not gone:
        return
    texts = [Source(path, change.new).text for path, change in given.items()]
    words = {word for text in texts for word in _WORD.findall(text)}
    for name in gone:
        if name in words or known.may_be_pasted(name) or not given.keys() >= {*known.files(name)}:
            raise Unsure


def _is_told_nobody(one: Declared, known: Mentioned, given: Mapping[str, Change]) -> None:
    """Raises Unsure where a name of a declaration that is new, or gone, is anything to others."""
    others = [Source(path, change.new).text for path, change in given.items() if path != one.path]
    elsewhere = {word for text in others for word in _WORD.findall(text)}
    mine = set(_WORD.findall(Source(one.path, given[one.path].new).text))
    for name in one.fresh | one.gone:
        if name in elsewhere or known.may_be_pasted(name) or {*known.files(name)} - {one.path}:
            raise Unsure
        if name in one.fresh - one.gone and known.files(name):
            raise Unsure
        if name in one.gone - one.fresh and name in mine:
            raise Unsure


def _content(tree: KernelTree, path: str, given: Mapping[str, Change]) -> bytes:
    if path in given:
        return given[path].old
    try:
        return tree.read(path)
    except SourceError:
        raise Unsure from None


def _defined_once(macros: Sequence[MacroEdit], files: Iterable[_File]) -> None:
    """Raises Unsure where a macro that differs has several definitions that read alike."""
    keys = Counter(key for file in files for key in definitions_of(file.source, file.raw))
    for edit in macros:
        if any(keys[one.key] != 1 for one in edit.gone):
            raise Unsure
        if any(keys[one.key] for one, _ in edit.new):
            raise Unsure  # it is defined elsewhere, too


def _sure(
    edit: MacroEdit,
    found_by: Sequence[Beside],
    known: Mentioned,
    tree: KernelTree,
    given: Mapping[str, Change],
) -> Beside:
    """The first thing beside a new macro that is in one place only. Raises Unsure."""
    for beside in found_by:
        macro = beside.macro
        if macro is None or macro in edit.gone or _only_in(edit.path, macro, known, tree, given):
            return beside
    raise Unsure


def _only_in(
    path: str, macro: Macro, known: Mentioned, tree: KernelTree, given: Mapping[str, Change]
) -> bool:
    """Whether a macro is defined in no other file."""
    others = [one for one in known.files(macro.name) if one != path]
    if "" in others or len(others) > MAX_FILES:
        return False
    definition = re.compile(rb"define[ \t]+" + macro.name.encode("latin-1") + rb"(?![\w$])")
    texts = (_content(tree, one, given) for one in others)
    return not any(definition.search(text) or _SPLICED.search(text) for text in texts)


def _touched(
    read: Mapping[str, _File], files: Sequence[FileEdit], given: Mapping[str, Change]
) -> tuple[FileEdit, ...]:
    left = {file.path: file for file in files}
    count = 0
    for path, file in read.items():
        edit = left.get(path, FileEdit(path, (), (), "", (), frozenset()))
        now = _File(path, given[path].new) if path in given else file
        if path not in left and path in given and file.touched:
            raise Unsure  # it differs in a way that was not looked at
        edited = {one.old_line for one in edit.edits}
        found = []
        for index in sorted(file.touched):
            one = file.functions[index]
            line = file.source.line(one.start)
            if line in edited:
                continue
            others = [other for other in now.functions if other.name == one.name]
            mine = [other for other in file.functions if other.name == one.name]
            if len(others) != len(mine):
                raise Unsure
            other = others[mine.index(one)]
            places = (
                line, file.source.line(one.end - 1),
                now.source.line(other.start), now.source.line(other.end - 1),
            )  # fmt: skip
            found.append(Edit(one.name, file.text(one), now.text(other), *places))
        count += len(found)
        if count > MAX_TOUCHED:
            raise Unsure
        lines = {one.old_line for one in found}
        moved = tuple(one for one in edit.moved if one.old_line not in lines)
        left[path] = replace(edit, touched=tuple(found), moved=moved)
    return tuple(left.values())


__all__ = ["with_meanings"]
