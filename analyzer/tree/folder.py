# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree in a folder of the file system."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from analyzer.errors import MissingFile, SourceError, TreeError
from analyzer.tree.base import MAX_FILE_BYTES
from analyzer.tree.physical import Node, PhysicalTree, acceptable


def _encode(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _decode(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def require_folder(named: str) -> None:
    """Raise TreeError, with the reason, where a path the user named is not a folder."""
    try:
        mode = Path(named).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TreeError(f"no such path: {named}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TreeError(f"cannot be opened: {named[:200]}: {reason}") from error
    if not stat.S_ISDIR(mode):
        raise TreeError(f"a file, not a folder: {named}")


class FolderTree(PhysicalTree):
    """The files of a folder as they are when they are first looked at.

    FIFOs, sockets and devices count as absent and are never opened. Raises TreeError where
    the folder does not exist, is none, or may not be listed.
    """

    def __init__(self, path: str | os.PathLike[str], label: str | None = None) -> None:
        named = os.fspath(path)
        super().__init__(label=label or named, path=named, revision=None)
        require_folder(named)
        self._listings: dict[str, Mapping[str, Node]] = {}
        try:
            self._root = os.path.realpath(os.fsencode(named))
            with os.scandir(self._root):
                pass
        except OSError as error:
            raise TreeError(f"cannot be listed: {named}: {error.strerror}") from error

    def __reduce__(self) -> tuple[type[FolderTree], tuple[str, str]]:
        return FolderTree, (self.path, self.label)

    def _native(self, path: str) -> bytes:
        return self._root + b"/" + _encode(path) if path else self._root

    def nodes(self, directory: str) -> Mapping[str, Node]:
        """Return the names in a physical directory, listed once."""
        listing = self._listings.get(directory)
        if listing is None:
            listing = self._listings[directory] = self._list(directory)
        return listing

    def _list(self, directory: str) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        try:
            with os.scandir(self._native(directory)) as entries:
                for entry in entries:
                    name = _decode(entry.name)
                    if not acceptable(name):
                        continue
                    if entry.is_symlink():
                        found[name] = Node.LINK
                    elif entry.is_dir(follow_symlinks=False):
                        found[name] = Node.DIRECTORY
                    elif entry.is_file(follow_symlinks=False):
                        found[name] = Node.FILE
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            self._lost(directory, error.strerror or "cannot be listed")
            return {}
        return found

    def target(self, path: str) -> str:
        """Return what a symlink points to, '' if it cannot be read."""
        try:
            return _decode(os.readlink(self._native(path)))  # noqa: PTH115 (bytes)
        except OSError:
            return ""

    def contents(self, path: str) -> bytes:
        """Return the contents of a regular file; symlinks and devices are not opened."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        try:
            descriptor = os.open(self._native(path), flags)
        except FileNotFoundError as error:
            raise MissingFile(path) from error
        except OSError as error:
            raise SourceError(path, 0, f"cannot be read: {error.strerror}") from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise SourceError(path, 0, "not a regular file")
            if found.st_size > MAX_FILE_BYTES:
                raise SourceError(path, 0, "larger than 64 MiB")
            return _all_of(descriptor, found.st_size)
        except OSError as error:
            raise SourceError(path, 0, f"cannot be read: {error.strerror}") from error
        finally:
            os.close(descriptor)


def _all_of(descriptor: int, size: int) -> bytes:
    """The contents of an open file of about `size` bytes, 64 MiB of them at most.

    A file object would take three times as long; thousands are read for each architecture.
    """
    data = os.read(descriptor, size + 1)
    while len(data) < MAX_FILE_BYTES:
        more = os.read(descriptor, min(size + 1, MAX_FILE_BYTES - len(data)))
        if not more:
            break
        data += more
    return data[:MAX_FILE_BYTES]
