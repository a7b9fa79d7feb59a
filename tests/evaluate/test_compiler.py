# SPDX-License-Identifier: GPL-2.0-only
"""Random integer expressions have the value, the width and the sign that the compiler gives them.

With variables the expressions are compiled and run; for a 32-bit word they are constants, whose
values are read from the compiler's assembler output, so that no 32-bit libraries are needed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analyzer.evaluate.calls import Machine
from analyzer.evaluate.values import Int
from tests.evaluate.lab import machine

# type: name, bits, signed, two values
VARIABLES: Final[dict[str, tuple[str, int, bool, int, int]]] = {
    "_Bool": ("vb", 1, False, 1, 0),
    "signed char": ("vsc", 8, True, -77, 127),
    "unsigned char": ("vuc", 8, False, 200, 3),
    "short": ("vsh", 16, True, -30000, 12),
    "unsigned short": ("vus", 16, False, 65000, 1),
    "int": ("vin", 32, True, -2, 2147483647),
    "unsigned int": ("vun", 32, False, 4294967290, 17),
    "long": ("vlo", 64, True, -5000000000, 1 << 40),
    "unsigned long": ("vul", 64, False, 0xFFFF_8000_0000_1234, 1),
    "long long": ("vll", 64, True, -1, 1 << 62),
    "unsigned long long": ("vull", 64, False, 1 << 63, 6),
}
NAMES: Final = tuple(name for name, *_ in VARIABLES.values())
CONSTANTS: Final = (
    "0", "1", "7", "0x7f", "0x80", "'a'", "'\\n'", "0x7fffffff", "2147483648", "0x80000000", "012",
    "4294967295u", "0xffffffffU", "1UL", "3l", "-1", "9000000000", "0xffffffffffffffff", "1ULL",
    "5LL", "0x8000000000000000", "0x123456789abcdef0ull",
)  # fmt: skip
BINARY: Final = ("+", "-", "*", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||")
STEPS: Final = ("t_++", "--t_", "++t_", "t_--")
WITHOUT_SHRINKING: Final = (Phase.explicit, Phase.reuse, Phase.generate)  # a batch shrinks badly
OPTIONS: Final = ("-std=gnu11", "-w", "-fwrapv", "-O0")


def expressions(leaves: tuple[str, ...], running: bool) -> st.SearchStrategy[str]:
    """C expressions without undefined behaviour (signed overflow wraps: -fwrapv)."""
    typed = st.sampled_from(tuple(VARIABLES))

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        shifts, divisions = st.sampled_from(("<<", ">>")), st.sampled_from(("/", "%"))
        kinds = [
            st.builds("({} {} {})".format, inner, st.sampled_from(BINARY), inner),
            st.builds("({} {} (({}) & 0x1f))".format, inner, shifts, inner),
            st.builds("({} {} ((({}) & 0xff) | 1))".format, inner, divisions, inner),
            st.builds("({}({}))".format, st.sampled_from(("-", "~", "!", "+")), inner),
            st.builds("(({})({}))".format, typed, inner),
            st.builds("({} ? {} : {})".format, inner, inner, inner),
            st.builds("sizeof({})".format, inner),
        ]
        if running:
            own = "({{ {} t_ = {}; {}; }})".format
            kinds += [
                st.builds("((void)({}), {})".format, inner, inner),
                st.builds("({} ?: {})".format, inner, inner),
                st.builds(own, typed, inner, st.sampled_from(STEPS)),
                st.builds("({{ {} t_ = {}; t_ {}= {}; }})".format,
                          typed, inner, st.sampled_from("+-*&|^"), inner),
                st.builds("({{ __typeof__({}) t_ = {}; t_; }})".format, inner, inner),
                st.builds("({{ switch ({}) {{ case 0: t_ = {}; break; default: t_ = {}; }} t_; }})"
                          .replace("({{", "({{ long t_;", 1).format, inner, inner, inner),
            ]  # fmt: skip
        return st.one_of(kinds)

    return st.recursive(st.sampled_from(leaves), larger, max_leaves=8)


def batches(leaves: tuple[str, ...], running: bool) -> st.SearchStrategy[list[str]]:
    return st.lists(expressions(leaves, running), min_size=70, max_size=100)


def gcc(folder: Path, text: str, *options: str) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc on this machine: nothing to compare with")
    (folder / "t.c").write_text(text)
    run = subprocess.run(
        ["gcc", *OPTIONS, *options, "t.c"], capture_output=True, text=True, timeout=120, cwd=folder
    )
    assert run.returncode == 0, run.stderr


def evaluated(it: Machine, name: str, *arguments: Int) -> int | str:
    result = it.call(name, list(arguments))
    return result.raw if isinstance(result, Int) else repr(result)


def shape(text: str) -> str:
    """Width and sign of an expression's type, as an expression."""
    return f"sizeof(({text}) + 0) * 2 + ((__typeof__(({text}) + 0))-1 < 1)"


