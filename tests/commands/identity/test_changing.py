"""Factors, devices and rights change: decided without a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.transfer import Transfer
from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.identity.admins import THE_ADMINS
from commands.identity.change_pin import ChangePin
from commands.identity.confirm_factor import OpenSession
from commands.identity.confirm_step_up import StepUp
from commands.identity.devices import DEVICES_MAX, Devices, ForgetDevice
from commands.identity.factors import Factors
from commands.identity.invite import InviteFirstAdmin
from commands.identity.person import Person, Role, Standing
from commands.identity.recovery import MakeRecoveryCodes
from commands.identity.reset import (
    IssueResetCode,
    ObjectToReset,
    Reset,
    ResetFactor,
    ResetState,
    ResetTimes,
)
from commands.identity.session import Session
from commands.identity.shown import RecoveryShown, TotpShown
from commands.identity.sign_out import SignOutEverywhere
from commands.identity.staffing import ChangeRole, DisablePerson, EnablePerson
from commands.identity.use_reset import CheckReset, ResetProof, UseReset
from commands.tier import Tier
from ledger.errors import (
    Conflict,
    Forbidden,
    LimitExceeded,
    NotFound,
    Refusal,
    StepUpRequired,
    TooMany,
    Unauthenticated,
)
from ledger.money import Money
from tests.commands.town import Customer, Town

COOL_OFF = 72 * 3_600
TIMES = ResetTimes(cool_off_seconds=86_400, open_seconds=3_600)


class House(Town):
    """Two admins and two operators, each in a session that was confirmed just now."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: dict[UUID, int] = {}
        self.sessions: dict[UUID, UUID] = {}
        self.ana, self.rui = self.staff(Role.ADMIN), self.staff(Role.ADMIN)
        self.one, self.other = self.staff(Role.OPERATOR), self.staff(Role.OPERATOR)
        for each in (self.ana, self.rui, self.one, self.other):
            self.come(each)

    def step(self, user_id: UUID) -> TotpShown:
        """The next code of somebody's authenticator."""
        self.steps[user_id] = self.steps.get(user_id, 0) + 1
        return TotpShown(self.steps[user_id])

    def sign_in(
        self, user_id: UUID, device: str = "", shown: Any = None, epoch: int | None = None
    ) -> UUID:
        """A session of somebody, by this device, begun just now or in another epoch."""
        now = self.person(user_id).session_epoch
        opened = self.do(
            OpenSession(
                user_id=user_id,
                session_id=uuid7(),
                token_hash=uuid7().bytes,
                shown=shown or self.step(user_id),
                epoch=now if epoch is None else epoch,
                idle_seconds=600,
                absolute_seconds=43_200,
                device=device,
                cool_off_seconds=COOL_OFF,
            )
        )
        self.sessions[user_id] = opened.session_id
        return opened.session_id

    def come(self, user_id: UUID) -> UUID:
        """Sign in, and confirm it."""
        session_id = self.sign_in(user_id)
        self.confirm(user_id, session_id)
        return session_id

    def confirm(self, user_id: UUID, session_id: UUID) -> None:
        self.do(StepUp(user_id=user_id, session_id=session_id, shown=self.step(user_id)))

    def proposing(self, maker: UUID, change: Change) -> Propose:
        return Propose(
            proposal_id=uuid7(),
            maker_id=maker,
            change=change,
            ttl_seconds=3_600,
            session_id=self.sessions[maker],
        )

    def approving(self, checker: UUID, proposed: ProposalStatus) -> Approve:
        return Approve(
            proposal_id=proposed.proposal_id,
            checker_id=checker,
            content_hash=proposed.content_hash,
            session_id=self.sessions[checker],
        )

    def decide(self, maker: UUID, checker: UUID, change: Change) -> None:
        self.do(self.approving(checker, self.do(self.proposing(maker, change))))

    def person(self, user_id: UUID) -> Person:
        found: Person = self.find(Person.by_id(user_id))
        return found

    def send(self, customer: Customer, to: Customer, escudos: int, session_id: UUID) -> None:
        self.do(
            Transfer(
                transaction_id=uuid7(),
                user_id=customer.user_id,
                to_phone=to.phone_index,
                amount=Money.of(escudos),
                session_id=session_id,
            )
        )

    def not_sent(self, customer: Customer, to: Customer, escudos: int, session_id: UUID) -> Refusal:
        with pytest.raises(Refusal) as refused:
            self.send(customer, to, escudos, session_id)
        return refused.value


