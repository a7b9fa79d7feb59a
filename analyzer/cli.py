# SPDX-License-Identifier: GPL-2.0-only
"""The command `ptcheck`: arguments in, one exit code out.

The only place that turns errors into words on standard error. Data goes to standard output.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn, Protocol, TextIO, cast

from analyzer import __version__
from analyzer.commands.common import Exit
from analyzer.errors import PtcheckError, UsageError
from analyzer.report.escape import visible
from analyzer.stack import with_room

COMMANDS: tuple[str, ...] = (
    "check",
    "diff",
    "bisect",
    "verify",
    "replay",
    "callsites",
    "helpers",
    "bits",
    "archs",
    "generate",
    "cache",
    "completion",
    "explain",
)
"""The modules of `analyzer.commands`, in the order of the help."""

_DESCRIPTION = "Is every page-table helper of a kernel tree accounted for by page_table_check?"
_EPILOG = (
    "exit status: 0 clean, 1 findings, 2 usage or environment, "
    "3 incomplete (nothing found, but relevant code could not be judged)"
)
_INTERRUPTED = 128 + 2  # as a shell reports SIGINT
_BROKEN_PIPE = 128 + 13  # ... and SIGPIPE


class Command(Protocol):
    """What a module of `analyzer.commands` has."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options of the command."""

    def run(self, args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
        """Do it: data to `out`, notes to `err`; return one of `Exit`."""


class _Parser(argparse.ArgumentParser):
    """Usage errors are errors like all others: one line, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (try '{self.prog} --help')")


def load(name: str) -> Command:
    """Import the module of a command."""
    return cast("Command", importlib.import_module(f"analyzer.commands.{name}"))


def build_parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser that knows the commands `names`."""
    parser = _Parser(prog="ptcheck", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"ptcheck {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in names:
        command = load(name)
        below = commands.add_parser(
            command.NAME, help=command.HELP, description=command.HELP, epilog=_EPILOG
        )
        command.add_arguments(below)
        below.set_defaults(run=command.run)
    return parser


def program() -> int:
    """The program: `main`, and no search for garbage in what ends with the process anyway."""
    status = main()
    gc.freeze()
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: of this process) and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _tolerate(sys.stdout)
    _tolerate(sys.stderr)
    try:
        names = arguments[:1] if arguments[:1] and arguments[0] in COMMANDS else COMMANDS
        args = build_parser(names).parse_args(arguments)
        status = int(with_room(lambda: args.run(args, sys.stdout, sys.stderr)))
        sys.stdout.flush()
        return status
    except PtcheckError as error:
        return _complain(str(error))
    except BrokenPipeError:
        _silence(sys.stdout)
        return _BROKEN_PIPE
    except KeyboardInterrupt:
        _complain("interrupted")
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("PTCHECK_TRACEBACK"):
            traceback.print_exc()
        return _complain(
            f"defect of ptcheck, please report it: {type(error).__name__}: {error}"
            f" [{_place(error)}] (PTCHECK_TRACEBACK=1 shows more)"
        )


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name} {frames[-1].filename}:{frames[-1].lineno}" if frames else "?"


def _complain(message: str) -> int:
    try:
        print(f"ptcheck: {visible(' '.join(message.split()))}", file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)
    return Exit.USAGE


def _tolerate(stream: TextIO) -> None:
    """Let names that the encoding of a terminal lacks be escaped rather than end the run."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _silence(stream: TextIO) -> None:
    """Let the interpreter's last flush of a closed pipe go nowhere."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    except (OSError, ValueError):
        return
