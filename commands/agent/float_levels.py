"""A float's floor and its alert levels: set for an outlet, and watched with each movement."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from commands.agent.row import Agent
from commands.command import Answer, Command, Rounds
from ledger.accounts import Account
from ledger.books import Books
from ledger.errors import InsufficientFunds, InvalidRequest, NotFound
from ledger.money import Money

OK, LOW = "ok", "low"


class FloatLevelsSet(Answer, frozen=True, kw_only=True):
    """What counts for this float now."""

    agent_id: UUID
    floor: Money
    low: Money
    ok: Money
    float_state: str
    timestamp: datetime


class SetFloatLevels(Command[FloatLevelsSet], frozen=True, kw_only=True):
    """Set the floor below which a float never falls, and when it is said to be low and good again.

    The two levels are apart on purpose: a float that goes up and down around one level is told of
    once, not each time.
    """

    agent_id: UUID
    floor: Money
    low: Money
    ok: Money

    def touches(self, books: Books) -> Rounds:
        yield (Agent.by_id(self.agent_id),)
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is not None:
            yield (Account.by_id(agent.float_id),)

    def decide(self, books: Books) -> FloatLevelsSet:
        agent = books.find(Agent.by_id(self.agent_id))
        if agent is None:
            raise NotFound("There is no such agent.")
        if not self.floor.minor <= self.low.minor <= self.ok.minor:
            raise InvalidRequest(field="low", reason="lies between floor and ok")
        float_ = books.account(agent.float_id)
        if float_.holds_minor < self.floor.minor:
            raise InsufficientFunds("This float holds less than that floor.")
        # From here on nothing is refused.
        books.put(msgspec.structs.replace(float_, floor=self.floor.minor))
        books.put(msgspec.structs.replace(agent, float_low=self.low.minor, float_ok=self.ok.minor))
        books.record(
            "agent.float_levels_set",
            agent.id,
            {
                "agent": agent.id,
                "floor": self.floor.minor,
                "low": self.low.minor,
                "ok": self.ok.minor,
            },
        )
        watch_float(books, agent.id)
        return FloatLevelsSet(
            agent_id=agent.id,
            floor=self.floor,
            low=self.low,
            ok=self.ok,
            float_state=books.get(Agent.by_id(agent.id)).float_state,
            timestamp=books.now,
        )


def watch_float(books: Books, agent_id: UUID) -> None:
    """After a float has moved: say so when it has become low, or good again; once a crossing.

    Touches the agent and its float's account, which whoever moves it has loaded.
    """
    agent = books.get(Agent.by_id(agent_id))
    holds = books.account(agent.float_id).holds_minor
    if agent.float_state == OK and holds < agent.float_low:
        state = LOW
    elif agent.float_state == LOW and holds >= agent.float_ok:
        state = OK
    else:
        return
    books.put(msgspec.structs.replace(agent, float_state=state))
    books.record(
        f"float.{state}",
        agent.id,
        {"agent": agent.id, "float": holds, "low": agent.float_low, "ok": agent.float_ok},
    )
