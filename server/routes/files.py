"""Statements as files, for customers and for accountants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from queries import statement
from queries.exports.camt import camt053
from queries.exports.statement_file import statement_csv, statement_pdf
from queries.exports.words import Language
from queries.standing import Axis
from queries.statement import Asked, Statement
from server.routes.given import TheCall, TheReader
from server.routes.wallet import From, To

PDF, CSV, XML = "application/pdf", "text/csv", "application/xml"

AnAxis = Annotated[
    Axis, QueryParameter(name="axis", description="By booking date or by value date")
]
Position = Annotated[
    int | None,
    QueryParameter(name="position", ge=0, le=2**63 - 1, description="As the log stood there"),
]
Shape = Annotated[
    str, QueryParameter(name="format", pattern=r"^(pdf|csv)$", description="pdf, csv")
]
StaffShape = Annotated[
    str, QueryParameter(name="format", pattern=r"^(pdf|csv|camt053)$", description="Or camt053")
]
InLanguage = Annotated[Language, QueryParameter(name="language", description="pt or en")]


@get("/statement/file", summary="A statement as PDF or CSV", media_type=PDF)
async def read_statement_file(
    call: TheCall,
    reader: TheReader,
    from_: From,
    to: To,
    shape: Shape = "pdf",
    language: InLanguage = Language.PORTUGUESE,
    axis: AnAxis = Axis.BOOKING,
) -> Response[bytes]:
    """In Portuguese or in English."""
    asked = Asked(from_=from_, to=to, axis=axis)
    found = await statement.of_user(reader, call.caller.user_id, asked)
    return file_of(found, shape, language)


@get("/accounts/{account_id:uuid}/statement", summary="A statement of any account")
async def read_account_statement(
    account_id: FromPath[UUID],
    reader: TheReader,
    from_: From,
    to: To,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
) -> Statement:
    """By booking or value dates, or as it was known at a position of the log."""
    asked = Asked(from_=from_, to=to, axis=axis, position=position)
    return await statement.of_account(reader, account_id, asked)


@get(
    "/accounts/{account_id:uuid}/statement/file",
    summary="A statement of any account as PDF, CSV or camt.053",
    media_type=PDF,
)
async def read_account_statement_file(
    account_id: FromPath[UUID],
    reader: TheReader,
    from_: From,
    to: To,
    shape: StaffShape = "pdf",
    language: InLanguage = Language.PORTUGUESE,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
) -> Response[bytes]:
    """In Portuguese or in English."""
    asked = Asked(from_=from_, to=to, axis=axis, position=position)
    found = await statement.of_account(reader, account_id, asked)
    return file_of(found, shape, language)


def file_of(found: Statement, shape: str, language: Language) -> Response[bytes]:
    """A statement as PDF, CSV or camt.053, to be saved."""
    now = datetime.now(UTC)
    if shape == "csv":
        return _attached(statement_csv(found, language), CSV, found, "csv")
    if shape == "camt053":
        return _attached(camt053(found, now), XML, found, "xml")
    return _attached(statement_pdf(found, language, now), PDF, found, "pdf")


def _attached(content: bytes, media_type: str, found: Statement, ending: str) -> Response[bytes]:
    name = f"statement-{_compact(found.from_)}-{_compact(found.to)}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def _compact(day: date) -> str:
    return f"{day:%Y%m%d}"


HANDLERS = (read_statement_file, read_account_statement, read_account_statement_file)
