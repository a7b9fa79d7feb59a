# SPDX-License-Identifier: GPL-2.0-only
"""Our own headers: those that shadow the tree's, and those that stand for generated ones."""

from __future__ import annotations

from analyzer.resources import stubs_dir


def stub_files() -> dict[str, bytes]:
    """Return the headers of kernel_stubs/shadow and kernel_stubs/generated, by relative path."""
    top = stubs_dir()
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for part in ("shadow", "generated")
        for path in sorted((top / part).rglob("*.h"))
    }
