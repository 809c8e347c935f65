"""Every entry of the book of an e-money issuer is posted by a real flow, and is exactly this.

The table is what an accountant agreed to; each row of it is played on the town. After each row the
customers' trust is weighed against what it stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from uuid_utils.compat import uuid7

from commands.account.adjust import Adjust, Adjustment
from commands.account.assign_credit import AssignCredit
from commands.account.dormancy import SleepWallet, WakeWallet
from commands.account.transfer import Transfer
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.redeem import PayRedemption, RequestRedemption
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.switch.dispute import Resolution
from commands.switch.resolve_dispute import ApproveResolution, ProposeResolution
from commands.tariff import Edition, Operation, Tariff
from commands.treasury.breaks import BookBreak, Side
from commands.treasury.own_money import (
    FundCommission,
    PayInCapital,
    PayTax,
    PayTrustCharge,
    SweepFees,
)
from commands.treasury.resolve_break import BreakEnd, ResolveBreak
from commands.treasury.settlement import CollectFromSwitch, SettleSwitch
from commands.treasury.trust import THE_TRUST, TrustBook
from commands.withdrawal.lifecycle import State
from commands.withdrawal.resolve_claim import ClaimEnd, ResolveClaim
from ledger.accounts import Account
from ledger.money import Money
from tests.commands.desk import Desk
from tests.commands.town import TODAY, deposit, trace

# Flow: what is debited | what is credited, in escudos, entry after entry.
TABLE = """
customers' money comes in:           1010 100000 | 2010 100000
own capital:                         1020 50000 | 3010 50000
float top-up:                        1010 40000 | 2020 40000
cash-in, commission:                 2020 5000 + 5010 25 | 2010 5000 + 2020 25
cash-out at an agent, requested:     2010 3060 | 2030 3060
  … confirmed:                       2030 3060 + 5020 30 | 2020 3030 + 4020 60
  … refused:                         2030 3060 | 2010 3060
ATM code, hold:                      2010 2025 | 2030 2025
  … captured:                        2030 2025 | 2100 2000 + 4010 25
  … reversed after capture:          2100 2000 + 4010 25 | 2010 2025
transfer, fee:                       2010 1010 | 2010 1000 + 4030 10
settlement T+1, interchange:         2100 2000 + 5030 30 | 1010 2000 + 1020 30
break, in the file only:             1900 500 | 2100 500
break, in our books only:            2100 2000 | 2900 2000
  … charged, written off, funded:    2010 300 + 5090 200 + 1010 200 | 1900 300 + 1900 200 + 1020 200
fee sweep:                           1020 120 | 1010 120
commission funding:                  1010 55 | 1020 55
float redeemed:                      2020 4000 | 1010 4000
dormancy:                            2010 10000 | 2040 10000
  … woken:                           2040 10000 | 2010 10000
bank credit matched:                 1010 700 | 2010 700
bank credit not matched:             1010 700 | 2900 700
  … assigned later:                  2900 700 | 2010 700
reversal of a settled item:          1100 2000 + 4010 25 | 2010 2025
  … collected:                       1010 2000 | 1100 2000
cash-in reversed:                    2010 5000 + 2020 25 | 2020 5000 + 5010 25
cash-in reversed, shortfall:         2010 3990 + 1910 1010 + 2020 25 | 2020 5000 + 5010 25
  … collected from the agent:        2020 1010 | 1910 1010
  … or written off:                  5090 1010 + 1010 1010 | 1910 1010 + 1020 1010
a debtor's bank credit:              1010 1500 | 1910 1010 + 2020 490
charged beyond what a wallet holds:  2010 500 + 1920 1500 | 1900 2000
  … collected from the customer:     2010 1500 | 1920 1500
  … or written off, customer:        5090 1500 + 1010 1500 | 1920 1500 + 1020 1500
a dispute lessened by the switch:    2100 1500 | 1900 1500
  … after the customer was charged:  2100 1500 | 2010 1500
  … after it was written off:        2100 1500 + 1020 1500 | 5090 1500 + 1010 1500
break in no file, for the customer:  2900 2000 + 4010 25 | 2010 2025
claim paid ahead of the switch:      1900 2000 + 4010 25 | 2010 2025
  … and the switch agrees:           2100 2000 | 1900 2000
tax on a fee:                        2030 2025 | 2100 2000 + 4010 21.74 + 2300 3.26
  … paid to the state:               2300 3.26 | 1020 3.26
