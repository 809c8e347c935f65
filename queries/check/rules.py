"""What keeps the log as it is: the triggers, functions, constraints and grants of the schema.

Bodies of functions and names of constraints are read from the migrations themselves. Triggers and
grants are written down here a second time, so that a migration that weakens them is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import ledger.schema

MIGRATIONS = Path(ledger.schema.__file__).parent

COMMANDS = "makeba_commands"
PROJECTOR = "makeba_projector"
QUERIES = "makeba_queries"
AUDITOR = "makeba_auditor"


class Trigger(NamedTuple):
    """A trigger that fires for everybody, whatever a session has set."""

    table: str
    name: str
    function: str
    before: bool
    each_row: bool
    events: frozenset[str]


def _stays(table: str, name: str, *events: str) -> Trigger:
    return Trigger(table, name, "refuse_change", True, False, frozenset(events))


def _follows(table: str, name: str, function: str, event: str, *, each_row: bool) -> Trigger:
    return Trigger(table, name, function, False, each_row, frozenset({event}))


def _rows_follow(table: str, name: str, function: str, *events: str) -> Trigger:
    return Trigger(table, name, function, False, True, frozenset(events))


def _keeps(table: str, name: str, function: str) -> Trigger:
    return Trigger(table, name, function, True, True, frozenset({"UPDATE"}))


def _apart(table: str, name: str) -> Trigger:
    return Trigger(table, name, "keep_eyes_apart", False, True, frozenset({"INSERT", "UPDATE"}))


TRIGGERS = frozenset(
    {
        _stays("log", "log_stays", "UPDATE", "DELETE", "TRUNCATE"),
        _stays("line", "lines_stay", "UPDATE", "DELETE", "TRUNCATE"),
        _stays("idempotency", "keys_stay", "UPDATE", "DELETE", "TRUNCATE"),
        _stays("account", "accounts_stay", "DELETE", "TRUNCATE"),
        _stays("head", "head_stays", "INSERT", "DELETE", "TRUNCATE"),
        _follows("log", "records_follow_the_rules", "check_new_records", "INSERT", each_row=False),
        _follows(
            "log", "bookings_follow_the_periods", "check_new_bookings", "INSERT", each_row=False
        ),
        _follows("line", "lines_follow_the_rules", "check_new_lines", "INSERT", each_row=False),
        _follows("head", "head_follows_the_log", "check_new_head", "UPDATE", each_row=True),
        _stays("periods", "periods_stay", "DELETE", "TRUNCATE"),
        _rows_follow(
            "periods", "periods_follow_the_clock", "check_new_periods", "INSERT", "UPDATE"
        ),
        _stays("trail", "notes_stay", "UPDATE", "DELETE", "TRUNCATE"),
        _stays("trail_end", "trail_end_stays", "INSERT", "DELETE", "TRUNCATE"),
        _follows("trail", "notes_follow_the_rules", "check_new_notes", "INSERT", each_row=False),
        _follows(
            "trail_end", "trail_end_follows_its_notes", "check_new_end", "UPDATE", each_row=True
        ),
        _keeps("switch_key", "retired_keys_stay_retired", "keep_retired"),
        _keeps("switch_certificate", "retired_certificates_stay_retired", "keep_retired"),
        _keeps("person", "erased_people_stay_erased", "keep_erased"),
        _apart("proposal", "changes_have_eyes_apart"),
        _apart("release", "releases_have_eyes_apart"),
        _apart("dispute", "resolutions_have_eyes_apart"),
    }
)

# These run as the owner. All others run as whoever calls them.
DOOR = """
    ledger.lock_head ledger.lock_expected_head ledger.write_batch
    ledger.lock_trail ledger.write_notes
"""
DEFINERS = frozenset(DOOR.split())
# pg_temp last: else a caller's temporary types would come before PostgreSQL's own.
DEFINERS_SEARCH_PATH = "search_path=pg_catalog, pg_temp"


class Grant(NamedTuple):
    """One role's one privilege on one thing, or on one column of it."""

    role: str
    privilege: str
    thing: str
    column: str = ""


def _grants(role: str, privileges: str, things: str, columns: str = "") -> Iterator[Grant]:
    for thing in things.split():
        for privilege in privileges.split():
            for column in columns.split() or ("",):
                yield Grant(role, privilege, thing, column)


