# SPDX-License-Identifier: GPL-2.0-only
"""Every branch of an #ifdef in a hooked function is judged and hooked, or named."""

from __future__ import annotations

import re

import pytest

from analyzer.generate.branches import other_branches
from analyzer.generate.commits import cover, patches
from analyzer.generate.run import plan
from analyzer.generate.twins import arms, definitions
from analyzer.tree import KernelTree
from tests.generate.conftest import Demo, applied, edited

HEADER = "arch/demo/include/asm/pgtable.h"
KCONFIG = "arch/demo/Kconfig"
GET = re.compile(
    r"static inline pte_t ptep_get_and_clear\(struct mm_struct \*mm, unsigned long addr,"
    r"[^)]*\)\n{\n(.*?)\n}\n",
    re.S,
)


def with_branches(tree: KernelTree, option: str, kconfig: str = "") -> KernelTree:
    """The demonstration tree with a helper that takes an entry out in one of two ways."""
    text = tree.read(HEADER).decode()
    body = GET.search(text)
    assert body is not None
    other = "\tpte_t pte = *ptep;\n\n\tWRITE_ONCE(*ptep, __pte(0));\n\treturn pte;"
    both = f"#ifdef {option}\n{body[1]}\n#else\n{other}\n#endif"
    text = text[: body.start(1)] + both + text[body.end(1) :]
    config = tree.read(KCONFIG).decode() + kconfig
    return edited(tree, {HEADER: text, KCONFIG: config})


def bodies(tree: KernelTree) -> tuple[str, str]:
    found = GET.search(tree.read(HEADER).decode())
    assert found is not None
    first, _, second = found[1].partition("#else")
    return first, second


def test_a_branch_that_check_does_not_compile_is_hooked_as_well(demo: Demo) -> None:
    found = plan(with_branches(demo.stripped, "CONFIG_SMP"), "demo")
    assert not found.undecided
    assert not found.unseen
    assert [one.name for one in found.more] == ["no-smp"]
    assert not found.more[0].config.on("SMP")
    assert found.more[0].config.on("MMU")
    series = applied(with_branches(demo.stripped, "CONFIG_SMP"), found)
    first, second = bodies(series)
    assert "page_table_check_pte_clear(mm, old_pte);" in first
    assert "page_table_check_pte_clear(mm, pte);" in second
    letter = cover(found, patches(found)).body
    assert "no-smp" in letter
    assert "not judged" not in letter
    again = plan(series, "demo")
    assert not again.edits
    assert not again.undecided


def test_an_option_that_others_need_is_turned_together_with_them(demo: Demo) -> None:
    needs = '\nconfig NUMA\n\tbool "Nodes"\n\tdefault y\n\tselect LOCKED\n'
    asked = '\nconfig LOCKED\n\tbool "Locked"\n'
    tree = with_branches(demo.stripped, "CONFIG_LOCKED", needs + asked)
    found = plan(tree, "demo")
    assert [one.name for one in found.more] == ["no-locked"]
    assert "page_table_check_pte_clear(mm, pte);" in bodies(applied(tree, found))[1]


@pytest.mark.parametrize(("guard", "judged"), [("MMU", ["no-smp"]), ("SMP", [])])
def test_where_the_option_is_off_nothing_is_mended(
    demo: Demo, guard: str, judged: list[str]
) -> None:
    tree = with_branches(demo.whole, "CONFIG_SMP")
    kconfig = tree.read(KCONFIG).decode()
    select = "select ARCH_SUPPORTS_PAGE_TABLE_CHECK if"
    assert select in kconfig
    first = bodies(tree)[0]
    less = first.replace("\tpage_table_check_pte_clear(mm, old);\n\n", "", 1)
    assert less != first
    header = tree.read(HEADER).decode().replace(first, less, 1)
    kconfig = kconfig.replace(f"{select} MMU", f"{select} {guard}")
    found = plan(edited(tree, {KCONFIG: kconfig, HEADER: header}), "demo")
    assert [one.name for one in found.more] == judged
    hooks = [e.after.count("page_table_check_pte_clear(mm, ") for e in found.edits if e.hook]
    assert sum(hooks) == 1 + len(judged)


