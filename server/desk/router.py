"""All pages of the desk, and what stands around them."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from server.cookies import DESK
from server.desk import assets, books, cases, entering, monitor, proposals, settling, statements
from server.desk.errors import DESK_HANDLERS
from server.desk.forms import require_own_form, without_blanks
from server.desk.page import page_of

AT_THE_DESK = Router(
    DESK,
    route_handlers=(
        *assets.HANDLERS,
        *entering.HANDLERS,
        *monitor.HANDLERS,
        *books.HANDLERS,
        *statements.HANDLERS,
        *settling.HANDLERS,
        *proposals.HANDLERS,
        *cases.HANDLERS,
    ),
    guards=[require_own_form],
    middleware=[without_blanks],
    dependencies={"page": Provide(page_of, sync_to_thread=False)},
    exception_handlers=DESK_HANDLERS,
    include_in_schema=False,
)
