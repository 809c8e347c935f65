"""Features: what rules look at, taken once from the rows of a movement."""

from __future__ import annotations

from datetime import datetime

from commands.agent.row import Agent
from commands.identity.session import Session
from commands.risk.activity import Activity, Recent, Used
from commands.risk.movement import Movement
from commands.risk.profile import RiskProfile
from commands.risk.watch import Watch
from ledger.accounts import Account
from ledger.books import Books

HOUR = 3_600
DAY = 86_400


class Features:
    """One movement and what is known of those who make it. What costs is looked at when asked."""

    __slots__ = (
        "_books",
        "_hour",
        "_recent",
        "amount",
        "movement",
        "now",
        "profile",
        "receiver",
        "used",
        "wallet",
    )

    def __init__(
        self,
        books: Books,
        movement: Movement,
        wallet: Activity,
        used: Used,
        receiver: Activity | None,
        profile: RiskProfile | None,
    ) -> None:
        self._books = books
        self.movement = movement
        self.wallet = wallet
        self.used = used  # of the movement's operation, before it
        self.receiver = receiver
        self.profile = profile
        self.now = books.micros // 1_000_000  # seconds since 1970
        self.amount = movement.amount  # without the fee, in minor units
        self._recent: Recent | None = None
        self._hour: Recent | None = None

    @property
    def recent(self) -> Recent:
        """All that the wallet has kept of its newest movements, before the one that is judged."""
        if self._recent is None:
            self._recent = self.wallet.recent
        return self._recent

    @property
    def hour(self) -> Recent:
        """What it did in the last hour, as far as it has kept that."""
        if self._hour is None:
            self._hour = self.within(HOUR)
        return self._hour

    def within(self, seconds: int, *, of: Activity | None = None) -> Recent:
        """The movements of a subject, the wallet's if none is named, within the last seconds."""
        recent = self.recent if of is None else of.recent
        return recent.since(self.now - seconds)

    @property
    def agent_activity(self) -> Activity | None:
        """What the agent has done lately."""
        agent_id = self.movement.agent_id
        return None if agent_id is None else self._books.find(Activity.of(agent_id))

    @property
    def agent(self) -> Agent | None:
        """Who pays out or takes in."""
        agent_id = self.movement.agent_id
        return None if agent_id is None else self._books.find(Agent.by_id(agent_id))

    @property
    def float_minor(self) -> int | None:
        """What the agent has left, before the movement."""
        if self.agent is None:
            return None
        return self._books.find(Account.by_id(self.agent.float_id)).holds_minor  # type: ignore[union-attr]

    @property
    def device_since(self) -> datetime | None:
        """Since when the device that asks is known; None for the customer's first, or none."""
        session = self._session
        return None if session is None else session.device_since

    @property
    def device_people(self) -> int:
        """How many people had used the device that asks when its session began."""
        session = self._session
        return 0 if session is None else session.device_people

    @property
    def _session(self) -> Session | None:
        session_id = self.movement.session_id
        return None if session_id is None else self._books.find(Session.by_id(session_id))

    @property
    def wrong_at_counter(self) -> int:
        """Wrong pick-up codes at the agent's counter in the last quarter of an hour."""
        agent_id = self.movement.agent_id
        if agent_id is None:
            return 0
        watch = self._books.find(Watch.by_id(f"counter:{agent_id}"))
        return 0 if watch is None else sum(watch.at(self._books.now).minutes)
