# SPDX-License-Identifier: GPL-2.0-only
"""Frozen dataclasses to plain lists and back, by the types of their fields.

An entry of the cache may be damaged, or made by somebody else: decoding builds what the types
say, of the values that JSON has, or raises Malformed. It runs nothing that an entry names.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")
_Decoder = Callable[[Any], Any]
_PLAIN: Final = (str, int, bool)


class Malformed(ValueError):
    """A value is not of the type that was asked for."""


def encode(value: object) -> Any:
    """Return a value as lists, strings, integers, booleans and None.

    Raises TypeError for anything that could not be decoded again.
    """
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is tuple:
        return [encode(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(kind):
        return [encode(getattr(value, name)) for name in _names(kind)]
    raise TypeError(f"cannot be kept: {kind.__name__}")


def decode(kind: type[T], data: Any) -> T:
    """Return the value of a dataclass that `encode` made `data` of. Raises Malformed."""
    try:
        return cast("T", _decoder(cast("Any", kind))(data))
    except RecursionError as error:
        raise Malformed("nested too deeply") from error


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _decoder(kind: Any) -> _Decoder:
    if kind in _PLAIN:
        return _exactly(kind)
    if kind is type(None):
        return _nothing
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        others = [one for one in arguments if one is not type(None)]
        if len(others) == 1 and len(arguments) == 2:
            return _optional(_decoder(others[0]))
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            inner = arguments[0]
            return _alike(inner) if inner in _PLAIN else _sequence(_decoder(inner))
        return _tuple(arguments, tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _member(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return _tuple([hints[name] for name in _names(kind)], lambda items: kind(*items))
    raise TypeError(f"cannot be kept: {kind}")


def _exactly(kind: type) -> _Decoder:
    def decode_one(data: Any) -> Any:
        if type(data) is not kind:
            raise Malformed(f"no {kind.__name__}")
        return data

    return decode_one


def _nothing(data: Any) -> None:
    if data is not None:
        raise Malformed("something where nothing is")


def _optional(inner: _Decoder) -> _Decoder:
    return lambda data: None if data is None else inner(data)


def _alike(kind: type) -> _Decoder:
    """Any number of plain values of one type."""

    def decode_one(data: Any) -> Any:
        if type(data) is not list or not {kind}.issuperset(map(type, data)):
            raise Malformed(f"no list of {kind.__name__}")
        return tuple(data)

    return decode_one


def _sequence(inner: _Decoder) -> _Decoder:
    def decode_one(data: Any) -> Any:
        if type(data) is not list:
            raise Malformed("no list")
        return tuple([inner(item) for item in data])

    return decode_one


def _tuple(kinds: Sequence[Any], made: Callable[[Any], Any]) -> _Decoder:
    """What is made of values of these types, in this order."""
    if all(kind in _PLAIN for kind in kinds):
        expected = tuple(kinds)  # one comparison for all: most of a piece are such

        def decode_plain(data: Any) -> Any:
            if type(data) is not list or tuple(map(type, data)) != expected:
                raise Malformed("no list of such values")
            return made(data)

        return decode_plain
    inner = [_decoder(kind) for kind in kinds]

    def decode_one(data: Any) -> Any:
        if type(data) is not list or len(data) != len(inner):
            raise Malformed("no list of that length")
        return made([one(item) for one, item in zip(inner, data, strict=True)])

    return decode_one


def _member(kind: type[Enum]) -> _Decoder:
    values = {member.value: member for member in kind}

    def decode_one(data: Any) -> Any:
        if type(data) not in (str, int) or data not in values:
            raise Malformed(f"no {kind.__name__}")
        return values[data]

    return decode_one
