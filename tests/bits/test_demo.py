# SPDX-License-Identifier: GPL-2.0-only
"""The bits of the demonstration tree: all that is known about them is in its headers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analyzer import cli
from analyzer.bits import BitTable, bit_tables
from analyzer.bits.json import document
from analyzer.bits.text import render_text
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, KernelTree, OverlayTree

BITS = "arch/demo/include/asm/pgtable-bits.h"
PGTABLE = "arch/demo/include/asm/pgtable.h"
SCHEMA = Path(__file__).parents[2] / "docs" / "bits.schema.json"


def demo() -> FolderTree:
    return FolderTree(demo_dir(), label="demo")


def edited(change: Callable[[str], str], path: str = BITS) -> KernelTree:
    base = demo()
    return OverlayTree(base, {path: change(base.read(path).decode()).encode()})


def everywhere(change: Callable[[str], str]) -> KernelTree:
    """The same edit in every file of the architecture."""
    base = demo()
    paths = list(base.walk("arch/demo", (".h", ".c")))
    return OverlayTree(base, {p: change(base.read(p).decode()).encode() for p in paths})


def tables(tree: KernelTree) -> dict[str, BitTable]:
    with tree:
        return {table.level: table for table in bit_tables(tree, ["demo"]).tables}


def roles(table: BitTable) -> dict[str, str]:
    return {row.bit.name: row.bit.role for row in table.rows if row.kind in ("bit", "field")}


PTE = {
    "_PAGE_PRESENT": "present",
    "_PAGE_READ": "read",
    "_PAGE_WRITE": "write",
    "_PAGE_EXEC": "exec",
    "_PAGE_USER": "user",
    "_PAGE_ACCESSED": "accessed",
    "_PAGE_DIRTY": "dirty",
    "_PAGE_SPECIAL": "special",
    "_PAGE_PROTNONE": "protnone",
    "_PAGE_PFN_MASK": "pfn",
}


def test_roles_of_a_pte() -> None:
    found = roles(tables(demo())["pte"])
    assert found.items() >= PTE.items()


def test_a_huge_page_is_marked_at_the_upper_levels() -> None:
    found = tables(demo())
    for level in ("pmd", "pud"):
        row = found[level].named("_PAGE_LEAF")
        assert row is not None
        assert row.bit.role == "leaf"
    row = found["pte"].named("_PAGE_LEAF")
    assert row is not None
    assert row.bit.role == "unknown"


def test_values_positions_and_places() -> None:
    table = tables(demo())["pte"]
    row = table.named("_PAGE_PFN_MASK")
    assert row is not None
    assert (row.bit.mask, row.bit.positions, row.kind) == (0x000FFFFFFFFFF000, (12, 51), "field")
    text = demo().read(BITS).decode().split("\n")
    for row in table.rows:
        if row.bit.name:
            assert row.bit.location.path == BITS
            assert f"#define {row.bit.name} " in text[row.bit.location.line - 1]
    assert table.width == 64


def test_the_layout_of_a_swap_entry() -> None:
    swap = [row for row in tables(demo())["pte"].rows if row.swap]
    assert {(row.bit.role, row.bit.positions) for row in swap} == {
        ("swap-type", (2, 6)),
        ("swap-offset", (12, 63)),
    }
    assert {row.bit.location.path for row in swap} == {PGTABLE}


def test_composed_masks_are_no_fields() -> None:
    table = tables(demo())["pte"]
    for name in ("_PAGE_RWX", "_PAGE_CHG_MASK", "_PAGE_KERNEL_BASE"):
        row = table.named(name)
        assert row is not None
        assert row.kind == "mask"
    row = table.named("PAGE_SHARED")
    assert row is not None
    assert row.kind == "protection"
    assert row.bit.mask == 0b010111


def test_numbers_of_bits_are_no_bits() -> None:
    for table in tables(demo()).values():
        names = {row.bit.name for row in table.rows}
        assert not names & {"_PAGE_PFN_SHIFT", "__SWP_TYPE_SHIFT", "__SWP_TYPE_MASK", "PAGE_SIZE"}


def test_names_carry_no_meaning() -> None:
    """Renamed at random, every bit keeps its role."""
    names = [*sorted(PTE), "_PAGE_LEAF"]
    other = {name: f"__ZORK{(7 * i) % 11}" for i, name in enumerate(names)}

    def rename(text: str) -> str:
        return re.sub(r"\b_PAGE_\w+", lambda m: other.get(m[0], m[0]), text)

    before, after = tables(demo()), tables(everywhere(rename))
    for level, table in before.items():
        mine = roles(table)
        theirs = roles(after[level])
        assert {other.get(name, name): role for name, role in mine.items()} == theirs


def test_moved_bits_are_followed() -> None:
    """dirty and accessed exchanged: the roles move with what the code does."""
    swapped = {"_PAGE_ACCESSED": "_PAGE_DIRTY", "_PAGE_DIRTY": "_PAGE_ACCESSED"}

    def exchange(text: str) -> str:
        return re.sub(r"\b_PAGE_(?:ACCESSED|DIRTY)\b", lambda m: swapped[m[0]], text)

    found = roles(tables(edited(exchange, PGTABLE))["pte"])
    assert found["_PAGE_DIRTY"] == "accessed"
    assert found["_PAGE_ACCESSED"] == "dirty"


def test_enumerations_name_bits_too() -> None:
    def as_enum(text: str) -> str:
        return text.replace(
            "#define _PAGE_USER (1UL << 4)",
            "enum demo_bits {\n\tDEMO_COUNT,\n\t_PAGE_USER = 1 << 4,\n};",
        )

    table = tables(edited(as_enum))["pte"]
    row = table.named("_PAGE_USER")
    assert row is not None
    assert (row.bit.mask, row.bit.role) == (0x10, "user")
    assert row.bit.location.path == BITS
    assert table.named("DEMO_COUNT") is None


def test_aliases_and_overlaps() -> None:
    def more(text: str) -> str:
        return text.replace(
            "#define _PAGE_PFN_SHIFT",
            "#define _PAGE_BOTH (3UL << 5)\n#define _PAGE_YOUNG _PAGE_ACCESSED\n"
            "#define _PAGE_PFN_SHIFT",
        )

    def used(text: str) -> str:
        mask = "_PAGE_BOTH | _PAGE_YOUNG"
        return f"{text}\nstatic int pte_both(pte_t p) {{ return pte_val(p) & ({mask}); }}\n"

    base = demo()
    tree = OverlayTree(
        base,
        {
            BITS: more(base.read(BITS).decode()).encode(),
            PGTABLE: used(base.read(PGTABLE).decode()).encode(),
        },
    )
    table = tables(tree)["pte"]
    both, young = table.named("_PAGE_BOTH"), table.named("_PAGE_YOUNG")
    assert both is not None
    assert young is not None
    assert young.bit.aliases == ("_PAGE_ACCESSED",)
    assert set(both.bit.overlaps) == {"_PAGE_ACCESSED", "_PAGE_DIRTY", "_PAGE_YOUNG"}
    accessed = table.named("_PAGE_ACCESSED")
    assert accessed is not None
    assert "_PAGE_BOTH" in accessed.bit.overlaps
    assert accessed.bit.aliases == ("_PAGE_YOUNG",)


def test_what_depends_on_the_run_time_says_so() -> None:
    def runtime(text: str) -> str:
        return text.replace(
            "#define _PAGE_SPECIAL (1UL << 8)",
            "extern unsigned long demo_mask;\n#define _PAGE_SPECIAL (demo_mask)",
        )

    base = demo()
    body = base.read("arch/demo/mm/pgtable.c") + b"\nunsigned long demo_mask = 1UL << 9;\n"
    tree = OverlayTree(
        base,
        {
            BITS: runtime(base.read(BITS).decode()).encode(),
            "arch/demo/mm/pgtable.c": body,
        },
    )
    row = tables(tree)["pte"].named("_PAGE_SPECIAL")
    assert row is not None
    assert row.bit.mask == 1 << 9
    assert row.depends == ("demo_mask",)


def test_what_has_no_value_is_told() -> None:
    def unknown(text: str) -> str:
        return text.replace(
            "#define _PAGE_SPECIAL (1UL << 8)",
            "extern unsigned long demo_mask(void);\n#define _PAGE_SPECIAL (demo_mask())",
        )

    table = tables(edited(unknown))["pte"]
    assert table.named("_PAGE_SPECIAL") is None
    other = next(o for o in table.others if o.name == "_PAGE_SPECIAL")
    assert "demo_mask" in other.reason


# -- the reports


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    with demo() as tree:
        found: dict[str, Any] = document(bit_tables(tree, ["demo"]))
        return found


def test_json_is_as_documented(written: dict[str, Any]) -> None:
    jsonschema.validate(written, json.loads(SCHEMA.read_text()))
    assert [table["level"] for table in written["tables"]] == ["pte", "pmd", "pud"]
    assert not written["incomplete"]


def test_json_twice_is_the_same(written: dict[str, Any]) -> None:
    with demo() as tree:
        again = document(bit_tables(tree, ["demo"]))
    assert {**again, "seconds": 0} == {**written, "seconds": 0}


def test_rows_run_from_the_highest_bit_down(written: dict[str, Any]) -> None:
    for table in written["tables"]:
        present = [b for b in table["bits"] if b["present"] and b["kind"] in ("bit", "field")]
        assert [b["high"] for b in present] == sorted((b["high"] for b in present), reverse=True)
        for bit in table["bits"]:
            mask = int(bit["mask"], 16)
            assert (mask & -mask).bit_length() - 1 == bit["low"]
            assert mask.bit_length() - 1 == bit["high"]


def test_text_is_aligned() -> None:
    with demo() as tree:
        text = render_text(bit_tables(tree, ["demo"], levels=("pte",)))
    lines = text.split("\n")
    assert lines[0] == "demo/base pte: 64 bits"
    column = lines[1].index("role")
    for line in lines[2:]:
        if "_PAGE_" in line:
            assert line[column - 2 : column] == "  "
            assert line[column] != " "
    assert "\033" not in text
    assert max(map(len, lines)) < 120


def run(*arguments: str) -> tuple[int, str]:
    parser = cli.build_parser(("bits",))
    args = parser.parse_args(["bits", *arguments])
    out, err = io.StringIO(), io.StringIO()
    return args.run(args, out, err), out.getvalue()


def test_command(tmp_path: Path) -> None:
    file = tmp_path / "bits.json"
    status, text = run(
        "-C", str(demo_dir()), "--level", "pmd", "--format", "text", "--format", f"json={file}"
    )
    assert status == 0
    assert text.startswith("demo/base pmd")
    assert {table["level"] for table in json.loads(file.read_text())["tables"]} == {"pmd"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--level", "pgd"), "unknown level 'pgd'; known: pte, pmd, pud"),
        (("--variant", "bsae"), "unknown variant 'bsae' (did you mean base?)"),
        (("--arch", "nowhere"), "unknown architecture 'nowhere'"),
    ],
)
def test_usage_errors(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bits", "-C", str(demo_dir()), *arguments]) == 2
    caught = capsys.readouterr()
    assert message in caught.err
    assert caught.err.count("\n") == 1
    assert caught.out == ""


@pytest.mark.parametrize("path", [BITS, PGTABLE])
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"\x7fELF" + bytes(range(256)) * 20,
        lambda data: b"",
        lambda data: data + b"\n#define _PAGE_LOOP _PAGE_POOL\n#define _PAGE_POOL _PAGE_LOOP\n",
        lambda data: data.replace(b"<<", b"< <"),
        lambda data: data.replace(b"(", b"(("),
        lambda data: data + b"/*" * 50_000,
        lambda data: data + b"\n#define _PAGE_MANY 1 " + b"+ (1 << 1 " * 400 + b"\n",
    ],
    ids=["half", "binary", "empty", "circle", "no-shift", "parentheses", "comments", "deep"],
)
def test_damaged_headers(path: str, damage: Callable[[bytes], bytes]) -> None:
    """Something is said, or a table made; never a traceback."""
    base = demo()
    with OverlayTree(base, {path: damage(base.read(path))}) as tree:
        result = bit_tables(tree, ["demo"])
    rows = [row for table in result.tables for row in table.rows]
    assert result.incomplete or {row.bit.role for row in rows} >= {"present", "user", "pfn"}
    assert "demo/base pte" in render_text(result, verbose=True) or result.problems


def test_too_many_names_are_cut_off() -> None:
    lines = "".join(f"#define _PAGE_Z{i} (1UL << {i % 60})\n" for i in range(3000))
    with edited(
        lambda text: text.replace("#define _PAGE_PFN_SHIFT", f"{lines}#define _PAGE_PFN_SHIFT")
    ) as tree:
        result = bit_tables(tree, ["demo"], levels=("pte",))
    assert any("left out" in problem for problem in result.problems)
    assert result.incomplete
