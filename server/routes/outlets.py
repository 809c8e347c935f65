"""Principals, outlets and their people: enrolled by operators, seen by their own managers."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.agent.enrol_agent import AgentEnrolled, EnrolAgent, Place
from commands.agent.float_levels import FloatLevelsSet, SetFloatLevels
from commands.agent.principal import EnrolPrincipal, PrincipalEnrolled
from commands.agent.redeem import PayRedemption, RedemptionStatus, RefuseRedemption
from commands.agent.set_status import AgentStatus, AgentStatusSet, SetAgentStatus
from commands.agent.work_a_till import EnrolTill, TillEnrolled
from commands.identity.enrol_staff import EnrolStaff, StaffEnrolled
from commands.identity.person import Role
from ledger.errors import CodeExpired
from queries import agent_report, outlets, redemptions, tills
from queries.agent_report import AgentReport
from queries.cursor import PAGE_USUAL
from queries.outlets import Outlet, OutletsPage
from queries.redemptions import Redemptions
from queries.tills import Tills
from server.chosen import require_choosable
from server.door import Call
from server.enrolment import TOTP, Authenticator, Enrolment, Profile, new_totp_secret
from server.primary import Primary
from server.routes.given import TheCall, TheEnrolment, ThePrimary, TheReader, TheVault
from server.routes.offers import Latitude, Longitude
from server.routes.wallet import Cursor, Limit
from server.vault import Vault
from server.wire import (
    AmountOrZero,
    Phone,
    Received,
    Reply,
    Text,
    decoded,
    e164,
    reply_to,
)

Day = Annotated[date, QueryParameter(name="day", description="A day of booking")]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{6,12}$", examples=["482915"])]


class NewPrincipal(Received, frozen=True, kw_only=True):
    """A firm by its trade name."""

    name: Text


class WherePlaced(Received, frozen=True, kw_only=True):
    """Where a counter stands."""

    island: Text
    latitude_e6: Latitude
    longitude_e6: Longitude


class NewOutlet(Received, frozen=True, kw_only=True):
    """A counter of a principal."""

    principal_id: UUID
    name: Text
    place: WherePlaced | None = None
    parent_id: Annotated[UUID | None, Meta(description="The super-agent")] = None
    owner_id: Annotated[UUID | None, Meta(description="The customer who owns it")] = None
    tills_required: Annotated[bool, Meta(description="Cash only through open tills")] = False


class NewManager(Received, frozen=True, kw_only=True):
    """Who sees a principal's outlets. The PIN is typed by them."""

    phone: Phone
    name: Text
    pin: Pin


