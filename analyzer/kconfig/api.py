# SPDX-License-Identifier: GPL-2.0-only
"""`load_kconfig` and the object that it returns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from analyzer.kconfig.candidates import Candidate, candidates
from analyzer.kconfig.files import KconfigFiles, Reader
from analyzer.kconfig.reach import reached
from analyzer.kconfig.scan import Problem
from analyzer.kconfig.solve import Config
from analyzer.kconfig.symbols import Support, Symbol
from analyzer.kconfig.view import View


class Kconfig:
    """The Kconfig of one architecture. `environment` holds what the top Makefile would export."""

    def __init__(self, files: KconfigFiles, arch: str, environment: Mapping[str, str]) -> None:
        self.files = files
        self.arch = arch
        self._view = View(files, arch, environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment that macros see: ARCH, SRCARCH, ..."""
        return self._view.environment

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that was not understood, with its place; grows as more is asked."""
        return self._view.problems

    @property
    def empty(self) -> bool:
        """Whether there is no Kconfig at all."""
        return not self._view.inclusions

    @property
    def work(self) -> int:
        """How many symbols were evaluated so far, in all configurations: a measure of work."""
        return self._view.evaluations

    def symbol(self, name: str) -> Symbol | None:
        """A symbol with its definitions; None if no file that is included defines it."""
        return self._view.symbol(name)

    def solve(self, wants: Mapping[str, str], force: Collection[str] = ()) -> Config:
        """The configuration for `wants` (as a .config file; see `Config`)."""
        return Config(self._view, wants, frozenset(force))

    def reach(
        self,
        wants: Mapping[str, str],
        name: str,
        value: str,
        force: Collection[str] = (),
        keep_choices: bool = False,
    ) -> dict[str, str] | None:
        """`wants`, extended so that `name` gets `value`; None where no way was found.

        `keep_choices`: without changing what a choice (a processor type, say) has chosen.
        """
        return reached(self._view, wants, frozenset(force), name, value, keep_choices)

    def default_values(self, name: str) -> tuple[str, ...]:
        """The constants that the defaults of an int or hex symbol name, in order."""
        symbol = self._view.symbol(name)
        found: dict[str, None] = {}
        for definition in symbol.definitions if symbol is not None else ():
            for item in definition.properties.defaults:
                if item.value[0] in ("str", "sym"):
                    found[item.value[1]] = None
        return tuple(found)

    def compared_environment(self) -> tuple[tuple[str, str], ...]:
        """Environment variables that the architecture's files compare, with the other values."""
        return self._view.compared_environment()

    def candidates(self, asked: Iterable[str]) -> list[Candidate]:
        """The architecture's prompts on which the symbols of `asked` depend, nearest first."""
        return candidates(self._view, asked)

    def select_of(self, name: str) -> Support:
        """Whether a file of the architecture itself selects `name`, and under which condition."""
        return self._view.select_of(name)

    def with_environment(self, changes: Mapping[str, str]) -> Kconfig:
        """The same files with another environment (`ARCH=i386`)."""
        return Kconfig(self.files, self.arch, {**self.environment, **changes})


def load_kconfig(
    tree: Reader,
    arch: str,
    files: KconfigFiles | None = None,
    environment: Mapping[str, str] | None = None,
) -> Kconfig:
    """Read the Kconfig of `arch` (a directory below arch/), from the top `Kconfig`.

    Where the top is missing, from arch/<arch>/Kconfig; with no Kconfig at all the result is empty.
    `files` shares the parse between architectures. Never raises for what a tree contains.
    """
    return Kconfig(files or KconfigFiles(tree), arch, environment or {})
