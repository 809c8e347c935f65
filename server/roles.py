"""The sets of roles that the policy speaks of."""

from __future__ import annotations

from commands.identity.person import STAFF, Role

EVERYBODY = frozenset(Role)
CUSTOMER = frozenset({Role.CUSTOMER})
AGENT = frozenset({Role.AGENT})
OUTLETS = frozenset({Role.OPERATOR, Role.ACCOUNTANT, Role.AUDITOR, Role.AGENT_MANAGER})
OPERATOR = frozenset({Role.OPERATOR})
SETTLING = frozenset({Role.OPERATOR, Role.ACCOUNTANT})
CASES = frozenset({Role.OPERATOR, Role.AUDITOR})
HOOKS = frozenset({Role.OPERATOR, Role.ADMIN})
ACCOUNTANT = frozenset({Role.ACCOUNTANT})
AUDITOR = frozenset({Role.AUDITOR})
BOOKS = frozenset({Role.ACCOUNTANT, Role.AUDITOR})
READING = SETTLING | {Role.AUDITOR}
ADMIN = frozenset({Role.ADMIN})
HELPERS = frozenset({Role.OPERATOR, Role.ADMIN})  # with a forgotten PIN
PROPOSING = SETTLING | ADMIN  # each kind of change says who of them
REVIEWING = frozenset({Role.AUDITOR, Role.ADMIN})
LINK = frozenset({Role.OPERATOR, Role.ADMIN, Role.AUDITOR})
MOVING = CUSTOMER | AGENT
OUR_PEOPLE = frozenset(STAFF)