@pytest.fixture
def house() -> House:
    return House()


# -- new devices and large amounts -----------------------------------------------------------------


def test_a_new_device_moves_little_until_it_has_cooled_off(house: House) -> None:
    eva, rui = house.customer("eva", 90_000), house.customer("zé", 0)
    house.sign_in(eva.user_id, "first")
    session = house.sign_in(eva.user_id, "second")
    assert house.kinds == ["device.added", "session.opened"]
    assert isinstance(house.not_sent(eva, rui, 1_000, session), StepUpRequired)
    house.confirm(eva.user_id, session)
    refused = house.not_sent(eva, rui, 5_001, session)
    assert isinstance(refused, LimitExceeded)
    assert refused.facts["of"] == "new_device"
    house.send(eva, rui, 5_000, session)
    house.send(eva, rui, 5_000, session)
    assert house.not_sent(eva, rui, 100, session).facts == {
        "limit": "dayAmount", "left": "0", "of": "new_device",
    }  # fmt: skip
    first = house.sign_in(eva.user_id, "first")
    house.send(eva, rui, 6_000, first)
    house.later(COOL_OFF)
    house.send(eva, rui, 6_000, house.sign_in(eva.user_id, "second"))


def test_a_device_that_drops_out_or_is_forgotten_is_new_when_it_comes_back(house: House) -> None:
    eva = house.customer("eva", 0)
    for number in range(DEVICES_MAX + 1):
        house.sign_in(eva.user_id, f"device {number}")
    known = house.find(Devices.of(eva.user_id)).known
    assert len(known) == DEVICES_MAX
    assert [each.hash for each in known[:2]] == ["device 0", "device 2"]
    house.do(ForgetDevice(user_id=eva.user_id, device="device 0"))
    again = house.sign_in(eva.user_id, "device 0")
    assert house.find(Session.by_id(again)).capped_until is not None
    second = house.sign_in(eva.user_id, "device 2")
    assert house.find(Session.by_id(second)).device_since is not None  # it did not move up
    for unknown in ("device 1", "none"):
        with pytest.raises(NotFound):
            house.do(ForgetDevice(user_id=eva.user_id, device=unknown))


def test_a_large_amount_needs_the_second_factor_again(house: House) -> None:
    eva, rui = house.customer("eva", 90_000, Tier.STANDARD), house.customer("zé", 0)
    session = house.sign_in(eva.user_id)
    house.send(eva, rui, 20_000, session)
    assert isinstance(house.not_sent(eva, rui, 20_001, session), StepUpRequired)
    house.confirm(eva.user_id, session)
    house.send(eva, rui, 20_001, session)
    house.later(301)
    assert isinstance(house.not_sent(eva, rui, 20_001, session), StepUpRequired)


def test_a_session_that_was_ended_moves_nothing_whoever_still_believes_it(house: House) -> None:
    eva, rui = house.customer("eva", 90_000), house.customer("zé", 0)
    session = house.sign_in(eva.user_id)
    house.do(SignOutEverywhere(user_id=eva.user_id))
    assert isinstance(house.not_sent(eva, rui, 100, session), Unauthenticated)
    with pytest.raises(Unauthenticated):
        house.confirm(eva.user_id, session)
    house.send(eva, rui, 100, house.sign_in(eva.user_id))


# -- own factors -----------------------------------------------------------------------------------


def test_changing_the_pin_needs_the_old_one_and_counts_wrong_ones(house: House) -> None:
    eva = house.customer("eva", 0)
    session = house.come(eva.user_id)
    wrong = ChangePin(user_id=eva.user_id, session_id=session, right=False, pin_hash="new")
    for _ in range(5):
        assert isinstance(house.refused(wrong), Unauthenticated)
    right = msgspec.structs.replace(wrong, right=True)
    assert isinstance(house.refused(right), TooMany)
    house.later(900)
    assert isinstance(house.refused(right), StepUpRequired)  # that was too long ago
    house.confirm(eva.user_id, session)
    house.do(right)
    assert house.person(eva.user_id).pin_hash == "new"
    assert isinstance(house.refused(right), Unauthenticated)  # signed out


