-- Who stands behind a counter: principals, outlets, tills and their cash books, offers, float that is redeemed.

CREATE TABLE ledger.principal (
    id uuid NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_principal_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_principal_has_a_name CHECK (name <> '')
);

ALTER TABLE ledger.person
ADD COLUMN principal_id uuid,
DROP CONSTRAINT a_person_has_a_role,
ADD CONSTRAINT a_person_has_a_role CHECK (
    role IN ('customer', 'agent', 'accountant', 'operator', 'auditor', 'admin', 'agent_manager')
),
ADD CONSTRAINT only_managers_have_principals CHECK ((principal_id IS NOT NULL) = (role = 'agent_manager'));

-- Degrees are kept as millionths, whole numbers: a tenth of a metre.
ALTER TABLE ledger.agent
ADD COLUMN principal_id uuid,
ADD COLUMN parent_id uuid,  -- the super-agent
ADD COLUMN insiders uuid[] NOT NULL DEFAULT '{}',  -- customers who are the owner or stand behind the counter
ADD COLUMN name text NOT NULL DEFAULT '',
ADD COLUMN island text,
ADD COLUMN latitude integer,
ADD COLUMN longitude integer,
ADD COLUMN tills_required boolean NOT NULL DEFAULT FALSE,
ADD COLUMN float_low bigint NOT NULL DEFAULT 0,
ADD COLUMN float_ok bigint NOT NULL DEFAULT 0,
ADD COLUMN float_state text NOT NULL DEFAULT 'ok',
ADD CONSTRAINT an_outlet_is_not_its_own_parent CHECK (parent_id <> id),
ADD CONSTRAINT a_super_agent_is_of_the_same_network CHECK (parent_id IS NULL OR principal_id IS NOT NULL),
ADD CONSTRAINT an_outlet_stands_somewhere_or_is_not_placed CHECK (
    num_nulls(island, latitude, longitude) IN (0, 3)
    AND latitude BETWEEN -90000000 AND 90000000 AND longitude BETWEEN -180000000 AND 180000000
),
ADD CONSTRAINT a_float_rises_further_than_it_fell CHECK (float_low >= 0 AND float_ok >= float_low),
ADD CONSTRAINT a_float_is_ok_or_low CHECK (float_state IN ('ok', 'low'));

