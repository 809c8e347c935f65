"""People of whom nothing is left, and keys of their devices."""

from __future__ import annotations

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.freeze import SetWalletStatus
from commands.identity.confirm_factor import OpenSession
from commands.identity.confirm_step_up import StepUp
from commands.identity.device_key import KEYS_MAX, DeviceKeys, EnrolDeviceKey, RemoveDeviceKey
from commands.identity.devices import Devices
from commands.identity.erase import ErasePerson
from commands.identity.person import Person, Role
from commands.identity.session import Session
from commands.identity.shown import TotpShown
from commands.keys.note import KEYS, NoteKey
from commands.keys.reseal import Reseal, Swap
from commands.withdrawal.claim import Claim, ClaimState
from ledger.accounts import Account, Status
from ledger.errors import Conflict, Forbidden, NotFound, StepUpRequired
from tests.commands.desk import Desk
from tests.commands.town import Customer


@pytest.fixture
def desk() -> Desk:
    return Desk()


def person(desk: Desk, who: Customer) -> Person:
    found: Person = desk.find(Person.by_id(who.user_id))
    return found


def erases(who: Customer) -> ErasePerson:
    return ErasePerson(user_id=who.user_id, reason="asked for it")


def leaves(desk: Desk, who: Customer) -> None:
    desk.do(SetWalletStatus(user_id=who.user_id, status=Status.CLOSED))


def signs_in(desk: Desk, who: Customer) -> Session:
    session_id = uuid7()
    desk.do(
        OpenSession(
            user_id=who.user_id,
            session_id=session_id,
            token_hash=session_id.bytes,
            shown=TotpShown(person(desk, who).totp_step + 1),
            epoch=person(desk, who).session_epoch,
            idle_seconds=600,
            absolute_seconds=3_600,
            device="telefone",
        )
    )
    found: Session = desk.find(Session.by_id(session_id))
    return found


def steps_up(desk: Desk, who: Customer, session: Session) -> None:
    shown = TotpShown(person(desk, who).totp_step + 1)
    desk.do(StepUp(user_id=who.user_id, session_id=session.id, shown=shown))


def enrols(who: Customer, session: Session, kid: str = "key") -> EnrolDeviceKey:
    return EnrolDeviceKey(user_id=who.user_id, session_id=session.id, kid=kid, jwk="{}")


class TestErasing:
    def test_nothing_that_identifies_is_left_and_the_wallet_stays(self, desk: Desk) -> None:
        session = signs_in(desk, desk.rui)
        steps_up(desk, desk.rui, session)
        desk.do(enrols(desk.rui, session))
        leaves(desk, desk.rui)
        second = desk.staff(Role.OPERATOR)
        desk.agree(desk.suggest(erases(desk.rui), desk.operator), second)
        erased = person(desk, desk.rui)
        assert erased.status == "erased"
        assert (erased.phone_index, erased.phone_index_next, erased.profile_seal) == (None,) * 3
        assert (erased.pin_hash, erased.totp_seal) == ("", b"")
        assert desk.find(Devices.of(desk.rui.user_id)).known == ()
        assert desk.find(DeviceKeys.of(desk.rui.user_id)).known == ()
        assert desk.find(Account.by_id(desk.rui.wallet_id)).owner == desk.rui.user_id
        assert desk.find(Person.by_phone(desk.rui.phone_index)) is None
        assert tuple(desk.kinds) == ("person.erased", "proposal.applied")

    def test_the_number_may_be_somebody_elses_then(self, desk: Desk) -> None:
        leaves(desk, desk.rui)
        desk.agree(desk.suggest(erases(desk.rui), desk.operator), desk.staff(Role.OPERATOR))
        again = desk.customer("rui", 100)
        assert desk.find(Person.by_phone(b"rui")).id == again.user_id != desk.rui.user_id

    def test_only_a_customer_whose_wallet_is_closed(self, desk: Desk) -> None:
        refused = desk.turned_down(erases(desk.rui), desk.operator)
        assert isinstance(refused, Conflict)
        assert refused.facts == {"status": Status.OPEN}
        unknown = ErasePerson(user_id=uuid7())
        assert isinstance(desk.turned_down(unknown, desk.operator), NotFound)
        staff = ErasePerson(user_id=desk.accountant)
        assert isinstance(desk.turned_down(staff, desk.operator), Forbidden)

    def test_once(self, desk: Desk) -> None:
        leaves(desk, desk.rui)
        first, again = (desk.suggest(erases(desk.rui), desk.operator) for _ in range(2))
        desk.agree(first, desk.staff(Role.OPERATOR))
        with pytest.raises(NotFound):
            desk.agree(again, desk.staff(Role.OPERATOR))
        assert isinstance(desk.turned_down(erases(desk.rui), desk.operator), NotFound)

    def test_by_two_operators(self, desk: Desk) -> None:
        leaves(desk, desk.rui)
        assert isinstance(desk.turned_down(erases(desk.rui), desk.accountant), Forbidden)
        with pytest.raises(Forbidden):
            desk.agree(desk.suggest(erases(desk.rui), desk.operator))

    def test_not_while_a_claim_is_open(self, desk: Desk) -> None:
        who = desk.customer("bia", 2_025)
        paid = desk.pay_out(2_000, who=who)
        desk.rows[Claim.of(paid)] = Claim(
            withdrawal_id=paid,
            user_id=who.user_id,
            wallet_id=who.wallet_id,
            received=0,
            text_seal=b"-",
            state=ClaimState.OPEN,
            opened_at=desk.now,
        )
        leaves(desk, who)
        refused = desk.turned_down(erases(who), desk.operator)
        assert (type(refused), refused.facts) == (Conflict, {"claim": str(paid)})