def test_a_branch_that_nothing_compiles_is_named(demo: Demo) -> None:
    always = "\nconfig LOCKED\n\tdef_bool y\n"
    tree = with_branches(demo.stripped, "CONFIG_LOCKED", always)
    found = plan(tree, "demo")
    assert [(one.function, one.path) for one in found.unseen] == [("ptep_get_and_clear", HEADER)]
    line = found.unseen[0].line
    assert tree.read(HEADER).decode().split("\n")[line - 1].strip() == "pte_t pte = *ptep;"
    assert not found.more
    letter = cover(found, patches(found)).body
    assert "was not judged" in letter
    assert f"ptep_get_and_clear() at {HEADER}:{line}" in letter


def test_a_header_that_cannot_be_searched_is_named(demo: Demo) -> None:
    large = "arch/demo/include/asm/large.h"
    tree = edited(demo.stripped, {large: "/* */\n" * (1 << 18)})
    found = plan(tree, "demo")
    assert found.unsearched == (large,)
    assert f"larger than 1 MiB:\n\n- {large}\n" in cover(found, patches(found)).body


def test_without_such_a_branch_nothing_more_is_judged(demo: Demo) -> None:
    assert not demo.plan.more
    assert not demo.plan.unseen
    assert not demo.plan.unsearched
    assert "looked for" not in cover(demo.plan, patches(demo.plan)).body


TEXT = """\
#ifndef _ASM_H
/* #ifdef CONFIG_NO */
#if defined(CONFIG_A) && !defined(CONFIG_B)
one
#ifdef CONFIG_C
two
#endif
#elif CONFIG_LEVELS > 2
three
#else
four
#endif
#endif
"""


class Settings:
    """Options that are on."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def value(self, name: str) -> str:
        return "y" if name in self.names else "n"

    def on(self, name: str) -> bool:
        return name in self.names

    def truth(self, expression: object) -> bool:
        return expression == ("str", "y") or "LEVELS" in self.names


@pytest.mark.parametrize(
    ("on", "shown"),
    [
        (("A",), {"one"}),
        (("A", "C"), {"one", "two"}),
        (("A", "B", "C"), {"four"}),
        (("LEVELS",), {"three"}),
        (("A", "LEVELS"), {"one"}),
        ((), {"four"}),
    ],
)
def test_a_branch_is_shown_where_all_that_it_stands_under_holds(
    on: tuple[str, ...], shown: set[str]
) -> None:
    found = arms(TEXT)
    words = {
        word
        for word in ("one", "two", "three", "four")
        if all(arm.shown(Settings(*on)) for arm in found  # type: ignore[arg-type]
               if arm.start <= TEXT.index(word) < arm.end)
    }  # fmt: skip
    assert words == shown


def test_every_definition_of_a_name_is_found() -> None:
    text = (
        "#ifdef A\nstatic int f(int a)\n{\n\treturn f2(a);\n}\n#else\n"
        "static int f(int a)\n{\n\treturn 0;\n}\n#endif\n"
        "int g(void)\n{\n\treturn f(1);\n}\nint f(int a);\n"
    )
    assert [text[one.start : one.open].split("\n")[0] for one in definitions(text, "f")] == [
        "static int f(int a)"
    ] * 2


BRANCHES = (
    "void f(void)\n{\n#ifdef A\n\tone();\n#ifdef B\n\ttwo();\n#else\n\tthree();\n#endif\n"
    "#elif defined(C)\n\tfour();\n#else\n\tfive();\n#endif\n#ifdef D\n\tsix();\n#else\n"
    "\tseven();\n#endif\n\teight();\n}\n"
)


@pytest.mark.parametrize(
    ("at", "gone"),
    [
        ("one", {"four", "five"}),
        ("two", {"three", "four", "five"}),
        ("five", {"one", "two", "three", "four"}),
        ("six", {"seven"}),
        ("eight", set()),
    ],
)
def test_what_is_compiled_instead_of_a_line_is_left_out(at: str, gone: set[str]) -> None:
    parts = other_branches(BRANCHES, 0, len(BRANCHES), BRANCHES.index(f"{at}()"))
    assert set(re.findall(r"(\w+)\(\);", "".join(BRANCHES[s:e] for s, e in parts))) == gone
