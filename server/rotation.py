"""Keys of the house get new versions and lose old ones, while the servers work.

A new version stands in its file before it counts: by the time it begins every process has read it.
An old one is retired when nothing needs it any more: it ends, and when everybody has seen that, it
is taken out of the file. What is refused here would have made something unreadable.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from uuid_utils.compat import uuid7

from commands.keys.note import NoteKey
from server.keyring import Keyring, Version
from server.locks import FileLock
from server.primary import Primary
from server.secrets import KeyName, LiveKeyring, write_private
from server.settings import PREFIX, Settings

VERSIONS_MAX = 16  # of one key; the index has two at most
RELOADS = 2  # of its files that a process may need to notice a change

# How many things still need a version. Seals and digests begin with its number.
NEED = {
    KeyName.PEPPER: """
        SELECT
            (SELECT count(*) FROM ledger.withdrawal
            WHERE state = 'active' AND substr(code_digest, 1, 2) = %(made)s)
            + (SELECT count(*) FROM ledger.agent_request
            WHERE state = 'pending' AND substr(pickup_digest, 1, 2) = %(made)s) AS many
    """,
    KeyName.INDEX: """
        SELECT count(*) AS many
        FROM ledger.person
        WHERE
            status <> 'erased' AND substr(phone_index, 1, 2) = %(made)s
            AND (phone_index_next IS NULL OR substr(phone_index_next, 1, 2) = %(made)s)
    """,
    KeyName.DATA: """
        SELECT
            (SELECT count(*) FROM ledger.person
            WHERE
                status <> 'erased'
                AND (
                    substr(profile_seal, 1, 2) = %(made)s OR substr(totp_seal, 1, 2) = %(made)s
                    OR substr(decode(left(pin_hash, 4), 'base64'), 1, 2) = %(made)s
                ))
            + (SELECT count(*) FROM ledger.webhook
            WHERE
                substr(secret_seal, 1, 2) = %(made)s OR substr(old_secret_seal, 1, 2) = %(made)s)
            + (SELECT count(*) FROM ledger.withdrawal
            WHERE state = 'active' AND substr(code_seal, 1, 2) = %(made)s)
            + (SELECT count(*) FROM ledger.agent_request
            WHERE state = 'pending' AND substr(pickup_seal, 1, 2) = %(made)s) AS many
    """,
}
NOT_YET = {
    KeyName.PEPPER: "codes that live were made with it: they end within minutes",
    KeyName.INDEX: "people can be found by it alone",
    KeyName.DATA: "things are sealed with it",
}
NEXT_INDEXES = "SELECT count(*) AS many FROM ledger.person WHERE phone_index_next IS NOT NULL"

Submit = Callable[[NoteKey], Awaitable[Any]]


class NotNow(Exception):
    """A key cannot be rotated or retired as it was asked."""


class KeyListed(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a key, as people see it."""

    key: str
    version: int
    state: str
    begins: datetime | None
    ends: datetime | None
    needed_by: int | None  # rows; None where nothing is kept that would need it
    check_value: str
    where: str