BOOKS = "ledger.head ledger.log ledger.line ledger.account"
TRAIL = "ledger.trail ledger.trail_end"
STATE = """
    ledger.person ledger.session ledger.session_use ledger.agent ledger.switch_key ledger.terminal
    ledger.tariff ledger.withdrawal ledger.cardless ledger.release ledger.switch_trace
    ledger.dispute ledger.agent_request ledger.principal ledger.till ledger.redemption
    ledger.alert ledger.alert_levels ledger.webhook ledger.webhook_cursor
    ledger.limit_book ledger.activity ledger.proposal
    ledger.devices ledger.device_use ledger.watch ledger.rule_book ledger.risk_profile
    ledger.risk_case ledger.held_transfer
    ledger.switch_certificate ledger.device_keys
    ledger.dormancy ledger.claim ledger.settlement ledger.difference ledger.trust_book
    ledger.trail_seal
    ledger.settlement_file ledger.settlement_series ledger.mention ledger.mismatch
    ledger.interchange ledger.machine_word
    ledger.bank_statement ledger.bank_series ledger.bank_line
    ledger.factors ledger.passkey ledger.reset ledger.admins
    ledger.trust_day ledger.periods
    ledger.planned_reversal ledger.recurring_entry ledger.entry_template
"""
MODELS = """
    queries.account queries.wallet queries.entry queries.line queries.turnover queries.movement
    queries.withdrawal queries.switch_operation
    queries.principal queries.outlet queries.till queries.till_day queries.offer queries.redemption
    queries.rule_edition queries.risk_hit queries.risk_case queries.case_event
    queries.held_transfer
    queries.bank_credit queries.claim queries.evidence queries.settlement queries.difference
    queries.settlement_file queries.settlement_item queries.mismatch queries.absence
    queries.bank_statement queries.bank_line
    queries.feed queries.alert queries.proposal queries.access
    queries.account_day queries.milestone queries.log_record queries.entry_word
    queries.float_day queries.suspense queries.safeguarding queries.trust_statement
    queries.period_event
    queries.planned_reversal queries.recurring_entry queries.entry_template
"""
# Of withdrawals and requests, the auditor sees all but the codes.
OPEN_COLUMNS = """
    id user_id wallet_id session_id state amount fee tariff_edition tries requested_at expires_at
    version
"""

GRANTS = frozenset(
    {
        *_grants(COMMANDS, "USAGE", "ledger"),
        *_grants(COMMANDS, "EXECUTE", DOOR + " ledger.saved_all"),
        *_grants(COMMANDS, "SELECT", f"{BOOKS} {TRAIL} ledger.idempotency"),
        *_grants(
            COMMANDS,
            "INSERT",
            "ledger.account",
            "id code owner currency kind floor status activity",
        ),
        *_grants(COMMANDS, "UPDATE", "ledger.account", "floor status activity"),
        *_grants(COMMANDS, "SELECT INSERT UPDATE", STATE),
        *_grants(
            COMMANDS,
            "SELECT INSERT",
            "ledger.bank_credit ledger.assignment ledger.recurring_posting",
        ),
        *_grants(COMMANDS, "SELECT INSERT DELETE", "ledger.nonce"),
        *_grants(
            COMMANDS,
            "SELECT INSERT UPDATE DELETE",
            "ledger.stranger ledger.login_source ledger.webhook_delivery",
        ),
        *_grants(PROJECTOR, "USAGE", "ledger queries"),
        *_grants(PROJECTOR, "SELECT", f"{BOOKS} ledger.trail queries.audit"),
        *_grants(PROJECTOR, "INSERT", "queries.audit"),
        *_grants(PROJECTOR, "SELECT INSERT UPDATE", MODELS),
        *_grants(PROJECTOR, "SELECT UPDATE", "queries.projection"),
        *_grants(QUERIES, "USAGE", "queries"),
        *_grants(QUERIES, "SELECT", MODELS + " queries.projection queries.audit queries.booked"),
        *_grants(AUDITOR, "USAGE", "ledger queries"),
        *_grants(AUDITOR, "SELECT", f"{BOOKS} {TRAIL} ledger.idempotency ledger.trail_seal"),
        *_grants(
            AUDITOR,
            "SELECT",
            """
            ledger.agent ledger.terminal ledger.tariff ledger.cardless ledger.release
            ledger.switch_trace ledger.dispute ledger.bank_credit
            ledger.principal ledger.till ledger.redemption
            ledger.alert ledger.alert_levels ledger.webhook_cursor ledger.webhook_delivery
            ledger.limit_book ledger.activity ledger.proposal
            ledger.watch ledger.rule_book ledger.risk_profile ledger.risk_case ledger.held_transfer
            ledger.dormancy ledger.assignment ledger.settlement ledger.difference
            ledger.trust_book ledger.trust_day ledger.periods ledger.admins
            ledger.planned_reversal ledger.recurring_entry ledger.recurring_posting
            ledger.entry_template
            ledger.settlement_file ledger.settlement_series ledger.mention ledger.mismatch
            ledger.interchange ledger.machine_word
            ledger.bank_statement ledger.bank_series ledger.bank_line
            """,
        ),
        *_grants(
            AUDITOR,
            "SELECT",
            "ledger.webhook",
            "id kinds state reason added_by added_at version",
        ),
        *_grants(
            AUDITOR,
            "SELECT",
            "ledger.withdrawal",
            OPEN_COLUMNS
            + " authorised_at doubt_at trace settlement_date captured captured_fee capture_entry"
            + " tier",
        ),
        *_grants(
            AUDITOR,
            "SELECT",
            "ledger.agent_request",
            OPEN_COLUMNS + " agent_id commission offered_to",
        ),
        *_grants(
            AUDITOR,
            "SELECT",
            "ledger.claim",
            "withdrawal_id user_id wallet_id received state opened_at checker_id version",
        ),
        *_grants(AUDITOR, "SELECT", MODELS + " queries.projection queries.audit"),
    }
)


