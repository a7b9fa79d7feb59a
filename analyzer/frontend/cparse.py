# SPDX-License-Identifier: GPL-2.0-only
"""pycparser on one top-level declaration; the only module that knows its insides.

pycparser has to be a release of 3.12, for what is private in it: the scope stack (to tell it the
typedef names of the unit) and its token helpers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pycparser.c_lexer import CLexer, Token
from pycparser.c_parser import CParser, ParseError

from analyzer.frontend.errors import ChunkError
from analyzer.frontend.gnu import rewrite
from analyzer.frontend.tokens import scan
from analyzer.frontend.words import words

Node = Any
"""A node of pycparser's tree (it has no stubs). Trees are shared: never write to them."""

BUILTIN_TYPES: Final = words(
    "__builtin_va_list __auto_type __int128_t __uint128_t __float128 _Float128 _Float64 _Float32 "
    "_Float16 __bf16"
)
_NAMES: Final = frozenset({"ID", "TYPEID"})
_PLAIN_CONSTANT: Final = frozenset({"INT_CONST_DEC", "INT_CONST_HEX", "INT_CONST_OCT"})
# what may follow an operand that is complete: no postfix operator, no string to concatenate
_AFTER_OPERAND: Final = words(
    "RPAREN COMMA SEMI PLUS MINUS TIMES DIVIDE MOD LSHIFT RSHIFT AND OR XOR LAND LOR EQ NE LT GT "
    "LE GE CONDOP COLON RBRACKET RBRACE EQUALS"
)
_RECURSION: Final = 6000  # Python frames; about 400 nested parentheses
_REWIND: Final = 40  # tokens that backtracking may read again, per token of the declaration


class GnuLexer(CLexer):  # type: ignore[misc]
    """pycparser's lexer for preprocessed GNU C; `tokens` is the whole list after `input`."""

    tokens: list[Token]

    def input(self, text: str, filename: str = "", line: int = 1) -> None:
        """Cut and rewrite `text`. Raises ChunkError where it is not C."""
        super().input("", filename)
        self.tokens = rewrite(scan(text, filename, line))
        self._at = 0

    def token(self) -> Token | None:
        """Return the next token, None at the end."""
        if self._at >= len(self.tokens):
            return None
        token = self.tokens[self._at]
        self._at += 1
        self._filename = token.filename
        return token


class _Parser(CParser):  # type: ignore[misc]
    """pycparser's parser on a list of tokens, told the typedef names of the unit.

    The token helpers of the base class are replaced by ones that index the list; they mean the
    same. Reading a bare constant or name goes straight to its node instead of through the
    fifteen levels of the grammar for expressions.
    """

    _list: list[Token | None]
    _at: int
    _left: int

    def __init__(self) -> None:
        super().__init__(lexer=GnuLexer)
        self.clex.error_func = _refuse  # not ours: tokens go with the parser, in no cycle

    def parse_declaration(self, text: str, path: str, line: int, types: Iterable[str]) -> Node:
        """Parse `text` as external declarations. Raises ParseError, ChunkError and worse."""
        self.clex.input(text, path, line)
        self._scope_stack = [dict.fromkeys(BUILTIN_TYPES, True) | dict.fromkeys(types, True)]
        self._list = [*self.clex.tokens, *[None] * 8]
        self._at = 0
        self._left = _REWIND * len(self._list) + 4000
        tree = self._parse_translation_unit_or_empty()
        left = self._peek()
        if left is not None:
            self._parse_error(f"before: {left.value}", self._tok_coord(left))
        return tree

    def _peek(self, k: int = 1) -> Token | None:
        token = self._list[self._at + k - 1]
        if token is not None and token.type in _NAMES:
            token.type = "TYPEID" if self._is_type_in_scope(token.value) else "ID"
        return token

    def _peek_type(self, k: int = 1) -> str | None:
        token = self._list[self._at + k - 1]
        if token is None:
            return None
        if token.type in _NAMES:
            token.type = "TYPEID" if self._is_type_in_scope(token.value) else "ID"
        return str(token.type)

    def _advance(self) -> Token:
        token = self._peek()
        if token is None:
            raise ParseError("ends too early")
        self._at += 1
        return token

    def _accept(self, token_type: str) -> Token | None:
        token = self._peek()
        if token is None or token.type != token_type:
            return None
        self._at += 1
        return token

    def _mark(self) -> int:
        return self._at

    def _reset(self, mark: int) -> None:
        self._left -= self._at - mark
        if self._left < 0:
            raise ParseError("too much backtracking")
        self._at = mark

    def _parse_cast_expression(self) -> Node:
        following = self._list[self._at + 1]
        if following is not None and following.type in _AFTER_OPERAND:
            kind = self._peek_type()
            if kind in _PLAIN_CONSTANT:
                return self._parse_constant()
            if kind == "ID":
                return self._parse_identifier()
        return super()._parse_cast_expression()


def _refuse(message: str, line: int, column: int) -> None:
    """What the lexer of the base class is to do with text that is no token; ours cuts it first."""
    raise ParseError(f"{line}:{column}: {message}")


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Let the recursive descent go as deep as real declarations need, and no deeper."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def parse_declaration(text: str, path: str, line: int, types: Iterable[str]) -> list[Node]:
    """Parse one top-level declaration that begins at `path`:`line`.

    `types` are the typedef names it uses (more do no harm, except as names of its own).
    Returns the external declarations in it. Raises ChunkError with the reason.
    """
    parser = _Parser()
    try:
        with _deep_recursion():
            return list(parser.parse_declaration(text, path, line, types).ext)
    except ParseError as error:
        raise ChunkError(path, line, str(error)) from None
    except RecursionError:
        raise ChunkError(path, line, "nested too deeply") from None
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # pycparser asserts about its input; hostile text reaches those
        name = type(error).__name__
        raise ChunkError(path, line, f"pycparser: {name}: {error}") from None
