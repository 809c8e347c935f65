"""A small model of the product, written apart from it: what a history should come to.

It knows amounts and words only. All figures are in centavos.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SMALLEST_STEP = 100_00
FEES = {
    "atm": ((5_000_00, 25_00), (10_000_00, 50_00), (20_000_00, 80_00)),
    "agent": ((5_000_00, 60_00), (20_000_00, 120_00), (50_000_00, 200_00)),
    "transfer": ((5_000_00, 10_00), (20_000_00, 20_00), (100_000_00, 40_00)),
    "cash_in": ((5_000_00, 25_00), (20_000_00, 50_00), (100_000_00, 100_00)),
}


def fee(kind: str, amount: int) -> int | None:
    """What it costs (or, for cash-in, pays); None when it is more than allowed."""
    return next((fee for top, fee in FEES[kind] if amount <= top), None)


@dataclass
class Wallet:
    """A customer's money."""

    money: int = 0
    held: int = 0
    live: str | None = None  # the withdrawal whose code lives


@dataclass
class Out:
    """Money on its way out, at an ATM or at an agent."""

    wallet: int
    amount: int
    fee: int
    state: str
    channel: str
    tries: int = 0
    captured: int = 0
    captured_fee: int = 0
    completed_with: int | None = None
    disputed: int = 0


@dataclass
class Model:
    """Everything that a history can change. Methods return None, or the code of the refusal."""

    wallets: list[Wallet]
    float_: int = 0
    outs: dict[str, Out] = field(default_factory=dict)

    def transfer(self, sender: int, receiver: int, amount: int) -> str | None:
        cost = fee("transfer", amount)
        if sender == receiver:
            return "INVALID_REQUEST"
        if cost is None:
            return "LIMIT_EXCEEDED"
        if self.wallets[sender].money < amount + cost:
            return "INSUFFICIENT_FUNDS"
        self.wallets[sender].money -= amount + cost
        self.wallets[receiver].money += amount
        return None

    def cash_in(self, wallet: int, amount: int) -> str | None:
        commission = fee("cash_in", amount)
        if commission is None:
            return "LIMIT_EXCEEDED"
        if self.float_ < amount:
            return "INSUFFICIENT_FUNDS"
        self.float_ += commission - amount
        self.wallets[wallet].money += amount
        return None

    def request_code(self, name: str, wallet: int, amount: int) -> str | None:
        cost = fee("atm", amount)
        if amount % SMALLEST_STEP or amount in (100_00, 300_00):
            return "INVALID_REQUEST"
        if cost is None:
            return "LIMIT_EXCEEDED"
        if self.wallets[wallet].live is not None:
            return "WITHDRAWAL_PENDING"
        return self._hold(name, wallet, amount, cost, "active")

    def request_cash_out(self, name: str, wallet: int, amount: int) -> str | None:
        cost = fee("agent", amount)
        if cost is None:
            return "LIMIT_EXCEEDED"
        return self._hold(name, wallet, amount, cost, "pending")

    def _hold(self, name: str, wallet: int, amount: int, cost: int, state: str) -> str | None:
        owner = self.wallets[wallet]
        if owner.money < amount + cost:
            return "INSUFFICIENT_FUNDS"
        owner.money -= amount + cost
        owner.held += amount + cost
        if state == "active":
            owner.live = name
        channel = "atm" if state == "active" else "agent"
        self.outs[name] = Out(wallet, amount, cost, state, channel)
        return None

    def authorise(self, wallet: int, *, right_code: bool, amount: int) -> str:
        """The response code for a try at an ATM."""
        name = self.wallets[wallet].live
        if name is None:
            mine = [out.state for out in self.of(wallet, "atm")]
            return "75" if mine[-1:] == ["locked"] else "55"
        out = self.outs[name]
        if right_code and amount == out.amount:
            out.state = "authorised"
            self.wallets[wallet].live = None
            return "00"
        out.tries += 1
        if out.tries == 3:
            self._end(name, "locked")
            return "75"
        return "13" if right_code else "55"

    def complete(self, name: str, paid: int) -> None:
        """The machine says what it paid."""
        out = self.outs[name]
        if out.state == "authorised":
            if paid == 0:
                self._end(name, "reversed")
                return
            captured = min(paid, out.amount)
            cost = min(fee("atm", captured) or 0, out.fee)
            owner = self.wallets[out.wallet]
            owner.held -= out.amount + out.fee
            owner.money += out.amount + out.fee - captured - cost
            out.state, out.captured, out.captured_fee = "completed", captured, cost
            out.disputed = paid - captured
            out.completed_with = paid
        elif out.state == "reversed" and paid not in (0, out.completed_with) and not out.disputed:
            out.disputed = paid

    def reverse(self, name: str, paid: int) -> None:
        """The machine says that it paid no more than this."""
        out = self.outs[name]
        if out.state == "authorised":
            self.complete(name, paid)
            out.completed_with = None
        elif out.state == "completed" and paid < out.captured:
            cost = min(fee("atm", paid) or 0, out.captured_fee) if paid else 0
            back = out.captured + out.captured_fee - paid - cost
            self.wallets[out.wallet].money += back
            out.captured, out.captured_fee = paid, cost
            out.state = "completed" if paid else "reversed"

    def confirm(self, name: str, *, right_code: bool) -> str | None:
        out = self.outs[name]
        if out.state != "pending":
            return "CONFLICT"
        if not right_code:
            out.tries += 1
            if out.tries == 3:
                self._end(name, "refused")
            return "INVALID_CODE"
        out.state = "confirmed"
        self.wallets[out.wallet].held -= out.amount + out.fee
        self.float_ += out.amount + out.fee // 2  # half of each fee is the agent's commission
        return None

    def cancel(self, name: str, *, to: str = "cancelled") -> str | None:
        out = self.outs[name]
        if out.state not in ("active", "pending"):
            return "CONFLICT"
        self._end(name, to)
        return None

    def of(self, wallet: int, channel: str) -> list[Out]:
        """A wallet's money on its way out, oldest first."""
        outs = self.outs.values()
        return [out for out in outs if (out.wallet, out.channel) == (wallet, channel)]

    def _end(self, name: str, state: str) -> None:
        out = self.outs[name]
        owner = self.wallets[out.wallet]
        owner.held -= out.amount + out.fee
        owner.money += out.amount + out.fee
        owner.live = None if owner.live == name else owner.live
        out.state = state
