"""A line on which everything is signed both ways, whatever keys makeba signs with at the moment."""

from __future__ import annotations

from typing import Any

import httpx

from simulator.api import Api
from simulator.contract import ServerKeys
from simulator.people import SwitchOwner
from simulator.running import Clock, system_clock
from simulator.signatures import SwitchSignature, UnknownKey, private_key, public_key


class SignedLine:
    """Sends as the switch, and believes what a key has signed that makeba publishes."""

    def __init__(
        self, client: httpx.AsyncClient, owner: SwitchOwner, clock: Clock = system_clock
    ) -> None:
        self._client = client
        self._owner = owner
        self._clock = clock
        self._signature: SwitchSignature | None = None

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Raises httpx.TransportError; BadReply for one that is not signed as it must be."""
        signature = self._signature or await self._look_up()
        try:
            return await self._client.request(method, path, auth=signature, **more)
        except UnknownKey as unknown:
            # Perhaps they have changed it: they publish a new one before they sign with it.
            signature = await self._look_up()
            signature.check(unknown.response)
            return unknown.response

    async def _look_up(self) -> SwitchSignature:
        published = await Api(self._client).get("vinti4/keys", ServerKeys)
        self._signature = SwitchSignature(
            self._owner.key_id,
            private_key(self._owner.private_key),
            {key.key_id: public_key(key.public_key) for key in published.keys},
            clock=self._clock,
        )
        return self._signature
