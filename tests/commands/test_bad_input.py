# SPDX-License-Identifier: GPL-2.0-only
"""What a user can get wrong: one clear line on standard error, exit code 2, for every command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import cli
from tests.commands.runner import DEMO, REPOSITORY, Done, ptcheck

READERS = tuple(name for name in ("check", "helpers", "archs") if name in cli.COMMANDS)


def complaint(done: Done) -> str:
    """The one line of a run that has to fail."""
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ptcheck: ")
    assert done.err.endswith("\n")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("ptcheck: ").rstrip("\n")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration tree as a git repository with one commit and one tag."""
    path = tmp_path_factory.mktemp("repository") / "demo"
    shutil.copytree(DEMO, path)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        [*identity, "commit", "-q", "-m", "demo"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *command], cwd=path, check=True, capture_output=True)
    return path


@pytest.mark.parametrize("command", READERS)
def test_no_such_path(command: str, tmp_path: Path) -> None:
    done = ptcheck(command, "-C", str(tmp_path / "none"))
    assert complaint(done) == f"no such path: {tmp_path / 'none'}"


@pytest.mark.parametrize("command", READERS)
def test_not_a_kernel_tree(command: str, tmp_path: Path) -> None:
    assert "not a kernel tree" in complaint(ptcheck(command, "-C", str(tmp_path)))
    (tmp_path / "file").write_text("")
    assert "a file, not a folder" in complaint(ptcheck(command, "-C", str(tmp_path / "file")))


@pytest.mark.parametrize("command", READERS)
def test_unknown_revision(command: str, repository: Path) -> None:
    found = complaint(ptcheck(command, "-C", str(repository), "--rev", "v2"))
    assert "unknown revision" in found
    assert "v2" in found


@pytest.mark.parametrize("command", READERS)
def test_not_a_repository(command: str, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "demo")
    found = complaint(ptcheck(command, "-C", str(tmp_path / "demo"), "--rev", "v1"))
    assert "not in a git repository" in found


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("revision", ["", "-x", "v1:mm", "HEAD^{tree}", "a b", "\x1b[31m", "@{u}"])
def test_odd_revisions(command: str, revision: str, repository: Path) -> None:
    complaint(ptcheck(command, "-C", str(repository), f"--rev={revision}"))


@pytest.mark.parametrize("command", READERS)
def test_unknown_architecture(command: str) -> None:
    found = complaint(ptcheck(command, "-C", str(DEMO), "--arch", "demmo"))
    assert found == "unknown architecture 'demmo' (did you mean demo?); this tree has: demo"


@pytest.mark.parametrize("command", [name for name in READERS if name != "archs"])
def test_unknown_variant(command: str) -> None:
    found = complaint(ptcheck(command, "-C", str(DEMO), "--variant", "nothap"))
    assert "nothap" in found
    assert "base, nothp" in found


@pytest.mark.parametrize("command", [name for name in READERS if name != "archs"])
def test_no_preprocessor(command: str, tmp_path: Path) -> None:
    (tmp_path / "pcpp.py").write_text("raise ImportError('blocked')\n")
    (tmp_path / "empty").mkdir()
    done = ptcheck(
        command,
        "-C",
        str(DEMO),
        PATH=str(tmp_path / "empty"),
        PYTHONPATH=f"{tmp_path}:{REPOSITORY}",
    )
    assert "no C preprocessor" in complaint(done)


def test_the_one_in_python_stands_in(tmp_path: Path) -> None:
    """Without gcc and clang the result is the same, to the byte."""
    usual = ptcheck("check", "-C", str(DEMO), "--format", "json")
    other = ptcheck("check", "-C", str(DEMO), "--format", "json", PATH=str(tmp_path))
    assert other.code == usual.code == 1
    assert _without_seconds(other.out) == _without_seconds(usual.out)


def _without_seconds(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"seconds"' not in line]


@pytest.mark.parametrize("named", ["no-such-program", "/bin/false", "/bin/true"])
def test_a_preprocessor_that_does_not_work(named: str) -> None:
    done = ptcheck("check", "-C", str(DEMO), PTCHECK_CPP=named)
    assert done.code in (2, 3)
    assert done.code == 3 or complaint(done)


@pytest.mark.parametrize("command", READERS)
def test_a_report_that_cannot_be_written(command: str, tmp_path: Path) -> None:
    done = ptcheck(command, "-C", str(DEMO), "--format", f"json={tmp_path}/none/x.json")
    assert "cannot write" in complaint(done)


@pytest.mark.parametrize("command", READERS)
def test_a_folder_that_is_gone(command: str, tmp_path: Path) -> None:
    """The current folder was removed: the demonstration, or one line, but no traceback."""
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os, sys; os.rmdir(os.getcwd()); sys.argv = ['ptcheck', {command!r}]\n"
    code += "from analyzer.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=gone,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1, 2, 3)
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


def test_a_rule_that_does_not_exist() -> None:
    assert "PTC999" in complaint(ptcheck("explain", "PTC999"))


@pytest.mark.parametrize(
    "arguments",
    [("diff", "v1", "v1"), ("bisect", "--rule", "PTC101", "v1..v1"), ("callsites",)],
)
def test_what_reads_no_configuration_takes_none(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """`diff`, `bisect` and `callsites` tell what is, not what counts: see docs/ci.md."""
    said = complaint(ptcheck(*arguments, "--config", "ptcheck.toml", cwd=tmp_path))
    assert said.startswith("unrecognized arguments: --config")
