"""Whose things a request may name, route by route: a part of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from commands.identity.person import Role
from server.roles import AGENT, CUSTOMER, EVERYBODY, MOVING, OUR_PEOPLE


class Thing(Enum):
    """What a request names: the sentence says whose it has to be. The query behind the route has
    the owner in its WHERE; another's is answered as if it did not exist."""

    ONESELF = "in its body, the caller"  # another is FORBIDDEN: who one is, one knows
    SESSION = "a session of the caller's"
    PASSKEY = "a passkey of the caller's"
    DEVICE = "a device of the caller's"
    DEVICE_KEY = "a key of a device of the caller's"
    WITHDRAWAL = "a customer's withdrawal or request"
    CODE = "a customer's withdrawal at a machine"
    REQUEST = "a customer's request at a counter"
    PAID = "a customer's withdrawal whose cash is out"
    CLAIM = "a customer's claim"
    MOVEMENT = "a movement of a customer's wallet"
    AT_COUNTER = "a request at the agent's counter"
    OFFER = "a request that was offered to the agent"
    RECEIPT = "an operation at the agent's counter"
    CASH_IN = "a cash-in at the agent's counter; to our own people, any"
    TILL = "a till of the agent's counter"
    OUTLET = "an outlet of the manager's principal; to our own people, any"
    OPERATION = "an operation of the acquirer"
    CUSTOMER = "any customer"
    COLLEAGUE = "anybody but customers"
    RESET = "somebody's open reset: operators help customers and agents, admins our own people"
    COUNTER = "any agent"
    PRINCIPAL = "any principal"
    WITHDRAWAL_OF_ANY = "any withdrawal"
    CLAIM_OF_ANY = "any claim"
    REDEMPTION = "any redemption"
    PROPOSAL = "any proposal, to admins one about people; whoever made it does not approve it"
    DISPUTE = "any dispute"
    ENTRY = "any entry"
    ACCOUNT = "any account"
    HEADING = "any code of the chart"
    SETTLEMENT_FILE = "any settlement file"
    BANK_STATEMENT = "any bank statement"
    MONTH = "any month that has begun"
    TEMPLATE = "any template of entries"
    RECURRING = "any entry that recurs"
    CASE = "any case but one about oneself"
    WEBHOOK = "any webhook"


