# SPDX-License-Identifier: GPL-2.0-only
"""Reports in files: whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from analyzer.commands.files import write_files
from analyzer.errors import UsageError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    with pytest.raises(UsageError, match=r"cannot write .*: No such file or directory"):
        write_files([(str(tmp_path / "a"), "new"), (str(tmp_path / "no" / "b"), "new")])
    assert (tmp_path / "a").read_text() == "before"
    assert names(tmp_path) == ["a"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(UsageError, match="Is a directory"):
        write_files([(str(tmp_path / "a"), "new"), (str(tmp_path / "b"), "new")])
    assert names(tmp_path) == ["b"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("x")
    (tmp_path / "old").chmod(0o640)
    (tmp_path / "link").symlink_to("old")
    mask = os.umask(0o022)
    try:
        write_files([(str(tmp_path / "link"), "y"), (str(tmp_path / "new"), "z\udcff")])
    finally:
        os.umask(mask)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "old").read_text() == "y"
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644
    assert (tmp_path / "new").read_bytes() == b"z\\udcff"
    assert names(tmp_path) == ["link", "new", "old"]


def test_one_file_for_two_reports(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(UsageError, match="two reports for one file"):
        write_files([(str(tmp_path / "a"), "1"), (str(tmp_path / "link"), "2")])
    assert names(tmp_path) == ["link"]


def test_devices_are_written_as_they_are() -> None:
    write_files([("/dev/null", "x")])
    assert not Path("/dev/null").is_file()
