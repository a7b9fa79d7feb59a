# SPDX-License-Identifier: GPL-2.0-only
"""Configures and builds the kernel of a view, out of tree. Runs the tree's own build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import ToolError, TreeError
from ..resources import stubs_dir
from .machines import Machine
from .process import Done, run_bounded

CHECKED: Final = ("CONFIG_PAGE_TABLE_CHECK", "CONFIG_PAGE_TABLE_CHECK_ENFORCED")
_WITHOUT: Final = ((), ("CONFIG_HUGETLBFS",), ("CONFIG_HUGETLBFS", "CONFIG_TRANSPARENT_HUGEPAGE"))
"""What is left out, in this order, until the check can be switched on."""
_CONFIG_SECONDS: Final = 600
_ERROR: Final = re.compile(r"(?:\berror: |\*\*\* |undefined reference|Error \d)")


class Unbuilt(Exception):
    """The tree does not build: the first errors, the log."""

    def __init__(self, reason: str, log: Path) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


def fragment(machine: Machine) -> str:
    """What we ask of the configuration of a machine."""
    folder = stubs_dir() / "boot"
    names = ("common.config", f"{machine.name}.config")
    return "".join((folder / name).read_text(encoding="utf-8") for name in names)


def settings(text: str) -> dict[str, str]:
    """The last value of each option in a .config or a fragment; `is not set` is n."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("CONFIG_"):
            name, _, value = line.partition("=")
            found[name] = value
        elif line.startswith("# CONFIG_") and line.endswith(" is not set"):
            found[line[2:-11]] = "n"
    return found


class Kernel:
    """One build folder: `source` is the view, `folder` takes what is built. `extra` is asked of the
    configuration, too."""

    def __init__(
        self,
        machine: Machine,
        source: Path,
        folder: Path,
        jobs: int,
        seconds: float,
        extra: str = "",
    ) -> None:
        self.machine = machine
        self.source = source
        self.folder = folder
        self.jobs = jobs
        self.seconds = seconds
        self.extra = extra

    @property
    def image(self) -> Path:
        """What the emulator loads."""
        return self.folder / self.machine.image

    def make(self, target: str, log: Path, seconds: float, *variables: str) -> Done:
        """Run make for one target. Raises Unbuilt if that fails or takes too long."""
        command = [
            "make", "-s", "-C", str(self.source), f"O={self.folder}",
            f"ARCH={self.machine.arch}", f"CROSS_COMPILE={self.machine.prefix}",
            f"-j{self.jobs}", *variables, target,
        ]  # fmt: skip
        done = run_bounded(command, log, seconds)
        if done.status is None:
            raise Unbuilt(f"make {target} takes longer than {seconds:.0f} s", log)
        if done.status:
            raise Unbuilt(f"make {target}: {first_error(log)}", log)
        return done

    def configure(self) -> tuple[str, ...]:
        """Make .config, unless it is there; return what of our fragment the tree does not offer.

        An architecture may have the check only without something else that we ask for. Raises
        Unbuilt, and TreeError where the check itself cannot be switched on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        text = fragment(self.machine) + self.extra
        kept = self.folder.parent / "asked"
        known = kept.read_text(encoding="utf-8") if kept.is_file() else None
        made = self._made() if known == text else {}
        if any(made.get(name) != "y" for name in CHECKED):
            for without in _WITHOUT:
                made = self._configured(text + "".join(f"{name}=n\n" for name in without))
                if all(made.get(name) == "y" for name in CHECKED):
                    break
            kept.write_text(text, encoding="utf-8")
        asked = settings(text)
        lacking = tuple(
            f"{name}={value}" for name, value in asked.items() if made.get(name, "n") != value
        )
        for name in CHECKED:
            if made.get(name) != "y":
                raise TreeError(
                    f"{name} cannot be switched on for {self.machine.arch} in this tree"
                    " (does the architecture select ARCH_SUPPORTS_PAGE_TABLE_CHECK?)"
                )
        return lacking

    def _configured(self, text: str) -> dict[str, str]:
        wanted = self.folder.parent / "fragment"
        wanted.write_text(text, encoding="utf-8")
        log = self.folder.parent / "config.log"
        self.make("allnoconfig", log, _CONFIG_SECONDS, f"KCONFIG_ALLCONFIG={wanted}")
        return self._made()

    def _made(self) -> dict[str, str]:
        """What .config says; nothing if there is none."""
        try:
            text = (self.folder / ".config").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ToolError(f"the .config cannot be read: {error.strerror}") from error
        return settings(text)

    def build(self) -> Done:
        """Build the image, or what of it is out of date. Raises Unbuilt."""
        done = self.make(self.machine.target, self.folder.parent / "make.log", self.seconds)
        if not self.image.is_file():
            raise Unbuilt(f"make {self.machine.target} made no {self.machine.image}", self.folder)
        return done


def first_error(log: Path) -> str:
    """The line of a log of make that says what went wrong."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors: Sequence[str] = [line for line in lines if _ERROR.search(line)] or lines[-1:]
    return errors[0].strip() if errors else "it failed without a word"