trust bank's charge:                 5090 15 + 1010 15 | 1010 15 + 1020 15
goodwill:                            5090 40 + 1010 40 | 2010 40 + 1020 40
"""
ROWS = [
    (" ".join(name.split()), " ".join(lines.split()))
    for name, _, lines in (row.partition(":") for row in TABLE.strip().splitlines())
]
FLOWS: dict[str, Callable[[Desk], None]] = {}
PICKUP = b"pickup".ljust(32)


def flow(name: str) -> Callable[[Callable[[Desk], None]], Callable[[Desk], None]]:
    """This function plays the row of this name; its last entry is the row's."""

    def keep(play: Callable[[Desk], None]) -> Callable[[Desk], None]:
        FLOWS[name] = play
        return play

    return keep


@flow("customers' money comes in")
def _customers_money(desk: Desk) -> None:
    desk.do(deposit(100_000, phone_index=b"ana"))


@flow("own capital")
def _capital(desk: Desk) -> None:
    desk.decide(PayInCapital(amount=Money.of(50_000), reference="owners"))


@flow("float top-up")
def _top_up(desk: Desk) -> None:
    desk.do(deposit(40_000, agent_id=desk.agent.agent_id))


@flow("cash-in, commission")
def _cash_in(desk: Desk) -> None:
    desk.cash_in(5_000)


@flow("cash-out at an agent, requested")
def _cash_out(desk: Desk) -> None:
    request_cash_out(desk)


@flow("… confirmed")
def _confirmed(desk: Desk) -> None:
    confirm(desk, request_cash_out(desk))


@flow("… refused")
def _refused(desk: Desk) -> None:
    request = request_cash_out(desk)
    agent = desk.agent.agent_id
    desk.do(RefuseCashOut(transaction_id=request, agent_id=agent, reason="no cash"))


@flow("ATM code, hold")
def _hold(desk: Desk) -> None:
    desk.request()


@flow("… captured")
def _captured(desk: Desk) -> None:
    desk.pay_out()


@flow("… reversed after capture")
def _reversed(desk: Desk) -> None:
    desk.pay_out()
    desk.reverse()


@flow("transfer, fee")
def _transfer(desk: Desk) -> None:
    send(desk, 1_000)


@flow("settlement T+1, interchange")
def _settlement(desk: Desk) -> None:
    desk.pay_out()
    settle(desk)


@flow("break, in the file only")
def _in_file_only(desk: Desk) -> None:
    book_break(desk)


@flow("break, in our books only")
def _in_books_only(desk: Desk) -> None:
    book_unnamed(desk)


@flow("… charged, written off, funded")
def _borne(desk: Desk) -> None:
    found = book_break(desk)
    desk.decide(
        ResolveBreak(
            break_id=found,
            end=BreakEnd.BORNE,
            evidence="two files",
            charged=Money.of(300),
            user_id=desk.ana.user_id,
            written_off=Money.of(200),
        )
    )


@flow("fee sweep")
def _sweep(desk: Desk) -> None:
    for number in range(1, 4):
        desk.pay_out(number=number)
    confirm(desk, request_cash_out(desk))
    desk.decide(SweepFees(amount=Money.of(120), reference="T1"))


@flow("commission funding")
def _funding(desk: Desk) -> None:
    desk.cash_in(5_000)
    confirm(desk, request_cash_out(desk))
    desk.decide(FundCommission(amount=Money.of(55), reference="T2"))


@flow("float redeemed")
def _redeemed(desk: Desk) -> None:
    id_ = uuid7()
    desk.do(
        RequestRedemption(
            redemption_id=id_,
            agent_id=desk.agent.agent_id,
            person_id=desk.clerk,
            amount=Money.of(4_000),
        )
    )
    desk.do(PayRedemption(redemption_id=id_, operator_id=desk.operator, reference="T3"))


@flow("dormancy")
def _dormancy(desk: Desk) -> None:
    sleep(desk)


@flow("… woken")
def _woken(desk: Desk) -> None:
    sleep(desk)
    desk.do(WakeWallet(transaction_id=uuid7(), user_id=desk.ana.user_id))


@flow("bank credit matched")
def _matched(desk: Desk) -> None:
    desk.do(deposit(700, phone_index=b"ana"))


@flow("bank credit not matched")
def _not_matched(desk: Desk) -> None:
    desk.do(deposit(700, phone_index=b"nobody"))


@flow("… assigned later")
def _assigned(desk: Desk) -> None:
    desk.do(deposit(700, reference="R1"))
    desk.do(
        AssignCredit(
            transaction_id=uuid7(), reference="R1", user_id=desk.operator, phone_index=b"rui"
        )
    )


@flow("reversal of a settled item")
def _late(desk: Desk) -> None:
    desk.pay_out()
    settle(desk)
    desk.reverse()


