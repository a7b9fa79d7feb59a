# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck check` as a process: exit codes, formats, files, and the same answer every time."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from analyzer.report.formats import FORMATS
from tests.commands.runner import DEMO, PGTABLE, REPOSITORY, mended, ptcheck

SCHEMA = json.loads((REPOSITORY / "docs" / "check.schema.json").read_text())


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """The demonstration tree with its hook."""
    tree = tmp_path / "clean"
    shutil.copytree(DEMO, tree)
    (tree / PGTABLE).write_text(mended())
    return tree


def test_findings_are_1() -> None:
    done = ptcheck("check", "-C", str(DEMO))
    assert (done.code, done.err) == (1, "")
    head = done.out.splitlines()[0]
    assert head.startswith(f"{PGTABLE}:")
    assert ": PTC101 unhooked: pmdp_huge_get_and_clear() " in head


def test_clean_is_0(clean: Path) -> None:
    done = ptcheck("check", "-C", str(clean))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith("0 findings; 1 architecture, 2 variants; ")


def test_incomplete_is_3(clean: Path) -> None:
    (clean / PGTABLE).unlink()
    done = ptcheck("check", "-C", str(clean))
    assert (done.code, done.err) == (3, "")
    assert done.out.splitlines()[-1].startswith("incomplete: ")


def test_what_is_not_selected_is_no_error(clean: Path) -> None:
    """Without the select the same findings are what would be found, and do not count."""
    kconfig = clean / "arch/demo/Kconfig"
    lines = kconfig.read_text().splitlines(keepends=True)
    kconfig.write_text("".join(line for line in lines if "SUPPORTS_PAGE_TABLE_CHECK" not in line))
    (clean / PGTABLE).write_text((DEMO / PGTABLE).read_text())
    done = ptcheck("check", "-C", str(clean), "--format", "json")
    findings = json.loads(done.out)["findings"]
    hidden = [finding for finding in findings if finding["rule"] == "PTC101"]
    assert [finding["if_enabled"] for finding in hidden] == [True]
    assert ptcheck("check", "-C", str(clean), "--as-if-enabled").code == 1


def test_every_format_at_once(tmp_path: Path) -> None:
    options = [f"--format={known.name}={tmp_path / known.name}" for known in FORMATS]
    done = ptcheck("check", "-C", str(DEMO), *options)
    assert (done.code, done.out, done.err) == (1, "", "")
    for known in FORMATS:
        assert "PTC101" in (tmp_path / known.name).read_text()
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "json").read_text()))


def test_the_same_every_time(tmp_path: Path) -> None:
    """Whatever the order of sets, and wherever it is run."""
    options = [f"--format={known.name}={known.name}" for known in FORMATS]
    runs = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        ptcheck("check", "-C", str(DEMO), "-v", *options, cwd=folder, PYTHONHASHSEED=seed)
        runs.append({known.name: (folder / known.name).read_bytes() for known in FORMATS})
    assert runs[0] == runs[1]
    assert all(runs[0].values())


def test_the_seconds_are_told_where_they_are_asked_for() -> None:
    plain = ptcheck("check", "-C", str(DEMO), "--format", "json")
    timed = ptcheck("check", "-C", str(DEMO), "--format", "json", "--timing", "-v")
    assert json.loads(plain.out)["seconds"] is None
    assert json.loads(timed.out)["seconds"] > 0
    assert "ptcheck: took " in timed.err


def test_a_revision_gives_what_the_folder_gives(tmp_path: Path) -> None:
    copy = tmp_path / "demo"
    shutil.copytree(DEMO, copy)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    folder = json.loads(ptcheck("check", "-C", str(copy), "--format", "json").out)
    (copy / PGTABLE).unlink()  # what is in the folder does not matter
    revision = json.loads(ptcheck("check", "-C", str(copy), "--rev=HEAD", "--format=json").out)
    for value in (folder, revision):
        del value["seconds"], value["tree"]
    assert revision == folder


def test_only_the_variants_that_are_named() -> None:
    done = ptcheck("check", "-C", str(DEMO), "--variant", "nothp", "--format", "json")
    value = json.loads(done.out)
    assert [one["variant"] for one in value["variants"]] == ["nothp"]
    assert done.code == 0  # the helper that lacks its hook is one of huge pages


def test_notes_go_to_stderr() -> None:
    done = ptcheck("check", "-C", str(DEMO), "-v", "--format", "json")
    assert json.loads(done.out)
    assert "ptcheck: demo/base\n" in done.err
    assert all(line.startswith("ptcheck: ") for line in done.err.splitlines())


def test_no_escape_sequences_in_a_pipe() -> None:
    assert "\x1b" not in ptcheck("check", "-C", str(DEMO), "-v").out
