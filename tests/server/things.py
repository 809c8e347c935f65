"""One of each thing that a request can name, made by those whose it is."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import ECKey
from uuid_utils.compat import uuid7

from commands.agent.offer import OfferCashOut
from commands.approval.approve import Approve
from commands.approval.change import Change
from commands.approval.changes import read_change
from commands.approval.proposal import ProposalStatus
from commands.approval.propose import Propose
from commands.books.periods import Month
from commands.identity.confirm_factor import OpenSession
from commands.identity.confirm_step_up import StepUp
from commands.identity.device_key import EnrolDeviceKey
from commands.identity.passkey import AddPasskey, passkey_id_of
from commands.identity.person import Person, Role
from commands.identity.reset import ResetFactor
from commands.identity.shown import Shown
from commands.identity.staffing import ChangeRole
from commands.identity.tries import TryLimits
from commands.spine import Spine
from commands.switch.dispute import Resolution
from commands.switch.enrol import EnrolSwitchKey
from commands.switch.resolve_dispute import ProposeResolution
from ledger.books import COUNTRY, Books
from ledger.money import Money
from server.demo import DemoSwitch
from server.jose import device_key
from server.secrets import private_key_pem
from server.things import Thing
from server.vault import token_hash
from tests.bank_statements import sheet
from tests.server.conftest import Running
from tests.server.people import Somebody, Switch
from tests.server.test_settlement import Day

NEAR = {"latitudeE6": 14_917_100, "longitudeE6": -23_509_100}
WATCHED = read_change(
    '{"kind": "set_rules", "rules": [{"name": "blacklisted", "action": "review", "mode": "live",'
    ' "thresholds": {}}]}'
)
RENT = read_change(
    '{"kind": "start_recurring_entry", "name": "rent", "document": "lease", "reason": "monthly",'
    ' "lines": [{"code": "5090", "debit": 5}, {"code": "1020", "credit": 5}], "schedule":'
    ' {"everyMonths": 1, "dayOfMonth": 1, "firstOn": "2030-01-01"}}'
)
DIGEST = b"pick-up".ljust(32)


def some(prefix: str) -> str:
    """A name that nothing else has."""
    return f"{prefix}-{secrets.token_hex(6)}"


def number() -> str:
    """A phone number that nobody has."""
    return f"+2389{secrets.randbelow(10**6):06}"


class Town:
    """Everybody who is signed in, and what they make."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.people: dict[str, Somebody] = {}
        self.switch = server.switch
        self.other_switch: Switch
        self._kept: dict[Thing, str] = {}

    async def wakes(self) -> None:
        """Sign in whoever plays a part; the second of a role is "other"."""
        for role, how_many in (
            ("customer", 3), ("agent", 2), ("accountant", 1), ("operator", 2), ("auditor", 1),
            ("admin", 1), ("agent_manager", 1),
        ):  # fmt: skip
            for which in range(how_many):
                name = role if not which else f"{role} {which}"
                self.people[name] = await self.server.somebody(role, which).sign_in()
        self.other_switch = await self._another_acquirer()

    async def _another_acquirer(self) -> Switch:
        key = Ed25519PrivateKey.generate()
        async with self.server.installation.spine() as spine:
            await spine.submit(
                EnrolSwitchKey(
                    key_id="key-2",
                    acquirer_id="BANK2",
                    public_key=key.public_key().public_bytes_raw(),
                ),
                actor="system:test",
                request_id="enrol",
            )
        named = DemoSwitch(acquirer_id="BANK2", key_id="key-2", private_key=private_key_pem(key))
        return Switch(self.server.client, named, "B2-1")

    async def confirmed(self, name: str) -> Somebody:
        """Somebody whose session was confirmed just now, whatever codes are used up."""
        who = self.people[name]
        opened = "SELECT id FROM ledger.session WHERE token_hash = %s"
        ((session_id,),) = self.server.ask(opened, token_hash(who.token))
        confirming = StepUp(user_id=who.who.user_id, session_id=session_id, shown=Trusted())
        async with self.server.installation.spine() as spine:
            await spine.submit(confirming, actor="system:test", request_id="confirmed")
        return who

    async def make(self, thing: Thing, owner: Somebody) -> str:
        """The id of one that is this person's, or that this person handles."""
        return await MAKERS[thing](self, owner)

    async def once(self, thing: Thing, make: Callable[[], Awaitable[str]]) -> str:
        """One for all who handle things of its kind."""
        if thing not in self._kept:
            self._kept[thing] = await make()
        return self._kept[thing]

    async def request(self, customer: Somebody, agent: Somebody) -> str:
        """Cash at a counter."""
        body = {"amount": 500, "userId": customer.id, "agentId": str(agent.who.agent_id)}
        return await created(customer, "withdrawal/agent", body, "transactionId")

    async def code(self, customer: Somebody) -> str:
        """A code for a machine: the one that lives."""
        answer = await customer.ask_for_code(1000)
        if answer.status_code == 409:
            return str(answer.json()["error"]["details"]["transactionId"])
        return str(answer.json()["transactionId"])

    async def paid(self, customer: Somebody) -> str:
        """A withdrawal whose notes are out."""
        await customer.post(f"withdrawal/{await self.code(customer)}/cancel")
        issued = (await customer.ask_for_code(1000)).json()
        trace = self.switch.trace()
        asked = {"phone": customer.who.phone, "code": issued["code"], "amount": 1000}
        await self.switch.send("vinti4/authorisations", trace | asked)
        await self.switch.send("vinti4/completions", trace | {"amount": 1000})
        return str(issued["transactionId"])

    async def claim(self, customer: Somebody) -> str:
        """The same, and its owner says that nothing came."""
        id_ = await self.paid(customer)
        return await created(customer, f"withdrawal/{id_}/claim", {"text": "-"}, "transactionId")


