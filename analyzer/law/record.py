# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of the helpers and entries of one unit for another revision; see `kept`."""

from __future__ import annotations

from dataclasses import dataclass

from ..helpers.noted import Answer
from ..helpers.sharing import Question
from ..model import HelperVerdict


@dataclass(frozen=True, slots=True)
class Answered:
    """A question (kind, name, file that asks) and a digest of its answer."""

    kind: str
    name: str
    near: str
    digest: str

    @property
    def question(self) -> Question:
        """The question alone."""
        return self.kind, self.name, self.near


@dataclass(frozen=True, slots=True)
class HelperFact:
    """What is known of one helper.

    `asked` are places in the record's questions. `verdict`: None where it changes no entry.
    `places`: the line at which the function of each hook of the verdict begins. `raw`: functions
    that store below a hook of their caller. `levels`: those of the hooks, of a hugetlb helper.
    """

    helper: str
    level: str
    parameters: tuple[str, ...]
    asked: tuple[int, ...]
    verdict: HelperVerdict | None
    places: tuple[int, ...]
    raw: tuple[str, ...]
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer about entries; see `helpers.noted`. `asked`: which of the record's `sets`."""

    key: str
    answer: Answer
    asked: int


@dataclass(frozen=True, slots=True)
class Entries:
    """What is known of the entries of a unit.

    `sets` are those of questions, by their places in the record. `direct`: what is shared and was
    not asked for one of these answers. `placed` are answers of which the words name a line: of
    use only where it is known what became of lines. `constants` and `widths` by name and level.
    """

    answers: tuple[KeptAnswer, ...]
    placed: tuple[KeptAnswer, ...]
    sets: tuple[tuple[int, ...], ...]
    direct: tuple[int, ...]
    constants: tuple[tuple[str, int | None], ...]
    widths: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one unit in one state of the processor (`world`).

    `bases`: the addresses that stand for those of global variables. `lawful`: nothing was found,
    and nothing is unknown, about the predicates. `reached`: the functions that the values of
    constants may depend on.
    """

    questions: tuple[Answered, ...]
    shared: tuple[int, ...]
    entries: Entries
    world: tuple[tuple[str, int], ...]
    bases: tuple[tuple[str, int], ...]
    lawful: bool
    reached: tuple[str, ...]
    helpers: tuple[HelperFact, ...]
