# SPDX-License-Identifier: GPL-2.0-only
"""The tree's Kconfig, read statically: symbols, selects, defaults, and configurations of it.

Nothing of the tree is executed; what Kconfig would ask a compiler has a fixed answer
(`answers.py`). Missing and broken files are recorded (`Kconfig.problems`), never raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyzer.later import later

if TYPE_CHECKING:
    from analyzer.kconfig.api import Kconfig, load_kconfig
    from analyzer.kconfig.chosen import Variant
    from analyzer.kconfig.facts import architectures
    from analyzer.kconfig.files import KconfigFiles, Reader, ScannedKconfig
    from analyzer.kconfig.plan import variants
    from analyzer.kconfig.scan import Problem
    from analyzer.kconfig.solve import Config
    from analyzer.kconfig.symbols import Support

_MODULES: Final = {
    "Config": "solve",
    "Kconfig": "api",
    "KconfigFiles": "files",
    "Problem": "scan",
    "Reader": "files",
    "ScannedKconfig": "files",
    "Support": "symbols",
    "Variant": "chosen",
    "architectures": "facts",
    "load_kconfig": "api",
    "variants": "plan",
}
__getattr__ = later(__name__, _MODULES)

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
