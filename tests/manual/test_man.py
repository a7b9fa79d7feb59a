# SPDX-License-Identifier: GPL-2.0-only
"""The man page: it renders, it is complete, and the one that is shipped is the one of today."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer import __version__, cli
from analyzer.manual.describe import describe
from analyzer.manual.man import page
from tests.commands.runner import REPOSITORY, ptcheck

PAGE = REPOSITORY / "man" / "ptcheck.1"


def test_the_page_that_is_shipped_is_of_this_program() -> None:
    done = ptcheck("completion", "man")
    assert done.out == PAGE.read_text(), "run `make man`"


def test_every_option_of_every_command_is_in_it() -> None:
    program = describe(cli.build_parser(), __version__)
    text = page(program).replace("\\-", "-")
    assert [command.name for command in program.commands] == list(cli.COMMANDS)
    for command in program.commands:
        section = text.split(f".SS ptcheck {command.name}\n")[1].split("\n.S")[0]
        for flag in command.flags:
            assert f"\\fB{flag}\\fR" in section or flag in ("-h", "--help"), flag


def test_man_renders_it_without_a_warning(tmp_path: Path) -> None:
    if shutil.which("man") is None:
        pytest.skip("man is not installed")
    done = subprocess.run(
        ["man", "--warnings=all", "-E", "UTF-8", "-l", "-Tutf8", PAGE],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    plain = re.sub("\x1b\\[[0-9;]*m|.\x08", "", done.stdout)
    assert "ptcheck check [options]" in plain
    assert "EXIT STATUS" in plain


def test_no_text_is_a_request() -> None:
    for line in PAGE.read_text().splitlines():
        assert re.match(r"\.(\\\"|TH|SH|SS|B|TP|PP|br)(?: |$)|[^.']", line), line
