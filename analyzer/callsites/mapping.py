# SPDX-License-Identifier: GPL-2.0-only
"""Whose page table an entry is in: from the mm, the table walked, the entry, and the callers.

No file and no architecture is known by name. What says "kernel" is that the mm is `init_mm` or
another mm that no process has, that the walk began at a table that is a variable of the kernel,
that the entry is made with a PAGE_KERNEL protection, that the function is gone after boot, or that
it works for a guest. What says "user" is a vma, a fault, or the mm of a task.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from ..model import Location, Step
from .body import Body, Call, expression_at
from .model import Mapping

_WORD: Final = re.compile(r"(?<![\w])(?:(?<!->)(?<!\.))([A-Za-z_]\w*)")
_KERNEL: Final = re.compile(
    r"\binit_mm\b|\bswapper_pg_dir\b|\bp[gmtu4][de]_(?:off|offset)_k\b|\bvirt_to_kpte\b"
    r"|\bp\wd_alloc_k\w*|\bpte_alloc_kernel\w*|\blookup_address\b|\b(?:PAGE|PROT)_KERNEL\w*"
    r"|\b__?PAGE_KERNEL\w*|\b(?:__)?fix_to_virt\b|\bFIXADDR_\w+|\bVMALLOC_\w+|\bMODULES_\w+"
    r"|\bPKMAP_\w+|\bVMEMMAP_\w+|\bkasan_early_shadow\w*|\bKASAN_SHADOW\w*|\bpgd_offset_kernel\b"
)
_USER: Final = re.compile(
    r"\bvm_mm\b|\bvm_page_prot\b|\bcurrent->(?:active_)?mm\b|\bcurrent->mm\b|->mm\b(?!->)"
    r"|\bget_task_mm\b|\bfind_vma\w*|\bvma_lookup\b"
)
_ENTRY_OF_USER: Final = re.compile(r"\bvm_page_prot\b|\bvm_get_page_prot\b|\bmaybe_mkwrite\b")
_KERNEL_ENTRY: Final = re.compile(r"\b_*(?:PAGE|PROT)_KERNEL\w*")
_TASK: Final = re.compile(r"\bvm_mm\b|->mm\b|\bmm_alloc\b")
_RETURNED: Final = re.compile(r"\breturn\b")
_CALLED: Final = re.compile(r"\b([a-z_]\w*)\s*\(")
_GUEST_TYPE: Final = re.compile(r"\bstruct kvm\w*\*|\bkvm_\w+\*")
_USER_TYPE: Final = re.compile(
    r"\bstruct (?:vm_area_struct|vm_fault|page_vma_mapped_walk|mmu_gather|task_struct)\*?"
)
_NUMBER: Final = re.compile(
    r"^(?:(?:unsigned|signed|long|int|short|char)(?: (?:long|int|char))*|bool|[us](?:8|16|32|64)"
    r"|phys_addr_t|pgprot_t|pgtable_t|size_t|\w+addr_t|spinlock_t\*|struct page\*|struct folio\*)$"
)
MAX_DEPTH: Final = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that tells whose a mapping is."""

    mapping: Mapping
    reason: str


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a function's name stands: called, or handed on as a pointer."""

    body: Body
    call: Call
    direct: bool  # False: the name is one of the arguments


Callers = Callable[[Body], Iterable[Use]]
Tables = Callable[[Body, str], bool]
Makers = Callable[[Body, str], Body | None]
"""The function of a name that returns a pointer to an entry, as one function sees it."""


