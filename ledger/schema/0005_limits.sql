-- The tariff's tiers, limits, what was used of them, and changes by four eyes.

-- How well a customer is known: fees and limits go by it.
ALTER TABLE ledger.person ADD COLUMN tier text;
UPDATE ledger.person SET tier = 'basic'
WHERE role = 'customer';
ALTER TABLE ledger.person
ADD CONSTRAINT a_tier_is_a_known_one CHECK (tier IN ('basic', 'standard', 'full')),
ADD CONSTRAINT only_customers_have_a_tier CHECK ((tier IS NOT NULL) = (role = 'customer'));

-- The tier under which a withdrawal was asked for: the fee of a part that is paid goes by it.
ALTER TABLE ledger.withdrawal ADD COLUMN tier text;
ALTER TABLE ledger.withdrawal
ADD CONSTRAINT a_withdrawal_keeps_a_known_tier CHECK (tier IN ('basic', 'standard', 'full'));
GRANT SELECT (tier) ON ledger.withdrawal TO makeba_auditor;

CREATE TABLE ledger.limit_book (
    kind text NOT NULL,
    editions jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT there_is_one_book_of_limits PRIMARY KEY (kind),
    CONSTRAINT the_book_of_limits_is_called_so CHECK (kind = 'limits')
);

-- What an outlet, a till or a terminal has used of its limits on a day and in its month, and its newest movements:
-- what an account says of its owner (`account.activity`), in the same bytes. Only decisions read them.
CREATE TABLE ledger.activity (
    subject uuid NOT NULL,
    state bytea NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_subject_has_one_activity PRIMARY KEY (subject)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON ledger.limit_book, ledger.activity TO makeba_commands;
GRANT SELECT ON ledger.limit_book, ledger.activity TO makeba_auditor;

-- A change that takes two people, as its maker wrote it, and what became of it.
CREATE TABLE ledger.proposal (
    id uuid NOT NULL,
    kind text NOT NULL,
    content text NOT NULL,  -- JSON, byte for byte what is approved
    content_hash text NOT NULL,
    maker_id uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL,
    checker_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_proposal_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_proposal_is_in_a_known_state CHECK (state IN ('proposed', 'applied', 'withdrawn', 'lapsed')),
    CONSTRAINT a_proposal_is_named_by_its_content
    CHECK (content_hash = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    CONSTRAINT a_change_takes_two_people CHECK (checker_id <> maker_id),
    CONSTRAINT nothing_is_applied_without_a_checker CHECK (state <> 'applied' OR checker_id IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX proposals_by_end_of_life ON ledger.proposal (expires_at) WHERE state = 'proposed';

GRANT SELECT, INSERT, UPDATE ON ledger.proposal TO makeba_commands;
GRANT SELECT ON ledger.proposal TO makeba_auditor;

-- Proposals as they are asked for.
CREATE TABLE queries.proposal (
    id uuid NOT NULL,
    kind text NOT NULL,
    content text NOT NULL,
    content_hash text NOT NULL,
    maker_id uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL,
    checker_id uuid,
    why text,  -- as given by whoever took it back or turned it down
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_proposal_is_told_once PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX proposals_by_age ON queries.proposal (proposed_at, id);

GRANT SELECT ON queries.proposal TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON queries.proposal TO makeba_projector;
