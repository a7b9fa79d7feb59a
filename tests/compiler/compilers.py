# SPDX-License-Identifier: GPL-2.0-only
"""The real compiler on the tree's real headers: no shadow headers, its own predefined macros.

Nothing is run. Values of constants are checked by _Static_assert; results of functions are folded
by the optimizer and read from the assembler text, as the kernel does it for asm-offsets.h.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import SourceError
from analyzer.frontend.read import standard_headers
from analyzer.frontend.stage import Stage
from analyzer.kconfig import Variant
from tests.compiler.targets import TARGETS, command_for

_FLAGS: Final = (
    "-nostdinc", "-std=gnu11", "-O2", "-w", "-fno-strict-aliasing", "-fno-common", "-fshort-wchar",
    "-fno-PIE", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fmax-errors=0",
    "-ftrack-macro-expansion=0",
    "-D__KERNEL__", '-DKBUILD_MODNAME="x"', '-DKBUILD_BASENAME="x"', '-DKBUILD_MODFILE="x"',
)  # fmt: skip
_GCC_ONLY: Final = ("-fmax-errors=0", "-ftrack-macro-expansion=0")
_CLANG_ONLY: Final = ("-ferror-limit=0",)
_NO_ASSERTIONS: Final = "-D_Static_assert(...)=extern int __ptc_not_asserted"
_ERROR: Final = re.compile(r"^([^:\n]+):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", re.M)
_DEFINE: Final = re.compile(r"^#define (\w+)(?: (.*))?$", re.M)
_RESULT: Final = re.compile(r"^->[$#]?(\d+) (?:(\?)|[$#]?(-?\d+) [$#]?(-?\d+))$", re.M)
_UNDECLARED: Final = re.compile(r"^(?:use of undeclared identifier )?'(\w+)'(?: undeclared|$)")
_HOOKS: Final = "include/linux/page_table_check.h"
_HOOK: Final = re.compile(r"\bpage_table_check_(?:pte|pmd|pud)\w*(?=\()")
_GUARD: Final = re.compile(r"^#ifndef (\w+)$", re.M)
_SECONDS: Final = 600
_PER_FUNCTION: Final = 64
_FLAT: Final = "__attribute__((__flatten__, __noinline__))"

FOLD: Final = """
#define __ptc_fold(id, e) do { unsigned long long __v = (e); \\
	if (__builtin_constant_p(__v)) asm volatile("\\n->%0 %1 %2" : : "i" (id), \\
		"i" ((unsigned int)(__v >> 32)), "i" ((unsigned int)__v)); \\
	else asm volatile("\\n->%0 ?" : : "i" (id)); } while (0)
"""


def _without_hooks(stage: Stage) -> str:
    """Hooks that take anything, where none is compiled: alpha of 6.1 calls one with arguments
    that its header does not have, and no compiler takes that."""
    try:
        data = stage.tree.read(_HOOKS)
    except SourceError:
        return ""
    guard = _GUARD.search(data.decode())
    names = sorted(set(_HOOK.findall(data.decode())))
    stubs = [f"#define {name}(...) do {{ }} while (0)\n" for name in names]
    return "".join([f"#define {guard[1]}\n" if guard else "", *stubs])


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error of the compiler."""

    path: str
    line: int
    message: str


