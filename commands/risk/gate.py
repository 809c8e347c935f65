"""The gate that a customer's money passes: limits first, and everything that they count.

A money command names `gate_keys`, asks `require_passed` among its guards, and calls `note` below
the line. Ends for which nothing was paid call `give_back`: usage returns with the money.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from commands.identity.session import Session
from commands.identity.step_up import require_stepped_up
from commands.risk.activity import (
    Activity,
    Used,
    activity_of,
    activity_of_wallet,
    terminal_subject,
)
from commands.risk.judge import Judged, judge, judge_keys
from commands.risk.limits import (
    AGENT,
    NEW_DEVICE,
    TERMINAL,
    THE_LIMITS,
    TILL,
    LimitEdition,
    escudos,
    limits_now,
)
from commands.risk.movement import Movement
from commands.tariff import Operation
from ledger.books import Books
from ledger.errors import LimitExceeded, Unauthenticated
from ledger.rows import Key

CASH_IN = Operation.AGENT_CASH_IN
CASH_OUT = Operation.AGENT_CASH_OUT


def gate_keys(
    wallet_id: UUID,
    *,
    agent_id: UUID | None = None,
    till_id: UUID | None = None,
    terminal_id: str | None = None,
    session_id: UUID | None = None,
) -> tuple[Key[Any], ...]:
    """The rows that the gate reads and changes for a movement, beside the accounts."""
    keys = (THE_LIMITS, *judge_keys(wallet_id, agent_id, session_id))
    if agent_id is not None:
        keys += (Activity.of(agent_id),)
    if till_id is not None:
        keys += (Activity.of(till_id),)
    if terminal_id is not None:
        keys += (Activity.of(terminal_subject(terminal_id)),)
    return keys


class Passed(msgspec.Struct, frozen=True, gc=False):
    """A movement that the gate let through, with the rows as they count before it."""

    movement: Movement
    wallet: Activity
    receiver: Activity | None
    places: tuple[Activity, ...]
    judged: Judged

    @property
    def held(self) -> bool:
        """Whether a transfer's money is set aside until somebody has looked at its case."""
        return self.judged.holds

    def note(self, books: Books, transaction_id: UUID) -> dict[str, Any]:
        """Count it; returns what the movement's record shall tell of it."""
        movement, receiver, now = self.movement, self.receiver, books.micros
        operation, amount = movement.operation, movement.amount
        inward = operation is CASH_IN
        other = movement.agent_id if receiver is None else receiver.subject
        mine = self.wallet.counted(now, operation, amount, other, inward=inward)
        mine.keep_with(books)
        if receiver is not None and not self.judged.holds:
            receiver.told(now, operation, amount, mine.subject).keep_with(books)
        for place in self.places:
            books.put(place.counted(now, operation, amount, mine.subject, inward=not inward))
        return self.judged.note(books, movement, transaction_id)


def require_passed(books: Books, movement: Movement) -> Passed:
    """Let a movement through. Raises LimitExceeded, with the limit and what is left of it,
    Unauthenticated, StepUpRequired, and what `judge` raises."""
    edition = limits_now(books)
    operation = movement.operation
    wallet = activity_of_wallet(books, movement.wallet)
    used = wallet.using(operation)
    _require_within(edition, movement, used)
    if movement.session_id is not None:
        _require_good_session(books, edition, movement, used)
    receiver = None
    if movement.to_wallet is not None:
        receiver = activity_of_wallet(books, movement.to_wallet)
    places: tuple[Activity, ...] = ()
    # A request for cash at an agent counts there when the agent pays: see `require_room_at`.
    if operation is CASH_IN:
        places = tuple(
            require_room_at(books, who, subject, operation, movement.amount)
            for who, subject in ((AGENT, movement.agent_id), (TILL, movement.till_id))
            if subject is not None
        )
    judged = judge(books, movement, wallet, used, receiver)
    return Passed(movement, wallet, receiver, places, judged)


def require_room_at(
    books: Books, who: str, subject: UUID, operation: Operation, amount: int
) -> Activity:
    """The activity of an agent, a till or a terminal that has room for this. Raises LimitExceeded.

    When the movement happens, `count_at` counts it.
    """
    activity = activity_of(books, subject)
    limit = limits_now(books).of(who, operation)
    if limit is not None:
        try:
            limit.require_room(activity.using(operation), amount)
        except LimitExceeded as exceeded:
            raise LimitExceeded(**exceeded.facts, of=who) from None
    return activity


def count_at(
    books: Books,
    subject: UUID,
    operation: Operation,
    amount: int,
    other: UUID,
    *,
    inward: bool,
) -> None:
    """Count a movement for an agent, a till or a terminal; `inward` when it gains e-money."""
    activity = activity_of(books, subject)
    books.put(activity.counted(books.micros, operation, amount, other, inward=inward))


