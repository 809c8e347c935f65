"""Ana, who withdraws cash, and the switch that asks for her."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from itertools import count
from uuid import UUID

from uuid_utils.compat import uuid7

from commands.identity.person import Role
from commands.switch.trace import SwitchReply, TraceId
from commands.withdrawal.authorise import AuthoriseWithdrawal
from commands.withdrawal.cancel import CancelWithdrawal
from commands.withdrawal.complete import CompleteWithdrawal
from commands.withdrawal.doubt import DoubtWithdrawal
from commands.withdrawal.expire import ExpireWithdrawal
from commands.withdrawal.lifecycle import State
from commands.withdrawal.release import ApproveRelease, ProposeRelease
from commands.withdrawal.request_code import CodeCandidate, RequestCode
from commands.withdrawal.reverse import ReverseWithdrawal
from commands.withdrawal.row import Withdrawal
from ledger.money import Money
from tests.commands.town import Customer, Town, trace

TTL_SECONDS = 900
DOUBT_SECONDS = 600
STEP_UP_SECONDS = 900
CUTOFF = time(15)
CODE, OTHER_CODE = b"042137".ljust(32), b"999999".ljust(32)
_nonces = count()


class Street(Town):
    """A town with Ana in it, who has 10,000 escudos and asks for 2,000 (fee 25)."""

    def __init__(self) -> None:
        super().__init__()
        self.ana = self.customer("ana", 10_000)
        self.operator, self.other_operator = self.staff(Role.OPERATOR), self.staff(Role.OPERATOR)
        self.id = UUID(int=0)  # of Ana's last withdrawal

    def request(
        self, escudos: int = 2_000, code: bytes = CODE, who: Customer | None = None
    ) -> Withdrawal:
        """Ask for a code."""
        self.id = self.do(asks(who or self.ana, escudos, code)).transaction_id
        return self.withdrawal(self.id)

    def authorise(
        self,
        number: int = 1,
        *,
        code: bytes = CODE,
        escudos: int = 2_000,
        phone: bytes = b"ana",
        of: TraceId | None = None,
        settlement_date: date | None = None,
    ) -> SwitchReply:
        """The switch asks whether it may pay."""
        return self.do(
            AuthoriseWithdrawal(
                trace=of or trace(number),
                nonce_hash=nonce(),
                phone_index=phone,
                code_digest=code,
                amount=Money.of(escudos),
                settlement_date=settlement_date,
                doubt_seconds=DOUBT_SECONDS,
                cutoff=CUTOFF,
            )
        )

    def complete(
        self, escudos: int = 2_000, number: int = 1, settlement_date: date | None = None
    ) -> SwitchReply:
        """The machine has paid."""
        return self.do(
            CompleteWithdrawal(
                trace=trace(number),
                nonce_hash=nonce(),
                amount=Money.of(escudos),
                settlement_date=settlement_date,
            )
        )

    def reverse(
        self, escudos: int = 0, number: int = 1, settlement_date: date | None = None
    ) -> SwitchReply:
        """The machine has not paid, or this part only."""
        return self.do(
            ReverseWithdrawal(
                trace=trace(number),
                nonce_hash=nonce(),
                amount=Money.of(escudos),
                reason="450",
                settlement_date=settlement_date,
            )
        )

    def cancel(self) -> None:
        """Ana cancels."""
        self.do(CancelWithdrawal(transaction_id=self.id, user_id=self.ana.user_id))

    def expire(self) -> bool:
        """The job looks at it."""
        return self.do(ExpireWithdrawal(transaction_id=self.id)).expired

    def doubt(self) -> bool:
        """The job looks at it."""
        return self.do(DoubtWithdrawal(transaction_id=self.id)).in_doubt

    def propose(self) -> None:
        """An operator has found that nothing was paid."""
        self.do(
            ProposeRelease(
                transaction_id=self.id, maker_id=self.operator, evidence="absent from two files"
            )
        )

    def approve(self) -> None:
        """Another operator agrees."""
        self.do(ApproveRelease(transaction_id=self.id, checker_id=self.other_operator))

    def release(self) -> None:
        """Both."""
        self.propose()
        self.approve()

    def bring_to(self, state: State) -> None:
        """Lead a new withdrawal of Ana's, by trace 1, to a state."""
        self.request()
        WAYS[state](self)
        assert self.withdrawal(self.id).state is state


def _expired(street: Street) -> None:
    street.later(TTL_SECONDS)
    street.expire()


def _locked(street: Street) -> None:
    for number in (101, 102, 103):
        street.authorise(number, code=OTHER_CODE)
    street.later(STEP_UP_SECONDS)  # three wrong ones in a row: the terminal was in step-up


def _authorised(street: Street) -> None:
    street.authorise()


def _in_doubt(street: Street) -> None:
    street.authorise()
    street.later(DOUBT_SECONDS)
    street.doubt()


def _completed(street: Street) -> None:
    street.authorise()
    street.complete()


def _reversed(street: Street) -> None:
    street.authorise()
    street.reverse()


def _released(street: Street) -> None:
    _in_doubt(street)
    street.release()


WAYS: dict[State, Callable[[Street], None]] = {
    State.ACTIVE: lambda _: None,
    State.EXPIRED: _expired,
    State.CANCELLED: Street.cancel,
    State.LOCKED: _locked,
    State.AUTHORISED: _authorised,
    State.IN_DOUBT: _in_doubt,
    State.COMPLETED: _completed,
    State.REVERSED: _reversed,
    State.RELEASED: _released,
}


def asks(who: Customer, escudos: int = 2_000, *codes: bytes) -> RequestCode:
    """A request for a code, with these candidates."""
    return RequestCode(
        transaction_id=uuid7(),
        user_id=who.user_id,
        session_id=None,
        amount=Money.of(escudos),
        candidates=tuple(
            CodeCandidate(digest=code, seal=b"sealed " + code) for code in codes or (CODE,)
        ),
        ttl_seconds=TTL_SECONDS,
    )


def nonce() -> bytes:
    """A nonce that nobody has used."""
    return next(_nonces).to_bytes(16, "big")
