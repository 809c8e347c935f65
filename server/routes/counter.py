"""What an agent's counter does beside serving customers: tills, float, receipts, name checks."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.agent.redeem import RedemptionStatus, RequestRedemption
from commands.agent.send_float import FloatSent, SendFloat
from commands.agent.work_a_till import CloseTill, MoveTillCash, OpenTill, TillStatus
from ledger.errors import NotFound
from queries import receipt, redemptions, tills
from queries.receipt import Receipt
from queries.redemptions import Redemptions
from queries.tills import Tills
from server.enrolment import opened_profile
from server.routes.given import TheCall, ThePrimary, TheReader, TheVault
from server.watching import saw
from server.wire import (
    Amount,
    AmountOrZero,
    ApiRequest,
    Received,
    Reply,
    Text,
    e164,
    reply_to,
    uuid_or_not_found,
)

NameCheckPhone = Annotated[
    str,
    QueryParameter(
        name="phone",
        min_length=7,
        max_length=20,
        pattern=r"^[+ ]?[0-9 ]+$",
        description="E.164, or seven digits in Cape Verde",
    ),
]


class Counted(Received, frozen=True, kw_only=True):
    """What was counted in the drawer."""

    cash: AmountOrZero


class Way(StrEnum):
    """Whether cash comes into a drawer or leaves it."""

    BROUGHT = "brought"
    FETCHED = "fetched"


class CashMoved(Received, frozen=True, kw_only=True):
    """Cash that the principal brings or fetches."""

    amount: Amount
    way: Way
    reason: Text


class FloatOrder(Received, frozen=True, kw_only=True):
    """How much float to which outlet."""

    amount: Amount
    to_agent_id: Annotated[Text, Meta(description="The super-agent, or one of its outlets")]


class RedemptionOrder(Received, frozen=True, kw_only=True):
    """How much float shall become money in the bank."""

    amount: Amount


class NameChecked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose wallet it is: the first name, and initials of the others."""

    user_id: UUID
    name: Annotated[str, Meta(examples=["Maria d. L."])]


@get("/deposit/agent/name-check", summary="Whose number is this?")
async def check_name(
    phone: NameCheckPhone, request: ApiRequest, vault: TheVault, primary: ThePrimary
) -> NameChecked:
    """Before cash is taken: the agent reads the name out and the customer says whether it is right.

    An agent learns no more of a name than it takes to notice a wrong number.
    """
    found = await primary.profile_seal(vault.phone_index(e164(phone)))
    if found is None:
        raise NotFound("There is no such customer.")
    saw(request.scope, found.id)
    profile = opened_profile(vault, found.id, found.seal)
    return NameChecked(user_id=found.id, name=masked(profile.name))


def masked(name: str) -> str:
    """The first name, then initials: Maria d. L."""
    first, *others = name.split() or ["–"]
    return " ".join([first, *(f"{other[0]}." for other in others)])


@get("/agent/receipts/{transaction_id:uuid}", summary="The receipt of an operation")
async def read_receipt(transaction_id: FromPath[UUID], call: TheCall, reader: TheReader) -> Receipt:
    """Of a deposit or a payment at this counter, to be printed or shown again."""
    return await receipt.of(reader, call.caller.agent, transaction_id)


@get("/agent/tills", summary="The tills of this counter")
async def read_tills(call: TheCall, reader: TheReader) -> Tills:
    """What must lie in each of them."""
    return await tills.of(reader, call.caller.agent)


@post("/agent/tills/{till_id:uuid}/open", status_code=200, summary="Open a till")
async def open_till(
    till_id: FromPath[UUID], data: JSONBody[Counted], call: TheCall
) -> Reply[TillStatus]:
    """What the caller does at the counter goes through this till until it is closed."""
    command = OpenTill(
        till_id=till_id,
        agent_id=call.caller.agent,
        operator_id=call.caller.user_id,
        counted=data.cash.money,
    )
    return reply_to(await call.write(command, data))


@post("/agent/tills/{till_id:uuid}/close", status_code=200, summary="Close a till")
async def close_till(
    till_id: FromPath[UUID], data: JSONBody[Counted], call: TheCall
) -> Reply[TillStatus]:
    """A difference between what was counted and the cash book is booked and shown."""
    command = CloseTill(
        till_id=till_id,
        agent_id=call.caller.agent,
        closed_by=call.caller.user_id,
        counted=data.cash.money,
    )
    return reply_to(await call.write(command, data))


@post("/agent/tills/{till_id:uuid}/cash", status_code=200, summary="Cash is brought or fetched")
async def move_till_cash(
    till_id: FromPath[UUID], data: JSONBody[CashMoved], call: TheCall
) -> Reply[TillStatus]:
    """Cash of the principal's own, into an open till or out of it."""
    amount = data.amount.money.minor
    command = MoveTillCash(
        till_id=till_id,
        agent_id=call.caller.agent,
        operator_id=call.caller.user_id,
        amount_minor=amount if data.way is Way.BROUGHT else -amount,
        reason=data.reason,
    )
    return reply_to(await call.write(command, data))


@post("/agent/float-transfers", summary="Float to a super-agent's outlet, or back")
async def send_float(data: JSONBody[FloatOrder], call: TheCall) -> Reply[FloatSent]:
    """Rebalancing without the bank."""
    command = SendFloat(
        transaction_id=uuid7(),
        agent_id=call.caller.agent,
        to_agent_id=uuid_or_not_found(data.to_agent_id, "There is no such agent."),
        amount=data.amount.money,
    )
    return reply_to(await call.write(command, data))


@get("/agent/redemptions", summary="Redemptions of this counter's float")
async def read_redemptions(call: TheCall, reader: TheReader) -> Redemptions:
    """Newest first."""
    return await redemptions.of_agent(reader, call.caller.agent)


@post("/agent/redemptions", summary="Ask for money in the bank for float")
async def request_redemption(
    data: JSONBody[RedemptionOrder], call: TheCall
) -> Reply[RedemptionStatus]:
    """Somebody of ours pays it. The float stays at work until then."""
    command = RequestRedemption(
        redemption_id=uuid7(),
        agent_id=call.caller.agent,
        person_id=call.caller.user_id,
        amount=data.amount.money,
    )
    return reply_to(await call.write(command, data))


HANDLERS = (
    check_name,
    read_receipt,
    read_tills,
    open_till,
    close_till,
    move_till_cash,
    send_float,
    read_redemptions,
    request_redemption,
)