def test_a_recovery_code_is_used_once_whatever_for(house: House) -> None:
    eva = house.customer("eva", 0)
    session = house.come(eva.user_id)
    house.do(MakeRecoveryCodes(user_id=eva.user_id, session_id=session, digests=("a", "b")))
    house.sign_in(eva.user_id, shown=RecoveryShown("a"))
    assert house.kinds == ["recovery_code.used", "session.opened"]
    assert house.find(Factors.of(eva.user_id)).recovery == ("b",)
    again = StepUp(user_id=eva.user_id, session_id=session, shown=RecoveryShown("a"))
    assert isinstance(house.refused(again), Unauthenticated)
    assert house.last.payload["reason"] == "recovery"
    house.do(msgspec.structs.replace(again, shown=RecoveryShown("b")))


def test_nobody_changes_what_somebody_else_signs_in_with(house: House) -> None:
    eva, zé = house.customer("eva", 0), house.customer("zé", 0)
    session = house.come(zé.user_id)
    for command in (
        ChangePin(user_id=eva.user_id, session_id=session, right=True, pin_hash="new"),
        MakeRecoveryCodes(user_id=eva.user_id, session_id=session, digests=("a",)),
    ):
        assert isinstance(house.refused(command), Unauthenticated)


# -- resets ----------------------------------------------------------------------------------------


def opened(house: House, user_id: UUID, factor: Any = "pin") -> ResetProof:
    """A reset with its code."""
    house.decide(house.one, house.other, ResetFactor(user_id=user_id, factor=factor))
    house.do(
        IssueResetCode(
            user_id=user_id,
            helper_id=house.one,
            session_id=house.sessions[house.one],
            code_digest=b"right",
            times=TIMES,
        )
    )
    return ResetProof(code_digest=b"right")


def using(house: House, user_id: UUID, proof: ResetProof, **what: Any) -> UseReset:
    return UseReset(user_id=user_id, proof=proof, times=TIMES, **what)


def test_a_reset_waits_is_used_once_and_opens_nothing_alone(house: House) -> None:
    eva = house.customer("eva", 0)
    house.sign_in(eva.user_id)
    proof = opened(house, eva.user_id)
    check = CheckReset(user_id=eva.user_id, proof=proof, times=TIMES)
    early = house.refused(check)
    assert isinstance(early, Conflict)
    house.later(TIMES.cool_off_seconds)
    house.do(check)
    alone = using(house, eva.user_id, proof, pin_hash="new")
    assert isinstance(house.refused(alone), Unauthenticated)
    whole = msgspec.structs.replace(proof, shown=house.step(eva.user_id))
    for wrong in (
        using(house, eva.user_id, whole),
        using(house, eva.user_id, whole, pin_hash="new", totp_seal=b"new", step=9),
        using(house, eva.user_id, msgspec.structs.replace(whole, code_digest=b"wrong")),
    ):
        assert isinstance(house.refused(wrong), Unauthenticated)
    house.do(using(house, eva.user_id, whole, pin_hash="new"))
    assert house.kinds == ["reset.used", "sessions.closed"]
    assert house.person(eva.user_id).pin_hash == "new"
    assert house.find(Session.by_id(house.sign_in(eva.user_id))).capped_until is not None
    again = msgspec.structs.replace(whole, shown=house.step(eva.user_id))
    assert isinstance(
        house.refused(using(house, eva.user_id, again, pin_hash="newer")), Unauthenticated
    )


def test_a_reset_of_the_authenticator_needs_the_pin_and_drops_the_recovery_codes(
    house: House,
) -> None:
    eva = house.customer("eva", 0)
    session = house.come(eva.user_id)
    house.do(MakeRecoveryCodes(user_id=eva.user_id, session_id=session, digests=("a",)))
    proof = opened(house, eva.user_id, "totp")
    house.later(TIMES.cool_off_seconds)
    new = {"totp_seal": b"new", "step": 7}
    assert isinstance(house.refused(using(house, eva.user_id, proof, **new)), Unauthenticated)
    known = msgspec.structs.replace(proof, pin_right=True)
    unproven = using(house, eva.user_id, known, totp_seal=b"new", step=None)
    assert isinstance(house.refused(unproven), Unauthenticated)
    house.do(using(house, eva.user_id, known, **new))
    assert house.person(eva.user_id).totp_seal == b"new"
    assert house.find(Factors.of(eva.user_id)).recovery == ()
    with pytest.raises(Unauthenticated):
        house.sign_in(eva.user_id, shown=TotpShown(7))


