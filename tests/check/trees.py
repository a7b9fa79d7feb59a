# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration tree with more than one architecture."""

from __future__ import annotations

from pathlib import Path

from analyzer.resources import demo_dir
from analyzer.tree import MemoryTree

PGTABLE = "include/asm/pgtable.h"
SMALL = ("base",)


def demo_files(*archs: str) -> dict[str, bytes]:
    """The files of the demonstration; its architecture under each of the names."""
    top = demo_dir()
    files: dict[str, bytes] = {}
    for path in sorted(p for p in top.rglob("*") if p.is_file()):
        name = path.relative_to(top).as_posix()
        data = path.read_bytes()
        if name.startswith("arch/demo/"):
            for arch in archs:
                files[f"arch/{arch}/{name.removeprefix('arch/demo/')}"] = data
        else:
            files[name] = data
    return files


def demo_tree(*archs: str) -> MemoryTree:
    """The demonstration with architectures of these names, mended in those called `mended*`."""
    files = demo_files(*archs)
    for arch in archs:
        if arch.startswith("mended"):
            path = f"arch/{arch}/{PGTABLE}"
            files[path] = mend(files[path])
    return MemoryTree(files)


def mend(header: bytes) -> bytes:
    """The page-table header with the hook that the demonstration lacks."""
    before = header.index(b"xchg(&pmdp->pmd, 0UL)")
    place = header.index(b"\treturn old;", before)
    return header[:place] + b"\tpage_table_check_pmd_clear(mm, old);\n\n" + header[place:]


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
