# SPDX-License-Identifier: GPL-2.0-only
"""Runs of a helper that hold in another variant, too.

A run is a function of the text it looked at: the functions it entered, the types, constants and
variables it asked for, the state of the processor, the entries it was given. Where all of that is
the same in another variant, so are the stores and hooks. Nothing is assumed: every question that
the run asked is asked again of the other unit, and answers are compared. What entries count is no
part of it: each variant judges what a run did by its own predicates.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..evaluate.globals import global_address
from ..frontend.core import LeftOut
from ..helpers.code import UnitCode
from ..helpers.interface import Signature
from ..helpers.session import Session
from ..helpers.sharing import Question, Told
from .bounds import Effort
from .outcome import Case, Trace

Setting = tuple[int, ...]  # word size, and the table that a helper is given
_WORD = re.compile(r"[A-Za-z_]\w*")
_POINTED: Final = re.compile(r"\b(?:struct|union)\s+\w+\s*\*")
_MAX_DEPTH: Final = 12
PASSING: Final = frozenset({"world", "base"})  # questions whose answers may become known later


@dataclass(frozen=True, slots=True)
class Record:
    """Runs of one helper and everything they depend on."""

    signature: Signature
    setting: Setting
    answers: tuple[tuple[Question, str], ...]
    traces: Mapping[Case, tuple[Trace, ...]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Questions and their answers; `passing` if some may be answered otherwise later."""

    questions: frozenset[Question]
    answers: tuple[tuple[Question, str], ...]
    passing: bool


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a function of the tree said, and everything that it depends on."""

    told: Told
    asked: _Asked


class _Known:
    """What functions said in the sessions so far; what many depend on is kept once."""

    def __init__(self) -> None:
        self.told: dict[Hashable, list[_Answered]] = {}
        self.asked: dict[tuple[tuple[Question, str], ...], _Asked] = {}


class Answers:
    """Digests of the answers of one unit, each computed once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        code = session.machine.code
        assert isinstance(code, UnitCode)
        self._code = code
        self._digests: dict[Question, str] = {}

    def digest(self, question: Question) -> str:
        """A digest of what the unit answers; 'none' where it has nothing of that name."""
        known = self._digests.get(question)
        if known is None:
            if question[0] in PASSING:
                return self._of_the_moment(question)
            known = self._digests[question] = self._answer(question, 0)
        return known

    def agree(self, answers: Iterable[tuple[Question, str]]) -> bool:
        """Whether the unit answers some questions so; no where only the whole unit could tell."""
        try:
            return all(self.digest(question) == answer for question, answer in answers)
        except LeftOut:
            return False

    def _of_the_moment(self, question: Question) -> str:
        """What may become known later: the state of the processor, addresses of globals."""
        kind, name, _ = question
        machine = self._session.machine
        if kind == "world":
            return str(machine.world.get(name))
        bases = machine.global_bases
        known = bases.get(name)
        return str(global_address(name, machine.bits, bases.values()) if known is None else known)

    def _answer(self, question: Question, depth: int) -> str:
        kind, name, near = question
        unit = self._code.unit
        if kind == "order":
            return self._session.variant.endian
        if kind == "constant":
            return str(self._session.constant(name))
        if kind == "address":
            chunks = unit.variables.get(name, ())
            return self._hash(*sorted({unit.source(c).partition("=")[0] for c in chunks}))
        if kind == "filling":
            return self._hash(*self._code.fillers(name), *self._code.filling_texts(name))
        if kind == "reaches":
            return str(self._session.machine.reaches_hook(name))
        if kind == "function":
            chunk = unit.function(name, near)
            if chunk is None:
                return "none"
            text = unit.source(chunk)
            place = unit.location(chunk)
            where = "" if place.path.startswith("<") else str(place)
            return self._hash(where, text)
        if kind == "prototype":
            chunk = unit.prototype(name)
            return "none" if chunk is None else self._hash(unit.source(chunk))
        if kind == "variable":
            texts = [unit.source(chunk) for chunk in unit.variables.get(name, ())]
            texts += self._code.initial_texts(name)
            texts += self._code.setting_texts(name)
            texts += ["zero"] * self._code.starts_as_zero(name, True)
            texts += filter(None, [self._code.otherwise_text(name)])
            return self._hash(*(self._closed(text, depth) for text in texts)) if texts else "none"
        tables = {"type": unit.typedef, "struct": unit.struct, "enum": unit.enum_constant}
        chunk = tables[kind](name)
        return "none" if chunk is None else self._closed(unit.source(chunk), depth)

    def _closed(self, text: str, depth: int) -> str:
        """A declaration with the types and constants that it names, pointees left out."""
        parts = [text]
        if depth < _MAX_DEPTH:
            unit = self._code.unit
            tables = (
                ("type", unit.typedefs),
                ("struct", unit.structs),
                ("enum", unit.enum_constants),
            )
            for word in sorted(set(_WORD.findall(_POINTED.sub(" ", text)))):
                for kind, table in tables:
                    if word in table and unit.source(table[word][0]) != text:
                        question = (kind, word, "")
                        if question not in self._digests:
                            self._digests[question] = "open"
                            try:
                                self._digests[question] = self._answer(question, depth + 1)
                            except LeftOut:
                                del self._digests[question]
                                raise
                        parts.append(self._digests[question])
        return self._hash(*parts)

    @staticmethod
    def _hash(*parts: str) -> str:
        return hashlib.blake2b(
            "\0".join(parts).encode("utf-8", "replace"), digest_size=16
        ).hexdigest()


