# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck replay`: does a log of hook calls keep the rules, and if not, what went before."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path
from typing import IO, TextIO

from analyzer.commands import common
from analyzer.errors import ToolError, UsageError
from analyzer.evaluate.values import Unjudged
from analyzer.reference.decode import Decoder
from analyzer.reference.ftrace import Converter, Memory
from analyzer.reference.log import MAX_LINE, Header, LogReader, read_header, write_log
from analyzer.reference.minimise import minimise
from analyzer.reference.opening import open_session
from analyzer.reference.probes import MACHINES, probes
from analyzer.reference.replay import Replay, replay
from analyzer.reference.session import SessionDecoder
from analyzer.reference.traits import read_traits
from analyzer.reference.values import LEVELS, Event, Traits
from analyzer.report.replay import render_json, render_text
from analyzer.resources import stubs_dir
from analyzer.tree import KernelTree

NAME = "replay"
HELP = "replay a log of hook calls against the rules of page table check"

_LOGS = "logs"
_SUFFIX = ".jsonl"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("log", metavar="LOG", nargs="?", help="event log; - for standard input")
    parser.add_argument("--example", metavar="NAME", help=f"a log of ours: {', '.join(examples())}")
    parser.add_argument("--variant", metavar="V", help="variant of the architecture (see archs)")
    parser.add_argument(
        "--minimise", metavar="FILE", help="write the fewest events that still fail, - for stdout"
    )
    trace = parser.add_argument_group(
        "traces of ftrace",
        "To record one, on a kernel with CONFIG_KPROBE_EVENTS that was booted with"
        " page_table_check=on: write the lines of --probes to"
        " /sys/kernel/tracing/kprobe_events, 1 to events/kprobes/enable there, and keep"
        " trace_pipe; docs/event-log.md has the rest.",
    )
    trace.add_argument(
        "--probes",
        metavar="MACHINE",
        choices=[one.machine for one in MACHINES],
        help="print the kprobe events for the hooks of the tree:"
        f" {', '.join(one.machine for one in MACHINES)}",
    )
    trace.add_argument("--ftrace", action="store_true", help="LOG is text of ftrace")
    trace.add_argument("--save", metavar="FILE", help="write the events of a trace as a log")
    trace.add_argument("--vmemmap", metavar="ADDRESS", type=_number, help="struct page of frame 0")
    trace.add_argument("--struct-page", metavar="N", type=_number, help="its bytes (default: 64)")
    trace.add_argument("--init-mm", metavar="ADDRESS", type=_number, help="address of init_mm")
    common.add_common_arguments(parser)


def examples() -> tuple[str, ...]:
    """The names of the logs that are part of ptcheck."""
    try:
        folder = stubs_dir() / _LOGS
    except ToolError:
        return ()
    return tuple(sorted(path.stem for path in folder.glob(f"*{_SUFFIX}")))


def _number(text: str) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise argparse.ArgumentTypeError(f"not a number: '{text}'")
    return number


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Replay it; the exit code is 1 for a violation or a warning, 2 for a bad line."""
    if args.probes is not None:
        return _probes(args, out, err)
    wanted = common.outputs(args)
    if args.minimise == "-" and any(output.file is None for output in wanted):
        if args.format:
            raise UsageError("--minimise - and a report: give the report a file")
        wanted = ()
    with ExitStack() as stack:
        name, stream = _log(args, stack)
        header = Header() if args.ftrace else read_header(name, stream.readline(MAX_LINE + 1))
        start = stream.tell()
        tree = _tree(args, err, stack)
        arch, variant = _subject(args, tree, header)
        session = stack.enter_context(open_session(tree, arch, variant))
        common.note(args, err, f"entries of {arch}/{variant}, rules of {tree.label}", 1)
        try:
            traits = read_traits(session)
        except Unjudged as reason:
            raise UsageError(f"the rules of {tree.label} cannot be read: {reason}") from None
        decoder = SessionDecoder(session)
        read = _reader(args, name, stream, start, decoder)
        try:
            found = replay(read, decoder, traits, name)
            if args.save is not None:
                _write(args.save, write_log(Header(arch, variant), read()), out)
            shortest = _minimised(args, found, read, decoder, traits)
        except Unjudged as reason:
            raise UsageError(f"{name}: an entry cannot be decoded: {reason}") from None
    if shortest is not None and args.minimise is not None and found.violation is not None:
        _write(args.minimise, write_log(Header(arch, variant), shortest), out)
    renderers = {
        "text": lambda: render_text(name, found, shortest),
        "json": lambda: render_json(name, found, shortest),
    }
    common.write_outputs(wanted, renderers, out)
    return common.Exit.CLEAN if found.clean else common.Exit.FINDINGS


def _probes(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Nothing is replayed: what to type before a trace is recorded."""
    if args.log is not None or args.example is not None:
        raise UsageError("--probes reads no log")
    with common.choose_tree(args, err)[0] as tree:
        out.write("".join(f"{line}\n" for line in probes(tree, args.probes)))
    return common.Exit.CLEAN


