# SPDX-License-Identifier: GPL-2.0-only
"""Judging revisions, for the commands that compare several."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TextIO

from analyzer.check import check_tree
from analyzer.check.judging import Shared
from analyzer.check.limits import Limits
from analyzer.commands import common
from analyzer.kconfig.facts import architectures
from analyzer.model import CheckResult
from analyzer.tree import KernelTree


def judge(
    args: argparse.Namespace,
    tree: KernelTree,
    archs: Sequence[str],
    only: frozenset[str] | None,
    facts: common.Facts,
    shared: Shared,
    err: TextIO,
    limits: Limits | None = None,
) -> CheckResult:
    """The result for one tree, with the options that all commands have."""
    return check_tree(
        tree,
        archs,
        only=only,
        jobs=common.jobs(args),
        note=lambda text: common.note(args, err, f"{tree.label}: {text}", 1),
        facts=facts,
        limits=limits,
        shared=shared,
    )


def judge_two(
    args: argparse.Namespace,
    base: KernelTree,
    head: KernelTree,
    only: frozenset[str] | None,
    err: TextIO,
    limits: Limits | None = None,
) -> tuple[CheckResult, CheckResult]:
    """The results for two trees and the architectures that the options name, within `limits`
    for both together.

    Of base also those that head does not have, unless all that are asked for are in both: they
    may have got another name. Raises UsageError for one that neither has.
    """
    before, after = architectures(base), architectures(head)
    names = {name for text in args.arch or ("all",) for name in text.split(",")}
    if "all" not in names and names <= {*before, *after}:
        chosen = tuple(arch for arch in after if arch in names)
        older = [arch for arch in before if arch in names]
    else:
        chosen = common.choose_archs(args, head)
        older = [arch for arch in before if arch in chosen]
    gone = [arch for arch in before if arch not in after and arch not in older]
    if "all" in names or not set(chosen) <= set(before):
        older += gone
    shared = Shared()
    with common.facts(args, err) as facts:
        first = judge(args, base, sorted(older), only, facts, shared, err, limits)
        return first, judge(args, head, chosen, only, facts, shared, err, limits)
