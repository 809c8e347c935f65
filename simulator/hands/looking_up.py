"""Asking makeba, signed as the switch, what it says of an operation."""

from __future__ import annotations

from datetime import date

import httpx
import msgspec

from simulator.api import NoReply, connect, refused_by
from simulator.contract import SwitchOperation, SwitchOperations
from simulator.hands.signed_line import SignedLine
from simulator.people import People
from simulator.signatures import BadReply


class SwitchDesk:
    """Somebody of the switch with a line of their own, on which nothing goes wrong on purpose."""

    def __init__(self, url: str, people: People) -> None:
        network = httpx.AsyncHTTPTransport(verify=people.trust.context(as_switch=True))
        self._client = connect(url, network)
        self._line = SignedLine(self._client, people.switch)

    async def operations(self, rrn: str, local_date: date) -> tuple[SwitchOperation, ...]:
        """All with this RRN on this day, none when it was never heard of. Raises ApiError."""
        try:
            response = await self._line.send(
                "GET",
                f"vinti4/transactions/{rrn}",
                params={"localDate": local_date.isoformat()},
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
