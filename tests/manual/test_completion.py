# SPDX-License-Identifier: GPL-2.0-only
"""Completion in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.manual.completion import SHELLS
from analyzer.report.formats import FORMATS
from analyzer.rules.catalogue import RULES
from tests.commands.runner import ptcheck
from tests.manual.terminal import Terminal

PTC30X = [rule.code for rule in RULES if rule.code.startswith("PTC30")]


def script(shell: str, folder: Path) -> Path:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = ptcheck("completion", shell)
    assert (done.code, done.err) == (0, "")
    path = folder / f"completion.{shell}"
    path.write_text(done.out)
    return path


@pytest.mark.parametrize("shell", list(SHELLS))
def test_the_shell_accepts_it(shell: str, tmp_path: Path) -> None:
    checked = subprocess.run(
        [shell, "-n", script(shell, tmp_path)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def completed(path: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words; the rest of the line is typed already."""
    line = """
        compopt() { :; }
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _ptcheck
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", line, "bash", str(path), *words],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_offers_what_there_is(tmp_path: Path) -> None:
    path = script("bash", tmp_path)
    (tmp_path / "base.json").touch()

    assert set(completed(path, "ptcheck", "")) >= set(cli.COMMANDS)
    assert completed(path, "ptcheck", "expl") == ["explain"]
    assert "--base" in " ".join(completed(path, "ptcheck", "check", "--ba"))
    assert completed(path, "ptcheck", "check", "--write-b") == ["--write-baseline"]
    assert completed(path, "ptcheck", "check", "--baseline", "base.") == ["base.json"]
    assert completed(path, "ptcheck", "check", "--format", "") == [f.name for f in FORMATS]
    assert completed(path, "ptcheck", "check", "--format", "=", "sar") == ["sarif"]
    assert completed(path, "ptcheck", "helpers", "--format", "") == ["text", "json"]
    assert completed(path, "ptcheck", "check", "--disable", "PTC10")[0] == "PTC101"
    assert completed(path, "ptcheck", "explain", "PTC30") == PTC30X
    assert completed(path, "ptcheck", "completion", "z") == ["zsh"]
    assert completed(path, "ptcheck", "check", "--jobs", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_on_a_terminal(shell: str, tmp_path: Path) -> None:
    path = script(shell, tmp_path)
    start = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
    load = {"bash": "", "zsh": f"autoload -U compinit; compinit -u -d {tmp_path}/dump; "}[shell]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PS1": "> "}
    with Terminal(start, environment) as terminal:
        terminal.type(f"{load}source {path}; PS1='rea''dy> '\n")
        terminal.until("ready> ")
        terminal.type("ptcheck expl\t")
        terminal.until("ptcheck explain ")
        terminal.type("PTC30\t1\x15")
        terminal.until("PTC301")
        terminal.type("ptcheck check --write-b\t")
        terminal.until("--write-baseline ")


def test_fish_offers_what_there_is(tmp_path: Path) -> None:
    path = script("fish", tmp_path)

    def offered(line: str) -> list[str]:
        done = subprocess.run(
            ["fish", "--no-config", "-c", f'source {path}; complete -C "{line}"'],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return [one.split("\t")[0] for one in done.stdout.splitlines()]

    assert offered("ptcheck expl") == ["explain"]
    assert offered("ptcheck check --write-b") == ["--write-baseline"]
    assert offered("ptcheck check --format sar") == ["sarif"]
    assert offered("ptcheck explain PTC30") == PTC30X
