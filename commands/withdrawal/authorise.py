"""The switch asks: may this machine pay? Phone, code and amount must all be right.

A decline is an answer with a code of its own, and what it leaves behind (a counted try, a locked
code) stays. The machine shows one text for all of them.
"""

from __future__ import annotations

import hmac
from datetime import date, datetime, time, timedelta
from uuid import UUID

import msgspec

from commands.command import Command, Rounds
from commands.identity.person import Person, Role
from commands.risk.activity import Activity, terminal_subject
from commands.risk.gate import count_at, spent, terminal_has_room
from commands.risk.limits import THE_LIMITS
from commands.risk.machines import note_machine
from commands.risk.watch import Watches
from commands.switch.trace import (
    Response,
    SwitchReply,
    SwitchTrace,
    Terminal,
    TraceId,
    nonce_keys,
    use_nonce,
)
from commands.tariff import Operation
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.ending import expire_if_overdue
from commands.withdrawal.guessing import approved_here, count_try
from commands.withdrawal.hold import hold_keys
from commands.withdrawal.lifecycle import Happening, State
from commands.withdrawal.row import Withdrawal
from ledger.accounts import Status
from ledger.books import COUNTRY, Books
from ledger.money import Money

APPROVAL_CODES = 10**6


class AuthoriseWithdrawal(Command[SwitchReply], frozen=True, kw_only=True):
    """Approve one withdrawal for one trace. No money moves yet, but the hold cannot expire now.

    `older_digests` is what was typed, hashed under keys that were active before: a code is right
    that is any of them.
    """

    trace: TraceId
    nonce_hash: bytes | None
    phone_index: bytes
    code_digest: bytes
    older_digests: tuple[bytes, ...] = ()
    amount: Money
    settlement_date: date | None
    doubt_seconds: int
    cutoff: time

    def touches(self, books: Books) -> Rounds:
        yield (
            *nonce_keys(self.nonce_hash),
            SwitchTrace.by_id(self.trace.id),
            Terminal.by_id(self.trace.terminal_id),
            THE_LIMITS,
            Activity.of(terminal_subject(self.trace.terminal_id)),
            *self._watches.keys(),
            Person.by_phone(self.phone_index),
        )
        person = books.find(Person.by_phone(self.phone_index))
        if person is None or person.wallet_id is None:
            return
        yield hold_keys(person.wallet_id)
        cardless = books.find(Cardless.of(person.wallet_id))
        if cardless is not None and cardless.withdrawal_id is not None:
            yield (Withdrawal.by_id(cardless.withdrawal_id),)

    def decide(self, books: Books) -> SwitchReply:
        use_nonce(books, self.nonce_hash)
        known = books.find(SwitchTrace.by_id(self.trace.id))
        # From here on nothing is refused.
        if known is not None:
            same = known.amount is None or known.amount == self.amount.minor
            return known.reply if same else SwitchReply(response_code=Response.DUPLICATE)
        wallet_id = self._wallet(books)
        if wallet_id is Response.NOT_PERMITTED:
            return self._decline(books, Response.NOT_PERMITTED, None)
        newest = None if isinstance(wallet_id, Response) else _newest(books, wallet_id)
        live = newest if newest is not None and newest.state is State.ACTIVE else None
        here = self.trace.terminal_id
        if self._watches.step_up(books) is not None and not approved_here(books, live, here):
            return self._want_approval(books, live)
        response: Response = Response.WRONG_CODE
        if isinstance(wallet_id, Response):
            response = wallet_id
        elif newest is not None:
            response = self._judge(books, newest)
        if response is Response.APPROVED and live is not None:
            self._watches.note_right(books)
            return self._approve(books, live)
        if response in WRONG:
            self._watches.note_wrong(books, live=live is not None)
        return self._decline(books, response, newest.id if newest is not None else None)

    @property
    def _watches(self) -> Watches:
        return Watches.over(self.trace.acquirer_id, self.trace.terminal_id)

    def _want_approval(self, books: Books, live: Withdrawal | None) -> SwitchReply:
        """Under step-up: one answer for all, at once, and no try is used up. A right code lets its
        owner know; a wrong one is counted on the machine, its link and the network."""
        if not self._watches.too_soon(books):
            if live is not None and self._opens(live):
                wanted = msgspec.structs.replace(
                    live, wanted_at=self.trace.terminal_id, approved_until=None
                )
                books.put(wanted)
                books.record(
                    "withdrawal.approval_wanted",
                    wanted.id,
                    wanted.facts(terminal=wanted.wanted_at),
                )
            else:
                self._watches.note_wrong(books, live=live is not None)
        return self._decline(books, Response.CONFIRM_FIRST, None if live is None else live.id)

    def _opens(self, live: Withdrawal) -> bool:
        return self._is_code_of(live) and self.amount.minor == live.amount

    def _is_code_of(self, live: Withdrawal) -> bool:
        assert live.code_digest is not None, "an active withdrawal has a code"
        typed = (self.code_digest, *self.older_digests)
        # All are compared, whichever fits: how long it takes tells nothing.
        fits = [hmac.compare_digest(live.code_digest, each) for each in typed]
        return any(fits)

    def _wallet(self, books: Books) -> UUID | Response:
        """The wallet behind the phone number, or why it may not be asked for."""
        terminal = books.find(Terminal.by_id(self.trace.terminal_id))
        if terminal is None or terminal.acquirer_id != self.trace.acquirer_id:
            return Response.NOT_PERMITTED
        person = books.find(Person.by_phone(self.phone_index))
        if person is None or person.role is not Role.CUSTOMER or not person.active:
            return Response.UNKNOWN_ACCOUNT
        return person.wallet

    def _judge(self, books: Books, withdrawal: Withdrawal) -> Response:
        """Approve, or say why not. A wrong try is counted, whatever was wrong about it."""
        if withdrawal.state is not State.ACTIVE:
            return WITHOUT_LIVE_CODE.get(withdrawal.state, Response.WRONG_CODE)
        if books.account(withdrawal.wallet_id).status is not Status.OPEN:
            return Response.FROZEN
        right_code = self._is_code_of(withdrawal)
        if right_code and self.amount.minor == withdrawal.amount:
            return self._within_limits(books, withdrawal)
        if count_try(books, withdrawal).state is not State.ACTIVE:
            return Response.TRIES_EXCEEDED
        return Response.WRONG_AMOUNT if right_code else Response.WRONG_CODE

    def _within_limits(self, books: Books, withdrawal: Withdrawal) -> Response:
        """Over limit when the terminal's day is spent, or the wallet's as limits are now. The code
        stays as it is."""
        person = books.get(Person.by_phone(self.phone_index))
        over = spent(books, person.tier, withdrawal.wallet_id, Operation.ATM_WITHDRAWAL)
        room = terminal_has_room(books, self.trace.terminal_id, self.amount.minor)
        return Response.APPROVED if room and not over else Response.OVER_LIMIT

    def _decline(self, books: Books, response: Response, withdrawal_id: UUID | None) -> SwitchReply:
        trace = SwitchTrace(id=self.trace.id, amount=self.amount.minor, response_code=response)
        books.put(trace)
        books.record(
            "switch.declined",
            trace.id,
            self.trace.facts(
                responseCode=response, amount=self.amount.minor, withdrawal=withdrawal_id
            ),
        )
        return trace.reply

    def _approve(self, books: Books, withdrawal: Withdrawal) -> SwitchReply:
        approved = withdrawal.moved(
            Happening.AUTHORISED,
            authorised_at=books.now,
            doubt_at=books.now + timedelta(seconds=self.doubt_seconds),
            trace=self.trace.id,
            settlement_date=self._settlement_date(books),
        )
        trace = SwitchTrace(
            id=self.trace.id,
            amount=self.amount.minor,
            response_code=Response.APPROVED,
            approval_code=f"{approved.id.int % APPROVAL_CODES:06}",  # the random end of a UUIDv7
            withdrawal_id=approved.id,
        )
        books.put(approved)
        count_at(
            books,
            terminal_subject(self.trace.terminal_id),
            Operation.ATM_WITHDRAWAL,
            self.amount.minor,
            approved.wallet_id,
            inward=False,
        )
        note_machine(books, self._watches, self.trace.terminal_id, approved.id)
        books.put(trace)
        books.record(
            "withdrawal.authorised",
            approved.id,
            approved.facts(
                **self.trace.facts(),
                approvalCode=trace.approval_code,
                settlementDate=approved.settlement_date,
                doubtAt=approved.doubt_at,
            ),
        )
        return trace.reply

    def _settlement_date(self, books: Books) -> date:
        """The switch's own, else the day whose cut-off comes next; never before the local date."""
        if self.settlement_date is not None:
            return self.settlement_date
        cut_off = datetime.combine(books.today, self.cutoff, COUNTRY)
        days = 1 if books.passed(cut_off) else 0
        return max(self.trace.local_date, books.today + timedelta(days=days))


# What a code is told that no longer lives. One that was used or cancelled is simply wrong.
WITHOUT_LIVE_CODE = {
    State.EXPIRED: Response.EXPIRED,
    State.LOCKED: Response.TRIES_EXCEEDED,
}

# These answers count as wrong.
WRONG = (
    Response.WRONG_AMOUNT,
    Response.UNKNOWN_ACCOUNT,
    Response.EXPIRED,
    Response.WRONG_CODE,
    Response.TRIES_EXCEEDED,
)


def _newest(books: Books, wallet_id: UUID) -> Withdrawal | None:
    """A wallet's newest withdrawal, as time has left it."""
    cardless = books.find(Cardless.of(wallet_id))
    if cardless is None or cardless.withdrawal_id is None:
        return None
    return expire_if_overdue(books, books.get(Withdrawal.by_id(cardless.withdrawal_id)))
