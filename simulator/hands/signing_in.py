"""Signing in with number, PIN and authenticator, as the phone's app and the agent's till do it."""

from __future__ import annotations

from collections.abc import Callable

from simulator.api import Api, Refused
from simulator.authenticator import Authenticator
from simulator.contract import Access, Challenge, Confirmed


async def sign_in(
    api: Api,
    authenticator: Authenticator,
    phone: str,
    pin: str,
    filled: Callable[[str], None] = lambda _totp: None,
) -> Access:
    """Open a session and use it from now on. A code that was used already is followed by the next.

    `filled` is told of each code before it is sent. Raises Refused or NoReply.
    """
    api.token = None
    body = {"phone": phone, "pin": pin}
    challenge = (await api.post("auth/login", body, Challenge)).value
    refusal: Refused | None = None
    async for totp in authenticator.codes():
        filled(totp)
        answer = {"challengeId": challenge.challenge_id, "totp": totp}
        try:
            access = (await api.post("auth/factor", answer, Access)).value
        except Refused as refused:
            if refused.code != "UNAUTHENTICATED":
                raise
            refusal = refused
            continue
        api.token = access.access_token
        return access
    assert refusal is not None, "an authenticator has codes"
    raise refusal


async def step_up(api: Api, authenticator: Authenticator) -> None:
    """Show the second factor again. Raises Refused or NoReply."""
    refusal: Refused | None = None
    async for totp in authenticator.codes():
        try:
            await api.post("auth/step-up", {"totp": totp}, Confirmed)
        except Refused as refused:
            if refused.code != "UNAUTHENTICATED":
                raise
            refusal = refused
            continue
        return
    assert refusal is not None, "an authenticator has codes"
    raise refusal
