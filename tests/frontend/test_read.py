# SPDX-License-Identifier: GPL-2.0-only
"""From a tree to a unit, on the toy tree: stage, preprocessor, origin of every header."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pycparser import c_ast

from analyzer.errors import SourceError, ToolError
from analyzer.frontend import Location, ParseCache, Stage, Unit, find_tool, read_unit
from analyzer.tree import FolderTree, GitTree, KernelTree, MemoryTree
from tests.frontend.conftest import CLANG, TOY, ReadToy, toy_variant

KINDS = ("gcc", CLANG, "pcpp")


def tool(kind: str) -> object:
    return find_tool({"PTCHECK_CPP": kind, "PATH": os.environ["PATH"]})


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit(read_toy: ReadToy, kind: str) -> None:
    unit = read_toy(
        bodies=("mm/body.c",),
        probes="int probe(pte_t pte)\n{\n\treturn pte_wide(pte);\n}\n",
        prelude="#define FROM_PRELUDE 5",
        with_macros=True,
        tool=tool(kind),
    )
    assert unit.diagnostics == ()
    assert unit.unparsed == {}
    assert set(unit.functions) == {"pte_wide", "generic", "body", "probe"}
    places = {
        "pte_wide": Location("arch/toy/include/asm/pgtable.h", 8),
        "generic": Location("include/linux/pgtable.h", 2),
        "body": Location("mm/body.c", 3),
        "probe": Location("<ptcheck>", 1),
    }
    for name, place in places.items():
        chunk = unit.function(name)
        assert chunk is not None
        assert unit.location(chunk) == place
        node: Any = unit.ast(chunk)
        assert node.decl.coord.file == place.path
    wide, body = unit.function("pte_wide"), unit.function("body")
    assert wide is not None
    assert body is not None
    for definition, value in ((wide, "7"), (body, "9")):  # 7: -D of the arch Makefile
        parsed: Any = unit.ast(definition)
        assert parsed.body.block_items[0].expr.value == value
    for name, text in (("WRAPPED", "3"), ("MACH_TOY", "1"), ("FROM_PRELUDE", "5")):
        assert unit.macros[name].body == text
    assert unit.macros["CONFIG_TOY_WIDE"].body == "1"
    assert unit.macros["LINUX_VERSION_CODE" if "LINUX_VERSION_CODE" in unit.macros else "LOCAL"]


def test_a_variant_without_a_symbol(read_toy: ReadToy) -> None:
    unit = read_toy(variant={"configure": {"TOY_WIDE": "n"}})
    assert "pte_narrow" in unit.functions
    assert "pte_wide" not in unit.functions


def test_one_stage_for_many_variants() -> None:
    tree = MemoryTree(TOY)
    cache = ParseCache()
    with Stage(tree) as stage:
        wide = read_unit(stage, toy_variant(tree), cache=cache)
        read = stage.files_read
        narrow = read_unit(
            stage, toy_variant(tree, name="n/../n", configure={"TOY_WIDE": "n"}), cache=cache
        )
        assert stage.files_read == read
        assert stage.stand_ins("toy") == {"asm/made.h"}
        root = stage.root
        for unit in (wide, narrow):
            chunk = unit.function("generic")
            assert chunk is not None
            unit.ast(chunk)
    assert (cache.misses, cache.hits) == (1, 1)
    assert not root.exists()


def test_what_a_killed_run_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    left = tmp_path / "ptcheck-left"
    left.mkdir()
    (left / "lock").touch()
    foreign = tmp_path / "ptcheck-not-ours"
    foreign.mkdir()
    with Stage(MemoryTree(TOY)) as first, Stage(MemoryTree(TOY)) as second:
        assert first.source.exists()
        assert second.source.exists()
        assert not left.exists()
        assert foreign.exists()
    assert list(tmp_path.iterdir()) == [foreign]


def test_a_folder_and_a_revision_give_the_same_text(tmp_path: Path) -> None:
    for path, data in TOY.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for command in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "c"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True, env=environment)
    texts = []
    trees: list[KernelTree] = [
        FolderTree(str(tmp_path)),
        GitTree(str(tmp_path), "HEAD"),
        MemoryTree(TOY),
    ]
    for tree in trees:
        with tree, Stage(tree) as stage:
            texts.append(read_unit(stage, toy_variant(tree), ("mm/body.c",)).text)
    assert texts[0] == texts[1] == texts[2]


def test_generated_headers_are_no_news(read_toy: ReadToy) -> None:
    assert read_toy().diagnostics == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"#include <asm/nowhere.h>\n", "asm/nowhere.h"),
        (b'#include "../nowhere/x.h"\n', "../nowhere/x.h"),
        (b'#include "../../../../../../nowhere.h"\n', "../../../../../../nowhere.h"),
    ],
)
def test_a_missing_header_is_named_and_the_rest_is_read(
    read_toy: ReadToy, line: bytes, name: str
) -> None:
    unit = read_toy({"include/linux/mm.h": b"int a;\n" + line + TOY["include/linux/mm.h"]})
    (found,) = unit.diagnostics
    assert found.location == Location("include/linux/mm.h", 2)
    assert found.message == f"the tree has no header {name}"
    assert {"generic", "pte_wide"} <= set(unit.functions)


def test_an_unreached_missing_header_is_no_news(read_toy: ReadToy) -> None:
    text = b"#if 0\n#include <asm/nowhere.h>\n#endif\n" + TOY["include/linux/mm.h"]
    assert read_toy({"include/linux/mm.h": text}).diagnostics == ()


def test_an_error_early_does_not_lose_the_rest(read_toy: ReadToy) -> None:
    unit = read_toy({"include/linux/mm.h": b"#error early\n#if\n" + TOY["include/linux/mm.h"]})
    assert Location("include/linux/mm.h", 1) in [d.location for d in unit.diagnostics]
    assert "generic" in unit.functions


def test_a_missing_body(read_toy: ReadToy) -> None:
    unit = read_toy(bodies=("mm/none.c", "../../etc/passwd", 'mm/"\n.c', "mm/body.c"))
    assert [d.location.path for d in unit.diagnostics] == [
        "mm/none.c",
        "../../etc/passwd",
        'mm/"\n.c',
    ]
    assert "body" in unit.functions


def test_only_headers_that_the_tree_has(read_toy: ReadToy) -> None:
    unit = read_toy({"include/linux/pgtable.h": None, "include/linux/mm.h": b"int old;\n"})
    assert "pte_wide" in unit.functions  # asm/pgtable.h, as before 5.8
    assert "old" in unit.variables


def test_a_header_that_is_cut_off(read_toy: ReadToy) -> None:
    cut = TOY["include/linux/pgtable.h"].removesuffix(b"\n}\n")
    unit = read_toy({"include/linux/pgtable.h": cut})
    assert unit.unparsed == {Location("include/linux/pgtable.h", 2): "does not end in its file"}
    assert set(unit.structs) == {"mm_struct"}


@pytest.mark.parametrize(
    "data", [b"\0" * 5000, bytes(range(256)) * 40, b"", b"/* never closed", b'"']
)
def test_binary_junk(read_toy: ReadToy, data: bytes) -> None:
    unit = read_toy({"include/linux/hugetlb.h": data})
    assert "pte_wide" in unit.functions


def test_the_page_table_header_has_to_be_the_own_one(read_toy: ReadToy) -> None:
    pgtable = TOY["arch/toy/include/asm/pgtable.h"]
    foreign: Mapping[str, bytes | None] = {
        "arch/toy/include/asm/pgtable.h": None,
        "arch/other/include/asm/pgtable.h": pgtable,
        "arch/toy/Makefile": b"KBUILD_CPPFLAGS += -I$(srctree)/arch/other/include "
        b"-I$(srctree)/arch/toy/mach -DTOY_FLAG=1\n",
    }
    with pytest.raises(SourceError, match="header of other was read for toy"):
        read_toy(foreign)
    with pytest.raises(SourceError, match="no page-table header of toy"):
        read_toy({"arch/toy/include/asm/pgtable.h": None})


@pytest.mark.parametrize("kind", ["gcc", CLANG])
@pytest.mark.parametrize(
    "text",
    [
        b"#include __FILE__\n",
        b"#define A(x) x x x x x x x x x x\nchar *s = A(A(A(A(A(A(A(A(A(A(A(A(1))))))))))));\n",
    ],
)
def test_bombs_end(read_toy: ReadToy, kind: str, text: bytes) -> None:
    began = time.monotonic()
    bomb = {"include/linux/mm.h": text + TOY["include/linux/mm.h"]}
    if b"FILE" in text:
        assert "generic" in read_toy(bomb, tool=tool(kind)).functions
    else:
        with pytest.raises(SourceError, match="too much time or memory"):
            read_toy(bomb, tool=tool(kind))
    assert time.monotonic() - began < 200


def test_a_header_that_includes_itself(read_toy: ReadToy) -> None:
    unit = read_toy({"include/linux/hugetlb.h": b"#include <linux/hugetlb.h>\nint x;\n"})
    assert any("nested" in d.message for d in unit.diagnostics)
    assert "generic" in unit.functions


def test_nothing_outside_is_reached(read_toy: ReadToy, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h"
    secret.write_text("int secret;\n")
    up = "../" * 8
    for name in (
        f'"{secret}"',
        f"<{secret}>",
        f'"{up}{str(secret)[1:]}"',
        f"<{up}{str(secret)[1:]}>",
    ):
        text = f"#include {name}\n".encode() + TOY["include/linux/mm.h"]
        unit = read_toy({"include/linux/mm.h": text})
        assert "secret" not in unit.variables
        assert unit.diagnostics != ()
        assert "generic" in unit.functions


def test_cpath_of_the_user_is_not_used(
    read_toy: ReadToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere.h").write_text("int secret;\n")
    monkeypatch.setenv("CPATH", str(tmp_path))
    text = b"#include <elsewhere.h>\n" + TOY["include/linux/mm.h"]
    assert "secret" not in read_toy({"include/linux/mm.h": text}).variables


def test_names_made_to_annoy(read_toy: ReadToy) -> None:
    text = (
        b"#include <a.h/b.h>\n#include <a.h>\n#include <\xff\xfe.h>\n#include <x y.h>\n"
        b"#include <" + b"n" * 300 + b".h>\n#include <./linux//kconfig.h>\n"
    )
    unit = read_toy({"include/linux/mm.h": text + TOY["include/linux/mm.h"]})
    assert "generic" in unit.functions


@pytest.mark.parametrize("table", ["", "pv_ops, "])
def test_operations_of_a_hypervisor(read_toy: ReadToy, table: str) -> None:
    """With the table among the arguments and without, the assembler is a call through it."""
    comma = table.replace("pv_ops", "array")
    head = (
        f'#define PVOP_CALL0(rettype, {comma}op) ({{ asm("call"); }})\n'
        "struct ops { struct { void (*set)(pte_t *p, unsigned long v); unsigned long (*get)(void);"
        " struct { unsigned long (*func)(unsigned long v); } make; } mmu; };\n"
        "extern struct ops pv_ops;\n"
    )
    text = (
        "#include <asm/paravirt_types.h>\n"
        "static inline unsigned long f(pte_t *p, unsigned long v)\n{\n"
        f"\tPVOP_VCALL2({table}mmu.set, p, v);\n"
        f'\tv += PVOP_ALT_CALLEE1(unsigned long, {table}mmu.make, v, "mov a, b", 1);\n'
        f"\treturn v + PVOP_CALL0(unsigned long, {table}mmu.get);\n}}\n"
    )
    unit = read_toy(
        {
            "arch/toy/include/asm/paravirt_types.h": head.encode(),
            "include/linux/mm.h": TOY["include/linux/mm.h"] + text.encode(),
        }
    )
    chunk = unit.function("f")
    assert chunk is not None
    source = unit.source(chunk).replace(" ", "")
    for call in ("pv_ops.mmu.set(p,v)", "pv_ops.mmu.make.func(v)", "pv_ops.mmu.get()"):
        assert call in source
    assert unit.ast(chunk) is not None


def test_shadows(read_toy: ReadToy) -> None:
    exchange = (
        b"static inline unsigned long __xchg(void *p) { return 0; }\n"
        b"#define arch_xchg(p, v) __xchg(p)\n#define arch_cmpxchg_relaxed(p, o, n) __xchg(p)\n"
    )
    text = (
        b"#include <asm/cmpxchg.h>\n#include <linux/jump_label.h>\n"
        b"struct static_key { int n; } key;\n"
        b"static inline int f(pte_t *p, pte_t n)\n{\n"
        b"\tif (static_branch_unlikely(&key))\n\t\treturn arch_try_cmpxchg(&p->pte, &n.pte, 1);\n"
        b"\treturn arch_xchg(&p->pte, n.pte) + arch_cmpxchg(&p->pte, 1, 2);\n}\n"
    )
    unit = read_toy(
        {
            "arch/toy/include/asm/cmpxchg.h": exchange,
            "include/linux/jump_label.h": b"#define static_branch_unlikely(x) 0\n",
            "include/linux/mm.h": TOY["include/linux/mm.h"] + text,
        }
    )
    chunk = unit.function("f")
    assert chunk is not None
    source = unit.source(chunk)
    for call in (
        "__ptc_static_key(&key)",
        "__ptc_try_cmpxchg((&p->pte)",
        "__ptc_cmpxchg((&p->pte)",
    ):
        assert call in source.replace(" ", "").replace("((", "((")
    casts: list[c_ast.Node] = []

    class Casts(c_ast.NodeVisitor):  # type: ignore[misc]
        def visit_Cast(self, node: c_ast.Node) -> None:  # noqa: N802
            casts.append(node)

    Casts().visit(unit.ast(chunk))
    assert len(casts) == 3
    assert unit.location(chunk).path == "include/linux/mm.h"


def test_trace_points_are_not_made(read_toy: ReadToy) -> None:
    unit = read_toy(
        {
            "mm/body.c": b"#include <trace/define_trace.h>\nint body(void) { return 1; }\n",
            "include/trace/define_trace.h": b"#include TRACE_INCLUDE(x)\n",
        },
        bodies=("mm/body.c",),
    )
    assert unit.diagnostics == ()


def test_tools() -> None:
    assert find_tool({"PATH": os.environ["PATH"]}).kind == "gcc"
    assert find_tool({"PATH": "/nowhere"}).kind == "pcpp"
    with pytest.raises(ToolError, match="names no program"):
        find_tool({"PTCHECK_CPP": "no-such-cc", "PATH": os.environ["PATH"]})


def test_a_preprocessor_that_is_none(read_toy: ReadToy, tmp_path: Path) -> None:
    fake = tmp_path / "gcc"
    fake.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(ToolError, match="does not preprocess: broken"):
        read_toy(tool=find_tool({"PTCHECK_CPP": str(fake), "PATH": os.environ["PATH"]}))


def test_macros(read_toy: ReadToy) -> None:
    text = (
        b"#define F(a, b...) a + \\\n  b\n#define G() 1\n#define O (1)\n#define E\n"
        b"#define GONE 1\n#undef GONE\n#define TWICE 1\n#undef TWICE\n#define TWICE 2\n"
        b'const char *text = "\\\n#define NOT 1";\n'
    )
    unit = read_toy({"include/linux/mm.h": text + TOY["include/linux/mm.h"]}, with_macros=True)
    macros = unit.macros
    assert (macros["F"].params, macros["F"].body) == (("a", "b..."), "a + b")
    assert (macros["G"].params, macros["G"].body) == ((), "1")
    assert (macros["O"].params, macros["O"].body) == (None, "(1)")
    assert (macros["E"].params, macros["E"].body) == (None, "")
    assert macros["TWICE"].body == "2"
    assert macros["TWICE"].location == Location("include/linux/mm.h", 10)
    assert "GONE" not in macros
    assert isinstance(unit, Unit)
