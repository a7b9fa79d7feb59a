# SPDX-License-Identifier: GPL-2.0-only
"""Benches, made once in a process: reading a tree for an architecture takes some seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from analyzer.frontend import Stage
from analyzer.tree import FolderTree
from tests.compiler.comparison import Bench, base_variant, bench
from tests.compiler.compilers import Compiler

Benches = Callable[..., Bench]


@pytest.fixture(scope="session")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    """`benches(kernel, arch, fixed=False)`; skips where there is no compiler."""
    made: dict[tuple[Path, str, bool], Bench] = {}
    with ExitStack() as stages:

        def get(kernel: Path, arch: str, fixed: bool = False) -> Bench:
            key = (kernel, arch, fixed)
            if key not in made:
                stage = stages.enter_context(Stage(FolderTree(str(kernel))))
                variant = base_variant(stage.tree, arch, fixed)
                missing = Compiler.missing(variant)
                if missing is not None:
                    pytest.skip(f"{missing}: nothing to compare the evaluator with")
                work = tmp_path_factory.mktemp(f"{kernel.name}-{arch}")
                made[key] = bench(variant, work, stage)
            return made[key]

        yield get


@pytest.fixture(params=["6.12", "6.1"])
def kernel(request: pytest.FixtureRequest) -> Path:
    """The folder of each of the two kernels."""
    found: Path = request.getfixturevalue(f"kernel_{str(request.param).replace('.', '_')}")
    return found


@pytest.fixture(params=["x86", "arm64", "riscv"])
def arch(request: pytest.FixtureRequest) -> str:
    """Each architecture with a compiler."""
    return str(request.param)
