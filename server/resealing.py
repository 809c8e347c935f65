"""Old seals and old hashes are made anew under the keys that count now, in bounded batches.

A pass goes through the people by their ids, then through the webhooks; when the keys have changed
another one begins. It reads beside the log's lock and writes by a command, which leaves alone
whatever somebody changed in between; the next pass finds that. Every process does it for itself,
as each has to know that nothing is left; what another one has written is no longer found.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from commands.identity.person import Person
from commands.keys.reseal import Reseal, Swap
from commands.webhook.row import Webhook
from ledger.errors import Refusal
from server.enrolment import PIN, TOTP, opened_profile
from server.primary import Primary
from server.secrets import KeyName, Secrets
from server.vault import KEY_SEAL_BYTES, OWN_KEY, SealBroken, Vault, version_of
from server.webhooks.sender import SECRET

logger = structlog.get_logger(__name__)

R = TypeVar("R", bound="_Sealed | _Hook")

PEOPLE = """
    SELECT id, phone_index, phone_index_next, profile_seal, totp_seal, pin_hash
    FROM ledger.person
    WHERE id > %(after)s AND status <> 'erased'
    ORDER BY id
    LIMIT %(most)s
"""
HOOKS = """
    SELECT id, secret_seal, old_secret_seal
    FROM ledger.webhook
    WHERE id > %(after)s AND state <> 'removed'
    ORDER BY id
    LIMIT %(most)s
"""
FIRST = UUID(int=0)
LOOKED_AT = 10  # rows that a look reads for each that it may write
SETTLED_SECONDS = 10.0  # after a key has begun, until nobody uses the one before any more


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed or hashed of a person."""

    id: UUID
    phone_index: bytes
    phone_index_next: bytes | None
    profile_seal: bytes
    totp_seal: bytes
    pin_hash: str


