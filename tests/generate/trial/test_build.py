# SPDX-License-Identifier: GPL-2.0-only
"""Patch by patch through a build of our own: whose fault it is, told without our folders."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.boot.mirror import View
from analyzer.generate.commits import patches
from analyzer.generate.run import Plan
from analyzer.generate.series import Patch
from analyzer.generate.trial import State, Tried
from analyzer.generate.trial import build as building
from analyzer.generate.trial.toolchain import Missing, Toolchain
from analyzer.kconfig import load_kconfig, variants
from analyzer.tree import FolderTree, MemoryTree
from tests.generate.conftest import Demo
from tests.generate.strip import strip

HEADER = "arch/demo/include/asm/pgtable.h"
MAKEFILE = """\
.PHONY: FORCE
allnoconfig:
\t@cp $(KCONFIG_ALLCONFIG) $(O)/.config
\t@grep -q ARCH_SUPPORTS_PAGE_TABLE_CHECK arch/demo/Kconfig || \\
\t\tsed -i /PAGE_TABLE_CHECK/d $(O)/.config
\t@! grep -q NEVER HEADER || sed -i /PAGE_TABLE_CHECK/d $(O)/.config
mm/%.o: FORCE
\t@$(MAKE) -s TARGET=$@ one
arch/demo/mm/: FORCE
\t@$(MAKE) -s TARGET=$@ one
one:
\t@if test $(TARGET) = mm/memory.o && grep -q "OLD" $(CURDIR)/HEADER; then \\
\t\techo "mm/memory.c:$$$$:1: error: it is old" >&2; exit 1; fi
\t@echo $(TARGET) $(CROSS_COMPILE) >> $(LOG)
\t@if grep -q "BREAK" $(CURDIR)/HEADER; then \\
\t\techo "$(CURDIR)/HEADER:7:1: error: it is broken" >&2; exit 1; fi
\t@if grep -q "WARN" $(CURDIR)/HEADER; then \\
\t\techo "../view/HEADER:$$$$:1: warning: odd" >&2; fi
\t@mkdir -p $$(dirname $(O)/$(TARGET)x); test -d $(O)/$(TARGET) || touch $(O)/$(TARGET)x
\t@case $(TARGET) in *.o) touch $(O)/$(TARGET);; esac
FORCE:
""".replace("HEADER", HEADER)


@pytest.fixture
def rows(demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Builds the series of the stripped tree, with marks in its header before and after."""
    if shutil.which("make") is None:
        pytest.skip("no make here")
    monkeypatch.setattr(
        building, "find_toolchain", lambda *_: Toolchain("our gcc", ("CROSS_COMPILE=our-",))
    )
    monkeypatch.setattr(
        building,
        "_OBJECTS",
        (
            ("mm/memory.o", "MMU"),
            ("lib/gone.o", "MMU"),
            ("mm/mprotect.o", "MMU"),
            ("mm/page_table_check.o", "PAGE_TABLE_CHECK"),
        ),
    )

    def build(before: str = "", after: Sequence[str] = ("", "", "")) -> list[Tried]:
        top = tmp_path / "tree"
        shutil.copytree(demo.whole.path or "kernel_stubs/demo", top)
        texts = strip(demo.whole, "demo")
        texts[HEADER] += before
        texts["Makefile"] = MAKEFILE.replace("$(LOG)", str(tmp_path / "log"))
        for path, text in texts.items():
            (top / path).write_text(text)
        marked: Plan = replace(
            demo.plan, texts={**demo.plan.texts, HEADER: demo.plan.texts[HEADER] + before}
        )
        steps = [
            Patch(one.subject, one.body, {**one.texts, HEADER: one.texts[HEADER] + before + mark})
            for one, mark in zip(patches(demo.plan), after, strict=True)
        ]
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        kept = {p: (top / p).read_bytes() for p in texts}
        found = list(building.compile_series(FolderTree(top), marked, steps, scratch, 1))
        assert {p: (top / p).read_bytes() for p in texts} == kept
        for row in found:
            assert str(tmp_path) not in " ".join((row.result, *row.notes))
            assert "../view" not in " ".join(row.notes)
        return found

    return build


def states(found: list[Tried]) -> list[tuple[str, str, State]]:
    return [(one.patch, one.where, one.state) for one in found]