def test_a_reset_that_nobody_uses_lapses(house: House) -> None:
    eva = house.customer("eva", 0)
    proof = opened(house, eva.user_id)
    house.later(TIMES.cool_off_seconds + TIMES.open_seconds)
    late = house.refused(CheckReset(user_id=eva.user_id, proof=proof, times=TIMES))
    assert isinstance(late, Conflict)
    reset: Reset = house.find(Reset.of(eva.user_id))
    assert (reset.state, reset.code_digest) == (ResetState.LAPSED, None)
    object_ = ObjectToReset(user_id=eva.user_id, times=TIMES)
    assert isinstance(house.refused(object_), Conflict)
    house.come(house.one)
    house.come(house.other)
    assert opened(house, eva.user_id) == proof  # another one can be asked for


def test_the_count_of_wrong_tries_is_one_for_all_ways_in(house: House) -> None:
    eva = house.customer("eva", 0)
    proof = opened(house, eva.user_id)
    house.later(TIMES.cool_off_seconds)
    wrong = msgspec.structs.replace(proof, code_digest=b"wrong")
    for _ in range(5):
        refused = house.refused(CheckReset(user_id=eva.user_id, proof=wrong, times=TIMES))
        assert isinstance(refused, Unauthenticated)
    locked = house.refused(CheckReset(user_id=eva.user_id, proof=proof, times=TIMES))
    assert isinstance(locked, TooMany)
    with pytest.raises(TooMany):
        house.sign_in(eva.user_id)


def test_what_ends_all_sessions_ends_those_that_are_half_open(house: House) -> None:
    eva = house.customer("eva", 0)
    begun = house.person(eva.user_id).session_epoch
    steps = house.person(eva.user_id).totp_step
    house.do(SignOutEverywhere(user_id=eva.user_id))
    with pytest.raises(Unauthenticated):
        house.sign_in(eva.user_id, shown=TotpShown(7), epoch=begun)
    after = house.person(eva.user_id)
    assert (after.pin_failures, after.totp_step) == (0, steps)  # no wrong try, and no code used up
    house.sign_in(eva.user_id, shown=TotpShown(7))


def test_nobody_comes_in_by_what_was_begun_before_they_were_stopped(house: House) -> None:
    begun, now = house.person(house.one).session_epoch, house.sessions
    disable = DisablePerson(
        user_id=house.one, admin_id=house.ana, session_id=now[house.ana], reason="lost a laptop"
    )
    house.do(disable)
    with pytest.raises(Unauthenticated):
        house.sign_in(house.one, epoch=begun)
    house.decide(house.ana, house.rui, EnablePerson(user_id=house.one))
    with pytest.raises(Unauthenticated):
        house.sign_in(house.one, epoch=begun)
    house.sign_in(house.one)


# -- rights ----------------------------------------------------------------------------------------


def test_a_role_changes_with_two_admins_and_everything_that_was_open_ends(house: House) -> None:
    session = house.sessions[house.one]
    house.decide(house.ana, house.rui, ChangeRole(user_id=house.one, role="accountant"))
    assert house.person(house.one).role is Role.ACCOUNTANT
    assert not house.find(Session.by_id(session)).good_for(house.person(house.one))
    customer = house.customer("eva", 0)
    late = house.proposing(house.one, ResetFactor(user_id=customer.user_id, factor="pin"))
    assert isinstance(house.refused(late), Forbidden)


def test_a_proposal_dies_with_its_makers_role(house: House) -> None:
    eva = house.customer("eva", 0)
    proposed = house.do(house.proposing(house.one, ResetFactor(user_id=eva.user_id, factor="pin")))
    house.decide(house.ana, house.rui, ChangeRole(user_id=house.one, role="auditor"))
    assert isinstance(house.refused(house.approving(house.other, proposed)), Forbidden)


