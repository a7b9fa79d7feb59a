# SPDX-License-Identifier: GPL-2.0-only
"""Where only the insides of functions changed, units are made of kept ones."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyzer.cache import FactCache, open_cache
from analyzer.cache.codec import encode
from analyzer.check import again, check_tree, edited
from analyzer.check.judge import is_parsed
from analyzer.check.judging import Shared
from analyzer.check.notebook import Judged
from analyzer.frontend import Unit
from analyzer.frontend.core import Searched, core_of
from analyzer.frontend.splice import Splicer, plain
from analyzer.law.record import Answered
from analyzer.model import CheckResult, Verdict
from analyzer.tree import KernelTree, MemoryTree, OverlayTree, open_tree
from benchmarks.kinds import KINDS, EditKind
from tests.check.trees import PGTABLE, demo_files, mend

HEADER = f"arch/demo/{PGTABLE}"
ONLY = frozenset({"base"})
_HOOK = re.compile(r"^[ \t]*page_table_check_\w+\([^;{}]*\);\n", re.M)
_FUNCTION = re.compile(r"^static inline [^;{}#]*\{\n((?:.*\n)*?)\}\n", re.M)

Edit = Callable[[str], str]


def judged(
    tree: KernelTree, base: KernelTree | None, cache: FactCache | None, arch: str = "demo"
) -> CheckResult:
    shared = Shared()
    if base is not None:
        shared.trees.append(base)
    only = ONLY if arch == "demo" else None
    found = check_tree(tree, (arch,), only=only, facts=cache, shared=shared)
    return replace(found, seconds=0)


def _header() -> str:
    return mend(demo_files("demo")[HEADER]).decode("latin-1")


def _demo(header: str) -> MemoryTree:
    return MemoryTree({**demo_files("demo"), HEADER: header.encode("latin-1")})


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows the tree without edits."""
    folder = tmp_path_factory.mktemp("cache")
    with open_cache(folder) as cache:
        judged(_demo(_header()), None, cache)
    return folder


def _inside(text: str, function: int, line: int, statement: str) -> str:
    """Put a statement at a line of one of the functions."""
    found = list(_FUNCTION.finditer(text))
    one = found[function % len(found)]
    lines = one[1].split("\n")
    at = line % len(lines)
    body = "\n".join([*lines[:at], statement, *lines[at:]])
    return text[: one.start(1)] + body + text[one.end(1) :]


STATEMENTS = (
    "\tpage_table_check_pte_clear(mm, pte);",
    "\tpage_table_check_pmd_set(mm, pmdp, pmd);",
    "\tWRITE_ONCE(*ptep, pte);",
    "\tBUG();",
    "\tif (1) { /* nothing */ }",
    "\n\n",
    "\t;",
    "\t(void)READ_ONCE(*ptep);",
    "#ifdef CONFIG_MMU\n\tbarrier();\n#endif",
    "#define pte_val(x) 0",
    "\t}",
    "}\nstatic inline void more(void)\n{",
    "/*",
    "\treturn",
    '\t"',
    "\ttypedef int pte_t;",
    "\tpte = fork_pte(pte);",
    "\tpmd = fork_pmd(pmd);",
    "\tfork_store(pmdp, pmd);",
    "\t(void)fork_one(1);",
)
NEW = (
    "static inline int fork_one(int x)\n{\n\treturn x + 1;\n}\n\n",
    "static inline pte_t fork_pte(pte_t pte)\n{\n\treturn pte_wrprotect(pte);\n}\n",
    "static inline pmd_t fork_pmd(pmd_t pmd) { return __pmd(pmd_val(pmd) & ~_PAGE_DIRTY); }\n",
    "static inline void fork_store(pmd_t *pmdp, pmd_t pmd)\n{\n\tWRITE_ONCE(*pmdp, pmd);\n}\n",
    "/* a test */\nstatic inline bool pud_special(pud_t pud)\n{\n\treturn 0;\n}\n",
    "static inline bool fork_two(pud_t pud)\n{\n\treturn __LINE__ > 5;\n}\n",
    "static inline int fork_bad(int x)\n{\n\treturn x +;\n}\n",
    "static inline int fork_if(int x)\n{\n#ifdef CONFIG_MMU\n\treturn x;\n#endif\n}\n",
    "static inline void fork_raw(pmd_t *pmdp)\n{\n\tset_pmd(pmdp, __pmd(0));\n}\n",
    "static inline void swap(int old)\n{\n\t(void)old;\n}\n",
)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("no hook"), st.integers(0, 40), st.just(0), st.just("")),
        st.tuples(
            st.just("more"), st.integers(0, 60), st.integers(0, 12), st.sampled_from(STATEMENTS)
        ),
        st.tuples(st.just("new"), st.integers(0, 60), st.just(0), st.sampled_from(NEW)),
    ),
    min_size=1,
    max_size=3,
)


