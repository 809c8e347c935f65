"""One statement of a batch, and the kinds of record for which it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

ENTRIES = "an entry"  # instead of kinds: for every record that moves money, whatever its kind


class Step(msgspec.Struct, frozen=True):
    """A statement over the records of one batch.

    It may use %(after)s and %(up_to)s, positions, the first excluded. `kinds` are beginnings of the
    kinds it reads; `values` are more that it uses, the same for every batch.
    """

    sql: str
    kinds: tuple[str, ...]
    values: Mapping[str, Any] = {}

    def needed(self, kinds: Iterable[str]) -> bool:
        """Whether a batch with these kinds has anything for it."""
        return any(kind.startswith(self.kinds) for kind in kinds)
