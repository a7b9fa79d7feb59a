# SPDX-License-Identifier: GPL-2.0-only
"""A unit as the evaluator asks for it."""

from __future__ import annotations

from analyzer.frontend.unit import Unit
from analyzer.helpers.code import UnitCode

TEXT = """
# 1 "a.c"
typedef unsigned long word_t;
struct s { word_t w; };
enum kind { NEAR = 1, FAR };
int twice(int x);
static int f(int x) { return twice(x) + g_h(x); }
int broken(int x) { return x +; }
# 1 "b.c"
static int f(int x) { return 2; }
unsigned long mask = 5;
extern unsigned long declared;
unsigned long long __ptc_initial_0_declared = (7);
unsigned long long __ptc_initial_1_declared = (8);
"""


def test_nodes_by_name() -> None:
    code = UnitCode(Unit(TEXT))
    assert code.typedef_node("word_t") is not None
    assert code.struct_node("s") is not None
    assert code.enum_node("FAR") is not None
    assert code.prototype_node("twice") is not None
    for name in ("nothing", "f"):
        assert code.typedef_node(name) is None
        assert code.enum_node(name) is None
        assert code.prototype_node(name) is None
    assert code.function_node("nothing", "a.c") is None


def test_static_functions_by_file() -> None:
    code = UnitCode(Unit(TEXT))
    for path in ("a.c", "b.c"):
        node = code.function_node("f", path)
        assert node is not None
        assert node.coord.file == path


def test_initial_values_of_a_declaration() -> None:
    code = UnitCode(Unit(TEXT))
    assert [node.value for node in code.initial_nodes("mask", "")] == ["5"]
    assert [node.value for node in code.initial_nodes("declared", "")] == ["7", "8"]
    assert code.initial_nodes("nothing", "") == []


def test_callees_of_all_definitions() -> None:
    code = UnitCode(Unit(TEXT))
    assert "g_h" in code.callees("f")
    assert "f" not in code.callees("f")
    assert code.callees("nothing") == frozenset()


def test_what_does_not_parse_says_so() -> None:
    code = UnitCode(Unit(TEXT))
    assert code.has_function("broken")
    assert code.function_node("broken", "a.c") is None
    assert "does not parse" in code.problem("broken")
    assert code.problem("f") == ""