class TestDeviceKeys:
    def test_one_is_enrolled_with_a_second_factor_of_now(self, desk: Desk) -> None:
        session = signs_in(desk, desk.ana)
        assert isinstance(desk.refused(enrols(desk.ana, session)), StepUpRequired)
        steps_up(desk, desk.ana, session)
        desk.do(enrols(desk.ana, session))
        assert desk.kinds == ["device.key_enrolled"]
        desk.do(enrols(desk.ana, session))  # the same again
        assert [each.kid for each in desk.find(DeviceKeys.of(desk.ana.user_id)).known] == ["key"]
        desk.later(301)
        assert isinstance(desk.refused(enrols(desk.ana, session, "other")), StepUpRequired)

    def test_the_oldest_makes_room(self, desk: Desk) -> None:
        session = signs_in(desk, desk.ana)
        steps_up(desk, desk.ana, session)
        for number in range(KEYS_MAX + 1):
            desk.do(enrols(desk.ana, session, f"key {number}"))
        kids = [each.kid for each in desk.find(DeviceKeys.of(desk.ana.user_id)).known]
        assert kids == [f"key {number}" for number in range(1, KEYS_MAX + 1)]

    def test_one_is_removed(self, desk: Desk) -> None:
        session = signs_in(desk, desk.ana)
        steps_up(desk, desk.ana, session)
        desk.do(enrols(desk.ana, session))
        desk.do(RemoveDeviceKey(user_id=desk.ana.user_id, kid="key"))
        assert desk.find(DeviceKeys.of(desk.ana.user_id)).known == ()
        again = RemoveDeviceKey(user_id=desk.ana.user_id, kid="key")
        assert isinstance(desk.refused(again), NotFound)


class TestSealingAnew:
    def test_what_somebody_has_changed_since_is_left(self, desk: Desk) -> None:
        ana, rui = person(desk, desk.ana), person(desk, desk.rui)
        swaps = tuple(
            Swap(Person.by_id(each.id), {"totp_seal": each.totp_seal}, {"totp_seal": b"new"})
            for each in (ana, rui)
        )
        desk.rows[Person.by_id(rui.id)] = msgspec.structs.replace(rui, totp_seal=b"changed")
        answer = desk.do(Reseal(name="data-key", version=2, swaps=swaps))
        assert answer.rows == 1
        assert person(desk, desk.ana).totp_seal == b"new"
        assert person(desk, desk.rui).totp_seal == b"changed"
        assert desk.last.payload == {"name": "data-key", "version": 2, "rows": 1}
        desk.do(Reseal(name="data-key", version=2, swaps=swaps))
        assert desk.kinds == []  # nothing was left to do

    def test_a_change_of_keys_is_written_down(self, desk: Desk) -> None:
        desk.do(NoteKey(name="pepper", version=2, what="added", at=desk.now))
        assert (desk.last.kind, desk.last.subject) == ("keys.added", KEYS)
