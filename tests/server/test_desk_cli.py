"""What accountants and auditors do on a command line: lists, reports, files, samples."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from commands.books.periods import Month
from commands.identity.person import Role
from ledger.books import COUNTRY
from queries.projector import Projector, connector
from server.cli import run
from server.installation import Installation
from server.postgres import Cluster
from server.settings import Settings
from tests.bank_statements import sheet
from tests.server.conftest import World, cloned

TODAY = datetime.now(COUNTRY).date()


@pytest.fixture(scope="module")
def books(
    cluster: Cluster, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A demo's books, read up to their end."""
    with cloned(cluster, world) as owner_url, pytest.MonkeyPatch.context() as patched:
        home = tmp_path_factory.mktemp("desk")
        patched.setenv("MAKEBA_HOME", str(home))
        patched.setenv("MAKEBA_DATABASE_URL", owner_url)
        patched.setattr("server.installation.load_secrets", lambda _: world.keys)
        installation = Installation(Settings(home=home), world.keys, owner_url)
        projector = Projector(connector(installation.urls.projector))
        asyncio.run(_caught_up(projector))
        yield installation


async def _caught_up(projector: Projector) -> None:
    await projector.catch_up()
    projector.disconnect()


BEHIND = """
    SELECT h.position - p.position
    FROM ledger.head AS h
    CROSS JOIN queries.projection AS p
"""


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, standard output, and the lines on standard error."""
    code = run(list(arguments))
    written = capsys.readouterr()
    return code, written.out, written.err.splitlines()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_access_review_needs_no_server(
    cluster: Cluster,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody has moved the read models on: it does so itself, and says what is true now."""
    with cloned(cluster, world) as owner_url:
        monkeypatch.setenv("MAKEBA_HOME", str(tmp_path))
        monkeypatch.setenv("MAKEBA_DATABASE_URL", owner_url)
        monkeypatch.setattr("server.installation.load_secrets", lambda _: world.keys)
        with psycopg.connect(owner_url) as connection:
            behind = connection.execute(BEHIND).fetchone()
        code, out, errors = ended(capsys, "access")
    assert behind is not None and behind[0] > 0
    assert (code, errors) == (0, [])
    staff = [each for each in world.demo.users if each.role is not Role.CUSTOMER]
    assert {row["user"] for row in rows(out)} == {str(each.user_id) for each in staff}


