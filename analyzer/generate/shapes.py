# SPDX-License-Identifier: GPL-2.0-only
"""Forms for what is no plain function: macros that become functions, stores that must stay raw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .api import Hooks
from .ctext import (
    Function,
    Parameter,
    blank,
    find_function,
    indent_at,
    line_of,
    statement_at,
    wrap_call,
)
from .forms import Change, Form
from .placement import c_regions, place_behind

_COMMA: Final = re.compile(r",(?=[^\s,])")
_BRACKETS: Final = re.compile(r"(?<=[(\s])\((\w+)\)(?=\s*[,)])")  # of a macro's parameters
_DEFINE = r"^#[ \t]*define[ \t]+{name}\(([^()\n]*)\)((?:[^\n\\]|\\.|\\\n)*)\n"
_HEAD = re.compile(r"#[ \t]*define[ \t]+\w+\([^()\n]*\)")  # of a macro: its name is no call
_ONCE = re.compile(r"\bwhile\s*\(\s*0\s*\)")
_DO = re.compile(rf"do\s*\{{[ \t]*\n(.*)\}}\s*{_ONCE.pattern}", re.S)
_BRANCH = re.compile(r"^[ \t]*#[ \t]*(?:if|el|endif)", re.M)
_CALLED = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_SETTER = re.compile(r"\bset_(pte|pmd|pud)_at\s*\(")
_STORE = re.compile(r"\s*(?:(?P<call>\w+)\s*\(|\*(?P<slot>\w+)\s*=\s*(?P<value>\w+)\s*;)")
_ENDS = re.compile(r"\bif\s*\(\s*--\w+\s*==\s*0\s*\)\s*break\s*;|\bwhile\s*\(\s*--\w+\s*\)\s*;")
_STEPS = re.compile(r"\w+(?:\(\w+\))?\s*\+?=[^=;]*;|\w+\+\+;|\+\+\w+;")
_HOOK: Final = "page_table_check_"
_LAZY: Final = "arch_leave_lazy_mmu_mode"
_RAW = "generic code hooks the callers; a store through the hooked setter counts twice"
_TYPES = {
    "mm": "struct mm_struct *mm",
    "vma": "struct vm_area_struct *vma",
}


def unhook_forms(text: str, function: str, line: int) -> Iterator[Form]:
    """Takes a hook out that counts what another one counts."""
    parsed = find_function(text, function, line)
    if parsed is None:
        return
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    start += len(indent_at(text, start))
    chain = statement_at(parsed.body, start)
    if not chain or "page_table_check_" not in text[chain[-1].start : chain[-1].end]:
        return
    one = chain[-1]
    begin = text.rfind("\n", 0, one.start) + 1
    end = text.find("\n", one.end) + 1
    if text[:begin].endswith("\n\n") and text[end : end + 1] == "\n":
        end += 1
    why = "the hook counts what another hook on the same path counts"
    if one.block:
        yield Form((Change(begin, end, ""),), "", why)


def raw_forms(text: str, name: str, level: str, stores: Sequence[Raw] = ()) -> Iterator[Form]:
    """A helper that clears or stores through a hooked setter stores through the raw one.

    `stores` are calls that the hooked setters store with.
    """
    for start, end in _definitions(text, name):
        masked = blank(text[start:end]) if text[start] != "#" else text[start:end]
        head = _HEAD.match(masked)
        every: list[list[Change]] = []
        for match in _SETTER.finditer(masked, 0 if head is None else head.end()):
            opened = match.end() - 1
            inner, close = _arguments(masked, opened)
            if len(inner) != 4:
                continue
            calls = list(_raw_calls(match[1], inner, stores, name.endswith("_clear")))
            plain = [c for c in calls if ";" not in c or _alone(masked, match.start(), close)]
            spans = start + match.start(), start + close + 1
            if text[start] == "#":
                plain = [call for call in plain if ";" not in call]
                for call in calls:
                    yield from _function_of(text, start, end, call, level)
            every.append([Change(*spans, call) for call in plain])
        if len(every) > 1:  # all ways through it, one as the other
            for changes in zip(*every, strict=False):
                yield Form(tuple(changes), "", _RAW)
        for one in every:
            yield from (Form((change,), "", _RAW) for change in one)


def _raw_calls(
    level: str, given: Sequence[str], stores: Sequence[Raw], empty: bool = False
) -> Iterator[str]:
    """Calls that store what a setter stores; what it does before must not be left out, but for
    entries that are constant, or what a clear (`empty`) stores: they map nothing."""
    constant = empty or not re.search(r"[a-z]", re.sub(r"__p\w\w\b", "", given[3]))
    for one in stores:
        spelled = one.spelled(given)
        if spelled and (one.whole or constant):
            yield spelled
    plain = all(one.after == () for one in stores)  # set_pte() and its like do no more than store
    if plain and (constant or all(one.whole for one in stores)):
        yield f"set_{level}({given[2]}, {given[3]})"


def _function_of(text: str, start: int, end: int, call: str, level: str) -> Iterator[Form]:
    """A macro that no longer uses all of its arguments becomes a function.

    It goes behind what it calls, where assembler does not look.
    """
    match = re.match(r"#[ \t]*define[ \t]+(\w+)\(([^()\n]*)\)", text[start:end])
    if match is None:
        return
    names = [part.strip() for part in match[2].split(",")]
    words = re.findall(r"\w+", call)
    known = _parameters(names, level)
    if known is None or (";" not in call and all(one in words for one in names)):
        return
    at = _behind(text, end, re.findall(r"(?:^|;\s*)(\w+)\(", call))
    if at is None or not any(first <= at <= last for first, last in c_regions(text)):
        return
    head = wrap_call("", f"static inline void {match[1]}", known[0], ")")
    bare = _BRACKETS.sub(r"\1", call)
    new = f"{head}\n{{\n\t{bare};\n}}\n"
    if not text[: start if at == end else at].endswith("\n\n"):
        new = "\n" + new
    if not text.startswith("\n", at):
        new += "\n"
    yield Form((Change(start, end, ""), Change(at, at, new)), "", _RAW)


def _behind(text: str, end: int, called: Iterable[str]) -> int | None:
    """Where a macro may become a function: behind what it calls, where assembler does not look."""
    at = end
    for name in called:
        for _, behind in _definitions(text, name):
            at = max(at, text.find("\n", behind - 1) + 1)
    return place_behind(text, end, at)


def _parameters(names: Sequence[str], level: str) -> tuple[list[str], dict[str, str]] | None:
    """What a macro's parameters are as those of a function, and which role they have."""
    parameters: list[str] = []
    known: dict[str, str] = {"nr": "1"}
    for one in names:
        word = one.strip("_")
        if word in _TYPES:
            parameters.append(_TYPES[word].replace(word, one))
            known["mm"] = one if word == "mm" else f"{one}->vm_mm"
        elif re.fullmatch(r"addr\w*|haddr|start", word):
            parameters.append(f"unsigned long {one}")
            known["addr"] = one
        elif re.fullmatch(r"(pte|pmd|pud)(p|ptr)|ptr|xp", word):
            parameters.append(f"{level}_t *{one}")
            known["slot"] = one
        elif re.fullmatch(r"(new|old)?_?(pte|pmd|pud)(val|v)?|entry", word):
            parameters.append(f"{level}_t {one}")
            known["value"] = one
        else:
            return None
    return parameters, known