async def created(who: Somebody, path: str, body: Any, member: str) -> str:
    """What an order has made."""
    answer = await who.post(path, body)
    assert answer.is_success, answer.text
    return str(answer.json()[member])


async def _session(town: Town, owner: Somebody) -> str:
    items = (await owner.get("auth/sessions")).json()["items"]
    others = [each["sessionId"] for each in items if not each["current"]]
    return str(others[-1] if others else items[0]["sessionId"])  # the newest is for leaving


class Trusted(Shown, frozen=True):
    """A second factor that nobody has to show: authenticators have three codes at any time."""

    def use(self, books: Books, person: Person, limits: TryLimits) -> Person:
        return person


async def confirmed(spine: Spine, who: Somebody, device: str = "") -> UUID:
    """A session of somebody that was confirmed just now."""
    user_id, session_id = who.who.user_id, uuid7()
    opening = OpenSession(
        user_id=user_id,
        session_id=session_id,
        token_hash=secrets.token_bytes(32),
        shown=Trusted(),
        epoch=0,
        idle_seconds=600,
        absolute_seconds=600,
        device=device,
    )
    confirming = StepUp(user_id=user_id, session_id=session_id, shown=Trusted())
    await spine.submit(opening, actor="system:test", request_id="opened")
    await spine.submit(confirming, actor="system:test", request_id="confirmed")
    return session_id


async def _device(town: Town, owner: Somebody) -> str:
    name = secrets.token_hex(16)
    async with town.server.installation.spine() as spine:
        await confirmed(spine, owner, name)
    return name


async def _device_key(town: Town, owner: Somebody) -> str:
    async with town.server.installation.spine() as spine:
        kid, jwk = device_key(ECKey.generate_key("P-256").as_dict(private=False))
        command = EnrolDeviceKey(
            user_id=owner.who.user_id,
            session_id=await confirmed(spine, owner),
            kid=kid,
            jwk=jwk,
        )
        await spine.submit(command, actor="system:test", request_id="device key")
    return kid


