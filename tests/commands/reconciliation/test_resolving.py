"""A mismatch ends as two people say, and only if nothing has changed since the file came."""

from __future__ import annotations

from datetime import timedelta

from uuid_utils.compat import uuid7

from commands.approval.approve import Approve
from commands.identity.person import Role
from commands.reconciliation.interchange import SetInterchange
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import MismatchKind, MismatchState
from commands.reconciliation.resolve_mismatch import MismatchEnd
from commands.withdrawal.claim import AddEvidence, ReportEvidence, Source
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import ApproveRelease, ProposeRelease
from ledger.errors import Conflict, Forbidden, InvalidRequest, NotFound
from ledger.money import Money
from tests.commands.reconciliation.clearing import Clearing, ending
from tests.commands.town import TODAY, trace
from tests.commands.withdrawal.street import nonce

TOMORROW = TODAY + timedelta(days=1)


def test_it_takes_two_people_of_the_right_roles(clearing: Clearing) -> None:
    clearing.bring(clearing.paid(9))
    change = ending(clearing.the_mismatch().id)
    for role in (Role.AUDITOR, Role.ADMIN):
        assert isinstance(clearing.turned_down(change, clearing.staff(role)), Forbidden)
    proposal = clearing.suggest(change)
    alone = Approve(
        proposal_id=proposal.proposal_id,
        checker_id=clearing.accountant,
        content_hash=proposal.content_hash,
    )
    assert isinstance(clearing.refused(alone), Forbidden)
    clearing.agree(proposal)
    [ended] = clearing.mismatches(MismatchState.BOOKED)
    assert ended.checker_id == clearing.operator
    assert isinstance(clearing.turned_down(change), Conflict)


def test_of_what_nobody_has_found_nothing_is_resolved(clearing: Clearing) -> None:
    assert isinstance(clearing.turned_down(ending(uuid7())), NotFound)


def test_what_is_dismissed_posts_nothing_and_keeps_its_reason(clearing: Clearing) -> None:
    clearing.bring(clearing.paid(9))
    clearing.book(MismatchEnd.DISMISS)
    assert clearing.booked == []
    [ended] = clearing.mismatches(MismatchState.DISMISSED)
    told = next(each for each in clearing.just if each.kind == "mismatch.dismissed")
    assert (told.subject, told.payload["evidence"]) == (ended.id, "letter of the switch")


def test_a_message_that_came_after_the_file_is_not_owed_twice(clearing: Clearing) -> None:
    clearing.bring(clearing.paid(9))
    clearing.complete(2_000, 9)
    assert clearing.booked == ["1900 2000 | 2100 2000"]
    change = ending(clearing.the_mismatch().id)
    refusal = clearing.turned_down(change)
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"state": "open"}
    clearing.decide(ending(clearing.the_mismatch().id, MismatchEnd.DISMISS))


def test_what_was_proposed_before_the_switch_reversed_it_is_not_booked_after(
    clearing: Clearing,
) -> None:
    clearing.pay_out()
    clearing.bring(absent=(trace(1),))
    proposal = clearing.suggest(ending(clearing.the_mismatch().id))
    clearing.reverse()
    approve = Approve(
        proposal_id=proposal.proposal_id,
        checker_id=clearing.operator,
        content_hash=proposal.content_hash,
    )
    refusal = clearing.refused(approve)
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"state": "reversed"}


def test_what_a_later_file_names_is_not_booked_as_missing(clearing: Clearing) -> None:
    clearing.pay_out()
    clearing.bring(absent=(trace(1),))
    change = ending(clearing.the_mismatch().id)
    clearing.bring(clearing.paid(1))
    refusal = clearing.turned_down(change)
    assert isinstance(refusal, Conflict)
    assert refusal.facts == {"state": "explained"}


def test_a_wrong_date_that_was_moved_meanwhile_is_not_moved_again(clearing: Clearing) -> None:
    clearing.request()
    clearing.authorise(settlement_date=TOMORROW)
    clearing.complete()
    clearing.bring(clearing.paid(1))
    found = clearing.the_mismatch()
    clearing.reverse()
    refusal = clearing.turned_down(ending(found.id))
    assert isinstance(refusal, Conflict)


def test_what_was_reversed_by_a_message_in_the_meantime_is_not_given_back_twice(
    clearing: Clearing,
) -> None:
    clearing.pay_out()
    clearing.bring(clearing.paid(1, 0))
    clearing.reverse()
    assert clearing.booked == ["2100 2000 + 4010 25 | 2010 2025"]
    assert isinstance(clearing.turned_down(ending(clearing.the_mismatch().id)), Conflict)


