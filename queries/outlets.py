"""Outlets: whose they are, where they stand, what float they have; and which are near somebody."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ledger import chart
from ledger.errors import NotFound
from ledger.money import Money
from queries import cursor
from queries.answer import Answer, holds, money
from queries.reader import Reader
from queries.tables import account, outlet, principal

METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude at the equator
MILLIONTHS = 1_000_000
NEAR_MAX = 20


class Outlet(Answer, frozen=True, kw_only=True):
    """An agent's counter, as its manager and our own people see it."""

    agent_id: UUID
    name: str
    principal_id: UUID | None
    principal: str | None
    parent_id: UUID | None
    island: str | None
    latitude_e6: int | None
    longitude_e6: int | None
    status: str
    tills_required: bool
    float_holds: Money
    float_floor: Money
    float_low: Money
    float_ok: Money
    float_state: str
    owed: Money  # to us: see docs/agents.md


class OutletsPage(Answer, frozen=True, kw_only=True):
    """Outlets in the order in which they were enrolled."""

    items: tuple[Outlet, ...]
    next_cursor: str | None


class NearAgent(Answer, frozen=True, kw_only=True):
    """An agent near, as a customer sees it. Not what float it has."""

    agent_id: UUID
    name: str
    island: str
    latitude_e6: int
    longitude_e6: int
    metres: int


class NearAgents(Answer, frozen=True, kw_only=True):
    """Agents, the nearest first."""

    items: tuple[NearAgent, ...]


debt = account.alias("debt")
OUTLETS = (
    sa.select(
        outlet,
        principal.c.name.label("principal"),
        account.c.balance,
        account.c.currency,
        account.c.code,
        sa.func.coalesce(debt.c.balance, 0).label("owed"),
    )
    .join_from(outlet, account, account.c.id == outlet.c.float_id)
    .outerjoin(principal, principal.c.id == outlet.c.principal_id)
    .outerjoin(debt, sa.and_(debt.c.owner == outlet.c.id, debt.c.code == chart.AGENT_RECEIVABLE))
)


async def page(
    reader: Reader,
    principal_id: UUID | None,
    limit: int = cursor.PAGE_USUAL,
    after: str | None = None,
) -> OutletsPage:
    """A page of all outlets, or of those of one principal. Raises InvalidRequest."""
    limit = cursor.require_page(limit)
    filters = ("outlets", principal_id)
    query = OUTLETS
    if principal_id is not None:
        query = query.where(outlet.c.principal_id == principal_id)
    if after is not None:
        query = query.where(outlet.c.id > cursor.read(after, filters, UUID))
    rows = await reader.all(query.order_by(outlet.c.id).limit(limit + 1))
    items = tuple(_outlet(row) for row in rows[:limit])
    more = len(rows) > limit
    return OutletsPage(
        items=items, next_cursor=cursor.write(filters, items[-1].agent_id) if more else None
    )


async def one(reader: Reader, agent_id: UUID, principal_id: UUID | None) -> Outlet:
    """One outlet; of a manager's own only, when a principal is named. Raises NotFound."""
    query = OUTLETS.where(outlet.c.id == agent_id)
    if principal_id is not None:
        query = query.where(outlet.c.principal_id == principal_id)
    row = await reader.first(query)
    if row is None:
        raise NotFound
    return _outlet(row)


async def near(
    reader: Reader,
    latitude: int,
    longitude: int,
    *,
    metres_max: int,
    amount: Money | None = None,
    limit: int = NEAR_MAX,
) -> NearAgents:
    """Open outlets around a place, in millionths of degrees; with an amount, those with such float.

    On the flat: over the few kilometres that somebody walks, the earth's curve is less than a
    metre.
    """
    squeeze = math.cos(math.radians(latitude / MILLIONTHS))
    north = sa.cast(outlet.c.latitude - latitude, sa.Float())
    east = sa.cast(outlet.c.longitude - longitude, sa.Float()) * squeeze
    metres = sa.func.sqrt(north * north + east * east) * (METRES_PER_DEGREE / MILLIONTHS)
    reach = math.ceil(metres_max / METRES_PER_DEGREE * MILLIONTHS)
    query = (
        OUTLETS.add_columns(metres.label("metres"))
        .where(outlet.c.status == "open", outlet.c.island.is_not(None))
        .where(outlet.c.latitude.between(latitude - reach, latitude + reach))
        .where(metres <= metres_max)
        .order_by(metres, outlet.c.id)
        .limit(limit)
    )
    if amount is not None:
        query = query.where(-account.c.balance >= amount.minor)
    return NearAgents(items=tuple(_near(row) for row in await reader.all(query)))


def _outlet(row: sa.Row[Any]) -> Outlet:
    return Outlet(
        agent_id=row.id,
        name=row.name,
        principal_id=row.principal_id,
        principal=row.principal,
        parent_id=row.parent_id,
        island=row.island,
        latitude_e6=row.latitude,
        longitude_e6=row.longitude,
        status=row.status,
        tills_required=row.tills_required,
        float_holds=holds(row.code, row.balance, row.currency),
        float_floor=money(row.float_floor, row.currency),
        float_low=money(row.float_low, row.currency),
        float_ok=money(row.float_ok, row.currency),
        float_state=row.float_state,
        owed=money(row.owed, row.currency),
    )


def _near(row: sa.Row[Any]) -> NearAgent:
    return NearAgent(
        agent_id=row.id,
        name=row.name,
        island=row.island,
        latitude_e6=row.latitude,
        longitude_e6=row.longitude,
        metres=round(row.metres),
    )
