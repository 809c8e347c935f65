"""What the customer's app does over HTTP."""

from __future__ import annotations

from simulator.api import Api, NoReply, Refused
from simulator.authenticator import Authenticator
from simulator.contract import (
    Balance,
    CodeIssued,
    PickupCode,
    RequestMade,
    Wallet,
    WithdrawalStatus,
)
from simulator.hands.signing_in import sign_in
from simulator.machines import phone
from simulator.machines.phone import Event, LiveCode, Order, Reading


class PhoneHands:
    """Carries out the orders of one app."""

    def __init__(self, api: Api, authenticator: Authenticator) -> None:
        self._api = api
        self._authenticator = authenticator

    async def carry_out(self, order: Order) -> Event:
        """Do it, and tell what came of it."""
        try:
            return await self._done(order)
        except Refused as refused:
            return phone.WasRefused(refused.code, refused.details)
        except NoReply:
            return phone.ReplyLost(order)

    async def _done(self, order: Order) -> Event:
        match order:
            case phone.SignIn():
                access = await sign_in(self._api, self._authenticator, order.number, order.pin)
                return phone.SignedIn(access.user_id)
            case phone.RequestCode():
                return await self._request_code(order)
            case phone.RequestAtAgent():
                return await self._request_at_agent(order)
            case phone.Cancel():
                path = f"withdrawal/{order.transaction_id}/cancel"
                await self._api.post(path, None, RequestMade, key=order.key)
                return phone.Cancelled()
            case _:
                return await self._read(order)

    async def _read(self, order: Reading) -> Event:
        match order:
            case phone.ReadBalance():
                return phone.BalanceCame((await self._api.get("balance", Balance)).balance)
            case phone.ReadWallet():
                wallet = await self._api.get("wallet", Wallet)
                return phone.WalletCame(wallet.balance, wallet.held)
            case phone.ReadPickupCode():
                return await self._read_pickup_code(order)
            case phone.ReadStatus():
                read = await self._api.get(f"withdrawal/{order.transaction_id}", WithdrawalStatus)
                return phone.StatusCame(read.transaction_id, read.status)

    async def _request_code(self, order: phone.RequestCode) -> Event:
        body = {"amount": order.amount, "userId": str(order.user_id)}
        reply = await self._api.post("withdrawal/atm", body, CodeIssued, key=order.key)
        live = LiveCode(
            code=reply.value.code,
            amount=order.amount,
            transaction_id=reply.value.transaction_id,
            expiry_time=reply.value.expiry_time,
        )
        return phone.CodeCame(live, reply.replayed)

    async def _request_at_agent(self, order: phone.RequestAtAgent) -> Event:
        body = {
            "amount": order.amount,
            "userId": str(order.user_id),
            "agentId": str(order.agent_id),
        }
        reply = await self._api.post("withdrawal/agent", body, RequestMade, key=order.key)
        return phone.RequestMade(reply.value.transaction_id)

    async def _read_pickup_code(self, order: phone.ReadPickupCode) -> Event:
        path = f"withdrawal/{order.transaction_id}/pickup-code"
        read = await self._api.get(path, PickupCode)
        live = LiveCode(
            code=read.pickup_code,
            amount=order.amount,
            transaction_id=read.transaction_id,
            expiry_time=read.expiry_time,
        )
        return phone.CodeCame(live)
