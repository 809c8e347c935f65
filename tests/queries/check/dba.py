"""What somebody with the superuser's rights may do to a log, past every trigger."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import psycopg
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from ledger.chain import GENESIS, next_hash
from queries.check.hashes import hashed
from queries.check.reading import HASH_AT, LINES, RECORDS, Line, Record
from tests.conftest import Database
from tests.queries.check.planting import planting

Connection = psycopg.Connection[TupleRow]

NEWEST = "SELECT position, hash, recorded_at FROM ledger.log ORDER BY position DESC LIMIT 1"
SET_HASH = "UPDATE ledger.log SET hash = %s WHERE position = %s"
SET_HEAD = "UPDATE ledger.head SET position = %s, hash = %s, recorded_at = %s"
# A transfer of a thousand becomes one of ninety thousand, and still balances.
EDIT = """
    UPDATE ledger.line SET amount = amount * 90, balance = balance + amount * 89
    WHERE
        entry_number = (
            SELECT entry_number FROM ledger.log WHERE kind = 'transfer.made'
            ORDER BY position LIMIT 1
        )
"""
BURY = """
    DELETE FROM ledger.line
    WHERE
        entry_number = (
            SELECT entry_number FROM ledger.log WHERE kind = 'transfer.made'
            ORDER BY position LIMIT 1
        );
    DELETE FROM ledger.log
    WHERE
        position = (
            SELECT position FROM ledger.log WHERE kind = 'transfer.made' ORDER BY position LIMIT 1
        )
"""
# Two records change their places, with all that they say.
SWAP = """
    CREATE TEMP TABLE two AS
    SELECT * FROM ledger.log
    WHERE position >= (SELECT min(position) FROM ledger.log WHERE kind = 'transfer.made')
    ORDER BY position LIMIT 2;
    UPDATE ledger.log AS l
    SET
        kind = o.kind, subject = o.subject, actor = o.actor, session = o.session,
        request_id = o.request_id, payload = o.payload, touched = o.touched,
        entry_number = NULL, booking_date = NULL, value_date = NULL, reverses = o.reverses
    FROM two AS t, two AS o
    WHERE l.position = t.position AND o.position <> t.position;
    UPDATE ledger.log AS l
    SET
        entry_number = o.entry_number, booking_date = o.booking_date, value_date = o.value_date
    FROM two AS t, two AS o
    WHERE l.position = t.position AND o.position <> t.position
"""
# The last ten records have never been.
CUT = """
    DELETE FROM ledger.line
    WHERE
        entry_number IN (
            SELECT entry_number FROM ledger.log
            WHERE position > (SELECT max(position) - 10 FROM ledger.log)
        );
    DELETE FROM ledger.log WHERE position > (SELECT max(position) - 10 FROM ledger.log)
"""


class Attack(NamedTuple):
    """What is done, and whether the hashes are made good afterwards."""

    name: str
    sql: str
    rechained: bool = False

    def commit(self, books: Database) -> None:
        """Do it, and have a head that fits."""
        with planting(books) as owner:
            owner.execute(self.sql)
            if self.rechained:
                rechain(owner)
            newest = owner.execute(NEWEST).fetchone()
            assert newest is not None
            owner.execute(SET_HEAD, newest)


ATTACKS = (
    Attack("edit", EDIT),
    Attack("deletion", BURY),
    Attack("swap", SWAP),
    Attack("truncation", CUT),
    Attack("edit-rechained", EDIT, rechained=True),
    Attack("swap-rechained", SWAP, rechained=True),
)


def rechain(owner: Connection, after: int = 0) -> None:
    """Make every hash after a position anew, so that the chain is whole again."""
    set_json_loads(msgspec.json.decode, owner)
    previous = GENESIS
    if after:
        row = owner.execute(HASH_AT, {"position": after}).fetchone()
        assert row is not None
        previous = bytes(row[0])
    for record in records(owner, after):
        lines = []
        if record.entry_number is not None:
            found = owner.execute(LINES, {"numbers": [record.entry_number]}).fetchall()
            lines = [Line._make(line) for line in found]
        previous = next_hash(previous, hashed(record, lines))
        owner.execute(SET_HASH, [previous, record.position])


def records(owner: Connection, after: int) -> list[Record]:
    bounds = {"after": after, "up_to": 2**62}
    return [Record._make(row) for row in owner.execute(RECORDS, bounds).fetchall()]
