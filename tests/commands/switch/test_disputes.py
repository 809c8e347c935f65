"""A dispute ends as two people say, and the books with it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.identity.person import Role
from commands.switch.dispute import Dispute, Resolution
from commands.switch.lapse_resolution import LapseResolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.treasury.own_money import PayInCapital, PayTrustCharge
from commands.treasury.settlement import SettleSwitch
from commands.withdrawal.lifecycle import State
from ledger.accounts import Status
from ledger.errors import Conflict, Forbidden, InsufficientFunds, InvalidRequest, NotFound, Refusal
from ledger.money import Money
from tests.commands.desk import Desk as Office
from tests.commands.town import TODAY, trace

DISPUTE = trace(1).id
R = Resolution


class Desk(Office):
    """2,000 escudos of a reversed withdrawal of Ana's are disputed."""

    def __init__(self) -> None:
        super().__init__()
        self.bring_to(State.REVERSED)
        self.complete(settlement_date=TODAY - timedelta(days=2))

    def propose(self, resolution: Resolution = R.WRITE_OFF, by: UUID | None = None) -> None:
        """What the first person says."""
        self.do(proposes(self, resolution, by))

    def approve(self, resolution: Resolution = R.WRITE_OFF) -> None:
        """What the second person says."""
        self.do(approves(self, resolution))

    @property
    def dispute(self) -> Dispute:
        """As it stands."""
        found: Dispute = self.find(Dispute.by_id(DISPUTE))
        return found


def proposes(
    desk: Desk, resolution: Resolution = R.WRITE_OFF, by: UUID | None = None
) -> ProposeResolution:
    return ProposeResolution(
        dispute_id=DISPUTE,
        resolution=resolution,
        evidence="journal of the machine",
        maker_id=by or desk.operator,
    )


def approves(
    desk: Desk, resolution: Resolution = R.WRITE_OFF, by: UUID | None = None
) -> ApproveResolution:
    return ApproveResolution(
        dispute_id=DISPUTE, resolution=resolution, checker_id=by or desk.other_operator
    )


@pytest.fixture
def desk() -> Desk:
    return Desk()


ENTRIES = [
    (R.CHARGE_CUSTOMER, "2010 2000 | 1900 2000", TODAY),
    (R.WRITE_OFF, "5090 2000 + 1010 2000 | 1900 2000 + 1020 2000", TODAY),
    (R.NOT_IN_FILE, "2100 2000 | 1900 2000", TODAY - timedelta(days=2)),
]


@pytest.mark.parametrize(("resolution", "entry", "value_date"), ENTRIES)
def test_each_way_out_has_its_entry(
    desk: Desk, resolution: Resolution, entry: str, value_date: object
) -> None:
    desk.propose(resolution)
    assert desk.booked == []
    desk.approve(resolution)
    assert desk.booked == [entry]
    assert desk.last.value_date == value_date
    assert desk.dispute.state == "closed"
    assert desk.code_holds("1900") == 0


def test_the_events_tell_who_said_what(desk: Desk) -> None:
    desk.propose()
    assert desk.kinds == ["dispute.resolution_proposed"]
    assert desk.last.payload["maker"] == desk.operator
    assert desk.last.payload["evidence"] == "journal of the machine"
    desk.approve()
    assert desk.kinds == ["dispute.resolved"]
    assert desk.last.subject == DISPUTE
    payload = desk.last.payload
    assert (payload["maker"], payload["checker"]) == (desk.operator, desk.other_operator)
    assert (payload["state"], payload["resolution"]) == ("closed", R.WRITE_OFF)
    assert (payload["amount"], payload["withdrawal"]) == (200_000, desk.id)


def test_one_person_alone_resolves_nothing(desk: Desk) -> None:
    desk.propose()
    assert isinstance(desk.refused(approves(desk, by=desk.operator)), Forbidden)


def test_what_is_approved_is_what_was_proposed(desk: Desk) -> None:
    assert isinstance(desk.refused(approves(desk)), Conflict)
    desk.propose(R.NOT_IN_FILE)
    refusal = desk.refused(approves(desk, R.WRITE_OFF))
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"proposed": R.NOT_IN_FILE}


def test_a_resolution_lapses_while_it_waits(desk: Desk) -> None:
    desk.propose()
    approve = msgspec.structs.replace(approves(desk), ttl_seconds=3_600)
    desk.now += timedelta(seconds=3_600)
    refusal = desk.refused(approve)
    assert isinstance(refusal, Conflict)
    assert refusal.message == "This proposal is too old: propose it again."
    desk.propose()
    desk.do(approve)
    assert desk.dispute.state == "closed"


