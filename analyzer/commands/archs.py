# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck archs`: the architectures of a tree, their variants, and the tree's hook interface."""

from __future__ import annotations

import argparse
from typing import TextIO

from analyzer.check.api import hook_api
from analyzer.check.lint import SUPPORT
from analyzer.commands import common
from analyzer.kconfig import KconfigFiles, Variant, architectures, load_kconfig, variants
from analyzer.report import archs as report
from analyzer.report.archs import ArchFacts, TreeFacts, VariantFacts
from analyzer.tree import KernelTree

NAME = "archs"
HELP = "list architectures, their variants, who selects the option, and the hooks of the tree"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    common.add_common_arguments(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Write what the tree says about its architectures; nothing is preprocessed.

    The exit code is 3 where a Kconfig file could not be understood: what is written may lack
    something then.
    """
    wanted = common.outputs(args)
    tree, _ = common.choose_tree(args, err)
    with tree:
        archs = common.choose_archs(args, tree)
        facts = gather(tree, archs)
    renderers = {
        "text": lambda: report.render_text(facts, verbose=args.verbose > 0),
        "json": lambda: report.render_json(facts),
    }
    common.write_outputs(wanted, renderers, out)
    return common.Exit.INCOMPLETE if facts.problems else common.Exit.CLEAN


def gather(tree: KernelTree, archs: tuple[str, ...]) -> TreeFacts:
    """Read the Kconfig of each of `archs` and the hook header. Raises nothing for its contents."""
    files = KconfigFiles(tree)
    found = []
    problems: dict[str, None] = {}
    for arch in archs:
        kconfig = load_kconfig(tree, arch, files)
        support = kconfig.select_of(SUPPORT)
        planned = tuple(_variant(variant) for variant in variants(tree, arch, kconfig))
        found.append(
            ArchFacts(
                arch=arch,
                supported=support.supported,
                condition=support.condition,
                path=support.path or None,
                line=support.line or None,
                variants=planned,
            )
        )
        for problem in kconfig.problems:
            at = problem.location
            place = f"{at.path}:{at.line}" if at.line else at.path
            problems[f"{place}: {problem.message}"] = None
        if kconfig.empty:
            problems[f"arch/{arch}/Kconfig: there is no Kconfig to read"] = None
    return TreeFacts(
        tree.label, tree.revision, hook_api(tree, architectures(tree)), tuple(found), (*problems,)
    )


def _variant(variant: Variant) -> VariantFacts:
    return VariantFacts(
        name=variant.name,
        description=variant.description,
        bits=variant.bits,
        endian=variant.endian,
        levels=variant.levels,
        mmu=variant.has_mmu,
        supported=variant.supported,
    )