@given(batches((*CONSTANTS, *NAMES), running=True))
@settings(max_examples=2, phases=WITHOUT_SHRINKING)
def test_run_like_gcc(tmp_path_factory: pytest.TempPathFactory, batch: list[str]) -> None:
    folder = tmp_path_factory.mktemp("gcc")
    declared = ", ".join(f"{ctype} {name}" for ctype, (name, *_) in VARIABLES.items())
    functions = "".join(
        f"unsigned long long e{i}({declared}) {{ return (unsigned long long)({text}); }}\n"
        f"unsigned long long t{i}({declared}) {{ return {shape(text)}; }}\n"
        for i, text in enumerate(batch)
    )
    rows = [[row[3] for row in VARIABLES.values()], [row[4] for row in VARIABLES.values()]]
    wanted = [(f"{kind}{i}", row) for row in rows for i in range(len(batch)) for kind in "et"]
    calls = "".join(
        f'printf("%llu\\n", {name}({", ".join(f"{v & (1 << 64) - 1}ull" for v in row)}));\n'
        for name, row in wanted
    )
    main = f"int printf(const char *, ...);\nint main(void) {{\n{calls}return 0; }}\n"
    gcc(folder, functions + main, "-o", "t")
    run = subprocess.run([folder / "t"], capture_output=True, text=True, timeout=60, check=True)
    theirs = [int(line) for line in run.stdout.split()]

    it = machine(functions)
    types = [(bits, signed) for _, bits, signed, *_ in VARIABLES.values()]
    wrong = []
    for (name, row), their in zip(wanted, theirs, strict=True):
        given_ = [Int(v, *kind) for v, kind in zip(row, types, strict=True)]
        mine = evaluated(it, name, *given_)
        if mine != their:
            wrong.append((batch[int(name[1:])], name[0], row, mine, their))
    assert not wrong, sorted(wrong, key=lambda item: len(item[0]))[:4]


@given(batches(CONSTANTS, running=False))
@settings(max_examples=3, phases=WITHOUT_SHRINKING)
@pytest.mark.parametrize("bits", [32, 64])
def test_fold_like_gcc(
    tmp_path_factory: pytest.TempPathFactory, bits: int, batch: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("gcc")
    wanted = [
        value for text in batch for value in (f"(unsigned long long)({text})", f"{shape(text)}")
    ]
    array = "const unsigned long long array[] = {\n" + ",\n".join(wanted) + ", 1ull };\n"
    gcc(folder, array, "-m32" if bits == 32 else "-m64", "-S", "-o", "t.s")
    theirs = emitted((folder / "t.s").read_text())

    functions = "".join(
        f"unsigned long long f{i}(void) {{ return {text}; }}\n" for i, text in enumerate(wanted)
    )
    it = machine(functions, bits)
    mine = [evaluated(it, f"f{i}") for i in range(len(wanted))]
    wrong = [(w, m, t) for w, m, t in zip(wanted, mine, theirs[:-1], strict=True) if m != t]
    assert not wrong, sorted(wrong, key=lambda item: len(item[0]))[:4]


def emitted(assembler: str) -> list[int]:
    """The 64-bit numbers of the only array in an assembler file of x86."""
    data = bytearray()
    started = False
    for line in assembler.splitlines():
        started = started or line == "array:"
        match = re.match(r"\s*\.(quad|long|zero)\s+(-?\d+)", line)
        if not started or match is None:
            continue
        if match[1] == "zero":
            data += bytes(int(match[2]))
        else:
            size = 8 if match[1] == "quad" else 4
            data += (int(match[2]) & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
