# SPDX-License-Identifier: GPL-2.0-only
"""The README says what is so: its commands exist, its session is a real one, its links lead on."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.commands.common import Exit
from analyzer.report.formats import FORMATS
from tests.commands.runner import REPOSITORY, ptcheck

README = (REPOSITORY / "README.md").read_text()
CODE = [line[4:] for line in README.splitlines() if line.startswith("    ")]
COMMANDS = [
    shlex.split(line.removeprefix("$ "), comments=True)
    for line in CODE
    if line.removeprefix("$ ").startswith("ptcheck ")
]


def section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_it_begins_with_what_it_is() -> None:
    first = README.split("\n## ", 1)[0].split("\n\n", 1)[1].strip()
    assert 3 <= len(first.splitlines()) <= 7


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command))
def test_the_commands_are_understood(command: list[str]) -> None:
    args = cli.build_parser().parse_args(command[1:])
    assert callable(args.run)


def test_the_commands_of_make_are_there() -> None:
    named = {line.split()[1] for line in CODE if line.startswith("make ")}
    assert {"run", "test"} <= named
    for target in named:
        done = subprocess.run(
            ["make", "-n", target], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_every_command_is_named() -> None:
    assert all(f"`ptcheck {name}" in README for name in cli.COMMANDS)


def test_the_demonstration_is_what_make_run_shows() -> None:
    recipe = (REPOSITORY / "Makefile").read_text()
    assert "ptcheck check; status=$$?" in recipe
    done = ptcheck("check", cwd=REPOSITORY / "docs")
    assert done.code == Exit.FINDINGS
    assert "demonstration tree" in done.err
    assert ": PTC101 unhooked: " in done.out


def test_explain_as_shown() -> None:
    for command in COMMANDS:
        if command[1] == "explain":
            assert ptcheck(*command[1:]).code == 0


def test_exit_codes() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+)", section("Exit codes"), re.MULTILINE)
    assert [int(code) for code, _ in rows] == [int(code) for code in Exit]


def test_formats() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section("Formats"), re.MULTILINE)
    assert rows == [known.name for known in FORMATS]


def test_links() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if not target.startswith("http"):
            assert (REPOSITORY / target).exists(), target


def test_options_that_are_named_exist() -> None:
    known: set[str] = set()
    for name in cli.COMMANDS:
        parser = argparse.ArgumentParser()
        cli.load(name).add_arguments(parser)
        known.update(option for action in parser._actions for option in action.option_strings)
    named = set(re.findall(r"`(--[a-z][a-z-]*)", README))
    assert named <= known, named - known


def comparable(text: str) -> list[str]:
    """Lines without the width of columns, and without the counts of the table and below it."""
    findings, table, counts = text.partition("\nvariant ")
    counts = re.sub(r"(?<![\w-])\d+(\.\d+)?(?![\w-])", "N", table + counts)
    return [" ".join(line.split()) for line in (findings + counts).splitlines() if line.strip()]


def test_the_session_is_a_real_one(kernel_6_1: Path) -> None:
    """Each line that is shown was written, in that order; `...` stands for what was left out."""
    lines = [line[4:] for line in section("A session").splitlines() if line.startswith("    ")]
    command = shlex.split(lines[0].removeprefix("$ "))
    assert command[:2] == ["ptcheck", "check"]
    where = command.index("-C") + 1
    command[where] = str(kernel_6_1)
    done = ptcheck(*command[1:])
    assert done.code == Exit.FINDINGS
    written = iter(comparable(done.out))
    for line in comparable("\n".join(lines[1:])):
        if line == "...":
            continue
        assert line in written, line  # consumes what comes before it
