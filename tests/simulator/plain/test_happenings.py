"""What is said of what happens: each thing once, in one line."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from simulator.contract import Posted, PostedLine
from simulator.ledger_watch import Watched
from simulator.machines.agent import Till
from simulator.machines.atm import TAKE_NOTES, Atm
from simulator.machines.notices import Notice
from simulator.machines.phone import WARNING, LiveCode, Phone
from simulator.plain.happenings import Narrator
from simulator.plain.lines import Lines
from simulator.running import Happened
from simulator.tape import Field, Kind, Message
from simulator.words import Language, Text

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
CODE = LiveCode(code="042420", amount=2_000, transaction_id=UUID(int=1), expiry_time=NOW)
PHONE = Phone(number="+2389910001")
ATM = Atm(terminal_id="PRAIA001", place="Praia", cassettes={1_000: 10})


class Heard:
    """A narrator, and what it has said."""

    def __init__(self, language: Language = Language.EN) -> None:
        self._written = io.StringIO()
        self.narrator = Narrator(Lines(io.StringIO(), self._written, language))

    def change(self, before: Any, after: Any) -> list[str]:
        """What is said when a machine changes so."""
        self.narrator.notice(Happened("it", NOW, None, before, after, ()))
        return self.lines()

    def lines(self) -> list[str]:
        """What was said since."""
        said = self._written.getvalue().splitlines()
        self._written.truncate(0)
        self._written.seek(0)
        return said


def test_a_code_comes_with_its_warning_and_is_spelled() -> None:
    assert Heard().change(PHONE, replace(PHONE, live=CODE, screen=WARNING)) == [
        "Phone +2389910001: This code gives away YOUR money. Nobody needs it to pay you.",
        "Phone +2389910001: The code is 0 4 2 4 2 0. Amount CVE 2,000.00. Valid until 14:09:26.",
    ]


def test_notes_are_told_when_they_come_out_and_when_they_are_taken() -> None:
    heard = Heard(Language.PT)
    out = replace(ATM, cassettes={1_000: 8}, tray={1_000: 2}, screen=TAKE_NOTES)
    assert heard.change(ATM, out) == [
        "Caixa PRAIA001: Retire as suas notas.",
        "Caixa PRAIA001: Saíram notas: 2 × 1000.",
    ]
    taken = replace(out, tray={}, taken={1_000: 2}, dispensed=2_000)
    assert heard.change(out, taken) == ["Caixa PRAIA001: Notas na mão: 2 × 1000."]


def test_digits_that_are_typed_are_not_told() -> None:
    assert Heard().change(ATM, replace(ATM, typed="4")) == []


def test_new_notices_are_told_oldest_first_and_old_ones_not_again() -> None:
    old, newer, newest = (
        Notice(NOW, Text(name, name), "kind", UUID(int=1)) for name in ("old", "newer", "newest")
    )
    before = replace(PHONE, notices=(old,))
    assert Heard().change(before, replace(PHONE, notices=(newest, newer, old))) == [
        "Phone +2389910001: newer",
        "Phone +2389910001: newest",
    ]


def test_a_lost_connection_is_told_at_phone_and_till() -> None:
    till = Till(agent_id=UUID(int=5), phone="+2389910011", drawer=Decimal(1))
    heard = Heard()
    assert heard.change(till, replace(till, online=False)) == ["Agent +2389910011: No connection."]
    away = replace(PHONE, online=False)
    assert heard.change(away, PHONE) == ["Phone +2389910001: The connection is back."]


def entry(number: int) -> Posted:
    """Two legs of 2,025 escudos."""
    legs = (("credit", "2030"), ("debit", "2010"))
    return Posted(
        number=number,
        written=f"2026/{number}",
        kind="withdrawal.requested",
        transaction_id=UUID(int=1),
        booking_date=date(2026, 3, 14),
        value_date=date(2026, 3, 14),
        reverses=None,
        recorded_at=NOW,
        lines=tuple(
            PostedLine(
                code=code,
                name="",
                direction="debit" if side == "debit" else "credit",
                amount=Decimal(2_025),
                account_id=UUID(int=int(code)),
                balance_after=Decimal(0),
            )
            for side, code in legs
        ),
    )


def test_entries_are_told_from_the_first_look_on_and_so_is_what_is_wrong() -> None:
    heard = Heard()
    first = Watched(entries=(entry(1),), proven=True, online=True)
    heard.narrator.posted(first)
    assert heard.lines() == []
    heard.narrator.posted(replace(first, entries=(entry(1), entry(2))))
    assert heard.lines() == ["Entry 2026/2: debit 2010 CVE 2,025.00; credit 2030 CVE 2,025.00."]
    wrong = replace(first, proven=False, why=Text("Falta um.", "One is missing."))
    heard.narrator.posted(wrong)
    assert heard.lines() == ["The books are NOT right: One is missing."]


def test_a_server_that_goes_and_comes_back_is_told() -> None:
    heard = Heard()
    here = Watched(proven=True, online=True)
    for books in (here, replace(here, online=False), here):
        heard.narrator.posted(books)
    assert heard.lines() == ["The server does not answer.", "The server is back."]


def test_messages_are_told_to_whoever_asks_for_them() -> None:
    heard = Heard()
    message = Message(
        at=NOW,
        sender="atm PRAIA001",
        receiver="switch",
        kind=Kind.ISO,
        title="0200",
        summary=Text("pedido", "request"),
        fields=(Field("DE 39", Text("resposta", "response"), "00"),),
        raw=b"0200",
    )
    heard.narrator.passed(message)
    heard.narrator.messages = True
    heard.narrator.passed(message)
    assert heard.lines() == ["atm PRAIA001 to switch: 0200, request"]
