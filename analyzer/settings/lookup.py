# SPDX-License-Identifier: GPL-2.0-only
"""Which file is the configuration, and whether it belongs to the tree under check.

Looked up in the current folder and nowhere else: `ptcheck.toml`, or `pyproject.toml` if it has a
table `[tool.ptcheck]`. `--config FILE` names another one, `--no-config` none. A file that was
looked up is untrusted where it lies inside of the tree that is checked: whoever can change the
tree can change it. Such a file may say what counts, which the reports repeat, but it names no
file to write and none to read outside of the tree. A file that was named is the user's word.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.bounded import read_bounded
from analyzer.errors import UsageError
from analyzer.model import Location
from analyzer.report.escape import place, visible
from analyzer.settings.model import Settings

if TYPE_CHECKING:
    from analyzer.settings.toml_lines import KeyPath

NAMES: tuple[tuple[str, KeyPath], ...] = (
    ("ptcheck.toml", ()),
    ("pyproject.toml", ("tool", "ptcheck")),
)
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration file: as shown, whether the user named it, and what it says."""

    shown: str
    named: bool
    settings: Settings


def find_source(folder: Path = Path()) -> Source | None:
    """The configuration of the current folder, None if it has none. Raises UsageError.

    Symlinks, devices and FIFOs are not opened: the folder may be a tree of somebody else.
    """
    for name, table in NAMES:
        path = folder / name
        if not os.path.lexists(path):
            continue
        text = _read(path, name, follow=False)
        if text is None:
            continue
        settings = _settings(text, name, "", table)
        if settings is not None:
            return Source(name, False, settings)
    return None


def load(named: str) -> Source:
    """The configuration in the file that the user named. Raises UsageError."""
    path = Path(named)
    text = _read(path, named, follow=True)
    if text is None:
        raise UsageError(f"no such configuration: {visible(named)}")
    table = ("tool", "ptcheck") if path.name == "pyproject.toml" else ()
    folder = os.path.dirname(named)  # noqa: PTH120 ('' for a bare name, where Path says '.')
    settings = _settings(text, named, folder, table)
    if settings is None:
        raise UsageError(f"{visible(named)}: there is no table [tool.ptcheck]")
    return Source(named, True, settings)


def _settings(text: str, shown: str, folder: str, table: KeyPath) -> Settings | None:
    from analyzer.settings.read import read_settings  # many runs have no configuration

    return read_settings(text, shown, folder, table)


def of_tree(source: Source, tree_path: str, folder: Path = Path()) -> bool:
    """Whether a configuration that was looked up lies inside of the tree at `tree_path`."""
    if source.named or not tree_path:
        return False
    try:
        return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(tree_path))
    except OSError:
        return True


def refuse_paths(source: Source, tree_path: str) -> None:
    """Raise UsageError where a configuration of the tree names a file it has no right to."""
    for output in source.settings.outputs:
        if output.file is not None:
            raise UsageError(
                f"{place(output.location)}: the configuration of the tree under check may not "
                f"name files to write; use --format {output.format}=FILE, or --config "
                f"{source.shown} if you trust it"
            )
    baseline = source.settings.baseline
    if not baseline:
        return
    top = Path(os.path.realpath(tree_path))
    if not Path(os.path.realpath(baseline)).is_relative_to(top):
        raise UsageError(
            f"{place(Location(source.shown, 0))}: the configuration of the tree under check may "
            f"not name a baseline outside of it: {visible(baseline)}"
        )


def _read(path: Path, shown: str, *, follow: bool) -> str | None:
    try:
        data = read_bounded(path, MAX_BYTES, follow=follow)
    except FileNotFoundError:
        return None
    except OSError as error:
        link = "; name the file with --config" if error.errno == errno.ELOOP else ""
        raise UsageError(f"cannot read {visible(shown)}: {error.strerror}{link}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{place(Location(shown, line))}: not UTF-8") from error
