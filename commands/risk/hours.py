"""Changes that somebody of ours proposes or approves outside of working hours are looked at."""

from __future__ import annotations

from uuid import UUID

from commands.identity.person import Person
from commands.risk.case import Case, CaseState, case_id_of, open_case, record_hit
from commands.risk.catalogue import BY_NAME
from commands.risk.rulebook import Mode, rules_now
from ledger.books import COUNTRY, Books

RULE = "out_of_hours"
WORKING_DAYS = 5  # from Monday


def note_hours(books: Books, person: Person, subject: UUID, kind: str) -> None:
    """Log a change of this kind that comes out of hours, with a case when the rule is live.

    Below the line; it stops nothing. Touches THE_RULES.
    """
    edition = rules_now(books)
    rule = None if edition is None else edition.rule(RULE)
    if edition is None or rule is None:
        return
    local = books.now.astimezone(COUNTRY)
    begins, ends = rule.thresholds["first_hour"], rule.thresholds["last_hour"]
    if local.weekday() < WORKING_DAYS and begins <= local.hour < ends:
        return
    case_id = None
    if rule.mode is Mode.LIVE:
        case = Case(
            id=case_id_of(books, subject),
            rule=RULE,
            action=rule.action,
            state=CaseState.OPEN,
            user_id=person.id,
            transaction_id=subject,
            opened_at=books.now,
        )
        case_id = case.id
        open_case(books, case, BY_NAME[RULE].sentence)
    record_hit(
        books,
        case_id,
        subject,
        rule=RULE,
        edition=edition.number,
        action=rule.action,
        dry_run=rule.mode is Mode.DRY_RUN,
        user=person.id,
        operation=kind,
        transaction=subject,
    )
