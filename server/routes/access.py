"""The access review: who may do what, and when they last did."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.params import QueryParameter

from commands.identity.person import Role
from queries import access
from queries.access import Access, Filters
from queries.cursor import PAGE_USUAL
from server.policy import API_POLICY
from server.routes.given import TheIdentities, TheReader
from server.routes.wallet import Cursor, Limit

WithRole = Annotated[
    Role | None, QueryParameter(name="role", description="Only those who work as this")
]
WithStatus = Annotated[
    Literal["invited", "active", "disabled", "closed"] | None,
    QueryParameter(name="status", description="Only these"),
]


class Reviewed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One person, by name."""

    name: str
    access: Access


class Review(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of people, in the order in which they came."""

    items: tuple[Reviewed, ...]
    next_cursor: str | None


class RoleRights(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a role may call."""

    role: Role
    routes: tuple[str, ...]


class Rights(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All roles. The switch is no role: it signs."""

    items: tuple[RoleRights, ...]


@get("/access", summary="Everybody with rights, their factors, and when they last did something")
async def review(
    reader: TheReader,
    identities: TheIdentities,
    role: WithRole = None,
    in_status: WithStatus = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> Review:
    """All but customers, who have rights over their own wallets alone."""
    page = await access.page(reader, Filters(role, in_status), limit, cursor)
    profiles = await identities.profiles([each.user_id for each in page.items])
    return Review(
        items=tuple(Reviewed(name=profiles[each.user_id].name, access=each) for each in page.items),
        next_cursor=page.next_cursor,
    )


@get("/access/roles", summary="What each role may call", sync_to_thread=False)
def rights() -> Rights:
    """From the one table by which every request is let in."""
    return Rights(items=tuple(RoleRights(role=role, routes=routes_of(role)) for role in Role))


def routes_of(role: Role) -> tuple[str, ...]:
    """What a role may call, in the table's order."""
    return tuple(
        name for name, rule in API_POLICY.items() if isinstance(rule, frozenset) and role in rule
    )


HANDLERS = (review, rights)
