# SPDX-License-Identifier: GPL-2.0-only
"""The shape of the tree for every construct of GNU C: the contract with the evaluator."""

from __future__ import annotations

from typing import Any

import pytest
from pycparser import c_ast, c_generator

from analyzer.frontend.cparse import parse_declaration
from analyzer.frontend.errors import ChunkError

TYPES = ("pte_t", "u64", "bool")


def parse(text: str) -> Any:
    (node,) = parse_declaration(text, "a/b.h", 7, TYPES)
    return node


def body(text: str) -> list[Any]:
    """The statements of a function around `text`."""
    return list(parse(f"int f(pte_t *ptep, int x)\n{{ {text} }}").body.block_items)


def find(node: Any, kind: type) -> list[Any]:
    found = [node] if isinstance(node, kind) else []
    for _, child in node.children():
        found += find(child, kind)
    return found


def c(node: Any) -> str:
    return str(c_generator.CGenerator().visit(node))


def test_statement_expression_is_a_compound() -> None:
    (statement,) = body("return ({ int y = x; y + 1; });")
    assert isinstance(statement.expr, c_ast.Compound)
    assert c(statement.expr.block_items[-1]) == "y + 1"


def test_typeof() -> None:
    (declaration,) = body("__typeof__(*ptep) old = *ptep;")
    assert isinstance(declaration.type.type, c_ast.TypeOf)
    assert c(declaration.type.type.expr) == "*ptep"
    (declaration,) = body("typeof(u64) y;")
    assert isinstance(declaration.type.type.expr, c_ast.Typename)


def test_elvis() -> None:
    (statement,) = body("return x ?: 3;")
    assert isinstance(statement.expr, c_ast.TernaryOp)
    assert (statement.expr.iftrue.name, c(statement.expr.iffalse)) == ("__ptc_elvis", "3")


def test_case_range() -> None:
    (switch,) = body("switch (x) { case 1 ... 5: return 1; case 'a' ... 'z': return 2; }")
    low, high = (case.expr for case in switch.stmt.block_items)
    assert (low.op, c(low.left), c(low.right)) == ("...", "1", "5")
    assert (high.op, c(high.left)) == ("...", "'a'")


def test_range_designator() -> None:
    node = parse("static const int t[] = { [0 ... 3] = 4, [A ... B - 1] = 5 };")
    ranges = find(node, c_ast.BinaryOp)
    assert [r.op for r in ranges] == ["...", "...", "-"]


def test_ellipsis_of_a_prototype_is_no_range() -> None:
    node = parse("int printk(const char *fmt, ...);")
    assert isinstance(node.type.args.params[-1], c_ast.EllipsisParam)


@pytest.mark.parametrize(
    "text",
    [
        "({ __label__ __here; __here: (unsigned long)&&__here; })",
        "({ __here: (void *)&&__here; })",
        "({ here: &&here; })",
    ],
)
def test_label_address(text: str) -> None:
    (statement,) = body(f"return {text};")
    (address,) = (u for u in find(statement, c_ast.UnaryOp) if u.op == "&")
    assert isinstance(address.expr, c_ast.ID)


def test_and_of_two_conditions_stays() -> None:
    first, second, _ = body("if ((x) && out) return 1; if (x && (x)) return 2; out: return 3;")
    assert (first.cond.op, second.cond.op) == ("&&", "&&")


def asm(text: str) -> Any:
    statement = body(text)[0]
    assert isinstance(statement, c_ast.FuncCall)
    assert statement.name.name == "__ptc_asm"
    return statement


def test_asm_operands() -> None:
    call = asm(
        'asm volatile("1: ldxr %w0, %2\\n" "stxr %w1" : [old] "=&r" (x), "+m" (*ptep)'
        ' : "r" (x + 1), "i" (3) : "memory", "cc");'
    )
    template, *operands = call.args.exprs
    assert template.value == '"1: ldxr %w0, %2\\nstxr %w1"'
    assert [o.name.name for o in operands] == ["__ptc_asm_out"] * 2 + ["__ptc_asm_in"] * 2
    constraints = [o.args.exprs[0].value for o in operands]
    assert constraints == ['"[old]=&r"', '"+m"', '"r"', '"i"']
    assert [c(o.args.exprs[1]) for o in operands] == ["x", "*ptep", "x + 1", "3"]


