"""Who may call what: one table. A route that does not stand here is closed to everybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from commands.identity.person import Role
from server.settings import API


class Rule(Enum):
    """Rules that are not about the roles of people."""

    ANYBODY = auto()
    NOBODY = auto()  # there is nothing here
    SWITCH = auto()  # signed; the nonce goes into the command
    THIS_MACHINE = auto()  # whoever asks from the machine that the server is on
    SWITCH_READS = auto()  # signed; nothing is decided, so the nonce is used up at the gate


Allowed = Rule | frozenset[Role]

EVERYBODY = frozenset(Role)
CUSTOMER = frozenset({Role.CUSTOMER})
AGENT = frozenset({Role.AGENT})
OUTLETS = frozenset({Role.OPERATOR, Role.ACCOUNTANT, Role.AUDITOR, Role.AGENT_MANAGER})
OPERATOR = frozenset({Role.OPERATOR})
SETTLING = frozenset({Role.OPERATOR, Role.ACCOUNTANT})
CASES = frozenset({Role.OPERATOR, Role.AUDITOR})
HOOKS = frozenset({Role.OPERATOR, Role.ADMIN})
BOOKS = frozenset({Role.ACCOUNTANT, Role.AUDITOR})
READING = SETTLING | {Role.AUDITOR}
MOVING = CUSTOMER | AGENT

API_POLICY: Mapping[str, Allowed] = {
    "POST /auth/login": Rule.ANYBODY,
    "POST /auth/factor": Rule.ANYBODY,
    "POST /auth/step-up": EVERYBODY,
    "POST /auth/logout": EVERYBODY,
    "GET /auth/sessions": EVERYBODY,
    "DELETE /auth/sessions": EVERYBODY,
    "DELETE /auth/sessions/{session_id}": EVERYBODY,
    "POST /withdrawal/atm": CUSTOMER,
    "POST /withdrawal/agent": CUSTOMER,
    "GET /withdrawal/{transaction_id}": CUSTOMER,
    "POST /withdrawal/{transaction_id}/cancel": CUSTOMER,
    "GET /withdrawal/{transaction_id}/pickup-code": CUSTOMER,
    "POST /withdrawal/{transaction_id}/approve": CUSTOMER,
    "POST /withdrawal/cardless/enable": CUSTOMER,
    "GET /balance": CUSTOMER,
    "GET /wallet": CUSTOMER,
    "GET /transactions": CUSTOMER,
    "GET /transactions/{transaction_id}": CUSTOMER,
    "GET /statement": CUSTOMER,
    "POST /transfer": CUSTOMER,
    "POST /deposit/agent": AGENT,
    "GET /agent/requests": AGENT,
    "POST /agent/requests/{transaction_id}/confirm": AGENT,
    "POST /agent/requests/{transaction_id}/refuse": AGENT,
    "GET /agent/report": AGENT,
    "GET /agents/near": CUSTOMER,
    "POST /withdrawal/agent/offer": CUSTOMER,
    "GET /agent/offers": AGENT,
    "POST /agent/offers/{transaction_id}/take": AGENT,
    "POST /agent/offers/{transaction_id}/decline": AGENT,
    "GET /deposit/agent/name-check": AGENT,
    "GET /agent/receipts/{transaction_id}": AGENT,
    "GET /agent/tills": AGENT,
    "POST /agent/tills/{till_id}/open": AGENT,
    "POST /agent/tills/{till_id}/close": AGENT,
    "POST /agent/tills/{till_id}/cash": AGENT,
    "POST /agent/float-transfers": AGENT,
    "GET /agent/redemptions": AGENT,
    "POST /agent/redemptions": AGENT,
    "GET /agents": OUTLETS,
    "GET /agents/{agent_id}": OUTLETS,
    "GET /agents/{agent_id}/report": OUTLETS,
    "GET /agents/{agent_id}/tills": OUTLETS,
    "POST /principals": OPERATOR,
    "POST /principals/{principal_id}/managers": OPERATOR,
    "POST /agents": OPERATOR,
    "POST /agents/{agent_id}/operators": OPERATOR,
    "POST /agents/{agent_id}/tills": OPERATOR,
    "POST /agents/{agent_id}/float-levels": OPERATOR,
    "POST /agents/{agent_id}/status": OPERATOR,
    "GET /redemptions": OPERATOR,
    "POST /redemptions/{redemption_id}/pay": OPERATOR,
    "POST /redemptions/{redemption_id}/refuse": OPERATOR,
    "GET /quote": MOVING,
    "GET /tariff": EVERYBODY - {Role.ADMIN},
    "GET /limits": READING,
    "POST /proposals": SETTLING,
    "GET /proposals": READING,
    "GET /proposals/{proposal_id}": READING,
    "POST /proposals/{proposal_id}/approve": SETTLING,
    "POST /proposals/{proposal_id}/withdraw": SETTLING,
    "POST /deposit/bank": OPERATOR,
    "GET /deposit/unidentified": SETTLING,
    "POST /deposit/unidentified/assign": OPERATOR,
    "POST /deposit/agent/{transaction_id}/reversal": AGENT | OPERATOR,
    "POST /wallet/wake": CUSTOMER,
    "POST /withdrawal/{transaction_id}/claim": CUSTOMER,
    "GET /withdrawal/{transaction_id}/claim": CUSTOMER,
    "POST /withdrawal/{transaction_id}/evidence": SETTLING,
    "GET /claims": SETTLING,
    "GET /claims/{transaction_id}": SETTLING,
    "GET /claims/{transaction_id}/text": SETTLING,
    "GET /treasury": READING,
    "POST /wallets": OPERATOR,
    "POST /wallets/{user_id}/status": OPERATOR,
    "POST /withdrawal/{transaction_id}/release": SETTLING,
    "POST /withdrawal/{transaction_id}/release/approve": SETTLING,
    "POST /disputes/{dispute_id}/resolution": SETTLING,
    "POST /disputes/{dispute_id}/resolution/approve": SETTLING,
    "POST /journal/{number}/reversal": SETTLING,
    "GET /accounts": BOOKS,
    "GET /accounts/{account_id}/lines": BOOKS,
    "GET /journal": BOOKS,
    "GET /journal/{number}": BOOKS,
    "GET /reports/trial-balance": BOOKS,
    "GET /cases": CASES,
    "GET /cases/{case_id}": CASES,
    "POST /cases/{case_id}/assign": OPERATOR,
    "POST /cases/{case_id}/note": OPERATOR,
    "POST /cases/{case_id}/release": OPERATOR,
    "POST /cases/{case_id}/refuse": OPERATOR,
    "POST /cases/{case_id}/close": OPERATOR,
    "POST /wallets/{user_id}/blacklist": OPERATOR,
    "GET /rules": CASES,
    "GET /rules/hits": CASES,
    "POST /vinti4/authorisations": Rule.SWITCH,
    "POST /vinti4/completions": Rule.SWITCH,
    "POST /vinti4/reversals": Rule.SWITCH,
    "POST /vinti4/evidence": Rule.SWITCH,
    "POST /vinti4/echo": Rule.SWITCH_READS,
    "GET /vinti4/transactions/{rrn}": Rule.SWITCH_READS,
    "GET /vinti4/keys": Rule.ANYBODY,
    "GET /events": CUSTOMER | AGENT | OPERATOR,
    "GET /alerts": OPERATOR,
    "POST /webhooks": HOOKS,
    "GET /webhooks": HOOKS,
    "DELETE /webhooks/{webhook_id}": HOOKS,
    "POST /webhooks/{webhook_id}/rotate": HOOKS,
    "GET /webhooks/{webhook_id}/deliveries": HOOKS,
    "POST /webhooks/{webhook_id}/replay": HOOKS,
    "GET /metrics": Rule.THIS_MACHINE,
    "GET /health/live": Rule.ANYBODY,
    "GET /health/ready": Rule.ANYBODY,
    "GET /schema": Rule.ANYBODY,
    "GET /schema/openapi.json": Rule.ANYBODY,
    "GET /schema/{path}": Rule.NOBODY,
}
ALSO_AT_THE_ROOT = (
    "GET /health/live",
    "GET /health/ready",
    "GET /metrics",
    "GET /schema",
    "GET /schema/openapi.json",
)

POLICY: Mapping[str, Allowed] = MappingProxyType(
    {
        **{name.replace(" ", f" {API}", 1): rule for name, rule in API_POLICY.items()},
        **{name: API_POLICY[name] for name in ALSO_AT_THE_ROOT},
    }
)

_PATHS = tuple(
    (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
    for method, path in (name.split(" ", 1) for name in POLICY)
)


def methods_at(path: str) -> tuple[str, ...]:
    """The methods that a path knows."""
    return tuple(sorted({method for method, known in _PATHS if known.fullmatch(path)}))
