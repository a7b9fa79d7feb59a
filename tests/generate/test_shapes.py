# SPDX-License-Identifier: GPL-2.0-only
"""Shapes of architectures that need more than a hook: hooks that go, stores that stay raw."""

from __future__ import annotations

import re

import pytest

from analyzer.check import check_tree
from analyzer.frontend import Unit
from analyzer.generate.api import PredicateShape
from analyzer.generate.atoms import Atom
from analyzer.generate.edits import Edit, Step, apply
from analyzer.generate.judge import Judgement
from analyzer.generate.parts import opposite
from analyzer.generate.placement import c_regions
from analyzer.generate.predicate_text import Block, lacking_ahead, predicates_edits
from analyzer.generate.predicates import Predicate
from analyzer.generate.run import _idle, plan
from analyzer.generate.shapes import Raw, raw_forms, raw_store
from analyzer.generate.targets import Candidate, Target
from analyzer.tree import KernelTree
from tests.generate.conftest import Demo, applied, edited

HEADER = "arch/demo/include/asm/pgtable.h"
NO_ADDRESS = PredicateShape(False, False)
GET = re.compile(r"#define __HAVE_ARCH_PTEP_GET_AND_CLEAR\n.*?\n}\n", re.S)
CLEAR = re.compile(r"static inline void pte_clear\(.*?\n}\n", re.S)

OWN_HOOK = """
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr,
					pte_t *ptep, int full)
{
	pte_t old = ptep_get_and_clear(mm, addr, ptep);

	page_table_check_pte_clear(mm, old);
	return old;
}
"""

OWN_STORE = """
static inline void __demo_store(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				pte_t pte, int full)
{
	WRITE_ONCE(*ptep, pte);
}

static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					pte_t pte, unsigned int nr)
{
	for (;;) {
		__demo_store(mm, addr, ptep, pte, 0);
		if (--nr == 0)
			break;
		ptep++;
		pte = __pte(pte_val(pte) + (1UL << _PAGE_PFN_SHIFT));
	}
}
#define set_ptes set_ptes

#define pte_clear(mm, addr, ptep)	\\
	set_pte_at((mm), (addr), (ptep), __pte(0))
"""


def stripped_with(demo: Demo, change: dict[re.Pattern[str], str], at_end: str = "") -> KernelTree:
    text = demo.stripped.read(HEADER).decode()
    for pattern, new in change.items():
        text, count = pattern.subn(new.replace("\\", r"\\"), text)
        assert count == 1
    end = text.rindex("#endif")
    return edited(demo.stripped, {HEADER: text[:end] + at_end + "\n" + text[end:]})


def hooked(tree: KernelTree, name: str) -> str:
    text = tree.read(HEADER).decode()
    found = re.search(rf"^static inline [^\n;]*\b{name}\(.*?\n}}\n", text, re.S | re.M)
    assert found is not None
    return found[0]


def test_a_hook_that_becomes_double_goes(demo: Demo) -> None:
    tree = stripped_with(demo, {}, OWN_HOOK)
    found = plan(tree, "demo")
    assert not found.undecided
    series = applied(tree, found)
    assert "page_table_check_pte_clear" in hooked(series, "ptep_get_and_clear")
    assert "page_table_check" not in hooked(series, "ptep_get_and_clear_full")
    assert not check_tree(series, ("demo",)).findings


def test_a_clear_through_the_hooked_setter_stores_as_the_setter_does(demo: Demo) -> None:
    tree = stripped_with(demo, {GET: "", CLEAR: OWN_STORE})
    found = plan(tree, "demo")
    assert not found.undecided
    series = applied(tree, found)
    text = series.read(HEADER).decode()
    assert "__demo_store((mm), (addr), (ptep), __pte(0), 0)" in text
    assert "page_table_check_ptes_set(mm, ptep, pte, nr);\n\n\tfor (;;)" in text
    assert not check_tree(series, ("demo",)).findings
    assert not plan(series, "demo").edits