-- A drawer and its cash book. The cash is the principal's, so no account of ours has it: see docs/agents.md.
CREATE TABLE ledger.till (
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    operator_id uuid,  -- who has it open
    opened_at timestamptz,
    cash bigint NOT NULL,  -- what must lie in the drawer
    taken bigint NOT NULL,  -- from customers, since there is this till
    paid bigint NOT NULL,  -- to customers
    brought bigint NOT NULL,  -- by the principal, less what was fetched
    differences bigint NOT NULL,  -- booked: more than nothing was over
    version bigint NOT NULL,
    CONSTRAINT a_till_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_till_has_a_name CHECK (name <> ''),
    CONSTRAINT a_till_is_open_or_closed CHECK (state IN ('open', 'closed')),
    CONSTRAINT an_open_till_has_an_operator CHECK (
        (operator_id IS NOT NULL) = (state = 'open') AND (opened_at IS NOT NULL) = (state = 'open')
    ),
    CONSTRAINT a_till_holds_no_less_than_nothing CHECK (cash >= 0 AND taken >= 0 AND paid >= 0),
    CONSTRAINT a_cash_book_adds_up CHECK (cash = taken - paid + brought + differences)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX an_operator_has_one_open_till ON ledger.till (operator_id) WHERE state = 'open';

-- An offer is a request that no agent has taken yet; whoever of these takes it first has it.
ALTER TABLE ledger.agent_request
ALTER COLUMN agent_id DROP NOT NULL,
ADD COLUMN offered_to uuid[] NOT NULL DEFAULT '{}',
ADD CONSTRAINT only_an_agent_who_has_it_pays CHECK (state <> 'confirmed' OR agent_id IS NOT NULL),
ADD CONSTRAINT an_offer_is_made_to_somebody
CHECK (state <> 'pending' OR agent_id IS NOT NULL OR cardinality(offered_to) > 0);

-- Float that an agent wants as money in the bank. Nothing is held for it: the float is there when it is paid, or not.
CREATE TABLE ledger.redemption (
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    amount bigint NOT NULL,
    state text NOT NULL,
    requested_by uuid NOT NULL,
    decided_by uuid,
    reference text,  -- of the bank transfer that paid it
    version bigint NOT NULL,
    CONSTRAINT a_redemption_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_redemption_is_of_some_money CHECK (amount > 0),
    CONSTRAINT a_redemption_is_in_a_known_state CHECK (state IN ('requested', 'paid', 'refused')),
    CONSTRAINT a_redemption_takes_two_people CHECK (decided_by <> requested_by),
    CONSTRAINT a_redemption_ends_by_somebody CHECK ((decided_by IS NOT NULL) = (state <> 'requested')),
    CONSTRAINT only_a_paid_redemption_has_a_transfer CHECK ((reference IS NOT NULL) = (state = 'paid'))
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX a_transfer_pays_one_redemption ON ledger.redemption (reference) WHERE reference IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON ledger.principal, ledger.till, ledger.redemption TO makeba_commands;
GRANT SELECT ON ledger.principal, ledger.till, ledger.redemption TO makeba_auditor;
GRANT SELECT (offered_to) ON ledger.agent_request TO makeba_auditor;

-- The read models ----------------------------------------------------------------------------------

CREATE TABLE queries.principal (
    id uuid NOT NULL,
    name text NOT NULL,
    enrolled_at timestamptz NOT NULL,
    CONSTRAINT a_projected_principal_has_one_id PRIMARY KEY (id)
);

CREATE TABLE queries.outlet (
    id uuid NOT NULL,
    float_id uuid NOT NULL,
    principal_id uuid,
    parent_id uuid,
    name text NOT NULL,
    island text,
    latitude integer,
    longitude integer,
    status text NOT NULL,
    tills_required boolean NOT NULL,
    float_floor bigint NOT NULL,
    float_low bigint NOT NULL,
    float_ok bigint NOT NULL,
    float_state text NOT NULL,
    position bigint NOT NULL,  -- of the record that changed it last
    CONSTRAINT a_projected_outlet_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX outlets_by_principal ON queries.outlet (principal_id, id);
CREATE INDEX outlets_by_island ON queries.outlet (island, latitude) WHERE status = 'open' AND island IS NOT NULL;

CREATE TABLE queries.till (
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    operator_id uuid,
    opened_at timestamptz,
    cash bigint NOT NULL,
    differences bigint NOT NULL,
    position bigint NOT NULL,  -- of the record that changed it last
    CONSTRAINT a_projected_till_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX tills_by_outlet ON queries.till (agent_id, id);

-- What a till did on a day.
CREATE TABLE queries.till_day (
    till_id uuid NOT NULL,
    day date NOT NULL,
    cash_in_count bigint NOT NULL,
    cash_in bigint NOT NULL,
    cash_out_count bigint NOT NULL,
    cash_out bigint NOT NULL,
    commission bigint NOT NULL,
    brought bigint NOT NULL,
    differences bigint NOT NULL,
    CONSTRAINT a_till_has_one_row_a_day PRIMARY KEY (till_id, day)
) WITH (fillfactor = 50);

-- To whom a request was offered, and whether it still is.
CREATE TABLE queries.offer (
    request_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    open boolean NOT NULL,
    CONSTRAINT a_request_is_offered_to_an_agent_once PRIMARY KEY (request_id, agent_id)
) WITH (fillfactor = 70);
CREATE INDEX offers_by_agent ON queries.offer (agent_id, request_id) WHERE open;

CREATE TABLE queries.redemption (
    id uuid NOT NULL,
    agent_id uuid NOT NULL,
    amount bigint NOT NULL,
    state text NOT NULL,
    reference text,
    reason text,
    requested_at timestamptz NOT NULL,
    requested_position bigint NOT NULL,
    position bigint NOT NULL,  -- of the record that changed it last
    updated_at timestamptz NOT NULL,
    CONSTRAINT a_projected_redemption_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 70);
CREATE INDEX redemptions_by_agent ON queries.redemption (agent_id, requested_position);
CREATE INDEX redemptions_that_wait ON queries.redemption (requested_position) WHERE state = 'requested';

ALTER TABLE queries.withdrawal
DROP CONSTRAINT cash_comes_from_a_machine_or_a_counter,
ADD CONSTRAINT cash_comes_from_a_machine_or_a_counter
CHECK (
    channel = 'atm' AND agent_id IS NULL
    OR channel = 'agent'
    AND (agent_id IS NOT NULL OR state IN ('pending', 'refused', 'lapsed', 'cancelled'))
);

GRANT SELECT ON
queries.principal, queries.outlet, queries.till, queries.till_day, queries.offer, queries.redemption
TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON
queries.principal, queries.outlet, queries.till, queries.till_day, queries.offer, queries.redemption
TO makeba_projector;
