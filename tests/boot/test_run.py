# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to a verdict, with a make and an emulator that are scripts of the test."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import pytest

from analyzer.boot.initramfs import compile_init, initramfs
from analyzer.boot.kernel import fragment, settings
from analyzer.boot.machines import MACHINES, find_machine
from analyzer.boot.process import run_bounded
from analyzer.boot.run import Limits, boot_tree
from analyzer.boot.tools import has_header, require_tools
from analyzer.boot.verdict import Outcome
from analyzer.errors import ToolError, TreeError, UsageError
from analyzer.tree import FolderTree
from tests.commands.runner import DEMO, PGTABLE, ptcheck

X86 = find_machine("x86_64")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `make` and `qemu-system-x86_64` before all others in PATH, and a gelf.h."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (folder / "gelf.h").touch()
    monkeypatch.setenv("CPATH", str(folder))
    return folder


def script(folder: Path, name: str, text: str) -> None:
    """Put an executable script into a folder."""
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def pretend(tools: Path, console: str, *, fails: bool = False, hangs: bool = False) -> None:
    """A make that builds an image which is the console that the emulator then shows."""
    make = f"""#!/bin/sh
for word; do case $word in
O=*) out=${{word#O=}};;
KCONFIG_ALLCONFIG=*) grep '=y$' "${{word#*=}}" >"$out/.config";;
esac; target=$word; done
[ $target = bzImage ] || exit 0
{"echo 'x.c:3:5: error: nonsense'; exit 2" if fails else ""}
mkdir -p "$out/arch/x86/boot"
printf '{console}' >"$out/arch/x86/boot/bzImage"
"""
    script(tools, "make", make)
    emulator = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -kernel ] && cat "$2"; shift; done
"""
    script(tools, "qemu-system-x86_64", emulator + ("sleep 100\n" if hangs else ""))
    for name in ("flex", "bison", "bc"):
        script(tools, name, "#!/bin/sh\n")


pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def test_pass_and_what_is_kept(tools: Path, tmp_path: Path) -> None:
    pretend(tools, r"SCENE a\nDONE a\nVERDICT PASS\n")
    edits: dict[str, bytes | None] = {PGTABLE: b"edited"}
    result = boot_tree(FolderTree(DEMO), X86, tmp_path / "work", edits, 1)
    assert result.outcome is Outcome.PASS
    assert result.done == ("a",)
    view = tmp_path / "work/x86_64/source"
    assert (view / PGTABLE).read_bytes() == b"edited"
    assert (DEMO / PGTABLE).read_bytes() != b"edited"
    assert (tmp_path / "work/x86_64/console.log").is_file()
    assert "CONFIG_NR_CPUS=2" in result.lacking  # our make honours only what is =y


def test_stop(tools: Path, tmp_path: Path) -> None:
    pretend(tools, r"SCENE a\nkernel BUG at mm/x.c:7!\n")
    result = boot_tree(FolderTree(DEMO), X86, tmp_path / "work", {}, 1)
    assert result.outcome is Outcome.STOPPED
    assert result.stop is not None
    assert result.stop.place == "mm/x.c:7"


def test_kernel_that_hangs_is_ended(tools: Path, tmp_path: Path) -> None:
    pretend(tools, r"SCENE a\n", hangs=True)
    begun = time.monotonic()
    result = boot_tree(FolderTree(DEMO), X86, tmp_path / "work", {}, 1, Limits(60, 2))
    assert time.monotonic() - begun < 60
    assert result.outcome is Outcome.SILENT
    assert result.stop is not None
    assert result.stop.scene == "a"


def test_tree_that_does_not_build(tools: Path, tmp_path: Path) -> None:
    pretend(tools, "", fails=True)
    result = boot_tree(FolderTree(DEMO), X86, tmp_path / "work", {}, 1)
    assert result.outcome is Outcome.UNBUILT
    assert result.reason == "make bzImage: x.c:3:5: error: nonsense"


def test_check_that_cannot_be_switched_on(tools: Path, tmp_path: Path) -> None:
    pretend(tools, "")
    make = '#!/bin/sh\nfor w; do case $w in O=*) : >"${w#O=}/.config";; esac; done\n'
    script(tools, "make", make)
    with pytest.raises(TreeError, match="CONFIG_PAGE_TABLE_CHECK cannot be switched on for x86"):
        boot_tree(FolderTree(DEMO), X86, tmp_path / "work", {}, 1)


def test_check_that_excludes_hugetlb(tools: Path, tmp_path: Path) -> None:
    """As powerpc's: selected only without HUGETLB_PAGE."""
    pretend(tools, r"SCENE a\nDONE a\nVERDICT PASS\n")
    make = (tools / "make").read_text()
    refuse = 'grep -q HUGETLBFS=n "${word#*=}" || sed -i /PAGE_TABLE_CHECK/d "$out/.config";;'
    script(tools, "make", make.replace('"$out/.config";;', f'"$out/.config"; {refuse}'))
    result = boot_tree(FolderTree(DEMO), X86, tmp_path / "work", {}, 1)
    assert result.outcome is Outcome.PASS


