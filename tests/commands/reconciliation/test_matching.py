"""What each item of a file means for our books, and which class of break it is when they differ."""

from __future__ import annotations

from datetime import timedelta

import pytest

from commands.reconciliation.judge import Outcome
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import MismatchKind, MismatchState
from commands.switch.dispute import Dispute, Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.treasury.breaks import BookBreak, Break, Side
from commands.treasury.resolve_break import BreakEnd, ResolveBreak
from commands.withdrawal.lifecycle import State
from commands.withdrawal.resolve_claim import ClaimEnd, ResolveClaim
from ledger.money import Money
from tests.commands.reconciliation.clearing import Clearing, absence_of
from tests.commands.town import TODAY, trace
from tests.commands.withdrawal.street import DOUBT_SECONDS
from tests.settlement_files import item

K = MismatchKind
TOMORROW = TODAY + timedelta(days=1)


def outcomes(clearing: Clearing) -> dict[Outcome, int]:
    """Of the last file that had items."""
    matched = [each for each in clearing.events if each.kind == "settlement.items_matched"]
    return dict(matched[-1].payload["outcomes"])


def mention(clearing: Clearing, number: int = 1) -> Mention:
    found: Mention = clearing.find(Mention.of(trace(number).id))
    return found


def test_what_both_have_is_matched_and_posts_nothing(clearing: Clearing) -> None:
    clearing.pay_out()
    clearing.bring(clearing.paid(1))
    assert outcomes(clearing) == {Outcome.MATCHED: 1}
    assert clearing.entries == []
    assert (mention(clearing).claimed, mention(clearing).number) == (200_000, 1)


def test_a_part_that_was_paid_is_matched_by_what_was_captured(clearing: Clearing) -> None:
    clearing.request(5_000)
    clearing.authorise(escudos=5_000)
    clearing.reverse(2_000)
    clearing.bring(clearing.paid(1, 2_000, requested=5_000))
    assert outcomes(clearing) == {Outcome.MATCHED: 1}


def test_what_was_reversed_on_both_sides_is_matched(clearing: Clearing) -> None:
    clearing.bring_to(State.REVERSED)
    clearing.bring(clearing.paid(1, 0))
    assert outcomes(clearing) == {Outcome.MATCHED: 1}


def test_a_reversal_of_what_never_came_to_us_means_nothing(clearing: Clearing) -> None:
    clearing.bring(clearing.paid(9, 0))
    assert outcomes(clearing) == {Outcome.MATCHED: 1}
    assert clearing.found() == []


@pytest.mark.parametrize("state", [State.AUTHORISED, State.IN_DOUBT])
def test_the_file_completes_what_still_waits_for_a_word(clearing: Clearing, state: State) -> None:
    clearing.bring_to(state)
    clearing.bring(clearing.paid(1))
    assert outcomes(clearing) == {Outcome.COMPLETED: 1}
    assert clearing.entries == ["2030 2025 | 2100 2000 + 4010 25"]
    assert clearing.withdrawal(clearing.id).state is State.COMPLETED
    assert clearing.withdrawal(clearing.id).settlement_date == TODAY
    clearing.complete()  # the switch's own message comes last, and changes nothing
    assert clearing.booked == []
    assert clearing.found() == []


def test_the_file_reverses_what_still_waits_for_a_word(clearing: Clearing) -> None:
    clearing.bring_to(State.IN_DOUBT)
    clearing.bring(clearing.paid(1, 0))
    assert outcomes(clearing) == {Outcome.REVERSED: 1}
    assert clearing.entries == ["2030 2025 | 2010 2025"]


def test_more_than_was_approved_becomes_a_dispute(clearing: Clearing) -> None:
    clearing.bring_to(State.IN_DOUBT)
    clearing.bring(clearing.paid(1, 3_000))
    assert clearing.entries == ["2030 2025 | 2100 2000 + 4010 25", "1900 1000 | 2100 1000"]


