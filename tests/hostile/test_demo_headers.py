# SPDX-License-Identifier: GPL-2.0-only
"""One damaged file in a tree that was clean: named with its line, and never clean again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import PGTABLE, ptcheck
from tests.hostile.damage import DAMAGES, Damage
from tests.hostile.trees import check, copy, named, never_clean, verdicts

GENERIC = "include/linux/pgtable.h"
HOOKS = "include/linux/page_table_check.h"
TYPES = "include/linux/mm_types.h"
FRAMEWORK = "mm/page_table_check.c"
BODIES = "arch/demo/mm/pgtable.c"
KCONFIG = "arch/demo/Kconfig"
FEW = ("missing", "binary", "zeros", "empty", "truncated", "garbage")
SLOW = ("laughs", "long-line", "long-comment")

BY_NAME = {damage.name: damage for damage in DAMAGES}


def spoil(tree: Path, path: str, damage: Damage) -> None:
    data = damage.change((tree / path).read_bytes())
    if data is None:
        (tree / path).unlink()
    else:
        (tree / path).write_bytes(data)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a run says about the tree while it is sound."""
    done, value = check(copy(tmp_path_factory.mktemp("sound")))
    assert (done.code, done.err) == (0, "")
    return value


def test_sound(sound: Any) -> None:
    assert set(verdicts(sound).values()) == {"balanced", "neutral"}
    assert sound["problems"] == []


def _cases() -> list[object]:
    """Every damage to both headers; the large ones to the second one are slow."""
    return [
        pytest.param(
            path,
            damage,
            id=f"{damage.name}-{path.partition('/')[0]}",
            marks=[pytest.mark.slow] if path == GENERIC and damage.name in SLOW else [],
        )
        for damage in DAMAGES
        for path in (PGTABLE, GENERIC)
    ]


@pytest.mark.parametrize(("path", "damage"), _cases())
def test_a_page_table_header(damage: Damage, path: str, tmp_path: Path, sound: Any) -> None:
    tree = copy(tmp_path)
    spoil(tree, path, damage)
    done, value = check(tree)
    if damage.name == "long-comment":  # strange, but it says nothing wrong
        assert done.code in (0, 3)
        return
    never_clean(done)
    assert named(value, path), value["problems"]
    assert not value["findings"]
    before = verdicts(sound)
    for helper, verdict in verdicts(value).items():
        assert verdict in ("unknown", before.get(helper, "unknown")), helper


def _others() -> list[object]:
    return [
        pytest.param(
            path,
            name,
            id=f"{name}-{path}",
        )
        for path in (HOOKS, TYPES, FRAMEWORK, BODIES)
        for name in FEW
    ]


@pytest.mark.parametrize(("path", "name"), _others())
def test_another_file(name: str, path: str, tmp_path: Path) -> None:
    """Whatever is missing or no text, the tree is not clean, and the file is named."""
    tree = copy(tmp_path)
    spoil(tree, path, BY_NAME[name])
    done, value = check(tree)
    if done.code == 1:  # without the hooks' declarations, or with a body cut off
        assert value["findings"]
        assert path in (HOOKS, BODIES)
        return
    if (name, path) == ("garbage", TYPES):  # a structure that no helper needs
        assert done.code in (0, 3)
        return
    never_clean(done)
    if path != BODIES or name in ("binary", "zeros", "truncated", "garbage"):
        assert named(value, path), value["problems"]


