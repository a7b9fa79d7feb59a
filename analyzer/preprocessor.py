# SPDX-License-Identifier: GPL-2.0-only
"""Which C preprocessor the host has; apart from what runs it, as a cache has to know it, too."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.errors import ToolError
from analyzer.resources import package_dir


@dataclass(frozen=True, slots=True)
class Tool:
    """A C preprocessor: `kind` is 'gcc', 'clang' or 'pcpp'."""

    kind: str
    command: tuple[str, ...]


def find_tool(environment: Mapping[str, str] = os.environ) -> Tool:
    """Return the preprocessor to use: $PTCHECK_CPP, gcc, clang, or pcpp.

    Raises ToolError where there is none.
    """
    named = environment.get("PTCHECK_CPP", "")
    path = environment.get("PATH", os.defpath)
    if named and named != "pcpp":
        found = shutil.which(named, path=path)
        if found is None:
            raise ToolError(f"PTCHECK_CPP names no program: {named}")
        return Tool("clang" if "clang" in Path(named).name else "gcc", (found,))
    if not named:
        for name in ("gcc", "clang"):
            found = shutil.which(name, path=path)
            if found is not None:
                return Tool(name, (found,))
    try:
        import pcpp  # noqa: F401
    except ImportError:
        raise ToolError("no C preprocessor: install gcc or clang, or `pip install pcpp`") from None
    return Tool("pcpp", (sys.executable, os.fspath(package_dir() / "frontend" / "pcpp_main.py")))