# Row security: whose rows each table of read models shows to whom.
UNGUARDED = frozenset({"queries.projection"})  # one row, nobody's
GUARDED = frozenset((MODELS + " queries.audit").split())
OF_CUSTOMERS = """
    queries.account queries.wallet queries.movement queries.line queries.entry queries.withdrawal
    queries.claim queries.held_transfer queries.feed queries.account_day
"""
OF_AGENTS = """
    queries.offer queries.principal queries.outlet queries.till queries.till_day queries.redemption
"""
OWNED = frozenset((OF_CUSTOMERS + OF_AGENTS).split())


class Policy(NamedTuple):
    """What one role sees of the rows of one table."""

    table: str
    role: str
    name: str
    verb: str


def policies() -> frozenset[Policy]:
    """One for each role that reads, on each table whose rows are guarded."""
    return frozenset(
        policy
        for table in GUARDED
        for policy in (
            Policy(table, PROJECTOR, "what_is_projected", "ALL"),
            Policy(table, AUDITOR, "what_is_audited", "SELECT"),
            Policy(
                table,
                QUERIES,
                "what_is_ones_own" if table in OWNED else "what_is_our_own",
                "SELECT",
            ),
        )
    )


@cache
def bodies() -> Mapping[str, str]:
    """The body of each function as the newest migration that defines it has it."""
    found: dict[str, str] = {}
    for text in _migrations():
        found.update(FUNCTION.findall(text))
    return found


@cache
def constraints() -> frozenset[str]:
    """The names of all constraints and unique indexes that the migrations leave in place."""
    names: set[str] = set()
    for text in _migrations():
        statements = COMMENT.sub("", BODY.sub("", text))
        for dropped, made in MADE_OR_DROPPED.findall(statements):
            names.discard(dropped)
            if made:
                names.add(made)
    return frozenset(names)


def _migrations() -> Iterator[str]:
    for path in sorted(MIGRATIONS.glob("*.sql")):
        yield path.read_text(encoding="utf-8")


FUNCTION = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION (\w+\.\w+)\s*\(.*?AS \$\$(.*?)\$\$", re.DOTALL
)
BODY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*")
# In their order: a migration may drop a rule to make it again.
MADE_OR_DROPPED = re.compile(
    r"DROP (?:CONSTRAINT|INDEX)(?: IF EXISTS)?\s+(?:\w+\.)?(\w+)"
    r"|(?:CONSTRAINT|UNIQUE INDEX(?: CONCURRENTLY)?)\s+(\w+)\s+(?!TO\b)"
)
