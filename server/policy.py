"""Who may call what, and about whose things: one table. What does not stand here is closed.

The gate (`server/auth.py`) lets in by it, the tests ask every route as everybody about one's own
things, another's and nobody's, and `python -m server.policy` prints docs/security/access.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from commands.identity.person import Role
from server.confirming import CONFIRMED
from server.roles import (
    ACCOUNTANT,
    ADMIN,
    AGENT,
    AUDITOR,
    BOOKS,
    CASES,
    CUSTOMER,
    EVERYBODY,
    HELPERS,
    HOOKS,
    LINK,
    MOVING,
    OPERATOR,
    OUR_PEOPLE,
    OUTLETS,
    PROPOSING,
    READING,
    REVIEWING,
    SETTLING,
)
from server.settings import API
from server.things import OWNERS, THINGS, Thing


class Rule(Enum):
    """Rules that are not about the roles of people."""

    ANYBODY = auto()
    NOBODY = auto()  # there is nothing here
    SWITCH = auto()  # signed; the nonce goes into the command
    THIS_MACHINE = auto()  # whoever asks from the machine that the server is on
    SWITCH_STREAMS = auto()  # the same; whoever reads the body compares it with its digest
    SWITCH_READS = auto()  # signed; nothing is decided, so the nonce is used up at the gate


Allowed = Rule | frozenset[Role]
UNKNOWN = "unknown"  # a method or a path that there is not

API_POLICY: Mapping[str, Allowed] = {
    "POST /auth/login": Rule.ANYBODY,
    "POST /auth/factor": Rule.ANYBODY,
    "POST /auth/passkey/options": Rule.ANYBODY,
    "POST /auth/passkey": Rule.ANYBODY,
    "POST /auth/reset": Rule.ANYBODY,
    "POST /auth/reset/confirm": Rule.ANYBODY,
    "DELETE /auth/reset": EVERYBODY,
    "GET /auth/factors": EVERYBODY,
    "POST /auth/pin": EVERYBODY,
    "POST /auth/totp": EVERYBODY,
    "POST /auth/totp/confirm": EVERYBODY,
    "POST /auth/recovery-codes": EVERYBODY,
    "POST /auth/passkeys/options": OUR_PEOPLE,
    "POST /auth/passkeys": OUR_PEOPLE,
    "GET /auth/passkeys": OUR_PEOPLE,
    "DELETE /auth/passkeys/{passkey_id}": OUR_PEOPLE,
    "GET /auth/devices": EVERYBODY,
    "DELETE /auth/devices/{device_id}": EVERYBODY,
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
    "POST /devices/keys": CUSTOMER,
    "GET /devices/keys": CUSTOMER,
    "DELETE /devices/keys/{kid}": CUSTOMER,
    "GET /balance": CUSTOMER,
    "GET /wallet": CUSTOMER,
    "GET /transactions": CUSTOMER,
    "GET /transactions/{transaction_id}": CUSTOMER,
    "GET /statement": CUSTOMER,
    "GET /statement/file": CUSTOMER,
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
    "POST /proposals": PROPOSING,
    "GET /proposals": READING | ADMIN,
    "GET /proposals/{proposal_id}": READING | ADMIN,
    "POST /proposals/{proposal_id}/approve": PROPOSING,
    "POST /proposals/{proposal_id}/withdraw": PROPOSING,
    "POST /people": ADMIN,
    "POST /people/{user_id}/disable": ADMIN,
    "POST /people/{user_id}/reset-code": HELPERS,
    "GET /access": REVIEWING,
    "GET /access/roles": REVIEWING,
    "GET /switch/credentials": LINK,
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
    "POST /bank/statements": SETTLING,
    "GET /bank/statements": READING,
    "GET /bank/statements/{statement_id}": READING,
    "POST /bank/matching": SETTLING,
    "GET /bank/reconciliation": READING,
    "POST /settlement/files": SETTLING,
    "GET /settlement/files": READING,
    "GET /settlement/files/{file_id}": READING,
    "GET /settlement/files/{file_id}/items": READING,
    "GET /settlement/breaks": READING,
    "GET /settlement/doubts": READING,
    "POST /wallets": OPERATOR,
    "POST /wallets/{user_id}/status": OPERATOR,
    "POST /withdrawal/{transaction_id}/release": SETTLING,
    "POST /withdrawal/{transaction_id}/release/approve": SETTLING,
    "POST /disputes/{dispute_id}/resolution": SETTLING,
    "POST /disputes/{dispute_id}/resolution/approve": SETTLING,
    "POST /journal/{number}/reversal": SETTLING,
    "GET /books/periods": BOOKS,
    "GET /books/periods/{month}": BOOKS,
    "GET /books/periods/{month}/checklist": BOOKS,
    "POST /books/periods/{month}/soft-close": ACCOUNTANT,
    "POST /books/periods/{month}/close": ACCOUNTANT,
    "POST /books/year-close": ACCOUNTANT,
    "POST /journal": ACCOUNTANT,
    "GET /books/manual/templates": BOOKS,
    "POST /books/manual/templates": ACCOUNTANT,
    "POST /books/manual/templates/{template_id}/retire": ACCOUNTANT,
    "GET /books/manual/recurring": BOOKS,
    "POST /books/manual/recurring": ACCOUNTANT,
    "POST /books/manual/recurring/{recurring_id}/end": ACCOUNTANT,
    "GET /books/manual/reversals": BOOKS,
    "GET /accounts": BOOKS,
    "GET /accounts/{account_id}/lines": BOOKS,
    "GET /journal": BOOKS,
    "GET /journal/{number}": BOOKS,
    "GET /accounts/{account_id}/statement": BOOKS,
    "GET /accounts/{account_id}/statement/file": BOOKS,
    "GET /ledger/{code}": BOOKS,
    "GET /drill-down": BOOKS,
    "GET /reports/trial-balance": BOOKS,
    "GET /audit": AUDITOR,
    "GET /reports/income": BOOKS,
    "GET /reports/balance-sheet": BOOKS,
    "GET /reports/suspense": BOOKS,
    "GET /reports/agents": BOOKS,
    "GET /reports/safeguarding": READING,
    "GET /reports/safeguarding/history": READING,
    "POST /reports/safeguarding/statement": SETTLING,
    "GET /reports/suspicious": BOOKS,
    "GET /reports/month": BOOKS,
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
    "POST /vinti4/files": Rule.SWITCH_STREAMS,
    "GET /vinti4/files/newest": Rule.SWITCH_READS,
    "GET /vinti4/keys": Rule.ANYBODY,
    "GET /vinti4/issuer-keys": Rule.ANYBODY,
    "GET /events": EVERYBODY,
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
# The desk's pages: who may see one is who may ask the API for what it shows, or order what its form
# orders; and what leaves a note in the trail there leaves one here.
DESK_SHOWS: Mapping[str, str] = {
    "GET /desk/monitor": "GET /treasury",
    "GET /desk/monitor/live": "GET /treasury",
    "GET /desk/journal": "GET /journal",
    "GET /desk/drill-down": "GET /drill-down",
    "GET /desk/ledger": "GET /reports/trial-balance",
    "GET /desk/ledger/{code}": "GET /ledger/{code}",
    "GET /desk/accounts": "GET /accounts",
    "GET /desk/accounts/{account_id}": "GET /accounts/{account_id}/lines",
    "GET /desk/trial-balance": "GET /reports/trial-balance",
    "GET /desk/income": "GET /reports/income",
    "GET /desk/balance-sheet": "GET /reports/balance-sheet",
    "GET /desk/safeguarding": "GET /reports/safeguarding",
    "GET /desk/statement": "GET /accounts/{account_id}/statement",
    "GET /desk/statement/file": "GET /accounts/{account_id}/statement/file",
    "GET /desk/reconciliation": "GET /settlement/breaks",
    "GET /desk/reconciliation/files/{file_id}": "GET /settlement/files/{file_id}/items",
    "POST /desk/reconciliation/breaks/{mismatch_id}": "POST /proposals",
    "GET /desk/proposals": "GET /proposals",
    "GET /desk/proposals/{proposal_id}": "GET /proposals/{proposal_id}",
    "POST /desk/proposals/{proposal_id}/approve": "POST /proposals/{proposal_id}/approve",
    "POST /desk/proposals/{proposal_id}/withdraw": "POST /proposals/{proposal_id}/withdraw",
    "GET /desk/cases": "GET /cases",
    "GET /desk/cases/{case_id}": "GET /cases/{case_id}",
    "POST /desk/cases/{case_id}/assign": "POST /cases/{case_id}/assign",
    "POST /desk/cases/{case_id}/note": "POST /cases/{case_id}/note",
    "POST /desk/cases/{case_id}/release": "POST /cases/{case_id}/release",
    "POST /desk/cases/{case_id}/refuse": "POST /cases/{case_id}/refuse",
    "POST /desk/cases/{case_id}/close": "POST /cases/{case_id}/close",
    "GET /desk/alerts": "GET /alerts",
    "GET /desk/audit": "GET /audit",
}
DESK_POLICY: Mapping[str, Allowed] = {
    **{name: API_POLICY[shown] for name, shown in DESK_SHOWS.items()},
    "GET /desk": OUR_PEOPLE,
    "GET /desk/sign-in": Rule.ANYBODY,
    "POST /desk/sign-in": Rule.ANYBODY,
    "POST /desk/factor": Rule.ANYBODY,
    "POST /desk/sign-out": OUR_PEOPLE,
    "GET /desk/assets/desk.css": Rule.ANYBODY,
    "GET /desk/assets/desk.js": Rule.ANYBODY,
    "GET /desk/assets/htmx.min.js": Rule.ANYBODY,
    "GET /desk/assets/icon.svg": Rule.ANYBODY,
    "GET /desk/{path}": Rule.NOBODY,
}
# What our people read without a note in the trail: it is the house's, or their own. Whatever does
# not stand here is somebody else's.
NOBODY_ELSES = frozenset(
    {
        "GET /auth/sessions",
        "GET /auth/factors",
        "GET /auth/passkeys",
        "GET /auth/devices",
        "GET /access/roles",
        "GET /tariff",
        "GET /limits",
        "GET /books/periods",
        "GET /books/periods/{month}",
        "GET /books/periods/{month}/checklist",
        "GET /books/manual/templates",
        "GET /books/manual/recurring",
        "GET /books/manual/reversals",
        "GET /reports/trial-balance",
        "GET /reports/income",
        "GET /reports/balance-sheet",
        "GET /reports/suspense",
        "GET /reports/safeguarding",
        "GET /reports/safeguarding/history",
        "GET /reports/month",
        "GET /treasury",
        "GET /bank/statements",
        "GET /bank/statements/{statement_id}",
        "GET /bank/reconciliation",
        "GET /settlement/files",
        "GET /settlement/files/{file_id}",
        "GET /rules",
        "GET /alerts",
        "GET /webhooks",
        "GET /webhooks/{webhook_id}/deliveries",
    }
)
# What agents read of people who are not their own customers yet.
STRANGERS = frozenset({"GET /deposit/agent/name-check"})

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
        **DESK_POLICY,
    }
)


def shows_anothers(name: str, role: Role) -> bool:
    """Whether what a route shows to this role is somebody else's, and so leaves a note."""
    short = DESK_SHOWS.get(name) or name.replace(f" {API}", " ", 1)
    if role in OUR_PEOPLE:
        return short.startswith("GET ") and short in API_POLICY and short not in NOBODY_ELSES
    return short in STRANGERS


