"""What is explained: each sentence is true of what the machines really did, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Literal
from uuid import UUID

import pytest

from simulator.contract import Posted, PostedLine, QueuedRequest
from simulator.explain import NOTHING, Explained, Known, Seen, explain
from simulator.machines import (
    agent,
    agent_steps,
    atm,
    atm_steps,
    phone,
    phone_steps,
    switch,
    switch_steps,
)
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.messages import (
    CompletionAdvice,
    Origin,
    Reason,
    Response,
    ReversalAdvice,
    WithdrawalReply,
    WithdrawalRequest,
)
from simulator.machines.phone import LiveCode, Phone
from simulator.running import Happened
from simulator.tape import Kind, Message
from simulator.words import Language, Text

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NUMBER = "+2389912345"
ORIGIN = Origin("ATM1", 1, date(2026, 11, 24))
TRANSACTION = UUID(int=7)
REQUEST = WithdrawalRequest(
    origin=ORIGIN, local_time=NOW, phone=NUMBER, code="042137", amount=2_000
)
LIVE = LiveCode(
    code="042137",
    amount=2_000,
    transaction_id=TRANSACTION,
    expiry_time=NOW + timedelta(minutes=15),
)
QUEUED = QueuedRequest(
    transaction_id=TRANSACTION,
    user_id=UUID(int=1),
    amount=Decimal(3_000),
    commission=Decimal(30),
    expiry_time=NOW,
)
MACHINES: dict[str, tuple[Any, Callable[..., Any]]] = {
    "atm": (Atm(terminal_id="ATM1", place="Praia", cassettes={1_000: 4}), atm_steps.step),
    "phone": (Phone(number=NUMBER), phone_steps.step),
    "switch": (switch.opened("400001", Random(1), NOW), switch_steps.step),
    "agent": (Till(agent_id=UUID(int=5), phone=NUMBER, drawer=Decimal(100_000)), agent_steps.step),
}


def reply(code: str = "00") -> atm.Replied:
    """What the switch says to the machine."""
    return atm.Replied(WithdrawalReply(ORIGIN, code, "1", "1" if code == "00" else None))


def all_said(machine: str, *events: Any) -> list[Text]:
    """What is said as these things happen to a machine."""
    state, step = MACHINES[machine]
    known, said = NOTHING, []
    for event in events:
        before = state
        state, orders = step(before, event, NOW)
        known, explained = explain(known, Happened(machine, NOW, event, before, state, orders))
        said += [] if explained is None else [explained.text]
    return said


ASKED = atm.CashAsked(NUMBER, "042137", 2_000)
PAYING = (ASKED, reply())
SIGNED_IN = phone.SignedIn(UUID(int=1))
ADVICE = CompletionAdvice(origin=ORIGIN, amount=2_000)
REVERSAL = ReversalAdvice(origin=ORIGIN, amount=0, reason=Reason.NOTHING_PAID)
ROUTED = switch.AtmAsked(REQUEST)
SILENT = switch.IssuerSilent(ORIGIN)
APPROVED = switch.IssuerAnswered(ORIGIN, "00", "1")
FILED = (switch.CutOffPressed(), switch.NewestCame(0))
IN_QUEUE = agent.QueueCame((QUEUED,))


@pytest.mark.parametrize(
    ("machine", "events", "pt", "en"),
    [
        ("atm", (ASKED,), "pergunta ao comutador", "asks the switch (0200)"),
        ("atm", (atm.CashAsked(NUMBER, "1", 700),), "o código não se gasta", "no code is used up"),
        ("atm", PAYING, "aprovado", "approved"),
        ("atm", (ASKED, reply("55")), "(55): código errado", "(55): wrong code"),
        ("atm", (ASKED, reply("54")), "já expirou", "has expired"),
        ("atm", (ASKED, reply("75")), "está bloqueado", "is locked"),
        ("atm", (ASKED, reply("91")), "não responde ao comutador", "does not answer the switch"),
        ("atm", (ASKED, reply("30")), "chegou estragada", "arrived damaged"),
        ("atm", (ASKED, reply("1A")), "aprovar na app", "approve in the app"),
        ("atm", (ASKED, reply("99")), "razão desconhecida", "unknown reason"),
        ("atm", (*PAYING, reply()), "Nada muda", "Nothing changes"),
        ("atm", (ASKED, atm.TimedOut(ORIGIN)), "desiste e estorna (402)", "reverses (402)"),
        ("atm", (ASKED, atm.TimedOut(ORIGIN), reply()), "estorna (454)", "reverses (454)"),
        ("atm", (*PAYING, atm.Dispensed({1_000: 2})), "à saída (2.000$00)", "in the tray (CVE 2,0"),
        ("atm", (*PAYING, atm.Dispensed({1_000: 1})), "1.000$00 de 2.000$00", "1,000.00 of CVE"),
        ("atm", (*PAYING, atm.Dispensed({})), "nenhuma nota", "not one note"),
        (
            "atm",
            (*PAYING, atm.Dispensed({1_000: 2}), atm.NotesTaken()),
            "levou 2.000$00. A caixa avisa que foi pago (0220)",
            "has taken CVE 2,000.00. The machine tells that it was paid (0220)",
        ),
        (
            "atm",
            (*PAYING, atm.Dispensed({1_000: 1}), atm.NotesTaken()),
            "levou 1.000$00 de 2.000$00",
            "(0420, 451)",
        ),
        ("atm", (atm.CassettesLoaded({500: 2}),), "há agora 1.000$00", "hold CVE 1,000.00 now"),
        ("phone", (SIGNED_IN,), "segundo fator certos", "second factor are right"),
        ("phone", (SIGNED_IN, phone.CashWanted(2_000, "k")), "pede um código", "asks for a code"),
        ("phone", (phone.CodeCame(LIVE),), "fica reservado", "is set aside"),
        ("phone", (phone.CodeCame(LIVE, replayed=True),), "uma só vez", "once"),
        ("phone", (phone.Cancelled(),), "desistiu", "has given the withdrawal up"),
        ("phone", (phone.StatusCame(TRANSACTION, "in_doubt"),), "a confirmar", "finding out"),
        (
            "phone",
            (SIGNED_IN, phone.WasRefused("INSUFFICIENT_FUNDS", {})),
            "Saldo insuficiente",
            "Not enough money",
        ),
        (
            "phone",
            (phone.ReplyLost(phone.RequestCode(UUID(int=1), 2_000, "k")),),
            "com a mesma chave",
            "under the same key",
        ),
        ("phone", (phone.LineLost(),), "a ligação caiu", "the connection broke"),
        ("phone", (phone.LineLost(), phone.LineBack()), "a ligação voltou", "is back"),
        ("switch", (ROUTED,), "o pedido de ATM1 recebe o RRN", "of ATM1 gets RRN"),
        ("switch", (ROUTED, ROUTED), "o mesmo pedido de ATM1 outra vez", "of ATM1 again"),
        ("switch", (ROUTED, SILENT), "(2 de 3)", "(2 of 3)"),
        ("switch", (ROUTED, *(SILENT,) * 3), "estorno (402)", "a reversal (402)"),
        ("switch", (ROUTED, *(SILENT,) * 3, APPROVED), "Não conta", "does not count"),
        (
            "switch",
            (ROUTED, APPROVED, switch.AtmAdvised(ADVICE)),
            "ATM1 pagou 2.000$00",
            "ATM1 has paid CVE 2,000.00",
        ),
        ("switch", (ROUTED, APPROVED, switch.AtmAdvised(REVERSAL)), "razão 450", "reason 450"),
        (
            "switch",
            (ROUTED, APPROVED, *(switch.AtmAdvised(ADVICE),) * 2),
            "não muda nada",
            "changes nothing",
        ),
        (
            "switch",
            (ROUTED, APPROVED, switch.AtmAdvised(ADVICE), switch.AdviceSilent(ADVICE)),
            "Fica guardado e repete-se",
            "kept and repeated",
        ),
        (
            "switch",
            (ROUTED, APPROVED, switch.AtmAdvised(ADVICE), switch.AdviceAnswered(ADVICE)),
            "sai do armazém",
            "leaves the store",
        ),
        (
            "switch",
            (ROUTED, APPROVED, switch.AtmAdvised(ADVICE), switch.AdviceRefused(ADVICE)),
            "Fica à parte",
            "laid aside",
        ),
        (
            "switch",
            (
                *(ROUTED, APPROVED, switch.AtmAdvised(ADVICE), switch.AdviceRefused(ADVICE)),
                switch.ResendPressed(),
            ),
            "segue tudo outra vez",
            "sent again",
        ),
        ("switch", (switch.CutOffPressed(),), "fecho do dia", "cut-off of the business day"),
        (
            "switch",
            (*FILED, switch.FileTaken(number=1)),
            "conferiu o ficheiro 1, operação por operação",
            "has matched file 1, operation by operation",
        ),
        (
            "switch",
            (*FILED, switch.FileTaken(number=1, breaks=2)),
            "achou 2 diferenças",
            "found 2 breaks",
        ),
        (
            "switch",
            (*FILED, switch.FileRefused(1, "-")),
            "recusa o ficheiro 1 e não lança nada",
            "refuses file 1 and posts nothing",
        ),
        ("switch", (*FILED, switch.FileSilent(1)), "traz-se outra vez", "brought again"),
        ("agent", (agent.SignedIn(),), "está aberta", "is open"),
        (
            "agent",
            (agent.CashTaken(UUID(int=1), 5_000, "k"),),
            "há 5.000$00 no balcão",
            "CVE 5,000.00 lie on the counter",
        ),
        (
            "agent",
            (agent.CashedIn(TRANSACTION, Decimal(5_000), Decimal(25)),),
            "depositado",
            "paid in",
        ),
        (
            "agent",
            (IN_QUEUE, agent.CodeSaid(TRANSACTION, "1", "k")),
            "código de entrega que o cliente disse",
            "pick-up code that the customer has said",
        ),
        (
            "agent",
            (IN_QUEUE, agent.Confirmed(QUEUED)),
            "Só agora se entregam 3.000$00",
            "Only now CVE 3,000.00 are handed over",
        ),
        ("agent", (agent.WasRefused("INVALID_CODE", {}),), "errado", "wrong pick-up code"),
        ("agent", (agent.RequestRefused(TRANSACTION),), "volta ao cliente", "back to the customer"),
    ],
)
def test_what_happens_is_said_in_plain_words(
    machine: str, events: tuple[Any, ...], pt: str, en: str
) -> None:
    said = all_said(machine, *events)[-1]
    assert pt in said.said_in(Language.PT)
    assert en in said.said_in(Language.EN)
    assert said.pt.endswith(".")
    assert NUMBER not in said.pt


@pytest.mark.parametrize(
    ("machine", "events"),
    [
        ("atm", (atm.KeyPressed("1"),)),
        ("atm", (atm.NotesTaken(),)),
        ("atm", (atm.WaitedTooLong(0),)),
        ("atm", (atm.CancelPressed(),)),
        ("phone", (phone.BalanceWanted(), phone.BalanceCame(Decimal(1)))),
        ("phone", (phone.CashWanted(2_000, "k"),)),
        ("phone", (phone.ReplyLost(phone.ReadBalance()),)),
        ("phone", (phone.StatusCame(TRANSACTION, "active"),)),
        ("phone", (phone.LineBack(),)),
        ("switch", (switch.Woken(),)),
        ("switch", (switch.ResendPressed(),)),
        ("switch", (switch.NewestCame(0),)),
        ("switch", (switch.FileTaken(number=7),)),
        ("switch", (switch.FileSilent(7),)),
        ("agent", (agent.QueueWanted(), IN_QUEUE)),
    ],
)
def test_what_goes_without_saying_is_not_said(machine: str, events: tuple[Any, ...]) -> None:
    assert all_said(machine, *events) == []


def test_no_sentence_holds_a_code() -> None:
    events = (phone.CodeCame(LIVE), phone.StatusCame(TRANSACTION, "completed"))
    said = [*all_said("phone", *events), *all_said("atm", *PAYING), *all_said("switch", ROUTED)]
    assert len(said) == 5
    assert all(LIVE.code not in each for text in said for each in (text.pt, text.en))


def entry(kind: str = "withdrawal.completed", **lines: str) -> Posted:
    """An entry of the journal: dr2030="2025", cr2100="2000" and so on."""
    sides: dict[str, Literal["debit", "credit"]] = {"dr": "debit", "cr": "credit"}
    return Posted(
        number=2026_000000000017,
        written="2026/17",
        kind=kind,
        transaction_id=TRANSACTION,
        booking_date=NOW.date(),
        value_date=NOW.date(),
        reverses=None,
        recorded_at=NOW,
        lines=tuple(
            PostedLine(
                code=side[2:],
                name=f"Account {side[2:]}",
                direction=sides[side[:2]],
                amount=Decimal(amount),
                account_id=UUID(int=1),
                balance_after=Decimal(0),
            )
            for side, amount in lines.items()
        ),
    )


def test_an_entry_is_told_with_its_number_its_legs_and_what_it_means() -> None:
    posted = entry(dr2030="2025", cr2100="2000", cr4010="25")
    known, explained = explain(NOTHING, posted)
    assert known == NOTHING
    assert explained is not None
    assert (explained.at, explained.entry_number) == (NOW, posted.number)
    assert explained.text == Text(
        "No diário: a caixa pagou: o que saiu deve-se ao comutador, e a taxa está ganha. "
        "Débito 2030 reservado 2.025$00; crédito 2100 a pagar ao comutador 2.000$00, "
        "4010 taxas de caixas automáticos 25$00.",
        "In the journal: the machine has paid: what came out is owed to the switch, and the fee is "
        "earned. Debit 2030 held CVE 2,025.00; credit 2100 owed to the switch CVE 2,000.00, "
        "4010 fees for cash machines CVE 25.00.",
    )


def test_an_entry_says_whose_withdrawal_it_is_when_that_was_seen() -> None:
    known, _ = explain(NOTHING, seen_code())
    _, explained = explain(known, entry("withdrawal.requested", dr2010="2025", cr2030="2025"))
    assert explained is not None
    assert explained.text.pt.endswith("(telemóvel •••••••••45)")
    assert explained.text.en.endswith("(phone •••••••••45)")


def seen_code() -> Happened:
    """A phone has shown a code."""
    state = Phone(number=NUMBER)
    event = phone.CodeCame(LIVE)
    after, orders = phone_steps.step(state, event, NOW)
    return Happened(f"phone {NUMBER}", NOW, event, state, after, orders)


def test_an_entry_of_a_kind_without_words_is_told_all_the_same() -> None:
    _, explained = explain(NOTHING, entry("tax.swept", dr9999="1", cr2010="1"))
    assert explained is not None
    assert "tax.swept" in explained.text.en
    assert "9999 Account 9999 CVE 1.00" in explained.text.en


def message(*, good: bool) -> Message:
    """One that went over a line."""
    return Message(
        at=NOW,
        sender="ATM1",
        receiver="switch",
        kind=Kind.ISO,
        title="0200",
        summary=Text("o MAC não é o seu.", "the MAC is not its own."),
        fields=(),
        raw=b"",
        good=good,
    )


def test_only_a_message_that_is_no_good_is_worth_a_sentence() -> None:
    assert explain(NOTHING, message(good=True)) == (NOTHING, None)
    _, explained = explain(NOTHING, message(good=False))
    assert explained == Explained(
        NOW,
        Text(
            "Uma mensagem de ATM1 para switch não serve: o MAC não é o seu.",
            "A message from ATM1 to switch is no good: the MAC is not its own.",
        ),
    )


def test_it_is_a_fold_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.explain.OWNERS_MAX", 2)
    known: Known = NOTHING
    for number in range(5):
        happened: Seen = seen_code()._replace(event=phone.RequestMade(UUID(int=number)))
        known, _ = explain(known, happened)
    assert set(known.owners) == {UUID(int=3), UUID(int=4)}
    assert NOTHING.owners == {}


def test_every_response_code_that_our_machines_tell_apart_has_words() -> None:
    for code in Response:
        if code is not Response.APPROVED:
            assert "desconhecida" not in all_said("atm", ASKED, reply(code))[-1].pt
