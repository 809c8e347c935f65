"""Years of an ordinary business as rows of the log: chained, balanced, checked by the database as
any others are, but written by COPY, so that a million entries stand there within a minute.

What people do follows the shares of a mobile-money house: cash in and out at agents, transfers,
withdrawals at machines with their messages, bank credits. Every rule of the tables looks at them
(their triggers fire for COPY too); only the door is passed by.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from ledger import chart
from ledger.books import COUNTRY, EPOCH, MICROSECOND, BalanceAfter
from ledger.chain import Record, canonical, next_hash
from ledger.journal import entry_number

BATCH_RECORDS = 2_000  # as one batch has one time, this many share a moment
ESCUDO = 100
TRUST, HELD, SWITCH = (
    chart.the(code) for code in (chart.TRUST_BANK, chart.HELD, chart.SWITCH_PAYABLE)
)
FEE_ATM, FEE_AGENT, FEE_TRANSFER = (
    chart.the(code) for code in (chart.FEE_ATM, chart.FEE_AGENT, chart.FEE_TRANSFER)
)
PAID_IN, PAID_OUT = chart.the(chart.COMMISSION_CASH_IN), chart.the(chart.COMMISSION_CASH_OUT)

LOG = """
    COPY ledger.log (
        position, kind, subject, actor, request_id, recorded_at, payload, touched, entry_number,
        booking_date, value_date, reverses, hash, outcome
    ) FROM STDIN
"""
LINES = "COPY ledger.line (entry_number, line_number, account, amount, balance) FROM STDIN"
ACCOUNTS = "COPY ledger.account (id, code, owner, currency, kind, floor, status) FROM STDIN"
HEAD = "SELECT position, hash FROM ledger.head"
BEHEAD = """
    UPDATE ledger.head
    SET
        position = %(position)s, hash = %(hash)s, recorded_at = %(at)s, last_entries = %(last)s
"""
BALANCES = "CREATE TEMP TABLE held (id uuid, balance bigint, version bigint)"
BALANCES_IN = "COPY held FROM STDIN"
BALANCE = """
    UPDATE ledger.account AS a SET balance = h.balance, version = h.version
    FROM held AS h
    WHERE a.id = h.id
"""

Moves = tuple[tuple[UUID, int], ...]
Progress = Callable[[int, int], object]


class Person(msgspec.Struct, frozen=True):
    """A customer with a wallet, or an agent with a float."""

    id: UUID
    account: UUID


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How much history, of whom, over how many days until yesterday."""

    entries: int = 1_000_000
    wallets: int = 10_000
    agents: int = 100
    days: int = 365
    seed: int = 1


class Written(msgspec.Struct, kw_only=True):
    """What stands in the log."""

    records: int = 0
    entries: int = 0
    lines: int = 0
    wallets: list[Person] = []
    agents: list[Person] = []


