"""What is sought among entries, and the words, codes and moments that it comes to."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import msgspec

from ledger.books import COUNTRY
from ledger.chart import CHART, ONE_PER_OWNER
from ledger.errors import InvalidRequest
from ledger.money import Money

WORDS_MAX = 8


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is sought. Days are included on both ends, on each of three axes; `account` is a code of
    the chart or an account's id; `kind` may be a beginning that ends with a full stop; words are
    whole words, all of them.

    The order is that of the first axis whose days are given: booking, value, recorded.
    """

    from_: date | None = None
    to: date | None = None
    value_from: date | None = None
    value_to: date | None = None
    recorded_from: date | None = None
    recorded_to: date | None = None
    account: str | None = None
    code_from: str | None = None
    code_to: str | None = None
    wallet: UUID | None = None
    agent: UUID | None = None
    transaction_id: UUID | None = None
    kind: str | None = None
    amount_min: Money | None = None
    amount_max: Money | None = None
    reference: str | None = None
    rrn: str | None = None
    actor: str | None = None
    text: str | None = None
    position: int | None = None  # nothing that was written after it

    @property
    def order(self) -> str:
        """The axis by which entries are listed."""
        if self.from_ or self.to:
            return "booking"
        if self.value_from or self.value_to:
            return "value"
        return "recorded" if self.recorded_from or self.recorded_to else "booking"

    def hashed(self) -> dict[str, Any]:
        """What a cursor of this list carries a hash of."""
        told = msgspec.structs.asdict(self)
        for name in ("amount_min", "amount_max"):
            told[name] = None if told[name] is None else told[name].minor
        return told


def account_id_in(written: str) -> UUID:
    """An account's id. Raises InvalidRequest."""
    try:
        return UUID(written)
    except ValueError:
        raise InvalidRequest(field="account", reason="is neither a code nor an id") from None


def words_in(text: str) -> list[str]:
    """The words of a text, as they were noted. Raises InvalidRequest for none or too many."""
    spaced = "".join(each if each.isalnum() else " " for each in text.lower())
    words = list(dict.fromkeys(word[:64] for word in spaced.split()))
    if not 1 <= len(words) <= WORDS_MAX:
        raise InvalidRequest(field="text", reason=f"has 1 to {WORDS_MAX} words")
    return words


def codes_of(filters: Filters) -> list[str]:
    """The codes of the range that is asked for; none, when none is. Raises InvalidRequest."""
    chosen = filters.account if filters.account in ONE_PER_OWNER else None
    if chosen is not None and filters.code_from is None and filters.code_to is None:
        return [chosen]
    if filters.code_from is None and filters.code_to is None:
        return []
    first, last = filters.code_from or "0", filters.code_to or "9999"
    codes = [heading.code for heading in CHART if first <= heading.code[: len(last)] <= last]
    codes = [code for code in codes if code >= first]
    if not codes:
        raise InvalidRequest(field="codeTo", reason="leaves no code of the chart")
    return codes


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), COUNTRY)