class TestTheFileClaimsMore:
    def test_an_operation_that_we_do_not_know(self, clearing: Clearing) -> None:
        clearing.bring(clearing.paid(9))
        assert clearing.found() == [(K.MISSING_HERE, 2_000, 0)]
        clearing.book()
        assert clearing.booked == ["1900 2000 | 2100 2000"]
        dispute: Dispute = clearing.find(Dispute.by_id(trace(9).id))
        assert (dispute.amount, dispute.settlement_date) == (200_000, TODAY)
        clearing.complete(2_000, 9)  # and the message, when it comes, owes it no second time
        assert clearing.booked == []
        clearing.request()
        assert clearing.authorise(9).response_code == "68"  # nor does a late original pay again

    def test_an_operation_that_we_declined(self, clearing: Clearing) -> None:
        clearing.request()
        clearing.authorise(1, code=b"wrong")
        clearing.bring(clearing.paid(1))
        assert clearing.found() == [(K.MISSING_HERE, 2_000, 0)]

    def test_what_we_have_reversed(self, clearing: Clearing) -> None:
        clearing.bring_to(State.REVERSED)
        clearing.bring(clearing.paid(1))
        assert clearing.found() == [(K.REVERSED_HERE_ONLY, 2_000, 0)]
        assert clearing.entries == []
        clearing.book()
        assert clearing.booked == ["1900 2000 | 2100 2000"]
        dispute: Dispute = clearing.find(Dispute.by_id(trace().id))
        assert dispute.wallet_id == clearing.ana.wallet_id

    def test_what_two_people_have_released(self, clearing: Clearing) -> None:
        clearing.bring_to(State.RELEASED)
        clearing.bring(clearing.paid(1))
        assert clearing.found() == [(K.REVERSED_HERE_ONLY, 2_000, 0)]

    def test_a_dispute_is_matched_by_its_trace_before_any_break(self, clearing: Clearing) -> None:
        clearing.bring_to(State.REVERSED)
        clearing.complete()  # too late: cash is out that no hold covers
        assert clearing.booked == ["1900 2000 | 2100 2000"]
        clearing.bring(clearing.paid(1))
        assert outcomes(clearing) == {Outcome.DISPUTED: 1}
        assert clearing.found() == []
        assert clearing.entries == []

    def test_a_dispute_of_another_amount(self, clearing: Clearing) -> None:
        clearing.complete(1_500, 9)
        clearing.bring(clearing.paid(9))
        assert clearing.found() == [(K.AMOUNT, 2_000, 1_500)]
        clearing.book()
        assert clearing.booked == ["1900 500 | 2100 500"]

    def test_a_dispute_that_was_dropped_as_in_no_file(self, clearing: Clearing) -> None:
        clearing.complete(2_000, 9)
        clearing.do(
            ProposeResolution(
                dispute_id=trace(9).id,
                resolution=Resolution.NOT_IN_FILE,
                evidence="-",
                maker_id=clearing.operator,
            )
        )
        clearing.do(
            ApproveResolution(
                dispute_id=trace(9).id,
                resolution=Resolution.NOT_IN_FILE,
                checker_id=clearing.other_operator,
            )
        )
        clearing.bring(clearing.paid(9))
        assert clearing.found() == [(K.MISSING_HERE, 2_000, 0)]

    def test_another_amount(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1, 2_500))
        assert clearing.found() == [(K.AMOUNT, 2_500, 2_000)]
        clearing.book()
        assert clearing.booked == ["1900 500 | 2100 500"]
        booked: Break = clearing.find(Break.by_id(clearing.mismatches(MismatchState.BOOKED)[0].id))
        assert booked.reference == "file 1 of 2030-05-15, RRN 000000000001"

    def test_the_same_again_in_a_later_file(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1))
        clearing.bring(clearing.paid(1))
        assert clearing.found() == [(K.DUPLICATE, 2_000, 0)]
        assert mention(clearing).claimed == 200_000
        clearing.book()
        assert clearing.booked == ["1900 2000 | 2100 2000"]

    def test_more_interchange_than_was_agreed(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1), fee=13)
        assert clearing.found() == [(K.FEE, 13, 12)]
        clearing.book()
        assert clearing.booked == []
        assert clearing.mismatches(MismatchState.BOOKED)