@pytest.mark.parametrize("name", [name for name in FEW if name != "garbage"])
def test_kconfig(name: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    spoil(tree, KCONFIG, BY_NAME[name])
    done, value = check(tree)
    never_clean(done)
    assert named(value, KCONFIG), value["problems"]


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< ours\nconfig A\n=======\nconfig B\n>>>>>>> theirs\n",
        "if MMU\n",
        "endif\n",
        'source "mm/none"\n',
        "source 7\n",
    ],
)
def test_kconfig_with_a_line_too_much(text: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    with (tree / KCONFIG).open("a") as file:
        file.write(text)
    done, value = check(tree)
    never_clean(done)
    assert named(value, KCONFIG), value["problems"]


@pytest.mark.parametrize("command", ["helpers", "archs"])
@pytest.mark.parametrize("name", ["missing", "binary", "truncated", "garbage"])
def test_the_other_commands(command: str, name: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    spoil(tree, PGTABLE, BY_NAME[name])
    done = ptcheck(command, "-C", str(tree))
    assert done.err == ""
    if command == "helpers":
        assert done.code == 3
        assert f"could not be read: {PGTABLE}" in done.out
    else:
        assert done.code == 0


SECRET = "ptc_never_to_be_seen"


@pytest.mark.parametrize("kind", ["absolute", "relative", "folder"])
def test_a_symlink_that_leaves_the_tree(kind: str, tmp_path: Path) -> None:
    """It counts as absent: what is outside is neither read nor shown."""
    tree = copy(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    text = (tree / PGTABLE).read_text()
    (outside / "pgtable.h").write_text(f"{text}\n#error {SECRET}\nint {SECRET}(void) {{\n")
    header = tree / PGTABLE
    if kind == "folder":
        for other in header.parent.iterdir():
            if other.name != "pgtable.h":
                (outside / other.name).write_bytes(other.read_bytes())
        folder = header.parent
        for other in list(folder.iterdir()):
            other.unlink()
        folder.rmdir()
        folder.symlink_to(outside)
    else:
        header.unlink()
        there = outside / "pgtable.h"
        header.symlink_to(there if kind == "absolute" else os.path.relpath(there, header.parent))
    done, value = check(tree)
    never_clean(done)
    assert SECRET not in done.out
    if kind != "folder":
        assert named(value, PGTABLE)


def test_an_include_that_leaves_the_tree(tmp_path: Path) -> None:
    tree = copy(tmp_path)
    (tmp_path / "secret.h").write_text(f"#error {SECRET}\n")
    header = tree / PGTABLE
    climb = "/".join([".."] * 30)
    lines = [
        f'#include "{tmp_path}/secret.h"',
        f"#include <{tmp_path}/secret.h>",
        f'#include "{climb}{tmp_path}/secret.h"',
        f"#include <{climb}{tmp_path}/secret.h>",
        f'#define WHERE "{tmp_path}/secret.h"\n#include WHERE',
        '#embed "/etc/passwd"',
    ]
    header.write_text(header.read_text() + "\n".join(lines) + "\n")
    done, value = check(tree)
    never_clean(done)
    assert SECRET not in done.out
    assert named(value, PGTABLE)


def test_a_question_that_leaves_the_tree(tmp_path: Path) -> None:
    """Whether a file of the host exists must not decide anything."""
    tree = copy(tmp_path)
    header = tree / PGTABLE
    text = header.read_text()
    climb = "/".join([".."] * 30)
    for place in ("/etc/passwd", f"{climb}/etc/passwd"):
        header.write_text(f"{text}\n#if __has_include(<{place}>)\n#error seen\n#endif\n")
        done, value = check(tree)
        assert done.code in (0, 3)
        assert not [problem for problem in value["problems"] if "seen" in problem]


def test_a_symlink_inside_of_the_tree_is_followed(tmp_path: Path) -> None:
    tree = copy(tmp_path)
    header = tree / PGTABLE
    header.rename(tree / "include" / "elsewhere.h")
    header.symlink_to("../../../../include/elsewhere.h")
    done, value = check(tree)
    assert done.code == 0, value["problems"]


@pytest.mark.parametrize("kind", ["fifo", "loop", "dangling", "directory"])
def test_what_is_no_file(kind: str, tmp_path: Path) -> None:
    """Never opened: a FIFO would wait for ever."""
    tree = copy(tmp_path)
    header = tree / PGTABLE
    header.unlink()
    if kind == "fifo":
        os.mkfifo(header)
    elif kind == "loop":
        header.symlink_to(header.name)
    elif kind == "dangling":
        header.symlink_to("none.h")
    else:
        header.mkdir()
    done, value = check(tree)
    never_clean(done)
    assert named(value, PGTABLE)


def test_names_that_act(tmp_path: Path) -> None:
    """An architecture with an escape sequence in its name; a file called like an option."""
    tree = copy(tmp_path)
    for name in ("de\x1b[31mmo", "a b;`id`$(id)", "-o", "new\nline"):
        (tree / "arch" / name / "include/asm").mkdir(parents=True)
        (tree / "arch" / name / "include/asm/pgtable.h").write_text("typedef int pte_t;\n")
        (tree / "arch" / name / "Kconfig").write_text((tree / KCONFIG).read_text())
    for command in ("check", "archs", "helpers"):
        done = ptcheck(command, "-C", str(tree))
        assert done.code in ((0,) if command == "archs" else (1, 3))
        assert "\x1b" not in done.out + done.err
        assert all(not line.startswith("line/") for line in done.out.splitlines())
