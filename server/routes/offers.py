"""Cash from whichever agent near takes it: the customer's offer, and the agents' answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.agent.offer import DeclineOffer, OfferCashOut, TakeOffer
from commands.agent.request_cash_out import CashOutRequested
from commands.agent.row import RequestStatus
from queries import agent_requests, outlets
from queries.agent_requests import AgentQueue
from queries.outlets import NearAgents
from server.routes.given import TheCall, TheReader, TheSettings, TheVault, TheWholeReader
from server.routes.withdrawals import PICKUP, UserId, pickup_digest, require_own
from server.vault import new_code
from server.wire import Amount, Received, Reply, reply_to

Latitude = Annotated[
    int, Meta(ge=-90_000_000, le=90_000_000, description="Degrees in millionths, north above zero")
]
Longitude = Annotated[
    int, Meta(ge=-180_000_000, le=180_000_000, description="Degrees in millionths, east above zero")
]
NearLatitude = Annotated[
    int, QueryParameter(name="latitudeE6", ge=-90_000_000, le=90_000_000, description="Millionths")
]
NearLongitude = Annotated[
    int,
    QueryParameter(name="longitudeE6", ge=-180_000_000, le=180_000_000, description="Millionths"),
]


class OfferedWithdrawal(Received, frozen=True, kw_only=True):
    """How much cash, for whom, and where the customer is. The place is used and not kept."""

    amount: Amount
    user_id: UserId
    latitude_e6: Latitude
    longitude_e6: Longitude


@get("/agents/near", summary="Agents around a place")
async def read_near(
    whole_reader: TheWholeReader,
    settings: TheSettings,
    latitude: NearLatitude,
    longitude: NearLongitude,
) -> NearAgents:
    """The nearest first."""
    return await outlets.near(
        whole_reader, latitude, longitude, metres_max=settings.offer_metres_max
    )


@post("/withdrawal/agent/offer", summary="Cash at whichever agent near takes it")
async def offer_cash_out(
    data: JSONBody[OfferedWithdrawal],
    call: TheCall,
    vault: TheVault,
    whole_reader: TheWholeReader,
    settings: TheSettings,
) -> Reply[CashOutRequested]:
    """Set the amount and its fee aside and ask the agents near who have float: the first has it."""
    require_own(data.user_id, call)
    transaction_id = uuid7()
    code = new_code()
    near = await outlets.near(
        whole_reader,
        data.latitude_e6,
        data.longitude_e6,
        metres_max=settings.offer_metres_max,
        amount=data.amount.money,
        limit=settings.offer_agents_max,
    )
    command = OfferCashOut(
        transaction_id=transaction_id,
        user_id=call.caller.user_id,
        session_id=call.caller.session_id,
        agent_ids=tuple(agent.agent_id for agent in near.items),
        amount=data.amount.money,
        pickup_digest=pickup_digest(vault, transaction_id, code),
        pickup_seal=vault.seal(PICKUP, transaction_id, code),
        ttl_seconds=settings.request_ttl_seconds,
    )
    return reply_to(await call.write(command, data))


@get("/agent/offers", summary="Who near wants cash")
async def read_offers(call: TheCall, reader: TheReader) -> AgentQueue:
    """Requests that this counter may take, oldest first."""
    return await agent_requests.offers(reader, call.caller.agent)


@post("/agent/offers/{transaction_id:uuid}/take", status_code=200, summary="Take a request")
async def take_offer(transaction_id: FromPath[UUID], call: TheCall) -> Reply[RequestStatus]:
    """It is this counter's from now on, and is confirmed or refused like any other."""
    command = TakeOffer(transaction_id=transaction_id, agent_id=call.caller.agent)
    return reply_to(await call.write(command))


@post("/agent/offers/{transaction_id:uuid}/decline", status_code=200, summary="Not this one")
async def decline_offer(transaction_id: FromPath[UUID], call: TheCall) -> Reply[RequestStatus]:
    """The others near may still take it. When nobody is left, the money goes back."""
    command = DeclineOffer(transaction_id=transaction_id, agent_id=call.caller.agent)
    return reply_to(await call.write(command))


HANDLERS = (read_near, offer_cash_out, read_offers, take_offer, decline_offer)
