# SPDX-License-Identifier: GPL-2.0-only
"""Which .c files Kbuild compiles in a configuration, as far as Makefiles say it plainly.

Lines `obj-$(CONFIG_X) += file.o` and those for folders above are read, and conditions on options
around them. What is not understood counts as compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..tree import KernelTree
from .interface import read_text

if TYPE_CHECKING:
    from ..kconfig import Config

_OBJECT = re.compile(r"^\s*(obj|[\w-]+)-(\S+?)\s*[:+]?=\s*(.*)$")
_CONFIG = re.compile(r"^\$\(CONFIG_(\w+)\)$")
_DEFINED = re.compile(r"^\s*(ifdef|ifndef)\s+CONFIG_(\w+)\s*(?:#.*)?$")
_EQUAL = re.compile(r"^\s*(ifeq|ifneq)\s*\(\$\(CONFIG_(\w+)\),\s*(y?)\)\s*(?:#.*)?$")
_ANY_IF = re.compile(r"^\s*if(?:n?eq|n?def)\b")
_ELSE = re.compile(r"^\s*else\b(.*)$")
_END = re.compile(r"^\s*endif\b")
_OF_VARIABLE = re.compile(r"\barch/\w+/\$\((\w+)\)/")

Condition = tuple[str, bool]  # an option, and whether it must be selected
Line = tuple[str, tuple[Condition, ...]]


class Built:
    """Answers for the files of one tree; Makefiles are read once."""

    def __init__(self, tree: KernelTree) -> None:
        self._tree = tree
        self._lines: dict[str, tuple[Line, ...]] = {}

    def file(self, path: str, config: Config) -> bool:
        """Whether a .c file is compiled; True where no Makefile says."""
        folder, _, file = path.rpartition("/")
        target = file.removesuffix(".c") + ".o"
        bits, other = ("64", "32") if config.on("64BIT") else ("32", "64")
        template = target.replace(other, "$(BITS)")
        lines = self._of(folder)
        if template != target:
            named = re.compile(rf"(?<!\S){re.escape(template)}(?!\S)")
            if any(named.search(line) for line, _ in lines):
                return False  # there is a file of this name for each word size
        answers = list(self._answers(lines, target, bits, config))
        return (not answers or any(answers)) and self._folder(folder, bits, config)

    def _folder(self, folder: str, bits: str, config: Config) -> bool:
        """Whether Kbuild enters a folder of an architecture."""
        parts = folder.split("/")
        if len(parts) < 3 or parts[0] != "arch":
            return True
        above, name = "/".join(parts[:-1]), parts[-1]
        lines = self._of(above)
        answers = list(self._answers(lines, f"{name}/", bits, config))
        if not answers:
            answers = list(self._chosen(lines, name, config))
        return (not answers or any(answers)) and self._folder(above, bits, config)

    def _answers(
        self, lines: tuple[Line, ...], target: str, bits: str, config: Config
    ) -> Iterator[bool]:
        """For each line that names a target whether it is one of this configuration."""
        for line, conditions in lines:
            line = line.replace("$(BITS)", bits)
            match = _OBJECT.match(line) if target in line else None
            if match is None or target not in match[3].split():
                continue
            symbol = _CONFIG.match(match[2])
            if symbol is None and "$" in match[2]:
                continue  # $(subst m,y,...) and its like
            named = match[2] in ("y", "m", "objs") if symbol is None else config.on(symbol[1])
            yield named and all(config.on(option) is wanted for option, wanted in conditions)

    @staticmethod
    def _chosen(lines: tuple[Line, ...], name: str, config: Config) -> Iterator[bool]:
        """For `arch/x/$(ABI)/`: whether the lines that set the variable to this folder hold."""
        variables = {v for line, _ in lines for v in _OF_VARIABLE.findall(line)}
        for line, conditions in lines:
            variable, _, value = line.partition("=")
            if variable.rstrip(" \t:?+").strip() in variables and value.split() == [name]:
                yield all(config.on(option) is wanted for option, wanted in conditions)

    def _of(self, folder: str) -> tuple[Line, ...]:
        known = self._lines.get(folder)
        if known is None:
            text = "\n".join(
                read_text(self._tree, f"{folder}/{name}") for name in ("Makefile", "Kbuild")
            )
            known = tuple(_with_conditions(text.replace("\\\n", " ")))
            self._lines[folder] = known
        return known


def _with_conditions(text: str) -> Iterator[Line]:
    """The lines with the conditions on options around them; others are passed over."""
    stack: list[Condition | None] = []
    for line in text.splitlines():
        plain, equal = _DEFINED.match(line), _EQUAL.match(line)
        if plain is not None:
            stack.append((plain[2], plain[1] == "ifdef"))
        elif equal is not None:
            stack.append((equal[2], (equal[1] == "ifeq") == (equal[3] == "y")))
        elif _ANY_IF.match(line):
            stack.append(None)
        elif (other := _ELSE.match(line)) is not None:
            if stack:
                before, plainly = stack[-1], not other[1].strip()
                stack[-1] = (before[0], not before[1]) if before and plainly else None
        elif _END.match(line):
            if stack:
                stack.pop()
        else:
            yield line, tuple(condition for condition in stack if condition is not None)