class Filling:
    """One history on its way into the empty database of the owner's `connection`."""

    def __init__(self, connection: psycopg.Connection[Any], wanted: Wanted) -> None:
        row = connection.execute(HEAD).fetchone()
        assert row is not None and row[0] == 0, "history begins with an empty log"
        self._position, self._hash = row
        self._connection = connection
        self._wanted = wanted
        self._dice = random.Random(wanted.seed)
        self._sequences: dict[int, int] = {}
        self._balances: dict[UUID, int] = {}
        self._postings: dict[UUID, int] = {}
        self._stan = 0
        self._log: list[str] = []
        self._lines: list[str] = []
        self._at = datetime.now(UTC) - timedelta(days=wanted.days)
        self._day = self._at.date()
        self.written = Written()

    def fill(self, progress: Progress | None = None) -> Written:
        """Write it all, oldest first."""
        self._open_accounts()
        self._people()
        batches = self._batches()
        for number, moment in enumerate(self._moments(batches)):
            self._at, self._day = moment, moment.astimezone(COUNTRY).date()
            goal = self._wanted.entries * (number + 1) // batches
            while self.written.entries < goal:
                self._something()
            self._flush()
            if progress is not None:
                progress(self.written.entries, self._wanted.entries)
        self._settle_balances()
        return self.written

    def _batches(self) -> int:
        return max(self._wanted.days, self._wanted.entries * 5 // (4 * BATCH_RECORDS))

    def _moments(self, batches: int) -> Iterator[datetime]:
        step = timedelta(days=self._wanted.days) / (batches + 1)
        for _ in range(batches):
            yield self._at + step

    def _id(self) -> UUID:
        """Of the time at which it happens, as UUIDv7 are."""
        milliseconds = int(self._at.timestamp() * 1_000) + len(self._log) // 4
        tail = self._dice.getrandbits(74)
        return UUID(
            int=milliseconds << 80 | 7 << 76 | (tail >> 62) << 64 | 2 << 62 | tail & (1 << 62) - 1
        )

    # -- people --------------------------------------------------------------------------------

    def _open_accounts(self) -> None:
        accounts = chart.fixed_accounts()
        told = [
            {"id": each.id, "code": each.code, "kind": each.kind.value, "currency": each.currency}
            for each in accounts
        ]
        self._record("books.opened", UUID(int=0), {"accounts": told})
        with self._connection.cursor() as cursor, cursor.copy(ACCOUNTS) as copy:
            for each in accounts:
                floor = "\\N" if each.floor is None else each.floor
                copy.write(f"{each.id}\t{each.code}\t\\N\tCVE\t{each.kind}\t{floor}\topen\n")

    def _people(self) -> None:
        opened = []
        for _ in range(self._wanted.wallets):
            wallet = Person(self._id(), self._id())
            self.written.wallets.append(wallet)
            opened.append((wallet.account, chart.WALLET, wallet.id))
            told = {"user": wallet.id, "code": chart.WALLET, "currency": "CVE"}
            self._record("wallet.opened", wallet.account, told)
        for _ in range(self._wanted.agents):
            agent = Person(self._id(), self._id())
            self.written.agents.append(agent)
            opened.append((agent.account, chart.AGENT_FLOAT, agent.id))
            told = {"float": agent.account, "code": chart.AGENT_FLOAT, "currency": "CVE"}
            self._record("agent.enrolled", agent.id, told)
        with self._connection.cursor() as cursor, cursor.copy(ACCOUNTS) as copy:
            for account, code, owner in opened:
                copy.write(f"{account}\t{code}\t{owner}\tCVE\tliability\t0\topen\n")
        self._flush()
        for agent in self.written.agents:
            self._credit(agent.account, 2_000_000 * ESCUDO, "agent_float")
        for wallet in self.written.wallets:
            self._credit(wallet.account, 20_000 * ESCUDO, "wallet")
        self._flush()

    # -- what happens --------------------------------------------------------------------------

    def _something(self) -> None:
        throw = self._dice.random()
        who, whom = self._dice.choices(self.written.wallets, k=2)
        agent = self._dice.choice(self.written.agents)
        amount = self._dice.randrange(2, 100) * 100 * ESCUDO
        held = -self._balances.get(who.account, 0)
        if held < amount + 60 * ESCUDO or throw < 0.30:
            self._cash_in(agent, who, amount)
        elif throw < 0.60 and who is not whom:
            self._transfer(who, whom, amount)
        elif throw < 0.80:
            self._atm(who, amount, paid=throw < 0.77)
        elif throw < 0.95:
            self._cash_out(who, agent, amount)
        else:
            self._credit(who.account, amount, "wallet")

    def _credit(self, account: UUID, amount: int, beneficiary: str) -> None:
        subject = self._id()
        told = {
            "reference": f"BK{self._position + 1}",
            "beneficiary": beneficiary,
            "account": account,
            "amount": amount,
        }
        self._record("bank.credited", subject, told, ((TRUST, amount), (account, -amount)))

    def _transfer(self, who: Person, whom: Person, amount: int) -> None:
        fee = 10 * ESCUDO
        told = {
            "from": who.account,
            "to": whom.account,
            "amount": amount,
            "fee": fee,
            "user": who.id,
        }
        moves = ((who.account, amount + fee), (whom.account, -amount), (FEE_TRANSFER, -fee))
        self._record("transfer.made", self._id(), {**told, "tariffEdition": 1}, moves)

    def _cash_in(self, agent: Person, wallet: Person, amount: int) -> None:
        paid = amount // 200
        if -self._balances.get(agent.account, 0) < amount:
            self._credit(agent.account, 1_000_000 * ESCUDO, "agent_float")
        told = {"agent": agent.id, "wallet": wallet.account, "amount": amount, "commission": paid}
        moves = (
            (agent.account, amount), (PAID_IN, paid), (wallet.account, -amount),
            (agent.account, -paid),
        )  # fmt: skip
        self._record("cash_in.made", self._id(), {**told, "tariffEdition": 1}, moves)

    def _atm(self, who: Person, amount: int, *, paid: bool) -> None:
        fee, subject = 25 * ESCUDO, self._id()
        told = {
            "user": who.id, "wallet": who.account, "state": "active", "amount": amount, "fee": fee,
            "captured": 0, "capturedFee": 0,
        }  # fmt: skip
        requested = {**told, "tariffEdition": 1, "expiresAt": self._at, "session": None}
        held = amount + fee
        self._record(
            "withdrawal.requested", subject, requested, ((who.account, held), (HELD, -held))
        )
        if not paid:
            ended = {**told, "state": "expired", "reason": None}
            self._record("withdrawal.expired", subject, ended, ((HELD, held), (who.account, -held)))
            return
        self._stan += 1
        settles = self._day + timedelta(days=self._stan % 10 == 0)
        trace = {
            "acquirerId": "600001", "terminalId": f"ATM{self._stan % 200:05}",
            "stan": f"{self._stan % 10**6:06}", "rrn": f"{self._stan:012}",
            "localDate": self._day, "approvalCode": f"{self._stan % 10**6:06}",
            "settlementDate": settles, "doubtAt": self._at,
        }  # fmt: skip
        self._record("withdrawal.authorised", subject, {**told, "state": "authorised", **trace})
        done = {**told, "state": "completed", "captured": amount, "capturedFee": fee}
        moves = ((HELD, held), (SWITCH, -amount), (FEE_ATM, -fee))
        self._record("withdrawal.completed", subject, done, moves, settles)

    def _cash_out(self, who: Person, agent: Person, amount: int) -> None:
        fee, commission, subject = 60 * ESCUDO, 30 * ESCUDO, self._id()
        told = {
            "user": who.id, "wallet": who.account, "agent": agent.id, "state": "pending",
            "amount": amount, "fee": fee, "commission": commission,
        }  # fmt: skip
        held = amount + fee
        requested = {**told, "tariffEdition": 1, "expiresAt": self._at}
        self._record("cash_out.requested", subject, requested, ((who.account, held), (HELD, -held)))
        moves = (
            (HELD, held), (PAID_OUT, commission), (agent.account, -amount - commission),
            (FEE_AGENT, -fee),
        )  # fmt: skip
        self._record("cash_out.confirmed", subject, {**told, "state": "confirmed"}, moves)

    # -- rows ----------------------------------------------------------------------------------

    def _record(
        self,
        kind: str,
        subject: UUID,
        payload: dict[str, Any],
        moves: Moves = (),
        value_date: date | None = None,
    ) -> None:
        position = self._position + 1
        number = self._number() if moves else None
        booked = self._day if moves else None
        value = value_date or booked
        lines = tuple(self._post(account, amount) for account, amount in moves)
        written = canonical(payload)
        record = Record(
            position=position,
            kind=kind,
            subject=subject,
            actor="system:benchmark",
            session=None,
            request_id="benchmark",
            outcome="done",
            recorded_at=(self._at - EPOCH) // MICROSECOND,
            payload=msgspec.Raw(written),
            touched=(),
            entry_number=number,
            booking_date=booked,
            value_date=value,
            reverses=None,
            lines=lines,
        )
        self._hash = next_hash(self._hash, record)
        self._position = position
        dates = f"{number}\t{booked}\t{value}" if moves else "\\N\t\\N\t\\N"
        self._log.append(
            f"{position}\t{kind}\t{subject}\tsystem:benchmark\tbenchmark\t{self._at.isoformat()}\t"
            f"{written.decode()}\t{{}}\t{dates}\t\\N\t\\\\x{self._hash.hex()}\tdone\n"
        )
        self._lines += [
            f"{number}\t{place}\t{line.account}\t{line.amount}\t{line.balance}\n"
            for place, line in enumerate(lines, start=1)
        ]
        self.written.records += 1
        self.written.entries += bool(moves)
        self.written.lines += len(lines)

    def _number(self) -> int:
        sequence = self._sequences.get(self._day.year, 0) + 1
        self._sequences[self._day.year] = sequence
        return entry_number(self._day.year, sequence)

    def _post(self, account: UUID, amount: int) -> BalanceAfter:
        balance = self._balances.get(account, 0) + amount
        self._balances[account] = balance
        self._postings[account] = self._postings.get(account, 0) + 1
        return BalanceAfter(account, amount, balance)

    def _flush(self) -> None:
        """One batch, in one transaction."""
        if not self._log:
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for statement, rows in ((LOG, self._log), (LINES, self._lines)):
                if rows:
                    with cursor.copy(statement) as copy:
                        copy.write("".join(rows))
            last = Jsonb({str(year): last for year, last in self._sequences.items()})
            values = {
                "position": self._position, "hash": self._hash, "at": self._at, "last": last,
            }  # fmt: skip
            cursor.execute(BEHEAD, values)
        self._log.clear()
        self._lines.clear()

    def _settle_balances(self) -> None:
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(BALANCES)
            with cursor.copy(BALANCES_IN) as copy:
                for account, balance in self._balances.items():
                    copy.write(f"{account}\t{balance}\t{self._postings[account]}\n")
            cursor.execute(BALANCE)
