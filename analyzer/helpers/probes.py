# SPDX-License-Identifier: GPL-2.0-only
"""The C that we add to a unit: calls of helpers, constructors of entries, predicates.

Whether a name is a function or a macro in a configuration is decided by the preprocessor: each
probe is a small function that uses the name, and is evaluated like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..evaluate.requests import VIRTUAL
from .interface import LEVELS, Signature, parameter_names

CALL: Final = "__ptc_call_"
CLASS: Final = "__ptc_class_"
TEST: Final = "__ptc_test_"
BOOT: Final = "__ptc_boot_"
VALUE: Final = "__ptc_value_"
APPLY: Final = "__ptc_apply_"
MARKS: Final = "__ptc_marks_"  # a function that names the modifiers of a level, and does nothing
CLEAR: Final = "__ptc_empty_"
INITIAL: Final = "__ptc_initial_"
ZERO: Final = "__ptc_zero_"
PROTECTION: Final = "__ptc_prot_"
COMPOSED: Final = "modify_prot"

CONSTANTS: Final = (
    "PAGE_SHIFT", "PAGE_SIZE", "PMD_SHIFT", "PMD_SIZE", "PUD_SHIFT", "PUD_SIZE",
    "PTRS_PER_PTE", "PTRS_PER_PMD", "PTRS_PER_PUD", "CONT_PTES", "HPAGE_SHIFT", "HPAGE_SIZE",
)  # fmt: skip
HUGE: Final = (
    "arch_make_huge_pte(pte_mkhuge(x), SHIFT, 0)",
    "arch_make_huge_pte(x, SHIFT, 0)",
    "arch_make_huge_pte(pte_mkhuge(x), (struct vm_area_struct *)0, (struct page *)0, 0)",
    "pte_mkhuge(x)",
)
"""How hugetlb makes its entries (make_huge_pte() in mm/hugetlb.c), newest form first."""
HUGE_SHIFTS: Final = {"huge": "PMD_SHIFT", "hugetlb": "HPAGE_SHIFT"}
"""Of which size, by the name of the change: a PMD, or what hugetlb takes if nobody says."""
TESTS: Final = (
    "pfn",
    "present",
    "write",
    "special",
    "young",
    "dirty",
    "leaf",
    "none",
    "protnone",
    "user",
    "large",
    "huge",
    "trans_huge",
    "devmap",
    "soft_dirty",
    "uffd_wp",
)


KNOWN: Final = ("mkcont", "mkdevmap", "mkspecial", "mkuffd_wp", "mkuffd", "mksoft_dirty")
"""Modifiers that mark an entry and leave what it maps, wherever a tree defines them."""
CHANGES: Final = (
    "mkyoung", "mkold", "mkdirty", "mkclean", "wrprotect", "clear_soft_dirty", *KNOWN,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntryClass:
    """A kind of entry, made by the first of `makers` that the tree can evaluate.

    `user` and `kernel` say what it is meant to be; `leaf` False for tables, swap and nothing.
    """

    name: str
    makers: tuple[str, ...]
    user: bool = False
    kernel: bool = False
    present: bool = False
    accessible: bool = False


def _accessible(name: str, makers: tuple[str, ...]) -> EntryClass:
    return EntryClass(name, makers, user=True, present=True, accessible=True)


def _prots(flags: str, *names: str) -> tuple[str, ...]:
    return (f"vm_get_page_prot({flags})", f"protection_map[{flags}]", *names)


def entry_classes(level: str) -> tuple[EntryClass, ...]:
    """The classes of entries of a level; makers use `pfn` and `L` (pte, pmd, pud)."""
    frame = f"pfn_{level}(pfn, PROT)"
    if level != "pte":
        frame = f"{level}_mkhuge({frame})"
    frames = [frame]
    if level == "pud":
        frames.append("pfn_pud(pfn, PROT)")

    def make(pattern: str, prots: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            pattern.replace("ENTRY", one.replace("PROT", prot)) for prot in prots for one in frames
        )

    read = _prots("VM_READ", "PAGE_READONLY", "PAGE_RO", "PAGE_READ")
    write = _prots("VM_READ | VM_WRITE | VM_SHARED", "PAGE_SHARED", "PAGE_RW")
    execute = _prots("VM_EXEC", "PAGE_EXECONLY", "PAGE_EXEC")
    none = _prots("0", "PAGE_NONE")
    young = f"{level}_mkdirty({level}_mkyoung(ENTRY))"
    writable = tuple(
        maker
        for writer in (f"{level}_mkwrite_novma", f"{level}_mkwrite")
        for maker in make(f"{level}_mkdirty({level}_mkyoung({writer}(ENTRY)))", write)
    ) + make(young, write)
    classes = [
        _accessible("user-readonly", make("ENTRY", read)),
        _accessible("user-writable", writable),
        _accessible("user-exec-only", make("ENTRY", execute)),
        _accessible("user-old", make(f"{level}_mkold({level}_mkclean(ENTRY))", read)),
        EntryClass("protnone", make("ENTRY", none), user=True, present=True),
        EntryClass("kernel", make("ENTRY", ("PAGE_KERNEL",)), kernel=True, present=True),
        EntryClass("swap", (f"swp_entry_to_{level}(swp_entry(3, pfn))",)),
        EntryClass(
            "migration",
            (f"swp_entry_to_{level}(swp_entry(SWP_MIGRATION_READ, pfn))",),
        ),
    ]  # fmt: skip
    if level == "pte":
        classes.append(
            EntryClass("special", make("pte_mkspecial(ENTRY)", read), user=True, present=True)
        )
    else:
        invalid = tuple(
            maker
            for mark in (f"{level}_mkinvalid", f"{level}_mknotpresent")
            for maker in make(f"{mark}({young})", read)
        )
        classes.append(EntryClass("invalidated", invalid, user=True))
    return tuple(classes)


def probe_text(
    signatures: tuple[Signature, ...],
    initial: Mapping[str, tuple[str, ...]],
    at_boot: Mapping[str, str] | None = None,
    modifiers: Iterable[str] = (),
) -> str:
    """All probes as C, one function a line.

    `initial` gives globals their first values, `at_boot` what they have on machines whose boot
    code does not. `modifiers` are those that the tree's headers have, by their names.
    """
    found = sorted(modifiers)
    lines = [_call(signature) for signature in signatures]
    names = {signature.name: signature for signature in signatures}
    lines += _composed(names)
    for level in LEVELS:
        entry = f"{level}_t"
        for item in entry_classes(level):
            for index, maker in enumerate(item.makers):
                name = f"{CLASS}{level}_{item.name.replace('-', '_')}_{index}"
                lines.append(f"static {entry} {name}(unsigned long pfn) {{ return {maker}; }}")
        frame = f"pfn_{level}(pfn, PROT)"
        if level != "pte":
            frame = f"{level}_mkhuge({frame})"
        for flags in range(16):
            for index, prot in enumerate(_prots(str(flags))):
                maker = frame.replace("PROT", prot)
                name = f"{PROTECTION}{level}_{flags}_{index}"
                lines.append(f"static {entry} {name}(unsigned long pfn) {{ return {maker}; }}")
        clear = "pte_clear(&init_mm, 0, slot)" if level == "pte" else f"{level}_clear(slot)"
        lines.append(f"static void {CLEAR}{level}({entry} *slot) {{ {clear}; }}")
        for test in TESTS:
            lines.append(
                f"static unsigned long {TEST}{level}_{test}({entry} x)"
                f" {{ return {level}_{test}(x); }}"
            )
        lines.append(
            f"static {entry} {APPLY}{level}_flags({entry} x)"
            f" {{ return {level}_mkdirty({level}_mkyoung(x)); }}"
        )
        if level == "pte":
            lines += [
                f"static pte_t {APPLY}pte_{change}_{index}(pte_t x)"
                f" {{ return {maker.replace('SHIFT', shift)}; }}"
                for change, shift in HUGE_SHIFTS.items()
                for index, maker in enumerate(HUGE)
            ]
        for kind, prots in (
            ("readonly", _prots("VM_READ", "PAGE_READONLY")),
            ("none", _prots("0", "PAGE_NONE")),
        ):
            for index, prot in enumerate(prots):
                lines.append(
                    f"static {entry} {APPLY}{level}_{kind}_{index}({entry} x)"
                    f" {{ return {level}_modify(x, {prot}); }}"
                )
        own = [name.removeprefix(f"{level}_") for name in found if name.startswith(f"{level}_")]
        for change in dict.fromkeys((*CHANGES, *own)):
            lines.append(
                f"static {entry} {APPLY}{level}_{change}({entry} x)"
                f" {{ return {level}_{change}(x); }}"
            )
        marks = " ".join(f"{APPLY}{level}_{change}();" for change in dict.fromkeys((*KNOWN, *own)))
        lines.append(f"static void {MARKS}{level}(void) {{ {marks} }}")
    for name, upper, lower in (
        ("pmd_populate_kernel", "pmd", "pte"),
        ("pmd_populate", "pmd", "pte"),
        ("pud_populate", "pud", "pmd"),
    ):
        if name not in names:
            lines.append(
                f"static void {CALL}{name}(struct mm_struct *mm, {upper}_t *slot, {lower}_t *table)"
                f" {{ {name}(mm, slot, table); }}"
            )
    lines += [f"int {ZERO}{name};" for name, texts in sorted(initial.items()) if not texts]
    for name, text in sorted((at_boot or {}).items()):
        lines.append(f"unsigned long long {BOOT}{name} = ({text});")
    for name, texts in sorted(initial.items()):
        for index, text in enumerate(texts):
            lines.append(f"unsigned long long {INITIAL}{index}_{name} = ({text});")
    lines.append(
        f"static unsigned long {VIRTUAL}(unsigned long x) {{ return (unsigned long)__va(x); }}"
    )
    lines += [f"unsigned long {VALUE}{name} = ({name});" for name in CONSTANTS]
    return "\n".join(lines) + "\n"


def _call(signature: Signature) -> str:
    names = ", ".join(parameter_names(signature.parameters))
    declared = ", ".join(signature.parameters)
    return f"static void {CALL}{signature.name}({declared}) {{ {signature.name}({names}); }}"


def _composed(names: dict[str, Signature]) -> list[str]:
    """start + commit as one helper, which is what generic code does with them."""
    lines = []
    for name, start in names.items():
        if not name.endswith(f"{COMPOSED}_start"):
            continue
        prefix = name.removesuffix(f"{COMPOSED}_start")
        commit = names.get(f"{prefix}{COMPOSED}_commit")
        if commit is None:
            continue
        given = parameter_names(commit.parameters)
        old = given[-2] if len(given) == 5 else None
        call = ", ".join("__old" if name == old else name for name in given)
        declared = ", ".join(p for p, n in zip(commit.parameters, given, strict=True) if n != old)
        first = ", ".join(given[: len(start.parameters)])
        lines.append(
            f"static void {CALL}{prefix}{COMPOSED}({declared}) {{ pte_t __old ="
            f" {prefix}{COMPOSED}_start({first}); {prefix}{COMPOSED}_commit({call}); }}"
        )
    return lines
