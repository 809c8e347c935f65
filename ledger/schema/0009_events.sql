-- The feed of events, alerts, webhooks.

-- An alert stands or does not. It is raised once a crossing: whoever measures, the row decides, under the log's lock.
CREATE TABLE ledger.alert (
    id uuid NOT NULL,
    name text NOT NULL,
    about uuid,  -- a webhook; null: the house as a whole
    raised boolean NOT NULL,
    value bigint NOT NULL,  -- what was measured when it changed last
    level bigint NOT NULL,
    measured_position bigint NOT NULL,  -- what was measured before says nothing against what came after
    version bigint NOT NULL,
    CONSTRAINT an_alert_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 50);

CREATE TABLE ledger.alert_levels (
    name text NOT NULL,
    editions jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT an_alert_has_one_history_of_levels PRIMARY KEY (name)
);

-- Whom the house tells of its events. Addresses may have secrets of their owners in them: no record has them.
CREATE TABLE ledger.webhook (
    id uuid NOT NULL,
    url text NOT NULL,
    kinds jsonb NOT NULL,  -- beginnings of kinds; none: all that operators are told
    secret_seal bytea,
    old_secret_seal bytea,  -- signs too, until its time is over
    old_until timestamptz,
    state text NOT NULL,
    reason text,
    added_by uuid NOT NULL,
    added_at timestamptz NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_webhook_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_webhook_is_in_a_known_state CHECK (state IN ('active', 'disabled', 'removed')),
    CONSTRAINT only_a_webhook_that_is_kept_has_a_secret CHECK ((secret_seal IS NOT NULL) = (state <> 'removed')),
    CONSTRAINT an_old_secret_has_an_end CHECK ((old_secret_seal IS NOT NULL) = (old_until IS NOT NULL)),
    CONSTRAINT an_old_secret_stands_beside_a_new_one CHECK (old_secret_seal IS NULL OR secret_seal IS NOT NULL)
);

-- What is sent lies outside the log: it can be told again from the feed at any time.
CREATE TABLE ledger.webhook_cursor (
    webhook_id uuid NOT NULL,
    position bigint NOT NULL,  -- up to here its deliveries were queued
    CONSTRAINT a_webhook_has_come_to_one_place PRIMARY KEY (webhook_id)
) WITH (fillfactor = 50);

CREATE TABLE ledger.webhook_delivery (
    webhook_id uuid NOT NULL,
    position bigint NOT NULL,  -- of the event in the log
    kind text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    queued_at timestamptz NOT NULL,
    first_at timestamptz NOT NULL,  -- from when on the time is counted after which it is given up
    next_at timestamptz NOT NULL,
    claimed_until timestamptz,  -- whoever sends it has so long
    status integer,  -- of the newest answer; null: none came
    error text,
    took_ms integer,
    updated_at timestamptz NOT NULL,
    CONSTRAINT an_event_is_delivered_to_a_webhook_once PRIMARY KEY (webhook_id, position),
    CONSTRAINT a_delivery_is_in_a_known_state CHECK (state IN ('pending', 'delivered', 'failed')),
    CONSTRAINT only_a_pending_delivery_is_claimed CHECK (claimed_until IS NULL OR state = 'pending')
) WITH (fillfactor = 50);
CREATE INDEX deliveries_that_wait ON ledger.webhook_delivery (webhook_id, next_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_age ON ledger.webhook_delivery (updated_at) WHERE state <> 'pending';

GRANT SELECT, INSERT, UPDATE ON
ledger.alert, ledger.alert_levels, ledger.webhook, ledger.webhook_cursor
TO makeba_commands;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.webhook_delivery TO makeba_commands;
GRANT SELECT ON
ledger.alert, ledger.alert_levels, ledger.webhook_cursor, ledger.webhook_delivery
TO makeba_auditor;
-- Not the address, which may have a secret in it, and not the seals.
GRANT SELECT (id, kinds, state, reason, added_by, added_at, version) ON ledger.webhook TO makeba_auditor;

-- The read models ------------------------------------------------------------------------------

-- To whom an event is told: one row for each of them. What each may see of it is decided when it is read.
CREATE TABLE queries.feed (
    position bigint NOT NULL,
    audience text NOT NULL,
    owner uuid NOT NULL,  -- a customer's person, an agent's outlet; zero: all operators
    kind text NOT NULL,
    subject uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    direction text,  -- of money, as this one sees it: in or out
    payload jsonb NOT NULL,
    CONSTRAINT an_event_is_told_to_each_once PRIMARY KEY (position, audience, owner),
    CONSTRAINT an_event_is_told_to_a_known_audience CHECK (audience IN ('customer', 'agent', 'operators'))
);
CREATE INDEX feed_by_owner ON queries.feed (owner, audience, position);
CREATE INDEX failed_log_ins ON queries.feed (recorded_at) WHERE kind = 'login.failed';
CREATE INDEX disputes_that_are_open ON queries.switch_operation (first_at) WHERE dispute_state = 'open';
CREATE INDEX withdrawals_in_doubt ON queries.withdrawal (doubt_at) WHERE state = 'in_doubt';
CREATE INDEX step_ups_of_the_network ON queries.feed (position) WHERE kind = 'step_up.began';

CREATE TABLE queries.alert (
    id uuid NOT NULL,
    name text NOT NULL,
    about uuid,
    raised boolean NOT NULL,
    value bigint NOT NULL,
    level bigint NOT NULL,
    unit text NOT NULL,
    times bigint NOT NULL,  -- that it was raised
    raised_at timestamptz NOT NULL,  -- the last time
    cleared_at timestamptz,
    position bigint NOT NULL,  -- of the record that changed it last
    CONSTRAINT a_projected_alert_has_one_id PRIMARY KEY (id),
    CONSTRAINT an_alert_that_stands_is_not_cleared CHECK (raised = (cleared_at IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX alerts_by_newest_change ON queries.alert (position);

GRANT SELECT ON queries.feed, queries.alert TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON queries.feed, queries.alert TO makeba_projector;
