"""I20 is shown to fail on planted faults, and to name the first bad row."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.queries.check.planting import Fault, require_named

TOLD = "SELECT number FROM plant.told('transfer.made')"
PROPOSAL = "SELECT id, maker_id, checker_id FROM ledger.proposal"
FAULTS = (
    Fault(
        "I20",
        """UPDATE ledger.log
        SET payload = jsonb_set(payload, '{checker}', payload -> 'maker')
        WHERE kind = 'proposal.applied'""",
        "The proposal {id} of {maker_id} was approved by {checker_id} for {maker_id}",
        PROPOSAL,
    ),
    Fault(
        "I20",
        "UPDATE ledger.log SET actor = 'nobody' WHERE kind = 'proposal.applied'",
        "The proposal {id} of {maker_id} was approved by nobody",
        PROPOSAL,
    ),
    Fault(
        "I20",
        """UPDATE ledger.log AS l
        SET kind = a.kind, subject = a.subject, payload = a.payload, actor = a.actor
        FROM ledger.log AS a
        WHERE a.kind = 'proposal.applied'
        AND l.position = (SELECT max(position) FROM ledger.log)""",
        "The proposal {id} was applied twice.",
        PROPOSAL,
    ),
    *(
        Fault(
            "I20",
            f"""UPDATE ledger.log AS l
            SET
                kind = '{kind}',
                payload = l.payload || jsonb_build_object('giver', p.{giver})
            FROM ledger.proposal AS p
            WHERE l.kind = 'person.enrolled' AND l.subject = p.{made}""",  # noqa: S608
            "The proposal {id} was made and approved by {maker_id} and {checker_id}",
            PROPOSAL,
        )
        for kind in ("person.role_changed", "person.enabled")
        for giver, made in (("maker_id", "checker_id"), ("checker_id", "maker_id"))
    ),
    Fault(
        "I20",
        """ALTER TABLE ledger.proposal DROP CONSTRAINT a_proposal_is_named_by_its_content;
        UPDATE ledger.proposal SET content = '{}'""",
        "The proposal {id} is not what was approved.",
        PROPOSAL,
    ),
    Fault(
        "I20",
        "UPDATE ledger.proposal SET state = 'withdrawn'",
        "The proposal {id} does not stand as it was approved.",
        PROPOSAL,
    ),
    Fault(
        "I20",
        """UPDATE ledger.log SET kind = 'manual.posted'
        WHERE position = plant.first('transfer.made')""",
        "Entry {number} was booked by hand, and nobody has proposed it.",
        TOLD,
    ),
    Fault(
        "I20",
        """UPDATE ledger.log
        SET kind = 'manual.posted', subject = (SELECT id FROM ledger.proposal LIMIT 1)
        WHERE position = plant.first('transfer.made')""",
        "Entry {number} is not what two people have approved.",
        TOLD,
    ),
)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(books: Database, fault: Fault) -> None:
    require_named(books, fault)
