# SPDX-License-Identifier: GPL-2.0-only
"""Bodies that are warm do what they did when they were cold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.values import Int, Unjudged
from tests.evaluate.lab import machine, u
from tests.evaluate.test_journal import BODIES, every_path, program

COLD = 1 << 30


def made(text: str, warm: int) -> Machine:
    it = machine(text)
    it.warm = warm
    return it


@settings(max_examples=40, deadline=None)
@given(BODIES)
def test_paths_are_those_of_cold_bodies(bodies: list[list[tuple[int, int]]]) -> None:
    text = program(bodies)
    assert every_path(made(text, 0), journal=False) == every_path(made(text, COLD), journal=False)


CASES = {
    "loops": (
        "int f(int n) { int s = 0; for (int i = 0; i < n; i++) { if (i == 3) continue;"
        " if (i == 40) break; s += i; } while (!(s < 100)) s -= 7; do { s++; } while (s < 50);"
        " do { s *= 2; if (s > 1) break; s = 0; } while (0); do { s++; continue; } while (0);"
        " return s; }"
    ),
    "members": (
        "struct in { int a[3]; unsigned char b; };\nstruct out { long x; struct in i, *p; };\n"
        "static struct out make(int v) { struct out o = { .x = v, .i = { { v, v + 1, v + 2 }, 255"
        " } }; return o; }\n"
        "int f(int n) { struct out o = make(n); struct in other = o.i; o.p = &other;"
        " o.p->a[1] += 3; o.i.b++; (*o.p).b = o.i.b; return make(2).i.a[2] + o.p->a[1] + o.i.b"
        " + other.b + (int)o.x; }"
    ),
    "jumps": (
        "int f(int n) { int s = 0;\nagain:\n\ts += n + 1; if (s < 30) goto again;"
        " if (s & 1) goto out; s++;\nout:\n\treturn s ?: 7; }"
    ),
    "values": (
        "enum { A = 3, B };\nstatic const int table[4] = { 1, 2, 3, 4 };\n"
        "static int add(int a, int b) { return a + b; }\nint (*way)(int, int) = add;\n"
        "int f(int n) { int (*local)(int, int) = add; unsigned char c = n; int x = ({ int y = n;"
        " y + 1; }); typeof(c) d = (typeof(c))300; n += sizeof(d); n = n ? -n : ~n;"
        " return local(n, B) + add(x, c) + (!n || (d && A)) + table[2] + (n, 5) + *(table + 1);"
        " }"
    ),
    "operators": (
        "struct s { unsigned char small; long wide; struct s *next; int a[2]; };\n"
        "unsigned int word = 7;\nint callee(int x) { return x; }\n"
        "int f(int n) { struct s one, *p = &one; int x, *q = &x, **qq = &q; unsigned char c = 255;"
        " one.next = &one; one.a[0] = n; one.wide = -n; one.small = ~n; one.small++; --one.wide;"
        " x = n++ + ++n - n-- - --n; (*q)++; --**qq; c++; p->next->a[0]--; word++;"
        " int (*way)(int) = &callee; long *w = &p->wide; x += *w;"
        " x += ((1UL << 40) >> 38) + (-3 < 2u) + (3 - 5) + sizeof(struct s) + sizeof(long) * 2;"
        " x += (n ? 1 : -1) + (n > 1 ? c : 3UL) + (n ?: 4) + ((n ? -1 : 1u) > 0);"
        " x += 8 * ((n < 3 ? 1u : -2) > 0); if (__builtin_expect(n == 5, 0)) x = -~x;"
        " x += __builtin_expect_with_probability(n, 1, 1);"
        " return way(x) + c + one.small + (int)one.wide + one.a[0]; }"
    ),
    "switches": (
        "int f(int n) { int s, i = 0; s = n;\nagain:\n\tswitch (n & 7) { case 0: s += 1; break;"
        " case 1: case 2: s += 2; case 3: s += 3; break; default: s -= 1; if (s > 4) break;"
        " s += 100; } for (;;) { switch (i) { case 2: goto out; default: i++; continue; } }"
        "\nout:\n\tif (s < 20) { s += 9; i = 0; goto again; } switch (s) default: s++; return s; }"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("given_", [0, 1, 5, 200])
def test_values_and_steps_are_those_of_cold_bodies(name: str, given_: int) -> None:
    found = []
    for warm in (0, 1, COLD):
        it = made(CASES[name], warm)
        results = []
        for _ in range(3):
            it.run = it.new_run()
            it.recall.clear()
            value = it.call("f", [Int(given_, 32, True)])
            results.append((repr(value), it.run.steps))
        found.append(results)
    assert found[0] == found[1] == found[2]


def test_the_bound_on_steps_holds() -> None:
    it = made("int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i; return s; }", 0)
    it.max_steps = 500
    with pytest.raises(Unjudged, match="more steps"):
        it.call("f", [u(1000, 32)])
    assert it.run.steps == 501


def test_a_machine_that_is_released_keeps_no_closures() -> None:
    it = made("int f(int n) { return n + 1; }", 0)
    it.call("f", [u(1, 32)])
    assert it._closures
    it.release()
    assert not it._closures
    assert not it.makers
