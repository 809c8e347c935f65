"""Two people of ours who propose and approve, on Ana's street with an agent and Rui."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from commands.account.credit_from_bank import CreditFromBank
from commands.account.dormancy import SleepWallet, WakeWallet
from commands.account.reverse_cash_in import ReverseCashIn
from commands.agent.cash_in import CashIn
from commands.agent.principal import EnrolPrincipal
from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.identity.person import Role
from commands.treasury.own_money import PayInCapital
from commands.withdrawal.claim import ClaimStatus, OpenClaim
from ledger.books import COUNTRY
from ledger.errors import Refusal
from ledger.money import Money
from tests.commands.town import Customer, Outlet, deposit
from tests.commands.withdrawal.street import Street

AGENT_SECONDS, OPERATOR_SECONDS = 900, 86_400
CLAIM_SECONDS = 90 * 86_400


class Desk(Street):
    """An accountant and an operator; Rui, who has nothing; an agent with 40,000 escudos of float
    and the person behind its counter; 50,000 escudos of our own."""

    def __init__(self) -> None:
        super().__init__()
        self.principals: list[UUID] = []
        self.accountant = self.staff(Role.ACCOUNTANT)
        self.rui = self.customer("rui", 0)
        self.agent = self.outlet(40_000)
        self.clerk = self.staff_of(self.agent)
        self.decide(PayInCapital(amount=Money.of(50_000), reference="owners"))

    def staff_of(self, agent: Outlet) -> UUID:
        """The person behind an agent's counter."""
        return self.staff(Role.AGENT, agent.agent_id)

    def suggest(self, change: Change, maker: UUID | None = None) -> ProposalStatus:
        """The accountant proposes."""
        return self.do(
            Propose(
                proposal_id=uuid7(),
                maker_id=maker or self.accountant,
                change=change,
                ttl_seconds=3_600,
            )
        )

    def agree(self, proposal: ProposalStatus, checker: UUID | None = None) -> ProposalStatus:
        """The operator approves."""
        return self.do(
            Approve(
                proposal_id=proposal.proposal_id,
                checker_id=checker or self.operator,
                content_hash=proposal.content_hash,
            )
        )

    def decide(self, change: Change, maker: UUID | None = None) -> ProposalStatus:
        """Both, one after the other."""
        return self.agree(self.suggest(change, maker))

    def turned_down(self, change: Change, maker: UUID | None = None) -> Refusal:
        """The refusal of what cannot even be proposed."""
        return self.refused(
            Propose(
                proposal_id=uuid7(),
                maker_id=maker or self.accountant,
                change=change,
                ttl_seconds=3_600,
            )
        )

    def pay_out(self, escudos: int = 2_000, number: int = 1, who: Customer | None = None) -> UUID:
        """A withdrawal of Ana's, all notes out."""
        customer = who or self.ana
        self.request(escudos, who=customer)
        self.authorise(number, escudos=escudos, phone=customer.phone_index)
        self.complete(escudos, number)
        return self.id

    def settlement_date(self) -> date:
        """That of Ana's last withdrawal."""
        found = self.withdrawal(self.id).settlement_date
        assert found is not None, "it was authorised"
        return found

    def next_day(self) -> None:
        """The day after the settlement date of Ana's last withdrawal has come."""
        while self.now.astimezone(COUNTRY).date() <= self.settlement_date():
            self.now += timedelta(days=1)

    def cash_in(self, escudos: int, who: Customer | None = None) -> tuple[UUID, int]:
        """A cash-in at the agent: its id and the number of its entry."""
        made = self.do(
            CashIn(
                transaction_id=uuid7(),
                agent_id=self.agent.agent_id,
                user_id=(who or self.ana).user_id,
                amount=Money.of(escudos),
            )
        )
        number = next(e.entry_number for e in self.just if e.kind == "cash_in.made")
        assert number is not None, "a cash-in is an entry"
        return made.transaction_id, number

    def taking_back(self, made: tuple[UUID, int], by: UUID | None = None) -> ReverseCashIn:
        """The reversal of a cash-in, by the agent unless somebody else is named."""
        return ReverseCashIn(
            transaction_id=uuid7(),
            cash_in_id=made[0],
            entry_number=made[1],
            user_id=by or self.clerk,
            reason="typed the wrong number",
            agent_seconds=AGENT_SECONDS,
            operator_seconds=OPERATOR_SECONDS,
        )

    def credit(self, escudos: int) -> CreditFromBank:
        """Money comes in from the bank for Ana."""
        return deposit(escudos, phone_index=b"ana")

    def principal(self) -> UUID:
        """A new firm with outlets."""
        self.principals.append(uuid7())
        self.do(EnrolPrincipal(principal_id=self.principals[-1], name="Lojas"))
        return self.principals[-1]

    def fall_asleep(self) -> None:
        """The job has found that Ana has not come for a year."""
        year = 365 * 86_400
        wallet = self.ana.wallet_id
        slept = self.do(SleepWallet(transaction_id=uuid7(), wallet_id=wallet, after_seconds=year))
        assert slept.slept, "she has rested long enough"

    def wake(self) -> None:
        """Ana is back."""
        self.do(WakeWallet(transaction_id=uuid7(), user_id=self.ana.user_id))

    def claim(self, received: int = 0) -> ClaimStatus:
        """Ana says that her last withdrawal did not pay."""
        return self.do(
            OpenClaim(
                transaction_id=self.id,
                user_id=self.ana.user_id,
                received=Money.of(received),
                text_seal=b"sealed",
                window_seconds=CLAIM_SECONDS,
            )
        )