def terminal_has_room(books: Books, terminal_id: str, amount: int) -> bool:
    """Whether a terminal may pay this today."""
    subject = terminal_subject(terminal_id)
    try:
        require_room_at(books, TERMINAL, subject, Operation.ATM_WITHDRAWAL, amount)
    except LimitExceeded:
        return False
    return True


def spent(books: Books, tier: str | None, wallet_id: UUID, operation: Operation) -> bool:
    """Whether a wallet has used more than its limits allow now, as they stand now.

    What was requested under wider limits, and counted, is not paid under narrower ones.
    """
    limit = limits_now(books).of(tier or "", operation)
    if limit is None:
        return False
    used = activity_of_wallet(books, books.account(wallet_id)).using(operation)
    return any(
        most is not None and so_far > most
        for most, so_far in (
            (limit.day_minor, used.day_minor),
            (limit.day_count, used.day_count),
            (limit.month_minor, used.month_minor),
            (limit.month_count, used.month_count),
        )
    )


def give_back(
    books: Books,
    operation: Operation,
    wallet_id: UUID,
    amount: int,
    counted_on: date,
    *,
    whole: bool = True,
) -> None:
    """What was counted on a day for a wallet is not used after all; never refused.

    A part that came back (`whole` is false) leaves the count.
    """
    activity = activity_of_wallet(books, books.account(wallet_id))
    activity.given_back(operation, amount, counted_on, whole=whole).keep_with(books)


def give_back_at(
    books: Books,
    operation: Operation,
    place: UUID,
    amount: int,
    counted_on: date,
    *,
    whole: bool = True,
) -> None:
    """The same for an agent, a till or a terminal. Touches `Activity.of(place)`."""
    found = books.find(Activity.of(place))
    if found is None:
        return  # counted before there was anything to count it in
    activity = found.on(books.today)
    books.put(activity.given_back(operation, amount, counted_on, whole=whole))


def count_again(
    books: Books, operation: Operation, wallet_id: UUID, amount: int, counted_on: date
) -> None:
    """What was given back to a wallet is used after all, on the day on which it was; never
    refused."""
    activity = activity_of_wallet(books, books.account(wallet_id))
    activity.counted_again(operation, amount, counted_on).keep_with(books)


def count_again_at(
    books: Books, operation: Operation, place: UUID, amount: int, counted_on: date
) -> None:
    """The same for an agent, a till or a terminal. Touches `Activity.of(place)`."""
    found = books.find(Activity.of(place))
    if found is None:
        return  # nothing was given back there either
    books.put(found.on(books.today).counted_again(operation, amount, counted_on))


def _require_within(edition: LimitEdition, movement: Movement, used: Used) -> None:
    operation = movement.operation
    amount = movement.amount
    tier = movement.person.tier or ""
    limit = edition.of(tier, operation)
    if limit is not None:
        limit.require_room(used, amount)
    if operation is CASH_IN:
        _require_room_in(edition, tier, movement.wallet.holds_minor, amount)
        return
    holding = edition.holdings.get(tier)
    if holding is not None and holding.balance_min:
        left = movement.wallet.holds_minor - holding.balance_min - movement.fee
        if left < amount:
            raise LimitExceeded(limit="balanceMin", left=escudos(left))
    if movement.to_wallet is not None and movement.to_person is not None:
        receivers = movement.to_person.tier or ""
        _require_room_in(edition, receivers, movement.to_wallet.holds_minor, amount)


def _require_good_session(
    books: Books, edition: LimitEdition, movement: Movement, used: Used
) -> None:
    """Raises Unauthenticated for a session that was ended while its request was under way,
    LimitExceeded beyond what a new device may, and StepUpRequired for it and for large amounts."""
    session_id = movement.session_id
    session = None if session_id is None else books.find(Session.by_id(session_id))
    if session is None:
        return  # nobody's phone has asked: an agent takes cash in
    if not session.good_for(movement.person):
        raise Unauthenticated
    operation, amount = movement.operation, movement.amount
    is_new = session.capped_until is not None and not books.passed(session.capped_until)
    if is_new:
        _require_little(edition, operation, used, amount)
    limit = edition.of(movement.person.tier or "", operation)
    large = limit is not None and limit.step_up_above is not None and amount > limit.step_up_above
    if is_new or large:
        require_stepped_up(books, session_id)


def _require_little(edition: LimitEdition, operation: Operation, used: Used, amount: int) -> None:
    limit = edition.of(NEW_DEVICE, operation)
    if limit is None:
        return
    try:
        limit.require_room(used, amount)
    except LimitExceeded as exceeded:
        raise LimitExceeded(**exceeded.facts, of=NEW_DEVICE) from None


def _require_room_in(edition: LimitEdition, tier: str, holds: int, amount: int) -> None:
    """Raises LimitExceeded when a wallet would hold more than its tier may. It does not tell the
    sender how much is in it."""
    holding = edition.holdings.get(tier)
    most = None if holding is None else holding.balance_max
    if most is not None and holds + amount > most:
        raise LimitExceeded(limit="balanceMax")
