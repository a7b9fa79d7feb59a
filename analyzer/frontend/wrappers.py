# SPDX-License-Identifier: GPL-2.0-only
"""The headers that a kernel build writes: wrappers of asm-generic, and generated files.

The rules are those of scripts/Makefile.asm-headers (scripts/Makefile.asm-generic before 6.11):
`generic-y` and `mandatory-y` name headers for which the architecture gets a one-line wrapper
where it has none of its own, `generated-y` and `syscall-y` name those that a script writes.
User Mode Linux (an arch that borrows the headers of its host) is excluded from `mandatory-y`.
"""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.frontend.kbuild import ConfigValues, Makefile
from analyzer.tree import KernelTree, Kind

_NAMES = ("generic-y", "mandatory-y", "generated-y", "syscall-y")


@dataclass(frozen=True, slots=True)
class Wrappers:
    """Files for one architecture: path below the folder of generated headers to its text.

    `generated` are those that a script of the tree would write, and that stand in empty.
    """

    files: tuple[tuple[str, str], ...]
    generated: frozenset[str]


def wrappers(tree: KernelTree, arch: str, config: ConfigValues | None = None) -> Wrappers:
    """Return the wrappers and the empty stand-ins of an architecture."""
    files: dict[str, str] = {}
    generated: set[str] = set()
    for folder, below in (("asm", ""), ("uapi/asm", "uapi/")):
        own = f"arch/{arch}/include/{folder}"
        lists = _lists(tree, f"{own}/Kbuild", config)
        if arch != "um":  # by name, as Makefile.asm-headers does
            shared = _lists(tree, f"include/{folder}-generic/Kbuild", config)
            lists["mandatory-y"] += shared["mandatory-y"]
        made = set(lists["generated-y"]) | set(lists["syscall-y"])
        for header in lists["generic-y"] + lists["mandatory-y"]:
            own_file = tree.kind(f"{own}/{header}") is Kind.FILE
            if _safe(header) and header not in made and not own_file:
                files[f"{below}asm/{header}"] = f"#include <asm-generic/{header}>\n"
        for header in made:
            path = f"{below}asm/{header}"
            if _safe(header):
                generated.add(path)
    return Wrappers(tuple(sorted(files.items())), frozenset(generated))


def _safe(name: str) -> bool:
    return ".." not in name and not name.startswith("/") and name.endswith((".h", ".lds"))


def _lists(tree: KernelTree, path: str, config: ConfigValues | None) -> dict[str, list[str]]:
    make = Makefile(tree, config)
    make.define("srctree", ".")
    make.read(path)
    return {name: make.words(name) for name in _NAMES}
