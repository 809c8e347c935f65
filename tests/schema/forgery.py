"""What a forgery is, and the hands that make it: SQL helpers and a row in every table of state."""

from __future__ import annotations

from typing import NamedTuple

import psycopg
import pytest
from psycopg.rows import TupleRow

SESSIONS = ("origin", "replica")  # under the latter, a superuser passes by ordinary triggers


class Forgery(NamedTuple):
    """An attack by the owner, who may do anything that no rule stops.

    `rule` is the name that must refuse it. What comes `first`, in the same transaction, is true as
    yet; or it takes away a rule that would catch the forgery sooner, and then it stands there why.
    """

    rule: str
    sql: str
    first: str = ""

    @property
    def table(self) -> str:
        """The first table of ours that it names."""
        return next(word for word in self.sql.split() if word.startswith(("ledger.", "queries.")))

    def attack(self, owner: psycopg.Connection[TupleRow], session: str) -> None:
        """Try it, and assert that exactly its rule refused it."""
        owner.execute("SELECT set_config('session_replication_role', %s, true)", [session])
        if self.first:
            owner.execute(self.first)
        with pytest.raises(psycopg.IntegrityError) as refused:
            owner.execute(self.sql)
        assert refused.value.diag.constraint_name == self.rule


def twice(table: str, rule: str, changes: str = "'{}'") -> Forgery:
    """A second row like the one that is there; with `changes`, as a JSON object in SQL."""
    copied = f"SELECT (forge.copy(t, {changes})).* FROM {table} AS t"  # noqa: S608
    return Forgery(rule, f"INSERT INTO {table} {copied} LIMIT 1")


OTHER_ID = "jsonb_build_object('id', gen_random_uuid())"


# A true record, entry or line to begin with: the forgery says only what is wrong with it.
HELPERS = """
CREATE SCHEMA forge;

CREATE FUNCTION forge.number() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT max(entry_number) FROM ledger.log
$$;

-- The record that would come next, changed.
CREATE FUNCTION forge.record(changes jsonb, ahead integer DEFAULT 1)
RETURNS SETOF ledger.log LANGUAGE sql STABLE AS $$
    SELECT (jsonb_populate_record(l, jsonb_build_object(
        'position', l.position + ahead, 'kind', 'test.forged', 'entry_number', NULL,
        'booking_date', NULL, 'value_date', NULL, 'reverses', NULL
    ) || changes)).*
    FROM ledger.log AS l
    ORDER BY l.position DESC
    LIMIT 1
$$;

-- The same as an entry: with the next number, and the dates of the last entry.
CREATE FUNCTION forge.entry(changes jsonb, ahead integer DEFAULT 1)
RETURNS SETOF ledger.log LANGUAGE sql STABLE AS $$
    SELECT r.*
    FROM ledger.log AS l
    CROSS JOIN LATERAL forge.record(jsonb_build_object(
        'entry_number', l.entry_number + ahead, 'booking_date', l.booking_date,
        'value_date', l.value_date
    ) || changes, ahead) AS r
    WHERE l.entry_number = forge.number()
$$;

-- The head as it would be after the newest record, changed.
CREATE FUNCTION forge.head(changes jsonb) RETURNS SETOF ledger.head LANGUAGE sql STABLE AS $$
    SELECT (jsonb_populate_record(h, jsonb_build_object(
        'position', l.position, 'hash', l.hash, 'recorded_at', l.recorded_at
    ) || changes)).*
    FROM ledger.head AS h
    CROSS JOIN (SELECT * FROM ledger.log ORDER BY position DESC LIMIT 1) AS l
$$;

-- A line of the newest entry, on the trust bank's account.
CREATE FUNCTION forge.line(changes jsonb) RETURNS SETOF ledger.line LANGUAGE sql STABLE AS $$
    SELECT (jsonb_populate_record(i, jsonb_build_object(
        'entry_number', forge.number(), 'account', '00000000-0000-0000-0000-000000001010'
    ) || changes)).*
    FROM ledger.line AS i
    ORDER BY i.entry_number DESC, i.line_number
    LIMIT 1
$$;

-- Any row of a table, changed.
CREATE FUNCTION forge.copy(a_row anyelement, changes jsonb) RETURNS anyelement
LANGUAGE sql STABLE AS $$
    SELECT jsonb_populate_record(a_row, changes)
$$;
"""