class Reuse:
    """Records of the variants judged so far, and what all of them may cost together."""

    def __init__(self, effort: Effort | None = None) -> None:
        self.effort = effort  # None: without a bound
        self._records: dict[str, list[Record]] = {}
        self._known = _Known()
        self.hits = 0  # helpers of which nothing had to be run

    def find(
        self, signature: Signature, setting: Setting, answers: Answers
    ) -> tuple[dict[Case, tuple[Trace, ...]], frozenset[Question]]:
        """The runs of other variants that hold here, by case, and what they asked."""
        found: dict[Case, tuple[Trace, ...]] = {}
        asked: set[Question] = set()
        for record in self._records.get(signature.name, ()):
            if record.signature != signature or record.setting != setting:
                continue
            if not answers.agree(record.answers):
                continue
            found.update(record.traces)
            asked.update(question for question, _ in record.answers)
        return found, frozenset(asked)

    def keep(
        self,
        signature: Signature,
        setting: Setting,
        traces: Mapping[Case, tuple[Trace, ...]],
        questions: Iterable[Question],
        answers: Answers,
    ) -> None:
        """Keeps runs with all that they asked."""
        asked = tuple((question, answers.digest(question)) for question in sorted(questions))
        record = Record(signature, setting, asked, traces)
        self._records.setdefault(signature.name, []).append(record)

    def sharing(self, answers: Answers) -> Shared:
        """What the session of these answers has in common with others."""
        return Shared(self._known, answers)


class Shared:
    """The answers of functions that hold in one session (see `helpers.sharing`).

    A thousand entries of a huge page ask the same of the unit: that is kept, and compared, once.
    """

    def __init__(self, known: _Known, answers: Answers) -> None:
        self._known = known
        self._answers = answers
        self._asked: dict[frozenset[Question], _Asked] = {}
        self._holding: dict[int, bool] = {}  # by the identity of what is kept in `_known`

    def recall(self, key: Hashable) -> Told | None:
        """What was said in a session that answers all questions alike."""
        for known in self._known.told.get(key, ()):
            if self._holds(known.asked):
                return known.told
        return None

    def _holds(self, asked: _Asked) -> bool:
        found = self._holding.get(id(asked))
        if found is None:
            found = self._answers.agree(asked.answers)
            if not asked.passing:
                self._holding[id(asked)] = found
        return found

    def remember(self, key: Hashable, told: Told) -> None:
        """Keep what was said."""
        asked = self._asked.get(told.questions)
        if asked is None:
            digest = self._answers.digest
            answers = tuple((question, digest(question)) for question in sorted(told.questions))
            asked = self._known.asked.get(answers)
            if asked is None:
                passing = any(question[0] in PASSING for question in told.questions)
                asked = self._known.asked[answers] = _Asked(told.questions, answers, passing)
            if not asked.passing:
                self._asked[asked.questions] = asked
        told = replace(told, questions=asked.questions)
        self._known.told.setdefault(key, []).append(_Answered(told, asked))
