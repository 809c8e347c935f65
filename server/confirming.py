"""Which routes ask for the second factor within five minutes, and when: one table.

The decision behind the route asks (`commands/identity/step_up.py`), under the log's lock. A test
goes through the table with sessions that were not confirmed, and then with some that were.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALWAYS = "always"

CONFIRMED: Mapping[str, str] = MappingProxyType(
    {
        # -- one's own factors and keys
        "POST /auth/pin": ALWAYS,
        "POST /auth/totp/confirm": "when the new authenticator shows the right code",
        "POST /auth/recovery-codes": ALWAYS,
        "POST /auth/passkeys": "when the new passkey is a good one",
        "DELETE /auth/passkeys/{passkey_id}": ALWAYS,
        "POST /devices/keys": ALWAYS,
        # -- rights
        "POST /people": ALWAYS,
        "POST /people/{user_id}/disable": ALWAYS,
        "POST /people/{user_id}/reset-code": ALWAYS,
        # -- what takes two people: adjustments, manual entries, big reversals, keys of the switch
        "POST /proposals": ALWAYS,
        "POST /proposals/{proposal_id}/approve": ALWAYS,
        "POST /withdrawal/{transaction_id}/release": ALWAYS,
        "POST /withdrawal/{transaction_id}/release/approve": ALWAYS,
        "POST /disputes/{dispute_id}/resolution": ALWAYS,
        "POST /disputes/{dispute_id}/resolution/approve": ALWAYS,
        # -- what leaves the house by itself from then on
        "POST /webhooks": ALWAYS,
        "POST /webhooks/{webhook_id}/rotate": ALWAYS,
        # -- money by one person
        "POST /journal/{number}/reversal": ALWAYS,
        "POST /deposit/bank": ALWAYS,
        "POST /deposit/unidentified/assign": ALWAYS,
        "POST /cases/{case_id}/release": "when a transfer is held for it",
        "POST /withdrawal/cardless/enable": ALWAYS,
        "POST /withdrawal/atm": "above a limit, by a new device, or when a rule says so",
        "POST /withdrawal/agent": "above a limit, by a new device, or when a rule says so",
        "POST /withdrawal/agent/offer": "above a limit, by a new device, or when a rule says so",
        "POST /transfer": "above a limit, by a new device, or when a rule says so",
    }
)
