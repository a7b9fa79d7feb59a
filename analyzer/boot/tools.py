# SPDX-License-Identifier: GPL-2.0-only
"""What a build and a boot need of the host, and which Debian packages hold it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

from ..errors import ToolError
from .machines import Machine

HOST: Final = (
    ("make", "make"), ("gcc", "gcc"), ("ld", "binutils"), ("flex", "flex"), ("bison", "bison"),
    ("bc", "bc"), ("perl", "perl"),
)  # fmt: skip
"""What the build of a kernel runs itself, whatever it builds for, and the Debian package."""

_PROBE_SECONDS: Final = 30


def require_tools(machine: Machine) -> None:
    """Raise ToolError that names everything that is missing, with its packages."""
    missing = sorted(set(_missing(machine)))
    if missing:
        what = ", ".join(name for name, _ in missing)
        packages = " ".join(dict.fromkeys(package for _, package in missing))
        raise ToolError(
            f"to boot {machine.name} this is missing: {what}"
            f" (on Debian: apt-get install --no-install-recommends {packages})"
        )


def _missing(machine: Machine) -> Iterator[tuple[str, str]]:
    programs = (
        *HOST,
        (machine.compiler, machine.packages[0] if machine.prefix else "gcc"),
        (machine.emulator[0], machine.packages[1]),
    )
    absent = {name for name, _ in programs if shutil.which(name) is None}
    yield from ((name, package) for name, package in programs if name in absent)
    if "gcc" not in absent and machine.arch == "x86" and not has_header("gcc", "gelf.h"):
        yield "gelf.h", "libelf-dev"  # objtool
    if machine.compiler not in absent and not has_header(machine.compiler, "asm/unistd.h"):
        yield f"asm/unistd.h for {machine.compiler}", _headers_package(machine)


def _headers_package(machine: Machine) -> str:
    if not machine.prefix:
        return "linux-libc-dev"
    debian = {"arm64": "arm64", "ppc64le": "ppc64el", "x86_64": "amd64"}
    return f"linux-libc-dev-{debian.get(machine.name, machine.name)}-cross"


def has_header(compiler: str, header: str) -> bool:
    """Whether a compiler finds a header; False where it cannot be run."""
    try:
        done = subprocess.run(
            [compiler, "-E", "-include", header, "-x", "c", os.devnull, "-o", os.devnull],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
