-- The read models: what is asked. The projector derives every row from the log and its lines alone, so all
-- of it can be built again from nothing with the same result; nothing is ever decided from it.
--
-- A role for each hand: the projector writes, queries only read. Indexes for asking stand here and nowhere
-- else: the write side has none. The projector's and the readers' SQL names these tables without a schema, so
-- that a rebuild can run beside the live ones.

CREATE SCHEMA queries;

-- How far the models have come. Whoever moves them holds this row.
CREATE TABLE queries.projection (
    is_projection boolean NOT NULL DEFAULT TRUE,
    position bigint NOT NULL,
    CONSTRAINT there_is_one_projection PRIMARY KEY (is_projection),
    CONSTRAINT the_projection_is_the_projection CHECK (is_projection)
) WITH (fillfactor = 10);
INSERT INTO queries.projection (position) VALUES (0);

-- What an account holds: signed as lines are, debit positive, in minor units.
CREATE TABLE queries.account (
    id uuid NOT NULL,
    code text NOT NULL,
    owner uuid,
    currency text NOT NULL,
    balance bigint NOT NULL,
    position bigint NOT NULL,  -- of the record that opened it or moved it last
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_account_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 50);
CREATE INDEX accounts_by_code ON queries.account (code, id);
CREATE INDEX accounts_by_owner ON queries.account (owner, code) WHERE owner IS NOT NULL;

-- A customer's wallet: what is said of it beyond its account.
CREATE TABLE queries.wallet (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    status text NOT NULL,
    held bigint NOT NULL,  -- amounts and fees of its open withdrawals and requests
    updated_at timestamptz NOT NULL,  -- of its status or of what is held
    CONSTRAINT a_projected_wallet_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_projected_user_has_one_wallet UNIQUE (user_id),
    CONSTRAINT nothing_held_is_negative CHECK (held >= 0)
) WITH (fillfactor = 70);

