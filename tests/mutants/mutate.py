# SPDX-License-Identifier: GPL-2.0-only
"""Wrong versions of a hook call, as text. No line moves, so that places stay comparable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tests.mutants.sites import Site, code_only

UP: Final = {"pte": "pmd", "pmd": "pud", "pud": "pmd"}
KINDS: Final = ("deleted", "duplicated", "moved", "emptied", "early", "unread", "level")
_RULES: Final[Mapping[str, str]] = {
    "deleted": "PTC101",
    "duplicated": "PTC102",
    "level": "PTC105",
    "set": "PTC103",
    "clear": "PTC104",
}

_EARLY: Final = (
    "the slot's value before the exchange is the value that the exchange takes out:"
    " one processor alone cannot tell them apart"
)
NOTHING: Final[Mapping[tuple[str, str], str]] = {
    ("pudp_establish", "emptied"): "pudp_invalidate(), its only caller, stores an entry that is"
    " not counted: as much as the empty one",
}
"""Mutants (function, kind) that change no verdict of any helper, and why that is right."""


def expected(site: Site, kind: str) -> str:
    """The rule of the finding that a mutant has to make; 'unknown' where C does not define it."""
    if kind == "unread":
        return "unknown"
    return _RULES.get(kind) or _RULES[site.kind]


def why_nothing(site: Site, kind: str) -> str:
    """Why a mutant behaves like the original; '' for one that has to be found."""
    return _EARLY if kind == "early" else NOTHING.get((site.function.name, kind), "")


_SLOT = re.compile(r"\b(pte|pmd|pud)_t\s*\*")
_VALUE = re.compile(r"\b(pte|pmd|pud)_t\b(?!\s*\*)")
_ASSIGNED = r"\b{name}\s*=\s*(?!=)"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A site, what was done to its hook, and the text of the file afterwards."""

    site: Site
    kind: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.site} {self.kind}"


def mutants(site: Site, text: str, prototypes: Mapping[str, tuple[str, ...]]) -> Iterator[Mutant]:
    """Every mutant of one site. `prototypes` are the hooks' parameters in that tree."""
    for kind in KINDS:
        made = mutate(site, text, kind, prototypes)
        if made is not None:
            yield Mutant(site, kind, made)


def mutate(
    site: Site, text: str, kind: str, prototypes: Mapping[str, tuple[str, ...]]
) -> str | None:
    """The file with one mutation of one hook; None where the kind has no meaning there."""
    made: str | None
    call = text[site.start : site.end]
    before, after = text[: site.start], text[site.end :]
    if kind == "deleted":
        made = before + _lines(call) + ";" + after
    elif kind == "duplicated":
        made = before + f"{call} {_flat(call)}" + after
    elif kind == "level":
        wrong = _wrong_level(site, prototypes)
        made = before + wrong + _lines(call) + after
    elif kind == "emptied":
        made = before + _call(site, _replaced(site, f"__{site.level}(0)", prototypes))
        made += _lines(call) + after
    elif kind == "moved" and site.kind == "set":
        made = _behind(site, text, prototypes)
    elif kind == "moved":
        made = before + _call(site, _replaced(site, f"*{slot_name(site, text)}", prototypes))
        made += _lines(call) + after
    elif kind in ("early", "unread") and site.kind == "clear":
        made = _in_front(site, text, kind, prototypes)
    else:
        made = None
    assert made is None or made.count("\n") == text.count("\n"), (site, kind)
    return made


def value_position(site: Site, prototypes: Mapping[str, tuple[str, ...]]) -> int:
    """Which of the hook's arguments is the entry."""
    return [_role(declared) for declared in prototypes[site.hook]].index("value")


def slot_name(site: Site, text: str) -> str:
    """The function's parameter that points to the entry."""
    head = text[site.function.head : site.function.body]
    match = re.search(rf"\b{site.level}_t\s*\*\s*(\w+)", head)
    if match is None:
        raise ValueError(f"{site}: no slot among the parameters")
    return match[1]


def _lines(text: str) -> str:
    return "\n" * text.count("\n")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _call(site: Site, args: tuple[str, ...], hook: str = "") -> str:
    return f"{hook or site.hook}({', '.join(args)});"


