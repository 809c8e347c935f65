"""Running the text of a migration."""

from pathlib import Path

from alembic import op


def run(revision: str) -> None:
    """Run the .sql file of this revision as it stands, in the migration's transaction.

    By the driver itself: SQLAlchemy would read colons and percent signs as its own.
    """
    written = (Path(__file__).parent / f"{revision}.sql").read_text(encoding="utf-8")
    driver = op.get_bind().connection.driver_connection
    assert driver is not None, "a migration runs on a connection"
    driver.execute(written)
