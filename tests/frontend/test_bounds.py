# SPDX-License-Identifier: GPL-2.0-only
"""Damage and bombs: each ends soon, is named with its place, and takes nothing else with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.errors import SourceError
from analyzer.frontend import Location, Stage, Unit, UnitError, find_tool, read_unit
from analyzer.frontend.conditions import holds
from analyzer.frontend.definitions import derived_headers
from analyzer.frontend.includes import scan
from analyzer.frontend.unit import MAX_DECLARATION
from analyzer.kconfig import load_kconfig
from analyzer.tree import MemoryTree
from tests.frontend.conftest import CLANG, TOY, ReadToy, toy_variant

MM = "include/linux/mm.h"
GENERIC = "include/linux/pgtable.h"
OWN = "arch/toy/include/asm/pgtable.h"
KINDS = ("gcc", CLANG, "pcpp")
LAUGHS = b"\n".join(
    [b"#define PTC_0 1 +"]
    + [b"#define PTC_%d PTC_%d PTC_%d" % (n, n - 1, n - 1) for n in range(1, 61)]
)
TENFOLD = b"#define A(x) x x x x x x x x x x\nchar *s = A(A(A(A(A(A(A(A(A(1)))))))));\n"


def said(unit: Unit) -> list[tuple[str, int, str]]:
    return [(d.location.path, d.location.line, d.message) for d in unit.diagnostics]


# -- the bounds of the preprocessor ----------------------------------------------------------


@pytest.mark.parametrize("kind", ["gcc", CLANG])
@pytest.mark.parametrize("bomb", [LAUGHS + b"\nint x = PTC_60 0;\n", TENFOLD])
def test_a_bomb_goes_off_once(kind: str, bomb: bytes) -> None:
    """The error names the file, and the next variant gets it without trying again."""
    tree = MemoryTree({**TOY, OWN: bomb + TOY[OWN], MM: b"#error early\n" + TOY[MM]})
    tool = find_tool({"PTCHECK_CPP": kind, "PATH": os.environ["PATH"]})
    with Stage(tree) as stage:
        with pytest.raises(UnitError, match="too much time or memory") as first:
            read_unit(stage, toy_variant(tree), tool=tool)
        assert first.value.path in (OWN, MM, GENERIC)  # the last line marker that came out
        began = time.monotonic()
        with pytest.raises(UnitError) as second:
            read_unit(stage, toy_variant(tree, name="other"), tool=tool)
        assert time.monotonic() - began < 1
    assert str(first.value) == str(second.value)
    assert first.value.diagnostics == second.value.diagnostics
    if kind == "gcc":
        places = [d.location for d in first.value.diagnostics]
        assert Location(MM, 1) in places


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("kill -9 $$", ""),
        ("exit 4", "gcc: fatal error: Killed signal terminated program cc1"),
        ("exit 1", "gcc: internal compiler error: File size limit exceeded signal"),
        ("head -c 26000000 /dev/zero; exit 1", "sorry"),
        ("head -c 26000000 /dev/zero >&2; exit 1", "sorry"),
    ],
)
def test_a_preprocessor_that_is_killed(
    read_toy: ReadToy, tmp_path: Path, end: str, message: str
) -> None:
    fake = tmp_path / "gcc"
    fake.write_text(f"#!/bin/sh\necho '# 7 \"{MM}\"'\nprintf '# 9 \"mm'\n")
    with fake.open("a") as script:
        script.write(f"echo '{message}' >&2\n{end}\n")
    fake.chmod(0o755)
    with pytest.raises(UnitError, match=rf"^{MM}:7: the C preprocessor needs"):
        read_toy(tool=find_tool({"PTCHECK_CPP": str(fake), "PATH": os.environ["PATH"]}))


# -- declarations ------------------------------------------------------------------------------


def test_a_declaration_that_is_too_large(unit: Callable[[str], Unit]) -> None:
    long = "int f(void)\n{\n\treturn 0" + " + 1" * (MAX_DECLARATION // 4) + ";\n}\n"
    found = unit(f"{long}int g(void) {{ return 1; }}\n")
    large, small = found.function("f"), found.function("g")
    assert large is not None
    assert small is not None
    assert found.ast(large) is None
    assert found.ast(small) is not None
    assert found.unparsed == {Location("x.h", 1): "too large"}


@pytest.mark.parametrize(
    "deep", ["(" * 9000 + "1" + ")" * 9000, " -" * 9001 + "1", "!" * 9000 + "1"]
)
def test_a_declaration_that_nests_too_deeply(unit: Callable[[str], Unit], deep: str) -> None:
    found = unit(f"int f(void) {{ return {deep}; }}\n")
    chunk = found.function("f")
    assert chunk is not None
    assert found.ast(chunk) is None
    assert "x.h" in {place.path for place in found.unparsed}


def test_a_condition_that_nests_too_deeply() -> None:
    config = load_kconfig(MemoryTree(TOY), "toy").solve({})
    assert not holds("(" * 100_000 + "1" + ")" * 100_000, config)
    assert holds("(((1)))", config)


# -- files that hold nothing, or no text ---------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_nul_bytes_are_named(read_toy: ReadToy, kind: str) -> None:
    text = TOY[GENERIC] + b"/* here */ \0\0\n\0\n"
    tool = find_tool({"PTCHECK_CPP": kind, "PATH": os.environ["PATH"]})
    unit = read_toy({GENERIC: text}, tool=tool)
    line = TOY[GENERIC].count(b"\n") + 1
    assert said(unit) == [(GENERIC, line, "a NUL byte: this is no text file")]
    assert "generic" in unit.functions


def test_nul_bytes_in_a_body(read_toy: ReadToy) -> None:
    unit = read_toy({"mm/body.c": b"\0" + TOY["mm/body.c"]}, bodies=("mm/body.c",))
    assert said(unit) == [("mm/body.c", 1, "a NUL byte: this is no text file")]


def test_what_is_not_read_is_no_news(read_toy: ReadToy) -> None:
    text = b"#if 0\n#include <linux/junk.h>\n#include <linux/pgtable-x.h>\n#endif\n" + TOY[MM]
    unit = read_toy({"include/linux/junk.h": b"\0", "include/linux/pgtable-x.h": b"", MM: text})
    assert unit.diagnostics == ()


@pytest.mark.parametrize(
    "text", [b"", b"\n \t\f\n", b"/* a\n * b **/ // c \\\n d\n", b"\\\n", b"\xef\xbb\xbf// x"]
)
@pytest.mark.parametrize(
    "path", ["include/linux/hugetlb.h", "include/linux/mm_types.h", "include/asm-generic/tlb.h",
             "arch/toy/include/asm/pgtable-bits.h"]
)  # fmt: skip
def test_an_empty_header_is_named(read_toy: ReadToy, path: str, text: bytes) -> None:
    name = path.rpartition("include/")[2]
    own = f"#include <{name}>\n".encode() + TOY[MM]
    unit = read_toy({path: text, MM: own})
    assert said(unit) == [(path, 1, "the header is empty")]


@pytest.mark.parametrize("text", [b"#pragma once\n", b"/* x */ int a;\n", b"#ifndef A\n#endif\n"])
def test_a_header_that_is_not_empty(read_toy: ReadToy, text: bytes) -> None:
    assert read_toy({"include/linux/hugetlb.h": text}).diagnostics == ()


def test_another_header_may_be_empty(read_toy: ReadToy) -> None:
    own = b"#include <asm/smp.h>\n" + TOY[MM]
    unit = read_toy({"arch/toy/include/asm/smp.h": b"/* none */\n", MM: own})
    assert unit.diagnostics == ()


def test_looking_for_tokens_takes_linear_time() -> None:
    began = time.process_time()
    for text in (b"/*" * 500_000, b"/* " + b"*" * 5_000_000, b"/**/" * 500_000, b"\\\n" * 500_000,
                 b"//" + b"\\\n//" * 500_000, b" " * 5_000_000 + b"x"):  # fmt: skip
        scan(text)
    assert time.process_time() - began < 10


# -- errors keep what was said before ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"", "the header is empty"), (b"\0" * 9, "a NUL byte: this is no text file")],
)
def test_an_error_keeps_the_diagnostics(read_toy: ReadToy, text: bytes, message: str) -> None:
    with pytest.raises(SourceError, match="no page-table header of toy") as caught:
        read_toy({GENERIC: text})
    assert isinstance(caught.value, UnitError)
    shown = [(str(d.location), d.message) for d in caught.value.diagnostics]
    assert shown == [(f"{GENERIC}:1", message)]


# -- questions about files -----------------------------------------------------------------------

OUTSIDE = [
    b"#if __has_include(<%s>)",
    b'#if __has_include("%s")',
    b"#if __has_include_next(<%s>)",
    b"#if __has_include_next(\"%s\")",
    b"#if defined(__has_include) && __has_include ( <%s> )",
    b"#define WHERE <%s>\n#if __has_include(WHERE)",
    b'#define WHERE "%s"\n#if __has_include(WHERE)',
    b"#define ASK __has_include\n#if ASK(<%s>)",
    b"#define ASK(x) __has_include(x)\n#if ASK(<%s>)",
    b"#define CAT(a, b) a##b\n#if CAT(__has_, include)(<%s>)",
    b"#if __has_in\\\nclude(<%s>)",
    b"#if __has_include/* c */(<%s>)",
    b"#if __has_include(/* c */<%s>)",
    b"#if __has_include(\\\n<%s>)",
    b"#if __has_include__(<%s>)",
    b"#if __has_include_next__(<%s>)",
    b"#if 0\n#elif __has_include(<%s>)",
    b"#undef __has_include\n#if __has_include(<%s>)",
    b'#if __has_embed("%s")',
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_about_the_host_is_answered_no(
    read_toy: ReadToy, kind: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.h"
    secret.write_text("int secret;\n")
    tool = find_tool({"PTCHECK_CPP": kind, "PATH": os.environ["PATH"]})
    climb = "../" * 30 + str(secret)[1:]
    text = b""
    for number, template in enumerate(OUTSIDE):
        for place in (str(secret), climb):
            name = b"seen_%d" % number
            text += template.replace(b"%s", place.encode()) + b"\nint " + name + b";\n#endif\n"
            text += b"#undef WHERE\n#undef ASK\n#undef CAT\n"
    unit = read_toy({MM: TOY[MM] + text}, tool=tool)
    assert [name for name in unit.variables if name.startswith("seen")] == []
    assert "generic" in unit.functions


@pytest.mark.parametrize("kind", KINDS)
def test_a_question_about_the_tree_is_answered(read_toy: ReadToy, kind: str) -> None:
    questions = {
        "<linux/there.h>": True,
        '"there.h"': True,
        "<asm/wrapped.h>": True,
        "<asm/made.h>": True,
        "<linux/nowhere.h>": False,
        '"../nowhere.h"': False,
    }
    text = "".join(
        f"#if defined __has_include && __has_include({name})\n#include {name}\n"
        f"int yes_{number};\n#endif\n"
        for number, name in enumerate(questions)
    )
    tool = find_tool({"PTCHECK_CPP": kind, "PATH": os.environ["PATH"]})
    files = {MM: TOY[MM] + text.encode(), "include/linux/there.h": b"int there;\n"}
    unit = read_toy(files, tool=tool)
    assert unit.diagnostics == ()
    seen = {int(name[4:]) for name in unit.variables if name.startswith("yes_")}
    assert seen == {number for number, yes in enumerate(questions.values()) if yes}


@pytest.mark.parametrize("path", [MM, "mm/body.c"])
def test_an_include_that_is_not_followed_is_named(read_toy: ReadToy, path: str) -> None:
    """No `#error` of the tree, which may be one that only objects to a compiler's options."""
    text = b'#define WHERE "/etc/passwd"\n#include WHERE\n#include </etc/passwd>\n' + TOY[path]
    unit = read_toy({path: text}, bodies=("mm/body.c",))
    assert said(unit) == [
        (path, 2, "not followed: #include WHERE"),
        (path, 3, "not followed: #include </etc/passwd>"),
    ]


# -- derived headers -----------------------------------------------------------------------------


def test_an_enumerator_that_begins_with_a_digit() -> None:
    text = (
        b"Sysreg\tTOY_EL1\t3\t0\t0\t7\t0\nUnsignedEnum\t3:0\tRANGE\n\t0b0000\t32\n"
        b"\t0b0001\t52_BIT\n\t0b0010\tMORE\n\t0b0011\tno-name\nEndEnum\nEndSysreg\n"
    )
    made = derived_headers(MemoryTree({"arch/toy/tools/sysreg": text}), "toy")
    lines = made["asm/sysreg-defs.h"].splitlines()
    for line in ("RANGE_32 UL(0b0000)", "RANGE_52_BIT UL(0b0001)", "RANGE_MORE UL(0b0010)"):
        assert f"#define TOY_EL1_{line}" in lines
    assert not [line for line in lines if "no" in line]
