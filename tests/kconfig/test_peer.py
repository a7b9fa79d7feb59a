# SPDX-License-Identifier: GPL-2.0-only
"""Laws of the solver, on random Kconfig texts; kconfiglib is asked for a second opinion."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kconfig import load_kconfig
from analyzer.tree import MemoryTree
from tests.kconfig import peer, random_kconfig
from tests.kconfig.random_kconfig import NAMES

SEEDS = st.integers(0, 2**32)


def plain(kconfig: Any, wants: dict[str, str]) -> dict[str, str]:
    """Of each choice the last y only: n and what else is wanted are heard since 6.11."""
    members = {symbol.name: choice for choice in kconfig.unique_choices for symbol in choice.syms}
    last = {id(members[n]): n for n, text in wants.items() if n in members and text == "y"}
    return {n: t for n, t in wants.items() if n not in members or last.get(id(members[n])) == n}


@settings(max_examples=200)
@given(seed=SEEDS)
def test_values_agree_with_kconfiglib(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    text, wants = random_kconfig.kconfig(random), random_kconfig.wants(random)
    (tmp_path / "Kconfig").write_text(text)
    ours = load_kconfig(MemoryTree({"Kconfig": text}), "toy")
    assert ours.problems == ()
    with pytest.MonkeyPatch.context() as patch:
        theirs = peer.read(tmp_path, {}, patch)
    wants = plain(theirs, wants)
    peer.configure(theirs, wants)
    config = ours.solve(wants)
    assert {n: config.value(n) for n in NAMES} == {n: peer.value(theirs, n) for n in NAMES}


@settings(max_examples=60)
@given(seed=SEEDS)
def test_values_do_not_depend_on_the_order_of_questions(seed: int) -> None:
    random = Random(seed)
    kconfig = load_kconfig(MemoryTree({"Kconfig": random_kconfig.kconfig(random)}), "toy")
    wants = random_kconfig.wants(random)
    one, other = kconfig.solve(wants), kconfig.solve(wants)
    expected = {name: one.value(name) for name in NAMES}
    order = NAMES.copy()
    random.shuffle(order)
    got = {name: other.value(name) for name in order}
    assert got == expected


@settings(max_examples=60)
@given(seed=SEEDS)
def test_solving_for_its_own_values_changes_nothing(seed: int) -> None:
    random = Random(seed)
    kconfig = load_kconfig(MemoryTree({"Kconfig": random_kconfig.kconfig(random)}), "toy")
    first = kconfig.solve(random_kconfig.wants(random))
    values = {name: first.value(name) for name in NAMES if first.value(name)}
    second = kconfig.solve(values)
    assert {name: second.value(name) for name in values} == values


@settings(max_examples=60)
@given(seed=SEEDS)
def test_what_is_reached_is_so(seed: int) -> None:
    random = Random(seed)
    kconfig = load_kconfig(MemoryTree({"Kconfig": random_kconfig.kconfig(random)}), "toy")
    wants = random_kconfig.wants(random)
    for name in random.sample(NAMES, 6):
        value = random.choice("yn")
        found = kconfig.reach(wants, name, value)
        if found is not None:
            assert kconfig.solve(found).value(name) == value
