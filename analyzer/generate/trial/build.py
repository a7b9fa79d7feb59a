# SPDX-License-Identifier: GPL-2.0-only
"""Compiles what a series touches, after each patch, in each configuration.

A warning or an error that is there without the series, too, is not its doing: the tree as it is
gets compiled as well then, with the same configuration, and what fails in both is set aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ...boot.mirror import View, built_inside
from ...boot.process import run_bounded
from ...errors import SourceError
from ...kconfig import KconfigFiles, Variant, load_kconfig, variants
from ...tree import KernelTree, OverlayTree
from ..kconfig_edit import SUPPORT
from ..run import Plan
from ..series import Patch
from .toolchain import Missing, Toolchain, find_toolchain
from .values import State, Tried, scrub

_SECONDS: Final = 3600.0
_OBJECTS: Final = (
    ("mm/memory.o", "MMU"), ("mm/pgtable-generic.o", "MMU"), ("mm/mprotect.o", "MMU"),
    ("mm/page_table_check.o", "PAGE_TABLE_CHECK"), ("mm/debug_vm_pgtable.o", "DEBUG_VM_PGTABLE"),
    ("mm/huge_memory.o", "TRANSPARENT_HUGEPAGE"), ("mm/khugepaged.o", "TRANSPARENT_HUGEPAGE"),
    ("mm/hugetlb.o", "HUGETLB_PAGE"), ("mm/nommu.o", "!MMU"),
)  # fmt: skip
"""Generic code that calls the helpers and the framework, and the option that it hangs on."""
_ASSEMBLED: Final = 3
_ERRORS: Final = 1000
_WANTS: Final = {
    "PAGE_TABLE_CHECK": "y", "PAGE_EXTENSION": "y", "DEVMEM": "n", "DEBUG_VM": "y",
    "DEBUG_KERNEL": "y", "DEBUG_VM_PGTABLE": "y", "EXPERT": "y",
}  # fmt: skip
"""What switches the check on where it can be, and the kernel's own test of the helpers."""
_ERROR: Final = re.compile(r"\berror: |\*\*\* |undefined reference|Error \d")
_WARNING: Final = re.compile(r"\bwarning: ")
_PLACE: Final = re.compile(r":\d+(?::\d+)?:")
_ABSENT: Final = re.compile(r"No rule to make target [`']([^']+)'")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What make said: whether all was compiled, how much was, and its errors and warnings."""

    ok: bool
    made: int
    checked: bool  # page table check was switched on
    errors: tuple[str, ...]
    warnings: frozenset[str]


def compile_series(
    tree: KernelTree, plan: Plan, steps: Sequence[Patch], folder: Path, jobs: int
) -> Iterator[Tried]:  # fmt: skip
    """A row for each configuration and patch. Runs the Makefiles of the tree."""
    trace = built_inside(tree)
    if trace is not None:
        why = f"the tree was built in itself ({trace} is there); `make mrproper` cleans it"
        yield Tried("compile", "all", "", State.NOT_TRIED, why)
        return
    final = OverlayTree(tree, {p: t.encode("latin-1") for p, t in steps[-1].texts.items()})
    kconfig = load_kconfig(final, plan.arch, KconfigFiles(final))
    more = (replace(v, supported=kconfig.solve(dict(v.wants)).on(SUPPORT)) for v in plan.more)
    chosen = [
        (variant, find_toolchain(tree, _machine(plan.arch, variant), variant.bits))
        for variant in (*variants(final, plan.arch, kconfig), *more)
    ]
    lacking = {str(toolchain) for _, toolchain in chosen if isinstance(toolchain, Missing)}
    if len(lacking) == 1 and all(isinstance(toolchain, Missing) for _, toolchain in chosen):
        yield Tried("compile", "all", "", State.NOT_TRIED, lacking.pop())
        return
    view = View(tree, folder / "view", folder / "kept")
    numbered = _seen(plan, steps)
    without = True  # one configuration is compiled without the option, too, when it is there
    for variant, toolchain in chosen:
        if isinstance(toolchain, Missing):
            yield Tried("compile", "all", variant.label, State.NOT_TRIED, str(toolchain))
            continue
        build = _Build(tree, plan, variant, toolchain, view, folder, jobs)
        yield from build.rows(numbered, len(steps), without)
        without = without and not build.checked


def _machine(arch: str, variant: Variant) -> str:
    """The architecture whose code a compiler makes: User Mode Linux is code of its host's.

    Its Makefile and Kconfig call that HEADER_ARCH (arch/um/Makefile).
    """
    return dict(variant.environment).get("HEADER_ARCH", arch)


def _seen(plan: Plan, steps: Sequence[Patch]) -> list[tuple[int, Patch]]:
    """The patches that change what the architecture is built from, with their numbers."""
    found: list[tuple[int, Patch]] = []
    before: Mapping[str, str] = plan.texts
    for number, patch in enumerate(steps, 1):
        changed = [p for p, text in patch.texts.items() if before.get(p) != text]
        if any(_of(path) in ("", plan.arch) for path in changed):
            found.append((number, patch))
        before = patch.texts
    return found


def _of(path: str) -> str:
    """The architecture whose folder a path lies in; '' for what all are built from."""
    parts = path.split("/")
    return parts[1] if parts[0] == "arch" and len(parts) > 2 else ""


class _Build:
    """One configuration: the same build folder for all patches, in their order.

    `checked`: the check was switched on in it.
    """

    def __init__(
        self, tree: KernelTree, plan: Plan, variant: Variant, toolchain: Toolchain, view: View,
        folder: Path, jobs: int,
    ) -> None:  # fmt: skip
        self.plan = plan
        self.variant = variant
        self.toolchain = toolchain
        self.view = view
        self.folder = folder / f"build-{variant.name}"
        self.folder.mkdir()
        self.log = folder / "make.log"
        self.wanted = folder / f"config-{variant.name}"
        self.jobs = jobs
        self.places = _places(tree, plan)
        self.objects = dict.fromkeys((*_touched(tree, plan), *_OBJECTS))
        self.scrubbed = (str(view.folder), f"../{view.folder.name}", str(self.folder), str(folder))
        self.checked = False
        self._bare: Outcome | None = None

    def rows(
        self, steps: Sequence[tuple[int, Patch]], count: int, without: bool
    ) -> Iterator[Tried]:
        """The patches in order, until one does not compile; the last also `without` the option."""
        for number, patch in steps:
            row = self._row(patch, f"{number}/{count}", (number, patch) == steps[-1])
            yield row
            if row.state is not State.OK:
                return
        if steps and without and self.checked:
            self._bare = None
            yield self._row(steps[-1][1], f"{steps[-1][0]}/{count}", False, "n")

    def _row(self, patch: Patch, name: str, last: bool, option: str = "y") -> Tried:
        done = self._compiled(patch, option)
        self.checked = self.checked or done.checked
        where = self.variant.label
        bare = None if done.ok and not done.warnings else self._before(patch, option)
        old = [error for error in done.errors if bare is not None and error in bare.errors]
        errors = tuple(error for error in done.errors if error not in old)
        if not done.ok and (errors or not done.made):
            if bare is not None and not bare.made:
                why = "the tree as it is does not compile, either, in this configuration"
                return Tried("compile", name, where, State.NOT_TRIED, why, bare.errors[:1])
            return Tried("compile", name, where, State.FAILED, "does not compile", errors[:3])
        new = sorted(done.warnings - bare.warnings) if bare is not None else []
        on = "page table check on" if done.checked else "page table check off"
        said = f"{done.made} targets with {self.toolchain.name}, {len(new)} new warnings, {on}"
        wanted = last and self.variant.has_mmu and self.variant.supported
        wrong = bool(new) or (wanted and not done.checked)
        notes = tuple(new[:3])
        if old and not done.ok:
            notes += (f"without the series, too: {old[0]}",)
        if wanted and not done.checked:
            notes += ("the option cannot be switched on with the tree's own Kconfig",)
        return Tried("compile", name, where, State.FAILED if wrong else State.OK, said, notes)

    def _before(self, patch: Patch, option: str) -> Outcome:
        """The tree without the series; the view then shows the patch again."""
        if self._bare is None:
            self._bare = self._compiled(None, option)
            self._show(patch)
        return self._bare

    def _show(self, patch: Patch | None) -> None:
        texts = self.plan.texts if patch is None else patch.texts
        self.view.refresh({path: text.encode("latin-1") for path, text in texts.items()})

    def _compiled(self, patch: Patch | None, option: str) -> Outcome:
        self._show(patch)
        config = self._configured(option)
        if config is None:
            return Outcome(False, 0, False, self._errors(), frozenset())
        targets = [*self.places, *(o for o, on in self.objects if _is_on(config, on))]
        while True:
            done = run_bounded(self._make("-k", f"-j{self.jobs}", *targets), self.log, _SECONDS)
            text = self.log.read_text(encoding="utf-8", errors="replace")
            absent = {t for t in targets if t in set(_ABSENT.findall(text))}
            if not done.status or not absent:
                break
            targets = [target for target in targets if target not in absent]
        errors = ("it takes too long",) if done.status is None else self._errors()
        warnings = frozenset(
            _PLACE.sub(":", self._clean(line), count=1)
            for line in text.splitlines() if _WARNING.search(line)
        )  # fmt: skip
        checked = _is_on(config, "PAGE_TABLE_CHECK")
        failed = sum(not (self.folder / t).is_file() for t in targets if t.endswith(".o"))
        made = len(targets) - failed
        if done.status and made == sum(target.endswith("/") for target in targets):
            made = 0  # no object at all
        return Outcome(done.status == 0, made, checked, errors, warnings)

    def _configured(self, option: str) -> str | None:
        """The .config; None where the tree makes none."""
        wants = {**dict(self.variant.wants), **_WANTS, "PAGE_TABLE_CHECK": option}
        self.wanted.write_text(
            "".join(
                f"# CONFIG_{name} is not set\n" if value == "n" else f"CONFIG_{name}={value}\n"
                for name, value in sorted(wants.items())
            ),
            encoding="utf-8",
        )
        command = self._make(f"KCONFIG_ALLCONFIG={self.wanted}", "allnoconfig")
        done = run_bounded(command, self.log, _SECONDS)
        config = self.folder / ".config"
        if done.status or not config.is_file():
            return None
        return config.read_text(encoding="utf-8", errors="replace")

    def _make(self, *rest: str) -> list[str]:
        given = dict(self.variant.environment)
        names = [f"ARCH={given.get('ARCH', self.plan.arch)}"]
        host = given.get("SUBARCH", given.get("HEADER_ARCH", ""))  # else make asks uname
        if host:
            names.append(f"SUBARCH={host}")
        return ["make", "-s", "-C", str(self.view.folder), f"O={self.folder}", *names,
                *self.toolchain.variables, *rest]  # fmt: skip

    def _errors(self) -> tuple[str, ...]:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [line for line in lines if _ERROR.search(line)] or lines[-1:]
        known = (_PLACE.sub(":", self._clean(line), count=1) for line in found[:_ERRORS])
        return tuple(dict.fromkeys(known)) or ("it failed without a word",)

    def _clean(self, line: str) -> str:
        return scrub(line.strip(), self.scrubbed)[:200]


def _is_on(config: str, option: str) -> bool:
    """Whether an option is on, or with a ! before it off; '' always is."""
    if not option:
        return True
    on = f"\nCONFIG_{option.lstrip('!')}=y\n" in config
    return on != option.startswith("!")


def _places(tree: KernelTree, plan: Plan) -> list[str]:
    """Folders of the architecture with sources that are touched, its mm/, some assembler."""
    own = f"arch/{plan.arch}/mm"
    folders = {p.rpartition("/")[0] for p in plan.texts if p.endswith(".c") and _of(p) == plan.arch}
    folders |= {own} if tree.kind(f"{own}/Makefile") is not None else set()
    inner = {one for one in folders if any(one.startswith(f"{other}/") for other in folders)}
    return [f"{folder}/" for folder in sorted(folders - inner)] + _assembler(tree, plan.arch)


def _touched(tree: KernelTree, plan: Plan) -> Iterator[tuple[str, str]]:
    """Objects of generic sources that are touched, and the option that each hangs on."""
    for path in sorted(plan.texts):
        folder, _, name = path.rpartition("/")
        if not name.endswith(".c") or _of(path):
            continue
        try:
            text = tree.read(f"{folder}/Makefile").decode("utf-8", "replace").replace("\\\n", " ")
        except SourceError:
            continue
        made = re.escape(name.removesuffix(".c"))
        found = re.search(
            rf"^[\w-]+-\$\(CONFIG_(\w+)\)\s*[:+]?=.*(?<![\w-]){made}\.o\b", text, re.M
        )
        yield path.removesuffix(".c") + ".o", found[1] if found else ""


def _assembler(tree: KernelTree, arch: str) -> list[str]:
    """Objects from assembler that every configuration has: headers are included there, too."""
    folder = f"arch/{arch}/kernel"
    try:
        text = tree.read(f"{folder}/Makefile").decode("utf-8", "replace").replace("\\\n", " ")
    except SourceError:
        return []
    lists = re.findall(r"^(?:obj-y|extra-y|always-y)\s*[:+]?=(.*)$", text, re.M)
    names = dict.fromkeys(name for words in lists for name in words.split())
    made = [name for name in names if name.endswith(".o")]
    sources = [n for n in made if tree.kind(f"{folder}/{n.removesuffix('.o')}.S") is not None]
    return [f"{folder}/{name}" for name in sources[:_ASSEMBLED]]