def test_every_patch_in_every_configuration(rows, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found = rows()
    assert states(found) == [
        (f"{number}/3", f"demo/{name}", State.OK)
        for name, numbers in (("base", (1, 2, 3, 3)), ("nothp", (1, 2, 3)))
        for number in numbers
    ]  # fmt: skip
    option = [one.result.rpartition(" ")[2] for one in found]
    assert option == ["off", "off", "on", "off", "off", "off", "on"]
    assert "3 targets with our gcc, 0 new warnings" in found[0].result
    assert "4 targets" in found[2].result
    built = (tmp_path / "log").read_text()
    assert "arch/demo/mm/ our-" in built
    assert "mm/page_table_check.o our-" in built


def test_patches_of_other_architectures_are_left_out(demo: Demo) -> None:
    steps = [
        Patch("a", "", {"arch/other/mm/x.c": "1"}),
        Patch("b", "", {"arch/other/mm/x.c": "1", "arch/Kconfig": "2"}),
        Patch("c", "", {"arch/other/mm/x.c": "3", "arch/Kconfig": "2"}),
        Patch("d", "", {"arch/other/mm/x.c": "3", "arch/Kconfig": "2", "arch/demo/x.h": ""}),
    ]
    assert [number for number, _ in building._seen(demo.plan, steps)] == [2, 4]


def test_touched_generic_sources_are_compiled_where_they_are_built(demo: Demo) -> None:
    makefile = b"obj-y += a-b.o\nobj-$(CONFIG_B) += b.o\nmmu-$(CONFIG_MMU) := x.o \\\n\tc.o\n"
    tree = MemoryTree({"mm/Makefile": makefile})
    names = ("mm/a.c", "mm/b.c", "mm/c.c", "mm/d.h", "arch/demo/mm/c.c", "lib/x.c")
    plan = replace(demo.plan, texts=dict.fromkeys(names, ""))

    assert list(building._touched(tree, plan)) == [
        ("mm/a.o", ""), ("mm/b.o", "B"), ("mm/c.o", "MMU"),
    ]  # fmt: skip
    assert building._places(tree, plan) == ["arch/demo/mm/"]


def test_what_the_series_breaks_is_told(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(after=("", "/* BREAK */\n", ""))
    assert states(found)[:3] == [
        ("1/3", "demo/base", State.OK), ("2/3", "demo/base", State.FAILED),
        ("1/3", "demo/nothp", State.OK),
    ]  # fmt: skip
    assert f"{HEADER}: error: it is broken" in found[1].notes


def test_what_was_broken_before_is_not_its_doing(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(before="/* BREAK */\n")
    assert {one.state for one in found} == {State.NOT_TRIED}
    assert [one.patch for one in found] == ["1/3", "1/3"]
    assert "the tree as it is does not compile, either" in found[0].result


def test_an_old_error_does_not_keep_the_rest_from_being_tried(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(before="/* OLD */\n", after=("", "", "/* BREAK */\n"))
    assert [one.state for one in found[:3]] == [State.OK, State.OK, State.FAILED]
    assert found[0].notes == ("without the series, too: mm/memory.c: error: it is old",)
    assert f"{HEADER}: error: it is broken" in found[2].notes


def test_new_warnings_fail_and_old_ones_do_not(rows, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    found = rows(after=("/* WARN */\n", "", ""))
    assert (found[0].state, found[0].notes) == (State.FAILED, (f"{HEADER}: warning: odd",))
    shutil.rmtree(tmp_path / "tree")
    shutil.rmtree(tmp_path / "scratch")
    assert {one.state for one in rows(before="/* WARN */\n")} == {State.OK}


def test_an_option_that_cannot_be_switched_on(rows) -> None:  # type: ignore[no-untyped-def]
    found = rows(after=("", "", "/* NEVER */\n"))
    assert [one.state for one in found[:3]] == [State.OK, State.OK, State.FAILED]
    assert "cannot be switched on" in found[2].notes[0]


def test_without_a_compiler_nothing_is_tried(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "find_toolchain", lambda *_: Missing("no compiler", "gcc-x"))
    found = list(building.compile_series(demo.stripped, demo.plan, patches(demo.plan), tmp_path, 1))
    assert [(one.state, one.result) for one in found] == [
        (State.NOT_TRIED, "no compiler (on Debian: apt-get install gcc-x)")
    ]


def test_what_runs_on_another_architecture_is_compiled_for_that_one(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = MemoryTree(
        {
            "arch/guest/Kconfig": 'source "arch/$(HEADER_ARCH)/guest/Kconfig"\n',
            "arch/below/guest/Kconfig": (
                'config 64BIT\n\tbool\n\tdefault "$(SUBARCH)" != "below32"\n'
            ),
        }
    )
    asked: list[tuple[str, int]] = []

    def find(_: object, machine: str, bits: int) -> Missing:
        asked.append((machine, bits))
        return Missing(f"no compiler of {bits}", "")

    monkeypatch.setattr(building, "find_toolchain", find)
    plan = replace(demo.plan, arch="guest")
    list(building.compile_series(tree, plan, [Patch("a", "", {})], tmp_path, 1))
    assert set(asked) == {("below", 64), ("below", 32)}

    view = View(tree, tmp_path / "view", tmp_path / "kept")
    for variant in variants(tree, "guest", load_kconfig(tree, "guest")):
        (tmp_path / variant.name).mkdir()
        build = building._Build(
            tree, plan, variant, Toolchain("ours", ()), view, tmp_path / variant.name, 1
        )
        named = "below32" if variant.bits == 32 else "below"
        assert {"ARCH=guest", f"SUBARCH={named}"} < set(build._make())
