# SPDX-License-Identifier: GPL-2.0-only
"""The small repository of the tests of trees."""

from __future__ import annotations

from tests.tree.conftest import folder, git, repository

__all__ = ["folder", "git", "repository"]
