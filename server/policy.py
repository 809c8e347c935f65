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
    SWITCH_READS = auto()  # signed; nothing is decided, so the nonce is used up at the gate


Allowed = Rule | frozenset[Role]

EVERYBODY = frozenset(Role)
CUSTOMER = frozenset({Role.CUSTOMER})
AGENT = frozenset({Role.AGENT})
OPERATOR = frozenset({Role.OPERATOR})
SETTLING = frozenset({Role.OPERATOR, Role.ACCOUNTANT})
BOOKS = frozenset({Role.ACCOUNTANT, Role.AUDITOR})

API_POLICY: Mapping[str, Allowed] = {
    "POST /auth/login": Rule.ANYBODY,
    "POST /auth/factor": Rule.ANYBODY,
    "POST /auth/logout": EVERYBODY,
    "GET /auth/sessions": EVERYBODY,
    "DELETE /auth/sessions": EVERYBODY,
    "DELETE /auth/sessions/{session_id}": EVERYBODY,
    "POST /withdrawal/atm": CUSTOMER,
    "POST /withdrawal/agent": CUSTOMER,
    "GET /withdrawal/{transaction_id}": CUSTOMER,
    "POST /withdrawal/{transaction_id}/cancel": CUSTOMER,
    "GET /withdrawal/{transaction_id}/pickup-code": CUSTOMER,
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
    "POST /deposit/bank": OPERATOR,
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
    "POST /vinti4/authorisations": Rule.SWITCH,
    "POST /vinti4/completions": Rule.SWITCH,
    "POST /vinti4/reversals": Rule.SWITCH,
    "POST /vinti4/echo": Rule.SWITCH_READS,
    "GET /vinti4/transactions/{rrn}": Rule.SWITCH_READS,
    "GET /vinti4/keys": Rule.ANYBODY,
    "GET /health/live": Rule.ANYBODY,
    "GET /health/ready": Rule.ANYBODY,
    "GET /schema": Rule.ANYBODY,
    "GET /schema/openapi.json": Rule.ANYBODY,
    "GET /schema/{path}": Rule.NOBODY,
}
ALSO_AT_THE_ROOT = (
    "GET /health/live",
    "GET /health/ready",
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
