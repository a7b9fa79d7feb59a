# SPDX-License-Identifier: GPL-2.0-only
"""The values that pass between the rooms: frozen, comparable, free of AST nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in the tree: `path` relative to its top, `line` counted from 1 (0: whole file)."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Verdict(Enum):
    """The answer for one helper in one variant (design.md, section 1)."""

    BALANCED = "balanced"
    NEUTRAL = "neutral"
    FINDING = "finding"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"  # there can be no counted entry for it: it is not counted


@dataclass(frozen=True, slots=True)
class Step:
    """One event on a path: a hook call, a store, a call into a function, a branch taken."""

    kind: str  # 'call' | 'branch' | 'hook' | 'store'
    location: Location
    function: str
    text: str


@dataclass(frozen=True, slots=True)
class EntryValue:
    """A raw page table entry with the class it was made for and its bits named."""

    name: str  # 'none', 'user-writable', ...
    value: int
    text: str  # 'PRESENT|USER|RW pfn=0x1200'


@dataclass(frozen=True, slots=True)
class Witness:
    """What makes a finding checkable by hand.

    `expected` and `got` are counter movements in words, e.g. ('pte pfn 0x1200: -1',).
    """

    variant: str
    helper: str
    old: EntryValue | None
    new: EntryValue | None
    left: EntryValue | None  # what stands in the slot afterwards
    path: tuple[Step, ...]
    expected: tuple[str, ...]
    got: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HookCall:
    """A hook reached by a helper: name and the place of the call in the tree."""

    hook: str
    location: Location
    function: str


@dataclass(frozen=True, slots=True)
class HelperVerdict:
    """The verdict for one helper of the generic interface in one variant."""

    arch: str
    variant: str
    helper: str
    level: str  # 'pte' | 'pmd' | 'pud'
    verdict: Verdict
    location: Location | None  # of the definition it resolves to
    function: str  # the definition it resolves to
    hooks: tuple[HookCall, ...]
    reason: str  # why unknown / which rule / a remark where neutral / '' otherwise


class Reason(Enum):
    """Why a finding does not count, although it is one."""

    COMMENT = "comment"  # a comment of the tree at the helper
    CONFIGURATION = "configuration"  # a suppression of the configuration
    DISABLED = "disabled"  # its rule is disabled
    BASELINE = "baseline"  # it was so before


@dataclass(frozen=True, slots=True)
class Excuse:
    """What a finding is excused with: `text` is the reason that was given for it."""

    reason: Reason
    text: str
    location: Location | None = None  # of the comment, or of the entry in the configuration


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong with a suppression or a baseline. It is told, and counts for no exit code."""

    rule: str
    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that does not hold, with its evidence. `rule` is the code, e.g. PTC101."""

    rule: str
    name: str  # 'unhooked'
    arch: str
    variants: tuple[str, ...]
    helper: str
    level: str
    location: Location
    function: str
    message: str
    fingerprint: str
    if_enabled: bool  # the architecture does not select the option: what would be found
    witness: Witness | None
    helpers: tuple[str, ...] = ()  # every helper of the interface that it breaks
    excuse: Excuse | None = None  # why it does not count


@dataclass(frozen=True, slots=True)
class VariantSummary:
    """How much of one variant was judged, and how."""

    arch: str
    variant: str
    supported: bool
    balanced: int
    neutral: int
    finding: int
    unknown: int
    unparsed: int


@dataclass(frozen=True, slots=True)
class HookPrototype:
    """A hook as the tree's page_table_check.h declares it: parameter types and names."""

    name: str
    parameters: tuple[str, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class HookApi:
    """The hook interface of a tree; `prototypes` is empty where it has none."""

    prototypes: tuple[HookPrototype, ...]
    predicate: str | None  # 'bool pte_user_accessible_page(pte_t pte)', None if no one has it

    @property
    def present(self) -> bool:
        """Whether the tree has page table check at all."""
        return bool(self.prototypes)


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit or field of an entry at one level."""

    level: str
    name: str
    mask: int
    positions: tuple[int, int]  # lowest and highest bit, inclusive
    role: str  # 'present', 'user', ..., 'software', 'unknown'
    location: Location
    aliases: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()


class Reach(Enum):
    """What a call of a setter around the hooks does to the counters."""

    HARMLESS = "harmless"  # nothing that is counted changes
    FINDING = "finding"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"  # one of these two, in code that no judged configuration compiles


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call around the hooks in the code that `check` reads, for the architectures named.

    `helper` is '*' for a plain store to an entry; `reason` is empty unless it is unknown.
    """

    helper: str
    level: str
    location: Location
    function: str
    reach: Reach
    reason: str
    archs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Everything `ptcheck check` found out; the reports are renderings of this."""

    tree_label: str
    revision: str | None
    api: HookApi
    summaries: tuple[VariantSummary, ...]
    helpers: tuple[HelperVerdict, ...]
    findings: tuple[Finding, ...]
    problems: tuple[str, ...]  # files that could not be read or parsed, one line each
    files_read: int
    seconds: float
    notices: tuple[Notice, ...] = ()
    policy: str = ""  # where suppressions and the choice of rules were read from, for people
    baseline: str = ""  # the name of the baseline that was compared with
    calls: tuple[RawCall, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Something relevant could not be judged."""
        helpers = not self.helpers or any(s.unknown for s in self.summaries)
        return helpers or bool(self.problems) or any(c.reach is Reach.UNKNOWN for c in self.calls)
