"""Bank statements as a bank would write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

ACCOUNT = "CV64000300004547069110176"
DAY = date(2026, 11, 30)

# Amount in escudos, the bank's reference, the words beside it.
Line = tuple[str, str, str]


def sheet(
    number: int,
    opening: str | int,
    *lines: Line,
    closing: str | None = None,
    on: date = DAY,
    account: str = ACCOUNT,
) -> bytes:
    """A statement as CSV. It closes with what its lines come to, unless it is said."""
    closes = closing or str(Decimal(opening) + _sum(lines))
    rows = [
        "account,number,from,to,opening,closing,currency",
        f"{account},{number},{on},{on},{opening},{closes},CVE",
        "booked,value,amount,reference,text",
        *(f"{on},{on},{amount},{reference},{text}" for amount, reference, text in lines),
    ]
    return "\n".join([*rows, ""]).encode()


def camt(number: int, opening: str, *lines: Line, on: date = DAY) -> bytes:
    """The same as CAMT.053."""
    closing = Decimal(opening) + _sum(lines)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>
<Stmt>
<Id>S-{number}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb>
<FrToDt><FrDtTm>{on}T00:00:00</FrDtTm><ToDtTm>{on}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>{ACCOUNT}</IBAN></Id><Ccy>CVE</Ccy></Acct>
{_balance("OPBD", Decimal(opening), on)}
{_balance("CLBD", closing, on)}
{"".join(_entry(Decimal(amount), reference, text, on) for amount, reference, text in lines)}
</Stmt></BkToCstmrStmt></Document>
""".encode()


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((Decimal(amount) for amount, *_ in lines), Decimal(0))


def _side(amount: Decimal) -> str:
    side = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="CVE">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(code: str, amount: Decimal, on: date) -> str:
    kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
    return f"<Bal>{kind}{_side(amount)}<Dt><Dt>{on}</Dt></Dt></Bal>"


def _entry(amount: Decimal, reference: str, text: str, on: date) -> str:
    return f"""<Ntry>{_side(amount)}<Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt>
<AcctSvcrRef>{reference}</AcctSvcrRef>
<NtryDtls><TxDtls><AmtDtls><InstdAmt><Amt Ccy="EUR">1.00</Amt></InstdAmt></AmtDtls>
<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
"""
