"""What an auditor reads: who did what, and who has read what."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import structlog
from litestar import get
from litestar.params import QueryParameter

from ledger.errors import Refusal
from queries import audit
from queries.audit import AuditPage, Filters
from queries.cursor import PAGE_USUAL
from queries.reader import Reader
from server.routes.given import TheReader, TheSealing
from server.routes.wallet import Cursor, Limit
from server.sealing import Sealing

logger = structlog.get_logger(__name__)

Since = Annotated[date | None, QueryParameter(name="from", description="First day")]
Until = Annotated[date | None, QueryParameter(name="to", description="Last day")]
Actor = Annotated[
    str | None,
    QueryParameter(
        name="actor",
        max_length=128,
        pattern=r"^[!-~]+$",
        description="A person's id, switch:ACQUIRER, job:NAME, console:NAME, or nobody",
    ),
]
Session = Annotated[UUID | None, QueryParameter(name="session")]
RequestId = Annotated[
    str | None,
    QueryParameter(name="requestId", max_length=64, pattern=r"^[A-Za-z0-9._:-]+$"),
]
Subject = Annotated[
    UUID | None, QueryParameter(name="subject", description="What or whom it was about")
]
Kind = Annotated[str | None, QueryParameter(name="kind", max_length=64, pattern=r"^[a-z_.]+$")]
Outcome = Annotated[
    str | None,
    QueryParameter(
        name="outcome",
        max_length=64,
        pattern=r"^(done|[0-9A-Z_]+)$",
        description="done, or the code of a refusal",
    ),
]


@get("/audit", summary="Who did what, and who has read what; newest first")
async def read_audit(
    reader: TheReader,
    sealing: TheSealing,
    since: Since = None,
    until: Until = None,
    actor: Actor = None,
    session: Session = None,
    request_id: RequestId = None,
    subject: Subject = None,
    kind: Kind = None,
    outcome: Outcome = None,
    limit: Limit = PAGE_USUAL,
    cursor: Cursor = None,
) -> AuditPage:
    """Every record of the log, every refusal, every reading of what is another's. The first page
    has what was noted until now."""
    filters = Filters(
        from_=since,
        to=until,
        actor=actor,
        session=session,
        request_id=request_id,
        subject=subject,
        kind=kind,
        outcome=outcome,
    )
    return await read_trail(reader, sealing, filters, limit, cursor)


async def read_trail(
    reader: Reader, sealing: Sealing, filters: Filters, limit: int, cursor: str | None
) -> AuditPage:
    """A page of the trail; the first has what was noted until now. Raises InvalidRequest."""
    if cursor is None:
        try:
            await sealing.show(reader)
        except Refusal as refusal:  # what is there already can be read all the same
            logger.warning("the newest notes are not shown", refused=refusal.code)
    return await audit.page(reader, filters, limit, cursor)


HANDLERS = (read_audit,)