@dataclass(frozen=True, slots=True)
class Raw:
    """A call that stores without a hook: the arguments as roles of a setter, or constants.

    `after`: what the setter calls once it has stored (a flush, say); None where it is not known.
    """

    function: str
    arguments: tuple[str, ...]
    whole: bool = True  # the setter does nothing else before
    after: tuple[tuple[str, tuple[str, ...]], ...] | None = ()

    def spelled(self, given: Sequence[str]) -> str:
        """The calls for (mm, addr, slot, value); '' where an argument is not known."""
        if not self.function or self.after is None:
            return ""
        known = dict(zip(("mm", "addr", "slot", "value"), given, strict=True)) | {"nr": "1"}
        calls = []
        for function, arguments in ((self.function, self.arguments), *self.after):
            found = [known.get(one, one) for one in arguments]
            words = (one for one in found if re.fullmatch(r"[A-Za-z_]\w*", one))
            if any(one not in known.values() for one in words):
                return ""
            calls.append(f"{function}({', '.join(found)})")
        return ";\n\t".join(calls)


_UNKNOWN: Final = Raw("", (), False, None)  # of a setter that stores in a way of its own


def roles_of(parameters: Sequence[Parameter]) -> dict[str, str]:
    """What the parameters of a setter are, by their names."""
    roles: dict[str, str] = {}
    for one in parameters:
        if one.slot:
            roles[one.name] = "slot"
        elif one.level:
            roles[one.name] = "value"
        elif one.type.startswith("struct mm_struct"):
            roles[one.name] = "mm"
        elif re.match(r"^_*addr\w*$", one.name):
            roles[one.name] = "addr"
        elif re.match(r"^nr\w*$|^n$", one.name):
            roles[one.name] = "nr"
    return roles