@pytest.mark.usefixtures("books")
class TestDesk:
    """One set of books for all."""

    def test_the_journal_is_narrowed(self, capsys: pytest.CaptureFixture[str]) -> None:
        for arguments, found in (
            (("--account", "2020"), {"1010", "2020"}),
            (("--code-from", "20", "--code-to", "2010"), {"1010", "2010"}),
            (("--kind", "bank.", "--amount-min", "400000", "--from", str(TODAY)), {"1010", "2020"}),
            (("--amount-max", "1"), set()),
            (("--text", "nobody wrote this"), set()),
        ):
            code, out, errors = ended(capsys, "journal", *arguments)
            assert (code, errors) == (0, [])
            assert {row["code"] for row in rows(out)} == found, arguments

    def test_a_ledger_runs_from_opening_to_closing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, out, errors = ended(capsys, "ledger", "1010", "--axis", "value")
        lines = rows(out)
        assert errors == []
        assert (lines[0]["kind"], lines[0]["balance"]) == ("opening", "0.00")
        assert lines[-1]["balance"] == lines[-2]["balance"] == lines[-1]["debit"]
        _, out, _ = ended(capsys, "ledger", "1010", "--newest-first", "--limit", "1")
        assert [line["kind"] for line in rows(out)][::2] == ["closing", "opening"]
        _, out, _ = ended(capsys, "ledger", "2010", "--format", "json")
        assert json.loads(out)["ledger"]["account"] is None

    def test_a_trial_balance_is_compared_and_summed_up(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, out, _ = ended(capsys, "trial-balance", "--from", str(TODAY), "--compare", "2020-01-01")
        total = rows(out)[-1]
        assert total["opening debit"] == total["opening credit"] == "0.00"
        assert {"compared debit", "compared credit"} <= set(total)
        _, out, _ = ended(capsys, "trial-balance", "--by-class")
        assert [row["account"] for row in rows(out)][:2] == ["asset", "liability"]
        code, _, errors = ended(capsys, "trial-balance", "--position", "1", "--axis", "value")
        assert (code, len(errors)) == (2, 1)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("income",), ("balance-sheet",), ("suspense",), ("suspense", "--items"), ("agents",),
            ("safeguarding",), ("suspicious", "--month", "2026-01"),
            ("month", "--month", f"{TODAY:%Y-%m}"),
        ],
    )  # fmt: skip
    def test_every_report_comes_in_every_shape(
        self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
    ) -> None:
        for shape in ("csv", "json", "table"):
            code, out, errors = ended(capsys, "report", *arguments, "--format", shape)
            assert (code, errors) == (0, [])
            assert out

    def test_the_trust_holds_what_it_stands_for(self, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = ended(capsys, "report", "safeguarding")
        terms = {row["term"]: row["amount"] for row in rows(out)}
        assert terms["total_held"] == terms["total_stood_for"] != "0.00"
        assert terms["difference"] == terms["shortfall"] == "0.00"

    def test_a_sample_is_the_same_for_whoever_knows_its_seed(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        arguments = ("audit", "sample", "--seed", "2026", "--size", "3")
        code, first, told = ended(capsys, *arguments)
        assert code == 0
        assert "3 of" in told[0]
        assert ended(capsys, *arguments)[1] == first
        assert ended(capsys, "audit", "sample", "--seed", "2027", "--size", "3")[1] != first
        entry = rows(first)[0]["entry"]
        _, out, _ = ended(capsys, "drill-down", "--entry", entry)
        assert entry in {row["entry"] for row in rows(out)}
        _, out, _ = ended(capsys, *arguments, "--format", "json")
        assert json.loads(out)["items"][0]["evidence"]["records"][0]["hash"]

    def test_an_export_is_checked_and_a_change_is_named(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        for format_ in ("csv", "csv-pt", "xlsx", "jsonl", "hledger", "beancount"):
            file = tmp_path / f"books.{format_}"
            code, out, errors = ended(capsys, "export", "--format", format_, "--output", str(file))
            assert (code, errors) == (0, [])
            told = {row["what"]: row["is"] for row in rows(out)}
            assert told["debits"] == told["credits"] != "0.00"
            assert ended(capsys, "verify-export", str(file))[0] == 0
        file = tmp_path / "books.csv"
        file.write_text(file.read_text().replace(",2010,", ",2020,", 1))
        code, _, errors = ended(capsys, "verify-export", str(file))
        assert (code, len(errors)) == (1, 1)
        assert "books.csv: codes 2010" in errors[0]

    def test_a_statement_is_a_file_too(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, books: Installation, world: World
    ) -> None:
        user = world.demo.of(Role.CUSTOMER)[0]
        pdf, csv_ = tmp_path / "s.pdf", tmp_path / "s.csv"
        code, out, _ = ended(
            capsys, "statement", "--user", str(user.user_id), "--pdf", str(pdf), "--csv", str(csv_)
        )
        assert (code, out) == (0, "")
        assert pdf.read_bytes().startswith(b"%PDF")
        assert "Saldo inicial" in csv_.read_text(encoding="utf-8-sig")
        _, out, _ = ended(capsys, "statement", "--user", str(user.user_id), "--format", "json")
        xml = tmp_path / "s.xml"
        code, _, errors = ended(
            capsys, "export", "--format", "camt053", "--output", str(xml),
            "--account", json.loads(out)["accountId"], "--from", str(TODAY), "--to", str(TODAY),
        )  # fmt: skip
        assert (code, errors) == (0, [])
        assert b"<Cd>CLBD</Cd>" in xml.read_bytes()

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "line 1: is not code,owner,debit,credit"),
            (b"code,owner,debit,credit\n1020,,5\n", "line 2: has 3 cells"),
            (b"code,owner,debit,credit\n1020,,x,\n", "line 2: an amount is not a number"),
            (b"code,owner,debit,credit\n1020,,1.234,\n", "line 2: an amount has more than 2"),
            (b"code,owner,debit,credit\n1020,,-1,\n", "line 2: an amount is below zero"),
            (b"code,owner,debit,credit\n2010,me,5,\n", "line 2: badly formed"),
            (b"code,owner,debit,credit\n1020,,5,\n\xe7\n", "line 3: is not in UTF-8"),
            (b'code,owner,debit,credit\n1020,,"5,\n', "line 2: unexpected end"),
            (b"code,owner,debit,credit\n1020,,5,\n3010,,,4\n", "debits are 5.00, credits 4.00"),
            (b"x" * 2_000_001, "larger than"),
        ],
    )  # fmt: skip
    def test_wrong_balances_are_told_by_their_line(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, why: str
    ) -> None:
        file = tmp_path / "b.csv"
        file.write_bytes(content)
        code, out, errors = ended(
            capsys, "import", "opening-balances", str(file), "--document", "d", "--dry-run"
        )
        assert (code, out, len(errors)) == (2, "", 1)
        assert why in errors[0]

    def test_balances_are_proposed_only_to_books_without_entries(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path, world: World
    ) -> None:
        file = tmp_path / "b.csv"
        file.write_text("code,owner,debit,credit\n1020,,5.00,\n3010,,,5.00\n")
        base = ("import", "opening-balances", str(file), "--document", "Balancete 2025")
        assert ended(capsys, *base, "--dry-run")[0] == 0
        maker = str(world.demo.of(Role.ACCOUNTANT)[0].user_id)
        code, _, errors = ended(capsys, *base, "--maker", maker)
        assert (code, len(errors)) == (2, 1)
        assert "Money has moved in these books." in errors[0]

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (("ledger",), "Give a code"),
            (("ledger", "9999"), "The chart of accounts has no such code."),
            (("export", "--format", "csv", "--output", "/nowhere/x"), "no directory"),
            (("export", "--format", "camt053", "--output", "x"), "takes --account"),
            (("export", "--format", "log", "--output", "x", "--to", "2026-01-01"), "written whole"),
            (("export", "--format", "log5", "--output", "x"), "'log5' is not one of"),
            (("journal", "--amount-min", "lots"), "not an amount"),
            (("report", "month", "--month", "x"), "malformed"),
            (("drill-down",), "malformed"),
            (("import", "opening-balances", __file__, "--document", "d"), "Give --maker"),
        ],
    )
    def test_what_is_asked_wrongly_is_one_line(
        self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
    ) -> None:
        code, out, errors = ended(capsys, *arguments)
        assert (code, out, len(errors)) == (2, "", 1)
        assert why in errors[0]


