"""A person is erased: what identifies them becomes unreadable for good, and the books stay whole.

Their own key is destroyed, and with it their name, number and whatever they wrote, wherever sealed
copies lie; the hashes by which they could be found go too. The log never knew more than their id.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from commands.approval.change import Change
from commands.command import Rounds
from commands.identity.device_key import DeviceKeys, keys_of
from commands.identity.devices import Devices
from commands.identity.factors import Factors, factors_of
from commands.identity.person import Person, Role, Standing
from commands.withdrawal.cardless import Cardless
from commands.withdrawal.claim import Claim, ClaimState
from ledger.accounts import Account, Status
from ledger.books import Books
from ledger.errors import Conflict, Forbidden, NotFound


class ErasePerson(Change, frozen=True, kw_only=True):
    """Erase a customer whose wallet is closed. The newest claim must have ended: who decides it has
    to be able to read it."""

    MAKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)
    CHECKERS: ClassVar[tuple[Role, ...]] = (Role.OPERATOR,)

    user_id: UUID

    def touches(self, books: Books) -> Rounds:
        yield (
            Person.by_id(self.user_id),
            Devices.of(self.user_id),
            DeviceKeys.of(self.user_id),
            Factors.of(self.user_id),
        )
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.wallet_id is None:
            return
        yield (Account.by_id(person.wallet_id), Cardless.of(person.wallet_id))
        cardless = books.find(Cardless.of(person.wallet_id))
        if cardless is not None and cardless.withdrawal_id is not None:
            yield (Claim.of(cardless.withdrawal_id),)

    def require_possible(self, books: Books, maker: Person) -> None:
        person = books.find(Person.by_id(self.user_id))
        if person is None or person.status == Standing.ERASED:
            raise NotFound("There is no such customer.")
        if person.role is not Role.CUSTOMER:
            raise Forbidden("Only customers are erased: who works here answers for what they did.")
        wallet = books.account(person.wallet)
        if wallet.status is not Status.CLOSED:
            raise Conflict("Close the wallet first.", status=wallet.status)
        cardless = books.find(Cardless.of(wallet.id))
        if cardless is not None and cardless.withdrawal_id is not None:
            claim = books.find(Claim.of(cardless.withdrawal_id))
            if claim is not None and claim.state is ClaimState.OPEN:
                raise Conflict("A claim is still open.", claim=str(claim.withdrawal_id))

    def apply(self, books: Books, proposal_id: UUID, checker: Person) -> dict[str, Any]:
        person = books.get(Person.by_id(self.user_id))
        erased = msgspec.structs.replace(
            person,
            status=Standing.ERASED,
            phone_index=None,
            phone_index_next=None,
            profile_seal=None,
            pin_hash="",
            totp_seal=b"",
        )
        books.put(erased)
        devices = books.find(Devices.of(person.id))
        if devices is not None:
            books.put(msgspec.structs.replace(devices, known=()))
        keys = keys_of(books, person.id)
        if keys.known:
            books.put(msgspec.structs.replace(keys, known=()))
        factors = factors_of(books, person.id)
        if factors.recovery:
            books.put(msgspec.structs.replace(factors, recovery=()))
        books.record("person.erased", person.id, {"erased": person.id, "checker": checker.id})
        return {"erased": person.id}