def raw_store(text: str, setter: str, line: int) -> Raw:
    """How a setter stores at a line, by the roles of its parameters: by a call, or itself.

    Where that line is none of its own (a macro that became a function), at the first that does.
    """
    parsed = find_function(text, setter, line)
    if parsed is None:
        return _UNKNOWN
    masked = blank(text)
    starts = [0, *(match.end() for match in re.finditer(r"\n", masked))]
    inner = [start for start in starts if parsed.open < start < parsed.close]
    first = starts[line - 1] if line <= len(starts) else 0
    for start in [first, *inner] if first in inner else inner:
        found = _stored_at(masked, parsed, start)
        if found is not None:
            return found
    return _UNKNOWN


def _stored_at(masked: str, parsed: Function, start: int) -> Raw | None:
    roles = roles_of(parsed.parameters)
    match = _STORE.match(masked, start)
    if match is None:
        return None
    if match["call"]:
        name = match["call"]
        inner, close = _arguments(masked, match.end() - 1)
        end = masked.find(";", close) + 1
    else:
        levels = {one.name: one.level for one in parsed.parameters}
        name, end = f"set_{levels.get(match['value'])}", match.end()
        inner = [match["slot"], match["value"]]
    arguments = tuple(roles.get(one, one) for one in inner)
    if not {"slot", "value"} <= set(arguments) or name.startswith(_HOOK):
        return None
    before = masked[parsed.open + 1 : match.start()]
    rest = re.sub(rf"\b{_HOOK}\w+\s*\([^;]*\)\s*;|\bfor\s*\([^{{]*|\bdo\b|[{{}}\s]", "", before)
    return Raw(name, arguments, not rest, _calls_after(masked[end : parsed.close], roles))


def _calls_after(
    text: str, roles: dict[str, str]
) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """What the rest of a setter calls; None where it does something else than that and steps."""
    found = []
    rest = _STEPS.sub("", _ENDS.sub("", text))
    for statement in re.split(r"[;{}]", rest):
        words = statement.strip()
        if not words or words.startswith(_LAZY):
            continue
        match = re.fullmatch(r"(\w+)\s*(\(.*\))", words, re.S)
        if match is None or match[1] in ("if", "while", "for", "switch", "return"):
            return None
        inner, _ = _arguments(match[2], 0)
        found.append((match[1], tuple(roles.get(one, one) for one in inner if one)))
    return tuple(found)


def _definitions(text: str, name: str) -> list[tuple[int, int]]:
    found = [
        (m.start(), m.end()) for m in re.finditer(_DEFINE.format(name=re.escape(name)), text, re.M)
    ]
    seen: set[int] = set()
    for match in re.finditer(rf"\b{re.escape(name)}\s*\(", blank(text)):
        parsed = find_function(text, name, line_of(text, match.start()))
        if parsed is not None and parsed.open not in seen:
            seen.add(parsed.open)
            found.append((parsed.open, parsed.close + 1))
    return found


def _alone(masked: str, start: int, close: int) -> bool:
    """Whether a call is a statement."""
    before = masked[:start].rstrip()
    return before[-1:] in ("", "{", "}", ";") and masked[close + 1 :].lstrip()[:1] == ";"