# Every route whose path names something, and every one whose body names the caller.
THINGS: Mapping[str, Thing] = {
    "DELETE /auth/sessions/{session_id}": Thing.SESSION,
    "DELETE /auth/passkeys/{passkey_id}": Thing.PASSKEY,
    "DELETE /auth/devices/{device_id}": Thing.DEVICE,
    "DELETE /devices/keys/{kid}": Thing.DEVICE_KEY,
    "POST /people/{user_id}/disable": Thing.COLLEAGUE,
    "POST /people/{user_id}/reset-code": Thing.RESET,
    "POST /withdrawal/atm": Thing.ONESELF,
    "POST /withdrawal/agent": Thing.ONESELF,
    "POST /withdrawal/agent/offer": Thing.ONESELF,
    "POST /deposit/agent": Thing.ONESELF,
    "GET /withdrawal/{transaction_id}": Thing.WITHDRAWAL,
    "POST /withdrawal/{transaction_id}/cancel": Thing.WITHDRAWAL,
    "GET /withdrawal/{transaction_id}/pickup-code": Thing.REQUEST,
    "POST /withdrawal/{transaction_id}/approve": Thing.CODE,
    "POST /withdrawal/{transaction_id}/claim": Thing.PAID,
    "GET /withdrawal/{transaction_id}/claim": Thing.CLAIM,
    "POST /withdrawal/{transaction_id}/evidence": Thing.WITHDRAWAL_OF_ANY,
    "POST /withdrawal/{transaction_id}/release": Thing.WITHDRAWAL_OF_ANY,
    "POST /withdrawal/{transaction_id}/release/approve": Thing.WITHDRAWAL_OF_ANY,
    "GET /transactions/{transaction_id}": Thing.MOVEMENT,
    "POST /agent/requests/{transaction_id}/confirm": Thing.AT_COUNTER,
    "POST /agent/requests/{transaction_id}/refuse": Thing.AT_COUNTER,
    "POST /agent/offers/{transaction_id}/take": Thing.OFFER,
    "POST /agent/offers/{transaction_id}/decline": Thing.OFFER,
    "GET /agent/receipts/{transaction_id}": Thing.RECEIPT,
    "POST /deposit/agent/{transaction_id}/reversal": Thing.CASH_IN,
    "POST /agent/tills/{till_id}/open": Thing.TILL,
    "POST /agent/tills/{till_id}/close": Thing.TILL,
    "POST /agent/tills/{till_id}/cash": Thing.TILL,
    "GET /agents/{agent_id}": Thing.OUTLET,
    "GET /agents/{agent_id}/report": Thing.OUTLET,
    "GET /agents/{agent_id}/tills": Thing.OUTLET,
    "POST /principals/{principal_id}/managers": Thing.PRINCIPAL,
    "POST /agents/{agent_id}/operators": Thing.COUNTER,
    "POST /agents/{agent_id}/tills": Thing.COUNTER,
    "POST /agents/{agent_id}/float-levels": Thing.COUNTER,
    "POST /agents/{agent_id}/status": Thing.COUNTER,
    "POST /redemptions/{redemption_id}/pay": Thing.REDEMPTION,
    "POST /redemptions/{redemption_id}/refuse": Thing.REDEMPTION,
    "GET /proposals/{proposal_id}": Thing.PROPOSAL,
    "POST /proposals/{proposal_id}/approve": Thing.PROPOSAL,
    "POST /proposals/{proposal_id}/withdraw": Thing.PROPOSAL,
    "GET /claims/{transaction_id}": Thing.CLAIM_OF_ANY,
    "GET /claims/{transaction_id}/text": Thing.CLAIM_OF_ANY,
    "POST /wallets/{user_id}/status": Thing.CUSTOMER,
    "POST /wallets/{user_id}/blacklist": Thing.CUSTOMER,
    "POST /disputes/{dispute_id}/resolution": Thing.DISPUTE,
    "POST /disputes/{dispute_id}/resolution/approve": Thing.DISPUTE,
    "GET /journal/{number}": Thing.ENTRY,
    "POST /journal/{number}/reversal": Thing.ENTRY,
    "GET /accounts/{account_id}/lines": Thing.ACCOUNT,
    "GET /accounts/{account_id}/statement": Thing.ACCOUNT,
    "GET /accounts/{account_id}/statement/file": Thing.ACCOUNT,
    "GET /ledger/{code}": Thing.HEADING,
    "GET /cases/{case_id}": Thing.CASE,
    "POST /cases/{case_id}/assign": Thing.CASE,
    "POST /cases/{case_id}/note": Thing.CASE,
    "POST /cases/{case_id}/release": Thing.CASE,
    "POST /cases/{case_id}/refuse": Thing.CASE,
    "POST /cases/{case_id}/close": Thing.CASE,
    "DELETE /webhooks/{webhook_id}": Thing.WEBHOOK,
    "POST /webhooks/{webhook_id}/rotate": Thing.WEBHOOK,
    "GET /webhooks/{webhook_id}/deliveries": Thing.WEBHOOK,
    "POST /webhooks/{webhook_id}/replay": Thing.WEBHOOK,
    "GET /vinti4/transactions/{rrn}": Thing.OPERATION,
    "GET /bank/statements/{statement_id}": Thing.BANK_STATEMENT,
    "GET /settlement/files/{file_id}": Thing.SETTLEMENT_FILE,
    "GET /settlement/files/{file_id}/items": Thing.SETTLEMENT_FILE,
    "GET /books/periods/{month}": Thing.MONTH,
    "GET /books/periods/{month}/checklist": Thing.MONTH,
    "POST /books/periods/{month}/soft-close": Thing.MONTH,
    "POST /books/periods/{month}/close": Thing.MONTH,
    "POST /books/manual/templates/{template_id}/retire": Thing.TEMPLATE,
    "POST /books/manual/recurring/{recurring_id}/end": Thing.RECURRING,
}
# To whom another's thing does not exist. Everybody else who is let in sees all of that kind.
OWNERS: Mapping[Thing, frozenset[Role]] = {
    Thing.ONESELF: MOVING,
    Thing.SESSION: EVERYBODY,
    Thing.PASSKEY: OUR_PEOPLE,
    Thing.DEVICE: EVERYBODY,
    Thing.DEVICE_KEY: CUSTOMER,
    Thing.WITHDRAWAL: CUSTOMER,
    Thing.CODE: CUSTOMER,
    Thing.REQUEST: CUSTOMER,
    Thing.PAID: CUSTOMER,
    Thing.CLAIM: CUSTOMER,
    Thing.MOVEMENT: CUSTOMER,
    Thing.AT_COUNTER: AGENT,
    Thing.OFFER: AGENT,
    Thing.RECEIPT: AGENT,
    Thing.CASH_IN: AGENT,
    Thing.TILL: AGENT,
    Thing.OUTLET: frozenset({Role.AGENT_MANAGER}),
}
