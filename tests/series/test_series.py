# SPDX-License-Identifier: GPL-2.0-only
"""Series of patches: read, applied, refused; random edits, and what git makes of edits."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.series import SeriesError, apply_series, parse_series, read_series
from analyzer.tree import MemoryTree

TEXT = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n"
SIMPLE = b"""--- a/dir/file.c
+++ b/dir/file.c
@@ -2,3 +2,3 @@
 two
-three
+THREE
 four
"""


def tree(**files: bytes) -> MemoryTree:
    """A tree with `dir/file.c` and whatever else."""
    return MemoryTree({"dir/file.c": TEXT, **files})


def mail(subject: str, body: bytes) -> bytes:
    """One mail of an mbox."""
    head = (
        "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
        f"From: A B <a@example.org>\nDate: Sun, 22 Nov 2026 21:00:00 +0000\n"
        f"Subject: {subject}\n\nText.\n---\n dir/file.c | 2 +-\n\n"
    )
    return head.encode() + body + b"-- \n2.39.5\n\n"


def test_plain_diff() -> None:
    (patch,) = parse_series(SIMPLE, "x")
    assert patch.subject == ""
    assert apply_series(tree(), [patch]) == {"dir/file.c": TEXT.replace(b"three", b"THREE")}


def test_mbox_in_order_with_a_cover_letter() -> None:
    second = SIMPLE.replace(b"-three", b"-THREE").replace(b"+THREE", b"+3")
    text = mail("[PATCH 0/2] cover", b"") + mail("[PATCH 1/2] first\n line", SIMPLE)
    text += mail("=?utf-8?q?=5BPATCH_2/2=5D_s=C3=A9cond?=", second)
    patches = parse_series(text, "x")
    assert [patch.subject for patch in patches] == ["[PATCH 1/2] first line",
                                                    "[PATCH 2/2] sécond"]  # fmt: skip
    assert apply_series(tree(), patches) == {"dir/file.c": TEXT.replace(b"three", b"3")}


def test_quoted_printable_mail() -> None:
    body = SIMPLE.replace(b"THREE", b"T=48REE =3D").replace(b"+++", b"=2B++")
    text = mail("s", body).replace(b"Subject: s", b"Content-Transfer-Encoding: quoted-printable\n"
                                                b"Subject: s")  # fmt: skip
    edits = apply_series(tree(), parse_series(text, "x"))
    assert edits == {"dir/file.c": TEXT.replace(b"three", b"THREE =")}


def test_signature_is_no_removed_line() -> None:
    text = b"--- a/dir/file.c\n+++ b/dir/file.c\n@@ -8 +8,2 @@\n eight\n+nine\n-- \n2.39\n"
    edits = apply_series(tree(), parse_series(text, "x"))
    assert edits == {"dir/file.c": TEXT + b"nine\n"}


def test_new_removed_and_moved_files() -> None:
    text = b"""diff --git a/new.h b/new.h
new file mode 100644
index 000..111
--- /dev/null
+++ b/new.h
@@ -0,0 +1,2 @@
+a
+b
diff --git a/gone.h b/gone.h
deleted file mode 100644
--- a/gone.h
+++ /dev/null
@@ -1 +0,0 @@
-old
diff --git a/dir/file.c b/dir/other.c
similarity index 100%
rename from dir/file.c
rename to dir/other.c
diff --git a/empty.h b/empty.h
new file mode 100644
index 000..111
"""
    edits = apply_series(tree(**{"gone.h": b"old\n"}), parse_series(text, "x"))
    assert edits == {
        "new.h": b"a\nb\n", "gone.h": None, "dir/file.c": None, "dir/other.c": TEXT, "empty.h": b"",
    }  # fmt: skip


def test_no_newline_at_the_end() -> None:
    text = b"""--- a/dir/file.c
+++ b/dir/file.c
@@ -7,2 +7,2 @@
 seven
