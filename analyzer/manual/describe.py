# SPDX-License-Identifier: GPL-2.0-only
"""What an argument parser knows, as values."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

_FILES = ("FILE", "TREE", "DIR", "FOLDER", "LOG", "MBOX", "PATCH")


@dataclass(frozen=True, slots=True)
class Option:
    """An option or, if `names` is empty, a positional argument."""

    names: tuple[str, ...]
    metavar: str  # what it takes, '' if nothing
    help: str
    choices: tuple[str, ...]
    group: str
    repeats: bool  # a positional argument that may be given more than once

    @property
    def takes_value(self) -> bool:
        """Whether a word follows the option."""
        return bool(self.metavar)

    @property
    def takes_file(self) -> bool:
        """Whether that word is the name of a file or folder."""
        return self.metavar.strip("[].").upper() in _FILES


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the program, or the program itself."""

    name: str
    help: str
    description: str
    options: tuple[Option, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """All names of options, in the order of the help."""
        return tuple(name for option in self.options for name in option.names)


@dataclass(frozen=True, slots=True)
class Program:
    """The whole command line; `epilog` is about all commands."""

    name: str
    version: str
    own: Command
    commands: tuple[Command, ...]
    epilog: str


def describe(parser: argparse.ArgumentParser, version: str) -> Program:
    """Read the parser of a program with commands."""
    commands: list[Command] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help or "" for one in action._choices_actions}
            commands += (
                _command(name, helps.get(name, ""), below) for name, below in action.choices.items()
            )
    own = _command(parser.prog, "", parser)
    return Program(parser.prog, version, own, tuple(commands), parser.epilog or "")


def _command(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    options = []
    for group in parser._action_groups:
        for action in group._group_actions:
            if isinstance(action, argparse._SubParsersAction) or action.help is argparse.SUPPRESS:
                continue
            options.append(_option(action, group.title or ""))
    return Command(name, text, parser.description or text, tuple(options))


def _option(action: argparse.Action, group: str) -> Option:
    metavar = ""
    if action.nargs != 0:
        shown = action.metavar if isinstance(action.metavar, str) else None
        choices = "|".join(map(str, action.choices)) if action.choices else None
        metavar = shown or choices or action.dest.upper().replace("_", "-")
    text = (action.help or "") % {
        **{key: value for key, value in vars(action).items() if isinstance(value, (str, int))},
        "default": action.default,
        "prog": "ptcheck",
    }
    return Option(
        names=tuple(action.option_strings),
        metavar=metavar,
        help=" ".join(text.split()),
        choices=tuple(map(str, action.choices or ())),
        group=group,
        repeats=action.nargs in ("*", "+"),
    )
