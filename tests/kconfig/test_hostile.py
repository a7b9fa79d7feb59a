# SPDX-License-Identifier: GPL-2.0-only
"""Trees that nobody should have: a value or a problem for everything, and never a hang."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kconfig import Kconfig, KconfigFiles, architectures, load_kconfig, variants
from analyzer.tree import MemoryTree

Load = Callable[..., Kconfig]


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < 20


def test_no_kconfig_at_all() -> None:
    tree = MemoryTree({"arch/toy/include/asm/pgtable.h": "", "mm/x.c": ""})
    kconfig = load_kconfig(tree, "toy")
    assert kconfig.empty
    assert kconfig.solve({"A": "y"}).value("A") == "y"
    assert "no such file" in kconfig.problems[0].message
    assert architectures(tree) == ("toy",)
    base, nothp = variants(tree, "toy", kconfig)
    assert (base.name, base.bits, base.levels, base.supported) == ("base", 64, 4, False)
    assert base.config.autoconf(["PAGE_TABLE_CHECK", "MMU", "DEVMEM"]) == (
        "#define CONFIG_PAGE_TABLE_CHECK 1\n#define CONFIG_MMU 1\n"
    )
    assert not nothp.config.on("TRANSPARENT_HUGEPAGE")


def test_without_the_top_file_what_is_there_is_read() -> None:
    tree = MemoryTree(
        {
            "arch/toy/Kconfig": "config MMU\n\tdef_bool y\nconfig THP\n\tdef_bool HAVE\n"
            'config TOY\n\tdef_bool y\n\tselect HAVE\nsource "gone/Kconfig"\n',
            "mm/Kconfig": "config HAVE\n\tbool\n",
        }
    )
    kconfig = load_kconfig(tree, "toy")
    assert kconfig.solve({}).value("THP") == "y"
    assert [str(p.location) for p in kconfig.problems] == ["Kconfig:0", "arch/toy/Kconfig:8"]


def test_a_renamed_architecture_finds_its_files() -> None:
    tree = MemoryTree(
        {
            "Kconfig": 'source "arch/$(SRCARCH)/Kconfig"\n',
            "arch/neu/Kconfig": 'source "arch/alt/Kconfig.cpu"\nsource "arch/alt/Kconfig"\n',
            "arch/neu/Kconfig.cpu": "config CPU\n\tdef_bool y\n",
        }
    )
    kconfig = load_kconfig(tree, "neu")
    assert kconfig.solve({}).value("CPU") == "y"
    assert len(kconfig.problems) == 2


def test_files_that_source_each_other(load: Load) -> None:
    kconfig = load(
        {
            "Kconfig": 'source "a"\nsource "Kconfig"\nconfig TOP\n\tdef_bool y\n',
            "a": 'source "b"\nconfig A\n\tdef_bool y\n',
            "b": 'source "./a"\nsource "../../outside"\nsource "/etc/passwd"\n',
        }
    )
    assert kconfig.solve({}).value("A") == "y"
    assert kconfig.solve({}).value("TOP") == "y"
    assert len(kconfig.problems) == 4


def test_sources_that_multiply(load: Load) -> None:
    files = {f"f{i}": f'source "f{i + 1}"\nsource "f{i + 1}"\n' for i in range(40)}
    files["f40"] = "config LEAF\n\tdef_bool y\n"
    kconfig = load({**files, "Kconfig": 'source "f0"\n'})
    assert kconfig.solve({}).value("LEAF") == "y"
    assert "too many files are sourced" in {p.message for p in kconfig.problems}


@pytest.mark.parametrize(
    "line", ["garbage here", "\tselekt B", "((((", "config", "\tselect", "\x1b[2J", "}", "\xa0bool"]
)
def test_a_line_that_is_no_statement(load: Load, line: str) -> None:
    """It is told where it stands; what stands around it is read all the same."""
    kconfig = load(
        {
            "Kconfig": f"config A\n\tbool\n{line}\n\tdefault y\n\nconfig B\n\tdef_bool A\n".encode(
                "latin-1"
            )
        }
    )
    assert [str(p.location) for p in kconfig.problems] == ["Kconfig:3"]
    assert "no statement" in kconfig.problems[0].message
    assert kconfig.problems[0].message.isprintable()
    assert kconfig.solve({}).value("B") == "y"


def test_every_statement_of_the_language_is_one(load: Load) -> None:
    """Words of all versions; macros, continued lines, help texts and comments are no statements."""
    kconfig = load(
        'mainmenu "m"\n$(warning-if,n,x)\nname := value\nother +=  more\n# garbage here\n\n'
        'config A\n\tboolean "a"\n\t# selekt B\n\thelp\n\t  garbage here\n\n\t  (((( \n\n'
        'config B\n  def_tristate y\n  modules\n  transitional\n  option env="B"\n'
        "\tdepends on A || \\\n\t\tgarbage\n  ---help---\n     selekt\nconfig C\n\tint\n"
        '\tprompt "c" if A\n\trange 1 2\n\tdefault 1\n\timply A\nmenuconfig D\n\thex "d"\n'
        'comment "c"\n\tdepends on A\nchoice\n\tbool "e"\n\toptional\nconfig F\n\tbool "f"\n'
        'endchoice\nmenu "g"\n\tvisible if A\nendmenu\nif A\nendif\nosource "none"\n'
    )
    assert kconfig.problems == ()


def test_sources_that_are_deep(load: Load) -> None:
    files = {f"f{i}": f'source "f{i + 1}"\n' for i in range(500)}
    kconfig = load({**files, "Kconfig": 'source "f0"\n'})
    assert "too many files are sourced" in {p.message for p in kconfig.problems}


def test_ten_thousand_nested_ifs(load: Load) -> None:
    text = "if A\n" * 10_000 + 'config DEEP\n\tbool "deep"\n\tdefault y\n' + "endif\n" * 10_000
    kconfig = load(text + "config A\n\tdef_bool y\n")
    assert kconfig.solve({}).value("DEEP") == "y"
    assert kconfig.solve({}).visible("DEEP")
    assert load(text).solve({}).value("DEEP") == "n"
    assert kconfig.problems == ()
    unclosed = load("if A\n" * 10_000 + "config X\n\tdef_bool y\n")
    assert unclosed.solve({}).value("X") == "n"
    assert 0 < len(unclosed.problems) <= 200


@pytest.mark.parametrize("what", ["depends on S{}", "default y if S{}", "select S{}"])
def test_a_long_chain(load: Load, what: str) -> None:
    number = 6_000
    step = 1 if "select" not in what else -1
    parts = []
    for i in range(number):
        prompt = "bool" if "select" in what else "bool\n\tdefault y"
        if what.startswith("default"):
            prompt = "bool"
        parts.append(f"config S{i}\n\t{prompt}\n\t{what.format(i + step)}\n")
    parts.append(f"config S{number}\n\tdef_bool y\n\tselect S{number - 1}\n")
    kconfig = load("".join(parts))
    assert kconfig.solve({}).value("S0") == "y"
    assert kconfig.solve({}).value("S2345") == "y"


@pytest.mark.parametrize(
    "text",
    [
        'config A\n\tbool "a"\n\tdepends on B\nconfig B\n\tbool "b"\n\tdepends on A\n',
        "config A\n\tdef_bool B\nconfig B\n\tdef_bool A\n",
        "config A\n\tdef_bool !A\n",
        "config A\n\tbool\n\tselect B\nconfig B\n\tbool\n\tselect A\n",
        "config A\n\tint\n\tdefault B\nconfig B\n\tint\n\tdefault A\n",
        "config A\n\tint\n\trange A A\n\tdefault 3\n",
        'config A\n\tbool "a"\n\timply A\n\tselect A\n\tdepends on A = y\n',
        'choice\n\tbool "c"\n\tdepends on A\nconfig A\n\tbool "a"\nconfig B\n\tbool "b"\nendchoice',
        (
            'choice\n\tbool "c"\nconfig A\n\tbool "a"\n\tdepends on B\nconfig B\n\tbool "b"\n'
            "\tdepends on A\nendchoice\n"
        ),
        'if A\nconfig A\n\tbool "a"\nendif\n',
        'menu "m"\n\tdepends on B\nconfig B\n\tdef_bool y\nendmenu\n',
        'config MODULES\n\tbool "m"\n\tdepends on A\nconfig A\n\ttristate\n\tdefault m\n',
        (
            "config 64BIT\n\tdef_bool PGTABLE_LEVELS > 2\nconfig PGTABLE_LEVELS\n\tint\n"
            "\tdefault 4 if 64BIT\n\tdefault 2\n"
        ),
    ],
)
def test_loops_end(load: Load, text: str) -> None:
    kconfig = load(text)
    config = kconfig.solve({"A": "y", "B": "y"})
    for name in ("A", "B", "64BIT", "MODULES"):
        assert config.value(name) in ("n", "m", "y", "", "3", "0")
        assert isinstance(config.visible(name), bool)
    assert isinstance(config.autoconf("AB"), str)
    kconfig.reach({}, "A", "y")
    assert variants(kconfig.files.tree, "toy", kconfig)


def test_a_long_loop(load: Load) -> None:
    text = "".join(f"config S{i}\n\tdef_bool S{(i + 1) % 5000}\n" for i in range(5000))
    assert load(text).solve({}).value("S17") == "n"


def test_many_that_select_one(load: Load) -> None:
    text = "config T\n\tbool\n" + "".join(
        f'config S{i}\n\tbool "s"\n\tselect T if T{i}\n' for i in range(30_000)
    )
    kconfig = load(text)
    assert kconfig.solve({}).value("T") == "n"
    assert kconfig.reach({}, "T", "y") is None


def test_a_choice_of_thousands(load: Load) -> None:
    members = "".join(f'config S{i}\n\tbool "s"\n' for i in range(5000))
    kconfig = load(f'choice\n\tbool "c"\n{members}endchoice\n')
    assert kconfig.solve({"S4000": "y"}).value("S4000") == "y"
    assert kconfig.solve({}).value("S0") == "y"
    assert kconfig.reach({}, "S0", "n") is not None


def test_a_search_without_end_is_given_up(load: Load) -> None:
    """Every symbol can be reached through any two of the next ten: too many ways to try all."""
    parts = []
    for i in range(400):
        ways = " || ".join(f"(S{i + j} && S{i + j + 1})" for j in range(1, 10))
        parts.append(f'config S{i}\n\tbool "s"\n\tdepends on {ways}\n')
    kconfig = load("".join(parts))
    assert kconfig.reach({}, "S0", "y") is None
    tree = MemoryTree(
        {"Kconfig": "".join(parts), "arch/toy/include/asm/pgtable.h": "#ifdef CONFIG_S0\n#endif\n"}
    )
    assert variants(tree, "toy", load_kconfig(tree, "toy"))


def test_nested_parentheses(load: Load) -> None:
    text = f"config A\n\tdef_bool {'(' * 10_000}B{')' * 10_000}\n"
    text += f"config C\n\tdef_bool {'!' * 10_001}B\nif {'(' * 10_000}\nendif\n"
    kconfig = load(text + f"config D\n\tdef_bool {' && '.join(['y'] * 10_000)}\n")
    config = kconfig.solve({})
    assert [config.value(name) for name in "ABCD"] == ["n", "n", "y", "y"]
    assert "too deep" in kconfig.problems[0].message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100_000,
        bytes(range(256)) * 400,
        b"config",
        b"config A\n\tbool\n\thelp",
        b"help\n" * 10_000,
        b"\thelp\n" + b"\n" * 100_000,
        b"\thelp\n" + b"  \t\n" * 100_000 + b"x",
        b"config A\r\n\tdef_bool y\r\n",
        b"endif\n" * 100_000,
        b'source "x"\n' * 50_000,
        b"choice\n" * 10_000,
        b"config A\n" * 30_000,
        b"config A\\\n" * 50_000,
        b"A := $(A)\n" * 20_000,
        b"A += $(A)\n" * 20_000,
        b"$(" * 50_000,
        b'config A\n\tbool "' + b"x" * 900_000,
        b"config " + b"A" * 900_000 + b"\n\tbool\n",
        b"\t" * 900_000 + b"config A\n",
        b"default y if " * 50_000,
        b"config A\n\tdefault y\n\trange 9999999999999999999999999999999999999999999999 0\n\tint\n",
        b"config A\n\tint\n\tdefault " + b"9" * 5000 + b"\n\trange 1 2\n",
        b"menu\nconfig A\nendmenu\nmainmenu\ncomment\nchoice\nendchoice\nif\nendif\nsource\n",
        'config Ä\n\tdef_bool ü\n\tprompt "ß"\n'.encode(),
    ],
)
def test_junk(load: Load, data: bytes) -> None:
    kconfig = load({"Kconfig": data, "arch/toy/include/asm/pgtable.h": data})
    config = kconfig.solve({"A": "y"})
    assert isinstance(config.value("A"), str)
    assert len(kconfig.problems) <= 200
    assert variants(kconfig.files.tree, "toy", kconfig)[0].name == "base"


def test_a_file_that_is_too_large(load: Load) -> None:
    big = b"config A\n\tdef_bool y\n#" + b"x" * 3_000_000
    kconfig = load({"Kconfig": b'source "big"\nconfig B\n\tdef_bool y\n', "big": big})
    assert kconfig.solve({}).value("B") == "y"
    assert kconfig.solve({}).value("A") == "n"
    assert "too large" in kconfig.problems[0].message


def test_too_many_symbols_in_all() -> None:
    files = {f"f{i}": "config A\n" * 60_000 for i in range(8)}
    files["Kconfig"] = "".join(f'source "f{i}"\n' for i in range(8))
    kconfig = load_kconfig(MemoryTree(files), "toy", KconfigFiles(MemoryTree(files)))
    assert "too many symbols" in kconfig.problems[-1].message


LINES = """config choice endchoice menu endmenu if endif source help bool tristate int default
depends on select imply range prompt visible A B C y n m && || ! ( ) = < " ' $( := 3 \\ # MODULES
menuconfig comment mainmenu option env optional"""
WORDS = st.sampled_from([*LINES.split(), "\n", "\t", "\n\t", "\nconfig", "\nif"])


@settings(max_examples=150)
@given(words=st.lists(WORDS, max_size=120))
def test_any_words(words: list[str]) -> None:
    kconfig = load_kconfig(MemoryTree({"Kconfig": " ".join(words)}), "toy")
    config = kconfig.solve({"A": "y", "B": "n"})
    for name in ("A", "B", "C", "MODULES"):
        assert isinstance(config.value(name), str)
        kconfig.reach({}, name, "y")


@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    kconfig = load_kconfig(MemoryTree({"Kconfig": b"config A\n\tbool\n" + data}), "toy")
    assert kconfig.solve({}).value("A") in ("y", "n", "m")


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_any_damage(seed: int) -> None:
    """A good text with a piece cut out, doubled or moved."""
    random = Random(seed)
    text = "".join(
        f'menu "m{i}"\n\tdepends on S{i}\nchoice\n\tbool "c"\nconfig S{i + 1}\n\tbool "s"\n'
        f"\thelp\n\t  text\nendchoice\nif S{i}\nconfig T{i}\n\tdef_bool y\n\tselect S{i}\nendif\n"
        "endmenu\n"
        for i in range(20)
    )
    for _ in range(5):
        a, b, c = sorted(random.randrange(len(text) + 1) for _ in range(3))
        text = random.choice(
            [text[:a] + text[b:], text[:b] + text[a:], text[:a] + text[b:c] + text]
        )
    kconfig = load_kconfig(MemoryTree({"Kconfig": text}), "toy")
    config = kconfig.solve({"S3": "y"})
    assert all(config.value(f"S{i}") in ("y", "n", "") for i in range(20))
