# SPDX-License-Identifier: GPL-2.0-only
"""Reading one file that may be anything: never a device or a pipe, never more than a bound."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_bounded(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """The contents of a regular file of up to `limit` bytes.

    Raises OSError, its `strerror` the reason, for what is absent, no regular file, too large, or,
    unless `follow`, a symlink. Nothing hangs: a FIFO is opened without waiting, and refused.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags if follow else flags | os.O_NOFOLLOW)
    except ValueError as error:  # a NUL byte in the name
        raise OSError(errno.EINVAL, "not a path") from error
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ELOOP, "a symlink, refused") from error
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        chunks = []
        rest = limit + 1
        while rest > 0 and (chunk := os.read(descriptor, min(rest, 1 << 20))):
            chunks.append(chunk)
            rest -= len(chunk)
    finally:
        os.close(descriptor)
    if rest <= 0:
        raise OSError(errno.EFBIG, f"larger than {limit >> 20} MiB")
    return b"".join(chunks)
