# SPDX-License-Identifier: GPL-2.0-only
"""A tree, and a repository, of somebody who wants more than to be read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.commands.runner import DEMO, PGTABLE

PROGRAMS = ("gcc", "clang", "cpp", "cc1", "git", "sh", "python3", "make", "as", "ptcheck")
MODULES = ("json", "git", "pycparser", "sitecustomize", "usercustomize", "pcpp", "jinja2", "re")
HOOKS = (
    "pre-commit", "post-checkout", "post-index-change", "reference-transaction", "update",
    "fsmonitor-watchman", "pre-auto-gc", "post-merge",
)  # fmt: skip
NAMES = (
    "pgtable\n::error file=forged::x.h",
    "pgtable-\x1b]0;forged title\x07\x1b[31m.h",
    "pgtable: 7: PTC101 forged.h",
    "pgtable\r\u202e\u2028##[error]forged.h",
    "pgtable $(touch forged) `touch forged`;touch forged|.h",
)
HOSTILE = """
#include "/etc/passwd"
#include </etc/passwd>
#include "../../../../../../../../../../../../../../../etc/hostname"
#include <../../../../../../../../../../etc/hostname>
#include "outside.h"
#include <asm/everything/etc/hostname>
#if __has_include("/etc/passwd")
#error it is there
#endif
#embed "/etc/passwd"
#pragma GCC system_header
#pragma GCC dependency "/etc/passwd"
_Pragma("GCC dependency \\"/etc/passwd\\"")
#undef _Pragma
_Pragma("GCC dependency \\"/etc/passwd\\"")
#pragma GCC \\
	/* */ depen\\
dency "/etc/passwd"
#pragma GCC pch_preprocess "/etc/passwd"
__asm__(".incbin \\"/etc/passwd\\"");
#define SECRET "/etc/passwd"
#include SECRET
"""


def trap(marker: Path) -> str:
    """A program that leaves a mark where it is run."""
    return f"#!/bin/sh\ntouch '{marker}'\nexit 0\n"


def plant(folder: Path) -> tuple[Path, Path]:
    """Build the tree; return it and the file that only appears if something of it is run."""
    marker = folder / "executed"
    tree = folder / "tree"
    shutil.copytree(DEMO, tree)
    for name in PROGRAMS:
        _executable(tree / name, marker)
    for name in MODULES:
        (tree / f"{name}.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (tree / "analyzer").mkdir()
    (tree / "analyzer" / "__init__.py").write_text(f"open({str(marker)!r}, 'w')\n")
    shell = f"$(shell,touch {marker})"
    with (tree / "Kconfig").open("a") as file:
        file.write(
            f"\nconfig PLANTED\n\tdef_bool $(success,touch {marker})\n\n"
            f'config PLANTED2\n\tstring\n\tdefault "{shell}"\n\nsource "/etc/passwd"\n'
            'source "../../../../../../../../etc/hostname"\n'
        )
    with (tree / "Makefile").open("a") as file:
        file.write(f"\nX := $(shell touch {marker})\n-include /etc/passwd\n")
    asm = tree / "arch" / "demo" / "include" / "asm"
    for name in NAMES:
        (asm / name).write_text("/* ptcheck: ignore PTC101 */\nint forged(void)\n{\n}\n")
    (asm / "outside.h").symlink_to("/etc/passwd")
    (asm / "everything").symlink_to("/")
    (tree / "mm" / "loop").symlink_to("..")
    os.mkfifo(asm / "fifo.h")
    header = tree / PGTABLE
    header.write_text(header.read_text() + HOSTILE)
    return tree, marker


def repository(tree: Path, marker: Path) -> None:
    """Make a git repository of it whose configuration runs programs wherever it can."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    message = "subject\n\n\x1b]0;forged title\x07\n::error::forged\n"
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        [*identity, "commit", "-q", "-m", message],
        [*identity, "tag", "-a", "-m", message, "v1"],
    ):
        subprocess.run(["git", *command], cwd=tree, env=environment, check=True)
    program = tree.parent / "program"
    _executable(program, marker)
    (tree / ".gitattributes").write_text("* filter=planted diff=planted merge=planted text\n")
    hooks = tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in HOOKS:
        _executable(hooks / name, marker)
    included = tree.parent / "included.config"
    included.write_text(f"[core]\n\tpager = {program}\n")
    with (tree / ".git" / "config").open("a") as file:
        file.write(
            f"""
[core]
	fsmonitor = {program}
	hooksPath = {hooks}
	pager = {program}
	editor = {program}
	sshCommand = {program}
	gitProxy = {program}
	askPass = {program}
	alternateRefsCommand = {program}
	attributesFile = {tree}/.gitattributes
	untrackedCache = true
[diff]
	external = {program}
[diff "planted"]
	command = {program}
	textconv = {program}
[filter "planted"]
	clean = {program}
	smudge = {program}
	process = {program}
	required = true
[merge "planted"]
	driver = {program}
[gpg]
	program = {program}
[log]
	showSignature = true
[credential]
	helper = !{program}
[alias]
	cat-file = !{program}
	rev-parse = !{program}
	version = !{program}
[include]
	path = {included}
[extensions]
	partialClone = origin
[remote "origin"]
	promisor = true
	url = ext::{program}
	uploadpack = {program}
[protocol "ext"]
	allow = always
[uploadpack]
	packObjectsHook = {program}
[trace2]
	eventTarget = {tree.parent}/traced
"""
        )


def _executable(path: Path, marker: Path) -> None:
    path.write_text(trap(marker))
    path.chmod(0o755)