class Origins:
    """Asks for the origin of expressions of one architecture's view of the tree."""

    def __init__(self, callers: Callers, is_table: Tables, makers: Makers) -> None:
        self._callers = callers
        self._is_table = is_table
        self._makers = makers
        self._parameters: dict[tuple[str, int, int], tuple[Evidence, ...]] = {}
        self._asked: set[tuple[str, int, int]] = set()

    def judge(self, body: Body, expressions: Iterable[str], value: str = "") -> Evidence:
        """What the arguments of a call say together; the entry's own words count most."""
        if value and _KERNEL_ENTRY.search(self._spelled(body, value)):
            return Evidence(Mapping.KERNEL, "the entry has a protection of the kernel")
        if body.function.at_boot and not _TASK.search(body.text):
            return Evidence(Mapping.KERNEL, f"{body.function.name}() is gone after boot")
        found: list[Evidence] = []
        for expression in expressions:
            found += self._of(body, expression, set(), 0)
            one = _agreed(found)
            if one is not None:
                return one
        for name, kind in body.types.items():
            if _GUEST_TYPE.search(kind) and body.position_of(name) >= 0:
                return Evidence(Mapping.KERNEL, f"the table of a guest ({name})")
        if found:
            kinds = {one.mapping for one in found}
            if kinds == {Mapping.USER, Mapping.KERNEL}:
                first = next(e for e in found if e.mapping is Mapping.KERNEL)
                second = next(e for e in found if e.mapping is Mapping.USER)
                return Evidence(Mapping.UNKNOWN, f"both: {first.reason}; {second.reason}")
        for name, kind in body.types.items():
            if _USER_TYPE.search(kind) and body.position_of(name) >= 0:
                return Evidence(Mapping.USER, f"the function is given a {kind.strip('*')}")
        for name, kind in body.types.items():
            if "struct mm_struct*" in kind and body.position_of(name) >= 0:
                return Evidence(Mapping.USER, f"whoever calls it says whose table it is ({name})")
        if value and _ENTRY_OF_USER.search(self._spelled(body, value)):
            return Evidence(Mapping.USER, "the entry has the protection of a vma")
        return Evidence(Mapping.UNKNOWN, "nothing here or in its callers says whose table it is")

    def _spelled(self, body: Body, value: str, depth: int = 0) -> str:
        """An expression together with what its variables were made of."""
        words = [value]
        if depth < 2:
            for name in _WORD.findall(value):
                texts = body.assigned.get(name, ())[:6]
                words.extend(self._spelled(body, text, depth + 1) for text in texts)
        return " ".join(words)[:2000]

    def _of(self, body: Body, text: str, seen: set[str], depth: int) -> list[Evidence]:
        found = self._literal(body, text)
        if found:
            return found
        for name in _WORD.findall(text):
            if name in seen:
                continue
            seen.add(name)
            found += self._variable(body, name, seen, depth)
        if not found and depth < MAX_DEPTH:
            for name in _CALLED.findall(text):
                maker = self._makers(body, name)
                if maker is not None and f"{name}()" not in seen:
                    seen.add(f"{name}()")
                    found += self._returned(maker, depth + 1)
        return found

    def _returned(self, body: Body, depth: int) -> list[Evidence]:
        """Where a function that returns a pointer to an entry has it from; not its callers."""
        found: list[Evidence] = []
        for match in _RETURNED.finditer(body.text):
            text = expression_at(body.text, match.end())
            found += self._of(body, text, {p.name for p in body.function.parameters}, depth)
        return found

    def is_result(self, body: Body, name: str) -> bool:
        """Whether a parameter points to a variable of every caller: no entry of a table."""
        position = body.position_of(name)
        if position < 0:
            return False
        given = [
            use.call.arguments[position]
            for use in self._callers(body)
            if use.direct and position < len(use.call.arguments)
        ]
        own = [text for text in given if text != "NULL"]
        return bool(own) and all(text.startswith("&") or text == name for text in own)

    def path_to(self, body: Body) -> list[Step]:
        """A way to a function: one caller, and one of that one's, outermost first."""
        steps: list[Step] = []
        names = {body.function.name}
        while len(steps) < MAX_DEPTH - 2:
            use = next(
                (u for u in self._callers(body) if u.direct and u.body.function.name not in names),
                None,
            )
            if use is None:
                break
            place = Location(use.body.source.path, use.body.source.line(use.call.start))
            caller = use.body.function.name
            steps.insert(0, Step("call", place, caller, f"calls {body.function.name}()"))
            names.add(caller)
            body = use.body
        return steps

    def _literal(self, body: Body, text: str) -> list[Evidence]:
        match = _KERNEL.search(text)
        if match is not None:
            return [Evidence(Mapping.KERNEL, f"{match[0]}")]
        match = re.search(r"(?<![\w.>])(\w+_mm)\b(?!\s*[(.-])", text)
        if match is not None and match[1] not in body.types:
            return [Evidence(Mapping.KERNEL, f"{match[1]} belongs to no process")]
        match = _USER.search(text)
        if match is not None:
            root = re.match(r"[^A-Za-z_]*(\w+)", text)
            kind = body.types.get(root[1], "") if root else ""
            if not _GUEST_TYPE.search(kind) and "mm_walk" not in kind:
                return [Evidence(Mapping.USER, match[0].strip("->"))]
        return []

    def _variable(self, body: Body, name: str, seen: set[str], depth: int) -> list[Evidence]:
        kind = body.types.get(name, "")
        if _NUMBER.match(kind):  # an address: its own words count, not whose it may be
            texts = [t for text in body.assigned.get(name, ()) for t in self._literal(body, text)]
            return [one for one in texts if one.mapping is Mapping.KERNEL]
        if _USER_TYPE.search(kind):
            return [Evidence(Mapping.USER, f"{name} is a {kind.strip('*')}")]
        if _GUEST_TYPE.search(kind):
            return [Evidence(Mapping.KERNEL, f"the table of a guest ({name})")]
        if not kind and self._is_table(body, name):
            return [Evidence(Mapping.KERNEL, f"{name} is a table of the kernel")]
        found: list[Evidence] = []
        for text in body.assigned.get(name, ()):
            found += self._of(body, text, seen, depth)
        position = body.position_of(name)
        if position >= 0:
            found += self._parameter(body, position, depth)
        return found

    def _parameter(self, body: Body, position: int, depth: int) -> list[Evidence]:
        """What callers give for a parameter."""
        key = (body.source.path, body.function.start, position)
        known = self._parameters.get(key)
        if known is not None:
            return list(known)
        if depth >= MAX_DEPTH or key in self._asked:
            return []
        self._asked.add(key)
        found: list[Evidence] = []
        for use in self._callers(body):
            if use.direct:
                if use.body.function.at_boot:
                    name = use.body.function.name
                    found.append(Evidence(Mapping.KERNEL, f"called by {name}(), gone after boot"))
                    continue
                if position < len(use.call.arguments):
                    found += self._of(use.body, use.call.arguments[position], set(), depth + 1)
            else:
                for argument in use.call.arguments[:2]:
                    said = self._of(use.body, argument, set(), depth + 1)
                    found += [Evidence(e.mapping, f"handed to {use.call.name}()") for e in said]
                    if said:
                        break
        self._asked.discard(key)
        kept = tuple(dict.fromkeys(found))
        if depth == 0:
            self._parameters[key] = kept
        return list(kept)


def _agreed(found: list[Evidence]) -> Evidence | None:
    """The evidence where all of it says the same."""
    kinds = {one.mapping for one in found}
    return found[0] if len(kinds) == 1 else None
