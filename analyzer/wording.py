# SPDX-License-Identifier: GPL-2.0-only
"""Texts from templates, and paragraphs filled as mails and commit messages have them."""

from __future__ import annotations

import re
import textwrap
from typing import Final

import jinja2

from .resources import templates_dir

_WIDTH: Final = 72  # columns


def environment(room: str) -> jinja2.Environment:
    """The templates in a folder of templates/; a name that is not given to them is an error.

    Raises ToolError if the install lacks the folder.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir() / room),
        undefined=jinja2.StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
        autoescape=False,
    )


def fill(text: str) -> str:
    """Paragraphs and lists are filled to 72 columns; what is indented (a table) stays as it is."""
    done = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line.rstrip() for line in paragraph.split("\n")]
        if lines[0].startswith("- "):
            done.append("\n".join(_wrap(item, "  ") for item in re.split(r"\n(?=- )", paragraph)))
        elif any(line.startswith(" ") for line in lines):
            done.append("\n".join(lines))
        else:
            done.append(_wrap(paragraph, ""))
    return "\n\n".join(done)


def _wrap(text: str, indent: str) -> str:
    return "\n".join(
        textwrap.wrap(
            " ".join(text.split()), _WIDTH, subsequent_indent=indent, break_long_words=False,
            break_on_hyphens=False,
        )
    )  # fmt: skip
