# SPDX-License-Identifier: GPL-2.0-only
"""A result with one of everything, for the tests of the reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.model import (
    CheckResult,
    EntryValue,
    Excuse,
    Finding,
    HelperVerdict,
    HookApi,
    HookCall,
    HookPrototype,
    Location,
    Notice,
    RawCall,
    Reach,
    Reason,
    Step,
    VariantSummary,
    Verdict,
    Witness,
)

PGTABLE = "arch/demo/include/asm/pgtable.h"
Text = Callable[[str], str]


def plain(text: str) -> str:
    """Every text as it is."""
    return text


def example(text: Text = plain) -> CheckResult:
    """Findings, one if enabled, an unknown helper, a problem.

    Every text that can come from a tree goes through `text`, so that tests can replace it.
    """
    return CheckResult(
        tree_label=text("demo"),
        revision=text("0123456789abcdef0123456789abcdef01234567"),
        api=api(text),
        summaries=(
            VariantSummary(text("other"), text("base"), False, 0, 1, 1, 0, 0),
            VariantSummary(text("demo"), text("base"), True, 1, 0, 1, 1, 2),
            VariantSummary(text("demo"), text("nothp"), True, 1, 0, 0, 0, 0),
        ),
        helpers=helpers(text),
        findings=(if_enabled(text), predicate(text), unhooked(text)),
        problems=(text("arch/demo/mm/broken.c:7: expected a declaration"),),
        files_read=42,
        seconds=1.25,
    )


def with_calls(text: Text = plain) -> CheckResult:
    """The same with calls around the hooks, one of which could not be judged."""
    calls = (
        call(text, 7, Reach.HARMLESS, ("demo", "other")),
        call(text, 9, Reach.HARMLESS, ("demo",)),
        call(text, 9, Reach.UNKNOWN, ("other",), "nobody says whose table it is"),
    )
    return replace(example(text), calls=calls)


def call(text: Text, line: int, reach: Reach, archs: tuple[str, ...], reason: str = "") -> RawCall:
    """A call around the hooks."""
    place = Location(text("mm/move.c"), line)
    words = text(reason) if reason else ""
    return RawCall(
        text("pud_clear"), "pud", place, text("move"), reach, words, tuple(map(text, archs))
    )


def excused(text: Text = plain) -> CheckResult:
    """The same with every finding excused, each for another reason, and with notices."""
    result = example(text)
    comment = Excuse(Reason.COMMENT, text("a reason"), Location(text(PGTABLE), 118))
    entry = Excuse(Reason.CONFIGURATION, text("listed"), Location(text("ptcheck.toml"), 3))
    known = Excuse(Reason.BASELINE, text("in the baseline"))
    findings = tuple(
        replace(finding, excuse=excuse)
        for finding, excuse in zip(result.findings, (known, entry, comment), strict=True)
    )
    return replace(
        result,
        findings=findings,
        notices=(
            Notice("PTC912", text("nothing was found"), Location(text(PGTABLE), 7)),
            Notice("PTC913", text("gone"), None),
        ),
        policy=text("ptcheck.toml of the tree under check"),
        baseline=text("baseline.json"),
    )


def clean(text: Text = plain) -> CheckResult:
    """A result with nothing to complain about."""
    return CheckResult(
        tree_label=text("demo"),
        revision=None,
        api=api(text),
        summaries=(VariantSummary(text("demo"), text("nothp"), True, 1, 0, 0, 0, 0),),
        helpers=helpers(text)[3:4],
        findings=(),
        problems=(),
        files_read=42,
        seconds=1.25,
    )


def empty() -> CheckResult:
    """A tree in which there was nothing to judge."""
    return CheckResult("x", None, HookApi((), None), (), (), (), (), 0, 0.0)


def api(text: Text) -> HookApi:
    """Two hooks and a predicate."""
    header = text("include/linux/page_table_check.h")
    return HookApi(
        (
            HookPrototype(
                text("page_table_check_pte_clear"),
                (text("struct mm_struct *mm"), text("pte_t pte")),
                Location(header, 20),
            ),
            HookPrototype(text("page_table_check_pmd_clear"), (), Location(header, 26)),
        ),
        text("bool pte_user_accessible_page(pte_t pte)"),
    )


def helpers(text: Text) -> tuple[HelperVerdict, ...]:
    """One of each verdict, one of them of an architecture without support."""

    def helper(
        arch: str, variant: str, name: str, verdict: Verdict, line: int, reason: str = ""
    ) -> HelperVerdict:
        hook = HookCall(text("page_table_check_ptes_set"), Location(text(PGTABLE), 12), text(name))
        return HelperVerdict(
            arch=text(arch),
            variant=text(variant),
            helper=text(name),
            level=text("pmd" if name.startswith("pmd") else "pte"),
            verdict=verdict,
            location=Location(text(PGTABLE), line) if line else None,
            function=text(f"arch_{name}"),
            hooks=(hook,) if verdict is Verdict.BALANCED else (),
            reason=text(reason) if reason else "",
        )

    return (
        helper("demo", "base", "set_ptes", Verdict.BALANCED, 90),
        helper("demo", "base", "pmdp_huge_get_and_clear", Verdict.FINDING, 120, "PTC101"),
        helper("demo", "base", "ptep_clear_flush", Verdict.UNKNOWN, 130, "assembler at x.h:131"),
        helper("demo", "nothp", "set_ptes", Verdict.BALANCED, 90),
        helper("other", "base", "set_pte_at", Verdict.FINDING, 0, "PTC101"),
        helper("other", "base", "ptep_set_wrprotect", Verdict.NEUTRAL, 40),
    )


def unhooked(text: Text) -> Finding:
    """The finding of the demonstration, with its witness."""
    place = Location(text(PGTABLE), 120)
    function = text("pmdp_huge_get_and_clear")
    steps = (
        Step("call", Location(text("include/linux/pgtable.h"), 60), text("zap"), function),
        Step("branch", place, function, text("full is not 0")),
        Step("store", Location(text(PGTABLE), 122), function, text("xchg(&pmdp->pmd, 0)")),
    )
    return Finding(
        rule="PTC101",
        name="unhooked",
        arch=text("demo"),
        variants=(text("base"),),
        helper=function,
        level="pmd",
        location=place,
        function=function,
        message=text("a counted entry is taken out and no hook runs"),
        fingerprint="5f0a",
        if_enabled=False,
        witness=Witness(
            variant=text("demo/base"),
            helper=function,
            old=EntryValue(text("user-writable"), 0x1200097, text("PRESENT|USER|LEAF pfn=0x1200")),
            new=None,
            left=EntryValue(text("none"), 0, ""),
            path=steps,
            expected=(text("pmd pfn 0x1200: -1"),),
            got=(),
        ),
        helpers=(function, text("pmdp_huge_clear_flush")),
    )


def predicate(text: Text) -> Finding:
    """A finding for which no helper stands, in every variant."""
    return Finding(
        rule="PTC203",
        name="predicate-counts-invalidated",
        arch=text("demo"),
        variants=(text("base"), text("nothp")),
        helper=text("pmd_user_accessible_page"),
        level="pmd",
        location=Location(text(PGTABLE), 0),
        function=text("pmd_user_accessible_page"),
        message=text("true for what pmd_mkinvalid() makes"),
        fingerprint="5f0b",
        if_enabled=False,
        witness=None,
    )


def if_enabled(text: Text) -> Finding:
    """A finding of an architecture that does not select the option."""
    return Finding(
        rule="PTC101",
        name="unhooked",
        arch=text("other"),
        variants=(text("base"),),
        helper=text("set_pte_at"),
        level="pte",
        location=Location(text("arch/other/include/asm/pgtable.h"), 33),
        function=text("set_pte_at"),
        message=text("stores a counted entry and no hook runs"),
        fingerprint="5f0c",
        if_enabled=True,
        witness=Witness(text("other/base"), text("set_pte_at"), None, None, None, (), (), ()),
        helpers=(text("set_pte_at"),),
    )
