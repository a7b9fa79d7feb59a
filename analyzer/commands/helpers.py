# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck helpers`: the generic interface, what each name resolves to, and what it reaches."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from analyzer.check.judge import Judge, changes
from analyzer.check.judging import left_out
from analyzer.check.unit import build_unit, unread
from analyzer.clock import Clock
from analyzer.commands import common
from analyzer.errors import SourceError, UsageError
from analyzer.evaluate.state import Event
from analyzer.frontend import ParseCache, Stage
from analyzer.helpers.bodies import SourceIndex
from analyzer.helpers.interface import (
    GENERIC_HEADERS,
    OVERRIDABLE_HEADERS,
    Interface,
    Signature,
    called_names,
    find_interface,
    parameter_names,
    read_text,
)
from analyzer.helpers.probes import COMPOSED
from analyzer.kconfig import KconfigFiles, Variant, load_kconfig, variants
from analyzer.law.describe import frames
from analyzer.law.outcome import HelperRuns
from analyzer.model import HelperVerdict, Location
from analyzer.report import helpers as report
from analyzer.report.helpers import Call, HelperFacts, InterfaceFacts, Reached, VariantHelpers
from analyzer.tree import KernelTree

NAME = "helpers"
HELP = "show what each helper of the generic interface resolves to, its stores and hooks"

