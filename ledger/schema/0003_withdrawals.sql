-- Cash out: the tariff, withdrawals at ATMs, requests at agents, the switch's traces, disputes, bank credits.

CREATE TABLE ledger.tariff (
    kind text NOT NULL,
    editions jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_kind_has_one_tariff PRIMARY KEY (kind)
);

CREATE TABLE ledger.withdrawal (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    session_id uuid,
    state text NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    tariff_edition integer NOT NULL,
    code_digest bytea,  -- keyed hash; gone as soon as the code no longer lives
    code_seal bytea,  -- the code itself, sealed for replays of its request
    tries smallint NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    authorised_at timestamptz,
    doubt_at timestamptz,  -- without word from the switch by then it is in doubt
    trace uuid,  -- of the approval, as in ledger.switch_trace
    settlement_date date,
    captured bigint NOT NULL,
    captured_fee bigint NOT NULL,
    capture_entry bigint,  -- for a late reversal to take back; null again once it was
    version bigint NOT NULL,
    CONSTRAINT a_withdrawal_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_withdrawal_is_in_a_known_state CHECK (
        state IN (
            'active', 'expired', 'cancelled', 'locked', 'authorised', 'in_doubt', 'completed', 'reversed',
            'released'
        )
    ),
    CONSTRAINT a_withdrawal_is_of_some_money CHECK (amount > 0 AND fee >= 0),
    CONSTRAINT only_a_live_code_is_kept
    CHECK ((code_digest IS NOT NULL) = (state = 'active') AND (code_seal IS NOT NULL) = (state = 'active')),
    CONSTRAINT three_tries_at_most CHECK (tries BETWEEN 0 AND 3),
    CONSTRAINT an_approval_has_a_trace CHECK (
        state IN ('active', 'expired', 'cancelled', 'locked')
        OR num_nulls(trace, authorised_at, settlement_date) = 0
    ),
    CONSTRAINT never_more_captured_than_approved
    CHECK (captured BETWEEN 0 AND amount AND captured_fee BETWEEN 0 AND fee),
    CONSTRAINT capture_or_release_never_both
    CHECK (CASE WHEN state = 'completed' THEN captured > 0 ELSE captured = 0 AND captured_fee = 0 END)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX a_wallet_has_one_live_code ON ledger.withdrawal (wallet_id) WHERE state = 'active';
CREATE UNIQUE INDEX a_live_code_is_unique ON ledger.withdrawal (code_digest) WHERE state = 'active';
CREATE UNIQUE INDEX a_trace_approves_one_withdrawal ON ledger.withdrawal (trace) WHERE trace IS NOT NULL;
CREATE INDEX codes_by_end_of_life ON ledger.withdrawal (expires_at) WHERE state = 'active';
CREATE INDEX approvals_by_deadline ON ledger.withdrawal (doubt_at) WHERE state = 'authorised';
CREATE INDEX approvals_in_doubt ON ledger.withdrawal (id) WHERE state = 'in_doubt';

-- A wallet's newest withdrawal, the only one that a code can mean, and all that is held of it for cash.
CREATE TABLE ledger.cardless (
    wallet_id uuid NOT NULL,
    withdrawal_id uuid,  -- null: it has had requests at agents only
    held bigint NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_wallet_has_one_newest_withdrawal PRIMARY KEY (wallet_id),
    CONSTRAINT nothing_held_is_negative CHECK (held >= 0)
) WITH (fillfactor = 70);

-- Two people give a hold in doubt back.
CREATE TABLE ledger.release (
    withdrawal_id uuid NOT NULL,
    evidence text NOT NULL,
    maker_id uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    checker_id uuid,
    lapsed_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT a_withdrawal_is_released_once PRIMARY KEY (withdrawal_id),
    CONSTRAINT a_release_takes_two_people CHECK (checker_id <> maker_id),
    CONSTRAINT nobody_agrees_to_what_has_lapsed CHECK (num_nonnulls(checker_id, lapsed_at) <= 1)
);
CREATE INDEX releases_that_wait ON ledger.release (proposed_at) WHERE checker_id IS NULL AND lapsed_at IS NULL;

-- What the switch was told for each of its operations: at most once, and a repeat hears the same.
CREATE TABLE ledger.switch_trace (
    id uuid NOT NULL,  -- half of the SHA-256 of acquirer, terminal, STAN, RRN and local date
    amount bigint,  -- null: a reversal or completion came for an original that we had never seen
    response_code text NOT NULL,
    approval_code text,
    withdrawal_id uuid,
    completed bigint,  -- what the completion said was paid
    reversed_to bigint[] NOT NULL,  -- what reversals said was paid: who says the same again says nothing new
    version bigint NOT NULL,
    CONSTRAINT a_trace_is_answered_once PRIMARY KEY (id),
    CONSTRAINT only_an_approval_names_a_withdrawal CHECK (
        (withdrawal_id IS NOT NULL) = (response_code = '00')
        AND (approval_code IS NOT NULL) = (response_code = '00')
    ),
    CONSTRAINT an_original_that_comes_too_late_is_refused CHECK (amount IS NOT NULL OR response_code = '68'),
    CONSTRAINT only_so_many_reversals_are_remembered CHECK (cardinality(reversed_to) <= 16)
) WITH (fillfactor = 70);

-- Cash that the switch says was paid and that no hold covers. Two people decide who bears it.
CREATE TABLE ledger.dispute (
    id uuid NOT NULL,  -- the trace's
    acquirer_id text NOT NULL,
    terminal_id text NOT NULL,
    stan text NOT NULL,
    rrn text NOT NULL,
    local_date date NOT NULL,
    withdrawal_id uuid,
    user_id uuid,
    wallet_id uuid,
    amount bigint NOT NULL,
    settlement_date date NOT NULL,
    entry bigint,  -- that opened it, for a later word of the switch to take back; null once it was
    taken_back bigint NOT NULL,  -- of the amount, by the switch itself
    state text NOT NULL,
    resolution text,
    evidence text,
    maker_id uuid,
    checker_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_trace_is_disputed_once PRIMARY KEY (id),
    CONSTRAINT a_dispute_is_of_some_money CHECK (amount > 0),
    CONSTRAINT never_more_of_a_dispute_taken_back_than_it_is CHECK (taken_back BETWEEN 0 AND amount),
    CONSTRAINT a_dispute_is_open_or_closed CHECK (state IN ('open', 'closed')),
    CONSTRAINT a_dispute_ends_in_a_known_way
    CHECK (resolution IN ('charge_customer', 'customer_owes', 'write_off', 'not_in_file', 'taken_back')),
    CONSTRAINT only_a_known_customer_is_charged CHECK (
        num_nulls(user_id, wallet_id) IN (0, 2)
        AND (resolution NOT IN ('charge_customer', 'customer_owes') OR wallet_id IS NOT NULL)
    ),
    CONSTRAINT a_resolution_takes_two_people CHECK (checker_id <> maker_id),
    CONSTRAINT a_dispute_ends_as_two_people_say
    CHECK (
        CASE
            WHEN state = 'open' THEN resolution IS DISTINCT FROM 'taken_back'
            WHEN resolution = 'taken_back' THEN taken_back = amount AND num_nonnulls(maker_id, checker_id) = 0
            ELSE num_nulls(resolution, evidence, maker_id, checker_id) = 0
        END
    )
);

CREATE TABLE ledger.agent_request (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    wallet_id uuid NOT NULL,
    session_id uuid,
    agent_id uuid NOT NULL,
    state text NOT NULL,
    amount bigint NOT NULL,
    fee bigint NOT NULL,
    commission bigint NOT NULL,
    tariff_edition integer NOT NULL,
    pickup_digest bytea,
    pickup_seal bytea,
    tries smallint NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_request_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_request_is_in_a_known_state
    CHECK (state IN ('pending', 'confirmed', 'refused', 'lapsed', 'cancelled')),
    CONSTRAINT a_request_is_of_some_money CHECK (amount > 0 AND fee >= 0 AND commission >= 0),
    CONSTRAINT only_a_live_pickup_code_is_kept CHECK (
        (pickup_digest IS NOT NULL) = (state = 'pending') AND (pickup_seal IS NOT NULL) = (state = 'pending')
    ),
    CONSTRAINT three_tries_at_the_counter CHECK (tries BETWEEN 0 AND 3)
) WITH (fillfactor = 70);
CREATE INDEX requests_by_end_of_life ON ledger.agent_request (expires_at) WHERE state = 'pending';

CREATE TABLE ledger.bank_credit (
    reference text NOT NULL,  -- the bank's
    transaction_id uuid NOT NULL,
    amount bigint NOT NULL,
    value_date date NOT NULL,
    account_id uuid NOT NULL,
    beneficiary text NOT NULL,
    entry_number bigint NOT NULL,
    booked_at timestamptz NOT NULL,
    CONSTRAINT a_bank_reference_is_booked_once PRIMARY KEY (reference),
    CONSTRAINT a_bank_credit_is_of_some_money CHECK (amount > 0),
    CONSTRAINT a_bank_credit_is_for_somebody_or_unidentified
    CHECK (beneficiary IN ('wallet', 'agent_float', 'unidentified'))
);

GRANT SELECT, INSERT, UPDATE ON
ledger.tariff, ledger.withdrawal, ledger.cardless, ledger.release, ledger.switch_trace, ledger.dispute,
ledger.agent_request
TO makeba_commands;
GRANT SELECT, INSERT ON ledger.bank_credit TO makeba_commands;
GRANT SELECT ON
ledger.tariff, ledger.cardless, ledger.release, ledger.switch_trace, ledger.dispute, ledger.bank_credit
TO makeba_auditor;
-- Not the columns that hold a code, sealed or hashed.
GRANT SELECT (
    id, user_id, wallet_id, session_id, state, amount, fee, tariff_edition, tries, requested_at, expires_at,
    authorised_at, doubt_at, trace, settlement_date, captured, captured_fee, capture_entry, version
) ON ledger.withdrawal TO makeba_auditor;
GRANT SELECT (
    id, user_id, wallet_id, session_id, agent_id, state, amount, fee, commission, tariff_edition, tries,
    requested_at, expires_at, version
) ON ledger.agent_request TO makeba_auditor;
