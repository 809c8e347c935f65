"""Small reads on the primary that no decision makes: who is this, what is overdue, which seal.

They stand beside the log's lock, never under it, and nothing is decided from them: a command that
follows looks again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from commands.identity.person import Role
from commands.risk.activity import Activity
from ledger.books import Books
from ledger.rows import Key, Row

S = TypeVar("S", bound=msgspec.Struct)

POOL_WAIT_SECONDS = 2.0
STATEMENT_SECONDS = 5

PERSON_BY_PHONE = """
    SELECT id, role, pin_hash, totp_seal, profile_seal, session_epoch
    FROM ledger.person
    WHERE
        (phone_index = %(phone_index)s OR phone_index_next = %(phone_index)s)
        AND status = 'active'
"""
PERSON_BY_ID = """
    SELECT id, role, pin_hash, totp_seal, profile_seal, session_epoch
    FROM ledger.person
    WHERE id = %(id)s AND status = 'active'
"""
UNUSED_TOTP = """
    SELECT totp_seal AS seal FROM ledger.person WHERE id = %(id)s AND totp_step = 0
"""
SESSION = """
    SELECT
        s.id AS session_id, s.person_id AS user_id, s.role, s.idle_seconds, s.expires_at,
        p.agent_id, p.principal_id
    FROM ledger.session AS s
    INNER JOIN ledger.person AS p ON s.person_id = p.id
    LEFT JOIN ledger.session_use AS u ON s.id = u.session_id
    WHERE
        s.token_hash = %(token_hash)s
        AND s.revoked_at IS NULL
        AND s.epoch = p.session_epoch
        AND p.status = 'active'
        AND s.expires_at > clock_timestamp()
        AND coalesce(u.last_seen, s.opened_at) + make_interval(secs => s.idle_seconds)
        > clock_timestamp()
"""
SEEN = """
    INSERT INTO ledger.session_use AS u (session_id, last_seen)
    VALUES (%(session_id)s, clock_timestamp())
    ON CONFLICT (session_id) DO UPDATE SET last_seen = excluded.last_seen
        WHERE u.last_seen < excluded.last_seen - make_interval(secs => %(pause_seconds)s)
"""
STRANGER = """
    INSERT INTO ledger.stranger AS s (phone_index, failures, locked_until, seen_at)
    VALUES (
        %(phone_index)s, 1,
        CASE
            WHEN %(tries_max)s = 1
                THEN clock_timestamp() + make_interval(secs => %(lock_seconds)s)
        END,
        clock_timestamp()
    )
    ON CONFLICT (phone_index) DO UPDATE SET
        failures = s.failures + 1,
        locked_until = CASE
            WHEN (s.failures + 1) %% %(tries_max)s = 0
                THEN clock_timestamp() + make_interval(secs => %(lock_seconds)s)
        END,
        seen_at = excluded.seen_at
        WHERE coalesce(s.locked_until < clock_timestamp(), TRUE)
"""
STRANGER_LOCK = """
    SELECT ceil(extract(EPOCH FROM locked_until - clock_timestamp()))::integer AS seconds
    FROM ledger.stranger
    WHERE phone_index = %(phone_index)s
"""
CODE_SEAL = """
    SELECT code_seal AS seal
    FROM ledger.withdrawal
    WHERE
        id = %(id)s AND user_id = %(user_id)s
        AND state = 'active' AND expires_at > clock_timestamp()
"""
PICKUP_SEAL = """
    SELECT
        CASE WHEN state = 'pending' AND expires_at > clock_timestamp() THEN pickup_seal END AS seal,
        expires_at
    FROM ledger.agent_request
    WHERE id = %(id)s AND user_id = %(user_id)s
"""
PROFILE_BY_PHONE = """
    SELECT id, profile_seal AS seal
    FROM ledger.person
    WHERE
        (phone_index = %(phone_index)s OR phone_index_next = %(phone_index)s)
        AND role = 'customer' AND status = 'active'
"""
PROFILE = "SELECT profile_seal AS seal FROM ledger.person WHERE id = %(id)s"
CLAIM = """
    SELECT c.user_id, c.text_seal, p.profile_seal
    FROM ledger.claim AS c
    INNER JOIN ledger.person AS p ON c.user_id = p.id
    WHERE c.withdrawal_id = %(id)s
"""
OPEN_WALLETS = """
    SELECT w.id, w.activity
    FROM ledger.account AS w
    WHERE
        w.id > %(after)s AND w.code = '2010' AND w.status = 'open' AND w.balance <> 0
        AND w.floor = 0 AND w.activity <> ''
    ORDER BY w.id
    LIMIT %(most)s
"""
NONCE = """
    INSERT INTO ledger.nonce (hash, seen_at) VALUES (%(hash)s, clock_timestamp())
    ON CONFLICT (hash) DO NOTHING
"""
POSITION = "SELECT position FROM ledger.head"
OVERDUE_CODES = """
    SELECT id FROM ledger.withdrawal
    WHERE state = 'active' AND expires_at <= clock_timestamp()
    ORDER BY expires_at
    LIMIT %(most)s
