# SPDX-License-Identifier: GPL-2.0-only
"""Compiles a tree's mm/page_table_check.c, unmodified, with our headers and our driver."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ...check.api import HEADER, hook_api
from ...errors import ToolError, UsageError
from ...model import HookPrototype
from ...resources import stubs_dir
from ...tree import KernelTree, MemoryTree
from .layout import BLOCK, MMS, SLOTS, TABLE, Layout, plain_layout
from .run import Peer

CODE: Final = "mm/page_table_check.c"
MAX_INCLUDES: Final = 100
TIMEOUT: Final = 120  # seconds for the compiler
_INCLUDE: Final = re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", re.M)
_OWN_PREDICATE: Final = re.compile(r"^[a-z \t]*\bbool\s+pte_user_accessible_page\s*\(", re.M)
_SAID: Final = re.compile(r"error: (?!ld returned)|undefined reference|Error: ")
_MISSING: Final = re.compile(r"undefined reference to [`']([A-Za-z_]\w*)'")
_IN_PAGE_EXT: Final = re.compile(r"\bstruct\s+page_ext_operations\s+page_table_check_ops\b")
_PATH: Final = re.compile(r"[A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)*\.h")
_CALLS: Final = {
    "PTE_SET": ("page_table_check_ptes_set", "page_table_check_pte_set"),
    "PMD_SET": ("page_table_check_pmds_set", "page_table_check_pmd_set"),
    "PUD_SET": ("page_table_check_puds_set", "page_table_check_pud_set"),
    "PTE_CLEAR": ("page_table_check_pte_clear",),
    "PMD_CLEAR": ("page_table_check_pmd_clear",),
    "PUD_CLEAR": ("page_table_check_pud_clear",),
    "RANGE": ("page_table_check_pte_clear_range",),
    "ALLOC": ("page_table_check_alloc",),
    "FREE": ("page_table_check_free",),
}
_SIZES: Final = {"pte": "PAGE_SIZE", "pmd": "PMD_SIZE", "pud": "PUD_SIZE"}


@dataclass(frozen=True, slots=True)
class PeerSource:
    """A framework: its .c file, its header, what its hooks are given."""

    name: str
    code: bytes
    header: bytes
    hooks: tuple[HookPrototype, ...]


@dataclass(frozen=True, slots=True)
class ArchCode:
    """C that defines `ptc_pte_user()` and its like for an architecture (arch_code.py)."""

    text: str


def source_of(tree: KernelTree) -> PeerSource:
    """The framework of a tree. Raises SourceError where it has none."""
    return source_from(tree.read(CODE), tree.read(HEADER), tree.label)


def source_from(code: bytes, header: bytes, name: str) -> PeerSource:
    """A framework from the texts of its two files, a generated one too."""
    hooks = hook_api(MemoryTree({HEADER: header}), ()).prototypes
    return PeerSource(name, code, header, hooks)


def build_peer(
    source: PeerSource, layout: Layout | None = None, arch: ArchCode | None = None
) -> Peer:
    """Compiles it with the host's compiler; nothing of it is run yet.

    Raises ToolError without a compiler, UsageError where it does not compile.
    """
    compiler = shutil.which("gcc") or shutil.which("clang") or shutil.which("cc")
    if compiler is None:
        raise ToolError("no C compiler (package gcc): the tree's code cannot be compiled")
    layout = layout or plain_layout()
    folder = Path(tempfile.mkdtemp(prefix="ptcheck-peer-"))
    try:
        _lay_out(folder, source, layout, arch)
        program = folder / "peer"
        said = _compile(compiler, folder, source, arch is not None)
        missing = sorted(set(_MISSING.findall(said)))
        if said and arch is not None and missing:
            zeros = [_zero(name, arch.text) for name in missing]
            (folder / "zeros.c").write_text("\n".join([*zeros, ""]), encoding="utf-8")
            said = _compile(compiler, folder, source, True)
        if said:
            wrong = [line for line in said.splitlines() if _SAID.search(line)]
            why = (wrong or said.strip().splitlines() or ["no reason given"])[0]
            raise UsageError(f"{source.name}: {CODE} does not compile in user space: {why}")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Peer(folder, program, layout, source.name)


def _zero(name: str, text: str) -> str:
    """What stands for a function or variable that the cut does not define: it is 0."""
    if re.search(rf"\b{name}\s*\(", text):
        return f"long {name}() {{ return 0; }}"
    return f"char {name}[4096] __attribute__((aligned(64)));"


def _compile(compiler: str, folder: Path, source: PeerSource, arch: bool) -> str:
    """What the compiler says if it fails, else ''."""
    parts = ["driver.c", *(["arch.c"] if arch else [])]
    if (folder / "zeros.c").exists():
        parts.append("zeros.c")  # state of a machine that nobody has set up
    command = [
        compiler, "-std=gnu11", "-O1", "-w", "-fno-strict-aliasing", "-fno-builtin", "-fcommon",
        "-iquote", str(folder), "-I", str(folder / "include"), "-o", str(folder / "peer"), *parts,
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False,
            cwd=folder, timeout=TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UsageError(f"{source.name}: the compiler takes too long") from None
    return (done.stderr or "no reason given") if done.returncode else ""


def _lay_out(folder: Path, source: PeerSource, layout: Layout, arch: ArchCode | None) -> None:
    stubs = stubs_dir() / "peer"
    for name in ("peer.h", "driver.c"):
        shutil.copyfile(stubs / name, folder / name)
    (folder / "peer_tree.c").write_bytes(source.code)
    (folder / "peer_build.h").write_text(_definitions(source, layout, arch), encoding="ascii")
    if arch is not None:
        (folder / "arch.c").write_text(arch.text, encoding="utf-8", errors="surrogateescape")
    text = (source.code + b"\n" + source.header).decode("latin-1")
    included = set(_INCLUDE.findall(text))
    if len(included) > MAX_INCLUDES:
        raise UsageError(f"{source.name}: {CODE} includes {len(included)} files")
    for name in sorted(included):
        if not _PATH.fullmatch(name) or ".." in name:
            raise UsageError(f"{source.name}: {CODE} includes a file by a path of its own: {name}")
        place = folder / "include" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text('#include "peer.h"\n', encoding="ascii")
    own = folder / "include" / "linux" / "page_table_check.h"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_bytes(source.header)


def _definitions(source: PeerSource, layout: Layout, arch: ArchCode | None) -> str:
    text = source.code.decode("latin-1")
    blocks = ", ".join(f"{{ {first:#x}, {BLOCK} }}" for first in layout.blocks)
    lines = [
        f"#define PTC_BLOCKS {blocks}",
        f"#define PTC_PAGES {layout.pages}",
        f"#define PTC_SLOTS {SLOTS}",
        f"#define PTC_MMS {MMS}",
        f"#define PTC_TABLE {TABLE}",
        "#define PTC_EXT_SIZE 64",
    ]
    if arch is not None:
        lines.append("#define PTC_ARCH 1")
    if _OWN_PREDICATE.search(text):
        lines.append("#define PTC_OWN_PREDICATES 1")
    if _IN_PAGE_EXT.search(text):
        lines.append("#define PTC_IN_PAGE_EXT 1")
    hooks = {hook.name: hook for hook in source.hooks}
    for call, names in _CALLS.items():
        found = next((hooks[name] for name in names if name in hooks), None)
        if found is None and call not in ("ALLOC", "FREE", "RANGE"):
            raise UsageError(f"{source.name}: {HEADER} declares no {names[0]}()")
        lines.append(f"#define PTC_CALL_{call} {_call(found) if found else ';'}")
    return "\n".join(lines) + "\n"


def _call(hook: HookPrototype) -> str:
    """The call of a hook; one that takes no count is called for each entry."""
    level = next((one for one in _SIZES if f"_{one}" in hook.name), "pte")
    arguments = [_argument(parameter, hook.name) for parameter in hook.parameters]
    if not hook.name.endswith("_set") or "nr" in arguments:
        return f"{hook.name}({', '.join(arguments)});"
    moving = {
        "addr": f"addr + i * {_SIZES[level]}",
        f"{level}p": f"{level}p + i",
        level: f"__{level}(e->value + i * e->step)",
    }
    each = ", ".join(moving.get(argument, argument) for argument in arguments)
    return f"for (i = 0; i < nr; i++) {hook.name}({each});"


def _argument(parameter: str, hook: str) -> str:
    """What the driver has for a parameter, by its type; macros have only names."""
    words = re.findall(r"\w+|\*", parameter)
    name = words[-1] if words else ""
    types = set(words[:-1])
    if "mm_struct" in types or name == "mm":
        return "mm"
    if "page" in types:
        return "page"
    for level in _SIZES:
        if f"{level}_t" in types:
            return f"{level}p" if "*" in words else level
    if name in ("pte", "pmd", "pud", "ptep", "pmdp", "pudp"):
        return name
    if name in ("addr", "address"):
        return "addr"
    if name in ("nr", "order"):
        return name
    raise UsageError(f"{hook}() has a parameter that the driver does not know: {parameter}")
