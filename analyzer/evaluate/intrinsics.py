# SPDX-License-Identifier: GPL-2.0-only
"""Functions whose meaning is known by their generic name: hooks, exchange, atomics, bit
operations, static keys.

The names are those of the kernel's generic interfaces (linux/atomic, linux/bitops,
linux/jump_label) and of the shadow headers in kernel_stubs; none is an architecture's own.
"""

from __future__ import annotations

import re
from typing import Final

from .ctype import IntType, VoidType
from .memory import Table
from .requests import REQUEST, Requests
from .state import Event
from .values import Int, Opaque, Pointer, Struct, Unjudged, Value

_HOOK = re.compile(r"^_*page_table_check_(pte|pmd|pud)s?_(set|clear)$")
_ATOMIC = re.compile(
    r"^(?:raw_|arch_|raw_arch_)?(?:atomic_long|atomic64|atomic)_"
    r"(try_cmpxchg|cmpxchg|xchg|read|set|(?:fetch_)?(?:andnot|and|or|xor|add|sub))"
    r"(?:64)?(?:_relaxed|_acquire|_release|_local)?$"
)
_BITOP = re.compile(
    r"^(?:arch_|__|arch___|generic_|generic___|raw_)?"
    r"(test_and_clear_bit|test_and_set_bit|test_and_change_bit|set_bit|clear_bit|change_bit|test_bit)"
    r"(?:_lock|_unlock)?$"
)
_EXCHANGE = re.compile(r"^__ptc_(xchg|cmpxchg|try_cmpxchg)$")
_STATIC_KEY: Final = frozenset(
    {"__ptc_static_key", "arch_static_branch", "arch_static_branch_jump"}
)
_STORING: Final = re.compile(r"^(?:cpu_\w*)?set_pte_ext$")
"""Functions in assembler files that store their second argument to the entry that the first one
points to. ARM: `set_pte_ext` of arch/arm/mm/proc-*.S, called by name or through a table of the
processor's functions; the hardware's copy of the entry beside it, and what is adjusted in entries
without access (PROT_NONE), are left out."""
_TRACEPOINT: Final = "__tracepoint_"
"""How linux/tracepoint.h names its structures: what is traced is told, not changed."""
_MOVING: Final = frozenset({"memcpy", "memset", "memmove"})
_OPERATORS: Final = {"and": "&", "or": "|", "xor": "^", "add": "+", "sub": "-"}


