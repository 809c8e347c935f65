"""What goes wrong, as a page: the words, the code, and where to go from there."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from ledger.errors import Refusal
from server.cookies import DESK, SESSION_COOKIE
from server.desk.page import Page
from server.errors import refusal_for
from server.wire import ApiRequest


def _shown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A page that says what is wrong; whoever is not signed in is asked to."""
    assert isinstance(request, ApiRequest), "the application makes its requests of this type"
    refusal = refusal_for(error)
    structlog.contextvars.bind_contextvars(refused=refusal.code)
    page = Page(request)
    if refusal.status == 401:
        page.caller = None
        next_ = page.here() if request.method == "GET" else DESK
        asked = page.refused("sign_in.html", refusal, next=next_, asked_for=page.path != DESK)
        if SESSION_COOKIE in request.cookies:  # it is good for nothing any more
            asked.cookies.append(page.cookie(SESSION_COOKIE, "", seconds=0))
        return asked
    return page.refused("error.html", refusal)


DESK_HANDLERS: ExceptionHandlersMap = {
    Refusal: _shown,
    HTTPException: _shown,
    Exception: _shown,
}
