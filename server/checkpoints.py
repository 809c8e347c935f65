"""Signing the end of the log, into a file outside the database that is only ever added to.

    MAKEBA_HOME/checkpoints           a line for each; see ledger/checkpoint.py
    MAKEBA_HOME/checkpoint.pub        what they are checked with; a new key stands under the old one
    MAKEBA_HOME/secrets/checkpoint-key   what signs them

Any number of processes may sign: the database lets one at a time. A log that does not go on from
what was signed last is never signed again, so that nobody who has written it anew gets our word
for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from ledger import checkpoint
from ledger.batch import Head
from ledger.checkpoint import Checkpoint, NotSigned
from ledger.checkpoint_file import CheckpointFile, public_keys
from ledger.database import connect
from server.reply_keys import private_key_of
from server.secrets import KeyName, LiveKeyring, SecretsUnavailable, keyring, write_private
from server.settings import Settings

logger = structlog.get_logger(__name__)

FENCE = 7_236_203  # of those that ledger/migrations.py and queries/rebuild.py have
WAIT_MS = 5_000  # for another process that signs

LOCK = "SELECT pg_advisory_xact_lock(%(fence)s)"
END = "SELECT position, hash, clock_timestamp() FROM ledger.head"
HASH_AT = "SELECT hash FROM ledger.log WHERE position = %(position)s"


class Refused(Exception):
    """The log is not what was signed before: it is not signed again."""


class Signer:
    """Signs for this home."""

    def __init__(self, settings: Settings, url: str) -> None:
        """`url` is that of the role that runs commands. Raises SecretsUnavailable."""
        self._keys = signing_keys(settings.secrets_dir)
        self._url = url
        self._file = CheckpointFile(settings.checkpoints_file)
        self.public_file = settings.checkpoint_public_file
        self.position = 0  # of the newest checkpoint, as last seen here

    async def sign(self) -> Checkpoint | None:
        """Sign the end of the log, unless the newest checkpoint is that already.

        Raises Refused, NotSigned, psycopg.Error or OSError, and then nothing was signed.
        """
        connection = await connect(self._url, "makeba checkpoints", lock_timeout=WAIT_MS)
        try:
            async with connection.transaction():
                await connection.execute(LOCK, {"fence": FENCE})
                return await self._sign(connection)
        finally:
            await connection.close()

    async def try_to_sign(self) -> int:
        """The same for a job: whatever is in the way is logged. How many were signed."""
        try:
            return 1 if await self.sign() is not None else 0
        except (Refused, NotSigned) as error:
            logger.error("the log is not what was signed", why=str(error))
        except (psycopg.Error, OSError) as error:
            logger.warning("no checkpoint was signed", error=type(error).__name__)
        return 0

    async def _sign(self, connection: AsyncConnection[TupleRow]) -> Checkpoint | None:
        self._keys.refresh()  # another one may sign from now on
        key = private_key_of(self._keys.now.active())
        publish(key, self.public_file)
        last = self._file.newest()
        position, hash_, now = await _row(connection, END, {})
        if last is not None:
            checkpoint.require_signed(last, public_keys(self.public_file))
            self.position = last.position
            signed = await _row(connection, HASH_AT, {"position": last.position})
            if not signed or bytes(signed[0]).hex() != last.hash:
                raise Refused(f"position {last.position} is not what checkpoint {last.number} says")
        if position == self.position:
            return None
        made = checkpoint.sign(key, Head(position, bytes(hash_)), now, last)
        self._file.add(made)
        self.position = position
        return made


def signing_keys(secrets_dir: Path) -> LiveKeyring:
    """The keyring that signs, made on first use. Raises SecretsUnavailable."""
    try:
        secrets_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SecretsUnavailable(f"{secrets_dir} cannot be used: {error}") from error
    return keyring(KeyName.CHECKPOINT, secrets_dir / KeyName.CHECKPOINT)


def signing_key(secrets_dir: Path) -> Ed25519PrivateKey:
    """The one of them that signs now. Raises SecretsUnavailable."""
    return private_key_of(signing_keys(secrets_dir).now.active())


def publish(key: Ed25519PrivateKey, file: Path) -> None:
    """Write down what is checked with, under what was written before."""
    pem = checkpoint.public_pem(key.public_key())
    known = file.read_text(encoding="ascii") if file.exists() else ""
    if pem not in known:
        write_private(file, known + pem, replace=True)
        file.chmod(0o644)


async def _row(
    connection: AsyncConnection[TupleRow], statement: str, parameters: dict[str, Any]
) -> TupleRow:
    row = await (await connection.execute(statement, parameters)).fetchone()
    return () if row is None else row
