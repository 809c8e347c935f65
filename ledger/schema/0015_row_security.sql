-- A second wall around what belongs to somebody. The first is the WHERE of each reader; should one be forgotten,
-- whoever asks for one owner still sees nothing of another's.
--
-- Each question of the role makeba_queries says, for its own transaction only, for whom it is asked:
--   makeba.owners      the ids of those whose rows may be seen: a customer, an agent, a principal
--   makeba.everybody   'on' when our own people or the server itself ask
-- Who says neither sees nothing. A table without a policy of its own is for everybody's questions alone. The
-- projector and the auditor pass: what they may do, grants say. The owner of the tables passes too, so that
-- rebuilds and backups have every row.


-- Accounts, wallets, and what lies on them. `everybody` is asked once for a question, not once for each row,
-- where our own people read many rows.
CREATE POLICY what_is_ones_own ON queries.account FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.wallet FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR user_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.movement FOR SELECT TO makeba_queries USING (
    (SELECT current_setting('makeba.everybody', TRUE)) = 'on'
    OR account_id IN (
        SELECT a.id
        FROM queries.account AS a
        WHERE a.owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    )
);
CREATE POLICY what_is_ones_own ON queries.line FOR SELECT TO makeba_queries USING (
    (SELECT current_setting('makeba.everybody', TRUE)) = 'on'
    OR account_id IN (
        SELECT a.id
        FROM queries.account AS a
        WHERE a.owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    )
);
CREATE POLICY what_is_ones_own ON queries.account_day FOR SELECT TO makeba_queries USING (
    (SELECT current_setting('makeba.everybody', TRUE)) = 'on'
    OR account_id IN (
        SELECT a.id
        FROM queries.account AS a
        WHERE a.owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    )
);
-- An entry is that of each owner of whom it has a line.
CREATE POLICY what_is_ones_own ON queries.entry FOR SELECT TO makeba_queries USING (
    (SELECT current_setting('makeba.everybody', TRUE)) = 'on'
    OR EXISTS (
        SELECT
        FROM queries.line AS l
        WHERE l.entry_number = entry.number
    )
);
-- Which numbers were booked on which days: a span of days is a span of numbers for whoever asks, and tells nothing
-- else. A view has its owner's rights, who passes by policies.
CREATE VIEW queries.booked AS SELECT
    number,
    booking_date
FROM queries.entry;
GRANT SELECT ON queries.booked TO makeba_queries;

-- Cash out: the customer's, and that of the agents who pay it or may take it.
CREATE POLICY what_is_ones_own ON queries.withdrawal FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR user_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    OR agent_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    OR id IN (SELECT o.request_id FROM queries.offer AS o)
);
CREATE POLICY what_is_ones_own ON queries.offer FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR agent_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.claim FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR user_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.held_transfer FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR EXISTS (
        SELECT
        FROM queries.account AS a
        WHERE
            a.id IN (held_transfer.wallet_id, held_transfer.to_wallet_id)
            AND a.owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    )
);
CREATE POLICY what_is_ones_own ON queries.feed FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR owner = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);

-- Outlets: an agent's own counter, a principal's own counters.
CREATE POLICY what_is_ones_own ON queries.principal FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.outlet FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
    OR principal_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.till FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR agent_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);
CREATE POLICY what_is_ones_own ON queries.till_day FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR till_id IN (SELECT t.id FROM queries.till AS t)
);
CREATE POLICY what_is_ones_own ON queries.redemption FOR SELECT TO makeba_queries USING (
    current_setting('makeba.everybody', TRUE) = 'on'
    OR agent_id = any(nullif(current_setting('makeba.owners', TRUE), '')::uuid[])
);

-- And for every table (this runs last, so that it finds them all): who passes, and who asks for nobody in particular.
DO $$
DECLARE
    each_table text;
BEGIN
    FOR each_table IN
        SELECT c.relname
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'queries'::regnamespace AND c.relkind = 'r' AND c.relname <> 'projection'
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE queries.%I ENABLE ROW LEVEL SECURITY', each_table);
        EXECUTE format(
            'CREATE POLICY what_is_projected ON queries.%I TO makeba_projector USING (TRUE) WITH CHECK (TRUE)',
            each_table
        );
        EXECUTE format(
            'CREATE POLICY what_is_audited ON queries.%I FOR SELECT TO makeba_auditor USING (TRUE)', each_table
        );
        -- Nobody's own: for our own people alone.
        IF NOT EXISTS (
            SELECT
            FROM pg_catalog.pg_policy AS p
            WHERE p.polrelid = format('queries.%I', each_table)::regclass AND p.polname = 'what_is_ones_own'
        ) THEN
            EXECUTE format(
                'CREATE POLICY what_is_our_own ON queries.%I FOR SELECT TO makeba_queries'
                ' USING (current_setting(''makeba.everybody'', TRUE) = ''on'')',
                each_table
            );
        END IF;
    END LOOP;
END $$;
