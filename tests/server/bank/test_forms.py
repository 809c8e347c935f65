"""Files of banks: what is whole is read to the centavo, what is not is named by its line."""

from __future__ import annotations

import io

import pytest

from ledger.errors import FileRefused
from server.bank.file import BYTES_MAX, Read, read
from tests.bank_statements import ACCOUNT, DAY, camt, sheet

LINES = (
    ("5000.00", "B-1", "Deposito 991 10 01"),
    ("-120.50", "B-2", "Comissao"),
    ("3000.00", "", "sem referencia"),
)


def found(content: bytes) -> Read:
    """What is read of it."""
    return read(io.BytesIO(content))


def refused(content: bytes) -> tuple[int, str]:
    """The line that is wrong, and what is wrong with it."""
    with pytest.raises(FileRefused) as error:
        found(content)
    facts = error.value.facts
    return int(str(facts["line"])), str(facts["reason"])


@pytest.mark.parametrize("form", [sheet, camt])
def test_both_forms_say_the_same(form) -> None:  # type: ignore[no-untyped-def]
    heading, lines, texts = found(form(17, "100000.00", *LINES))
    assert (heading.account, heading.number) == (ACCOUNT, 17)
    assert (heading.first_day, heading.last_day) == (DAY, DAY)
    assert (heading.opening, heading.closing) == (100_000_00, 107_879_50)
    assert [each.amount for each in lines] == [5_000_00, -120_50, 3_000_00]
    assert [each.reference for each in lines] == ["B-1", "B-2", f"{ACCOUNT}/17/3"]
    assert [each.number for each in lines] == [1, 2, 3]
    assert texts[0] == LINES[0][2]


def test_portuguese_spreadsheets_write_semicolons_and_decimal_commas() -> None:
    plain = sheet(1, "10.00", ("1.50", "B-1", "a")).decode()
    heading, plain_lines = plain.splitlines()[:2], plain.splitlines()[2:]
    written = "\r\n".join(
        line.replace(",", ";").replace(".", ",") for line in (*heading, *plain_lines)
    )
    read_ = found(b"\xef\xbb\xbf" + written.encode())
    assert (read_.heading.closing, read_.lines[0].amount) == (11_50, 1_50)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the fields are not"),
        (b"\xff\xfe", 1, "it is not UTF-8"),
        (b"a\nb\n\xff", 3, "it is not UTF-8"),
        (sheet(1, 0, ("5", "B-1", "x"), closing="6"), 1, "its lines come to CVE 5.00"),
        (sheet(1, 0, ("5", "B-1", "x"), ("5", "B-1", "y")), 5, "line 4 has the same reference"),
        (sheet(1, 0, ("0", "B-1", "x")), 4, "the amount is nothing"),
        (sheet(1, 0, ("0.001", "B-1", "x"), closing="0"), 4, "the amount has parts of a centavo"),
        (sheet(1, 0, ("1", "B-1", "x")).replace(b",1,B-1", b",1e5,B-1"), 4, "the amount is none"),
        (sheet(1, 0, ("1", "B-1", "x,too,many")), 4, "the line has not 5 fields"),
        (sheet(1, 0).replace(b"CVE", b"EUR"), 2, "the currency is not CVE"),
        (sheet(0, 0), 2, "the statement's number is none"),
        (sheet(1, 0, ("1", "B-1", '"never closed')), 4, "it is no sheet"),
        (sheet(1, 0, ("1", "B-1", "")).replace(b"\n2026-11-30", b"\n2026-11-29"), 4, "not a day"),
        (sheet(1, 0, ("1", "B" * 129, "x")), 4, "the reference is not"),
        (sheet(1, 0, *(("1", f"B-{n}", "") for n in range(1_001))), 1_004, "more than 1000 lines"),
        (b"x" * (BYTES_MAX + 1), 1, "the file is longer"),
        (b"<a>", 1, "it is no XML"),
        (b"<a/>", 1, "there are 0 statements"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>\n<a>&b;</a>', 1, "document type"),
        (b"<a>" * 65, 1, "nested too deeply"),
        (camt(1, "0").replace(b"CLBD", b"ITBD"), 1, "there is no balance CLBD"),
        (camt(1, "0", ("1", "B-1", "x")).replace(b"CRDT", b"CRED"), 8, "CdtDbtInd is neither"),
        (camt(1, "0", ("1", "B-1", "x")).replace(b'"CVE">1<', b'"EUR">1<'), 9, "is not CVE"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_line(content: bytes, line: int, reason: str) -> None:
    at, said = refused(content)
    assert reason in said
    assert at == line


def test_what_is_not_booked_yet_is_left_out() -> None:
    content = camt(1, "0", ("5", "B-1", "x")).replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>")
    assert refused(content) == (1, "its lines come to CVE 0.00, and it closes with CVE 5.00")