-eight
+8
\\ No newline at end of file
"""
    edits = apply_series(tree(), parse_series(text, "x"))
    assert edits == {"dir/file.c": TEXT.replace(b"eight\n", b"8")}


def test_hunk_that_moved_is_found_and_context_is_exact() -> None:
    moved = MemoryTree({"dir/file.c": b"zero\n" * 30 + TEXT})
    edits = apply_series(moved, parse_series(SIMPLE, "x"))
    assert edits == {"dir/file.c": b"zero\n" * 30 + TEXT.replace(b"three", b"THREE")}
    other = MemoryTree({"dir/file.c": TEXT.replace(b"four", b"4")})
    with pytest.raises(SeriesError) as problem:
        apply_series(other, parse_series(SIMPLE, "x"))
    assert str(problem.value) == (
        "patch 1 does not apply: dir/file.c: hunk 1: line 4: wanted 'four', there is '4'"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "x: no patch in it"),
        (b"hello\n", "x: no patch in it"),
        (SIMPLE[:-6], "x:7: the hunk is cut off"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "x:1: a hunk that belongs to no file"),
        (SIMPLE.replace(b" a/dir", b" a/../dir"), "x:1: no path in a tree: ../dir/file.c"),
        (SIMPLE.replace(b" a/", b" /etc/"), "x:1: the file is not called a/..."),
        (SIMPLE.replace(b"b/dir/", b"b//dir/"), "x:2: no path in a tree: /dir/file.c"),
        (SIMPLE.replace(b"dir/file.c", b".git/hooks/x"), "x:1: no path in a tree: .git/hooks/x"),
        (SIMPLE.replace(b"-2,3", b"-2,9"), "x:8: the hunk is cut off"),
        (SIMPLE[:34], "x:3: no hunk where one is expected"),
        (SIMPLE.replace(b" four", b"*four"), "x:7: the hunk has fewer lines than its head says"),
        (b"diff --git a/x b/x\nindex 1..2\nGIT binary patch\n", "x:3: a binary patch"),
    ],
)
def test_what_is_no_series(text: bytes, said: str) -> None:
    with pytest.raises(SeriesError) as problem:
        parse_series(text, "x")
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SIMPLE.replace(b"dir/", b"nodir/"), "the tree has no nodir/file.c"),
        (SIMPLE.replace(b"/file.c", b""), "dir is a folder"),
        (b"--- /dev/null\n+++ b/dir/file.c\n@@ -0,0 +1 @@\n+a\n", "dir/file.c is there already"),
        (b"--- a/dir/file.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n", "has 7 more lines"),
        (b"diff --git a/dir/file.c b/b.h\nrename from dir/file.c\nrename to b.h\n",
         "b.h is there already"),
        (b"--- a/dir/file.c\n+++ b/dir/file.c\n@@ -99 +99 @@\n-x\n+y\n", "the file ends at line 8"),
    ],
)  # fmt: skip
def test_what_does_not_apply(text: bytes, said: str) -> None:
    with pytest.raises(SeriesError) as problem:
        apply_series(tree(**{"b.h": b""}), parse_series(text, "x"))
    assert said in str(problem.value)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match="cannot be read"):
        read_series(tmp_path / "none")
    with pytest.raises(SeriesError, match="cannot be read"):
        read_series(tmp_path)


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"\n", b"-- \n", b"@@\n", b"+++ x\n", b" c\n"]),
                 max_size=25)  # fmt: skip


@given(LINES, LINES, st.booleans())
def test_diff_and_apply_are_inverse(old: list[bytes], new: list[bytes], tail: bool) -> None:
    before, after = b"".join(old), b"".join(new) + (b"end" if tail else b"")
    if before == after or not before or not after:
        return
    lines = difflib.diff_bytes(
        difflib.unified_diff, old, [*new, b"end"] if tail else new, b"a/f", b"b/f", n=3
    )
    text = b"".join(
        line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
        for line in lines
    )
    edits = apply_series(MemoryTree({"f": before}), parse_series(text, "x"))
    assert edits == {"f": after}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_what_git_makes(tmp_path: Path) -> None:
    """`git format-patch --stdout` of commits with renames, odd names and binary-looking text."""

    def git(*arguments: str) -> bytes:
        name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True
        ).stdout

    git("init", "-q", "-b", "m")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir/file.c").write_bytes(TEXT)
    (tmp_path / "dir/spaced name.h").write_bytes(b"a\n")
    git("add", ".")
    git("commit", "-qm", "begin")
    (tmp_path / "dir/file.c").write_bytes(TEXT.replace(b"two", b"2").replace(b"seven", b"7\n7"))
    git("commit", "-qam", "change\n\nFrom here on.\n")
    git("mv", "dir/file.c", "dir/moved.c")
    (tmp_path / "dir/moved.c").write_bytes(TEXT.replace(b"two", b"2\n2"))
    (tmp_path / "dir/h\u00e9.h").write_bytes("\u00e9\r\n".encode())
    git("rm", "-q", "dir/spaced name.h")
    git("add", ".")
    git("commit", "-qm", "move")
    text = git("format-patch", "--stdout", "-M", "HEAD~2")
    base = MemoryTree({"dir/file.c": TEXT, "dir/spaced name.h": b"a\n"})
    patches = parse_series(text, "x")
    assert [patch.subject for patch in patches] == ["[PATCH 1/2] change", "[PATCH 2/2] move"]
    assert apply_series(base, patches) == {
        "dir/file.c": None,
        "dir/moved.c": TEXT.replace(b"two", b"2\n2"),
        "dir/h\u00e9.h": "\u00e9\r\n".encode(),
        "dir/spaced name.h": None,
    }
