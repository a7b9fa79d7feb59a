# SPDX-License-Identifier: GPL-2.0-only
"""A program: pcpp (pure Python) behind the few options of gcc that preprocess.py gives.

Run as a process of its own, so that the bounds on time and memory hold for it too:
    python pcpp_main.py [-dD] [-D...] -I FOLDER... -include HEADER... -
What pcpp lacks is added here: `#include_next`, relative names in line markers, and their flags
(1: a file is entered, 2: it is returned to).
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any, TextIO

from pcpp import Preprocessor
from pcpp.preprocessor import OutputDirective

_NEXT = re.compile(r"(?m)^([ \t]*#[ \t]*)include_next[ \t]*[<\"]([^<>\"\n]+)[>\"]")
_MARKER = re.compile(r'(?m)^# (\d+) "([^"\n]*)"$')
_FROM = "//next/"  # marks the name of an #include_next; the number of a folder follows
_MAX_DEPTH = 200  # as gcc


class _Preprocessor(Preprocessor):  # type: ignore[misc]
    """pcpp with gcc's search for headers and gcc's error messages."""

    def __init__(self, folders: list[str]) -> None:
        super().__init__()
        self.line_directive = "#"
        self.folders = folders
        self.errors = 0

    def on_error(self, file: str, line: int, msg: str) -> None:
        self.errors += 1
        sys.stderr.write(f"{file}:{line}: error: {msg}\n")

    def on_directive_unknown(self, directive: Any, toks: Any, *rest: Any) -> bool | None:
        if directive.value == "error":
            text = "".join(tok.value for tok in toks)
            self.on_error(directive.source, directive.lineno, f"#error {text}")
            return True
        if directive.value == "warning":
            return True
        return None

    def include(self, tokens: Any, original_line: Any) -> Iterator[Any]:
        """Search and preprocess one header; relative names all the way."""
        name = "".join(tok.value for tok in tokens).strip()
        source, line = tokens[0].source, tokens[0].lineno
        if len(name) < 2 or self.include_depth > _MAX_DEPTH:
            self.on_error(source, line, "include not followed")
            return
        quoted, name = name[0] == '"', name[1:-1]
        places = list(self.folders)
        if name.startswith(_FROM):
            number, _, name = name[len(_FROM) :].partition("/")
            places = places[int(number) :]
        elif quoted:
            places.insert(0, dirname(source) if source != "<stdin>" else "")
        for index, place in enumerate(places):
            path = join(place, name)
            if not Path(path).is_file():
                continue
            first = len(self.folders) - len(places) + index + 1
            text = Path(path).read_bytes().decode("latin-1")
            text = _NEXT.sub(rf'\1include "{_FROM}{first}/\2"', text)
            yield from self.parsegen(text, normpath(path), normpath(path))
            return
        self.on_error(source, line, f"{name}: No such file or directory")


def _with_flags(text: str) -> str:
    """Add the flags 1 and 2 to line markers where the file changes."""
    stack: list[str] = []

    def flag(found: re.Match[str]) -> str:
        path = found[2]
        if stack and stack[-1] == path:
            return found[0]
        if path in stack:
            levels = len(stack) - 1 - max(i for i, p in enumerate(stack) if p == path)
            del stack[len(stack) - levels :]
            return "\n".join([f"{found[0]} 2"] * levels)
        stack.append(path)
        return f"{found[0]} 1" if len(stack) > 1 else found[0]

    return _MARKER.sub(flag, text)


def _write_macros(preprocessor: _Preprocessor, out: TextIO) -> None:
    """The macro table at the end, as `-dD` would have shown it on the way."""
    for name, macro in preprocessor.macros.items():
        body = "".join(str(tok.value) for tok in macro.value)
        parameters = ""
        if macro.arglist is not None:
            words = list(macro.arglist)
            if macro.variadic and words:
                words[-1] = "..." if words[-1] == "__VA_ARGS__" else f"{words[-1]}..."
            parameters = f"({','.join(words)})"
        source = getattr(macro, "source", "") or "<built-in>"
        out.write(f'# {getattr(macro, "lineno", 0)} "{source}"\n')
        out.write(f"#define {name}{parameters} {' '.join(body.split())}\n")


def main(arguments: list[str]) -> int:
    """Preprocess standard input to standard output. Returns the exit code."""
    folders: list[str] = []
    forced: list[str] = []
    definitions: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "-I":
            folders.append(next(words))
        elif word == "-include":
            forced.append(f'#include "{next(words)}"\n')
        elif word.startswith("-D"):
            definitions.append(word[2:])
    preprocessor = _Preprocessor(folders)
    for definition in definitions:
        name, _, value = definition.partition("=")
        preprocessor.define(f"{name} {value or 1}")
    try:
        preprocessor.parse("".join(forced) + sys.stdin.read(), "<stdin>")
        out = io.StringIO()
        preprocessor.write(out)
    except OutputDirective:
        preprocessor.on_error("<stdin>", 0, "pcpp gave up")
    sys.stdout.write(_with_flags(out.getvalue()))
    if "-dD" in arguments:
        _write_macros(preprocessor, sys.stdout)
    return 1 if preprocessor.errors else 0


if __name__ == "__main__":
    sys.setrecursionlimit(5000)
    sys.exit(main(sys.argv[1:]))
