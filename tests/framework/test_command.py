# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck generate --framework`, from the command line to the mails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from analyzer.cli import main
from tests.framework.forest import FILES


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


def generate(place: Path, *options: str) -> int:
    return main(["generate", "--framework", "-C", str(place / "tree"), *options])


def test_the_mails_apply_and_then_there_is_nothing_to_do(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(place, "-o", str(place / "out")) == 0
    names = sorted(path.name for path in (place / "out").iterdir())
    assert len(names) == 6
    assert names[0] == "0000-cover-letter.patch"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(place / "tree")]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "base"],
                    ["am", "-q", *(str(place / "out" / name) for name in names[1:])]):  # fmt: skip
        subprocess.run([*git, *command], check=True, capture_output=True)
    capsys.readouterr()

    assert generate(place) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "the framework stays as it is" in said.err
    assert "nothing to do" in said.err


def test_one_diff(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(place, "--format", "diff", "--api", "6.6") == 0
    out = capsys.readouterr().out

    assert out.startswith("diff --git ")
    assert "+void __page_table_check_ptes_set(struct mm_struct *mm, pte_t *ptep" in out


def test_a_contradiction_is_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "tree/mm/page_table_check.c").write_text("int alone;\n", encoding="utf-8")

    assert generate(place) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "cannot be completed" in said.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--api", "3.0"], "no generation"),
        (["--format", "cocci"], "as a series, or as one diff"),
        (["--recipients"], "only the sender knows"),
    ],
)
def test_what_does_not_go_together(
    place: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(place, *options) == 2
    assert said in capsys.readouterr().err


def test_an_api_without_framework(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--api", "6.6", "-C", str(place / "tree")]) == 2
    assert "--framework" in capsys.readouterr().err


@pytest.mark.parametrize(("errors", "status"), [(1, 1), (0, 0)])
def test_strict_writes_nothing_that_did_not_pass(
    errors: int, status: int, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = place / "tree/scripts/checkpatch.pl"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f'print "total: {errors} errors, 0 warnings, 3 lines checked\\n";\n')

    assert generate(place, "-o", str(place / "out"), "--check=mails", "--strict") == status
    said = capsys.readouterr().err
    assert "git am" in said
    assert ("nothing is written (--strict)" in said) == bool(status)
    assert (place / "out").exists() != bool(status)
