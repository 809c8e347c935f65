"""Forms: only our own pages may send one, and what it says becomes a struct at once."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from ledger.errors import Forbidden
from server.cookies import FORM_COOKIE, SESSION_COOKIE, is_form_token
from server.door import Call
from server.errors import invalid
from server.routes.sign_in import asker_of
from server.sign_in import Factor, SignIn
from server.wire import ApiRequest, Received

T = TypeVar("T")
TOKEN, KEY, CODE = "formToken", "key", "totp"
TO_THE_DOOR = ("/desk/sign-in", "/desk/factor")
OWN_SITE = ("same-origin", "none")


class Confirmation(Received, frozen=True, kw_only=True):
    """A form that orders something: its key, and the second factor again where it is needed."""

    key: str
    totp: str = ""


async def require_own_form(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """Stands behind the gate. Raises Forbidden for what another site has had a browser send."""
    if connection.scope.get("method") != "POST":
        return
    assert isinstance(connection, ApiRequest), "the application makes its requests of this type"
    signed_in = connection.scope["path"] not in TO_THE_DOOR
    secret = connection.cookies.get(SESSION_COOKIE if signed_in else FORM_COOKIE, "")
    shown = str((await connection.form()).get(TOKEN, ""))
    site = connection.headers.get("sec-fetch-site", "none")  # Fetch Metadata, W3C
    if site not in OWN_SITE or not is_form_token(shown, secret):
        raise Forbidden("This form did not come from a page of ours, or it is too old.")


async def sent(request: ApiRequest, wanted: type[T]) -> T:
    """What a form says. Raises InvalidRequest with the field that is wrong."""
    given = {name: value for name, value in (await request.form()).items() if name != TOKEN}
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from error


async def order(request: ApiRequest, wanted: type[T]) -> tuple[T, Confirmation]:
    """The same of a form that orders something: what it says, and how it is confirmed."""
    given = {name: value for name, value in (await request.form()).items() if name != TOKEN}
    confirmation = {name: given.pop(name) for name in (KEY, CODE) if name in given}
    try:
        said = msgspec.convert(given, wanted, strict=False)
        return said, msgspec.convert(confirmation, Confirmation, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(error) from error


async def confirm(
    request: ApiRequest, call: Call, sign_in: SignIn, confirmation: Confirmation
) -> None:
    """Confirm the session with the code that a form brings, if it brings one. Raises the
    Refusal."""
    if not confirmation.totp:
        return
    caller, factor = call.caller, Factor(totp=confirmation.totp.replace(" ", ""))
    await sign_in.step_up(caller.user_id, caller.session_id, factor, asker_of(request))


def without_blanks(app: ASGIApp) -> ASGIApp:
    """A field of a search that was left empty asks for nothing."""

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"").decode("latin-1")
        scope["query_string"] = urlencode(parse_qsl(query)).encode()
        await app(scope, receive, send)

    return handle
