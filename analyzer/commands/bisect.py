# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck bisect --rule PTC101 GOOD..BAD`: the commit that made a finding."""

from __future__ import annotations

import argparse
from typing import Any, TextIO

from analyzer.check.bisect import Answer, State, Target, bisect, state, targets
from analyzer.check.judging import Shared
from analyzer.commands import common
from analyzer.commands.revisions import judge
from analyzer.errors import TreeError, UsageError
from analyzer.kconfig.facts import architectures
from analyzer.model import CheckResult
from analyzer.report.escape import place, visible
from analyzer.report.json import finding_document, to_json
from analyzer.rules.catalogue import find_rule
from analyzer.tree import History, open_tree

NAME = "bisect"
HELP = "the commit that made a finding (unhooked a helper, say), without a checkout"
SCHEMA = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("range", metavar="GOOD..BAD", help="a commit without and one with it")
    parser.add_argument("--rule", metavar="CODE", required=True, help="the rule, as PTC101")
    parser.add_argument("--helper", metavar="H", help="only findings about this helper or function")
    parser.add_argument(
        "--first-parent", action="store_true", help="follow only the first parent of merges"
    )
    common.add_common_arguments(parser)
    common.add_variant_argument(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Find the commits, one for each finding; 3 where commits that cannot be judged hide one."""
    if args.rev is not None:
        raise UsageError("bisect takes a range, GOOD..BAD, not --rev")
    wanted = common.outputs(args)
    rule = find_rule(args.rule).code
    search = _Search(args, err, rule)
    answers = search.answers()
    renderers = {
        "text": lambda: _text(answers, search.history),
        "json": lambda: _json(answers, search.history, rule),
    }
    common.write_outputs(wanted, renderers, out)
    decided = all(answer.commit is not None for answer in answers)
    return common.Exit.CLEAN if decided else common.Exit.INCOMPLETE


class _Search:
    """Judges commits of one repository, each once."""

    def __init__(self, args: argparse.Namespace, err: TextIO, rule: str) -> None:
        self.args = args
        self.err = err
        self.rule = rule
        self._shared = Shared()
        self.only = common.chosen_variants(args)
        self.path = args.tree if args.tree is not None else "."
        self.history = History(self.path)
        good, dots, bad = args.range.partition("..")
        if not dots or not good or not bad or bad.startswith("."):
            raise UsageError(f"not a range GOOD..BAD: '{args.range}'")
        self.names = (good, bad)
        self.good, self.bad = self.history.commit(good), self.history.commit(bad)
        common_one = self.history.merge_base(self.good, self.bad)
        if common_one != self.good:
            raise UsageError(
                f"{good} is not an ancestor of {bad}; they have {common_one[:12]} in common,"
                f" try {common_one[:12]}..{bad}"
            )

    def answers(self) -> list[Answer]:
        """One answer for each finding that bad has and good has not. Raises UsageError."""
        with common.facts(self.args, self.err) as facts:
            self._facts = facts
            after = self._judged(self.bad, None)
            before = self._judged(self.good, None)
            found, old = targets(before, after, self.rule, self.args.helper)
            if not found:
                about = f" about {self.args.helper}" if self.args.helper else ""
                what = f"{self.rule}{about}"
                good, bad = self.names
                if old:
                    raise UsageError(f"{good} is bad already: it has {what}, and {bad} has no more")
                raise UsageError(f"{bad} is good: it has no {what}")
            return [self._bisect(target) for target in found]

    def _bisect(self, target: Target) -> Answer:
        return bisect(
            target,
            self.good,
            self.bad,
            self.history,
            lambda commit: self._ask(target, commit),
            self.args.first_parent,
        )

    def _ask(self, target: Target, commit: str) -> State:
        try:
            found = state(target, self._judged(commit, target.finding.arch))
        except TreeError as error:
            common.note(self.args, self.err, f"{commit[:12]}: skipped: {error}", 1)
            return State.UNKNOWN
        common.note(self.args, self.err, f"{commit[:12]}: {found.value}", 1)
        return found

    def _judged(self, commit: str, arch: str | None) -> CheckResult:
        """The result of a commit: of the architectures asked for, or of one; where it has not
        that one, of all that may be it under another name."""
        with open_tree(self.path, commit) as tree:
            there = architectures(tree)
            if arch is None:
                names = {name for text in self.args.arch or ("all",) for name in text.split(",")}
                chosen = common.choose_archs(self.args, tree) if commit == self.bad else there
                if commit != self.bad and "all" not in names:
                    chosen = tuple(name for name in there if name in names)
                    if not names <= set(there):
                        chosen += self._others(there)
            else:
                chosen = (arch,) if arch in there else self._others(there)
            return judge(self.args, tree, chosen, self.only, self._facts, self._shared, self.err)

    def _others(self, there: tuple[str, ...]) -> tuple[str, ...]:
        with open_tree(self.path, self.bad) as tree:
            known = architectures(tree)
        return tuple(name for name in there if name not in known)


def _text(answers: list[Answer], history: History) -> str:
    lines = []
    for answer in answers:
        finding = answer.target.finding
        what = f"{finding.rule} {finding.name} for {visible(finding.function)}()"
        what += f" of {visible(finding.arch)}"
        if answer.commit is not None:
            lines.append(f"{answer.commit} is the first commit with {what}")
            lines.append(f"    {visible(history.subject(answer.commit))}")
        else:
            lines.append(f"one of {len(answer.commits)} commits is the first with {what}:")
            for commit in answer.commits:
                note = " (cannot be judged)" if commit in answer.skipped else ""
                lines.append(f"    {commit}{note} {visible(history.subject(commit))}")
        lines.append(f"    {place(finding.location)}: {visible(finding.message)}")
        skipped = [commit for commit in answer.skipped if commit not in answer.commits]
        lines += [f"    skipped, cannot be judged: {commit}" for commit in skipped]
        lines.append(f"    {answer.judged} commits judged between")
    return "".join(f"{line}\n" for line in lines)


def _json(answers: list[Answer], history: History, rule: str) -> str:
    found: list[dict[str, Any]] = [
        {
            "finding": finding_document(answer.target.finding),
            "commit": answer.commit,
            "commits": [
                {"commit": commit, "subject": history.subject(commit)} for commit in answer.commits
            ],
            "judged": answer.judged,
            "skipped": list(answer.skipped),
        }
        for answer in answers
    ]
    return to_json({"schema": SCHEMA, "tool": {"name": "ptcheck"}, "rule": rule, "answers": found})
