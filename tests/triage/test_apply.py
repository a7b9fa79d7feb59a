# SPDX-License-Identifier: GPL-2.0-only
"""Which findings count, and which excuses nothing was found for."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from analyzer.model import CheckResult, Excuse, Finding, Location, Notice, Reason
from analyzer.settings import RuleChoice, Suppression
from analyzer.tree import MemoryTree
from analyzer.triage import Baseline, Policy, triage
from analyzer.triage.baseline import Entry, entry_of
from tests.commands.runner import DEMO, PGTABLE, Done, ptcheck
from tests.report.example import example

UNHOOKED, PREDICATE, IF_ENABLED = "5f0a", "5f0b", "5f0c"
EMPTY = MemoryTree({"arch/demo/x.h": ""})
WHERE = Location("ptcheck.toml", 3)


def excuses(result: CheckResult) -> dict[str, Reason]:
    return {f.fingerprint: f.excuse.reason for f in result.findings if f.excuse}


def finding(fingerprint: str) -> Finding:
    return next(f for f in example().findings if f.fingerprint == fingerprint)


@pytest.mark.parametrize(
    ("rule", "path", "helper", "expected"),
    [
        ("PTC101", "arch/demo/*", "", {UNHOOKED}),
        ("PTC101", "*", "", {UNHOOKED, IF_ENABLED}),
        ("PTC101", "*", "set_*", {IF_ENABLED}),
        ("PTC101", "*", "pmdp_huge_clear_flush", {UNHOOKED}),
        ("PTC203", "*", "", {PREDICATE}),
        ("PTC101", "arch/demo", "", set()),
        ("PTC102", "*", "", set()),
    ],
)
def test_by_rule_path_and_helper(rule: str, path: str, helper: str, expected: set[str]) -> None:
    one = Suppression(rule, path, helper, "known", WHERE)
    policy = Policy(suppressions=(one,), complete=True)
    result = triage(example(), EMPTY, policy)
    assert set(excuses(result)) == expected
    assert all(
        f.excuse == Excuse(Reason.CONFIGURATION, "known", WHERE)
        for f in result.findings
        if f.excuse
    )
    assert [n.rule for n in result.notices] == ([] if expected else ["PTC912"])


def test_disabled_rules_and_the_baseline() -> None:
    known = Baseline("b.json", (entry_of(finding(UNHOOKED)), entry_of(finding(PREDICATE))))
    policy = Policy(rules=RuleChoice(("PTC2",)), baseline=known)
    result = triage(example(), EMPTY, policy)
    assert excuses(result) == {UNHOOKED: Reason.BASELINE, PREDICATE: Reason.DISABLED}
    assert result.notices == ()
    assert result.baseline == "b.json"


def test_stale_entries_are_told_only_where_everything_was_judged() -> None:
    stale = Entry("demo", PGTABLE, "set_ptes", "PTC102", "pte", "dead")
    elsewhere = Entry("arm", "arch/arm/x.h", "f", "PTC101", "pte", "beef")
    known = Baseline("b.json", (elsewhere, stale))
    told = triage(example(), EMPTY, Policy(baseline=known, whole=frozenset({"demo"}))).notices
    assert told == (
        Notice(
            "PTC913",
            "PTC102 demo pte set_ptes: in the baseline b.json and no longer found (dead)",
            Location(PGTABLE, 0),
        ),
    )
    assert triage(example(), EMPTY, Policy(baseline=known)).notices == ()
    assert len(triage(example(), EMPTY, Policy(baseline=known, complete=True)).notices) == 2


# -- as a user does it, on the demonstration tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "demo")
    return tmp_path / "demo"


def mark(tree: Path, comment: str, inside: bool = False) -> None:
    """Put a comment before or into the helper that lacks its hook."""
    path = tree / PGTABLE
    text = path.read_text()
    head = re.search(r"(?m)^static inline pmd_t pmdp_huge_get_and_clear\(", text)
    assert head
    place = text.index("{\n", head.start()) + 2 if inside else head.start()
    path.write_text(f"{text[:place]}{comment}\n{text[place:]}")


def findings(done: Done) -> list[tuple[bool, str | None]]:
    return [
        (f["counts"], f["excuse"] and f["excuse"]["kind"]) for f in json.loads(done.out)["findings"]
    ]


@pytest.mark.parametrize("inside", [False, True])
def test_a_comment_at_the_helper(tree: Path, inside: bool) -> None:
    mark(tree, "/* ptcheck: ignore PTC101 -- mended next week */", inside)
    done = ptcheck("check", "-C", str(tree), "--format", "json")
    assert (done.code, findings(done)) == (0, [(False, "comment")])
    value = json.loads(done.out)
    assert value["notices"] == []
    assert value["findings"][0]["excuse"]["reason"] == "mended next week"
    assert value["findings"][0]["excuse"]["path"] == PGTABLE


@pytest.mark.parametrize(
    ("comment", "code", "rules"),
    [
        ("/* ptcheck: ignore PTC101 */", 1, ["PTC911"]),
        ("/* ptcheck: ignore PTC102 -- wrong one */", 1, ["PTC912"]),
        ("/* ptcheck: ignore PTC101, PTC102 -- one of two */", 0, ["PTC912"]),
        ("/* ptcheck: ignore PTC101 -- too far */\n", 1, ["PTC911"]),
    ],
)
def test_a_comment_that_does_not_count(
    tree: Path, comment: str, code: int, rules: list[str]
) -> None:
    mark(tree, comment)
    done = ptcheck("check", "-C", str(tree), "--format", "json")
    assert done.code == code
    assert [notice["rule"] for notice in json.loads(done.out)["notices"]] == rules
    part = ptcheck("check", "-C", str(tree), "--variant", "nothp", "--format", "json")
    left = [notice["rule"] for notice in json.loads(part.out)["notices"]]
    assert left == [rule for rule in rules if rule == "PTC911"]  # not all was judged


def test_a_baseline_from_writing_to_stale(tree: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.json"
    first = ptcheck("check", "-C", str(tree), "--write-baseline", str(base), "--format=json")
    assert (first.code, findings(first)) == (0, [(False, "baseline")])
    again = base.read_bytes()
    shifted = (tree / PGTABLE).read_text().replace("#define", "\n\n#define", 1)
    (tree / PGTABLE).write_text(shifted)
    second = ptcheck("check", "-C", str(tree), "--baseline", str(base), "--format=text")
    assert second.code == 0
    assert "0 findings (1 in the baseline); " in second.out
    assert "PTC913" not in second.out
    mark(tree, "\tpage_table_check_pmd_clear(mm, *pmdp);", inside=True)
    third = ptcheck("check", "-C", str(tree), "--baseline", str(base))
    assert third.code == 0
    assert ": PTC913 baseline-stale: PTC101 demo pmd pmdp_huge_get_and_clear: " in third.out
    ptcheck("check", "-C", str(tree), "--baseline", str(base), "--write-baseline", str(base))
    assert json.loads(base.read_text())["findings"] == []
    assert again != base.read_bytes()


def test_a_bad_baseline_is_told_before_the_work(tree: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    done = ptcheck("check", "-C", str(tree), "--baseline", str(bad))
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert "not a baseline" in done.err


def test_all_formats_say_what_is_excused(tree: Path, tmp_path: Path) -> None:
    """Told or left out as the format is for, and a failure in none of them."""
    mark(tree, "/* ptcheck: ignore PTC101, PTC102 -- because of it */")
    names = ("text", "json", "sarif", "github", "gitlab", "junit", "ktap", "markdown")
    done = ptcheck(
        "check", "-C", str(tree), *(f"--format={name}={name}" for name in names), cwd=tmp_path
    )
    assert done.code == 0
    texts = {name: (tmp_path / name).read_text() for name in names}
    for name in ("text", "json", "sarif", "junit", "ktap", "markdown"):
        assert "because of it" in texts[name], name
    for name in names:
        assert "PTC912" in texts[name], name
    assert "::error" not in texts["github"]
    assert [i["check_name"] for i in json.loads(texts["gitlab"])] == ["PTC912"]
    assert "<failure" not in texts["junit"]
    assert "not ok" not in texts["ktap"]
    result = json.loads(texts["sarif"])["runs"][0]["results"][0]
    assert [(s["kind"], s["justification"]) for s in result["suppressions"]] == [
        ("inSource", "because of it")
    ]
    line = result["suppressions"][0]["location"]["physicalLocation"]["region"]["startLine"]
    assert "ptcheck: ignore" in (tree / PGTABLE).read_text().split("\n")[line - 1]
