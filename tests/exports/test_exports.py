"""Exports: accepted by others, checked by their totals, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from ledger.journal import Line
from queries import trial_balance
from queries.exports.cells import harmless, minor_in, one_line
from queries.exports.control import differences
from queries.exports.reading import Unreadable, totals_of
from queries.exports.source import Basis, Entry, Source
from queries.exports.writing import FORMATS, MANIFEST, PART, Asked, export, manifest_of
from queries.projector import Projector
from queries.reader import Reader
from tests.conftest import Database
from tests.exports.__main__ import judged, totals_hold, written
from tests.exports.histories import NASTY, History
from tests.exports.mutations import KINDS, mutated
from tests.exports.outsiders import (
    HLEDGER,
    beancount_accepts,
    hledger_accepts,
    hledger_balances,
)
from tests.queries.backdating import write_late
from tests.queries.days import today
from tests.queries.test_general_ledger import Written, a_mess
from tests.queries.town import Town

needs_hledger = pytest.mark.skipif(
    HLEDGER is None, reason="hledger is not installed: apt-get install hledger"
)
SEEDS = range(8)


@needs_hledger
def test_hledger_accepts_random_histories_and_agrees_with_them(tmp_path: Path) -> None:
    for seed in SEEDS:
        history = History(seed)
        file = written(history, tmp_path / f"{seed}.journal", "hledger")
        assert hledger_accepts(file), file.read_text()
        closing = {code: amount for code, amount in history.closing().items() if amount}
        assert hledger_balances(file) == closing


def test_beancount_accepts_random_histories(tmp_path: Path) -> None:
    files = [written(History(seed), tmp_path / f"{seed}.bean", "beancount") for seed in SEEDS]
    assert beancount_accepts(files) == [True] * len(files)


@pytest.mark.parametrize("format_", [pytest.param("hledger", marks=needs_hledger), "beancount"])
def test_whatever_is_changed_is_refused(tmp_path: Path, format_: str) -> None:
    dice = random.Random(7)
    found = []
    for number in range(12):
        kind = KINDS[number % 4]
        file = written(History(100 + number), tmp_path / f"{number}.{format_}", format_)
        file.write_text(mutated(file.read_text(), format_, kind, dice))
        found.append((kind, format_, file))
    for (kind, _, file), verdict in zip(found, judged(found), strict=True):
        assert verdict.totals, (kind, file.read_text())
        assert verdict.outsider or kind == "date", (kind, file.read_text())


@pytest.mark.parametrize("format_", list(FORMATS))
def test_a_file_says_what_was_written_whatever_people_wrote(tmp_path: Path, format_: str) -> None:
    history = History(3, entries=2 * len(NASTY))
    file = written(history, tmp_path / "out", format_)
    manifest = manifest_of(file)
    lines = [line for entry in history.entries for line in entry.lines]
    assert (manifest.totals.rows, manifest.totals.entries) == (len(lines), len(history.entries))
    assert manifest.totals.debits == sum(line.amount for line in lines if line.amount > 0)
    assert manifest.totals.debits == manifest.totals.credits
    assert differences(manifest.totals, totals_of(file, manifest.format)) == []
    assert not (tmp_path / f"out{PART}").exists()


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    history = History(3, entries=200)
    file = written(history, tmp_path / "out.csv", "csv")
    rows = list(csv.reader(io.StringIO(file.read_text())))
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert {row[14] for row in rows[1:]} >= {'\'=HYPERLINK("http://x")', "'+1", "'  =1+1", "1,5"}
    book = written(history, tmp_path / "out.xlsx", "xlsx")
    with zipfile.ZipFile(book) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.replace("=HYPERLINK", "")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        (None, ""), ("a", "a"), ("=1", "'=1"), (" -1", "' -1"), ("a\nb", "a b"),
        ("\u202eabc", " abc"), ("\t=1", "' =1"), ("%x", "'%x"), ("a=b", "a=b"),
    ],
)  # fmt: skip
def test_a_cell_shows_what_it_holds(text: str | None, cell: str) -> None:
    assert harmless(text) == cell


def test_a_comment_has_no_meaning() -> None:
    assert one_line("date:1999-01-01; [2020-01-01] x=1") == "date 1999-01-01 2020-01-01 x 1"


@pytest.mark.parametrize(
    "written_", ["1", "1.2", "1.234", "1,00", "x.00", "1.0x", "--1.00", "²1.00"]
)
def test_what_is_no_amount_is_refused(written_: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        minor_in(written_)


def test_the_two_conventions_say_the_same(tmp_path: Path) -> None:
    one = written(History(5), tmp_path / "a.csv", "csv")
    other = written(History(5), tmp_path / "b.csv", "csv-pt")
    assert other.read_bytes().startswith(b"\xef\xbb\xbfentry;line;")
    assert b'"' not in one.read_bytes().splitlines()[1].split(b",")[9]
    assert manifest_of(one).totals == manifest_of(other).totals == totals_of(other, "csv")


@pytest.mark.parametrize(
    ("format_", "spoil"),
    [
        ("csv", lambda text: text.replace("2025/1,", "2025/x,")),
        ("csv", lambda text: text.replace("entry,", "entry;")),
        ("csv", lambda text: text + "1,2,3\r\n"),
        ("jsonl", lambda text: text[:-10]),
        ("jsonl", lambda text: text.replace('"code":"', '"code":"9')),
        ("hledger", lambda text: text + "    assets:1010  5.00 USD\n"),
        ("hledger", lambda text: text + "2026-01-01 something else\n"),
        ("beancount", lambda text: text + 'include "/etc/passwd"\n'),
        ("beancount", lambda text: text.replace("account: ", "account ")),
    ],
)
def test_what_is_not_in_our_form_is_told_by_its_line(
    tmp_path: Path, format_: str, spoil: object
) -> None:
    file = written(History(11), tmp_path / "out", format_)
    text = file.read_text()
    changed = spoil(text)  # type: ignore[operator]
    assert changed != text
    file.write_text(changed)
    with pytest.raises(Unreadable, match=r"Line \d+"):
        totals_of(file, format_)
    assert not totals_hold(file, format_)


def test_a_file_of_another_encoding_is_told(tmp_path: Path) -> None:
    file = written(History(11), tmp_path / "out", "hledger")
    file.write_bytes(file.read_bytes() + "; ação\n".encode("latin-1"))
    with pytest.raises(Unreadable, match="UTF-8"):
        totals_of(file, "hledger")


def test_an_export_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    class Cut(History):
        def pages(self, basis: Basis) -> Iterator[list[Entry]]:
            yield from super().pages(basis)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        export(Cut(1), Asked(format="csv"), tmp_path / "out.csv", "test")
    assert list(tmp_path.iterdir()) == []


@needs_hledger
async def test_books_with_late_entries_come_out_as_the_trial_balance_has_them(
    town: Town, projector: Projector, reader: Reader, database: Database, tmp_path: Path
) -> None:
    written_ = await a_mess(town, database, random.Random(5))
    await projector.catch_up()
    now = today(database)
    days = [None, None, sorted(line.booked for line in written_)[20]]
    with psycopg.connect(database.queries, autocommit=True) as connection:
        for first in days[1:]:
            file = tmp_path / f"{first}.journal"
            export(Source(connection), Asked(format="hledger", first=first), file, "test")
            write_late(database, now, _lines_of(written_))  # what comes later is not in it
            assert hledger_accepts(file)
            assert totals_hold(file, "hledger")
    found = await trial_balance.of(reader, trial_balance.Asked(to=now))
    assert hledger_balances(file) == {
        line.code: trial_balance.signed(line.closing, line.closing_side)
        for line in found.lines
        if line.closing.minor
    }
    manifest = msgspec.json.decode((tmp_path / f"{first}.journal{MANIFEST}").read_bytes())
    assert manifest["position"] == await reader.position()


def _lines_of(written_: list[Written]) -> tuple[Line, Line]:
    return (Line(written_[0].account, 5_00), Line(written_[1].account, -5_00))
