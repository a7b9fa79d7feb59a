# SPDX-License-Identifier: GPL-2.0-only
"""A macro that means something else is judged from what is kept only where that can be told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from analyzer.cache import FactCache, open_cache
from analyzer.cache.codec import encode
from analyzer.check import check_tree
from analyzer.check.judging import Shared
from analyzer.model import CheckResult, Verdict
from analyzer.tree import KernelTree, MemoryTree
from tests.check.trees import PGTABLE, demo_files, mend

HEADER: Final = f"arch/demo/{PGTABLE}"
BITS: Final = "arch/demo/include/asm/pgtable-bits.h"
ONLY: Final = frozenset({"base"})
BEFORE: Final = "static inline bool pte_protnone("
MORE: Final = """\
#define FORK_SHIFT 3
#define FORK_MASK(x) ((x) & FORK_SHIFT)
#define FORK_LEVEL 2
#define FORK_BASE 4
#define FORK_OF_BASE (FORK_BASE - 1)
#define FORK_GONE 1
#define FORK_NUMBER 11
#define FORK_const_a 5
#define FORK_TYPE int
#define FORK_GLUE(a, b) a##b
#define FORK_GET(x) FORK_const_##x
#define FORK_STORE(a, b) xchg(a, b)

static inline FORK_TYPE fork_one(int x)
{
	int mine = FORK_MASK(x);

	return mine + FORK_SHIFT;
}

static inline int fork_two(int x)
{
	return FORK_GET(a) + FORK_GLUE(FORK_, NUMBER) + FORK_GONE;
}
#undef FORK_GONE

static inline int fork_five(int x)
{
	return x;
}

static inline int fork_six(int x)
{
	return fork_five(x);
}

#if FORK_LEVEL > 1
static inline int fork_three(int x)
{
	return fork_one(x);
}
#endif

#if FORK_OF_BASE > 1
static inline int fork_four(int x)
{
	return fork_two(x);
}
#endif

#ifdef CONFIG_NOT_THERE
#define FORK_EITHER 1
#else
#define FORK_EITHER 2
#endif

static inline int fork_line(int x)
{
	return FORK_EITHER + __LINE__;
}

#ifdef CONFIG_NOT_THERE
#define FORK_HIDDEN 1
static inline int fork_hidden(int x)
{
	return FORK_SHIFT;
}
#endif

"""
XCHG: Final = "xchg(&pmdp->pmd, 0UL)"


def header_before() -> str:
    """The demonstration's header with macros, of which the helpers use some."""
    header = mend(demo_files("demo")[HEADER]).decode("latin-1")
    assert XCHG in header
    stored = "(unsigned long)(fork_one(0) - 3 + AT - fork_line(0))"
    header = header.replace(XCHG, f"FORK_STORE(&pmdp->pmd, {stored})")
    header = header.replace(BEFORE, MORE + BEFORE, 1)
    at = header.count("\n", 0, header.index("FORK_EITHER + __LINE__")) + 1
    return header.replace("AT -", f"{at + 2} -")


def tree_of(header: str, **more: str) -> MemoryTree:
    files = {**demo_files("demo"), HEADER: header.encode("latin-1")}
    return MemoryTree({**files, **{path: text.encode("latin-1") for path, text in more.items()}})


def judged(tree: KernelTree, base: KernelTree | None, cache: FactCache | None) -> CheckResult:
    shared = Shared()
    if base is not None:
        shared.trees.append(base)
    found = check_tree(tree, ("demo",), only=ONLY, facts=cache, shared=shared)
    return replace(found, seconds=0)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    with open_cache(folder) as cache:
        result = judged(tree_of(header_before()), None, cache)
    assert not any(one.verdict is Verdict.UNKNOWN for one in result.helpers)
    return folder


def line(text: str, more: str) -> tuple[str, str]:
    """Put lines before one that begins so."""
    return text, f"{more}{text}"


