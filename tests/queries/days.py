"""Days that have passed: time in the log is the database's, so tests move what is projected."""

from __future__ import annotations

from datetime import date, datetime

import psycopg

from ledger.books import COUNTRY
from queries.projector import Projector
from tests.conftest import Database
from tests.queries.town import Town


def today(database: Database) -> date:
    """The booking date by the database's clock."""
    with psycopg.connect(database.owner) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now.astimezone(COUNTRY).date()


async def book_back(town: Town, projector: Projector, database: Database, days: int) -> None:
    """Let all that was booked today have been booked some days ago, as far as the models know."""
    await projector.catch_up()
    parameters = {"days": days, "today": today(database)}
    with psycopg.connect(database.owner) as connection:
        for statement in (
            """
                UPDATE queries.entry SET booking_date = booking_date - %(days)s
                WHERE booking_date = %(today)s
            """,
            """
                UPDATE queries.line SET booking_date = booking_date - %(days)s
                WHERE booking_date = %(today)s
            """,
            "UPDATE queries.turnover SET day = day - %(days)s WHERE day = %(today)s",
            "UPDATE queries.account_day SET day = day - %(days)s WHERE day = %(today)s",
            "UPDATE queries.float_day SET day = day - %(days)s WHERE day = %(today)s",
        ):
            connection.execute(statement, parameters)