class Intrinsics(Requests):
    """Calls that are not followed into a body."""

    @staticmethod
    def is_hook(name: str) -> bool:
        """Whether a name is one of the hooks (any API generation, with or without `__`)."""
        return _HOOK.match(name) is not None

    @staticmethod
    def is_intrinsic(name: str) -> bool:
        """Whether `intrinsic` may have something to say about a name."""
        return (
            "page_table_check" in name
            or name in _STATIC_KEY
            or name.startswith("__ptc_")
            or name.endswith("_ext")
            or REQUEST.match(name) is not None
            or name in _MOVING
            or ("bit" in name and _BITOP.match(name) is not None)
            or ("atomic" in name and _ATOMIC.match(name) is not None)
        )

    def intrinsic(self, name: str, values: list[Value]) -> Value | None:
        """The result of an intrinsic call; None when `name` is an ordinary function."""
        if "page_table_check" in name and not self.transparent:
            match = _HOOK.match(name)
            if match is not None:
                self._hook(name, match[1], match[2], values)
                return Int(0)
            return None
        if name in _STATIC_KEY:
            return self._static_key(values)
        if name.startswith("__ptc_"):
            match = _EXCHANGE.match(name)
            return self._exchange(match[1], values) if match else None
        if "bit" in name:
            match = _BITOP.match(name)
            if match is not None and len(values) == 2:
                return self._bit_operation(match[1], values)
        if "atomic" in name:
            match = _ATOMIC.match(name)
            if match is not None:
                return self._atomic(match[1], name, values)
        if name.endswith("_ext"):
            return self.stored_by(name, values)
        if REQUEST.match(name):
            return self.requested(name, values)
        if name in _MOVING and self.names_slot(values[0]):
            raise Unjudged(f"{name} on a page table")
        return None

    def stored_by(self, name: str, values: list[Value]) -> Value | None:
        """The store that an assembler function makes; None when the name is none of them."""
        if not _STORING.match(name) or len(values) < 2 or not self.is_slot(values[0]):
            return None
        place = values[0]
        if isinstance(place, Int):
            place = self.at_address(place)
        self.store(place, self._fit(place, values[1]))
        return Int(0)

    @staticmethod
    def _static_key(values: list[Value]) -> Value:
        key = values[0] if values else Opaque("?")
        if isinstance(key, Pointer):
            if key.obj.name.startswith(_TRACEPOINT):
                return Int(0)
            return Opaque(f"static key {key.obj.name}{f'+{key.offset}' if key.offset else ''}")
        return Opaque(f"static key {key!r}")

    # -- exchange

    def _exchange(self, operation: str, values: list[Value]) -> Value:
        place = values[0]
        old = self.load(place)
        if operation == "xchg":
            self.store(place, self._fit(place, values[1]))
            return old
        if operation == "cmpxchg":
            return self._compare_exchange(place, old, values[1], values[2])
        expected = self._fit(place, self.load(values[1]))
        same = self._same(old, expected)
        if isinstance(same, Opaque):
            if self.is_slot(place):
                raise Unjudged(f"cmpxchg of an entry against {same.name}")
            return Opaque(f"try_cmpxchg({place!r}, {expected!r}, {values[2]!r})")
        self._compare_exchange(place, old, expected, values[2])
        if not self.truth(self._same(old, expected)):
            self.store(values[1], old)
            return Int(0, 1, False)
        return Int(1, 1, False)

    def _fit(self, place: Value, value: Value) -> Value:
        """The new value with the type of the place."""
        target = place.target if isinstance(place, Pointer) else None
        if target is not None and not isinstance(target, VoidType):
            return self.convert(value, target)
        return value

    def _same(self, left: Value, right: Value) -> Value:
        a, b = self.number(left), self.number(right)
        if isinstance(a, Int) and isinstance(b, Int):
            width = min(a.bits, b.bits)
            mask = (1 << width) - 1
            return Int(int(a.value & mask == b.value & mask))
        return self.operate("==", a, b)

    def _compare_exchange(self, place: Value, old: Value, expected: Value, new: Value) -> Value:
        same = self._same(old, self._fit(place, expected))
        if isinstance(same, Opaque):
            if self.is_slot(place):
                raise Unjudged(f"cmpxchg of an entry against {same.name}")
            return old
        if self.truth(same):
            self.store(place, self._fit(place, new))
        return old

    # -- atomics and bits

    def _slot_word(self, values: list[Value], bits: int) -> tuple[int, Pointer] | None:
        """The operand that is an entry, seen as a word of `bits`."""
        for position, value in enumerate(values):
            if isinstance(value, Int) and self.is_slot(value):
                value = self.at_address(value)
            if isinstance(value, Opaque) and value.slot:
                raise Unjudged(f"an atomic operation on {value.name}")
            if isinstance(value, Pointer) and isinstance(value.obj, Table):
                return position, Pointer(value.obj, value.offset, IntType(bits, False))
        return None

    def _atomic(self, operation: str, name: str, values: list[Value]) -> Value:
        bits = self.bits if "atomic_long" in name else 64 if "atomic64" in name else 32
        found = self._slot_word(values, bits)
        if found is None:
            full = f"{name}({', '.join(map(repr, values))})"
            self.forget(values, full)
            return Opaque(full)
        position, place = found
        others = [value for i, value in enumerate(values) if i != position]
        old = self.load(place)
        if operation == "read":
            return old
        if operation in ("xchg", "set"):
            self.store(place, self.convert(others[0], IntType(bits, False)))
            return old
        if operation == "cmpxchg":
            return self._compare_exchange(place, old, others[0], others[1])
        if operation == "try_cmpxchg":
            return self._exchange("try_cmpxchg", [place, *others])
        operation = operation.removeprefix("fetch_")
        mask = self.number(others[0])
        if isinstance(mask, Opaque):
            raise Unjudged(f"{name} of an entry with {mask.name}")
        if operation == "andnot":
            new = self.operate("&", old, Int(~mask.value, bits, False))
        else:
            new = self.operate(_OPERATORS[operation], old, Int(mask.value, bits, False))
        self.store(place, self.convert(new, IntType(bits, False)))
        return old

    def _bit_operation(self, operation: str, values: list[Value]) -> Value | None:
        number, place = values
        if not self.names_slot(place):
            return None
        if isinstance(place, Int):
            place = self.at_address(place)
        count = self.number(number)
        if isinstance(count, Opaque) or not isinstance(place, Pointer):
            raise Unjudged(f"{operation} on an entry with an unknown bit")
        word = self.bits
        offset = place.offset + count.value // word * (word // 8)
        place = Pointer(place.obj, offset, IntType(word, False))
        old = self.load(place)
        if not isinstance(old, Int):
            raise Unjudged(f"{operation} beside the table")
        bit = 1 << (count.value % word)
        new = old.raw
        if "clear" in operation:
            new &= ~bit
        elif "set_" in operation or operation.endswith("set_bit"):
            new |= bit
        elif "change" in operation:
            new ^= bit
        if operation != "test_bit":
            self.store(place, Int(new, word, False))
        return Int(int(bool(old.raw & bit)))

    # -- hooks

    def _hook(self, name: str, level: str, kind: str, values: list[Value]) -> None:
        declared = self._declared(name)
        arity = None
        if declared is None:
            raise Unjudged(f"{name} is called here and declared nowhere in this configuration")
        if declared != len(values):
            arity = (len(values), declared)
        run = self.run
        mm = values[0] if values else None
        address: Value | None = None
        table: Table | None = None
        index, offset, old, nr = -1, 0, 0, 1
        value: Value | None = None
        rest = values[1:]
        if kind == "clear":
            value = rest[-1] if rest else None
            address = rest[0] if len(rest) > 1 else None
        else:
            at = next((i for i, item in enumerate(rest) if self.is_slot(item)), None)
            if at is None:
                raise Unjudged(f"{name} is given a slot that is not known")
            place = rest[at]
            if isinstance(place, Int):
                place = self.at_address(place)
            if not isinstance(place, Pointer) or not isinstance(place.obj, Table):
                raise Unjudged(f"{name} is given a slot that is not known")
            table, offset = place.obj, place.offset
            index = offset // table.width
            old = table.seen(index)
            address = rest[0] if at > 0 else None
            value = rest[at + 1] if len(rest) > at + 1 else None
            if len(rest) > at + 2:
                count = self.number(rest[at + 2])
                if isinstance(count, Opaque):
                    raise Unjudged(f"{name} is given an unknown count: {count.name}")
                nr = count.value
                if not 0 <= nr <= len(table.entries):
                    raise Unjudged(f"{name} is given an impossible count: {nr}")
        if value is None:
            raise Unjudged(f"{name} is given no entry")
        if not isinstance(value, (Struct, Int, Opaque)):
            value = self.number(value)
        raw = self.memory.raw(value, self.entry_type(level).size)
        if isinstance(raw, Opaque):
            raise Unjudged(f"{name} is given an unknown value: {raw.name}")
        held = () if table is None else tuple(table.entries[index : index + max(0, nr)])
        if table is not None and table.noted:
            held = tuple([table.seen(index + number) for number in range(len(held))])
        run.events.append(
            Event(
                kind=kind,
                held=held,
                level=level,
                name=name,
                location=run.location,
                stack=run.frames(),
                table=table,
                index=index,
                offset=offset,
                old=old,
                new=raw,
                nr=nr,
                mm=mm,
                address=address,
                arity=arity,
            )
        )

    def _declared(self, name: str) -> int | None:
        self.questions.update((("function", name, ""), ("prototype", name, "")))
        node = self.code.function_node(name, "")
        declaration = node.decl if node is not None else self.code.prototype_node(name)
        if declaration is None:
            return None
        arguments = declaration.type.args
        return len(arguments.params) if arguments is not None else 0
