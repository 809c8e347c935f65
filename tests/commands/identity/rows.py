"""Rows of people: as they begin, and as they are saved again."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from uuid_utils.compat import uuid7

from commands.identity.admins import Admins
from commands.identity.factors import Factors
from commands.identity.passkey import Passkey, passkey_id_of
from commands.identity.person import Person, Role, Standing
from commands.identity.reset import Reset, ResetState, What
from ledger.rows import Row

WHEN = datetime(2030, 5, 15, 9, 30, 0, 123_456, tzinfo=UTC)
ID, OTHER_ID = uuid7(), uuid7()
CLERK = Person(
    id=ID, role=Role.OPERATOR, status=Standing.INVITED, phone_index=b"\0\xff", profile_seal=b"p",
    pin_hash="", totp_seal=b"",
)  # fmt: skip
PASSKEY = Passkey(
    id=passkey_id_of(b"\0credential"), person_id=ID, credential_id=b"\0credential",
    public_key=b"\xffkey", sign_count=0, name="o portátil", added_at=WHEN,
)  # fmt: skip
RESET = Reset(
    person_id=ID, what=What.PIN, state=ResetState.OPEN, opened_at=WHEN, code_digest=bytes(range(32))
)
ROWS_OF_IDENTITY: list[tuple[Row, Row | None]] = [
    (CLERK, msgspec.structs.replace(
        CLERK, role=Role.ADMIN, status=Standing.ACTIVE, pin_hash="hash", totp_seal=b"seal",
        session_epoch=3, given_by=OTHER_ID, let_in_by=uuid7())),
    (Factors(person_id=ID), Factors(
        person_id=ID, recovery=("a1", "b2"), passkeys=(PASSKEY.id, OTHER_ID))),
    (PASSKEY, msgspec.structs.replace(PASSKEY, sign_count=7, used_at=WHEN, removed_at=WHEN)),
    (RESET, msgspec.structs.replace(RESET, state=ResetState.USED, code_digest=None)),
    (Admins(ids=(ID,)), Admins(ids=(ID, OTHER_ID))),
]  # fmt: skip
