"""What the switch sends: its operations by trace, its nonces, its keys and its terminals."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.command import Answer
from ledger.books import Books
from ledger.errors import Forbidden, Unauthenticated
from ledger.rows import Key, Row

REVERSALS_MAX = 16  # of one operation that are remembered
IDS_KEPT = 4_096


class Response(StrEnum):
    """The response codes of ISO 8583 (DE 39) that decisions give."""

    APPROVED = "00"
    WRONG_AMOUNT = "13"
    UNKNOWN_ACCOUNT = "14"
    UNKNOWN_ORIGINAL = "25"
    EXPIRED = "54"
    WRONG_CODE = "55"
    NOT_PERMITTED = "57"
    OVER_LIMIT = "61"
    FROZEN = "62"
    LATE = "68"
    TRIES_EXCEEDED = "75"
    DUPLICATE = "94"
    CONFIRM_FIRST = "1A"  # the owner must approve in the app first


class SwitchReply(Answer, frozen=True, kw_only=True):
    """What the switch is told. A decline is an answer, not a refusal."""

    response_code: Response
    approval_code: str | None = None
    transaction_id: UUID | None = None


@lru_cache(IDS_KEPT)
def _id_of(parts: tuple[str, str, str, str, date]) -> UUID:
    """A decision asks for the same ones again and again."""
    return UUID(bytes=hashlib.sha256(msgspec.json.encode(parts)).digest()[:16])


class TraceId(msgspec.Struct, frozen=True, kw_only=True):
    """What names one authorisation for good, in every message about it."""

    acquirer_id: str
    terminal_id: str
    stan: str
    rrn: str
    local_date: date

    @property
    def hash(self) -> bytes:
        """Sixteen bytes that stand for all five parts."""
        return self.id.bytes

    @property
    def id(self) -> UUID:
        """The same as the id under which rows and events have it."""
        return _id_of((self.acquirer_id, self.terminal_id, self.stan, self.rrn, self.local_date))

    def facts(self, **more: Any) -> dict[str, Any]:
        """The trace as events tell it."""
        return {
            "acquirerId": self.acquirer_id,
            "terminalId": self.terminal_id,
            "stan": self.stan,
            "rrn": self.rrn,
            "localDate": self.local_date,
            **more,
        }


class SwitchTrace(Row, frozen=True, kw_only=True):
    """What was answered to an authorisation: a repeat hears the same and does nothing.

    `amount` is None when a reversal or a completion came first, for an original that we had never
    seen. `completed` is the amount of the completion that had its effect, `reversed_to` what
    reversals have said was paid, the newest last.
    """

    id: UUID
    amount: int | None
    response_code: Response
    approval_code: str | None = None
    withdrawal_id: UUID | None = None  # only when it was approved
    completed: int | None = None
    reversed_to: tuple[int, ...] = ()

    TABLE: ClassVar[str] = "switch_trace"
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT
                version, id, amount, response_code, approval_code, withdrawal_id, completed,
                reversed_to
            FROM ledger.switch_trace
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.switch_trace AS t (
                id, amount, response_code, approval_code, withdrawal_id, completed, reversed_to,
                version
            )
            SELECT
                r.id, r.amount, r.response_code, r.approval_code, r.withdrawal_id, r.completed,
                r.reversed_to, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id uuid, amount bigint, response_code text, approval_code text, withdrawal_id uuid,
                completed bigint, reversed_to bigint[], version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                completed = excluded.completed, reversed_to = excluded.reversed_to,
                version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('switch_trace', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(trace_id: UUID) -> Key[SwitchTrace]:
        """What was answered to this trace."""
        return (SwitchTrace, "id", trace_id.int)

    def keys(self) -> tuple[Key[SwitchTrace], ...]:
        return ((SwitchTrace, "id", self.id.int),)

    def heard(self, paid: int) -> SwitchTrace:
        """The same after a reversal has said that so much was paid."""
        newest = (*self.reversed_to[1 - REVERSALS_MAX :], paid)
        return msgspec.structs.replace(self, reversed_to=newest)

    @property
    def reply(self) -> SwitchReply:
        """The stored answer to the authorisation."""
        return SwitchReply(
            response_code=self.response_code,
            approval_code=self.approval_code,
            transaction_id=self.withdrawal_id,
        )


class Nonce(Row, frozen=True, kw_only=True):
    """A signature's nonce that was used."""

    hash: bytes
    seen_at: datetime

    TABLE: ClassVar[str] = "nonce"
    INSERT_ONLY: ClassVar[bool] = True
    LOAD: ClassVar[dict[str, str]] = {
        "hash": """
            SELECT 0 AS version, hash, seen_at
            FROM ledger.nonce
            WHERE hash = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.nonce (hash, seen_at)
            SELECT decode(r.hash, 'base64'), r.seen_at
            FROM json_to_recordset(%(rows)s::json) AS r (hash text, seen_at timestamptz)
            RETURNING 1
        )
        SELECT ledger.saved_all('nonce', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_hash(hash_: bytes) -> Key[Nonce]:
        """The nonce with this hash."""
        return (Nonce, "hash", hash_)

    def keys(self) -> tuple[Key[Nonce], ...]:
        return ((Nonce, "hash", self.hash),)


def nonce_keys(hash_: bytes | None) -> tuple[Key[Any], ...]:
    """What `use_nonce` touches."""
    return () if hash_ is None else (Nonce.by_hash(hash_),)


def use_nonce(books: Books, hash_: bytes | None) -> None:
    """Use a nonce up. Raises Unauthenticated when it was used before.

    None for what was not sent as a message: the switch's file.
    """
    if hash_ is None:
        return
    if books.find(Nonce.by_hash(hash_)) is not None:
        raise Unauthenticated("This signature was used before.")
    books.put(Nonce(hash=hash_, seen_at=books.now))


class Terminal(Row, frozen=True, kw_only=True):
    """A cash machine, and whose it is."""

    id: str
    acquirer_id: str
    place: str

    TABLE: ClassVar[str] = "terminal"
    IDS: ClassVar[tuple[str, ...]] = ()  # theirs are names
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, acquirer_id, place
            FROM ledger.terminal
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.terminal AS t (id, acquirer_id, place, version)
            SELECT r.id, r.acquirer_id, r.place, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id text, acquirer_id text, place text, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET place = excluded.place, version = excluded.version
            WHERE t.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('terminal', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(terminal_id: str) -> Key[Terminal]:
        """The terminal with this id."""
        return (Terminal, "id", terminal_id)

    def keys(self) -> tuple[Key[Terminal], ...]:
        return ((Terminal, "id", self.id),)


def require_own_terminal(books: Books, trace: TraceId, nonce_hash: bytes | None) -> None:
    """Raises Forbidden when a message speaks for a machine that is not its acquirer's. Touches the
    terminal. The switch's file is no message: what it names is reconciled."""
    if nonce_hash is None:
        return
    terminal = books.find(Terminal.by_id(trace.terminal_id))
    if terminal is None or terminal.acquirer_id != trace.acquirer_id:
        raise Forbidden("This terminal is not one of this acquirer's.")


class SwitchKey(Row, frozen=True, kw_only=True):
    """A public key (Ed25519) with which an acquirer signs, until it is retired."""

    id: str
    acquirer_id: str
    public_key: bytes
    retired_at: datetime | None = None

    TABLE: ClassVar[str] = "switch_key"
    IDS: ClassVar[tuple[str, ...]] = ()  # theirs are names
    LOAD: ClassVar[dict[str, str]] = {
        "id": """
            SELECT version, id, acquirer_id, public_key, retired_at
            FROM ledger.switch_key
            WHERE id = ANY(%(values)s)
        """,
    }
    SAVE: ClassVar[str] = """
        WITH saved AS (
            INSERT INTO ledger.switch_key AS k (id, acquirer_id, public_key, retired_at, version)
            SELECT r.id, r.acquirer_id, decode(r.public_key, 'base64'), r.retired_at, r.version
            FROM json_to_recordset(%(rows)s::json) AS r (
                id text, acquirer_id text, public_key text, retired_at timestamptz, version bigint
            )
            ON CONFLICT (id) DO UPDATE SET
                retired_at = excluded.retired_at, version = excluded.version
            WHERE k.version = excluded.version - 1
            RETURNING 1
        )
        SELECT ledger.saved_all('switch_key', (SELECT count(*) FROM saved), %(count)s)
    """

    @staticmethod
    def by_id(key_id: str) -> Key[SwitchKey]:
        """The key with this id."""
        return (SwitchKey, "id", key_id)

    def keys(self) -> tuple[Key[SwitchKey], ...]:
        return ((SwitchKey, "id", self.id),)
