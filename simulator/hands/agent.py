"""What the agent's till does over HTTP."""

from __future__ import annotations

from simulator import contract
from simulator.api import Api, NoReply, Refused
from simulator.authenticator import Authenticator
from simulator.hands.signing_in import sign_in
from simulator.machines import agent
from simulator.machines.agent import Event, Order


class TillHands:
    """Carries out the orders of one till."""

    def __init__(self, api: Api, authenticator: Authenticator) -> None:
        self._api = api
        self._authenticator = authenticator

    async def carry_out(self, order: Order) -> Event:
        """Do it, and tell what came of it."""
        try:
            return await self._done(order)
        except Refused as refused:
            return agent.WasRefused(refused.code, refused.details)
        except NoReply:
            return agent.ReplyLost(order)

    async def _done(self, order: Order) -> Event:
        match order:
            case agent.SignIn():
                await sign_in(self._api, self._authenticator, order.number, order.pin)
                return agent.SignedIn()
            case agent.ReadQueue():
                queue = await self._api.get("agent/requests", contract.AgentQueue)
                return agent.QueueCame(queue.items)
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