# A row in every table of state and of the read models, made by hand: it need not mean anything.
STATE = r"""
INSERT INTO ledger.session (
    id, token_hash, person_id, role, opened_at, expires_at, idle_seconds, version
)
VALUES (gen_random_uuid(), 'token', gen_random_uuid(), 'customer', now(), now(), 600, 1);
INSERT INTO ledger.session_use (session_id, last_seen) VALUES (gen_random_uuid(), now());
INSERT INTO ledger.stranger (phone_index, failures, seen_at) VALUES ('unknown', 1, now());
INSERT INTO ledger.agent (id, float_id, status, version)
VALUES (gen_random_uuid(), gen_random_uuid(), 'open', 1);
INSERT INTO ledger.switch_key (id, acquirer_id, public_key, version)
VALUES ('key', 'bank', decode(repeat('00', 32), 'hex'), 1);
INSERT INTO ledger.switch_certificate (fingerprint, acquirer_id, not_after, version)
VALUES (repeat('00', 32), 'bank', now(), 1);
INSERT INTO ledger.device_keys (person_id, known, version) VALUES (gen_random_uuid(), '[]', 1);
INSERT INTO ledger.terminal (id, acquirer_id, place, version) VALUES ('atm', 'bank', 'Praia', 1);
INSERT INTO ledger.nonce (hash, seen_at) VALUES ('nonce', now());

INSERT INTO ledger.withdrawal (
    id, user_id, wallet_id, state, amount, fee, tariff_edition, code_digest, code_seal, tries,
    requested_at, expires_at, authorised_at, trace, settlement_date, captured, captured_fee, version
)
SELECT
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), s.state, 2000, 25, 1, s.code, s.code,
    0, now(), now(), s.at, s.trace, s.at::date, s.captured, s.captured, 1
FROM (
    VALUES
    ('active', '123456'::bytea, NULL::timestamptz, NULL::uuid, 0),
    ('authorised', NULL, now(), gen_random_uuid(), 0),
    ('completed', NULL, now(), gen_random_uuid(), 20)
) AS s (state, code, at, trace, captured);
INSERT INTO ledger.cardless (wallet_id, held, version) VALUES (gen_random_uuid(), 2025, 1);
INSERT INTO ledger.release (withdrawal_id, evidence, maker_id, proposed_at, version)
VALUES (gen_random_uuid(), 'in no file', gen_random_uuid(), now(), 1);
INSERT INTO ledger.switch_trace (
    id, amount, response_code, approval_code, withdrawal_id, reversed_to, version
)
VALUES (gen_random_uuid(), 2000, '00', '123456', gen_random_uuid(), '{}', 1);
INSERT INTO ledger.dispute (
    id, acquirer_id, terminal_id, stan, rrn, local_date, amount, settlement_date, taken_back, state,
    version
)
VALUES (
    gen_random_uuid(), 'bank', 'atm', '000001', '000000000001', '2026-11-23', 2000, '2026-11-24', 0,
    'open', 1
);
INSERT INTO ledger.agent_request (
    id, user_id, wallet_id, agent_id, state, amount, fee, commission, tariff_edition, pickup_digest,
    pickup_seal, tries, requested_at, expires_at, version
)
VALUES (
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'pending', 3000, 60,
    30, 1, '654321', '654321', 0, now(), now(), 1
);
INSERT INTO ledger.bank_credit (
    reference, transaction_id, amount, value_date, account_id, beneficiary, entry_number, booked_at
)
VALUES ('R1', gen_random_uuid(), 100, '2026-11-23', gen_random_uuid(), 'wallet', 1, now());

INSERT INTO ledger.dormancy (wallet_id, amount, since, version)
VALUES (gen_random_uuid(), 100, now(), 1);
INSERT INTO ledger.assignment (
    reference, credit_entry, account_id, beneficiary, user_id, entry_number, assigned_at
)
VALUES ('R1', 1, gen_random_uuid(), 'wallet', gen_random_uuid(), 2, now());
INSERT INTO ledger.claim (
    withdrawal_id, user_id, wallet_id, received, text_seal, state, opened_at, version
)
VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 0, 'sealed', 'open', now(), 1);
INSERT INTO ledger.settlement (settlement_date, owed, paid, interchange, settled_at, version)
VALUES ('2026-11-23', 2500, 2000, 30, now(), 1);
INSERT INTO ledger.difference (
    id, side, amount, remaining, settlement_date, reference, version
)
VALUES (gen_random_uuid(), 'in_file_only', 500, 500, '2026-11-23', 'line 17', 1);
INSERT INTO ledger.trust_book (kind, fees_swept, commission_funded, tax_paid, version)
VALUES ('trust', 0, 0, 0, 1);
INSERT INTO ledger.settlement_file (
    id, acquirer_id, number, settlement_date, cut_off_at, signed, records, matched, state, version
)
VALUES (gen_random_uuid(), 'SISP', 1, '2026-11-23', now(), 'signed', 5, 5, 'matched', 1);
INSERT INTO ledger.settlement_series (
    acquirer_id, first_date, last_date, last_number, version
)
VALUES ('SISP', '2026-11-23', '2026-11-23', 1, 1);
INSERT INTO ledger.mention (id, file_id, number, claimed, absences, absent_on, version)
VALUES (gen_random_uuid(), gen_random_uuid(), 1, 2000, 0, NULL, 1);
INSERT INTO ledger.mismatch (
    id, kind, state, file_id, number, acquirer_id, terminal_id, stan, rrn, local_date, in_file,
    in_books, file_date, version
)
VALUES (
    gen_random_uuid(), 'amount', 'open', gen_random_uuid(), 1, 'SISP', 'atm', '000001',
    '000000000001', '2026-11-23', 2000, 1500, '2026-11-23', 1
);
INSERT INTO ledger.machine_word (withdrawal_id, dispensed, version)
VALUES (gen_random_uuid(), 0, 1);
INSERT INTO ledger.bank_statement (id, account, number, digest, lines, version)
VALUES (gen_random_uuid(), 'IBAN', 1, '-', 1, 1);
INSERT INTO ledger.bank_series (account, last_number, last_day, closing, version)
VALUES ('IBAN', 1, '2026-11-23', 0, 1);
INSERT INTO ledger.bank_line (
    id, statement_id, number, amount, state, rule, entry_number, entry_line, version
)
VALUES (gen_random_uuid(), gen_random_uuid(), 1, 500, 'matched', 'reference', 1, 1, 1);
INSERT INTO queries.bank_statement (
    id, account, number, first_day, last_day, opening, closing, lines, digest, actor, position,
    taken_in_at
)
VALUES (
    gen_random_uuid(), 'IBAN', 1, '2026-11-23', '2026-11-23', 0, 0, 1, '-', 'nobody', 1, now()
);
INSERT INTO queries.bank_line (
    id, statement_id, number, amount, reference, booked_on, value_on, state, updated_at
)
VALUES (
    gen_random_uuid(), gen_random_uuid(), 1, 500, 'B-1', '2026-11-23', '2026-11-23', 'open', now()
);
INSERT INTO queries.settlement_file (
    id, acquirer_id, number, settlement_date, cut_off_at, key_id, digest, signature, state, records,
    captured, captured_amount, reversed, taken_back, taken_back_amount, fees, net, actor, position,
    taken_in_at
)
VALUES (
    gen_random_uuid(), 'SISP', 1, '2026-11-23', now(), 'key', '-', '-', 'matched', 1, 1, 2000, 0, 0,
    0, 12, 2000, 'nobody', 1, now()
);
INSERT INTO queries.settlement_item (
    file_id, number, kind, local_date, terminal_id, rrn, stan, requested, amount, fee,
    authorised_at, ended_at, outcome
)
VALUES (
    gen_random_uuid(), 1, 'CAP', '2026-11-23', 'atm', '000000000001', '000001', 2000, 2000, 12,
    now(), now(), 'matched'
);
INSERT INTO queries.mismatch (
    id, kind, state, file_id, number, acquirer_id, terminal_id, stan, rrn, local_date, in_file,
    in_books, file_date, position, found_at, updated_at
)
VALUES (
    gen_random_uuid(), 'amount', 'open', gen_random_uuid(), 1, 'SISP', 'atm', '000001',
    '000000000001', '2026-11-23', 2000, 1500, '2026-11-23', 1, now(), now()
);
INSERT INTO queries.absence (withdrawal_id, absences, absent_on)
VALUES (gen_random_uuid(), 1, '2026-11-23');
INSERT INTO queries.bank_credit (
    reference, transaction_id, amount, value_date, beneficiary, state, entry_number, booked_at
)
VALUES ('R1', gen_random_uuid(), 100, '2026-11-23', 'unidentified', 'unidentified', 1, now());
INSERT INTO queries.claim (
    withdrawal_id, user_id, wallet_id, state, received, captured, captured_fee, opened_at,
    updated_at
)
VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'open', 0, 2000, 25, now(), now());
INSERT INTO queries.evidence (
    position, withdrawal_id, source, dispensed, note, actor, added_at
)
VALUES (1, gen_random_uuid(), 'atm_journal', 0, 'nothing', 'nobody', now());
INSERT INTO queries.settlement (settlement_date, amount, interchange, settled_at)
VALUES ('2026-11-23', 2000, 30, now());
INSERT INTO queries.difference (
    id, side, amount, remaining, settlement_date, reference, booked_at, updated_at
)
VALUES (gen_random_uuid(), 'in_file_only', 500, 500, '2026-11-23', 'line 17', now(), now());

INSERT INTO ledger.principal (id, name, version) VALUES (gen_random_uuid(), 'Loja', 1);
INSERT INTO ledger.till (
    id, agent_id, name, state, operator_id, opened_at, cash, taken, paid, brought, differences,
    version
)
VALUES (
    gen_random_uuid(), gen_random_uuid(), 'Caixa 1', 'open', gen_random_uuid(), now(), 500, 700,
    300, 90, 10, 1
);
INSERT INTO ledger.redemption (
    id, agent_id, amount, state, requested_by, decided_by, reference, version
)
VALUES (gen_random_uuid(), gen_random_uuid(), 500, 'requested', gen_random_uuid(), NULL, NULL, 1),
(gen_random_uuid(), gen_random_uuid(), 500, 'paid', gen_random_uuid(), gen_random_uuid(), 'T1', 1);
INSERT INTO queries.principal (id, name, enrolled_at) VALUES (gen_random_uuid(), 'Loja', now());
INSERT INTO queries.outlet (
    id, float_id, name, status, tills_required, float_floor, float_low, float_ok, float_state,
    position
)
VALUES (gen_random_uuid(), gen_random_uuid(), 'Loja', 'open', FALSE, 0, 0, 0, 'ok', 1);
INSERT INTO queries.till (id, agent_id, name, state, cash, differences, position)
VALUES (gen_random_uuid(), gen_random_uuid(), 'Caixa 1', 'closed', 0, 0, 1);
INSERT INTO queries.till_day (
    till_id, day, cash_in_count, cash_in, cash_out_count, cash_out, commission, brought, differences
)
VALUES (gen_random_uuid(), '2026-11-23', 0, 0, 0, 0, 0, 0, 0);
INSERT INTO queries.offer (request_id, agent_id, open)
VALUES (gen_random_uuid(), gen_random_uuid(), TRUE);
INSERT INTO queries.redemption (
    id, agent_id, amount, state, requested_at, requested_position, position, updated_at
)
VALUES (gen_random_uuid(), gen_random_uuid(), 500, 'requested', now(), 1, 1, now());

INSERT INTO ledger.device_use (device, people, version) VALUES ('-', '{}', 1);
INSERT INTO ledger.devices (person_id, known, version) VALUES (gen_random_uuid(), '[]', 1);
INSERT INTO ledger.watch (id, in_row, minute, minutes, quarter, quarter_count, usual, version)
VALUES ('network', 0, 0, '[]', 0, 0, 0, 1);
INSERT INTO ledger.risk_profile (wallet_id, cleared, claims_at, version)
VALUES (gen_random_uuid(), '{}', '[]', 1);
INSERT INTO ledger.risk_case (id, rule, action, state, user_id, holds, opened_at, version)
VALUES (gen_random_uuid(), 'structuring', 'review', 'open', gen_random_uuid(), FALSE, now(), 1);
INSERT INTO ledger.held_transfer (
    id, user_id, wallet_id, to_wallet_id, state, amount, fee, tariff_edition, held_at, version
)
VALUES (
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'held', 1000, 10, 1,
    now(), 1
);
INSERT INTO queries.rule_edition (number, valid_from, rules, position)
VALUES (1, now(), '[]', 1);
INSERT INTO queries.risk_hit (position, rule, edition, hit_at) VALUES (1, 'structuring', 1, now());
INSERT INTO queries.risk_case (
    id, rule, action, state, reason, opened_at, opened_position, updated_at
)
VALUES (gen_random_uuid(), 'structuring', 'review', 'open', '-', now(), 1, now());
INSERT INTO queries.case_event (position, case_id, kind, author, happened_at)
VALUES (1, gen_random_uuid(), 'noted', 'nobody', now());
INSERT INTO queries.held_transfer (
    id, wallet_id, to_wallet_id, state, amount, fee, held_at, updated_at
)
VALUES (
    gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'held', 1000, 10, now(), now()
);

INSERT INTO ledger.activity (subject, state, version) VALUES (gen_random_uuid(), 'state', 1);
INSERT INTO ledger.proposal (
    id, kind, content, content_hash, maker_id, proposed_at, expires_at, state, version
)
VALUES (
    gen_random_uuid(), 'set_tier', '{}', encode(sha256('{}'), 'hex'), gen_random_uuid(), now(),
    now(), 'proposed', 1
);
INSERT INTO queries.proposal (
    id, kind, content, content_hash, maker_id, proposed_at, expires_at, state, updated_at
)
VALUES (
    gen_random_uuid(), 'set_tier', '{}', 'hash', gen_random_uuid(), now(), now(), 'proposed', now()
);

INSERT INTO ledger.trail (
    position, what, actor, request_id, route, asked, outcome, times, recorded_at, hash
)
VALUES (
    1, 'refused', 'nobody', 'none', 'GET /balance', '', 'UNAUTHENTICATED', 1, now(), sha256('1')
);
UPDATE ledger.trail_end AS e SET position = t.position, hash = t.hash, recorded_at = t.recorded_at
FROM ledger.trail AS t;
INSERT INTO ledger.trail_seal (kind, position, hash, version) VALUES ('trail', 1, sha256('1'), 1);
INSERT INTO queries.audit (
    happened_at, position, note, kind, actor, request_id, outcome, times
)
VALUES (now(), 1, 0, 'test.forged', 'nobody', 'none', 'done', 1);

INSERT INTO queries.account (id, code, currency, balance, position, updated_at)
VALUES (gen_random_uuid(), '2010', 'CVE', 0, 1, now());
INSERT INTO queries.wallet (id, user_id, status, held, updated_at)
VALUES (gen_random_uuid(), gen_random_uuid(), 'open', 0, now());
INSERT INTO queries.entry (
    number, position, transaction_id, kind, booking_date, value_date, recorded_at, actor,
    request_id, reverses, amount, late
)
VALUES (
    2, 2, gen_random_uuid(), 'test.forged', '2026-11-23', '2026-11-23', now(), 'nobody', 'none', 1,
    5, FALSE
);
INSERT INTO queries.line (
    entry_number, line_number, account_id, code, amount, balance, booking_date, value_date
)
VALUES (2, 1, gen_random_uuid(), '2010', 5, 5, '2026-11-23', '2026-11-23');
INSERT INTO queries.turnover (
    code, currency, day, booked_debits, booked_credits, valued_debits, valued_credits
)
VALUES ('2010', 'CVE', '2026-11-23', 5, 0, 5, 0);
INSERT INTO queries.account_day (
    account_id, day, booked_debits, booked_credits, valued_debits, valued_credits
)
VALUES (gen_random_uuid(), '2026-11-23', 5, 0, 5, 0);
INSERT INTO queries.milestone (code, currency, stretch, debits, credits)
VALUES ('2010', 'CVE', 0, 5, 0);
INSERT INTO queries.log_record (
    position, kind, subject, actor, request_id, recorded_at, hash
)
VALUES (1, 'test.forged', gen_random_uuid(), 'nobody', 'none', now(), '');
INSERT INTO queries.entry_word (word, entry_number, booking_date) VALUES ('wrong', 2, '2026-11-23');
INSERT INTO queries.float_day (
    account_id, day, kind, incoming, operations, amount, commission
)
VALUES (gen_random_uuid(), '2026-11-23', 'cash_in.made', FALSE, 1, 5, 0);
INSERT INTO queries.suspense (code, item, entry_number, booking_date, kind, amount)
VALUES ('1900', gen_random_uuid(), 2, '2026-11-23', 'dispute.opened', 5);
INSERT INTO queries.safeguarding (
    day, position, read_at, terms, difference, shortfall, recorded_at
)
VALUES ('2026-11-23', 1, 1, '{}', 0, 0, now());
INSERT INTO queries.trust_statement (day, balance, reference, stated_by, position, stated_at)
VALUES ('2026-11-23', 5, 'bank', 'nobody', 1, now());
INSERT INTO ledger.trust_day (day, recorded, version) VALUES ('2026-11-23', FALSE, 1);
INSERT INTO ledger.periods (kind, soft_closed_to, closed_to, late, years, version)
VALUES ('periods', '2020-02-29', '2020-01-31', 0, '{}', 1);
INSERT INTO ledger.planned_reversal (entry_number, reverse_on, done, version)
VALUES (1, '2026-12-01', FALSE, 1);
INSERT INTO ledger.recurring_entry (id, content, next_on, state, version)
VALUES (gen_random_uuid(), '{}', '2026-12-01', 'active', 1);
INSERT INTO ledger.recurring_posting (id, recurring_id, due_on, entry_number)
VALUES (gen_random_uuid(), gen_random_uuid(), '2026-12-01', 1);
INSERT INTO ledger.entry_template (id, state, version) VALUES (gen_random_uuid(), 'kept', 1);
INSERT INTO queries.planned_reversal (entry_number, reverse_on, state)
VALUES (1, '2026-12-01', 'planned');
INSERT INTO queries.recurring_entry (
    id, name, content, next_on, state, times, approved_by, started_at
)
VALUES (gen_random_uuid(), 'rent', '{}', '2026-12-01', 'active', 0, gen_random_uuid(), now());
INSERT INTO queries.entry_template (id, name, lines, state, kept_by, kept_at)
VALUES (gen_random_uuid(), 'rent', '[]', 'kept', gen_random_uuid(), now());
INSERT INTO queries.period_event (position, month, what, state, done_by, happened_at)
VALUES (1, '2020-01-01', 'closed', 'closed', gen_random_uuid(), now());
INSERT INTO queries.movement (
    account_id, entry_number, transaction_id, kind, incoming, amount, fee, commission,
    last_entry_number, balance
)
VALUES (gen_random_uuid(), 2, gen_random_uuid(), 'test.forged', TRUE, 5, 0, 0, 2, 5);
INSERT INTO queries.withdrawal (
    id, channel, user_id, wallet_id, state, amount, fee, tariff_edition, tries, requested_at,
    requested_position, expires_at, position, updated_at
)
VALUES (
    gen_random_uuid(), 'atm', gen_random_uuid(), gen_random_uuid(), 'active', 2000, 25, 1, 0, now(),
    1, now(), 1, now()
);
INSERT INTO queries.switch_operation (
    acquirer_id, rrn, local_date, terminal_id, stan, reversal_noted, position, first_at, updated_at
)
VALUES ('bank', '000000000001', '2026-11-23', 'atm', '000001', FALSE, 1, now(), now());

INSERT INTO ledger.factors (person_id, recovery, passkeys, version)
VALUES (gen_random_uuid(), '{a,b}', '{}', 1);
INSERT INTO ledger.passkey (
    id, person_id, credential_id, public_key, sign_count, name, added_at, version
)
VALUES (gen_random_uuid(), gen_random_uuid(), 'id', 'key', 0, 'laptop', now(), 1);
INSERT INTO ledger.reset (person_id, what, state, opened_at, code_digest, version)
VALUES (gen_random_uuid(), 'pin', 'open', now(), 'digest', 1);
INSERT INTO ledger.admins (kind, ids, version) VALUES ('admins', '{}', 1);
INSERT INTO ledger.login_source (source, failures, since) VALUES ('source', 1, now());
INSERT INTO queries.access (
    user_id, role, status, enrolled_at, passkeys, recovery_codes, devices
)
VALUES (gen_random_uuid(), 'auditor', 'active', now(), 0, 0, 0);

INSERT INTO ledger.alert (id, name, raised, value, level, measured_position, version)
VALUES (gen_random_uuid(), 'held_age', TRUE, 5, 4, 1, 1);
INSERT INTO ledger.alert_levels (name, editions, version) VALUES ('held_age', '[]', 1);
INSERT INTO ledger.webhook (
    id, url, kinds, secret_seal, old_secret_seal, old_until, state, added_by, added_at, version
)
VALUES (
    gen_random_uuid(), 'https://example.com', '[]', 'new', 'old', now(), 'active',
    gen_random_uuid(), now(), 1
);
INSERT INTO ledger.webhook_cursor (webhook_id, position) VALUES (gen_random_uuid(), 1);
INSERT INTO ledger.webhook_delivery (
    webhook_id, position, kind, state, attempts, queued_at, first_at, next_at, updated_at
)
VALUES (gen_random_uuid(), 1, 'alert.raised', 'pending', 0, now(), now(), now(), now());
INSERT INTO queries.feed (position, audience, owner, kind, subject, recorded_at, payload)
VALUES (1, 'customer', gen_random_uuid(), 'transfer.made', gen_random_uuid(), now(), '{}');
INSERT INTO queries.alert (
    id, name, raised, value, level, unit, times, raised_at, position
)
VALUES (gen_random_uuid(), 'held_age', TRUE, 5, 4, 'seconds', 1, now(), 1);
"""
