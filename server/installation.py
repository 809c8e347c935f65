"""An installation: its home, its secrets, its database, and bringing it to the newest shape."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import LiteralString

from commands.books.mark_demo import MARK
from commands.books.open_books import OpenBooks
from commands.spine import Limits, Spine
from ledger.checkpoint_file import CheckpointFile
from ledger.database import ROLES, as_role, connect, connect_sync
from ledger.log import Log
from ledger.migrations import migrate
from queries.check.checkpoints import Signed
from server import secrets
from server.checkpoints import Signer
from server.postgres import Cluster, running
from server.secrets import KeyName, Secrets
from server.settings import Settings
from server.urls import Urls

START_SECONDS = 60.0  # a command at start waits for the lock this long: a batch may be at work

DEMO_MARK = "SELECT EXISTS (SELECT FROM ledger.log WHERE position <= 3 AND kind = %(kind)s)"
# Opening the books makes a record, and another of their first rules.
SINCE_THE_OPENING = """
    SELECT count(*)
    FROM (
        SELECT kind FROM ledger.log ORDER BY position LIMIT 3
    ) AS l
    WHERE l.kind NOT IN ('books.opened', 'rules.set')
"""


class Installation:
    """What is known once the database can be reached."""

    def __init__(self, settings: Settings, keys: Secrets, owner_url: str) -> None:
        self.settings = settings
        self.keys = keys
        self.owner_url = owner_url

    @property
    def urls(self) -> Urls:
        """The database as each role of the server reaches it."""
        return Urls(
            commands=self.url("makeba_commands"),
            projector=self.url("makeba_projector"),
            queries=self.url("makeba_queries"),
        )

    def url(self, role: str) -> str:
        """The database as a role reaches it."""
        return as_role(self.owner_url, role, self.keys.passwords[role].reveal())

    def migrate(self) -> str:
        """Bring schema and roles to the newest state. The revision. Raises psycopg.Error."""
        return migrate(self.owner_url, {role: self.keys.passwords[role].reveal() for role in ROLES})

    async def open_books(self) -> bool:
        """Open the books unless they are, and sign that. Whether it was done now.

        Raises the Refusal.
        """
        async with self.spine() as spine:
            outcome = await spine.submit(
                OpenBooks(), actor="system:migrate", request_id="open-books"
            )
        await Signer(self.settings, self.urls.commands).try_to_sign()
        return outcome.fresh.opened

    @property
    def signed(self) -> Signed:
        """The checkpoints of this home."""
        file = CheckpointFile(self.settings.checkpoints_file)
        return Signed(file, self.settings.checkpoint_public_file)

    @asynccontextmanager
    async def spine(self) -> AsyncIterator[Spine]:
        """A spine for commands that are not asked for over HTTP."""
        log = Log(lambda: connect(self.urls.commands, "makeba"))
        spine = Spine(log, Limits(deadline_seconds=START_SECONDS))
        spine.start()
        try:
            yield spine
        finally:
            await spine.close()

    @property
    def is_demo(self) -> bool:
        """Whether this database was marked as a demo's."""
        return bool(self._one(DEMO_MARK))

    @property
    def is_unused(self) -> bool:
        """Whether nothing has happened here but the opening of the books."""
        return not self._one(SINCE_THE_OPENING)

    def _one(self, statement: LiteralString) -> int:
        with connect_sync(self.urls.commands, "makeba") as connection:
            row = connection.execute(statement, {"kind": MARK}).fetchone()
        assert row is not None, "these questions always have an answer"
        return int(row[0])


@contextmanager
def installed(settings: Settings, *, take_over: bool = False) -> Iterator[Installation]:
    """Reach the database: the embedded one is started, or joined, and left as it was found.

    With `take_over` a server that nobody looks after is put under ours.

    Raises PostgresUnavailable, SecretsUnavailable.
    """
    if settings.database_url is not None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield Installation(settings, load_secrets(settings), settings.database_url.reveal())
        return
    with running(Cluster(settings.home), take_over=take_over) as server:
        yield Installation(settings, load_secrets(settings), server.dsn)


def joined(settings: Settings) -> Installation:
    """The same for a worker of a server that has reached the database already."""
    url = settings.database_url
    owner_url = Cluster(settings.home).dsn if url is None else url.reveal()
    return Installation(settings, load_secrets(settings), owner_url)


def load_secrets(settings: Settings) -> Secrets:
    """The secrets of this home. Raises SecretsUnavailable."""
    # Checkpoints are signed where they lie: their key has no other place.
    movable = [name for name in KeyName if name is not KeyName.CHECKPOINT]
    files = {name: getattr(settings, f"{_setting(name)}_file") for name in movable}
    given = {name: getattr(settings, _setting(name)) for name in movable}
    return secrets.load(
        settings.secrets_dir,
        files={name: file for name, file in files.items() if file is not None},
        given={name: text for name, text in given.items() if text is not None},
    )


def _setting(name: KeyName) -> str:
    return name.replace("-", "_")