def test_admins_are_listed_as_they_come_and_go(house: House) -> None:
    assert house.find(THE_ADMINS).ids == (house.ana, house.rui)
    house.decide(house.ana, house.rui, ChangeRole(user_id=house.other, role="admin"))
    assert house.find(THE_ADMINS).ids == (house.ana, house.rui, house.other)
    disable = DisablePerson(
        user_id=house.rui,
        admin_id=house.ana,
        session_id=house.sessions[house.ana],
        reason="left",
    )
    house.do(disable)
    assert house.person(house.rui).status is Standing.DISABLED
    house.do(msgspec.structs.replace(disable, user_id=house.other))
    assert house.find(THE_ADMINS).ids == (house.ana,)
    alone = house.refused(msgspec.structs.replace(disable, user_id=house.ana))
    assert isinstance(alone, Conflict)
    # While there is only one, the console may make another.
    invite = InviteFirstAdmin(
        user_id=uuid7(), phone_index=b"new", profile_seal=b"-", code_digest=b"code", times=TIMES
    )
    house.do(invite)
    assert house.person(invite.user_id).active
    third = msgspec.structs.replace(invite, user_id=uuid7(), phone_index=b"newer")
    assert isinstance(house.refused(third), Conflict)


def test_whoever_was_disabled_is_let_in_by_two(house: House) -> None:
    house.do(
        DisablePerson(
            user_id=house.one,
            admin_id=house.ana,
            session_id=house.sessions[house.ana],
            reason="lost a laptop",
        )
    )
    with pytest.raises(Unauthenticated):
        house.sign_in(house.one)
    enable = EnablePerson(user_id=house.one)
    proposed = house.do(house.proposing(house.ana, enable))
    assert isinstance(house.refused(house.approving(house.ana, proposed)), Forbidden)
    house.do(house.approving(house.rui, proposed))
    house.sign_in(house.one)


def as_two(house: House, maker: UUID, checker: UUID) -> Refusal | None:
    """What stands against these two as the eyes of one change."""
    for each in (maker, checker):
        house.come(each)
    proposed = house.do(house.proposing(maker, ChangeRole(user_id=house.other, role="auditor")))
    try:
        house.do(house.approving(checker, proposed))
    except Refusal as refusal:
        return refusal
    house.decide(house.ana, house.rui, ChangeRole(user_id=house.other, role="operator"))
    return None


def test_who_proposed_a_right_and_who_got_it_are_one_pair_of_eyes(house: House) -> None:
    eva = house.one
    house.decide(house.ana, house.rui, ChangeRole(user_id=eva, role="admin"))
    assert house.person(eva).given_by == house.ana
    assert house.last.payload["maker"] == house.ana
    assert isinstance(as_two(house, house.ana, eva), Forbidden)
    assert isinstance(as_two(house, eva, house.ana), Forbidden)
    assert as_two(house, house.rui, eva) is None  # has only agreed to it
    assert as_two(house, house.ana, house.rui) is None  # were here from the beginning


def test_letting_somebody_in_again_makes_no_pair_of_eyes_either(house: House) -> None:
    eva, admin = house.one, house.sessions
    house.decide(house.ana, house.rui, ChangeRole(user_id=eva, role="admin"))
    house.do(
        DisablePerson(
            user_id=eva, admin_id=house.rui, session_id=admin[house.rui], reason="on leave"
        )
    )
    house.decide(house.rui, house.ana, EnablePerson(user_id=eva))
    made = house.person(eva)
    assert (made.given_by, made.let_in_by) == (house.ana, house.rui)
    for giver in (house.ana, house.rui):
        assert isinstance(as_two(house, giver, eva), Forbidden)
    third = house.staff(Role.ADMIN)
    house.come(third)
    house.decide(third, house.ana, ChangeRole(user_id=eva, role="operator"))
    made = house.person(eva)
    assert (made.given_by, made.let_in_by) == (third, None)  # another right, from somebody else


def test_only_admins_disable_and_never_customers(house: House) -> None:
    eva = house.customer("eva", 0)
    command = DisablePerson(
        user_id=eva.user_id,
        admin_id=house.ana,
        session_id=house.sessions[house.ana],
        reason="x",
    )
    assert isinstance(house.refused(command), NotFound)
    by_operator = msgspec.structs.replace(
        command, user_id=house.other, admin_id=house.one, session_id=house.sessions[house.one]
    )
    assert isinstance(house.refused(by_operator), Forbidden)


def test_a_step_up_is_good_for_five_minutes(house: House) -> None:
    change = ChangeRole(user_id=house.one, role="auditor")
    house.later(timedelta(minutes=5).total_seconds())
    assert isinstance(house.refused(house.proposing(house.ana, change)), StepUpRequired)
