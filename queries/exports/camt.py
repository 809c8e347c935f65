"""A statement as camt.053.001.08 (ISO 20022, bank to customer statement): the members that banks'
programs read. Ours is no bank's: it was written by the standard's message definition, without its
schema at hand.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from ledger.money import Money
from queries.answer import Side
from queries.exports.cells import decimal
from queries.statement import Statement

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def camt053(statement: Statement, made_at: datetime) -> bytes:
    """The statement as XML in UTF-8."""
    out = io.BytesIO()
    xml = _Xml(XMLGenerator(out, encoding="UTF-8", short_empty_elements=True))
    name = f"{statement.account_id.hex[:12]}-{statement.from_:%y%m%d}-{statement.to:%y%m%d}"
    with xml.document(), xml.of("Document", xmlns=NAMESPACE), xml.of("BkToCstmrStmt"):
        with xml.of("GrpHdr"):
            xml.text("MsgId", name)
            xml.text("CreDtTm", made_at.isoformat(timespec="seconds"))
        with xml.of("Stmt"):
            _statement(xml, statement, name, made_at)
    return out.getvalue()


def _statement(xml: _Xml, statement: Statement, name: str, made_at: datetime) -> None:
    xml.text("Id", name)
    xml.text("ElctrncSeqNb", str(statement.position))
    xml.text("CreDtTm", made_at.isoformat(timespec="seconds"))
    with xml.of("FrToDt"):
        xml.text("FrDtTm", f"{statement.from_}T00:00:00-01:00")
        xml.text("ToDtTm", f"{statement.to}T23:59:59-01:00")
    with xml.of("Acct"):
        with xml.of("Id"), xml.of("Othr"):
            xml.text("Id", str(statement.account_id))
        xml.text("Ccy", statement.currency)
    _balance(xml, "OPBD", statement.opening, str(statement.from_))
    _balance(xml, "CLBD", statement.closing, str(statement.to))
    with xml.of("TxsSummry"):
        sides = ((Side.CREDIT, "TtlCdtNtries"), (Side.DEBIT, "TtlDbtNtries"))
        for side, element in sides:
            mine = [line for line in statement.lines if line.direction is side]
            with xml.of(element):
                xml.text("NbOfNtries", str(len(mine)))
                xml.text("Sum", decimal(sum(line.amount.minor for line in mine)))
    for line in statement.lines:
        with xml.of("Ntry"):
            xml.text("NtryRef", str(line.entry_number))
            xml.amount(line.amount)
            xml.text("CdtDbtInd", "CRDT" if line.direction is Side.CREDIT else "DBIT")
            with xml.of("Sts"):
                xml.text("Cd", "BOOK")
            with xml.of("BookgDt"):
                xml.text("Dt", str(line.booking_date))
            with xml.of("ValDt"):
                xml.text("Dt", str(line.value_date))
            xml.text("AcctSvcrRef", str(line.transaction_id))
            with xml.of("BkTxCd"), xml.of("Prtry"):
                xml.text("Cd", line.kind)


def _balance(xml: _Xml, code: str, amount: Money, day: str) -> None:
    with xml.of("Bal"):
        with xml.of("Tp"), xml.of("CdOrPrtry"):
            xml.text("Cd", code)
        xml.amount(Money(abs(amount.minor), amount.currency))
        xml.text("CdtDbtInd", "DBIT" if amount.minor < 0 else "CRDT")
        with xml.of("Dt"):
            xml.text("Dt", day)


class _Element:
    def __init__(self, generator: XMLGenerator, name: str) -> None:
        self._generator = generator
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._generator.endElement(self._name)


class _Document:
    def __init__(self, generator: XMLGenerator) -> None:
        self._generator = generator

    def __enter__(self) -> None:
        self._generator.startDocument()

    def __exit__(self, *_: object) -> None:
        self._generator.endDocument()


class _Xml:
    """Elements as blocks, so that each one ends."""

    def __init__(self, generator: XMLGenerator) -> None:
        self._generator = generator

    def document(self) -> _Document:
        """The whole."""
        return _Document(self._generator)

    def of(self, name: str, **attributes: Any) -> _Element:
        """An element with others in it."""
        self._generator.startElement(name, AttributesImpl(attributes))
        return _Element(self._generator, name)

    def text(self, name: str, text: str) -> None:
        """An element with text in it."""
        with self.of(name):
            self._generator.characters(text)

    def amount(self, amount: Money) -> None:
        """An amount with its currency."""
        with self.of("Amt", Ccy=amount.currency.code):
            self._generator.characters(decimal(amount.minor))
