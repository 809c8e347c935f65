"""A cash machine at which more wallets are emptied than people can stand at is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from commands.risk.activity import Recent, activity_of, terminal_subject
from commands.risk.case import Case, CaseState, case_id_of, open_case, record_hit
from commands.risk.catalogue import BY_NAME
from commands.risk.rulebook import Mode, rules_now
from commands.risk.watch import Watches, watch_of
from ledger.books import Books

RULE = "terminal_velocity"


def from_many(machine: Recent, now: int, of: Mapping[str, int]) -> bool:
    """Whether a machine has paid to so many different wallets within the last seconds."""
    if len(machine) < of["wallets"]:
        return False
    return len(set(machine.since(now - of["seconds"]).other)) >= of["wallets"]


def note_machine(books: Books, watches: Watches, terminal_id: str, withdrawal_id: UUID) -> None:
    """Log a withdrawal with which a machine goes beyond that, with a case when the rule is live.

    Below the line, when it is counted; it stops nothing. While the machine has an open case,
    further hits join it. Touches `watches` and the terminal's Activity.
    """
    edition = rules_now(books)
    rule = None if edition is None else edition.rule(RULE)
    if edition is None or rule is None:
        return
    machine = activity_of(books, terminal_subject(terminal_id)).recent
    if not from_many(machine, books.micros // 1_000_000, rule.thresholds):
        return
    watch = watch_of(books, watches.terminal)
    case_id = None
    if rule.mode is Mode.LIVE:
        case_id = watch.case_id or case_id_of(books, watch.id)
    if case_id is not None and watch.case_id is None:
        case = Case(
            id=case_id,
            rule=RULE,
            action=rule.action,
            state=CaseState.OPEN,
            transaction_id=withdrawal_id,
            watch_id=watch.id,
            opened_at=books.now,
        )
        open_case(books, case, BY_NAME[RULE].sentence)
        books.put(msgspec.structs.replace(watch, case_id=case_id))
    record_hit(
        books,
        case_id,
        watch.subject,
        rule=RULE,
        edition=edition.number,
        action=rule.action,
        dry_run=rule.mode is Mode.DRY_RUN,
        watch=watch.id,
        transaction=withdrawal_id,
    )