OUTER = """
#define demo_note(mm, addr, pte, full) do { } while (0)
static inline void __demo_store(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
				pte_t pte, int full)
{
	pte_t orig = *ptep;

	WRITE_ONCE(*ptep, pte);
	demo_note(mm, addr, orig, full);
}

#define set_pte_at(mm,addr,ptep,pte)	\\
	__demo_store((mm), (addr), (ptep), (pte), 0)

static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep,
					pte_t pte, unsigned int nr)
{
	for (;;) {
		__demo_store(mm, addr, ptep, pte, 0);
		if (--nr == 0)
			break;
		ptep++;
		pte = __pte(pte_val(pte) + (1UL << _PAGE_PFN_SHIFT));
	}
}
#define set_ptes set_ptes

#define pte_clear(mm, addr, ptep)	\\
	set_pte_at((mm), (addr), (ptep), __pte(0))
"""
GENERIC = "include/linux/pgtable.h"
SET_PTE_AT = "#define set_pte_at(mm, addr, ptep, pte) set_ptes(mm, addr, ptep, pte, 1)\n"


def test_where_nothing_can_store_around_a_hook_the_callers_have_it(demo: Demo) -> None:
    """Generic code that hooks clears through the function that all setters store with."""
    tree = stripped_with(demo, {GET: "", CLEAR: OUTER})
    generic = tree.read(GENERIC).decode()
    assert SET_PTE_AT in generic
    own = f"#ifndef set_pte_at\n{SET_PTE_AT}#endif\n"
    tree = edited(tree, {GENERIC: generic.replace(SET_PTE_AT, own)})
    found = plan(tree, "demo")
    assert not found.undecided
    series = applied(tree, found)
    assert "page_table_check" not in hooked(series, "__demo_store")
    assert "page_table_check_ptes_set(mm, ptep, pte, nr);" in hooked(series, "set_ptes")
    body = (
        "\tpage_table_check_ptes_set(mm, ptep, pte, 1);\n\t__demo_store(mm, addr, ptep, pte, 0);\n"
    )
    assert body in hooked(series, "set_pte_at")
    assert not check_tree(series, ("demo",)).findings


HUGE = """
static inline pte_t huge_ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t clear = __pte(0);
	pte_t pte = *ptep;

	set_ptes(mm, addr, ptep, clear, 1);
	return pte;
}
"""
CALLERS = "mm/memory.c"


@pytest.mark.slow
def test_a_hook_that_another_one_makes_idle_is_taken_back(demo: Demo) -> None:
    """Both functions are hooked at first; the setter's hook counts for the other one, too."""
    store = OWN_STORE.replace(
        "set_pte_at((mm), (addr), (ptep), __pte(0))", "set_pte(ptep, __pte(0))"
    )
    tree = stripped_with(demo, {GET: "", CLEAR: store}, HUGE)
    calls = tree.read(CALLERS).decode() + (
        "\nvoid demo_unmap_huge(struct mm_struct *mm, unsigned long addr, pte_t *ptep)\n"
        "{\n\thuge_ptep_get_and_clear(mm, addr, ptep);\n}\n"
    )
    tree = edited(tree, {CALLERS: calls})
    found = plan(tree, "demo")
    assert not found.undecided
    assert ("set_ptes", "page_table_check_ptes_set") in {(e.function, e.hook) for e in found.edits}
    assert "huge_ptep_get_and_clear" not in {edit.function for edit in found.edits}


