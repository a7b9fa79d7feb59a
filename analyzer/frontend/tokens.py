# SPDX-License-Identifier: GPL-2.0-only
"""Preprocessed C to tokens of pycparser's vocabulary, in one pass of one regular expression."""

from __future__ import annotations

import re
from posixpath import normpath
from typing import Final

from pycparser.c_lexer import Token

from analyzer.frontend.errors import ChunkError
from analyzer.frontend.words import words

_PUNCTUATORS: Final = {
    "...": "ELLIPSIS",
    "<<=": "LSHIFTEQUAL",
    ">>=": "RSHIFTEQUAL",
    "++": "PLUSPLUS",
    "--": "MINUSMINUS",
    "->": "ARROW",
    "&&": "LAND",
    "||": "LOR",
    "<<": "LSHIFT",
    ">>": "RSHIFT",
    "<=": "LE",
    ">=": "GE",
    "==": "EQ",
    "!=": "NE",
    "*=": "TIMESEQUAL",
    "/=": "DIVEQUAL",
    "%=": "MODEQUAL",
    "+=": "PLUSEQUAL",
    "-=": "MINUSEQUAL",
    "&=": "ANDEQUAL",
    "|=": "OREQUAL",
    "^=": "XOREQUAL",
    "=": "EQUALS",
    "+": "PLUS",
    "-": "MINUS",
    "*": "TIMES",
    "/": "DIVIDE",
    "%": "MOD",
    "|": "OR",
    "&": "AND",
    "~": "NOT",
    "^": "XOR",
    "!": "LNOT",
    "<": "LT",
    ">": "GT",
    "?": "CONDOP",
    "(": "LPAREN",
    ")": "RPAREN",
    "[": "LBRACKET",
    "]": "RBRACKET",
    "{": "LBRACE",
    "}": "RBRACE",
    ",": "COMMA",
    ".": "PERIOD",
    ";": "SEMI",
    ":": "COLON",
}

_KEYWORDS: Final = {
    **{
        word: word.upper()
        for word in words(
            "auto break case char const continue default do double else enum extern float for "
            "goto if inline int long register offsetof restrict return short signed sizeof "
            "static struct switch typedef union unsigned void volatile while "
            "__builtin_va_arg __int128 "
            "_Bool _Complex _Generic _Noreturn _Thread_local _Static_assert _Atomic _Alignas"
        )
    },
    # spellings of GNU C
    "__const": "CONST",
    "__const__": "CONST",
    "__volatile": "VOLATILE",
    "__volatile__": "VOLATILE",
    "__signed": "SIGNED",
    "__signed__": "SIGNED",
    "__inline": "INLINE",
    "__inline__": "INLINE",
    # of an expression too, which pycparser accepts after sizeof only; the operator tells them apart
    "__alignof": "SIZEOF",
    "__alignof__": "SIZEOF",
    "_Alignof": "SIZEOF",
    "__builtin_offsetof": "OFFSETOF",
    "typeof": "TYPEOF",
    "__typeof": "TYPEOF",
    "__typeof__": "TYPEOF",
    "typeof_unqual": "TYPEOF_UNQUAL",
    "__typeof_unqual": "TYPEOF_UNQUAL",
    "__typeof_unqual__": "TYPEOF_UNQUAL",
}

_PLAIN_SPELLING: Final = {
    "__const": "const",
    "__const__": "const",
    "__volatile": "volatile",
    "__volatile__": "volatile",
    "__signed": "signed",
    "__signed__": "signed",
    "__inline": "inline",
    "__inline__": "inline",
    "__alignof": "_Alignof",
    "__alignof__": "_Alignof",
    "__builtin_offsetof": "offsetof",
    "__typeof": "typeof",
    "__typeof__": "typeof",
    "__typeof_unqual": "typeof_unqual",
    "__typeof_unqual__": "typeof_unqual",
}

_STRINGS: Final = {
    '"': "STRING_LITERAL",
    "L": "WSTRING_LITERAL",
    "u8": "U8STRING_LITERAL",
    "u": "U16STRING_LITERAL",
    "U": "U32STRING_LITERAL",
}
_CHARS: Final = {
    "L": "WCHAR_CONST",
    "u8": "U8CHAR_CONST",
    "u": "U16CHAR_CONST",
    "U": "U32CHAR_CONST",
}

