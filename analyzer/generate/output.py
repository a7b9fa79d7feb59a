# SPDX-License-Identifier: GPL-2.0-only
"""Writes the files of a series: all of them or none, and never over what somebody else wrote."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import UsageError
from .series import Mail

_OURS: Final = re.compile(r"^\d{4}-[\w.+-]+\.patch$")


def prepare_folder(folder: Path, force: bool) -> None:
    """Makes sure before the work that the series can be written. Raises UsageError."""
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is not a folder")
        present = sorted(p.name for p in folder.iterdir()) if folder.exists() else []
        old = [name for name in present if _OURS.match(name)]
        if old and not force:
            raise UsageError(
                f"{folder} holds {len(old)} patches already ({old[0]}, ...); --force replaces them"
            )
        other = [name for name in present if name.endswith(".patch") and name not in old]
        if other:
            raise UsageError(f"{folder} holds other patches ({other[0]}); choose an empty folder")
        near = folder
        while not near.exists():
            near = near.absolute().parent
        if not os.access(near, os.W_OK | os.X_OK):
            raise UsageError(f"cannot write to {near}: permission denied")
    except OSError as error:
        raise UsageError(f"cannot use {folder}: {error.strerror or error}") from error


def write_folder(folder: Path, mails: Sequence[Mail], force: bool) -> list[Path]:
    """Writes all files beside the folder first, then moves them in. Raises UsageError."""
    prepare_folder(folder, force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        waiting = Path(tempfile.mkdtemp(prefix=".ptcheck-", dir=folder))
        try:
            for mail in mails:
                (waiting / mail.name).write_bytes(mail.text.encode("latin-1"))
            for old in folder.iterdir():
                if force and _OURS.match(old.name):
                    old.unlink()
            for mail in mails:
                (waiting / mail.name).replace(folder / mail.name)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error
    return [folder / mail.name for mail in mails]
