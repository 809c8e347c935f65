"""What must be true when a scenario is over: pure comparisons, each with its sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from simulator.bookkeeping import Leg, Legs, legs_of, written
from simulator.cash_truth import CashTruth
from simulator.contract import Entry
from simulator.scenarios.script import Posting
from simulator.words import Text, money

ONE_ENTRY = Text(
    "diário, «{called}»: um lançamento, linha por linha",
    "journal, “{called}”: one entry, line by line",
)
ENTRIES = Text(
    "diário, «{called}»: {count} lançamentos, linha por linha",
    "journal, “{called}”: {count} entries, line by line",
)
JOURNAL_DIFFERS = Text(
    "diário, «{called}»: devia ter {wanted}; tem {found}",
    "journal, “{called}”: must have {wanted}; has {found}",
)
CASH = Text("{name}: saíram {found} em notas", "{name}: {found} came out in notes")
CASH_DIFFERS = Text(
    "{name}: deviam sair {wanted}, saíram {found}", "{name}: {wanted} should come out, {found} did"
)
WALLET = Text("{name}: o saldo mudou {found}", "{name}: the balance changed by {found}")
WALLET_DIFFERS = Text(
    "{name}: o saldo devia mudar {wanted}, mudou {found}",
    "{name}: the balance should change by {wanted}, it did by {found}",
)
TRUTH = Text(
    "dinheiro e diário iguais, RRN a RRN, e nada em dúvida",
    "cash and journal are equal, RRN by RRN, and nothing is in doubt",
)
TRUTH_DIFFERS = Text(
    "dinheiro e diário diferem {difference}, {in_doubt} em dúvida. {why}",
    "cash and journal differ by {difference}, {in_doubt} in doubt. {why}",
)


class Check(NamedTuple):
    """One thing that must be true."""

    held: bool
    text: Text


def journal(called: str, wanted: Sequence[Posting], found: Sequence[Entry]) -> Check:
    """The journal has exactly these entries for a movement, in this order."""
    there = tuple(posted(entry) for entry in found)
    meant = tuple(wanted)
    if there == meant:
        text = ONE_ENTRY if len(meant) == 1 else ENTRIES
        return Check(held=True, text=text.filled(called=called, count=len(meant)))
    return Check(
        held=False,
        text=JOURNAL_DIFFERS.filled(
            called=called,
            wanted="; ".join(written(_legs(each)) for each in meant),
            found="; ".join(written(legs_of(each)) for each in found),
        ),
    )


def posted(entry: Entry) -> Posting:
    """An entry as a script has it: what each account was debited and credited in all."""
    sides: dict[str, dict[int, int]] = {"debit": {}, "credit": {}}
    for line in entry.lines:
        side = sides[line.direction]
        assert line.amount == int(line.amount), "scripts are in whole escudos"
        side[int(line.code)] = side.get(int(line.code), 0) + int(line.amount)
    return Posting(**sides)


def cash(name: str, wanted: int, found: int) -> Check:
    """So much was taken from a machine."""
    return _amounts(name, wanted, found, CASH, CASH_DIFFERS)


def wallet(name: str, wanted: int, found: int) -> Check:
    """By so much has changed what somebody may spend."""
    return _amounts(name, wanted, found, WALLET, WALLET_DIFFERS)


def truth(found: CashTruth) -> Check:
    """What machines have paid is what the journal owes for it."""
    if found.exact:
        return Check(held=True, text=TRUTH)
    return Check(
        held=False,
        text=TRUTH_DIFFERS.filled(
            difference=money(found.difference),
            in_doubt=found.in_doubt,
            why="; ".join(found.wrong),
        ),
    )


def _amounts(name: str, wanted: int, found: int, same: Text, differs: Text) -> Check:
    text = same if wanted == found else differs
    return Check(
        held=wanted == found,
        text=text.filled(name=name, wanted=money(wanted), found=money(found)),
    )


def _legs(posting: Posting) -> Legs:
    sides: Mapping[str, Mapping[int, int]] = {"debit": posting.debit, "credit": posting.credit}
    return tuple(
        Leg(direction, str(code), amount)
        for direction, side in sides.items()
        for code, amount in side.items()
    )
