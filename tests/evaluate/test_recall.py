# SPDX-License-Identifier: GPL-2.0-only
"""Calls that are remembered give what they would give, and leave what they would leave."""

from __future__ import annotations

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.memory import Table
from analyzer.evaluate.state import Run
from analyzer.evaluate.values import Int, Opaque, Pointer, Value
from tests.evaluate.lab import BASE, EXCHANGE, HOOKS, machine, u


def entered(it: Machine, names: list[str]) -> None:
    """Notes the functions whose bodies are really run."""
    plain = it._execute

    def noting(name: str, node: object, values: list[Value]) -> Value:
        names.append(name)
        return plain(name, node, values)

    it._execute = noting  # type: ignore[method-assign]


def fresh(it: Machine, prefix: tuple[int, ...] = ()) -> Run:
    it.run = it.new_run(prefix)
    return it.run


def test_the_same_arguments_are_not_run_twice() -> None:
    it = machine(
        "unsigned long g(unsigned long a) { return a * 3; }\n"
        "unsigned long f(unsigned long a) { return g(a) + g(a + 1) + g(a); }"
    )
    names: list[str] = []
    entered(it, names)
    result = it.call("f", [u(5)])
    assert isinstance(result, Int)
    assert result.value == 48
    assert names == ["f", "g", "g"]


def test_width_and_sign_of_an_argument_are_part_of_it() -> None:
    it = machine("long g(long a) { return a >> 1; }")
    first = it.call("g", [Int(-2, 64, True)])
    second = it.call("g", [Int(0xFFFF_FFFE, 32, False)])
    assert isinstance(first, Int)
    assert isinstance(second, Int)
    assert (first.value, second.value) == (-1, 0x7FFF_FFFF)


def test_steps_and_questions_are_those_of_a_real_call() -> None:
    it = machine(
        "enum { SEVEN = 7 };\n"
        "unsigned long g(unsigned long a) { return a + SEVEN + sizeof(pte_t); }"
    )
    it.call("g", [u(1)])  # constants are folded here
    it.recall.clear()
    fresh(it)
    it.questions.clear()
    it.types.asked.clear()
    it.call("g", [u(1)])
    real = (it.run.steps, set(it.questions), set(it.types.asked))
    fresh(it)
    it.questions.clear()
    it.types.asked.clear()
    names: list[str] = []
    entered(it, names)
    it.call("g", [u(1)])
    assert names == []
    assert (it.run.steps, it.questions, it.types.asked) == real
    assert ("enum", "SEVEN", "") in it.questions


def test_choices_are_made_again_in_the_order_of_the_run() -> None:
    it = machine(
        "extern int unknown(int);\n"
        "int g(int a) { if (unknown(a)) return 1; return 2; }\n"
        "int f(void) { return 10 * g(1) + g(2); }"
    )
    found = []
    for prefix in ((), (0, 1), (1,), (1, 1), ()):
        run = fresh(it, prefix)
        result = it.call("f", [])
        assert isinstance(result, Int)
        found.append((result.value, tuple(choice.taken for choice in run.choices)))
    assert found == [(22, (0, 0)), (21, (0, 1)), (12, (1, 0)), (11, (1, 1)), (22, (0, 0))]


def test_a_choice_that_is_known_already_decides() -> None:
    it = machine("extern int unknown(int);\nint g(int a) { if (unknown(a)) return 1; return 2; }")
    run = fresh(it)
    it.call("g", [u(1, 32)])
    key = run.choices[0].key
    run = fresh(it)
    run.memo[key] = 1
    result = it.call("g", [u(1, 32)])
    assert isinstance(result, Int)
    assert result.value == 1
    assert not run.choices


def test_what_reads_or_writes_an_entry_is_run_each_time() -> None:
    it = machine(
        f"{EXCHANGE}{HOOKS}"
        "unsigned long g(unsigned long address) { return *(unsigned long *)address; }\n"
        "void h(struct mm_struct *mm, pte_t pte)\n"
        "{ page_table_check_pte_clear(mm, pte); }"
    )
    seen = []
    for old in (0x11, 0x22):
        run = fresh(it)
        run.tables.append(table := Table("pte", 8, BASE[64], [old] * 8))
        value = it.call("g", [Int(table.base or 0, 64, False)])
        seen.append(repr(value))
        entry = it.convert(u(old), it.entry_type("pte"))
        for _ in range(2):
            it.call("h", [Opaque("mm", nonnull=True), entry])
        assert len(run.events) == 2
    assert seen == ["0x11", "0x22"]


def test_a_number_that_is_an_address_in_one_run_only() -> None:
    it = machine("int g(unsigned long address) { return *(unsigned long *)address == 0x11; }")
    fresh(it)
    plain = it.call("g", [u(BASE[64])])  # nothing is there
    run = fresh(it)
    run.tables.append(Table("pte", 8, BASE[64], [0x11] * 8))
    held = it.call("g", [u(BASE[64])])
    assert repr(plain) != repr(held) == "0x1"


def test_globals_that_the_run_wrote_are_read_again() -> None:
    it = machine(
        "struct s { int n; } state = { 1 };\n"
        "int table[2] = { 3, 4 };\n"
        "int g(int i) { return table[i]; }\n"
        "int f(int v) { int a = g(0); table[0] = v; return 10 * a + g(0); }"
    )
    results = []
    for value in (5, 6):
        fresh(it)
        results.append(repr(it.call("f", [u(value, 32)])))
    assert results == [hex(35), hex(36)]


def test_a_call_through_a_pointer_is_not_remembered() -> None:
    it = machine(
        "int g(int *p) { *p += 1; return *p; }\nint f(void) { int n = 1; g(&n); g(&n); return n; }"
    )
    assert repr(it.call("f", [])) == "0x3"


def test_the_address_of_a_local_passed_as_a_number() -> None:
    it = machine(
        "void g(unsigned long p) { *(int *)p += 1; }\n"
        "int f(void) { int n = 1; for (int i = 0; i < 2; i++) g((unsigned long)&n); return n; }"
    )
    assert repr(it.call("f", [])) == "0x3"


def test_other_overrides_are_asked_again() -> None:
    it = machine("extern int size(int);\nint g(int a) { return size(a); }")
    it.overrides["size"] = lambda values: Int(1)
    assert repr(it.call("g", [u(0, 32)])) == "0x1"
    it.overrides = {"size": lambda values: Int(2)}
    assert repr(it.call("g", [u(0, 32)])) == "0x2"


def test_a_type_that_depends_on_the_value_is_not_remembered() -> None:
    """`typeof` of something that is not known takes the type of the value."""
    it = machine(
        "unsigned long g(unsigned long a) {\n"
        "  typeof(unknown) x = a; return sizeof(x) + sizeof(unsigned char); }\n"
        "unsigned long h(void *p) { return sizeof(*(pte_t *)p) == sizeof(long); }"
    )
    wide, narrow = it.call("g", [u(1)]), it.call("g", [u(1)])
    assert repr(wide) == repr(narrow) == hex(9)
    assert repr(it.call("h", [u(0)])) == "0x1"


def test_a_slot_is_not_an_argument_to_remember() -> None:
    it = machine("unsigned long g(pte_t *p) { return p->pte; }")
    results = []
    for old in (1, 2):
        run = fresh(it)
        table = Table("pte", 8, BASE[64], [old] * 8)
        run.tables.append(table)
        results.append(repr(it.call("g", [Pointer(table, 8, it.entry_type("pte"))])))
    assert results == ["0x1", "0x2"]
