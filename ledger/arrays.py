"""Array parameters in PostgreSQL's binary format, packed in one pass.

psycopg adapts a list element by element, which took a third of a batch's time. A column of a batch
is one of these instead: ready bytes, with the type known from the class.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Buffer, Dumper
from psycopg.postgres import types
from psycopg.pq import Format

NULL = struct.pack("!i", -1)
POSTGRES_EPOCH_DAY = date(2000, 1, 1).toordinal()
_HEADER = struct.Struct("!iiIii").pack
_INT2 = struct.Struct("!ih").pack
_INT4 = struct.Struct("!ii").pack
_INT8 = struct.Struct("!iq").pack
_LENGTH = struct.Struct("!i").pack
_SIXTEEN = _LENGTH(16)


class Array:
    """A packed one-dimensional array. Subclasses say of which type."""

    __slots__ = ("packed",)
    element: ClassVar[str]

    def __init__(self, elements: list[bytes]) -> None:
        header = _HEADER(1, 1, types[self.element].oid, len(elements), 1)
        self.packed = header + b"".join(elements)


class SmallInts(Array):
    """smallint[]"""

    element = "int2"

    @classmethod
    def of(cls, values: Iterable[int]) -> SmallInts:
        return cls([_INT2(2, value) for value in values])


class BigInts(Array):
    """bigint[], with nulls"""

    element = "int8"

    @classmethod
    def of(cls, values: Iterable[int | None]) -> BigInts:
        return cls([NULL if value is None else _INT8(8, value) for value in values])


class Booleans(Array):
    """boolean[]"""

    element = "bool"

    @classmethod
    def of(cls, values: Iterable[bool]) -> Booleans:
        return cls([b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values])


class Dates(Array):
    """date[], with nulls"""

    element = "date"

    @classmethod
    def of(cls, values: Iterable[date | None]) -> Dates:
        return cls(
            [
                NULL if value is None else _INT4(4, value.toordinal() - POSTGRES_EPOCH_DAY)
                for value in values
            ]
        )


class Uuids(Array):
    """uuid[], with nulls"""

    element = "uuid"

    @classmethod
    def of(cls, values: Iterable[UUID | None]) -> Uuids:
        # `UUID.bytes` is a property in Python; this is done in C.
        return cls(
            [NULL if value is None else _SIXTEEN + value.int.to_bytes(16) for value in values]
        )


class Bytes(Array):
    """bytea[], with nulls"""

    element = "bytea"

    @classmethod
    def of(cls, values: Iterable[bytes | None]) -> Bytes:
        return cls([NULL if value is None else _LENGTH(len(value)) + value for value in values])


class Texts(Array):
    """text[]"""

    element = "text"

    @classmethod
    def of(cls, values: Iterable[str]) -> Texts:
        return cls([_LENGTH(len(raw)) + raw for raw in (value.encode() for value in values)])


class Jsonbs(Array):
    """jsonb[], from JSON bytes"""

    element = "jsonb"

    @classmethod
    def of(cls, values: Iterable[bytes]) -> Jsonbs:
        # The binary format of jsonb is a version byte and the text.
        return cls([_LENGTH(len(value) + 1) + b"\1" + value for value in values])


def packed(values: list[Any]) -> Array:
    """The array for values of one type: names, numbers, days or hashes to look up."""
    return _BY_TYPE[type(values[0])](values)


_BY_TYPE: dict[type, Callable[[Any], Array]] = {
    bytes: Bytes.of,
    str: Texts.of,
    int: BigInts.of,
    date: Dates.of,
}


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Buffer:
        return obj.packed


def register(context: AdaptContext) -> None:
    """Teach a connection to send these arrays."""
    for array in (SmallInts, BigInts, Booleans, Dates, Uuids, Bytes, Texts, Jsonbs):
        attributes: dict[str, Any] = {"oid": types[array.element].array_oid}
        dumper = type(f"{array.__name__}Dumper", (_PackedDumper,), attributes)
        context.adapters.register_dumper(array, dumper)