class TestTheFileClaimsLess:
    def test_what_no_file_names(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(absent=(trace(1),))
        assert clearing.found() == [(K.MISSING_THERE, 0, 2_000)]
        clearing.book()
        assert clearing.booked == ["2100 2000 | 2900 2000"]
        booked: Break = clearing.find(Break.by_id(clearing.id))
        assert (booked.side, booked.remaining) == (Side.IN_BOOKS_ONLY, 200_000)

    def test_it_is_found_once(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(absent=(trace(1),))
        clearing.bring(absent=(trace(1),))
        assert len(clearing.mismatches()) == 1

    def test_what_is_not_due_yet_is_not_missing(self, clearing: Clearing) -> None:
        clearing.request()
        clearing.authorise(1, settlement_date=TOMORROW)
        clearing.complete()
        clearing.bring_to(State.CANCELLED)
        clearing.bring(absent=(trace(1), trace(2), trace(77)))
        assert clearing.found() == []

    def test_what_is_named_is_not_missing(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1), absent=(trace(1),))
        assert clearing.found() == []

    def test_another_amount(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1, 1_500))
        assert clearing.found() == [(K.AMOUNT, 1_500, 2_000)]
        clearing.book()
        assert clearing.booked == ["2100 500 | 2900 500"]

    def test_what_the_switch_has_reversed(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1, 0))
        assert clearing.found() == [(K.REVERSED_THERE_ONLY, 0, 2_000)]
        assert clearing.entries == []
        clearing.book()
        assert clearing.booked == ["2100 2000 + 4010 25 | 2010 2025"]
        assert clearing.withdrawal(clearing.id).state is State.REVERSED

    def test_what_the_switch_gives_back_of_an_earlier_file(self, clearing: Clearing) -> None:
        clearing.pay_out(5_000)
        clearing.bring(clearing.paid(1, 5_000))
        clearing.bring(clearing.paid(1, 3_000, claimed=5_000), day=TOMORROW)
        assert clearing.found() == [(K.REVERSED_THERE_ONLY, 3_000, 5_000)]
        assert mention(clearing).claimed == 300_000
        clearing.book()
        assert clearing.booked == ["2100 2000 | 2010 2000"]
        assert clearing.withdrawal(clearing.id).captured == 300_000

    def test_what_both_have_taken_back(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1))
        clearing.reverse()
        clearing.bring(clearing.paid(1, 0, claimed=2_000), day=TOMORROW)
        assert outcomes(clearing) == {Outcome.MATCHED: 1}
        assert mention(clearing).claimed == 0

    def test_more_is_given_back_than_was_ever_claimed(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(clearing.paid(1, 0, claimed=2_000))
        assert clearing.found() == [(K.AMOUNT, 0, 2_000)]


class TestAnotherDate:
    def test_what_our_books_have_on_another_date(self, clearing: Clearing) -> None:
        clearing.request()
        clearing.authorise(1, settlement_date=TOMORROW)
        clearing.complete()
        clearing.bring(clearing.paid(1))
        assert clearing.found() == [(K.WRONG_DATE, 2_000, 2_000)]
        clearing.book()
        assert clearing.booked == ["2100 2000 | 1900 2000", "1900 2000 | 2100 2000"]
        moved = [event.value_date for event in clearing.just if event.entry_number]
        assert moved == [TOMORROW, TODAY]
        assert clearing.withdrawal(clearing.id).settlement_date == TODAY

    def test_what_the_file_of_its_date_has_left_out(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(absent=(trace(1),))
        clearing.bring(clearing.paid(1), day=TOMORROW)
        assert clearing.found() == [(K.LATE, 2_000, 2_000)]
        assert len(clearing.mismatches(MismatchState.EXPLAINED)) == 1
        clearing.book()
        assert clearing.withdrawal(clearing.id).settlement_date == TOMORROW

    def test_a_second_file_of_the_same_date_explains_it(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(absent=(trace(1),))
        clearing.bring(clearing.paid(1))
        assert clearing.found() == []
        assert len(clearing.mismatches(MismatchState.EXPLAINED)) == 1
        assert clearing.entries == []

    def test_what_was_booked_as_claimed_by_nobody_is_owed_again(self, clearing: Clearing) -> None:
        clearing.pay_out()
        clearing.bring(absent=(trace(1),))
        clearing.book()
        clearing.bring(clearing.paid(1), day=TOMORROW)
        assert clearing.found() == [(K.LATE, 2_000, 2_000)]
        clearing.book()
        assert clearing.booked == ["2900 2000 | 2100 2000"]
        booked: Break = clearing.find(Break.by_id(clearing.id))
        assert booked.remaining == 0
        assert clearing.withdrawal(clearing.id).settlement_date == TOMORROW


class TestAheadOfTheSwitch:
    @pytest.fixture
    def claimed(self, clearing: Clearing) -> Clearing:
        """Ana's claim was paid: the money stands in suspense until the switch's word comes."""
        clearing.pay_out()
        clearing.claim()
        change = ResolveClaim(transaction_id=clearing.id, end=ClaimEnd.PAY, evidence="count")
        clearing.decide(change)
        return clearing

    def test_the_file_that_still_claims_it_agrees_with_what_is_owed(
        self, claimed: Clearing
    ) -> None:
        claimed.bring(claimed.paid(1))
        assert outcomes(claimed) == {Outcome.DISPUTED: 1}
        assert claimed.found() == []

    def test_so_does_it_when_somebody_has_borne_it(self, claimed: Clearing) -> None:
        claimed.decide(
            ResolveBreak(
                break_id=claimed.id,
                end=BreakEnd.BORNE,
                evidence="-",
                written_off=Money.of(2_000),
            )
        )
        claimed.bring(claimed.paid(1))
        assert claimed.found() == []


def test_one_file_may_hold_everything_at_once(clearing: Clearing) -> None:
    for number in (1, 2, 3):
        clearing.pay_out(1_000, number)
    clearing.request(1_000)
    clearing.authorise(4, escudos=1_000)
    clearing.bring(
        clearing.paid(1, 1_000), clearing.paid(2, 900), clearing.paid(4, 1_000), clearing.paid(8),
        absent=(trace(3),),
    )  # fmt: skip
    assert outcomes(clearing) == {
        Outcome.MATCHED: 1, Outcome.MISMATCH: 2, Outcome.COMPLETED: 1,
    }  # fmt: skip
    assert sorted(kind for kind, _, _ in clearing.found()) == [
        K.AMOUNT, K.MISSING_HERE, K.MISSING_THERE,
    ]  # fmt: skip


def test_what_was_said_before_a_break_was_booked_by_hand_is_not_missing(
    clearing: Clearing,
) -> None:
    clearing.pay_out()
    change = BookBreak(
        side=Side.IN_BOOKS_ONLY,
        amount=Money.of(2_000),
        settlement_date=clearing.settlement_date(),
        reference="by hand",
        withdrawal_id=clearing.id,
    )
    clearing.decide(change)
    clearing.bring(absent=(trace(1),))
    assert clearing.found() == []


def test_doubt_that_no_file_clears_up_is_counted_once_a_date(clearing: Clearing) -> None:
    clearing.bring_to(State.IN_DOUBT)
    for day, absences in ((TODAY, 1), (TODAY, 1), (TOMORROW, 2)):
        clearing.bring(absent=(trace(1),), day=day)
        assert mention(clearing).absences == absences
    assert clearing.found() == []
    assert clearing.withdrawal(clearing.id).state is State.IN_DOUBT


def test_what_was_authorised_after_the_cut_off_is_not_absent(clearing: Clearing) -> None:
    clearing.request()
    clearing.authorise()
    early = clearing.now - timedelta(seconds=1)
    clearing.later(DOUBT_SECONDS)
    assert clearing.find(Mention.of(trace().id)) is None
    clearing.do(absence_of(clearing, cut_off_at=early))
    assert clearing.find(Mention.of(trace().id)) is None


def test_an_item_without_a_withdrawal_keeps_its_place_in_the_record(clearing: Clearing) -> None:
    clearing.bring(clearing.paid(9), item(10, 0))
    payload = next(
        each.payload for each in clearing.events if each.kind == "settlement.items_matched"
    )
    assert [row[0] for row in payload["items"]] == [1, 2]
    assert [row[-2:] for row in payload["items"]] == [
        [Outcome.MISMATCH, None], [Outcome.MATCHED, None],
    ]  # fmt: skip