KEPT: Final = {
    "the value": ("FORK_SHIFT 3", "FORK_SHIFT 2"),
    "brackets": ("FORK_SHIFT 3", "FORK_SHIFT (3)"),
    "what it is made of": ("((x) & FORK_SHIFT)", "((x) | FORK_SHIFT)"),
    "gone": ("#define FORK_SHIFT 3\n", ""),
    "new": line("#define FORK_SHIFT", "#define FORK_NEW 1\n"),
    "new, of several lines": line(
        "#define FORK_SHIFT", "#define FORK_NEW(x) \\\n\t((x) + /* so */ 1)\n"
    ),
    "new, not compiled": line("#define FORK_HIDDEN", "#define FORK_NEW 1\n"),
    "other, not compiled": ("FORK_HIDDEN 1", "FORK_HIDDEN 2"),
    "a local's name": line("static inline FORK_TYPE fork_one", "#define mine ours\n"),
    "behind a function": line("static inline int fork_two", "#define FORK_SHIFTED 9\n"),
}  # fmt: skip

FULL: Final = {
    "in a condition": ("FORK_LEVEL 2", "FORK_LEVEL 1"),
    "in one that is": ("FORK_BASE 4", "FORK_BASE 1"),
    "undefined later": ("FORK_GONE 1", "FORK_GONE 2"),
    "pasted with a name": ("FORK_const_a 5", "FORK_const_a 6"),
    "pasted of two": ("FORK_NUMBER 11", "FORK_NUMBER 12"),
    "a function's name": line("#define FORK_LEVEL", "#define fork_one(x) 7\n"),
    "what a probe asks": ("PMD_SHIFT 21", "PMD_SHIFT 22"),
    "asked by a generic header": line("#define FORK_SHIFT", "#define ptep_clear ptep_clear\n"),
    "a helper's name": line("#define FORK_SHIFT", "#define set_pte_at(m, a, p, v) set_pte(p, v)\n"),
    "what is pasted": ("FORK_GLUE(a, b) a##b", "FORK_GLUE(a, b) b##a"),
    "the line": ("FORK_SHIFT 3", "FORK_SHIFT __LINE__"),
    "a hook": ("FORK_SHIFT 3", "FORK_SHIFT page_table_check_pte_clear(0, __pte(0))"),
    "parameters": ("FORK_MASK(x) ((x) &", "FORK_MASK(x, y) ((x) &"),
    "no macro": ("#define FORK_SHIFT 3", "#define FORK_SHIFT(3"),
    "behind its use": (
        "#define FORK_SHIFT 3\n#define FORK_MASK", "#define FORK_MASK",
    ),
    "a store": ("FORK_STORE(a, b) xchg(a, b)", "FORK_STORE(a, b) (*(a))"),
    "a predicate's": ("pmd_pfn(pmd) ((", "pmd_pfn(pmd) (1 + ("),
}  # fmt: skip


def _edited(change: tuple[str, str]) -> str:
    header = header_before()
    assert header.count(change[0]) >= 1, change
    return header.replace(*change, 1)


