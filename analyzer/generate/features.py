# SPDX-License-Identifier: GPL-2.0-only
"""The architecture's row in Documentation/features, where the tree has a table of the option."""

from __future__ import annotations

import re
from typing import Final

from ..tree import KernelTree
from .edits import Edit, Step, make
from .kconfig_edit import SUPPORT

_FOLDER: Final = "Documentation/features"
_TABLE: Final = "arch-support.txt"
_OPTION: Final = re.compile(
    rb"^#[ \t]*Kconfig:[ \t]*(?:ARCH_SUPPORTS_)?PAGE_TABLE_CHECK[ \t]*$", re.M
)


def feature_edit(tree: KernelTree, arch: str) -> Edit | None:
    """The row, from anything else to `ok`; None without such a table, or if it says so already."""
    for path, data in tree.read_many(tree.walk(_FOLDER, (_TABLE,))):
        if not _OPTION.search(data):
            continue
        text = data.decode("latin-1")
        row = re.search(rf"^([ \t]*\|[ \t]*{re.escape(arch)}:[ \t]*\|)([^|\n]*)(?=\|)", text, re.M)
        if row is None or row[2].strip() == "ok":
            continue
        new = row[1] + "ok".center(len(row[2]))
        why = "the table of features says so, too"
        return make(text, path, row.start(), row.end(), new, Step.SELECT, SUPPORT, why)
    return None
