"""Ana, who wants cash, and the agent at whose counter she stands."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

from commands.agent.confirm_cash_out import ConfirmCashOut
from commands.agent.lapse import LapseCashOut
from commands.agent.refuse import RefuseCashOut
from commands.agent.request_cash_out import RequestCashOut
from commands.agent.row import AgentRequest, RequestStatus
from commands.withdrawal.cancel import CancelWithdrawal
from ledger.money import Money
from tests.commands.town import Customer, Outlet, Town

TTL_SECONDS = 600
PICKUP, WRONG = b"271828".ljust(32), b"000000".ljust(32)


class Counter(Town):
    """A town with Ana in it, who has 10,000 escudos, and an agent with 20,000 of float."""

    def __init__(self) -> None:
        super().__init__()
        self.ana = self.customer("ana", 10_000)
        self.agent = self.outlet(20_000)
        self.id = UUID(int=0)  # of Ana's last request

    def request(self, escudos: int = 3_000) -> AgentRequest:
        """Ana asks for cash."""
        self.id = self.do(asks(self.ana, self.agent, escudos)).transaction_id
        return self.row

    @property
    def row(self) -> AgentRequest:
        """The last request as it stands."""
        found: AgentRequest = self.find(AgentRequest.by_id(self.id))
        return found

    def confirms(self, pickup: bytes = PICKUP, by: UUID | None = None) -> ConfirmCashOut:
        """The agent types what Ana says."""
        return ConfirmCashOut(
            transaction_id=self.id, agent_id=by or self.agent.agent_id, pickup_digest=pickup
        )

    def refuses(self, by: UUID | None = None) -> RefuseCashOut:
        """The agent does not pay."""
        return RefuseCashOut(
            transaction_id=self.id, agent_id=by or self.agent.agent_id, reason="no cash"
        )

    def cancels(self) -> CancelWithdrawal:
        """Ana has changed her mind."""
        return CancelWithdrawal(transaction_id=self.id, user_id=self.ana.user_id)

    def confirm(self) -> RequestStatus:
        """The agent pays."""
        return self.do(self.confirms())

    def lapse(self) -> bool:
        """The job looks at it."""
        return self.do(LapseCashOut(transaction_id=self.id)).lapsed


def asks(who: Customer, agent: Outlet, escudos: int = 3_000) -> RequestCashOut:
    """A request for cash at an agent."""
    return RequestCashOut(
        transaction_id=uuid7(),
        user_id=who.user_id,
        session_id=None,
        agent_id=agent.agent_id,
        amount=Money.of(escudos),
        pickup_digest=PICKUP,
        pickup_seal=b"sealed " + PICKUP,
        ttl_seconds=TTL_SECONDS,
    )
