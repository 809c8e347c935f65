"""What happens at a cash machine, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.machines import atm
from simulator.machines.atm import Atm, Stage
from simulator.machines.messages import UNAVAILABLE as OUT_OF_SERVICE
from simulator.machines.messages import Response
from simulator.machines.notes import total
from simulator.running import Happened
from simulator.words import Text, masked, money

ASKED = Text(
    "{terminal}: alguém pede {amount} para o telefone {phone}. A caixa pergunta ao comutador "
    "(0200), e ele à makeba.",
    "{terminal}: somebody asks for {amount} for phone {phone}. The machine asks the switch (0200), "
    "and that asks makeba.",
)
CANNOT_PAY = Text(
    "{terminal}: as notas que tem não fazem {amount}. A caixa recusa antes de perguntar a alguém: "
    "o código não se gasta.",
    "{terminal}: its notes do not make {amount}. The machine declines before it asks anybody: no "
    "code is used up.",
)
APPROVED = Text(
    "{terminal}: aprovado. O dinheiro está reservado e o código já não expira; a caixa conta as "
    "notas.",
    "{terminal}: approved. The money is locked and the code cannot expire any more; the machine "
    "counts the notes.",
)
DECLINED = Text(
    "{terminal}: recusado ({code}): {why}. Não sai dinheiro. O ecrã diz o mesmo em todos os casos.",
    "{terminal}: declined ({code}): {why}. No cash comes out. The screen says the same in all "
    "such cases.",
)
UNAVAILABLE = Text(
    "{terminal}: não foi possível ({code}): {why}. Não sai dinheiro, e o cliente ouve que o "
    "serviço não está disponível.",
    "{terminal}: not possible ({code}): {why}. No cash comes out, and the customer hears that the "
    "service is not available.",
)
CONFIRM = Text(
    "{terminal}: recusado por agora ({code}): {why}. O ecrã diz: confirme na app e repita.",
    "{terminal}: declined for now ({code}): {why}. The screen says: confirm in the app and repeat.",
)
TOO_LATE = Text(
    "{terminal}: a aprovação chegou quando o cliente já se tinha ido. A caixa estorna (454): o "
    "dinheiro volta à carteira.",
    "{terminal}: the approval came when the customer had gone. The machine reverses (454): the "
    "money goes back to the wallet.",
)
HEARD_AGAIN = Text(
    "{terminal}: a mesma resposta chegou outra vez. Nada muda.",
    "{terminal}: the same answer arrived once more. Nothing changes.",
)
TIMED_OUT = Text(
    "{terminal}: o comutador não respondeu a tempo. A caixa desiste e estorna (402), por se ter "
    "talvez aprovado alguma coisa.",
    "{terminal}: the switch has not answered in time. The machine gives up and reverses (402), in "
    "case something was approved.",
)
ALL_OUT = Text(
    "{terminal}: as notas estão à saída ({amount}). Só contam como pagas quando forem retiradas.",
    "{terminal}: the notes are in the tray ({amount}). They are paid only when they are taken.",
)
PART_OUT = Text(
    "{terminal}: só saíram {paid} de {amount}. Cobra-se o que for retirado, e a taxa disso; o "
    "resto volta.",
    "{terminal}: only {paid} of {amount} came out. What is taken is charged, with its own fee; the "
    "rest goes back.",
)
NONE_OUT = Text(
    "{terminal}: não saiu nenhuma nota. A caixa estorna (450): volta tudo à carteira, a taxa "
    "também.",
    "{terminal}: not one note came out. The machine reverses (450): all of it goes back to the "
    "wallet, the fee too.",
)
ALL_TAKEN = Text(
    "{terminal}: o cliente levou {paid}. A caixa avisa que foi pago (0220).",
    "{terminal}: the customer has taken {paid}. The machine tells that it was paid (0220).",
)
PART_TAKEN = Text(
    "{terminal}: o cliente levou {paid} de {amount}. A caixa avisa que só isso foi pago (0420, "
    "451).",
    "{terminal}: the customer has taken {paid} of {amount}. The machine tells that only this was "
    "paid (0420, 451).",
)
DRAWN_IN = Text(
    "{terminal}: ninguém retirou as notas. A caixa recolheu-as ao cofre e estorna (450): o "
    "dinheiro volta à carteira.",
    "{terminal}: nobody took the notes. The machine has drawn them into its bin and reverses "
    "(450): the money goes back to the wallet.",
)
GAVE_UP = Text(
    "{terminal}: o cliente não carregou em mais nada. A caixa esquece o que foi marcado.",
    "{terminal}: the customer pressed nothing more. The machine forgets what was typed.",
)
CANCELLED = Text(
    "{terminal}: o cliente anulou antes de se perguntar a alguém. Nada se moveu.",
    "{terminal}: the customer cancelled before anybody was asked. Nothing has moved.",
)
LOADED = Text(
    "{terminal}: mexeram nas notas; há agora {amount} nos cofres da caixa.",
    "{terminal}: somebody changed the cassettes; they hold {amount} now.",
)

WHY = {
    "13": Text("o montante não é o do código", "the amount is not the code's"),
    "14": Text("ninguém tem esse número", "nobody has this number"),
    "30": Text("a mensagem chegou estragada", "the message arrived damaged"),
    "54": Text("o código já expirou", "the code has expired"),
    "55": Text("código errado; à terceira bloqueia", "wrong code; the third one locks it"),
    "57": Text("não é permitido nesta caixa", "not permitted at this machine"),
    "61": Text("acima de um limite", "over a limit"),
    "62": Text("a carteira está congelada", "the wallet is frozen"),
    "68": Text("a resposta veio tarde demais", "the answer came too late"),
    "75": Text(
        "tentativas a mais: o código está bloqueado e o dinheiro de volta",
        "too many tries: the code is locked and the money is back",
    ),
    "91": Text("a makeba não responde ao comutador", "makeba does not answer the switch"),
    "94": Text("o mesmo pedido com outro montante", "the same request with another amount"),
    "96": Text("erro de sistema", "system error"),
    "1A": Text(
        "por precaução o dono tem de aprovar na app; nenhuma tentativa se gasta",
        "as a precaution the owner has to approve in the app; no try is used up",
    ),
}
UNKNOWN = Text("razão desconhecida", "unknown reason")


def explained(happened: Happened) -> Text | None:
    """What this means; None when it goes without saying."""
    explain = TABLE.get(type(happened.event))
    return None if explain is None else explain(happened)


def _asked(happened: Happened) -> Text | None:
    """Whichever key it was that ended the dialogue."""
    after: Atm = happened.after
    if any(isinstance(order, atm.Ask) for order in happened.orders):
        assert after.request is not None, "it asks for something"
        return _at(
            after, ASKED, amount=money(after.request.amount), phone=masked(after.request.phone)
        )
    refused = isinstance(happened.event, atm.CashAsked) and after.stage is Stage.IDLE
    return _at(after, CANNOT_PAY, amount=money(happened.event.amount)) if refused else None


def _replied(happened: Happened) -> Text:
    before: Atm = happened.before
    reply = happened.event.reply
    current = before.request is not None and before.request.origin == reply.origin
    if not current or before.stage is not Stage.ASKING:
        return _at(before, TOO_LATE if reply.approved and not current else HEARD_AGAIN)
    if reply.approved:
        return _at(before, APPROVED)
    why = WHY.get(reply.response_code, UNKNOWN)
    said = UNAVAILABLE if reply.response_code in OUT_OF_SERVICE else DECLINED
    said = CONFIRM if reply.response_code == Response.CONFIRM_FIRST else said
    return _at(before, said, code=str(reply.response_code), why=why)


def _timed_out(happened: Happened) -> Text | None:
    gave_up = happened.before.stage is Stage.ASKING and happened.after.stage is Stage.IDLE
    return _at(happened.after, TIMED_OUT) if gave_up else None


def _dispensed(happened: Happened) -> Text:
    asked, paid = _amount(happened.before), total(happened.event.notes)
    if paid == asked:
        return _at(happened.after, ALL_OUT, amount=money(paid))
    if paid:
        return _at(happened.after, PART_OUT, paid=money(paid), amount=money(asked))
    return _at(happened.after, NONE_OUT)


def _taken(happened: Happened) -> Text | None:
    if happened.before.stage is not Stage.PRESENTING:
        return None
    asked, paid = _amount(happened.before), total(happened.before.tray)
    said = ALL_TAKEN if paid == asked else PART_TAKEN
    return _at(happened.after, said, paid=money(paid), amount=money(asked))


def _waited(happened: Happened) -> Text | None:
    if happened.before == happened.after:
        return None
    drawn_in = happened.before.stage is Stage.PRESENTING
    return _at(happened.after, DRAWN_IN if drawn_in else GAVE_UP)


def _cancelled(happened: Happened) -> Text | None:
    changed = happened.before != happened.after
    return _at(happened.after, CANCELLED) if changed else None


def _loaded(happened: Happened) -> Text:
    return _at(happened.after, LOADED, amount=money(total(happened.after.cassettes)))


def _amount(machine: Atm) -> int:
    return 0 if machine.request is None else machine.request.amount


def _at(machine: Atm, text: Text, **values: Text | str | int) -> Text:
    return text.filled(terminal=machine.terminal_id, **values)


TABLE: Mapping[type[Any], Callable[[Happened], Text | None]] = {
    atm.CashAsked: _asked,
    atm.ContinuePressed: _asked,
    atm.SidePressed: _asked,
    atm.Replied: _replied,
    atm.TimedOut: _timed_out,
    atm.Dispensed: _dispensed,
    atm.NotesTaken: _taken,
    atm.WaitedTooLong: _waited,
    atm.CancelPressed: _cancelled,
    atm.CassettesLoaded: _loaded,
}