def test_how_a_setter_stores() -> None:
    text = OWN_STORE.lstrip("\n")
    line = text[: text.index("__demo_store(mm")].count("\n") + 1
    raw = raw_store(text, "set_ptes", line)
    assert raw == Raw("__demo_store", ("mm", "addr", "slot", "value", "0"))
    assert raw.spelled(["m", "a", "p", "__pte(0)"]) == "__demo_store(m, a, p, __pte(0), 0)"
    assert Raw("f", ("slot", "full")).spelled(["m", "a", "p", "v"]) == ""
    assert raw_store(text, "set_ptes", line + 1) == raw
    assert raw_store(text, "set_ptes", 1) == raw
    hooked = text.replace(
        "\tfor (;;)", "\tpage_table_check_ptes_set(mm, ptep, pte, nr);\n\tfor (;;)"
    )
    assert raw_store(hooked, "set_ptes", 1) == raw
    assert not raw_store(
        text.replace("__demo_store(mm, addr, ptep,", "demo_put(addr,"), "set_ptes", line
    ).function
    more = text.replace(", pte, 0);", ", pte, 0);\n\t\tdemo_flush(mm, addr);", 1)
    raw = raw_store(more, "set_ptes", line)
    assert raw.after == (("demo_flush", ("mm", "addr")),)
    assert raw.spelled(["m", "a", "p", "v"]) == "__demo_store(m, a, p, v, 0);\n\tdemo_flush(m, a)"
    own = more.replace("__demo_store(mm, addr, ptep, pte, 0);", "*ptep = pte;")
    raw = raw_store(own, "set_ptes", line)
    assert raw.spelled(["m", "a", "p", "v"]) == "set_pte(p, v);\n\tdemo_flush(m, a)"
    other = more.replace("demo_flush(mm, addr);", "if (nr)\n\t\t\tdemo_flush(mm, addr);")
    assert raw_store(other, "set_ptes", line).after is None


def test_predicates_may_stand_after_what_is_kept_from_assembler() -> None:
    text = (
        "#ifndef A_H\n#define A_H\n#ifndef __ASSEMBLY__\nint a;\n#endif\n"
        "#include <asm/more.h>\n#endif\n"
    )
    one = Predicate("pte", (Atom(1, "present", "pte_present({x})", ("pte_present",)),), True, 1)
    edits = list(predicates_edits(text, "a.h", [Block("", (one,), {})], NO_ADDRESS))
    first, last = (apply({"a.h": text}, [edit]) for edit in edits)
    assert first is not None
    assert last is not None
    region = c_regions(first["a.h"])[0]
    assert "pte_user_accessible_page" in first["a.h"][region[0] : region[1]]
    assert "#ifdef CONFIG_PAGE_TABLE_CHECK" in first["a.h"]
    tail = last["a.h"].partition("#include <asm/more.h>\n")[2]
    assert "#if defined(CONFIG_PAGE_TABLE_CHECK) && !defined(__ASSEMBLY__)" in tail


def test_what_a_predicate_calls_must_come_before_it() -> None:
    body = (
        "static inline bool pte_user_accessible_page(pte_t pte)\n{ return late(pte) && m(pte); }\n"
    )
    types = "typedef _Bool bool;\ntypedef int pte_t;\n"
    marked = f'\n# 1 "a.h"\n{types}int m(pte_t pte);\n{body}'
    assert lacking_ahead([Unit(marked + "int late(pte_t pte);\n")], "a.h") == ("late",)
    assert (
        lacking_ahead([Unit(marked.replace("int m(", "int late(pte_t pte);\nint m("))], "a.h") == ()
    )


def test_what_a_predicate_is_given_must_be_declared_before_it() -> None:
    body = "static inline bool pud_user_accessible_page(pud_t pud)\n{ return false; }\n"
    marked = '\n# 1 "a.h"\ntypedef _Bool bool;\nenum { false };\n'
    late = [Unit(f"{marked}{body}typedef int pud_t;\n")]
    assert lacking_ahead(late, "a.h") == ("pud_user_accessible_page",)
    assert lacking_ahead([Unit(f"{marked}typedef int pud_t;\n{body}")], "a.h") == ()


@pytest.mark.parametrize(
    ("option", "first", "other"),
    [
        ("WIDE", "#ifdef CONFIG_WIDE\n", "#else /* !CONFIG_WIDE */\n"),
        ("!WIDE", "#ifndef CONFIG_WIDE\n", "#else /* CONFIG_WIDE */\n"),
    ],
)
def test_predicates_of_an_option_and_of_the_rest(option: str, first: str, other: str) -> None:
    user = Predicate("pte", (Atom(1, "user", "pte_user({x})", ("pte_user",)),), True, 1)
    present = Predicate("pte", (Atom(1, "present", "pte_present({x})", ()),), False, 1)
    blocks = [Block(option, (user,), {}), Block(opposite(option), (present,), {"pud_pfn": "ODD"})]
    text = "#ifndef A_H\n#define A_H\nint a;\n#endif\n"
    made = apply({"a.h": text}, [next(predicates_edits(text, "a.h", blocks, NO_ADDRESS))])
    assert made is not None
    before, _, rest = made["a.h"].partition(first)
    mine, _, others = rest.partition(other)
    assert "CONFIG_PAGE_TABLE_CHECK" in before
    assert "pte_user(pte)" in mine
    assert "pte_present(pte)" in others
    assert "#ifdef CONFIG_ODD\nstatic inline unsigned long pud_pfn(pud_t pud)\n" in others