def _changed(text: str, chosen: list[tuple[str, int, int, str]]) -> str:
    for kind, number, line, statement in chosen:
        if kind == "no hook":
            hooks = list(_HOOK.finditer(text))
            if hooks:
                one = hooks[number % len(hooks)]
                text = text[: one.start()] + text[one.end() :]
        elif kind == "new" and _FUNCTION.search(text):
            places = [one.start() for one in _FUNCTION.finditer(text)]
            at = places[number % len(places)]
            text = f"{text[:at]}{statement}{text[at:]}"
        elif _FUNCTION.search(text):
            text = _inside(text, number, line, statement)
    return text


def _again_is_cold(known: Path, folder: Path, chosen: list[tuple[str, int, int, str]]) -> None:
    tree = _demo(_changed(_header(), chosen))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(known, folder)
    with open_cache(folder) as cache:
        warm = judged(tree, _demo(_header()), cache)
    assert warm == judged(tree, None, None)


_SETTINGS = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@example([("no hook", 0, 0, ""), ("more", 27, 0, "\n\n")])  # a hook on another line of its function
@settings(max_examples=12, derandomize=True, **_SETTINGS)  # type: ignore[arg-type]
@given(chosen=edits)
def test_edits_of_functions(
    known: Path, tmp_path: Path, chosen: list[tuple[str, int, int, str]]
) -> None:
    _again_is_cold(known, tmp_path / "copy", chosen)


@pytest.mark.slow
@settings(max_examples=150, **_SETTINGS)  # type: ignore[arg-type]
@given(chosen=edits)
def test_many_edits_of_functions(
    known: Path, tmp_path: Path, chosen: list[tuple[str, int, int, str]]
) -> None:
    _again_is_cold(known, tmp_path / "copy", chosen)


def test_each_hook_taken_out(copy: FactCache, found_again: list[bool]) -> None:
    """All without reading the headers again, and each is found."""
    header = _header()
    hooks = list(_HOOK.finditer(header))
    for hook in hooks[:4]:
        tree = _demo(header[: hook.start()] + header[hook.end() :])
        result = judged(tree, _demo(header), copy)
        assert any(h.verdict is Verdict.FINDING for h in result.helpers), hook[0]
        assert result == judged(tree, None, None)
        assert judged(tree, _demo(header), copy) == result  # now it is known
    assert found_again == [True] * 4


_ASKS: Final = """
import sys
from pathlib import Path
from analyzer.cache import open_cache
from analyzer.check import check_tree
from analyzer.check.judging import Shared
from analyzer.tree import MemoryTree
from tests.check.trees import demo_files, mend

files = demo_files("demo")
header = "arch/demo/include/asm/pgtable.h"
base = {**files, header: mend(files[header])}
shared = Shared()
shared.trees.append(MemoryTree(base))
at = base[header].index(b"page_table_check_")
text = base[header][:at] + b";" + base[header][base[header].index(b";", at) + 1 :]
with open_cache(Path(sys.argv[1])) as cache:
    only = frozenset({"base"})
    check_tree(MemoryTree({**base, header: text}), ("demo",), only=only, facts=cache, shared=shared)
print(*sorted(sys.modules))
"""


