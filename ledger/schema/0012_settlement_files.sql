-- The switch's settlement files: which came, what they say of each operation, and where they, our books and the
-- machines do not agree. And the trust bank's statements: which came, and which of our entries each line is.

-- One file, from its being taken in until every item of it is matched.
CREATE TABLE ledger.settlement_file (
    id uuid NOT NULL,  -- made from acquirer and number
    acquirer_id text NOT NULL,
    number bigint NOT NULL,
    settlement_date date NOT NULL,
    cut_off_at timestamptz NOT NULL,
    signed bytea NOT NULL,  -- what its signature is over: two files with the same are one
    records integer NOT NULL,
    matched integer NOT NULL,  -- items, from the first on
    state text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_file_has_one_id PRIMARY KEY (id),
    CONSTRAINT an_acquirer_numbers_its_files_once UNIQUE (acquirer_id, number),
    CONSTRAINT a_file_is_taken_in_once UNIQUE (signed),
    CONSTRAINT no_more_is_matched_than_the_file_has CHECK (matched BETWEEN 0 AND records),
    CONSTRAINT a_file_is_matched_when_all_of_it_is
    CHECK (state IN ('matching', 'matched') AND (state = 'matching' OR matched = records))
);

-- How far an acquirer's files have come: the next one has the next number.
CREATE TABLE ledger.settlement_series (
    acquirer_id text NOT NULL,
    first_date date NOT NULL,
    last_date date NOT NULL,
    last_number bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT an_acquirer_has_one_series PRIMARY KEY (acquirer_id),
    CONSTRAINT a_series_goes_forward CHECK (first_date <= last_date AND last_number > 0)
) WITH (fillfactor = 50);

-- What files have said of a trace, or have not said although they should have.
CREATE TABLE ledger.mention (
    id uuid NOT NULL,  -- the trace's
    file_id uuid,  -- the last that named it
    number integer,
    claimed bigint NOT NULL,
    absences smallint NOT NULL,  -- settlement dates whose file did not name it
    absent_on date,
    missing_id uuid,  -- the mismatch that this has led to
    version bigint NOT NULL,
    CONSTRAINT a_trace_has_one_mention PRIMARY KEY (id),
    CONSTRAINT no_less_than_nothing_is_claimed CHECK (claimed >= 0),
    CONSTRAINT who_is_named_is_named_somewhere
    CHECK ((file_id IS NULL) = (number IS NULL) AND (claimed = 0 OR file_id IS NOT NULL)),
    CONSTRAINT an_absence_has_its_date CHECK (absences >= 0 AND (absences = 0) = (absent_on IS NULL))
) WITH (fillfactor = 80);

-- Where a file, our books and the machine differ, as matching has found it.
CREATE TABLE ledger.mismatch (
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    file_id uuid NOT NULL,
    number integer,  -- of the item; null: the file should have named it
    acquirer_id text NOT NULL,
    terminal_id text NOT NULL,
    stan text NOT NULL,
    rrn text NOT NULL,
    local_date date NOT NULL,
    withdrawal_id uuid,
    in_file bigint NOT NULL,
    in_books bigint NOT NULL,
    file_date date NOT NULL,
    book_date date,
    checker_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_mismatch_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_mismatch_is_of_a_known_kind
    CHECK (
        kind IN (
            'missing_here', 'missing_there', 'amount', 'duplicate', 'reversed_here_only',
            'reversed_there_only', 'late', 'fee', 'wrong_date'
        )
    ),
    CONSTRAINT a_mismatch_is_in_a_known_state
    CHECK (state IN ('open', 'booked', 'dismissed', 'explained')),
    CONSTRAINT a_mismatch_is_ended_by_somebody
    CHECK ((checker_id IS NOT NULL) = (state IN ('booked', 'dismissed'))),
    CONSTRAINT no_less_than_nothing_is_found CHECK (in_file >= 0 AND in_books >= 0),
    CONSTRAINT what_only_the_file_lacks_has_no_number CHECK ((number IS NULL) = (kind = 'missing_there'))
);

