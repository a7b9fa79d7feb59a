# SPDX-License-Identifier: GPL-2.0-only
"""Inline assembly: its outputs are opaque, and an entry among its operands is never guessed at.

Load-store machines' instructions are executed (`assembler`). Otherwise known by form, not by
architecture: an empty template passes its input on; a run-time patched
sequence (numbered labels around the default instructions, then a section with the alternative)
whose default is empty leaves its in-out operands alone; `asm goto` may take each of its labels.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from pycparser import c_ast

from .assembler import Assembler
from .ctype import Node
from .names import Scope
from .operands import Operand
from .statements import Jump
from .values import Int, Opaque, Text, Unjudged, Value

_MEMORY: Final = frozenset("mQAoVRST><")
_DEFAULT_ARM = re.compile(r"(?s)^\W*(\d+)\s*:(.*?)\b(\d+)\s*:.*\.(?:push)?section")
_LOAD_IMMEDIATE = re.compile(r"^(?:li|mov|movi|mv)\s+%0\s*,\s*[#$]?(-?\d+|0x[0-9a-fA-F]+)$")
_COMMENT: Final = ("#", "//", "@")
_LOAD = re.compile(r"^(?:mov|ld|l|lg|lw|lwz|ldr|lwu)[a-z.]*\s+%\S+\s*,[^;]*$")
_INERT = re.compile(
    r"^\.(section|pushsection|popsection|previous|subsection|align|balign|p2align|org|option|arch"
    r"|arch_extension|set|cpu|machine|globl|global|local|type|size|loc|file|cfi_\w+|purgem)\b"
)
"""Directives that emit nothing that is executed; `.insn`, `.word`, `.if` and the rest are code."""


class InlineAssembly(Assembler):
    """Executes `__ptc_asm(template, operands...)` as the front end writes it."""

    def assembly(self, arguments: list[Node], scope: Scope) -> Value:
        """One asm statement; Unjudged when it may store to an entry."""
        if len(arguments) > 1:
            return self._assembly(arguments, scope)
        if not arguments or arguments[0] not in self.barriers:
            run = self.run
            before = (run.stores, len(run.log), len(run.choices))
            self._assembly(arguments, scope)
            if arguments and before == (run.stores, len(run.log), len(run.choices)):
                self.barriers.add(arguments[0])
        return Int(0)

    def _assembly(self, arguments: list[Node], scope: Scope) -> Value:
        template = _template(arguments[0]) if arguments else ""
        operands: list[Operand] = []
        labels: list[str] = []
        for argument in arguments[1:]:
            kind = argument.name.name
            items = argument.args.exprs if argument.args is not None else []
            if kind == "__ptc_asm_goto":
                labels = [item.name for item in items]
                continue
            operands.append(self._operand(kind == "__ptc_asm_out", items, scope))
        for operand in operands:
            if not operand.out and operand.constraint.isdigit():
                target = int(operand.constraint)
                if target < len(operands):
                    operands[target].value = operand.value
        idle = is_idle(template)
        if not idle and not labels and self.execute(_unescaped(template), operands):
            return Int(0)
        outputs, inputs = self._not_read(template, idle, operands)
        self._settle(template, outputs, inputs)
        if labels:
            key = f"asm goto {self._where()} {[repr(value) for _, value in inputs]}"
            taken = self.run.choose(key, len(labels) + 1)
            if taken:
                raise Jump(labels[taken - 1])
        return Int(0)

    def _operand(self, out: bool, items: list[Node], scope: Scope) -> Operand:
        constraint = _string(items[0])
        name = ""
        if constraint.startswith("["):
            name, _, constraint = constraint[1:].partition("]")
        memory = any(letter in _MEMORY for letter in constraint)
        if out:
            place = self.place(items[1], scope)
            value = self.load(place) if "+" in constraint and not memory else None
            return Operand(constraint, name, True, memory, place, value)
        if memory:
            return Operand(constraint, name, False, True, self._quiet_place(items[1], scope), None)
        return Operand(constraint, name, False, False, None, self.evaluate(items[1], scope))

    def _not_read(
        self, template: str, idle: bool, operands: list[Operand]
    ) -> tuple[list[tuple[str, Value]], list[tuple[str, Value]]]:
        """Outputs and inputs of a template that is not executed; no entry may be among them."""
        outputs: list[tuple[str, Value]] = []
        inputs: list[tuple[str, Value]] = []
        for operand in operands:
            constraint, place, value = operand.constraint, operand.place, operand.value
            if operand.out:
                assert place is not None
                if operand.memory and self.is_slot(place):
                    if idle:
                        continue
                    raise self._refuse("writes an entry", template)
                if (
                    operand.memory
                    and "+" in constraint
                    and self.names_slot(place, True)
                    and not idle
                ):
                    raise self._refuse("is given an entry's address", template)
                in_out = "+" in constraint and not operand.memory and not idle
                if in_out and value is not None and self.names_slot(value, True):
                    raise self._refuse("is given an entry's address", template)
                outputs.append((constraint, place))
            elif operand.memory:
                only_loads = bool(outputs) and _LOAD.match(
                    " ; ".join(_code_lines(_unescaped(template)))
                )
                if place is not None and not only_loads and not idle:
                    if self.is_slot(place):
                        raise self._refuse("is given an entry", template)
                    if self.names_slot(place, True):
                        raise self._refuse("is given an entry's address", template)
                    self.forget([place], "asm")
                inputs.append((constraint, Opaque("memory") if place is None else place))
            else:
                assert value is not None
                if self.names_slot(value, True) and not idle:
                    raise self._refuse("is given an entry's address", template)
                if not idle:
                    self.forget([value], "asm")
                inputs.append((constraint, value))
        return outputs, inputs

    def _quiet_place(self, node: Node, scope: Scope) -> Value | None:
        try:
            return self.place(node, scope)
        except Unjudged:
            return None

    def _where(self) -> str:
        frame = self.run.stack[-1] if self.run.stack else None
        return f"{frame.function if frame else ''}:{self.run.location.line}"

    @staticmethod
    def _refuse(what: str, template: str) -> Unjudged:
        shown = " ".join(template.replace("\\n", ";").replace("\\t", " ").split())
        return Unjudged(f"assembler {what}: {shown[:60]}")

    def _settle(
        self,
        template: str,
        outputs: list[tuple[str, Value]],
        inputs: list[tuple[str, Value]],
    ) -> None:
        arm = default_arm(template)
        for number, (constraint, place) in enumerate(outputs):
            value: Value | None = None
            if arm == "":
                matching = [v for c, v in inputs if c.strip('"') == str(number)]
                if "+" in constraint:
                    continue
                if matching:
                    value = matching[0]
                elif len(outputs) == 1 and len(inputs) == 1 and template.strip() == "":
                    value = inputs[0][1]
            elif number == 0 and arm is not None:
                match = _LOAD_IMMEDIATE.match(arm)
                if match is not None:
                    value = Int(int(match[1], 0), self.bits, False)
            if value is None:
                given = ", ".join(repr(v) for _, v in inputs)
                value = Opaque(f"asm {self._where()}#{number}({given})")
            self.store(place, value)


@cache
def loads(template: str) -> bool:
    """Whether a template is one load into its first operand."""
    return _LOAD.match(" ; ".join(_code_lines(_unescaped(template)))) is not None


@cache
def is_idle(template: str) -> bool:
    """Whether a template has no instruction: a barrier, or a value that is hidden."""
    return all(line == "nop" for line in _code_lines(_unescaped(template)))


@cache
def default_arm(template: str) -> str | None:
    """The instructions executed when nothing is patched: '' for none, None if there are several."""
    text = _unescaped(template)
    match = _DEFAULT_ARM.match("\n".join(_code_lines(text, keep_sections=True)))
    body = match[2] if match is not None else text
    lines = [line for line in _code_lines(body) if line != "nop"]
    if not lines:
        return ""
    return lines[0] if len(lines) == 1 and match is not None else None


def _unescaped(template: str) -> str:
    return template.replace("\\n", "\n").replace("\\t", " ")


def _code_lines(text: str, keep_sections: bool = False) -> list[str]:
    lines = [line.strip() for line in re.split(r"[\n;]", text)]
    return [
        line
        for line in lines
        if line
        and not line.startswith(_COMMENT)
        and (not _INERT.match(line) or (keep_sections and "section" in line))
    ]


def _template(node: Node) -> str:
    return _string(node)


def _string(node: Node) -> str:
    if isinstance(node, c_ast.Constant):
        return str(node.value).replace('" "', "").replace('""', "").strip('"')
    return "?"


__all__ = ["InlineAssembly", "Text", "default_arm"]
