"""The switch takes a disputed payment back, whole or in part: cash truth, whoever bore it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commands.account.adjust import Adjust, Adjustment
from commands.account.freeze import SetWalletStatus
from commands.switch.dispute import Dispute, Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.switch.trace import REVERSALS_MAX, SwitchTrace
from commands.treasury.debts import OWED_BY_CUSTOMER
from commands.treasury.settlement import SettleSwitch
from commands.withdrawal.lifecycle import State
from commands.withdrawal.resolve_claim import ClaimEnd, ResolveClaim
from ledger.accounts import Account, Status
from ledger.errors import Conflict, InvalidRequest
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.test_entries_of_the_book import require_safeguarded, spend
from tests.commands.town import TODAY, trace
from tests.commands.withdrawal.street import OTHER_CODE

R = Resolution
DISPUTE = trace(1).id


@pytest.fixture
def desk() -> Desk:
    return Desk()


def disputed(desk: Desk, state: State = State.RELEASED) -> Desk:
    """2,000 escudos were paid for a withdrawal of Ana's that has ended."""
    desk.bring_to(state)
    desk.complete()
    assert desk.booked == ["1900 2000 | 2100 2000"]
    return desk


def dispute(desk: Desk) -> Dispute:
    found: Dispute = desk.find(Dispute.by_id(DISPUTE))
    return found


def proposes(desk: Desk, resolution: Resolution) -> ProposeResolution:
    return ProposeResolution(
        dispute_id=DISPUTE, resolution=resolution, evidence="journal", maker_id=desk.operator
    )


def approves(desk: Desk, resolution: Resolution) -> ApproveResolution:
    return ApproveResolution(
        dispute_id=DISPUTE, resolution=resolution, checker_id=desk.other_operator
    )


def resolve(desk: Desk, resolution: Resolution) -> None:
    desk.do(proposes(desk, resolution))
    desk.do(approves(desk, resolution))


# -- what is open


@pytest.mark.parametrize("state", [State.RELEASED, State.REVERSED])
def test_a_part_of_what_is_disputed_was_paid(desk: Desk, state: State) -> None:
    disputed(desk, state)
    opened = desk.last.entry_number
    assert desk.reverse(500).response_code == "00"
    assert desk.kinds == ["dispute.lessened"]
    assert desk.booked == ["2100 1500 | 1900 1500"]
    assert desk.last.reverses == opened
    assert desk.last.value_date == TODAY
    told = desk.last.payload
    assert (told["amount"], told["lessened"], told["state"]) == (50_000, 150_000, "open")
    assert dispute(desk).disputed == 50_000
    assert desk.code_holds("2100") == 500
    require_safeguarded(desk)


def test_nothing_of_it_was_paid_and_it_is_over(desk: Desk) -> None:
    disputed(desk).reverse(0)
    assert desk.booked == ["2100 2000 | 1900 2000"]
    assert (dispute(desk).state, dispute(desk).resolution) == ("closed", R.TAKEN_BACK)
    assert desk.code_holds("1900") == 0
    assert isinstance(desk.refused(proposes(desk, R.WRITE_OFF)), Conflict)


def test_less_and_less_is_linked_once_and_ends_at_nothing(desk: Desk) -> None:
    disputed(desk)
    for escudos, entry in ((1_500, "500"), (600, "900"), (0, "600")):
        desk.reverse(escudos)
        assert desk.booked == [f"2100 {entry} | 1900 {entry}"]
    assert desk.last.reverses is None
    assert dispute(desk).state == "closed"


def test_never_more_than_before(desk: Desk) -> None:
    disputed(desk).reverse(500)
    assert desk.reverse(1_500).response_code == "00"
    assert desk.kinds == ["switch.reversal_noted"]
    assert dispute(desk).disputed == 50_000


@pytest.mark.parametrize("escudos", [0, 500])
def test_a_word_that_comes_twice_has_one_effect(desk: Desk, escudos: int) -> None:
    first = disputed(desk).reverse(escudos)
    assert desk.reverse(escudos) == first
    assert desk.kinds == []


def test_a_repeat_of_what_was_said_before_the_dispute_is_no_news(desk: Desk) -> None:
    """The reversal was wrong, the completion knew better; then the old reversal comes again."""
    disputed(desk, State.REVERSED)
    assert desk.reverse(0).response_code == "00"
    assert desk.kinds == []
    assert dispute(desk).disputed == 200_000


def test_a_repeat_of_what_was_said_of_a_decline_is_no_news_either(desk: Desk) -> None:
    desk.request()
    desk.authorise(code=OTHER_CODE)
    desk.reverse()
    assert desk.kinds == ["switch.reversal_noted"]
    desk.complete()
    desk.reverse()
    assert dispute(desk).disputed == 200_000
    desk.reverse(500)
    assert dispute(desk).disputed == 50_000


def test_of_an_original_that_nobody_has_seen(desk: Desk) -> None:
    desk.complete(2_000)
    desk.reverse(0)
    assert desk.booked == ["2100 2000 | 1900 2000"]
    assert desk.authorise().response_code == "68"


def test_of_a_reversal_that_said_a_part_was_paid(desk: Desk) -> None:
    desk.bring_to(State.RELEASED)
    desk.reverse(500)
    assert desk.booked == ["1900 500 | 2100 500"]
    desk.reverse(200)
    assert desk.booked == ["2100 300 | 1900 300"]