_TOKEN: Final = re.compile(
    r"""[ \t\f\v\r]*+(?:
    (?P<word>(?:L|u8|u|U)?+(?:(?P<string>"(?:[^"\\\n]|\\.)*+")|(?P<char>'(?:[^'\\\n]|\\.)*+')))
  | (?P<name>[A-Za-z_$][A-Za-z_$0-9]*+)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[0-9A-Za-z_.'])*+)
  | (?P<newline>\n)
  | (?P<hash>\#[^\n]*+)
  | (?P<punctuator>\.\.\.|<<=|>>=|\+\+|--|->|&&|\|\||<<|>>|[-+*/%&|^=<>!]=
      |[-=+*/%|&~^!<>?()\[\]{},.;:])
  | (?P<end>\Z)
  | (?P<bad>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
_MARKER: Final = re.compile(r'#(?:line)?[ \t]+(\d+)(?:[ \t]+"((?:[^"\\]|\\.)*)")?')
_HEXADECIMAL: Final = re.compile(r"0[xX]")
_BINARY: Final = re.compile(r"0[bB]")
_OCTAL: Final = re.compile(r"0[0-7']*[uUlL]*$")
_FLOAT: Final = re.compile(r"[.eE]")


def _number_type(text: str) -> str:
    if _HEXADECIMAL.match(text):
        return "HEX_FLOAT_CONST" if "." in text or "p" in text or "P" in text else "INT_CONST_HEX"
    if _BINARY.match(text):
        return "INT_CONST_BIN"
    if _FLOAT.search(text):
        return "FLOAT_CONST"
    return "INT_CONST_OCT" if _OCTAL.match(text) else "INT_CONST_DEC"


def _literal_type(text: str) -> str:
    quote = text.find('"')
    if quote >= 0 and not text.endswith("'"):
        return _STRINGS[text[:quote] or '"']
    prefix = text[: text.index("'")]
    if prefix:
        return _CHARS[prefix]
    body = text[1:-1]
    plain = len(body) == 1 or (body.startswith("\\") and "\\" not in body[2:])
    return "CHAR_CONST" if plain else "INT_CONST_CHAR"


def scan(text: str, path: str, line: int = 1) -> list[Token]:
    """Cut `text` into tokens; line markers set path and line, other `#` lines are dropped.

    Alternative spellings of GNU C (`__const__`, `__alignof`, ...) come out as the plain keyword.
    Raises ChunkError at a character that C does not know, an unclosed quote for instance.
    """
    tokens: list[Token] = []
    append = tokens.append
    start_of_line = 0
    match = _TOKEN.match
    position = 0
    while True:
        found = match(text, position)
        if found is None:  # cannot be: the last two branches take everything
            raise ChunkError(path, line, "not a token")
        kind = found.lastgroup
        position = found.end()
        if kind == "newline":
            line += 1
            start_of_line = position
            continue
        if kind == "end":
            return tokens
        value = found[kind]  # type: ignore[index]
        column = position - len(value) - start_of_line + 1
        if kind == "name":
            type_ = _KEYWORDS.get(value)
            if type_ is None:
                append(Token("ID", value, line, column, path))
            else:
                append(Token(type_, _PLAIN_SPELLING.get(value, value), line, column, path))
        elif kind == "punctuator":
            append(Token(_PUNCTUATORS[value], value, line, column, path))
        elif kind == "number":
            append(Token(_number_type(value), value, line, column, path))
        elif kind == "word":
            append(Token(_literal_type(value), value, line, column, path))
        elif kind == "hash":
            marker = _MARKER.match(value)
            if marker:
                line = int(marker[1]) - 1
                if marker[2] is not None:
                    path = tree_path(marker[2])
        else:
            raise ChunkError(path, line, f"unexpected character {value!r}")


def tree_path(name: str) -> str:
    """Return the path of a line marker in its normal form: no `./`, no `x/../`."""
    if "./" in name or "//" in name or "\\" in name:
        return normpath(name.replace("\\\\", "\\").replace('\\"', '"'))
    return name
