# SPDX-License-Identifier: GPL-2.0-only
"""Folders and files whose names want to be lines of a report, in every command and format."""

from __future__ import annotations

import json
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

from analyzer.report.formats import FORMATS
from tests.commands.runner import DEMO, Done, ptcheck

NASTY = "demo\n::error file=forged,line=1::x\x1b]0;forged title\x07\u202e##[error]y"
MACHINE = ("json", "sarif", "gitlab")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration tree, its architecture under a name of that kind, as a repository, too."""
    path = tmp_path_factory.mktemp("forged") / "tree"
    shutil.copytree(DEMO, path)
    (path / "arch" / "demo").rename(path / "arch" / NASTY)
    header = path / "arch" / NASTY / "include" / "asm" / "pgtable.h"
    header.rename(header.with_name(f"pgtable-{NASTY}.h"))
    header.write_text(f"#include <asm/pgtable-{NASTY}.h>\n/* ptcheck: ignore {NASTY} */\n")
    shutil.copy(DEMO / "arch/demo/include/asm/pgtable.h", header)
    with header.open("a") as file:
        file.write("/* ptcheck: ignore \x1b]0;forged\x07 -- x */\nint forged(void)\n{\n}\n@ {\n")
    return path


def unforged(text: str) -> None:
    for line in text.split("\n"):
        assert not line.startswith(("::error file=forged", "##[", "forged")), line
        for character in line:
            assert unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp"), line


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_check(tree: Path, known: object) -> None:
    name = getattr(known, "name", "")
    done = ptcheck("check", "-C", str(tree), "-v", "--format", name, "--no-cache")
    assert done.code in (1, 3)
    assert "forged" in done.out  # it is shown, and does nothing
    if name in MACHINE:
        assert done.out.isascii()
        json.loads(done.out)
    unforged(done.out)
    unforged(done.err)


@pytest.mark.parametrize("command", ["archs", "helpers", "bits", "callsites", "check"])
def test_other_commands(tree: Path, command: str) -> None:
    done: Done = ptcheck(command, "-C", str(tree))
    assert done.out + done.err
    unforged(done.out)
    unforged(done.err)


def test_names_that_are_unknown(tree: Path) -> None:
    for options in (["--arch", "dmeo"], ["--variant", "\x1b[31m"], ["--rev", "\x1b]0;x\x07"]):
        done = ptcheck("check", "-C", str(tree), *options)
        assert done.code == 2
        assert done.err.count("\n") == 1
        unforged(done.err)


def test_a_tag_and_a_message(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy)
    identity = ["-c", "user.name=\x1b[31m", "-c", "user.email=t@e", "-c", "commit.gpgsign=false"]
    tag = "v1-\u00e4::error::forged".replace(":", "")
    for command in (
        ["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", f"{NASTY}\n\n{NASTY}"],
        ["tag", tag],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    done = ptcheck("check", "-C", str(copy), "--rev", tag, "--format", "markdown")
    assert done.code in (1, 3), done.err
    unforged(done.out)
