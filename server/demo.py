"""Demo people: with money, floats, terminals and a switch; and the file that tells who they are.

Everything goes through the spine, like the real thing. Secrets are random each time. What a cut-off
seeding has left stays in the books; the next one makes new people.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.account.open_wallet import OpenWallet
from commands.agent.enrol_agent import EnrolAgent, Place
from commands.agent.float_levels import SetFloatLevels
from commands.agent.principal import EnrolPrincipal
from commands.agent.work_a_till import EnrolTill
from commands.books.mark_demo import MarkDemo
from commands.command import Answer, Command
from commands.identity.enrol_staff import EnrolStaff
from commands.identity.person import Role
from commands.spine import Spine
from commands.switch.enrol import EnrolSwitchKey, EnrolTerminal
from commands.tier import Tier
from ledger.database import connect_sync
from ledger.errors import Conflict
from ledger.money import Money
from server.enrolment import Enrolment, Profile, new_totp_secret
from server.installation import Installation
from server.pins import Pins
from server.reply_keys import public_key
from server.secrets import private_key_pem, write_private
from server.vault import Vault
from server.wire import e164

A = TypeVar("A", bound=Answer)

CUSTOMER_MONEY = Money(100_000_00)
CUSTOMER_MONEY_LEAST = 50_000_00
AGENT_FLOAT = Money(500_000_00)
AGENT_FLOAT_LEAST = 100_000_00
FLOAT_LOW, FLOAT_OK = Money(50_000_00), Money(100_000_00)
# Two of those who propose to each other.
STAFF = (
    Role.ACCOUNTANT, Role.ACCOUNTANT, Role.AUDITOR, Role.OPERATOR, Role.OPERATOR, Role.ADMIN,
    Role.ADMIN,
)  # fmt: skip
PRINCIPAL = "Mercearias Unidas"  # illustrative, like the counters and where they stand
COUNTERS = (
    ("Mercearia Central", Place(island="Santiago", latitude=14_917_000, longitude=-23_509_000)),
    ("Kiosk do Plateau", Place(island="Santiago", latitude=14_920_500, longitude=-23_508_200)),
    ("Loja da Achada", Place(island="Santiago", latitude=14_905_300, longitude=-23_517_600)),
    ("Bazar do Mindelo", Place(island="São Vicente", latitude=16_886_000, longitude=-24_988_100)),
)
TILL = "Caixa 1"
PLACES = ("Praia, Plateau", "Mindelo, Rua de Lisboa", "Espargos, Aeroporto", "Assomada, Mercado")
AT_ONCE = 64
PINS_AT_ONCE = 100_000

HOLDINGS = """
    SELECT coalesce(p.id, g.id) AS owner, -a.balance AS holds
    FROM ledger.account AS a
    LEFT JOIN ledger.person AS p ON a.id = p.wallet_id
    LEFT JOIN ledger.agent AS g ON a.id = g.float_id
    WHERE coalesce(p.id, g.id) = ANY(%(owners)s)
"""
KNOWN = "SELECT count(*) FROM ledger.person WHERE id = ANY(%(ids)s)"


class NotADemo(Exception):
    """This database is in real use: demo people have no place in it."""


class DemoUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Somebody, with all that is needed to sign in as them."""

    role: Role
    user_id: UUID
    phone: str
    pin: str
    totp_secret: str
    agent_id: UUID | None = None
    principal_id: UUID | None = None


