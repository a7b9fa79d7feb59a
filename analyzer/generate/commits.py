# SPDX-License-Identifier: GPL-2.0-only
"""The messages of the series, from templates."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .. import __version__
from ..model import Verdict
from ..wording import environment, fill
from .edits import Edit, Step, apply, in_steps
from .forms import CLEAR, SET
from .invalidates import GIVEN
from .judge import Row
from .parts import opposite
from .placement import HOOKS
from .run import Plan
from .series import Patch

_ROOM: Final = "generate"
_NAMES: Final = {
    Step.PREPARE: "prepare",
    Step.PREDICATES: "predicates",
    Step.RAW: "raw",
    Step.HOOKS: "hooks",
    Step.SELECT: "select",
}
_ORDER: Final = (Verdict.NEUTRAL, Verdict.BALANCED, Verdict.UNKNOWN, Verdict.FINDING)
_WORDS: Final = {Verdict.FINDING: "wrong"}
_MAX_REASON: Final = 160
_DEFINED: Final = re.compile(r"^static inline [\w ]+?\b(\w+)\(", re.M)


@dataclass(frozen=True, slots=True)
class HelperRow:
    """One line of the cover letter's table."""

    helper: str
    level: str
    before: str
    after: str
    where: str


def _items(edits: Iterable[Edit]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for edit in edits:
        if edit.function != HOOKS:
            found.setdefault(edit.function, edit.why)
    return [{"function": function, "why": why} for function, why in found.items()]


def patches(plan: Plan) -> list[Patch]:
    """The patches in order, each with the files as they are after it."""
    env = environment(_ROOM)
    footer = env.get_template("footer.j2").render(version=__version__, command=command(plan))
    result = []
    texts = dict(plan.texts)
    for step, edits in in_steps(plan.texts, plan.edits):
        after = apply(texts, edits)
        assert after is not None
        texts = after
        known = _facts(plan, edits)
        name = _NAMES[step]
        subject = env.get_template(f"{name}.subject.j2").render(known).strip()
        if step is Step.PREPARE and len(subject) > 72:
            subject = f"{known['prefix']}: do not count a change twice"
        body = env.get_template(f"{name}.body.j2").render(known)
        changed = {path: text for path, text in texts.items() if plan.texts.get(path) is not None}
        result.append(Patch(subject, fill(f"{body}\n\n{footer}"), changed))
    return result


def command(plan: Plan) -> str:
    """The command that generates the series, without paths of the machine."""
    revision = f" --rev {plan.revision}" if plan.revision else ""
    return f"ptcheck generate --arch {plan.arch}{revision} -C linux"


def _facts(plan: Plan, edits: Iterable[Edit]) -> dict[str, object]:
    chosen = list(edits)
    found = plan.synthesis.predicates if plan.synthesis is not None else ()
    hooked = [e for e in chosen if e.hook and e.function != HOOKS]
    setters = dict.fromkeys(e.function for e in hooked if e.hook.endswith("_set"))
    clearers = dict.fromkeys(e.function for e in hooked if e.hook.endswith("_clear"))
    items = _items(chosen)
    told = {*setters, *clearers}
    return {
        "arch": plan.arch,
        "prefix": plan.prefix or plan.arch,
        "enables": not plan.selected,
        "left_out": plan.left_out,
        "changed": [
            item
            for item in _items(e for e in hooked if e.why not in (SET, CLEAR))
            if item["function"] in told
        ],
        "moved": [item for item in items if item["function"] not in told],
        "given": list(dict.fromkeys(e.function for e in chosen if e.why == GIVEN)),
        "stubs": _stubs(chosen),
        "functions": [item["function"] for item in items],
        "items": items,
        "user_bit": all(p.user_bit for p in found),
        "elsewhere": _elsewhere(plan),
        "address": next((p.address for p in found if p.address), ""),
        "leaf": any(p.level != "pte" and p.terms for p in found),
        "never": [p.level for p in found if not p.terms],
        "asked": sum(p.asked for p in found),
        "variants": len(plan.synthesis.variants) if plan.synthesis is not None else 0,
        "setters": list(setters),
        "clearers": list(clearers),
        "guard": plan.guard,
        "where": " and ".join(_with(term) for term in plan.guard.split(" && ") if term),
        "configurations": _selected(plan),
        "undecided": list(dict.fromkeys(f"{one.helper}()" for one in plan.undecided)),
    }


def _elsewhere(plan: Plan) -> str:
    """Where no bit says whose an entry is, though it does in other configurations."""
    option = plan.synthesis.option if plan.synthesis is not None else ""
    return "" if not option else _with(opposite(option))


def _selected(plan: Plan) -> list[str]:
    """The configurations in which the option is selected."""
    without = {name for name, _ in plan.left_out}
    names = dict.fromkeys(row.variant for row in (*plan.before, *plan.after))
    return [name for name in names if name not in without]


def _with(term: str) -> str:
    """A term of the guard in words."""
    return f"with{'out' if term.startswith('!') else ''} CONFIG_{term.lstrip('!')}"


def _stubs(edits: Iterable[Edit]) -> list[str]:
    """What the edits define beside the predicates: accessors that only the framework asks for."""
    names = {
        name
        for edit in edits
        if edit.step is Step.PREDICATES
        for name in _DEFINED.findall(edit.after)
        if name not in edit.before and not name.endswith("_user_accessible_page")
    }
    return [f"{name}()" for name in sorted(names)]


def _weight(verdict: Verdict) -> int:
    """How bad a verdict is; what concerns no entry weighs nothing."""
    return _ORDER.index(verdict) if verdict in _ORDER else -1


def _word(verdict: Verdict | None) -> str:
    return "-" if verdict is None else _WORDS.get(verdict, verdict.value)


def _worst(rows: Iterable[Row]) -> dict[tuple[str, str], Verdict]:
    found: dict[tuple[str, str], Verdict] = {}
    for row in rows:
        key = (row.level, row.helper)
        found[key] = max(found.get(key, row.verdict), row.verdict, key=_weight)
    return found


def helper_table(plan: Plan) -> tuple[list[HelperRow], dict[str, int]]:
    """Helpers whose accounting changed, and how many others there are of each verdict.

    What is left out counts for nothing, unless everything is.
    """
    chosen = _selected(plan) or [row.variant for row in (*plan.before, *plan.after)]
    before = _worst(row for row in plan.before if row.variant in chosen)
    after = _worst(row for row in plan.after if row.variant in chosen)
    rows = []
    same: dict[str, int] = {}
    levels = ("pte", "pmd", "pud")
    for key in sorted(after, key=lambda k: (levels.index(k[0]), k[1])):
        level, helper = key
        old, new = before.get(key), after[key]
        hooks = plan.hooked_after.get((helper, level), set())
        where = sorted({function for _, function in hooks})
        changed = hooks != plan.hooked_before.get((helper, level), set())
        if new not in _ORDER or (old is new and not changed):
            same[_word(new)] = same.get(_word(new), 0) + 1
            continue
        rows.append(HelperRow(helper, level, _word(old), _word(new), ", ".join(where) or "-"))
    return rows, same


def _goal(plan: Plan) -> str:
    """What the series does as a whole: enable, mend, or (where no select can be given) prepare."""
    if plan.selected:
        return "mend"
    return "enable" if any(e.step is Step.SELECT for e in plan.edits) else "prepare for"


def _counted(same: Mapping[str, int]) -> str:
    """`12 balanced, 4 neutral`, in the order of the words."""
    return ", ".join(f"{number} {word}" for word, number in sorted(same.items()))


def _reason(text: str) -> str:
    """A reason below what it is about, in the width of a mail."""
    short = textwrap.shorten(text, _MAX_REASON, placeholder=" ...")
    lines = textwrap.wrap(short, 66, break_long_words=False, break_on_hyphens=False)
    return "\n      ".join(lines)


def cover(plan: Plan, steps: Sequence[Patch], findings: Sequence[str] = ()) -> Patch:
    """The cover letter; `findings`: what `check` says with the series applied."""
    env = environment(_ROOM)
    rows, same = helper_table(plan)
    configurations = list(dict.fromkeys(row.variant for row in (*plan.before, *plan.after)))
    undecided = [
        {
            "helper": one.helper if one.helper.isupper() else f"{one.helper}()",
            "level": one.level,
            "variants": ", ".join(one.variants),
            "reason": _reason(one.reason),
        }
        for one in plan.undecided
    ]
    known = {
        "arch": plan.arch, "prefix": plan.prefix or plan.arch, "guard": plan.guard,
        "count": len(steps), "rows": rows, "same": _counted(same),
        "configurations": ", ".join(configurations), "undecided": undecided,
        "goal": _goal(plan), "findings": list(findings),
        "left_out": [(name, _reason(reason)) for name, reason in plan.left_out],
        "unseen": [f"{one.function}() at {one.path}:{one.line}" for one in plan.unseen],
        "unsearched": list(plan.unsearched),
        "width": max((len(row.helper) for row in rows), default=6),
    }  # fmt: skip
    subject = env.get_template("cover.subject.j2").render(known).strip()
    body = env.get_template("cover.body.j2").render(known)
    footer = env.get_template("footer.j2").render(version=__version__, command=command(plan))
    return Patch(subject, fill(f"{body}\n\n{footer}"), {})
