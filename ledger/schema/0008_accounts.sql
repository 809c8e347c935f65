-- Account care (freezing by direction, dormancy), bank credits assigned later, claims on withdrawals, settling
-- with the switch and its breaks, and what crosses between the customers' trust and our own money.

ALTER TABLE ledger.account
DROP CONSTRAINT an_account_is_open_frozen_or_closed,
ADD CONSTRAINT an_account_is_in_a_known_status
CHECK (status IN ('open', 'debits_frozen', 'frozen', 'dormant', 'closed'));

-- A wallet whose owner has not come for long: its money lies on account 2040 meanwhile.
CREATE TABLE ledger.dormancy (
    wallet_id uuid NOT NULL,
    amount bigint NOT NULL,  -- nothing: it was woken
    since timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_wallet_sleeps_once_at_a_time PRIMARY KEY (wallet_id),
    CONSTRAINT nothing_asleep_is_negative CHECK (amount >= 0)
);

-- Whose an unidentified bank credit was found to be.
CREATE TABLE ledger.assignment (
    reference text NOT NULL,  -- of the credit
    credit_entry bigint NOT NULL,
    account_id uuid NOT NULL,
    beneficiary text NOT NULL,
    user_id uuid NOT NULL,
    entry_number bigint NOT NULL,
    assigned_at timestamptz NOT NULL,
    CONSTRAINT a_credit_is_assigned_once PRIMARY KEY (reference),
    CONSTRAINT an_entry_is_assigned_once UNIQUE (credit_entry),
    CONSTRAINT a_credit_is_assigned_to_somebody CHECK (beneficiary IN ('wallet', 'agent_float'))
);

-- A customer says that a machine did not pay.
CREATE TABLE ledger.claim (
    withdrawal_id uuid NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    received bigint NOT NULL,  -- what came out, as the customer says
    text_seal bytea NOT NULL,  -- what they wrote
    state text NOT NULL,
    opened_at timestamptz NOT NULL,
    checker_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_withdrawal_is_claimed_once PRIMARY KEY (withdrawal_id),
    CONSTRAINT a_claim_is_in_a_known_state CHECK (state IN ('open', 'paid', 'refused')),
    CONSTRAINT nothing_received_is_negative CHECK (received >= 0),
    CONSTRAINT a_claim_ends_by_somebody_else
    CHECK ((checker_id IS NOT NULL) = (state <> 'open') AND checker_id <> user_id)
);

-- What the switch is owed for one of its settlement dates, and what was paid of it.
CREATE TABLE ledger.settlement (
    settlement_date date NOT NULL,
    owed bigint NOT NULL,  -- all of it, what was paid too
    paid bigint NOT NULL,
    interchange bigint NOT NULL,
    settled_at timestamptz,  -- null: nothing was paid yet
    version bigint NOT NULL,
    CONSTRAINT a_date_is_settled_once PRIMARY KEY (settlement_date),
    CONSTRAINT no_more_is_paid_for_a_date_than_is_owed CHECK (paid BETWEEN 0 AND owed),
    CONSTRAINT a_settlement_is_of_some_money CHECK ((settled_at IS NOT NULL) = (paid > 0)),
    CONSTRAINT interchange_is_paid_with_its_date
    CHECK (interchange >= 0 AND (interchange = 0 OR paid > 0))
) WITH (fillfactor = 50);

-- Where the switch's file and our books differ; one that is about a withdrawal has its id.
CREATE TABLE ledger.difference (
    id uuid NOT NULL,
    side text NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    settlement_date date NOT NULL,
    reference text NOT NULL,
    withdrawal_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_break_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_break_has_a_known_side CHECK (side IN ('in_file_only', 'in_books_only', 'claimed')),
    CONSTRAINT a_break_is_of_some_money CHECK (amount > 0),
    CONSTRAINT never_more_of_a_break_resolved_than_booked CHECK (remaining BETWEEN 0 AND amount),
    CONSTRAINT what_only_our_books_know_is_a_withdrawals
    CHECK (withdrawal_id IS NOT DISTINCT FROM id OR side = 'in_file_only' AND withdrawal_id IS NULL)
);

