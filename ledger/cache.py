"""Rows kept between batches. They are true while the head of the log is where we left it.

When another process has written, the rows that its records name are dropped. Absence is never
kept: a row that is not here may exist.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from ledger.rows import Key, Row, name_of

ROWS_MAX = 200_000


class Cache:
    """Rows by all their keys: a row is here under every key it has, or not at all."""

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows_max = rows_max
        # Ordered: the oldest goes at once. The front of a plain dict, once its first keys are gone,
        # is a walk over all the gaps that they left.
        self._rows: OrderedDict[Key[Any], Row] = OrderedDict()
        self._names: dict[str, Key[Any]] = {}

    def find(self, key: Key[Any]) -> Row | None:
        """The row under this key, or None when it is not kept."""
        return self._rows.get(key)

    def keep(self, row: Row) -> None:
        """Keep a row in the place of its former version."""
        if row.INSERT_ONLY:
            return
        keys = row.keys()
        before = self._rows.get(keys[0])
        if before is None:
            self._names[name_of(keys[0])] = keys[0]
        elif len(row.LOAD) > 1:
            self._drop_keys(before)
        for key in keys:
            self._rows[key] = row
        while len(self._rows) > self._rows_max:
            self.drop(next(iter(self._rows.values())))

    def drop(self, row: Row) -> None:
        """Forget a row under all its keys."""
        self._drop_keys(row)
        key = row.keys()[0]
        self._names.pop(name_of(key), None)

    def drop_named(self, names: Iterable[str]) -> None:
        """Forget the rows that a record of another process names."""
        for name in names:
            key = self._names.get(name)
            row = self._rows.get(key) if key is not None else None
            if row is not None:
                self.drop(row)

    def drop_accounts(self, accounts: Iterable[Key[Any]]) -> None:
        """Forget the accounts that another process has posted to."""
        for account in accounts:
            row = self._rows.get(account)
            if row is not None:
                self.drop(row)

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._names.clear()

    def _drop_keys(self, row: Row) -> None:
        for key in row.keys():
            self._rows.pop(key, None)
