# SPDX-License-Identifier: GPL-2.0-only
"""The configuration and the options of `check` that say what counts; the command line wins."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from analyzer.commands import common
from analyzer.commands.files import write_files
from analyzer.errors import UsageError
from analyzer.model import CheckResult
from analyzer.settings import RuleChoice, Settings, Source, find_source, load
from analyzer.settings.lookup import NAMES, of_tree, refuse_paths
from analyzer.settings.rules import chosen_rule
from analyzer.tree import KernelTree
from analyzer.triage import Policy, read_baseline, triage, write_baseline

MAX_SECONDS = 1_000_000
MAX_MEBIBYTES = 1 << 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that have a counterpart in the configuration."""
    group = parser.add_argument_group("what counts")
    config = group.add_mutually_exclusive_group()
    config.add_argument(
        "--config",
        metavar="FILE",
        help="configuration (default: ptcheck.toml or pyproject.toml of the current folder)",
    )
    config.add_argument("--no-config", action="store_true", help="read no configuration")
    group.add_argument(
        "--disable",
        metavar="RULE[,RULE]",
        action="append",
        help="rules whose findings do not count: codes, names or beginnings of codes (PTC2)",
    )
    group.add_argument(
        "--enable",
        metavar="RULE[,RULE]",
        action="append",
        help="rules that count although a shorter beginning of their code is disabled",
    )
    group.add_argument(
        "--no-suppressions",
        action="store_true",
        help="comments in the tree and suppressions of the configuration excuse nothing",
    )
    group.add_argument("--baseline", metavar="FILE", help="findings that are in FILE do not count")
    group.add_argument(
        "--write-baseline",
        metavar="FILE",
        help="write what is found now to FILE, as a baseline for later runs",
    )


def source_of(args: argparse.Namespace) -> Source | None:
    """The configuration that the options choose. Raises UsageError."""
    if args.no_config:
        return None
    return load(args.config) if args.config is not None else find_source()


def apply_settings(
    args: argparse.Namespace, source: Source | None, tree: KernelTree, err: TextIO
) -> tuple[Settings, str]:
    """Fill in what the command line left open; return the settings and what to say of them.

    Raises UsageError where a configuration that belongs to the tree names files to write.
    """
    if source is None:
        _note_unused(args, tree, err)
        return Settings(), ""
    settings = source.settings
    said = source.shown
    if of_tree(source, tree.path):
        refuse_paths(source, tree.path)
        said = f"{source.shown} of the tree under check"
    common.note(args, err, f"configuration: {said}")
    if not args.arch and settings.arch:
        args.arch = list(settings.arch)
    if not args.variant and settings.variants:
        args.variant = list(settings.variants)
    if not args.format and settings.outputs:
        args.format = [common.Output(one.format, one.file) for one in settings.outputs]
    if args.baseline is None and settings.baseline:
        args.baseline = settings.baseline
    if args.as_if_enabled is None:
        args.as_if_enabled = settings.as_if_enabled
    if args.jobs is None:
        args.jobs = settings.jobs
    if args.time_limit is None:
        args.time_limit = settings.time_limit
    if args.memory_limit is None:
        args.memory_limit = settings.memory_limit
    return settings, said


def _note_unused(args: argparse.Namespace, tree: KernelTree, err: TextIO) -> None:
    """Say that the tree has a configuration of its own that is not used."""
    name = NAMES[0][0]
    if not args.no_config and tree.path and args.tree and (Path(tree.path) / name).is_file():
        common.note(args, err, f"{tree.path}/{name} is not used (--config FILE reads it)")


def judge(
    args: argparse.Namespace,
    result: CheckResult,
    tree: KernelTree,
    settings: Settings,
    said: str,
    archs: tuple[str, ...],
) -> CheckResult:
    """The result with an excuse for what does not count; writes the baseline if asked to.

    `archs` are all architectures of the tree. Raises UsageError.
    """
    baseline = read_baseline(args.baseline) if args.baseline is not None else None
    judged = frozenset(summary.arch for summary in result.summaries)
    whole = judged if not args.variant else frozenset()
    policy = Policy(
        rules=_rules(args, settings.rules),
        suppressions=() if args.no_suppressions else settings.suppressions,
        baseline=baseline,
        comments=not args.no_suppressions,
        whole=whole,
        complete=bool(whole) and whole >= frozenset(archs),
        source=said,
    )
    judged_result = triage(result, tree, policy)
    if args.write_baseline is None:
        return judged_result
    text = write_baseline(judged_result)
    write_files([(args.write_baseline, text)])
    if baseline is not None and baseline.name != args.write_baseline:
        return judged_result
    written = read_baseline(args.write_baseline)
    return triage(result, tree, replace(policy, baseline=written))


def _rules(args: argparse.Namespace, chosen: RuleChoice) -> RuleChoice:
    """The choice of the configuration with that of the command line on top of it."""
    disable, enable = _named(args.disable), _named(args.enable)
    both = sorted({*disable} & {*enable})
    if both:
        raise UsageError(f"both disabled and enabled: {', '.join(both)}")
    return RuleChoice(
        (*(code for code in chosen.disable if code not in enable), *disable),
        (*(code for code in chosen.enable if code not in disable), *enable),
    )


def _named(texts: list[str] | None) -> tuple[str, ...]:
    names = [name for text in texts or () for name in text.split(",") if name.strip()]
    return tuple(chosen_rule(name, beginnings=True) for name in names)
