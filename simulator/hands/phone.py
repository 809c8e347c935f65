"""What the customer's app does over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.api import Api, NoReply, Refused
from simulator.authenticator import Authenticator
from simulator.contract import (
    Balance,
    CodeIssued,
    History,
    PickupCode,
    RequestMade,
    Told,
    Transferred,
    Wallet,
    WithdrawalApproved,
    WithdrawalStatus,
)
from simulator.hands.listening import Ear
from simulator.hands.signing_in import sign_in
from simulator.machines import phone
from simulator.machines.phone import Event, LiveCode, Moving, Order, Reading
from simulator.running import Keep

HISTORY_ITEMS = 20

Tell = Callable[[Event], None]


class PhoneHands:
    """Carries out the orders of one app. `tell` is for what happens by itself; with `keep` it
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
                case phone.SignIn():
                    return await self._sign_in(order)
                case phone.Listen():
                    self._listen()
                    return None
                case (
                    phone.ReadBalance()
                    | phone.ReadWallet()
                    | phone.ReadHistory()
                    | phone.ReadPickupCode()
                    | phone.ReadStatus()
                ):
                    async with self._reading:
                        return await self._read(order)
                case _:
                    return await self._move(order)
        except Refused as refused:
            if isinstance(order, Reading) and refused.may_pass:
                return phone.ReplyLost(order)
            return phone.WasRefused(refused.code, refused.details)
        except NoReply:
            return phone.ReplyLost(order)

    def heard(self, told: Told) -> None:
        """An event was pushed."""
        self._tell(phone.Pushed(told))

    def line(self, *, up: bool) -> None:
        """The line of events broke, or is back."""
        self._tell(phone.LineBack() if up else phone.LineLost())

    def session_over(self, refused: Refused) -> None:
        """Nobody is signed in any more."""
        self._tell(phone.WasRefused(refused.code, refused.details))

    def _listen(self) -> None:
        if self._keep is not None:
            self._keep(self._ear.listen())

    async def _sign_in(self, order: phone.SignIn) -> Event:
        def filled(totp: str) -> None:
            self._tell(phone.TotpFilled(totp))

        access = await sign_in(self._api, self._authenticator, order.number, order.pin, filled)
        return phone.SignedIn(access.user_id)

    async def _move(self, order: Moving) -> Event:
        match order:
            case phone.RequestCode():
                return await self._request_code(order)
            case phone.RequestAtAgent():
                return await self._request_at_agent(order)
            case phone.Transfer():
                return await self._transfer(order)
            case phone.Cancel():
                path = f"withdrawal/{order.transaction_id}/cancel"
                await self._api.post(path, None, RequestMade, key=order.key)
                return phone.Cancelled()
            case phone.Approve():
                path = f"withdrawal/{order.transaction_id}/approve"
                await self._api.post(path, None, WithdrawalApproved)
                return phone.Approved()

    async def _read(self, order: Reading) -> Event:
        match order:
            case phone.ReadBalance():
                return phone.BalanceCame((await self._api.get("balance", Balance)).balance)
            case phone.ReadWallet():
                wallet = await self._api.get("wallet", Wallet)
                return phone.WalletCame(wallet.balance, wallet.held)
            case phone.ReadHistory():
                page = await self._api.get("transactions", History, limit=HISTORY_ITEMS)
                return phone.HistoryCame(page.items)
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

    async def _transfer(self, order: phone.Transfer) -> Event:
        body = {"amount": order.amount, "toPhone": order.to_phone}
        sent = (await self._api.post("transfer", body, Transferred, key=order.key)).value
        return phone.Sent(sent.transaction_id, order.amount, sent.status)

    async def _read_pickup_code(self, order: phone.ReadPickupCode) -> Event:
        path = f"withdrawal/{order.transaction_id}/pickup-code"
        read = await self._api.get(path, PickupCode)
        live = LiveCode(
            code=read.pickup_code,
            amount=order.amount,
            transaction_id=read.transaction_id,
            expiry_time=read.expiry_time,
            at_counter=True,
        )
        return phone.CodeCame(live)
