# SPDX-License-Identifier: GPL-2.0-only
"""`ptcheck helpers`: what a name resolves to, and what is reached from there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer.check import check_tree
from analyzer.commands import helpers as command
from analyzer.kconfig import load_kconfig, variants
from analyzer.report.helpers import HelperFacts, InterfaceFacts, render_json, render_text
from analyzer.tree import KernelTree, MemoryTree, OverlayTree, open_tree
from tests.commands.runner import DEMO, PGTABLE, REPOSITORY, ptcheck

SCHEMA = json.loads((REPOSITORY / "docs" / "helpers.schema.json").read_text())


def read(tree: KernelTree, arch: str, *names: str) -> InterfaceFacts:
    offered = variants(tree, arch, load_kconfig(tree, arch))
    chosen = [variant for variant in offered if variant.name in names]
    return InterfaceFacts(tree.label, None, tuple(command.gather(tree, {arch: chosen})))


def loaded(facts: InterfaceFacts) -> Any:
    value = json.loads(render_json(facts))
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    return value


def by_name(facts: InterfaceFacts) -> dict[str, HelperFacts]:
    return {helper.helper: helper for variant in facts.variants for helper in variant.helpers}


@pytest.fixture(scope="module")
def demo() -> InterfaceFacts:
    with open_tree(str(DEMO), None) as tree:
        return read(tree, "demo", "base")


def test_what_a_name_resolves_to(demo: InterfaceFacts) -> None:
    found = by_name(demo)

    own = found["ptep_get_and_clear"]
    assert (own.resolves, own.alias, own.out_of_line) == ("override", False, False)
    assert (own.function, own.location and own.location.path) == ("ptep_get_and_clear", PGTABLE)

    needed = found["set_pmd_at"]
    assert (needed.resolves, needed.alias) == ("arch", False)

    alias = found["set_pte_at"]
    assert (alias.resolves, alias.alias, alias.function) == ("generic", True, "set_ptes")

    outside = found["pmdp_huge_clear_flush"]
    assert (outside.resolves, outside.out_of_line) == ("generic", True)
    assert outside.location is not None
    assert outside.location.path == "mm/pgtable-generic.c"

    assert found["ptep_set_access_flags"].location is not None
    assert found["ptep_set_access_flags"].out_of_line
    assert found["ptep_set_access_flags"].resolves in ("arch", "override")


def test_every_place_is_one(demo: InterfaceFacts) -> None:
    """Definitions, stores, hooks and calls stand where it is said."""
    lines = {p: (DEMO / p).read_text().splitlines() for p in places(demo)}
    for helper in by_name(demo).values():
        if helper.location is not None:
            assert helper.function in lines[helper.location.path][helper.location.line - 1]
        for one in helper.reached:
            assert one.location is not None
            text = lines[one.location.path][one.location.line - 1]
            if one.kind == "hook":
                assert f"{one.name}(" in text
            assert one.calls[-1].function == one.function
            assert one.calls[0].called is None
            for call in one.calls[1:]:
                assert call.called is not None
                text = lines[call.called.path][call.called.line - 1]
                assert f"{call.function}(" in text.replace("set_pte_at(", "set_ptes(")


def places(facts: InterfaceFacts) -> set[str]:
    found = set()
    for helper in by_name(facts).values():
        if helper.location is not None:
            found.add(helper.location.path)
        for one in helper.reached:
            assert one.location is not None
            found.add(one.location.path)
            found.update(call.called.path for call in one.calls if call.called is not None)
    return found


def test_chains(demo: InterfaceFacts) -> None:
    reached = by_name(demo)["pmdp_set_access_flags"].reached
    chains = {(one.kind, tuple(call.function for call in one.calls)) for one in reached}
    assert chains == {
        ("hook", ("pmdp_set_access_flags", "set_pmd_at")),
        ("store", ("pmdp_set_access_flags", "set_pmd_at", "set_pmd")),
    }
    assert {one.level for one in reached} == {"pmd"}


def test_the_slot(demo: InterfaceFacts) -> None:
    for helper in by_name(demo).values():
        assert helper.slot == f"{helper.level}p"
        assert any(p == f"{helper.level}_t *{helper.slot}" for p in helper.parameters)


def test_verdicts_are_those_of_check(demo: InterfaceFacts) -> None:
    with open_tree(str(DEMO), None) as tree:
        checked = check_tree(tree, ("demo",), only=frozenset({"base"}))
    expected = {one.helper: (one.verdict.value, one.level) for one in checked.helpers}
    found = {
        name: (helper.verdict, helper.level)
        for name, helper in by_name(demo).items()
        if helper.verdict is not None
    }
    assert found == expected
    hooks = {(h.helper, c.hook, c.location) for h in checked.helpers for c in h.hooks}
    reached = {
        (helper.helper, one.name, one.location)
        for helper in by_name(demo).values()
        for one in helper.reached
        if one.kind == "hook"
    }
    assert reached == hooks


def test_json(demo: InterfaceFacts) -> None:
    value = loaded(demo)
    assert value["variants"][0]["variant"] == "base"
    assert value["variants"][0]["problems"] == []
    assert value["incomplete"] is False
    helper = next(one for one in value["helpers"] if one["helper"] == "ptep_clear_flush")
    (store,), (hook,) = helper["stores"], helper["hooks"]
    assert hook["hook"] == "page_table_check_pte_clear"
    assert [call["function"] for call in store["calls"]] == [
        "ptep_clear_flush",
        "ptep_get_and_clear",
    ]
    assert store["calls"][0]["path"] is None
    assert store["path"] == PGTABLE


def test_text(demo: InterfaceFacts) -> None:
    text = render_text(demo)
    assert text.startswith("demo/base: ")
    assert re.search(
        rf"^{PGTABLE}:\d+: ptep_get_and_clear \(pte\): override\n"
        rf"    slot ptep: changes a pte entry\n"
        rf"    store {PGTABLE}:\d+ via ptep_get_and_clear\n"
        rf"    hook  page_table_check_pte_clear\(\) {PGTABLE}:\d+ via ptep_get_and_clear\n"
        rf"    balanced\n",
        text,
        re.MULTILINE,
    )
    assert "set_pte_at (pte): generic, alias of set_ptes()\n" in text
    assert re.search(r"^\d+ helpers, 0 unknown; \d+ hook calls reached\n\Z", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) < 200


def test_without_thp_they_are_gone() -> None:
    done = ptcheck("helpers", "-C", str(DEMO), "--variant", "nothp", "--format", "json")
    assert done.code == 0
    value = json.loads(done.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    found = {one["helper"]: one for one in value["helpers"]}
    assert {one["variant"] for one in value["helpers"]} == {"nothp"}
    gone = found.get("pmdp_establish")
    assert gone is None or gone["resolves"] == "absent"
    assert found["set_pte_at"]["resolves"] == "generic"


def test_all_variants_in_order() -> None:
    done = ptcheck("helpers", "-C", str(DEMO), "--variant", "all")
    heads = re.findall(r"^(demo/\w+): ", done.out, re.MULTILINE)
    assert heads == ["demo/base", "demo/nothp"]


def test_twice_the_same() -> None:
    runs = [
        ptcheck("helpers", "-C", str(DEMO), "--format", "json", PYTHONHASHSEED=seed).out
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]


def test_an_alias_of_an_own_function() -> None:
    """`#define pmdp_establish demo_swap_pmd`: the name means a function of another name."""
    source = (DEMO / PGTABLE).read_text().replace("pmdp_establish", "demo_swap_pmd")
    end = source.rindex("#endif")
    edited = f"{source[:end]}#define pmdp_establish demo_swap_pmd\n{source[end:]}"
    with open_tree(str(DEMO), None) as tree:
        found = by_name(read(OverlayTree(tree, {PGTABLE: edited.encode()}), "demo", "base"))
    alias = found["pmdp_establish"]
    assert (alias.function, alias.alias, alias.verdict) == ("demo_swap_pmd", True, "balanced")
    assert alias.location is not None
    assert alias.location.path == PGTABLE


def test_a_macro_that_stores_itself() -> None:
    """Its place is the only one at which the architecture defines it."""
    source = (DEMO / PGTABLE).read_text()
    edited = re.sub(
        r"static inline void pte_clear\([^{]*\{[^}]*\}",
        "#define pte_clear(mm, addr, ptep) ((ptep)->pte = 0)",
        source,
        count=1,
    )
    assert edited != source
    line = edited.splitlines().index("#define pte_clear(mm, addr, ptep) ((ptep)->pte = 0)") + 1
    with open_tree(str(DEMO), None) as tree:
        facts = read(OverlayTree(tree, {PGTABLE: edited.encode()}), "demo", "base")
    macro = by_name(facts)["pte_clear"]
    assert (macro.resolves, macro.alias, macro.verdict) == ("macro", False, "neutral")
    assert str(macro.location) == f"{PGTABLE}:{line}"
    (store,) = macro.reached
    assert (store.kind, store.calls, str(store.location)) == ("store", (), f"{PGTABLE}:{line}")
    assert f"store {PGTABLE}:{line} in the macro\n" in render_text(facts)
    loaded(facts)


def test_headers_that_cannot_be_read_are_said_to_be(tmp_path: Path) -> None:
    with open_tree(str(DEMO), None) as tree:
        found = read(OverlayTree(tree, {PGTABLE: None}), "demo", "base")
    assert found.incomplete
    (variant,) = found.variants
    assert any(PGTABLE in problem for problem in variant.problems)
    assert {helper.verdict for helper in variant.helpers} == {"unknown"}
    assert "could not be read: " in render_text(found)
    loaded(found)


def test_a_tree_without_helpers() -> None:
    tree = MemoryTree({"arch/toy/Kconfig": "config MMU\n\tdef_bool y\n", "include/a.h": ""})
    found = read(tree, "toy", "base")
    assert loaded(found)["helpers"] == []
    assert found.incomplete


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["arm64", "riscv", "x86"])
def test_real_kernels(arch: str, kernel_6_12: Path) -> None:
    """Every place that is named holds what is said to be there."""
    with open_tree(str(kernel_6_12), None) as tree:
        found = read(tree, arch, "base")
    lines: dict[str, list[str]] = {}

    def line(path: str, number: int) -> str:
        if path not in lines:
            lines[path] = (kernel_6_12 / path).read_text(errors="replace").splitlines()
        return lines[path][number - 1]

    helpers = by_name(found)
    assert {"ptep_get_and_clear", "set_ptes", "pmdp_establish", "pudp_set_wrprotect"} & set(helpers)
    for helper in helpers.values():
        own = helper.location is not None and helper.location.path.startswith(f"arch/{arch}/")
        if helper.resolves in ("override", "arch"):
            assert own
        elif helper.resolves == "generic":
            assert helper.location is not None
            assert not own
        for one in helper.reached:
            assert one.location is not None
            text = line(one.location.path, one.location.line)
            if one.kind == "hook":
                assert one.name in text or "page_table_check" in text
            else:
                assert text.strip()
                assert not text.lstrip().startswith(("/*", "* ", "//"))