def test_a_bank_statement_is_tried_taken_in_and_reconciled(
    books: Installation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "statement.csv"
    file.write_bytes(sheet(1, 0, ("5", "B-1", "de quem"), ("-2", "B-2", "?"), on=TODAY))
    code, tried, _ = ended(capsys, "bank", "import", str(file), "--dry-run", "--format", "csv")
    assert code == 0
    assert [row["finding"] for row in csv.DictReader(io.StringIO(tried))] == ["unnamed", "left"]
    code, listed, _ = ended(capsys, "bank", "list", "--format", "json")
    assert (code, json.loads(listed)) == (0, [])
    code, taken_in, _ = ended(capsys, "bank", "import", str(file), "--format", "csv")
    states = [row["state"] for row in csv.DictReader(io.StringIO(taken_in))]
    assert (code, states) == (0, ["matched", "open"])
    code, said, _ = ended(capsys, "bank", "match")
    assert (code, said) == (0, "0 matched, 1 still open\n")
    code, sides, _ = ended(capsys, "bank", "reconcile", "--format", "csv")
    amounts = {row["what"]: row["amount"] for row in csv.DictReader(io.StringIO(sides))}
    assert (code, amounts["difference"], amounts["open: on statements only"]) == (
        0,
        "0.00",
        "-2.00",
    )
    file.write_bytes(b"no statement")
    code, _, told = ended(capsys, "bank", "import", str(file))
    assert code == 1
    assert "Line 1: the fields are not" in told[-1]


def test_periods_are_listed_and_looked_at(
    books: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    before = str(Month.of(TODAY).before)
    code, out, _ = ended(capsys, "periods", "list", "--format", "json")
    found = json.loads(out)["items"]
    assert (code, found[0]["state"], found[0]["over"]) == (0, "open", False)
    code, out, err = ended(capsys, "periods", "checklist", before, "--format", "csv")
    rows = {row["line"]: row for row in csv.DictReader(io.StringIO(out))}
    assert (code, rows["trial_balance_equal"]["ok"]) == (1, "ok")
    assert rows["month_soft_closed"]["ok"] == "NOT OK"
    assert err == [f"makeba: {before} cannot be closed yet: month_soft_closed."]
    assert ended(capsys, "periods", "checklist", "2026-13")[0] == 2
