# SPDX-License-Identifier: GPL-2.0-only
"""The tree's Kconfig, read statically: symbols, selects, defaults, and configurations of it.

Nothing of the tree is executed; what Kconfig would ask a compiler has a fixed answer
(`answers.py`). Missing and broken files are recorded (`Kconfig.problems`), never raised.
"""

from __future__ import annotations

from analyzer.kconfig.api import Kconfig, load_kconfig
from analyzer.kconfig.chosen import Variant
from analyzer.kconfig.facts import architectures
from analyzer.kconfig.files import KconfigFiles, Reader, ScannedKconfig
from analyzer.kconfig.scan import Problem
from analyzer.kconfig.solve import Config
from analyzer.kconfig.symbols import Support
from analyzer.kconfig.variants import variants

__all__ = [
    "Config",
    "Kconfig",
    "KconfigFiles",
    "Problem",
    "Reader",
    "ScannedKconfig",
    "Support",
    "Variant",
    "architectures",
    "load_kconfig",
    "variants",
]
