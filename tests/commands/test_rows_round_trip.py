"""Every row that decisions of cash out use is saved and loaded by a real PostgreSQL unchanged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from uuid_utils.compat import uuid7

from commands.account.assign_credit import Assignment
from commands.account.credit_from_bank import BankCredit, Beneficiary
from commands.account.dormancy import Dormancy
from commands.account.transfer import Transfer
from commands.agent.lifecycle import RequestState
from commands.agent.principal import Principal
from commands.agent.redeem import Redemption
from commands.agent.row import Agent, AgentRequest
from commands.agent.till import Till
from commands.alerts.alert import Alert
from commands.alerts.levels import AlertLevels, AlertName, Level
from commands.approval.proposal import Proposal, ProposalState, hash_of
from commands.audit.seal_trail import TrailSeal
from commands.books.journal_entry import JournalEntry
from commands.books.periods import Periods
from commands.books.planned_reversal import PlannedReversal
from commands.books.recurring import RecurringEntry, RecurringPosting, RecurringState
from commands.books.template import EntryTemplate, TemplateState
from commands.command import Answer, Command, Rounds
from commands.identity.device_use import DeviceUse
from commands.identity.devices import Device, Devices
from commands.identity.person import Person, Role
from commands.identity.session import Session
from commands.reconciliation.file import FileState, Series, SettlementFile
from commands.reconciliation.mention import Mention
from commands.reconciliation.mismatch import Mismatch, MismatchKind, MismatchState
from commands.risk.activity import Activity
from commands.risk.case import Case, CaseState
from commands.risk.held_transfer import HeldState, HeldTransfer
from commands.risk.profile import RiskProfile
from commands.risk.watch import Watch
from commands.spine import Spine
from commands.switch.dispute import Dispute, Resolution
from commands.switch.owed import Settlement
from commands.switch.trace import Nonce, Response, SwitchKey, SwitchTrace, Terminal
from commands.tier import Tier
from commands.treasury.breaks import Break, Side
from commands.treasury.trust import TrustBook
from commands.webhook.row import Webhook, WebhookState
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.claim import Claim, ClaimState
from commands.withdrawal.lifecycle import State
from commands.withdrawal.machine_word import MachineWord
from commands.withdrawal.release import Release
from commands.withdrawal.row import Withdrawal
from ledger import arrays, chart
from ledger.books import Books
from ledger.database import connect
from ledger.journal import credit, debit
from ledger.log import Log
from ledger.money import Money
from ledger.rows import Key, Row
from tests.commands.identity.rows import CLERK, ROWS_OF_IDENTITY
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
    tier=Tier.STANDARD,
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
    offered_to=(ID, OTHER_ID),
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
    user_id=OTHER_ID,
    wallet_id=WALLET,
    amount=50_000,
    settlement_date=DAY,
    entry=2_030_000_000_000_018,
)
OUTLET = Agent(
    id=ID, float_id=uuid7(), principal_id=uuid7(), parent_id=uuid7(), insiders=(ID, OTHER_ID),
    name="Loja", island="Sal", latitude=16_600_000, longitude=-22_900_000,
)  # fmt: skip
TILL = Till(id=uuid7(), agent_id=ID, name="Caixa 1")
REDEMPTION = Redemption(id=uuid7(), agent_id=ID, amount=500, requested_by=ID)
PROPOSAL = Release(withdrawal_id=ID, evidence="dois ficheiros", maker_id=ID, proposed_at=WHEN)

RISK_CASE = Case(
    id=uuid7(), rule="structuring", action="review", state=CaseState.OPEN, wallet_id=WALLET,
    user_id=OTHER_ID, agent_id=ID, transaction_id=ID, watch_id="network", amount=5, holds=True,
    opened_at=WHEN,
)  # fmt: skip
HELD_TRANSFER = HeldTransfer(
    id=uuid7(), user_id=ID, wallet_id=WALLET, to_wallet_id=ID, state=HeldState.HELD, amount=5,
    fee=1, tariff_edition=1, held_at=WHEN,
)  # fmt: skip
WATCH = Watch(id="terminal:SISP/ATM1", in_row=2, minute=5, minutes=(0, 1), case_id=ID)
SESSION = Session(
    id=uuid7(), token_hash=bytes(range(32)), person_id=ID, role=Role.CUSTOMER, opened_at=WHEN,
    expires_at=WHEN, idle_seconds=600, device_since=WHEN, device="d", device_people=3,
    capped_until=WHEN, epoch=2,
)  # fmt: skip
ACTIVITY = Activity.begun(WALLET, Books(WHEN, {}, {}))
CHANGE = Proposal(
    id=uuid7(), kind="set_tier", content='{"tier":"é"}', content_hash=hash_of('{"tier":"é"}'),
    maker_id=ID, proposed_at=WHEN, expires_at=WHEN,
)  # fmt: skip
ALERT = Alert(
    id=uuid7(), name=AlertName.HELD_AGE, about=ID, raised=True, value=5, level=4,
    measured_position=7,
)  # fmt: skip
WEBHOOK = Webhook(
    id=uuid7(), url="https://example.com/é", kinds=("alert.",), secret_seal=b"\0new", added_by=ID,
    added_at=WHEN,
)  # fmt: skip
ROWS_OF_ALERTS: list[tuple[Row, Row | None]] = [
    (ALERT, msgspec.structs.replace(ALERT, raised=False, value=0, level=1, measured_position=9)),
    (AlertLevels(name=AlertName.HELD_AGE, editions=()), AlertLevels(
        name=AlertName.HELD_AGE, editions=(Level(WHEN, 5, 4),))),
    (WEBHOOK, msgspec.structs.replace(
        WEBHOOK, state=WebhookState.DISABLED, reason="gone", secret_seal=b"newer",
        old_secret_seal=b"\0new", old_until=WHEN)),
]  # fmt: skip
ROWS_OF_LIMITS: list[tuple[Row, Row | None]] = [
    (ACTIVITY, ACTIVITY.counted(5_000_000, "transfer", 5, ID, inward=False).told(
        6_000_000, "transfer", 7, None)),
    (CHANGE, msgspec.structs.replace(
        CHANGE, state=ProposalState.APPLIED, checker_id=OTHER_ID)),
]  # fmt: skip
ROWS_OF_RISK: list[tuple[Row, Row | None]] = [
    (RISK_CASE, msgspec.structs.replace(
        RISK_CASE, state=CaseState.CLOSED, assignee_id=ID, ended_by=ID)),
    (HELD_TRANSFER, msgspec.structs.replace(HELD_TRANSFER, state=HeldState.RELEASED)),
    (WATCH, msgspec.structs.replace(
        WATCH, minutes=(1, 2, 3), quarter=7, quarter_count=3, usual=1500, step_up_until=WHEN,
        slow_until=WHEN, case_id=None)),
    (SESSION, msgspec.structs.replace(SESSION, stepped_up_at=WHEN, revoked_at=WHEN)),
    (RiskProfile(wallet_id=WALLET), RiskProfile(
        wallet_id=WALLET, case_id=ID, cleared={"structuring": WHEN}, blacklisted="polícia",
        island="Sal", island_at=WHEN, claims_at=(WHEN, WHEN))),
    (DeviceUse(device="0a1b", people=(ID,)), DeviceUse(device="0a1b", people=(ID, OTHER_ID))),
    (Devices(person_id=ID, known=(Device("a", WHEN),)), Devices(
        person_id=ID, known=(Device("a", WHEN), Device("", WHEN)))),
]  # fmt: skip

CLAIM = Claim(
    withdrawal_id=ID, user_id=ID, wallet_id=WALLET, received=5, text_seal=b"\0\xff seal",
    state=ClaimState.OPEN, opened_at=WHEN,
)  # fmt: skip
BREAK = Break(
    id=ID, side=Side.IN_BOOKS_ONLY, amount=9, remaining=9, settlement_date=DAY,
    reference="ficheiro 1", withdrawal_id=ID,
)  # fmt: skip
ROWS_OF_CARE: list[tuple[Row, Row | None]] = [
    (Dormancy(wallet_id=WALLET, amount=5, since=WHEN), Dormancy(
        wallet_id=WALLET, amount=0, since=WHEN)),
    (Assignment(
        reference="REF 1/2030", credit_entry=17, account_id=WALLET, user_id=ID,
        beneficiary=Beneficiary.WALLET, entry_number=18, assigned_at=WHEN), None),
    (CLAIM, msgspec.structs.replace(CLAIM, state=ClaimState.PAID, checker_id=OTHER_ID)),
    (Settlement(settlement_date=DAY, owed=7), Settlement(
        settlement_date=DAY, owed=9, paid=7, interchange=2, settled_at=WHEN)),
    (BREAK, msgspec.structs.replace(BREAK, side=Side.CLAIMED, amount=12, remaining=3)),
    (TrailSeal(), TrailSeal(position=7, hash=bytes(range(32)))),
    (TrustBook(), TrustBook(
        fees_swept=5, commission_funded=7, tax_paid=1, fees_closed=-2, commission_closed=3)),
    (PlannedReversal(entry_number=17, reverse_on=DAY), PlannedReversal(
        entry_number=17, reverse_on=DAY, done=True)),
    (RecurringEntry(id=ID, content="{}", next_on=DAY), RecurringEntry(
        id=ID, content="{}", next_on=None, state=RecurringState.ENDED)),
    (RecurringPosting(id=ID, recurring_id=OTHER_ID, due_on=DAY, entry_number=17), None),
    (EntryTemplate(id=ID), EntryTemplate(id=ID, state=TemplateState.RETIRED)),
    (Periods(), Periods(
        soft_closed_to=date(2024, 2, 29), closed_to=date(2024, 1, 31), late=3,
        years={"2023": 17})),
]  # fmt: skip

FILE = SettlementFile(
    id=ID, acquirer_id="SISP", number=17, settlement_date=DAY, cut_off_at=WHEN,
    signed=b"\0\xff signed", records=3,
)  # fmt: skip
MISMATCH = Mismatch(
    id=uuid7(), kind=MismatchKind.LATE, file_id=ID, number=3, acquirer_id="SISP",
    terminal_id="ATM00001", stan="000001", rrn="000000000001", local_date=DAY, withdrawal_id=ID,
    in_file=9, in_books=9, file_date=DAY, book_date=DAY,
)  # fmt: skip
ROWS_OF_FILES: list[tuple[Row, Row | None]] = [
    (FILE, msgspec.structs.replace(FILE, matched=3, state=FileState.MATCHED)),
    (Series(acquirer_id="SISP", first_date=DAY, last_date=DAY, last_number=17), Series(
        acquirer_id="SISP", first_date=DAY, last_date=date(2030, 5, 16), last_number=18)),
    (Mention(id=ID, absences=1, absent_on=DAY, missing_id=OTHER_ID), Mention(
        id=ID, file_id=OTHER_ID, number=3, claimed=9, absences=1, absent_on=DAY)),
    (MISMATCH, msgspec.structs.replace(
        MISMATCH, state=MismatchState.BOOKED, checker_id=OTHER_ID)),
    (MachineWord(withdrawal_id=ID, dispensed=0), MachineWord(withdrawal_id=ID, dispensed=9)),
]  # fmt: skip

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
    (
        msgspec.structs.replace(PROPOSAL, withdrawal_id=OTHER_ID),
        msgspec.structs.replace(PROPOSAL, withdrawal_id=OTHER_ID, lapsed_at=WHEN),
    ),
    (OUTLET, msgspec.structs.replace(
        OUTLET, status="closed", insiders=(ID,), tills_required=True, float_low=5, float_ok=9,
        float_state="low")),
    (Principal(id=ID, name="Mercearias"), Principal(id=ID, name="Mercearias Unidas")),
    (TILL, msgspec.structs.replace(
        TILL, state="open", operator_id=OTHER_ID, opened_at=WHEN, cash=70, taken=100, paid=50,
        brought=25, differences=-5)),
    (REDEMPTION, msgspec.structs.replace(
        REDEMPTION, state="paid", decided_by=OTHER_ID, reference="T-1")),
    (Terminal(id="ATM00001", acquirer_id="SISP", place="São Vicente"), Terminal(
        id="ATM00001", acquirer_id="SISP", place="Praia, Plateau")),
    (SwitchKey(id="key-1", acquirer_id="SISP", public_key=bytes(range(32))), None),
    (Nonce(hash=bytes(range(16)), seen_at=WHEN), None),
    *ROWS_OF_ALERTS,
    *ROWS_OF_IDENTITY,
    *ROWS_OF_CARE,
    *ROWS_OF_FILES,
    *ROWS_OF_LIMITS,
    *ROWS_OF_RISK,
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
    wanted = {
        Withdrawal.by_code(bytes(range(32))),
        Session.by_token_hash(bytes(range(32))),
        Assignment.of_entry(17),
        Person.by_phone(CLERK.phone_index or b""),
    }
    assert set(keys) == wanted
    assert await load(database, *keys, Agent.by_id(uuid7())) == [None] * (len(keys) + 1)


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
    parameters = type(row).parameters(rows)
    with psycopg.connect(database.commands) as connection:
        arrays.register(connection)
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
