# SPDX-License-Identifier: GPL-2.0-only
"""Files that a user asked for: written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.report.escape import visible


def write_files(wanted: Sequence[tuple[str, str]]) -> None:
    """Write each text to its file, all of them or none.

    Every text is first written beside its file and then moved there, so that nobody ever reads
    a half of it and a full disk leaves what was there before. A symlink is followed; devices and
    pipes (`/dev/stderr`) are written as they are. Raises UsageError where that cannot be done,
    or where two texts want the same file.
    """
    moves: list[tuple[str, str, str]] = []  # temporary, final, as named
    seen: dict[str, str] = {}
    try:
        for named, text in wanted:
            data = text.encode("utf-8", "backslashreplace")
            try:
                final = os.path.realpath(named)
                if final in seen:
                    raise UsageError(f"two reports for one file: {visible(named)}")
                seen[final] = named
                if _special(final):
                    Path(named).write_bytes(data)
                else:
                    moves.append((_beside(final, data), final, named))
            except (OSError, ValueError) as error:
                raise _cannot(named, error) from error
        for temporary, final, named in list(moves):
            try:
                os.replace(temporary, final)  # noqa: PTH105 (strings)
            except OSError as error:
                raise _cannot(named, error) from error
            moves.pop(0)
    finally:
        for temporary, _, _ in moves:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 (strings)


def _special(path: str) -> bool:
    """Whether something stands there that is neither a file nor free for one."""
    try:
        return not stat.S_ISREG(Path(path).stat().st_mode)
    except FileNotFoundError:
        return False


def _beside(final: str, data: bytes) -> str:
    """A new file in the folder of `final`, with the contents and with its permissions."""
    folder, name = os.path.split(final)
    try:
        mode = stat.S_IMODE(Path(final).stat().st_mode)
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except BaseException:
        os.unlink(temporary)  # noqa: PTH108 (strings)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _cannot(named: str, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None) or str(error)
    return UsageError(f"cannot write {visible(named)}: {reason}")