class Rotation:
    """Changes the files of keys, one process at a time."""

    def __init__(
        self,
        keyrings: Mapping[KeyName, LiveKeyring],
        settings: Settings,
        primary: Primary,
        note: Submit,
    ) -> None:
        self._keyrings = keyrings
        self._settings = settings
        self._primary = primary
        self._note = note

    async def listed(self) -> list[KeyListed]:
        """Every version of every key."""
        now = time.time()
        return [
            KeyListed(
                key=name,
                version=version.number,
                state=_state(name, ring.now, version, now),
                begins=moment(version.since),
                ends=moment(version.until),
                needed_by=await self._need(name, version),
                check_value=version.check_value,
                where=str(ring.file or _variable(name)),
            )
            for name, ring in self._keyrings.items()
            for version in ring.now.versions
        ]

    async def rotate(self, name: KeyName, in_seconds: float | None = None) -> Version:
        """Add a version, which begins when everybody knows it. Raises NotNow."""
        with self._owned(name) as (file, ring):
            await self._require_room(name, ring)
            began = time.time()
            wait = self._announce_seconds if in_seconds is None else in_seconds
            after = ring.with_new(since=began + max(wait, self._announce_seconds))
            new = after.versions[-1]
            write_private(file, after.text() + "\n", replace=True)
            assert new.since is not None, "it was just set"
            await self._noted(name, new, "added", new.since)
            return new

    async def retire(self, name: KeyName, number: int) -> None:
        """End a version, wait until everybody has seen it, and take it out of the file.

        Raises NotNow while it is needed. Cut off half way it can be asked for again.
        """
        with self._owned(name) as (file, ring):
            version = await self._require_retirable(name, ring, number)
            if version.until is None:
                until = time.time() + self._announce_seconds
                write_private(file, ring.ending(number, until).text() + "\n", replace=True)
                await self._noted(name, version, "ended", until)
            else:
                until = version.until
            # As long again: a clock may be late by so much.
            await asyncio.sleep(until + self._announce_seconds - time.time())
            await self._require_unneeded(name, version)
            write_private(file, ring.without(number).text() + "\n", replace=True)
            await self._noted(name, version, "destroyed", time.time())

    @property
    def _announce_seconds(self) -> float:
        reloads = RELOADS * self._settings.key_reload_seconds
        return max(self._settings.key_announce_seconds, reloads)

    @contextmanager
    def _owned(self, name: KeyName) -> Iterator[tuple[Path, Keyring]]:
        """The file of a key for ourselves, and what it says now. Raises NotNow."""
        ring = self._keyrings[name]
        if ring.file is None:
            sentence = (
                f"The {name} is in {_variable(name)}: change it there (docs/security/keys.md)."
            )
            raise NotNow(sentence)
        with FileLock(self._settings.secrets_dir / ".rotating") as lock:
            if not lock.try_to_own():
                raise NotNow("Somebody else is changing keys at this moment.")
            ring.refresh()
            yield ring.file, ring.now

    async def _require_room(self, name: KeyName, ring: Keyring) -> None:
        if name is not KeyName.INDEX:
            if len(ring.versions) >= VERSIONS_MAX:
                raise NotNow(f"The {name} has {VERSIONS_MAX} versions: retire the oldest.")
            return
        if len(ring.versions) > 1:
            raise NotNow("The index-key has two versions already: retire the old one first.")
        many = await self._count(NEXT_INDEXES)
        if many:
            raise NotNow(f"{many} people are still on their way from the index-key before.")

    async def _require_retirable(self, name: KeyName, ring: Keyring, number: int) -> Version:
        try:
            version = ring.version(number)
        except KeyError:
            raise NotNow(f"The {name} has no version {number}.") from None
        now = time.time()
        heir = ring.versions[-1]
        if version is heir or (name is not KeyName.INDEX and version is ring.active(now)):
            raise NotNow(f"Version {number} of the {name} is in use: rotate it first.")
        # Everybody is found by either index: there nothing has to overlap.
        overlap = 0 if name is KeyName.INDEX else self._settings.key_overlap_seconds
        good_at = (heir.since or 0.0) + overlap
        if version.until is None and good_at > now:
            raise NotNow(
                f"The {name}'s newer version has not been in use for long enough:"
                f" retire this one after {moment(good_at):%Y-%m-%d %H:%M:%S} UTC."
            )
        await self._require_unneeded(name, version)
        return version

    async def _require_unneeded(self, name: KeyName, version: Version) -> None:
        many = await self._need(name, version)
        if many:
            raise NotNow(f"Version {version.number} of the {name}: {many} {NOT_YET[name]}.")

    async def _need(self, name: KeyName, version: Version) -> int | None:
        if name not in NEED:
            return None
        return await self._count(NEED[name], made=version.number.to_bytes(2, "big"))

    async def _count(self, statement: str, **parameters: Any) -> int:
        (found,) = await self._primary.rows(_Many, statement, **parameters)
        return found.many

    async def _noted(self, name: KeyName, version: Version, what: Any, at: float) -> None:
        when = datetime.fromtimestamp(at, UTC)
        await self._note(NoteKey(name=name, version=version.number, what=what, at=when))


class _Many(msgspec.Struct, frozen=True):
    many: int


def request_id() -> str:
    """What the records of one command at a terminal have in common."""
    return f"keys-{uuid7()}"


def _state(name: KeyName, ring: Keyring, version: Version, now: float) -> str:
    if version.ended(now):
        return "ended"
    if name is KeyName.INDEX:
        return "active" if version is ring.oldest(now) else "next"
    if not version.begun(now):
        return "next"
    return "active" if version is ring.active(now) else "old"


def _variable(name: KeyName) -> str:
    return PREFIX + name.upper().replace("-", "_")


def moment(at: float | None) -> datetime | None:
    """A time as people read it."""
    return None if at is None else datetime.fromtimestamp(at, UTC)