"""
OVERDUE_REQUESTS = """
    SELECT id FROM ledger.agent_request
    WHERE state = 'pending' AND expires_at <= clock_timestamp()
    ORDER BY expires_at
    LIMIT %(most)s
"""
OVERDUE_APPROVALS = """
    SELECT id FROM ledger.withdrawal
    WHERE state = 'authorised' AND doubt_at <= clock_timestamp()
    ORDER BY doubt_at
    LIMIT %(most)s
"""
OVERDUE_PROPOSALS = """
    SELECT id FROM ledger.proposal
    WHERE state = 'proposed' AND expires_at <= clock_timestamp()
    ORDER BY expires_at
    LIMIT %(most)s
"""
OVERDUE_RELEASES = """
    SELECT p.withdrawal_id AS id
    FROM ledger.release AS p
    INNER JOIN ledger.withdrawal AS w ON p.withdrawal_id = w.id
    WHERE
        p.checker_id IS NULL AND p.lapsed_at IS NULL AND w.state = 'in_doubt'
        AND p.proposed_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
    ORDER BY p.proposed_at
    LIMIT %(most)s
"""
OVERDUE_RESOLUTIONS = """
    SELECT id FROM ledger.dispute
    WHERE
        state = 'open' AND maker_id IS NOT NULL
        AND proposed_at <= clock_timestamp() - make_interval(secs => %(seconds)s)
    ORDER BY proposed_at
    LIMIT %(most)s
"""
OWING_AGENTS = """
    SELECT a.id
    FROM ledger.account AS d
    INNER JOIN ledger.agent AS a ON d.owner = a.id
    INNER JOIN ledger.account AS f ON a.float_id = f.id
    WHERE d.code = '1910' AND d.balance > 0 AND -f.balance > f.floor
    ORDER BY a.id
    LIMIT %(most)s
"""
PRUNE_NONCES = """
    DELETE FROM ledger.nonce WHERE seen_at < clock_timestamp() - make_interval(secs => %(seconds)s)
"""
PRUNE_STRANGERS = """
    DELETE FROM ledger.stranger
    WHERE seen_at < clock_timestamp() - make_interval(secs => %(seconds)s)
"""
PRUNE_SOURCES = """
    DELETE FROM ledger.login_source
    WHERE since < clock_timestamp() - make_interval(secs => %(seconds)s)
"""
NOW = "SELECT clock_timestamp() AS now"
TRY_FENCE = "SELECT pg_try_advisory_xact_lock(%(fence)s) AS mine"


class Credentials(msgspec.Struct, frozen=True):
    """What somebody's sign-in is checked against."""

    id: UUID
    role: Role
    pin_hash: str
    totp_seal: bytes
    profile_seal: bytes
    session_epoch: int


class OpenedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is good now."""

    session_id: UUID
    user_id: UUID
    role: Role
    idle_seconds: int
    expires_at: datetime
    agent_id: UUID | None
    principal_id: UUID | None


class PickupSeal(msgspec.Struct, frozen=True):
    """The seal is None when the code no longer lives."""

    seal: bytes | None
    expires_at: datetime


class ProfileSeal(msgspec.Struct, frozen=True):
    """A customer, and the sealed name and number."""

    id: UUID
    seal: bytes


class ClaimSeals(msgspec.Struct, frozen=True):
    """What a customer wrote, sealed, and what opens it, until the customer is erased."""

    user_id: UUID
    text_seal: bytes
    profile_seal: bytes | None


class Primary:
    """The primary, as the edge of this process reads it."""

    def __init__(self, url: str, connections_max: int) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url,
            connection_class=AsyncConnection[DictRow],
            min_size=1,
            max_size=connections_max,
            timeout=POOL_WAIT_SECONDS,
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "application_name": "makeba edge",
                "connect_timeout": 5,
                "tcp_user_timeout": 3000,
                "options": f"-c statement_timeout={STATEMENT_SECONDS}s",
            },
            open=False,
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        """Connect. Raises psycopg_pool.PoolTimeout."""
        await self._pool.open(wait=True, timeout=30.0)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._pool.close()

    async def person_by_phone(self, phone_index: bytes) -> Credentials | None:
        """The active person with this number."""
        return await self._one(Credentials, PERSON_BY_PHONE, phone_index=phone_index)

    async def person(self, person_id: UUID) -> Credentials | None:
        """The active person with this id."""
        return await self._one(Credentials, PERSON_BY_ID, id=person_id)

    async def unused_totp_seal(self, person_id: UUID) -> bytes | None:
        """The sealed secret of an authenticator that nobody has signed in with yet."""
        found = await self._one(_Seal, UNUSED_TOTP, id=person_id)
        return found.seal if found else None

    async def session(self, token_hash: bytes) -> OpenedSession | None:
        """The session of this token, unless it is over."""
        return await self._one(OpenedSession, SESSION, token_hash=token_hash)

    async def seen(self, session_id: UUID, pause_seconds: float) -> None:
        """Note that a session was used, unless that was noted within the pause."""
        await self.change(SEEN, session_id=session_id, pause_seconds=pause_seconds)

    async def stranger_failed(
        self, phone_index: bytes, tries_max: int, lock_seconds: int
    ) -> int | None:
        """Count a wrong PIN for a number of nobody. Seconds left when it was locked already."""
        counted = await self.change(
            STRANGER, phone_index=phone_index, tries_max=tries_max, lock_seconds=lock_seconds
        )
        if counted:
            return None
        async with self._pool.connection() as connection:
            cursor = await connection.execute(STRANGER_LOCK, {"phone_index": phone_index})
            row = await cursor.fetchone()
        return row["seconds"] if row else None

    async def code_seal(self, withdrawal_id: UUID, user_id: UUID) -> bytes | None:
        """The sealed code of a withdrawal while it lives, for its owner."""
        found = await self._one(_Seal, CODE_SEAL, id=withdrawal_id, user_id=user_id)
        return found.seal if found else None

    async def pickup_seal(self, request_id: UUID, user_id: UUID) -> PickupSeal | None:
        """The sealed pick-up code of a request, for its owner."""
        return await self._one(PickupSeal, PICKUP_SEAL, id=request_id, user_id=user_id)

    async def profile_seal(self, phone_index: bytes) -> ProfileSeal | None:
        """The active customer with this number."""
        return await self._one(ProfileSeal, PROFILE_BY_PHONE, phone_index=phone_index)

    async def profile_of(self, person_id: UUID) -> bytes | None:
        """Somebody's profile, sealed; None when they were erased."""
        found = await self._one(_MaybeSeal, PROFILE, id=person_id)
        return found.seal if found else None

    async def claim(self, withdrawal_id: UUID) -> ClaimSeals | None:
        """What a customer wrote about a withdrawal."""
        return await self._one(ClaimSeals, CLAIM, id=withdrawal_id)

    async def activities(self, after: UUID, most: int) -> list[Activity]:
        """What open wallets with money have done lately: the next ones by their ids."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                OPEN_WALLETS, {"after": after, "most": most}, prepare=True, binary=True
            )
            rows = await found.fetchall()
        return [Activity(subject=row["id"], state=row["activity"]) for row in rows]

    async def use_nonce(self, nonce_hash: bytes) -> bool:
        """Whether this is the first use of a nonce, which it is no more then."""
        return await self.change(NONCE, hash=nonce_hash) == 1

    async def position(self) -> int:
        """The position of the newest record."""
        found = await self._one(_Position, POSITION)
        assert found is not None, "the head is one row"
        return found.position

    async def overdue(self, statement: str, most: int, seconds: float = 0) -> list[UUID]:
        """What a sweep has to deal with: ids, the longest overdue first. What has no deadline of
        its own is overdue after so many seconds."""
        found = await self.rows(_Id, statement, most=most, seconds=seconds)
        return [each.id for each in found]

    async def prune(self, statement: str, seconds: float) -> int:
        """Delete what is older. How many rows that were."""
        return await self.change(statement, seconds=seconds)

    @asynccontextmanager
    async def fenced(self, fence: int) -> AsyncIterator[bool]:
        """Whether this is the only process within; the database lets go of the lock at the end."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(TRY_FENCE, {"fence": fence})
            row = await cursor.fetchone()
            yield bool(row and row["mine"])

    async def books(self, *keys: Key[Any]) -> Books:
        """The rows under these keys at the database's time, to be read as a decision reads them.

        Nothing is decided on these books: they are not under the lock.
        """
        rows: dict[Key[Any], Row | None] = dict.fromkeys(keys)
        wanted: dict[tuple[type[Row], str], list[Any]] = defaultdict(list)
        for row_type, index, value in keys:
            if index in row_type.IDS and isinstance(value, int):
                wanted[row_type, index].append(UUID(int=value))
            else:
                wanted[row_type, index].append(value)
        async with self._pool.connection() as connection:
            now = await (await connection.execute(NOW, prepare=True)).fetchone()
            assert now is not None, "there is a time"
            for (row_type, index), values in wanted.items():
                cursor = await connection.execute(
                    row_type.LOAD[index], {"values": values}, prepare=True, binary=True
                )
                for found in await cursor.fetchall():
                    row = row_type.loaded(tuple(found.values()))
                    rows.update(dict.fromkeys(row.keys(), row))
        return Books(now["now"], {}, rows)

    async def _one(self, into: type[S], statement: str, **parameters: Any) -> S | None:
        found = await self.rows(into, statement, **parameters)
        return found[0] if found else None

    async def rows(self, into: type[S], statement: str, **parameters: Any) -> list[S]:
        """The rows of a statement, as structs."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, parameters, prepare=True, binary=True)
            rows = await cursor.fetchall()
        return [msgspec.convert(row, into) for row in rows]

    async def change(self, statement: str, **parameters: Any) -> int:
        """Run a statement outside the log. How many rows it changed."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, parameters, prepare=True)
            return cursor.rowcount


class _Seal(msgspec.Struct, frozen=True):
    seal: bytes


class _MaybeSeal(msgspec.Struct, frozen=True):
    seal: bytes | None


class _Position(msgspec.Struct, frozen=True):
    position: int


class _Id(msgspec.Struct, frozen=True):
    id: UUID
