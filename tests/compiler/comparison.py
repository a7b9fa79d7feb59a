# SPDX-License-Identifier: GPL-2.0-only
"""The evaluator and the compiler asked the same questions; what they agree on, and what not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzer.bits import Reading, read_bits
from analyzer.evaluate.values import Opaque, PathEnds, Unjudged
from analyzer.frontend import Stage, read_unit
from analyzer.helpers.bodies import SourceIndex
from analyzer.helpers.session import Session
from analyzer.kconfig import KconfigFiles, Variant, load_kconfig, variants
from analyzer.tree import KernelTree
from tests.compiler.compilers import Compiler, Complaint
from tests.compiler.probing import Asked, asked, patterns


@dataclass(slots=True)
class Compared:
    """The outcome of one comparison, with every disagreement."""

    agree: int = 0
    mismatches: list[str] = field(default_factory=list)
    left_out: dict[str, Counter[str]] = field(default_factory=dict)  # why: what: how often
    names: set[str] = field(default_factory=set)  # what was compared

    def leave_out(self, reason: str, what: str) -> None:
        """Something that one side could not answer."""
        self.left_out.setdefault(reason, Counter())[what] += 1

    def __str__(self) -> str:
        left = "; ".join(
            f"{what.total()} {why}: {', '.join(sorted(what))}"
            for why, what in self.left_out.items()
        )
        return (
            f"{self.agree} of {len(self.names)} names agree, {len(self.mismatches)} differ"
            f" {self.mismatches[:5]}; not compared: {left or 'none'}"
        )


@dataclass(slots=True)
class Bench:
    """One architecture of one tree, made ready for both sides."""

    variant: Variant
    compiler: Compiler
    reading: Reading
    functions: tuple[Asked, ...]
    refused: dict[str, str]  # functions and macros that are no expression of one entry
    header_errors: list[Complaint]
    initial: dict[str, tuple[str, ...]]  # variables and what the tree initialises them with

    @property
    def session(self) -> Session:
        return self.reading.session


SWITCHED_OFF: Mapping[str, Mapping[str, str]] = {
    "arm64": {"ARM64_VA_BITS_48": "y"},  # pte_pfn() asks whether LPA2 is in use
    "riscv": {"RISCV_ISA_SVNAPOT": "n"},  # pte_pfn() asks for Svnapot
}
"""Options because of which a test of an entry asks the processor what it has."""


def variants_of(tree: KernelTree, arch: str) -> tuple[Variant, ...]:
    """The variants of an architecture, as `check` judges them."""
    return tuple(variants(tree, arch, load_kconfig(tree, arch, KconfigFiles(tree))))


def base_variant(tree: KernelTree, arch: str, fixed: bool = False) -> Variant:
    """The base variant of an architecture; `fixed`: without the options of SWITCHED_OFF."""
    kconfig = load_kconfig(tree, arch, KconfigFiles(tree))
    variant = variants(tree, arch, kconfig)[0]
    if not fixed:
        return variant
    config = kconfig.solve({**dict(variant.wants), **SWITCHED_OFF[arch]})
    return replace(variant, name=f"{variant.name}-fixed", config=config)


def bench(variant: Variant, work: Path, stage: Stage) -> Bench:
    """Read a variant and find out what can be asked."""
    tree, arch = stage.tree, variant.arch
    first = read_unit(stage, variant, with_macros=True)
    compiler = Compiler(stage, variant, work)
    forms = [form for item in asked(first, tree, arch) for form in item.forms()]
    errors, others = compiler.complaints("forms.c", [form.text() for form in forms])
    good: dict[str, Asked] = {}
    refused: dict[str, str] = {}
    for index, form in enumerate(forms):
        if index in errors:
            refused.setdefault(form.name, errors[index])
        else:
            good.setdefault(form.name, form)
    functions = tuple(good.values())
    text = "".join(f"{item.text()}\n" for item in functions)
    sources = SourceIndex(tree, arch)
    reading = read_bits(stage, variant, sources, extra=text)
    refused = {name: why for name, why in refused.items() if name not in good}
    return Bench(variant, compiler, reading, functions, refused, others, sources.initial_values())


# -- constants


def compare_constants(made: Bench, wrong: int = 0) -> Compared:
    """Every constant that the evaluator knows, asserted at compile time.

    The first `wrong` of them get a wrong value on purpose. Protections are folded, since C has no
    constant expression for the member of a compound literal.
    """
    result = Compared()
    plain: list[tuple[str, int]] = []
    folded: list[tuple[str, int]] = []
    for name, constant in made.reading.constants.items():
        if constant.value is None:
            result.leave_out("not known to the evaluator", f"{name} ({constant.reason})")
        elif constant.protection:
            folded.append((name, constant.value))
        else:
            plain.append((name, constant.value))
    plain = [(n, v ^ 1 if i < wrong else v) for i, (n, v) in enumerate(plain)]
    lines = [
        f'_Static_assert((unsigned long long)({name}) == {value}ULL, "{name}");'
        for name, value in plain
    ]
    errors, _ = made.compiler.complaints("constants.c", lines)
    again: list[tuple[str, int]] = []
    for index, (name, value) in enumerate(plain):
        message = errors.get(index)
        if message is None:
            result.agree += 1
            result.names.add(name)
        elif "static assertion failed" in message:
            result.mismatches.append(f"{name}: the evaluator has {value:#x}")
        else:
            again.append((name, value))  # no constant expression for C; the optimizer may know
    _fold_constants(made, folded, "pgprot_val({})", result)
    _fold_constants(made, again, "(unsigned long long)({})", result)
    return result


def _initial_values(made: Bench, names: Sequence[str]) -> list[str]:
    """Each variable defined as a macro: the first of its initializers that compiles here."""
    texts = [(name, text) for name in names for text in made.initial[name]]
    errors, _ = made.compiler.complaints(
        "initial.c",
        [f"static unsigned long long __ptc_at_first_{i}(void) {{ return ({text}); }}"
         for i, (_, text) in enumerate(texts)],
    )  # fmt: skip
    chosen: dict[str, str] = {}
    for index, (name, text) in enumerate(texts):
        if index not in errors:
            chosen.setdefault(name, f"#define {name} ({text})")
    return list(chosen.values())


def _fold_constants(
    made: Bench, items: Sequence[tuple[str, int]], form: str, result: Compared
) -> None:
    """Compare what C calls no constant expression: the optimizer computes it.

    A variable stands for what the tree initialises it with, as it does for the evaluator.
    """
    depends = {d for name, _ in items for d in made.reading.constants[name].depends}
    known = _initial_values(made, sorted(depends & made.initial.keys()))
    expressions = [form.format(name) for name, _ in items]
    terms = [
        f"static unsigned long long __ptc_term_{i}(void) {{ return {expression}; }}"
        for i, expression in enumerate(expressions)
    ]
    errors, _ = made.compiler.complaints("terms.c", terms)
    usable = [i for i in range(len(items)) if i not in errors]
    for index, message in errors.items():
        result.leave_out("no expression for the compiler", f"{items[index][0]} ({message})")
    values = made.compiler.fold("values.c", known, [expressions[i] for i in usable])
    for position, index in enumerate(usable):
        name, value = items[index]
        folded = values.get(position)
        if folded is None:
            why = ", ".join(made.reading.constants[name].depends) or "not constant"
            result.leave_out("decided at run time", f"{name} ({why})")
        elif folded == value:
            result.agree += 1
            result.names.add(name)
        else:
            result.mismatches.append(f"{name}: evaluator {value:#x}, compiler {folded:#x}")


# -- functions of one entry


def compare_functions(
    made: Bench, kinds: Sequence[str], neighbours: int, others: int, wrong: int = 0
) -> Compared:
    """Functions of one entry on many entries; the first `wrong` answers are spoilt on purpose."""
    result = Compared()
    items = [item for item in made.functions if item.kind in kinds]
    values = {level: _patterns(made, level, neighbours, others) for level in ("pte", "pmd", "pud")}
    questions = [(item, raw) for item in items for raw in values[item.level]]
    expressions = [_expression(made, item, raw) for item, raw in questions]
    theirs = made.compiler.fold("functions.c", [item.text() for item in items], expressions)
    for index, (item, raw) in enumerate(questions):
        where = f"{item.name}({raw:#x})"
        compiled = theirs.get(index)
        if compiled is None:
            result.leave_out("not folded by the compiler", item.name)
            continue
        mine = _evaluate(made.session, item, raw)
        if isinstance(mine, str):
            result.leave_out(mine, item.name)
            continue
        result.names.add(item.name)
        if wrong:
            wrong -= 1
            mine ^= 1
        if mine == compiled:
            result.agree += 1
        else:
            result.mismatches.append(f"{where}: evaluator {mine:#x}, compiler {compiled:#x}")
    return result


def _expression(made: Bench, item: Asked, raw: int) -> str:
    """The call of a function with the entry that these bits are in a slot (`__pte()` may swap
    bytes or words)."""
    words = {4: "unsigned int", 8: "unsigned long long"}
    word = words[made.session.width(item.level)]
    union = f"union {{ {word} raw; {item.level}_t entry; }}"
    return f"{item.probe}((({union}) {{ {raw:#x}ULL }}).entry)"


def _patterns(made: Bench, level: str, neighbours: int, others: int) -> tuple[int, ...]:
    if made.session.folded(level):
        return ()
    return patterns(made.session, level, neighbours, others)


def _evaluate(session: Session, item: Asked, raw: int) -> int | str:
    """The answer of the evaluator, or why it has none."""
    try:
        value = session.machine.number(session.evaluate(item.probe, session.wrap(item.level, raw)))
    except PathEnds:
        return "does not return"
    except Unjudged:
        return "not known to the evaluator"
    if isinstance(value, Opaque):
        return "not known to the evaluator"
    return value.value & ((1 << 64) - 1)
