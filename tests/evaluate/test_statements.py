# SPDX-License-Identifier: GPL-2.0-only
"""Statements: switch, goto, loops, and what ends a path."""

from __future__ import annotations

import pytest

from analyzer.evaluate.state import Run
from analyzer.evaluate.values import Int, Opaque, PathEnds, Unjudged
from tests.evaluate.lab import SLOT, machine, number, only, paths, s, u, unknown, value

SWITCH = """\
int f(int x)
{
	int r = 0;

	switch (x) {
	case 1 ... 3:
		r = 1;
	case 5:
	case 6:
		r += 2;
		break;
	default:
		r = 9;
	case 8:
		r += 100;
	}
	return r;
}
"""


@pytest.mark.parametrize(
    ("given", "wanted"), [(0, 109), (1, 3), (3, 3), (4, 109), (5, 2), (6, 2), (7, 109), (8, 100)]
)
def test_switch(given: int, wanted: int) -> None:
    assert number(SWITCH, s(given)) == wanted


@pytest.mark.parametrize(
    ("ctype", "given", "label", "wanted"),
    [
        ("unsigned long", u(0xFFFFFFFF), "-1", 2),
        ("unsigned long", u(0xFFFFFFFF_FFFFFFFF), "-1", 1),
        ("unsigned", u(0xFFFFFFFF, 32), "-1", 1),
        ("unsigned char", u(0xFF, 8), "-1", 2),
        ("long", s(-1, 64), "0xffffffff", 2),
        ("int", s(-1), "0xffffffff", 1),
        ("long", s(-5, 64), "-9 ... -3", 1),
        ("unsigned", u(5, 32), "3 ... 9", 1),
    ],
)
def test_case_labels_have_the_type_of_the_condition(
    ctype: str, given: Int, label: str, wanted: int
) -> None:
    text = f"int f({ctype} x) {{ switch (x) {{ case {label}: return 1; default: return 2; }} }}"
    assert number(text, given) == wanted


def test_case_inside_a_nested_block() -> None:
    """Right or unknown; never `no arm is taken`."""
    text = """\
int f(int x)
{
	int r = 0;

	switch (x) { case 0: do { r += 1; case 1: r += 10; } while (0); }
	return r;
}
"""
    try:
        found = value(text, s(1))
    except Unjudged:
        return
    assert isinstance(found, Opaque) or (isinstance(found, Int) and found.value == 10)


def test_switch_over_something_unknown_goes_every_way() -> None:
    text = """\
extern int kind;
int f(pte_t *p) { switch (kind) { case 1: return 1; case 2: return 2; } return 3; }
"""
    found = {path.result.value for path in paths(text) if isinstance(path.result, Int)}
    assert found == {1, 2, 3}
    with_default = text.replace("case 2", "default")
    assert {p.result.value for p in paths(with_default) if isinstance(p.result, Int)} == {1, 2}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("int i, n = 0; for (i = 0; i < 5; i++) n += i; return n;", 10),
        ("int n = 0; for (int i = 0, j = 3; i < j; i++) n += i; return n;", 3),
        ("int n = 0; for (;;) { if (++n == 4) break; } return n;", 4),
        ("int i, n = 0; for (i = 0; i < 6; i++) { if (i & 1) continue; n += i; } return n;", 6),
        ("int n = 0; do n++; while (n < 3); return n;", 3),
        ("int n = 9; do n++; while (0); return n;", 10),
        ("int n = 3, m = 0; while (n--) m += n; return m * 10 + n;", 29),
        ("int n = 0; do { n++; if (n < 3) continue; break; } while (n < 10); return n;", 3),
        ("int n = 0; while (1) { while (1) { if (n++ > 2) goto out; } } out: return n;", 4),
        ("int n = 0; again: n += 3; if (n < 10) goto again; return n;", 12),
        ("int n = 1; goto skip; n = 5; skip: return n;", 1),
        (("int n = 0; for (n = 0; n < 9; n++) { if (n == 4) goto next; continue; next: break; }"
          " return n;"), 4),
        ("{ int x = 1; { int x = 2; } return x; }", 1),
        ("int x = 1; { x = 2; int x = 3; (void)x; } return x;", 2),
        ("int x = (1, 2, 3); return x;", 3),
        ("return ({ int a = 3; a * 2; }) + ({ 1; });", 7),
        ("int x = 3; return ({ if (x) return 8; 2; });", 8),
        ("int x; if ((x = 2) && x++) return x; return 0;", 3),
        ("int x = 0; (void)(x || (x = 5)); (void)(0 && (x = 9)); return x;", 5),
        ("int x = 1; x <<= 3; x |= 1; x ^= 3; x %= 7; return x;", 3),
        ("int x = 7, y; y = x -= 2; return x * 10 + y;", 55),
        ("static const int t[3] = { 4, 5, 6 }; return t[1];", 5),
        ("typedef int number; number x = 4; return (number)x;", 4),
        (";;; if (0) ; else ; return 2;", 2),
        ("int x = 5; if (x > 3) { if (x > 9) return 1; } else return 2; return 3;", 3),
        ("return 1 ? 2 : 0 ? 3 : 4;", 2),
    ],
)  # fmt: skip
def test_bodies(body: str, wanted: int) -> None:
    assert number(f"int f(void) {{ {body} }}") == wanted


