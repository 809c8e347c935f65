"""Rows: what decisions read and change, and the keys by which they are found.

A row is immutable; a change is a new row. Every row type says in SQL how it is loaded by each of
its keys and how a set of changed rows is saved, so that the log can move rows without knowing what
they mean.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, ClassVar, Self, TypeAlias, TypeVar
from uuid import UUID

import msgspec

R = TypeVar("R", bound="Row")

# A way to one row: its type, the index, the value. A plain tuple, as a batch makes thousands; and
# an id stands in it as its number (`UUID.int`), as a UUID computes its hash in Python every time.
Key: TypeAlias = tuple[type[R], str, Hashable]


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a table of state. Its fields are in the order of the loading statement's columns.

    `version` counts the saves; a save that finds another version fails the batch.
    """

    version: int = 0

    # The table's name, as records name the rows that they changed ("withdrawal:<id>").
    TABLE: ClassVar[str]
    # For each index: a statement that takes one array of values and returns whole rows.
    LOAD: ClassVar[dict[str, str]]
    # The indexes whose values are such numbers.
    IDS: ClassVar[tuple[str, ...]] = ("id",)
    # Takes the `parameters` of a set of rows and raises unless all were saved. See `saved_all` in
    # schema/0001_books.sql.
    SAVE: ClassVar[str]
    # A row that is only ever inserted (a nonce) needs no record: absence is never remembered.
    INSERT_ONLY: ClassVar[bool] = False

    def keys(self) -> tuple[Key[Any], ...]:
        """Every key under which this row can be found now; the first is its primary key."""
        raise NotImplementedError

    @classmethod
    def loaded(cls, columns: Sequence[Any]) -> Self:
        """The row that a loading statement returned."""
        return msgspec.convert(dict(zip(cls.__struct_fields__, columns, strict=True)), cls)

    @classmethod
    def parameters(cls, rows: Sequence[Any]) -> Mapping[str, Any]:
        """What the saving statement takes: the rows as one JSON array, and how many they are."""
        return {"rows": msgspec.json.encode(rows).decode(), "count": len(rows)}


def name_of(key: Key[Any]) -> str:
    """A row's name as records of the log have it."""
    row, index, value = key
    if index in row.IDS and isinstance(value, int):
        value = UUID(int=value)
    return f"{row.TABLE}:{value}"
