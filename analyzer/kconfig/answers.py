# SPDX-License-Identifier: GPL-2.0-only
"""What `$(shell,...)` answers, without running anything.

Kconfig asks the compiler, the assembler and the linker what they can do by running them. We never
run anything for a tree; every question gets a fixed answer, the same on every machine. The
questions are recognised by the text of the shell command, after the macros of the tree
(scripts/Kconfig.include: `cc-option`, `as-instr`, `success`, ...) have been expanded by us, so a
tree may name and nest its macros as it likes. The tools are those of Debian 12.

- Which compiler, assembler, linker is it? GCC 12.2, GNU as 2.40, GNU ld 2.40: plain GNU C is what
  we read.
- `test A = B`, `echo A | grep B`: computed; comparing strings needs no shell.
- Does the assembler know an instruction? Yes: such symbols gate features of the MMU (shadow
  stacks, memory tags) whose code is to be judged.
- Is there a compiler for this `-march -mcpu -mtune -mabi -m32 -m64`, for this `-Wa,`? Yes: that
  gates the processors.
- Any other compiler or linker option, any trial compilation: no. That leads to the generic code:
  no `asm goto` with outputs, no sanitizer, no named address spaces.
- scripts/gcc-goto.sh (trees before 5.17): yes, jump labels need it and every compiler has it.
- Any other `*-version.sh` (rustc, pahole, clang): 0, it is not there.
- Anything else fails and prints nothing.
"""

from __future__ import annotations

import re
import shlex

COMPILER_VERSION = "120200"
BINUTILS_VERSION = "24000"

#: What `$(CC)` and its like expand to, so that commands can be recognised.
TOOLS: dict[str, str] = {
    "CC": "cc",
    "HOSTCC": "cc",
    "HOSTCXX": "c++",
    "LD": "ld",
    "AR": "ar",
    "NM": "nm",
    "OBJCOPY": "objcopy",
    "READELF": "readelf",
    "CC_VERSION_TEXT": "gcc (GCC) 12.2.0",
    "RUSTC": "rustc",
    "BINDGEN": "bindgen",
    "PAHOLE": "pahole",
    "PYTHON3": "python3",
}

_CONDITIONAL = re.compile(
    r"\s*[({]\s*(.*?)\s*;?\s*[)}]\s*>\s*/dev/null\s+2>&1\s*&&\s*echo\s+(.*?)\s*\|\|\s*echo\s+(.*)",
    re.DOTALL,
)
_POSITIONAL = re.compile(r"\s*set -- (.*?)&& echo \$\{?(\d)\}?\s*")
_VERSION = re.compile(r"([\w-]+)-version\.sh\b")
_COMPILE = re.compile(r"(?:^|[\s;])cc\s(.*?)(?:\s-[ESc])*\s-x c /dev/null", re.DOTALL)
_GREP = re.compile(r"echo\s+(.*?)\|\s*grep\s+(-\w+\s+)*(\S+)\s*", re.DOTALL)
_TARGET = ("-march=", "-mcpu=", "-mtune=", "-mabi=", "-Wa,")
_IGNORED = ("-Werror", "-m32", "-m64", "-c", "-S", "-E")
_NUMERIC = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}


def shell(command: str) -> str:
    """The documented answer of `$(shell,command)`. Total: never fails, runs nothing."""
    match = _CONDITIONAL.fullmatch(command)
    if match is not None:
        return _echo(match[2] if succeeds(match[1]) else match[3])
    match = _POSITIONAL.fullmatch(command)
    if match is not None:
        words = match[1].split()
        number = int(match[2])
        return words[number - 1] if 0 < number <= len(words) else ""
    version = _VERSION.search(command)
    if version is not None:
        return _version(version[1], "|" in command)
    return ""


def _version(what: str, piped: bool) -> str:
    if what == "cc":
        return f"GCC {COMPILER_VERSION}"
    if what == "gcc":
        return COMPILER_VERSION
    if what == "as":
        return f"GNU {BINUTILS_VERSION}"
    if what == "ld":  # before 5.12 the script read standard input and printed a longer number
        return "240000000" if piped else f"BFD {BINUTILS_VERSION}"
    return "0"


def _echo(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def succeeds(command: str) -> bool:
    """Whether a shell command counts as successful."""
    command = command.strip()
    if command.startswith(("test ", "[ ")):
        return _test(command)
    if "-x assembler-with-cpp" in command:
        return True
    match = _COMPILE.search(command)
    if match is not None:
        return _compiler_option(match[1])
    match = _GREP.fullmatch(command)
    if match is not None:
        return _grep(match)
    return command.startswith("command -v ") or "scripts/gcc-goto.sh" in command


def _compiler_option(text: str) -> bool:
    asked = [word for word in text.split() if word not in _IGNORED]
    return all(word.startswith(_TARGET) for word in asked)


def _grep(match: re.Match[str]) -> bool:
    options = "".join(re.findall(r"-(\w+)", match[0][match.end(1) :].split(match[3])[0]))
    text, wanted = match[1], match[3].strip("\"'")
    if "i" in options:
        text, wanted = text.lower(), wanted.lower()
    return (wanted in text) != ("v" in options)


def _test(command: str) -> bool:
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    words = words[1:]
    if words and words[-1] == "]":
        words.pop()
    negated = bool(words) and words[0] == "!"
    if negated:
        words = words[1:]
    return _condition(words) != negated


def _condition(words: list[str]) -> bool:
    if len(words) == 2 and words[0] in ("-z", "-n"):
        return (words[1] == "") == (words[0] == "-z")
    if len(words) == 1:
        return words[0] not in ("", "-n")
    if len(words) != 3:
        return False
    left, operator, right = words
    if operator in ("=", "=="):
        return left == right
    if operator == "!=":
        return left != right
    if operator not in _NUMERIC or not (left.isdigit() and right.isdigit()):
        return False
    if len(left) > 18 or len(right) > 18:
        return False
    a, b = int(left), int(right)
    return {
        "-eq": a == b,
        "-ne": a != b,
        "-lt": a < b,
        "-le": a <= b,
        "-gt": a > b,
        "-ge": a >= b,
    }[operator]