class NewOperator(Received, frozen=True, kw_only=True):
    """Who stands at a counter. The PIN is typed by them."""

    phone: Phone
    name: Text
    pin: Pin
    customer_id: Annotated[
        UUID | None, Meta(description="The same person as a customer: not served here")
    ] = None


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The new person, and what their authenticator needs to know."""

    user_id: UUID
    totp_secret: str
    otpauth_uri: str
    qr: str


class NewTill(Received, frozen=True, kw_only=True):
    """What the till is called at the counter."""

    name: Text


class FloatLevels(Received, frozen=True, kw_only=True):
    """The floor of a float, and when it is said to be low and good again."""

    floor: AmountOrZero
    low: AmountOrZero
    ok: AmountOrZero


class NewAgentStatus(Received, frozen=True, kw_only=True):
    """Whether the counter serves customers, and why that changes."""

    status: AgentStatus
    reason: Text


class Transferred(Received, frozen=True, kw_only=True):
    """The bank transfer that has paid a redemption."""

    reference: Text


class Why(Received, frozen=True, kw_only=True):
    """Why it is not done."""

    reason: Text


@post("/principals", summary="Enrol a principal")
async def enrol_principal(data: JSONBody[NewPrincipal], call: TheCall) -> Reply[PrincipalEnrolled]:
    """A firm that runs outlets."""
    return reply_to(await call.write(EnrolPrincipal(principal_id=uuid7(), name=data.name), data))


@post("/principals/{principal_id:uuid}/managers", summary="Enrol a principal's manager")
async def enrol_manager(
    principal_id: FromPath[UUID],
    data: JSONBody[NewManager],
    call: TheCall,
    enrolment: TheEnrolment,
    vault: TheVault,
    primary: ThePrimary,
) -> Reply[NewPerson]:
    """A replay shows the secret of the authenticator until its owner has first signed in."""
    person = _Enrolling(call, enrolment, vault, primary)
    return await person.enrol(data, Role.AGENT_MANAGER, principal_id=principal_id)


@post("/agents", summary="Enrol an outlet")
async def enrol_agent(data: JSONBody[NewOutlet], call: TheCall) -> Reply[AgentEnrolled]:
    """Its float is empty and has no floor yet."""
    place = data.place
    command = EnrolAgent(
        agent_id=uuid7(),
        float_id=uuid7(),
        principal_id=data.principal_id,
        parent_id=data.parent_id,
        owner_id=data.owner_id,
        name=data.name,
        place=None
        if place is None
        else Place(island=place.island, latitude=place.latitude_e6, longitude=place.longitude_e6),
        tills_required=data.tills_required,
    )
    return reply_to(await call.write(command, data))


@post("/agents/{agent_id:uuid}/operators", summary="Enrol somebody at a counter")
async def enrol_operator(
    agent_id: FromPath[UUID],
    data: JSONBody[NewOperator],
    call: TheCall,
    enrolment: TheEnrolment,
    vault: TheVault,
    primary: ThePrimary,
) -> Reply[NewPerson]:
    """A replay shows the secret of the authenticator until its owner has first signed in."""
    person = _Enrolling(call, enrolment, vault, primary)
    return await person.enrol(data, Role.AGENT, agent_id=agent_id, customer_id=data.customer_id)


@post("/agents/{agent_id:uuid}/tills", summary="Enrol a till")
async def enrol_till(
    agent_id: FromPath[UUID], data: JSONBody[NewTill], call: TheCall
) -> Reply[TillEnrolled]:
    """Closed and empty."""
    command = EnrolTill(till_id=uuid7(), agent_id=agent_id, name=data.name)
    return reply_to(await call.write(command, data))


@post("/agents/{agent_id:uuid}/float-levels", status_code=200, summary="Set floor and alert levels")
async def set_float_levels(
    agent_id: FromPath[UUID], data: JSONBody[FloatLevels], call: TheCall
) -> Reply[FloatLevelsSet]:
    """The floor is at most the low level, and that at most the good one."""
    command = SetFloatLevels(
        agent_id=agent_id, floor=data.floor.money, low=data.low.money, ok=data.ok.money
    )
    return reply_to(await call.write(command, data))


@post("/agents/{agent_id:uuid}/status", status_code=200, summary="Close a counter, or open it")
async def set_agent_status(
    agent_id: FromPath[UUID], data: JSONBody[NewAgentStatus], call: TheCall
) -> Reply[AgentStatusSet]:
    """A closed one takes no new requests; those that it has are still paid or given back."""
    command = SetAgentStatus(agent_id=agent_id, status=data.status, reason=data.reason)
    return reply_to(await call.write(command, data))


@get("/agents", summary="Outlets with their float")
async def read_agents(
    call: TheCall, reader: TheReader, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> OutletsPage:
    """All of them; a manager sees those of the own principal."""
    return await outlets.page(reader, call.caller.principal_id, limit, cursor)


@get("/agents/{agent_id:uuid}", summary="One outlet")
async def read_agent(agent_id: FromPath[UUID], call: TheCall, reader: TheReader) -> Outlet:
    """Whose it is, where it stands, and its float."""
    return await outlets.one(reader, agent_id, call.caller.principal_id)


@get("/agents/{agent_id:uuid}/report", summary="A day of an outlet")
async def read_agent_report(
    agent_id: FromPath[UUID], call: TheCall, reader: TheReader, day: Day
) -> AgentReport:
    """Cash in, cash out, commission and float; and what each till did."""
    await outlets.one(reader, agent_id, call.caller.principal_id)
    return await agent_report.of(reader, agent_id, day)


@get("/agents/{agent_id:uuid}/tills", summary="The tills of an outlet")
async def read_agent_tills(agent_id: FromPath[UUID], call: TheCall, reader: TheReader) -> Tills:
    """What must lie in each of them."""
    await outlets.one(reader, agent_id, call.caller.principal_id)
    return await tills.of(reader, agent_id)


@get("/redemptions", summary="Redemptions that wait")
async def read_waiting_redemptions(reader: TheReader) -> Redemptions:
    """Oldest first."""
    return await redemptions.waiting(reader)


@post("/redemptions/{redemption_id:uuid}/pay", status_code=200, summary="A redemption was paid")
async def pay_redemption(
    redemption_id: FromPath[UUID], data: JSONBody[Transferred], call: TheCall
) -> Reply[RedemptionStatus]:
    """The bank transfer was made: the float is gone, and as much from the trust account."""
    command = PayRedemption(
        redemption_id=redemption_id,
        operator_id=call.caller.user_id,
        reference=data.reference,
    )
    return reply_to(await call.write(command, data))


@post("/redemptions/{redemption_id:uuid}/refuse", status_code=200, summary="It is not paid")
async def refuse_redemption(
    redemption_id: FromPath[UUID], data: JSONBody[Why], call: TheCall
) -> Reply[RedemptionStatus]:
    """The agent keeps the float and is told why."""
    command = RefuseRedemption(
        redemption_id=redemption_id, operator_id=call.caller.user_id, reason=data.reason
    )
    return reply_to(await call.write(command, data))


class _Enrolling:
    """Makes somebody known who will sign in."""

    def __init__(self, call: Call, enrolment: Enrolment, vault: Vault, primary: Primary) -> None:
        self._call = call
        self._enrolment = enrolment
        self._vault = vault
        self._primary = primary

    async def enrol(
        self,
        data: NewManager | NewOperator,
        role: Role,
        *,
        agent_id: UUID | None = None,
        principal_id: UUID | None = None,
        customer_id: UUID | None = None,
    ) -> Reply[NewPerson]:
        """Once for the caller's key; a replay has the secret while nobody has used it."""
        user_id, secret = uuid7(), new_totp_secret()
        profile = Profile(phone=e164(data.phone), name=data.name)
        require_choosable(data.pin, role, profile.phone, profile.name)
        kept = await self._enrolment.kept(user_id, profile, data.pin, secret)
        outcome = await self._call.write(
            EnrolStaff(
                user_id=user_id,
                role=role,
                agent_id=agent_id,
                principal_id=principal_id,
                customer_id=customer_id,
                phone_index=kept.phone_index,
                phone_index_next=kept.phone_index_next,
                profile_seal=kept.profile_seal,
                pin_hash=kept.pin_hash,
                totp_seal=kept.totp_seal,
            ),
            data,
        )
        enrolled = decoded(outcome.body, StaffEnrolled)
        if outcome.replayed:
            seal = await self._primary.unused_totp_seal(enrolled.user_id)
            if seal is None:
                raise CodeExpired("They have signed in since.", userId=str(enrolled.user_id))
            secret = self._vault.open(TOTP, enrolled.user_id, seal)
        authenticator = Authenticator.of(secret, profile.phone)
        person = NewPerson(user_id=enrolled.user_id, **msgspec.structs.asdict(authenticator))
        return reply_to(outcome, msgspec.json.encode(person))


HANDLERS = (
    enrol_principal,
    enrol_manager,
    enrol_agent,
    enrol_operator,
    enrol_till,
    set_float_levels,
    set_agent_status,
    read_agents,
    read_agent,
    read_agent_report,
    read_agent_tills,
    read_waiting_redemptions,
    pay_redemption,
    refuse_redemption,
)
