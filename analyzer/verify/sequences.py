# SPDX-License-Identifier: GPL-2.0-only
"""Plays sequences of helpers over page tables that stay, on every path, and recounts each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ..check.judge import Judge
from ..evaluate.harmless import BUILD_ERROR
from ..evaluate.memory import Table
from ..evaluate.state import Choice, alternatives
from ..evaluate.state import Event as Seen
from ..evaluate.values import PathEnds, Unjudged
from ..helpers.interface import Signature
from ..helpers.probes import CALL
from ..helpers.session import Entry, Session
from ..law.arguments import Given, bind, takes_count
from ..law.bounds import MAX_PATHS
from ..law.outcome import INDEX
from ..law.runs import SLOTS
from ..reference import Event, Op
from .describe import act
from .hugetlb import Reserved
from .ledger import USER_MM, Ledger, Wrong, booked, slot_number
from .steps import Call, ClearRange, Free, Keep, Make, Page, Sequence, Slot, Step, Taken
from .values import Act, Agreement, Problem, SequenceProof

MAX_BRANCHES: Final = 12
_STRIDE: Final = 1 << 20  # bytes between the addresses of two tables
_POPULATE: Final = Signature(
    "pmd_populate", ("struct mm_struct *mm", "pmd_t *slot", "pte_t *table"), "pmd", ""
)
Contents = tuple[tuple[tuple[int, int], int], ...]  # ((table, index), raw), sorted


@dataclass(frozen=True, slots=True)
class Branch:
    """One way through a sequence so far: what the tables hold, what the ledger was told."""

    contents: Contents
    log: tuple[Event, ...]
    kept: int
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    seen: tuple[Seen, ...]
    numbers: dict[int, int]  # id of a table -> its place in the sequence
    choices: tuple[Choice, ...]


class _Missing(Exception):
    """The variant has no helper or entry for a step."""


class SequenceRuns:
    """Sequences over the helpers of one session."""

    def __init__(self, judge: Judge, ledger: Ledger, reserved: Reserved) -> None:
        """`reserved`: how pages of hugetlb are counted."""
        self.session: Session = judge.session
        self.machine = judge.session.machine
        self.ledger = ledger
        self.reserved = reserved
        self.helpers = {signature.name: signature for signature in judge.judged()}
        if not self.session.folded("pmd"):
            self.helpers.setdefault("pmd_populate", _POPULATE)
        self.runs = 0

    def prove(self, sequence: Sequence) -> SequenceProof | str:
        """What a sequence shows; its name, and why, where the variant has no such sequence."""
        self.runs = 0
        used: dict[str, None] = {}
        reason, problem = "", None
        try:
            branches = [self._begin(sequence)]
            for step in sequence.steps:
                found = self._step(sequence, step, branches, used)
                if isinstance(found, Problem):
                    problem = found
                    break
                branches = found
                if len(branches) > MAX_BRANCHES:
                    raise Unjudged(f"more than {MAX_BRANCHES} ways through it")
        except _Missing as lacking:
            return f"{sequence.name}: {lacking}"
        except (Unjudged, PathEnds) as trouble:
            place = getattr(trouble, "place", "")
            reason = f"{trouble}{f' in {place}' if place else ''}"
        agreement = Agreement.AGREES
        if problem is not None:
            agreement = Agreement.DISAGREES
        elif reason:
            agreement = Agreement.UNKNOWN
        return SequenceProof(
            sequence.name, sequence.description, tuple(used), agreement, self.runs, reason,
            problem,
        )  # fmt: skip

    # -- steps

    def _begin(self, sequence: Sequence) -> Branch:
        contents: dict[tuple[int, int], int] = {}
        for level in {level for _, level in sequence.tables}:
            if self.session.folded(level):
                raise _Missing(f"there is no level {level}")
        for slot, name in sequence.filled:
            number, level = self._table(sequence, slot.table)
            contents[(number, INDEX + slot.index)] = self._class(level, name, 0)
        return Branch(tuple(sorted(contents.items())), (), 0, ())

    def _step(
        self, sequence: Sequence, step: Step, branches: list[Branch], used: dict[str, None]
    ) -> list[Branch] | Problem:
        made: dict[tuple[Contents, tuple[Event, ...], int], Branch] = {}
        for branch in branches:
            for after in self._after(sequence, step, branch, used):
                wrong = after if isinstance(after, Wrong) else self._judge(sequence, after)
                if wrong is not None:
                    acts = branch.acts if isinstance(after, Wrong) else after.acts
                    return Problem(wrong.rule, wrong.message, acts)
                assert isinstance(after, Branch)
                made.setdefault((after.contents, after.log, after.kept), after)
        return list(made.values())

    def _after(
        self, sequence: Sequence, step: Step, branch: Branch, used: dict[str, None]
    ) -> Iterator[Branch | Wrong]:
        if isinstance(step, Call):
            yield from self._call(sequence, step, branch, used)
        elif isinstance(step, Keep):
            yield replace(branch, kept=self._held(sequence, step.slot, branch))
        elif isinstance(step, ClearRange):
            yield self._drop(sequence, step, branch)
        else:
            yield self._booked(sequence, branch, step)

    def _booked(self, sequence: Sequence, branch: Branch, step: Page | Free) -> Branch:
        """Pages are allocated or freed, at a frame that huge pages begin at."""
        frame = self.session.frames[step.frame]
        pages = self.ledger.scaled.pages(self.reserved.level if sequence.hugetlb else step.level)
        order = (pages - 1).bit_length()
        if isinstance(step, Page):
            events: tuple[Event, ...] = (
                Event(Op.ALLOC, pfn=frame, order=order),
                Event(Op.PAGE, pfn=frame, nr=pages, kind=step.kind),
            )
            text = f"allocates {pages} {step.kind.value} pages from {frame:#x}"
        else:
            events = (Event(Op.FREE, pfn=frame, order=order),)
            text = f"frees {pages} pages from {frame:#x}"
        return replace(branch, log=(*branch.log, *events), acts=(*branch.acts, Act(text, (), ())))

    def _drop(self, sequence: Sequence, step: ClearRange, branch: Branch) -> Branch:
        number, _ = self._table(sequence, step.table)
        held = tuple(raw for (table, _), raw in branch.contents if table == number)
        event = Event(Op.CLEAR_RANGE, "pte", USER_MM, slot_number(number, INDEX), old=held)
        left = tuple(item for item in branch.contents if item[0][0] != number)
        done = Act(f"page_table_check_pte_clear_range() for {len(held)} entries", (), ())
        return Branch(left, (*branch.log, event), branch.kept, (*branch.acts, done))

    def _judge(self, sequence: Sequence, branch: Branch) -> Wrong | None:
        levels = [level for _, level in sequence.tables]
        contents = dict(branch.contents)
        if sequence.hugetlb:
            levels = [self.reserved.level for _ in levels]
            contents = {place: self.reserved.counted(raw) for place, raw in branch.contents}
        tables = [
            (levels[number], slot_number(number, index), raw)
            for (number, index), raw in contents.items()
        ]
        return self.ledger.judge(branch.log, tables)

    # -- calls

    def _call(
        self, sequence: Sequence, step: Call, branch: Branch, used: dict[str, None]
    ) -> Iterator[Branch | Wrong]:
        signature = self._helper(step)
        if signature is None:
            yield branch
            return
        used.setdefault(signature.name)
        level = self._table(sequence, step.slot.table)[1]
        old = self._held(sequence, step.slot, branch)
        value = self._value(step.value, level, branch, sequence.hugetlb)
        nr = step.nr or self.ledger.scaled.pages("pmd")
        text = f"{signature.name}() on {step.slot.table}[{step.slot.index}] ({old:#x})"
        if value is not None:
            text += f", given {value:#x}"
        text += f", {nr} entries" if nr != 1 else ""
        ends: set[str] = set()
        lived = False
        for path in self._paths(sequence, signature, step.slot, branch, value, old, nr):
            if isinstance(path, str):
                ends.add(path)
                continue
            lived = True
            yield self._booked_path(branch, path, text)
        if not lived:
            shown = ", ".join(sorted(ends))
            if all(end.startswith(BUILD_ERROR) for end in ends):
                raise _Missing(f"{signature.name}() is not for this configuration")
            raise Unjudged(f"{signature.name}(): every path ends: {shown}")

    def _booked_path(self, branch: Branch, path: _Path, text: str) -> Branch | Wrong:
        contents = dict(branch.contents)
        log = list(branch.log)
        for seen in path.seen:
            number = path.numbers.get(id(seen.table), -1) if seen.table is not None else -1
            if seen.kind == "store":
                contents[(number, seen.index)] = seen.new
                continue
            made = booked(seen, number)
            if isinstance(made, Wrong):
                return made
            if made is not None:
                log.append(made)
        done = act(text, path.seen, path.choices)
        return Branch(
            tuple(sorted(contents.items())), tuple(log), branch.kept, (*branch.acts, done)
        )

    def _paths(
        self, sequence: Sequence, signature: Signature, slot: Slot, branch: Branch,
        value: int | None, old: int, nr: int,
    ) -> Iterator[_Path | str]:  # fmt: skip
        """Every path of one call; of one that ends early, why."""
        todo: list[tuple[int, ...]] = [()]
        done = 0
        while todo:
            run = self.session.fresh(todo.pop())
            tables = self._tables(sequence, branch)
            number, level = self._table(sequence, slot.table)
            given = Given(tables[number], INDEX + slot.index, value, old, nr, slot.index)
            if "populate" in signature.name:
                lower = self.session.table(level)
                self.machine.opaque_entry = lower.raw if isinstance(lower, Entry) else 0
            self.runs += 1
            done += 1
            try:
                self.machine.call(f"{CALL}{signature.name}", bind(self.session, signature, given))
                numbers = {id(table): place for place, table in enumerate(tables)}
                yield _Path(tuple(run.events), numbers, tuple(run.choices))
            except PathEnds as end:
                yield str(end)
            except RecursionError:
                raise Unjudged("expressions nested too deep") from None
            finally:
                self.machine.opaque_entry = None
            todo.extend(alternatives(run))
            if done >= MAX_PATHS and todo:
                raise Unjudged(f"{signature.name}() has more than {MAX_PATHS} paths")

    def _tables(self, sequence: Sequence, branch: Branch) -> list[Table]:
        """The page tables of a branch, in a new run."""
        tables = []
        for place, (_, level) in enumerate(sequence.tables):
            table = self.session.new_table(level, SLOTS, self._empty(level))
            assert table.base is not None
            table.base += place * _STRIDE
            tables.append(table)
        for (number, index), raw in branch.contents:
            tables[number].entries[index] = raw
        return tables

    # -- what steps name

    def _helper(self, step: Call) -> Signature | None:
        for name in step.names:
            signature = self.helpers.get(name)
            if signature is not None and (step.nr == 1 or takes_count(signature)):
                return signature
        if step.optional:
            return None
        raise _Missing(f"no {' or '.join(f'{name}()' for name in step.names)}")

    @staticmethod
    def _table(sequence: Sequence, name: str) -> tuple[int, str]:
        names = [table for table, _ in sequence.tables]
        number = names.index(name)
        return number, sequence.tables[number][1]

    def _empty(self, level: str) -> int:
        found = self.session.none(level)
        return found.raw if isinstance(found, Entry) else 0

    def _held(self, sequence: Sequence, slot: Slot, branch: Branch) -> int:
        number, level = self._table(sequence, slot.table)
        raw = dict(branch.contents).get((number, INDEX + slot.index), self._empty(level))
        return self.reserved.pte(raw) if sequence.hugetlb else raw

    def _value(
        self, value: Make | Taken | None, level: str, branch: Branch, huge: bool
    ) -> int | None:
        if value is None:
            return None
        if isinstance(value, Make):
            pfn = self.session.frames[value.frame] + value.page
            return self._class(level, value.kind, pfn, huge)
        raw = branch.kept
        for change in value.changes:
            changed = self.session.apply(level, change, raw)
            raw = raw if changed is None else changed
        return raw

    def _class(self, level: str, name: str, pfn: int, huge: bool = False) -> int:
        """An entry of a class that maps a frame; `huge`: as hugetlb makes it."""
        known = {entry.name: entry for entry in self.session.classes(level)}
        entry = known.get(name)
        if entry is None:
            raise _Missing(f"no {level} entry '{name}' can be made")
        if pfn:
            entry = self.session.with_frame(level, entry, pfn)
        return (self.session.huge(entry) if huge else entry).raw
