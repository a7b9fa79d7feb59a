# SPDX-License-Identifier: GPL-2.0-only
"""The statements of the language, one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.kconfig import Config, Kconfig
from analyzer.kconfig.expression import ExpressionError, parse, split_condition, symbols, tokens

Load = Callable[..., Kconfig]
Solve = Callable[..., Config]


def values(config: Config, names: str) -> str:
    return " ".join(config.value(name) for name in names.split())


def test_types_and_defaults(solve: Solve) -> None:
    config = solve(
        """
config A
\tbool
\tdefault y
config B
\tdef_bool A
config C
\tdef_tristate m
config D
\tint
\tdefault 12 if !A
\tdefault 34
config E
\thex
\tdefault 0x10
config F
\tstring
\tdefault "a \\"b\\" c"
config G
\tbool "no default"
config H
\tboolean "old spelling"
\tdefault y
"""
    )
    assert values(config, "A B C D E F G H") == 'y y y 34 0x10 a "b" c n y'
    assert config.value("NOT_THERE") == "n"
    assert config.autoconf(["CONFIG_A", "B", "D", "E", "F", "G", "NOT_THERE"]) == (
        "#define CONFIG_A 1\n#define CONFIG_B 1\n#define CONFIG_D 34\n#define CONFIG_E 0x10\n"
        '#define CONFIG_F "a \\"b\\" c"\n'
    )


def test_modules(solve: Solve) -> None:
    text = """
config MODULES
\tbool "modules"
\tmodules
config T
\ttristate "t"
\tdefault m
config U
\tbool
\tdefault T
config V
\ttristate "v" if m
\tdefault y
"""
    without = solve(text)
    assert values(without, "T U V") == "y y y"
    modular = solve(text, MODULES="y", V="y")
    assert values(modular, "T U V") == "m y m"
    assert modular.autoconf(["T", "U"]) == "#define CONFIG_T_MODULE 1\n#define CONFIG_U 1\n"


def test_a_number_without_a_value_is_not_written(solve: Solve) -> None:
    config = solve(
        """
config A
\tint
config B
\tint
\trange 5 9
config C
\tint "asked"
config D
\thex
\tdefault 1f
"""
    )
    assert config.autoconf("ABCD") == "#define CONFIG_C 0\n#define CONFIG_D 0x1f\n"
    assert config.value("B") == "5"


def test_depends_and_user_values(solve: Solve) -> None:
    text = """
config A
\tbool "a"
config B
\tbool "b"
\tdepends on A
\tdefault y
config C
\tbool "c" if A
\tdefault y
"""
    assert values(solve(text), "A B C") == "n n y"
    assert values(solve(text, B="y", C="n"), "A B C") == "n n y"
    assert values(solve(text, A="y", C="n"), "A B C") == "y y n"


def test_select_ignores_dependencies_and_conditions_hold(solve: Solve) -> None:
    text = """
config OFF
\tbool "off"
config TARGET
\tbool
\tdepends on OFF
config OTHER
\tbool
config S
\tbool "s"
\tselect TARGET
\tselect OTHER if OFF
"""
    assert values(solve(text, S="y"), "TARGET OTHER") == "y n"
    assert values(solve(text, S="y", OFF="y"), "TARGET OTHER") == "y y"
    assert values(solve(text), "TARGET OTHER") == "n n"


def test_imply_can_be_refused_and_respects_dependencies(solve: Solve) -> None:
    text = """
config DEP
\tbool "dep"
config T
\tbool "t"
\tdepends on DEP
config I
\tdef_bool y
\timply T
"""
    assert solve(text).value("T") == "n"
    assert solve(text, DEP="y").value("T") == "y"
    assert solve(text, DEP="y", T="n").value("T") == "n"


def test_if_menu_and_visible(solve: Solve) -> None:
    text = """
