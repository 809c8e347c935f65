"""A machine's way to say a code that only the issuer can read: encrypted before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from simulator.api import Api, NoReply
from simulator.contract import IssuerKey, IssuerKeys
from simulator.machines.messages import WithdrawalRequest

ALG, ENC = "ECDH-ES", "A256GCM"
KEPT = timedelta(hours=1)  # in earnest a key ceremony loads it; here the machine looks it up


class Issuer:
    """Knows the key to which codes are encrypted, and looks now and then whether it is another."""

    def __init__(self, api: Api, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self._key: IssuerKey | None = None
        self._until: datetime | None = None

    async def sealed(self, request: WithdrawalRequest) -> WithdrawalRequest:
        """The request as it may leave the machine. Raises ApiError."""
        key = await self._now()
        typed = {
            "code": request.code,
            "phone": request.phone,
            "terminalId": request.origin.terminal_id,
            "amount": request.amount,
        }
        header = {"alg": ALG, "enc": ENC, "kid": key.kid}
        try:
            public = ECKey.import_key({"kty": "EC", "crv": key.crv, "x": key.x, "y": key.y})
            content = msgspec.json.encode(typed)
            sealed = jwe.encrypt_compact(header, content, public, algorithms=[ALG, ENC])
        except (JoseError, ValueError) as error:
            raise NoReply("the issuer's key cannot be used") from error
        return msgspec.structs.replace(request, code=sealed)

    async def _now(self) -> IssuerKey:
        """The first that is published. Raises ApiError."""
        if self._key is None or self._until is None or self._clock() > self._until:
            published = await self._api.get("vinti4/issuer-keys", IssuerKeys)
            self._key, self._until = published.keys[0], self._clock() + KEPT
        return self._key