def test_what_is_not_needed_is_not_imported(copy: FactCache) -> None:
    """It would take as long as the rest."""
    command = [sys.executable, "-c", _ASKS, str(copy.store.folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = set(said.stdout.split())
    assert "analyzer.check.again" in modules
    assert not modules & {
        "analyzer.check.whole", "analyzer.frontend.stage", "analyzer.kconfig.scan",
        "analyzer.kconfig.plan", "analyzer.callsites.find", "multiprocessing.util", "tomllib",
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kinds_of_edits(copy: FactCache, found_again: list[bool], kind: EditKind) -> None:
    """What forks do to a header every day, nearly always without reading anything again."""
    header = _header()
    changed = kind.change(header)
    if changed is None:
        assert kind.kept is None
        return
    tree = _demo(changed)
    assert judged(tree, _demo(header), copy) == judged(tree, None, None)
    assert kind.kept is None or found_again == [kind.kept]


@pytest.mark.parametrize(
    ("new", "call", "kept"),
    [
        (1, "pte = fork_pte(pte);", True),
        (0, "(void)fork_one(1);", True),
        (6, "", False),  # does not parse
        (7, "", False),  # has lines of the preprocessor
        (3, "", False),  # stores an entry
        (4, "", False),  # the tests of entries ask for it
        (0, "(void)fork_three(1);", True),
    ],
)
def test_a_new_function(
    copy: FactCache, found_again: list[bool], new: int, call: str, kept: bool
) -> None:
    """A value that is changed on its way, by a function that only the edited one calls."""
    header = _header()
    start = header.index("static inline void set_pte(")
    body = header.index("{\n", start) + 2
    text = f"{header[:start]}{NEW[new]}{header[start:body]}\t{call}\n{header[body:]}"
    tree = _demo(text)
    assert judged(tree, _demo(header), copy) == judged(tree, None, None)
    assert found_again == [kept]


def test_a_name_that_was_asked_for(copy: FactCache, found_again: list[bool]) -> None:
    """That there was no function of a name is an answer that a record may have."""
    header = _header()
    head = "static inline void set_pte("
    tree = _demo(header.replace(head, f"{NEW[0]}{head}", 1))
    name = re.search(r"(\w+)\(", NEW[0])
    assert name is not None
    kept = copy.load(("judged", "demo", "base"), Judged)
    assert kept is not None
    record = kept.states[0].record
    asked = replace(record, questions=(*record.questions, Answered("function", name[1], "", "")))
    state = replace(kept.states[0], record=asked)
    copy.save(("judged", "demo", "base"), replace(kept, states=(state, *kept.states[1:])))
    assert judged(tree, _demo(header), copy) == judged(tree, None, None)
    assert found_again == [False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n#define ", "\n#define another __LINE__\n#define "),
        ("static inline void set_pmd_at(", "enum { MORE };\nstatic inline void set_pmd_at("),
        ("static inline void set_pmd_at(", "extern int more;\nstatic inline void set_pmd_at("),
    ],
)
def test_what_is_outside_of_functions_is_read_again(
    copy: FactCache, found_again: list[bool], old: str, new: str
) -> None:
    header = _header()
    assert old in header
    tree = _demo(header.replace(old, new, 1))
    assert judged(tree, _demo(header), copy) == judged(tree, None, None)
    assert found_again == [False]


def test_a_type_that_changed_is_read_again(copy: FactCache, found_again: list[bool]) -> None:
    files = {**demo_files("demo"), HEADER: _header().encode("latin-1")}
    path = "arch/demo/include/asm/page.h"
    was, now = (b"typedef struct { %s pte; } pte_t;" % word for word in (b"unsigned long", b"long"))
    assert was in files[path]
    tree = MemoryTree({**files, path: files[path].replace(was, now)})
    assert judged(tree, MemoryTree(files), copy) == judged(tree, None, None)
    assert found_again == [False]


def _with_file(header: str) -> MemoryTree:
    """A function that is declared in the header and defined in a file that nothing needs yet."""
    body = b"#include <linux/mm.h>\npmd_t clean(pmd_t pmd)\n{\n\treturn pmd_mkinvalid(pmd);\n}\n"
    files = {**demo_files("demo"), "arch/demo/mm/clean.c": body}
    head = "static inline void set_pmd_at("
    declared = header.replace(head, f"pmd_t clean(pmd_t pmd);\n{head}", 1)
    return MemoryTree({**files, HEADER: declared.encode("latin-1")})


@pytest.mark.parametrize("backwards", [False, True])
def test_a_file_that_is_needed_now(
    tmp_path: Path, found_again: list[bool], backwards: bool
) -> None:
    """A function that is called for the first time, or no more, stands in a file of C."""
    header = _header()
    start = header.index("page_table_check_pmd_set(mm, pmdp, pmd);")
    more = f"{header[:start]}pmd = clean(pmd);\n\t{header[start:]}"
    before, after = (more, header) if backwards else (header, more)
    with open_cache(tmp_path) as cache:
        judged(_with_file(before), None, cache)
        found_again.clear()
        result = judged(_with_file(after), _with_file(before), cache)
    assert result == judged(_with_file(after), None, None)
    assert found_again == [False]


def test_a_callee_that_changed_is_noticed(copy: FactCache, found_again: list[bool]) -> None:
    """The predicate: everything depends on it, though no helper differs."""
    header = _header()
    at = header.index("pte_user_accessible_page(pte_t")
    start = header.index("return", at)
    tree = _demo(header[:start] + "return !" + header[start + len("return") :])
    assert judged(tree, _demo(header), copy) == judged(tree, None, None)


def test_without_the_old_text_nothing_is_known(copy: FactCache, found_again: list[bool]) -> None:
    tree = _demo(_HOOK.sub("", _header(), count=1))
    assert judged(tree, None, copy) == judged(tree, None, None)
    assert found_again == [False]


# -- units of real kernels


def _shape(unit: Unit) -> dict[str, list[tuple[str, str, str]]]:
    tables = {
        "function": unit.functions, "type": unit.typedefs, "struct": unit.structs,
        "enum": unit.enum_constants, "variable": unit.variables, "prototype": unit.prototypes,
    }  # fmt: skip
    return {
        f"{kind} {name}": [
            (plain(unit.source(c)), str(unit.location(c)), unit.path(c)) for c in chunks
        ]
        for kind, table in tables.items()
        for name, chunks in table.items()
    }


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_$][\w$]*", text)


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
def test_each_hook_of_a_real_header(
    arch: str, kernel_6_12: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken out, doubled and moved down: the spliced unit of the base configuration has the same
    declarations at the same places as one whose headers are read."""
    from analyzer.frontend import Stage, find_tool
    from analyzer.kconfig import load_kconfig, variants
    from tests.cache.units import unit_of

    path = f"arch/{arch}/{PGTABLE}"
    with open_tree(kernel_6_12) as base, Stage(base) as stage:
        variant = variants(base, arch, load_kconfig(base, arch))[0]
        old = base.read(path)
        unit = unit_of(stage, variant)
        image, events = unit.image("x"), unit.events
        assert image is not None
        core = core_of(
            "x", unit, (), lambda name: is_parsed(name, arch), Searched((), (), ()),
            list(unit.in_headers()),
        )  # fmt: skip
        assert 20 * len(core.text) < 10 * len(image.text)
        text = old.decode("latin-1")
        done = 0
        tool, folder = find_tool(), tmp_path / "src"
        folder.mkdir()

        def expand(source: str) -> str | None:
            return again.expanded(tool, source, folder)

        for hook in _HOOK.finditer(text):
            for new in ("", hook[0] * 2, hook[0].rstrip() + "\n\n\n"):
                head = (text[: hook.start()] + new + text[hook.end() :]).encode("latin-1")
                edit = edited.edit_of(path, old, head)
                assert edit is not None
                spliced = Splicer((edit,), expand).splice(image, events, None)
                part = Splicer((edit,), expand).splice(core, events, None)
                assert spliced is not None, hook[0]
                assert part is not None, hook[0]
                stage.change(path, head)
                shape = _shape(unit_of(stage, variant))
                assert _shape(spliced.unit) == shape
                of_part = _shape(part.unit)
                assert of_part == {key: shape[key] for key in of_part}
                words = {word for key in of_part for one in of_part[key] for word in _words(one[0])}
                names = {key.partition(" ")[2] for key in shape.keys() - of_part.keys()}
                assert names.isdisjoint(words)  # whatever is named is there
                assert [old for _, old in part.edited] == [old for _, old in spliced.edited]
                done += bool(spliced.edited)
        assert done


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
def test_hooks_of_a_real_kernel(
    arch: str, kernel_6_12: Path, tmp_path: Path, found_again: list[bool]
) -> None:
    """Each hook taken out, and one put in twice, further down: the same to the byte as judged from
    nothing, nearly always from what is kept."""
    path = f"arch/{arch}/{PGTABLE}"
    known, cache_of = tmp_path / "known", tmp_path / "cache"
    with open_tree(kernel_6_12) as base:
        with open_cache(known) as cache:
            judged(base, None, cache, arch)
        found_again.clear()
        header = base.read(path).decode("latin-1")
        hooks = list(_HOOK.finditer(header))
        texts = [header[: hook.start()] + header[hook.end() :] for hook in hooks]
        middle = hooks[len(hooks) // 2]
        texts.append(f"{header[: middle.start()]}\n{middle[0] * 2}{header[middle.end() :]}")
        for text in texts:
            tree = OverlayTree(base, {path: text.encode("latin-1")})
            shutil.copytree(known, cache_of)
            with open_cache(cache_of) as cache:
                warm = judged(tree, base, cache, arch)
            shutil.rmtree(cache_of)
            assert encode(warm) == encode(judged(tree, None, None, arch))
        # where a call site that is a finding may come or go, sites are read again
        assert found_again.count(False) <= 1, found_again


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["riscv", "arm64", "x86"])
@pytest.mark.parametrize(
    "path", [f"arch/%s/{PGTABLE}", "include/linux/pgtable.h", "include/linux/mm.h"]
)
def test_kinds_of_edits_of_a_real_kernel(
    arch: str, path: str, kernel_6_12: Path, tmp_path: Path, found_again: list[bool]
) -> None:
    """Every kind of edit: the same to the byte as judged from nothing, from what is kept."""
    path = path.replace("%s", arch)
    known, cache_of = tmp_path / "known", tmp_path / "cache"
    with open_tree(kernel_6_12) as base:
        with open_cache(known) as cache:
            judged(base, None, cache, arch)
        header = base.read(path).decode("latin-1")
        for kind in KINDS:
            changed = kind.change(header)
            if changed is None:
                continue
            found_again.clear()
            tree = OverlayTree(base, {path: changed.encode("latin-1")})
            shutil.copytree(known, cache_of)
            with open_cache(cache_of) as cache:
                warm = judged(tree, base, cache, arch)
            shutil.rmtree(cache_of)
            assert encode(warm) == encode(judged(tree, None, None, arch)), kind.name
            assert found_again == [True] or not kind.kept, kind.name
