# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration tree, mended and with its support taken out."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from analyzer.generate.edits import apply
from analyzer.generate.run import Plan, plan
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree, OverlayTree
from tests.generate.strip import strip


def edited(tree: KernelTree, texts: dict[str, str]) -> KernelTree:
    return OverlayTree(tree, {path: text.encode("latin-1") for path, text in texts.items()})


def applied(tree: KernelTree, found: Plan) -> KernelTree:
    texts = apply(found.texts, found.edits)
    assert texts is not None
    return edited(tree, texts)


@dataclass(frozen=True)
class Demo:
    """The tree as it is, mended, stripped, and the two plans that were made."""

    broken: KernelTree
    fix: Plan
    whole: KernelTree
    stripped: KernelTree
    plan: Plan


@pytest.fixture(scope="session")
def demo() -> Demo:
    broken = FolderTree(demo_dir())
    fix = plan(broken, "demo")
    whole = applied(broken, fix)
    stripped = edited(whole, strip(whole, "demo"))
    return Demo(broken, fix, whole, stripped, plan(stripped, "demo"))
