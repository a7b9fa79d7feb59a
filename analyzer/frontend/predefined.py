# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler and the arch Makefile would define, and which folders they would search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from analyzer.errors import SourceError
from analyzer.frontend.kbuild import ConfigValues, Makefile
from analyzer.frontend.targets import TARGET_MACROS
from analyzer.tree import KernelTree, Kind

OBJTREE: Final = "@objtree@"
_FLAG_VARIABLES: Final = ("KBUILD_CPPFLAGS", "KBUILD_CFLAGS", "CHECKFLAGS")
_MACRO: Final = re.compile(r"([A-Za-z_]\w*)(?:=(.*))?$", re.DOTALL)
_BYTE_ORDER: Final = re.compile(
    rb"^[ \t]*#[ \t]*(ifdef|ifndef|if|elif|else|endif|include)\b([^\n]*)", re.MULTILINE
)
_WORDS: Final = re.compile(r"[A-Za-z_]\w*")
_TOKEN: Final = re.compile(r"(?:[^\s\"'\\]|\\.|\"[^\"]*\"|'[^']*')+")


@dataclass(frozen=True, slots=True)
class Target:
    """The compiler's side of one variant: macros in order, folders relative to the top."""

    macros: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]  # OBJTREE stands for the folder of generated files


def header_arch(tree: KernelTree) -> str:
    """Return the architecture whose headers an architecture on top of a host borrows.

    Only User Mode Linux does; the host is the one that has a `Makefile.um` (Makefile of um).
    """
    for entry in tree.entries("arch"):
        if tree.kind(f"arch/{entry.name}/Makefile.um") is Kind.FILE:
            return entry.name
    return "x86"


def target(tree: KernelTree, arch: str, bits: int, endian: str, config: ConfigValues) -> Target:
    """Return macros and extra folders of an architecture in one configuration."""
    make = Makefile(tree, config)
    host = header_arch(tree)
    for name, value in {
        "srctree": ".",
        "objtree": OBJTREE,
        "src": f"arch/{arch}",
        "SRCARCH": arch,
        "ARCH": arch,
        "SUBARCH": host,
        "BITS": str(bits),
        "UTS_MACHINE": arch,
        "CC": "gcc",
        "KBUILD_CPPFLAGS": "",
        "KBUILD_CFLAGS": "",
        "KBUILD_AFLAGS": "",
        "CHECKFLAGS": "",
    }.items():
        make.define(name, value)
    make.read(f"arch/{arch}/Makefile")
    words = [w for v in _FLAG_VARIABLES for w in _TOKEN.findall(make.get(v))]
    macros = {**generic_macros(bits, endian), f"__{arch}__": "1"}
    given: dict[str, str] = {}
    folders: list[str] = []
    for flag, value in _flags(words):
        if flag == "D":
            found = _MACRO.match(value)
            if found:
                given[found[1]] = "1" if found[2] is None else found[2]
        elif flag == "I":
            folder = normpath(value)
            if folder not in folders and not folder.startswith(("/", "..")):
                folders.append(folder)
    for condition, row, _reason in TARGET_MACROS.get(arch, ()):
        if condition in ("", str(bits), endian):
            name, _, text = row.partition("=")
            macros[name] = text or "1"
    if arch != host and tree.kind(f"arch/{arch}/Makefile") is not None and "SUBARCH" in given:
        macros.update(_host_macros(tree, host, bits, endian, config))
    for name in byte_order_macros(tree, arch, endian):
        macros.setdefault(name, "1")
    macros.update(given)
    macros.pop("__KERNEL__", None)
    return Target(tuple(macros.items()), tuple(folders))


def _host_macros(
    tree: KernelTree, host: str, bits: int, endian: str, config: ConfigValues
) -> dict[str, str]:
    """The macros of the instruction set below User Mode Linux."""
    names = dict(target(tree, host, bits, endian, config).macros)
    generic = generic_macros(bits, endian)
    return {n: t for n, t in names.items() if n not in generic and n.startswith("__")}


def _flags(words: list[str]) -> list[tuple[str, str]]:
    found = []
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word[:2] in ("-D", "-I") and word[:5] != "-Wp,-":
            value = word[2:]
            if not value and index < len(words):
                value = words[index]
                index += 1
            found.append((word[1], _unquote(value)))
    return found


