"""Codes are guessed: per code, per wallet, per terminal, per link, on the network."""

from __future__ import annotations

import pytest

from commands.risk.case import Case
from commands.risk.rehearsal import rehearse
from commands.risk.watch import NETWORK, Watch
from commands.switch.enrol import EnrolTerminal
from commands.withdrawal.approve import ApproveWithdrawal
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.enable_cardless import EnableCardless
from commands.withdrawal.lifecycle import State
from tests.commands.risk.rules import signed_in, step_up, told
from tests.commands.town import ACQUIRER, TERMINAL, trace
from tests.commands.withdrawal.street import CODE, OTHER_CODE, Street, asks

OTHER_TERMINAL = "ATM00002"


@pytest.fixture
def street() -> Street:
    street = Street()
    street.do(EnrolTerminal(terminal_id=OTHER_TERMINAL, acquirer_id=ACQUIRER, place="Mindelo"))
    return street


def wrong(street: Street, number: int, phone: bytes = b"nobody", terminal: str = TERMINAL) -> str:
    """A wrong code, by default for a number that nobody has."""
    of = trace(number, terminal=terminal)
    reply = street.authorise(number, code=OTHER_CODE, phone=phone, of=of)
    street.later(6)
    return reply.response_code.value


def approve(street: Street) -> None:
    street.do(ApproveWithdrawal(transaction_id=street.id, user_id=street.ana.user_id))


def attacked(street: Street) -> None:
    """The terminal has heard three wrong codes in a row."""
    for number in (101, 102, 103):
        wrong(street, number)


def test_three_wrong_answers_in_a_row_put_a_terminal_into_step_up(street: Street) -> None:
    street.request()
    assert [wrong(street, number) for number in (1, 2, 3, 4)] == ["14", "14", "14", "1A"]
    assert street.authorise(5).response_code == "1A"
    assert street.withdrawal(street.id).tries == 0
    elsewhere = street.authorise(6, of=trace(6, terminal=OTHER_TERMINAL))
    assert elsewhere.response_code == "00"


def test_a_right_answer_in_between_begins_the_row_anew(street: Street) -> None:
    street.request()
    wrong(street, 1)
    wrong(street, 2)
    assert street.authorise(3).response_code == "00"
    assert [wrong(street, number) for number in (4, 5)] == ["14", "14"]
    assert street.find(Watch.by_id(f"terminal:{ACQUIRER}/{TERMINAL}")).step_up_until is None


def test_step_up_at_a_terminal_ends_after_a_quarter_of_an_hour(street: Street) -> None:
    attacked(street)
    street.later(900)
    street.request()
    assert street.authorise().response_code == "00"


def test_under_step_up_a_right_code_asks_its_owner_who_approves_it(street: Street) -> None:
    attacked(street)
    street.request()
    assert street.authorise(1).response_code == "1A"
    assert street.kinds == ["withdrawal.approval_wanted", "switch.declined"]
    approve(street)
    assert street.later(119).authorise(2).response_code == "00"


def test_an_approval_is_good_for_two_minutes(street: Street) -> None:
    attacked(street)
    street.request()
    street.authorise(1)
    approve(street)
    assert street.later(120).authorise(2).response_code == "1A"


def test_an_approval_counts_only_at_the_machine_that_asked(street: Street) -> None:
    attacked(street)
    for number in (111, 112, 113):
        wrong(street, number, terminal=OTHER_TERMINAL)
    street.request()
    street.authorise(1)
    approve(street)
    elsewhere = street.authorise(2, of=trace(2, terminal=OTHER_TERMINAL), code=OTHER_CODE)
    assert elsewhere.response_code == "1A"
    assert street.withdrawal(street.id).tries == 0
    assert street.authorise(3).response_code == "00"


def test_under_step_up_a_wrong_code_uses_no_try_and_says_nothing_else(street: Street) -> None:
    attacked(street)
    street.request()
    for number in range(1, 6):
        assert wrong(street, number, b"ana") == "1A"
        assert wrong(street, number + 10) == "1A"
    assert street.withdrawal(street.id).tries == 0


def test_a_terminal_in_step_up_compares_one_code_in_two_seconds(street: Street) -> None:
    attacked(street)
    street.request()
    street.authorise(1, code=OTHER_CODE)
    assert street.later(1).authorise(2).response_code == "1A"
    assert street.kinds == ["switch.declined"]
    street.later(1).authorise(3)
    assert "withdrawal.approval_wanted" in street.kinds


