# SPDX-License-Identifier: GPL-2.0-only
"""Small page table checks of our own, in the forms that the kernel's has had over the years."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from analyzer.check.api import HEADER
from analyzer.reference.opening import open_session
from analyzer.reference.peer import PeerSource, source_from
from analyzer.reference.peer.build import CODE
from analyzer.reference.traits import read_traits
from analyzer.reference.values import Traits
from analyzer.resources import demo_dir
from analyzer.tree import FolderTree, OverlayTree

PGTABLE = "arch/demo/include/asm/pgtable.h"
PAGE_EXT = "include/linux/page_ext.h"


@dataclass(frozen=True, slots=True)
class Form:
    """One generation of the interface, and what its framework does.

    `predicate`: 'own' (in the .c file), 'entry', 'addr', 'mm'. `ext`: 'lookup', 'get', 'each',
    'required', 'page' (counters in struct page).
    """

    name: str
    addr: bool = False
    many: frozenset[str] = frozenset()
    predicate: str = "entry"
    ext: str = "get"
    special: bool = True
    huge_zero: bool = True
    flags: bool = False
    slab: bool = True
    cross: bool = True


ALL = frozenset({"pte", "pmd", "pud"})
FORMS = (
    Form("5.17", True, predicate="own", ext="lookup", special=False, huge_zero=False, slab=False),
    Form("5.19", True, ext="lookup", special=False, huge_zero=False, slab=False),
    Form("6.2", True, ext="required", special=False, huge_zero=False),
    Form("6.2-fixed", True, flags=True),
    Form("6.6", many=frozenset({"pte"}), special=False),
    Form("6.10", many=frozenset({"pte"}), flags=True),
    Form("6.16", many=ALL, flags=True),
    Form("7.0", True, many=ALL, predicate="addr", ext="each", flags=True),
    Form("7.1", True, many=ALL, predicate="mm", ext="each", flags=True),
    Form("in-page", many=frozenset({"pte"}), ext="page", cross=False),
)


def source(form: Form) -> PeerSource:
    """The two files of a form."""
    return source_from(code(form).encode(), header(form).encode(), form.name)


@cache
def traits(form: Form) -> Traits:
    """What is read from the form's .c file, in the demonstration tree."""
    base = FolderTree(demo_dir())
    pgtable = base.read(PGTABLE).decode()
    before = {
        "addr": ("", ", unsigned long addr"),
        "mm": ("struct mm_struct *mm, unsigned long addr, ", ""),
    }.get(form.predicate, ("", ""))
    if form.predicate == "own":
        pgtable = re.sub(r"(\w\w\w_user_accessible_page)", r"old_\1", pgtable)
    pgtable = re.sub(
        r"(_user_accessible_page\()(\w\w\w_t \w\w\w)\)", rf"\1{before[0]}\2{before[1]})", pgtable
    )
    edits = {CODE: code(form), HEADER: header(form), PAGE_EXT: _PAGE_EXT, PGTABLE: pgtable}
    tree = OverlayTree(base, {path: text.encode() for path, text in edits.items()})
    with open_session(tree, "demo") as session:
        return read_traits(session)


_PAGE_EXT = """#ifndef _LINUX_PAGE_EXT_H
#define _LINUX_PAGE_EXT_H
struct page_ext { unsigned long flags; };
struct page_ext_iter { unsigned long index; };
struct page_ext_operations {
	unsigned long offset; unsigned long size;
	bool (*need)(void); void (*init)(void);
};
#define __init
#define static_branch_disable(key) ((void)(key))
#define IS_ENABLED(option) 1
#define WARN_ON_ONCE(condition) ((void)(condition))
struct page_ext *page_ext_get(struct page *page);
struct page_ext *lookup_page_ext(const struct page *page);
struct page_ext *page_ext_next(struct page_ext *ext);
struct page_ext *page_ext_iter_begin(struct page_ext_iter *iter, struct page *page);
struct page_ext *page_ext_iter_next(struct page_ext_iter *iter);
void page_ext_put(struct page_ext *ext);
bool is_huge_zero_page(struct page *page);
bool pte_uffd_wp(pte_t pte);
bool pmd_uffd_wp(pmd_t pmd);
#define for_each_page_ext(page, count, ext, iter) \\
	for ((ext) = page_ext_iter_begin(&(iter), (page)); (ext) && (iter).index < (count); \\
		(ext) = page_ext_iter_next(&(iter)))
#endif
"""


def _set_name(form: Form, level: str) -> str:
    return f"{level}s_set" if level in form.many else f"{level}_set"


