"""Extrato: a statement of any account on a page, and as a file."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.response import Template

from queries import statement
from queries.standing import Axis
from queries.statement import Asked
from server.desk.books import first_of_month
from server.desk.page import ThePage, today
from server.routes.books import Since, Until
from server.routes.files import PDF, AnAxis, Position, StaffShape, file_of
from server.routes.given import TheReader
from server.routes.wallet import From, To

AccountId = Annotated[UUID, QueryParameter(name="account")]


@get("/statement")
async def show_statement(
    page: ThePage,
    reader: TheReader,
    account: Annotated[UUID | None, QueryParameter(name="account")] = None,
    since: Since = None,
    until: Until = None,
    axis: AnAxis = Axis.BOOKING,
    position: Position = None,
) -> Template:
    """Of this month, when no days are named; without an account, the form that asks for one."""
    last = until or today()
    asked = Asked(from_=since or first_of_month(last), to=last, axis=axis, position=position)
    found = None if account is None else await statement.of_account(reader, account, asked)
    return page.show("statement.html", found=found, span=asked)


@get("/statement/file", media_type=PDF)
async def read_file(
    page: ThePage,
    reader: TheReader,
    account: AccountId,
    from_: From,
    to: To,
    shape: StaffShape = "pdf",
    axis: AnAxis = Axis.BOOKING,
) -> Response[bytes]:
    """The same as PDF, CSV or camt.053, in the page's language."""
    asked = Asked(from_=from_, to=to, axis=axis)
    found = await statement.of_account(reader, account, asked)
    return file_of(found, shape, page.language)


HANDLERS = (show_statement, read_file)
