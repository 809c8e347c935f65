-- Reports: what statements, ledgers, ageing, agents' figures and the trust's daily record are read from; and the
-- row that lets a day of the trust be recorded once.

-- The same as queries.turnover for each account: what a statement on any date begins with.
CREATE TABLE queries.account_day (
    account_id uuid NOT NULL,
    day date NOT NULL,
    booked_debits bigint NOT NULL,
    booked_credits bigint NOT NULL,
    valued_debits bigint NOT NULL,
    valued_credits bigint NOT NULL,
    CONSTRAINT an_account_has_one_total_a_day PRIMARY KEY (account_id, day)
) WITH (fillfactor = 50);

-- All that was debited and credited under a code until a stretch of the log ends: with the few entries since, a
-- trial balance at any position of the log.
CREATE TABLE queries.milestone (
    code text NOT NULL,
    currency text NOT NULL,
    stretch bigint NOT NULL,  -- position / 4096
    debits bigint NOT NULL,
    credits bigint NOT NULL,
    CONSTRAINT a_code_has_one_milestone_a_stretch PRIMARY KEY (code, currency, stretch)
) WITH (fillfactor = 50);

-- Everything that happened, without what it said: who did what when, and its hash.
CREATE TABLE queries.log_record (
    position bigint NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    actor text NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL,
    entry_number bigint,
    hash bytea NOT NULL,
    CONSTRAINT a_projected_record_has_one_position PRIMARY KEY (position)
);
CREATE INDEX log_records_by_subject ON queries.log_record (subject, position);

-- Words that people wrote beside an entry, and those of its reference.
CREATE TABLE queries.entry_word (
    word text NOT NULL,
    entry_number bigint NOT NULL,
    booking_date date NOT NULL,
    CONSTRAINT a_word_of_an_entry_counts_once PRIMARY KEY (word, booking_date, entry_number)
);
CREATE INDEX operations_by_rrn ON queries.switch_operation (rrn);

-- What a counter did to its float on a day. What came less what went, with the commission, is what the float moved.
CREATE TABLE queries.float_day (
    account_id uuid NOT NULL,
    day date NOT NULL,
    kind text NOT NULL,
    incoming boolean NOT NULL,
    operations bigint NOT NULL,
    amount bigint NOT NULL,
    commission bigint NOT NULL,  -- what the float has gained by it beside the amount
    CONSTRAINT a_float_has_one_total_of_a_kind_a_day PRIMARY KEY (account_id, day, kind, incoming)
) WITH (fillfactor = 50);
CREATE INDEX float_days_by_day ON queries.float_day (day);

-- Suspense (1900, 2900), item by item: a dispute, a break, a claim, a credit of nobody whom we know.
CREATE TABLE queries.suspense (
    code text NOT NULL,
    item uuid NOT NULL,
    entry_number bigint NOT NULL,
    booking_date date NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,  -- signed as lines are
    CONSTRAINT an_entry_moves_an_item_once PRIMARY KEY (code, item, entry_number)
);

-- The trust, day by day: as it was recorded, and as its bank stated it.
CREATE TABLE queries.safeguarding (
    day date NOT NULL,
    position bigint NOT NULL,  -- of the record that tells it
    read_at bigint NOT NULL,  -- how far the log had been read for it
    terms jsonb NOT NULL,  -- name -> minor units
    difference bigint NOT NULL,
    shortfall bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT the_trust_is_recorded_once_a_day PRIMARY KEY (day)
);
CREATE TABLE queries.trust_statement (
    day date NOT NULL,
    balance bigint NOT NULL,
    reference text NOT NULL,
    stated_by text NOT NULL,
    position bigint NOT NULL,
    stated_at timestamptz NOT NULL,
    CONSTRAINT a_bank_states_one_balance_a_day PRIMARY KEY (day)
) WITH (fillfactor = 80);

GRANT SELECT ON ALL TABLES IN SCHEMA queries TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON
queries.account_day, queries.milestone, queries.log_record, queries.entry_word, queries.float_day, queries.suspense,
queries.safeguarding, queries.trust_statement
TO makeba_projector;

-- The write side: a day of the trust is recorded once, and what its bank stated is kept beside it.
CREATE TABLE ledger.trust_day (
    day date NOT NULL,
    recorded boolean NOT NULL,
    statement bigint,  -- what the bank says it held when the day ended
    version bigint NOT NULL,
    CONSTRAINT a_day_of_the_trust_has_one_row PRIMARY KEY (day)
) WITH (fillfactor = 80);
GRANT SELECT, INSERT, UPDATE ON ledger.trust_day TO makeba_commands;
GRANT SELECT ON ledger.trust_day TO makeba_auditor;
