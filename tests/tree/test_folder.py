# SPDX-License-Identifier: GPL-2.0-only
"""What only a file system can do to a reader."""

from __future__ import annotations

import errno
import os
import pickle
import socket
from pathlib import Path

import pytest

from analyzer.errors import SourceError, TreeError
from analyzer.tree import MAX_FILE_BYTES, FolderTree, Kind


def test_fifos_sockets_and_devices_are_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "mm" / "fifo.h")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "mm" / "s.h"))
        (folder / "mm" / "device.h").symlink_to("/dev/zero")
        (folder / "mm" / "to-fifo.h").symlink_to("fifo.h")
        tree = FolderTree(folder)
        for name in ("fifo.h", "s.h", "device.h", "to-fifo.h"):
            assert tree.kind(f"mm/{name}") is None
            with pytest.raises(SourceError):
                tree.read(f"mm/{name}")
        names = {entry.name for entry in tree.entries("mm")}
        assert not {"fifo.h", "s.h", "device.h", "to-fifo.h"} & names


def test_a_file_that_becomes_a_fifo_or_link_is_not_opened(folder: Path) -> None:
    tree = FolderTree(folder)
    assert tree.entries("include")
    (folder / "include" / "linux.h").unlink()
    os.mkfifo(folder / "include" / "linux.h")
    with pytest.raises(SourceError, match="not a regular file"):
        tree.read("include/linux.h")
    (folder / "include" / "linux.h").unlink()
    (folder / "include" / "linux.h").symlink_to("/etc/passwd")
    with pytest.raises(SourceError, match="cannot be read"):
        tree.read("include/linux.h")
    (folder / "include" / "linux.h").unlink()
    with pytest.raises(SourceError, match="no such file"):
        tree.read("include/linux.h")


def test_the_size_is_bounded(folder: Path) -> None:
    big = folder / "mm" / "big.h"
    with big.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(SourceError, match="larger than 64 MiB"):
        FolderTree(folder).read("mm/big.h")


def test_a_file_is_read_to_its_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"0123456789" * 5
    (folder / "mm" / "long.h").write_bytes(text)
    (folder / "mm" / "empty.h").write_bytes(b"")
    read = os.read
    monkeypatch.setattr(os, "read", lambda file, most: read(file, min(most, 7)))  # piece by piece
    tree = FolderTree(folder)
    assert tree.read("mm/long.h") == text
    assert tree.read("mm/empty.h") == b""


def test_what_may_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = FolderTree(folder)
    assert tree.kind("Makefile") is Kind.FILE

    def refuse(*_arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # chmod would not do: the tests may run as root
    monkeypatch.setattr(os, "scandir", refuse)
    assert tree.entries("mm") == ()
    with pytest.raises(SourceError, match="Makefile: cannot be read: Permission denied"):
        tree.read("Makefile")


def test_errors_of_opening(folder: Path) -> None:
    with pytest.raises(TreeError, match="no such path"):
        FolderTree(folder / "none")
    with pytest.raises(TreeError, match="a file, not a folder"):
        FolderTree(folder / "Makefile")
    with pytest.raises(TreeError, match="no such path"):
        FolderTree(folder / "Makefile" / "x")
    with pytest.raises(TreeError, match=r"cannot be opened: xxx.*: File name too long"):
        FolderTree("x" * 5000)
    with pytest.raises(TreeError, match=r"cannot be opened: .*: embedded null byte"):
        FolderTree("a\0b")


def test_a_label_of_its_own_survives_a_pickle(folder: Path) -> None:
    tree = pickle.loads(pickle.dumps(FolderTree(folder, label="demo")))
    assert (tree.label, tree.path) == ("demo", str(folder))


def test_the_top_may_itself_be_a_symlink(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert FolderTree(tmp_path / "alias").read("include/linux.h") == b"z"
