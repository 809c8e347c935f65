"""I23 is shown to fail for each way in which an act can be without trace, and to name it."""

from __future__ import annotations

import pytest

from ledger import trail
from ledger.database import connect
from queries.check import reading
from queries.check.run import prove
from tests.conftest import Database
from tests.queries.check.history import a_note
from tests.queries.check.planting import Fault, found, require_named

LACKS = "lacks an actor, a request or an outcome."
NEWEST_SEAL = "SELECT max(position) AS seal FROM ledger.log WHERE kind = 'trail.sealed'"

FAULTS = (
    Fault(
        "I23",
        """ALTER TABLE ledger.log DROP CONSTRAINT an_event_has_an_actor_and_a_request;
        UPDATE ledger.log SET actor = '' WHERE position = 9""",
        LACKS,
    ),
    Fault(
        "I23",
        """ALTER TABLE ledger.log DROP CONSTRAINT an_event_has_an_outcome;
        UPDATE ledger.log SET outcome = '' WHERE position = 9""",
        LACKS,
    ),
    Fault("I23", "UPDATE ledger.log SET outcome = 'well' WHERE position = 9", LACKS),
    Fault(
        "I23",
        "UPDATE ledger.trail SET actor = 'somebody' WHERE position = 2",
        "Note 2 of the trail is not what was written.",
    ),
    Fault(
        "I23",
        "UPDATE ledger.trail SET times = 1 WHERE position = 4",
        "Note 4 of the trail is not what was written.",
    ),
    Fault("I23", "DELETE FROM ledger.trail WHERE position = 1", "Note 1 of the trail is missing."),
    Fault("I23", "DELETE FROM ledger.trail WHERE position = 2", "Note 2 of the trail is missing."),
    Fault(
        "I23",
        "DELETE FROM ledger.trail WHERE position = 4",
        "The trail ends with note 3; its end says 4.",
    ),
    Fault(
        "I23",
        """DELETE FROM ledger.trail WHERE position > 2;
        UPDATE ledger.trail_end AS e SET position = 2, hash = t.hash
        FROM ledger.trail AS t WHERE t.position = 2""",
        "Record {seal} of the log takes up note 3; the trail ends with 2.",
        NEWEST_SEAL,
    ),
    Fault(
        "I23",
        "UPDATE ledger.trail_seal SET position = 2",
        "The seal of the trail is not what record {seal} says.",
        NEWEST_SEAL,
    ),
    Fault(
        "I23",
        """UPDATE ledger.log SET payload = jsonb_set(payload, '{after}', '1')
        WHERE position = (SELECT max(position) FROM ledger.log WHERE kind = 'trail.sealed')""",
        "takes the trail up after note 1; the one before ended with 2.",
    ),
    Fault(
        "I23",
        """UPDATE ledger.log SET payload = jsonb_set(payload, '{counts,0,times}', '3')
        WHERE position = (SELECT max(position) FROM ledger.log WHERE kind = 'trail.sealed')""",
        "Record {seal} does not count what the notes before it say.",
        NEWEST_SEAL,
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.says.partition(".")[0])
def test_a_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)


def test_alla_notes_and_seals_are_looked_at(books: Database) -> None:
    looked_at = found(books, "I23").looked_at
    assert (looked_at["notes"], looked_at["seals"]) == (4, 2)


async def test_a_trail_that_was_written_anew_is_not_what_was_sealed(books: Database) -> None:
    """Hashes, end and all: the log tells."""
    fault = Fault(
        "I23",
        "DELETE FROM ledger.trail; UPDATE ledger.trail_end SET position = 0,"
        " hash = decode(repeat('00', 32), 'hex')",
        "takes up note",
    )
    require_named(books, fault)
    async with await connect(books.commands, "makeba test") as connection:
        for number in (7, 1, 2, 3):
            await trail.write(connection, trail.Writing([a_note(number)]))
    for full in (True, False):
        finding = found(books, "I23", full=full)
        assert "Note 2 of the trail is not the one that record" in str(finding.first_bad)


def test_any_stretch_of_records_finds_its_seals(
    books: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for newest in range(12):
        monkeypatch.setattr(reading, "NEWEST_RECORDS", newest)
        monkeypatch.setattr(reading, "PAGE_ROWS", 1 + newest % 3)
        findings = {each.code: each for each in prove(books.auditor, full=False).findings}
        assert findings["I23"].first_bad is None
