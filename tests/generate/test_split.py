# SPDX-License-Identifier: GPL-2.0-only
"""Raw variants that are split off, and invalidates that leave something else."""

from __future__ import annotations

import re
import textwrap

import pytest

from analyzer.check import check_tree
from analyzer.check.api import hook_api
from analyzer.generate.api import Hooks
from analyzer.generate.atoms import masks
from analyzer.generate.conjunctions import bit_of
from analyzer.generate.ctext import find_function, line_of
from analyzer.generate.edits import Step, make
from analyzer.generate.forms import Site, forms
from analyzer.generate.judge import Bench, Judgement
from analyzer.generate.run import plan
from analyzer.generate.search import Search
from analyzer.generate.shapes import Raw, macro_forms
from analyzer.generate.split import prototype_change, raw_name, split_setter
from analyzer.tree import KernelTree
from tests.generate.conftest import Demo, applied
from tests.generate.hooks import hooks
from tests.generate.test_shapes import hooked, stripped_with

SETTER = """
static inline void __demo_store(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}

static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					pte_t pte, unsigned int nr)
{
	pte = __pte(pte_val(pte) & ~_PAGE_ACCESSED);
	for (;;) {
		__demo_store(ptep, pte);
		if (--nr == 0)
			break;
		ptep++;
		pte = __pte(pte_val(pte) + (1UL << _PAGE_PFN_SHIFT));
	}
}
#define set_ptes set_ptes
#define set_pte_at(mm, addr, ptep, pte) set_ptes(mm, addr, ptep, pte, 1)

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
					pmd_t pmd)
{
	set_pte_at(mm, addr, (pte_t *)pmdp, __pte(pmd_val(pmd)));
}
"""
SET_PMD = re.compile(r"static inline void set_pmd_at\(.*?\n}\n", re.S)


@pytest.fixture(scope="module")
def through(demo: Demo) -> tuple[KernelTree, KernelTree]:
    """A tree whose set_pmd_at() stores with a setter that changes what it is given; its series."""
    tree = stripped_with(demo, {SET_PMD: ""}, SETTER)
    found = plan(tree, "demo")
    assert not found.undecided
    assert {edit.function for edit in found.edits if edit.step is Step.RAW} == {"set_ptes"}
    return tree, applied(tree, found)


def test_a_raw_variant_is_split_off_a_setter(through: tuple[KernelTree, KernelTree]) -> None:
    _, series = through
    assert "page_table_check" not in hooked(series, "__set_ptes")
    assert "& ~_PAGE_ACCESSED" in hooked(series, "__set_ptes")
    assert hooked(series, "set_ptes").endswith(
        "{\n\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n"
        "\t__set_ptes(mm, addr, ptep, pte, nr);\n}\n"
    )
    assert "__set_ptes(mm, addr, (pte_t *)pmdp, __pte(pmd_val(pmd)), 1);" in hooked(
        series, "set_pmd_at"
    )


def test_with_it_the_laws_hold(through: tuple[KernelTree, KernelTree]) -> None:
    _, series = through
    assert not check_tree(series, ("demo",)).findings
    assert not plan(series, "demo").edits


def test_names_of_raw_variants() -> None:
    assert raw_name("set_ptes", ["set_ptes"]) == "__set_ptes"
    assert raw_name("set_ptes", ["__set_ptes"]) == "set_ptes_unchecked"


def test_a_setter_is_wrapped_as_it_was() -> None:
    text = "void set_ptes(struct mm_struct *mm,\n\t\tpte_t *ptep, pte_t pte)\n{\n\tg(ptep);\n}\n"
    made = split_setter(text, "set_ptes", 1, "__set_ptes")
    assert made is not None
    for one in sorted(made.changes, key=lambda c: -c.start):
        text = text[: one.start] + one.new + text[one.end :]
    assert text == (
        "void __set_ptes(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{\n\tg(ptep);\n}\n\n"
        "void set_ptes(struct mm_struct *mm,\n\t\tpte_t *ptep, pte_t pte)\n{\n"
        "\t__set_ptes(mm, ptep, pte);\n}\n"
    )
    assert split_setter("int f(pte_t *p)\n{\n\treturn 1;\n}\n", "f", 1, "g") is None


def test_the_raw_variant_is_declared_where_the_setter_is() -> None:
    text = "int a;\nvoid set_ptes(struct mm_struct *mm,\n\t      pte_t *ptep);\n"
    change = prototype_change(text, "set_ptes", "__set_ptes")
    assert change is not None
    assert change.new == "\nvoid __set_ptes(struct mm_struct *mm, pte_t *ptep);"
    change = prototype_change(f"extern {text}", "set_ptes", "__set_ptes")
    assert change is not None
    assert change.new == "\nvoid __set_ptes(struct mm_struct *mm, pte_t *ptep);"
    assert prototype_change("void f(void)\n{\n\tset_ptes(a);\n}\n", "set_ptes", "x") is None


INVALID = re.compile(r"\treturn pmd_set_bits\(pmd_clear_bits\(pmd, _PAGE_PRESENT\), _PAGE_INVAL\)")


def test_an_invalidate_that_cannot_be_told_apart_gives_up_a_bit(demo: Demo) -> None:
    tree = stripped_with(demo, {INVALID: "\treturn pmd_clear_bits(pmd, _PAGE_ACCESSED)"})
    found = plan(tree, "demo")
    assert found.synthesis is not None
    assert found.synthesis.changed == ("pmd",)
    assert not found.undecided
    series = applied(tree, found)
    text = hooked(series, "pmd_mkinvalid")
    assert re.search(
        r"\tif \(IS_ENABLED\(CONFIG_PAGE_TABLE_CHECK\)\)\n"
        r"\t\tpmd = __pmd\(pmd_val\(pmd\) & ~_PAGE_\w+\);\n\n\treturn pmd_clear_bits",
        text,
    )
    assert not check_tree(series, ("demo",)).findings