-- The interchange that was agreed with the switch, as dated editions.
CREATE TABLE ledger.interchange (
    kind text NOT NULL,
    editions jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT there_is_one_book_of_interchange PRIMARY KEY (kind),
    CONSTRAINT the_book_of_interchange_is_called_so CHECK (kind = 'interchange')
);

-- The most that a machine's own count or journal says it has paid for a withdrawal.
CREATE TABLE ledger.machine_word (
    withdrawal_id uuid NOT NULL,
    dispensed bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_machine_has_one_word_for_a_withdrawal PRIMARY KEY (withdrawal_id),
    CONSTRAINT no_less_than_nothing_is_dispensed CHECK (dispensed >= 0)
);

-- The trust bank's statements: each account's are numbered, and one begins where the one before has ended.
CREATE TABLE ledger.bank_statement (
    id uuid NOT NULL,  -- made from account and number
    account text NOT NULL,
    number bigint NOT NULL,
    digest text NOT NULL,
    lines integer NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_statement_has_one_id PRIMARY KEY (id),
    CONSTRAINT an_account_numbers_its_statements_once UNIQUE (account, number),
    CONSTRAINT a_statement_is_taken_in_once UNIQUE (digest)
);
CREATE TABLE ledger.bank_series (
    account text NOT NULL,
    last_number bigint NOT NULL,
    last_day date NOT NULL,
    closing bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT an_account_has_one_series PRIMARY KEY (account)
) WITH (fillfactor = 50);