def _replaced(site: Site, value: str, prototypes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    at = value_position(site, prototypes)
    return tuple(value if i == at else arg for i, arg in enumerate(site.args))


def _wrong_level(site: Site, prototypes: Mapping[str, tuple[str, ...]]) -> str:
    """The hook of another level: slot and value turned into that level's types."""
    other = UP[site.level]
    names = [f"page_table_check_{other}_{site.kind}", f"page_table_check_{other}s_{site.kind}"]
    hook = next(name for name in names if name in prototypes)
    given = dict(zip((_role(p) for p in prototypes[site.hook]), site.args, strict=True))
    given["slot"] = f"({other}_t *){given.get('slot', '')}"
    given["value"] = f"__{other}({site.level}_val({given['value']}))"
    given.setdefault("nr", "1")
    given.setdefault("address", "addr")
    return _call(site, tuple(given[_role(p)] for p in prototypes[hook]), hook)


def _role(declared: str) -> str:
    """What a parameter of a hook is for, by its type; macros have names only."""
    if _SLOT.search(declared) or re.fullmatch(r"p(te|md|ud)p", declared):
        return "slot"
    if _VALUE.search(declared) or re.fullmatch(r"p(te|md|ud)", declared):
        return "value"
    if "mm_struct" in declared or declared == "mm":
        return "mm"
    return "address" if "addr" in declared else "nr"


def _declarations(site: Site, prototypes: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """The arguments kept in variables at the hook's own place, and the call that uses them."""
    types = {
        "mm": "struct mm_struct *",
        "address": "unsigned long ",
        "slot": f"{site.level}_t *",
        "value": f"{site.level}_t ",
        "nr": "unsigned int ",
    }
    kept, names = [], []
    for declared, arg in zip(prototypes[site.hook], site.args, strict=True):
        role = _role(declared)
        kept.append(f"{types[role]}kept_{role} = {arg};")
        names.append(f"kept_{role}")
    return " ".join(kept), _call(site, tuple(names))


def _behind(site: Site, text: str, prototypes: Mapping[str, tuple[str, ...]]) -> str:
    """A SET hook after the store: in front of each way out, with the arguments as they were."""
    kept, call = _declarations(site, prototypes)
    old = text[site.start : site.end]
    code = code_only(text)
    pieces = [text[: site.start], kept, _lines(old)]
    at = site.end
    for match in re.finditer(r"\breturn\b([^;]*);", code[: site.function.end]):
        if match.start() < site.end:
            continue
        expression = text[match.start(1) : match.end(1)].strip()
        pieces.append(text[at : match.start()])
        if not expression:
            pieces.append(f"{{ {call} return; }}")
        elif site.function.returns == "void":
            pieces.append(f"{{ {expression}; {call} return; }}")
        else:
            pieces.append(f"{{ {site.function.returns} kept = {expression}; {call} return kept; }}")
        at = match.end()
    pieces.append(text[at : site.function.end])
    if code[at : site.function.end].strip():
        pieces.append(call)
    pieces.append(text[site.function.end :])
    return "".join(pieces)


def _in_front(
    site: Site, text: str, kind: str, prototypes: Mapping[str, tuple[str, ...]]
) -> str | None:
    """A CLEAR hook in front of the statement that takes the entry out.

    `early` gives it what the slot holds, `unread` the variable that nothing was put into yet.
    None where that statement is one of several, chosen by the preprocessor.
    """
    value = site.args[value_position(site, prototypes)]
    code = code_only(text)
    assigned = [
        m for m in re.finditer(_ASSIGNED.format(name=value), code[: site.start])
        if m.start() > site.function.body
    ]  # fmt: skip
    if not assigned or re.search(r"^[ \t]*#", code[assigned[-1].start() : site.start], re.M):
        return None  # what another configuration assigns is not on the way to this hook
    start = max(code.rfind(c, 0, assigned[-1].start()) for c in ";{}") + 1
    declares = code[start : assigned[-1].start()].strip()  # 'pte_t' or ''
    indent = len(code[start:]) - len(code[start:].lstrip())
    start += indent
    given = f"*{slot_name(site, text)}" if kind == "early" else value
    call = _call(site, _replaced(site, given, prototypes))
    old = text[site.start : site.end]
    if kind == "unread" and declares:
        put = f"{declares} {value}; {call} "
        rest = text[start : site.start].replace(declares, "", 1).lstrip()
    else:
        put = f"{call} "
        rest = text[start : site.start]
    return text[:start] + put + rest + ";" + _lines(old) + text[site.end :]
