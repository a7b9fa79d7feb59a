# SPDX-License-Identifier: GPL-2.0-only
"""What was found out about the helpers of one unit, with everything that it was found out from.

A verdict is a function of the answers that the unit gave to what was asked while it was reached:
texts of functions, types, constants, our own probes. A record has these questions with digests of
their answers. Of another unit, of another revision of the tree say, they are asked again: a
verdict of which all answers are the same holds there, too. What belongs to all helpers alike
(entries, predicates, what the framework counts, types) is shared: where that differs, nothing
holds. Lines are no part of an answer: functions move. Where one stands now is asked anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from ..evaluate.values import PathEnds, Unjudged
from ..frontend.edits import Unsure
from ..helpers.code import UnitCode
from ..helpers.interface import LEVELS
from ..helpers.noted import Answer, Noted
from ..helpers.probes import VALUE
from ..helpers.session import LEAVES, Session
from ..helpers.sharing import Question
from ..model import HelperVerdict, HookCall
from .predicate import predicate_name
from .record import Answered, Entries, HelperFact, KeptAnswer, Record
from .reuse import Answers
from .slots import HugeSlots

_OF_A_HELPER: Final = frozenset({"function", "prototype", "reaches", "constant"})
_KINDS: Final = _OF_A_HELPER | {
    "order", "address", "variable", "type", "struct", "enum", "world", "base",
    "filling", "ours", "variant", "closure", "unread", "typedefs",
}  # fmt: skip
T = TypeVar("T")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_LINE: Final = re.compile(r":\d")
_PROBES: Final = "__ptc_"  # how the names of ours begin


class Now(Protocol):
    """Gives any value the lines that its places have now. Raises Unsure for what was edited."""

    def __call__(self, value: T, /) -> T: ...


class UnitAnswers(Answers):
    """Answers of which lines are no part, and those to questions about a unit as a whole."""

    def _answer(self, question: Question, depth: int) -> str:
        kind, name, near = question
        unit = self._code.unit
        if kind == "function":
            chunk = unit.function(name, near)
            return "none" if chunk is None else self._hash(unit.path(chunk), unit.source(chunk))
        if kind == "ours":
            chunks = [
                chunk
                for index in (unit.functions, unit.variables)
                for key in sorted(index)
                if key.startswith(_PROBES)
                for chunk in index[key]
            ]
            return self._hash(*(unit.source(chunk) for chunk in chunks))
        if kind == "variant":
            variant = self._session.variant
            leaves = [str(variant.config.on(option)) for option in LEAVES]
            return self._hash(str(variant.bits), variant.endian, str(variant.supported), *leaves)
        if kind == "closure":
            return self._hash(*sorted(self._closure(name)))
        if kind == "unread":
            return unit.unread
        if kind == "typedefs":  # they decide how everything else parses
            return self._hash(*sorted(unit.typedefs))
        return super()._answer(question, depth)

    def _closure(self, start: str) -> set[str]:
        """Every name that is reached from a function, calls of calls included."""
        seen = {start}
        todo = [start]
        while todo:
            for name in self._code.callees(todo.pop()):
                if name not in seen:
                    seen.add(name)
                    if self._code.has_function(name):
                        todo.append(name)
        return seen


def common_questions(session: Session) -> set[Question]:
    """What every verdict of a unit depends on, besides what its runs asked."""
    asked: set[Question] = {
        ("ours", "", ""), ("variant", "", ""), ("unread", "", ""), ("typedefs", "", ""),
    }  # fmt: skip
    for level in LEVELS:
        asked.add(("closure", predicate_name(level), ""))
        asked.add(("function", predicate_name(level), ""))
        asked.add(("function", f"__page_table_check_{level}_clear", ""))
    asked.add(("function", "page_table_check_clear", ""))
    return asked | {("constant", name, "") for name in session.constants_asked}


def is_own(question: Question) -> bool:
    """Whether the answer concerns the helpers that asked, and not all of them."""
    return question[0] in _OF_A_HELPER


def valid(record: Record, session: Session) -> tuple[HelperFact, ...] | None:
    """The facts of a record that hold in a unit, at their places there.

    None where what all helpers share is different, and for what is no record of ours.
    """
    if not _well_formed(record):
        return None
    answers = UnitAnswers(session)
    same = [answers.digest(one.question) == one.digest for one in record.questions]
    if not all(same[index] for index in record.shared):
        return None
    session.kept, _ = _answers(record, same)
    found = []
    for fact in record.helpers:
        if all(same[index] for index in fact.asked):
            placed = _placed(fact, session)
            if placed is not None:
                found.append(placed)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Edited:
    """A function of a unit that differs from that of the unit of a record; `old` is its text."""

    name: str
    old: str


def unaffected(
    record: Record,
    session: Session,
    slots: HugeSlots,
    edited: Sequence[Edited],
    now: Now,
) -> tuple[HelperFact, ...] | None:
    """The facts of a record that hold in a unit that differs in some functions of headers only.

    `now` gives lines that were not edited the numbers that they have: they move inside of
    functions, too.

    None where what all helpers share may be different, and for what is no record of ours. What
    was found out about entries from functions that were edited is asked again: the session has
    all answers afterwards.
    """
    if not _well_formed(record):
        return None
    code = session.machine.code
    assert isinstance(code, UnitCode)
    answers = UnitAnswers(session)
    names = {one.name for one in edited}
    changed_calls = {
        word
        for one in edited
        for word in set(_WORD.findall(one.old)) ^ set(code.callees(one.name))
        if word != one.name and (word in session.unit.functions or "_" in word)
    }
    if not _settings_hold(record, code, names | changed_calls):
        return None
    same = []
    for one in record.questions:
        if one.kind == "function":
            same.append(one.name not in names)
        elif (one.kind in ("reaches", "closure") and changed_calls) or one.kind == "filling":
            same.append(answers.digest(one.question) == one.digest)
        else:
            same.append(True)
    if not all(same[index] for index in record.entries.direct):
        return None
    if not _entries_hold(record, session, slots, same, now):
        return None
    found = [
        _moved(fact, session, now) for fact in record.helpers if all(same[i] for i in fact.asked)
    ]
    return None if None in found else tuple(fact for fact in found if fact is not None)


def _answers(record: Record, same: Sequence[bool]) -> tuple[dict[str, Noted], list[KeptAnswer]]:
    """The answers of a record that hold, and those that may not."""
    questions = [one.question for one in record.questions]
    sets = [frozenset(questions[index] for index in one) for one in record.entries.sets]
    sound = [all(same[index] for index in one) for one in record.entries.sets]
    held: dict[str, Noted] = {}
    stale: list[KeptAnswer] = []
    for one in record.entries.answers:
        if sound[one.asked]:
            held[one.key] = Noted(one.answer, sets[one.asked])
        else:
            stale.append(one)
    return held, stale


def _entries_hold(
    record: Record, session: Session, slots: HugeSlots, same: Sequence[bool], now: Now
) -> bool:
    """Whether entries are what they were; the session is given all that is known of them."""
    held, stale = _answers(record, same)
    questions = [one.question for one in record.questions]
    for one in record.entries.placed:  # what these were asked for is shared by all: it holds
        asked = frozenset(questions[index] for index in record.entries.sets[one.asked])
        with suppress(Unsure):
            held[one.key] = Noted(now(one.answer), asked)
    session.kept = held
    session.constants.update(record.entries.constants)
    session.widths.update(record.entries.widths)
    if not stale:
        return True
    notes, session.notes = session.notes, {}
    try:
        for one in stale:
            with suppress(Unjudged, PathEnds):
                slots.asked_again(one.key)
            said = session.notes.get(one.key)
            if said is None or said.answer != one.answer:
                return False
        session.kept = {**held, **session.notes}
    finally:
        session.notes = notes
    return True


def _settings_hold(record: Record, code: UnitCode, names: AbstractSet[str]) -> bool:
    """Whether the values of constants and variables do not depend on some functions.

    A constant may call a function; a variable is set by functions of .c files, and which of
    these set it depends on who calls them.
    """
    if not names.isdisjoint(record.reached):
        return False
    variables = {one.name for one in record.questions if one.kind in ("variable", "address")}
    return all(variables.isdisjoint(code.assigned_in(name)) for name in _reached(code, set(names)))


def _behind_constants(record: Iterable[Question], code: UnitCode) -> set[str]:
    """The functions that the values of constants may depend on."""
    probes = [
        code.unit.source(chunk)
        for name in sorted({VALUE + name for kind, name, _ in record if kind == "constant"})
        for chunk in code.unit.variables.get(name, ())
    ]
    return _reached(code, set(_WORD.findall(" ".join(probes))))


def _reached(code: UnitCode, start: set[str]) -> set[str]:
    """All functions that some names reach, themselves included."""
    seen = {name for name in start if code.has_function(name)}
    todo = list(seen)
    while todo:
        for name in code.callees(todo.pop()):
            if name not in seen and code.has_function(name):
                seen.add(name)
                todo.append(name)
    return seen


def _well_formed(record: Record) -> bool:
    """Whether the parts of a record, which comes from a file, fit together."""
    known = range(len(record.questions))
    return (
        all(one.kind in _KINDS for one in record.questions)
        and all(index in known for index in record.shared)
        and all(index in known for index in record.entries.direct)
        and all(index in known for one in record.entries.sets for index in one)
        and all(
            one.asked in range(len(record.entries.sets))
            for one in (*record.entries.answers, *record.entries.placed)
        )
        and all(index in known for fact in record.helpers for index in fact.asked)
        and all(
            fact.verdict is None or len(fact.places) == len(fact.verdict.hooks)
            for fact in record.helpers
        )
    )


def _placed(fact: HelperFact, session: Session) -> HelperFact | None:
    """A fact with the lines that its hooks have in this unit."""
    if fact.verdict is None:
        return fact
    hooks: list[HookCall] = []
    lines = places(fact.verdict, session)
    if lines is None:
        return None
    for hook, before, now in zip(fact.verdict.hooks, fact.places, lines, strict=True):
        line = hook.location.line - before + now
        hooks.append(replace(hook, location=replace(hook.location, line=line)))
    return _with_hooks(fact, fact.verdict, hooks, session)


def _moved(fact: HelperFact, session: Session, now: Now) -> HelperFact | None:
    """A fact with its hooks where they are after an edit."""
    if fact.verdict is None:
        return fact
    hooks = [replace(hook, location=now(hook.location)) for hook in fact.verdict.hooks]
    return _with_hooks(fact, fact.verdict, hooks, session)


def _with_hooks(
    fact: HelperFact, verdict: HelperVerdict, hooks: Iterable[HookCall], session: Session
) -> HelperFact | None:
    ordered = tuple(sorted(hooks, key=lambda h: (h.location, h.hook)))
    verdict = replace(verdict, hooks=ordered)
    again = places(verdict, session)
    return None if again is None else replace(fact, verdict=verdict, places=again)


def places(verdict: HelperVerdict, session: Session) -> tuple[int, ...] | None:
    """The line at which the function of each hook begins; None where it is not in its file."""
    found: list[int] = []
    for hook in verdict.hooks:
        chunk = session.unit.function(hook.function, hook.location.path)
        if chunk is None:
            return None
        start = session.unit.location(chunk)
        if start.path != hook.location.path:
            return None
        found.append(start.line)
    return tuple(found)


def _names_a_line(answer: Answer) -> bool:
    """Whether the words of an answer name a line, which may move while the answer stays."""
    return _LINE.search(f"{answer.words} {answer.place}") is not None


def record_of(
    session: Session,
    shared: Iterable[Question],
    direct: Iterable[Question],
    helpers: Iterable[tuple[HelperFact, Iterable[Question]]],
    lawful: bool,
) -> Record:
    """A record of a unit: facts with the questions of each; `asked` is filled in here.

    `direct` is that part of `shared` that was not asked for answers that the session has noted.
    """
    given = [(fact, sorted(set(asked))) for fact, asked in helpers]
    own = {question for _, asked in given for question in asked}
    common = common_questions(session) | {question for question in own if not is_own(question)}
    notes = {**session.kept, **(session.notes or {})}
    placed = {key: one for key, one in notes.items() if _names_a_line(one.answer)}
    direct = set(direct).union(*(notes.pop(key).asked for key in placed))
    all_of_them = set(shared) | common | direct
    kept = (notes, placed)
    noted = sorted({tuple(sorted(one.asked)) for some in kept for one in some.values()})
    ordered = sorted(all_of_them.union(own, *noted))
    index = {question: number for number, question in enumerate(ordered)}
    number_of = {asked: number for number, asked in enumerate(noted)}
    answers = UnitAnswers(session)
    code = session.machine.code
    assert isinstance(code, UnitCode)

    def kept_answers(some: dict[str, Noted]) -> tuple[KeptAnswer, ...]:
        return tuple(
            KeptAnswer(key, one.answer, number_of[tuple(sorted(one.asked))])
            for key, one in sorted(some.items())
        )

    return Record(
        tuple(Answered(*question, answers.digest(question)) for question in ordered),
        tuple(index[question] for question in sorted(all_of_them)),
        Entries(
            kept_answers(notes),
            kept_answers(placed),
            tuple(tuple(index[question] for question in asked) for asked in noted),
            tuple(index[question] for question in sorted(set(direct) | common)),
            tuple(sorted(session.constants.items())),
            tuple(sorted(session.widths.items())),
        ),
        tuple(sorted(session.machine.world.items())),
        tuple(sorted(session.machine.global_bases.items())),
        lawful,
        tuple(sorted(_behind_constants(all_of_them, code))),
        tuple(
            replace(fact, asked=tuple(index[question] for question in asked))
            for fact, asked in given
        ),
    )
