"""Deposits to place or to take back, and a dormant wallet that its owner wakes."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from commands.account.assign_credit import AssignCredit, CreditAssigned
from commands.account.dormancy import WakeWallet, Woken
from commands.account.reverse_cash_in import CashInReversed, ReverseCashIn
from ledger.errors import InvalidRequest
from queries import bank_credits, cash_in
from queries.bank_credits import UnidentifiedCredits
from server.routes.given import TheCall, ThePrimary, TheReader, TheSettings, TheVault
from server.wire import Phone, Received, Reply, Text, e164, reply_to, uuid_or_not_found


class Owner(Received, frozen=True, kw_only=True):
    """The credit by the bank's reference, and whose it is: a customer's or an agent's."""

    reference: Text
    phone: Phone | None = None
    agent_id: Text | None = None


class WrongCashIn(Received, frozen=True, kw_only=True):
    """Why it is taken back."""

    reason: Text


@get("/deposit/unidentified", summary="Bank credits that nobody could place")
async def read_unidentified(reader: TheReader) -> UnidentifiedCredits:
    """The oldest first, with how many there are and how much."""
    return await bank_credits.unidentified(reader)


@post("/deposit/unidentified/assign", status_code=200, summary="Give a credit to its owner")
async def assign_credit(
    data: JSONBody[Owner], call: TheCall, vault: TheVault
) -> Reply[CreditAssigned]:
    """Once, and whole."""
    if (data.phone is None) == (data.agent_id is None):
        raise InvalidRequest(field="phone", reason="or agentId says whose it is, and not both")
    agent_id = data.agent_id
    command = AssignCredit(
        transaction_id=uuid7(),
        reference=data.reference,
        user_id=call.caller.user_id,
        session_id=call.caller.session_id,
        phone_index=None if data.phone is None else vault.phone_index(e164(data.phone)),
        agent_id=None
        if agent_id is None
        else uuid_or_not_found(agent_id, "There is no such customer or agent."),
    )
    return reply_to(await call.write(command, data))


@post("/deposit/agent/{transaction_id:uuid}/reversal", summary="Take a cash-in back")
async def reverse_cash_in(
    transaction_id: FromPath[UUID],
    data: JSONBody[WrongCashIn],
    call: TheCall,
    reader: TheReader,
    primary: ThePrimary,
    settings: TheSettings,
) -> Reply[CashInReversed]:
    """The agent soon after, while the money is still there; an operator later."""
    await reader.wait_for(await primary.position(), settings.read_wait_seconds)
    command = ReverseCashIn(
        transaction_id=uuid7(),
        cash_in_id=transaction_id,
        entry_number=await cash_in.entry_number(reader, transaction_id),
        user_id=call.caller.user_id,
        reason=data.reason,
        agent_seconds=settings.cash_in_reversal_seconds,
        operator_seconds=settings.cash_in_reversal_operator_seconds,
    )
    return reply_to(await call.write(command, data))


@post("/wallet/wake", status_code=200, summary="Use a dormant wallet again")
async def wake_wallet(call: TheCall) -> Reply[Woken]:
    """What was set apart is in the wallet again."""
    command = WakeWallet(transaction_id=uuid7(), user_id=call.caller.user_id)
    return reply_to(await call.write(command))


HANDLERS = (read_unidentified, assign_credit, reverse_cash_in, wake_wallet)