-- The journal. Within a year numbers rise with positions. Not with dates: an entry may be booked for a day that is
-- over, so whoever asks for days is answered by the days.
CREATE TABLE queries.entry (
    number bigint NOT NULL,
    position bigint NOT NULL,
    transaction_id uuid NOT NULL,
    kind text NOT NULL,
    booking_date date NOT NULL,
    value_date date NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    request_id text NOT NULL,
    reverses bigint,
    amount bigint NOT NULL,  -- what its debits come to
    reference text,  -- what a bank, a switch or a document calls it by
    reference_key text,  -- the same in small letters: row security lets no index be asked through a function
    memo text,  -- what somebody wrote beside it
    late boolean NOT NULL,  -- it was written after its booking date had ended
    CONSTRAINT a_projected_entry_has_one_number PRIMARY KEY (number),
    CONSTRAINT a_projected_entry_has_one_position UNIQUE (position)
);
CREATE INDEX entries_by_day ON queries.entry (booking_date, number);
CREATE INDEX entries_of_another_value_day ON queries.entry (value_date, number) WHERE value_date <> booking_date;
CREATE INDEX entries_by_transaction ON queries.entry (transaction_id, number);
CREATE INDEX entries_by_kind ON queries.entry (kind, booking_date, number);
CREATE INDEX entries_by_actor ON queries.entry (actor, booking_date, number);
CREATE INDEX entries_by_amount ON queries.entry (amount, booking_date, number);
CREATE INDEX entries_by_reference ON queries.entry (reference_key, booking_date, number)
WHERE reference_key IS NOT NULL;
CREATE INDEX entries_by_time ON queries.entry (recorded_at, position);
CREATE INDEX late_entries ON queries.entry (position) WHERE late;
CREATE UNIQUE INDEX a_projected_entry_is_reversed_once ON queries.entry (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE queries.line (
    entry_number bigint NOT NULL,
    line_number smallint NOT NULL,
    account_id uuid NOT NULL,
    code text NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,  -- of the account, in the order in which entries were written
    booking_date date NOT NULL,
    value_date date NOT NULL,
    CONSTRAINT a_projected_line_has_one_place PRIMARY KEY (entry_number, line_number)
);
-- Most lines count on the day on which they are booked: those that do not have indexes of their own, and a list by
-- value dates merges the two.
CREATE INDEX lines_by_account ON queries.line (account_id, booking_date, entry_number, line_number);
CREATE INDEX lines_of_another_value_day ON queries.line (account_id, value_date, entry_number, line_number)
WHERE value_date <> booking_date;
-- Every other code has one account.
CREATE INDEX lines_of_control_accounts ON queries.line (code, booking_date, entry_number, line_number)
WHERE code IN ('1910', '1920', '2010', '2020');
CREATE INDEX control_lines_of_another_value_day ON queries.line (code, value_date, entry_number, line_number)
WHERE value_date <> booking_date AND code IN ('1910', '1920', '2010', '2020');

-- What was debited and credited under a code on a day, by booking date and by value date: a trial balance at any
-- date adds up these.
CREATE TABLE queries.turnover (
    code text NOT NULL,
    currency text NOT NULL,
    day date NOT NULL,
    booked_debits bigint NOT NULL,
    booked_credits bigint NOT NULL,
    valued_debits bigint NOT NULL,
    valued_credits bigint NOT NULL,
    CONSTRAINT a_code_has_one_turnover_a_day PRIMARY KEY (code, currency, day)
) WITH (fillfactor = 50);

-- What one transaction did to a wallet or to an agent's float: one row, however many entries it took.
CREATE TABLE queries.movement (
    account_id uuid NOT NULL,
    entry_number bigint NOT NULL,  -- the first
    transaction_id uuid NOT NULL,
    kind text NOT NULL,
    incoming boolean NOT NULL,
    amount bigint NOT NULL,  -- without the fee
    fee bigint NOT NULL,
    commission bigint NOT NULL,
    counterparty uuid,  -- the other person or agent
    last_entry_number bigint NOT NULL,
    balance bigint NOT NULL,  -- of the account after the last entry, signed as lines are
    CONSTRAINT an_entry_begins_one_movement_of_an_account PRIMARY KEY (account_id, entry_number),
    CONSTRAINT a_transaction_is_one_movement_of_an_account UNIQUE (transaction_id, account_id)
) WITH (fillfactor = 80);

-- Cash out, at a machine (channel atm) or at a counter (channel agent).
CREATE TABLE queries.withdrawal (
    id uuid NOT NULL,
    channel text NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    agent_id uuid,
    state text NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    commission bigint,
    tariff_edition integer NOT NULL,
    captured bigint,  -- what was paid and kept, when completed
    captured_fee bigint,
    reason text,
    tries smallint NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_position bigint NOT NULL,
    expires_at timestamptz NOT NULL,
    doubt_at timestamptz,
    acquirer_id text,
    terminal_id text,
    stan text,
    rrn text,
    local_date date,
    approval_code text,
    settlement_date date,
    position bigint NOT NULL,  -- of the record that changed it last
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_withdrawal_has_one_id PRIMARY KEY (id),
    CONSTRAINT cash_comes_from_a_machine_or_a_counter
    CHECK (channel = 'atm' AND agent_id IS NULL OR channel = 'agent' AND agent_id IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX withdrawals_that_hold_money ON queries.withdrawal (wallet_id)
WHERE state IN ('active', 'authorised', 'in_doubt', 'pending');
CREATE INDEX requests_that_wait_for_an_agent ON queries.withdrawal (agent_id, requested_position)
WHERE state = 'pending';

-- What the switch asked, by its own keys. The state of an approved one is its withdrawal's.
CREATE TABLE queries.switch_operation (
    acquirer_id text NOT NULL,
    rrn text NOT NULL,
    local_date date NOT NULL,
    terminal_id text NOT NULL,
    stan text NOT NULL,
    response_code text,  -- null: only a reversal or a completion came
    amount bigint,
    withdrawal_id uuid,
    reversal_noted boolean NOT NULL,
    disputed bigint,
    dispute_state text,
    position bigint NOT NULL,  -- of its newest record
    first_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT an_operation_of_the_switch_has_one_trace
    PRIMARY KEY (acquirer_id, rrn, local_date, terminal_id, stan)
);

GRANT USAGE ON SCHEMA queries TO makeba_projector, makeba_queries, makeba_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA queries TO makeba_projector, makeba_queries, makeba_auditor;
GRANT UPDATE ON queries.projection TO makeba_projector;
GRANT INSERT, UPDATE ON
queries.account, queries.wallet, queries.entry, queries.line, queries.turnover, queries.movement,
queries.withdrawal, queries.switch_operation
TO makeba_projector;

-- A seat belt only: what stops a query from writing is that it was granted nothing but SELECT.
ALTER ROLE makeba_queries SET default_transaction_read_only = on;
