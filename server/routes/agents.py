"""An agent's counter: cash in, cash out, and the day's report."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.agent.cash_in import CashedIn, CashIn
from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.refuse import RefuseCashOut
from commands.agent.row import RequestStatus
from ledger.errors import Forbidden
from queries import agent_report, agent_requests
from queries.agent_report import AgentReport
from queries.agent_requests import AgentQueue
from server.routes.given import TheCall, TheReader, TheVault
from server.routes.withdrawals import pickup_digests
from server.wire import Amount, Received, Reply, SixDigits, Text, reply_to, uuid_or_not_found

Day = Annotated[date, QueryParameter(name="day", description="A day of booking")]


class AgentDeposit(Received, frozen=True, kw_only=True):
    """Cash that a customer has handed to the agent."""

    amount: Amount
    user_id: Annotated[Text, Meta(description="Whose wallet it is for")]
    agent_id: Annotated[Text, Meta(description="The caller's own")]


class Confirmation(Received, frozen=True, kw_only=True):
    """What the customer at the counter has said."""

    pickup_code: SixDigits


class Refusal(Received, frozen=True, kw_only=True):
    """Why the agent does not pay."""

    reason: Text


@post("/deposit/agent", summary="Cash in")
async def cash_in(data: JSONBody[AgentDeposit], call: TheCall) -> Reply[CashedIn]:
    """The agent's float becomes the customer's money."""
    if data.agent_id != str(call.caller.agent):
        raise Forbidden
    command = CashIn(
        transaction_id=uuid7(),
        agent_id=call.caller.agent,
        user_id=uuid_or_not_found(data.user_id, "There is no such customer."),
        amount=data.amount.money,
        operator_id=call.caller.user_id,
    )
    return reply_to(await call.write(command, data))


@get("/agent/requests", summary="Who waits for cash")
async def read_requests(call: TheCall, reader: TheReader) -> AgentQueue:
    """Pending requests at this counter, oldest first."""
    return await agent_requests.queue(reader, call.caller.agent)


@post("/agent/requests/{transaction_id:uuid}/confirm", status_code=200, summary="The cash was paid")
async def confirm_request(
    transaction_id: FromPath[UUID], data: JSONBody[Confirmation], call: TheCall, vault: TheVault
) -> Reply[RequestStatus]:
    """The customer stands here and has said the code."""
    digest, *older = pickup_digests(vault, transaction_id, data.pickup_code)
    command = ConfirmCashOut(
        transaction_id=transaction_id,
        agent_id=call.caller.agent,
        pickup_digest=digest,
        older_digests=tuple(older),
        operator_id=call.caller.user_id,
    )
    return reply_to(await call.write(command, data))


@post(
    "/agent/requests/{transaction_id:uuid}/refuse", status_code=200, summary="The agent cannot pay"
)
async def refuse_request(
    transaction_id: FromPath[UUID], data: JSONBody[Refusal], call: TheCall
) -> Reply[RequestStatus]:
    """What was set aside goes back to the customer."""
    command = RefuseCashOut(
        transaction_id=transaction_id, agent_id=call.caller.agent, reason=data.reason
    )
    return reply_to(await call.write(command, data, key_required=False))


@get("/agent/report", summary="A day at this counter")
async def read_report(call: TheCall, reader: TheReader, day: Day) -> AgentReport:
    """Cash in, cash out, commission and float."""
    return await agent_report.of(reader, call.caller.agent, day)


HANDLERS = (cash_in, read_requests, confirm_request, refuse_request, read_report)
