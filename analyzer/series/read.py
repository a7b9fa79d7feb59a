# SPDX-License-Identifier: GPL-2.0-only
"""Reads a series: an mbox of patches (`git format-patch --stdout`), one mail, or a plain diff."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from pathlib import Path
from typing import Final

from .diff import parse_diff
from .model import Patch, SeriesError

MAX_BYTES: Final = 64 * 1024 * 1024
_FROM: Final = re.compile(rb"^From \S+ .*\d{4}[ \t]*\r?$", re.M)
_HEADER: Final = re.compile(rb"^(?:From|Subject|Date|Message-I[dD]):[ \t]", re.M)


def read_series(path: Path) -> tuple[Patch, ...]:
    """The patches of a file, in their order. Raises SeriesError, naming file and line."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SeriesError(f"{path}: larger than 64 MiB")
        data = path.read_bytes()
    except OSError as error:
        raise SeriesError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_series(data, str(path))


def parse_series(data: bytes, name: str) -> tuple[Patch, ...]:
    """The patches in a text called `name`; mails without a diff (a cover letter) count not.

    Raises SeriesError for a text without any, and for a diff that is damaged or binary.
    """
    patches: list[Patch] = []
    for mail, first in _mails(data):
        subject, body, line = _opened(mail, first)
        files = parse_diff(body, name, line)
        if files:
            patches.append(Patch(subject, files))
    if not patches:
        raise SeriesError(f"{name}: no patch in it")
    return tuple(patches)


def _mails(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The mails of an mbox with their first lines; what has no envelope is one mail."""
    starts = [match.start() for match in _FROM.finditer(data)]
    starts = [at for at in starts if at == 0 or data[:at].endswith((b"\n\n", b"\n\r\n", b"-- \n"))]
    if not starts or data[: starts[0]].strip():
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        yield data[begin:end], data.count(b"\n", 0, begin) + 1


def _opened(mail: bytes, first: int) -> tuple[str, bytes, int]:
    """(subject, body, line where the body starts); transfer encodings undone."""
    text, line = mail, first
    if _FROM.match(text):
        text, line = text.partition(b"\n")[2], line + 1
    head, blank, _ = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    if not blank or not _HEADER.search(head) or b"\ndiff " in head or b"\n--- " in head:
        return "", text, line
    message = email.message_from_bytes(text, policy=email.policy.compat32)
    parts = [part for part in message.walk() if not part.is_multipart()]
    body = b"".join(_payload(part.get_payload(decode=True)) for part in parts)
    return _subject(message.get("Subject", "")), body, line + head.count(b"\n") + 2


def _payload(found: object) -> bytes:
    return found if isinstance(found, bytes) else b""


def _subject(raw: object) -> str:
    try:
        text = str(make_header(decode_header(str(raw))))
    except (LookupError, ValueError, UnicodeError):
        text = str(raw)
    return " ".join(text.split())
