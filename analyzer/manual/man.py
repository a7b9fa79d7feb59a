# SPDX-License-Identifier: GPL-2.0-only
"""The man page, from the parser. Without a date: the same program gives the same page."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.manual.describe import Command, Option, Program
from analyzer.report.formats import FORMATS

_EXITS = (
    ("0", "clean: everything was judged and nothing was found"),
    ("1", "findings that count"),
    ("2", "usage or environment: no such tree, architecture or revision"),
    ("3", "incomplete: nothing was found, but something relevant could not be judged"),
)
_FILES = (
    (
        "ptcheck.toml, pyproject.toml",
        "the configuration, looked up in the current folder: see docs/ci.md",
    ),
    ("~/.cache/ptcheck", "what was found out before; XDG_CACHE_HOME names another place"),
)
_ENVIRONMENT = (
    ("PTCHECK_CPP", "the C preprocessor to use; 'pcpp' is the one in Python"),
    ("NO_COLOR", "no colors on a terminal"),
    ("TMPDIR", "where copies of headers are kept while they are read"),
)


def page(program: Program) -> str:
    """The source of ptcheck(1)."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: Program) -> Iterator[str]:
    name = program.name
    yield '.\\" SPDX-License-Identifier: GPL-2.0-only'
    yield '.\\" Written by `make man`, from the argument parser.'
    yield f'.TH {name.upper()} 1 "" "{name} {_text(program.version)}" "User Commands"'
    yield ".SH NAME"
    yield f"{name} \\- {_text(program.own.description)}"
    yield ".SH SYNOPSIS"
    for command in program.commands:
        yield f".B {name} {command.name}"
        yield "[\\fIoptions\\fR]" + "".join(f" {_argument(o)}" for o in _positional(command))
        yield ".br"
    yield ".SH DESCRIPTION"
    yield (
        "The kernel's page table check counts how often each page is mapped by user page tables. "
        "Every helper that changes an entry has to call a hook for that."
    )
    yield (
        f".B {name}\nreads a Linux kernel tree without building it and decides for each helper "
        "whether the hooks count exactly what the helper changes, on every path. Nothing of the "
        "tree is executed, and nothing is written to it."
    )
    yield ".SH COMMANDS"
    for command in program.commands:
        yield f".SS {name} {command.name}"
        yield _sentence(command.description)
        yield from _options(command)
    yield ".SH FORMATS"
    for known in FORMATS:
        yield from _item(f"\\fB{known.name}\\fR", _sentence(known.description))
    yield ".SH EXIT STATUS"
    for code, text in _EXITS:
        yield from _item(f"\\fB{code}\\fR", _sentence(text))
    yield ".SH FILES"
    for what, text in _FILES:
        yield from _item(f"\\fI{_text(what)}\\fR", _sentence(text))
    yield ".SH ENVIRONMENT"
    for what, text in _ENVIRONMENT:
        yield from _item(f"\\fB{what}\\fR", _sentence(text))


def _options(command: Command) -> Iterator[str]:
    group = ""
    for option in command.options:
        if "--help" in option.names:
            continue
        if option.group != group and option.group not in ("options", "positional arguments"):
            yield ".PP"
            yield f"{_sentence(option.group).rstrip('.')}:"
        group = option.group
        yield from _item(_argument(option), _sentence(option.help))


def _positional(command: Command) -> list[Option]:
    return [option for option in command.options if not option.names]


def _argument(option: Option) -> str:
    value = f"\\fI{_text(option.metavar)}\\fR" if option.takes_value else ""
    if not option.names:
        return value
    names = ", ".join(f"\\fB{_text(name)}\\fR" for name in option.names)
    return f"{names} {value}" if value else names


def _item(tag: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield tag
    yield text


def _sentence(text: str) -> str:
    first = text.split(" ", 1)[0]
    shown = _text(text if first.endswith(",") else text[:1].upper() + text[1:])
    return shown if shown.endswith((".", "?", ")")) else f"{shown}."


def _text(text: str) -> str:
    """Plain text for roff: no escape and no request in it, a hyphen that can be copied."""
    shown = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
