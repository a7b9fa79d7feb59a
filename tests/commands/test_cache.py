# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck cache`, and the options of the others that concern it."""

from __future__ import annotations

from pathlib import Path

from tests.commands.runner import DEMO, ptcheck


def _files(folder: Path) -> int:
    """What a cache keeps, but for the mark that it is a cache."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.name != "CACHEDIR.TAG" for path in found)


def test_show_and_clear(tmp_path: Path) -> None:
    home = str(tmp_path)
    folder = tmp_path / "ptcheck" / "facts"
    assert (
        f"folder  {folder}\nsize    0.0 MB in 0 files" in ptcheck("cache", XDG_CACHE_HOME=home).out
    )
    check = ("check", "-C", str(DEMO), "--variant", "base", "--format", "json")
    cold = ptcheck(*check, XDG_CACHE_HOME=home)
    assert cold.code == 1
    kept = f" in {_files(folder)} files, at most 268.4 MB\n"
    assert kept in ptcheck("cache", "show", XDG_CACHE_HOME=home).out
    warm = ptcheck(*check, XDG_CACHE_HOME=home)
    without = ptcheck(*check, "--no-cache", XDG_CACHE_HOME=home)
    reports = {_timeless(done.out) for done in (cold, warm, without)}
    assert len(reports) == 1
    files = _files(folder)
    cleared = ptcheck("cache", "clear", XDG_CACHE_HOME=home)
    assert cleared.out.startswith(f"{folder}: {files} files, ")
    assert _files(folder) == 0
    assert "size    0.0 MB in 0 files" in ptcheck("cache", XDG_CACHE_HOME=home).out


def test_no_cache_writes_nothing(tmp_path: Path) -> None:
    home = str(tmp_path)
    ptcheck("check", "-C", str(DEMO), "--variant", "base", "--no-cache", XDG_CACHE_HOME=home)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    done = ptcheck("check", "-C", str(DEMO), "--variant", "base", "--cache", str(own))
    assert done.code == 1
    assert _files(own)
    assert f"in {_files(own)} files" in ptcheck("cache", "--cache", str(own)).out


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    check = ("check", "-C", str(DEMO), "--variant", "base")
    quiet = ptcheck(*check, HOME=str(file), XDG_CACHE_HOME="")
    assert quiet.code == 1
    assert "cache" not in quiet.err
    asked = ptcheck(*check, "--cache", str(file))
    assert asked.code == 1
    assert asked.err == f"ptcheck: no cache is used: {file}: not a folder\n"
    shown = ptcheck("cache", "--cache", str(file))
    assert (shown.code, shown.err) == (2, f"ptcheck: not a cache: {file}: not a folder\n")


def _timeless(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if '"seconds"' not in line)