def test_goto_into_a_block_is_unknown() -> None:
    text = "void f(pte_t *p) { goto in; if (0) { in: p->pte = 1; } }"
    assert "goto in" in unknown(paths(text))


def test_computed_goto_is_not_skipped() -> None:
    text = "void f(pte_t *p) { void *to = &&out; goto *to; p->pte = 1; out: p->pte = 2; }"
    found = paths(text)
    assert found[0].unknown or found[0].slot == 2


# -- what is not known


def test_both_ways_of_a_condition() -> None:
    text = "extern int a, b;\nint f(pte_t *p) { return (a ? 1 : 2) * 10 + (b ? 3 : 4); }"
    found = sorted(p.result.value for p in paths(text) if isinstance(p.result, Int))
    assert found == [13, 14, 23, 24]


@pytest.mark.parametrize("second", ["a", "a != 0", "!!a", "!(a == 0)", "0 != a", "a != (void *)0"])
def test_same_condition_same_way(second: str) -> None:
    text = (
        f"extern long a;\nint f(pte_t *p) {{ int r = a ? 1 : 2; return r * 10 + ({second} ? 1"
        f" : 2); }}"
    )
    assert sorted(p.result.value for p in paths(text) if isinstance(p.result, Int)) == [11, 22]


def test_conditions_with_other_arguments_are_others() -> None:
    """The key of a choice is the callee with its full arguments (evaluating.md, silent 3)."""
    text = (
        "int has(int);\nint f(pte_t *p) { return has(1) * 0 + (has(1) ? 1 : 2) * 10 + (has(2) ?"
        " 1 : 2); }"
    )
    assert sorted(p.result.value for p in paths(text) if isinstance(p.result, Int)) == [
        11, 12, 21, 22,
    ]  # fmt: skip


def test_long_keys_stay_apart() -> None:
    """Names are cut for display, but not so that different things become one."""
    long = "x" * 250
    text = f"""\
extern int {long}a, {long}b;
int f(pte_t *p) {{ return ({long}a ? 1 : 2) * 10 + ({long}b ? 1 : 2); }}
"""
    assert len(paths(text)) == 4


def test_loop_that_waits_for_something_unknown() -> None:
    for loop in (
        "while (!ready()) ;",
        "while (busy()) ;",
        "do { } while (busy());",
        "for (;;) { if (ready()) break; }",
        "for (;;) { if (!busy()) break; cpu_relax(); }",
        "while (busy() && !ready()) ;",
    ):
        text = f"int ready(void); int busy(void);\nvoid f(pte_t *p) {{ {loop} p->pte = 1; }}"
        found = paths(text, limit=64)
        assert any(path.slot == 1 and not path.unknown for path in found), loop
        assert all(path.slot == 1 or path.unknown or path.ends for path in found), loop


