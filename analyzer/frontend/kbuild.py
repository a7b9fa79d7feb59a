# SPDX-License-Identifier: GPL-2.0-only
"""A small static reader of Makefiles: variables, conditionals and text functions, no rules.

It answers what the kernel's arch Makefiles say about compiler flags in one configuration.
Nothing is run: `$(shell ...)` is empty, `$(call cc-option,X)` is taken as supported (X), and
what is not understood expands to nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import basename, dirname, normpath
from typing import Final, Protocol

from analyzer.errors import SourceError
from analyzer.frontend.maketext import TEXT_FUNCTIONS, patsubst
from analyzer.tree import KernelTree, Kind

_ASSIGNMENT: Final = re.compile(
    r"^\s*(?:(?:export|override|private)\s+)*((?:[^\s:#=+?!$]|\$\([^)]*\)|\$\{[^}]*\})+)\s*"
    r"(\+=|\?=|::?:?=|!=|=)\s*(.*)$",
    re.DOTALL,
)
_CONDITION: Final = re.compile(r"^\s*(ifeq|ifneq|ifdef|ifndef|else|endif)\b\s*(.*)$")
_INCLUDE: Final = re.compile(r"^\s*[-s]?include\s+(.*)$")
_CONTINUED: Final = re.compile(r"[ \t]*\\\r?\n[ \t]*")
_COMMENT: Final = re.compile(r"(?<!\\)#.*")
_FUNCTION: Final = re.compile(r"([a-z][a-z-]*)\s+(.*)", re.DOTALL)
_MAX_TEXT: Final = 1 << 17  # characters of one expansion: more is an attack
_MAX_STEPS: Final = 60_000
_MAX_FILES: Final = 400


class ConfigValues(Protocol):
    """What is asked of a configuration."""

    def value(self, name: str) -> str: ...


class _TooMuch(Exception):
    """The expansion bomb went off."""


@dataclass(slots=True)
class _Variable:
    text: str
    recursive: bool


@dataclass(slots=True)
class Makefile:
    """The variables after reading some Makefiles of `tree` under `config`."""

    tree: KernelTree
    config: ConfigValues | None
    variables: dict[str, _Variable] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    _steps: int = 0

    def define(self, name: str, text: str) -> None:
        """Set a simple variable."""
        self.variables[name] = _Variable(text, recursive=False)

    def read(self, path: str) -> bool:
        """Read one Makefile; False if there is none or it goes beyond all bounds."""
        if len(self.files) >= _MAX_FILES or self.files.count(path) > 2:
            return False
        if self.tree.kind(path) is not Kind.FILE:
            return False
        try:
            text = self.tree.read(path).decode("utf-8", "replace")
        except SourceError:
            return False
        self.files.append(path)
        try:
            self._lines(_CONTINUED.sub(" ", text).split("\n"))
        except (_TooMuch, RecursionError):
            return False
        return True

    def get(self, name: str) -> str:
        """Return the expanded value of a variable, '' if it has none."""
        try:
            return self._value(name)
        except (_TooMuch, RecursionError):
            return ""

    def words(self, name: str) -> list[str]:
        """Return the expanded value cut into words."""
        return self.get(name).split()

    # -- lines -----------------------------------------------------------------------------

    def _lines(self, lines: list[str]) -> None:
        taken: list[tuple[bool, bool]] = []  # (this arm is active, an arm was active)
        recipe = skipping = False
        for line in lines:
            if skipping:
                skipping = not line.strip().startswith("endef")
                continue
            tab = line.startswith("\t")
            if tab and recipe:
                continue
            line = _COMMENT.sub("", line)
            if not line.strip():
                continue
            condition = _CONDITION.match(line)
            if condition:
                self._condition(condition[1], condition[2].strip(), taken)
                continue
            if not all(active for active, _ in taken):
                continue
            if line.strip().startswith("define "):
                skipping = True
                continue
            include = _INCLUDE.match(line)
            if include and not tab:
                for path in self.expand(include[1]).split():
                    self.read(normpath(path))
                continue
            assignment = _ASSIGNMENT.match(line)
            if assignment:
                recipe = False
                self._assign(*assignment.groups())
            elif ":" in line:
                recipe = True

    def _condition(self, word: str, rest: str, taken: list[tuple[bool, bool]]) -> None:
        if word == "endif":
            if taken:
                taken.pop()
        elif word == "else":
            if not taken:
                return
            _, before = taken.pop()
            arm = not before
            if arm and rest:
                again = _CONDITION.match(rest)
                arm = again is not None and self._test(again[1], again[2].strip())
            taken.append((arm, before or arm))
        else:
            active = all(active for active, _ in taken) and self._test(word, rest)
            taken.append((active, active))

    def _test(self, word: str, rest: str) -> bool:
        if word in ("ifdef", "ifndef"):
            return bool(self._raw(self.expand(rest).strip())) == (word == "ifdef")
        if rest.startswith("("):
            parts = _arguments(rest[1 : rest.rfind(")")])
        else:
            pairs: list[tuple[str, str]] = re.findall(r"\"([^\"]*)\"|'([^']*)'", rest)
            parts = [double or single for double, single in pairs]
        if len(parts) < 2:
            return False
        same = self.expand(parts[0]).strip() == self.expand(parts[1]).strip()
        return same == (word == "ifeq")

    def _assign(self, name: str, operator: str, text: str) -> None:
        name = self.expand(name)
        text = text.rstrip()
        old = self.variables.get(name)
        if operator == "!=":
            text = ""
        if operator == "?=":
            if old is None:
                self.variables[name] = _Variable(text, recursive=True)
        elif operator == "=":
            self.variables[name] = _Variable(text, recursive=True)
        elif operator == "+=":
            if old is None:
                self.variables[name] = _Variable(text, recursive=True)
            else:
                more = text if old.recursive else self.expand(text)
                self.variables[name] = _Variable(f"{old.text} {more}".strip(), old.recursive)
        else:
            self.variables[name] = _Variable(self.expand(text), recursive=False)
        if len(self.variables[name].text) > _MAX_TEXT:
            raise _TooMuch

    # -- expansion -------------------------------------------------------------------------

    def _raw(self, name: str) -> str:
        variable = self.variables.get(name)
        if variable is not None:
            return variable.text
        if name.startswith("CONFIG_") and self.config is not None:
            value = self.config.value(name[len("CONFIG_") :])
            return "" if value == "n" else value.strip('"')
        return ""

    def _value(self, name: str, depth: int = 0) -> str:
        variable = self.variables.get(name)
        if variable is not None and variable.recursive:
            return self.expand(variable.text, depth + 1)
        return self._raw(name)

    def expand(self, text: str, depth: int = 0) -> str:
        """Expand references and functions in `text`."""
        if "$" not in text:
            return text
        self._steps += 1
        if depth > 40 or self._steps > _MAX_STEPS:
            raise _TooMuch
        out: list[str] = []
        size = 0
        index = 0
        while index < len(text):
            dollar = text.find("$", index)
            if dollar < 0 or dollar + 1 >= len(text):
                out.append(text[index:])
                break
            out.append(text[index:dollar])
            following = text[dollar + 1]
            if following in "({":
                end = _closing(text, dollar + 1)
                piece = self._reference(text[dollar + 2 : end], depth + 1)
                index = end + 1
            else:
                piece = "$" if following == "$" else self._value(following, depth)
                index = dollar + 2
            size += len(piece)
            if size > _MAX_TEXT:
                raise _TooMuch
            out.append(piece)
        return "".join(out)

    def _reference(self, inside: str, depth: int) -> str:
        function = _FUNCTION.match(inside)
        if function and (function[1] in TEXT_FUNCTIONS or function[1] in _LAZY_FUNCTIONS):
            return self._function(function[1], _arguments(function[2]), depth)
        name = self.expand(inside, depth)
        if ":" in name and "=" in name:
            name, _, change = name.partition(":")
            old, _, new = change.partition("=")
            if "%" not in old:
                old, new = "%" + old, "%" + new
            return patsubst(old, new, self._value(name, depth))
        return self._value(name, depth)

    def _function(self, name: str, arguments: list[str], depth: int) -> str:
        if name == "if":
            test = self.expand(arguments[0], depth).strip()
            chosen = arguments[1:2] if test else arguments[2:3]
            return self.expand(chosen[0], depth) if chosen else ""
        if name in ("or", "and"):
            value = ""
            for argument in arguments:
                value = self.expand(argument, depth).strip()
                if bool(value) == (name == "or"):
                    return value
            return value
        if name == "foreach" and len(arguments) == 3:
            return self._foreach(arguments, depth)
        values = [self.expand(argument, depth) for argument in arguments]
        if name == "call":
            return self._call(values, depth)
        if name == "wildcard":
            return " ".join(p for p in values[0].split() if self._exists(normpath(p)))
        if name in TEXT_FUNCTIONS:
            try:
                return TEXT_FUNCTIONS[name](values)
            except (IndexError, ValueError):
                return ""
        return ""

    def _foreach(self, arguments: list[str], depth: int) -> str:
        name = self.expand(arguments[0], depth).strip()
        before = self.variables.get(name)
        out = []
        for word in self.expand(arguments[1], depth).split():
            self.define(name, word)
            out.append(self.expand(arguments[2], depth))
        self.variables.pop(name, None)
        if before is not None:
            self.variables[name] = before
        return " ".join(out)

    def _call(self, values: list[str], depth: int) -> str:
        name, given = values[0].strip(), [v.strip() for v in values[1:]]
        if name in _SUPPORTED:
            return given[0] if given else ""
        if name in ("as-instr", "cc-ifversion", "cc-ifversion"):
            return given[-2] if len(given) > 1 else ""
        if name in ("gcc-min-version", "ld-is-bfd"):
            return "y"
        body = self.variables.get(name)
        if body is None:
            return ""
        saved = {str(n): self.variables.get(str(n)) for n in range(1, 10)}
        for number in range(1, 10):
            self.define(str(number), given[number - 1] if number <= len(given) else "")
        result = self.expand(body.text, depth + 1)
        for key, old in saved.items():
            if old is None:
                self.variables.pop(key, None)
            else:
                self.variables[key] = old
        return result

    def _exists(self, path: str) -> bool:
        if "*" not in path:
            return self.tree.kind(path) is not None
        names = (e.name for e in self.tree.entries(dirname(path)))
        return any(fnmatchcase(n, basename(path)) for n in names)


_SUPPORTED: Final = frozenset(
    {"cc-option", "cc-disable-warning", "ld-option", "as-option", "cc-option-yn", "cc-name"}
)
_LAZY_FUNCTIONS: Final = frozenset({"if", "or", "and", "foreach", "call", "wildcard"})


def _closing(text: str, opening: int) -> int:
    open_ = text[opening]
    close = ")" if open_ == "(" else "}"
    depth = 0
    for index in range(opening, len(text)):
        if text[index] == open_:
            depth += 1
        elif text[index] == close:
            depth -= 1
            if depth == 0:
                return index
    return len(text)


def _arguments(text: str) -> list[str]:
    parts = [""]
    depth = 0
    for character in text:
        if character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
