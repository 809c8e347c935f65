-- Manual entries: what is taken back on a day, what recurs, and templates to begin with.

CREATE TABLE ledger.planned_reversal (
    entry_number bigint NOT NULL,
    reverse_on date NOT NULL,
    done boolean NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT an_entry_is_planned_to_be_reversed_once PRIMARY KEY (entry_number)
) WITH (fillfactor = 80);
CREATE INDEX reversals_to_come ON ledger.planned_reversal (reverse_on) WHERE NOT done;

CREATE TABLE ledger.recurring_entry (
    id uuid NOT NULL,  -- of the proposal that two people have approved
    content text NOT NULL,  -- what it posts and when, as JSON
    next_on date,
    state text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_recurring_entry_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_recurring_entry_is_active_or_ended CHECK (state IN ('active', 'ended')),
    CONSTRAINT only_an_active_one_recurs CHECK ((state = 'active') = (next_on IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX recurring_entries_to_come ON ledger.recurring_entry (next_on) WHERE state = 'active';

CREATE TABLE ledger.recurring_posting (
    id uuid NOT NULL,
    recurring_id uuid NOT NULL,
    due_on date NOT NULL,
    entry_number bigint NOT NULL,
    CONSTRAINT a_recurring_posting_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_recurring_entry_posts_once_a_day UNIQUE (recurring_id, due_on)
);

CREATE TABLE ledger.entry_template (
    id uuid NOT NULL,
    state text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_template_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_template_is_kept_or_retired CHECK (state IN ('kept', 'retired'))
) WITH (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE ON
ledger.planned_reversal, ledger.recurring_entry, ledger.entry_template
TO makeba_commands;
GRANT SELECT, INSERT ON ledger.recurring_posting TO makeba_commands;
GRANT SELECT ON
ledger.planned_reversal, ledger.recurring_entry, ledger.recurring_posting, ledger.entry_template
TO makeba_auditor;

-- The read models ----------------------------------------------------------------------------------

CREATE TABLE queries.planned_reversal (
    entry_number bigint NOT NULL,
    reverse_on date NOT NULL,
    state text NOT NULL,  -- planned, reversed, not_reversed
    reversed_by bigint,
    CONSTRAINT a_projected_reversal_is_of_one_entry PRIMARY KEY (entry_number)
) WITH (fillfactor = 80);
CREATE TABLE queries.recurring_entry (
    id uuid NOT NULL,
    name text NOT NULL,
    content text NOT NULL,
    next_on date,
    state text NOT NULL,
    times bigint NOT NULL,
    last_entry bigint,
    approved_by uuid NOT NULL,
    started_at timestamptz NOT NULL,
    ended_reason text,
    CONSTRAINT a_projected_recurring_entry_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 80);
CREATE TABLE queries.entry_template (
    id uuid NOT NULL,
    name text NOT NULL,
    lines text NOT NULL,
    state text NOT NULL,
    kept_by uuid NOT NULL,
    kept_at timestamptz NOT NULL,
    CONSTRAINT a_projected_template_has_one_id PRIMARY KEY (id)
) WITH (fillfactor = 80);

GRANT SELECT ON queries.planned_reversal, queries.recurring_entry, queries.entry_template
TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON queries.planned_reversal, queries.recurring_entry, queries.entry_template
TO makeba_projector;

ALTER TABLE queries.planned_reversal ENABLE ROW LEVEL SECURITY;
CREATE POLICY what_is_projected ON queries.planned_reversal TO makeba_projector USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY what_is_audited ON queries.planned_reversal FOR SELECT TO makeba_auditor USING (TRUE);
CREATE POLICY what_is_our_own ON queries.planned_reversal FOR SELECT TO makeba_queries
USING (current_setting('makeba.everybody', TRUE) = 'on');
ALTER TABLE queries.recurring_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY what_is_projected ON queries.recurring_entry TO makeba_projector USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY what_is_audited ON queries.recurring_entry FOR SELECT TO makeba_auditor USING (TRUE);
CREATE POLICY what_is_our_own ON queries.recurring_entry FOR SELECT TO makeba_queries
USING (current_setting('makeba.everybody', TRUE) = 'on');
ALTER TABLE queries.entry_template ENABLE ROW LEVEL SECURITY;
CREATE POLICY what_is_projected ON queries.entry_template TO makeba_projector USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY what_is_audited ON queries.entry_template FOR SELECT TO makeba_auditor USING (TRUE);
CREATE POLICY what_is_our_own ON queries.entry_template FOR SELECT TO makeba_queries
USING (current_setting('makeba.everybody', TRUE) = 'on');