def candidate(hook: str) -> Candidate:
    return Candidate("a.h", (), hook, "why", Step.HOOKS)


def test_a_variant_in_which_nothing_holds_does_not_decide_for_the_others() -> None:
    one, other = candidate("one"), candidate("other")
    target = Target("f", "a.h", "pte", None, 1, False, iter([one, other]))
    target.variants = {"base", "odd"}
    assert target.next() is one
    assert target.failed({"odd"}, {"base", "odd"})
    assert target.next() is other
    assert target.failed({"base", "odd"}, {"base", "odd"})
    assert target.next() is one  # the best that there was
    assert not target.failed({"odd"}, {"base", "odd"})
    assert target.excused == {"odd"}
    assert target.failed({"base", "odd"}, {"base", "odd"})
    assert target.next() is None


def test_a_form_that_holds_everywhere_is_preferred() -> None:
    one, other = candidate("one"), candidate("other")
    target = Target("f", "a.h", "pte", None, 1, False, iter([one, other]))
    target.variants = {"base", "odd"}
    target.next()
    assert target.failed({"odd"}, {"base", "odd"})
    assert target.next() is other
    assert not target.failed(set(), {"base", "odd"})
    assert not target.excused


UNHOOKED = """
#ifndef CONFIG_TRANSPARENT_HUGEPAGE
#define __HAVE_ARCH_PTEP_GET_AND_CLEAR_FULL
static inline pte_t ptep_get_and_clear_full(struct mm_struct *mm, unsigned long addr,
					pte_t *ptep, int full)
{
	return __pte(xchg(&ptep->pte, 0UL));
}
#endif
"""


@pytest.mark.parametrize(("guard", "mended"), [("TRANSPARENT_HUGEPAGE", False), ("MMU", True)])
def test_where_the_option_is_not_selected_nothing_is_mended(
    demo: Demo, guard: str, mended: bool
) -> None:
    text = demo.whole.read(HEADER).decode()
    end = text.rindex("#endif")
    select = "select ARCH_SUPPORTS_PAGE_TABLE_CHECK if "
    kconfig = demo.whole.read("arch/demo/Kconfig").decode()
    assert select + "MMU\n" in kconfig
    tree = edited(
        demo.whole,
        {
            HEADER: text[:end] + UNHOOKED + "\n" + text[end:],
            "arch/demo/Kconfig": kconfig.replace(select + "MMU", select + guard),
        },
    )
    assert bool(plan(tree, "demo").edits) is mended


def test_hooks_that_only_left_out_configurations_read_go() -> None:
    wide = Unit('\n# 1 "a.h"\nint a;\n')
    both = Unit('\n# 1 "a.h"\nint a;\n# 1 "b.h"\nint b;\n')
    now = Judgement(units={"base": wide, "odd": both})
    edits = [
        Edit(path, "x", "y", step, "f", "why")
        for path, step in (("a.h", Step.HOOKS), ("b.h", Step.HOOKS), ("c.h", Step.SELECT))
    ]
    assert _idle(edits, now, frozenset({"odd"})) == [edits[1]]
    assert _idle(edits, now, frozenset()) == []


def test_an_old_entry_that_is_made_after_the_store(demo: Demo) -> None:
    whole = GET.search(demo.stripped.read(HEADER).decode())
    assert whole is not None
    body = "\tunsigned long old = xchg(&ptep->pte, 0UL);\n\n\treturn __pte(old);\n}\n"
    series = stripped_with(demo, {GET: whole[0].partition("{\n")[0] + "{\n" + body})
    text = hooked(applied(series, plan(series, "demo")), "ptep_get_and_clear")
    assert text.endswith(
        "{\n\tunsigned long old = xchg(&ptep->pte, 0UL);\n\tpte_t pte = __pte(old);\n\n"
        "\tpage_table_check_pte_clear(mm, pte);\n\n\treturn pte;\n}\n"
    )


