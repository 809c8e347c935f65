"""The drill: codes are guessed from 200 terminals while 550 honest customers fetch their cash.

The guesser knows every phone number and amount, and which codes live; he lacks the six digits. The
decisions are the product's own; rows lie in one dictionary, and time and chance are given.

    python -m tests.simulation.guessing --guesses 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import heapq
import json
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from commands.account.credit_from_bank import CreditFromBank
from commands.account.open_wallet import OpenWallet
from commands.books.open_books import OpenBooks
from commands.command import A, Command
from commands.risk.limits import THE_LIMITS, LimitBook, LimitEdition
from commands.switch.enrol import EnrolTerminal
from commands.switch.trace import SwitchTrace, TraceId
from commands.withdrawal.approve import ApproveWithdrawal
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.row import Withdrawal
from ledger.books import COUNTRY, Books
from ledger.errors import Refusal
from ledger.money import Money
from ledger.rows import Key, Row

BEGINS = datetime(2030, 5, 15, 9, 30, tzinfo=COUNTRY)
ACQUIRER = "SISP"
TERMINALS, ATTACKED, CUSTOMERS = 250, 200, 550
GUESS_SECONDS = 10.0  # between two guesses at one terminal
CODE_SECONDS = 900
CASH = Money.of(200)
SLIPS = 0.01  # honest customers mistype
REPEATS_MAX = 5


class Everything(dict[Key[Any], Row | None]):
    """All rows; what is not here does not exist."""

    def __missing__(self, key: Key[Any]) -> None:
        return None


class Drill:
    """A town under attack."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.rows = Everything()
        self.last_entries: dict[int, int] = {}
        self.seconds = 0.0
        self.told: Counter[str] = Counter()
        self.numbers = 0
        self.live: dict[int, tuple[UUID, str]] = {}  # customer -> newest withdrawal and its code
        self._next: list[tuple[float, int, Callable[[], None]]] = []
        self._books = self._new_books()
        self.do(OpenBooks())
        edition = LimitEdition(number=1, valid_from=BEGINS, limits={}, holdings={})
        self.rows[THE_LIMITS] = LimitBook(editions=(edition,))
        for number in range(TERMINALS):
            self.do(EnrolTerminal(terminal_id=f"T{number}", acquirer_id=ACQUIRER, place="Praia"))
        for number in range(CUSTOMERS):
            self._open(number)

    # -- what happens --------------------------------------------------------------------------

    def run(self, guesses: int) -> dict[str, Any]:
        """Play until so many guesses were made; what came of it."""
        for number in range(CUSTOMERS):
            self._later(self.dice.uniform(0, 60), partial(self._want_cash, number))
        for number in range(ATTACKED):
            self._later(self.dice.uniform(60, 60 + GUESS_SECONDS), partial(self._guess, number))
        while self.told["guesses"] < guesses:
            at, _, happen = heapq.heappop(self._next)
            if int(at) != int(self.seconds):
                self.seconds = at
                self._books = self._new_books()
            happen()
        return self.report()

    def report(self) -> dict[str, Any]:
        """The figures. `compared` guesses are those that a right code would have turned to cash."""
        honest = self.told["honest"]
        return {
            "guesses": self.told["guesses"],
            "codes": self.told["codes"],
            "compared": self.told["compared"],
            "hits": self.told["hits"],
            "hits_expected": self.told["compared"] / 10**6,
            "hits_allowed": 3 * self.told["codes"] / 10**6,
            "honest": honest,
            "honest_paid": self.told["paid"],
            "honest_rate": self.told["paid"] / honest if honest else 1.0,
            "hours": round(self.seconds / 3600, 1),
        }

    def _guess(self, terminal: int) -> None:
        self._later(GUESS_SECONDS, lambda: self._guess(terminal))
        if not self.live:
            return
        who = self.dice.choice(tuple(self.live)) if len(self.live) < 3 else self._somebody()
        self.told["guesses"] += 1
        answer = self._ask(terminal, who, f"{self.dice.randrange(10**6):06}")
        self.told["compared"] += answer != "1A"
        self.told["hits"] += answer == "00"

    def _want_cash(self, who: int) -> None:
        """An honest customer asks for a code, and types it some minutes later."""
        code = f"{self.dice.randrange(10**6):06}"
        try:
            asked = self.do(
                RequestCode(
                    transaction_id=self._id(),
                    user_id=_user(who),
                    session_id=None,
                    amount=CASH,
                    candidates=(CodeCandidate(digest=_digest(code), seal=b"seal"),),
                    ttl_seconds=CODE_SECONDS,
                )
            )
        except Refusal:
            self._later(60, lambda: self._want_cash(who))
            return
        self.told["codes"] += 1
        self.live[who] = (asked.transaction_id, code)
        terminal = self.dice.randrange(TERMINALS)
        self._later(self.dice.uniform(120, 600), lambda: self._type(who, terminal, REPEATS_MAX))

    def _type(self, who: int, terminal: int, left: int) -> None:
        transaction_id, code = self.live[who]
        slipped = self.dice.random() < SLIPS
        answer = self._ask(terminal, who, "slip!!" if slipped else code)
        if answer == "00":
            self._paid(who, terminal)
        elif left and answer in ("1A", "55"):
            if answer == "1A":
                self._later(self.dice.uniform(3, 15), lambda: self._approve(transaction_id))
            self._later(self.dice.uniform(20, 60), lambda: self._type(who, terminal, left - 1))
        else:
            self._done(who, paid=False)

    def _approve(self, transaction_id: UUID) -> None:
        withdrawal = self.rows[Withdrawal.by_id(transaction_id)]
        assert isinstance(withdrawal, Withdrawal)
        if withdrawal.wanted_at is not None:  # the push came
            try:
                self.do(ApproveWithdrawal(transaction_id=withdrawal.id, user_id=withdrawal.user_id))
            except Refusal:
                return

    def _paid(self, who: int, terminal: int) -> None:
        self.do(CompleteWithdrawal(trace=self._trace(terminal), nonce_hash=None, amount=CASH))
        self._done(who, paid=True)

    def _done(self, who: int, *, paid: bool) -> None:
        del self.live[who]
        self.told["honest"] += 1
        self.told["paid"] += paid
        self._later(self.dice.uniform(30, 90), lambda: self._want_cash(who))

    # -- doing ---------------------------------------------------------------------------------

    def do(self, command: Command[A]) -> A:
        """Have a command decided and kept. A refusal keeps what it leaves, and is raised."""
        books = self._books
        try:
            answer = command.decide(books)
        except Refusal as refusal:
            books.discard()
            if refusal.leaves is not None:
                refusal.leaves(books)
                books.accept()
            raise
        books.accept()
        return answer

    def _ask(self, terminal: int, who: int, code: str) -> str:
        self.numbers += 1
        trace = self._trace(terminal)
        reply = self.do(
            AuthoriseWithdrawal(
                trace=trace,
                nonce_hash=None,
                phone_index=_phone(who),
                code_digest=_digest(code),
                amount=CASH,
                settlement_date=None,
                doubt_seconds=600,
                cutoff=time(23),
            )
        )
        if reply.response_code != "00":
            del self.rows[SwitchTrace.by_id(trace.id)]  # it is never asked for again
        return reply.response_code.value

    def _trace(self, terminal: int) -> TraceId:
        return TraceId(
            acquirer_id=ACQUIRER,
            terminal_id=f"T{terminal}",
            stan=f"{self.numbers % 10**6:06}",
            rrn=f"{self.numbers:012}",
            local_date=date(2030, 5, 15),
        )

    def _somebody(self) -> int:
        while True:
            who = self.dice.randrange(CUSTOMERS)
            if who in self.live:
                return who

    def _open(self, number: int) -> None:
        self.do(
            OpenWallet(
                user_id=_user(number),
                wallet_id=UUID(int=10**6 + number),
                phone_index=_phone(number),
                profile_seal=b"-",
                pin_hash="-",
                totp_seal=b"-",
            )
        )
        self.do(
            CreditFromBank(
                transaction_id=self._id(),
                reference=str(number),
                amount=Money.of(10**6),
                value_date=date(2030, 5, 15),
                phone_index=_phone(number),
                agent_id=None,
            )
        )

    def _new_books(self) -> Books:
        books = Books(BEGINS + timedelta(seconds=self.seconds), self.last_entries, self.rows)
        books.rows = self.rows
        return books

    def _later(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._next, (self.seconds + seconds, self.dice.getrandbits(60), happen))

    def _id(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128))


def _user(number: int) -> UUID:
    return UUID(int=number + 1)


def _phone(number: int) -> bytes:
    return b"phone %d" % number


def _digest(code: str) -> bytes:
    return code.encode().ljust(32)


def main() -> None:
    """Play, and print the figures as one line."""
    parser = argparse.ArgumentParser(description="Guess codes at a town.")
    parser.add_argument("--guesses", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    report = Drill(given.seed).run(given.guesses)
    print(json.dumps({"seed": given.seed, **report}))


if __name__ == "__main__":
    main()
