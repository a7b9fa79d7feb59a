# SPDX-License-Identifier: GPL-2.0-only
"""Small trees that are odd in ways a checkout, an archive or a person can make them.

What is only spelled otherwise changes no verdict; what is not there, or cannot be read, is named.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.commands.runner import PGTABLE
from tests.hostile.trees import check, copy, never_clean, verdicts

KCONFIG = "arch/demo/Kconfig"
MEMORY = "mm/memory.c"
Change = Callable[[Path], None]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Any:
    done, value = check(copy(tmp_path_factory.mktemp("sound")))
    assert done.code == 0
    return verdicts(value)


def _carriage_returns(tree: Path) -> None:
    for path in tree.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def _byte_order_mark(tree: Path) -> None:
    _before(tree / PGTABLE, b"\xef\xbb\xbf")


def _latin_1(tree: Path) -> None:
    _before(tree / PGTABLE, b"/* M\xfcller */\n")
    _after(tree / PGTABLE, b'#define DEMO_NAME "\xe4\xff"\n')


def _links_within(tree: Path) -> None:
    path = tree / PGTABLE
    path.rename(path.with_name("real.h"))
    path.symlink_to("real.h")


def _no_newline_at_the_end(tree: Path) -> None:
    _after(tree / PGTABLE, b"#define DEMO_LAST \\")


def _many_lines_in_a_macro(tree: Path) -> None:
    _after(tree / PGTABLE, b"#define DEMO_LONG " + b"\\\n" * 300_000 + b"1\n")


def _long_condition(tree: Path) -> None:
    deep = 100_000
    text = b"config DEMO_DEEP\n\tbool\n\tdefault y if " + b"(" * deep + b"MMU" + b")" * deep
    _after(tree / KCONFIG, b"\n" + text + b"\n")


def _pipes_and_folders_beside(tree: Path) -> None:
    os.mkfifo(tree / "mm" / "pipe.c")
    os.mkfifo(tree / "arch" / "demo" / "mm" / "pipe.c")
    (tree / "mm" / "loop.c").symlink_to("loop.c")
    (tree / "arch" / "nothing").mkdir()


SPELLED_OTHERWISE: tuple[Change, ...] = (
    _carriage_returns, _byte_order_mark, _latin_1, _links_within, _no_newline_at_the_end,
    _many_lines_in_a_macro, _long_condition, _pipes_and_folders_beside,
)  # fmt: skip


@pytest.mark.parametrize("change", SPELLED_OTHERWISE, ids=lambda change: change.__name__)
def test_what_changes_no_verdict(change: Change, sound: Any, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    change(tree)
    done, value = check(tree)
    assert (done.code, done.err) == (0, "")
    assert verdicts(value) == sound


def _a_folder(tree: Path) -> None:
    (tree / PGTABLE).unlink()
    (tree / PGTABLE).mkdir()


def _a_pipe(tree: Path) -> None:
    (tree / PGTABLE).unlink()
    os.mkfifo(tree / PGTABLE)


def _a_loop(tree: Path) -> None:
    (tree / PGTABLE).unlink()
    (tree / PGTABLE).symlink_to("pgtable.h")


def _a_link_outside(tree: Path) -> None:
    shutil.move(tree / PGTABLE, tree.parent / "outside.h")
    (tree / PGTABLE).symlink_to(tree.parent / "outside.h")


def _an_open_string(tree: Path) -> None:
    path = tree / PGTABLE
    before, _, after = path.read_bytes().rpartition(b"#endif")
    path.write_bytes(before + b'static char *demo = "open\n#endif' + after)


def _an_open_comment(tree: Path) -> None:
    path = tree / PGTABLE
    before, _, after = path.read_bytes().rpartition(b"#endif")
    path.write_bytes(before + b"/* open\n#endif" + after)


def _another_place(tree: Path) -> None:
    _before(tree / PGTABLE, b'#line 1 "/etc/passwd"\n')


def _kconfig_is_a_pipe(tree: Path) -> None:
    (tree / KCONFIG).unlink()
    os.mkfifo(tree / KCONFIG)


def _kconfig_sources_itself(tree: Path) -> None:
    _before(tree / KCONFIG, f'source "{KCONFIG}"\n'.encode())


def _kconfig_goes_outside(tree: Path) -> None:
    _after(tree / KCONFIG, b'\nsource "../../../../../../etc/passwd"\nsource "../../.."\n')


def _kconfig_of_ten_megabytes(tree: Path) -> None:
    _after(tree / KCONFIG, b"\nif MMU\n" * 1_300_000)


def _kconfig_never_ends_its_ifs(tree: Path) -> None:
    _after(tree / KCONFIG, b"\nif MMU\n" * 5_000)


def _an_open_block(tree: Path) -> None:
    _before(tree / MEMORY, b"static void demo(pte_t *ptep)\n{\n\tif (ptep) {\n\treturn;\n}\n")


def _a_folder_for_a_source(tree: Path) -> None:
    (tree / "mm" / "folder.c").mkdir()


def _many_stores_in_a_function(tree: Path) -> None:
    head = b"\nvoid demo(struct vm_area_struct *vma, pte_t *ptep)\n{\n"
    _after(tree / MEMORY, head + b"\tset_pte(ptep, e);\n" * 40_000 + b"}\n")


def _functions_that_call_each_other(tree: Path) -> None:
    count = 200
    for i in range(count):
        calls = f"demo{(i * 7 + 1) % count}(ptep); demo{(i * 13 + 5) % count}(ptep);"
        text = f"\nstatic void demo{i}(pte_t *ptep)\n{{\n\t{calls} set_pte(ptep, e);\n}}\n"
        _after(tree / MEMORY, text.encode())


NOT_READABLE: tuple[tuple[Change, str], ...] = (
    (_a_folder, "pgtable.h"), (_a_pipe, "pgtable.h"), (_a_loop, "pgtable.h"),
    (_a_link_outside, "pgtable.h"), (_an_open_string, PGTABLE), (_an_open_comment, PGTABLE),
    (_another_place, PGTABLE), (_kconfig_is_a_pipe, KCONFIG), (_kconfig_sources_itself, KCONFIG),
    (_kconfig_goes_outside, KCONFIG), (_kconfig_of_ten_megabytes, KCONFIG),
    (_kconfig_never_ends_its_ifs, KCONFIG), (_many_stores_in_a_function, MEMORY),
    (_an_open_block, MEMORY), (_a_folder_for_a_source, "mm/folder.c"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"), NOT_READABLE, ids=[change.__name__ for change, _ in NOT_READABLE]
)
def test_what_cannot_be_read_is_named(change: Change, place: str, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    change(tree)
    done, value = check(tree)
    never_clean(done)
    assert any(place in problem for problem in value["problems"]), value["problems"][:5]


def test_calls_that_nobody_can_judge_are_not_clean(sound: Any, tmp_path: Path) -> None:
    tree = copy(tmp_path)
    _functions_that_call_each_other(tree)
    done, value = check(tree)
    never_clean(done)
    assert verdicts(value) == sound
    assert value["calls"]["unknown"] == 200


def _before(path: Path, text: bytes) -> None:
    path.write_bytes(text + path.read_bytes())


def _after(path: Path, text: bytes) -> None:
    path.write_bytes(path.read_bytes() + text)
