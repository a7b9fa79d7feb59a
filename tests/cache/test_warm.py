# SPDX-License-Identifier: GPL-2.0-only
"""What is known of another revision changes no verdict: warm is cold, to the byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.cache import FactCache, open_cache
from analyzer.check import check_tree
from analyzer.check.judge import Judge
from analyzer.check.known import Known
from analyzer.helpers.interface import Signature
from analyzer.law.outcome import HelperRuns
from analyzer.law.record import Answered, Record
from analyzer.model import CheckResult, Verdict
from analyzer.tree import KernelTree, MemoryTree, OverlayTree, open_tree
from tests.check.trees import PGTABLE, demo_files, mend

HEADER = f"arch/demo/{PGTABLE}"
ONLY = frozenset({"base"})
_FUNCTION = re.compile(r"^static inline [^;{}#]*\{\n(?:.*\n)*?\}\n", re.M)
_HOOK = re.compile(r"\bpage_table_check_\w+\([^;]*\);")

Edit = Callable[[str], str]


def checked(tree: KernelTree, cache: FactCache | None, arch: str = "demo") -> CheckResult:
    only = ONLY if arch == "demo" else None
    return replace(check_tree(tree, (arch,), only=only, facts=cache), seconds=0.0)


def _at(pattern: re.Pattern[str], number: int, change: Callable[[str], str]) -> Edit:
    """Change one of the places where a pattern matches."""

    def edit(text: str) -> str:
        found = list(pattern.finditer(text))
        if not found:
            return text
        one = found[number % len(found)]
        return text[: one.start()] + change(one[0]) + text[one.end() :]

    return edit


_KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], str]]] = {
    "no hook": (_HOOK, lambda _: ";"),
    "two hooks": (_HOOK, lambda hook: f"{hook} {hook}"),
    "a late hook": (re.compile(_HOOK.pattern + r"([^}]*)"), lambda t: _swapped(t)),
    "a remark": (re.compile(r"^static inline", re.M), lambda t: f"/* a\n\n b */\n\n{t}"),
    "lines": (re.compile(r";\n"), lambda t: f"{t}\n\n\n\n\n\n\n\n\n\n"),
    "no function": (_FUNCTION, lambda _: ""),
    "another bit": (re.compile(r"(?<=<< )\d+|\b0x\d\b"), lambda t: "9"),
    "a test less": (re.compile(r" && [^;&)]+"), lambda _: ""),
    "not": (re.compile(r"\breturn (?=[a-z])"), lambda t: f"{t}!!"),
    "cut": (re.compile(r"\}\n\n"), lambda _: "\n"),
    "another type": (re.compile(r"\bunsigned long\b"), lambda _: "unsigned int"),
    "a macro": (re.compile(r"^#define (\w+).*$", re.M), lambda t: f"{t}\n/* {t[8:20]} */"),
    "no macro": (re.compile(r"^#define \w+ .*\n", re.M), lambda _: ""),
}


def _swapped(text: str) -> str:
    hook, _, rest = text.partition(";")
    return f"{rest};{hook};"


edits = st.lists(
    st.builds(
        lambda kind, number: (kind, number),
        st.sampled_from(sorted(_KINDS)),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=3,
)


def _edited(text: str, chosen: list[tuple[str, int]]) -> str:
    for kind, number in chosen:
        pattern, change = _KINDS[kind]
        text = _at(pattern, number, change)(text)
    return text


def _demo(header: str | None = None) -> MemoryTree:
    files = demo_files("demo")
    files[HEADER] = mend(files[HEADER]) if header is None else header.encode("latin-1")
    return MemoryTree(files)


def _header() -> str:
    return mend(demo_files("demo")[HEADER]).decode("latin-1")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows the tree without edits, and every tree that was asked about since."""
    folder = tmp_path_factory.mktemp("cache")
    with open_cache(folder) as cache:
        checked(_demo(), cache)
    return folder


def _warm_is_cold(known: Path, chosen: list[tuple[str, int]]) -> None:
    tree = _demo(_edited(_header(), chosen))
    with open_cache(known) as cache:
        warm = checked(tree, cache)
    assert warm == checked(tree, None)


@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(chosen=edits)
def test_edits_of_the_demonstration(known: Path, chosen: list[tuple[str, int]]) -> None:
    _warm_is_cold(known, chosen)


@pytest.mark.slow
@settings(
    max_examples=120, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(chosen=edits)
def test_many_edits_of_the_demonstration(known: Path, chosen: list[tuple[str, int]]) -> None:
    _warm_is_cold(known, chosen)


def test_only_what_changed_is_run(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hook less: that helper, and those that go through it."""
    ran: list[str] = []
    run = Judge.run

    def counted(self: Judge, signature: Signature) -> HelperRuns:
        ran.append(signature.name)
        return run(self, signature)

    monkeypatch.setattr(Judge, "run", counted)
    header = _header()
    start = header.index("static inline void set_pmd_at(")
    broken = header[:start] + _HOOK.sub(";", header[start:], count=1)
    with open_cache(known) as cache:
        checked(_demo(), cache)
        ran.clear()
        # a remark before all functions: everything stands elsewhere, nothing is another
        checked(_demo("/* so */\n\n" + header), cache)
        assert ran == []
        result = checked(_demo(broken), cache)
    found = {h.helper for h in result.helpers if h.verdict is Verdict.FINDING}
    assert "set_pmd_at" in found
    assert found <= set(ran)
    assert len(ran) < len(result.helpers) / 3
    # the name of a type decides how all functions parse
    ran.clear()
    with open_cache(known) as cache:
        again = checked(_demo("typedef int new_name;\n" + header), cache)
    assert len(ran) > len(again.helpers) / 2


def _forged(record: Record, how: str) -> Record:
    """A record that decodes, and whose parts do not fit together."""
    fact = next(f for f in record.helpers if f.verdict is not None and f.verdict.hooks)
    if how == "kind":
        return replace(record, questions=(Answered("no kind", "x", "", ""), *record.questions))
    if how == "shared":
        return replace(record, shared=(10**9,))
    if how == "asked":
        return replace(record, helpers=(replace(fact, asked=(-1,)),))
    return replace(record, helpers=(replace(fact, places=()),))


@pytest.mark.parametrize("how", ["kind", "shared", "asked", "places"])
def test_a_record_that_is_none_of_ours(
    known: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as absent; the verdicts are those of a run without it."""
    found: list[bool] = []
    recall = Known.recall

    def forged(self: Known, record: Record) -> bool:
        found.append(recall(self, _forged(record, how)))
        return found[-1]

    monkeypatch.setattr(Known, "recall", forged)
    tree = _demo(f"/* {how} */\n" + _header())
    with open_cache(known) as cache:
        assert checked(tree, cache) == checked(tree, None)
    assert found
    assert not any(found)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
def test_edits_of_a_real_header(arch: str, kernel_6_12: Path, tmp_path: Path) -> None:
    """Each hook of the page-table header taken out, in turn with what changes no token."""
    path = f"arch/{arch}/{PGTABLE}"
    with open_tree(kernel_6_12) as base, open_cache(tmp_path) as cache:
        header = base.read(path).decode("latin-1")
        checked(base, cache, arch)
        hooks = len(_HOOK.findall(header))
        assert hooks
        for chosen in (
            [("no hook", hooks - 1)],
            [("a remark", 7), ("lines", 30)],
            [("two hooks", 0)],
        ):
            text = _edited(header, chosen).encode("latin-1")
            tree = OverlayTree(base, {path: text})
            assert checked(tree, cache, arch) == checked(tree, None, arch), chosen
