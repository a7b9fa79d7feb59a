# SPDX-License-Identifier: GPL-2.0-only
"""The files that put ptcheck into habits, as far as that can be tried without a network.

Read by the readers of others: schemas of GitHub and GitLab (check-jsonschema), the manifest
reader of pre-commit, shells. Their steps are run, with a stub instead of ptcheck.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pre_commit.clientlib import load_manifest

from analyzer import cli
from tests.ci.stub import Stub
from tests.commands.runner import DEMO, PGTABLE, REPOSITORY, ptcheck

GITHUB_STEP = REPOSITORY / "ci" / "github-step"


def loaded(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / name).read_text())


def vendored(name: str) -> Any:
    folder = files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def understood(words: list[str]) -> bool:
    """Whether the parser accepts a command line."""
    return callable(cli.build_parser().parse_args(words).run)


# -- GitHub


def test_the_action_has_the_form_of_one() -> None:
    action = loaded("action.yml")
    jsonschema.validate(action, vendored("github-actions"))
    assert action["runs"]["using"] == "composite"
    known = set(action["inputs"])
    used = re.findall(r"\$\{\{ inputs\.(\w+) \}\}", (REPOSITORY / "action.yml").read_text())
    assert set(used) == known
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")  # or an input could be a command
        assert "python -m" not in step.get("run", "")  # or a file of the tree could be pip


def run_step(stub: Stub, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    action = loaded("action.yml")
    step = action["runs"]["steps"][-1]
    defaults = {key: value.get("default", "") for key, value in action["inputs"].items()}
    environment = {**stub.environment, "PTCHECK_SOURCE": str(REPOSITORY)}
    for variable, text in step["env"].items():
        name = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", text)
        if name:
            environment[variable] = inputs.get(name[1], defaults[name[1]])
    environment["GITHUB_STEP_SUMMARY"] = str(folder / "summary")
    environment["GITHUB_OUTPUT"] = str(folder / "output")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_step_of_the_action(tmp_path: Path) -> None:
    stub = Stub(tmp_path / "bin", status=1, report="::error file=a::b\n")
    done = run_step(stub, tmp_path, arch="x86,riscv", base="v6.12", args="--timing  -v")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "::error file=a::b\n"
    words = stub.arguments
    summary = next(word for word in words if word.startswith("markdown="))
    assert words == [
        "check", "-C", ".", "--format", "github", "--format", summary, "--arch", "x86,riscv",
        "--base", "v6.12", "--format", "sarif=ptcheck.sarif", "--timing", "-v",
    ]  # fmt: skip
    assert understood(words)
    assert (tmp_path / "summary").read_text() == "report\n"
    assert (tmp_path / "output").read_text() == "status=1\nsarif=ptcheck.sarif\n"
    assert not Path(summary.partition("=")[2]).exists()


@pytest.mark.parametrize(
    ("status", "incomplete", "code"),
    [(0, "fail", 0), (3, "fail", 3), (3, "pass", 0), (2, "pass", 2)],
)
def test_what_the_step_returns(tmp_path: Path, status: int, incomplete: str, code: int) -> None:
    stub = Stub(tmp_path / "bin", status=status)
    assert run_step(stub, tmp_path, incomplete=incomplete).returncode == code
    assert f"status={status}\n" in (tmp_path / "output").read_text()


def test_inputs_are_no_commands(tmp_path: Path) -> None:
    nasty = "$(touch forged); `touch forged` && * "
    stub = Stub(tmp_path / "bin")
    done = run_step(
        stub, tmp_path, tree=nasty, arch=nasty, base=nasty, config=nasty, args=nasty,
        sarif="a\nstatus=0",
    )  # fmt: skip
    assert done.returncode == 0
    assert not (tmp_path / "forged").exists()
    assert stub.arguments.count(nasty) == 4
    assert "*" in stub.arguments  # no names of files instead of it
    assert (tmp_path / "output").read_text() == "status=0\n"


# -- GitLab


def test_the_job_has_the_form_of_one() -> None:
    job = loaded("ci/gitlab.yml")
    jsonschema.validate(job, vendored("gitlab-ci"))
    assert job[".ptcheck"]["allow_failure"] == {"exit_codes": [3]}
    assert "python -m" not in " ".join(job[".ptcheck"]["before_script"])


@pytest.mark.parametrize("base", ["", "0123abc"])
def test_the_script_of_the_job(tmp_path: Path, base: str) -> None:
    job = loaded("ci/gitlab.yml")[".ptcheck"]
    stub = Stub(tmp_path / "bin")
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(job["script"])],
        cwd=tmp_path,
        env={
            **stub.environment,
            "PTCHECK_ARGS": "--arch x86",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    words = stub.arguments
    assert understood(words)
    assert words[-2:] == ["--arch", "x86"]
    assert ("--base" in words) == bool(base)
    for name in job["artifacts"]["reports"].values():
        assert (tmp_path / name).exists()


# -- pre-commit


def test_the_hook_has_the_form_of_one() -> None:
    (hook,) = load_manifest(str(REPOSITORY / ".pre-commit-hooks.yaml"))
    words = shlex.split(hook["entry"])
    assert words[0] == "ptcheck"
    assert understood([*words[1:], *hook["args"]])
    assert hook["pass_filenames"] is False
    concerned = re.compile(hook["files"])
    for path in ("arch/x86/include/asm/pgtable.h", "mm/memory.c", "arch/riscv/Kconfig"):
        assert concerned.search(path)
    assert not concerned.search("Documentation/mm/page_table_check.rst")


def test_the_hook_in_a_tree(tmp_path: Path) -> None:
    (hook,) = load_manifest(str(REPOSITORY / ".pre-commit-hooks.yaml"))
    shutil.copytree(DEMO, tmp_path / "tree")
    done = ptcheck(*shlex.split(hook["entry"])[1:], cwd=tmp_path / "tree")
    assert done.code == 1
    assert done.out.startswith(f"{PGTABLE}:")


# -- b4


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A branch with two commits on top of `base`."""
    tree = tmp_path / "tree"
    tree.mkdir()
    git(tree, "init", "-q", "-b", "main")
    (tree / "a.h").write_text("".join(f"line {n}\n" for n in range(20)))
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "base")
    git(tree, "tag", "base")
    for number in (3, 15):
        text = (tree / "a.h").read_text().replace(f"line {number}\n", f"changed {number}\n")
        (tree / "a.h").write_text(text)
        git(tree, "commit", "-qam", f"change {number}\n\nWhy it is so.")
    return tree