@pytest.mark.slow
def test_a_hook_gets_an_entry_and_no_raw_value(demo: Demo) -> None:
    whole = GET.search(demo.stripped.read(HEADER).decode())
    assert whole is not None
    head = whole[0].partition("{\n")[0] + "{\n"
    made = (
        "\tpte_t old_pte;\n\tunsigned long old;\n\n"
        "\told = xchg(&ptep->pte, 0UL);\n\told_pte = __pte(old);\n\tbarrier();\n"
        "\treturn old_pte;\n}\n"
    )
    series = stripped_with(demo, {GET: head + made})
    text = hooked(applied(series, plan(series, "demo")), "ptep_get_and_clear")
    assert "\told_pte = __pte(old);\n\tpage_table_check_pte_clear(mm, old_pte);\n" in text
    raw = (
        "\tunsigned long old;\n\n\told = xchg(&ptep->pte, 0UL);\n\tbarrier();\n"
        "\treturn __pte(old);\n}\n"
    )
    series = stripped_with(demo, {GET: head + raw})
    text = hooked(applied(series, plan(series, "demo")), "ptep_get_and_clear")
    assert "\tpage_table_check_pte_clear(mm, __pte(old));\n\tbarrier();\n" in text


def test_a_clear_stores_its_empty_entry_raw_and_others_keep_what_the_setter_does() -> None:
    setter = Raw("set_pte", ("slot", "value"), False)
    body = (
        "static inline void {name}(struct mm_struct *mm, unsigned long addr, pte_t *ptep)\n"
        "{{\n\tpte_t null;\n\n\tpte_val(null) = addr & 0xf;\n"
        "\tset_pte_at(mm, addr, ptep, null);\n}}\n"
    )
    (one, *_) = raw_forms(body.format(name="pte_clear"), "pte_clear", "pte", [setter])
    assert [change.new for change in one.changes] == ["set_pte(ptep, null)"]
    assert not list(raw_forms(body.format(name="pte_fill"), "pte_fill", "pte", [setter]))


@pytest.mark.parametrize("tail", ["", "#ifdef A\n#include <asm/a.h>\n#endif\n", "\n#define B 1\n"])
def test_predicates_are_set_off_by_one_empty_line_and_end_no_file_with_one(tail: str) -> None:
    text = f"#ifndef A_H\n#define A_H\nint a;\n#endif\n{tail}"
    one = Predicate("pte", (Atom(1, "present", "pte_present({x})", ("pte_present",)),), True, 1)
    for edit in predicates_edits(text, "a.h", [Block("", (one,), {})], NO_ADDRESS):
        applied = apply({"a.h": text}, [edit])
        assert applied is not None
        made = applied["a.h"]
        assert "\n\n\n" not in made
        assert not made.endswith("\n\n")


BOTH = """\
static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	if (demo_pair(ptep))
		set_pte_at(mm, addr, ptep, __pte(_PAGE_GLOBAL));
	else
		set_pte_at(mm, addr, ptep, __pte(0));
}
"""


def test_all_ways_through_a_clear_store_raw() -> None:
    first = next(raw_forms(BOTH, "pte_clear", "pte"))
    assert [change.new for change in first.changes] == [
        "set_pte(ptep, __pte(_PAGE_GLOBAL))", "set_pte(ptep, __pte(0))",
    ]  # fmt: skip


def test_a_macro_that_is_a_setter_itself_keeps_its_name() -> None:
    text = "#define set_pmd_at(mm, addr, p, pmd)\tset_pte_at(mm, addr, (pte_t *)p, as_pte(pmd))\n"
    stores = [Raw("__set_pte_at", ("mm", "addr", "slot", "value"), True)]
    forms = list(raw_forms(text, "set_pmd_at", "pmd", stores))
    assert forms
    for form in forms:
        made = [text[change.start : change.end] for change in form.changes]
        assert not any(one.startswith("set_pmd_at(") for one in made)
