"""A settlement file is refused for whatever is wrong with it, and the line is named."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from cryptography.exceptions import InvalidSignature

from commands.reconciliation.item import Item, ItemKind
from ledger.errors import FileRefused
from server.settlement import checking
from server.settlement.checking import Checked, check, items
from simulator.link.settlement_file import tampered
from tests.settlement_files import ACQUIRER, CUT_OFF, DAY, KEY, KEY_ID, file, item

GOOD = file(item(1), item(2, 1_000), item(3, 0), item(4, 500, claimed=1_500))
LINES = GOOD.splitlines(keepends=True)


def checked(content: bytes) -> Checked:
    return check(io.BytesIO(content))


def refused(content: bytes) -> tuple[int, str]:
    """The line, and what is wrong with it."""
    with pytest.raises(FileRefused) as refusal:
        checked(content)
    facts = refusal.value.facts
    assert refusal.value.message.startswith(f"Line {facts['line']}: ")
    return int(facts["line"] or 0), str(facts["reason"])


def with_line(number: int, change: Callable[[bytes], bytes]) -> bytes:
    lines = list(LINES)
    lines[number - 1] = change(lines[number - 1])
    return b"".join(lines)


def with_field(number: int, field: int, value: bytes) -> bytes:
    def put(line: bytes) -> bytes:
        fields = line.rstrip(b"\n").split(b"\t")
        fields[field] = value
        return b"\t".join(fields) + b"\n"

    return with_line(number, put)


def test_a_good_file_is_read_whole() -> None:
    found = checked(GOOD)
    assert (found.heading.acquirer_id, found.heading.key_id) == (ACQUIRER, KEY_ID)
    assert (found.heading.settlement_date, found.heading.cut_off_at) == (DAY, CUT_OFF)
    assert found.totals.facts() == {
        "records": 4, "captured": 2, "capturedAmount": 300_000, "reversed": 1, "takenBack": 1,
        "takenBackAmount": 100_000, "fees": 2_400, "net": 200_000,
    }  # fmt: skip
    assert found.last_line == 6
    KEY.public_key().verify(found.signature, found.signed)


def test_its_items_are_read_again_from_anywhere() -> None:
    read: list[Item] = list(items(io.BytesIO(GOOD), after=0))
    assert [each.kind for each in read] == [
        ItemKind.CAPTURED, ItemKind.CAPTURED, ItemKind.REVERSED, ItemKind.TAKEN_BACK,
    ]  # fmt: skip
    assert list(items(io.BytesIO(GOOD), after=3)) == read[3:]
    assert (read[1].amount, read[1].fee, read[1].requested) == (100_000, 1_200, 100_000)
    assert read[3].amount == 100_000  # 1,500 were claimed before, 500 were paid


def test_the_same_day_is_written_to_the_same_bytes() -> None:
    again = file(item(1), item(2, 1_000), item(3, 0), item(4, 500, claimed=1_500))
    assert again == GOOD


def test_a_day_without_operations_has_a_file() -> None:
    assert checked(file()).totals.records == 0


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "the file ends without its trailer: it was cut off"),
        (b"\n", 1, "the record type is not as the format has it"),
        (LINES[0], 2, "the file ends without its trailer: it was cut off"),
        (b"".join(LINES[:-1]), 6, "the file ends without its trailer: it was cut off"),
        (GOOD[:-1], 6, "the file ends within this line: it was cut off"),
        (GOOD[:200], 3, "the file ends within this line: it was cut off"),
        (GOOD + b"\n", 7, "nothing may follow the trailer"),
        (GOOD + LINES[1], 7, "nothing may follow the trailer"),
        (GOOD.decode().encode("utf-16"), 1, "byte 1 is not ASCII"),
        (b"\xef\xbb\xbf" + GOOD, 1, "byte 1 is not ASCII"),
        (GOOD.replace(b"\n", b"\r\n"), 1, "byte 55 is a control character"),
        (b"a" * 10_000, 1, "the line is longer than 512 bytes"),
        (LINES[0] + b"\0" * 600 + b"\n", 2, "byte 1 is a control character"),
        (b"".join(LINES[1:]), 1, "the record type is not as the format has it"),
    ],
)
def test_files_that_are_none(content: bytes, line: int, reason: str) -> None:
    assert refused(content) == (line, reason)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (with_field(1, 1, b"2"), 1, "the version is not as the format has it"),
        (with_field(1, 2, b"a b"), 1, "the acquirer is not as the format has it"),
        (with_field(1, 3, b"2030-02-30"), 1, "the settlement date is no day of the calendar"),
        (with_field(1, 3, b"15-05-2030"), 1, "the settlement date is not as the format has it"),
        (with_field(1, 4, b"0"), 1, "the number is not as the format has it"),
        (with_field(1, 5, b"EUR"), 1, "the currency is not as the format has it"),
        (with_field(1, 6, b"2030-05-15T24:61:00Z"), 1, "the cut-off is no moment of the calendar"),
        (with_field(2, 0, b"XYZ"), 2, "the record type is not as the format has it"),
        (with_field(2, 2, b"2030-13-01"), 2, "the local date is no day of the calendar"),
        (with_field(2, 4, b"12"), 2, "the RRN is not as the format has it"),
        (with_field(2, 5, b"00000a"), 2, "the STAN is not as the format has it"),
        (with_field(2, 7, b"0"), 2, "the requested amount is not as the format has it"),
        (with_field(2, 8, b"-5"), 2, "the amount is not as the format has it"),
        (with_field(2, 8, b"2000.00"), 2, "the amount is not as the format has it"),
        (with_field(2, 8, b"0"), 2, "the amount is nothing"),
        (with_field(2, 8, b"9" * 16), 2, "the amount is not as the format has it"),
        (with_field(3, 8, b"\xc3\xa7"), 3, "byte 61 is not ASCII"),
        (with_field(4, 8, b"5"), 4, "nothing is claimed for what was reversed"),
        (with_field(5, 8, b"0"), 5, "the amount is nothing"),
        (with_line(2, lambda line: line[:-1] + b"\t\n"), 2, "there are 13 fields; 12 belong there"),
        (with_line(2, lambda _: b"CAP\t1\n"), 2, "there are 2 fields; 12 belong there"),
        (with_field(3, 1, b"3"), 3, "record 2 should follow, not 3"),
        (with_line(3, lambda _: b""), 3, "record 2 should follow, not 3"),
    ],
)
def test_lines_that_are_not_as_they_must_be(content: bytes, line: int, reason: str) -> None:
    assert refused(content) == (line, reason)


def test_a_reference_stands_in_a_file_once_and_in_order() -> None:
    assert refused(file(item(1), item(1))) == (3, "the reference is the same as on the line before")
    wrong = (4, "the reference comes before that of the line before")
    assert refused(file(item(1), item(2), item(1))) == wrong
    assert refused(file(item(2), item(3), item(1))) == wrong


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (1, b"5", "the count of records is 4; the trailer says 5"),
        (2, b"1", "the count of captured is 2; the trailer says 1"),
        (3, b"300001", "the sum of captured is CVE 3,000.00; the trailer says CVE 3,000.01"),
        (4, b"0", "the count of reversed is 1; the trailer says 0"),
        (5, b"2", "the count of taken back is 1; the trailer says 2"),
        (6, b"0", "the sum of taken back is CVE 1,000.00; the trailer says CVE 0.00"),
        (7, b"-2400", "the sum of fees is CVE 24.00; the trailer says -CVE 24.00"),
        (8, b"1", "the net amount is CVE 2,000.00; the trailer says CVE 0.01"),
        (9, b"0" * 64, "the digest is not that of the lines before it"),
        (10, b"A" * 87, "the signature is not as the format has it"),
    ],
)
def test_the_trailer_counts_sums_and_digest(field: int, value: bytes, reason: str) -> None:
    assert refused(with_field(6, field, value)) == (6, reason)


def test_an_amount_that_was_altered_alone_is_seen_by_the_sums() -> None:
    assert refused(with_field(2, 8, b"900000"))[0] == 6


def test_what_somebody_without_the_key_has_altered_well_is_seen_by_the_signature() -> None:
    found = checked(tampered(GOOD))
    assert found.totals.captured_amount == 400_000
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(found.signature, found.signed)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (
            item(local_date=DAY + timedelta(days=2)),
            "the local date is not of a file for 2030-05-15",
        ),
        (item(local_date=date(2029, 1, 1)), "the local date is not of a file for 2030-05-15"),
        (
            item(ended_at=CUT_OFF + timedelta(seconds=1)),
            "it did not end between its authorisation and the file's cut-off",
        ),
        (
            item(authorised_at=CUT_OFF),
            "it did not end between its authorisation and the file's cut-off",
        ),
        (
            item(ended_at=CUT_OFF - timedelta(days=90)),
            "the time of the end is not of a file for 2030-05-15",
        ),
    ],
)
def test_an_operation_of_a_foreign_day(one: object, reason: str) -> None:
    assert refused(file(one)) == (2, reason)  # type: ignore[arg-type]


def test_too_many_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "RECORDS_MAX", 2)
    assert refused(GOOD) == (4, "there are more than 2 records")
