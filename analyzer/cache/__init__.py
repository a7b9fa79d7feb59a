# SPDX-License-Identifier: GPL-2.0-only
"""What was found out about trees, kept by the contents it was found out from.

version     of what the answers depend on besides the tree: our own source, the preprocessor
recorder    a tree that notes every question it is asked
questions   the questions of one computation, and the digest of what a tree answers to them
codec       frozen dataclasses to JSON and back; nothing else can come out of an entry
store       files in a folder of the user: checked, bounded in size, written atomically
facts       the three together: `recall` and `keep`
"""

from __future__ import annotations

from analyzer.cache.facts import FactCache, open_cache
from analyzer.cache.place import default_folder

__all__ = ["FactCache", "default_folder", "open_cache"]
