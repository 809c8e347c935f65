"""What happens in the town, a line for each thing that somebody would notice."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from simulator.contract import Posted
from simulator.explain import NOTHING, Seen, explain
from simulator.ledger_watch import Watched
from simulator.machines.agent import Till
from simulator.machines.atm import Atm
from simulator.machines.phone import Phone
from simulator.plain.lines import Lines, spelled
from simulator.running import Happened
from simulator.tape import Message
from simulator.words import COUNTRY, Text, money, notes

SOMEBODY_SAYS = Text("{who}: {text}", "{who}: {text}")
PHONE = Text("Telemóvel {number}", "Phone {number}")
ATM = Text("Caixa {terminal}", "Cash machine {terminal}")
AGENT = Text("Agente {number}", "Agent {number}")
CODE = Text(
    "O código é {code}. Montante {amount}. Vale até às {until}.",
    "The code is {code}. Amount {amount}. Valid until {until}.",
)
NOTES_OUT = Text("Saíram notas: {notes}.", "Notes came out: {notes}.")
NOTES_IN_HAND = Text("Notas na mão: {notes}.", "Notes in hand: {notes}.")
OFFLINE = Text("Sem ligação.", "No connection.")
ONLINE = Text("A ligação voltou.", "The connection is back.")
MESSAGE = Text(
    "{sender} para {receiver}: {title}, {summary}", "{sender} to {receiver}: {title}, {summary}"
)
ENTRY = Text("Lançamento {number}: {legs}.", "Entry {number}: {legs}.")
DEBIT = Text("débito {code} {amount}", "debit {code} {amount}")
CREDIT = Text("crédito {code} {amount}", "credit {code} {amount}")
PROVEN = Text("Livros provados.", "The books are proven.")
NOT_PROVEN = Text("Os livros NÃO estão certos: {why}", "The books are NOT right: {why}")
EXPLAINED = Text("{at}: {text}", "{at}: {text}")
EXPLAINED_KEPT = 20
SERVER_AWAY = Text("O servidor não responde.", "The server does not answer.")
SERVER_BACK = Text("O servidor voltou.", "The server is back.")


class Narrator:
    """Says what it is told of. Of messages over the switch only when `messages` is true; what lies
    behind all of it is kept in `explained`, for whoever asks."""

    def __init__(self, lines: Lines) -> None:
        self.messages = False
        self.explained: deque[Text] = deque(maxlen=EXPLAINED_KEPT)
        self._known = NOTHING
        self._lines = lines
        self._books = Watched()

    def notice(self, happened: Happened) -> None:
        """Something has happened to a machine."""
        self._explain(happened)
        before, after = happened.before, happened.after
        if isinstance(after, Phone | Atm | Till) and before is not after:
            name = _name(after)
            for text in _changes(before, after):
                self._lines.say(SOMEBODY_SAYS.filled(who=name, text=text))

    def passed(self, message: Message) -> None:
        """A message has gone over the switch."""
        self._explain(message)
        if self.messages:
            self._lines.say(told(message))

    def posted(self, books: Watched) -> None:
        """The books, as they are read again and again."""
        before, self._books = self._books, books
        if before.proven is None:  # what was there already is not news
            return
        if before.online != books.online:
            self._lines.say(SERVER_BACK if books.online else SERVER_AWAY)
        last = before.entries[-1].number if before.entries else 0
        for entry in books.entries:
            if entry.number > last:
                self._explain(entry)
                self._lines.say(written(entry))
        if before.proven != books.proven:
            self._lines.say(PROVEN if books.proven else NOT_PROVEN.filled(why=books.why))

    def _explain(self, seen: Seen) -> None:
        self._known, explained = explain(self._known, seen)
        if explained is not None:
            at = f"{explained.at.astimezone(COUNTRY):%H:%M:%S}"
            self.explained.append(EXPLAINED.filled(at=at, text=explained.text))


def told(message: Message) -> Text:
    """A message in one line."""
    return MESSAGE.filled(
        sender=message.sender,
        receiver=message.receiver,
        title=message.title,
        summary=message.summary,
    )


def written(entry: Posted) -> Text:
    """An entry in one line, debits first."""
    ordered = sorted(entry.lines, key=lambda line: line.direction != "debit")
    legs = [
        (DEBIT if line.direction == "debit" else CREDIT).filled(
            code=line.code, amount=money(line.amount)
        )
        for line in ordered
    ]
    joined = Text("; ".join(leg.pt for leg in legs), "; ".join(leg.en for leg in legs))
    return ENTRY.filled(number=entry.written, legs=joined)


def _name(state: Phone | Atm | Till) -> Text:
    match state:
        case Phone():
            return PHONE.filled(number=state.number)
        case Atm():
            return ATM.filled(terminal=state.terminal_id)
        case Till():
            return AGENT.filled(number=state.phone)


def _changes(before: Phone | Atm | Till, after: Phone | Atm | Till) -> Iterator[Text]:
    """What is shown now and was not before."""
    if before.screen != after.screen:
        yield after.screen
    match (before, after):
        case (Atm(), Atm()):
            yield from _at_machine(before, after)
        case (Phone(), Phone()):
            yield from _on_phone(before, after)
        case (Till(), Till()):
            yield from _connection(before.online, after.online)
            yield from _new(before, after)


def _at_machine(before: Atm, after: Atm) -> Iterator[Text]:
    if after.tray and not before.tray:
        yield NOTES_OUT.filled(notes=notes(after.tray))
    if after.taken and not before.taken:
        yield NOTES_IN_HAND.filled(notes=notes(after.taken))


def _on_phone(before: Phone, after: Phone) -> Iterator[Text]:
    live = after.live
    if live is not None and before.live != live:
        until = f"{live.expiry_time.astimezone(COUNTRY):%H:%M:%S}"
        yield CODE.filled(code=spelled(live.code), amount=money(live.amount), until=until)
    yield from _connection(before.online, after.online)
    yield from _new(before, after)


def _connection(before: bool, after: bool) -> Iterator[Text]:
    if before != after:
        yield ONLINE if after else OFFLINE


def _new(before: Phone | Till, after: Phone | Till) -> Iterator[Text]:
    """Notices that have come, oldest first."""
    fresh = len(after.notices)
    if before.notices:
        fresh = next(
            (at for at, each in enumerate(after.notices) if each == before.notices[0]), fresh
        )
    for notice in reversed(after.notices[:fresh]):
        yield notice.text
