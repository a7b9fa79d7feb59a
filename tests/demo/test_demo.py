# SPDX-License-Identifier: GPL-2.0-only
"""The demonstration tree: it compiles, and exactly one of its helpers breaks the law."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "kernel_stubs" / "demo"
UNHOOKED = "pmdp_huge_get_and_clear"
DELEGATES = {UNHOOKED, "pmdp_huge_get_and_clear_full", "pmdp_huge_clear_flush"}
CONFIGS = {
    "base": {"MMU": 1, "64BIT": 1, "PAGE_TABLE_CHECK": 1, "TRANSPARENT_HUGEPAGE": 1},
    "nothp": {"MMU": 1, "64BIT": 1, "PAGE_TABLE_CHECK": 1},
    "nocheck": {"MMU": 1, "64BIT": 1, "TRANSPARENT_HUGEPAGE": 1},
}
SOURCES = ("mm/memory.c", "mm/pgtable-generic.c", "arch/demo/mm/pgtable.c")


def compiler() -> str:
    for name in ("gcc", "clang"):
        if shutil.which(name):
            return name
    pytest.skip("no C compiler on this machine")


def gcc(config: str, build: Path, *arguments: str | Path) -> None:
    generated = build / "generated"
    generated.mkdir(exist_ok=True)
    symbols = CONFIGS[config].items()
    text = "".join(f"#define CONFIG_{name} {value}\n" for name, value in symbols)
    (generated / "autoconf.h").write_text(text)
    command = [compiler(), "-std=gnu11", "-Wall", "-Werror", "-ffreestanding", "-nostdinc"]
    command += ["-D__KERNEL__", f"-I{DEMO}/arch/demo/include", f"-I{build}", f"-I{DEMO}/include"]
    command += ["-include", "linux/kconfig.h", "-include", "linux/compiler_types.h"]
    run = subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("config", CONFIGS)
def test_compiles(config: str, tmp_path: Path) -> None:
    sources = [*SOURCES]
    sources += ["mm/huge_memory.c"] if "TRANSPARENT_HUGEPAGE" in CONFIGS[config] else []
    sources += ["mm/page_table_check.c"] if "PAGE_TABLE_CHECK" in CONFIGS[config] else []

    gcc(config, tmp_path, "-fsyntax-only", *(DEMO / source for source in sources))


@pytest.mark.parametrize("config", ["base", "nothp"])
def test_exactly_one_helper_breaks_the_law(config: str, tmp_path: Path) -> None:
    """Run on the host: the law as the tree's own counters see it, not as ptcheck does."""
    program = tmp_path / "law"
    sources = [DEMO / source for source in (*SOURCES, "mm/page_table_check.c")]
    gcc(config, tmp_path, "-O1", "-o", program, *sources, HERE / "law.c")
    run = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True)
    found = [line.split() for line in run.stdout.splitlines()]

    broken = {name for name, answer in found if answer != "holds"}
    assert broken == (DELEGATES if config == "base" else set())
    assert len({name for name, _ in found}) > (25 if config == "base" else 10)
    assert all(answer in ("holds", "broken") for _, answer in found)


def test_every_generic_helper_is_called_by_generic_code() -> None:
    """ptcheck judges what generic code calls: nothing may stand there unused."""
    header = (DEMO / "include/linux/pgtable.h").read_text()
    helpers = set(re.findall(r"\b((?:ptep?|pmdp?|pudp?)_\w+|set_ptes|\w+_ptes)\(struct ", header))
    callers = "".join((DEMO / "mm" / name).read_text() for name in ("memory.c", "huge_memory.c"))

    assert len(helpers) > 20
    assert {name for name in helpers if f"{name}(" not in callers} == {
        "ptep_set_wrprotect",  # called by wrprotect_ptes()
        "pudp_huge_get_and_clear",  # ... by pudp_huge_get_and_clear_full()
    }


def test_the_defect_is_explained_where_it_is() -> None:
    text = (DEMO / "arch/demo/include/asm/pgtable.h").read_text()
    before, _, after = text.partition("#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR\n")

    assert "The defect of the demonstration" in before.rsplit("/*", 1)[1]
    assert UNHOOKED in after[:200]
    assert "page_table_check" not in after[: after.index("}")]


def test_small_and_ours() -> None:
    files = [path for path in sorted(DEMO.rglob("*")) if path.is_file()]
    lines = sum(len(path.read_text().splitlines()) for path in files)

    assert lines < 1600
    for path in files:
        if path.name != "README":
            assert "SPDX-License-Identifier: GPL-2.0-only" in path.read_text().splitlines()[0], path


def test_shares_no_text_with_a_real_kernel(kernel_6_12: Path) -> None:
    """No run of four telling lines may stand in the real files of the same names."""
    for path in sorted(DEMO.rglob("*.[ch]")):
        name = path.relative_to(DEMO)
        candidates = [kernel_6_12 / name, kernel_6_12 / "arch/x86" / Path(*name.parts[2:])]
        candidates += [kernel_6_12 / "arch/riscv" / Path(*name.parts[2:])]
        for real in candidates:
            if name.suffix and real.is_file():
                both = shared(path.read_text(), real.read_text(errors="replace"))
                assert not both, (name, real)


def shared(ours: str, theirs: str) -> set[str]:
    """Runs of four consecutive lines of statements that both have."""

    def runs(text: str) -> set[str]:
        lines = [" ".join(line.split()) for line in text.splitlines()]
        lines = [line for line in lines if len(line) > 8 and not line.startswith("#")]
        return {"\n".join(lines[i : i + 4]) for i in range(len(lines) - 3)}

    return runs(ours) & runs(theirs)
