"""A town whose events can be forged, a projector that is told when to go on, and a reader."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from commands.spine import Spine
from queries.projector import Pace, Projector, connector
from queries.reader import Pool, Reader
from tests.conftest import Database
from tests.queries.town import Town


@pytest.fixture
async def projector(database: Database) -> AsyncIterator[Projector]:
    """It moves only when it is told to."""
    projector = Projector(connector(database.projector), Pace())
    yield projector
    projector.disconnect()


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    reader = Reader(database.queries, Pool(connections=2, connections_more=2)).for_everybody
    yield reader
    await reader.close()


@pytest.fixture
async def town(spine: Spine) -> Town:
    return Town(spine)
