# SPDX-License-Identifier: GPL-2.0-only
"""The mails: git takes them, the bytes are always the same, nothing of the machine is in them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.generate.commits import cover, helper_table, patches
from analyzer.generate.edits import Step, apply, in_steps
from analyzer.generate.output import prepare_folder, write_folder
from analyzer.generate.placement import HOOKS
from analyzer.generate.run import Plan, Undecided
from analyzer.generate.selfcheck import check_series
from analyzer.generate.series import Mail, Scratch, build, file_name
from analyzer.model import Verdict
from tests.generate.conftest import Demo


@pytest.fixture(scope="module")
def mails(demo: Demo) -> list[Mail]:
    steps = patches(demo.plan)
    return build(demo.plan.texts, steps, cover(demo.plan, steps))


def test_names_and_numbers(mails: list[Mail]) -> None:
    assert [mail.name[:5] for mail in mails] == ["0000-", "0001-", "0002-", "0003-"]
    subjects = [re.search(r"^Subject: (.*)$", m.text, re.M) for m in mails]
    assert all(s is not None and s[1].startswith(f"[PATCH {i}/3] demo: ")
               for i, s in enumerate(subjects))  # fmt: skip


def test_the_same_tree_gives_the_same_bytes(demo: Demo, mails: list[Mail]) -> None:
    steps = patches(demo.plan)
    assert build(demo.plan.texts, steps, cover(demo.plan, steps)) == mails


def test_nothing_of_the_machine(mails: list[Mail]) -> None:
    for mail in mails:
        assert "Signed-off-by" not in mail.text
        assert "/tmp" not in mail.text
        assert str(Path.home()) not in mail.text
        assert "ptcheck generate --arch demo" in mail.text


def test_lines_of_messages_are_short(mails: list[Mail]) -> None:
    for mail in mails[1:]:
        message = mail.text.split("\n---\n")[0].split("\n\n", 1)[1]
        assert max(len(line) for line in message.splitlines()) <= 75, message


def test_git_takes_them(demo: Demo, mails: list[Mail], tmp_path: Path) -> None:
    written = write_folder(tmp_path / "out", mails, force=False)
    with Scratch(demo.plan.texts) as scratch:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y", "am", "-q", *written[1:]],
            cwd=scratch.path, check=True, capture_output=True,
        )  # fmt: skip
        wanted = apply(demo.plan.texts, demo.plan.edits)
        assert wanted is not None
        for path, text in wanted.items():
            assert (scratch.path / path).read_text() == text


def test_the_table_of_helpers(demo: Demo, mails: list[Mail]) -> None:
    rows, same = helper_table(demo.plan)
    changed = {(row.helper, row.before, row.after) for row in rows}
    assert ("set_pmd_at", "wrong", "balanced") in changed
    assert sum(same.values()) > 5
    assert "set_pmd_at" in mails[0].text


def test_each_patch_builds_on_the_one_before(demo: Demo) -> None:
    steps = patches(demo.plan)
    final = apply(demo.plan.texts, demo.plan.edits)
    assert final is not None
    assert dict(steps[-1].texts) == final
    assert all(a.texts != b.texts for a, b in pairwise(steps))


def test_existing_patches_stay_unless_forced(mails: list[Mail], tmp_path: Path) -> None:
    write_folder(tmp_path, mails, force=False)
    (tmp_path / "0009-older.patch").write_text(mails[1].text)
    with pytest.raises(UsageError, match="--force"):
        write_folder(tmp_path, mails, force=False)
    assert (tmp_path / "0009-older.patch").is_file()
    write_folder(tmp_path, mails, force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [mail.name for mail in mails]


@pytest.mark.parametrize("name", ["work.patch", "0001-mine.patch", "all.mbox"])
def test_other_patches_are_never_touched(mails: list[Mail], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="other patches"):
        write_folder(tmp_path, mails, force=True)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


def test_what_is_no_patch_stays_and_needs_force(mails: list[Mail], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_folder(tmp_path, mails, force=False)
    write_folder(tmp_path, mails, force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / mails[0].name).is_file()


def test_a_folder_that_cannot_be_filled_stays_as_it_was(
    mails: list[Mail], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path / "old", mails, force=False)
    before = {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()}
    replace, count = Path.replace, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == len(mails) + 2:  # older ones are away, one new one is there
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(UsageError, match="No space left"):
        write_folder(tmp_path / "old", [*mails[:2], Mail("0009-x.patch", "x")], force=True)
    assert {p.name: p.read_bytes() for p in (tmp_path / "old").iterdir()} == before


def test_a_new_folder_that_cannot_be_filled_is_not_there(
    mails: list[Mail], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left"):
        write_folder(tmp_path / "new", mails, force=False)
    assert not (tmp_path / "new").exists()


def test_the_cover_letter_has_shortlog_statistics_and_base(demo: Demo, mails: list[Mail]) -> None:
    text = mails[0].text
    assert "base-commit" not in text
    wanted = ("ptcheck (3):", "  demo: enable ARCH_", "files changed")
    places = [text.index(one) for one in wanted]
    assert places == sorted(places)
    steps = patches(demo.plan)
    based = build(demo.plan.texts, steps, cover(demo.plan, steps), "a" * 40)
    assert based[0].text == text + f"base-commit: {'a' * 40}\n\n"
    assert based[1:] == mails[1:]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        prepare_folder(tmp_path / "x", force=False)


def test_names_of_files() -> None:
    assert file_name(7, "a/mm: do *this*, now") == "0007-a-mm-do-this-now.patch"


def test_the_letter_says_what_the_series_is_for(demo: Demo) -> None:
    def letter(found: Plan) -> tuple[str, str]:
        one = cover(found, patches(found))
        return one.subject, " ".join(one.body.split())

    assert letter(demo.plan)[0] == "demo: enable the page table check"
    assert "This series enables it on demo." in letter(demo.plan)[1]
    assert letter(demo.fix)[0] == "demo: mend the page table check"
    without = replace(demo.plan, edits=tuple(e for e in demo.plan.edits if e.step < Step.SELECT))
    subject, body = letter(without)
    assert subject == "demo: prepare for the page table check"
    assert "does not enable it yet" in body
    assert "enables it" not in body


def test_long_reasons_are_filled(demo: Demo) -> None:
    long = Undecided("set_ptes", "pte", ("base",), "for a reason that is " + "long " * 20, True)
    text = cover(replace(demo.plan, undecided=(long,)), patches(demo.plan)).body
    assert "\n  set_ptes() (pte) in base\n      for a reason" in text
    assert text.count(" long") == 20
    assert max(len(line) for line in text.splitlines() if "long" in line) <= 72


def test_raw_variants_come_before_predicates_and_hooks(demo: Demo) -> None:
    assert list(Step) == [
        Step.PREPARE, Step.RAW, Step.PREDICATES, Step.HOOKS, Step.SELECT
    ]  # fmt: skip
    names = [step.name for step, _ in in_steps(demo.plan.texts, demo.plan.edits)]
    assert names == ["PREDICATES", "HOOKS", "SELECT"]


def test_what_is_left_out_is_told_and_not_claimed(demo: Demo) -> None:
    found = replace(demo.plan, left_out=(("nothp", "nobody asked"),), guard="!A && B")
    body = patches(found)[-1].body
    assert "without CONFIG_A and with CONFIG_B" in " ".join(body.split())
    assert "- nothp: nobody asked.\n" in body
    assert body.split("these configurations:")[1].split()[0] == "base."
    letter = cover(found, patches(found)).body
    assert "  nothp\n      nobody asked\n" in letter


def test_what_is_still_found_is_told(demo: Demo) -> None:
    clean = cover(demo.plan, patches(demo.plan)).body
    assert "Nothing was left undecided." in clean
    letter = cover(demo.plan, patches(demo.plan), ("arch/demo/x.c:1: PTC101 it is wrong",)).body
    assert "this is found, and is not mended by it:\n\n- arch/demo/x.c:1: PTC101 it" in letter
    assert "Nothing was left undecided" not in letter


def test_what_is_more_than_a_hook_is_explained(demo: Demo) -> None:
    first = next(edit for edit in demo.plan.edits if edit.hook and edit.function != HOOKS)
    other = replace(first, why="it gives up a bit")
    edits = tuple(other if edit is first else edit for edit in demo.plan.edits)
    told = f"In these the hook alone is not enough:\n\n- {first.function}(): it gives up a bit\n"
    assert not any("alone is not enough" in patch.body for patch in patches(demo.plan))
    assert any(told in patch.body for patch in patches(replace(demo.plan, edits=edits)))


def test_what_is_left_out_does_not_count_in_the_table(demo: Demo) -> None:
    last = demo.plan.after[0]
    odd = replace(last, variant="odd", verdict=Verdict.UNKNOWN, reason="folded")
    rows, same = helper_table(replace(demo.plan, after=(*demo.plan.after, odd)))
    assert "unknown" in {row.after for row in rows} | set(same)
    left = replace(demo.plan, after=(*demo.plan.after, odd), left_out=(("odd", "folded"),))
    assert helper_table(left) == helper_table(demo.plan)
    nothing = replace(left, left_out=tuple((row.variant, "") for row in left.after))
    assert helper_table(nothing) == (rows, same)


def test_a_configuration_that_the_select_does_not_reach_is_told(demo: Demo) -> None:
    (select,) = [edit for edit in demo.plan.edits if edit.step is Step.SELECT]
    text = select.after.replace("PAGE_TABLE_CHECK", "PAGE_TABLE_CHECK if !64BIT")
    edits = tuple(replace(one, after=text) if one is select else one for one in demo.plan.edits)
    checked = check_series(demo.stripped, replace(demo.plan, edits=edits))
    assert [found for found in checked.findings if "not selected in base" in found]


def test_the_select_does_not_claim_what_is_not_decided(demo: Demo) -> None:
    one = Undecided("pmdp_invalidate", "pmd", ("base",), "assembler", False)
    told = patches(replace(demo.plan, undecided=(one,)))[-1].body
    whole = patches(demo.plan)[-1].body
    assert "could not be settled" in told
    assert "- pmdp_invalidate()" in told
    assert "Every other helper" in " ".join(told.split())
    assert "could not be settled" not in whole
    assert "Every helper" in whole