def _unquote(text: str) -> str:
    """Remove one level of shell quoting."""
    out = []
    index = 0
    quote = ""
    while index < len(text):
        character = text[index]
        if character == "\\" and index + 1 < len(text) and quote != "'":
            index += 1
            out.append(text[index])
        elif character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        else:
            out.append(character)
        index += 1
    return "".join(out)


def byte_order_macros(tree: KernelTree, arch: str, endian: str) -> tuple[str, ...]:
    """Return the macros by which the arch's byteorder.h chooses the byte order `endian`.

    It has the form `#ifdef M / #include <linux/byteorder/big_endian.h> / #else ...`.
    """
    wanted = f"linux/byteorder/{endian}_endian.h".encode()
    for path in ("include/uapi/asm/byteorder.h", "include/asm/byteorder.h"):
        try:
            text = tree.read(f"arch/{arch}/{path}")
        except SourceError:
            continue
        arms: list[str] = []
        for found in _BYTE_ORDER.finditer(text):
            word, rest = found[1].decode(), found[2].decode("latin-1")
            if word in ("ifdef", "ifndef", "if"):
                arms.append("" if word == "ifndef" else rest)
            elif word in ("elif", "else") and arms:
                arms[-1] = rest if word == "elif" else ""
            elif word == "endif" and arms:
                arms.pop()
            elif word == "include" and wanted in found[2]:
                return tuple(
                    name
                    for arm in arms
                    for name in _WORDS.findall(arm)
                    if name != "defined" and not name.startswith("CONFIG_")
                )
    return ()


def generic_macros(bits: int, endian: str) -> dict[str, str]:
    """Return the macros that every gcc 12 has, for a word size and byte order.

    ILP32 or LP64, as all kernels are (GCC manual, "Common Predefined Macros").
    """
    wide = bits == 64
    long = "8" if wide else "4"
    unsigned_word = "long unsigned int" if wide else "unsigned int"
    macros = {
        "__GNUC__": "12",
        "__GNUC_MINOR__": "2",
        "__GNUC_PATCHLEVEL__": "0",
        "__STDC_HOSTED__": "1",
        "__OPTIMIZE__": "1",
        "__linux__": "1",
        "__linux": "1",
        "__gnu_linux__": "1",
        "__unix__": "1",
        "__ELF__": "1",
        "__CHAR_BIT__": "8",
        "__SIZEOF_SHORT__": "2",
        "__SIZEOF_INT__": "4",
        "__SIZEOF_LONG__": long,
        "__SIZEOF_LONG_LONG__": "8",
        "__SIZEOF_POINTER__": long,
        "__SIZEOF_SIZE_T__": long,
        "__SCHAR_MAX__": "0x7f",
        "__SHRT_MAX__": "0x7fff",
        "__INT_MAX__": "0x7fffffff",
        "__LONG_MAX__": "0x7fffffffffffffffL" if wide else "0x7fffffffL",
        "__LONG_LONG_MAX__": "0x7fffffffffffffffLL",
        "__SIZE_TYPE__": unsigned_word,
        "__PTRDIFF_TYPE__": "long int" if wide else "int",
        "__INTPTR_TYPE__": "long int" if wide else "int",
        "__UINTPTR_TYPE__": unsigned_word,
        "__INT8_TYPE__": "signed char",
        "__INT16_TYPE__": "short int",
        "__INT32_TYPE__": "int",
        "__INT64_TYPE__": "long int" if wide else "long long int",
        "__UINT8_TYPE__": "unsigned char",
        "__UINT16_TYPE__": "short unsigned int",
        "__UINT32_TYPE__": "unsigned int",
        "__UINT64_TYPE__": "long unsigned int" if wide else "long long unsigned int",
        "__WCHAR_TYPE__": "int",
        "__CHAR16_TYPE__": "short unsigned int",
        "__CHAR32_TYPE__": "unsigned int",
        "__ORDER_LITTLE_ENDIAN__": "1234",
        "__ORDER_BIG_ENDIAN__": "4321",
        "__ORDER_PDP_ENDIAN__": "3412",
        "__BYTE_ORDER__": f"__ORDER_{endian.upper()}_ENDIAN__",
        "__USER_LABEL_PREFIX__": "",
        "__REGISTER_PREFIX__": "",
    }
    if wide:
        macros |= {"__LP64__": "1", "_LP64": "1", "__SIZEOF_INT128__": "16"}
    if endian == "big":
        macros["__BIG_ENDIAN__"] = "1"
    return macros
