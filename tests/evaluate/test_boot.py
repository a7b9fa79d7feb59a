# SPDX-License-Identifier: GPL-2.0-only
"""Globals without an initializer: what the functions that assign them at boot leave there."""

from __future__ import annotations

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.values import Int, Opaque, Value
from analyzer.frontend.unit import Unit
from analyzer.helpers.code import UnitCode
from analyzer.helpers.setting import Setting

HEAD = '\n# 1 "arch/new/mm/init.c"\n'


def asked(text: str, *prefix: int) -> tuple[Value, list[str]]:
    """What `f()` returns when conditions go the ways of `prefix`, and the conditions."""
    it = Machine(UnitCode(Unit(f"{HEAD}{text}\n")), 64, "little")
    it.deciding = True
    it.run = it.new_run(tuple(prefix))
    result = it.number(it.call("f", []))
    return result, [choice.key for choice in it.run.choices]


def value(text: str, *prefix: int) -> int:
    result, _ = asked(text, *prefix)
    if isinstance(result, Opaque) and result.default is not None:
        result = result.default
    assert isinstance(result, Int), result
    return result.value


MAP = "unsigned long map[4];\nstatic unsigned long f(void) { return map[2]; }\n"


def test_an_array_that_one_function_fills() -> None:
    text = f"{MAP}static void fill(void) {{ map[0] = 1; map[2] = 1 | 4; }}"
    assert value(text) == 5


def test_an_array_that_is_filled_through_a_local_pointer() -> None:
    start = f"{MAP}static void fill(void) {{ unsigned long *m = map; "
    assert value(f"{start}m[0] = 1; m[2] = 1 | 4; }}") == 5
    assert isinstance(asked(f"{start}m[0] = 1; }}")[0], Opaque) or value(start + "m[0] = 1; }") == 0
    unseen = asked(f"int far(void);\n{start}m[2] = 4; m[far()] = 1; }}")[0]
    assert isinstance(unseen, Opaque)  # what cannot be followed may have hit any of them


def test_what_it_is_given_comes_from_the_caller() -> None:
    text = f"{MAP}static void fill(unsigned long a) {{ map[2] = a | 4; }}\n"
    assert value(f"{text}static void init(void) {{ unsigned long b = 8; fill(b); }}") == 12


def test_two_setters_and_the_condition_between_them() -> None:
    text = (
        f"{MAP}extern int flavour;\nstatic void one(void) {{ map[2] = 1; }}\n"
        "static void two(void) { map[2] = 2; }\n"
        "static void init(void) { if (flavour == 3) two(); else one(); }"
    )
    assert (value(text, 0), value(text, 1)) == (1, 2)
    assert asked(text)[1] == ["(?flavour == 0x3)"]


def test_what_is_set_together_is_used_together() -> None:
    """One condition, one choice: the shift of one flavour never meets the mask of the other."""
    text = (
        "unsigned long shift, mask;\nextern int flavour;\n"
        "static void one(void) { shift = 1; mask = 10; }\n"
        "static void two(void) { shift = 2; mask = 20; }\n"
        "static void init(void) { if (flavour) two(); else one(); }\n"
        "static unsigned long f(void) { return shift + mask; }"
    )
    assert (value(text, 0), value(text, 1)) == (11, 22)


def test_what_does_not_matter_is_not_run() -> None:
    text = (
        f"{MAP}void probe(int);\nextern int a, b, c;\n"
        "static void fill(void) { int x = a; if (b) probe(x); if (c) probe(1); map[2] = 7; }"
    )
    assert asked(text)[1] == []
    assert value(text) == 7


def test_what_cannot_be_followed_leaves_nothing_known() -> None:
    text = f"{MAP}unsigned long get(void);\nstatic void fill(void) {{ map[2] = get(); }}"
    assert not isinstance(asked(text)[0], Int)


def test_many_conditions_are_state_and_not_geometry() -> None:
    text = (
        f"{MAP}extern int a, b, c;\nstatic void fill(void)\n"
        "{ if (a) map[2] = 1; if (b) map[2] = 2; if (c) map[2] = 3; }"
    )
    result, conditions = asked(text)
    assert not isinstance(result, Int)
    assert conditions == []


def test_a_variable_that_is_set_is_still_asked_about() -> None:
    """That a function switches a feature on does not mean that it is on."""
    text = (
        "int on;\nstatic void enable(void) { on = 1; }\n"
        "static unsigned long f(void) { return on ? 5 : 6; }"
    )
    assert asked(text)[1] == ["on"]


def test_an_initializer_comes_first() -> None:
    text = (
        "unsigned long shift = 3;\nstatic void late(void) { shift = 9; }\n"
        "static unsigned long f(void) { return shift + 0; }"
    )
    assert value(text) == 3


def test_assignments_in_headers_do_not_count() -> None:
    unit = Unit('\n# 1 "arch/new/include/asm/x.h"\nint on;\nstatic void set(void) { on = 1; }\n')
    assert Setting(unit).setters("on") == ()
