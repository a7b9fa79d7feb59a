# SPDX-License-Identifier: GPL-2.0-only
"""What people read: the document and its index entry, the boot parameter, MAINTAINERS."""

from __future__ import annotations

import re
from typing import Final

from .draft import Draft
from .facts import Facts
from .part import Said
from .render import CODE, HEADER, environment

_FOLDERS: Final = ("Documentation/mm", "Documentation/vm")
_NAME: Final = "page_table_check"
_PARAMETERS: Final = ("Documentation/admin-guide/kernel-parameters.txt",
                      "Documentation/kernel-parameters.txt")  # fmt: skip
_HELPERS: Final = "arch_pgtable_helpers.rst"
_ROW: Final = re.compile(r"^\| (ptep_get_and_clear) +\| [^|\n]*\|\n(\+-+\+-+\+)\n", re.M)


def folder(draft: Draft) -> str:
    """The folder of the memory management's documents: that with an index, else the older one."""
    for one in _FOLDERS:
        if draft.has(f"{one}/index.rst"):
            return one
    return next((one for one in reversed(_FOLDERS) if draft.tree.entries(one)), _FOLDERS[0])


def document(draft: Draft) -> str:
    """The path of the document."""
    return f"{folder(draft)}/{_NAME}.rst"


def write_document(draft: Draft, facts: Facts, guards: list[str]) -> Said:
    """The document, and its line in the index."""
    said = Said()
    path = document(draft)
    if not draft.has(path):
        text = environment().get_template("page_table_check.rst.j2").render(
            guards=guards, flags=facts.flags
        )  # fmt: skip
        draft.put(path, text.rstrip("\n") + "\n")
        said.done.append(path)
    index = f"{folder(draft)}/index.rst"
    listed = draft.text(index)
    if listed is None:
        said.left.append(f"there is no {index} to list {path} in")
        return said
    if not re.search(rf"^\s+{_NAME}\s*$", listed, re.M):
        new = _indexed(listed)
        if new is None:
            said.left.append(f"{index} has no list of documents that {path} fits into")
        else:
            draft.put(index, new)
            said.done.append(f"its entry in {index}")
    return said


def _indexed(text: str) -> str | None:
    """Behind page_owner, else where the name sorts in the longest list."""
    match = re.search(r"^([ \t]+)page_owner[ \t]*\n", text, re.M)
    if match is None:
        entries = re.finditer(r"^([ \t]+)([\w/-]+)[ \t]*\n", text, re.M)
        before = [one for one in entries if one[2] < _NAME]
        if not before:
            return None
        match = max(before, key=lambda m: m[2])
    return f"{text[: match.end()]}{match[1]}{_NAME}\n{text[match.end() :]}"


def boot_parameter(draft: Draft) -> Said:
    """page_table_check= in the list of parameters, in the order of the alphabet."""
    said = Said()
    path = draft.first(*_PARAMETERS)
    text = draft.text(path) if path else None
    if path is None or text is None:
        said.left.append("there is no list of boot parameters to name page_table_check= in")
        return said
    if re.search(r"^\t*page_table_check=", text, re.M):
        return said
    entries = [
        m for m in re.finditer(r"^\t([a-z][\w.-]*)=?(?:[ \t\[=][^\n]*)?\n", text, re.M)
        if text[m.start() : m.start() + 2] != "\t\t"
    ]  # fmt: skip
    near = [m for m in entries if m[1].startswith("page_")] or [m for m in entries if m[1] < _NAME]
    following = [m for m in entries if m.start() > near[-1].start()] if near else []
    larger = [m for m in near if m[1] > _NAME and m[1].startswith("page_")]
    at = larger[0].start() if larger else following[0].start() if following else -1
    if at < 0:
        said.left.append(f"{path}: no place for page_table_check= was found")
        return said
    early = ",EARLY" if re.search(r"^\t\w+=?\t+\[[\w,]*\bEARLY\b", text, re.M) else ""
    entry = environment().get_template("parameter.txt.j2").render(early=early)
    draft.put(path, text[:at] + entry.rstrip("\n") + "\n\n" + text[at:])
    said.done.append(f"page_table_check= in {path}")
    return said


def helper_row(draft: Draft) -> Said:
    """ptep_clear() in the list of the helpers of architectures."""
    said = Said()
    path = next((p for p in (f"{f}/{_HELPERS}" for f in _FOLDERS) if draft.has(p)), None)
    text = draft.text(path) if path else None
    if path is None or text is None or re.search(r"^\| ptep_clear ", text, re.M):
        return said
    match = _ROW.search(text)
    if match is None:
        return said
    width = len(match[0].split("|")[1]), len(match[0].split("|")[2])
    row = (
        f"|{' ptep_clear':{width[0]}}|{' Clears a PTE whose old value is not needed':{width[1]}}|\n"
    )
    if len(row) != match[0].index("\n") + 1:
        return said
    at = match.end()
    draft.put(path, f"{text[:at]}{row}{match[2]}\n{text[at:]}")
    said.done.append(f"ptep_clear() in {path}")
    return said


def maintainers(draft: Draft) -> Said:
    """An entry whose people only the sender can name."""
    said = Said()
    text = draft.text("MAINTAINERS")
    if text is None:
        said.left.append("there is no MAINTAINERS")
        return said
    if re.search(r"^PAGE TABLE CHECK$", text, re.M):
        return said
    entry = environment().get_template("maintainers.j2").render(
        files=sorted((document(draft), HEADER, CODE))
    )  # fmt: skip
    titles = re.finditer(r"(?<=\n\n)([^\s:][^\n]*)\n(?=[A-Z]:[ \t])", text)
    after = next((m for m in titles if m[1].upper() > "PAGE TABLE CHECK"), None)
    at = after.start() if after is not None else len(text)
    draft.put("MAINTAINERS", f"{text[:at]}{entry.rstrip()}\n\n{text[at:]}")
    said.done.append("an entry in MAINTAINERS")
    said.left.append(
        "MAINTAINERS: who maintains this, and on which list, only the sender knows (NAME <MAIL>,"
        " LIST)"
    )
    return said
