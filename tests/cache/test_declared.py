# SPDX-License-Identifier: GPL-2.0-only
"""A declaration that is new, or gone, is judged from what is kept only where nobody names it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from analyzer.cache import FactCache, open_cache
from analyzer.cache.codec import encode
from analyzer.callsites.text import Source
from analyzer.check.declared import without_declared
from analyzer.frontend.harmless import stays_one
from analyzer.frontend.image import Macros
from analyzer.model import Verdict
from tests.cache.test_macros import BEFORE, BITS, judged, tree_of
from tests.check.trees import PGTABLE, demo_files, mend

HEADER: Final = f"arch/demo/{PGTABLE}"
THERE: Final = """\
#define FORK_ATTRIBUTE __attribute__((__cold__))
#define FORK_OPENS ; struct fork_opened {
#define FORK_HALF int a); int fork_half(int
#define FORK_PASTE(a, b) a##b

int fork_there(int x);
struct fork_thing {
	int one, two[4];
};
enum fork_kind { FORK_ONE, FORK_TWO = 7 };
extern void fork_asked(struct mm_struct *mm);

static inline int fork_first(int x)
{
	return x;
}

static inline int fork_second(int x)
{
	return FORK_PASTE(fork_, first)(x);
}

#if 0
int fork_never(int x);
#endif

"""
PLACE: Final = "static inline int fork_second("


def header() -> str:
    text = mend(demo_files("demo")[HEADER]).decode("latin-1")
    assert BEFORE in text
    return text.replace(BEFORE, THERE + BEFORE, 1)


def new(text: str) -> tuple[str, str]:
    """Put lines before a function."""
    return PLACE, f"{text}\n{PLACE}"


KEPT: Final = {
    "a prototype": new("extern void fork_new(struct mm_struct *mm, unsigned long x);"),
    "with a macro": new("int FORK_ATTRIBUTE fork_new(void);"),
    "on several lines": new("int fork_new(int one, /* the first */\n\t     int two);"),
    "a struct": new("struct fork_new {\n\tint one;\n\tunsigned long two : 3;\n};"),
    "an enum": new("enum fork_new { FORK_THREE = 3, FORK_FOUR };"),
    "named only": new("struct fork_new;"),
    "gone": ("int fork_there(int x);\n", ""),
    "a struct gone": ("struct fork_thing {\n\tint one, two[4];\n};\n", ""),
    "an enum gone": ("enum fork_kind { FORK_ONE, FORK_TWO = 7 };\n", ""),
    "other parameters": ("int fork_there(int x);", "long fork_there(int x, int y);"),
    "other members": ("int one, two[4];", "int one, two[5], three;"),
    "another constant": ("FORK_TWO = 7", "FORK_THREE = 7"),
    "and a function": new("int fork_new(int x);\n\nstatic inline int fork_more(int x)\n{\n}\n"),
}
FULL: Final = {
    "a function's name": new("int pmd_bad(pmd_t x);"),
    "a helper": new("void fork_set(struct mm_struct *mm, pte_t *ptep, pte_t pte);"),
    "a place of an entry": new("void fork_set(pmd_t *pmdp);"),
    "a hook": new("void page_table_check_fork(struct mm_struct *mm);"),
    "a predicate": new("bool pte_user_accessible_page(pte_t pte);"),
    "a type": new("typedef unsigned long fork_t;"),
    "of a name that is one": new("struct mm_struct { int mine; };"),
    "a variable": new("extern unsigned long fork_mask;"),
    "a constant that is a name": new("enum fork_new { PAGE_SHIFT_OF, old };"),
    "one that is called": new(
        "int fork_new(int x);\nstatic inline int fork_more(int x)\n{\n\treturn fork_new(x);\n}"
    ),
    "one that a macro names": new("int fork_new(int x);\n#define FORK_NEW fork_new(2)"),
    "one of a function that is gone": (
        "static inline int fork_first(int x)\n{\n\treturn x;\n}\n", "int fork_first(int x);\n",
    ),
    "a macro that begins more": new("int fork_new(int x) FORK_OPENS int a; };"),
    "half a list": new("int fork_new(FORK_HALF x);"),
    "a new macro that ends it": new(
        "#define FORK_ENDS int a); int b(int\nint fork_new(FORK_ENDS x);"
    ),
    "an option": new("int fork_new(int CONFIG_FORK);"),
    "not closed": new("int fork_new(int x;"),
    "in an arm that is none": ("int fork_never(int x);", "int fork_other(int x);"),
    "before a function's head": (
        "static inline int fork_second(", "int fork_new(int x) static inline int fork_second(",
    ),
    "pasted of two": new("int fork_fork_(int x);"),
}  # fmt: skip


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    with open_cache(folder) as cache:
        result = judged(tree_of(header()), None, cache)
    assert not any(one.verdict is Verdict.UNKNOWN for one in result.helpers)
    return folder


def _edited(change: tuple[str, str]) -> str:
    assert header().count(change[0]) == 1, change
    return header().replace(*change)


@pytest.mark.parametrize("name", KEPT)
def test_what_nobody_names(copy: FactCache, found_again: list[bool], name: str) -> None:
    tree = tree_of(_edited(KEPT[name]))
    warm = judged(tree, tree_of(header()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [True]


@pytest.mark.parametrize("name", FULL)
def test_what_may_be_more_is_read_again(
    copy: FactCache, found_again: list[bool], name: str
) -> None:
    tree = tree_of(_edited(FULL[name]))
    warm = judged(tree, tree_of(header()), copy)
    assert encode(warm) == encode(judged(tree, None, None))
    assert found_again == [False]


def test_another_header_names_it(tmp_path: Path, found_again: list[bool]) -> None:
    """A condition, a macro and a declaration elsewhere."""
    bits = demo_files("demo")[BITS].decode("latin-1")
    where = bits.rindex("#endif")
    for said in ("#ifdef fork_new\n#endif\n", "#define fork_new 1\n", "int fork_new(void);\n"):
        more = {BITS: f"{bits[:where]}{said}{bits[where:]}"}
        base = tree_of(header(), **more)
        tree = tree_of(_edited(new("int fork_new(int x);")), **more)
        found_again.clear()
        with open_cache(tmp_path / str(len(said))) as cache:
            judged(base, None, cache)
            found_again.clear()
            warm = judged(tree, base, cache)
        assert encode(warm) == encode(judged(tree, None, None))
        assert found_again == [False]


def _without(old: str, now: str) -> tuple[str, str] | None:
    before, after = (text.encode() for text in (old, now))
    sources = Source("a.h", before), Source("a.h", after)
    found = without_declared(sources[0], before, sources[1], after, sources)
    return None if found is None else (found[0].decode(), found[1].decode())


def test_what_is_left_has_its_lines() -> None:
    old = "int a(void);\nint b(int x,\n\tint y); int c(void);\n"
    assert _without(old, "int a(void);\nint c(void);\n") == (
        "int a(void);\n            \n         int c(void);\n", "int a(void);\nint c(void);\n",
    )  # fmt: skip
    assert _without(old, old) is None
    assert _without(old, f"{old}int a(void);\n") is None  # which of the two is meant?


def test_what_stays_one_declaration() -> None:
    macros = Macros("a\t1\t+ b(\na\t4\t-\nb\t2\t+(x) x\nc\t2\t+ (d)\nd\t3\t+ [1]\ne\t1\t+ c##d")
    assert stays_one({"c", "d", "int"}, macros, ())
    assert stays_one({"b"}, macros, ())
    assert not stays_one({"a"}, macros, ())  # not balanced
    assert not stays_one({"e"}, macros, ())  # of whatever it pastes