async def _passkey(town: Town, owner: Somebody) -> str:
    credential_id = secrets.token_bytes(16)
    async with town.server.installation.spine() as spine:
        await spine.submit(
            AddPasskey(
                user_id=owner.who.user_id,
                session_id=await confirmed(spine, owner),
                credential_id=credential_id,
                public_key=b"key",
                sign_count=0,
                name="laptop",
                challenge_hash=secrets.token_bytes(32),
            ),
            actor="system:test",
            request_id="passkey",
        )
    return str(passkey_id_of(credential_id))


async def _colleague(town: Town, owner: Somebody) -> str:
    return town.people["auditor"].id


async def _reset(town: Town, owner: Somebody) -> str:
    """Of a customer, agreed by two operators."""
    customer, maker, checker = (
        town.people[who] for who in ("customer 2", "operator", "operator 1")
    )
    change = ResetFactor(user_id=customer.who.user_id, factor="pin")

    async def agreed() -> str:
        async with town.server.installation.spine() as spine:
            proposed = await proposed_by(spine, maker, change)
            await spine.submit(
                Approve(
                    proposal_id=proposed.proposal_id,
                    checker_id=checker.who.user_id,
                    content_hash=proposed.content_hash,
                    session_id=await confirmed(spine, checker),
                ),
                actor="system:test",
                request_id="reset",
            )
        return customer.id

    return await town.once(Thing.RESET, agreed)


async def about_people(town: Town) -> str:
    """A proposal that admins may see: by another of them."""
    other = town.server.somebody("admin", 1)
    change = ChangeRole(user_id=town.people["auditor"].who.user_id, role="accountant")
    async with town.server.installation.spine() as spine:
        return str((await proposed_by(spine, other, change)).proposal_id)


async def proposed_by(spine: Spine, maker: Somebody, change: Change) -> ProposalStatus:
    """A proposal that needs a step-up."""
    outcome = await spine.submit(
        Propose(
            proposal_id=uuid7(),
            maker_id=maker.who.user_id,
            change=change,
            ttl_seconds=600,
            session_id=await confirmed(spine, maker),
        ),
        actor="system:test",
        request_id="proposed",
    )
    return outcome.fresh


async def _request(town: Town, owner: Somebody) -> str:
    return await town.request(owner, town.people["agent"])


async def _code(town: Town, owner: Somebody) -> str:
    return await town.code(owner)


async def _paid(town: Town, owner: Somebody) -> str:
    return await town.paid(owner)


async def _claim(town: Town, owner: Somebody) -> str:
    return await town.claim(owner)


async def _movement(town: Town, owner: Somebody) -> str:
    order = {"amount": 10, "toPhone": town.people["customer 2"].who.phone}
    return await created(owner, "transfer", order, "transactionId")


async def _at_counter(town: Town, owner: Somebody) -> str:
    return await town.request(town.people["customer 2"], owner)


async def _offer(town: Town, owner: Somebody) -> str:
    id_ = uuid7()
    async with town.server.installation.spine() as spine:
        await spine.submit(
            OfferCashOut(
                transaction_id=id_,
                user_id=town.people["customer 2"].who.user_id,
                session_id=None,
                agent_ids=(owner.who.agent_id,),  # type: ignore[arg-type]
                amount=Money.of(500),
                pickup_digest=DIGEST,
                pickup_seal=b"sealed",
                ttl_seconds=600,
            ),
            actor="system:test",
            request_id="offer",
        )
    return str(id_)


async def _cash_in(town: Town, owner: Somebody) -> str:
    body = {"amount": 500, "userId": town.people["customer 2"].id}
    body["agentId"] = str(owner.who.agent_id)
    return await created(owner, "deposit/agent", body, "transactionId")


async def _till(town: Town, owner: Somebody) -> str:
    return str((await owner.get("agent/tills")).json()["items"][0]["tillId"])


async def _own_outlet(town: Town, owner: Somebody) -> str:
    return str(town.people["agent"].who.agent_id)