def test_tree_that_was_built_in(tools: Path, tmp_path: Path) -> None:
    pretend(tools, "")
    (tmp_path / "tree/include/config").mkdir(parents=True)
    with pytest.raises(TreeError, match=r"remains of a build \(include/config\)"):
        boot_tree(FolderTree(tmp_path / "tree"), X86, tmp_path / "work", {}, 1)


def test_work_folder_in_the_tree(tools: Path, tmp_path: Path) -> None:
    pretend(tools, "")
    (tmp_path / "tree").mkdir()
    with pytest.raises(ToolError, match="nothing is written to the tree"):
        boot_tree(FolderTree(tmp_path / "tree"), X86, tmp_path / "tree/work", {}, 1)


def test_missing_tools_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for machine in MACHINES:
        with pytest.raises(ToolError) as problem:
            require_tools(machine)
        text = str(problem.value)
        assert text.startswith(f"to boot {machine.name} this is missing: ")
        for name in (machine.compiler, machine.emulator[0], "bc", "bison", "flex", "make"):
            assert name in text
        assert machine.packages[1] in text
        assert "apt-get install" in text


def test_command(tools: Path, tmp_path: Path) -> None:
    pretend(tools, r"SCENE a\nRIP: 0010:f+0x1/0x2\nkernel BUG at mm/x.c:7!\n")
    path = f"{tools}:{os.environ['PATH']}"
    done = ptcheck("verify", "--boot", "x86_64", str(DEMO), "--output", str(tmp_path / "w"),
                   PATH=path)  # fmt: skip
    assert done.code == 1
    assert done.out.startswith("x86_64: STOPPED at mm/x.c:7\n")
    assert "during the scene 'a'" in done.out
    pretend(tools, r"SCENE a\nDONE a\nVERDICT PASS\n")
    done = ptcheck("verify", "--boot", "x86", "-C", str(DEMO), "--format", "json", PATH=path)
    assert done.code == 0
    assert json.loads(done.out)["outcome"] == "PASS"


def test_machines_are_found_by_any_of_their_names() -> None:
    assert find_machine("aarch64") is find_machine("arm64")
    assert find_machine("powerpc").name == "ppc64le"
    with pytest.raises(UsageError, match="no machine 'vax' to boot; there are: x86_64, arm64"):
        find_machine("vax")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_fragments(machine: object) -> None:
    found = settings(fragment(machine))  # type: ignore[arg-type]
    assert found["CONFIG_PAGE_TABLE_CHECK_ENFORCED"] == "y"
    assert all(value for value in found.values())


def test_settings() -> None:
    text = 'CONFIG_A=y\n# CONFIG_B is not set\n# CONFIG_C=y\nCONFIG_A=n\nCONFIG_D="x y"\n'
    assert settings(text) == {"CONFIG_A": "n", "CONFIG_B": "n", "CONFIG_D": '"x y"'}


def test_archive_is_what_cpio_reads(tmp_path: Path) -> None:
    data = initramfs(b"program" * 7)
    assert len(data) % 4 == 0
    fields = struct.unpack("6s" + "8s" * 13, data[:110])
    assert fields[0] == b"070701"
    if shutil.which("cpio") is None:
        return
    listed = subprocess.run(["cpio", "-itv"], input=data, capture_output=True, check=True)
    lines = listed.stdout.decode().splitlines()
    assert [line.split()[-1] for line in lines] == ["dev", "dev/console", "init"]
    assert lines[1].startswith("crw-------")
    assert lines[2].startswith("-rwxr-xr-x")


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_init_compiles_without_a_warning(machine: object, tmp_path: Path) -> None:
    found = find_machine(machine.name)  # type: ignore[attr-defined]
    if shutil.which(found.compiler) is None:
        pytest.skip(f"{found.compiler} is not installed")
    if not has_header(found.compiler, "asm/unistd.h"):
        pytest.skip(f"{found.compiler} has no headers of Linux")
    made = compile_init(found, tmp_path)
    assert made.read_bytes()[:4] == b"\x7fELF"
    text = (tmp_path / "init.log").read_text()
    assert "init.c" not in text
    assert "entry.h" not in text


def test_program_that_hangs_takes_its_children_along(tmp_path: Path) -> None:
    done = run_bounded(["sh", "-c", "sleep 100 & echo $! ; wait"], tmp_path / "log", 1)
    assert done.status is None
    child = int((tmp_path / "log").read_text())
    for _ in range(50):
        try:
            state = Path(f"/proc/{child}/stat").read_text().split(") ")[1][0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the child lives on")
