"""Keys of a customer's devices, and replies that only one of them can read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from commands.identity.device_key import (
    DeviceKey,
    DeviceKeyEnrolled,
    DeviceKeyRemoved,
    DeviceKeys,
    EnrolDeviceKey,
    RemoveDeviceKey,
    keys_of,
)
from ledger.errors import InvalidRequest
from server.jose import BadJose, device_key, sealed_for
from server.primary import Primary
from server.routes.given import TheCall, ThePrimary
from server.wire import ApiRequest, Received, Reply, reply_to

JOSE = "application/jose"
KEY_HEADER = "X-Device-Key"
WANTED = re.compile(r"(?:^|,)\s*application/jose\s*(?:;|,|$)", re.IGNORECASE)
KidInPath = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9_-]{43}$")]


class NewDeviceKey(Received, frozen=True, kw_only=True):
    """A public key (RFC 7517): EC on P-256, or RSA with 2,048 bits or more."""

    jwk: Annotated[
        dict[str, Any],
        Meta(max_length=16, examples=[{"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}]),
    ]


class DeviceKeyListed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key by its thumbprint (RFC 7638)."""

    kid: str
    enrolled_at: datetime


class DeviceKeyList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The caller's, newest first."""

    items: tuple[DeviceKeyListed, ...]


@post("/devices/keys", summary="Let codes be encrypted to this device")
async def enrol_key(data: JSONBody[NewDeviceKey], call: TheCall) -> Reply[DeviceKeyEnrolled]:
    """Needs a second factor of the last five minutes: POST /auth/step-up."""
    try:
        kid, jwk = device_key(data.jwk)
    except BadJose as error:
        raise InvalidRequest(field="jwk", reason=str(error)) from error
    command = EnrolDeviceKey(
        user_id=call.caller.user_id, session_id=call.caller.session_id, kid=kid, jwk=jwk
    )
    return reply_to(await call.do(command))


@get("/devices/keys", summary="Keys of the caller's devices")
async def read_keys(call: TheCall, primary: ThePrimary) -> DeviceKeyList:
    """Newest first."""
    known = await _known(primary, call.caller.user_id)
    items = (DeviceKeyListed(kid=each.kid, enrolled_at=each.enrolled_at) for each in known)
    return DeviceKeyList(items=tuple(items))


@delete("/devices/keys/{kid:str}", status_code=200, summary="The device is lost, or has another")
async def remove_key(kid: KidInPath, call: TheCall) -> Reply[DeviceKeyRemoved]:
    """Nothing is encrypted to it any more."""
    return reply_to(await call.do(RemoveDeviceKey(user_id=call.caller.user_id, kid=kid)))


async def wanted_key(request: ApiRequest, user_id: UUID, primary: Primary) -> DeviceKey | None:
    """The key to which the caller wants the reply encrypted, or None who did not ask for that.

    The newest, unless X-Device-Key names another. To be asked before anything is done: who wants a
    code encrypted must not get it in the clear. Raises InvalidRequest when there is no such key.
    """
    if WANTED.search(request.headers.get("accept", "")) is None:
        return None
    kid = request.headers.get(KEY_HEADER)
    for key in await _known(primary, user_id):
        if kid is None or key.kid == kid:
            return key
    field = "Accept" if kid is None else KEY_HEADER
    raise InvalidRequest(field=field, reason="there is no such key: POST /devices/keys")


def for_device(reply: Reply[Any], key: DeviceKey | None, content: bytes) -> Reply[Any]:
    """The reply with this content, encrypted where that was asked for."""
    if key is None:
        return reply
    sealed = sealed_for(key.kid, key.jwk, content)
    return Reply(sealed, headers=reply.headers, media_type=JOSE, status_code=reply.status_code)


async def _known(primary: Primary, user_id: UUID) -> tuple[DeviceKey, ...]:
    books = await primary.books(DeviceKeys.of(user_id))
    return tuple(reversed(keys_of(books, user_id).known))


HANDLERS = (enrol_key, read_keys, remove_key)