class DemoSwitch(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The acquirer whose terminals these are, and its key (PKCS#8 PEM)."""

    acquirer_id: str
    key_id: str
    private_key: str


class DemoTerminal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cash machine."""

    terminal_id: str
    acquirer_id: str
    place: str


class DemoFile(msgspec.Struct, frozen=True, kw_only=True):
    """What demo.json says."""

    users: tuple[DemoUser, ...]
    switch: DemoSwitch
    terminals: tuple[DemoTerminal, ...]

    def of(self, role: Role) -> tuple[DemoUser, ...]:
        """Everybody with this role."""
        return tuple(user for user in self.users if user.role is role)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How many there should be at least."""

    customers: int = 3
    agents: int = 2
    terminals: int = 2


async def seed(installation: Installation, wanted: Wanted, *, refill: bool) -> DemoFile:
    """Have at least so many demo people; with `refill`, all of them with money.

    Raises NotADemo for a database that is neither unused nor marked.
    """
    if not installation.is_demo and not installation.is_unused:
        raise NotADemo(NotADemo.__doc__)
    vault = Vault(installation.keys)
    pins = Pins(threads=2, queue_max=PINS_AT_ONCE)
    try:
        async with installation.spine() as spine:
            if not installation.is_demo:
                await _submit(spine, MarkDemo())
            seeding = _Seeding(spine, vault, Enrolment(vault, pins))
            before = _existing(installation)
            demo = await seeding.complete(before, wanted)
            if refill or before is None:
                await seeding.refill(installation, demo)
    finally:
        pins.close()
    encoded = msgspec.json.format(msgspec.json.encode(demo), indent=2).decode()
    write_private(installation.settings.demo_file, encoded + "\n", replace=True)
    return demo


class _Seeding:
    """Makes people and things, one command each."""

    def __init__(self, spine: Spine, vault: Vault, enrolment: Enrolment) -> None:
        self._spine = spine
        self._vault = vault
        self._enrolment = enrolment

    async def complete(self, before: DemoFile | None, wanted: Wanted) -> DemoFile:
        """What there was, and what was missing."""
        if before is None:
            staff = await _all([self._staff(role) for role in STAFF])
            before = DemoFile(users=staff, switch=await self._switch(), terminals=())
        managers = before.of(Role.AGENT_MANAGER) or (await self._manager(),)
        super_agents = before.of(Role.AGENT) or (await self._agent(0, managers[0], None),)
        counters = range(max(1, len(before.of(Role.AGENT))), wanted.agents)
        customers = wanted.customers - len(before.of(Role.CUSTOMER))
        return DemoFile(
            users=(
                *before.users,
                *(user for user in (*managers, *super_agents) if user not in before.users),
                *await _all([self._customer() for _ in range(customers)]),
                *await _all(
                    [
                        self._agent(number, managers[0], super_agents[0].agent_id)
                        for number in counters
                    ]
                ),
            ),
            switch=before.switch,
            terminals=(
                *before.terminals,
                *await self._terminals(before, wanted.terminals),
            ),
        )

    async def refill(self, installation: Installation, demo: DemoFile) -> None:
        """Credit from the bank to whoever has too little."""
        owners = [user.agent_id or user.user_id for user in demo.users]
        with connect_sync(installation.urls.commands, "makeba seed") as connection:
            held: dict[UUID, int] = dict(
                connection.execute(HOLDINGS, {"owners": owners}).fetchall()
            )
        await _all(
            [
                self._credit(user, CUSTOMER_MONEY)
                for user in demo.of(Role.CUSTOMER)
                if held[user.user_id] < CUSTOMER_MONEY_LEAST
            ]
        )
        await _all(
            [
                self._fill_float(user, user.agent_id)
                for user in demo.of(Role.AGENT)
                if user.agent_id is not None and held[user.agent_id] < AGENT_FLOAT_LEAST
            ]
        )

    async def _customer(self) -> DemoUser:
        while True:
            user = _somebody(Role.CUSTOMER)
            kept = await self._kept(user)
            try:
                await self._do(
                    OpenWallet(user_id=user.user_id, wallet_id=uuid7(), tier=Tier.FULL, **kept)
                )
            except Conflict:  # the number is taken: draw another
                continue
            return user

    async def _manager(self) -> DemoUser:
        principal_id = uuid7()
        await self._do(EnrolPrincipal(principal_id=principal_id, name=PRINCIPAL))
        return await self._staff(Role.AGENT_MANAGER, principal_id=principal_id)

    async def _agent(self, number: int, manager: DemoUser, parent_id: UUID | None) -> DemoUser:
        agent_id = uuid7()
        name, place = COUNTERS[number % len(COUNTERS)]
        await self._do(
            EnrolAgent(
                agent_id=agent_id,
                float_id=uuid7(),
                principal_id=manager.principal_id,
                parent_id=parent_id,
                name=name,
                place=place,
            )
        )
        await self._do(EnrolTill(till_id=uuid7(), agent_id=agent_id, name=TILL))
        return await self._staff(Role.AGENT, agent_id)

    async def _fill_float(self, user: DemoUser, agent_id: UUID) -> None:
        await self._credit(user, AGENT_FLOAT)
        await self._do(
            SetFloatLevels(agent_id=agent_id, floor=Money(0), low=FLOAT_LOW, ok=FLOAT_OK)
        )

    async def _staff(
        self, role: Role, agent_id: UUID | None = None, principal_id: UUID | None = None
    ) -> DemoUser:
        while True:
            user = _somebody(role, agent_id, principal_id)
            kept = await self._kept(user)
            command = EnrolStaff(
                user_id=user.user_id,
                role=role,
                agent_id=agent_id,
                principal_id=principal_id,
                **kept,
            )
            try:
                await self._do(command)
            except Conflict:
                continue
            return user

    async def _switch(self) -> DemoSwitch:
        key = Ed25519PrivateKey.generate()
        key_id = f"demo-{secrets.token_hex(4)}"
        raw = base64.b64decode(public_key(key))
        acquirer_id = f"VINTI4-{secrets.token_hex(2).upper()}"
        await self._do(EnrolSwitchKey(key_id=key_id, acquirer_id=acquirer_id, public_key=raw))
        return DemoSwitch(acquirer_id=acquirer_id, key_id=key_id, private_key=private_key_pem(key))

    async def _terminals(self, before: DemoFile, wanted: int) -> Sequence[DemoTerminal]:
        made = []
        for number in range(len(before.terminals), wanted):
            terminal = DemoTerminal(
                terminal_id=f"ATM{secrets.token_hex(2).upper()}{number:05}",
                acquirer_id=before.switch.acquirer_id,
                place=PLACES[number % len(PLACES)],
            )
            await self._do(EnrolTerminal(**msgspec.structs.asdict(terminal)))
            made.append(terminal)
        return made

    async def _credit(self, user: DemoUser, amount: Money) -> None:
        index = None if user.agent_id else self._vault.phone_index(e164(user.phone))
        await self._do(
            CreditFromBank(
                transaction_id=uuid7(),
                reference=f"DEMO-{uuid7()}",
                amount=amount,
                value_date=datetime.now(UTC).date(),
                phone_index=index,
                agent_id=user.agent_id,
            )
        )

    async def _kept(self, user: DemoUser) -> dict[str, Any]:
        profile = Profile(phone=user.phone, name=f"Demo {user.role}")
        kept = await self._enrolment.kept(user.user_id, profile, user.pin, user.totp_secret)
        return msgspec.structs.asdict(kept)

    async def _do(self, command: Command[A]) -> None:
        await _submit(self._spine, command)


def read(installation: Installation) -> DemoFile | None:
    """What demo.json says, or None when there is none that can be read."""
    try:
        return msgspec.json.decode(installation.settings.demo_file.read_bytes(), type=DemoFile)
    except (OSError, msgspec.MsgspecError):
        return None


def _existing(installation: Installation) -> DemoFile | None:
    """The same if it speaks of this database."""
    demo = read(installation)
    if demo is None:
        return None
    ids = [user.user_id for user in demo.users]
    with connect_sync(installation.urls.commands, "makeba seed") as connection:
        row = connection.execute(KNOWN, {"ids": ids}).fetchone()
    return demo if row is not None and row[0] == len(ids) else None


def _somebody(
    role: Role, agent_id: UUID | None = None, principal_id: UUID | None = None
) -> DemoUser:
    return DemoUser(
        role=role,
        user_id=uuid7(),
        phone=f"+2389{secrets.randbelow(10**6):06}",  # a mobile number of Cape Verde
        pin=f"{secrets.randbelow(10**6):06}",
        totp_secret=new_totp_secret(),
        agent_id=agent_id,
        principal_id=principal_id,
    )


async def _submit(spine: Spine, command: Command[A]) -> None:
    await spine.submit(command, actor="system:seed", request_id=f"seed-{uuid7()}")


async def _all(work: Sequence[Any]) -> tuple[Any, ...]:
    """All of it, so many at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with gate:
            return await each

    return tuple(await asyncio.gather(*(one(each) for each in work)))