@flow("… collected")
def _collected(desk: Desk) -> None:
    _late(desk)
    desk.decide(CollectFromSwitch(amount=Money.of(2_000), reference="T4"))


@flow("cash-in reversed")
def _cash_in_reversed(desk: Desk) -> None:
    desk.do(desk.taking_back(desk.cash_in(5_000)))


@flow("cash-in reversed, shortfall")
def _shortfall(desk: Desk) -> None:
    made = desk.cash_in(5_000, desk.rui)
    send(desk, 1_000, desk.rui.user_id, b"ana")
    desk.do(desk.taking_back(made, by=desk.operator))


@flow("… collected from the agent")
def _debt_collected(desk: Desk) -> None:
    _shortfall(desk)
    adjust(desk, Adjustment.AGENT_DEBT_COLLECTED)


@flow("… or written off")
def _debt_written_off(desk: Desk) -> None:
    _shortfall(desk)
    adjust(desk, Adjustment.AGENT_DEBT_WRITTEN_OFF)


@flow("a debtor's bank credit")
def _credit_of_a_debtor(desk: Desk) -> None:
    _shortfall(desk)
    desk.do(deposit(1_500, agent_id=desk.agent.agent_id))


@flow("charged beyond what a wallet holds")
def _owed(desk: Desk) -> None:
    dispute_release(desk)
    spend(desk, 500)
    resolve_dispute(desk, Resolution.CUSTOMER_OWES)


@flow("… collected from the customer")
def _customer_collected(desk: Desk) -> None:
    _owed(desk)
    desk.do(deposit(1_500, phone_index=b"ana"))
    adjust_customer(desk, Adjustment.CUSTOMER_DEBT_COLLECTED)


@flow("… or written off, customer")
def _customer_written_off(desk: Desk) -> None:
    _owed(desk)
    adjust_customer(desk, Adjustment.CUSTOMER_DEBT_WRITTEN_OFF)


@flow("a dispute lessened by the switch")
def _lessened(desk: Desk) -> None:
    dispute_release(desk)
    desk.reverse(500)


@flow("… after the customer was charged")
def _lessened_after_charge(desk: Desk) -> None:
    dispute_release(desk)
    resolve_dispute(desk, Resolution.CHARGE_CUSTOMER)
    desk.reverse(500)


@flow("… after it was written off")
def _lessened_after_write_off(desk: Desk) -> None:
    dispute_release(desk)
    resolve_dispute(desk, Resolution.WRITE_OFF)
    desk.reverse(500)


@flow("break in no file, for the customer")
def _for_customer(desk: Desk) -> None:
    book_unnamed(desk)
    end = BreakEnd.FOR_CUSTOMER
    desk.decide(ResolveBreak(break_id=desk.id, end=end, evidence="two files"))


@flow("claim paid ahead of the switch")
def _claim(desk: Desk) -> None:
    desk.pay_out()
    desk.claim()
    end = ClaimEnd.PAY
    desk.decide(ResolveClaim(transaction_id=desk.id, end=end, evidence="cassette 2,000 over"))


@flow("… and the switch agrees")
def _agrees(desk: Desk) -> None:
    _claim(desk)
    desk.reverse()


@flow("tax on a fee")
def _tax(desk: Desk) -> None:
    with_tax(desk)
    desk.pay_out()


@flow("… paid to the state")
def _tax_paid(desk: Desk) -> None:
    _tax(desk)
    desk.decide(PayTax(amount=Money.of("3.26"), reference="DNRE"))


@flow("trust bank's charge")
def _charge(desk: Desk) -> None:
    desk.decide(PayTrustCharge(amount=Money.of(15), reference="T5"))


@flow("goodwill")
def _goodwill(desk: Desk) -> None:
    change = Adjust(adjustment=Adjustment.GOODWILL, amount=Money.of(40), user_id=desk.ana.user_id)
    desk.decide(change)


@pytest.mark.parametrize(("name", "lines"), ROWS, ids=[name for name, _ in ROWS])
def test_the_entry_is_the_books(name: str, lines: str) -> None:
    desk = Desk()
    FLOWS[name](desk)
    assert desk.booked[-1] == lines
    require_safeguarded(desk)


def test_every_row_has_its_flow_and_no_other_stands_here() -> None:
    assert [name for name, _ in ROWS] == list(FLOWS)


