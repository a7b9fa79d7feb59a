# SPDX-License-Identifier: GPL-2.0-only
"""The macro language and the fixed answers to questions about tools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.kconfig import Kconfig
from analyzer.kconfig.answers import shell, succeeds
from analyzer.kconfig.macros import MacroError, MacroTable

Load = Callable[..., Kconfig]

#: As scripts/Kconfig.include words it, in the kernels we know.
INCLUDE = """
comma       := ,
empty       :=
space       := $(empty) $(empty)
dollar      := $
if-success = $(shell,{ $(1); } >/dev/null 2>&1 && echo "$(2)" || echo "$(3)")
success = $(if-success,$(1),y,n)
failure = $(if-success,$(1),n,y)
cc-option = $(success,trap "rm -rf .t_$$" EXIT; $(CC) -Werror $(CLANG_FLAGS) $(1) -c -x c \
/dev/null -o .t_$$/t.o)
ld-option = $(success,$(LD) -v $(1))
as-instr = $(success,printf "%b\\n" "$(1)" | $(CC) $(2) -c -x assembler-with-cpp -o /dev/null -)
$(error-if,$(failure,command -v $(CC)),no compiler)
cc-info := $(shell,$(srctree)/scripts/cc-version.sh $(CC))
cc-name := $(shell,set -- $(cc-info) && echo $1)
cc-version := $(shell,set -- $(cc-info) && echo $2)
cc-option-bit = $(if-success,$(CC) -Werror $(1) -E -x c /dev/null -o /dev/null,$(1))
m64-flag := $(cc-option-bit,-m64)
"""


def expand(text: str, *assignments: tuple[str, str, str]) -> str:
    table = MacroTable({"ARCH": "toy", "CC": "cc"})
    for number, (name, operator, value) in enumerate(assignments):
        table.assign((number,), name, operator, value)
    return table.expand(text, (len(assignments),))


def test_expansion() -> None:
    assert expand("plain $x ${y} $") == "plain $x ${y} $"
    assert expand("a$(ARCH)b$(UNSET)c") == "atoybc"
    assert expand("$(A)", ("B", "=", "1"), ("A", "=", "$(B)"), ("B", "=", "2")) == "2"
    assert expand("$(A)", ("B", "=", "1"), ("A", ":=", "$(B)"), ("B", "=", "2")) == "1"
    assert expand("$(A)", ("A", "=", "1"), ("A", "+=", "2")) == "1 2"
    assert expand("$(f,1,2)", ("f", "=", "<$(2)$(1)$(3)>")) == "<21>"
    assert expand("$(f,$(g,x),(a,b))", ("f", "=", "$(1)/$(2)"), ("g", "=", "[$(1)]")) == "[x]/(a,b)"
    assert expand("$(f,$(comma))", ("comma", ":=", ","), ("f", "=", "$(1)$(2)")) == ","
    assert expand("$(A)", ("A", ":=", "$(info,hello)x")) == "x"
    assert expand("$($(A))", ("A", "=", "ARCH")) == "toy"


def test_a_use_sees_what_was_assigned_before_it() -> None:
    table = MacroTable({})
    table.assign((1, 5), "X", "=", "early")
    table.assign((3,), "X", "=", "late")
    assert table.expand("$(X)", (1, 4)) == ""
    assert table.expand("$(X)", (2,)) == "early"
    assert table.expand("$(X)", (3, 1)) == "late"


@pytest.mark.parametrize(
    ("text", "assignments"),
    [
        ("$(A)", [("A", "=", "$(A)")]),
        ("$(A)", [("A", "=", "$(B)"), ("B", "=", "$(A)")]),
        ("$(f,x)", [("f", "=", "$(f,$(1)$(1))")]),
        ("$(A", []),
        (
            "$(Z)",
            [("A", "=", "x" * 9000)]
            + [(chr(66 + i), "=", f"$({chr(65 + i)})" * 8) for i in range(25)],
        ),
    ],
)
def test_expansion_is_bounded(text: str, assignments: list[tuple[str, str, str]]) -> None:
    with pytest.raises(MacroError):
        expand(text, *assignments)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("./scripts/cc-version.sh cc", "GCC 120200"),
        ("./scripts/gcc-version.sh cc", "120200"),
        ("./scripts/clang-version.sh cc", "0"),
        ("./scripts/as-version.sh cc -m64", "GNU 24000"),
        ("./scripts/ld-version.sh ld", "BFD 24000"),
        ("ld --version | ./scripts/ld-version.sh", "240000000"),
        ("./scripts/pahole-version.sh pahole", "0"),
        ("set -- GCC 120200 && echo $2", "120200"),
        ("set -- GCC && echo $7", ""),
        ('{ test a = a; } >/dev/null 2>&1 && echo "y" || echo "n"', "y"),
        ("(false) >/dev/null 2>&1 && echo y || echo n", "n"),
        ("rm -rf /", ""),
        ("", ""),
    ],
)
def test_shell(command: str, answer: str) -> None:
    assert shell(command) == answer


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ('test -z ""', True),
        ('test -n ""', False),
        ('[ "a b" = "a b" ]', True),
        ("test ! a = a", False),
        ("test 120200 -ge 90000", True),
        ("test x -ge 90000", False),
        ("test", False),
        ('test "unclosed', False),
        ('echo "gcc (GCC) 12.2.0" | grep -q gcc', True),
        ('echo "gcc (GCC) 12.2.0" | grep -q clang', False),
        ('echo "GCC" | grep -qi gcc', True),
        ('echo "GCC" | grep -qv LLVM', True),
        ("cc -Werror -march=z13 -c -x c /dev/null -o x", True),
        ("cc -Werror -m64 -E -x c /dev/null -o /dev/null", True),
        ("cc -Werror -Wa,-march=armv8.5-a -c -x c /dev/null -o x", True),
        ("cc -Werror -fsanitize=thread -c -x c /dev/null -o x", False),
        ("cc -Werror -m64 -D__SIZEOF_INT128__=0 -c -x c /dev/null -o x", False),
        ("echo 'int x asm goto' | cc -x c - -c -o /dev/null", False),
        ('printf "%b" "wrussq" | cc -c -x assembler-with-cpp -o /dev/null -', True),
        ("ld -v --no-relax-gp", False),
        ("command -v cc", True),
        ("./scripts/gcc-goto.sh cc", True),
    ],
)
def test_succeeds(command: str, expected: bool) -> None:
    assert succeeds(command) is expected


def test_macros_of_the_kernel(load: Load) -> None:
    kconfig = load(
        {
            "Kconfig": 'source "include"\n'
            'config IS_GCC\n\tdef_bool $(success,test "$(cc-name)" = GCC)\n'
            "config VERSION\n\tint\n\tdefault $(cc-version)\n"
            "config FANCY\n\tdef_bool $(cc-option,-ffancy -fcomma=1$(comma)2)\n"
            "config PLAIN\n\tdef_bool !$(cc-option,$(m64-flag) -D__SIZEOF_INT128__=0)\n"
            "config CPU\n\tdef_bool IS_GCC && $(cc-option,-march=z10)\n"
            "config INSTRUCTION\n\tdef_bool $(as-instr,wrussq %rax$(comma)(%rbx))\n"
            "config LINKER\n\tbool\n\tdepends on $(ld-option,--gc)\n\tdefault y\n"
            'config TEXT\n\tstring\n\tdefault "v $(shell,echo "quoted" me) $(ARCH)"\n'
            "config EMPTY\n\tstring\n\tdefault $(shell,echo)\n",
            "include": INCLUDE,
        }
    )
    config = kconfig.solve({})
    names = "IS_GCC VERSION FANCY PLAIN CPU INSTRUCTION LINKER TEXT EMPTY"
    assert [config.value(name) for name in names.split()] == (
        ["y", "120200", "n", "y", "y", "y", "n", "v  toy", ""]
    )
    assert kconfig.problems == ()


def test_paths_and_comparisons_use_the_environment(load: Load) -> None:
    files = {
        "Kconfig": 'source "arch/$(SRCARCH)/Kconfig"\n',
        "arch/toy/Kconfig": 'config WIDE\n\tbool "w" if "$(ARCH)" = "toy"\n'
        '\tdefault "$(ARCH)" != "toy32"\nsource "arch/$(UNSET_HEADER_ARCH)/um/Kconfig"\n',
        "arch/host/um/Kconfig": "config FROM_HOST\n\tdef_bool y\n",
    }
    kconfig = load(files)
    config = kconfig.solve({})
    assert config.visible("WIDE")
    assert config.value("WIDE") == "y"
    assert config.value("FROM_HOST") == "y"
    assert kconfig.environment["UNSET_HEADER_ARCH"] == "host"
    assert kconfig.compared_environment() == (("ARCH", "toy32"),)
    narrow = kconfig.with_environment({"ARCH": "toy32"}).solve({"WIDE": "y"})
    assert not narrow.visible("WIDE")
    assert narrow.value("WIDE") == "n"