_BASE = "base"
_SEVERITY = (None, "not applicable", "neutral", "balanced", "unknown", "finding")
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)|\b(\w+)[ \t]*\([^;{}()]*\)\s*\{", re.M)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser)
    parser.add_argument(
        "--variant",
        metavar="V[,W]",
        action="append",
        help="variants of each architecture, or all (default: base; see ptcheck archs)",
    )


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write the interface; the exit code is 3 where something could not be followed."""
    wanted = common.outputs(args)
    names = [name for text in args.variant or (_BASE,) for name in text.split(",") if name]
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        chosen = _choose_variants(tree, archs, names)
        facts = InterfaceFacts(tree.label, tree.revision, tuple(gather(tree, chosen)))
    renderers = {
        "text": lambda: report.render_text(facts, verbose=args.verbose > 0),
        "json": lambda: report.render_json(facts),
    }
    common.write_outputs(wanted, renderers, out)
    return common.Exit.INCOMPLETE if facts.incomplete else common.Exit.CLEAN


def _choose_variants(
    tree: KernelTree, archs: tuple[str, ...], names: list[str]
) -> dict[str, list[Variant]]:
    """The variants named, by architecture. Raises UsageError for a name that no one has."""
    files = KconfigFiles(tree)
    known = {arch: variants(tree, arch, load_kconfig(tree, arch, files)) for arch in archs}
    valid = sorted({variant.name for found in known.values() for variant in found})
    for name in names:
        if name not in (*valid, "all"):
            near = difflib.get_close_matches(name, valid, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UsageError(f"unknown variant '{name}'{hint}; there are: {', '.join(valid)}")
    return {
        arch: [v for v in found if v.has_mmu and ("all" in names or v.name in names)]
        for arch, found in known.items()
    }


def gather(tree: KernelTree, chosen: dict[str, list[Variant]]) -> Iterator[VariantHelpers]:
    """The interface of each variant. Raises ToolError without a C preprocessor."""
    called = called_names(tree)
    generic = _generic_names(tree)
    cache, clock = ParseCache(), Clock()
    with Stage(tree) as stage:
        for arch, wanted in chosen.items():
            if not wanted:
                continue
            interface = find_interface(tree, arch, called)
            index = SourceIndex(tree, arch)
            hint: tuple[str, ...] = ()
            for variant in wanted:
                try:
                    unit, hint = build_unit(stage, variant, interface, index, hint, cache, clock)
                except SourceError as problem:
                    yield _unreadable(variant, interface, problem)
                    continue
                macros = _Macros(tree, arch)
                judge = Judge(unit, variant, interface, index)
                helpers = _Reader(judge, generic, macros).helpers()
                world = judge.session.machine.world
                if world:  # entries depend on the processor: both of its states
                    judge = Judge(unit, variant, interface, index, None, dict.fromkeys(world, 1))
                    helpers = _merged(helpers, _Reader(judge, generic, macros).helpers())
                yield VariantHelpers(
                    arch,
                    variant.name,
                    variant.description,
                    helpers,
                    (*unread(unit), *left_out(tree)),
                )


def _generic_names(tree: KernelTree) -> frozenset[str]:
    """What the generic headers and mm/ define: functions and macros."""
    paths = [*GENERIC_HEADERS, *OVERRIDABLE_HEADERS]
    paths += [f"mm/{entry.name}" for entry in tree.entries("mm") if entry.name.endswith(".c")]
    names: set[str] = set()
    for path in paths:
        text = _COMMENT.sub(" ", read_text(tree, path))
        if "pte" in text or "pmd" in text:
            names.update(macro or function for macro, function in _DEFINED.findall(text))
    return frozenset(names)


def _unreadable(variant: Variant, interface: Interface, problem: SourceError) -> VariantHelpers:
    helpers = tuple(
        _facts(variant, signature, "unknown", f"the headers cannot be read: {problem}")
        for signature in interface.signatures
    )
    return VariantHelpers(variant.arch, variant.name, variant.description, helpers, (str(problem),))


def _facts(variant: Variant, signature: Signature, verdict: str | None, reason: str) -> HelperFacts:
    return HelperFacts(
        arch=variant.arch,
        variant=variant.name,
        helper=signature.name,
        level=signature.level,
        parameters=signature.parameters,
        slot=_slot(signature),
        resolves="absent",
        alias=False,
        out_of_line=False,
        function="",
        location=None,
        reached=(),
        verdict=verdict,
        reason=reason,
    )


def _slot(signature: Signature) -> str:
    """The name of the parameter that points to the entry."""
    names = parameter_names(signature.parameters)
    for declared, name in zip(signature.parameters, names, strict=True):
        if re.match(rf"(?:const\s+)?{signature.level}_t\s*\*", declared):
            return name
    return ""


def _merged(
    first: tuple[HelperFacts, ...], second: tuple[HelperFacts, ...]
) -> tuple[HelperFacts, ...]:
    """What is reached in either state of the processor, and the worse of the two verdicts."""
    others = {(facts.helper, facts.level): facts for facts in second}
    found = []
    for facts in first:
        other = others.get((facts.helper, facts.level), facts)
        worse = max(facts, other, key=lambda one: _SEVERITY.index(one.verdict))
        reached = tuple(dict.fromkeys((*facts.reached, *other.reached)))
        found.append(replace(facts, reached=reached, verdict=worse.verdict, reason=worse.reason))
    return tuple(found)


class _Macros:
    """Where the headers of an architecture, or the generic ones, define a macro."""

    def __init__(self, tree: KernelTree, arch: str) -> None:
        self.tree = tree
        self.arch = arch

    def location(self, name: str) -> Location | None:
        """The place of the definition; None if there are several (of which #if chooses one)."""
        pattern = re.compile(rf"^[ \t]*#[ \t]*define[ \t]+{re.escape(name)}\b", re.M)
        for paths in (
            self.tree.walk(f"arch/{self.arch}/include", (".h",)),
            (*GENERIC_HEADERS, *OVERRIDABLE_HEADERS),
        ):
            found = [
                Location(path, text.count("\n", 0, match.start()) + 1)
                for path, data in self.tree.read_many(paths)
                if name.encode() in data
                for text in (data.decode("latin-1"),)
                for match in pattern.finditer(text)
            ]
            if found:
                return found[0] if len(found) == 1 else None
        return None


class _Reader:
    """One variant: the runs of its helpers as facts."""

    def __init__(self, judge: Judge, generic: frozenset[str], macros: _Macros) -> None:
        self.judge = judge
        self.variant = judge.variant
        self.generic = generic
        self.macros = macros

    def helpers(self) -> tuple[HelperFacts, ...]:
        """Every name of the interface, sorted by level and name, then the absent ones."""
        found = [self._judged(signature) for signature in self.judge.judged()]
        absent = [
            _facts(self.variant, signature, None, "")
            for signature in self.judge.interface.signatures
            if self.judge.target(signature.name) is None
        ]
        return (*sorted(found, key=lambda facts: (facts.level, facts.helper)), *absent)

    def _judged(self, signature: Signature) -> HelperFacts:
        runs = self.judge.run(signature)
        changed = changes(runs)
        verdict: HelperVerdict = self.judge.verdict(runs)
        name = signature.name
        if name.endswith(COMPOSED):  # start and commit are judged as the one thing that they are
            name = f"{name}_commit"
        resolves, location = self._resolves(name, verdict.function, verdict.location)
        return HelperFacts(
            arch=self.variant.arch,
            variant=self.variant.name,
            helper=name,
            level=signature.level,
            parameters=signature.parameters,
            slot=_slot(signature),
            resolves=resolves,
            alias=bool(verdict.function) and verdict.function != name,
            out_of_line=location is not None and location.path.endswith(".c"),
            function=verdict.function,
            location=location,
            reached=_reached(runs, location),
            verdict=verdict.verdict.value if changed else None,
            reason=verdict.reason if changed else "",
        )

    def _resolves(
        self, name: str, function: str, location: Location | None
    ) -> tuple[str, Location | None]:
        if location is None:
            return ("macro", self.macros.location(name)) if function else ("absent", None)
        if not location.path.startswith(f"arch/{self.variant.arch}/"):
            return "generic", location
        return "override" if name in self.generic else "arch", location


def _reached(runs: HelperRuns, macro: Location | None) -> tuple[Reached, ...]:
    """Stores and hooks of all paths, each chain of calls once, in the order of first sight."""
    events = (event for outcome in runs.outcomes for event in outcome.events)
    return tuple(dict.fromkeys(_event(event, macro) for event in events))


def _event(event: Event, macro: Location | None) -> Reached:
    """An event; one in our own probe stands in the macro that the helper is."""
    store = event.kind == "store"
    stack = frames(event)
    calls = tuple(
        Call(frame.function, None if frame.called.path.startswith("<") else frame.called)
        for frame in stack
    )
    ours = event.location.path.startswith("<")
    return Reached(
        kind="store" if store else "hook",
        name="" if store else event.name,
        level=event.level,
        location=macro if ours else event.location,
        function=stack[-1].function if stack else "",
        calls=calls,
    )
