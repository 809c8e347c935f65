"""What the agent's till does over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator import contract
from simulator.api import Api, NoReply, Refused
from simulator.authenticator import Authenticator
from simulator.contract import Told
from simulator.hands.listening import Ear
from simulator.hands.signing_in import sign_in
from simulator.machines import agent
from simulator.machines.agent import Customer, Event, Order, Reading
from simulator.running import Keep

Tell = Callable[[Event], None]


class TillHands:
    """Carries out the orders of one till. `tell` is for what happens by itself; with `keep` it
    listens to events."""

    def __init__(
        self, api: Api, authenticator: Authenticator, tell: Tell, keep: Keep | None = None
    ) -> None:
        self._api = api
        self._authenticator = authenticator
        self._tell = tell
        self._keep = keep
        self._ear = Ear(api, self)
        self._reading = asyncio.Lock()  # what was asked for later is also known later

    async def carry_out(self, order: Order) -> Event | None:
        """Do it, and tell what came of it."""
        try:
            match order:
                case agent.SignIn():
                    await sign_in(self._api, self._authenticator, order.number, order.pin)
                    return agent.SignedIn()
                case agent.Listen():
                    self._listen()
                    return None
                case agent.ReadQueue() | agent.ReadFloat() | agent.ReadName():
                    async with self._reading:
                        return await self._read(order)
                case _:
                    return await self._serve(order)
        except Refused as refused:
            if isinstance(order, Reading) and refused.may_pass:
                return agent.ReplyLost(order)
            return agent.WasRefused(refused.code, refused.details)
        except NoReply:
            return agent.ReplyLost(order)

    def heard(self, told: Told) -> None:
        """An event was pushed."""
        self._tell(agent.Pushed(told))

    def line(self, *, up: bool) -> None:
        """The line of events broke, or is back."""
        self._tell(agent.LineBack() if up else agent.LineLost())

    def session_over(self, refused: Refused) -> None:
        """Nobody is signed in any more."""
        self._tell(agent.WasRefused(refused.code, refused.details))

    def _listen(self) -> None:
        if self._keep is not None:
            self._keep(self._ear.listen())

    async def _read(self, order: Reading) -> Event:
        match order:
            case agent.ReadQueue():
                queue = await self._api.get("agent/requests", contract.AgentQueue)
                return agent.QueueCame(queue.items)
            case agent.ReadFloat():
                day = order.day.isoformat()
                report = await self._api.get("agent/report", contract.AgentReport, day=day)
                return agent.FloatCame(report.float_closing)
            case agent.ReadName():
                path = "deposit/agent/name-check"
                found = await self._api.get(path, contract.NameChecked, phone=order.phone)
                return agent.NameCame(Customer(found.user_id, found.name, order.phone))

    async def _serve(self, order: agent.Serving) -> Event:
        match order:
            case agent.CashIn():
                return await self._cash_in(order)
            case agent.Confirm():
                path = f"agent/requests/{order.request.transaction_id}/confirm"
                body = {"pickupCode": order.code}
                await self._api.post(path, body, contract.RequestMade, key=order.key)
                return agent.Confirmed(order.request)
            case agent.Refuse():
                path = f"agent/requests/{order.transaction_id}/refuse"
                body = {"reason": order.reason}
                await self._api.post(path, body, contract.RequestMade, key=order.key)
                return agent.RequestRefused(order.transaction_id)

    async def _cash_in(self, order: agent.CashIn) -> Event:
        body = {
            "amount": order.amount,
            "userId": str(order.user_id),
            "agentId": str(order.agent_id),
        }
        reply = await self._api.post("deposit/agent", body, contract.CashedIn, key=order.key)
        done = reply.value
        return agent.CashedIn(done.transaction_id, done.amount, done.commission)
