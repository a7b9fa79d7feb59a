# SPDX-License-Identifier: GPL-2.0-only
"""Where the files live that are not Python: templates, stub headers, the demonstration tree.

A wheel carries them inside of the package (`analyzer/_data`, see pyproject.toml); in a checkout,
an unpacked sdist and an editable install they are folders beside the package.
"""

from __future__ import annotations

from pathlib import Path

from analyzer.errors import ToolError

_PACKAGE = Path(__file__).resolve().parent


def package_dir() -> Path:
    """Return the folder of our own Python."""
    return _PACKAGE


def templates_dir() -> Path:
    """Return the folder of the jinja2 templates. Raises ToolError if the install lacks it."""
    return _find("templates")


def stubs_dir() -> Path:
    """Return the folder of the stub headers. Raises ToolError if the install lacks it."""
    return _find("kernel_stubs")


def demo_dir() -> Path:
    """Return the embedded demonstration tree. Raises ToolError if the install lacks it."""
    demo = stubs_dir() / "demo"
    if not demo.is_dir():
        raise ToolError(f"the installation is incomplete, it lacks {demo}")
    return demo


def _find(name: str) -> Path:
    shipped = _PACKAGE / "_data" / name
    if shipped.is_dir():
        return shipped
    beside = _PACKAGE.parent / name
    if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    raise ToolError(f"the installation is incomplete, it lacks {shipped}")