class TestInterchange:
    def test_what_was_agreed_counts_from_its_date_on(self, clearing: Clearing) -> None:
        change = SetInterchange(first_date=TOMORROW, flat=Money.of(5), rate=50)
        clearing.decide(change)
        for number in (1, 2):
            clearing.pay_out(2_000, number)
        clearing.bring(clearing.paid(1))
        assert clearing.found() == []
        clearing.bring(clearing.paid(2), day=TOMORROW)
        kinds = {kind: (there, here) for kind, there, here in clearing.found()}
        assert kinds[MismatchKind.FEE] == (12, 15)  # 5 and half a per cent of 2,000

    def test_nothing_is_agreed_for_days_that_have_begun(self, clearing: Clearing) -> None:
        change = SetInterchange(first_date=TODAY, flat=Money.of(5))
        assert isinstance(clearing.turned_down(change), InvalidRequest)

    def test_a_newer_word_for_the_same_date_takes_the_place_of_the_older(
        self, clearing: Clearing
    ) -> None:
        for flat in (5, 7):
            clearing.decide(SetInterchange(first_date=TOMORROW, flat=Money.of(flat)))
        clearing.pay_out()
        clearing.bring(clearing.paid(1), day=TOMORROW, fee=7)
        assert MismatchKind.FEE not in {kind for kind, _, _ in clearing.found()}


class TestReleasing:
    def release(self, clearing: Clearing) -> tuple[ProposeRelease, ApproveRelease]:
        return (
            ProposeRelease(
                transaction_id=clearing.id,
                maker_id=clearing.operator,
                evidence="two files",
                absences_min=2,
            ),
            ApproveRelease(
                transaction_id=clearing.id, checker_id=clearing.other_operator, absences_min=2
            ),
        )

    def test_what_two_dates_do_not_name_is_released_by_two_people(self, clearing: Clearing) -> None:
        clearing.bring_to(State.IN_DOUBT)
        propose, approve = self.release(clearing)
        for day, absences in ((TODAY, 0), (TOMORROW, 1)):
            refusal = clearing.refused(propose)
            assert isinstance(refusal, Conflict)
            assert refusal.facts == {"absences": absences, "needed": 2}
            clearing.bring(absent=(trace(1),), day=day)
        clearing.do(propose)
        clearing.do(approve)
        assert clearing.booked == ["2030 2025 | 2010 2025"]

    def test_nothing_is_released_that_the_machine_says_it_has_paid(
        self, clearing: Clearing
    ) -> None:
        clearing.bring_to(State.IN_DOUBT)
        for day in (TODAY, TOMORROW):
            clearing.bring(absent=(trace(1),), day=day)
        propose, approve = self.release(clearing)
        clearing.do(propose)
        clearing.do(
            ReportEvidence(
                trace=trace(1),
                nonce_hash=nonce(),
                source=Source.ATM_JOURNAL,
                dispensed=Money.of(2_000),
                note="journal",
            )
        )
        clearing.do(
            AddEvidence(
                transaction_id=clearing.id,
                user_id=clearing.operator,
                source=Source.CASSETTE_COUNT,
                dispensed=Money(0),
                note="count",
            )
        )
        refusal = clearing.refused(approve)
        assert isinstance(refusal, Conflict)
        assert refusal.facts == {"dispensed": "2000"}

    def test_what_others_say_is_no_word_of_the_machine(self, clearing: Clearing) -> None:
        clearing.bring_to(State.IN_DOUBT)
        for day in (TODAY, TOMORROW):
            clearing.bring(absent=(trace(1),), day=day)
        for source, dispensed in ((Source.OTHER, 2_000), (Source.ATM_JOURNAL, 0)):
            clearing.do(
                AddEvidence(
                    transaction_id=clearing.id,
                    user_id=clearing.operator,
                    source=source,
                    dispensed=Money.of(dispensed),
                    note="-",
                )
            )
        for command in self.release(clearing):
            clearing.do(command)
        assert clearing.withdrawal(clearing.id).state is State.RELEASED

    def test_the_file_that_names_it_after_all_finds_it_reversed_here_only(
        self, clearing: Clearing
    ) -> None:
        self.test_what_two_dates_do_not_name_is_released_by_two_people(clearing)
        clearing.bring(clearing.paid(1), day=TOMORROW)
        assert clearing.found() == [(MismatchKind.REVERSED_HERE_ONLY, 2_000, 0)]
        found: Mention = clearing.find(Mention.of(trace(1).id))
        assert (found.absences, found.claimed) == (2, 200_000)
