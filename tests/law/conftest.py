# SPDX-License-Identifier: GPL-2.0-only
"""One bench for all tests of the law: what was parsed once is not parsed again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.law.demo import Bench, bench


@pytest.fixture(scope="session")
def demo() -> Iterator[Bench]:
    """The demonstration tree in its base variant."""
    with bench() as made:
        yield made
