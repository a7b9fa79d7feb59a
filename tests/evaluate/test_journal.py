# SPDX-License-Identifier: GPL-2.0-only
"""Calls that the run before has made leave what they would leave if they were run again."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.journal import Earlier
from analyzer.evaluate.memory import Table
from analyzer.evaluate.merge import Meeting, Merged
from analyzer.evaluate.resume import around, innermost
from analyzer.evaluate.state import alternatives
from analyzer.evaluate.values import Opaque, PathEnds, Pointer, Unjudged
from tests.evaluate.lab import BASE, EXCHANGE, HOOKS, machine
from tests.evaluate.test_recall import entered

ENTRIES = 8
PRELUDE = f"""{EXCHANGE}{HOOKS}
extern int unknown(int);
struct place {{ int flag; int *kept; }};
struct both {{ pte_t *p; int *to; }};
extern struct place *where;
static int state[2] = {{ 1, 2 }};
static struct place held = {{ 3 }};
static pte_t *at(pte_t *p, int n) {{ return p + n; }}
static int ask(int n) {{ if (unknown(n)) return 1; return 0; }}
static void put(pte_t *p, unsigned long v) {{ p->pte = v; }}
static void into(int *to, int n) {{ *to += n; }}
static int over(int *to, int n) {{ if (unknown(*to + n)) *to += n; return *to; }}
static int through(struct both b, int n)
{{ if (unknown(n)) *b.to += n; else b.p->pte = n; return *b.to; }}
static void by_number(unsigned long to, int n) {{ *(int *)to += n; }}
"""
STATEMENTS = (
    "put(p, p->pte * 3 + {n});",
    "put(at(p, 1), p->pte + {n});",
    "if (ask({n})) put(p, p->pte + {n});",
    "if (ask({n})) page_table_check_pte_clear(mm, *p);",
    "if (ask({n})) into(&x, {n});",
    "into(to, x);",
    "into(&x, {n});",
    "by_number((unsigned long)to, {n});",
    "if (unknown(x)) x += {n};",
    "state[0] += {n};",
    "if (state[0] > {n}) put(p, 1);",
    "held.flag = {n};",
    "if (ask(held.flag)) x += 1;",
    "where->flag = {n};",
    "if (where->flag) put(p, {n});",
    "if (ask({n})) return x;",
    "p = at(p, 1);",
    "for (int i = 0; i < 2; i++) x += ask(i);",
    "put(p, __ptc_xchg(&p->pte, {n}) + x);",
    "if (unknown({n})) put(p, p->pte + {n});",
    "x += over(&x, {n});",
    "x += over(&state[1], {n});",
    "x += through((struct both) {{ p, &x }}, {n});",
    "x += through((struct both) {{ p, &state[0] }}, {n});",
    "where->kept = &x;",
    "unknown(x);",
    "state[1] = unknown({n}) ? state[1] : state[0];",
    "{{ int y_[2] = {{ {n}, 1 }}; if (ask(y_[1])) put(p, y_[0]); }}",
)


@dataclass(frozen=True)
class Left:
    """All that a path leaves behind."""

    end: str
    entries: tuple[int, ...]
    choices: tuple[object, ...]
    memo: dict[str, int]
    events: tuple[str, ...]
    log: tuple[str, ...]
    counts: tuple[int, ...]
    written: frozenset[str]
    known: dict[str, str]


def every_path(
    it: Machine, journal: bool, meet: bool = False, limit: int = 70, parts: bool = False
) -> list[Left | str]:
    """All paths of f(mm, slot), in order; those that come together with another say so. With
    `parts` they begin at a call that an earlier one has made, where they can."""
    it.meeting = meeting = Meeting() if meet else None
    done: list[Left | str] = []
    todo: list[tuple[tuple[int, ...], Earlier | None]] = [((), None)]
    while todo and len(done) < limit:
        if meeting is not None:
            meeting.begin()
        prefix, earlier = todo.pop()
        left = _path(it, prefix, earlier if journal else None, parts)
        done.append(left)
        run = it.run
        if meeting is not None:
            meeting.end(run, isinstance(left, str))
        opened = [] if meeting is None else meeting.opened
        todo += [(p, Earlier(run, opened, len(p) - 1, {})) for p in alternatives(run)]
    it.meeting = None
    return done


def _begin(it: Machine, prefix: tuple[int, ...]) -> Table:
    run = it.run = it.new_run(prefix)
    run.past = []
    if it.meeting is not None:
        it.meeting.begin()
    table = Table("pte", 8, BASE[64], [0x11 * (n + 1) for n in range(ENTRIES)])
    run.tables.append(table)
    return table


def _path(
    it: Machine, prefix: tuple[int, ...], earlier: Earlier | None, parts: bool = False
) -> Left | str:
    entered = innermost(earlier) if parts and earlier is not None else None
    known = earlier
    try:
        while entered is not None and known is not None:
            _begin(it, prefix)
            known = it.resume(entered, known)
            entered = None if known is None else around(known.run, entered)
        table = _begin(it, prefix)
        run = it.run
        run.earlier = known or earlier
        slot = Pointer(table, 16, it.entry_type("pte"))
        end = repr(it.call("f", [Opaque("mm", nonnull=True), slot]))
    except Merged:
        return "merged"
    except (Unjudged, PathEnds) as problem:
        end = f"{type(problem).__name__} {problem}"
    return Left(
        end, tuple(table.entries), tuple(run.choices), dict(run.memo),
        tuple(repr(e._replace(table=None)) for e in run.events), tuple(run.log),
        (run.steps, run.stores, run.decided, run.next_local, run.touched), frozenset(run.written),
        {name: repr(sorted(var.cells.items())) for name, var in run.globals.items()},
    )  # fmt: skip


def program(bodies: list[list[tuple[int, int]]], alone: bool = False) -> str:
    """Functions that each call the one before, in the middle of their statements; `alone`: none
    is given a pointer to a variable of its caller, and so all can be made again."""
    text = PRELUDE
    for number, body in enumerate(bodies):
        lines = [STATEMENTS[which % len(STATEMENTS)].format(n=n) for which, n in body]
        given = "" if alone else "to, " if number % 2 else "&x, "
        if number:
            lines.insert(len(lines) // 2, f"x += f{number - 1}(mm, p, {given}x);")
        if alone:
            lines.insert(0, "int own = x, *to = &own;")
        text += (
            f"static int f{number}(struct mm_struct *mm, pte_t *p, {'' if alone else 'int *to, '}"
            "int x)\n{\n\t" + "\n\t".join(lines) + "\n\treturn x;\n}\n"
        )
    last, given = f"f{len(bodies) - 1}", "" if alone else "&y, "
    return (
        f"{text}int f(struct mm_struct *mm, pte_t *p)\n{{\n\tint y = 0;\n"
        f"\t{last}(mm, p, {given}1);\n\tpage_table_check_pte_clear(mm, *p);\n"
        f"\t{last}(mm, p, {given}y);\n\treturn y;\n}}\n"
    )


def asked_before(text: str) -> Machine:
    """A machine that has found out the types in a program: the first to ask takes more steps."""
    it = machine(text)
    it.warm = 0
    every_path(it, journal=False)
    return it


STATEMENT = st.tuples(st.integers(0, len(STATEMENTS) - 1), st.integers(0, 3))
BODIES = st.lists(st.lists(STATEMENT, min_size=1, max_size=4), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(BODIES, st.booleans())
def test_paths_that_begin_in_the_middle_are_those_that_are_run_in_full(
    bodies: list[list[tuple[int, int]]], alone: bool
) -> None:
    parts, full = asked_before(program(bodies, alone)), asked_before(program(bodies, alone))
    found = every_path(parts, journal=True, meet=True, parts=True)
    assert found == every_path(full, journal=False, meet=True)


@settings(max_examples=40, deadline=None)
@given(BODIES, st.booleans())
def test_paths_are_those_that_are_run_in_full(
    bodies: list[list[tuple[int, int]]], meet: bool
) -> None:
    text = program(bodies)
    kept = every_path(machine(text), journal=True, meet=meet)
    assert kept == every_path(machine(text), journal=False, meet=meet)


def test_what_is_known_is_not_run() -> None:
    it = machine(
        f"{PRELUDE}int f(struct mm_struct *mm, pte_t *p)\n"
        "{ put(p, 5); put(at(p, 1), 6); if (ask(1)) put(p, 7); if (ask(2)) put(p, 8);"
        " return 0; }"
    )
    names: list[str] = []
    entered(it, names)
    first, *_, fourth = every_path(it, journal=True)
    assert names.count("f") == 4
    assert names.count("at") == 1
    assert names.count("put") == 2 + 3  # before the choices; 7, 8, and 8 after 7
    assert isinstance(first, Left)
    assert isinstance(fourth, Left)
    assert (first.entries[2:4], fourth.entries[2:4]) == ((5, 6), (8, 6))


def test_a_call_of_another_name_ends_it() -> None:
    """Should two runs differ before they part, nothing is taken over."""
    it = machine(
        f"{PRELUDE}int f(struct mm_struct *mm, pte_t *p)\n"
        "{ put(p, 5); if (unknown(1)) put(p, 7); return 0; }"
    )
    left = _path(it, (), None)
    assert isinstance(left, Left)
    run = it.run
    assert run.past is not None
    for number, done in enumerate(run.past):
        if done is not None:
            run.past[number] = done._replace(name="another", result=Opaque("wrong"), events=0)
    names: list[str] = []
    entered(it, names)
    again = _path(it, (1,), Earlier(run, [], 0, {}))
    assert isinstance(again, Left)
    assert again.entries[2] == 7
    assert names == ["f", "put", "put"]
