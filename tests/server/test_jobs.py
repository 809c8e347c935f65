"""Sweeps: safe in any number of processes, and harmless when the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from server.jobs import FENCE, Jobs
from server.primary import Primary
from server.settings import Settings
from tests.server.conftest import Running, serving


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return Settings(
        home=settings.home,
        pin_threads=1,
        code_ttl_seconds=1,
        proposal_ttl_seconds=1,
        sweep_seconds=0.05,
    )


@pytest.fixture
async def edge(server: Running) -> Primary:  # type: ignore[misc]
    edge = Primary(server.installation.urls.commands, 4)
    await edge.open()
    yield edge
    await edge.close()


async def test_three_processes_expire_a_code_once(server: Running) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(serving(server.installation))
        customers = [await server.somebody("customer", number).sign_in() for number in range(3)]
        for customer in customers:
            assert (await customer.ask_for_code()).status_code == 201
        await server.until("SELECT count(*) = 3 FROM ledger.withdrawal WHERE state = 'expired'")
        await asyncio.sleep(0.3)
    kinds = server.ask("SELECT kind, count(*), min(actor) FROM ledger.log GROUP BY kind")
    assert ("withdrawal.expired", 3, "job:expire") in kinds


async def test_what_nobody_agrees_to_in_time_ends_on_record(server: Running) -> None:
    operator = await server.somebody("operator").at_work()
    tier = {"kind": "set_tier", "userId": server.somebody("customer").id, "tier": "basic"}
    assert (await operator.post("proposals", tier | {"reason": "moved"})).status_code == 201
    await server.until("SELECT count(*) = 1 FROM ledger.proposal WHERE state = 'lapsed'")
    told = "SELECT actor, payload ->> 'state' FROM ledger.log WHERE kind = 'proposal.lapsed'"
    assert server.ask(told) == [("job:proposals", "lapsed")]


@asynccontextmanager
async def alone(edge: Primary) -> AsyncIterator[None]:
    """Sweeping, as soon as the server's own jobs let go."""
    async with asyncio.timeout(10):
        while True:
            async with edge.fenced(FENCE) as mine:
                if mine:
                    yield
                    return
            await asyncio.sleep(0.01)


async def test_while_one_process_sweeps_the_others_pass(server: Running, edge: Primary) -> None:
    jobs = Jobs(edge, None, server.installation.settings)  # type: ignore[arg-type]
    async with alone(edge):
        assert await jobs.expire_codes() == 0
    async with alone(edge):
        pass


async def test_old_nonces_are_forgotten_and_young_ones_kept(server: Running, edge: Primary) -> None:
    assert await edge.use_nonce(b"old")
    server.ask("UPDATE ledger.nonce SET seen_at = seen_at - interval '1 hour'")
    assert await edge.use_nonce(b"young")
    await Jobs(edge, None, server.installation.settings).prune()  # type: ignore[arg-type]
    assert server.ask("SELECT hash FROM ledger.nonce") == [(b"young",)]
    assert not await edge.use_nonce(b"young")


async def test_without_a_database_a_sweep_is_put_off(server: Running, edge: Primary) -> None:
    await edge.close()
    assert await Jobs(edge, None, server.installation.settings).lapse_requests() == 0  # type: ignore[arg-type]