def test_a_resolution_that_nobody_touches_ends_on_record(desk: Desk) -> None:
    lapse = LapseResolution(dispute_id=DISPUTE, ttl_seconds=3_600)
    assert not desk.do(lapse).lapsed
    desk.propose()
    assert not desk.do(lapse).lapsed
    desk.now += timedelta(seconds=3_600)
    assert desk.do(lapse).lapsed
    assert desk.kinds == ["dispute.resolution_lapsed"]
    assert desk.last.payload["maker"] == desk.operator
    assert (desk.dispute.state, desk.dispute.resolution) == ("open", None)
    assert isinstance(desk.refused(approves(desk)), Conflict)
    desk.propose()
    desk.approve()
    assert not desk.do(lapse).lapsed
    assert desk.dispute.state == "closed"


def test_a_resolution_is_bound_to_the_evidence_and_amount_that_were_read(desk: Desk) -> None:
    read = desk.do(proposes(desk)).content_hash
    waits = desk.do(msgspec.structs.replace(proposes(desk), evidence="hearsay")).content_hash
    refusal = desk.refused(msgspec.structs.replace(approves(desk), content_hash=read))
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"contentHash": waits} and waits != read
    less = msgspec.structs.replace(desk.dispute, taken_back=1)
    assert less.content_hash != waits
    desk.do(msgspec.structs.replace(approves(desk), content_hash=waits))
    assert desk.dispute.state == "closed"


def test_a_dispute_ends_once(desk: Desk) -> None:
    desk.propose()
    desk.approve()
    assert isinstance(desk.refused(approves(desk)), Conflict)
    assert isinstance(desk.refused(proposes(desk)), Conflict)


def test_a_closed_dispute_is_not_opened_again(desk: Desk) -> None:
    desk.propose()
    desk.approve()
    desk.complete()
    assert desk.kinds == []


def test_a_customer_who_is_not_known_cannot_be_charged(desk: Desk) -> None:
    desk.complete(number=9)
    unknown = msgspec.structs.replace(proposes(desk, R.CHARGE_CUSTOMER), dispute_id=trace(9).id)
    assert isinstance(desk.refused(unknown), InvalidRequest)


def test_a_customer_is_charged_only_what_is_there(desk: Desk) -> None:
    desk.request(9_800)
    desk.propose(R.CHARGE_CUSTOMER)
    assert isinstance(desk.refused(approves(desk, R.CHARGE_CUSTOMER)), InsufficientFunds)


def test_what_was_settled_and_is_in_no_file_the_switch_owes(desk: Desk) -> None:
    settles = SettleSwitch(
        settlement_date=desk.dispute.settlement_date,
        amount=Money.of(2_000),
        interchange=Money.of(0),
        reference="SISP 1",
    )
    desk.decide(settles)
    desk.propose(R.NOT_IN_FILE)
    desk.approve(R.NOT_IN_FILE)
    assert desk.booked == ["1100 2000 | 1900 2000"]


def test_a_write_off_is_paid_from_money_that_is_there(desk: Desk) -> None:
    desk.propose()
    desk.decide(PayTrustCharge(amount=Money.of(48_001), reference="T1"))
    refusal = desk.refused(approves(desk))
    assert isinstance(refusal, InsufficientFunds)
    assert refusal.message == "Our own bank account does not hold enough for this."
    assert desk.dispute.state == "open"
    desk.decide(PayInCapital(amount=Money.of(1), reference="owners"))
    desk.approve()
    assert desk.code_holds("1020") == 0


def test_a_freeze_does_not_stop_two_people(desk: Desk) -> None:
    desk.do(SetWalletStatus(user_id=desk.ana.user_id, status=Status.FROZEN))
    desk.propose(R.CHARGE_CUSTOMER)
    desk.approve(R.CHARGE_CUSTOMER)
    assert desk.holds(desk.ana.wallet_id) == 8_000


REFUSED: list[tuple[Role, type[Refusal] | None]] = [
    (Role.AUDITOR, Forbidden),
    (Role.ADMIN, Forbidden),
    (Role.OPERATOR, None),
    (Role.ACCOUNTANT, None),
]


@pytest.mark.parametrize(("role", "refusal"), REFUSED)
def test_only_who_may_resolve_does(desk: Desk, role: Role, refusal: type[Refusal] | None) -> None:
    person = desk.staff(role)
    if refusal is None:
        desk.propose(by=person)
        desk.approve()
    else:
        assert isinstance(desk.refused(proposes(desk, by=person)), refusal)
        desk.propose()
        assert isinstance(desk.refused(approves(desk, by=person)), refusal)


def test_there_is_nothing_to_resolve_of_the_unknown(desk: Desk) -> None:
    unknown = msgspec.structs.replace(proposes(desk), dispute_id=uuid7())
    assert isinstance(desk.refused(unknown), NotFound)