-- One line of a statement, and the line of an entry that it is.
CREATE TABLE ledger.bank_line (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    amount bigint NOT NULL,
    state text NOT NULL,
    rule text,
    entry_number bigint,
    entry_line smallint,
    version bigint NOT NULL,
    CONSTRAINT a_bank_line_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_statement_numbers_its_lines_once UNIQUE (statement_id, number),
    CONSTRAINT a_bank_line_is_of_some_money CHECK (amount <> 0),
    CONSTRAINT a_bank_line_is_in_a_known_state CHECK (state IN ('open', 'matched', 'explained')),
    CONSTRAINT what_is_matched_names_its_entry
    CHECK ((state = 'matched') = (entry_number IS NOT NULL) AND num_nulls(rule, entry_number, entry_line) IN (0, 3))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX an_entry_line_is_matched_once ON ledger.bank_line ((entry_number || '/' || entry_line));

GRANT SELECT, INSERT, UPDATE ON
ledger.bank_statement, ledger.bank_series, ledger.bank_line,
ledger.settlement_file, ledger.settlement_series, ledger.mention, ledger.mismatch, ledger.interchange,
ledger.machine_word
TO makeba_commands;
GRANT SELECT ON
ledger.bank_statement, ledger.bank_series, ledger.bank_line,
ledger.settlement_file, ledger.settlement_series, ledger.mention, ledger.mismatch, ledger.interchange,
ledger.machine_word
TO makeba_auditor;

-- The read models ----------------------------------------------------------------------------------

CREATE TABLE queries.settlement_file (
    id uuid NOT NULL,
    acquirer_id text NOT NULL,
    number bigint NOT NULL,
    settlement_date date NOT NULL,
    cut_off_at timestamptz NOT NULL,
    key_id text NOT NULL,
    digest text NOT NULL,
    signature text NOT NULL,
    state text NOT NULL,
    records integer NOT NULL,
    captured integer NOT NULL,
    captured_amount bigint NOT NULL,
    reversed integer NOT NULL,
    taken_back integer NOT NULL,
    taken_back_amount bigint NOT NULL,
    fees bigint NOT NULL,
    net bigint NOT NULL,
    actor text NOT NULL,
    position bigint NOT NULL,
    taken_in_at timestamptz NOT NULL,
    matched_at timestamptz,
    CONSTRAINT a_projected_file_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 80);
CREATE INDEX files_by_position ON queries.settlement_file (position);

-- One item of a file, as it stands there, and what matching has made of it.
CREATE TABLE queries.settlement_item (
    file_id uuid NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    local_date date NOT NULL,
    terminal_id text NOT NULL,
    rrn text NOT NULL,
    stan text NOT NULL,
    approval_code text,
    requested bigint NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    authorised_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    outcome text NOT NULL,
    withdrawal_id uuid,
    CONSTRAINT a_projected_item_has_one_number PRIMARY KEY (file_id, number)
);
CREATE INDEX items_by_withdrawal ON queries.settlement_item (withdrawal_id) WHERE withdrawal_id IS NOT NULL;
CREATE INDEX items_by_outcome ON queries.settlement_item (file_id, outcome, number) WHERE outcome <> 'matched';

CREATE TABLE queries.mismatch (
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    file_id uuid NOT NULL,
    number integer,
    acquirer_id text NOT NULL,
    terminal_id text NOT NULL,
    stan text NOT NULL,
    rrn text NOT NULL,
    local_date date NOT NULL,
    withdrawal_id uuid,
    in_file bigint NOT NULL,
    in_books bigint NOT NULL,
    file_date date NOT NULL,
    book_date date,
    evidence text,
    position bigint NOT NULL,
    found_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_mismatch_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 80);
CREATE INDEX mismatches_by_position ON queries.mismatch (position);
CREATE INDEX mismatches_that_wait ON queries.mismatch (position) WHERE state = 'open';
CREATE INDEX mismatches_by_file ON queries.mismatch (file_id, position);

-- Withdrawals of which a file has said nothing although it should have, and how often.
CREATE TABLE queries.absence (
    withdrawal_id uuid NOT NULL,
    absences smallint NOT NULL,
    absent_on date NOT NULL,
    CONSTRAINT a_projected_absence_is_of_one_withdrawal PRIMARY KEY (withdrawal_id)
);

CREATE TABLE queries.bank_statement (
    id uuid NOT NULL,
    account text NOT NULL,
    number bigint NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    opening bigint NOT NULL,
    closing bigint NOT NULL,
    lines integer NOT NULL,
    digest text NOT NULL,
    actor text NOT NULL,
    position bigint NOT NULL,
    taken_in_at timestamptz NOT NULL,
    CONSTRAINT a_projected_statement_has_one_id PRIMARY KEY (id)
);
CREATE INDEX statements_by_position ON queries.bank_statement (position);
CREATE TABLE queries.bank_line (
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    number integer NOT NULL,
    amount bigint NOT NULL,
    reference text NOT NULL,
    booked_on date NOT NULL,
    value_on date NOT NULL,
    state text NOT NULL,
    rule text,
    entry_number bigint,
    entry_line smallint,
    evidence text,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_bank_line_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 80);
CREATE INDEX bank_lines_of_a_statement ON queries.bank_line (statement_id, number);
CREATE INDEX bank_lines_that_wait ON queries.bank_line (booked_on, id) WHERE state = 'open';
CREATE INDEX bank_lines_by_entry ON queries.bank_line (entry_number, entry_line) WHERE entry_number IS NOT NULL;

-- When the resolution was proposed that waits: it lapses. One from before this lapses at once.
ALTER TABLE ledger.dispute ADD COLUMN proposed_at timestamptz;
CREATE INDEX resolutions_that_wait ON ledger.dispute (proposed_at) WHERE state = 'open' AND maker_id IS NOT NULL;

-- Of a settlement date: what a file should name.
CREATE INDEX withdrawals_by_settlement_date ON queries.withdrawal (acquirer_id, settlement_date, id)
WHERE state IN ('completed', 'authorised', 'in_doubt');

GRANT SELECT ON
queries.settlement_file, queries.settlement_item, queries.mismatch, queries.absence, queries.bank_statement,
queries.bank_line
TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON
queries.settlement_file, queries.settlement_item, queries.mismatch, queries.absence, queries.bank_statement,
queries.bank_line
TO makeba_projector;
