"""Signing in at the desk and leaving it: the API's two steps, with the token in a cookie."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect, Template
from msgspec import Meta

from commands.identity.log_out import CloseSession
from ledger.errors import Forbidden, NotFound, Refusal
from server.cookies import DESK, SESSION_COOKIE
from server.desk.forms import sent
from server.desk.page import Page, ThePage
from server.door import Door, request_id
from server.roles import OUR_PEOPLE
from server.routes.given import TheCall, TheDoor, TheSessions, TheSignIn
from server.routes.sign_in import ChallengeId, Secret, asker_of
from server.sign_in import Factor, SignedIn
from server.wire import ApiRequest, Received, e164

NEXT_MAX = 2_000
Next = Annotated[str, Meta(max_length=NEXT_MAX)]


class Numbered(Received, frozen=True, kw_only=True):
    """The first step."""

    phone: Annotated[str, Meta(max_length=32)]
    secret: Secret
    next: Next = DESK


class Shown(Received, frozen=True, kw_only=True):
    """The second."""

    challenge_id: ChallengeId
    code: Annotated[str, Meta(min_length=6, max_length=32)]
    next: Next = DESK


@get("/")
async def come_in(page: ThePage) -> Redirect:
    """The first part of the desk that the caller may open."""
    first = page.menu[0][1][0]
    return Redirect(first.path, status_code=303)


@get("/sign-in")
async def ask_in(
    page: ThePage, left: Annotated[bool, QueryParameter(name="left")] = False
) -> Template:
    """The first step's form."""
    return page.show("sign_in.html", next=DESK, asked_for=False, left=left)


@post("/sign-in", status_code=200)
async def take_number(page: ThePage, request: ApiRequest, sign_in: TheSignIn) -> Template:
    """The second step's form, or the first again."""
    said = await sent(request, Numbered)
    try:
        challenge = await sign_in.log_in(e164(said.phone), said.secret, asker_of(request))
    except Refusal as refusal:
        return page.refused("sign_in.html", refusal, next=said.next, asked_for=False)
    return page.show("factor.html", challenge=challenge, next=said.next)


@post("/factor", status_code=200)
async def take_factor(
    page: ThePage, request: ApiRequest, sign_in: TheSignIn, door: TheDoor
) -> Response[None] | Template:
    """A session for one of our own people; nobody else has a place here."""
    said = await sent(request, Shown)
    try:
        opened = await sign_in.confirm(said.challenge_id, _factor(said.code), asker_of(request))
        await _require_ours(opened, door, request_id(request))
    except Refusal as refusal:
        return page.refused("sign_in.html", refusal, next=said.next, asked_for=False)
    return _gone(page, _own(said.next), opened.token)


@post("/sign-out", status_code=200)
async def leave(page: ThePage, call: TheCall, sessions: TheSessions) -> Response[None]:
    """End the session, and forget it."""
    caller = call.caller
    await call.do(CloseSession(session_id=caller.session_id, user_id=caller.user_id))
    sessions.forget(caller.session_id)
    return _gone(page, f"{DESK}/sign-in?left=true", None)


@get("/{path:path}")
async def find_nothing() -> None:
    """The gate says that there is nothing. Raises NotFound."""
    raise NotFound


def _factor(code: str) -> Factor:
    """Six digits are the authenticator's; anything else is a recovery code."""
    digits = code.replace(" ", "")
    if len(digits) == 6 and digits.isascii() and digits.isdigit():
        return Factor(totp=digits)
    return Factor(recovery_code=code)


async def _require_ours(opened: SignedIn, door: Door, asked: str) -> None:
    """Raises Forbidden for a customer or an agent, whose session ends where it began."""
    session = opened.session
    if session.role in OUR_PEOPLE:
        return
    closing = CloseSession(session_id=session.session_id, user_id=session.user_id)
    await door.submit(closing, actor=str(session.user_id), request_id=asked)
    raise Forbidden


def _own(next_: str) -> str:
    """An address at the desk; anything else leads to its beginning."""
    inside = next_.startswith((f"{DESK}/", f"{DESK}?")) and "\\" not in next_
    return next_ if inside and next_.isascii() and next_.isprintable() else DESK


def _gone(page: Page, to: str, token: str | None) -> Response[None]:
    cookie = page.cookie(SESSION_COOKIE, token or "", seconds=None if token else 0)
    return Response(None, status_code=303, headers={"Location": to}, cookies=[cookie])


HANDLERS = (come_in, ask_in, take_number, take_factor, leave, find_nothing)