def test_loop_of_unknown_length_runs_none_one_and_two_rounds() -> None:
    text = "int more(void);\nint f(pte_t *p) { int n = 0; while (more()) n++; return n; }"
    found = {p.result.value for p in paths(text) if isinstance(p.result, Int)}
    assert found >= {0, 1, 2}


@pytest.mark.parametrize(
    "body",
    [
        "for (;;) ;",
        "while (1) p->pte ^= 1;",
        "int i; for (i = 0; i < 10; i--) ;",
        "again: goto again;",
        "unsigned long i; for (i = 0; i < ~0UL; i++) ;",
        "unsigned long i, j; for (i = 0; i < 4000; i++) for (j = 0; j < 4000; j++) ;",
    ],
)
def test_loop_without_end_is_unknown(body: str) -> None:
    assert unknown(paths(f"void f(pte_t *p) {{ {body} }}"))


def test_a_jump_that_what_is_unknown_keeps_going_ends_its_path() -> None:
    """As a loop that waits: the other way is run, and few steps are taken for this one."""
    text = (
        "int full(int n);\nvoid f(pte_t *p)\n{ int n = 7;\nagain: n = 3; if (full(n)) goto again;"
        " p->pte = 1; }"
    )
    ways = {path.ends: path.slot for path in paths(text)}
    assert ways == {"": 1, "a loop that goes on for ever on this path": 0x11}
    assert machine_steps(text) < 200


@pytest.mark.parametrize("asked", ["", "if (x) ;"])
def test_jumps_to_two_labels_are_no_loop(asked: str) -> None:
    """Nothing changes between them, as on the way out of a function that failed."""
    text = f"void f(pte_t *p, int x) {{ {asked} goto a; a: {asked} goto b; b: p->pte = 5; }}"
    assert {(path.slot, path.unknown, path.ends) for path in paths(text, Opaque("x"))} == {
        (5, "", "")
    }


def machine_steps(text: str) -> int:
    it = machine(text)
    it.run = Run(prefix=(1,))
    with pytest.raises(PathEnds):
        it.call("f", [s(0)])
    return it.run.steps


@pytest.mark.parametrize(
    "step",
    [
        "n++; if (n < 6 && full(0)) goto again;",
        "if (*q < 6 && full(0)) { ++*q; goto again; }",
        "if (p[0].pte < 0x16 && full(0)) { p[0].pte++; goto again; }",
    ],
)
def test_a_jump_that_something_counts_comes_to_its_end(step: str) -> None:
    text = (
        "int full(int n);\nvoid f(pte_t *p)\n"
        f"{{ int n = 0, m = 0, *q = &m;\nagain: {step} p[1].pte = 1; }}"
    )
    assert all(path.entries[SLOT + 1] == 1 for path in paths(text))


def test_too_many_conditions_are_unknown() -> None:
    conditions = " ".join(f"if (g(x, {i})) n++;" for i in range(40))
    text = f"int g(int, int);\nint f(pte_t *p, int x) {{ int n = 0; {conditions} return n; }}"
    it = machine(text)
    with pytest.raises(Unjudged, match="undecidable conditions"):
        it.call("f", [s(0), s(1)])


@pytest.mark.parametrize(
    "end", ['panic("no")', "BUG()", "__builtin_unreachable()", "__builtin_trap()"]
)
def test_paths_that_do_not_return(end: str) -> None:
    text = f"extern int bad;\nvoid f(pte_t *p) {{ if (bad) {end}; p->pte = 1; }}"
    ways = {bool(path.ends): path.slot for path in paths(text)}
    assert ways == {False: 1, True: 0x11}


def test_events_keep_their_order_and_place() -> None:
    text = """\
static void one(pte_t *q)
{
	q->pte = 1;
}
void f(pte_t *p)
{
	one(p + 1);
	p->pte = 2;
}
"""
    path = only(paths(text))
    assert [(e.index, e.location.line, len(e.stack)) for e in path.events] == [(3, 3, 2), (2, 8, 1)]
    inner = path.events[0].stack[1]
    assert (inner.function, inner.defined.line, inner.called.line) == ("one", 1, 7)