def require_safeguarded(desk: Desk) -> None:
    """The trust holds what it stands for, term by term."""
    trust: TrustBook = desk.find(THE_TRUST) or TrustBook()
    held = {code: sum_of(desk, code) for code in CODES}
    fees = sum(held[code] for code in ("4010", "4020", "4030", "4040", "2300"))
    unswept = fees + trust.fees_closed + trust.tax_paid - trust.fees_swept
    paid = held["5010"] + held["5020"] + trust.commission_closed
    unfunded = paid - trust.commission_funded
    e_money = held["2010"] + held["2020"] + held["2030"] + held["2040"]
    ours = held["1900"] + held["1100"] + held["1910"] + held["1920"] + unfunded
    assert held["1010"] + held["1030"] == e_money + held["2100"] + held["2900"] + unswept - ours


CODES = (
    *("1010", "1030", "1100", "1900", "1910", "1920", "2010", "2020", "2030", "2040", "2100"),
    *("2300", "2900", "4010", "4020", "4030", "4040", "5010", "5020"),
)


def sum_of(desk: Desk, code: str) -> int:
    accounts = desk._all(Account)
    return sum(account.holds_minor for account in accounts if account.code == code)


def request_cash_out(desk: Desk) -> UUID:
    asked = desk.do(
        RequestCashOut(
            transaction_id=uuid7(),
            user_id=desk.ana.user_id,
            session_id=None,
            agent_id=desk.agent.agent_id,
            amount=Money.of(3_000),
            pickup_digest=PICKUP,
            pickup_seal=b"sealed",
            ttl_seconds=600,
        )
    )
    return asked.transaction_id


def confirm(desk: Desk, request: UUID) -> None:
    desk.do(
        ConfirmCashOut(transaction_id=request, agent_id=desk.agent.agent_id, pickup_digest=PICKUP)
    )


def send(desk: Desk, escudos: int, by: UUID | None = None, to: bytes = b"rui") -> None:
    desk.do(
        Transfer(
            transaction_id=uuid7(),
            user_id=by or desk.ana.user_id,
            to_phone=to,
            amount=Money.of(escudos),
        )
    )


def spend(desk: Desk, left: int) -> None:
    """Ana has so much left."""
    while (more := int(desk.holds(desk.ana.wallet_id)) - left) > 0:
        send(desk, min(more - 10, 1_000))
    assert desk.holds(desk.ana.wallet_id) == left


def settle(desk: Desk) -> None:
    on = desk.settlement_date()
    desk.next_day()
    desk.decide(
        SettleSwitch(
            settlement_date=on,
            amount=Money.of(2_000),
            interchange=Money.of(30),
            reference="SISP 1",
        )
    )


def book_break(desk: Desk) -> UUID:
    booked = desk.decide(
        BookBreak(
            side=Side.IN_FILE_ONLY,
            amount=Money.of(500),
            settlement_date=TODAY,
            reference="line 17",
        )
    )
    return booked.proposal_id


def book_unnamed(desk: Desk) -> None:
    desk.pay_out()
    desk.decide(
        BookBreak(
            side=Side.IN_BOOKS_ONLY,
            amount=Money.of(2_000),
            settlement_date=desk.settlement_date(),
            reference="in no file",
            withdrawal_id=desk.id,
        )
    )


def sleep(desk: Desk) -> None:
    send(desk, 100, to=b"rui")  # so that it is known when Ana last came
    desk.do(deposit(110, phone_index=b"ana"))
    desk.now += timedelta(days=366)
    wallet = desk.ana.wallet_id
    year = 365 * 86_400
    desk.do(SleepWallet(transaction_id=uuid7(), wallet_id=wallet, after_seconds=year))


def adjust(desk: Desk, adjustment: Adjustment) -> None:
    agent = desk.agent.agent_id
    desk.decide(Adjust(adjustment=adjustment, amount=Money.of(1_010), agent_id=agent))


def adjust_customer(desk: Desk, adjustment: Adjustment) -> None:
    user = desk.ana.user_id
    desk.decide(Adjust(adjustment=adjustment, amount=Money.of(1_500), user_id=user))


def dispute_release(desk: Desk) -> None:
    """What two people had released was paid after all."""
    desk.bring_to(State.RELEASED)
    desk.complete()


def resolve_dispute(desk: Desk, resolution: Resolution) -> None:
    dispute = trace(1).id
    desk.do(
        ProposeResolution(
            dispute_id=dispute, resolution=resolution, evidence="journal", maker_id=desk.operator
        )
    )
    desk.do(
        ApproveResolution(dispute_id=dispute, resolution=resolution, checker_id=desk.other_operator)
    )


def with_tax(desk: Desk) -> None:
    """The state takes 15 of each 115 escudos of a fee."""
    key = Tariff.of(Operation.ATM_WITHDRAWAL)
    tariff: Tariff = desk.find(key)
    edition: Edition = msgspec.structs.replace(tariff.editions[0], tax=1_304)
    desk.rows[key] = msgspec.structs.replace(tariff, editions=(edition,))
