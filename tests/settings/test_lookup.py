# SPDX-License-Identifier: GPL-2.0-only
"""Whose word a configuration is: the user's where it is named, nobody's inside of the tree."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.settings import find_source, load
from analyzer.settings.lookup import MAX_BYTES, of_tree
from tests.commands.runner import DEMO, ptcheck


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "tree")
    return tmp_path / "tree"


def test_ptcheck_toml_goes_before_pyproject(tmp_path: Path) -> None:
    assert find_source(tmp_path) is None
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("[project]\nname = 'x'\n")
    assert find_source(tmp_path) is None
    pyproject.write_text("[tool.ptcheck]\narch = 'x86'\n")
    found = find_source(tmp_path)
    assert found is not None
    assert (found.shown, found.named, found.settings.arch) == ("pyproject.toml", False, ("x86",))
    (tmp_path / "ptcheck.toml").write_text("arch = 'arm64'\n")
    found = find_source(tmp_path)
    assert found is not None
    assert found.settings.arch == ("arm64",)


def test_paths_are_relative_to_a_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("baseline = 'b.json'\nformat = 'json=o'\n")
    found = load(str(tmp_path / "own.toml"))
    assert found.settings.baseline == str(tmp_path / "b.json")
    assert found.settings.outputs[0].file == str(tmp_path / "o")
    (tmp_path / "pyproject.toml").write_text("")
    with pytest.raises(UsageError, match=r"there is no table \[tool.ptcheck\]$"):
        load(str(tmp_path / "pyproject.toml"))


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder", "large", "latin1"])
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ptcheck.toml"
    if kind == "symlink":
        path.symlink_to("/etc/passwd")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"#" * (MAX_BYTES + 1))
    else:
        path.write_bytes(b"\n# \xe4\n")
    with pytest.raises(UsageError) as caught:
        find_source(tmp_path)
    assert "ptcheck.toml" in str(caught.value)
    assert "root:" not in str(caught.value)


def test_whose_it_is(tmp_path: Path, tree: Path) -> None:
    (tree / "ptcheck.toml").write_text("")
    source = find_source(tree)
    assert source is not None
    assert of_tree(source, str(tree), tree)
    assert of_tree(source, str(tree), tree / "arch")
    assert not of_tree(source, str(tree), tmp_path)
    assert not of_tree(load(str(tree / "ptcheck.toml")), str(tree), tree)


def test_the_tree_names_no_file_to_write(tree: Path) -> None:
    (tree / "ptcheck.toml").write_text("\nformat = ['text', 'json=../forged.json']\n")
    done = ptcheck("check", cwd=tree)
    assert done.code == 2
    assert "ptcheck.toml:2: the configuration of the tree under check may not name" in done.err
    assert not (tree.parent / "forged.json").exists()
    inner = ptcheck("check", "-C", "../..", cwd=tree / "arch" / "demo")
    assert inner.code == 1  # only the current folder is looked at
    named = ptcheck("check", "--config", "ptcheck.toml", cwd=tree)
    assert named.code == 1
    assert (tree.parent / "forged.json").exists()


@pytest.mark.parametrize("where", ["../secret", "/etc/passwd", "link"])
def test_the_tree_names_no_baseline_outside(tree: Path, where: str) -> None:
    (tree / "ptcheck.toml").write_text(f"baseline = '{where}'\n")
    (tree / "link").symlink_to("../secret")
    (tree.parent / "secret").write_text("TOP SECRET")
    done = ptcheck("check", cwd=tree)
    assert done.code == 2
    assert "may not name a baseline outside of it" in done.err
    assert "SECRET" not in done.err


def test_the_tree_cannot_go_silent(tree: Path) -> None:
    """What its own configuration excuses is shown, and so is that it did."""
    (tree / "ptcheck.toml").write_text(
        "[[suppress]]\nrule = 'PTC101'\npath = '*'\nreason = 'trust me'\n"
    )
    done = ptcheck("check", "-q", cwd=tree)
    assert done.code == 0
    assert ": PTC101 unhooked: pmdp_huge_get_and_clear() " in done.out
    assert "trust me (ptcheck.toml:1)" in done.out
    assert "configuration: ptcheck.toml of the tree under check" in done.out
    assert "0 findings (1 suppressed)" in done.out
    assert ptcheck("check", "--no-config", cwd=tree).code == 1
    assert ptcheck("check", "--no-suppressions", cwd=tree).code == 1
    other = ptcheck("check", "-C", str(tree), cwd=tree.parent)
    assert other.code == 1
    assert "ptcheck.toml is not used (--config FILE reads it)" in other.err


def test_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "ptcheck.toml").write_text(
        "variants = ['nothp']\nformat = ['json=from-config.json']\narch = ['none']\n"
        "[rules]\ndisable = ['PTC1']\n"
    )
    done = ptcheck("check", "--arch", "demo", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "from-config.json").exists()
    (tmp_path / "from-config.json").unlink()
    done = ptcheck("check", "--arch=demo", "--variant=base", "--format=text", cwd=tmp_path)
    assert done.code == 0
    assert "(1 of disabled rules)" in done.out
    done = ptcheck(
        "check", "--arch=demo", "--variant=base", "--format=text", "--enable=PTC1", cwd=tmp_path
    )
    assert done.code == 1
    assert not (tmp_path / "from-config.json").exists()
    unknown = ptcheck("check", cwd=tmp_path)
    assert unknown.code == 2
    assert "unknown architecture 'none'" in unknown.err
