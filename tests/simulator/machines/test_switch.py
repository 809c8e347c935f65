"""The switch: one trace for each request, advices stored until they are heard, nothing twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.machines import business_day, switch, switch_steps
from simulator.machines.messages import (
    Advice,
    CompletionAdvice,
    Origin,
    Reason,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.switch import (
    AdviceAnswered,
    AdviceRefused,
    AdviceSilent,
    AtmAdvised,
    AtmAsked,
    Authorise,
    Forward,
    IssuerAnswered,
    IssuerSilent,
    ReplyToAtm,
    Switch,
    WakeAt,
    Woken,
)
from simulator.machines.switch_steps import ADVICE_TRIES_MAX, AUTHORISATION_TRIES_MAX

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
DAY = business_day.opened(NOW)
FRESH = Switch(acquirer_id="VINTI4", stan=42, serial=7, day=DAY)


def origin(number: int = 1) -> Origin:
    """A request of the machine."""
    return Origin("ATM1", number, date(2026, 11, 23))


def asked(number: int = 1, amount: int = 2_000) -> AtmAsked:
    """0200."""
    return AtmAsked(
        WithdrawalRequest(
            origin=origin(number),
            local_time=NOW,
            phone="+2389912345",
            code="042137",
            amount=amount,
        )
    )


APPROVED = IssuerAnswered(origin(), "00", "123456")
COMPLETION = CompletionAdvice(origin=origin(), amount=2_000)
REVERSAL = ReversalAdvice(origin=origin(), amount=0, reason=Reason.NOTHING_PAID)


def after(
    *events: switch.Event, state: Switch = FRESH, at: datetime = NOW
) -> tuple[Switch, tuple[switch.Order, ...]]:
    """The switch after these events, and what it ordered at the last of them."""
    orders: tuple[switch.Order, ...] = ()
    for event in events:
        state, orders = switch_steps.step(state, event, at)
    return state, orders


def test_a_request_gets_a_stan_and_an_rrn_of_twelve_digits() -> None:
    _, (order,) = after(asked())
    assert isinstance(order, Authorise)
    assert order.trace.stan == "000042"
    assert order.trace.rrn == "632710000007"  # 2026, day 327, 10 hours, serial 7
    assert order.trace.local_date == date(2026, 11, 23)


def test_two_requests_have_two_traces() -> None:
    state, _ = after(asked(1), asked(2))
    first, second = (each.trace for each in state.asked.values())
    assert (first.stan, first.rrn) != (second.stan, second.rrn)


def test_after_the_last_number_comes_the_first() -> None:
    state = Switch(acquirer_id="VINTI4", stan=999_999, serial=999_999, day=DAY)
    state, _ = after(asked(1), asked(2), state=state)
    assert [each.trace.stan for each in state.asked.values()] == ["999999", "000000"]


def test_a_switch_begins_to_count_where_the_dice_say() -> None:
    assert switch.opened("VINTI4", Random(1), NOW) != switch.opened("VINTI4", Random(2), NOW)
    assert switch.opened("VINTI4", Random(1), NOW) == switch.opened("VINTI4", Random(1), NOW)


def test_a_repeat_while_the_issuer_thinks_is_not_asked_again() -> None:
    assert after(asked(), asked())[1] == ()


def test_a_repeat_after_the_answer_hears_the_same_and_nothing_goes_out() -> None:
    state, (first,) = after(asked(), APPROVED)
    assert after(asked(), state=state) == (state, (first,))


def test_the_same_request_with_another_amount_is_a_duplicate() -> None:
    state, _ = after(asked(), APPROVED)
    same, (order,) = after(asked(amount=5_000), state=state)
    assert isinstance(order, ReplyToAtm)
    assert order.reply.response_code == "94"
    assert same == state


def test_silence_is_answered_by_the_same_question_under_the_same_trace() -> None:
    _, (first,) = after(asked())
    _, (again,) = after(asked(), IssuerSilent(origin()))
    assert again == first


def test_after_the_last_try_the_reversal_is_stored_and_the_machine_told_no() -> None:
    state, orders = after(asked(), *[IssuerSilent(origin())] * AUTHORISATION_TRIES_MAX)
    forward, reply = orders
    assert isinstance(forward, Forward)
    assert forward.advice == ReversalAdvice(origin(), 0, Reason.TIMED_OUT)
    assert isinstance(reply, ReplyToAtm)
    assert reply.reply.response_code == "91"
    assert [each.advice for each in state.stored] == [forward.advice]


def test_an_answer_after_that_is_not_passed_on() -> None:
    silent = [IssuerSilent(origin())] * AUTHORISATION_TRIES_MAX
    state, _ = after(asked(), *silent)
    assert after(APPROVED, state=state) == (state, ())


def test_the_code_is_forgotten_as_soon_as_it_is_not_needed() -> None:
    state, _ = after(asked(), APPROVED)
    assert state.asked[origin()].request is None


@pytest.mark.parametrize("advice", [COMPLETION, REVERSAL])
def test_an_advice_is_stored_before_it_goes_out_and_kept_until_it_is_heard(advice: Advice) -> None:
    state, (order,) = after(asked(), APPROVED, AtmAdvised(advice))
    assert order == Forward(state.asked[origin()].trace, advice, date(2026, 11, 23))
    assert [each.advice for each in state.stored] == [advice]
    state, orders = after(AdviceAnswered(advice), state=state)
    assert (state.stored, orders) == ((), ())


def test_an_advice_that_the_machine_repeats_goes_out_once() -> None:
    advised = (AtmAdvised(COMPLETION), AtmAdvised(COMPLETION))
    state, orders = after(asked(), APPROVED, *advised)
    assert (len(state.stored), orders) == (1, ())
    assert after(AdviceAnswered(COMPLETION), AtmAdvised(COMPLETION), state=state)[1] == ()


def test_an_advice_that_is_not_heard_waits_longer_each_time() -> None:
    state, _ = after(asked(), APPROVED, AtmAdvised(COMPLETION))
    pauses = []
    for _ in range(4):
        state, (alarm,) = after(AdviceSilent(COMPLETION), state=state)
        assert isinstance(alarm, WakeAt)
        pauses.append((alarm.due - NOW).total_seconds())
        assert after(Woken(), state=state)[1] == (), "not before it is due"
        state, (order,) = after(Woken(), state=state, at=alarm.due)
        assert isinstance(order, Forward)
    assert pauses == [0.2, 0.4, 0.8, 1.6]


def test_an_advice_on_its_way_is_not_sent_again() -> None:
    state, _ = after(asked(), APPROVED, AtmAdvised(COMPLETION))
    assert after(Woken(), state=state, at=LATER)[1] == ()


def test_one_that_is_stuck_does_not_hold_up_the_others() -> None:
    other = CompletionAdvice(origin=origin(2), amount=2_000)
    state, _ = after(asked(1), APPROVED, AtmAdvised(COMPLETION), AdviceSilent(COMPLETION))
    answered = IssuerAnswered(origin(2), "00", "654321")
    state, (order,) = after(asked(2), answered, AtmAdvised(other), state=state)
    assert isinstance(order, Forward)
    assert order.advice == other


def test_one_that_is_never_heard_is_laid_aside_where_it_is_seen() -> None:
    state, _ = after(asked(), APPROVED, AtmAdvised(COMPLETION))
    for _ in range(ADVICE_TRIES_MAX - 1):
        state, _ = after(AdviceSilent(COMPLETION), state=state)
        state, _ = after(Woken(), state=state, at=LATER)
    state, orders = after(AdviceSilent(COMPLETION), state=state)
    assert (state.stored, orders) == ((), ())
    assert [each.advice for each in state.laid_aside] == [COMPLETION]


def test_a_reversal_beats_a_request_that_comes_after_it() -> None:
    state, orders = after(AtmAdvised(REVERSAL))
    assert orders == ()
    state, (order,) = after(asked(), state=state)
    assert isinstance(order, ReplyToAtm)
    assert order.reply.response_code == "68"
    assert not state.asked


def test_what_was_laid_aside_is_sent_again_when_somebody_says_so() -> None:
    state, _ = after(asked(), APPROVED, AtmAdvised(COMPLETION), AdviceRefused(COMPLETION))
    assert len(state.laid_aside) == 1
    state, (order,) = after(switch.ResendPressed(), state=state)
    assert isinstance(order, Forward)
    assert order.advice == COMPLETION
    assert (len(state.stored), state.laid_aside) == (1, ())
    assert after(switch.ResendPressed(), state=state)[1] == ()


def test_one_that_is_refused_is_laid_aside_at_once() -> None:
    state, _ = after(asked(), APPROVED, AtmAdvised(COMPLETION), AdviceRefused(COMPLETION))
    assert (state.stored, len(state.laid_aside)) == ((), 1)


def test_a_reversal_before_the_issuer_has_answered_goes_out_and_beats_the_answer() -> None:
    late = ReversalAdvice(origin(), 0, Reason.TIMED_OUT)
    state, (order,) = after(asked(), AtmAdvised(late))
    assert isinstance(order, Forward)
    assert after(APPROVED, state=state) == (state, ())


@pytest.mark.parametrize(
    "events",
    [
        (AtmAdvised(COMPLETION),),
        (asked(), IssuerAnswered(origin(), "55"), AtmAdvised(REVERSAL)),
    ],
)
def test_an_advice_about_nothing_that_was_approved_is_accepted_and_ends_here(
    events: tuple[switch.Event, ...],
) -> None:
    state, orders = after(*events)
    assert (state.stored, orders) == ((), ())


def test_what_it_remembers_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch_steps, "ASKED_MAX", 2)
    state, _ = after(asked(1), asked(2), asked(3))
    assert list(state.asked) == [origin(2), origin(3)]


NUMBERS = st.integers(1, 3)
EVENTS = st.one_of(
    NUMBERS.map(asked),
    NUMBERS.map(lambda number: IssuerSilent(origin(number))),
    st.tuples(NUMBERS, st.sampled_from(("00", "55"))).map(
        lambda drawn: IssuerAnswered(origin(drawn[0]), drawn[1], "123456")
    ),
    NUMBERS.map(lambda number: AtmAdvised(CompletionAdvice(origin(number), 2_000))),
    NUMBERS.map(lambda number: AdviceSilent(CompletionAdvice(origin(number), 2_000))),
    NUMBERS.map(lambda number: AdviceAnswered(CompletionAdvice(origin(number), 2_000))),
    st.just(Woken()),
)


@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_each_request_has_one_trace_and_one_answer(
    events: list[switch.Event],
) -> None:
    state, traces = FRESH, dict[Origin, set[str]]()
    replies = dict[Origin, set[WithdrawalReply]]()
    for event in events:
        state, orders = switch_steps.step(state, event, LATER)
        for order in orders:
            if isinstance(order, Authorise):
                traces.setdefault(order.request.origin, set()).add(order.trace.rrn)
            elif isinstance(order, ReplyToAtm):
                replies.setdefault(order.reply.origin, set()).add(order.reply)
    assert all(len(each) == 1 for each in traces.values())
    assert all(len(each) == 1 for each in replies.values())


@given(st.lists(EVENTS, max_size=40))
def test_whatever_happens_an_advice_is_sent_until_it_is_heard_and_then_no_more(
    events: list[switch.Event],
) -> None:
    state, heard = FRESH, set[Advice]()
    for event in events:
        known = {each.advice for each in state.stored}
        state, orders = switch_steps.step(state, event, LATER)
        if isinstance(event, AdviceAnswered) and event.advice in known:
            heard.add(event.advice)
        assert not heard & {order.advice for order in orders if isinstance(order, Forward)}
    advised = {advice for each in state.asked.values() for advice in each.advised}
    kept = {each.advice for each in (*state.stored, *state.laid_aside)}
    assert advised - heard == kept