def test_what_was_paid_too_much_goes_first(desk: Desk) -> None:
    desk.request()
    desk.authorise()
    desk.complete(2_500)
    desk.reverse(2_200)
    assert desk.booked == ["2100 300 | 1900 300"]
    assert desk.withdrawal(desk.id).captured == 200_000
    desk.reverse(1_000)
    assert desk.booked == ["2100 1000 | 2010 1000", "2100 200 | 1900 200"]
    assert desk.code_holds("2100") == 1_000
    assert dispute(desk).state == "closed"


def test_what_was_paid_too_much_beside_a_claim_that_was_paid_ahead(desk: Desk) -> None:
    desk.request()
    desk.authorise()
    desk.complete(2_500)
    desk.claim()
    end = ResolveClaim(transaction_id=desk.id, end=ClaimEnd.PAY, evidence="cassette")
    desk.decide(end)
    desk.reverse(2_200)
    assert desk.booked == ["2100 300 | 1900 300"]
    desk.reverse(500)
    assert desk.booked == ["2100 1500 | 1900 1500", "2100 200 | 1900 200"]
    assert desk.code_holds("2100") == 500
    require_safeguarded(desk)


def test_a_date_that_was_paid_is_owed_by_the_switch(desk: Desk) -> None:
    disputed(desk)
    desk.now += timedelta(days=2)
    settles = SettleSwitch(
        settlement_date=dispute(desk).settlement_date,
        amount=Money.of(1_800),
        interchange=Money(0),
        reference="SISP 1",
    )
    desk.decide(settles)
    desk.reverse(500)
    assert desk.booked == ["2100 200 + 1100 1300 | 1900 1500"]


def test_what_was_proposed_about_the_whole_is_proposed_no_more(desk: Desk) -> None:
    disputed(desk).do(proposes(desk, R.WRITE_OFF))
    desk.reverse(500)
    refusal = desk.refused(approves(desk, R.WRITE_OFF))
    assert refusal.facts == {"proposed": None}
    resolve(desk, R.WRITE_OFF)
    assert desk.booked == ["5090 500 + 1010 500 | 1900 500 + 1020 500"]


# -- what was resolved


def test_a_customer_who_was_charged_has_it_back(desk: Desk) -> None:
    disputed(desk)
    resolve(desk, R.CHARGE_CUSTOMER)
    desk.reverse(500)
    assert desk.booked == ["2100 1500 | 2010 1500"]
    assert desk.last.reverses is None
    assert desk.last.payload["refunded"] == 150_000
    assert desk.holds(desk.ana.wallet_id) == 9_500
    desk.reverse(0)
    assert desk.booked == ["2100 500 | 2010 500"]
    assert dispute(desk).resolution is R.CHARGE_CUSTOMER
    require_safeguarded(desk)


def test_what_a_customer_still_owes_of_it_is_owed_no_more(desk: Desk) -> None:
    disputed(desk)
    spend(desk, 500)
    resolve(desk, R.CUSTOMER_OWES)
    assert desk.booked == ["2010 500 + 1920 1500 | 1900 2000"]
    desk.reverse(200)
    assert desk.booked == ["2100 1800 | 1920 1500 + 2010 300"]
    assert desk.owed_by(OWED_BY_CUSTOMER, desk.ana.user_id) == 0
    told = desk.last.payload
    assert (told["forgiven"], told["refunded"]) == (150_000, 30_000)
    require_safeguarded(desk)


def test_what_was_collected_in_the_meantime_comes_back_to_the_wallet(desk: Desk) -> None:
    disputed(desk)
    spend(desk, 0)
    resolve(desk, R.CUSTOMER_OWES)
    desk.do(desk.credit(2_000))
    collects = Adjust(
        adjustment=Adjustment.CUSTOMER_DEBT_COLLECTED,
        amount=Money.of(1_500),
        user_id=desk.ana.user_id,
    )
    desk.decide(collects)
    desk.reverse(0)
    assert desk.booked == ["2100 2000 | 1920 500 + 2010 1500"]


def test_what_we_had_written_off_is_ours_again(desk: Desk) -> None:
    disputed(desk)
    resolve(desk, R.WRITE_OFF)
    desk.reverse(500)
    assert desk.booked == ["2100 1500 + 1020 1500 | 5090 1500 + 1010 1500"]
    assert desk.code_holds("5090") == 500
    require_safeguarded(desk)


def test_what_was_in_no_file_is_not_taken_back_again(desk: Desk) -> None:
    disputed(desk)
    resolve(desk, R.NOT_IN_FILE)
    desk.reverse(500)
    assert desk.booked == []
    assert desk.code_holds("2100") == 0


def test_a_closed_wallet_that_gets_it_back_is_frozen(desk: Desk) -> None:
    disputed(desk)
    spend(desk, 2_000)
    resolve(desk, R.CHARGE_CUSTOMER)
    desk.do(SetWalletStatus(user_id=desk.ana.user_id, status=Status.CLOSED))
    desk.reverse(500)
    assert desk.kinds == ["wallet.status_changed", "dispute.lessened"]
    wallet: Account = desk.find(Account.by_id(desk.ana.wallet_id))
    assert (wallet.status, wallet.holds_minor) == (Status.FROZEN, 150_000)


def test_people_do_not_say_it_for_the_switch(desk: Desk) -> None:
    disputed(desk)
    assert isinstance(desk.refused(proposes(desk, R.TAKEN_BACK)), InvalidRequest)


def test_only_so_many_words_are_remembered(desk: Desk) -> None:
    disputed(desk)
    for number in range(REVERSALS_MAX + 4):
        desk.reverse(1_999 - number)
    known: SwitchTrace = desk.find(SwitchTrace.by_id(DISPUTE))
    assert len(known.reversed_to) == REVERSALS_MAX
    assert desk.code_holds("2100") == 1_999 - REVERSALS_MAX - 3
