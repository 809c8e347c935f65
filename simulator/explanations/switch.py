"""What happens at the switch, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.machines import switch
from simulator.machines.messages import CompletionAdvice
from simulator.machines.switch_steps import AUTHORISATION_TRIES_MAX
from simulator.running import Happened
from simulator.words import Text, money

ROUTED = Text(
    "Comutador: o pedido de {terminal} recebe o RRN {rrn} e segue, assinado, para a makeba.",
    "Switch: the request of {terminal} gets RRN {rrn} and goes on, signed, to makeba.",
)
REPEATED = Text(
    "Comutador: o mesmo pedido de {terminal} outra vez. Não se pergunta de novo à makeba: vale a "
    "primeira resposta.",
    "Switch: the same request of {terminal} again. makeba is not asked once more: the first answer "
    "counts.",
)
ASKS_AGAIN = Text(
    "Comutador: a makeba não respondeu. Pergunta outra vez com o mesmo rasto ({tries} de {most}): "
    "se já decidiu, repete a resposta.",
    "Switch: makeba has not answered. It is asked again under the same trace ({tries} of {most}): "
    "if it has decided, it repeats its answer.",
)
GIVES_UP = Text(
    "Comutador: a makeba continua calada. A caixa ouve 91, e um estorno (402) desfaz o que a "
    "makeba possa ter aprovado.",
    "Switch: makeba stays silent. The machine hears 91, and a reversal (402) undoes what makeba "
    "may have approved.",
)
TOO_LATE = Text(
    "Comutador: uma resposta da makeba que já ninguém espera. Não conta.",
    "Switch: an answer from makeba that nobody waits for any more. It does not count.",
)
COMPLETION = Text(
    "Comutador: {terminal} pagou {amount}. O aviso fica guardado e vai à makeba até ela responder.",
    "Switch: {terminal} has paid {amount}. The advice is stored, and goes to makeba until it "
    "answers.",
)
REVERSAL = Text(
    "Comutador: {terminal} pagou só {amount} (razão {reason}). O estorno fica guardado e vai à "
    "makeba até ela responder.",
    "Switch: {terminal} has paid only {amount} (reason {reason}). The reversal is stored, and goes "
    "to makeba until it answers.",
)
KNOWN_ADVICE = Text(
    "Comutador: um aviso de {terminal} que já tem, ou que não muda nada. Diz que sim, e é tudo.",
    "Switch: an advice of {terminal} that it has already, or that changes nothing. It says yes, "
    "and that is all.",
)
DELIVERED = Text(
    "Comutador: a makeba tem o aviso de {terminal}; sai do armazém.",
    "Switch: makeba has the advice of {terminal}; it leaves the store.",
)
KEPT = Text(
    "Comutador: a makeba não disse que tem o aviso de {terminal}. Fica guardado e repete-se, cada "
    "vez mais devagar.",
    "Switch: makeba has not said that it has the advice of {terminal}. It is kept and repeated, "
    "more slowly each time.",
)
LAID_ASIDE = Text(
    "Comutador: o aviso de {terminal} não se consegue entregar. Fica à parte, para alguém ver.",
    "Switch: the advice of {terminal} cannot be delivered. It is laid aside for somebody to see.",
)
RESENT = Text(
    "Comutador: alguém viu o que estava à parte, e segue tudo outra vez.",
    "Switch: somebody has looked at what was laid aside, and all of it is sent again.",
)
CUT_OFF = Text(
    "Comutador: fecho do dia de compensação {day} (operações: {count}). O ficheiro, assinado, vai "
    "à makeba; o que vier agora é de {next}.",
    "Switch: cut-off of the business day {day} (operations: {count}). Its file, signed, goes to "
    "makeba; what comes now belongs to {next}.",
)
FILE_TAKEN = Text(
    "Comutador: a makeba conferiu o ficheiro {number}, operação por operação: tudo igual.",
    "Switch: makeba has matched file {number}, operation by operation: all is equal.",
)
FILE_BREAKS = Text(
    "Comutador: a makeba conferiu o ficheiro {number} e achou {breaks} diferenças. Duas pessoas "
    "decidem sobre cada uma.",
    "Switch: makeba has matched file {number} and found {breaks} breaks. Two people decide about "
    "each.",
)
FILE_REFUSED = Text(
    "Comutador: a makeba recusa o ficheiro {number} e não lança nada dele: {why}. O comutador "
    "escreve-o de novo e traz o seu.",
    "Switch: makeba refuses file {number} and posts nothing of it: {why}. The switch writes it "
    "anew and brings its own.",
)
FILE_STUCK = Text(
    "Comutador: a makeba recusa o ficheiro {number} outra vez: {why}. Fica à parte, para alguém "
    "ver.",
    "Switch: makeba refuses file {number} again: {why}. It is laid aside for somebody to see.",
)
FILE_KEPT = Text(
    "Comutador: a makeba não disse que tem o ficheiro {number}. Fica guardado e traz-se outra vez.",
    "Switch: makeba has not said that it has file {number}. It is kept, and brought again.",
)


def explained(happened: Happened) -> Text | None:
    """What this means; None when it goes without saying."""
    filed = _cut_off(happened)
    if filed is not None:
        return filed
    explain = TABLE.get(type(happened.event))
    return None if explain is None else explain(happened)


def _cut_off(happened: Happened) -> Text | None:
    """A file is written at the cut-off, whatever comes first then."""
    before, after = happened.before.outgoing.files, happened.after.outgoing.files
    if len(after) <= len(before):
        return None
    file = after[-1]
    return CUT_OFF.filled(
        day=file.settlement_date.isoformat(),
        count=len(file.items),
        next=happened.after.day.settlement_date.isoformat(),
    )


def _file_taken(happened: Happened) -> Text | None:
    event = happened.event
    if happened.after == happened.before:
        return None
    if not event.breaks:
        return FILE_TAKEN.filled(number=event.number)
    return FILE_BREAKS.filled(number=event.number, breaks=event.breaks)


def _file_refused(happened: Happened) -> Text | None:
    event = happened.event
    if happened.after == happened.before:
        return None
    text = FILE_STUCK if happened.after.outgoing.stuck else FILE_REFUSED
    return text.filled(number=event.number, why=event.why)


def _file_silent(happened: Happened) -> Text | None:
    """The first time; after that it goes on as it was said."""
    if happened.after == happened.before or happened.before.outgoing.tries:
        return None
    return FILE_KEPT.filled(number=happened.event.number)


def _asked(happened: Happened) -> Text:
    terminal = happened.event.request.origin.terminal_id
    for order in happened.orders:
        if isinstance(order, switch.Authorise):
            return ROUTED.filled(terminal=terminal, rrn=order.trace.rrn)
    return REPEATED.filled(terminal=terminal)


def _answered(happened: Happened) -> Text | None:
    """What the answer was, the machine says."""
    return None if happened.orders else TOO_LATE


def _silent(happened: Happened) -> Text | None:
    known = happened.after.asked.get(happened.event.origin)
    if known is None or not happened.orders:
        return None
    if any(isinstance(order, switch.Authorise) for order in happened.orders):
        return ASKS_AGAIN.filled(tries=known.tries, most=AUTHORISATION_TRIES_MAX)
    return GIVES_UP


def _advised(happened: Happened) -> Text:
    advice = happened.event.advice
    terminal, amount = advice.origin.terminal_id, money(advice.amount)
    if not any(isinstance(order, switch.Forward) for order in happened.orders):
        return KNOWN_ADVICE.filled(terminal=terminal)
    if isinstance(advice, CompletionAdvice):
        return COMPLETION.filled(terminal=terminal, amount=amount)
    return REVERSAL.filled(terminal=terminal, amount=amount, reason=str(advice.reason))


def _delivered(happened: Happened) -> Text:
    return DELIVERED.filled(terminal=happened.event.advice.origin.terminal_id)


def _not_delivered(happened: Happened) -> Text | None:
    """The first time, and when it is given up; in between it goes on as it was said."""
    advice = happened.event.advice
    aside = len(happened.after.laid_aside) > len(happened.before.laid_aside)
    again = any(each.advice == advice and each.tries > 1 for each in happened.before.stored)
    if again and not aside:
        return None
    text = LAID_ASIDE if aside else KEPT
    return text.filled(terminal=advice.origin.terminal_id)


def _resent(happened: Happened) -> Text | None:
    return RESENT if happened.before.waits_for_somebody else None


TABLE: Mapping[type[Any], Callable[[Happened], Text | None]] = {
    switch.AtmAsked: _asked,
    switch.IssuerAnswered: _answered,
    switch.IssuerSilent: _silent,
    switch.AtmAdvised: _advised,
    switch.AdviceAnswered: _delivered,
    switch.AdviceSilent: _not_delivered,
    switch.AdviceRefused: _not_delivered,
    switch.ResendPressed: _resent,
    switch.FileTaken: _file_taken,
    switch.FileRefused: _file_refused,
    switch.FileSilent: _file_silent,
}