def _parameters(form: Form, level: str, kind: str) -> str:
    addr = "unsigned long addr, " if form.addr else ""
    if kind == "clear":
        return f"struct mm_struct *mm, {addr}{level}_t {level}"
    count = ", unsigned int nr" if level in form.many else ""
    return f"struct mm_struct *mm, {addr}{level}_t *{level}p, {level}_t {level}{count}"


def header(form: Form) -> str:
    """page_table_check.h: prototypes, and the wrappers that test the static key."""
    out = ["#ifndef _LINUX_PAGE_TABLE_CHECK_H", "#define _LINUX_PAGE_TABLE_CHECK_H",
           "#include <linux/jump_label.h>",
           "extern struct static_key_true page_table_check_disabled;"]  # fmt: skip
    hooks = [("pte_clear_range", "struct mm_struct *mm, unsigned long addr, pmd_t pmd", "")]
    hooks += [(one, "struct page *page, unsigned int order", "zero") for one in ("alloc", "free")]
    for level in ("pte", "pmd", "pud"):
        hooks.append((f"{level}_clear", _parameters(form, level, "clear"), ""))
        hooks.append((_set_name(form, level), _parameters(form, level, "set"), ""))
    for name, parameters, inner in hooks:
        given = ", ".join(re.findall(r"(\w+)(?:,|$)", parameters))
        target = f"__page_table_check_{inner or name}"
        if inner != "zero" or name == "alloc":
            out.append(f"void {target}({parameters});")
        out.append(
            f"static inline void page_table_check_{name}({parameters})\n"
            "{\n\tif (!static_branch_likely(&page_table_check_disabled))\n"
            f"\t\t{target}({given});\n}}"
        )
    for level in ("pmd", "pud"):
        if level in form.many:
            first = "mm, addr, p, e" if form.addr else "mm, p, e"
            out.append(
                f"#define page_table_check_{level}_set({first})"
                f" page_table_check_{level}s_set({first}, 1)"
            )
    return "\n".join([*out, "#endif", ""])


def code(form: Form) -> str:
    """mm/page_table_check.c."""
    parts = [_TOP if form.ext == "page" else _TOP_EXT]
    if form.predicate == "own":
        parts += [
            f"static inline bool {level}_user_accessible_page({level}_t e)\n{{\n\treturn"
            f" ({level}_val(e) & _PAGE_PRESENT) && ({level}_val(e) & _PAGE_USER){leaf};\n}}\n"
            for level, leaf in (("pte", ""), ("pmd", " && pmd_leaf(e)"), ("pud", " && pud_leaf(e)"))
        ]
    parts.append(_counting(form, "clear", "unsigned long pfn, unsigned long count"))
    parts.append(_counting(form, "set", "unsigned long pfn, unsigned long count, bool rw"))
    parts.append(_zero(form))
    for level in ("pte", "pmd", "pud"):
        parts.append(_hooks(form, level))
    addr, given = ("addr + i * PAGE_SIZE, ", "addr") if form.addr else ("", "addr")
    parts.append(f"""
void __page_table_check_pte_clear_range(struct mm_struct *mm, unsigned long {given}, pmd_t pmd)
{{
	unsigned long i;
	pte_t *first;

	if (mm == &init_mm || pmd_bad(pmd) || pmd_leaf(pmd))
		return;
	first = pte_offset_map(&pmd, addr);
	for (i = 0; i < PTRS_PER_PTE; i++)
		__page_table_check_pte_clear(mm, {addr}ptep_get(first + i));
}}
""")
    return "".join(parts)


_TOP = """#include <linux/mm.h>
#include <linux/page_ext.h>
#include <linux/page_table_check.h>

DEFINE_STATIC_KEY_TRUE(page_table_check_disabled);
"""

_TOP_EXT = f"""{_TOP}
struct page_table_check {{
	atomic_t anon_map_count;
	atomic_t file_map_count;
}};

static bool wanted = IS_ENABLED(CONFIG_PAGE_TABLE_CHECK_ENFORCED);

static bool __init is_wanted(void)
{{
	return wanted;
}}

static void __init start(void)
{{
	if (wanted)
		static_branch_disable(&page_table_check_disabled);
}}

struct page_ext_operations page_table_check_ops = {{
	.size = sizeof(struct page_table_check),
	.need = is_wanted,
	.init = start,
}};

static struct page_table_check *counters_of(struct page_ext *ext)
{{
	BUG_ON(!ext);
	return (void *)((char *)ext + page_table_check_ops.offset);
}}
"""


