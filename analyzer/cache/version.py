# SPDX-License-Identifier: GPL-2.0-only
"""What an answer depends on besides the tree: our own source, Python, the preprocessor."""

from __future__ import annotations

import sys
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from analyzer.errors import ToolError
from analyzer.preprocessor import find_tool
from analyzer.resources import stubs_dir

_PACKAGE: Final = Path(__file__).resolve().parents[1]
_SILENT: Final = ("report", "commands")  # what they do comes after the answer


def version() -> str:
    """A digest that changes with anything that may change an answer."""
    digest = blake2b(digest_size=20)
    digest.update(f"{sys.version}\0{sys.platform}\0{_package('pycparser')}\0".encode())
    digest.update(_preprocessor().encode("utf-8", "surrogateescape"))
    stubs = stubs_dir()
    for top, suffix in ((_PACKAGE, "*.py"), (stubs, "*.h")):
        for path in sorted(top.rglob(suffix)):
            name = path.relative_to(top)
            if name.parts[0] in _SILENT or (top == stubs and name.parts[0] == "demo"):
                continue
            data = path.read_bytes()
            digest.update(f"\0{name.as_posix()}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def _package(name: str) -> str:
    """A digest of the file of a package that says which version it is, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    try:
        return blake2b(Path(spec.origin).read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def _preprocessor() -> str:
    """Which one it is, told by its file; asking it for its version takes longer."""
    try:
        tool = find_tool()
    except ToolError:
        return "none"
    said = [tool.kind]
    for name in tool.command:
        path = Path(name).resolve()
        try:
            status = path.stat()
        except OSError:
            continue
        said.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    if tool.kind == "pcpp":
        from importlib.metadata import version as package_version  # slow, and seldom needed

        said.append(package_version("pcpp"))
    return "\0".join(said)