def _log(args: argparse.Namespace, stack: ExitStack) -> tuple[str, IO[bytes]]:
    """The log's name and its bytes; standard input is kept, for it is read twice."""
    if (args.log is None) == (args.example is None):
        raise UsageError("name a log, or --example and one of: " + ", ".join(examples()))
    if args.log == "-":
        return "<stdin>", _kept(sys.stdin.buffer, stack)
    if args.example is not None:
        if args.example not in examples():
            raise UsageError(f"unknown example '{args.example}'; known: {', '.join(examples())}")
        path = stubs_dir() / _LOGS / f"{args.example}{_SUFFIX}"
        return path.name, stack.enter_context(path.open("rb"))
    try:
        stream: IO[bytes] = stack.enter_context(Path(args.log).open("rb"))  # noqa: SIM115
        return args.log, stream if stream.seekable() else _kept(stream, stack)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read {args.log}: {reason}") from error


def _kept(stream: IO[bytes], stack: ExitStack) -> IO[bytes]:
    """A copy of what can be read but once; nobody else sees it."""
    copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy


def _tree(args: argparse.Namespace, err: TextIO, stack: ExitStack) -> KernelTree:
    if args.example is not None and args.tree is None and args.rev is None:
        args.tree = str(stubs_dir() / "demo")
    return stack.enter_context(common.choose_tree(args, err)[0])


def _subject(args: argparse.Namespace, tree: KernelTree, header: Header) -> tuple[str, str]:
    """Whose entries: the options, then the header, then the only architecture there is."""
    if args.arch is None and header.arch:
        args.arch = [header.arch]
    archs = common.choose_archs(args, tree)
    if len(archs) != 1:
        raise UsageError(f"whose entries are these? name one with --arch: {', '.join(archs)}")
    return archs[0], args.variant or header.variant or "base"


def _reader(
    args: argparse.Namespace, name: str, stream: IO[bytes], start: int, decoder: SessionDecoder
) -> Callable[[], Iterable[Event]]:
    def from_log() -> Iterable[Event]:
        stream.seek(start)
        return LogReader(name, stream, decoder)

    def from_trace() -> Iterable[Event]:
        stream.seek(0)
        memory = Memory(args.vmemmap, args.struct_page or 64, args.init_mm,
                        decoder.session.width("pte"))  # fmt: skip
        spans = {level: _span(decoder, level) for level in LEVELS}
        lines = (line.decode("utf-8", "replace") for line in stream)
        return Converter(name, memory, spans).events(lines)

    return from_trace if args.ftrace else from_log


def _span(decoder: Decoder, level: str) -> int:
    try:
        return decoder.span(level)
    except Unjudged:
        return 1


def _minimised(
    args: argparse.Namespace,
    found: Replay,
    read: Callable[[], Iterable[Event]],
    decoder: Decoder,
    traits: Traits,
) -> tuple[Event, ...] | None:
    if args.minimise is None or found.violation is None:
        return None
    last = found.violation.event.number

    def everything() -> Sequence[Event]:
        return list(takewhile(lambda event: event.number <= last, read()))

    return minimise(found, everything, decoder, traits)


def _write(file: str, text: str, out: TextIO) -> None:
    if file == "-":
        out.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot write {file}: {reason}") from error