async def _customer(town: Town, owner: Somebody) -> str:
    body = {"phone": number(), "name": "Nha Bia", "pin": "482915"}
    return await created(town.people["operator 1"], "wallets", body, "userId")


async def _principal(town: Town, owner: Somebody) -> str:
    return await created(
        town.people["operator 1"], "principals", {"name": "Outra Lda"}, "principalId"
    )


async def _counter(town: Town, owner: Somebody) -> str:
    async def enrol() -> str:
        body = {"principalId": await _principal(town, owner), "name": "Outra Loja"}
        return await created(town.people["operator 1"], "agents", body, "agentId")

    return await town.once(Thing.COUNTER, enrol)


async def _withdrawal_of_any(town: Town, owner: Somebody) -> str:
    paid = Thing.WITHDRAWAL_OF_ANY
    return await town.once(paid, lambda: town.paid(town.people["customer 2"]))


async def _claim_of_any(town: Town, owner: Somebody) -> str:
    claimed = Thing.CLAIM_OF_ANY
    return await town.once(claimed, lambda: town.claim(town.people["customer 2"]))


async def _redemption(town: Town, owner: Somebody) -> str:
    return await created(town.people["agent"], "agent/redemptions", {"amount": 100}, "redemptionId")


async def _proposal(town: Town, owner: Somebody) -> str:
    async with town.server.installation.spine() as spine:
        proposed = await proposed_by(spine, town.people["operator 1"], WATCHED)
    return str(proposed.proposal_id)


async def _dispute(town: Town, owner: Somebody) -> str:
    """Cash that no hold covers, and somebody else has said who shall bear it."""
    trace = town.switch.trace()
    await town.switch.send("vinti4/completions", trace | {"amount": 1000})
    ((id_,),) = town.server.ask("SELECT id::text FROM ledger.dispute WHERE state = 'open' LIMIT 1")
    maker = town.people["operator 1"]
    async with town.server.installation.spine() as spine:
        await spine.submit(
            ProposeResolution(
                dispute_id=UUID(id_),
                resolution=Resolution.NOT_IN_FILE,
                evidence="two files",
                maker_id=maker.who.user_id,
            ),
            actor="system:test",
            request_id="dispute",
        )
    return str(id_)


async def _entry(town: Town, owner: Somebody) -> str:
    ((last,),) = town.server.ask("SELECT max(entry_number) FROM ledger.log")
    return str(last)


async def _account(town: Town, owner: Somebody) -> str:
    ((id_,),) = town.server.ask("SELECT id::text FROM ledger.account LIMIT 1")
    return str(id_)


async def _heading(town: Town, owner: Somebody) -> str:
    return "1010"


async def _month(town: Town, owner: Somebody) -> str:
    """The one before this one."""
    return str(Month.of(datetime.now(COUNTRY).date()).before)


async def _template(town: Town, owner: Somebody) -> str:
    lines = [{"code": "5090"}, {"code": "1020"}]
    body = {"name": "Bank charges", "lines": lines}
    way = town.people["accountant"], "books/manual/templates", body, "templateId"
    return await town.once(Thing.TEMPLATE, lambda: created(*way))


async def _recurring(town: Town, owner: Somebody) -> str:
    async def started() -> str:
        async with town.server.installation.spine() as spine:
            proposed = await proposed_by(spine, town.people["accountant"], RENT)
            await spine.submit(
                Approve(
                    proposal_id=proposed.proposal_id,
                    checker_id=town.server.demo.of(Role.ACCOUNTANT)[1].user_id,
                    content_hash=proposed.content_hash,
                ),
                actor="system:test",
                request_id="rent",
            )
        return str(proposed.proposal_id)

    return await town.once(Thing.RECURRING, started)


async def _settlement_file(town: Town, owner: Somebody) -> str:
    """The switch's file of today, with one withdrawal in it."""

    async def brought() -> str:
        day, customer = Day(town.server), town.people["customer 2"]
        await customer.post(f"withdrawal/{await town.code(customer)}/cancel")
        trace, _ = await day.pay(customer)
        answer = await day.bring(day.file(day.item(trace)))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["fileId"])

    return await town.once(Thing.SETTLEMENT_FILE, brought)


