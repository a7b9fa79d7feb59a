# SPDX-License-Identifier: GPL-2.0-only
"""The small repository of the tests of trees; for the tests of judging again a cache to write to,
and whether it was enough."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.cache import FactCache, open_cache
from analyzer.check import judging
from tests.tree.conftest import folder, git, repository

__all__ = ["copy", "folder", "found_again", "git", "repository"]


@pytest.fixture
def copy(known: Path, tmp_path: Path) -> Iterator[FactCache]:
    shutil.copytree(known, tmp_path / "copy")
    with open_cache(tmp_path / "copy") as cache:
        yield cache


@pytest.fixture
def found_again(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each architecture that was not known: whether it was judged from what is kept."""
    answers: list[bool] = []
    ask = judging._again

    def noted(*given: object) -> object:
        answers.append((found := ask(*given)) is not None)  # type: ignore[arg-type]
        return found

    monkeypatch.setattr(judging, "_again", noted)
    return answers
