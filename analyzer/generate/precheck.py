# SPDX-License-Identifier: GPL-2.0-only
"""Tries a series the way its recipients will: git am, checkpatch.pl, the compiler.

Runs programs of the tree (checkpatch.pl, its Makefiles), so only on request. The tree is not
written: patches are applied to a scratch repository, what is built is a view of the tree.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..boot.mirror import View
from ..boot.process import run_bounded
from ..kconfig import KconfigFiles, Variant, load_kconfig, variants
from ..tree import KernelTree, OverlayTree
from .run import Plan
from .series import Mail, Patch, Scratch

_CHECKPATCH: Final = ("scripts/checkpatch.pl", "scripts/spelling.txt",
                      "scripts/const_structs.checkpatch")  # fmt: skip
_SECONDS: Final = 1800.0
_TRIPLES: Final = {
    "alpha": ("alpha",), "arc": ("arc",), "arm": ("arm",), "arm64": ("aarch64",),
    "csky": ("csky",), "hexagon": ("hexagon",), "loongarch": ("loongarch64",),
    "m68k": ("m68k",), "microblaze": ("microblaze",), "mips": ("mips64el", "mips64", "mips"),
    "nios2": ("nios2",), "openrisc": ("or1k",), "parisc": ("hppa",),
    "powerpc": ("powerpc64le", "powerpc64", "powerpc"), "riscv": ("riscv64",),
    "s390": ("s390x",), "sh": ("sh4",), "sparc": ("sparc64", "sparc"), "x86": ("x86_64",),
    "xtensa": ("xtensa",),
}  # fmt: skip
"""What toolchains call the machines that the kernel has folders for."""
_CLANG: Final = ("loongarch", "hexagon", "arm64", "riscv", "x86", "s390", "powerpc", "mips", "arm")
_OBJECTS: Final = (
    "mm/page_table_check.o", "mm/memory.o", "mm/pgtable-generic.o", "mm/huge_memory.o",
    "mm/hugetlb.o",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """One line of the table: what was tried on which patch, and how it went."""

    what: str
    patch: str
    ok: bool
    result: str


def check_mails(
    tree: KernelTree, plan: Plan, steps: Sequence[Patch], mails: Sequence[Mail], built: bool
) -> list[Tried]:
    """Everything that can be tried here; what cannot is a line that says why."""
    with tempfile.TemporaryDirectory(prefix="ptcheck-check-") as name:
        folder = Path(name)
        patches = folder / "mails"
        patches.mkdir()
        for mail in mails:
            (patches / mail.name).write_bytes(mail.text.encode("latin-1"))
        result = [_am(plan, patches, mails)]
        result += _checkpatch(tree, folder, patches, mails)
        if built:
            result += _compile(tree, plan, steps, folder)
    return result


def _am(plan: Plan, patches: Path, mails: Sequence[Mail]) -> Tried:
    files = [str(patches / mail.name) for mail in mails[1:]]
    with Scratch(plan.texts) as scratch:
        done = subprocess.run(
            ["git", "-c", "user.name=ptcheck", "-c", "user.email=ptcheck@localhost",
             "-c", "commit.gpgsign=false", "am", "-q", "--whitespace=error-all", *files],
            cwd=scratch.path, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    said = (done.stderr or done.stdout).strip().splitlines()
    return Tried("git am", "all", done.returncode == 0, "clean" if not said else said[0])


def _checkpatch(
    tree: KernelTree, folder: Path, patches: Path, mails: Sequence[Mail]
) -> Iterator[Tried]:
    if shutil.which("perl") is None or tree.kind(_CHECKPATCH[0]) is None:
        yield Tried(
            "checkpatch", "all", True, "not tried: no perl, or no checkpatch.pl in the tree"
        )
        return
    for path, data in tree.read_many(p for p in _CHECKPATCH if tree.kind(p) is not None):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    for mail in mails[1:]:
        log = folder / "checkpatch.log"
        done = run_bounded(
            ["perl", str(folder / _CHECKPATCH[0]), "--no-tree", "--strict", "--no-signoff",
             "--show-types", str(patches / mail.name)],
            log, 300,
        )  # fmt: skip
        text = log.read_text(encoding="utf-8", errors="replace")
        total = re.search(r"total: (\d+) errors?, (\d+) warnings?, (?:(\d+) checks?)?", text)
        if total is None:
            yield Tried("checkpatch", mail.name, False, f"no result (exit {done.status})")
            continue
        kinds = sorted(set(re.findall(r"^(?:ERROR|WARNING|CHECK):([A-Z_]+):", text, re.M)))
        errors, warnings, checks = (int(n or 0) for n in total.groups())
        said = f"{errors} errors, {warnings} warnings, {checks} checks"
        yield Tried(
            "checkpatch", mail.name, errors + warnings == 0,
            f"{said} ({', '.join(kinds)})" if kinds else said,
        )  # fmt: skip


def compiler(arch: str) -> tuple[str, ...] | None:
    """The variables for make that name a compiler for an architecture; None without one."""
    for machine in _TRIPLES.get(arch, (arch,)):
        for folder in ("/usr/bin", "/usr/local/bin"):
            for found in sorted(Path(folder).glob(f"{machine}-*linux-gnu*-gcc")):
                return (f"CROSS_COMPILE={found.name.removesuffix('gcc')}",)
    if arch in _CLANG:
        for suffix in ("", "-19", "-18", "-17", "-16", "-15"):
            if shutil.which(f"clang{suffix}") and shutil.which(f"ld.lld{suffix}"):
                return (f"LLVM={suffix or 1}",)
    return None


def _compile(tree: KernelTree, plan: Plan, steps: Sequence[Patch], folder: Path) -> Iterator[Tried]:
    variables = compiler(plan.arch)
    if variables is None:
        yield Tried("compile", "all", True, f"not tried: no compiler for {plan.arch} here")
        return
    final = OverlayTree(tree, {p: t.encode("latin-1") for p, t in steps[-1].texts.items()})
    kconfig = load_kconfig(final, plan.arch, KconfigFiles(final))
    view = View(tree, folder / "view", folder / "kept")
    for variant in variants(final, plan.arch, kconfig):
        if variant.has_mmu and variant.supported and variant.name in ("base", "nothp", "32"):
            yield from _variant(plan, steps, folder, view, variant, variables)


def _variant(
    plan: Plan, steps: Sequence[Patch], folder: Path, view: View, variant: Variant,
    variables: tuple[str, ...],
) -> Iterator[Tried]:  # fmt: skip
    build = folder / f"build-{variant.name}"
    build.mkdir()
    wants = {**dict(variant.wants), "PAGE_TABLE_CHECK": "y", "PAGE_EXTENSION": "y", "DEVMEM": "n"}
    lines = [
        f"CONFIG_{name}={value}" if value not in ("n",) else f"# CONFIG_{name} is not set"
        for name, value in sorted(wants.items())
    ]
    wanted = folder / f"config-{variant.name}"
    wanted.write_text("\n".join(lines) + "\n", encoding="utf-8")
    environment = dict(variant.environment)
    arch = environment.get("ARCH", plan.arch)
    touched = [p.removesuffix(".c") + ".o" for p in plan.texts if p.endswith(".c")]
    for number, step in enumerate(steps, 1):
        view.refresh({path: text.encode("latin-1") for path, text in step.texts.items()})
        base = [
            "make",
            "-s",
            "-k",
            "-C",
            str(view.folder),
            f"O={build}",
            f"ARCH={arch}",
            *variables,
        ]
        log = folder / "make.log"
        setup = run_bounded([*base, f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig"], log, _SECONDS)
        config = build / ".config"
        text = config.read_text(encoding="utf-8") if config.is_file() else ""
        name = f"{number:04d} {variant.label}"
        if setup.status or not text:
            yield Tried("compile", name, False, f"no .config: {_said(log)}")
            return
        checked = "CONFIG_PAGE_TABLE_CHECK=y" in text
        objects = [o for o in _OBJECTS if o != "mm/page_table_check.o" or checked]
        if "CONFIG_TRANSPARENT_HUGEPAGE=y" not in text:
            objects = [o for o in objects if "huge" not in o]
        if "CONFIG_HUGETLB_PAGE=y" not in text:
            objects = [o for o in objects if "hugetlb" not in o]
        done = run_bounded([*base, "-j2", *objects, *touched], log, _SECONDS)
        last = number == len(steps)
        ok = done.status == 0 and (checked or not last)
        warned = len(re.findall(r"\bwarning:", log.read_text(encoding="utf-8", errors="replace")))
        state = "page table check on" if checked else "not selected yet"
        said = f"{len(objects) + len(touched)} objects, {warned} warnings, {state}"
        yield Tried("compile", name, ok, said if done.status == 0 else _said(log))


def _said(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if re.search(r"error|Error|\*\*\*", line)]
    return (lines or text.splitlines()[-1:] or ["no output"])[0].strip()[:200]


def render(results: Sequence[Tried]) -> str:
    """The table as text."""
    return "".join(
        f"{'ok' if one.ok else 'FAILED':6}  {one.what:10}  {one.patch:44}  {one.result}\n"
        for one in results
    )
