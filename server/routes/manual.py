"""Manual entries over HTTP: proposed here, approved like any proposal; templates, what recurs."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from uuid_utils.compat import uuid7

from commands.approval.change import Change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.books.manual_entry import PostManualEntry
from commands.books.manual_lines import ManualLine
from commands.books.recurring import EndRecurringEntry, RecurringEnded, StartRecurringEntry
from commands.books.template import KeepTemplate, RetireTemplate, TemplateStatus
from queries import manual
from queries.manual import PlannedReversals, RecurringEntries, Templates
from server.routes.given import TheCall, TheReader, TheSettings
from server.wire import AmountOrZero, Received, Reply, Text, reply_to


class LineToKeep(Received, frozen=True, kw_only=True):
    """One leg of a template. An amount may be left out, to be filled in."""

    code: Annotated[str, Meta(pattern=r"^[0-9]{4}$", examples=["5090"])]
    debit: AmountOrZero | None = None
    credit: AmountOrZero | None = None


class TemplateToKeep(Received, frozen=True, kw_only=True):
    """Lines under a name."""

    name: Text
    lines: tuple[LineToKeep, ...]


class WhyNoMore(Received, frozen=True, kw_only=True):
    """Why it ends."""

    reason: Text


@post("/journal", summary="Propose a manual entry")
async def propose_entry(
    data: JSONBody[PostManualEntry], call: TheCall, settings: TheSettings
) -> Reply[ProposalStatus]:
    """Another accountant approves it: `POST /proposals/{id}/approve`. Then it is posted."""
    return await _propose(data, call, settings)


@get("/books/manual/templates", summary="Templates of manual entries")
async def read_templates(reader: TheReader) -> Templates:
    """Lines to begin with, by their names."""
    return await manual.templates(reader)


@post("/books/manual/templates", summary="Keep a template")
async def keep_template(data: JSONBody[TemplateToKeep], call: TheCall) -> Reply[TemplateStatus]:
    """It posts nothing itself."""
    command = KeepTemplate(
        template_id=uuid7(),
        user_id=call.caller.user_id,
        name=data.name,
        lines=tuple(_line(line) for line in data.lines),
    )
    return reply_to(await call.write(command, data))


@post(
    "/books/manual/templates/{template_id:uuid}/retire",
    status_code=200,
    summary="Offer a template no more",
)
async def retire_template(template_id: FromPath[UUID], call: TheCall) -> Reply[TemplateStatus]:
    """Entries that were made of it stay."""
    command = RetireTemplate(template_id=template_id, user_id=call.caller.user_id)
    return reply_to(await call.write(command))


@get("/books/manual/recurring", summary="Entries that recur")
async def read_recurring(reader: TheReader) -> RecurringEntries:
    """By the day on which they are due again."""
    return await manual.recurring(reader)


@post("/books/manual/recurring", summary="Propose an entry that recurs")
async def propose_recurring(
    data: JSONBody[StartRecurringEntry], call: TheCall, settings: TheSettings
) -> Reply[ProposalStatus]:
    """Approved once by another accountant, it is posted by itself on each of its days."""
    return await _propose(data, call, settings)


@post(
    "/books/manual/recurring/{recurring_id:uuid}/end",
    status_code=200,
    summary="Let an entry recur no more",
)
async def end_recurring(
    recurring_id: FromPath[UUID], data: JSONBody[WhyNoMore], call: TheCall
) -> Reply[RecurringEnded]:
    """What was posted stays."""
    caller = call.caller
    command = EndRecurringEntry(
        recurring_id=recurring_id,
        user_id=caller.user_id,
        reason=data.reason,
        session_id=caller.session_id,
    )
    return reply_to(await call.write(command, data))


@get("/books/manual/reversals", summary="Entries that are taken back on a day")
async def read_reversals(reader: TheReader) -> PlannedReversals:
    """The newest day first."""
    return await manual.planned(reader)


async def _propose(change: Change, call: TheCall, settings: TheSettings) -> Reply[ProposalStatus]:
    command = Propose(
        proposal_id=uuid7(),
        maker_id=call.caller.user_id,
        change=change,
        ttl_seconds=settings.proposal_ttl_seconds,
        session_id=call.caller.session_id,
    )
    return reply_to(await call.write(command, change))


def _line(line: LineToKeep) -> ManualLine:
    nothing = AmountOrZero.read(0)
    debit, credit = line.debit or nothing, line.credit or nothing
    return ManualLine(code=line.code, debit=debit.money, credit=credit.money)


HANDLERS = (
    propose_entry,
    read_templates,
    keep_template,
    retire_template,
    read_recurring,
    propose_recurring,
    end_recurring,
    read_reversals,
)
