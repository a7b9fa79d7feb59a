# SPDX-License-Identifier: GPL-2.0-only
"""Takes every trace of page table check out of a tree: framework, generic code, architectures.

What goes is found by its name in the tree, no list of places is kept; `traces` says what is left.
With `older`, what the feature brought under other names goes, too (ptep_clear()).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.tree import KernelTree, Kind, OverlayTree
from tests.generate.strip import strip_text

TRACE = re.compile(rb"page_table_check|PAGE_TABLE_CHECK|_user_accessible_page|PAGE TABLE CHECK")
_DOCS = tuple(f"Documentation/{name}" for name in ("mm", "vm", "admin-guide", "translations"))
_FOLDERS = ("arch", "mm", "include", "kernel", "lib", "fs", "drivers/char", *_DOCS)
_FILES = ("MAINTAINERS",)
_SUFFIXES = (".c", ".h", ".S", "Kconfig", "Kconfig.debug", "Makefile", ".config", ".rst", ".txt")
_ENTRY = re.compile(
    r"^config (?:ARCH_SUPPORTS_)?PAGE_TABLE_CHECK\w*\n(?:[ \t]+[^\n]*\n|\n(?=[ \t]))*\n?",
    re.M,
)
_GUARDED = re.compile(r"^#ifdef CONFIG_PAGE_TABLE_CHECK\n[^#]*^#endif[^\n]*\n", re.M)
_NAME = r"p[tmu]\w_user_accessible_page\b[^\n]*\n"
_MACRO = re.compile(rf"^#ifndef {_NAME}#define {_NAME}#endif\n\n?|^#define {_NAME}", re.M)
_MAINTAINED = re.compile(r"^PAGE TABLE CHECK\n(?:[A-Z]:[^\n]*\n)+\n?", re.M)
_PARAMETER = re.compile(r"^\tpage_table_check=[^\n]*\n(?:\t\t[^\n]*\n)*\n?", re.M)
_LINE = re.compile(r"^[^\n]*(?:page_table_check|PAGE_TABLE_CHECK)[^\n]*\n", re.M)
_PTEP_CLEAR = re.compile(r"^static inline void ptep_clear\(.*?^\}\n\n?", re.M | re.S)


def stripped(tree: KernelTree, older: bool = False) -> KernelTree:
    """The tree without the feature."""
    return OverlayTree(tree, strip_all(tree, older))


def strip_all(tree: KernelTree, older: bool = False) -> dict[str, bytes | None]:
    """The files that are edited or (None) gone."""
    changed: dict[str, bytes | None] = {}
    for path, data in _files(tree):
        text = data.decode("latin-1")
        new = _without(path, text) if TRACE.search(data) else text
        if older:
            new = _older(path, new or "") if new is not None else None
        if new != text:
            changed[path] = None if new is None else new.encode("latin-1")
    return changed


def traces(tree: KernelTree) -> list[str]:
    """The lines that still speak of it."""
    return [
        f"{path}: {line.decode('latin-1').strip()}"
        for path, data in _files(tree)
        for line in data.splitlines()
        if TRACE.search(line)
    ]


def _files(tree: KernelTree) -> Iterator[tuple[str, bytes]]:
    paths = [path for folder in _FOLDERS for path in tree.walk(folder, _SUFFIXES)]
    paths += [path for path in _FILES if tree.kind(path) is Kind.FILE]
    for path, data in tree.read_many(paths):
        if b"age_table_check" in data or TRACE.search(data) or b"ptep_clear" in data:
            yield path, data


def _without(path: str, text: str) -> str | None:
    """A file without its part; None: it is all about it."""
    name = path.rpartition("/")[2]
    if name.startswith("page_table_check."):
        return None
    if name.endswith((".c", ".h", ".S")):
        if "pgtable" not in name:
            return strip_text(_GUARDED.sub("", text))
        return _MACRO.sub("", _GUARDED.sub("", strip_text(text)))
    if name.startswith("Kconfig"):
        text = _ENTRY.sub("", text)
    if name == "MAINTAINERS":
        return _MAINTAINED.sub("", text)
    return _LINE.sub("", _PARAMETER.sub("", text))


def _older(path: str, text: str) -> str:
    """Without ptep_clear(): generic code clears entries raw, as it did before 5.17."""
    if path == "include/linux/pgtable.h":
        return _PTEP_CLEAR.sub("", text)
    if path.startswith("mm/"):
        return re.sub(r"\bptep_clear\(", "pte_clear(", text)
    if path.endswith("arch_pgtable_helpers.rst"):
        return re.sub(r"^\| ptep_clear [^\n]*\n\+[^\n]*\n", "", text, flags=re.M)
    return text
