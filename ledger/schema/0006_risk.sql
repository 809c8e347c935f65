-- Fraud rules, cases, clearances, step-up, and the defence against guessed codes.

-- Step-up: when a session was last confirmed, and since when its device is known (null: the first one).
ALTER TABLE ledger.session
ADD COLUMN stepped_up_at timestamptz,
ADD COLUMN device_since timestamptz,
ADD COLUMN device_people integer NOT NULL DEFAULT 1;

-- The owner's approval of a withdrawal under step-up: asked for at which machine, good until when.
ALTER TABLE ledger.withdrawal
ADD COLUMN wanted_at text,
ADD COLUMN approved_until timestamptz;

-- Wrong codes at machines, and since when no code is given any more.
ALTER TABLE ledger.cardless
ADD COLUMN wrong_at text NOT NULL DEFAULT '[]',
ADD COLUMN suspended_at timestamptz,
ADD CONSTRAINT nine_wrong_tries_suspend_cardless
CHECK (json_array_length(wrong_at::json) < 9 OR suspended_at IS NOT NULL);

-- With which devices a person has signed in. Lists are text to the database: only decisions read them.
CREATE TABLE ledger.devices (
    person_id uuid NOT NULL,
    known text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_person_has_one_list_of_devices PRIMARY KEY (person_id)
);

-- Who has signed in with a device, whatever wallet it was for.
CREATE TABLE ledger.device_use (
    device text NOT NULL,
    people uuid[] NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_device_is_listed_once PRIMARY KEY (device)
);

-- Wrong codes per terminal, per link of the switch, on the network, and at an agent's counter.
CREATE TABLE ledger.watch (
    id text NOT NULL,
    in_row integer NOT NULL,
    minute bigint NOT NULL,
    minutes text NOT NULL,
    quarter bigint NOT NULL,
    quarter_count integer NOT NULL,
    usual bigint NOT NULL,
    step_up_until timestamptz,
    slow_until timestamptz,
    case_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_watch_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_watch_counts_upwards CHECK (in_row >= 0 AND quarter_count >= 0 AND usual >= 0)
) WITH (fillfactor = 70);

-- The one row of all editions of the fraud rules.
CREATE TABLE ledger.rule_book (
    id text NOT NULL,
    editions jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT the_rule_book_is_kept_once PRIMARY KEY (id),
    CONSTRAINT there_is_one_rule_book CHECK (id = 'rules')
);

-- What rules remember of a wallet: its open case, what it was cleared of, why it is blacklisted, where it was.
CREATE TABLE ledger.risk_profile (
    wallet_id uuid NOT NULL,
    case_id uuid,
    cleared text NOT NULL,
    blacklisted text,
    island text,
    island_at timestamptz,
    claims_at text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_wallet_has_one_risk_profile PRIMARY KEY (wallet_id)
) WITH (fillfactor = 70);

CREATE TABLE ledger.risk_case (
    id uuid NOT NULL,
    rule text NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    wallet_id uuid,
    user_id uuid,
    agent_id uuid,
    transaction_id uuid,
    watch_id text,
    amount bigint,
    holds boolean NOT NULL,
    assignee_id uuid,
    opened_at timestamptz NOT NULL,
    ended_by uuid,
    version bigint NOT NULL,
    CONSTRAINT a_case_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_case_is_in_a_known_state CHECK (state IN ('open', 'released', 'refused', 'closed')),
    CONSTRAINT a_case_has_a_known_action
    CHECK (action IN ('allow', 'review', 'step_up', 'hold', 'deny', 'freeze')),
    CONSTRAINT a_case_that_ended_was_ended_by_somebody CHECK ((state = 'open') = (ended_by IS NULL)),
    CONSTRAINT only_a_transfer_is_held_for_a_case CHECK (NOT holds OR transaction_id IS NOT NULL),
    CONSTRAINT nobody_works_a_case_about_themselves CHECK (ended_by <> user_id)
);

-- A transfer whose money waits on the held account until its case ends.
CREATE TABLE ledger.held_transfer (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    to_wallet_id uuid NOT NULL,
    state text NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    tariff_edition integer NOT NULL,
    held_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_held_transfer_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_held_transfer_is_in_a_known_state CHECK (state IN ('held', 'released', 'refused')),
    CONSTRAINT a_held_transfer_is_of_some_money CHECK (amount > 0 AND fee >= 0),
    CONSTRAINT a_held_transfer_goes_to_somebody_else CHECK (to_wallet_id <> wallet_id)
);
CREATE INDEX transfers_that_are_held ON ledger.held_transfer (id) WHERE state = 'held';

GRANT SELECT, INSERT, UPDATE ON
ledger.devices, ledger.device_use, ledger.watch, ledger.rule_book, ledger.risk_profile, ledger.risk_case,
ledger.held_transfer
TO makeba_commands;
GRANT SELECT ON
ledger.watch, ledger.rule_book, ledger.risk_profile, ledger.risk_case, ledger.held_transfer
TO makeba_auditor;

-- For asking: editions of the rules, hits, cases and what was done about them.
CREATE TABLE queries.rule_edition (
    number integer NOT NULL,
    valid_from timestamptz NOT NULL,
    rules jsonb NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT an_edition_of_the_rules_is_shown_once PRIMARY KEY (number)
);

-- Not what it did, but that it was hit: in dry run too, where nothing else happens.
CREATE TABLE queries.risk_hit (
    position bigint NOT NULL,
    rule text NOT NULL,
    edition integer NOT NULL,
    action text,  -- null: in dry run
    case_id uuid,
    wallet_id uuid,
    user_id uuid,
    agent_id uuid,
    watch text,
    operation text,
    amount bigint,
    transaction_id uuid,
    hit_at timestamptz NOT NULL,
    CONSTRAINT a_record_hits_a_rule_once PRIMARY KEY (position, rule)
);
CREATE INDEX hits_of_a_case ON queries.risk_hit (case_id, position);
CREATE INDEX hits_of_a_rule ON queries.risk_hit (rule, position);

CREATE TABLE queries.risk_case (
    id uuid NOT NULL,
    rule text NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    wallet_id uuid,
    user_id uuid,
    agent_id uuid,
    transaction_id uuid,
    watch text,
    amount bigint,
    assignee_id uuid,
    opened_at timestamptz NOT NULL,
    opened_position bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_case_is_shown_once PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX cases_by_age ON queries.risk_case (state, opened_position);

CREATE TABLE queries.case_event (
    position bigint NOT NULL,
    case_id uuid NOT NULL,
    kind text NOT NULL,
    author text NOT NULL,
    body text,
    happened_at timestamptz NOT NULL,
    CONSTRAINT a_record_of_a_case_is_shown_once PRIMARY KEY (position)
);
CREATE INDEX events_of_a_case ON queries.case_event (case_id, position);

CREATE TABLE queries.held_transfer (
    id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    to_wallet_id uuid NOT NULL,
    state text NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    held_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_held_transfer_is_shown_once PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX held_transfers_of_a_wallet ON queries.held_transfer (wallet_id) WHERE state = 'held';

GRANT SELECT, INSERT, UPDATE ON
queries.rule_edition, queries.risk_hit, queries.risk_case, queries.case_event, queries.held_transfer
TO makeba_projector;
GRANT SELECT ON
queries.rule_edition, queries.risk_hit, queries.risk_case, queries.case_event, queries.held_transfer
TO makeba_queries, makeba_auditor;
