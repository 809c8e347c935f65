"""What goes wrong, as the caller is told: one envelope for everything.

    {"error": {"code": …, "message": …, "details": {…}}}

Only a caller whose Accept asks for application/problem+json gets RFC 9457 instead. What a bug of
ours was stands in our log, under the request's id; the caller learns that it was one.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import psycopg
import psycopg_pool
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import ExceptionHandlersMap

from ledger.errors import (
    Broken,
    Invalid,
    InvalidRequest,
    NetworkError,
    NotFound,
    Refusal,
    RefusalBody,
)
from server.policy import methods_at

logger = structlog.get_logger(__name__)

JSON = "application/json"
PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 1
# What a message quotes of the caller's own words, and how a member of a body may be called.
QUOTED = re.compile(r" (?:'(?P<value>.*)'|`(?P<name>[^`]*)`)$", re.DOTALL)
MEMBER = re.compile(r"[a-z]{1,24}(?:[A-Z][a-z]{1,24}){0,4}")
PATH_IN_MESSAGE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


class MethodNotAllowed(Invalid):
    """This path does not know this method."""

    code = "METHOD_NOT_ALLOWED"
    status = 405


class BodyTooLarge(Invalid):
    """The body of the request is too long."""

    code = "BODY_TOO_LARGE"
    status = 413


class UnsupportedMediaType(Invalid):
    """The body of the request must be application/json."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class ErrorBody(msgspec.Struct, frozen=True):
    """The envelope."""

    error: RefusalBody


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The same as RFC 9457 has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    details: dict[str, Any]


def body_of(refusal: Refusal) -> RefusalBody:
    """What the caller is told; with 503 always whether something may have happened."""
    body = refusal.body()
    if refusal.status == 503 and "outcome" not in body.details:
        body = msgspec.structs.replace(body, details={**body.details, "outcome": "none"})
    return body


def headers_of(refusal: Refusal) -> dict[str, str]:
    """Retry-After where trying again later makes sense, and how to say who asks after a 401."""
    if refusal.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if refusal.status not in {429, 503}:
        return {}
    return {"Retry-After": str(refusal.facts.get("retryAfterSeconds", RETRY_AFTER_SECONDS))}


def rendered(refusal: Refusal, accept: str) -> tuple[bytes, str]:
    """The reply's body and its content type."""
    body = body_of(refusal)
    if PROBLEM not in accept:
        return msgspec.json.encode(ErrorBody(body)), JSON
    problem = Problem(
        title=type(refusal).sentence(),
        status=refusal.status,
        detail=body.message,
        code=body.code,
        details=body.details,
    )
    return msgspec.json.encode(problem), PROBLEM


def invalid(error: msgspec.ValidationError | str) -> InvalidRequest:
    """From a validation message: what is wrong and where, and nothing of what was sent."""
    text = str(error)
    found = PATH_IN_MESSAGE.search(text)
    reason = _unquoted(text[: found.start()] if found else text)
    if found and found["path"]:
        return InvalidRequest(field=found["path"], reason=reason)
    return InvalidRequest(reason=reason)


def _unquoted(reason: str) -> str:
    """Without the value at its end, and without a name that no member could have: whoever mixes up
    two fields sends a secret in the wrong place, and replies are kept in many."""
    quoted = QUOTED.search(reason)
    if quoted is None or (quoted["name"] and MEMBER.fullmatch(quoted["name"])):
        return reason
    return reason[: quoted.start()]


def refusal_for(error: Exception) -> Refusal:
    """The refusal that says to the caller what this exception means."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, HTTPException):
        return _from_litestar(error)
    if isinstance(error, (psycopg.OperationalError, psycopg_pool.PoolTimeout)):
        logger.warning("the database cannot be reached", error=type(error).__name__)
        return NetworkError()
    logger.error("unhandled", error=type(error).__name__, exc_info=error)
    return Broken()


def _from_litestar(error: HTTPException) -> Refusal:
    if isinstance(error, NotFoundException):
        return NotFound("There is nothing at this path.")
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed()
    if isinstance(error, ValidationException):
        return _from_validation(error)
    if error.status_code == 413:
        return BodyTooLarge()
    if error.status_code >= 500:
        logger.error("unhandled", error=type(error).__name__, exc_info=error)
        return Broken()
    return InvalidRequest(reason="cannot be read")


def _from_validation(error: ValidationException) -> Refusal:
    for found in error.extra if isinstance(error.extra, list) else ():
        key, message = found.get("key"), _unquoted(found.get("message", "is not allowed"))
        return InvalidRequest(field=key, reason=message) if key else InvalidRequest(reason=message)
    return InvalidRequest()


def _reply(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    refusal = refusal_for(error)
    body, media_type = rendered(refusal, request.headers.get("accept", ""))
    structlog.contextvars.bind_contextvars(refused=refusal.code)
    request.scope["state"]["refused"] = refusal.code
    headers = headers_of(refusal)
    if isinstance(refusal, MethodNotAllowed):  # RFC 9110 §15.5.6
        headers["Allow"] = ", ".join(methods_at(request.url.path))
    return Response(body, status_code=refusal.status, headers=headers, media_type=media_type)


HANDLERS: ExceptionHandlersMap = {
    Refusal: _reply,
    HTTPException: _reply,
    Exception: _reply,
}
