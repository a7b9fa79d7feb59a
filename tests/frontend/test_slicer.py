# SPDX-License-Identifier: GPL-2.0-only
"""Cutting a unit into declarations, and the indexes over them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from pycparser import c_ast

from analyzer.frontend import Location, ParseCache, Unit

Make = Callable[[str], Unit]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("int f(void) { return 1; }", "f"),
        ("f(x) { return x; }", "f"),
        ("static inline __attribute__((always_inline)) pte_t f(int a) { }", "f"),
        (
            'static inline pte_t __attribute__((noinline, section("a{b"))) f(void) { }',
            "f",
        ),
        ("int f(int a) __attribute__((noinline)) { }", "f"),
        ("void (*f(int a))(int) { }", "f"),
        ("pte_t (*f(int a))(int) { return g; }", "f"),
        ("struct s *f(struct s { int a; } *b) { return 0; }", "f"),
        ("int f(a, b) int a; char b; { return a; }", "f"),
        ("int\nf\n(\nvoid\n)\n{\n}", "f"),
        ("__typeof__(g) f(void) { }", "f"),
        ("int f(int (*g)(int), int a[sizeof(int)]) { }", "f"),
        ('const char *f(void) { return "}{\\""; }', "f"),
        ("int f(void) { return '}' + '\\'' + '{'; }", "f"),
        ('int f(int a)\n# 9 "x.h"\n{ }', "f"),
    ],
)
def test_function_definitions(unit: Make, text: str, name: str) -> None:
    made = unit(f"int before;\n{text}\nint after;\n")
    assert set(made.functions) == {name}
    chunk = made.function(name)
    assert chunk is not None
    assert made.source(chunk) == text
    assert set(made.variables) == {"before", "after"}
    assert made.unparsed == {}


@pytest.mark.parametrize(
    "text",
    [
        "struct s { int (*f)(int); };",
        "struct __attribute__((packed)) s { int a; };",
        "static const struct s t = { .f = g };",
        "int a[] = { f(1), ({ 2; }) };",
        "struct s t = (struct s) { 1 };",
        "int a[sizeof(int)] = { 1 };",
        "enum __attribute__((packed)) { A = f(1) };",
        "typedef struct __attribute__((aligned(4))) { int a; } s_t;",
        "typedef int (*t)(struct { int a; } *);",
        "int b = ({ int c; c; });",
        '_Static_assert(sizeof(struct { int a : 1; }) == 4, "};");',
        'asm("{ ; }");',
    ],
)
def test_braces_that_are_no_function(unit: Make, text: str) -> None:
    made = unit(f"{text}\nint after(void) {{ }}\n")
    assert set(made.functions) == {"after"}
    assert made.unparsed == {}


def test_indexes(unit: Make) -> None:
    made = unit(
        "typedef struct pte { unsigned long v; } pte_t, *ptep_t;\n"
        "enum level { PTE, PMD = 3 } current_level;\n"
        "struct mm { enum { FLAG_A, FLAG_B } flags; union inner { int x; } u; };\n"
        "extern pte_t table[((4096) / sizeof(pte_t))];\n"
        "extern int set(pte_t *p), count;\n"
        "int count = 3;\n"
        "__extension__ typedef long long s64;\n"
    )
    assert set(made.typedefs) == {"pte_t", "ptep_t", "s64"}
    assert set(made.structs) == {"pte", "mm", "inner"}
    assert set(made.enums) == {"level"}
    assert set(made.enum_constants) == {"PTE", "PMD", "FLAG_A", "FLAG_B"}
    assert set(made.variables) == {"current_level", "table", "count"}
    assert set(made.prototypes) == {"set"}
    count = made.variable("count")
    assert count is not None
    assert made.source(count) == "int count = 3;"  # the definition before the declaration
    for name, line in (("table", 4), ("current_level", 2)):
        chunk = made.variable(name)
        assert chunk is not None
        assert made.location(chunk) == Location("x.h", line)


def test_nodes(unit: Make) -> None:
    made = unit(
        "typedef struct pte { unsigned long v; } pte_t, *ptep_t;\n"
        "struct mm { enum { FLAG_A, FLAG_B } flags; } init_mm;\n"
        "int f(pte_t a);\nint f(pte_t a) { return a.v; }\n"
    )
    found = {
        "typedef": made.typedef("ptep_t"),
        "struct": made.struct("pte"),
        "enum_constant": made.enum_constant("FLAG_B"),
        "variable": made.variable("init_mm"),
        "prototype": made.prototype("f"),
        "function": made.function("f"),
    }
    nodes: dict[str, Any] = {}
    for kind, chunk in found.items():
        assert chunk is not None
        nodes[kind] = made.ast(chunk)
    assert {kind: type(node) for kind, node in nodes.items()} == {
        "typedef": c_ast.Typedef,
        "struct": c_ast.Struct,
        "enum_constant": c_ast.Enum,
        "variable": c_ast.Decl,
        "prototype": c_ast.Decl,
        "function": c_ast.FuncDef,
    }
    assert nodes["typedef"].name == "ptep_t"
    assert nodes["struct"].name == "pte"


def test_a_typedef_name_counts_only_after_its_declaration(unit: Make) -> None:
    made = unit("int f(int item) { return item * (item); }\ntypedef long item;\n")
    chunk = made.function("f")
    assert chunk is not None
    assert made.ast(chunk) is not None


def test_names_as_members_and_parameters(unit: Make) -> None:
    made = unit(
        "typedef struct { int swap; } swap;\nstruct s { swap swap; };\n"
        "int f(struct s *swap) { return swap->swap.swap; }\n"
        "int g(void) { swap swap = { 1 }; return swap.swap; }\n"
    )
    for name in "fg":
        chunk = made.function(name)
        assert chunk is not None
        assert made.ast(chunk) is not None, made.unparsed


def test_static_functions_of_the_same_name() -> None:
    made = Unit(
        '\n# 1 "unit"\n# 1 "mm/a.c" 1\nstatic int f(void) { return 1; }\n'
        '# 2 "unit" 2\n# 1 "mm/b.c" 1\nstatic int f(void) { return 2; }\n# 3 "unit" 2\n'
    )
    assert len(made.functions["f"]) == 2
    for near in ("mm/a.c", "mm/b.c"):
        chunk = made.function("f", near)
        assert chunk is not None
        assert made.path(chunk) == near
        assert made.location(chunk) == Location(near, 1)


def test_a_strong_definition_goes_before_a_weak_one(unit: Make) -> None:
    made = unit("__attribute__((__weak__)) int f(void) { return 1; }\nint f(void) { return 2; }\n")
    chunk = made.function("f")
    assert chunk is not None
    assert "2" in made.source(chunk)


def test_location_is_that_of_the_name(unit: Make) -> None:
    made = unit("static inline\nint\nf(int x)\n{\n}\nextern int\n  g(int f);\n")
    f, g = made.function("f"), made.prototype("g")
    assert f is not None
    assert g is not None
    assert (made.location(f), made.location(g)) == (Location("x.h", 3), Location("x.h", 7))


def nested(inner: str) -> str:
    return (
        '\n# 1 "top.c"\nint first;\n# 1 "in.h" 1\n' + inner + '\n# 3 "top.c" 2\n'
        "int last(void) { return 1; }\n"
    )


@pytest.mark.parametrize(
    "inner",
    [
        "int ok(void) { return 0; }\nstatic int cut(void)\n{\n\tif (1) {\n\t\tx();",
        "int ok(void) { return 0; }\nstatic int cut(int a,",
        "int ok(void) { return 0; }\nstruct cut { int a;",
        "int ok(void) { return 0; }\nstatic int cut[] = { 1, 2,",
        "int ok(void) { return 0; }\nextern int cut",
        'int ok(void) { return 0; }\nstatic int cut(void) { return "',
    ],
)
def test_a_header_that_is_cut_off(inner: str) -> None:
    made = Unit(nested(inner))
    assert set(made.functions) == {"ok", "last"}
    assert made.unparsed == {Location("in.h", 2): "does not end in its file"}
    assert "first" in made.variables


def test_the_rest_of_a_broken_header_is_read() -> None:
    made = Unit(nested("static int cut(void)\n{ if (1) {\n}\nstatic int next(void)\n{\n}\n"))
    assert set(made.functions) == {"next", "last"}
    assert list(made.unparsed) == [Location("in.h", 1)]


def test_an_include_inside_of_a_declaration() -> None:
    made = Unit(
        '\n# 1 "top.c"\nenum names {\n# 1 "list.h" 1\nA,\nB,\n# 3 "top.c" 2\nC };\n'
        "int f(void) { }\n"
    )
    assert list(made.enum_constants) == ["A", "B", "C"]
    assert made.unparsed == {}
    b = made.enum_constant("B")
    assert b is not None
    assert made.location(b) == Location("list.h", 2)
    assert set(made.functions) == {"f"}


def test_a_brace_too_many(unit: Make) -> None:
    made = unit("int f(void) { }\n}\nint g(void) { }\n")
    assert set(made.functions) == {"f", "g"}
    assert list(made.unparsed.values()) == ["a closing brace too many"]


def test_deep_nesting_is_cut_right(unit: Make) -> None:
    deep = "int deep(void) { " + "{" * 500 + "f(" * 60 + ")" * 60 + ";" + "}" * 500 + " }"
    made = unit(f"{deep}\nint next(void) {{ }}\n")
    assert set(made.functions) == {"deep", "next"}
    chunk = made.function("deep")
    assert chunk is not None
    assert made.source(chunk) == deep


def test_one_bad_function_loses_only_itself(unit: Make) -> None:
    made = unit("int bad(void) { return 3 3; }\nint good(void) { return 3; }\n")
    bad, good = made.function("bad"), made.function("good")
    assert bad is not None
    assert good is not None
    assert made.ast(bad) is None
    assert made.ast(good) is not None
    (place,) = made.unparsed
    assert place == Location("x.h", 1)


def test_cache_is_shared_and_knows_places() -> None:
    cache = ParseCache()
    text = '\n# 1 "{}"\ntypedef int t;\nint f(void) {{ return 1; }}\n'
    nodes: list[Any] = []
    for path in ("a.h", "a.h", "b.h"):
        made = Unit(text.format(path), cache=cache)
        chunk = made.function("f")
        assert chunk is not None
        nodes.append(made.ast(chunk))
    assert nodes[0] is nodes[1]
    assert nodes[2].decl.coord.file == "b.h"
    assert (cache.hits, cache.misses, len(cache)) == (1, 2, 2)


def test_cache_tells_typedef_environments_apart() -> None:
    cache = ParseCache()
    body = '# 5 "a.h"\nint f(void) { return (x) * 1; }\n'
    texts = (f"\ntypedef int x;\n{body}", f"\n{body}")
    kinds = []
    for text in texts:
        made = Unit(text, cache=cache)
        chunk = made.function("f")
        assert chunk is not None
        node: Any = made.ast(chunk)
        kinds.append(type(node.body.block_items[0].expr))
    assert kinds == [c_ast.Cast, c_ast.BinaryOp]


@pytest.mark.parametrize(
    "text",
    [
        "static int f(" * 40_000,
        "static int f(void) {\n" * 40_000,
        "{" * 100_000,
        "}" * 20_000,
        "(" * 100_000,
        "'" * 100_000,
        '"' * 100_000,
        "#" * 100_000,
        "struct s {" * 30_000,
        "int x" + "[" * 100_000,
        "int x" + ";" * 200_000,
        "__attribute__((" * 30_000,
        "\nstatic int f(void) { (" * 20_000,
        "a" * 5_000_000,
        "typedef " * 100_000 + ";",
        "int f(int a) " + "int a; " * 20_000 + "{",
    ],
    ids=lambda text: text[:12].strip() + "...",
)
def test_hostile_text_takes_bounded_time(unit: Make, text: str) -> None:
    began = time.process_time()
    made = unit(text)
    assert len(made.typedefs) + len(made.structs) + len(made.enum_constants) < 2
    assert made.prototypes is not None
    for chunks in list(made.functions.values())[:3]:
        made.ast(chunks[0])
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("path", "line", "behind"),
    [
        ("a.h", 1, "int a1;"), ("a.h", 2, "int b1;"), ("a.h", 3, "int a3;"), ("a.h", 4, "int a9;"),
        ("a.h", 9, "int a9;"), ("a.h", 12, None), ("b.h", 1, "int b1;"), ("c.h", 1, None),
    ],
)  # fmt: skip
def test_where_a_file_comes_to_a_line(unit: Make, path: str, line: int, behind: str | None) -> None:
    made = unit(
        '# 1 "a.h" 1\nint a1;\n# 1 "b.h" 1\nint b1;\n# 3 "a.h" 2\nint a3;\n# 9 "a.h"\nint a9;\n'
        '# 1 "a.h" 1\nint again;\n'
    )
    at = made.reached(path, line)
    found = None if at is None else re.search(r"^int.*", made.text[at:], re.M)
    assert (found and found[0]) == behind
