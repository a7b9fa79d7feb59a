# SPDX-License-Identifier: GPL-2.0-only
"""Who gets the mails, as the tree's own get_maintainer.pl says. Runs that program: on request."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Final

from ..boot.process import run_bounded
from ..check.lint import FRAMEWORK
from ..errors import ToolError, TreeError
from ..tree import KernelTree
from .run import Plan
from .series import Mail

_SCRIPT: Final = "scripts/get_maintainer.pl"
_READ: Final = (_SCRIPT, "MAINTAINERS", "CREDITS", FRAMEWORK)
_SECONDS: Final = 120.0
_OPTIONS: Final = ("--no-tree", "--no-git", "--no-git-fallback", "--no-rolestats")


def address(tree: KernelTree, plan: Plan, mails: Sequence[Mail]) -> list[Mail]:
    """The mails with To: and Cc:; the cover letter goes to whom any of the patches goes to.

    Those who look after the framework get them all.

    Raises TreeError where the tree has no such program, ToolError where it cannot be run or says
    nothing.
    """
    lacking = [path for path in (_SCRIPT, "MAINTAINERS") if tree.kind(path) is None]
    if lacking:
        raise TreeError(f"--recipients: the tree has no {lacking[0]}")
    if shutil.which("perl") is None:
        raise ToolError("--recipients: perl is missing (on Debian: apt-get install perl)")
    try:
        with tempfile.TemporaryDirectory(prefix="ptcheck-recipients-") as name:
            folder = Path(name)
            wanted = [p for p in _READ if tree.kind(p) is not None]
            files = dict(tree.read_many(wanted))
            files |= {path: text.encode("latin-1") for path, text in plan.texts.items()}
            files |= {f"mails/{mail.name}": mail.text.encode("latin-1") for mail in mails}
            for path, data in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            found = [_asked(folder, f"mails/{mail.name}") for mail in mails[1:]]
            framework = _run(folder, ["-f", FRAMEWORK])
    except OSError as error:
        raise ToolError(f"no scratch folder to ask in: {error.strerror}") from error
    found = [(to, _merged([cc, framework])) for to, cc in found]
    people = [(_merged(to for to, _ in found), _merged(cc for _, cc in found)), *found]
    return [
        Mail(mail.name, _headed(mail.text, *who)) for mail, who in zip(mails, people, strict=True)
    ]


def _asked(folder: Path, name: str) -> tuple[list[str], list[str]]:
    """Maintainers, and lists with reviewers, of one patch."""
    return _run(folder, ["--no-l", "--no-r", name]), _run(folder, ["--no-m", name])


def _run(folder: Path, arguments: Sequence[str]) -> list[str]:
    log = folder / "log"
    script = ["perl", _SCRIPT, *_OPTIONS, *arguments]
    done = run_bounded(["env", "-C", str(folder), *script], log, _SECONDS)
    text = log.read_text(encoding="utf-8", errors="replace")
    if done.status:
        said = (text.strip().splitlines() or ["nothing"])[-1]
        raise ToolError(f"{_SCRIPT} fails: {said.replace(str(folder), '.')[:200]}")
    return [line.strip() for line in text.splitlines() if "@" in line]


def _merged(several: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(one for people in several for one in people))


def _headed(text: str, to: Sequence[str], cc: Sequence[str]) -> str:
    """A mail with the headers after its subject, one person a line."""
    lines = []
    for word, people in (("To", to), ("Cc", [one for one in cc if one not in to])):
        if people:
            lines.append(f"{word}: " + ",\n    ".join(_encoded(one) for one in people) + "\n")
    head, gap, body = text.partition("\n\n")
    at = re.search(r"^Subject: .*\n?(?:[ \t].*\n?)*", head, re.M)
    assert at is not None
    top = head[: at.end()].rstrip("\n") + "\n"
    rest = head[at.end() :]
    return f"{top}{''.join(lines)}{rest}".rstrip("\n") + gap + body


def _encoded(person: str) -> str:
    """A name that is not ASCII as mails write it."""
    name, mail = parseaddr(person)
    if not mail or not mail.isascii():
        return person.encode("ascii", "ignore").decode()
    return formataddr((name, mail), "utf-8") if name else mail