-- What has crossed between trust and own money so far.
CREATE TABLE ledger.trust_book (
    kind text NOT NULL,
    fees_swept bigint NOT NULL,
    commission_funded bigint NOT NULL,
    tax_paid bigint NOT NULL,
    fees_closed bigint NOT NULL DEFAULT 0,  -- of years whose result was carried over
    commission_closed bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL,
    CONSTRAINT there_is_one_trust_book PRIMARY KEY (kind),
    CONSTRAINT the_trust_book_is_the_trust_book CHECK (kind = 'trust'),
    CONSTRAINT what_has_crossed_is_not_negative
    CHECK (fees_swept >= 0 AND commission_funded >= 0 AND tax_paid >= 0)
);

GRANT SELECT, INSERT, UPDATE ON
ledger.dormancy, ledger.claim, ledger.settlement, ledger.difference, ledger.trust_book
TO makeba_commands;
GRANT SELECT, INSERT ON ledger.assignment TO makeba_commands;
GRANT SELECT ON
ledger.dormancy, ledger.assignment, ledger.settlement, ledger.difference, ledger.trust_book
TO makeba_auditor;
-- Not what the customer wrote, even sealed.
GRANT SELECT (withdrawal_id, user_id, wallet_id, received, state, opened_at, checker_id, version)
ON ledger.claim TO makeba_auditor;

-- The read models ----------------------------------------------------------------------------------

-- Credits of the trust bank, and where they went.
CREATE TABLE queries.bank_credit (
    reference text NOT NULL,
    transaction_id uuid NOT NULL,
    amount bigint NOT NULL,
    value_date date NOT NULL,
    beneficiary text NOT NULL,
    state text NOT NULL,
    entry_number bigint NOT NULL,
    booked_at timestamptz NOT NULL,
    assigned_to text,
    assigned_account uuid,
    assigned_at timestamptz,
    CONSTRAINT a_projected_credit_has_one_reference PRIMARY KEY (reference)
);
CREATE UNIQUE INDEX a_projected_credit_has_one_entry ON queries.bank_credit (entry_number);
CREATE INDEX credits_that_wait_for_an_owner ON queries.bank_credit (booked_at, reference) WHERE state = 'unidentified';

CREATE TABLE queries.claim (
    withdrawal_id uuid NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    state text NOT NULL,
    received bigint NOT NULL,
    captured bigint NOT NULL,
    captured_fee bigint NOT NULL,
    paid bigint,
    evidence text,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_claim_has_one_withdrawal PRIMARY KEY (withdrawal_id)
);
CREATE INDEX claims_that_wait ON queries.claim (opened_at, withdrawal_id) WHERE state = 'open';

-- What a source says of a withdrawal.
CREATE TABLE queries.evidence (
    position bigint NOT NULL,
    withdrawal_id uuid NOT NULL,
    source text NOT NULL,
    dispensed bigint NOT NULL,
    note text NOT NULL,
    actor text NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT a_projected_piece_of_evidence_has_one_position PRIMARY KEY (position)
);
CREATE INDEX evidence_by_withdrawal ON queries.evidence (withdrawal_id, position);

CREATE TABLE queries.settlement (
    settlement_date date NOT NULL,
    amount bigint NOT NULL,
    interchange bigint NOT NULL,
    settled_at timestamptz NOT NULL,
    CONSTRAINT a_projected_date_is_settled_once PRIMARY KEY (settlement_date)
);

CREATE TABLE queries.difference (
    id uuid NOT NULL,
    side text NOT NULL,
    amount bigint NOT NULL,
    remaining bigint NOT NULL,
    settlement_date date NOT NULL,
    reference text NOT NULL,
    withdrawal_id uuid,
    how text,
    booked_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_break_has_one_id PRIMARY KEY (id)
);
CREATE INDEX breaks_that_wait ON queries.difference (booked_at, id) WHERE remaining > 0;

GRANT SELECT ON
queries.bank_credit, queries.claim, queries.evidence, queries.settlement, queries.difference
TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON
queries.bank_credit, queries.claim, queries.evidence, queries.settlement, queries.difference
TO makeba_projector;
