"""The tariff: what is entered, what a quote says, and what is then charged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.approval.changes import read_change
from commands.identity.person import Person
from commands.risk.limits import THE_LIMITS
from commands.risk.publish_tariff import BandEntered, PublishTariff
from commands.risk.quote import quote_for_agent, quote_for_customer
from commands.tariff import QUOTE_SECONDS, TAXES, Band, Edition, Operation, Tariff, split
from commands.tier import Tier
from ledger.books import Books
from ledger.errors import Conflict, InvalidRequest, LimitExceeded
from ledger.money import Money
from tests.commands.risk.test_limits import Quarter
from tests.commands.town import MORNING
from tests.commands.withdrawal.street import TTL_SECONDS

ATM, TRANSFER = Operation.ATM_WITHDRAWAL, Operation.TRANSFER


@pytest.fixture
def quarter() -> Quarter:
    return Quarter()


def band(from_: str, up_to: str, fee: str, commission: str = "0") -> BandEntered:
    figures = (Money.of(figure) for figure in (from_, up_to, fee, commission))
    return BandEntered(**dict(zip(("from_", "up_to", "fee", "commission"), figures, strict=True)))


def tariff(*bands: BandEntered, operation: Operation = TRANSFER, **more: Any) -> PublishTariff:
    return PublishTariff(operation=operation, bands=bands, **more)


GOOD = (band("1", "100", "1"), band("100.01", "5000", "2.5"))


def published(quarter: Quarter, change: PublishTariff) -> Edition:
    """The edition that two people make of it, once it counts."""
    quarter.apply(change)
    quarter.later(QUOTE_SECONDS)
    found: Tariff = quarter.find(Tariff.of(change.operation))
    return found.editions[-1]


def books_of(quarter: Quarter) -> Books:
    rows = {key: quarter.find(key) for key in map(Tariff.of, Operation)}
    return Books(quarter.now, {}, {**rows, THE_LIMITS: quarter.find(THE_LIMITS)})


def test_a_new_edition_counts_when_the_quotes_of_before_have_ended(quarter: Quarter) -> None:
    before = quote_for_customer(books_of(quarter), TRANSFER, Money.of(100), Tier.FULL)
    quarter.apply(tariff(*GOOD))
    assert before.valid_until == quarter.now + timedelta(seconds=QUOTE_SECONDS)
    assert quarter.do(quarter.send(Money.of(100))).fee == before.fee
    quarter.later(QUOTE_SECONDS)
    assert quarter.do(quarter.send(Money.of(100))).fee == Money.of(1)


def test_a_quote_ends_where_the_next_edition_begins(quarter: Quarter) -> None:
    tomorrow = quarter.now + timedelta(days=1)
    quarter.apply(tariff(*GOOD, valid_from=tomorrow))
    quarter.later(24 * 3_600 - 10)
    quote = quote_for_customer(books_of(quarter), TRANSFER, Money.of(100), Tier.FULL)
    assert (quote.fee, quote.valid_until) == (Money.of(10), tomorrow)
    quarter.later(10)
    quote = quote_for_customer(books_of(quarter), TRANSFER, Money.of(100), Tier.FULL)
    assert (quote.fee, quote.tariff_edition) == (Money.of(1), 2)


def test_an_earlier_edition_may_be_published_after_a_later_one(quarter: Quarter) -> None:
    week, day = (quarter.now + timedelta(days=days) for days in (7, 1))
    quarter.apply(tariff(band("1", "5000", "7"), valid_from=week))
    quarter.apply(tariff(band("1", "5000", "3"), valid_from=day))
    quarter.later(24 * 3_600)
    assert quarter.do(quarter.send(Money.of(1))).fee == Money.of(3)
    quarter.later(6 * 24 * 3_600)
    assert quarter.do(quarter.send(Money.of(1))).fee == Money.of(7)


def test_the_past_has_its_tariff_already(quarter: Quarter) -> None:
    with pytest.raises(Conflict):
        quarter.apply(tariff(*GOOD, valid_from=quarter.now))
    proposed = quarter.put_forward(tariff(*GOOD, valid_from=quarter.now + timedelta(minutes=1)))
    quarter.later(60)
    assert isinstance(quarter.refused(quarter.approval(proposed)), Conflict)


@pytest.mark.parametrize(
    ("bands", "reason"),
    [
        ((band("1", "100", "1"), band("100.02", "200", "2")), "leaves a gap before it"),
        ((band("1", "100", "1"), band("100", "200", "2")), "overlaps the one before"),
        ((band("1", "100", "1"), band("50", "99", "2")), "overlaps the one before"),
        ((band("100", "1", "1"),), "falls"),
        ((band("0", "100", "1"),), "falls"),
        ((band("1", "100", "1"), band("100.01", "100", "2")), "falls"),
    ],
)
def test_bands_that_do_not_meet_are_refused(
    quarter: Quarter, bands: tuple[BandEntered, ...], reason: str
) -> None:
    for change in (tariff(*bands), tariff(*GOOD, tiers={Tier.BASIC: bands})):
        with pytest.raises(InvalidRequest) as refused:
            quarter.put_forward(change)
        assert refused.value.facts["reason"] == reason


@pytest.mark.parametrize(
    "change",
    [
        tariff(*GOOD, tiers={Tier.FULL: (band("2", "5000", "1"),)}),
        tariff(band("1", "100", "1", "1")),
        tariff(band("1", "100", "1", "1"), operation=Operation.AGENT_CASH_IN),
        tariff(
            band("1", "100", "1", "1"),
            operation=Operation.AGENT_CASH_OUT,
            tiers={Tier.FULL: (band("1", "100", "1", "2"),)},
        ),
    ],
)
def test_figures_that_nothing_would_come_of_are_refused(
    quarter: Quarter, change: PublishTariff
) -> None:
    with pytest.raises(InvalidRequest):
        quarter.put_forward(change)


def test_figures_below_zero_do_not_come_in() -> None:
    content = tariff(*GOOD).content.replace('"fee":1', '"fee":-1')
    with pytest.raises(InvalidRequest):
        read_change(content)


def test_tiers_pay_by_their_own_bands(quarter: Quarter) -> None:
    published(quarter, tariff(*GOOD, tiers={Tier.FULL: (band("1", "9000", "0.5"),)}))
    assert quarter.do(quarter.send(Money.of(9_000))).fee == Money(50)
    bob = quarter.customer("bob", 6_000, tier=Tier.BASIC)
    send = msgspec.structs.replace(quarter.send(Money.of(5_000)), user_id=bob.user_id)
    assert quarter.do(send).fee == Money(2_50)
    send = msgspec.structs.replace(send, amount=Money(5_000_01), transaction_id=uuid4())
    assert isinstance(quarter.refused(send), LimitExceeded)


def test_the_tax_on_a_fee_is_owed_to_the_state(quarter: Quarter) -> None:
    published(quarter, tariff(*GOOD, tax=1_500))
    quarter.do(quarter.send(Money.of(200)))
    assert quarter.booked == ["2010 202.5 | 2010 200 + 4030 2.12 + 2300 0.38"]


def test_a_part_paid_is_taxed_for_the_part(quarter: Quarter) -> None:
    bands = (band("200", "1000", "10.01"), band("1000.01", "20000", "25.03"))
    published(quarter, tariff(*bands, operation=ATM, tax=1_500))
    quarter.request()
    quarter.authorise()
    quarter.reverse(1_000)
    assert quarter.booked == ["2030 2025.03 | 2100 1000 + 4010 8.51 + 2300 1.5 + 2010 1015.02"]
    quarter.reverse(500)  # the lower part costs the same: nothing of the fee goes back
    assert quarter.booked == ["2100 500 | 2010 500"]


def test_a_late_reversal_takes_back_exactly_the_tax_that_was_booked(quarter: Quarter) -> None:
    bands = (band("200", "1000", "10.01"), band("1000.01", "20000", "25.03"))
    published(quarter, tariff(*bands, operation=ATM, tax=1_500))
    quarter.request()
    quarter.authorise()
    quarter.complete()
    assert quarter.booked == ["2030 2025.03 | 2100 2000 + 4010 21.28 + 2300 3.75"]
    quarter.reverse(1_000)
    assert quarter.booked == ["2100 1000 + 4010 12.77 + 2300 2.25 | 2010 1015.02"]
    assert quarter.holds(TAXES) == Money(1_50).decimal


def test_a_later_edition_leaves_a_withdrawal_under_way_as_it_was(quarter: Quarter) -> None:
    quarter.request()
    published(quarter, tariff(band("200", "20000", "99"), operation=ATM, tax=5_000))
    assert quarter.withdrawal(quarter.id).fee == 25_00
    quarter.authorise()
    quarter.complete()
    assert quarter.booked == ["2030 2025 | 2100 2000 + 4010 25"]


TAXED = st.integers(0, 9_999)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10_000), min_size=1, max_size=5))
def test_a_split_conserves_every_centavo(total: int, weights: list[int]) -> None:
    if sum(weights):
        parts = split(total, tuple(weights))
        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total * weight) < sum(weights)


@given(TAXED, st.lists(st.integers(0, 10**6), min_size=2, max_size=6))
def test_what_is_given_up_in_steps_is_what_was_earned(tax: int, fees: list[int]) -> None:
    edition = Edition(number=1, valid_from=MORNING, amount_min=1, bands=(Band(1, 0),), tax=tax)
    fees.sort(reverse=True)
    earned = edition.tax_of(fees[0])
    for was, becomes in zip(fees, [*fees[1:], 0], strict=True):
        income, owed = edition.given_up(TAXES, Money(was), Money(becomes))
        assert income.amount >= 0 and owed.amount >= 0
        earned -= owed.amount
    assert earned == 0


ESCUDOS = st.integers(1, 25_000)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_a_quote_says_is_what_is_charged(data: st.DataObject) -> None:
    quarter = Quarter()
    tops = sorted(data.draw(st.sets(ESCUDOS, min_size=1, max_size=4)))
    starts = ["1", *(f"{top}.01" for top in tops[:-1])]
    fee = st.integers(0, 99_99).map(lambda minor: str(Money(minor).decimal))

    def schedule() -> tuple[BandEntered, ...]:
        ends = zip(starts, tops, strict=True)
        return tuple(band(start, str(top), data.draw(fee)) for start, top in ends)

    tax = data.draw(TAXED)
    tier = data.draw(st.sampled_from(Tier))
    change = tariff(*schedule(), tiers={Tier.FULL: schedule()}, tax=tax)
    published(quarter, change)
    bob = quarter.customer("bob", 40_000, tier=tier)
    amount = Money.of(data.draw(ESCUDOS.filter(lambda escudos: escudos <= 10_000)))
    person: Person = quarter.find(Person.by_id(bob.user_id))
    assert person.tier is not None
    send = msgspec.structs.replace(quarter.send(amount), user_id=bob.user_id)
    try:
        quote = quote_for_customer(books_of(quarter), TRANSFER, amount, person.tier)
    except LimitExceeded:
        assert isinstance(quarter.refused(send), LimitExceeded)
        return
    before, taxes = quarter.holds(bob.wallet_id), quarter.code_holds("2300")
    done = quarter.do(send)
    assert quote.total is not None and quote.tax is not None
    assert (done.fee, done.amount) == (quote.fee, quote.amount)
    assert before - quarter.holds(bob.wallet_id) == quote.total.decimal
    assert quarter.code_holds("2300") - taxes == quote.tax.decimal


@pytest.mark.parametrize("escudos", [200, 5_000, 6_000])
def test_quotes_of_cash_are_what_is_charged(quarter: Quarter, escudos: int) -> None:
    amount = Money.of(escudos)
    atm = quote_for_customer(books_of(quarter), ATM, amount, Tier.FULL)
    assert atm.fee == Money(quarter.request(escudos).fee)
    quarter.later(TTL_SECONDS).expire()
    agents = Operation.AGENT_CASH_OUT
    out = quote_for_customer(books_of(quarter), agents, amount, Tier.FULL)
    for_agent = quote_for_agent(books_of(quarter), agents, amount)
    quarter.ask_agent(escudos)
    told = quarter.last.payload
    assert out.fee is not None and for_agent.commission is not None
    assert (told["fee"], told["commission"]) == (out.fee.minor, for_agent.commission.minor)
    paid_in = quarter.do(quarter.pay_in(escudos, quarter.bea))
    cash_in = quote_for_agent(books_of(quarter), Operation.AGENT_CASH_IN, amount)
    assert paid_in.commission == cash_in.commission
