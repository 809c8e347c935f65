"""Asking makeba, signed as the switch, what it says of an operation."""

from __future__ import annotations

from datetime import date

import httpx
import msgspec

from simulator.api import Api, NoReply, connect, refused_by
from simulator.contract import ServerKeys, SwitchOperation, SwitchOperations
from simulator.people import SwitchOwner
from simulator.signatures import BadReply, SwitchSignature, private_key, public_key


class SwitchDesk:
    """Somebody of the switch with a line of their own, on which nothing goes wrong on purpose."""

    def __init__(self, url: str, owner: SwitchOwner) -> None:
        self._client = connect(url)
        self._owner = owner
        self._signature: SwitchSignature | None = None

    async def operations(self, rrn: str, local_date: date) -> tuple[SwitchOperation, ...]:
        """All with this RRN on this day, none when it was never heard of. Raises ApiError."""
        try:
            response = await self._client.get(
                f"vinti4/transactions/{rrn}",
                params={"localDate": local_date.isoformat()},
                auth=await self._signed(),
            )
        except (httpx.TransportError, BadReply) as error:
            raise NoReply(f"vinti4/transactions: {type(error).__name__}") from error
        if response.status_code == httpx.codes.NOT_FOUND:
            return ()
        if not response.is_success:
            raise refused_by(response)
        return msgspec.json.decode(response.content, type=SwitchOperations).items

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def _signed(self) -> SwitchSignature:
        if self._signature is None:
            published = await Api(self._client).get("vinti4/keys", ServerKeys)
            self._signature = SwitchSignature(
                self._owner.key_id,
                private_key(self._owner.private_key),
                {key.key_id: public_key(key.public_key) for key in published.keys},
            )
        return self._signature
