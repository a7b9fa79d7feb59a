# SPDX-License-Identifier: GPL-2.0-only
"""A repository whose commits hook, unhook, move, rename and reformat; made by the tests."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """What of a tree the commits change: an architecture, its header, and two of its hooks."""

    arch: str
    unhooked: str  # the hook call that commits remove: 'page_table_check_pmd_set'
    function: str  # the function that calls it
    other: str  # another hook
    other_function: str

    @property
    def header(self) -> str:
        """The page-table header."""
        return f"arch/{self.arch}/include/asm/pgtable.h"


@dataclass(frozen=True, slots=True)
class Row:
    """A commit, and what it has to be told about it: functions with a new or a fixed finding."""

    subject: str
    new: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    judged: bool = True


@dataclass(slots=True)
class Story:
    """The files as they are now, and the commits so far."""

    folder: Path
    files: Files
    rows: list[Row] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def git(self, *arguments: str) -> str:
        """Run git in the repository, without the configuration of who runs the tests."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{who}_NAME": "a", f"GIT_{who}_EMAIL": "a@example.org"}
            environment[f"GIT_{who}_DATE"] = f"{1700000000 + len(self.ids)} +0000"
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, subject: str, *, new: str = "", fixed: str = "", judged: bool = True) -> None:
        """Commit the files as they are now."""
        for path in [p for p in self.folder.rglob("*") if p.is_file() and ".git" not in p.parts]:
            if path.relative_to(self.folder).as_posix() not in self.files:
                path.unlink()
        for name, data in self.files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_file() or path.read_bytes() != data:
                path.write_bytes(data)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        self.rows.append(Row(subject, tuple(new.split()), tuple(fixed.split()), judged))
        self.ids.append(self.git("rev-parse", "HEAD"))

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change one file; it has to be another one afterwards."""
        before = self.files[path].decode("latin-1")
        after = change(before)
        assert after != before, path
        self.files[path] = after.encode("latin-1")


def function_span(text: str, name: str) -> tuple[int, int]:
    """Where the definition of a function is, from its first line to its closing brace."""
    found = re.search(
        rf"^(?:static|extern|[a-z])[^;{{}}#]*\b{name}\s*\([^;{{}}]*\)\s*\{{", text, re.M
    )
    assert found is not None, name
    depth, at = 1, found.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return found.start(), at


def without(hook: str, function: str) -> Callable[[str], str]:
    """Take the calls of a hook out of a function."""

    def change(text: str) -> str:
        start, end = function_span(text, function)
        body = re.sub(rf"\b{hook}\s*\([^;]*\);", ";", text[start:end])
        return text[:start] + body + text[end:]

    return change


def reformatted(text: str) -> str:
    """The same tokens, laid out otherwise; directives are left alone."""
    lines = []
    spliced = False
    for line in text.split("\n"):
        directive = spliced or line.lstrip().startswith("#")
        spliced = directive and line.endswith("\\")
        lines.append(line if directive else line.replace("\t", "        ").replace(") {", ")\n{"))
    return "\n".join(lines)


def tell(story: Story, subject: Subject) -> None:
    """Thirty commits; the files are clean before, and at the end."""
    header, irrelevant = subject.header, "Documentation/notes.txt"
    clean = story.files[header].decode("latin-1")
    s, o = subject.function, subject.other_function
    take, take_other = without(subject.unhooked, s), without(subject.other, o)
    story.git("init", "-q")
    story.commit("first")
    story.files[irrelevant] = b"one\n"
    story.commit("docs: new")
    story.edit("mm/memory.c" if "mm/memory.c" in story.files else "mm/mmap.c", _comment)
    story.commit("mm: a comment")
    story.edit(header, lambda t: "\n\n/* a comment\n * of two lines */\n" + t)
    story.commit("lines move")
    story.edit(header, reformatted)
    story.commit("white space")
    story.edit(header, take)
    story.commit("a hook is lost", new=s)
    story.files[irrelevant] = b"two\n"
    story.commit("docs: more")
    story.edit(header, lambda t: t.replace("        ", "\t") + "\n/* more */\n")
    story.commit("white space again")
    _move(story, header, s, "moved")
    story.commit("the function moves to another file")
    _rename(story, header, "moved", "again")
    story.commit("the file is renamed")
    story.edit("Makefile", lambda t: t + "\n# a remark\n")
    story.commit("kbuild: a remark")
    story.edit(header, take_other)
    story.commit("another hook is lost", new=o)
    del story.files[irrelevant]
    story.commit("docs: gone")
    story.edit(header, lambda t: t.replace("#include", "\n#include", 1))
    story.commit("one more line")
    story.edit(
        header, lambda t: t.replace("#include", "#error broken\nstatic inline {{{\n#include", 1)
    )
    story.commit("it does not parse", judged=False)
    story.edit(header, lambda t: t.replace("#error broken\nstatic inline {{{\n", "", 1))
    story.commit("it does again")
    _rename_arch(story, subject.arch, "renamed")
    story.commit("the architecture has another name")
    story.files["arch/renamed/notes"] = b"x\n"
    story.commit("a file that nobody reads")
    _rename_arch(story, "renamed", subject.arch)
    story.commit("the old name")
    story.files[header] = clean.encode("latin-1")
    story.files.pop(_beside(header, "again"))
    story.commit("both hooks are back", fixed=f"{s} {o}")
    story.edit(header, take_other)
    story.commit("one is lost again", new=o)
    story.edit(header, take)
    story.commit("and the other", new=s)
    story.files[header] = without(subject.other, o)(clean).encode("latin-1")
    story.commit("one comes back", fixed=s)
    for number in range(4):
        story.files[irrelevant] = f"{number}\n".encode()
        story.commit(f"docs: {number}")
    story.files[header] = clean.encode("latin-1")
    story.commit("the other, too", fixed=o)
    story.edit(header, lambda t: t + "\n")
    story.commit("a last line")
    story.files[irrelevant] = b"end\n"
    story.commit("docs: end")


def _comment(text: str) -> str:
    return text + "\n/* nothing */\n"


def _beside(header: str, name: str) -> str:
    return header.replace("pgtable.h", f"pgtable-{name}.h")


def _move(story: Story, header: str, function: str, name: str) -> None:
    text = story.files[header].decode("latin-1")
    start, end = function_span(text, function)
    include = f"#include <asm/pgtable-{name}.h>"
    story.files[header] = (text[:start] + include + text[end:]).encode("latin-1")
    story.files[_beside(header, name)] = f"\n{text[start:end]}\n".encode("latin-1")


def _rename(story: Story, header: str, old: str, new: str) -> None:
    story.files[_beside(header, new)] = story.files.pop(_beside(header, old))
    story.edit(header, lambda t: t.replace(f"pgtable-{old}.h", f"pgtable-{new}.h"))


def _rename_arch(story: Story, old: str, new: str) -> None:
    for path in [p for p in story.files if p.startswith(f"arch/{old}/")]:
        story.files[path.replace(f"arch/{old}/", f"arch/{new}/", 1)] = story.files.pop(path)
    for path, data in list(story.files.items()):
        if path.startswith(f"arch/{new}/") or path in ("Makefile", "Kconfig", "arch/Kconfig"):
            story.files[path] = data.replace(b"arch/%b/" % old.encode(), b"arch/%b/" % new.encode())


def files_of(folder: Path, paths: Mapping[str, object] | set[str]) -> Files:
    """Files of a folder."""
    return {path: (folder / path).read_bytes() for path in sorted(paths)}