config A
\tbool "a"
if A # a comment
menu "m"
\tdepends on !Z
\tvisible if V
config B
\tbool "b"
\tdefault y
endmenu
endif
config V
\tbool "v"
config Z
\tbool "z"
"""
    assert solve(text).value("B") == "n"
    assert values(solve(text, A="y", B="n"), "B") == "y"  # invisible: the user is not asked
    assert solve(text, A="y", V="y", B="n").value("B") == "n"
    assert solve(text, A="y", Z="y").value("B") == "n"


def test_ranges(solve: Solve) -> None:
    text = """
config BIG
\tbool "big"
config N
\tint "n"
\trange 10 99 if BIG
\trange 1 LIMIT
\tdefault 5
config LIMIT
\tint
\tdefault 7
"""
    assert solve(text).value("N") == "5"
    assert solve(text, N="2").value("N") == "2"
    assert solve(text, N="50").value("N") == "5"  # out of range: forgotten
    assert solve(text, N="nonsense").value("N") == "5"
    assert solve(text, BIG="y").value("N") == "10"


CHOICE = """
config X
\tbool "x"
choice
\tprompt "which"
\tdepends on !X
\tdefault B
config A
\tbool "a"
config B
\tbool "b"
config C
\tbool "c"
\tdepends on Y
endchoice
config Y
\tbool "y"
config SIZE
\tint
\tdefault 1 if A
\tdefault 2 if B
\tdefault 3 if C
"""


@pytest.mark.parametrize(
    ("wants", "expected"),
    [
        ({}, "n y n 2"),
        ({"A": "y"}, "y n n 1"),
        ({"A": "y", "B": "y"}, "n y n 2"),  # what is said last
        ({"C": "y"}, "n y n 2"),  # not offered
        ({"C": "y", "Y": "y"}, "n n y 3"),
        ({"B": "n"}, "y n n 1"),
        ({"X": "y", "A": "y"}, "n n n "),
    ],
)
def test_choice(solve: Solve, wants: dict[str, str], expected: str) -> None:
    assert values(solve(CHOICE, **wants), "A B C SIZE") == expected


def test_optional_and_named_choices(load: Load) -> None:
    kconfig = load(
        """
choice NAMED
\tbool "first place"
config A
\tbool "a"
endchoice
choice
\tbool "optional"
\toptional
config P
\tbool "p"
config Q
\tbool "q"
endchoice
choice NAMED
config B
\tbool "b"
endchoice
"""
    )
    assert values(kconfig.solve({}), "A B P Q") == "y n n n"
    assert values(kconfig.solve({"B": "y", "Q": "y"}), "A B P Q") == "n y n y"


def test_several_definitions_in_the_order_of_reading(load: Load) -> None:
    files = {
        "Kconfig": 'source "arch/$(SRCARCH)/Kconfig"\nsource "generic"\n',
        "arch/toy/Kconfig": 'config LEVELS\n\tdefault 4 if WIDE\nconfig WIDE\n\tbool "wide"\n',
        "generic": "config LEVELS\n\tint\n\tdefault 2\n",
    }
    kconfig = load(files)
    assert kconfig.solve({}).value("LEVELS") == "2"
    assert kconfig.solve({"WIDE": "y"}).value("LEVELS") == "4"


def test_help_is_not_read(solve: Solve) -> None:
    config = solve(
        """
config A
\tbool "a"
\thelp
\t  config NOT_A_SYMBOL
\t  if you select B here, everything ends.

\t    select B
\tselect C
config B
\tbool
\t---help---
        eight blanks are one tab
\t select NOTHING
config C
\tbool
config D
\tbool "help"
help
\tdefault y
config E
\tdef_bool y
""",
        A="y",
    )
    assert values(config, "B C D E NOT_A_SYMBOL") == "n y n y n"


def test_continuation_lines_and_comments(solve: Solve) -> None:
    config = solve(
        'config A\n\tbool "a" \\\n\tif B || \\\n\t   C\n\tdefault y if \\\nB # not C\n'
        "config B\n\tdef_bool y # always\n# config C\nconfig D\n\tdef_bool \\\n\ty\n"
    )
    assert values(config, "A B C D") == "y y n y"
    assert config.visible("A")


def test_comparisons(solve: Solve) -> None:
    config = solve(
        """
