# SPDX-License-Identifier: GPL-2.0-only
"""Named pieces of JSON in a folder of the user.

Each piece is a file that is written once, under another name, and then renamed: whoever reads
sees all of it or none. It carries its own name and a checksum, so that what is damaged, cut off
or misplaced counts as absent, and is removed. Nothing here raises for the state of the folder:
what cannot be read is computed again, what cannot be written is not kept.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 256 * 1024 * 1024  # of all files together; then the oldest go
_KEPT: Final = 0.75  # of that, when they go
_MAX_PIECE: Final = 64 * 1024 * 1024  # bytes of one piece, unpacked; real ones have less than one
_MAGIC: Final = b"ptcheck fact 1\n"
_TOUCH_SECONDS: Final = 3600  # a use is noted once an hour
_STALE_SECONDS: Final = 3600  # a file half written by a process that was killed
_PARTIAL: Final = ".partial-"
MARK: Final = "CACHEDIR.TAG"
_MARK_TEXT: Final = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"  # bford.info/cachedir
    "# What ptcheck found out about kernel trees. It can be removed at any time.\n"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much a store holds."""

    files: int
    bytes: int


class Store:
    """The pieces below `folder`. `refused` says why it is not used, '' if it is."""

    def __init__(self, folder: Path, limit: int = MAX_BYTES) -> None:
        self.folder = folder
        self.limit = limit
        self.refused = _refused(folder)
        self.written = False

    # -- pieces

    def load(self, name: str) -> Any:
        """Return a piece; None if there is none that can be read."""
        if self.refused:
            return None
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_PIECE:
                    return None
                data = file.read(_MAX_PIECE)
        except OSError:
            return None
        try:
            value = _unpack(name, data)
        except (ValueError, zlib.error, RecursionError):
            with suppress(OSError):
                path.unlink()
            return None
        if time.time() - status.st_mtime > _TOUCH_SECONDS:
            with suppress(OSError):
                os.utime(path)
        return value

    def save(self, name: str, value: Any) -> bool:
        """Keep a piece, whole or not at all; tell whether that was possible."""
        if self.refused:
            return False
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._mark()
            descriptor, partial = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_pack(name, value))
                Path(partial).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(partial).unlink()
                raise
        except OSError as error:
            self.refused = f"{self.folder}: cannot be written: {error.strerror}"
            return False
        self.written = True
        return True

    def names(self, prefix: str) -> list[str]:
        """Return the pieces in one folder of the store, those used last first."""
        if self.refused:
            return []
        found: list[tuple[float, str]] = []
        try:
            with os.scandir(self.folder / prefix) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        with suppress(OSError):
                            time_used = entry.stat(follow_symlinks=False).st_mtime
                            found.append((-time_used, f"{prefix}/{entry.name}"))
        except OSError:
            return []
        return [name for _, name in sorted(found)]

    def remove(self, name: str) -> None:
        """Let a piece go."""
        with suppress(OSError):
            (self.folder / name).unlink()

    # -- all of them

    def size(self) -> Size:
        """How much there is."""
        sizes = [status.st_size for _, status in self._files()]
        return Size(len(sizes), sum(sizes))

    def trim(self) -> None:
        """Remove what was not used for longest, where there is more than the limit allows."""
        files = sorted(self._files(), key=lambda item: item[1].st_mtime)
        now = time.time()
        for path, status in files:
            if path.name.startswith(_PARTIAL) and now - status.st_mtime > _STALE_SECONDS:
                with suppress(OSError):
                    path.unlink()
        total = sum(status.st_size for _, status in files)
        if total <= self.limit:
            return
        for path, status in files:
            with suppress(OSError):
                path.unlink()
                total -= status.st_size
            if total <= self.limit * _KEPT:
                return

    def clear(self) -> Size:
        """Remove every piece, and nothing else; return what was there. Raises OSError."""
        if self.refused:
            return Size(0, 0)
        before = self.size()
        for path, _ in self._files():
            path.unlink(missing_ok=True)
        for folder in sorted(self._folders(), reverse=True):
            with suppress(OSError):  # somebody is writing there
                folder.rmdir()
        return before

    def _mark(self) -> None:
        mark = self.folder / MARK
        if not mark.exists():
            mark.write_text(_MARK_TEXT, encoding="ascii")

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in [*self._folders()]:
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            yield Path(entry.path), status

    def _folders(self) -> Iterator[Path]:
        """The folders of pieces; the folder itself, which may hold other things, is none."""
        for kind in ("questions", "answers", "same", "records"):
            with suppress(OSError), os.scandir(self.folder / kind) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        yield Path(entry.path)


def _refused(folder: Path) -> str:
    """Why a folder cannot be a cache of ours."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder}: not a folder"
    if status.st_uid != os.getuid():
        return f"{folder}: belongs to another user"
    if status.st_mode & stat.S_IWOTH:
        return f"{folder}: anybody may write to it"
    return ""


def _pack(name: str, value: Any) -> bytes:
    text = json.dumps([name, value], separators=(",", ":")).encode("ascii")
    packed = zlib.compress(text, 1)
    return _MAGIC + blake2b(packed, digest_size=32).digest() + packed


def _unpack(name: str, data: bytes) -> Any:
    start = len(_MAGIC)
    digest, packed = data[start : start + 32], data[start + 32 :]
    if not data.startswith(_MAGIC) or blake2b(packed, digest_size=32).digest() != digest:
        raise ValueError("damaged")
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(packed, _MAX_PIECE)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("too large, or cut off")
    value = json.loads(text)
    if type(value) is not list or len(value) != 2 or value[0] != name:
        raise ValueError("another piece")
    return value[1]
