# SPDX-License-Identifier: GPL-2.0-only
"""Asks functions and constants of the tree for their one answer in a variant."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from typing import Final, TypeVar

from ..evaluate.calls import Machine
from ..evaluate.ctype import IntType
from ..evaluate.refilling import FILLED, is_refilled
from ..evaluate.state import Run, alternatives
from ..evaluate.values import Int, Opaque, PathEnds, Pointer, Struct, Unjudged, Value
from ..frontend import Unit
from ..kconfig import Variant
from .code import UnitCode
from .noted import Answer, Noted, Said, answered, raised
from .probes import VALUE
from .sharing import Question, Sharing, Told, plain_key

T = TypeVar("T")
MM: Final = Opaque("mm", nonnull=True)
FRAMES: Final = {64: (0x400_0000, 0x800_0000), 32: (0x1_0000, 0x2_0000)}
_STATE = re.compile(rf"^\(*\??(asm |static key |{FILLED}|\*0x[0-9a-f])")
"""How conditions on a state of the processor are named; s390 keeps its own at fixed addresses."""
_GLOBAL = r"\?([A-Za-z_]\w*)(?:\+\d+)?"
_COMPARED = re.compile(rf"^\((?:{_GLOBAL} [<>]=? 0x[0-9a-f]+|0x[0-9a-f]+ [<>]=? {_GLOBAL})\)$")
_NAMED = re.compile(r"^\(*\??\*?([A-Za-z_]\w*)")
MAX_ASKED: Final = 64

IDENTITIES: Final = ("_paravirt_ident_64",)
"""Assembler functions that return their argument: x86's stand-in for an operation that does
nothing (arch/x86/kernel/paravirt*.c defines it by DEFINE_ASM_FUNC, without a C body)."""


def _identity(values: list[Value]) -> Value:
    return values[0]


def _is_known(value: Value) -> bool:
    """Whether all of a value is known."""
    if isinstance(value, Struct):
        return not any(isinstance(payload, Opaque) for _, payload in value.cells.values())
    return not isinstance(value, Opaque)


class Asking:
    """Evaluates functions and constants of one variant."""

    def __init__(
        self, unit: Unit, variant: Variant, world: Mapping[str, int] | None = None
    ) -> None:
        self.unit = unit
        self.variant = variant
        self.bits = variant.bits
        self.machine = Machine(UnitCode(unit), variant.bits, variant.endian)
        self.machine.canonical = {"vma->vm_mm": MM}
        self.machine.world = dict(world or {})
        self.machine.refilled = is_refilled(self.machine.world)
        on = bool(world) and not self.machine.refilled and all(self.machine.world.values())
        self._way = int(on)  # what states that nobody asked for before are taken as
        self.changed = on or self.machine.refilled  # a state that is not the first one
        self.machine.known = frozenset({MM.name})
        self.frames = FRAMES[variant.bits]
        self.machine.overrides = {
            **dict.fromkeys(("huge_page_size", "folio_size", "page_size"), self._huge_page_size),
            **dict.fromkeys(IDENTITIES, _identity),
            **dict.fromkeys(("virt_addr_valid", "__virt_addr_valid"), self._in_memory),
            "pfn_valid": self._has_page,
        }
        self.machine.usual = self.machine.overrides
        self.sharing: Sharing | None = None
        self.own = 0  # answers so far that are this session's own: they are not shared
        self.notes: dict[str, Noted] | None = None  # answers by what was asked, where they are kept
        self.kept: Mapping[str, Noted] = {}  # answers of another revision that hold here
        self.noted_for: set[Question] = set()  # what was asked for answers that are noted
        self.depth = 0  # of what is being asked: an answer, or the evaluation of a function
        self._widths: dict[str, int] = {}
        self._constants: dict[str, int | None] = {}

    def _has_page(self, values: list[Value]) -> Value | None:
        """The frames that our entries map are ordinary memory; of others nothing is known."""
        pfn = values[0] if values else None
        first, second = self.frames
        ours = isinstance(pfn, Int) and first <= pfn.value < 2 * second - first
        return Int(1) if ours else None

    def _in_memory(self, values: list[Value]) -> Value | None:
        """Page tables lie in memory that the kernel maps for good; of other places nobody knows."""
        return Int(1) if values and self.machine.is_slot(values[0]) else None

    def _huge_page_size(self, values: list[Value]) -> Value:
        size = self.page_of_hugetlb()[0]
        return Opaque("huge_page_size") if size is None else Int(size, self.bits, False)

    def page_of_hugetlb(self) -> tuple[int | None, str]:
        """The bytes of a page of hugetlb that is asked about, and the change that makes its entry.

        That is HPAGE_SIZE, which every tree with hugetlb can map (powerpc's e500 no page of
        PMD_SIZE); PMD_SIZE where it is found out at boot.
        """
        names = ("HPAGE_SIZE", "PAGE_SIZE", "PMD_SIZE", "HPAGE_SHIFT")
        self.machine.questions.update(("constant", name, "") for name in names)
        usual, least, other, shift = (self.constant(name) for name in names)
        if usual is None or shift is None or usual != 1 << shift or usual <= (least or 0):
            return other, "huge"
        return usual, "huge" if usual == other else "hugetlb"

    # -- plain evaluation

    def fresh(self, prefix: tuple[int, ...] = ()) -> Run:
        """A new run; choices follow `prefix`, then take the first way."""
        self.machine.run = self.machine.new_run(prefix)
        return self.machine.run

    def evaluate(self, name: str, *values: Value) -> Value:
        """Calls a function in a run of its own; Unjudged if an undecidable condition matters."""
        key = [plain_key(value) for value in values]

        def ask() -> Value:
            return self.agreed(name, lambda: self.machine.call(name, list(values)))

        return ask() if None in key else self.told(("value", name, *key), ask)

    def release(self) -> None:
        """Lets go of the unit, which is large; nothing can be asked afterwards."""
        self.sharing = None
        self.machine.release()

    def told(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What `ask` returns or raises, asked once of all variants that answer alike.

        It has to depend on the key, the word size, and what it asks of the unit.
        """
        sharing, machine = self.sharing, self.machine
        if sharing is None:
            return ask()
        key = (self.bits, key)
        known = sharing.recall(key)
        if known is not None:
            machine.questions |= known.questions
            result: T = known.result()
            return result
        outer = machine.questions.copy()
        machine.questions.clear()
        types, machine.types.asked = machine.types.asked, set()
        own, world = self.own, dict(machine.world)
        value: T | None = None
        refusal = place = ""
        ends = False
        self.depth += 1
        try:
            value = ask()
            if isinstance(value, Struct):
                with suppress(Unjudged):
                    _ = value.ctype.size  # others ask for it when this unit is gone
            return value
        except Unjudged as problem:
            refusal, place = problem.reason, problem.place
            raise
        except PathEnds as end:
            refusal, ends = str(end), True
            raise
        finally:
            self.depth -= 1
            asked = self.asked()
            common = own == self.own and world == machine.world and not self.unit.unparsed
            common = common and not isinstance(value, Pointer)
            if common and (value is not None or refusal or ends):
                sharing.remember(key, Told(value, refusal, place, ends, frozenset(asked)))
            machine.questions |= outer
            types |= machine.types.asked
            machine.types.asked = types

    def noted(self, key: str, ask: Callable[[], Said]) -> Said:
        """What `ask` says or raises; that of another revision where it is known to hold here.

        Kept with what it was asked of the unit, unless it depends on more than the key and that.
        """
        known = self.kept.get(key)
        if known is not None:
            self._came_of(known.asked)
            return known.answer.result()
        if self.notes is None:
            return ask()
        machine = self.machine
        outer = machine.questions.copy()
        machine.questions.clear()
        types, machine.types.asked = machine.types.asked, set()
        own, world = self.own, dict(machine.world)
        answer: Answer | None = None
        self.depth += 1
        try:
            said = ask()
            answer = answered(said)
            return said
        except (Unjudged, PathEnds) as problem:
            answer = raised(problem)
            raise
        finally:
            self.depth -= 1
            asked = frozenset(self.asked())
            machine.questions.clear()
            machine.questions |= outer
            machine.types.asked = types
            plain = answer is not None and own == self.own and world == machine.world
            before = self.notes.get(key)
            if answer is not None and plain and (before is None or before.answer == answer):
                self.notes[key] = Noted(answer, asked | (before.asked if before else frozenset()))
                self._came_of(asked)
            else:
                machine.questions |= asked

    def _came_of(self, asked: frozenset[Question]) -> None:
        """Count questions for what is being asked; if that is nothing, as those of answers."""
        if self.depth:
            self.machine.questions |= asked
        else:
            self.noted_for |= asked

    def asked(self) -> set[Question]:
        """What was asked of the unit since somebody cleared it, parameters included."""
        machine = self.machine
        asked = machine.questions | machine.types.asked
        for kind, name, _ in tuple(asked):
            if kind == "function":
                asked |= machine.shape_questions.get(name, frozenset())
        return asked

    def asked_in_all(self) -> set[Question]:
        """The same, with what answers that are noted were asked for."""
        return self.asked() | self.noted_for

    def forget_asked(self) -> None:
        """Begin anew."""
        self.machine.questions.clear()
        self.machine.types.asked.clear()
        self.noted_for.clear()

    def agreed(self, name: str, ask: Callable[[], Value]) -> Value:
        """The answer that every path gives; Unjudged when they differ or none returns."""
        saved, meeting = self.machine.run, self.machine.meeting
        self.machine.meeting = None
        before, self.machine.deciding = self.machine.deciding, True
        answers: dict[str, Value] = {}
        ends = "no path"
        todo: list[tuple[int, ...]] = [()]
        paths = 0
        try:
            while todo:
                paths += 1
                if paths > MAX_ASKED:
                    raise Unjudged(f"{name} has more than {MAX_ASKED} paths")
                run = self.fresh(todo.pop())
                try:
                    value = ask()
                    answers.setdefault(repr(value), value)
                except PathEnds as end:
                    ends = str(end)
                if self.machine.refilled and self._settle_functions(run):
                    return self.agreed(name, ask)
                todo.extend(alternatives(run))
                if len(answers) > 1 and self._settle(run, _is_known(next(iter(answers.values())))):
                    return self.agreed(name, ask)
                if len(answers) > 1:
                    key = run.choices[0].key if run.choices else "something unknown"
                    raise Unjudged(f"{name} depends on {key}")
        except RecursionError:
            raise Unjudged(f"{name} is nested too deep") from None
        finally:
            self.machine.run, self.machine.meeting = saved, meeting
            self.machine.deciding = before
        if not answers:
            raise PathEnds(ends)
        return next(iter(answers.values()))

    def _settle(self, run: Run, known_first: bool) -> bool:
        """Takes a state of the processor (a control register, a patched branch) as given.

        Entries mean something only in one such state; the other one is judged on its own
        (`check.variant`).
        """
        flipped = len(run.prefix) - 1
        key = run.choices[flipped].key if 0 <= flipped < len(run.choices) else ""
        known = _STATE.match(key) or key in self.machine.boot_keys or self._of_layout(key)
        of_guest = self.machine.refilled and self._of_global(key)
        if not known and not of_guest:
            return False
        way = self._way
        if self.machine.refilled and not known_first:
            way = run.choices[flipped].taken
        self._take(key, way)
        return True

    def _settle_functions(self, run: Run) -> bool:
        """Takes as given which of several functions make and read entries."""
        keys = [choice.key for choice in run.choices if choice.key.startswith(FILLED)]
        for key in keys:
            self._take(key, 0)
        return bool(keys)

    def _take(self, key: str, way: int) -> None:
        self.machine.world[key] = way
        self.machine.global_inits.clear()
        self.machine.booted.clear()
        self.machine.recall.clear()

    def _of_layout(self, key: str) -> bool:
        """Whether a condition compares an address with a global variable: the layout of memory
        is fixed at boot."""
        found = _COMPARED.match(key)
        return found is not None and (found[1] or found[2]) in self.unit.variables

    def _of_global(self, key: str) -> bool:
        """Whether a condition is about a global variable: what a guest found out at boot."""
        found = _NAMED.match(key)
        return found is not None and found[1] in self.unit.variables

    def constant(self, name: str) -> int | None:
        """A constant of the tree by name (PAGE_SHIFT, ...); None when it has none."""
        if name not in self._constants:
            self._constants[name] = self._read_constant(name)
        return self._constants[name]

    @property
    def constants_asked(self) -> tuple[str, ...]:
        """The names of the constants that were asked for so far."""
        return tuple(self._constants)

    @property
    def constants(self) -> dict[str, int | None]:
        """The constants that were asked for so far, and those that are given."""
        return self._constants

    @property
    def widths(self) -> dict[str, int]:
        """The bytes of an entry of the levels that were asked for, and those that are given."""
        return self._widths

    def _read_constant(self, name: str) -> int | None:
        node = self.machine.code.variable_node(f"{VALUE}{name}", "")
        if node is None or node.init is None:
            return None
        saved = self.machine.run
        before, self.machine.deciding = self.machine.deciding, True
        try:
            self.fresh()
            return self.machine.constant_expression(node.init)
        except (Unjudged, PathEnds, RecursionError):
            return None
        finally:
            self.machine.run = saved
            self.machine.deciding = before

    def width(self, level: str) -> int:
        """Bytes of an entry."""
        if level not in self._widths:
            self._widths[level] = self.machine.entry_type(level).size
        return self._widths[level]

    def wrap(self, level: str, raw: int) -> Value:
        """A raw entry as a value of pte_t, pmd_t or pud_t."""
        ctype = self.machine.entry_type(level)
        if isinstance(ctype, IntType):
            return Int(raw, ctype.bits, ctype.signed)
        return self.machine.convert(Int(raw, 8 * self.width(level), False), ctype)

    def raw(self, level: str, value: Value) -> int:
        """The raw bits of an entry value; Unjudged when not known."""
        found = self.machine.memory.raw(value, self.width(level))
        if isinstance(found, Opaque):
            raise Unjudged(f"the entry is not known: {found.name}")
        return found