class Compiler:
    """One compiler on the headers of one variant, in the stage's copy of the tree."""

    def __init__(self, stage: Stage, variant: Variant, work: Path) -> None:
        command = command_for(variant)
        assert command is not None, f"no compiler for {variant.arch}"
        target = TARGETS[variant.arch]
        self.command = command
        self.lax = target.lax
        self.headers = standard_headers(stage, variant.arch)
        self._folder = stage.source
        self._work = work
        prepared = stage.prepare(variant, self.headers)
        predefined, *forced = prepared.forced
        own = work / "makefile.h"
        text = self._from_makefile(stage.source / predefined)
        text += "" if variant.supported else _without_hooks(stage)
        text += "#undef __OPTIMIZE__\n" if target.unasserted else ""
        own.write_text(text)
        self._dummies = work / "dummies.h"
        self._dummies.write_text("")
        self._options = [
            *(f"-I{folder}" for folder in prepared.folders if not folder.endswith("/shadow")),
            *(w for name in (str(own), str(self._dummies), *forced) for w in ("-include", name)),
        ]
        self.undeclared = self._declare_dummies()

    def _declare_dummies(self) -> tuple[str, ...]:
        """Names that our generated headers lack: they get a value, so that the rest compiles."""
        _, errors = self.complaints("headers.c", [])
        found = {m[1] for e in errors if (m := _UNDECLARED.search(e.message))}
        self._dummies.write_text(
            "".join(f"#define {n} 0x{i:x}\n" for i, n in enumerate(sorted(found)))
        )
        return tuple(sorted(found))

    @staticmethod
    def missing(variant: Variant) -> str | None:
        """Why a variant cannot be compiled for; None where it can."""
        command = command_for(variant)
        if command is None:
            return f"no compiler for {variant.arch} is known"
        return None if shutil.which(command[0]) else f"no {command[0]}"

    def predefined(self) -> dict[str, str]:
        """The compiler's own macros."""
        text = self._call(["-E", "-dM", "-x", "c", "/dev/null"], bare=True).stdout
        return dict(_DEFINE.findall(text))

    def _from_makefile(self, ours: Path) -> str:
        """What we define and the compiler does not: the arch Makefile's; the compiler's stays."""
        own = self.predefined()
        lines = []
        for name, value in _DEFINE.findall(ours.read_text()):
            if name not in own:
                lines.append(f"#define {name} {value}\n")
        return "".join(lines)

    # -- running it

    def _call(
        self, arguments: Sequence[str], bare: bool = False
    ) -> subprocess.CompletedProcess[str]:
        flags = list(_FLAGS)
        if "clang" in self.command[0]:  # which stops at the 20th error by itself
            flags = [*(flag for flag in _FLAGS if flag not in _GCC_ONLY), *_CLANG_ONLY]
        options = [] if bare else [*flags, *self._options]
        return subprocess.run(
            [*self.command, *options, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TMPDIR": str(self._work)},
            check=False,
        )

    def _source(self, name: str, lines: Iterable[str]) -> tuple[Path, int]:
        """A file with the headers and then our lines; the number of the first of them."""
        includes = [f"#include <{header}>" for header in self.headers]
        path = self._work / name
        path.write_text("\n".join([*includes, *lines]) + "\n")
        return path, len(includes) + 1

    def complaints(self, name: str, lines: Sequence[str]) -> tuple[dict[int, str], list[Complaint]]:
        """Errors in our lines by their index, and those anywhere else."""
        path, first = self._source(name, lines)
        result = self._call(["-fsyntax-only", str(path)])
        mine: dict[int, str] = {}
        others: list[Complaint] = []
        for file, line, message in _ERROR.findall(result.stderr):
            if file == str(path) and int(line) >= first:
                mine.setdefault(int(line) - first, message)
            else:
                others.append(Complaint(file, int(line), message))
        return mine, others

    def fold(
        self, name: str, declarations: Iterable[str], expressions: Sequence[str]
    ) -> dict[int, int | None]:
        """The values of expressions as the optimizer computes them; None where it does not.

        Raises AssertionError where the file does not compile.
        """
        lines = [*declarations, *FOLD.strip().split("\n")]
        for start in range(0, len(expressions), _PER_FUNCTION):
            body = " ".join(
                f"__ptc_fold({start + i}, {expression});"
                for i, expression in enumerate(expressions[start : start + _PER_FUNCTION])
            )
            lines.append(f"{_FLAT} void __ptc_fold_{start}(void) {{ {body} }}")
        path, _ = self._source(name, lines)
        lax = [_NO_ASSERTIONS] if self.lax else []
        result = self._call([*lax, "-S", "-o", "-", str(path)])
        assert result.returncode == 0, result.stderr[:2000]
        found: dict[int, int | None] = {}
        half = (1 << 32) - 1
        for number, unknown, high, low in _RESULT.findall(result.stdout):
            value = None if unknown else (int(high) & half) << 32 | int(low) & half
            found[int(number)] = value
        return found
