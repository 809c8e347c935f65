"""Which amounts a cash machine can pay: it has notes only."""

from __future__ import annotations

from ledger.errors import InvalidRequest
from ledger.money import Money

NOTES_ESCUDOS = (200, 500, 1_000, 2_000, 5_000)

# Twos and fives of hundreds make every number of hundreds but these.
UNPAYABLE_HUNDREDS = (1, 3)


def require_payable(amount: Money) -> None:
    """Raises InvalidRequest for an amount that notes cannot make, whatever the machine has."""
    hundreds, rest = divmod(amount.minor, 100 * amount.currency.minor_per_major)
    if amount.minor <= 0:
        raise InvalidRequest(field="amount", reason="must be above zero")
    if rest or hundreds in UNPAYABLE_HUNDREDS:
        notes = ", ".join(str(note) for note in NOTES_ESCUDOS)
        raise InvalidRequest(field="amount", reason=f"cannot be paid in notes of {notes}")