async def _bank_statement(town: Town, owner: Somebody) -> str:
    async def brought() -> str:
        accountant = town.people["accountant"]
        answer = await accountant.client.post(
            "bank/statements", content=sheet(1, 0), headers=accountant.headers
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["statementId"])

    return await town.once(Thing.BANK_STATEMENT, brought)


async def _case(town: Town, owner: Somebody) -> str:
    async def opened() -> str:
        watched, operator = town.people["customer 2"], town.people["operator 1"]
        async with town.server.installation.spine() as spine:
            proposed = await proposed_by(spine, town.people["operator 1"], WATCHED)
            await spine.submit(
                Approve(
                    proposal_id=proposed.proposal_id,
                    checker_id=town.people["accountant"].who.user_id,
                    content_hash=proposed.content_hash,
                ),
                actor=town.people["accountant"].id,
                request_id="rules",
            )
        listing = {"listed": True, "reason": "-"}
        await operator.post(f"wallets/{watched.id}/blacklist", listing)
        order = {"amount": 10, "toPhone": town.people["customer"].who.phone}
        await watched.post("transfer", order)
        ((id_,),) = town.server.ask("SELECT id::text FROM ledger.risk_case LIMIT 1")
        await operator.post(f"wallets/{watched.id}/blacklist", listing | {"listed": False})
        return str(id_)

    return await town.once(Thing.CASE, opened)


async def _webhook(town: Town, owner: Somebody) -> str:
    body = {"url": "http://127.0.0.1:9/hook", "kinds": []}
    return await created(await town.confirmed("operator 1"), "webhooks", body, "webhookId")


async def _operation(town: Town, owner: Somebody) -> str:
    trace = town.switch.trace()
    body = {"phone": "+2389900001", "code": "000000", "amount": 2000}
    await town.switch.send("vinti4/authorisations", trace | body)
    return str(trace["rrn"])


async def _nothing(town: Town, owner: Somebody) -> str:
    return owner.id


MAKERS: Mapping[Thing, Callable[[Town, Somebody], Awaitable[str]]] = {
    Thing.ONESELF: _nothing,
    Thing.SESSION: _session,
    Thing.PASSKEY: _passkey,
    Thing.DEVICE: _device,
    Thing.DEVICE_KEY: _device_key,
    Thing.COLLEAGUE: _colleague,
    Thing.RESET: _reset,
    Thing.WITHDRAWAL: _request,
    Thing.CODE: _code,
    Thing.REQUEST: _request,
    Thing.PAID: _paid,
    Thing.CLAIM: _claim,
    Thing.MOVEMENT: _movement,
    Thing.AT_COUNTER: _at_counter,
    Thing.OFFER: _offer,
    Thing.RECEIPT: _cash_in,
    Thing.CASH_IN: _cash_in,
    Thing.TILL: _till,
    Thing.OUTLET: _own_outlet,
    Thing.OPERATION: _operation,
    Thing.CUSTOMER: _customer,
    Thing.COUNTER: _counter,
    Thing.PRINCIPAL: _principal,
    Thing.WITHDRAWAL_OF_ANY: _withdrawal_of_any,
    Thing.CLAIM_OF_ANY: _claim_of_any,
    Thing.REDEMPTION: _redemption,
    Thing.PROPOSAL: _proposal,
    Thing.DISPUTE: _dispute,
    Thing.ENTRY: _entry,
    Thing.ACCOUNT: _account,
    Thing.HEADING: _heading,
    Thing.SETTLEMENT_FILE: _settlement_file,
    Thing.BANK_STATEMENT: _bank_statement,
    Thing.MONTH: _month,
    Thing.TEMPLATE: _template,
    Thing.RECURRING: _recurring,
    Thing.CASE: _case,
    Thing.WEBHOOK: _webhook,
}
