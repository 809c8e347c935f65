"""Every row that decisions of cash out use is saved and loaded by a real PostgreSQL unchanged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import BankCredit, Beneficiary
from commands.account.transfer import Transfer
from commands.agent.lifecycle import RequestState
from commands.agent.row import Agent, AgentRequest
from commands.books.journal_entry import JournalEntry
from commands.command import Answer, Command, Rounds
from commands.spine import Spine
from commands.switch.dispute import Dispute, Resolution
from commands.switch.trace import Nonce, Response, SwitchKey, SwitchTrace, Terminal
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import Release
from commands.withdrawal.row import Withdrawal
from ledger import chart
from ledger.books import Books
from ledger.database import connect
from ledger.journal import credit, debit
from ledger.log import Log
from ledger.money import Money
from ledger.rows import Key, Row
from tests.commands.moves import ACTOR, customer
from tests.conftest import Database

WHEN = datetime(2030, 5, 15, 9, 30, 0, 123_456, tzinfo=UTC)
DAY = date(2030, 5, 15)
ID, OTHER_ID, WALLET = uuid7(), uuid7(), uuid7()

ACTIVE = Withdrawal(
    id=ID,
    user_id=uuid7(),
    wallet_id=WALLET,
    session_id=uuid7(),
    state=State.ACTIVE,
    amount=200_000,
    fee=2_500,
    tariff_edition=1,
    code_digest=bytes(range(32)),
    code_seal=b"\0\xff seal",
    tries=2,
    requested_at=WHEN,
    expires_at=WHEN,
)
COMPLETED = msgspec.structs.replace(
    ACTIVE,
    state=State.COMPLETED,
    code_digest=None,
    code_seal=None,
    authorised_at=WHEN,
    doubt_at=WHEN,
    trace=uuid7(),
    settlement_date=DAY,
    captured=100_000,
    captured_fee=2_500,
    capture_entry=2_030_000_000_000_017,
)
PENDING = AgentRequest(
    id=ID,
    user_id=uuid7(),
    wallet_id=WALLET,
    session_id=uuid7(),
    agent_id=uuid7(),
    state=RequestState.PENDING,
    amount=300_000,
    fee=6_000,
    commission=3_000,
    tariff_edition=1,
    pickup_digest=bytes(range(32)),
    pickup_seal=b"\0\xff seal",
    tries=1,
    requested_at=WHEN,
    expires_at=WHEN,
)
APPROVAL = SwitchTrace(
    id=uuid7(),
    amount=200_000,
    response_code=Response.APPROVED,
    approval_code="042137",
    withdrawal_id=ID,
)
DISPUTE = Dispute(
    id=uuid7(),
    acquirer_id="SISP",
    terminal_id="ATM00001",
    stan="000001",
    rrn="000000000001",
    local_date=DAY,
    withdrawal_id=ID,
    wallet_id=WALLET,
    amount=50_000,
    settlement_date=DAY,
)
PROPOSAL = Release(withdrawal_id=ID, evidence="dois ficheiros", maker_id=ID, proposed_at=WHEN)

# A row as it begins, and as it is saved again. None: it never changes.
ROWS: list[tuple[Row, Row | None]] = [
    (ACTIVE, COMPLETED),
    (PENDING, msgspec.structs.replace(
        PENDING, state=RequestState.CONFIRMED, pickup_digest=None, pickup_seal=None, tries=2)),
    (Cardless(wallet_id=WALLET), Cardless(wallet_id=WALLET, withdrawal_id=ID, held=202_500)),
    (APPROVAL, msgspec.structs.replace(APPROVAL, completed=100_000)),
    (SwitchTrace(id=uuid7(), amount=None, response_code=Response.LATE, completed=5), None),
    (DISPUTE, msgspec.structs.replace(
        DISPUTE, state="closed", resolution=Resolution.CHARGE_CUSTOMER, evidence="diário",
        maker_id=ID, checker_id=OTHER_ID)),
    (PROPOSAL, msgspec.structs.replace(PROPOSAL, checker_id=OTHER_ID)),
    (Agent(id=ID, float_id=uuid7()), Agent(id=ID, float_id=uuid7(), status="closed")),
    (Terminal(id="ATM00001", acquirer_id="SISP", place="São Vicente"), Terminal(
        id="ATM00001", acquirer_id="SISP", place="Praia, Plateau")),
    (SwitchKey(id="key-1", acquirer_id="SISP", public_key=bytes(range(32))), None),
    (Nonce(hash=bytes(range(16)), seen_at=WHEN), None),
    (BankCredit(
        reference="REF 1/2030", transaction_id=uuid7(), amount=5, value_date=DAY,
        account_id=WALLET, beneficiary=Beneficiary.WALLET, entry_number=2_030_000_000_000_017,
        booked_at=WHEN), None),
]  # fmt: skip


class Saved(Answer, frozen=True, kw_only=True):
    """It was saved."""


class Save(Command[Saved], frozen=True, kw_only=True):
    """Put rows as they are, over what stands there now."""

    rows: tuple[Row, ...]

    def touches(self, books: Books) -> Rounds:
        yield tuple(row.keys()[0] for row in self.rows)

    def decide(self, books: Books) -> Saved:
        for row in self.rows:
            before = books.find(row.keys()[0])
            version = 0 if before is None else before.version
            books.put(msgspec.structs.replace(row, version=version))
        books.record("test.saved", UUID(int=0), {})
        return Saved()


async def save(spine: Spine, *rows: Row) -> None:
    await spine.submit(Save(rows=rows), actor=ACTOR, request_id="save")


class Look(Command[Saved], frozen=True, kw_only=True):
    """Show what a decision finds under these keys."""

    wanted: tuple[Key[Any], ...]
    found: list[Any]

    def touches(self, books: Books) -> Rounds:
        yield self.wanted

    def decide(self, books: Books) -> Saved:
        self.found.extend(books.find(key) for key in self.wanted)
        return Saved()


async def load(database: Database, *keys: Key[Any]) -> list[Any]:
    """What a process that knows nothing yet finds under these keys."""
    spine = Spine(Log(lambda: connect(database.commands, "makeba test")))
    spine.start()
    look = Look(wanted=keys, found=[])
    await spine.submit(look, actor=ACTOR, request_id="look", dry_run=True)
    await spine.close()
    return look.found


@pytest.mark.parametrize(("row", "changed"), ROWS)
async def test_a_row_comes_back_as_it_was_saved(
    spine: Spine, database: Database, row: Row, changed: Row | None
) -> None:
    version = 0 if row.INSERT_ONLY else 1
    await save(spine, row)
    expected = msgspec.structs.replace(row, version=version)
    assert await load(database, *row.keys()) == [expected] * len(row.keys())
    if changed is None:
        return
    await save(spine, changed)
    found = (await load(database, changed.keys()[0]))[0]
    unchanging = {"float_id"} & set(row.__struct_fields__)
    kept = {field: getattr(row, field) for field in unchanging}
    assert found == msgspec.structs.replace(changed, version=2, **kept)


async def test_what_is_not_there_is_absent(spine: Spine, database: Database) -> None:
    await save(spine, COMPLETED)
    keys = [key for row, _ in ROWS for key in row.keys()[1:]]
    assert keys == [Withdrawal.by_code(bytes(range(32)))]
    assert await load(database, *keys, Agent.by_id(uuid7())) == [None, None]


async def test_a_code_passes_from_a_dead_withdrawal_to_a_live_one_in_one_batch(
    spine: Spine, database: Database
) -> None:
    others = [
        msgspec.structs.replace(ACTIVE, id=uuid7(), wallet_id=uuid7(), code_digest=bytes([n]))
        for n in range(20)
    ]
    await save(spine, ACTIVE, *others)
    dead = [
        msgspec.structs.replace(row, state=State.EXPIRED, code_digest=None, code_seal=None)
        for row in (ACTIVE, *others)
    ]
    heirs = [
        msgspec.structs.replace(row, id=uuid7(), code_seal=b"new") for row in (ACTIVE, *others)
    ]
    await save(spine, *heirs, *dead)
    assert ACTIVE.code_digest is not None
    found = (await load(database, Withdrawal.by_code(ACTIVE.code_digest)))[0]
    assert found.id == heirs[0].id


@pytest.mark.parametrize("row", [row for row, _ in ROWS])
def test_a_row_is_not_saved_over_a_version_that_was_not_read(database: Database, row: Row) -> None:
    rows = [msgspec.structs.replace(row, version=1)]
    parameters = {"rows": msgspec.json.encode(rows).decode(), "count": 1}
    with psycopg.connect(database.commands) as connection:
        connection.execute(row.SAVE, parameters)
        with pytest.raises((psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation)):
            connection.execute(row.SAVE, parameters)


async def test_an_entry_is_read_with_its_lines_and_its_reversal(
    spine: Spine, database: Database
) -> None:
    ana, rui = await customer(spine, 500_000), await customer(spine, 0)
    command: Transfer = ana.send(rui, 100_000)
    await spine.submit(command, actor=ACTOR, request_id="send")
    with psycopg.connect(database.owner) as connection:
        row = connection.execute(
            "SELECT entry_number FROM ledger.log WHERE kind = 'transfer.made'"
        ).fetchone()
    assert row is not None
    found: JournalEntry = (await load(database, JournalEntry.by_number(row[0])))[0]
    assert found.kind == "transfer.made"
    assert found.lines == (
        debit(ana.wallet_id, Money.of(1_010)),
        credit(rui.wallet_id, Money.of(1_000)),
        credit(chart.the(chart.FEE_TRANSFER), Money.of(10)),
    )
    assert found.reversed_by is None