def route_of(scope: Mapping[str, Any]) -> str:
    """What a request has asked, as it stands here. A method or path that there is not is what
    somebody typed, and may be a secret: it is not repeated."""
    name = f"{scope['method']} {scope.get('path_template')}"
    return name if name in POLICY else UNKNOWN


_PATHS = tuple(
    (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", path)))
    for method, path in (name.split(" ", 1) for name in POLICY)
)


def methods_at(path: str) -> tuple[str, ...]:
    """The methods that a path knows."""
    return tuple(sorted({method for method, known in _PATHS if known.fullmatch(path)}))


def as_page() -> Iterator[str]:
    """The lines of the tables in docs/security/access.md."""
    roles = list(Role)
    yield "| Route | " + " | ".join(role.value for role in roles) + " | Names | Confirmed |"
    yield "|---|" + "---|" * (len(roles) + 2)
    for name, rule in API_POLICY.items():
        thing = THINGS.get(name)
        said = "" if thing is None else thing.value
        when = CONFIRMED.get(name, "")
        if isinstance(rule, Rule):
            said = "; ".join(each for each in (SAID[rule], said) if each)
            yield f"| `{name}` |" + " |" * len(roles) + f" {said} | {when} |"
            continue
        cells = (_cell(role, rule, thing) for role in roles)
        yield f"| `{name}` | " + " | ".join(cells) + f" | {said} | {when} |"
    yield "| Page of the desk | Who |"
    yield "|---|---|"
    for name, rule in DESK_POLICY.items():
        yield f"| `{name}` | {_who(name, rule)} |"


SAID: Mapping[Rule, str] = {
    Rule.ANYBODY: "anybody",
    Rule.NOBODY: "nobody",
    Rule.SWITCH: "the switch, signed",
    Rule.SWITCH_READS: "the switch, signed",
    Rule.SWITCH_STREAMS: "the switch, signed",
    Rule.THIS_MACHINE: "whoever asks from this machine",
}


def _who(name: str, rule: Allowed) -> str:
    if name in DESK_SHOWS:
        return f"whoever may `{DESK_SHOWS[name]}`"
    return SAID[rule] if isinstance(rule, Rule) else "our people"


def _cell(role: Role, rule: frozenset[Role], thing: Thing | None) -> str:
    if role not in rule:
        return "–"
    if thing is not None and role in OWNERS.get(thing, ()):
        return "own"
    return "yes"


if __name__ == "__main__":
    print("\n".join(as_page()))