def _loop(form: Form, body: str) -> str:
    """A body for each page: `c` has its counters."""
    if form.ext == "page":
        return f"\tfor (; count; count--, page++) {{\n\t\tstruct page *c = page;\n{body}\t}}\n"
    inner = f"\t\tstruct page_table_check *c = counters_of(ext);\n{body}"
    if form.ext == "each":
        return (
            f"\tstruct page_ext_iter iter;\n\tstruct page_ext *ext;\n"
            f"\tfor_each_page_ext(page, count, ext, iter) {{\n{inner}\t}}\n"
        )
    get = "lookup_page_ext" if form.ext == "lookup" else "page_ext_get"
    missing = "" if form.ext == "required" else "\tif (!ext)\n\t\treturn;\n"
    return (
        f"\tstruct page_ext *ext = {get}(page);\n{missing}"
        f"\tfor (; count; count--) {{\n{inner}\t\text = page_ext_next(ext);\n\t}}\n"
    )


def _counting(form: Form, kind: str, parameters: str) -> str:
    step = "inc" if kind == "set" else "dec"
    anon, file = ("> 1 && rw", "< 0") if kind == "set" else ("< 0", "< 0")
    cross = form.cross or kind == "set"
    body = ""
    for mine, other, limit in (("anon", "file", anon), ("file", "anon", file)):
        test = "if (anon)" if mine == "anon" else "else"
        check = f"BUG_ON(atomic_read(&c->{other}_map_count)); " if cross else ""
        body += (
            f"\t\t{test} {{ {check}BUG_ON(atomic_{step}_return(&c->{mine}_map_count) {limit}); }}\n"
        )
    slab = "\tBUG_ON(PageSlab(page));\n" if form.slab else ""
    return (
        f"\nstatic void page_table_check_{kind}({parameters})\n{{\n"
        "\tstruct page *page;\n\tbool anon;\n\n\tif (!pfn_valid(pfn))\n\t\treturn;\n"
        f"\tpage = pfn_to_page(pfn);\n{slab}\tanon = PageAnon(page);\n\t{{\n"
        f"{_loop(form, body)}\t}}\n}}\n"
    )


def _zero(form: Form) -> str:
    slab = "\tBUG_ON(PageSlab(page));\n" if form.slab else ""
    body = (
        "\t\tBUG_ON(atomic_read(&c->anon_map_count));\n"
        "\t\tBUG_ON(atomic_read(&c->file_map_count));\n"
    )
    return (
        "\nvoid __page_table_check_zero(struct page *page, unsigned int order)\n{\n"
        f"\tunsigned long count = 1UL << order;\n{slab}\t{{\n{_loop(form, body)}\t}}\n}}\n"
    )


def _hooks(form: Form, level: str) -> str:
    entry = {"addr": f"{level}, addr", "mm": f"mm, addr, {level}"}.get(form.predicate, level)
    counts = f"{level}_user_accessible_page({entry})"
    if level == "pte" and form.special:
        counts += " && !pte_special(pte)"
    if level == "pmd" and form.huge_zero:
        counts += " && !(pfn_valid(pmd_pfn(pmd)) && is_huge_zero_page(pfn_to_page(pmd_pfn(pmd))))"
    pages = f"({level.upper() if level != 'pte' else 'PAGE'}_SIZE >> PAGE_SHIFT)"
    size = f"{level.upper()}_SIZE" if level != "pte" else "PAGE_SIZE"
    many = level in form.many
    times = " * nr" if many else ""
    at = f"addr + i * {size}, " if form.addr else ""
    flags = ""
    if form.flags and level != "pud":
        writable = f"{level}_present({level}) ? {level}_write({level}) : "
        swap = f"is_writable_migration_entry({level}_to_swp_entry({level}))"
        flags = f"\tWARN_ON_ONCE({level}_uffd_wp({level}) && ({writable}{swap}));\n"
    return f"""
void __page_table_check_{level}_clear({_parameters(form, level, "clear")})
{{
	if (mm != &init_mm && {counts})
		page_table_check_clear({level}_pfn({level}), {pages});
}}

void __page_table_check_{_set_name(form, level)}({_parameters(form, level, "set")})
{{
	unsigned int i;

	if (mm == &init_mm)
		return;
{flags}	for (i = 0; i < {"nr" if many else "1"}; i++)
		__page_table_check_{level}_clear(mm, {at}{level}p[i]);
	if ({counts})
		page_table_check_set({level}_pfn({level}), {pages}{times}, {level}_write({level}));
}}
"""
