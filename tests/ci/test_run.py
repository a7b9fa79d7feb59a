# SPDX-License-Identifier: GPL-2.0-only
"""What CI runs, on a machine that is made to look bare: stubs instead of programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands.runner import REPOSITORY

SCRIPT = REPOSITORY / ".ci" / "run"
TOOLS = ("bash", "env", "dirname", "mktemp", "grep", "tail", "tee", "rm", "cat", "sh")
CLOSING = "=================== 3 passed, 1 skipped in 12.34s ==================="
_STUB = '#!/bin/sh\necho "${0##*/} $*" >> "$LOG"\n'


class Machine:
    """A folder that is all of PATH."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.bin.mkdir()
        self.log.touch()
        for name in TOOLS:
            found = shutil.which(name)
            assert found, name
            (self.bin / name).symlink_to(found)

    def stub(self, name: str, body: str = "") -> None:
        path = self.bin / name
        path.write_text(_STUB + body)
        path.chmod(0o755)

    def run(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / "bash", SCRIPT],
            env={"PATH": str(self.bin), "LOG": str(self.log), "HOME": str(self.bin)},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """Debian with nothing but what is essential, and make."""
    machine = Machine(tmp_path)
    machine.stub("apt-get", '[ -n "$DEBIAN_FRONTEND" ] || exit 9\n')
    machine.stub("make", f'[ "$1" != test ] || echo "{CLOSING}"\n')
    return machine


def wanted() -> dict[str, list[str]]:
    """What the script looks for, and the packages that have it."""
    lines = re.findall(r"(?m)^need (\S+) ([^#\n]+)", SCRIPT.read_text())
    return {program: packages.split() for program, packages in lines}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_what_is_missing_is_installed(bare: Machine) -> None:
    (bare.bin / "make").unlink()
    bare.stub("apt-get", f'[ "$2" != install ] || {{ printf "#!/bin/sh\\n" > {bare.bin}/make; }}\n')
    bare.run()
    update, install = bare.calls[:2]
    assert update == "apt-get -q update"
    words = install.split()
    assert words[:5] == ["apt-get", "-q", "install", "-y", "--no-install-recommends"]
    packages = [name for names in wanted().values() for name in names]
    assert words[5:] == [*packages, "python3", "python3-venv"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_one_package_that_is_not_to_be_had(bare: Machine) -> None:
    bare.stub("apt-get", 'case "$*" in *update*|*zsh*) exit 100 ;; esac\n')
    done = bare.run()
    assert "CI: not installed: zsh\n" in done.stderr
    assert "not installed: fish" not in done.stderr
    assert any(call.endswith(" fish") for call in bare.calls)
    assert done.stdout.splitlines()[-1] == CLOSING


def test_what_is_there_is_left_alone(bare: Machine) -> None:
    for program in (*wanted(), "python3"):
        if program != "make":
            bare.stub(program)
    done = bare.run()
    assert done.returncode == 0, done.stderr
    assert not [call for call in bare.calls if call.startswith("apt-get")]
    assert [call for call in bare.calls if call.startswith("make")] == [
        "make lint PYTHON=python3",
        "make fuzz PYTHON=python3 FUZZ_SECONDS=30",
        "make test PYTHON=python3",
    ]
    assert done.stdout.splitlines()[-1] == CLOSING


@pytest.mark.parametrize("failing", ["lint", "fuzz", "test"])
def test_what_fails_fails_and_the_closing_line_is_last(bare: Machine, failing: str) -> None:
    for program in (*wanted(), "python3"):
        bare.stub(program)
    bare.stub("make", f'[ "$1" != test ] || echo "{CLOSING}"\n[ "$1" != {failing} ]\n')
    done = bare.run()
    assert done.returncode == 1
    assert "CI: " in done.stderr
    assert done.stdout.splitlines()[-1] == CLOSING


def test_the_names_of_the_packages_are_debians() -> None:
    """As far as the machine knows the packages of Debian."""
    if shutil.which("apt-cache") is None:
        pytest.skip("no apt-cache here")
    packages = [name for names in wanted().values() for name in names]
    done = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", *packages],
        capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    known = set(re.findall(r"(?m)^Package: (\S+)$", done.stdout))
    if not known:
        pytest.skip("no lists of packages here (apt-get update)")
    assert set(packages) <= known
