# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to the verdict of a boot: private view, build, init, QEMU, console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import ToolError, TreeError
from ..tree import KernelTree
from .initramfs import compile_init, initramfs
from .kernel import Kernel, Unbuilt
from .machines import Machine
from .mirror import View, built_inside
from .process import run_bounded
from .tools import require_tools
from .verdict import Outcome, Stop, read_console

MEMORY: Final = "1G"  # with less, huge pages are off
_ARGUMENTS: Final = "rdinit=/init panic=-1 nokaslr"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, by the wall clock, that a build and a boot may take."""

    build: float = 3600
    boot: float = 300


@dataclass(frozen=True, slots=True)
class BootResult:
    """What became of one kernel. `reason` says why there is none (UNBUILT)."""

    machine: str
    outcome: Outcome
    stop: Stop | None = None
    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: int = 0
    lacking: tuple[str, ...] = ()
    reason: str = ""
    log: str = ""
    build_seconds: float = 0.0
    boot_seconds: float = 0.0


def boot_tree(
    tree: KernelTree,
    machine: Machine,
    work: Path,
    edits: Mapping[str, bytes | None],
    jobs: int,
    limits: Limits = Limits(),
    note: Callable[[str], None] = lambda _: None,
) -> BootResult:
    """Build `tree` with `edits` in `work` (used again if it holds a former build) and start it.

    Raises ToolError for what the host lacks, TreeError for a tree that was built in, or that
    does not offer the check for the machine.
    """
    require_tools(machine)
    trace = built_inside(tree)
    if trace is not None:
        raise TreeError(
            f"{tree.label} holds the remains of a build ({trace});"
            " name a clean tree, or a revision (--rev), or clean it (make mrproper)"
        )
    folder = _owned(work, tree) / machine.name
    note(f"{machine.name}: a private view of {tree.label} in {folder}")
    view = View(tree, folder / "source", folder)
    view.refresh(edits)
    kernel = Kernel(machine, view.folder, folder / "build", jobs, limits.build)
    try:
        lacking = kernel.configure()
        note(f"{machine.name}: builds {machine.target} (log: {folder / 'make.log'})")
        built = kernel.build()
    except Unbuilt as problem:
        return BootResult(
            machine.name, Outcome.UNBUILT, reason=problem.reason, log=str(problem.log)
        )
    note(f"{machine.name}: starts")
    result = start(kernel, folder, limits)
    return BootResult(
        machine.name, result.outcome, result.stop, result.done, result.skipped, result.wrong,
        result.notes, result.warnings, lacking, "", result.log, built.seconds,
        result.boot_seconds,
    )  # fmt: skip


def _owned(work: Path, tree: KernelTree) -> Path:
    """The work folder, once it is certain that it is not (in) the tree."""
    try:
        inside = bool(tree.path) and work.resolve().is_relative_to(Path(tree.path).resolve())
    except OSError as error:
        raise ToolError(f"cannot use {work}: {error.strerror}") from error
    if inside:
        raise ToolError(f"nothing is written to the tree; name another folder than {work}")
    return work.resolve()


def start(kernel: Kernel, folder: Path, limits: Limits, more: str = "") -> BootResult:
    """Start a built kernel with our init (and `more` arguments) and read its console."""
    machine = kernel.machine
    init = compile_init(machine, folder)
    archive, log = folder / "initramfs", folder / "console.log"
    archive.write_bytes(initramfs(init.read_bytes()))
    arguments = f"console={machine.console} {_ARGUMENTS} {more}".rstrip()
    command = [
        *machine.emulator, "-m", MEMORY, "-smp", "1", "-nographic", "-monitor", "none",
        "-serial", "mon:stdio", "-no-reboot", "-net", "none", "-kernel", str(kernel.image),
        "-initrd", str(archive), "-append", arguments,
    ]  # fmt: skip
    done = run_bounded(command, log, limits.boot)
    console = read_console(log.read_text(encoding="utf-8", errors="replace"))
    return BootResult(
        machine.name, console.outcome, console.stop, console.done, console.skipped,
        console.wrong, console.notes, console.warnings, log=str(log), boot_seconds=done.seconds,
    )  # fmt: skip
