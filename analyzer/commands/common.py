# SPDX-License-Identifier: GPL-2.0-only
"""What the commands share: common options, the choice of tree and architectures, exit codes."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from analyzer.commands.files import write_files
from analyzer.errors import SourceError, TreeError, UsageError
from analyzer.report.escape import visible
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree, is_kernel_tree, open_tree

if TYPE_CHECKING:
    from analyzer.cache import FactCache

    Facts = FactCache | None

# `ifeq ($(ARCH),x86_64)` + `SRCARCH := x86` of the top Makefile, since 2.6.24
_SRCARCH = re.compile(
    r"^ifeq \(\$\(ARCH\),([\w-]+)\)\n[ \t]*SRCARCH[ \t]*:?=[ \t]*([\w-]+)", re.MULTILINE
)


class Exit(IntEnum):
    """The exit codes, the same for every command."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2  # and environment
    INCOMPLETE = 3  # nothing found, but relevant code could not be judged


@dataclass(frozen=True, slots=True)
class Output:
    """One `--format F[=FILE]`: `file` is None for standard output."""

    format: str
    file: str | None = None


def add_common_arguments(
    parser: argparse.ArgumentParser, formats: Sequence[str] = ("text", "json")
) -> None:
    """Declare the options that every command has that reads a tree."""
    tree = parser.add_argument_group("what to read")
    tree.add_argument("-C", "--tree", metavar="TREE", help="kernel tree (default: current folder)")
    tree.add_argument("--rev", metavar="REV", help="revision of the git repository TREE is in")
    tree.add_argument(
        "--arch",
        metavar="A[,B]",
        action="append",
        help="architectures, as the directories below arch/ are called (default: all)",
    )
    result = parser.add_argument_group("what to write")
    result.add_argument(
        "--format",
        metavar="F[=FILE]",
        action="append",
        type=_format_parser(formats),
        help=f"{', '.join(formats)} (default: {formats[0]}); repeatable, at most one without FILE",
    )
    result.add_argument("-q", "--quiet", action="count", default=0, help="no notes on stderr")
    result.add_argument("-v", "--verbose", action="count", default=0, help="more notes on stderr")
    work = parser.add_argument_group("how")
    work.add_argument(
        "--jobs",
        metavar="N",
        type=number_up_to(1024),
        default=None,
        help="processes at a time (default: as many as there are processors)",
    )
    work.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    add_cache_argument(work)


class _Adds(Protocol):
    """A parser, or a group of its options."""

    def add_argument(self, *flags: str, metavar: str, help: str) -> object: ...  # noqa: A002


def add_cache_argument(parser: _Adds) -> None:
    """Declare the option that says where the cache is."""
    parser.add_argument(
        "--cache",
        metavar="DIR",
        help="the cache (default: $XDG_CACHE_HOME/ptcheck/facts or ~/.cache/ptcheck/facts)",
    )


def number_up_to(limit: int) -> Callable[[str], int]:
    """The type of an option that is a number from 1 to `limit`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = 0
        if not 1 <= number <= limit:
            raise argparse.ArgumentTypeError(f"not a number from 1 to {limit}: '{text}'")
        return number

    return parse


def add_variant_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the option that chooses configurations."""
    parser.add_argument(
        "--variant",
        metavar="V[,W]",
        action="append",
        help="only these variants of each architecture (default: all; see ptcheck archs)",
    )


def chosen_variants(args: argparse.Namespace) -> frozenset[str] | None:
    """Return the names of the variants to judge, None for all."""
    if not args.variant:
        return None
    return frozenset(name for text in args.variant for name in text.split(",") if name)


def _format_parser(formats: Sequence[str]) -> Callable[[str], Output]:
    def parse(text: str) -> Output:
        name, equals, file = text.partition("=")
        if name not in formats:
            raise argparse.ArgumentTypeError(
                f"unknown format '{name}'; known: {', '.join(formats)}"
            )
        if equals and not file:
            raise argparse.ArgumentTypeError(f"no file after '{text}'")
        return Output(name, file or None)

    return parse


