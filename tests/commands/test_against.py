# SPDX-License-Identifier: GPL-2.0-only
"""`check --base` in clones of every kind: an answer, or one line that says what to fetch."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from analyzer.check.limits import Limits
from analyzer.cli import main
from analyzer.commands import against
from tests.check.history import Story
from tests.check.trees import PGTABLE, demo_files, mend
from tests.commands.runner import Done, ptcheck

HEADER = f"arch/demo/{PGTABLE}"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """main: mended, text, unhooked, text. topic: from the second, one commit. other: unrelated."""
    folder = tmp_path_factory.mktemp("story") / "repository"
    folder.mkdir()
    files = demo_files("demo")
    broken = files[HEADER]
    files[HEADER] = mend(broken)
    story = Story(folder, files)
    story.git("init", "-q")
    story.commit("mended")
    story.files["notes"] = b"1"
    story.commit("text")
    story.git("tag", "v1")
    story.files[HEADER] = broken
    story.commit("unhooked")
    story.files["notes"] = b"2"
    story.commit("more text")
    story.git("checkout", "-q", "-b", "topic", "v1")
    story.files[HEADER] = mend(broken) + b"\n"
    story.files["notes"] = b"3"
    story.commit("on a branch")
    story.git("checkout", "-q", "--orphan", "other")
    story.commit("from nothing")
    story.git("checkout", "-q", "main")
    return story


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def check(cache: Path, folder: Path, *arguments: str) -> Done:
    given = ("--variant", "base", "--cache", str(cache))
    return ptcheck("check", "-C", str(folder), *given, *arguments)


def refused(done: Done) -> str:
    """The one line of a run that did not take place."""
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    return done.err


def test_new_fixed_and_unchanged(story: Story, cache: Path) -> None:
    new = check(cache, story.folder, "--base", "v1", "--head", "main")
    assert new.code == 1
    assert new.out.count("PTC101") == 1
    assert "since v1 (" in new.out
    assert "1 new, 0 fixed, 0 unchanged" in new.out
    same = check(cache, story.folder, "--base", "main~1", "--rev", "main")
    assert same.code == 0
    assert "PTC101" not in same.out
    assert "0 new, 0 fixed, 1 unchanged" in same.out
    back = check(cache, story.folder, "--base", "main", "--head", "v1")
    assert back.code == 0
    assert "fixed:" in back.out


def test_what_the_base_did_meanwhile_is_not_the_heads(story: Story, cache: Path) -> None:
    done = check(cache, story.folder, "--base", "main", "--head", "topic")
    assert done.code == 0
    assert f"since {story.ids[1][:12]}, which main and topic have in common: 0 new" in done.out
    assert "0 fixed, 0 unchanged" in done.out


def test_the_working_folder_is_the_head(story: Story, cache: Path, tmp_path: Path) -> None:
    story.git("clone", "-q", ".", str(tmp_path / "clone"))
    folder = tmp_path / "clone"
    assert check(cache, folder, "--base", "HEAD").code == 0
    header = folder / HEADER
    header.write_bytes(header.read_bytes().replace(b"page_table_check_pte_clear(mm", b";//(mm"))
    done = check(cache, folder, "--base", "HEAD")
    assert done.code == 1
    assert "ptep_get_and_clear" in done.out


def test_a_bare_repository_of_somebody_else(story: Story, cache: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    story.git("clone", "-q", "--bare", ".", str(bare))
    if os.getuid() == 0:
        for path in (bare, *bare.rglob("*")):
            os.chown(path, 4711, 4711)
    done = check(cache, bare, "--base", "v1")
    assert done.code == 1
    assert "1 new, 0 fixed, 0 unchanged" in done.out


def test_a_base_that_is_missing(story: Story, cache: Path) -> None:
    full = "0123456789abcdef" * 2 + "01234567"
    for named, fetched in (
        ("nowhere", "origin nowhere:refs/remotes/nowhere"),
        ("origin/dev~2", "origin +refs/heads/dev:refs/remotes/origin/dev"),
        ("v9^{commit}", "origin tag v9"),
        (full, f"origin {full}"),
        (full[:16], "--all"),
        ("main~999", "--all"),
        ("x y;z", "origin 'x y;z:refs/remotes/x y;z'"),
    ):
        said = refused(check(cache, story.folder, "--base", named))
        assert said.endswith(f"; fetch it: git -C {story.folder} fetch {fetched}\n")
    assert "not a revision" in refused(check(cache, story.folder, "--base=--all"))
    assert "HEAD" not in refused(check(cache, story.folder, "--base", "v1", "--head", "nope"))


def test_a_shallow_clone(story: Story, cache: Path, tmp_path: Path) -> None:
    story.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{story.folder}",
              str(tmp_path / "shallow"))  # fmt: skip
    folder = tmp_path / "shallow"
    said = refused(check(cache, folder, "--base", "origin/topic", "--head", "origin/main"))
    assert "in this shallow clone" in said
    assert f"git -C {folder} fetch --deepen=" in said
    assert check(cache, folder, "--base", "HEAD").code == 0


@pytest.mark.parametrize("named", ["v1", "topic", "origin/topic", "HEAD~2", ""])
def test_the_command_that_is_named_fetches_what_was_asked_for(
    story: Story, cache: Path, tmp_path: Path, named: str
) -> None:
    folder = tmp_path / "shallow"
    story.git("clone", "-q", "--depth=1", f"file://{story.folder}", str(folder))
    asked = named or story.ids[1]
    said = refused(check(cache, folder, "--base", asked, "--head", asked))
    subprocess.run(shlex.split(said.partition("fetch it: ")[2]), check=True, capture_output=True)
    assert "new, " in check(cache, folder, "--base", asked, "--head", asked).out


def test_unrelated_histories(story: Story, cache: Path) -> None:
    said = refused(check(cache, story.folder, "--base", "other", "--head", "main"))
    assert "unrelated histories" in said
    assert "git -C" in said


def test_options_that_do_not_fit(story: Story, cache: Path, tmp_path: Path) -> None:
    assert "--base" in refused(check(cache, story.folder, "--head", "main"))
    assert "--rev" in refused(
        check(cache, story.folder, "--base", "v1", "--head", "main", "--rev", "main")
    )
    write = tmp_path / "plain"
    write.mkdir()
    assert "not in a git repository" in refused(check(cache, write, "--base", "v1"))


def test_reports_of_other_formats_have_what_is_new(
    story: Story, cache: Path, tmp_path: Path
) -> None:
    for base, number in (("v1", 1), ("main~1", 0)):
        formats = []
        for name in ("sarif", "github", "gitlab", "junit", "ktap", "markdown"):
            formats += ["--format", f"{name}={tmp_path / name}"]
        check(cache, story.folder, "--base", base, "--head", "main", *formats, "--format", "text")
        (run,) = json.loads((tmp_path / "sarif").read_text())["runs"]
        assert sum(not result.get("suppressions") for result in run["results"]) == number
        assert len(run["results"]) == 1
        assert (tmp_path / "github").read_text().count("::error") == number
        assert ("<failure" in (tmp_path / "junit").read_text()) == bool(number)
        assert ("not ok" in (tmp_path / "ktap").read_text()) == bool(number)


def test_a_subject_cannot_forge_a_line(story: Story, cache: Path, tmp_path: Path) -> None:
    story.git("clone", "-q", ".", str(tmp_path / "clone"))
    copy = Story(tmp_path / "clone", story.files)
    copy.git("checkout", "-q", "main~2")
    copy.git("commit", "-q", "--allow-empty", "-m", "x\x1b]0;title\x07 ::error::y")
    base = copy.git("rev-parse", "HEAD~1")
    given = ("--variant", "base", "--cache", str(cache), "--rule", "PTC101")
    (copy.folder / HEADER).write_bytes(demo_files("demo")[HEADER])
    copy.git("commit", "-q", "-am", "y\x1b[2J")
    done = ptcheck("bisect", "-C", str(copy.folder), *given, f"{base}..HEAD")
    assert done.code == 0
    assert "\x1b" not in done.out


def test_limits_hold_for_both_revisions(
    story: Story, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What they end is told, and is neither new nor fixed."""
    asked = []

    def spent(seconds: int, mebibytes: int) -> Limits:
        asked.append((seconds, mebibytes))
        return Limits(seconds, mebibytes, started=-1e9)

    monkeypatch.setattr(against, "Limits", spent)
    given = ["check", "-C", str(story.folder), "--base", "v1", "--no-cache", "--variant", "base"]
    code = main([*given, "--no-config", "--time-limit", "77", "--memory-limit", "900"])
    assert asked == [(77, 900)]
    out = capsys.readouterr().out
    assert code == 3, out
    assert "arch/demo: not judged: the time limit of 77 s was reached" in out
    assert "0 new, 0 fixed" in out
