"""Sweeps of what is overdue, every second or so, in any number of processes at once.

A sweep finds ids by a small read, in a transaction that holds an advisory lock, so that one process
does the work and the others pass. What is really overdue is decided by the command itself under the
log's lock, by the database's clock: a sweep that comes twice, or late, or never, changes nothing
but when it happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from psycopg import OperationalError
from uuid_utils.compat import uuid7

from commands.account.dormancy import SleepWallet
from commands.agent.collect_debt import CollectDebt
from commands.agent.lapse import LapseCashOut
from commands.approval.lapse import LapseProposal
from commands.command import Command
from commands.switch.lapse_resolution import LapseResolution
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lapse_release import LapseRelease
from ledger.errors import Refusal
from server import primary
from server.door import Door
from server.primary import Primary
from server.settings import Settings

logger = structlog.get_logger(__name__)

FENCE = 7_236_300  # advisory locks of jobs begin here; ledger/migrations.py has 7,236,201
MORE = 50  # fences of work that comes from elsewhere begin so far behind
PRUNE_SECONDS = 60.0
CHALLENGE_LIVES = 2  # that of a passkey is noted as used when it is over, and a little longer
NONCE_WINDOWS = 4  # a signature is good for two: the window counts both ways
DAY_SECONDS = 86_400
STRANGER_SECONDS = 30 * DAY_SECONDS
WALLETS_MAX = 2_000  # that one look for dormant ones goes through


class Job(NamedTuple):
    """Work that somebody else has for the scheduler: done by one process at a time."""

    name: str
    work: Callable[[], Awaitable[int]]
    seconds: float  # between two beginnings


class Jobs:
    """The scheduler of one process and what it runs."""

    def __init__(
        self, edge: Primary, door: Door, settings: Settings, more: Sequence[Job] = ()
    ) -> None:
        self._edge = edge
        self._door = door
        self._settings = settings
        self._more = more
        self._looked_up_to = UUID(int=0)  # how far the look for dormant wallets has come
        # One job of a process at a time: each holds a connection while its work asks for another
        # one, and all at once they would wait for each other, and sign-ins with them.
        self._turn = asyncio.Lock()
        # Its jobs live in memory: schedulers must not share a store (APScheduler 3).
        self._scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin. Call it inside the event loop."""
        every = self._settings.sweep_seconds
        self._add("expire", self.expire_codes, every)
        self._add("lapse", self.lapse_requests, every)
        self._add("doubt", self.doubt_approvals, every)
        self._add("proposals", self.lapse_proposals, every)
        self._add("debts", self.collect_debts, self._settings.debt_sweep_seconds)
        self._add("sleep", self.let_sleep, self._settings.dormancy_sweep_seconds)
        self._add("prune", self.prune, PRUNE_SECONDS)
        for number, job in enumerate(self._more):
            work = partial(self._fenced, MORE + number, f"job:{job.name}", job.work)
            self._add(job.name, work, job.seconds)
        self._scheduler.start()

    def stop(self) -> None:
        """Begin nothing more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def expire_codes(self) -> int:
        """End the codes that outlived their time. How many were looked at."""
        return await self._sweep(
            0, "job:expire", primary.OVERDUE_CODES, lambda id_: ExpireWithdrawal(transaction_id=id_)
        )

    async def lapse_requests(self) -> int:
        """End the requests that no agent has answered in time."""
        return await self._sweep(
            1, "job:lapse", primary.OVERDUE_REQUESTS, lambda id_: LapseCashOut(transaction_id=id_)
        )

    async def doubt_approvals(self) -> int:
        """Put approvals into doubt that the switch has said nothing more about."""
        return await self._sweep(
            2,
            "job:doubt",
            primary.OVERDUE_APPROVALS,
            lambda id_: DoubtWithdrawal(transaction_id=id_),
        )

    async def lapse_proposals(self) -> int:
        """End, on record, what nobody has agreed to in time: proposals, releases, and how disputes
        were to end."""
        ttl = self._settings.proposal_ttl_seconds
        actor = "job:proposals"
        proposals = await self._sweep(
            6, actor, primary.OVERDUE_PROPOSALS, lambda id_: LapseProposal(proposal_id=id_)
        )
        releases = await self._sweep(
            7,
            actor,
            primary.OVERDUE_RELEASES,
            lambda id_: LapseRelease(transaction_id=id_, ttl_seconds=ttl),
            ttl,
        )
        resolutions = await self._sweep(
            8,
            actor,
            primary.OVERDUE_RESOLUTIONS,
            lambda id_: LapseResolution(dispute_id=id_, ttl_seconds=ttl),
            ttl,
        )
        return proposals + releases + resolutions

    async def collect_debts(self) -> int:
        """Let the float of agents that owe us pay, as soon as they have some."""
        return await self._sweep(
            5,
            "job:debts",
            primary.OWING_AGENTS,
            lambda id_: CollectDebt(transaction_id=uuid7(), agent_id=id_),
        )

    async def let_sleep(self) -> int:
        """Let the wallets fall asleep that nobody has used for long: some of all at each look."""
        after = self._settings.dormant_after_days * DAY_SECONDS

        async def deal_with_some() -> int:
            seen = await self._edge.activities(self._looked_up_to, WALLETS_MAX)
            self._looked_up_to = seen[-1].subject if len(seen) == WALLETS_MAX else UUID(int=0)
            long_ago = datetime.now(UTC) - timedelta(seconds=after)
            resting = [one.subject for one in seen if one.rests_since <= long_ago]
            sleeping = (
                SleepWallet(transaction_id=uuid7(), wallet_id=id_, after_seconds=after)
                for id_ in resting
            )
            await asyncio.gather(*(self._submit(each, "job:sleep") for each in sleeping))
            return len(resting)

        return await self._fenced(4, "job:sleep", deal_with_some)

    async def prune(self) -> int:
        """Forget nonces whose signatures and challenges are too old anyway, sources whose window is
        over, and strangers of long ago."""
        settings = self._settings
        windows = NONCE_WINDOWS * settings.signature_window_seconds
        nonces = max(windows, CHALLENGE_LIVES * settings.challenge_ttl_seconds)

        async def forget() -> int:
            forgotten = 0
            for statement, seconds in (
                (primary.PRUNE_NONCES, nonces),
                (primary.PRUNE_STRANGERS, STRANGER_SECONDS),
                (primary.PRUNE_SOURCES, settings.source_window_seconds),
            ):
                forgotten += await self._edge.prune(statement, seconds)
            return forgotten

        return await self._fenced(3, "job:prune", forget)

    async def _sweep(
        self,
        fence: int,
        actor: str,
        statement: str,
        command: Callable[[UUID], Command[Any]],
        seconds: float = 0,
    ) -> int:
        async def deal_with_all() -> int:
            overdue = await self._edge.overdue(statement, self._settings.sweep_max, seconds)
            await asyncio.gather(*(self._submit(command(id_), actor) for id_ in overdue))
            return len(overdue)

        return await self._fenced(fence, actor, deal_with_all)

    async def _fenced(self, fence: int, job: str, work: Callable[[], Awaitable[int]]) -> int:
        """Do the work unless another process is at it; put it off when the database is away."""
        try:
            async with self._turn, self._edge.fenced(FENCE + fence) as mine:
                return await work() if mine else 0
        except OperationalError as error:
            logger.warning("job put off", job=job, error=type(error).__name__)
            return 0

    async def _submit(self, command: Command[Any], actor: str) -> None:
        try:
            await self._door.submit(command, actor=actor, request_id=str(uuid7()))
        except Refusal as refusal:
            logger.warning("sweep refused", job=actor, refused=refusal.code)

    def _add(self, name: str, work: Callable[[], Any], seconds: float) -> None:
        self._scheduler.add_job(work, "interval", seconds=seconds, id=name)
