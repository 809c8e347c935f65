"""A frozen town: real machines in states that a test chooses, no server, a clock that stands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest

from simulator.people import People, Site, Somebody, SwitchOwner
from simulator.town import Town

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
NOBODY_LISTENS = "http://127.0.0.1:9"


def somebody(role: str, number: int, agent_id: UUID | None = None) -> Somebody:
    """A person of the frozen town."""
    return Somebody(
        role=role,
        user_id=UUID(int=number),
        phone=f"+23899100{number:02}",
        pin="407193",
        totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        agent_id=agent_id,
    )


PEOPLE = People(
    users=(
        somebody("customer", 1),
        somebody("customer", 2),
        somebody("customer", 3),
        somebody("agent", 11, UUID(int=500)),
        somebody("accountant", 21),
        somebody("auditor", 22),
    ),
    switch=SwitchOwner(acquirer_id="400001", key_id="vinti4-1", private_key=""),
    terminals=(
        Site(terminal_id="PRAIA001", place="Praia, Plateau"),
        Site(terminal_id="MINDEL02", place="Mindelo, Rua de Lisboa"),
    ),
)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """Real machines on a line where nobody listens: set `machine.state` to what is to be seen."""
    town = Town(NOBODY_LISTENS, PEOPLE, clock=lambda: NOW, dice=Random(1))
    yield town
    await town.close()
