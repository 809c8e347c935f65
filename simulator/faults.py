"""What goes wrong on purpose: replies that get lost, dispensers that jam."""

from __future__ import annotations

import httpx

from simulator.machines.notes import Notes


class Line(httpx.AsyncBaseTransport):
    """A network on which the server does what it is asked, and some of its replies never arrive."""

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self._network = network
        self._losing: dict[str, int] = {}
        self.lost = 0

    def lose(self, path_end: str, times: int = 1) -> None:
        """Lose the next replies to requests whose path ends so."""
        self._losing[path_end] = times

    def heal(self) -> None:
        """Lose nothing any more."""
        self._losing.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry it there, and perhaps not back."""
        response = await self._network.handle_async_request(request)
        for path_end, times in self._losing.items():
            if times and request.url.path.endswith(path_end):
                self._losing[path_end] = times - 1
                self.lost += 1
                await response.aread()
                await response.aclose()
                raise httpx.ReadError("the reply got lost", request=request)
        return response


class Dispenser:
    """Counts notes into the tray; `jam_after` so many notes it stops, once."""

    def __init__(self) -> None:
        self._jam_after: int | None = None

    def jam(self, after_notes: int = 0) -> None:
        """Let the next payment stop after so many notes."""
        self._jam_after = after_notes

    def heal(self) -> None:
        """Pay everything again."""
        self._jam_after = None

    def pay(self, bundle: Notes) -> dict[int, int]:
        """The notes that came out, largest first."""
        room, self._jam_after = self._jam_after, None
        if room is None:
            return dict(bundle)
        out = {}
        for note, count in sorted(bundle.items(), reverse=True):
            out[note] = min(count, room)
            room -= out[note]
        return {note: count for note, count in out.items() if count}
