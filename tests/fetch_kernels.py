#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fetch and unpack Debian's kernel sources for the tests, into a cache outside of the repository.

    python3 tests/fetch_kernels.py [6.1 6.12]

They go to $PTCHECK_KERNELS, by default ~/.cache/ptcheck/trees, as linux-source-VERSION. What is
there already is left alone. `apt-get download` needs no root, only package lists; as root they
are updated if need be. Standard library only. Exit code 0: all there; 1: something is missing,
and what to do was said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSIONS = ("6.1", "6.12")
# Two thirds of a kernel are drivers that no reader of page tables looks at. Their Kconfig files
# and Makefiles stay, and so do all other drivers (Xen, IOMMUs, i915: they call helpers).
UNWANTED = (
    *(f"drivers/{name}/*.[chS]" for name in (
        "gpu/drm/amd", "gpu/drm/nouveau", "gpu/drm/radeon", "net", "media", "scsi", "clk", "usb",
        "pinctrl", "staging", "infiniband", "iio", "video", "input", "hwmon", "power", "regulator",
    )),
    "sound/*.[ch]",
    "arch/*/boot/dts/*.dts*",
    "Documentation/[!mf]*/*.rst",
    "Documentation/devicetree/*.yaml",
    "tools/perf/*.[chS]", "tools/perf/*.json", "tools/testing/selftests/*.[chS]",
)  # fmt: skip


def destination() -> Path:
    """Return the folder of the unpacked trees (tests/conftest.py looks in the same one)."""
    named = os.environ.get("PTCHECK_KERNELS")
    if named:
        return Path(named).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "ptcheck" / "trees"


def complete(tree: Path) -> bool:
    """Whether a tree is unpacked: it is renamed into place when all of it is there."""
    return all((tree / name).is_dir() for name in ("arch", "include", "mm", "fs", "kernel"))


def archive(version: str, scratch: Path) -> Path:
    """Return the tar archive of a kernel: of the installed package, or downloaded to `scratch`."""
    package = f"linux-source-{version}"
    installed = Path("/usr/src") / f"{package}.tar.xz"
    if installed.is_file():
        return installed
    if shutil.which("apt-get") is None:
        raise RuntimeError("this is not a Debian system (no apt-get)")
    download = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package)
    try:
        _run(*download, cwd=scratch)
    except subprocess.CalledProcessError as error:  # no package lists, or old ones
        if os.geteuid() != 0:
            raise RuntimeError(f"apt-get download {package} failed") from error
        _run("apt-get", "-q", "update", cwd=scratch)
        _run(*download, cwd=scratch)
    for deb in scratch.glob(f"{package}_*.deb"):
        _run("dpkg-deb", "--extract", str(deb), str(scratch / "deb"), cwd=scratch)
        deb.unlink()
    found = scratch / "deb" / "usr" / "src" / f"{package}.tar.xz"
    if not found.is_file():
        raise RuntimeError(f"{package} holds no {found.name}")
    return found


def _run(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def fetch(version: str) -> None:
    """Unpack one kernel, unless it is there. Raises OSError, RuntimeError, CalledProcessError."""
    tree = destination() / f"linux-source-{version}"
    if complete(tree):
        return
    if tree.exists():
        raise RuntimeError(f"{tree} is there but not complete: remove it")
    destination().mkdir(parents=True, exist_ok=True)
    print(f"fetching linux-source-{version} to {tree}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=destination()) as folder:
        scratch = Path(folder)
        source = archive(version, scratch)
        excludes = [f"--exclude=linux-source-{version}/{pattern}" for pattern in UNWANTED]
        unpack = ("tar", "--no-same-owner", *excludes, "-xJf", str(source))
        _run(*unpack, cwd=scratch)
        (scratch / tree.name).rename(tree)


def main(versions: list[str]) -> int:
    """Fetch the versions, all of VERSIONS if none is named."""
    missing = 0
    for version in versions or VERSIONS:
        try:
            fetch(version)
        except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
            missing += 1
            name = f"linux-source-{version}"
            print(
                f"{name} could not be fetched: {error}\n"
                f"  do it by hand: apt-get update && apt-get install {name}, then run\n"
                f"  python3 tests/fetch_kernels.py, or unpack it as {destination() / name}",
                file=sys.stderr,
            )
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