def test_asm_goto_keeps_its_labels() -> None:
    call = asm(
        'asm goto("b %l[no]" : : "i" (x) : : yes, no); return 0; yes: return 1; no: return 2;'
    )
    labels = call.args.exprs[-1]
    assert labels.name.name == "__ptc_asm_goto"
    assert [label.name for label in labels.args.exprs] == ["yes", "no"]


@pytest.mark.parametrize(
    "text",
    [
        'asm("nop");',
        '__asm__ __volatile__("" : : : "memory");',
        'asm inline volatile ("x" ::: "memory");',
        'if (x) asm volatile("nop"); else asm volatile("sev");',
        'for (;;) asm volatile("wfi");',
        'do asm volatile("yield"); while (x);',
    ],
)
def test_asm_statements(text: str) -> None:
    calls = [call for s in body(text) for call in find(s, c_ast.FuncCall)]
    assert calls
    assert {call.name.name for call in calls} == {"__ptc_asm"}


def test_asm_operand_with_a_statement_expression() -> None:
    call = asm('asm volatile("x" : "=r" (x) : "r" (({ int y = x ?: 1; y; })));')
    assert isinstance(call.args.exprs[2].args.exprs[1], c_ast.Compound)


def test_asm_template_that_is_no_string() -> None:
    """What stands there instead (an unfinished merge, say) must not be read over."""
    with pytest.raises(ChunkError, match="no string"):
        asm('asm volatile(TEMPLATE : "=r" (x));')
    with pytest.raises(ChunkError, match="no string"):
        asm('asm volatile("nop" <<<<<<< ours : "=r" (x));')


def test_asm_labels_of_declarators_are_dropped() -> None:
    node = parse('register unsigned long sp asm("rsp");')
    assert (node.name, node.storage) == ("sp", ["register"])
    assert parse('int f(int) __asm__("__f");').name == "f"
    declaration, _ = body('register u64 r asm("x0") = 3; return r;')
    assert (declaration.name, c(declaration.init)) == ("r", "3")


def test_file_scope_asm_is_nothing() -> None:
    assert parse_declaration('asm(".globl x");', "x", 1, ()) == []


@pytest.mark.parametrize(
    "text",
    [
        "static inline __attribute__((always_inline)) int f(int x) { return x; }",
        'static __attribute__((__section__(".text("), unused)) int f(int x) { return x; }',
        "__attribute__((const)) static int f(int x) { return x; }",
        "static int f(int x __attribute__((unused))) { __attribute__((unused)) int y; return x; }",
        "int f(int x) { switch (x) { case 1: __attribute__((fallthrough)); default: return 1; } }",
        "static __inline__ int f(int x) { __extension__ int y = x; return __extension__ y; }",
        "[[nodiscard]] static int f(int x) { return x; }",
    ],
)
def test_attributes_are_dropped(text: str) -> None:
    node = parse(text)
    assert isinstance(node, c_ast.FuncDef)
    assert "attribute" not in c(node)


def test_cleanup_is_a_call_in_the_declaration() -> None:
    declarations = find(
        parse(
            "void f(pte_t *ptep, int x) { pte_t *p __attribute__((cleanup(put), unused)) = ptep;"
            " if (x) { int y __attribute__((__cleanup__(end))) = ({ int w = x; w; }), z = 3; }"
            " int a[2] __attribute__((cleanup(all))); }"
        ).body,
        c_ast.Decl,
    )
    assert [d.name for d in declarations if not d.name.startswith("__ptc")] == list("pywza")
    added = [d for d in declarations if d.name.startswith("__ptc_cleanup_")]
    assert [c(d.init) for d in added] == [
        "__ptc_cleanup(put, &p)", "__ptc_cleanup(end, &y)", "__ptc_cleanup(all)",
    ]  # fmt: skip
    assert len({d.name for d in added}) == 3


