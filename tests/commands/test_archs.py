# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck archs`: what the tree says about its architectures and its hooks."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer.commands import archs
from analyzer.report.archs import TreeFacts, render_json, render_text
from analyzer.tree import MemoryTree, open_tree
from tests.commands.runner import DEMO, REPOSITORY, ptcheck

SCHEMA = json.loads((REPOSITORY / "docs" / "archs.schema.json").read_text())
HEADER = "include/linux/page_table_check.h"


def facts(path: Path, *named: str) -> TreeFacts:
    with open_tree(str(path), None) as tree:
        return archs.gather(tree, named)


def loaded(found: TreeFacts) -> Any:
    value = json.loads(render_json(found))
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    return value


def test_the_demonstration() -> None:
    done = ptcheck("archs", "-C", str(DEMO), "--format", "json")
    assert (done.code, done.err) == (0, "")
    value = json.loads(done.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    (demo,) = value["archs"]
    assert (demo["arch"], demo["supported"], demo["condition"]) == ("demo", True, "MMU")
    selected = (DEMO / demo["path"]).read_text().splitlines()[demo["line"] - 1]
    assert selected.split() == ["select", "ARCH_SUPPORTS_PAGE_TABLE_CHECK", "if", "MMU"]
    assert demo["variants"] == ["base", "nothp"]
    assert [one["variant"] for one in demo["configurations"]] == ["base", "nothp"]
    assert all((one["bits"], one["mmu"]) == (64, True) for one in demo["configurations"])
    assert value["api"]["present"]
    assert value["problems"] == []


def test_the_hooks_are_those_of_the_header() -> None:
    lines = (DEMO / HEADER).read_text().splitlines()
    value = loaded(facts(DEMO, "demo"))
    for hook in value["api"]["prototypes"]:
        assert hook["path"] == HEADER
        assert f"{hook['name']}(" in lines[hook["line"] - 1]
        assert all(parameter for parameter in hook["parameters"])


def test_text_names_everything() -> None:
    found = facts(DEMO, "demo")
    text = render_text(found)
    for hook in found.api.prototypes:
        assert f"{hook.location}: {hook.name}({', '.join(hook.parameters)})\n" in text
    (demo,) = found.archs
    assert (
        f"demo: selects ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU ({demo.path}:{demo.line})\n" in text
    )
    assert re.search(r"^  base +64 bit, little endian, \d levels: ", text, re.MULTILINE)
    assert text.endswith("1 architecture, of which 1 can select the option; 2 variants; 9 hooks\n")


def test_a_revision_is_as_good_as_a_folder(tmp_path: Path) -> None:
    copy = tmp_path / "demo"
    shutil.copytree(DEMO, copy)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    shutil.rmtree(copy / "arch")  # what is in the folder does not matter
    folder = json.loads(ptcheck("archs", "-C", str(DEMO), "--format", "json").out)
    revision = json.loads(ptcheck("archs", "-C", str(copy), "--rev=HEAD", "--format=json").out)
    assert re.fullmatch(r"[0-9a-f]{40}", revision["tree"]["revision"])
    assert revision["archs"] == folder["archs"]
    assert revision["api"] == folder["api"]


def test_a_tree_without_the_framework() -> None:
    tree = MemoryTree({"arch/old/Kconfig": "config MMU\n\tdef_bool y\n", "include/a.h": ""})
    found = archs.gather(tree, ("old",))
    assert not found.api.present
    assert loaded(found)["api"] == {"present": False, "prototypes": [], "predicate": None}
    text = render_text(found)
    assert "hooks: this tree has none" in text
    assert "old: does not select ARCH_SUPPORTS_PAGE_TABLE_CHECK\n" in text


def test_a_condition_is_shown_as_written() -> None:
    kconfig = (
        "config TOY\n\tdef_bool y\n\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK if MMU && 64BIT\n"
        "config MMU\n\tdef_bool y\nconfig 64BIT\n\tdef_bool y\n"
    )
    found = archs.gather(MemoryTree({"arch/toy/Kconfig": kconfig}), ("toy",))
    (toy,) = found.archs
    assert (toy.supported, toy.condition, toy.path, toy.line) == (
        True, "MMU && 64BIT", "arch/toy/Kconfig", 3,
    )  # fmt: skip
    assert "PAGE_TABLE_CHECK if MMU && 64BIT (arch/toy/Kconfig:3)" in render_text(found)


def test_a_macro_is_a_hook_too() -> None:
    header = (
        "static inline void page_table_check_pmds_set(struct mm_struct *mm,\n"
        "\t\tpmd_t *pmdp, pmd_t pmd, unsigned int nr)\n{\n}\n"
        "/* void page_table_check_commented(int x); */\n"
        "#define page_table_check_pmd_set(mm, pmdp, pmd) \\\n"
        "\tpage_table_check_pmds_set(mm, pmdp, pmd, 1)\n"
    )
    tree = MemoryTree({HEADER: header, "arch/toy/Kconfig": ""})
    hooks = {hook.name: hook for hook in archs.gather(tree, ("toy",)).api.prototypes}
    assert set(hooks) == {"page_table_check_pmd_set", "page_table_check_pmds_set"}
    assert hooks["page_table_check_pmd_set"].location.line == 6
    assert hooks["page_table_check_pmds_set"].parameters == (
        "struct mm_struct *mm", "pmd_t *pmdp", "pmd_t pmd", "unsigned int nr",
    )  # fmt: skip


@pytest.mark.parametrize(
    "kconfig", [None, "", "if MMU\n", 'source "arch/toy/none"\n', "\0" * 50, "config\n\tbool ?\n"]
)
def test_a_broken_kconfig_is_reported(kconfig: str | None, tmp_path: Path) -> None:
    """With the place; the exit code says that something is missing."""
    files = {"arch/toy/include/asm/pgtable.h": "", "include/a.h": "", "mm/Kconfig": ""}
    if kconfig is not None:
        files["arch/toy/Kconfig"] = kconfig
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    done = ptcheck("archs", "-C", str(tmp_path))
    assert done.code in (0, 3)
    if kconfig is None or "none" in kconfig or "if" in kconfig:
        assert done.code == 3
        assert re.search(r"^  (arch/toy/)?Kconfig(:\d+)?: ", done.out, re.MULTILINE)


def selects(tree: Path, arch: str) -> list[tuple[str, int, str]]:
    """Every `select` of the option below arch/<arch>, found by reading lines."""
    found = []
    for path in sorted((tree / "arch" / arch).rglob("Kconfig*")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            words = line.split("#")[0].split()
            if words[:2] == ["select", "ARCH_SUPPORTS_PAGE_TABLE_CHECK"]:
                found.append((str(path.relative_to(tree)), number, " ".join(words[3:])))
    return found


@pytest.mark.parametrize("version", ["6_1", "6_12"])
def test_real_kernels(version: str, request: pytest.FixtureRequest) -> None:
    tree: Path = request.getfixturevalue(f"kernel_{version}")
    names = sorted(path.name for path in (tree / "arch").iterdir() if (path / "Kconfig").is_file())
    value = loaded(facts(tree, *names))
    assert value["problems"] == []
    for arch in value["archs"]:
        written = selects(tree, arch["arch"])
        assert arch["supported"] == bool(written), arch["arch"]
        if written:
            ((path, line, condition),) = written
            assert (arch["path"], arch["line"]) == (path, line)
            assert (arch["condition"] or "") == condition
        assert len(set(arch["variants"])) == len(arch["variants"]) >= 1
    header = (tree / HEADER).read_text()
    declared = set(re.findall(r"^(?:static inline )?void (page_table_check_\w+)\(", header, re.M))
    assert {hook["name"] for hook in value["api"]["prototypes"]} == declared


@pytest.mark.parametrize("version", ["6_1", "6_12"])
def test_what_issue_2_asks_for(version: str, request: pytest.FixtureRequest) -> None:
    """64 bit with everything, without THP, the fewest and the most levels; x86 also 32 bit PAE."""
    found = facts(request.getfixturevalue(f"kernel_{version}"), "arm64", "riscv", "x86")
    by_name = {one.arch: {v.name: v for v in one.variants} for one in found.archs}
    for planned in by_name.values():
        assert (planned["base"].bits, planned["base"].mmu) == (64, True)
        assert "nothp" in planned
    arm64 = {variant.levels for variant in by_name["arm64"].values()}
    assert min(level for level in arm64 if level) == 2
    x86 = by_name["x86"]
    assert {variant.levels for variant in x86.values() if variant.bits == 64} == {4, 5}
    assert any(v.bits == 32 and v.levels == 3 and not v.supported for v in x86.values())
    assert "xxl" in x86 or "noxxl" in x86
