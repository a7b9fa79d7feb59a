# SPDX-License-Identifier: GPL-2.0-only
"""GNU C to what pycparser understands, token by token, with the coordinates untouched.

The shapes that come out are part of the contract with the evaluator:

=============================  ==================================================================
source                         tree
=============================  ==================================================================
`a ?: b`                       TernaryOp, its iftrue is ID `__ptc_elvis`
`case a ... b`, `[a ... b] =`  BinaryOp with op `...`
`&&label`                      UnaryOp `&` of ID
inline assembly                call of `__ptc_asm`(template, `__ptc_asm_out`(constraint, lvalue),
                               `__ptc_asm_in`(constraint, value), `__ptc_asm_goto`(labels))
`__builtin_types_compatible_p` call with two UnaryOp `sizeof` as arguments
`__alignof__ x`                UnaryOp `_Alignof`
`T x __attribute__((cleanup    one more variable in the declaration, whose initializer is a call of
(f))) = y;` in a function      `__ptc_cleanup`(f, &x), without the `&x` where the name is not told
=============================  ==================================================================

Other attributes, asm labels, `__extension__`, `__label__` and file-scope assembly are dropped.
"""

from __future__ import annotations

from typing import Final

from pycparser.c_lexer import Token

from analyzer.frontend.errors import ChunkError
from analyzer.frontend.words import words

_DROPPED: Final = words(
    "__extension__ __restrict __restrict__ __thread __seg_gs __seg_fs __nullable"
)
_ATTRIBUTE: Final = frozenset({"__attribute__", "__attribute", "__declspec"})
_CLEANUP: Final = frozenset({"cleanup", "__cleanup__"})
_ASM: Final = frozenset({"asm", "__asm__", "__asm"})
_OPENING: Final = frozenset({"LPAREN", "LBRACKET", "LBRACE"})
_CLOSING: Final = frozenset({"RPAREN", "RBRACKET", "RBRACE"})
_SPECIAL_NAMES: Final = _DROPPED | _ATTRIBUTE | _ASM | {"__label__", "__builtin_types_compatible_p"}
_SPECIAL_TYPES: Final = frozenset({"CONDOP", "ELLIPSIS", "LAND", "LBRACKET"})
_STATEMENT_BOUNDARY: Final = frozenset(
    {"SEMI", "LBRACE", "RBRACE", "COLON", "RPAREN", "ELSE", "DO"}
)
_ASM_LABEL_FOLLOWED_BY: Final = frozenset({"SEMI", "COMMA", "EQUALS", "LBRACE", "ID"})
_UNARY_BEFORE: Final = words(
    "EQUALS LPAREN LBRACKET COMMA RETURN LBRACE RBRACE SEMI CONDOP COLON LAND LOR PLUS MINUS LNOT"
)


def needs_rewriting(tokens: list[Token]) -> bool:
    """Tell whether `rewrite` would change anything (most declarations are plain C)."""
    return any(
        t.value in _SPECIAL_NAMES if t.type == "ID" else t.type in _SPECIAL_TYPES for t in tokens
    )


def rewrite(tokens: list[Token]) -> list[Token]:
    """Return the tokens of one top-level declaration as plain C (see the module)."""
    if not needs_rewriting(tokens):
        return tokens
    return _Rewriter(tokens).run()


def _like(reference: Token, type_: str, value: str) -> Token:
    return Token(type_, value, reference.lineno, reference.column, reference.filename)


