"""Fraud: what operators see and do, and what a customer confirms in the app."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from commands.risk.blacklist import Blacklisted, SetBlacklisted
from commands.risk.case import CaseState, CaseStatus
from commands.risk.work_case import AssignCase, CloseCase, NoteCase, RefuseCase, ReleaseCase
from commands.withdrawal.approve import ApproveWithdrawal, WithdrawalApproved
from commands.withdrawal.enable_cardless import CardlessEnabled, EnableCardless
from ledger.money import Money
from queries import risk
from queries.cursor import PAGE_MAX, PAGE_USUAL
from queries.risk import CaseFile, Cases, Hits, RuleHistory
from server.routes.given import TheCall, TheReader, TheSettings
from server.wire import Received, Reply, Text, reply_to

Limit = Annotated[int, QueryParameter(name="limit", ge=1, le=PAGE_MAX, description="Items")]
Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", max_length=512, description="nextCursor of the page before"),
]
OfState = Annotated[CaseState | None, QueryParameter(name="state", description="All when absent")]
OfRule = Annotated[
    str | None, QueryParameter(name="rule", max_length=64, pattern=r"^[a-z_]+$", description="Name")
]
Note = Annotated[str, Meta(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


class Assignment(Received, frozen=True, kw_only=True):
    """Which operator takes the case."""

    user_id: UUID


class Words(Received, frozen=True, kw_only=True):
    """What was found, and why it ends so. It stays in the log: write ids, not names."""

    text: Note


class Listing(Received, frozen=True, kw_only=True):
    """Whether the wallet shall be on the list, and why."""

    listed: bool
    reason: Text


@post(
    "/withdrawal/{transaction_id:uuid}/approve",
    status_code=200,
    summary="The owner approves what a machine has asked for",
)
async def approve_withdrawal(
    transaction_id: FromPath[UUID], call: TheCall
) -> Reply[WithdrawalApproved]:
    """Under step-up a right code is not enough: approve here, then type it again within two
    minutes."""
    command = ApproveWithdrawal(transaction_id=transaction_id, user_id=call.caller.user_id)
    return reply_to(await call.do(command))


@post("/withdrawal/cardless/enable", status_code=200, summary="Use codes again, after step-up")
async def enable_cardless(call: TheCall) -> Reply[CardlessEnabled]:
    """Too many wrong codes have suspended them for this wallet."""
    command = EnableCardless(user_id=call.caller.user_id, session_id=call.caller.session_id)
    return reply_to(await call.do(command))


@get("/cases", summary="Cases, oldest first")
async def read_cases(
    reader: TheReader, in_state: OfState = None, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Cases:
    """What rules and watches have found."""
    return await risk.cases(reader, None if in_state is None else in_state.value, limit, cursor)


@get("/cases/{case_id:uuid}", summary="One case with its hits and all that was done about it")
async def read_case(case_id: FromPath[UUID], reader: TheReader) -> CaseFile:
    """The whole file."""
    return await risk.case(reader, case_id)


@post("/cases/{case_id:uuid}/assign", status_code=200, summary="An operator takes a case")
async def assign_case(
    case_id: FromPath[UUID], data: JSONBody[Assignment], call: TheCall
) -> Reply[CaseStatus]:
    """Take it, or give it to another operator."""
    command = AssignCase(case_id=case_id, operator_id=call.caller.user_id, assignee_id=data.user_id)
    return reply_to(await call.write(command, data))


@post("/cases/{case_id:uuid}/note", status_code=200, summary="Write down what was found")
async def note_case(
    case_id: FromPath[UUID], data: JSONBody[Words], call: TheCall
) -> Reply[CaseStatus]:
    """A note stays, as everything in the log does."""
    command = NoteCase(case_id=case_id, operator_id=call.caller.user_id, text=data.text)
    return reply_to(await call.write(command, data))


@post("/cases/{case_id:uuid}/release", status_code=200, summary="It was all right")
async def release_case(
    case_id: FromPath[UUID], data: JSONBody[Words], call: TheCall, settings: TheSettings
) -> Reply[CaseStatus]:
    """A held transfer goes on; the wallet is cleared of the rule for a day. A large one takes two
    people: POST /proposals."""
    command = ReleaseCase(
        case_id=case_id,
        operator_id=call.caller.user_id,
        text=data.text,
        alone_max=Money.of(settings.case_alone_max_escudos),
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, data))


@post("/cases/{case_id:uuid}/refuse", status_code=200, summary="It was not all right")
async def refuse_case(
    case_id: FromPath[UUID], data: JSONBody[Words], call: TheCall
) -> Reply[CaseStatus]:
    """A held transfer goes back to its sender, the fee too."""
    command = RefuseCase(case_id=case_id, operator_id=call.caller.user_id, text=data.text)
    return reply_to(await call.write(command, data))


@post("/cases/{case_id:uuid}/close", status_code=200, summary="Nothing is left to do")
async def close_case(
    case_id: FromPath[UUID], data: JSONBody[Words], call: TheCall
) -> Reply[CaseStatus]:
    """Where money waits for the case, release or refuse it instead."""
    command = CloseCase(case_id=case_id, operator_id=call.caller.user_id, text=data.text)
    return reply_to(await call.write(command, data))


@post(
    "/wallets/{user_id:uuid}/blacklist",
    status_code=200,
    summary="Put a wallet on the blacklist, or take it off",
)
async def blacklist(
    user_id: FromPath[UUID], data: JSONBody[Listing], call: TheCall
) -> Reply[Blacklisted]:
    """The rule `blacklisted` looks at it."""
    command = SetBlacklisted(
        user_id=user_id,
        listed=data.listed,
        reason=data.reason,
        operator_id=call.caller.user_id,
    )
    return reply_to(await call.write(command, data))


@get("/rules", summary="The fraud rules with their history")
async def read_rules(reader: TheReader) -> RuleHistory:
    """They change by a proposal of kind `SetRules`."""
    return await risk.rules(reader)


@get("/rules/hits", summary="What rules have hit, newest first")
async def read_hits(
    reader: TheReader, rule: OfRule = None, limit: Limit = PAGE_USUAL, cursor: Cursor = None
) -> Hits:
    """In dry run too: what a rule would have stopped."""
    return await risk.hits(reader, rule, limit, cursor)


HANDLERS = (
    approve_withdrawal,
    enable_cardless,
    read_cases,
    read_case,
    assign_case,
    note_case,
    release_case,
    refuse_case,
    close_case,
    blacklist,
    read_rules,
    read_hits,
)