def test_cleanup_outside_of_functions_is_dropped() -> None:
    assert c(parse("int x __attribute__((cleanup(f)));")) == "int x"


def test_alignof_is_its_own_operator() -> None:
    statement, other = body("x = __alignof__(u64); return __alignof__(*ptep);")
    assert (statement.rvalue.op, c(statement.rvalue.expr)) == ("_Alignof", "u64")
    assert (other.expr.op, c(other.expr.expr)) == ("_Alignof", "*ptep")


def test_types_compatible() -> None:
    (statement,) = body("return __builtin_types_compatible_p(typeof(*ptep), pte_t);")
    call = statement.expr
    assert call.name.name == "__builtin_types_compatible_p"
    assert [a.op for a in call.args.exprs] == ["sizeof", "sizeof"]
    assert isinstance(call.args.exprs[0].expr.type.type, c_ast.TypeOf)


def test_auto_type_offsetof_generic_int128() -> None:
    (declaration,) = body("__auto_type y = x;")
    assert declaration.type.type.names == ["__auto_type"]
    (statement,) = body("return __builtin_offsetof(struct s, a[2].b);")
    assert statement.expr.name.name == "offsetof"
    (statement,) = body("return _Generic((x), int: 1, default: 2);")
    assert isinstance(statement.expr, c_ast.GenericSelection)
    declaration = parse("unsigned __int128 wide;")
    assert declaration.type.type.names == ["unsigned", "__int128"]
    assert parse("__uint128_t wide;").type.type.names == ["__uint128_t"]


def test_coordinates_are_places_in_the_tree() -> None:
    node = parse('int f(void)\n{\n# 40 "a/../c/d.h" 1\n\treturn 1;\n}')
    assert (node.decl.coord.file, node.decl.coord.line) == ("a/b.h", 7)
    statement = node.body.block_items[0]
    assert (statement.coord.file, statement.coord.line) == ("c/d.h", 40)


def test_pragmas_and_gaps_leave_no_trace() -> None:
    statements = body('\n#pragma GCC diagnostic push\nx = 1;\n# 9 "a/b.h"\nreturn x;')
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0x1fUL", "unsigned long int"),
        ("0b101", "int"),
        ("017ULL", "unsigned long long int"),
        ("0", "int"),
        ("1.5e3", "double"),
        ("0x1.8p3", "double"),
        ("'a'", "char"),
        ("'\\n'", "char"),
        ("'\\x41'", "char"),
        ("'ab'", "int"),
        ("L'x'", "char"),
        ('"a" "b"', "string"),
    ],
)
def test_constants(text: str, kind: str) -> None:
    (statement,) = body(f"return {text};")
    assert statement.expr.type == kind


@pytest.mark.parametrize(
    "text",
    ["int f(void) { return 'a; }", 'char *s = "x;', "int f(void) { return `x`; }", "int 3x;"],
)
def test_what_is_no_c(text: str) -> None:
    with pytest.raises(ChunkError) as caught:
        parse(text)
    assert (caught.value.path, caught.value.line) == ("a/b.h", 7)


def test_nesting_without_end_is_an_error_not_a_crash() -> None:
    for text in (
        f"int f(void) {{ return {'(' * 10_000}1{')' * 10_000}; }}",
        f"int f(void) {{ {'{' * 10_000}{'}' * 10_000} }}",
        f"int x = {'-' * 1}{'!' * 20_000}1;",
        f"int {'(' * 10_000}x{')' * 10_000};",
        f"int x = {'sizeof(typeof(' * 3000}1{'))' * 3000};",
    ):
        with pytest.raises(ChunkError, match="nested too deeply"):
            parse(text)


def test_backtracking_is_bounded() -> None:
    with pytest.raises(ChunkError):
        parse(f"int x = {'(typeof(' * 200}(int){{1}}{'){1}' * 200};")