def test_which_bit_a_test_asks_for() -> None:
    one, other = masks("pmd", ["_PAGE_READ"])
    assert bit_of(one, "pmd") == "_PAGE_READ"
    assert bit_of(other, "pmd") == ""
    assert not masks("pud", ["_SEGMENT_ENTRY_READ"])


def test_an_entry_without_a_name_is_given_to_the_hook_as_it_is_stored() -> None:
    text = (
        "void set_it(struct mm_struct *mm, pte_t *ptep, pte_t pte)\n{\n"
        "\tunsigned long raw = pte_val(pte) | 1;\n\n\tset_pte(ptep, __pte(raw));\n}\n"
    )
    parsed = find_function(text, "set_it", 1)
    assert parsed is not None
    site = Site(text, parsed, text.index("set_pte("), "pte")
    made = [form.changes[0].new for form in forms(site, hooks())]
    assert "\tpage_table_check_pte_set(mm, ptep, __pte(raw));\n" in made
    other = text.replace("__pte(raw)", "__pte(update(ptep))")
    parsed = find_function(other, "set_it", 1)
    assert parsed is not None
    site = Site(other, parsed, other.index("set_pte("), "pte")
    assert not any("update" in form.changes[0].new for form in forms(site, hooks()))


def test_a_raw_variant_that_nobody_uses_is_taken_back(demo: Demo) -> None:
    with Bench(demo.stripped, "demo") as bench:
        search = Search(bench, Hooks(hook_api(demo.stripped, ("demo",))))
        path = "include/linux/pgtable.h"
        text = search.text(path)
        parsed = find_function(text, "set_ptes", 1)
        assert parsed is not None
        at = parsed.body[0].start
        line = "page_table_check_pmd_clear(mm, x);\n\t"
        hook = make(text, path, at, at, line, Step.HOOKS, "set_ptes", "why", "hook", "pte")
        search.keep([hook])
        now = Judgement()
        assert search.splits.made_raw("set_ptes", line_of(text, parsed.start), [hook], now)
        assert "void __set_ptes(" in search.text(path)
        search.splits.joined(now)
        assert search.edits == [hook]
        assert "__set_ptes(" not in search.text(path)


def test_a_macro_over_a_setter_becomes_a_function_that_stores_raw() -> None:
    text = (
        "#define set_pmd_at(mm, addr, pmdp, pmd) \\\n"
        "\tset_pte_at(mm, addr, (pte_t *)pmdp, pmd_pte(pmd))\n"
    )
    raw = Raw("__store", ("mm", "slot", "value"))
    made = [
        (form.changes[0].new, other)
        for form, other in macro_forms(text, "set_pmd_at", "pmd", hooks(), [raw])
    ]
    assert [other for _, other in made] == [False, True, True]
    assert "\tpage_table_check_pmd_set(mm, pmdp, pmd);\n" in made[1][0]
    assert "\t__store(mm, (pte_t *)pmdp, pmd_pte(pmd));\n" in made[1][0]
    assert "\tset_pte((pte_t *)pmdp, pmd_pte(pmd));\n" in made[2][0]


def test_a_macro_that_becomes_a_function_is_spaced_as_functions_are() -> None:
    text = "#define set_pte_at(mm,addr,ptep,pte) set_pte(ptep,pte)\n"
    ((form, _),) = macro_forms(text, "set_pte_at", "pte", hooks())
    assert "\tset_pte(ptep, pte);\n" in form.changes[0].new


def test_a_function_that_was_a_macro_has_empty_lines_around_it() -> None:
    line = "#define set_pte_at(mm, addr, ptep, pteval) set_pte(ptep, pteval)\n"
    for before, after in (("int a;\n", "int b;\n"), ("int a;\n\n", "\nint b;\n")):
        text = before + line + after
        form, _ = next(iter(macro_forms(text, "set_pte_at", "pte", hooks())))
        (change,) = form.changes
        new = text[: change.start] + change.new + text[change.end :]
        assert new.startswith("int a;\n\nstatic inline void set_pte_at(")
        assert new.endswith("}\n\nint b;\n")


BODY = """\
if (pte_present(pteval) &&
    pte_exec(pteval))
\t__sync(pteval);
*pteptr = pteval;
flush(mm, addr);
"""


def test_a_macro_of_several_statements_keeps_its_lines() -> None:
    lines = ["do {", *(f"\t{line}" for line in BODY.splitlines())]
    lines[4] = lines[4].replace("*pteptr = pteval", "*(pteptr) = (pteval)")
    macro = " \\\n\t".join(
        ["#define set_pte_at(mm, addr, pteptr, pteval)", *lines, "} while (0)\n"]
    )
    ((form, _),) = macro_forms(macro, "set_pte_at", "pte", hooks())
    head, _, body = form.changes[0].new.partition("\n{\n")
    assert head.startswith(
        "static inline void set_pte_at(struct mm_struct *mm, unsigned long addr,"
    )
    hook, _, rest = body.partition("\n")
    assert hook == "\tpage_table_check_pte_set(mm, pteptr, pteval);"
    assert rest == textwrap.indent(BODY, "\t") + "}\n"


def test_a_macro_of_two_loops_stays_on_one_line() -> None:
    text = """\
#define set_pte_at(mm, addr, ptep, pte) do { \\
    a(ptep); \\
  } while (0); do { \\
    b(ptep, pte); } while (0)
"""
    ((form, _),) = macro_forms(text, "set_pte_at", "pte", hooks())
    assert "\tdo { a(ptep); } while (0); do { b(ptep, pte); } while (0);\n" in form.changes[0].new
