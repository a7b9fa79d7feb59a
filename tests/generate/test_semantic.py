# SPDX-License-Identifier: GPL-2.0-only
"""The semantic patch does what the series does, and tells what it cannot: spatch is the judge."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.generate.edits import Edit, Step, apply
from analyzer.generate.run import Plan, plan
from analyzer.generate.semantic import Said, semantic_patch, told
from analyzer.generate.smpl import changed, hunks
from analyzer.tree import FolderTree
from tests.generate.conftest import Demo

needs_spatch = pytest.mark.skipif(shutil.which("spatch") is None, reason="no spatch here")


def transformed(found: Plan, folder: Path) -> dict[str, str]:
    """What spatch makes of the files."""
    (folder / "x.cocci").write_text(semantic_patch(found), encoding="latin-1")
    paths = [path for path in found.texts if path.endswith((".c", ".h"))]
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(found.texts[path].encode("latin-1"))
    done = subprocess.run(
        ["spatch", "--very-quiet", "--in-place", "--sp-file", "x.cocci", *paths],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "error" not in done.stderr, done.stderr
    return {path: (folder / path).read_bytes().decode("latin-1") for path in paths}


def wanted(found: Plan) -> dict[str, str]:
    """The files with all changes that are said."""
    said: dict[str, list[Said]] = {}
    for one in told(found):
        said.setdefault(one.file.path, []).append(one)
    return {
        path: "\n".join(
            changed(several[0].file.lines, sorted(
                (hunk for one in several if one.rules for hunk in one.changes),
                key=lambda hunk: hunk.first,
            ))
        )
        for path, several in said.items() if path.endswith((".c", ".h"))
    }  # fmt: skip


def unfolded(text: str, found: Plan) -> str:
    """Without the line breaks that a rule says are not kept."""
    folded = any(rule.folded for one in told(found) for rule in one.rules)
    return " ".join(text.split()) if folded else text


def agree(found: Plan, folder: Path) -> None:
    got = transformed(found, folder)
    for path, text in wanted(found).items():
        assert unfolded(got[path], found) == unfolded(text, found), path
        assert text != found.texts[path]


@needs_spatch
def test_spatch_makes_the_same_text(demo: Demo, tmp_path: Path) -> None:
    agree(demo.plan, tmp_path)
    agree(demo.fix, tmp_path)


def edited(demo: Demo, text: str, new: str, path: str = "mm/x.c") -> Plan:
    """A plan that changes one file."""
    edits = (Edit(path, text, new, Step.HOOKS, "f", "because"),)
    assert apply({path: text}, edits) == {path: new}
    return replace(demo.plan, texts={path: text}, edits=edits)


_STORE = "\t*ptep = pte; /* in one go */\n"
_HEAD = "static void f(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{\n"
_HOOK = "\tpage_table_check_pte_set(mm, ptep, pte);\n"
_TAKE = "static pte_t f(struct mm_struct *mm, pte_t *ptep)\n{\n"
_CLEAR = "\tpage_table_check_pte_clear(mm, old);\n"
_OTHER = "static inline bool g(pte_t pte)\n{\n\treturn 1;\n}\n"


@needs_spatch
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (_HEAD + _STORE + "}\n", _HEAD + _HOOK + _STORE + "}\n"),
        (_HEAD + '\tpr_info("/* no comment */");\n' + _STORE + "}\n",
         _HEAD + _HOOK + '\tpr_info("/* no comment */");\n' + _STORE + "}\n"),
        (_TAKE + "\treturn xchg(ptep, 0);\n}\n",
         _TAKE + "\tpte_t old = xchg(ptep, 0);\n\n" + _CLEAR + "\n\treturn old;\n}\n"),
        (_TAKE + "\tpte_t old = xchg(ptep, 0);\n\n\treturn old;\n}\n",
         _TAKE + "\tpte_t old = xchg(ptep, 0);\n\n" + _CLEAR + "\n\treturn old;\n}\n"),
        (_TAKE + "\tpte_t old = *ptep;\n\n\tpte_clear(ptep);\n\n\treturn old;\n}\n",
         _TAKE + "\tpte_t old = *ptep;\n\n\tpte_clear(ptep);\n" + _CLEAR
         + "\n\treturn old;\n}\n"),
        ("#include <a.h>\n#include <c.h>\n", "#include <a.h>\n#include <b.h>\n#include <c.h>\n"),
        ("int x;\n\n/* a comment */\n" + _OTHER,
         "int x;\n\n#include <b.h>\n\n/* a comment */\n" + _OTHER),
        ("int x;\n\n/* a comment */\nstruct s {\n\tint a;\n};\n",
         "int x;\n\n#include <b.h>\n\n/* a comment */\nstruct s {\n\tint a;\n};\n"),
        (_OTHER + "\n#define X 1\n",
         _OTHER + "\n#ifdef CONFIG_A\n" + _OTHER.replace("g(", "h(") + "#endif /* A */\n"
         "\n#define X 1\n"),
        ("#define X\n\n" + _OTHER,
         "#define X\n\n#ifdef CONFIG_A\n" + _OTHER.replace("g(", "h(") + "\n"
         + _OTHER.replace("g(", "k(") + "#endif\n\n" + _OTHER),
    ],
    ids=["hook", "string", "return", "old value", "after the store", "include",
         "before a function", "before a struct", "after a function", "after a define"],
)  # fmt: skip
def test_one_edit(demo: Demo, tmp_path: Path, before: str, after: str) -> None:
    found = edited(demo, before, after)
    assert all(one.rules for one in told(found)), semantic_patch(found)
    assert transformed(found, tmp_path) == {"mm/x.c": after}


@needs_spatch
def test_a_function_whose_parameters_are_of_the_type_that_it_returns(
    demo: Demo, tmp_path: Path
) -> None:
    head = "pmd_t f(struct mm_struct *mm,\n\tpmd_t *pmdp, pmd_t pmd)\n{\n"
    found = edited(demo, head + _STORE + "}\n", head + _HOOK + _STORE + "}\n")
    assert not [one for one in told(found) if not one.rules]
    agree(found, tmp_path)


@needs_spatch
def test_a_rule_is_for_its_file_alone(demo: Demo, tmp_path: Path) -> None:
    body = _HEAD + _STORE + "}\n"
    texts = {"mm/x.c": body, "mm/y.c": body}
    edits = (Edit("mm/y.c", body, _HEAD + _HOOK + _STORE + "}\n", Step.HOOKS, "f", "because"),)
    found = replace(demo.plan, texts=texts, edits=edits)
    assert transformed(found, tmp_path) == apply(texts, edits)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (_HEAD + "#ifdef A\n#endif\n" + _STORE + "}\n",
         _HEAD + _HOOK + "#ifdef A\n#endif\n" + _STORE + "}\n", "conditional parts"),
        (_HEAD + '\tasm("nop");\n' + _STORE + "}\n",
         _HEAD + _HOOK + '\tasm("nop");\n' + _STORE + "}\n", "assembler"),
        ((_HEAD + _STORE + "}\n") * 2, _HEAD + _HOOK + _STORE + "}\n" + _HEAD + _STORE + "}\n",
         "several functions of that name"),
        ("#define f(x) g(x)\n", "#define f(x) h(x)\n", "between functions are changed"),
        ("int x;\n\nint y;\n", "int x;\n\n#include <b.h>\n\nint y;\n", "nothing that a rule"),
        ("int x;\n\nint y;\n", "int x;\n\n" + _OTHER + "\nint y;\n", "nothing that a rule"),
        ("int x;\n", "int x;\nint y;\n", "no whole function"),
        ("#define X\n\n" + _OTHER, "#define X\n\nint h(void)\n{\n}\n\n" + _OTHER, "not static"),
    ],
    ids=["#ifdef", "asm", "twins", "macro", "include", "function", "declaration", "not static"],
)  # fmt: skip
def test_what_cannot_be_said_is_told(demo: Demo, before: str, after: str, why: str) -> None:
    found = edited(demo, before, after)
    text = semantic_patch(found)
    assert why in text
    assert "@@\n@@" not in text
    assert all(line.startswith("//") or not line for line in text.splitlines())
    new = [line for hunk in hunks(before.split("\n"), after.split("\n")) for line in hunk.new]
    assert all(f"// +{line}" in text for line in new if line)


def test_kconfig_is_told(demo: Demo) -> None:
    text = semantic_patch(demo.plan)
    assert "// +\tselect ARCH_SUPPORTS_PAGE_TABLE_CHECK" in text
    assert "arch/demo/Kconfig: this cannot be said" in text


@needs_spatch
@pytest.mark.slow
def test_loongarch_of_6_12(kernel_6_12: Path, tmp_path: Path) -> None:
    found = plan(FolderTree(kernel_6_12), "loongarch")
    agree(found, tmp_path)
    unsaid = {one.file.path for one in told(found) if not one.rules}
    assert unsaid == {"arch/loongarch/Kconfig"}
