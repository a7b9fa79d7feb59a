# SPDX-License-Identifier: GPL-2.0-only
"""Runs of a helper that hold in another variant, too.

A run is a function of the text it looked at: the functions it entered, the types, constants and
variables it asked for, the entries it was given and what they count. Where all of that is the
same in another variant, so is the outcome. Nothing is assumed: every question that the run asked
is asked again of the other unit, and answers are compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..helpers.code import UnitCode
from ..helpers.interface import Signature
from ..helpers.session import Counted, Session
from .outcome import Case, HelperRuns

Question = tuple[str, str, str]  # kind, name, file that asks
_WORD = re.compile(r"[A-Za-z_]\w*")
_POINTED: Final = re.compile(r"\b(?:struct|union)\s+\w+\s*\*")
_MAX_DEPTH: Final = 12


@dataclass(frozen=True, slots=True)
class Record:
    """The runs of one helper and everything they depend on."""

    signature: Signature
    machine: tuple[object, ...]  # word size, byte order, PMD_SIZE, the state of the processor
    cases: tuple[Case, ...]
    counts: tuple[tuple[str, int, Counted | None], ...]
    answers: tuple[tuple[Question, str], ...]
    runs: HelperRuns


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
            known = self._digests[question] = self._answer(question, 0)
        return known

    def _answer(self, question: Question, depth: int) -> str:
        kind, name, near = question
        unit = self._code.unit
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
                            self._digests[question] = self._answer(question, depth + 1)
                        parts.append(self._digests[question])
        return self._hash(*parts)

    @staticmethod
    def _hash(*parts: str) -> str:
        return hashlib.blake2b(
            "\0".join(parts).encode("utf-8", "replace"), digest_size=16
        ).hexdigest()


class Reuse:
    """Records of the variants judged so far."""

    def __init__(self) -> None:
        self._records: dict[str, list[Record]] = {}
        self.hits = 0

    def find(
        self, signature: Signature, cases: tuple[Case, ...], session: Session, answers: Answers
    ) -> HelperRuns | None:
        """Runs of another variant that hold here; None when there are none."""
        for record in self._records.get(signature.name, ()):
            if record.signature != signature or record.cases != cases:
                continue
            if record.machine != _machine(session):
                continue
            if any(answers.digest(question) != answer for question, answer in record.answers):
                continue
            if any(session.counted(level, raw) != c for level, raw, c in record.counts):
                continue
            self.hits += 1
            return record.runs
        return None

    def keep(
        self,
        signature: Signature,
        cases: tuple[Case, ...],
        runs: HelperRuns,
        session: Session,
        counts: Iterable[tuple[str, int, Counted | None]],
        questions: Iterable[Question],
        answers: Answers,
    ) -> None:
        """Keeps runs with all that they asked."""
        asked = tuple((question, answers.digest(question)) for question in sorted(questions))
        record = Record(signature, _machine(session), cases, tuple(counts), asked, runs)
        self._records.setdefault(signature.name, []).append(record)


def _machine(session: Session) -> tuple[object, ...]:
    world = tuple(sorted(session.machine.world.items()))
    return session.bits, session.variant.endian, session.constant("PMD_SIZE"), world
