# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of edits that a fork makes to a header, made of whatever stands in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import partial
from typing import Final

HOOK: Final = re.compile(r"^[ \t]*page_table_check_\w+\([^;{}]*\);\n", re.M)
_FUNCTION: Final = re.compile(
    r"^static (?:__always_)?inline [^;{}#()]*?(\w+)\(([^;{}#]*)\)\n\{\n((?:.*\n)*?)\}\n", re.M
)
_LOCAL: Final = re.compile(r"\b(?:pte|pmd|pud)_t (\w+)(?= =|;)")
_SIMPLE: Final = re.compile(
    r"^#[ \t]*define[ \t]+([A-Za-z_]\w*)(\([^()\n]*\))?[ \t]+(\S.*)(?<!\\)\n", re.M
)
_ENTRY: Final = re.compile(r"\b(?:pte|pmd|pud)_t \*")

Change = Callable[[str], str | None]  # None: nothing to change like that


@dataclass(frozen=True, slots=True)
class EditKind:
    """One kind of edit; `kept`: it is judged from what is kept of the tree without it; None: that
    depends on what the header has."""

    name: str
    change: Change
    kept: bool | None = True


def _functions(text: str) -> list[re.Match[str]]:
    return list(_FUNCTION.finditer(text))


def _about(text: str, entries: bool) -> re.Match[str] | None:
    """A function in the middle of the text that is given a pointer to an entry, or is not."""
    found = [one for one in _functions(text) if bool(_ENTRY.search(one[2])) == entries]
    return found[len(found) // 2] if found else None


def _begin(text: str, one: re.Match[str] | None, more: str) -> str | None:
    return None if one is None else f"{text[: one.start(3)]}{more}{text[one.start(3) :]}"


def hook_less(text: str) -> str | None:
    """Without the last call of a hook."""
    found = list(HOOK.finditer(text))
    return text[: found[-1].start()] + text[found[-1].end() :] if found else None


def comment(text: str) -> str | None:
    """A comment of three lines before a function."""
    one = _about(text, True) or _about(text, False)
    return (
        None
        if one is None
        else f"{text[: one.start()]}/*\n * As before.\n */\n{text[one.start() :]}"
    )


def comment_inside(text: str) -> str | None:
    """A comment in a function, on lines of its own."""
    return _begin(text, _about(text, True) or _about(text, False), "\t/* as before */\n\n")


def blank_lines(text: str) -> str | None:
    """Two blank lines before the first #include or function."""
    at = text.find("\n#include")
    at = at if at >= 0 else text.find("\nstatic")
    return None if at < 0 else f"{text[:at]}\n\n{text[at:]}"


def white_space(text: str) -> str | None:
    """Indentation and the space before ends of lines, in the whole file."""
    changed = re.sub(r"^\t", "        ", text, flags=re.M)
    return None if changed == text else changed


def in_helper(text: str) -> str | None:
    """A statement in a function that is given a pointer to an entry."""
    return _begin(text, _about(text, True), "\tbarrier();\n")


def in_other(text: str) -> str | None:
    """A statement in another function."""
    return _begin(text, _about(text, False), "\tbarrier();\n")


def renamed(text: str) -> str | None:
    """A local variable has another name."""
    for one in _functions(text):
        local = _LOCAL.search(one[3])
        if local is not None and "#" not in one[3] and not re.search(rf"\b{local[1]}\b", one[2]):
            body = re.sub(rf"\b{local[1]}\b(?!\()", "renamed_entry", one[3])
            return text[: one.start(3)] + body + text[one.end(3) :]
    return None


def macro_value(text: str) -> str | None:
    """Parentheses around the value of a macro."""
    found = [one for one in _SIMPLE.finditer(text) if not one[2]]
    found = [one for one in found if re.fullmatch(r"[\w ()<+*-]+", one[3]) and one[1].isupper()]
    if not found:
        return None
    one = found[len(found) // 2]
    return f"{text[: one.start(3)]}({one[3]}){text[one.end(3) :]}"


def macro_of_function(text: str) -> str | None:
    """Parentheses around what a macro with parameters stands for."""
    found = [one for one in _SIMPLE.finditer(text) if one[2]]
    found = [one for one in found if re.fullmatch(r"\(.*\)", one[3])]
    if not found:
        return None
    one = found[len(found) // 2]
    return f"{text[: one.start(3)]}({one[3]}){text[one.end(3) :]}"


def macro_in_use(text: str) -> str | None:
    """Another value of a macro that nothing of the header names but functions."""
    inside = " ".join(one[3] for one in _functions(text))
    for one in _SIMPLE.finditer(text):
        name = re.compile(rf"\b{re.escape(one[1])}\b")
        if len(name.findall(text)) == len(name.findall(inside)) + 1 > 1 and not one[2]:
            return f"{text[: one.start(3)]}(0 + ({one[3]})){text[one.end(3) :]}"
    return None


def macro_less(text: str) -> str | None:
    """Without a macro that nothing of the header names."""
    for one in _SIMPLE.finditer(text):
        if len(re.findall(rf"\b{re.escape(one[1])}\b", text)) == 1 and not one[1].islower():
            return text[: one.start()] + text[one.end() :]
    return None


def macro_more(text: str) -> str | None:
    """One more macro, that nobody uses."""
    found = list(_SIMPLE.finditer(text))
    if not found:
        return None
    at = found[len(found) // 2].end()
    return f"{text[:at]}#define A_NAME_OF_THE_FORK 1\n{text[at:]}"


def new_function(text: str) -> str | None:
    """One more function, that nobody calls."""
    one = _about(text, True) or _about(text, False)
    if one is None:
        return None
    more = "static inline int a_function_of_the_fork(int x)\n{\n\treturn x + 1;\n}\n\n"
    return f"{text[: one.start()]}{more}{text[one.start() :]}"


def function_less(text: str) -> str | None:
    """Without a function that nothing of the header names, of those given no entry's place."""
    for one in _functions(text):
        if len(re.findall(rf"\b{one[1]}\b", text)) == 1 and not _ENTRY.search(one[2]):
            return text[: one.start()] + text[one.end() :]
    return None


def function_renamed(text: str) -> str | None:
    """Another name of a function of which nothing else of the header but functions has the name."""
    for one in _functions(text):
        name = re.compile(rf"\b{one[1]}\b")
        heads = sum(len(name.findall(f"{f[1]} {f[3]}")) for f in _functions(text))
        if not _ENTRY.search(one[2]) and len(name.findall(text)) == heads > 1:
            return name.sub("a_name_of_the_fork", text)
    return None


def declaration(text: str) -> str | None:
    """One more prototype and one more struct, that nobody names."""
    one = _about(text, False) or _about(text, True)
    if one is None:
        return None
    more = "struct a_struct_of_the_fork {\n\tint first;\n};\n"
    more += "extern void a_prototype_of_the_fork(struct a_struct_of_the_fork *given, int more);\n"
    return f"{text[: one.start()]}{more}\n{text[one.start() :]}"


def unnamed_macro_less(text: str, elsewhere: Set[str]) -> str | None:
    """Without the first macro that nothing names, the header included."""
    for one in _SIMPLE.finditer(text):
        if one[1] not in elsewhere and len(re.findall(rf"\b{one[1]}\b", text)) == 1:
            return text[: one.start()] + text[one.end() :]
    return None


def unnamed_function_less(text: str, elsewhere: Set[str]) -> str | None:
    """Without the first function that nothing calls, the header included."""
    for one in _functions(text):
        if one[1] not in elsewhere and len(re.findall(rf"\b{one[1]}\b", text)) == 1:
            return text[: one.start()] + text[one.end() :]
    return None


def renamed_with_callers(text: str, elsewhere: Set[str]) -> str | None:
    """Another name of the first function that only functions of the header call."""
    for one in _functions(text):
        name = re.compile(rf"\b{one[1]}\b")
        heads = sum(len(name.findall(f"{f[1]} {f[3]}")) for f in _functions(text))
        if one[1] not in elsewhere and len(name.findall(text)) == heads > 1:
            return name.sub("a_name_of_the_fork", text)
    return None


def split(text: str) -> str | None:
    """A step of a function that is given a pointer to an entry, in a function of its own."""
    one = _about(text, True)
    if one is None:
        return None
    more = "static inline void a_step_of_the_fork(void)\n{\n\tbarrier();\n}\n\n"
    inside = f"{text[one.start() : one.start(3)]}\ta_step_of_the_fork();\n{text[one.start(3) :]}"
    return f"{text[: one.start()]}{more}{inside}"


KINDS: Final = (
    EditKind("a hook less", hook_less),
    EditKind("a comment", comment),
    EditKind("a comment in a function", comment_inside),
    EditKind("blank lines", blank_lines),
    EditKind("white space", white_space),
    EditKind("a statement in a helper", in_helper),
    EditKind("a statement elsewhere", in_other),
    EditKind("a local renamed", renamed),
    EditKind("a macro's value", macro_value, None),
    EditKind("a macro of functions", macro_in_use, None),
    EditKind("a macro with parameters", macro_of_function, None),
    EditKind("a macro less", macro_less, None),
    EditKind("a new macro", macro_more),
    EditKind("a new function", new_function),
    EditKind("a new function in use", split),
    EditKind("a declaration", declaration),
    EditKind("a function less", function_less, None),
    EditKind("a function renamed", function_renamed, None),
)  # fmt: skip


def unnamed(elsewhere: Set[str]) -> tuple[EditKind, ...]:
    """Kinds of edits after which a kernel is still one: `elsewhere` are the words of all files of
    the architecture and of generic code but the header. The kinds of `KINDS` that take something
    away do not look at these."""
    return tuple(
        EditKind(name, partial(change, elsewhere=elsewhere), None)
        for name, change in (
            ("a macro less that nothing names", unnamed_macro_less),
            ("a function less that nothing calls", unnamed_function_less),
            ("a function renamed with its callers", renamed_with_callers),
        )
    )
