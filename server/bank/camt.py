"""A bank statement as CAMT.053 (ISO 20022, BankToCustomerStatement), any version of it.

Of each entry counts what is booked (`Sts` BOOK): its amount, side, days, the bank's own reference,
and whatever unstructured words stand with it. Elements are known by their names, whatever the
namespace. A document type is refused, so that nothing outside the file is ever read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from server.bank import form
from server.bank.form import BadStatement, Found, Given

DEPTH_MAX = 64
STATEMENT = ("Document", "BkToCstmrStmt", "Stmt")
WORDS = ("Ustrd", "Nm", "EndToEndId", "AddtlNtryInf", "AddtlTxInf", "Ref")
KIND, OWN_KIND = ("Tp", "CdOrPrtry", "Cd"), ("Tp", "CdOrPrtry", "Prtry")
CREDIT, DEBIT = "CRDT", "DBIT"


class _Text(NamedTuple):
    path: tuple[str, ...]  # below the statement, its entry or its balance
    text: str
    at: int


class _Piece:
    """A balance, an entry, or what else stands directly in the statement."""

    def __init__(self, name: str, at: int) -> None:
        self.name, self.at = name, at
        self.texts: list[_Text] = []

    def first(self, *paths: tuple[str, ...]) -> _Text | None:
        """The text on the first of these paths that has one."""
        found = (each for path in paths for each in self.texts if each.path == path)
        return next(found, None)

    def the(self, *paths: tuple[str, ...]) -> _Text:
        """The same, which must be there. Raises BadStatement."""
        found = self.first(*paths)
        if found is None:
            raise BadStatement(self.at, f"{self.name} has no {'/'.join(paths[0])}")
        return found

    @property
    def words(self) -> str:
        """What is said beside it, in free words."""
        return " ".join(each.text for each in self.texts if each.path[-1] in WORDS)

    @property
    def amount(self) -> int:
        """Its amount, below zero when money went out. Raises BadStatement."""
        side, amount = self.the(("CdtDbtInd",)), self.the(("Amt",))
        if side.text not in (CREDIT, DEBIT):
            raise BadStatement(side.at, "CdtDbtInd is neither CRDT nor DBIT")
        minor = form.minor(amount.text, amount.at)
        if minor < 0:
            raise BadStatement(amount.at, "the amount is below zero")
        return minor if side.text == CREDIT else -minor


def found(raw: bytes) -> Found:
    """What it says. Raises BadStatement."""
    reading = _Reading()
    reading.take(raw)
    if reading.statements != 1:
        raise BadStatement(1, f"there are {reading.statements} statements in it, not one")
    head = reading.head
    balances = {each.the(KIND, OWN_KIND).text: each for each in reading.of("Bal")}
    opening, closing = _balance(balances, "OPBD", "PRCD"), _balance(balances, "CLBD")
    number = head.the(("ElctrncSeqNb",), ("LglSeqNb",))
    account = head.the(("Acct", "Id", "IBAN"), ("Acct", "Id", "Othr", "Id"))
    first = head.first(("FrToDt", "FrDtTm")) or opening.the(("Dt", "Dt"), ("Dt", "DtTm"))
    last = head.first(("FrToDt", "ToDtTm")) or closing.the(("Dt", "Dt"), ("Dt", "DtTm"))
    return Found(
        account=form.account(account.text, account.at),
        number=form.number(number.text, number.at),
        first_day=form.day(first.text, first.at),
        last_day=form.day(last.text, last.at),
        opening=opening.amount,
        closing=closing.amount,
        lines=[_line(each) for each in reading.of("Ntry") if _is_booked(each)],
    )


def _balance(balances: dict[str, _Piece], *codes: str) -> _Piece:
    for code in codes:
        if code in balances:
            return balances[code]
    raise BadStatement(1, f"there is no balance {codes[0]}")


def _is_booked(entry: _Piece) -> bool:
    state = entry.the(("Sts", "Cd"), ("Sts",))
    return state.text == "BOOK"


def _line(entry: _Piece) -> Given:
    booked = entry.the(("BookgDt", "Dt"), ("BookgDt", "DtTm"))
    valued = entry.first(("ValDt", "Dt"), ("ValDt", "DtTm")) or booked
    reference = entry.first(("AcctSvcrRef",), ("NtryRef",))
    taken_back = entry.first(("RvslInd",))
    return Given(
        at=entry.at,
        amount=entry.amount,
        reference="" if reference is None else form.reference(reference.text, reference.at),
        booked_on=form.day(booked.text, booked.at),
        value_on=form.day(valued.text, valued.at),
        text=None if _true(taken_back) else entry.words[: form.TEXT_MAX],
    )


def _true(said: _Text | None) -> bool:
    return said is not None and said.text in ("true", "1")


class _Reading:
    """Expat's events, gathered piece by piece."""

    def __init__(self) -> None:
        self.statements = 0
        self.head = _Piece("Stmt", 1)
        self.pieces: list[_Piece] = []
        self._path: list[str] = []
        self._words: list[str] = []
        self._piece = self.head
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._hear

    def take(self, raw: bytes) -> None:
        """Read all of it. Raises BadStatement."""
        try:
            self._parser.Parse(raw, True)
        except expat.ExpatError as error:
            reason = f"it is no XML: {expat.errors.messages[error.code]}"
            raise BadStatement(error.lineno, reason) from None

    def of(self, name: str) -> Iterator[_Piece]:
        """The pieces with this name, in their order."""
        return (each for each in self.pieces if each.name == name)

    @property
    def _at(self) -> int:
        return self._parser.CurrentLineNumber

    def _refuse(self, *_: object) -> NoReturn:
        raise BadStatement(self._at, "it has a document type, which is not read")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= DEPTH_MAX:
            raise BadStatement(self._at, "it is nested too deeply")
        self._path.append(name.rpartition("}")[2])
        self._words.clear()
        if tuple(self._path) == STATEMENT:
            self.statements += 1
            self.head.at = self._at
        elif tuple(self._path[:3]) == STATEMENT and len(self._path) == 4:
            self._piece = self.head
            if self._path[3] in ("Bal", "Ntry"):
                self._piece = _Piece(self._path[3], self._at)
                self.pieces.append(self._piece)
        if self._path[4:] == ["Amt"]:  # further in may stand what was paid in other money
            form.currency(attributes.get("Ccy", ""), self._at)

    def _hear(self, words: str) -> None:
        self._words.append(words)

    def _end(self, _name: str) -> None:
        text = "".join(self._words).strip()
        self._words.clear()
        if text and tuple(self._path[:3]) == STATEMENT:
            below = 3 if self._piece is self.head else 4
            self._piece.texts.append(_Text(tuple(self._path[below:]), text, self._at))
        self._path.pop()
