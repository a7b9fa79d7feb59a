# SPDX-License-Identifier: GPL-2.0-only
"""The first file system of the kernel: our init, a console, nothing else (cpio, newc)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ..errors import ToolError
from ..resources import stubs_dir
from .machines import Machine
from .process import run_bounded

_FLAGS: Final = (
    "-Os", "-Wall", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
    "-fno-pie", "-no-pie", "-fno-asynchronous-unwind-tables",
)  # fmt: skip
_COMPILE_SECONDS: Final = 120
_FILE, _DIRECTORY, _DEVICE = 0o100000, 0o040000, 0o020000
_CONSOLE: Final = (5, 1)


def compile_init(machine: Machine, folder: Path) -> Path:
    """Compile kernel_stubs/boot/init.c for a machine. Raises ToolError with the first error."""
    source, made, log = stubs_dir() / "boot" / "init.c", folder / "init", folder / "init.log"
    command = [machine.compiler, *_FLAGS, *machine.init_flags, "-o", str(made), str(source)]
    if run_bounded([*command, "-lgcc"], log, _COMPILE_SECONDS).status != 0:
        text = log.read_text(encoding="utf-8", errors="replace")
        errors = [line for line in text.splitlines() if "error" in line] or ["no message"]
        raise ToolError(f"{machine.compiler} cannot compile our init: {errors[0]}")
    return made


def initramfs(init: bytes) -> bytes:
    """An archive with /init and /dev/console."""
    members = (
        _member(1, "dev", _DIRECTORY | 0o755),
        _member(2, "dev/console", _DEVICE | 0o600, device=_CONSOLE),
        _member(3, "init", _FILE | 0o755, init),
        _member(0, "TRAILER!!!", 0),
    )
    return b"".join(members)


def _member(
    inode: int, name: str, mode: int, data: bytes = b"", device: tuple[int, int] = (0, 0)
) -> bytes:
    """One member: 13 numbers of 8 hexadecimal digits, name and data padded to 4 bytes
    (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    encoded = name.encode("ascii") + b"\0"
    numbers = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % number for number in numbers)
    return _padded(header + encoded) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
