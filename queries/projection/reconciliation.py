"""Settlement files, their items, mismatches, and what files have not named."""

from __future__ import annotations

from queries.projection.step import Step

TAKE_IN = """
    INSERT INTO settlement_file (
        id, acquirer_id, number, settlement_date, cut_off_at, key_id, digest, signature, state,
        records, captured, captured_amount, reversed, taken_back, taken_back_amount, fees, net,
        actor, position, taken_in_at
    )
    SELECT
        l.subject, l.payload ->> 'acquirerId', (l.payload ->> 'number')::bigint,
        (l.payload ->> 'settlementDate')::date, (l.payload ->> 'cutOffAt')::timestamptz,
        l.payload ->> 'keyId', l.payload ->> 'digest', l.payload ->> 'signature',
        l.payload ->> 'state', (l.payload ->> 'records')::integer,
        (l.payload ->> 'captured')::integer, (l.payload ->> 'capturedAmount')::bigint,
        (l.payload ->> 'reversed')::integer, (l.payload ->> 'takenBack')::integer,
        (l.payload ->> 'takenBackAmount')::bigint, (l.payload ->> 'fees')::bigint,
        (l.payload ->> 'net')::bigint, l.actor, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'settlement.file_taken_in'
"""

# An item stands in its record as a list, in the order of the file's fields; what was made of it and
# whose withdrawal it is come last.
ITEMS = """
    INSERT INTO settlement_item (
        file_id, number, kind, local_date, terminal_id, rrn, stan, approval_code, requested, amount,
        fee, authorised_at, ended_at, outcome, withdrawal_id
    )
    SELECT
        l.subject, (i.row ->> 0)::integer, i.row ->> 1, (i.row ->> 2)::date, i.row ->> 3,
        i.row ->> 4, i.row ->> 5, i.row ->> 6, (i.row ->> 7)::bigint, (i.row ->> 8)::bigint,
        (i.row ->> 9)::bigint, (i.row ->> 10)::timestamptz, (i.row ->> 11)::timestamptz,
        i.row ->> 12, (i.row ->> 13)::uuid
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'items') AS i (row)
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'settlement.items_matched'
"""

CLOSE = """
    UPDATE settlement_file AS f
    SET state = l.payload ->> 'state', matched_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'settlement.file_matched' AND f.id = l.subject
"""

FIND = """
    INSERT INTO mismatch (
        id, kind, state, file_id, number, acquirer_id, terminal_id, stan, rrn, local_date,
        withdrawal_id, in_file, in_books, file_date, book_date, position, found_at, updated_at
    )
    SELECT
        l.subject, l.payload ->> 'kind', l.payload ->> 'state', (l.payload ->> 'file')::uuid,
        (l.payload ->> 'number')::integer, l.payload ->> 'acquirerId', l.payload ->> 'terminalId',
        l.payload ->> 'stan', l.payload ->> 'rrn', (l.payload ->> 'localDate')::date,
        (l.payload ->> 'withdrawal')::uuid, (l.payload ->> 'inFile')::bigint,
        (l.payload ->> 'inBooks')::bigint, (l.payload ->> 'fileDate')::date,
        (l.payload ->> 'bookDate')::date, l.position, l.recorded_at, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'mismatch.found'
"""

END = """
    UPDATE mismatch AS m
    SET
        state = l.payload ->> 'state',
        evidence = l.payload ->> 'evidence',
        updated_at = l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind IN ('mismatch.booked', 'mismatch.dismissed', 'mismatch.explained')
        AND m.id = l.subject
"""

ABSENCES = """
    INSERT INTO absence AS a (withdrawal_id, absences, absent_on)
    SELECT DISTINCT ON ((i.row ->> 0)::uuid)
        (i.row ->> 0)::uuid, (i.row ->> 1)::smallint, (i.row ->> 2)::date
    FROM ledger.log AS l
    CROSS JOIN LATERAL jsonb_array_elements(l.payload -> 'absences') AS i (row)
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s
        AND l.kind = 'settlement.absences_noted'
    ORDER BY (i.row ->> 0)::uuid, l.position DESC
    ON CONFLICT (withdrawal_id) DO UPDATE
        SET absences = excluded.absences, absent_on = excluded.absent_on
"""

REDATE = """
    UPDATE withdrawal AS w
    SET settlement_date = n.to_date
    FROM (
        SELECT DISTINCT ON (l.subject) l.subject, (l.payload ->> 'to')::date AS to_date
        FROM ledger.log AS l
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'settlement.redated'
        ORDER BY l.subject, l.position DESC
    ) AS n
    WHERE w.id = n.subject
"""

STEPS = (
    Step(TAKE_IN, ("settlement.file_taken_in",)),
    Step(ITEMS, ("settlement.items_matched",)),
    Step(CLOSE, ("settlement.file_matched",)),
    Step(FIND, ("mismatch.found",)),
    Step(END, ("mismatch.",)),
    Step(ABSENCES, ("settlement.absences_noted",)),
    Step(REDATE, ("settlement.redated",)),
)