def _split(tokens: list[Token], separator: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.type in _OPENING:
            depth += 1
        elif token.type in _CLOSING:
            depth -= 1
        elif depth == 0 and token.type == separator:
            parts.append([])
            continue
        parts[-1].append(token)
    return parts


def _all_strings(tokens: list[Token]) -> bool:
    return bool(tokens) and all(t.type.endswith("STRING_LITERAL") for t in tokens)


class _Rewriter:
    """One pass over the tokens of one declaration."""

    def __init__(self, tokens: list[Token], depth: int = 0) -> None:
        self.tokens = tokens
        self.out: list[Token] = []
        self.index = 0
        self.depth = depth  # of braces: file scope is 0
        self.cleanups: list[tuple[int, list[Token]]] = []  # depth, function and variable
        self.labels, self.declared_labels = _labels(tokens)

    def run(self) -> list[Token]:
        tokens, out = self.tokens, self.out
        while self.index < len(tokens):
            token = tokens[self.index]
            self.index += 1
            kind = token.type
            if kind == "ID":
                if token.value in _SPECIAL_NAMES:
                    self._name(token)
                else:
                    out.append(token)
            elif kind in _SPECIAL_TYPES:
                self._operator(token)
            else:
                if kind == "LBRACE":
                    self.depth += 1
                elif kind == "RBRACE":
                    self.depth -= 1
                elif kind == "SEMI" and self.cleanups:
                    self._clean_up(token)
                out.append(token)
        return out

    def _next(self, ahead: int = 0) -> str:
        place = self.index + ahead
        return str(self.tokens[place].type) if place < len(self.tokens) else ""

    def _previous(self) -> str:
        return str(self.out[-1].type) if self.out else ""

    def _group(self) -> list[Token]:
        """Take a parenthesised group and return what is inside ([] if there is none)."""
        if self._next() != "LPAREN":
            return []
        start = self.index
        depth = 0
        while self.index < len(self.tokens):
            kind = self.tokens[self.index].type
            self.index += 1
            if kind == "LPAREN":
                depth += 1
            elif kind == "RPAREN":
                depth -= 1
                if depth == 0:
                    break
        return self.tokens[start + 1 : self.index - 1]

    def _name(self, token: Token) -> None:
        value = token.value
        if value in _ATTRIBUTE:
            group = self._group()
            if self.depth and any(t.value in _CLEANUP for t in group):
                self._note_cleanup(group)
        elif value in _ASM:
            self._asm(token)
        elif value == "__label__":
            while self.index < len(self.tokens) and self._next() != "SEMI":
                self.index += 1
            self.index += 1
        elif value == "__builtin_types_compatible_p":
            self._types_compatible(token)

    def _note_cleanup(self, group: list[Token]) -> None:
        """The function that `cleanup(f)` names, and the variable in front of the attribute."""
        at = next(i for i, t in enumerate(group) if t.value in _CLEANUP)
        function = next((t for t in group[at + 1 :] if t.type == "ID"), group[at])
        variable = [self.out[-1]] if self._previous() == "ID" else []
        self.cleanups.append((self.depth, [function, *variable]))

    def _clean_up(self, end: Token) -> None:
        """In front of the end of a declaration: `, * __ptc_cleanup_N = __ptc_cleanup(f, &x)`."""
        ended = [tokens for depth, tokens in self.cleanups if depth >= self.depth]
        self.cleanups = [(depth, tokens) for depth, tokens in self.cleanups if depth < self.depth]
        for function, *variable in ended:
            name = f"__ptc_cleanup_{len(self.out)}"
            self.out += [_like(end, "COMMA", ","), _like(end, "TIMES", "*")]
            self.out += [_like(end, "ID", name), _like(end, "EQUALS", "=")]
            self.out += [_like(end, "ID", "__ptc_cleanup"), _like(end, "LPAREN", "("), function]
            for token in variable:
                self.out += [_like(end, "COMMA", ","), _like(end, "AND", "&"), token]
            self.out.append(_like(end, "RPAREN", ")"))

    def _operator(self, token: Token) -> None:
        kind, following, previous = token.type, self._next(), self._previous()
        self.out.append(token)
        if kind == "CONDOP" and following == "COLON":
            self.out.append(_like(token, "ID", "__ptc_elvis"))
        elif (
            kind == "ELLIPSIS"
            and previous not in ("COMMA", "LPAREN", "")
            and (following != "RPAREN")
        ):
            self.out[-1] = _like(token, "LOR", "...")
        elif kind == "LAND" and following == "ID" and self._is_label_address(previous):
            self.out[-1] = _like(token, "AND", "&")
        elif kind == "LBRACKET" and following == "LBRACKET" and previous != "ID":
            self.out.pop()  # [[attribute]]
            parts = 0
            while self.index < len(self.tokens):
                here = self._next()
                self.index += 1
                parts += {"LBRACKET": 1, "RBRACKET": -1}.get(here, 0)
                if parts < 0:
                    break

    def _is_label_address(self, previous: str) -> bool:
        name = self.tokens[self.index].value
        if previous in _UNARY_BEFORE or not previous:
            return True
        if previous != "RPAREN" or name not in self.labels:
            return False
        before = self.out[-2].type if len(self.out) > 1 else ""
        cast = len(self.out) > 2 and self.out[-3].type == "TIMES"
        return name in self.declared_labels or cast or before == "TIMES"

    def _types_compatible(self, token: Token) -> None:
        types = _split(self._group(), "COMMA")
        self.out += [token, _like(token, "LPAREN", "(")]
        for number, type_ in enumerate(types):
            if number:
                self.out.append(_like(token, "COMMA", ","))
            self.out += [_like(token, "SIZEOF", "sizeof"), _like(token, "LPAREN", "(")]
            self.out += self._nested(type_)
            self.out.append(_like(token, "RPAREN", ")"))
        self.out.append(_like(token, "RPAREN", ")"))

    def _nested(self, tokens: list[Token]) -> list[Token]:
        inner = _Rewriter(tokens, self.depth + 1)
        inner.labels |= self.labels
        inner.declared_labels |= self.declared_labels
        return inner.run()

    def _asm(self, token: Token) -> None:
        jumps = False
        qualified = False
        while self._next() in ("VOLATILE", "INLINE", "GOTO"):
            jumps |= self._next() == "GOTO"
            qualified = True
            self.index += 1
        group = self._group()
        previous = self._previous()
        bare = previous == "RPAREN" and not qualified and _all_strings(group)
        if bare and self._next() in _ASM_LABEL_FOLLOWED_BY:
            return  # the asm label of a function
        if self.depth == 0 or previous not in _STATEMENT_BOUNDARY:
            return  # file scope, or the asm label of a declarator
        self._asm_call(token, group, jumps)

    def _asm_call(self, token: Token, group: list[Token], jumps: bool) -> None:
        sections = _split(group, "COLON")
        template = [t for t in sections[0] if t.type not in ("LPAREN", "RPAREN")]
        comma = _like(token, "COMMA", ",")
        opening, closing = _like(token, "LPAREN", "("), _like(token, "RPAREN", ")")
        self.out += [_like(token, "ID", "__ptc_asm"), opening]
        if not _all_strings(template):
            raise ChunkError(
                token.filename or "", token.lineno or 0, "an asm template is no string"
            )
        self.out += template
        for section, name in zip(sections[1:3], ("__ptc_asm_out", "__ptc_asm_in"), strict=False):
            for operand in _split(section, "COMMA"):
                constraint, expression = _operand(operand)
                if not expression:
                    continue
                self.out += [comma, _like(token, "ID", name), opening]
                self.out += constraint or [_like(token, "STRING_LITERAL", '""')]
                self.out.append(comma)
                self.out += self._nested(expression)
                self.out.append(closing)
        if jumps and len(sections) > 4:
            self.out += [comma, _like(token, "ID", "__ptc_asm_goto"), opening]
            self.out += sections[4]
            self.out.append(closing)
        self.out.append(closing)


def _operand(tokens: list[Token]) -> tuple[list[Token], list[Token]]:
    """Split `[name] "constraint" (expression)` into constraint and expression.

    The name stays in the string, `"[name]constraint"`: templates refer to it.
    """
    index = 0
    constraint = []
    if tokens and tokens[0].type == "LBRACKET":
        while index < len(tokens) and tokens[index].type != "RBRACKET":
            index += 1
        if index == 2:
            name = f'"[{tokens[1].value}]"'
            constraint.append(_like(tokens[1], "STRING_LITERAL", name))
        index += 1
    while index < len(tokens) and tokens[index].type.endswith("STRING_LITERAL"):
        constraint.append(tokens[index])
        index += 1
    return constraint, tokens[index:]


def _labels(tokens: list[Token]) -> tuple[set[str], set[str]]:
    """Return the names that can be labels, and those that `__label__` declares."""
    labels: set[str] = set()
    declared: set[str] = set()
    if not any(t.type == "LAND" for t in tokens):
        return labels, declared
    previous = ""
    inside = False
    for index, token in enumerate(tokens):
        if token.type == "ID":
            if token.value == "__label__":
                inside = True
            elif inside:
                declared.add(token.value)
            elif (
                previous in ("SEMI", "LBRACE", "RBRACE", "COLON")
                and index + 1 < len(tokens)
                and tokens[index + 1].type == "COLON"
            ):
                labels.add(token.value)
        elif token.type == "SEMI":
            inside = False
        previous = token.type
    return labels | declared, declared