def test_nine_wrong_tries_in_a_day_suspend_codes_until_the_owner_steps_up(street: Street) -> None:
    for number in range(9):
        if number % 3 == 0:
            street.later(1000).request()
        street.authorise(200 + number, code=OTHER_CODE)
    assert "cardless.suspended" in street.kinds
    assert street.refused(asks(street.ana)).code == "CARDLESS_SUSPENDED"
    session = signed_in(street, street.ana, 1)
    enable = EnableCardless(user_id=street.ana.user_id, session_id=session)
    assert street.refused(enable).code == "STEP_UP_REQUIRED"
    step_up(street, street.ana, session, 2)
    assert street.do(enable).enabled
    street.request()


def tried_in_pairs(street: Street, tries: int) -> None:
    """Wrong codes of Ana's, two for each of her codes, each at a machine of its own."""
    for number in range(tries):
        if number % 2 == 0:
            if number:
                street.cancel()
            street.request()
        terminal = f"S{number}"
        street.do(EnrolTerminal(terminal_id=terminal, acquirer_id=ACQUIRER, place="-"))
        wrong(street, 300 + number, b"ana", terminal)


def test_the_ninth_wrong_try_ends_a_code_that_still_lives(street: Street) -> None:
    tried_in_pairs(street, 9)
    assert street.withdrawal(street.id).state is State.CANCELLED
    assert street.last.payload["responseCode"] == "75"
    assert street.holds(street.ana.wallet_id) == 10_000


def test_wrong_tries_of_yesterday_do_not_count(street: Street) -> None:
    tried_in_pairs(street, 8)
    street.cancel()
    street.later(86_400).request()
    street.authorise(499, code=OTHER_CODE)
    assert street.find(Cardless.of(street.ana.wallet_id)).suspended_at is None


def network_attacked(street: Street, wrong_answers: int) -> list[str]:
    """So many wrong codes for live ones, each wallet once, each terminal twice in a row."""
    answers = []
    for number in range(wrong_answers):
        phone = f"victim {number}"
        victim = street.customer(phone, 3_000)
        street.do(asks(victim, 2_000, phone.encode().ljust(32)))
        terminal = f"T{number // 2}"
        street.do(EnrolTerminal(terminal_id=terminal, acquirer_id=ACQUIRER, place="-"))
        answers.append(wrong(street, 1000 + number, phone.encode(), terminal))
    return answers


def test_more_wrong_answers_than_usual_put_the_whole_network_into_step_up(street: Street) -> None:
    answers = network_attacked(street, 32)
    assert answers == ["55"] * 31 + ["1A"]
    network = street.find(Watch.by_id(NETWORK))
    assert street.find(Case.by_id(network.case_id)).rule == "wrong_codes_network"
    street.request()
    assert street.authorise(1, of=trace(1, terminal=OTHER_TERMINAL)).response_code == "1A"
    approve(street)
    assert street.authorise(2, of=trace(2, terminal=OTHER_TERMINAL)).response_code == "00"


def test_the_network_stays_in_step_up_while_it_is_attacked_and_not_longer(street: Street) -> None:
    network_attacked(street, 40)
    assert len([event for event in street.events if event.kind == "step_up.began"]) == 2
    street.later(900)
    street.request()
    assert street.authorise(1).response_code == "00"


def test_what_is_usual_is_not_an_attack_and_an_attack_does_not_become_usual() -> None:
    busy = Watch(id=NETWORK, usual=20_000)
    assert busy.wrong_max({"least": 30, "times_usual": 5}) == 100
    assert Watch(id=NETWORK).wrong_max({"least": 30, "times_usual": 5}) == 30


def test_in_dry_run_a_watch_only_logs(street: Street) -> None:
    told(street, rehearse)
    street.request()
    assert [wrong(street, number) for number in (1, 2, 3, 4)] == ["14"] * 4
    assert street.authorise(5).response_code == "00"
    hits = [event for event in street.events if event.kind == "risk.hit"]
    assert [hit.payload["dryRun"] for hit in hits] == [True]


def test_only_the_owner_approves_and_only_a_live_code(street: Street) -> None:
    street.request()
    rui = street.customer("rui", 100)
    other = ApproveWithdrawal(transaction_id=street.id, user_id=rui.user_id)
    assert street.refused(other).code == "NOT_FOUND"
    own = ApproveWithdrawal(transaction_id=street.id, user_id=street.ana.user_id)
    street.authorise()
    assert street.refused(own).code == "CONFLICT"
    street.complete()
    street.request(code=CODE)
    late = ApproveWithdrawal(transaction_id=street.id, user_id=street.ana.user_id)
    assert street.later(900).refused(late).code == "CODE_EXPIRED"
