# SPDX-License-Identifier: GPL-2.0-only
"""A program `ptcheck` that notes how it was called and answers what a test wants."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_STUB = """\
#!/bin/sh
printf '%s\\n' "$@" > "$STUB/arguments"
for word in "$@"; do
  case $word in
    *=*) printf 'report\\n' > "${word#*=}" ;;
  esac
done
[ ! -f "$STUB/report" ] || cat "$STUB/report"
[ ! -f "$STUB/notes" ] || cat "$STUB/notes" >&2
exit "$(cat "$STUB/status" 2>/dev/null || echo 0)"
"""


class Stub:
    """A folder with the program, to be put in front of PATH."""

    def __init__(self, folder: Path, status: int = 0, report: str = "", notes: str = "") -> None:
        self.folder = folder
        folder.mkdir()
        program = folder / "ptcheck"
        program.write_text(_STUB)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (folder / "status").write_text(str(status))
        if report:
            (folder / "report").write_text(report)
        if notes:
            (folder / "notes").write_text(notes)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a process that is to find it."""
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "STUB": str(self.folder)}

    @property
    def arguments(self) -> list[str]:
        """What it was called with, last time."""
        return (self.folder / "arguments").read_text().splitlines()