config N
\tint
\tdefault 10
config H
\thex
\tdefault 0x1f
config A
\tdef_bool N > 9 && N >= 10 && N < 11 && N <= 10 && N = 10 && N != 9
config B
\tdef_bool N < 9
config C
\tdef_bool H > 0x1e && "abc" < "abd"
config D
\tdef_bool N = A
config E
\tdef_bool A = y && B = n && A != B
config F
\tdef_bool !(N = 10)
"""
    )
    assert values(config, "A B C D E F") == "y n y n y n"


def test_old_environment_symbols(load: Load) -> None:
    files = {
        "Kconfig": 'config SRCARCH\n\tstring\n\toption env="SRCARCH"\n'
        'config ARCH\n\tstring\n\toption env="ARCH"\nsource "arch/$SRCARCH/Kconfig"\n'
        'config DEFCONFIG_LIST\n\tstring\n\toption defconfig_list\n\tdefault "x"\n',
        "arch/toy/Kconfig": 'config 64BIT\n\tbool "64" if ARCH = "toy"\n'
        '\tdefault ARCH != "toy32"\n',
    }
    assert load(files).solve({}).value("64BIT") == "y"
    small = load(files, {"ARCH": "toy32"})
    assert small.solve({"64BIT": "y"}).value("64BIT") == "n"
    assert load(files).compared_environment() == (("ARCH", "toy32"),)


def test_transitional_symbols_are_values_of_the_past(solve: Solve) -> None:
    text = 'config NEW\n\tbool "new"\n\tdefault OLD\nconfig OLD\n\tbool\n\ttransitional\n'
    assert values(solve(text, OLD="y"), "NEW OLD") == "n n"


def test_expressions() -> None:
    def read(text: str) -> object:
        return parse(tokens(text)[0])

    assert read("A && B || !C") == (
        "or",
        (("and", (("sym", "A"), ("sym", "B"))), ("not", ("sym", "C"))),
    )
    assert read('!X = "y"') == ("not", ("=", ("sym", "X"), ("str", "y")))
    assert read("!!A") == ("sym", "A")
    assert symbols(parse(tokens("A && (B || C = D) && y")[0])) == {"A", "B", "C", "D"}
    assert split_condition("X if Y") == (["X"], ["Y"])
    for text in ("A &&", "(A", "A B", "&& A", "A = (B)", "= B", "", ")", "A = = B"):
        with pytest.raises(ExpressionError):
            read(text)
    with pytest.raises(ExpressionError):
        read("(" * 100 + "A" + ")" * 100)
    assert read(" || ".join(["A"] * 10_000))


def test_what_is_not_understood_is_reported_with_its_place(load: Load) -> None:
    kconfig = load(
        'config A\n\tbool "a"\n\tdepends on (B\n\tdefault y\n'
        'endif\nsource "missing"\nosource "missing too"\nmenu "open"\n'
    )
    assert kconfig.solve({}).value("A") == "y"
    assert [(p.location.line, p.message) for p in kconfig.problems] == [
        (5, "endif without its if"),
        (8, "menu is not closed"),
        (6, "cannot source missing: no such file in the tree"),
        (3, "a parenthesis is not closed"),
    ]


@pytest.mark.parametrize(
    ("a", "b", "wanted"), [("y", "y", "y"), ("n", "y", "n"), ("n", "n", "y"), ("y", "n", "y")]
)
def test_depends_on_with_a_condition(solve: Solve, a: str, b: str, wanted: str) -> None:
    config = solve(
        f"""
config A
\tdef_bool {a}
config B
\tdef_bool {b}
config C
\tbool "c"
\tdepends on A if B
\tdefault y
"""
    )
    assert config.value("C") == wanted
