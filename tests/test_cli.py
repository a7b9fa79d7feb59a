# SPDX-License-Identifier: GPL-2.0-only
"""The command line: one line for each error, the exit codes, what a terminal is protected from."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import pytest

from analyzer import __version__, cli
from analyzer.commands import common
from analyzer.errors import TreeError, UsageError
from analyzer.tree import MemoryTree

REPOSITORY = Path(__file__).parents[1]
Run = Callable[[argparse.Namespace, TextIO, TextIO], int]


class Command:
    """A command for tests: the common options and whatever `act` does."""

    NAME = "probe"
    HELP = "a probe"

    def __init__(self, act: Run) -> None:
        self.run = act

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        common.add_common_arguments(parser)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run, Sequence[str]], int]:
    def start(act: Run, arguments: Sequence[str]) -> int:
        monkeypatch.setattr(cli, "COMMANDS", ("probe",))
        monkeypatch.setattr(cli, "load", lambda _name: Command(act))
        return cli.main(["probe", *arguments])

    return start


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    common.add_common_arguments(parser)
    return parser.parse_args(arguments)


def tree_probe(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    tree, demo = common.choose_tree(args, err)
    with tree:
        out.write(f"{tree.label} {demo}\n")
    return 0


def run(
    *arguments: str, cwd: Path = REPOSITORY, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)} | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def kernel(path: Path) -> Path:
    for name in ("arch/toy/include/asm", "include", "mm"):
        (path / name).mkdir(parents=True)
    (path / "Kconfig").write_text('source "arch/$(SRCARCH)/Kconfig"\n')
    (path / "arch/toy/Kconfig").write_text("config TOY\n\tdef_bool y\n")
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"ptcheck {__version__}\n"


def test_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"\n    {name}\s", shown) for name in cli.COMMANDS)
    assert "3 incomplete" in shown


def test_each_command_has_what_it_needs() -> None:
    for name in cli.COMMANDS:
        command = cli.load(name)
        assert name == command.NAME
        assert command.HELP
        command.add_arguments(argparse.ArgumentParser())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["archs", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["archs", "--jobs", "0"], "not a number from 1 to 1024: '0'"),
        (["archs", "--jobs", "many"], "not a number from 1 to 1024: 'many'"),
        (["archs", "--format", "png"], "unknown format 'png'; known: text, json"),
        (["archs", "--format", "json="], "no file after 'json='"),
        (["archs", "-C"], "expected one argument"),
        (["archs", "-C", "/nonexistent/\x1b[31m"], "no such path: /nonexistent/\\x1b[31m"),
        (["archs", "-C", str(REPOSITORY / "LICENSE")], "a file, not a folder"),
        (["archs", "-C", str(REPOSITORY)], "not a kernel tree"),
        (["archs", "-C", str(REPOSITORY), "--rev=-x"], "not a revision"),
        (["archs", "-C", str(REPOSITORY), "--rev", "no-such-rev"], "unknown revision"),
        (["archs", "-C", "/", "--rev", "v6.12"], "not in a git repository"),
    ],
)
def test_one_line_for_each_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == common.Exit.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ptcheck: ")
    assert shown.err.count("\n") == 1
    assert message in shown.err


def test_as_a_process(tmp_path: Path) -> None:
    done = run("archs", "-C", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"ptcheck: no such path: {tmp_path / 'none'}\n"
    assert run("archs", cwd=kernel(tmp_path / "k")).returncode == 0


def test_unknown_architecture(tmp_path: Path) -> None:
    done = run("archs", "-C", str(kernel(tmp_path / "k")), "--arch", "tox")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ptcheck: unknown architecture 'tox' (did you mean toy?); this tree has: toy\n"
    )


def test_without_a_tree_it_is_the_demonstration(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    probe: Callable[[Run, Sequence[str]], int],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert probe(tree_probe, []) == 0
    shown = capsys.readouterr()
    assert shown.out == "demonstration tree True\n"
    assert "embedded demonstration tree" in shown.err
    assert shown.err.count("\n") == 1
    assert probe(tree_probe, ["-q"]) == 0
    assert capsys.readouterr().err == ""
    assert probe(tree_probe, ["-C", "."]) == 2  # a tree that was named has to be one
    assert probe(tree_probe, ["--rev", "HEAD"]) == 2
    with pytest.raises(TreeError, match="name one with -C"):
        common.choose_tree(parse(), io.StringIO(), demo=False)


def test_the_current_folder_is_the_tree(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    probe: Callable[[Run, Sequence[str]], int],
) -> None:
    monkeypatch.chdir(kernel(tmp_path / "k"))
    assert probe(tree_probe, []) == 0
    assert capsys.readouterr() == (". False\n", "")


TREE = MemoryTree(
    {
        "arch/Kconfig": "",
        "arch/arm64/Kconfig": "",
        "arch/x86/Kconfig": "",
        "arch/x86/include/asm/a.h": "",
        "arch/nothing/README": "",
        "include/a.h": "",
        "Makefile": "ifeq ($(ARCH),i386)\n        SRCARCH := x86\nendif\n"
        "ifeq ($(ARCH),x86_64)\n        SRCARCH := x86\nendif\n"
        "ifeq ($(ARCH),gone)\n        SRCARCH := gone\nendif\n",
    }
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ("arm64", "x86")),
        (["--arch", "all"], ("arm64", "x86")),
        (["--arch", "x86"], ("x86",)),
        (["--arch", "x86,arm64,x86"], ("arm64", "x86")),
        (["--arch", "x86", "--arch", " arm64 "], ("arm64", "x86")),
        (["--arch", "x86_64,i386"], ("x86",)),
    ],
)
def test_architectures(options: list[str], expected: tuple[str, ...]) -> None:
    assert common.choose_archs(parse(*options), TREE) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sparc", "unknown architecture 'sparc'; this tree has: arm64, x86"),
        ("arm", r"unknown architecture 'arm' \(did you mean arm64\?\); this tree has: arm64, x86"),
        ("gone", "unknown architecture 'gone'"),
        ("nothing", "unknown architecture 'nothing'"),
        ("../x86", "unknown architecture '../x86'"),
        (",", "no architecture named"),
    ],
)
def test_unknown_architectures(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        common.choose_archs(parse("--arch", name), TREE)


def test_a_tree_without_architectures() -> None:
    with pytest.raises(TreeError, match="no architecture"):
        common.choose_archs(parse(), MemoryTree({"arch/README": "", "include/a.h": ""}))


def test_outputs(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    wanted = common.outputs(parse("--format", "text", "--format", f"json={file}"))
    out = io.StringIO()
    common.write_outputs(wanted, {"text": lambda: "T\n", "json": lambda: '{"a": "\u00e4"}'}, out)
    assert out.getvalue() == "T\n"
    assert json.loads(file.read_text(encoding="utf-8")) == {"a": "\u00e4"}
    assert common.outputs(parse()) == (common.Output("text"),)
    with pytest.raises(UsageError, match="two formats for standard output"):
        common.outputs(parse("--format", "text", "--format", "json"))
    unwritable = common.outputs(parse("--format", f"json={tmp_path}/none/report.json"))
    with pytest.raises(UsageError, match=r"cannot write .*: No such file"):
        common.write_outputs(unwritable, {"json": lambda: ""}, out)


def test_a_defect_is_one_line_too(
    capsys: pytest.CaptureFixture[str],
    probe: Callable[[Run, Sequence[str]], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
        raise ZeroDivisionError("two\nlines")

    assert probe(fail, []) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("ptcheck: defect of ptcheck, please report it: ZeroDivisionError: two ")
    assert "[fail " in shown
    assert shown.count("\n") == 1
    monkeypatch.setenv("PTCHECK_TRACEBACK", "1")
    assert probe(fail, []) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt(
    capsys: pytest.CaptureFixture[str], probe: Callable[[Run, Sequence[str]], int]
) -> None:
    def interrupt(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
        raise KeyboardInterrupt

    assert probe(interrupt, []) == 130
    assert capsys.readouterr().err == "ptcheck: interrupted\n"


def test_a_closed_pipe_ends_quietly() -> None:
    code = (
        "import sys; from analyzer import cli\n"
        "class Probe:\n"
        "    NAME = 'archs'; HELP = ''\n"
        "    def add_arguments(self, parser): pass\n"
        "    def run(self, args, out, err):\n"
        "        for _ in range(100000): out.write('a line of some length\\n')\n"
        "        return 0\n"
        "cli.load = lambda name: Probe()\n"
        "sys.exit(cli.main(['archs']))\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_output_in_any_locale(tmp_path: Path) -> None:
    """A name the terminal cannot show does not end the run."""
    code = (
        "import sys; from analyzer import cli\n"
        "cli._tolerate(sys.stdout); sys.stdout.write('\\u00e4\\udcff\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == (b"\\xe4\\udcff\n", 0)


def test_color(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert common.use_color(Terminal())
    assert not common.use_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not common.use_color(Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not common.use_color(Terminal())


def test_jobs() -> None:
    assert common.jobs(parse("--jobs", "3")) == 3
    assert common.jobs(parse()) >= 1


@pytest.mark.parametrize(
    ("options", "level", "shown"),
    [([], 0, True), (["-q"], 0, False), ([], 1, False), (["-v"], 1, True), (["-vv"], 2, True)],
)
def test_notes(options: list[str], level: int, shown: bool) -> None:
    err = io.StringIO()
    common.note(parse(*options), err, "a\x1bb", level)
    assert err.getvalue() == ("ptcheck: a\\x1bb\n" if shown else "")
