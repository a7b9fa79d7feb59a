# SPDX-License-Identifier: GPL-2.0-only
"""PTC911 to 913: suppressions and baselines that do not say what they should."""

from __future__ import annotations

from analyzer.rules.texts.rule import Rule

_STORE = """\
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}
"""
_HOOKED = """\
static inline void set_pte_at(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte)
{
	page_table_check_ptes_set(mm, ptep, pte, 1);
	WRITE_ONCE(*ptep, pte);
}
"""

MALFORMED = Rule(
    code="PTC911",
    name="suppression-malformed",
    title="a comment that wants to suppress a finding and does not say which, or why",
    explanation="""\
A suppression names one or more rules and a reason, in a comment at the helper: inside of its
definition, or in the lines right before it. `ptcheck: ignore PTC101 -- reason` is the form. One
without a reason, or with a rule that does not exist, suppresses nothing.""",
    why="""\
Whoever reads the code later has to know why the counters may be wrong here, and a reviewer has
to be able to object.""",
    bad="/* ptcheck: ignore PTC101 */\n" + _STORE,
    good="/* ptcheck: ignore PTC101 -- kernel mappings only, never counted */\n" + _STORE,
    fix="Write the reason behind two hyphens, or mend the helper and take the comment out.",
)

UNUSED = Rule(
    code="PTC912",
    name="suppression-unused",
    title="a suppression that nothing was found for",
    explanation="""\
The comment, or the entry of the configuration, names a rule that finds nothing at that place
any more (or never did: a comment counts for the definition that it stands in or right before).
It is only said after a run that judged everything the suppression could be about.""",
    why="A suppression that is left behind hides the next finding at that place.",
    bad="/* ptcheck: ignore PTC101 -- kernel mappings only, never counted */\n" + _HOOKED,
    good=_HOOKED,
    fix="Take the suppression out.",
)

STALE = Rule(
    code="PTC913",
    name="baseline-stale",
    title="an entry of the baseline that nothing was found for",
    explanation="""\
The baseline (--baseline) holds what was found before, so that only what is new counts. This
entry of it was not found again, by a run that judged its architecture: it was mended, or the
function has another name now. It is also said, once, of an architecture that has another name
now; its entries are followed then.""",
    why="An entry that is left behind hides the same finding, should it come back.",
    bad=_STORE,
    good=_HOOKED,
    fix="Take the line out of the baseline, or write it again with --write-baseline.",
)
