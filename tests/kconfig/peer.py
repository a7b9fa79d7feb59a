# SPDX-License-Identifier: GPL-2.0-only
"""kconfiglib as a second opinion, with our answers to what it would run."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kconfiglib
import pytest

from analyzer.kconfig.answers import shell


def read(folder: Path, environment: Mapping[str, str], patch: pytest.MonkeyPatch) -> Any:
    """Read a tree with kconfiglib. It knows neither `modules` nor `transitional` alone."""

    def opened(_self: object, name: str, mode: str) -> io.TextIOBase:
        assert mode == "r"
        text = Path(name).read_text(encoding="latin-1")
        text = re.sub(r"(?m)^(\s+)modules\s*$", r"\1option modules", text)
        result = io.StringIO(re.sub(r"(?m)^(\s+)transitional\s*$", "", text))
        result.name = name
        return result

    with patch.context() as scope:
        scope.setattr(kconfiglib.Kconfig, "_open", opened)
        scope.setattr(kconfiglib, "_shell_fn", lambda _kconfig, _name, command: shell(command))
        for name, value in environment.items():
            scope.setenv(name, value)
        scope.setenv("srctree", str(folder))
        scope.chdir(folder)
        return kconfiglib.Kconfig("Kconfig", warn=False)


def configure(kconfig: Any, wants: Mapping[str, str]) -> None:
    """Set user values, in their order."""
    kconfig.unset_values()
    for name, value in wants.items():
        if name in kconfig.syms:
            kconfig.syms[name].set_value(value)


def value(kconfig: Any, name: str) -> str:
    """The value of a symbol, 'n' if nothing defines it."""
    symbol = kconfig.syms.get(name)
    return str(symbol.str_value) if symbol is not None and symbol.nodes else "n"