def outputs(args: argparse.Namespace, default: str = "text") -> tuple[Output, ...]:
    """Return what to write where. Raises UsageError if two reports want standard output."""
    wanted: tuple[Output, ...] = tuple(args.format or (Output(default),))
    if sum(output.file is None for output in wanted) > 1:
        raise UsageError(
            "two formats for standard output; give all but one a file: --format F=FILE"
        )
    return wanted


def write_outputs(
    wanted: Sequence[Output], renderers: Mapping[str, Callable[[], str]], out: TextIO
) -> None:
    """Render each report and write it where it is wanted, files first, all of them or none.

    Raises UsageError where a file cannot be written.
    """
    texts = [(output, renderers[output.format]()) for output in wanted]
    write_files([(output.file, text) for output, text in texts if output.file is not None])
    for output, text in texts:
        if output.file is None:
            out.write(text)


def choose_tree(
    args: argparse.Namespace, err: TextIO, *, demo: bool = True
) -> tuple[KernelTree, bool]:
    """Open the tree that the options name; the second value says that it is the demonstration.

    With no tree and no revision named it is the current folder, or, unless that is a kernel
    tree or `demo` is False, the embedded demonstration tree. Raises TreeError.
    """
    if args.tree is not None or args.rev is not None:
        return open_tree(args.tree if args.tree is not None else ".", args.rev), False
    try:
        here = FolderTree(".")
        if is_kernel_tree(here):
            return here, False
    except (OSError, TreeError):  # the current folder is gone, or may not be listed
        pass
    if not demo:
        raise TreeError("the current folder is not a kernel tree, name one with -C")
    path = demo_dir()
    note(
        args,
        err,
        "no kernel tree here and none named (-C TREE): this is the embedded demonstration tree",
    )
    return FolderTree(path, label="demonstration tree"), True


def choose_archs(args: argparse.Namespace, tree: KernelTree) -> tuple[str, ...]:
    """Return the architectures that the options name, as directories of `arch/`, in tree order.

    Names that the top Makefile of the tree translates (x86_64 -> x86) will do too. Raises
    UsageError for an unknown one, listing those of the tree.
    """
    from analyzer.kconfig import architectures

    valid = architectures(tree)
    if not valid:
        raise TreeError(f"no architecture with headers or a Kconfig below arch/: {tree.label}")
    named = [name.strip() for text in args.arch or ("all",) for name in text.split(",")]
    named = [name for name in named if name]
    if not named:
        raise UsageError("no architecture named; use --arch A[,B] or leave it out")
    if "all" in named:
        return valid
    aliases = {} if set(named) <= set(valid) else _aliases(tree)
    chosen: set[str] = set()
    for name in named:
        found = name if name in valid else aliases.get(name, name)
        if found not in valid:
            near = difflib.get_close_matches(name, valid, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UsageError(
                f"unknown architecture '{name}'{hint}; this tree has: {', '.join(valid)}"
            )
        chosen.add(found)
    return tuple(arch for arch in valid if arch in chosen)


def _aliases(tree: KernelTree) -> dict[str, str]:
    try:
        text = tree.read("Makefile").decode("utf-8", "replace")
    except SourceError:
        return {}
    return dict(_SRCARCH.findall(text))


def jobs(args: argparse.Namespace) -> int:
    """Return how many processes may run at a time: as asked, or the processors we may use."""
    return int(args.jobs or len(os.sched_getaffinity(0)))


@contextmanager
def facts(args: argparse.Namespace, err: TextIO) -> Iterator[FactCache | None]:
    """Open the cache, unless it is not wanted or cannot be used (which is noted)."""
    if args.no_cache:
        yield None
        return
    from analyzer.cache import default_folder, open_cache

    with open_cache(Path(args.cache) if args.cache else default_folder()) as cache:
        yield cache
        if cache.store.refused:
            note(args, err, f"no cache is used: {cache.store.refused}", 0 if args.cache else 1)


def note(args: argparse.Namespace, err: TextIO, text: str, level: int = 0) -> None:
    """Print a line for the user on `err` if the run is at least as verbose as `level`."""
    if args.verbose - args.quiet >= level:
        err.write(f"ptcheck: {visible(text)}\n")
        err.flush()


def use_color(stream: TextIO) -> bool:
    """Whether to color what goes to `stream`: a terminal, and nobody objects (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