def _arguments(text: str, opened: int) -> tuple[list[str], int]:
    depth = 0
    parts = [""]
    for index in range(opened, len(text)):
        char = text[index]
        if char in "([{":
            depth += 1
            if depth == 1:
                continue
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                return [part.strip() for part in parts], index
        elif char == "," and depth == 1:
            parts.append("")
            continue
        parts[-1] += char
    return [], len(text)


def macro_forms(
    text: str, name: str, level: str, hooks: Hooks, stores: Sequence[Raw] = ()
) -> Iterator[tuple[Form, bool]]:
    """A helper that is a macro over a primitive becomes an inline function with its hook.

    With each: whether it stores with one of `stores`, in place of the setter that it had.
    """
    for match in re.finditer(_DEFINE.format(name=re.escape(name)), text, re.M):
        names = [part.strip() for part in match[1].split(",")]
        body = " ".join(match[2].replace("\\\n", " ").split())
        made = _parameters(names, level)
        if made is None or "mm" not in made[1] or "slot" not in made[1]:
            continue
        parameters, known = made
        hook = hooks.set(level)
        arguments = hook.arguments(known)
        if arguments is None:
            continue
        head = wrap_call("", f"static inline void {name}", parameters, ")")
        call = wrap_call("\t", hook.name, arguments)
        statement = body[1:-1] if body.startswith("(") and body.endswith(")") else body
        block = _block(match[2], names)
        statement = _BRACKETS.sub(r"\1", _COMMA.sub(", ", statement))
        statement = block or f"\t{statement};"
        why = "a macro evaluates its arguments twice with a hook, so it becomes a function"
        for one in (statement, *_stored_raw(statement, stores)):
            new = f"{head}\n{{\n{call}\n{one}\n}}\n"
            if re.search(rf"#[ \t]*ifndef[ \t]+{re.escape(name)}\b", text):
                new += f"#define {name} {name}\n"
            for changes in _in_place(text, match, one, new):
                yield Form(changes, hook.name, why), one != statement


def _in_place(text: str, macro: re.Match[str], body: str, new: str) -> Iterator[tuple[Change, ...]]:
    """A function in place of a macro, or further below, behind what it calls and what stands
    together with that."""
    start, end = macro.span()
    yield (Change(start, end, _spaced(text, start, end, new)),)
    at = _behind(text, end, set(_CALLED.findall(body)))
    if at is None or at == end:
        return
    blank_line = text.find("\n\n", at - 1) + 1
    if blank_line and not _BRANCH.search(text, at, blank_line):
        at = blank_line
    alone = text[:start].endswith("\n\n") and text.startswith("\n", end)
    yield Change(start, end + alone, ""), Change(at, at, _spaced(text, at, at, new))


def _block(body: str, names: list[str]) -> str:
    """The statements of `do { ... } while (0)` over several lines, as a function has them."""
    found = _DO.fullmatch(re.sub(r"[ \t]*\\\n", "\n", body).strip())
    if found is None or _ONCE.search(found[1]):
        return ""
    plain = rf"(?<![\w)])\(({'|'.join(map(re.escape, names))})\)"
    lines = [line.expandtabs() for line in re.sub(plain, r"\1", found[1]).rstrip().split("\n")]
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    made = []
    for line in lines:
        inside = len(line) - len(line.lstrip()) - margin
        made.append(("\t" * (1 + inside // 8) + " " * (inside % 8) + line.strip()).rstrip())
    return "\n".join(made)


def _spaced(text: str, start: int, end: int, new: str) -> str:
    """A function with an empty line before and after it; a comment stays with it."""
    above = text[:start]
    if above and not above.endswith(("\n\n", "*/\n")):
        new = f"\n{new}"
    return new if text.startswith("\n", end) or not text[end:] else f"{new}\n"


def _stored_raw(statement: str, stores: Sequence[Raw]) -> Iterator[str]:
    """A statement with its call of a setter replaced by one that stores raw."""
    for match in _SETTER.finditer(statement):
        inner, close = _arguments(statement, match.end() - 1)
        if len(inner) != 4:
            continue
        for new in _raw_calls(match[1], inner, stores):
            yield statement[: match.start()] + new + statement[close + 1 :]
