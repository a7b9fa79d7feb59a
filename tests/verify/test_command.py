# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck verify` as a user runs it: exit codes, reports, a series in memory."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from analyzer.kconfig import Variant
from analyzer.tree import open_tree
from analyzer.verify import verify_tree
from analyzer.verify.values import VariantProof
from tests.commands.runner import DEMO, PGTABLE, mended, ptcheck

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "docs" / "verify.schema.json").read_text())
)
BASE = ("--arch", "demo", "--variant", "base")


def mbox(tmp_path: Path, before: str, after: str, subject: str = "demo: mend it") -> Path:
    """A mail with a patch that turns one text of the header into another."""
    import difflib

    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True),
        f"a/{PGTABLE}", f"b/{PGTABLE}",
    )  # fmt: skip
    place = tmp_path / "series.mbox"
    place.write_text(
        f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        f"From: A <a@example.org>\nSubject: [PATCH] {subject}\n\nWhy.\n---\n"
        f"{''.join(lines)}--\n2.39\n"
    )
    return place


def test_defect_of_the_demonstration() -> None:
    done = ptcheck("verify", "-C", str(DEMO), *BASE)
    assert done.code == 1
    assert f"{PGTABLE}:281: pmdp_huge_get_and_clear() disagrees" in done.out
    assert "and so, doing the same, pmdp_huge_clear_flush(), pmdp_huge_get" in done.out
    assert "demo/base: 11 sequences with such helpers, too: huge-unmap/" in done.out
    assert "1 variant: 26 of 29 helpers agree with the reference model" in done.out


def test_series_that_mends_it_is_proved(tmp_path: Path) -> None:
    series = mbox(tmp_path, (DEMO / PGTABLE).read_text(), mended())
    done = ptcheck("verify", "-C", str(DEMO), *BASE, "--series", str(series), "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["series"] == ["[PATCH] demo: mend it"]
    assert found["disagrees"] is False
    assert found["incomplete"] is False
    (variant,) = found["variants"]
    assert {one["agreement"] for one in variant["helpers"] + variant["sequences"]} == {"agrees"}
    hooked = {one["helper"] for one in variant["helpers"] if one["hooked"]}
    assert "pmdp_huge_get_and_clear" in hooked
    assert "ptep_set_wrprotect" not in hooked


def test_report_is_of_the_schema_and_does_not_depend_on_jobs() -> None:
    runs = [
        ptcheck("verify", "-C", str(DEMO), "--arch", "demo", "--format", "json", "--jobs", jobs)
        for jobs in ("1", "3")
    ]
    assert [done.code for done in runs] == [1, 1]
    assert runs[0].out == runs[1].out
    found = json.loads(runs[0].out)
    SCHEMA.validate(found)
    assert len(found["variants"]) >= 2
    assert found["seconds"] is None
    assert any(one["problem"] for one in found["variants"][0]["helpers"])
    del found["variants"][0]["helpers"][0]["agreement"]
    assert not SCHEMA.is_valid(found)


def test_a_process_that_dies_costs_its_variant(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(unit: object, variant: Variant, *more: object) -> VariantProof:
        if variant.name == "base":
            os.kill(os.getpid(), signal.SIGKILL)
        return VariantProof("demo", variant.name, True, (), (), (), (), (), ())

    monkeypatch.setattr("analyzer.verify.run.verify_unit", die)
    with open_tree(str(DEMO)) as tree:
        found = verify_tree(tree, ("demo",), jobs=2)
    first, *others = found.variants
    assert first.variant == "base"
    assert first.problems == (
        "the process that verified it ended early (killed by SIGKILL, for want of memory?)",
    )
    assert others
    assert not any(one.problems for one in others)
    assert found.incomplete


def test_series_that_does_not_apply(tmp_path: Path) -> None:
    series = mbox(tmp_path, mended(), (DEMO / PGTABLE).read_text())
    done = ptcheck("verify", "-C", str(DEMO), *BASE, "--series", str(series))
    assert done.code == 2
    assert done.out == ""
    assert "patch 1 ([PATCH] demo: mend it) does not apply" in done.err
    assert f"{PGTABLE}: hunk 1: line " in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--series", "nowhere.mbox"), "nowhere.mbox: cannot be read"),
        (("--variant", "nothing"), "demo has no variant nothing"),
        (("--output", "x"), "--output is for --boot"),
        (("--boot", "pdp11"), "no machine 'pdp11' to boot; there are: x86_64"),
        (("--timeout", "0"), "not a number of seconds"),
        (("elsewhere",), "the tree is named twice"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str) -> None:
    done = ptcheck("verify", "-C", str(DEMO), *arguments)
    assert done.code == 2
    assert said in done.err


def test_what_cannot_be_read_is_incomplete(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(DEMO, tree)
    text = mended().replace("pte_t old = __pte(xchg(&ptep->pte, 0UL));",
                            "pte_t old = *ptep; ptep->pte = unknown_value();")  # fmt: skip
    (tree / PGTABLE).write_text(text)
    done = ptcheck("verify", str(tree), *BASE)
    assert done.code == 3
    assert "not verified" in done.out
    assert "ptep_get_and_clear(): " in done.out


FRAMEWORK = "mm/page_table_check.c"


@pytest.mark.parametrize(
    ("before", "after", "agreement", "code"),
    [
        ("", "", "agrees", 0),
        ("rw && maps > 1", "rw && maps > 2", "disagrees", 1),
        ("void __page_table_check_zero", "int __page_table_check_zero(nonsense", "", 2),
    ],
    ids=["as it is", "a rule that is broken", "does not compile"],
)
def test_model_beside_the_framework_of_the_tree(
    tmp_path: Path, before: str, after: str, agreement: str, code: int
) -> None:
    if shutil.which("gcc") is None and shutil.which("clang") is None:
        pytest.skip("no compiler is installed")
    tree = tmp_path / "tree"
    shutil.copytree(DEMO, tree)
    (tree / PGTABLE).write_text(mended())
    text = (tree / FRAMEWORK).read_text()
    assert before in text
    (tree / FRAMEWORK).write_text(text.replace(before, after, 1) if before else text)
    done = ptcheck("verify", str(tree), *BASE, "--against-kernel", "--format", "json")
    assert done.code == code, done.err
    if code == 2:
        assert "does not compile in user space" in done.err
        return
    found = json.loads(done.out)["framework"]
    assert found["agreement"] == agreement
    if agreement == "agrees":
        assert found["events"] >= 20_000
        assert 0 < found["stops"] < found["events"]
    else:
        assert 2 <= len(found["story"]) <= 6
