# SPDX-License-Identifier: GPL-2.0-only
"""Helpers that are no functions: pointers to functions, and macros whose names say nothing."""

from __future__ import annotations

import pytest

from analyzer.model import Verdict
from tests.law.demo import ARCH_BODIES, PGTABLE, Bench, Edit, arch, found, unknown, verdict

FUNCTION = (
    "static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp,\n"
    "\t\t\t      pud_t pud)\n{\n\tpage_table_check_pud_set(mm, pudp, pud);\n"
    "\tset_pud(pudp, pud);\n}\n"
)
GIVEN = "struct mm_struct *mm, unsigned long addr, pud_t *pudp, pud_t pud"
RAW = f"static inline void demo_set({GIVEN}) {{ set_pud(pudp, pud); }}\n"
HOOKED = (
    f"static inline void demo_set({GIVEN})\n"
    "{ page_table_check_pud_set(mm, pudp, pud); set_pud(pudp, pud); }\n"
)
OPS = f"struct demo_ops {{ void (*set)({GIVEN}); }};\nextern struct demo_ops demo_ops;\n"


def instead(text: str) -> Edit:
    """What stands in the place of set_pud_at()."""
    return arch(FUNCTION, text)


@pytest.mark.parametrize(
    "text",
    [
        f"extern void (*set_pud_at)({GIVEN});\n",
        f"extern void (*set_pud_at)({GIVEN}) __read_mostly;\n",
        "extern void (*set_pud_at)(struct mm_struct *, unsigned long, pud_t *, pud_t);\n",
        f"typedef void demo_setter({GIVEN});\nextern demo_setter *set_pud_at;\n",
        f"typedef void (*demo_setter)({GIVEN});\nextern demo_setter set_pud_at;\n",
        f"{RAW}extern typeof(demo_set) *set_pud_at;\n",
        f"extern void (*demo_set)({GIVEN});\n#define set_pud_at demo_set\n",
        f"extern void (*demo_set)({GIVEN});\n#define set_pud_at(a, b, c, d) demo_set(a, b, c, d)\n",
        f"extern void (*demo_set)({GIVEN});\n#define set_pud_at (*demo_set)\n",
        f"{OPS}#define set_pud_at demo_ops.set\n",
        f"{OPS}#define set_pud_at (demo_ops.set)\n",
        f"{OPS}#define set_pud_at(...) demo_ops.set(__VA_ARGS__)\n",
        f"{OPS}#define set_pud_at(mm, args...) demo_ops.set(mm, args)\n",
        f"{OPS}#define set_pud_at(a, b, c, d) demo_ops.set(a, b, c, d)\n",
        f"{OPS}#define set_pud_at(a, b, c, d) (&demo_ops)->set((a), (b), (c), (d))\n",
    ],
)  # fmt: skip
def test_a_pointer_that_leads_nowhere_we_see(demo: Bench, text: str) -> None:
    """It is given an entry's address; what it does to the entry nobody says."""
    result = demo.judge(instead(text))
    assert "set_pud_at" in unknown(result)
    assert "an entry's address is given to a" in unknown(result)["set_pud_at"]


@pytest.mark.parametrize("body", [RAW, HOOKED])
@pytest.mark.parametrize(
    "text",
    [
        f"static void (*set_pud_at)({GIVEN}) = demo_set;\n",
        f"static void (*const set_pud_at)({GIVEN}) = &demo_set;\n",
        (f"static void (*demo_put)({GIVEN}) = demo_set;\n#define set_pud_at(a, b, c, d) \\\n"
        "\tdemo_put(a, b, c, d)\n"),
        (f"struct demo_ops {{ void (*set)({GIVEN}); }};\n"
        "static struct demo_ops demo_ops = { .set = demo_set };\n"
        "#define set_pud_at(...) demo_ops.set(__VA_ARGS__)\n"),
        (f"struct demo_ops {{ void (*set)({GIVEN}); }};\n"
        "static struct demo_ops demo_ops = { .set = demo_set };\n"
        "#define set_pud_at demo_ops.set\n"),
    ],
)  # fmt: skip
def test_a_pointer_is_followed_to_its_function(demo: Bench, body: str, text: str) -> None:
    result = demo.judge(instead(body + text))
    if body == RAW:
        assert found(result) == {("PTC101", "demo_set")}
    else:
        assert result.findings == ()
        assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED


@pytest.mark.parametrize("body", [RAW, HOOKED])
def test_a_pointer_that_a_source_file_fills(demo: Bench, body: str) -> None:
    declared = f"extern void (*set_pud_at)({GIVEN});\n"
    lines = body.replace("static inline ", "static ") + (
        f"void (*set_pud_at)({GIVEN}) = demo_set;\n"
    )
    text = (demo.tree.read(ARCH_BODIES)).decode()
    first = text[text.index("\n#include") : text.index("\n", text.index("\n#include") + 1) + 1]
    result = demo.judge(instead(declared), Edit(ARCH_BODIES, first, first + lines))
    if body == RAW:
        assert found(result) == {("PTC101", "demo_set")}
    else:
        assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED


HOOK = "page_table_check_pud_set(a, c, d); "


@pytest.mark.parametrize("hook", ["", HOOK])
@pytest.mark.parametrize(
    "body",
    [
        "do {{ {}*(c) = (d); }} while (0)",
        "do {{ {}(c)->pud = pud_val(d); }} while (0)",
        "do {{ {}pud_val(*(c)) = pud_val(d); }} while (0)",
        "do {{ {}(c)[0] = (d); }} while (0)",
        "do {{ {}set_pud(c, d); }} while (0)",
        "({{ {}set_pud((c), (d)); }})",
        "do {{ {}WRITE_ONCE(*(c), d); }} while (0)",
        "do {{ {}demo_put(c, d); }} while (0)",
    ],
)
def test_what_a_macro_does_tells_what_it_is_given(demo: Bench, hook: str, body: str) -> None:
    """`a`, `b`, `c`, `d` say nothing: the body does."""
    put = "#define demo_put(x, y) set_pud(x, y)\n"
    result = demo.judge(instead(f"{put}#define set_pud_at(a, b, c, d) {body.format(hook)}\n"))
    if hook:
        assert verdict(result, "set_pud_at").verdict is Verdict.BALANCED
        assert result.findings == ()
    else:
        assert [rule for rule, _ in found(result)] == ["PTC101"]
        assert verdict(result, "set_pud_at").verdict is Verdict.FINDING
        (one,) = result.findings
        assert one.location.path == PGTABLE
        assert one.function in ("set_pud", "set_pud_at")


@pytest.mark.parametrize(
    "text",
    [
        "#define set_pud_at(a, b, c, d) demo_unseen(a, b, c, d)\n",
        "#define set_pud_at(...) demo_unseen(__VA_ARGS__)\n",
        "#define set_pud_at(a, rest...) demo_unseen(a, rest)\n",
        ("struct demo_unseen;\nextern struct demo_unseen demo_ops;\n"
        "#define set_pud_at(a, b, c, d) demo_ops.set(a, b, c, d)\n"),
        "#define set_pud_at(a, b, c, d) demo_get(1)(a, b, c, d)\n",
        "extern demo_hidden *set_pud_at;\n",
        "#define set_pud_at demo_ops.set\n",
    ],
)  # fmt: skip
def test_a_macro_that_tells_nothing_is_not_judged(demo: Bench, text: str) -> None:
    declared = "int demo_unseen();\nvoid (*demo_get(int))();\n"  # in no header that is read for it
    first = "#include <linux/types.h>\n"
    result = demo.judge(instead(text), Edit("include/linux/mm_types.h", first, first + declared))
    reason = unknown(result)["set_pud_at"]
    assert reason.startswith(f"{PGTABLE} does not tell what the parameters of set_pud_at are: ")


@pytest.mark.parametrize(
    "text",
    [
        "#define set_pud_at(a, b, c, d) ((void)0)\n",
        "#define set_pud_at(a, b) (pud_val(a) == pud_val(b))\n",
        "#define set_pud_at(...) do { } while (0)\n",
        "int demo_count(struct mm_struct *mm);\n#define set_pud_at(...) demo_count(__VA_ARGS__)\n",
        "#define set_pud_at(pud, write) (pud_write(pud) || !(write))\n",
    ],
)  # fmt: skip
def test_what_is_given_no_entry_is_no_helper(demo: Bench, text: str) -> None:
    result = demo.judge(instead(text))
    assert not [one for one in result.helpers if one.helper == "set_pud_at"]


def test_two_macros_that_store_by_themselves(demo: Bench) -> None:
    """A finding each, where the macro is defined: there is no function to name."""
    pmd = (
        "static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,\n"
        "\t\t\t      pmd_t pmd)\n{\n\tpage_table_check_pmd_set(mm, pmdp, pmd);\n"
        "\tset_pmd(pmdp, pmd);\n}\n"
    )
    text = "#define set_{0}_at(mm, addr, {0}p, {0}) do {{ *({0}p) = ({0}); }} while (0)\n".format
    result = demo.judge(instead(text("pud")), arch(pmd, text("pmd")))
    places = {one.function: (one.helper, one.location) for one in result.findings}
    assert set(places) == {"set_pmd_at", "set_pud_at"}
    lines = (demo.tree.read(PGTABLE)).decode().splitlines()
    for name, (helper, location) in places.items():
        first = next(n for n, line in enumerate(lines, 1) if f" {name}(" in line)
        assert (helper, location.path) == (name, PGTABLE)
        assert first - 8 < location.line <= first


def test_the_place_of_what_is_not_told(demo: Bench) -> None:
    result = demo.judge(instead("#define set_pud_at(...) demo_ops.set(__VA_ARGS__)\n"))
    location = verdict(result, "set_pud_at").location
    assert location is not None
    assert location.path == PGTABLE
    assert location.line > 100
