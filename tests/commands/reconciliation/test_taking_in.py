"""A file is taken in once and in its turn, with its acquirer's own signature, or not at all."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands.identity.person import Role
from commands.reconciliation.close import CloseFile
from commands.reconciliation.file import FileState
from commands.reconciliation.match_items import MatchItems
from commands.switch.enrol import EnrolSwitchKey
from ledger.errors import Conflict, FileRefused, Forbidden
from server.settlement.checking import Checked, check, items
from simulator.link.settlement_file import tampered
from tests.commands.reconciliation.clearing import CUT_OFF, Clearing, taking
from tests.commands.town import TODAY
from tests.settlement_files import file, item


def checked(content: bytes) -> Checked:
    return check(io.BytesIO(content))


def refused(clearing: Clearing, content: bytes) -> dict[str, Any]:
    before = len(clearing.events)
    refusal = clearing.refused(taking(checked(content)))
    assert isinstance(refusal, FileRefused)
    assert len(clearing.events) == before
    return refusal.facts


def test_a_file_is_taken_in_and_nothing_is_posted_by_that(clearing: Clearing) -> None:
    clearing.now = CUT_OFF
    status = clearing.do(taking(checked(file(item(1)))))
    assert (status.state, status.records, status.matched) == (FileState.MATCHING, 1, 0)
    assert clearing.kinds == ["settlement.file_taken_in"]
    assert clearing.booked == []


def test_a_number_counts_once_and_the_same_content_is_known_again(clearing: Clearing) -> None:
    clearing.now = CUT_OFF
    content = file(item(1), cut_off_at=CUT_OFF)
    found = checked(content)
    clearing.do(taking(found))
    clearing.do(MatchItems(heading=found.heading, items=tuple(items(io.BytesIO(content), 0))))
    clearing.do(CloseFile(heading=found.heading))
    facts = refused(clearing, content)
    assert (facts["line"], facts["reason"]) == (1, "file 1 was taken in before")
    assert facts["sameContent"] is True
    other = refused(clearing, file(item(2), cut_off_at=CUT_OFF))
    assert (other["reason"], other["sameContent"]) == ("another file 1 was taken in before", False)


def test_whoever_was_interrupted_takes_it_in_again_and_goes_on(clearing: Clearing) -> None:
    clearing.now = CUT_OFF
    content = file(*(item(serial) for serial in (1, 2, 3)), cut_off_at=CUT_OFF)
    found = checked(content)
    clearing.do(taking(found))
    every = tuple(items(io.BytesIO(content), 0))
    clearing.do(MatchItems(heading=found.heading, items=every[:2]))
    assert isinstance(clearing.refused(CloseFile(heading=found.heading)), Conflict)
    assert clearing.do(taking(found)).matched == 2
    assert clearing.kinds == []
    assert clearing.do(MatchItems(heading=found.heading, items=every[1:])).matched == 3
    assert [row[0] for row in clearing.last.payload["items"]] == [3]
    assert clearing.do(MatchItems(heading=found.heading, items=every)).matched == 3
    assert clearing.kinds == []


def test_items_are_matched_in_their_order(clearing: Clearing) -> None:
    clearing.now = CUT_OFF
    content = file(item(1), item(2), cut_off_at=CUT_OFF)
    found = checked(content)
    clearing.do(taking(found))
    second = tuple(items(io.BytesIO(content), 1))
    refusal = clearing.refused(MatchItems(heading=found.heading, items=second))
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"matched": 0}


def test_the_first_file_of_an_acquirer_begins_anywhere_and_then_none_is_missing(
    clearing: Clearing,
) -> None:
    clearing.bring(number=17)
    facts = refused(clearing, file(number=19, cut_off_at=clearing.now))
    assert (facts["reason"], facts["expected"]) == ("file 18 is the next one, not 19", 18)
    facts = refused(clearing, file(number=16, cut_off_at=clearing.now))
    assert facts["reason"] == "file 18 is the next one, not 16"
    clearing.bring(number=18)


def test_the_one_before_must_be_matched(clearing: Clearing) -> None:
    clearing.now = CUT_OFF
    clearing.do(taking(checked(file(item(1), cut_off_at=CUT_OFF))))
    refusal = clearing.refused(taking(checked(file(number=2, cut_off_at=CUT_OFF))))
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"state": "matching", "number": 1}


def test_a_foreign_date(clearing: Clearing) -> None:
    ahead = TODAY + timedelta(days=2)
    facts = refused(clearing, file(day=ahead))
    assert facts["reason"] == f"its settlement date {ahead} is still to come"
    clearing.bring(day=TODAY + timedelta(days=1))
    facts = refused(clearing, file(number=2, day=TODAY))
    assert facts["reason"] == f"its settlement date {TODAY} comes before that of the last file"


def test_a_foreign_acquirer(clearing: Clearing) -> None:
    facts = refused(clearing, file(acquirer_id="OTHER"))
    assert (facts["line"], facts["reason"]) == (1, "the key is none of this acquirer's")
    facts = refused(clearing, file(key_id="unknown"))
    assert (facts["line"], facts["reason"]) == (1, "the key is none of this acquirer's")
    clearing.do(EnrolSwitchKey(key_id="theirs", acquirer_id="OTHER", public_key=bytes(32)))
    facts = refused(clearing, file(key_id="theirs"))
    assert facts["reason"] == "the key is none of this acquirer's"


@pytest.mark.parametrize(
    "content",
    [
        tampered(file(item(1), item(2))),
        file(item(1), item(2), key=Ed25519PrivateKey.generate()),
    ],
    ids=["altered", "signed by somebody else"],
)
def test_a_signature_that_is_not_the_acquirers(clearing: Clearing, content: bytes) -> None:
    facts = refused(clearing, content)
    assert facts["line"] == 4
    assert facts["reason"] == "the signature is not that of this content: it was altered"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_only_who_may_takes_files_in(clearing: Clearing, role: Role) -> None:
    somebody = clearing.staff(role)
    command = taking(checked(file()), user_id=somebody)
    assert isinstance(clearing.refused(command), Forbidden)
    clearing.do(taking(checked(file()), user_id=clearing.accountant))