B4_REPORT = """\
arch/x.h:12: PTC101 unhooked: set() changes what is counted
    in             set()

would be found if enabled (not errors):
    arch/y.h:1: PTC101 unhooked if enabled: no

1 finding; and so on
"""


def b4_check(series: Path, stub: Stub, patch: str, *options: str) -> list[str]:
    done = subprocess.run(
        [REPOSITORY / "ci" / "b4-check", *options],
        cwd=series, env=stub.environment, input=patch, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_b4_check_finds_the_commit_of_a_patch(series: Path, tmp_path: Path) -> None:
    stub = Stub(tmp_path / "bin", status=1, report=B4_REPORT)
    patch = git(series, "format-patch", "--stdout", "-1", "HEAD~1")
    said = b4_check(series, stub, patch, "--arch", "x86")
    assert said == ["arch/x.h:12: ERROR: PTC101 unhooked: set() changes what is counted"]
    commit = git(series, "rev-parse", "HEAD~1").strip()
    words = stub.arguments
    assert words[words.index("--base") + 1] == f"{commit}^"
    assert words[words.index("--head") + 1] == commit
    assert words[-2:] == ["--arch", "x86"]
    assert understood(words)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0, []),
        (3, ["WARNING: not everything could be judged: 1 finding; and so on"]),
        (2, ["WARNING: not checked: ptcheck: no such revision"]),
    ],
)
def test_b4_check_says_what_was_not_done(
    series: Path, tmp_path: Path, status: int, said: list[str]
) -> None:
    report = "1 finding; and so on\n"
    stub = Stub(tmp_path / "bin", status, report, "ptcheck: no such revision\n")
    patch = git(series, "format-patch", "--stdout", "-1", "HEAD")
    assert b4_check(series, stub, patch) == said
    unknown = b4_check(series, stub, patch.replace("+changed", "+different"))
    assert unknown == ["WARNING: not checked, this patch is none of the last 500 commits"]


def test_b4_itself(series: Path, tmp_path: Path) -> None:
    """`b4 prep --check` on a prepared branch, as its user calls it."""
    beside = str(Path(sys.executable).parent)  # of an environment that is not activated
    program = shutil.which("b4") or shutil.which("b4", path=beside)
    if program is None:
        pytest.skip("b4 is not installed (pip install b4)")
    stub = Stub(tmp_path / "bin", status=1, report=B4_REPORT)
    home = tmp_path / "home"
    home.mkdir()
    environment = {**stub.environment, "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    for key, value in (
        ("user.name", "T"),
        ("user.email", "t@example.org"),
        ("b4.prep-perpatch-check-cmd", f"{REPOSITORY}/ci/b4-check --arch x86"),
        ("b4.prep-cover-strategy", "commit"),
    ):
        git(series, "config", key, value)

    def b4(*arguments: str) -> str:
        done = subprocess.run(
            [program, "--no-interactive", "--offline-mode", *arguments],
            cwd=series, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    git(series, "checkout", "-q", "-b", "work", "base")
    b4("prep", "-n", "topic", "-f", "base")
    git(series, "cherry-pick", "base..main")
    said = b4("prep", "--check")
    assert said.count("b4-check: arch/x.h:12: ERROR: PTC101 unhooked: ") == 2, said
    assert "Error: 2" in said


# -- container


def test_the_container_recipe() -> None:
    text = (REPOSITORY / "Containerfile").read_text()
    lines = re.sub(r"\\\n", " ", text).splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert [name for name, _ in steps] == [
        "FROM", "RUN", "COPY", "RUN", "USER", "ENV", "WORKDIR", "ENTRYPOINT", "CMD",
    ]  # fmt: skip
    words = dict(steps)
    assert re.search(r":\S*3\.1[1-9]", words["FROM"])
    assert words["USER"] == "65534:65534"
    command = json.loads(words["ENTRYPOINT"]) + json.loads(words["CMD"])
    assert command[0] == "ptcheck"
    assert understood(command[1:])
    for name, rest in steps:
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
            assert "python -m" not in rest
    assert ".git" in (REPOSITORY / ".containerignore").read_text().split()


@pytest.mark.parametrize("name", ["ci/github-step", "ci/b4-check", ".ci/run"])
def test_shell_scripts(name: str) -> None:
    subprocess.run(["bash", "-n", REPOSITORY / name], check=True)
    if shutil.which("shellcheck"):
        done = subprocess.run(
            ["shellcheck", REPOSITORY / name], capture_output=True, text=True, check=False
        )
        assert done.stdout == ""