@pytest.mark.parametrize("name", KEPT)
def test_what_only_functions_name(copy: FactCache, found_again: list[bool], name: str) -> None:
    tree = tree_of(_edited(KEPT[name]))
    warm = judged(tree, tree_of(header_before()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [True]


@pytest.mark.parametrize("name", FULL)
def test_what_others_ask_is_read_again(copy: FactCache, found_again: list[bool], name: str) -> None:
    text = _edited(FULL[name])
    if name == "behind its use":
        text = text.replace("#if FORK_LEVEL", "#define FORK_SHIFT 3\n#if FORK_LEVEL", 1)
    tree = tree_of(text)
    warm = judged(tree, tree_of(header_before()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [False]


def test_what_is_stored_now_is_found(copy: FactCache, found_again: list[bool]) -> None:
    """The helper is run again: the macro makes another entry of none."""
    tree = tree_of(_edited(KEPT["the value"]))
    found = judged(tree, tree_of(header_before()), copy)
    broken = {one.helper for one in found.helpers if one.verdict is Verdict.FINDING}
    assert "pmdp_huge_get_and_clear" in broken
    assert found_again == [True]


def test_a_line_that_moves_with_a_macro(copy: FactCache, found_again: list[bool]) -> None:
    """A function that says on which line it stands names a macro that is not compiled."""
    text = header_before().replace("FORK_EITHER 1", "FORK_EITHER \\\n\t3", 1)
    warm = judged(tree_of(text), tree_of(header_before()), copy)
    assert encode(warm) == encode(judged(tree_of(text), None, None))
    assert any(one.verdict is Verdict.FINDING for one in warm.helpers)
    assert found_again == [True]


@pytest.mark.parametrize("more", ["/* a remark */\n", "\n", "#define FORK_NEW 1\n"])
@pytest.mark.parametrize("said", ["__LINE__", "FORK_HERE"])
def test_a_line_that_moves(tmp_path: Path, found_again: list[bool], more: str, said: str) -> None:
    """A function that was not edited says on which line it stands, itself or by a macro."""
    before = header_before().replace("FORK_EITHER + __LINE__", f"FORK_EITHER + {said}", 1)
    if said != "__LINE__":
        before = before.replace("FORK_TYPE int", f"FORK_TYPE int\n#define {said} __LINE__", 1)
        before = before.replace("fork_one(0) - 3 + ", "fork_one(0) - 2 + ", 1)
    after = before.replace("#define FORK_SHIFT", f"{more}#define FORK_SHIFT", 1)
    with open_cache(tmp_path) as cache:
        first = judged(tree_of(before), None, cache)
        assert not any(one.verdict is Verdict.FINDING for one in first.helpers)
        warm = judged(tree_of(after), tree_of(before), cache)
    assert encode(warm) == encode(judged(tree_of(after), None, None))
    assert any(one.verdict is Verdict.FINDING for one in warm.helpers)
    assert found_again[-1:] == [True]


def test_a_macro_and_a_function_that_uses_it(copy: FactCache, found_again: list[bool]) -> None:
    text = _edited(KEPT["new"]).replace("return mine + FORK_SHIFT", "return mine + 2 + FORK_NEW")
    tree = tree_of(text)
    warm = judged(tree, tree_of(header_before()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [True]


def test_two_headers_define_it(tmp_path: Path, found_again: list[bool]) -> None:
    """Which of the two holds depends on their order: nothing is told of that."""
    bits = demo_files("demo")[BITS].decode("latin-1")
    guard = "#ifndef FORK_NUMBER_OF\n#define FORK_NUMBER_OF 1\n#endif\n"
    where = bits.rindex("#endif")
    more = {BITS: f"{bits[:where]}{guard}{bits[where:]}"}
    before = header_before()
    after = before.replace("#define FORK_LEVEL", "#define FORK_NUMBER_OF 2\n#define FORK_LEVEL")
    with open_cache(tmp_path) as cache:
        judged(tree_of(before, **more), None, cache)
        found_again.clear()
        warm = judged(tree_of(after, **more), tree_of(before, **more), cache)
    assert encode(warm) == encode(judged(tree_of(after, **more), None, None))
    assert found_again == [False]


def test_a_bit_that_predicates_read(copy: FactCache, found_again: list[bool]) -> None:
    """Everything depends on it; of a header that the other one includes."""
    bits = demo_files("demo")[BITS].decode("latin-1")
    found = next(one for one in bits.split("\n") if one.startswith("#define _PAGE_USER"))
    tree = tree_of(header_before(), **{BITS: bits.replace(found, "#define _PAGE_USER (1UL << 40)")})
    warm = judged(tree, tree_of(header_before()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [False]


def test_a_function_that_is_gone(copy: FactCache, found_again: list[bool]) -> None:
    """Nothing names it."""
    before = header_before()
    start = before.index("static inline int fork_hidden(")
    used = before.index("static inline int fork_five(")
    for at in (start, used):
        text = before[:at] + before[before.index("}\n", at) + 2 :]
        found_again.clear()
        warm = judged(tree_of(text), tree_of(before), copy)
        assert encode(warm) == encode(judged(tree_of(text), None, None))
        assert found_again == [at == start]  # the other is called yet


NAMED: Final = {
    "with those who call it": ("fork_five", "fork_other", 99, True),
    "its own name only": ("fork_five", "fork_other", 1, False),
    "a name that is there": ("fork_five", "pmd_bad", 99, False),
    "a helper": ("set_pmd_at", "fork_set", 99, False),
    "what entries are made of": ("pte_set_bits", "fork_bits", 99, False),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_function_of_another_name(copy: FactCache, found_again: list[bool], name: str) -> None:
    old, new, times, kept = NAMED[name]
    before = header_before()
    after = before.replace(old, new, times)
    warm = judged(tree_of(after), tree_of(before), copy)
    assert encode(warm) == encode(judged(tree_of(after), None, None))
    assert found_again == [kept]


CALLED: Final = "#define fork_called(a, b) pte_wrprotect(__pte(a + b))\n"
CALLED_ELSE: Final = "#define fork_alone(a) ((a) + 1)\n"
INNER: Final = "#define fork_inner(x, y) do { (void)(y); (void)(x)->vm_mm; } while (0)\n"
STORES: Final = "#define fork_pte_put(mm, ptep) do { WRITE_ONCE((ptep)->pte, 0); } while (0)\n"
MACROS: Final = f"{CALLED}{CALLED_ELSE}{INNER}{STORES}#define fork_pte_in(a, b) fork_inner(a, b)\n"
OF_GENERIC: Final = {
    "another value": (CALLED, CALLED.replace("a + b", "a | b"), True),
    "one parameter": (CALLED_ELSE, "#define fork_alone(b) ((b) - 1)\n", True),
    "a helper's parameters": (
        CALLED, "#define fork_called(mm, ptep) set_pte(ptep, __pte(0))\n", False,
    ),
    "other parameters": (CALLED, CALLED.replace("a + b", "c + b").replace("(a,", "(c,"), True),
    "handed to another": (CALLED, CALLED.replace("pte_wrprotect", "pte_mkwrite"), True),
    "another name of it": (CALLED_ELSE, "#define fork_alone set_pte_at\n", False),
    "one of two": (
        CALLED_ELSE, f"{CALLED_ELSE}#undef fork_alone\n#define fork_alone(a) 7\n", False,
    ),
    "one more": (CALLED, f"{CALLED}#define fork_more(a) 7\n", True),
    "gone": (CALLED_ELSE, "", True),
    "what another hands it to": (INNER, INNER.replace("(void)(y)", "set_pte(y, __pte(0))"), False),
    "a line above one that stores": (STORES, f"/* set */\n{STORES}", True),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_GENERIC)
def test_a_macro_that_generic_code_calls(
    tmp_path: Path, found_again: list[bool], name: str
) -> None:
    """It may become a helper, by its parameters or by what it stands for."""
    old, new, kept = OF_GENERIC[name]
    generic = (
        "void fork(struct vm_area_struct *a, pte_t *p)\n{\n"
        "\t*p = fork_called(1, fork_alone(2));\n\tfork_more(3);\n"
        "\tfork_pte_in(a, p);\n\tfork_pte_put(a->vm_mm, p);\n}\n"
    )
    before = header_before().replace("#define FORK_LEVEL", f"{MACROS}#define FORK_LEVEL", 1)
    tree, base = (
        tree_of(text, **{"mm/fork.c": generic}) for text in (before.replace(old, new, 1), before)
    )
    with open_cache(tmp_path) as cache:
        judged(base, None, cache)
        found_again.clear()
        warm = judged(tree, base, cache)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [kept]


SET_PUD: Final = (
    "static inline void set_pud_at(struct mm_struct *mm, unsigned long addr, pud_t *pudp,\n"
    "\t\t\t      pud_t pud)\n{\n\tpage_table_check_pud_set(mm, pudp, pud);\n"
    "\tset_pud(pudp, pud);\n}\n"
)
PUTS: Final = (
    "#define demo_put(x, y) set_pud(x, y)\n#define set_pud_at(a, b, c, d) demo_put(c, d)\n"
)
MARKED: Final = "#define pte_mkmine(x) pte_set_bits(x, 1UL << 9)\n"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (PUTS, PUTS.replace("set_pud(x, y)", "((void)(x))")),
        (PUTS.replace("set_pud(x, y)", "((void)0)"), PUTS),
        (PUTS.replace("set_pud(x, y)", "demo_more(x, y)"), PUTS),
        (SET_PUD, SET_PUD + MARKED),
        (SET_PUD + MARKED, SET_PUD),
    ],
)
def test_what_a_macro_hands_its_parameters_to(
    tmp_path: Path, found_again: list[bool], was: str, now: str
) -> None:
    """It tells what the parameters are: whether the macro is a helper at all."""
    header = header_before()
    assert header.count(SET_PUD) == 1
    trees = [tree_of(header.replace(SET_PUD, text)) for text in (was, now)]
    with open_cache(tmp_path) as cache:
        judged(trees[0], None, cache)
        found_again.clear()
        result = judged(trees[1], trees[0], cache)
    assert encode(result) == encode(judged(trees[1], None, None))
    assert found_again == [False]
