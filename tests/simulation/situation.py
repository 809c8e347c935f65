"""Where two machines stand, and what is on its way between them and the books."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from ledger.rows import Key, Row

CODES = MACHINES = (0, 1)
AMOUNT, PART = 2_000_00, 1_000_00
ASKS_MAX = 2


class Word(NamedTuple):
    """What a machine says about its payment."""

    complete: bool
    paid: int
    heard: bool = False


class Machine(NamedTuple):
    """A machine that serves one customer."""

    code: int | None = None
    wrong: bool = False
    stage: str = "idle"
    asks: int = 0
    paid: int = 0
    words: tuple[Word, ...] = ()


class Mail(NamedTuple):
    """A message on its way: "ask", "yes", "no", or the number of a word."""

    machine: int
    what: str


class Page(NamedTuple):
    """The books in one state: what is committed, and a number that this very content has."""

    rows: dict[Key[Any], Row]
    number: int


class State(NamedTuple):
    """Everything that the next step depends on."""

    books: Page
    machines: tuple[Machine, Machine]
    mail: tuple[Mail, ...]
    late: bool
    released: frozenset[int]


# Faults that it costs, what it is, and how it is done.
Step = tuple[int, tuple[Any, ...], Callable[[], State]]


def put(state: State, number: int, machine: Machine) -> State:
    """A machine is different now. Who does not ask any more hears no answers."""
    machines = list(state.machines)
    machines[number] = machine
    mail = state.mail
    if machine.stage != "asking":
        mail = tuple([m for m in mail if m.machine != number or m.what not in ("yes", "no")])
    return state._replace(machines=(machines[0], machines[1]), mail=mail)


def with_mail(state: State, mail: Mail) -> State:
    """One message more is on its way; they have no order."""
    return state._replace(mail=tuple(sorted((*state.mail, mail))))


def without(state: State, mail: Mail) -> State:
    """One message less."""
    left = list(state.mail)
    left.remove(mail)
    return state._replace(mail=tuple(left))


def say(state: State, number: int, paid: int, stage: str) -> State:
    """The machine has paid so much in all, and says so."""
    machine = state.machines[number]
    word = Word(complete=paid == AMOUNT, paid=paid)
    said = machine._replace(paid=paid, stage=stage, words=(*machine.words, word))
    return with_mail(put(state, number, said), Mail(number, str(len(said.words) - 1)))


def ask(state: State, number: int, machine: Machine) -> State:
    """The machine sends its question."""
    return with_mail(put(state, number, machine), Mail(number, "ask"))


def resent(state: State, number: int) -> Iterator[Step]:
    """A word that was not heard, and is not on its way, is sent again."""
    for index, word in enumerate(state.machines[number].words):
        mail = Mail(number, str(index))
        if not word.heard and mail not in state.mail:
            yield 0, ("sent again", *mail), partial(with_mail, state, mail)


def first_steps(state: State, number: int) -> Iterator[Step]:
    """Somebody comes to a machine, with either code, right or wrong."""
    nobody = all(each.stage == "idle" for each in state.machines)
    if nobody and number != MACHINES[0]:
        return  # names do not matter: the first customer goes to the first machine,
    for code in CODES[:1] if nobody else CODES:  # and has the first code
        for wrong in (False, True):
            asks = Machine(code=code, wrong=wrong, stage="asking", asks=1)
            what = ("code", code, "wrong" if wrong else "right", "at", number)
            yield int(wrong), what, partial(ask, state, number, asks)


def waiting_steps(state: State, number: int, machine: Machine) -> Iterator[Step]:
    """A machine that waits for an answer loses patience, or asks once more."""
    quiet = all(mail.machine != number for mail in state.mail)
    yield int(not quiet), (number, "gives up"), partial(say, state, number, 0, "given up")
    if quiet and machine.asks < ASKS_MAX:
        asks = machine._replace(asks=machine.asks + 1)
        yield 0, (number, "asks again"), partial(ask, state, number, asks)


def paying_steps(state: State, number: int) -> Iterator[Step]:
    """A machine pays all of it, a part, or nothing."""
    for cost, paid in ((0, AMOUNT), (1, PART), (1, 0)):
        yield cost, (number, "pays", paid), partial(say, state, number, paid, "paid")