class _Hook(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    secret_seal: bytes
    old_secret_seal: bytes | None


Submit = Callable[[Reseal], Awaitable[Any]]


class Resealing:
    """Finds what is not as the keys of now would make it, and has it written anew."""

    def __init__(
        self, primary: Primary, vault: Vault, keys: Secrets, rows_max: int, submit: Submit
    ) -> None:
        self._primary = primary
        self._vault = vault
        self._data = keys.keyrings[KeyName.DATA]
        self._index = keys.keyrings[KeyName.INDEX]
        self._rows_max = rows_max
        self._submit = submit
        self._pass: AsyncGenerator[list[Swap], None] | None = None
        self._began_at = 0.0
        self._began_with: tuple[int, ...] = ()
        self._found = 0  # in this pass
        self._done_for: tuple[int, ...] = ()  # the keys of the last pass that found nothing

    async def run(self, pause_seconds: float) -> None:
        """Look again and again, until cancelled."""
        try:
            while True:
                await asyncio.sleep(pause_seconds)
                try:
                    await self.look()
                except (OperationalError, PoolTimeout, Refusal) as error:
                    logger.warning("sealing anew is put off", error=type(error).__name__)
                    await self._give_up()
        finally:
            await self._give_up()

    async def look(self) -> int:
        """One batch, unless everything is as it should be. How many rows it found."""
        if self._done_for == self._keys():
            return 0
        if self._pass is None:
            self._pass, self._found = self._batches(), 0
            self._began_at, self._began_with = time.time(), self._keys()
        swaps = await anext(self._pass, None)
        if swaps is None:
            self._end()
            return 0
        if swaps:
            self._found += len(swaps)
            version = self._vault.sealing
            await self._submit(Reseal(name="data-key", version=version, swaps=tuple(swaps)))
        return len(swaps)

    async def finish(self) -> int:
        """All that is to be done now, in one pass after the other. How many rows were found."""
        found = 0
        self._done_for = ()
        while True:
            await self._give_up()
            while await self.look() or self._pass is not None:
                pass
            if not self._found:
                return found
            found += self._found

    async def _give_up(self) -> None:
        """The pass that is under way, if any: another one begins at the first person."""
        if self._pass is not None:
            await self._pass.aclose()
        self._pass = None

    def _end(self) -> None:
        """Of a pass. The last one is one that found nothing and began when the keys were settled:
        before that somebody may still have sealed with the old one behind its back."""
        self._pass = None
        versions = (*self._data.now.versions, *self._index.now.versions)
        newest = max(each.since or 0.0 for each in versions)
        settled = newest + SETTLED_SECONDS <= self._began_at
        if settled and not self._found:
            self._done_for = self._began_with

    def _keys(self) -> tuple[int, ...]:
        index = (each.number for each in self._index.now.versions)
        return (self._data.now.active().number, *index)

    async def _batches(self) -> AsyncGenerator[list[Swap], None]:
        for statement, kind in ((PEOPLE, _Sealed), (HOOKS, _Hook)):
            async for page in self._pages(statement, kind):
                swaps = [swap for swap in map(self._swap, page) if swap is not None]
                for begin in range(0, max(1, len(swaps)), self._rows_max):
                    yield swaps[begin : begin + self._rows_max]

    async def _pages(self, statement: str, kind: type[R]) -> AsyncIterator[list[R]]:
        after, most = FIRST, LOOKED_AT * self._rows_max
        while page := await self._primary.rows(kind, statement, after=after, most=most):
            yield page
            after = page[-1].id

    def _swap(self, found: _Sealed | _Hook) -> Swap | None:
        try:
            if isinstance(found, _Hook):
                new = self._new_secrets(found)
                key: Any = Webhook.by_id(found.id)
            else:
                new = self._new_seals(found) | self._new_indexes(found)
                key = Person.by_id(found.id)
        except SealBroken:
            # It keeps its old key from being destroyed, and nobody is helped if the others wait.
            logger.error("a seal cannot be opened", row=str(found.id))
            return None
        old = {name: getattr(found, name) for name in new}
        return Swap(key, old, new) if new else None

    def _new_seals(self, person: _Sealed) -> dict[str, Any]:
        new: dict[str, Any] = {}
        own_key, rest = person.profile_seal[:KEY_SEAL_BYTES], person.profile_seal[KEY_SEAL_BYTES:]
        if self._is_old(own_key):
            new["profile_seal"] = self._vault.resealed(OWN_KEY, person.id, own_key) + rest
        # Who was invited has neither PIN nor authenticator yet.
        if person.totp_seal and self._is_old(person.totp_seal):
            new["totp_seal"] = self._vault.resealed(TOTP, person.id, person.totp_seal)
        if person.pin_hash and self._is_old(base64.b64decode(person.pin_hash)):
            pin_hash = self._vault.open_text(PIN, person.id, person.pin_hash)
            new["pin_hash"] = self._vault.seal_text(PIN, person.id, pin_hash)
        return new

    def _new_indexes(self, person: _Sealed) -> dict[str, Any]:
        """With two keys everybody is to be found by both; when one of them has gone, by the other
        alone."""
        versions = self._index.now.versions
        newest = versions[-1].number
        if len(versions) == 1:
            if version_of(person.phone_index) == newest and person.phone_index_next is None:
                return {}
            return {"phone_index": self._index_of(person), "phone_index_next": None}
        known = person.phone_index_next
        if known is not None and version_of(known) == newest:
            return {}
        phone = opened_profile(self._vault, person.id, person.profile_seal).phone
        return {"phone_index_next": self._vault.next_phone_index(phone)}

    def _index_of(self, person: _Sealed) -> bytes:
        return self._vault.phone_index(
            opened_profile(self._vault, person.id, person.profile_seal).phone
        )

    def _new_secrets(self, hook: _Hook) -> dict[str, Any]:
        seals = {"secret_seal": hook.secret_seal, "old_secret_seal": hook.old_secret_seal}
        return {
            name: self._vault.resealed(SECRET, hook.id, seal)
            for name, seal in seals.items()
            if seal is not None and self._is_old(seal)
        }

    def _is_old(self, seal: bytes) -> bool:
        return version_of(seal) != self._vault.sealing
