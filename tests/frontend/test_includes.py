# SPDX-License-Identifier: GPL-2.0-only
"""What a file includes, and that no directive can lead a preprocessor astray."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from analyzer.frontend.includes import scan
from analyzer.preprocessor import find_tool
from tests.frontend.conftest import CLANG


def names(text: bytes) -> list[str]:
    return [include.name for include in scan(text).includes]


def test_plain_includes() -> None:
    text = (
        b'#include <linux/mm.h>\n  #\tinclude "local.h" /* why */\n# include_next <asm/io.h>\n'
        b"#if 0\n#include <never/taken.h>\n#endif\n// #include <comment.h>\n"
        b"#define X \\\n#include <y.h>\n"
    )
    found = scan(text)
    assert [(i.name, i.quoted) for i in found.includes] == [
        ("linux/mm.h", False),
        ("local.h", True),
        ("asm/io.h", False),
        ("never/taken.h", False),
        ("y.h", False),
    ]
    assert found.text is None


def test_symbols() -> None:
    text = b"#ifdef CONFIG_A\n#if IS_ENABLED(CONFIG_B_2) /* CONFIG_C */\nxCONFIG_D CONFIG_\n"
    assert scan(text).symbols == {"A", "B_2", "C", "D"}


OUTSIDE = [
    b'#include "%s"\n',
    b"#include <%s>\n",
    b'#include_next "%s"\n',
    b'#import "%s"\n',
    b'# \t include\t"%s"\n',
    b'#define X "%s"\n#include X\n',
    b"#define X(a) <a>\n#include X(%s)\n",
    b'%%:include "%s"\n',
    b'%%:\\\n include "%s"\n',
    b'%%\\\n:include "%s"\n',
    b'#\\\ninclude "%s"\n',
    b'#inc\\\nlude "%s"\n',
    b'#inc\\  \nlude "%s"\n',
    b'#in\\\r\nclude "%s"\n',
    b'#i\\\n\\\n\\\nnclude "%s"\n',
    b'/* c */ #include "%s"\n',
    b'/* c\n d */ # include "%s"\n',
    b'#/* c */include "%s"\n',
    b"#/*" + b"c" * 5000 + b'*/include "%s"\n',
    b"#" + b"/**/" * 90 + b'include "%s"\n',
    b"#" + b" " * 90 + b'include "%s"\n',
    b"#" + b"\\\n" * 90 + b'include "%s"\n',
    b'#/* c\n */ include "%s"\n',
    b'# /* c */ /* d */ include /* e */ "%s"\n',
    b'/**//**/#/**/include/**/"%s"\n',
    b'#include/* c */"%s"\n',
    b'#include \\\n"%s"\n',
    b'\xef\xbb\xbf#include "%s"\n',
    b'#\0include "%s"\n',
    b'\0#include "%s"\n',
    b'\f#\vinclude "%s"\n',
    b'\r#include "%s"\n',
    b'x\r#include "%s"\r',
    b'#embed "%s"\n',
    b'  \\\n#include "%s"\n',
    b'??=include "%s"\n',
]


@pytest.mark.parametrize("kind", ["gcc", CLANG])
@pytest.mark.parametrize("template", OUTSIDE)
def test_nothing_outside_is_read(tmp_path: Path, kind: str, template: bytes) -> None:
    """The real preprocessor on the safe text: the secret does not come out, lines are kept."""
    secret = tmp_path / "secret.h"
    secret.write_text("int secret_is_out;\n")
    path = bytes(secret)
    text = template.replace(b"%s", path).replace(b"%%", b"%") + b"int here;\n"
    found = scan(text)
    assert found.includes == ()
    safe = text if found.text is None else found.text
    assert safe.count(b"\n") == text.count(b"\n")
    (tmp_path / "a.h").write_bytes(safe)
    tool = find_tool({"PTCHECK_CPP": kind, "PATH": "/usr/bin:/bin"})
    command = [*tool.command, "-E", "-P", "-w", "-undef", "-nostdinc", "-std=gnu11", "a.h"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert b"secret_is_out" not in done.stdout, safe
    unsafe = subprocess.run(
        [*command[:-1], "-x", "c", "-"], cwd=tmp_path, input=text, capture_output=True, check=False
    )
    if b"secret_is_out" in unsafe.stdout:  # the disguise works: it must have been noticed
        assert found.text is not None


@pytest.mark.parametrize(
    "text",
    [
        b'#include "' + b"../" * 9 + b'etc/passwd"\n',
        b"#include <" + b"a" * 300 + b".h>\n",
        b"#include <" + b"a/" * 600 + b".h>\n",
        b"#include < linux/mm.h>\n",
        b"#include <>\n",
        b"#include\n",
        b'#line 5 "/etc/passwd"\n',
        b'# 5 "/etc/passwd" 1\n',
    ],
)
def test_odd_includes_are_not_followed(text: bytes) -> None:
    found = scan(text)
    assert found.includes == ()
    assert found.text is not None
    assert found.text.startswith((b"#error", b"#pragma"))


def test_what_only_looks_like_a_directive_stays() -> None:
    text = (
        b'const char *s = "%:include";\n#define CAT(a, b) a##b\n#define STR(x) # x\n'
        b"/* see #include <x.h> */ int includes;\n"
        b'asm("# include \\n");\nint a = b %\\\n c;\n'
    )
    found = scan(text)
    assert (found.text or text) == text
    assert found.includes == ()


def test_crlf_is_left_alone() -> None:
    text = b"#include <a.h>\r\n#define X \\\r\n 1\r\n"
    assert scan(text).text is None
    assert names(text) == ["a.h"]


def test_hostile_files_take_linear_time() -> None:
    began = time.process_time()
    for text in (
        b"#" * 500_000,
        b"#/*" * 100_000,
        b"/* */ #" * 60_000,
        b"#include \\\n" * 60_000,
        b"%:" * 200_000,
        b"CONFIG_" * 300_000,
        b"#inc\\\n" * 60_000,
        b"a" * 20_000_000,
        b"\0" * 5_000_000,
        b" " * 3_000_000 + b"#include <a.h>",
    ):
        scan(text)
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "pragma",
    [
        b'#pragma GCC dependency "/etc/passwd"',
        b"  #  pragma clang dependency </etc/passwd>",
        b'#pragma GCC /* a\n */ dependency "/etc/passwd"',
        b'#pragma GCC depen\\\ndency "/etc/passwd"',
        b'#pragma GCC depen\\ \t\r\ndency "/etc/passwd"',
        b'#prag\\\nma GCC dependency "/etc/passwd"',
        b'%:pragma GCC dependency "/etc/passwd"',
        b'/* */ #/* */pragma GCC dependency "/etc/passwd"',
    ],
)
def test_a_pragma_opens_no_file(pragma: bytes) -> None:
    text = scan(b"int a;\n" + pragma + b"\nint b;\n").text
    assert text is not None
    assert text.count(b"\n") == pragma.count(b"\n") + 3
    assert re.search(rb"(?m)^[^\n]*#error ptcheck: not followed", text)
    assert not re.search(rb"(?m)^(?:/\*.*?\*/)?\s*(?:#|%:)\s*pragma", text)


@pytest.mark.parametrize(
    "pragma",
    [
        b"#pragma pack(push, 1) /* why\n not */",
        b'#pragma GCC diagnostic \\\n ignored "-Wx"',
        b"#pragma GCC visibility push(hidden)\n/* a dependency */",
        b"#define dependency\n#pragma once",
    ],
)
def test_other_pragmas_stay(pragma: bytes) -> None:
    assert scan(pragma + b"\nint b;\n").text is None
