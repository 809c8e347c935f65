"""What reports are read from: who did what, words, floats by the day, suspense by the
item, the trust by the day.
"""

from __future__ import annotations

from queries.projection.step import ENTRIES, Step

FILE_RECORDS = """
    INSERT INTO log_record (
        position, kind, subject, actor, request_id, recorded_at, entry_number, hash
    )
    SELECT
        l.position, l.kind, l.subject, l.actor, l.request_id, l.recorded_at, l.entry_number, l.hash
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s
"""

# What people wrote beside an entry, and its reference, word by word.
NOTE_WORDS = """
    INSERT INTO entry_word (word, entry_number, booking_date)
    SELECT DISTINCT left(w.word, 64), e.number, e.booking_date
    FROM entry AS e
    CROSS JOIN LATERAL regexp_split_to_table(
        lower(concat_ws(' ', e.memo, e.reference)), '[^[:alnum:]]+'
    ) AS w (word)
    WHERE
        e.position > %(after)s AND e.position <= %(up_to)s
        AND num_nonnulls(e.memo, e.reference) > 0 AND w.word <> ''
"""

# The commission stands in the record: the lines have it together with the amount.
COUNT_FLOATS = """
    INSERT INTO float_day AS f (
        account_id, day, kind, incoming, operations, amount, commission
    )
    SELECT
        n.account_id, n.day, n.kind, n.gained > n.commission, count(*),
        sum(abs(n.gained - n.commission)), sum(n.commission)
    FROM (
        SELECT
            i.account_id, i.booking_date AS day, l.kind, -sum(i.amount) AS gained,
            CASE
                WHEN l.kind IN ('cash_in.made', 'cash_out.confirmed')
                    THEN (l.payload ->> 'commission')::bigint
                WHEN l.kind = 'cash_in.reversed' THEN -(l.payload ->> 'commission')::bigint
                ELSE 0
            END AS commission
        FROM ledger.log AS l
        INNER JOIN line AS i ON l.entry_number = i.entry_number
        WHERE
            l.position > %(after)s AND l.position <= %(up_to)s AND l.entry_number IS NOT NULL
            AND i.code = '2020'
        GROUP BY i.account_id, i.booking_date, l.position, l.kind, l.payload
    ) AS n
    GROUP BY n.account_id, n.day, n.kind, n.gained > n.commission
    ON CONFLICT (account_id, day, kind, incoming) DO UPDATE
        SET
            operations = f.operations + excluded.operations,
            amount = f.amount + excluded.amount,
            commission = f.commission + excluded.commission
"""

# The item is what opened it: a credit that finds its owner, or is taken back, is still that credit.
# Disputes, breaks and claims keep their subject for life.
SUSPEND = """
    INSERT INTO suspense (code, item, entry_number, booking_date, kind, amount)
    SELECT
        i.code,
        CASE
            WHEN l.kind = 'bank.credit_assigned' THEN (l.payload ->> 'credit')::uuid
            WHEN l.kind = 'entry.reversed' THEN (
                SELECT e.transaction_id
                FROM entry AS e
                WHERE e.number = l.reverses
            )
            ELSE l.subject
        END,
        l.entry_number, l.booking_date, l.kind, sum(i.amount)
    FROM ledger.log AS l
    INNER JOIN line AS i ON l.entry_number = i.entry_number
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.entry_number IS NOT NULL
        AND i.code IN ('1900', '2900')
    GROUP BY i.code, l.position, l.entry_number, l.booking_date, l.kind
"""

RECORD_TRUST = """
    INSERT INTO safeguarding (
        day, position, read_at, terms, difference, shortfall, recorded_at
    )
    SELECT
        (l.payload ->> 'day')::date, l.position, (l.payload ->> 'readAt')::bigint,
        l.payload -> 'terms', (l.payload ->> 'difference')::bigint,
        (l.payload ->> 'shortfall')::bigint, l.recorded_at
    FROM ledger.log AS l
    WHERE
        l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'safeguarding.recorded'
"""

# The bank may correct itself: its last word about a day counts.
STATE_TRUST = """
    INSERT INTO trust_statement AS s (day, balance, reference, stated_by, position, stated_at)
    SELECT DISTINCT ON (l.payload ->> 'day')
        (l.payload ->> 'day')::date, (l.payload ->> 'balance')::bigint,
        l.payload ->> 'reference', l.actor, l.position, l.recorded_at
    FROM ledger.log AS l
    WHERE l.position > %(after)s AND l.position <= %(up_to)s AND l.kind = 'safeguarding.stated'
    ORDER BY l.payload ->> 'day', l.position DESC
    ON CONFLICT (day) DO UPDATE
        SET
            balance = excluded.balance, reference = excluded.reference,
            stated_by = excluded.stated_by, position = excluded.position,
            stated_at = excluded.stated_at
"""

STEPS = (
    Step(FILE_RECORDS, ("",)),
    Step(NOTE_WORDS, (ENTRIES,)),
    Step(COUNT_FLOATS, (ENTRIES,)),
    Step(SUSPEND, (ENTRIES,)),
    Step(RECORD_TRUST, ("safeguarding.recorded",)),
    Step(STATE_TRUST, ("safeguarding.stated",)),
)
