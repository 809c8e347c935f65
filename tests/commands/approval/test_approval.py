"""Four eyes: what is applied is what a second person has read."""

from __future__ import annotations

import pytest
from uuid_utils.compat import uuid7

from commands.approval.changes import read_change
from commands.approval.lapse import LapseProposal
from commands.approval.proposal import Proposal, ProposalState, ProposalStatus, hash_of
from commands.identity.person import Person, Role
from commands.risk.set_tier import SetTier
from commands.tier import Tier
from ledger.errors import Conflict, Forbidden, NotFound
from tests.commands.approval.office import TTL_SECONDS, Office, limits


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def change(office: Office) -> SetTier:
    """Ana becomes fully known."""
    ana = office.customer("ana", 0, tier=Tier.BASIC)
    return SetTier(user_id=ana.user_id, tier=Tier.FULL)


def state_of(office: Office, proposed: ProposalStatus) -> ProposalState:
    proposal: Proposal = office.find(Proposal.by_id(proposed.proposal_id))
    return proposal.state


def tier_of(office: Office, change: SetTier) -> Tier | None:
    person: Person = office.find(Person.by_id(change.user_id))
    return person.tier


def test_what_one_proposes_and_another_approves_is_applied(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    assert tier_of(office, change) is Tier.BASIC

    office.do(office.approval(proposed))

    assert tier_of(office, change) is Tier.FULL
    assert state_of(office, proposed) is ProposalState.APPLIED
    assert office.kinds == ["wallet.tier_changed", "proposal.applied"]


def test_nobody_approves_what_they_proposed(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    refusal = office.refused(office.approval(proposed, checker_id=office.maker))
    assert isinstance(refusal, Forbidden)
    assert tier_of(office, change) is Tier.BASIC


def test_another_content_than_the_one_read_is_not_approved(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    refusal = office.refused(office.approval(proposed, content_hash=hash_of("{}")))
    assert isinstance(refusal, Conflict)
    assert state_of(office, proposed) is ProposalState.PROPOSED


def test_a_role_that_may_not_check_is_refused(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    for role in set(Role) - {Role.CUSTOMER, Role.AGENT, Role.AGENT_MANAGER} - set(change.CHECKERS):
        refusal = office.refused(office.approval(proposed, checker_id=office.staff(role)))
        assert isinstance(refusal, Forbidden), role


def test_a_role_that_may_not_make_is_refused(office: Office, change: SetTier) -> None:
    office.maker = office.staff(Role.AUDITOR)
    with pytest.raises(Forbidden):
        office.put_forward(change)


def test_a_proposal_is_applied_once(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    office.do(office.approval(proposed))
    assert isinstance(office.refused(office.approval(proposed)), Conflict)


def test_a_proposal_lapses(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    office.later(TTL_SECONDS)
    assert isinstance(office.refused(office.approval(proposed)), Conflict)
    assert office.kinds == ["proposal.lapsed"]
    assert state_of(office, proposed) is ProposalState.LAPSED
    assert isinstance(office.refused(office.approval(proposed)), Conflict)


def test_a_proposal_that_nobody_touches_ends_on_record(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    lapse = LapseProposal(proposal_id=proposed.proposal_id)
    assert not office.do(lapse).lapsed
    office.later(TTL_SECONDS)
    assert office.do(lapse).lapsed
    assert office.kinds == ["proposal.lapsed"]
    assert state_of(office, proposed) is ProposalState.LAPSED
    assert not office.do(lapse).lapsed
    assert office.kinds == []


def test_what_became_impossible_meanwhile_is_not_applied(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    office.apply(change)
    assert isinstance(office.refused(office.approval(proposed)), Conflict)


def test_the_maker_takes_a_proposal_back(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    office.do(office.withdrawing(proposed))
    assert state_of(office, proposed) is ProposalState.WITHDRAWN
    assert isinstance(office.refused(office.approval(proposed)), Conflict)


def test_a_checker_turns_a_proposal_down(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    office.do(office.withdrawing(proposed, user_id=office.checker))
    assert office.last.payload["checker"] == office.checker


def test_others_do_not_end_a_proposal(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    refusal = office.refused(office.withdrawing(proposed, user_id=office.staff(Role.AUDITOR)))
    assert isinstance(refusal, Forbidden)


def test_an_unknown_proposal_is_not_found(office: Office, change: SetTier) -> None:
    proposed = office.put_forward(change)
    assert isinstance(office.refused(office.approval(proposed, proposal_id=uuid7())), NotFound)


def test_a_change_is_read_as_it_was_written() -> None:
    for change in (limits(), SetTier(user_id=uuid7(), tier=Tier.FULL)):
        assert read_change(change.content) == change
        assert read_change(change.content).content == change.content
