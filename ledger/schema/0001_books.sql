-- The books: the log, its lines, the accounts, the keys that make a command happen once.
--
-- One door: the role that runs commands may execute write_batch() and read; it may not insert into,
-- change or delete from the log, its lines, the balances or the keys by itself. Each rule has a name that is a
-- sentence; docs/invariants.md lists them.

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO makeba_commands, makeba_projector, makeba_auditor;

-- The newest record. Its row lock is the only lock that a command takes.
CREATE TABLE ledger.head (
    is_head boolean NOT NULL DEFAULT TRUE,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    last_entries jsonb NOT NULL,  -- fiscal year -> last sequence number
    CONSTRAINT there_is_one_head PRIMARY KEY (is_head),
    CONSTRAINT the_head_is_the_head CHECK (is_head)
);
INSERT INTO ledger.head (position, hash, recorded_at, last_entries)
VALUES (0, decode(repeat('00', 32), 'hex'), 'epoch', '{}');

-- Everything that happened, in one order. An entry is a record that moves money.
CREATE TABLE ledger.log (
    position bigint NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    actor text NOT NULL,
    session uuid,  -- in which the actor was signed in; null: a machine, a job, nobody yet
    request_id text NOT NULL,
    outcome text NOT NULL,  -- done, or the code of the refusal that left this behind
    recorded_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    touched text[] NOT NULL,  -- names of the rows it changed, but for the balances of its lines
    entry_number bigint,
    booking_date date,
    value_date date,
    reverses bigint,
    hash bytea NOT NULL,
    CONSTRAINT a_position_is_used_once PRIMARY KEY (position),
    CONSTRAINT an_entry_has_its_dates
    CHECK (num_nulls(entry_number, booking_date, value_date) IN (0, 3)),
    CONSTRAINT an_entry_is_numbered_in_its_year
    CHECK (entry_number / 1000000000000 = extract(YEAR FROM booking_date)),
    CONSTRAINT only_an_entry_reverses CHECK (reverses IS NULL OR entry_number IS NOT NULL),
    CONSTRAINT a_reversal_comes_after_its_entry CHECK (reverses < entry_number),
    CONSTRAINT a_hash_has_32_bytes CHECK (length(hash) = 32),
    CONSTRAINT an_event_has_an_actor_and_a_request CHECK (actor <> '' AND request_id <> ''),
    CONSTRAINT an_event_has_an_outcome CHECK (outcome <> '')
);
CREATE UNIQUE INDEX an_entry_number_is_used_once
ON ledger.log (entry_number) WHERE entry_number IS NOT NULL;
CREATE UNIQUE INDEX an_entry_is_reversed_once ON ledger.log (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE ledger.line (
    entry_number bigint NOT NULL,
    line_number smallint NOT NULL,
    account uuid NOT NULL,
    amount bigint NOT NULL,  -- minor units, debit positive
    balance bigint NOT NULL,  -- of the account, after this line
    CONSTRAINT a_line_is_written_once PRIMARY KEY (entry_number, line_number),
    CONSTRAINT a_line_moves_something CHECK (amount <> 0)
);

CREATE TABLE ledger.account (
    id uuid NOT NULL,
    code text NOT NULL,
    owner uuid,
    currency text NOT NULL,
    kind text NOT NULL,
    floor bigint,  -- the least it may hold on its normal side; null: no floor
    status text NOT NULL,
    balance bigint NOT NULL DEFAULT 0,  -- debit positive
    version bigint NOT NULL DEFAULT 0,  -- counts the batches that posted to it
    activity bytea NOT NULL DEFAULT '',  -- what its owner did lately: only decisions read it
    CONSTRAINT an_account_has_one_id PRIMARY KEY (id),
    CONSTRAINT an_account_is_of_a_kind
    CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
    CONSTRAINT an_account_is_open_frozen_or_closed CHECK (status IN ('open', 'frozen', 'closed')),
    CONSTRAINT account_stays_above_its_floor
    CHECK (CASE WHEN kind IN ('asset', 'expense') THEN balance ELSE -balance END >= floor),
    CONSTRAINT a_closed_account_is_empty CHECK (status <> 'closed' OR balance = 0),
    CONSTRAINT it_is_known_who_owes_us CHECK (code NOT IN ('1910', '1920') OR owner IS NOT NULL)
) WITH (fillfactor = 50);  -- room for the next version beside the row, so that no index is touched
CREATE UNIQUE INDEX an_owner_has_one_account_of_a_code
ON ledger.account (owner, code, currency) WHERE owner IS NOT NULL;
CREATE INDEX debts_of_agents ON ledger.account (owner) WHERE code = '1910';

-- One effect for each key, with the reply that was given. Keys are kept for good.
CREATE TABLE ledger.idempotency (
    key_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    refused boolean NOT NULL,
    reply bytea NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT a_key_has_one_effect PRIMARY KEY (key_hash)
);

-- Rules that one row cannot see -----------------------------------------------------------------

CREATE FUNCTION ledger.break_rule(rule text, detail text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: %', rule, detail USING ERRCODE = 'check_violation', CONSTRAINT = rule;
END $$;

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger.break_rule('what_is_written_stays', tg_op || ' on ' || tg_table_name);
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.check_new_records() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    first_new bigint;
    last_new bigint;
    how_many bigint;
    before timestamptz;
    earliest timestamptz;
    latest timestamptz;
    first_number bigint;
    last_number bigint;
BEGIN
    SELECT min(n.position), max(n.position), count(*), min(n.recorded_at), max(n.recorded_at)
    INTO first_new, last_new, how_many, earliest, latest
    FROM new_rows AS n;
    IF how_many = 0 THEN
        RETURN NULL;
    END IF;
    SELECT l.recorded_at INTO before FROM ledger.log AS l WHERE l.position = first_new - 1;
    IF how_many <> last_new - first_new + 1 OR (before IS NULL AND first_new <> 1) THEN
        PERFORM ledger.break_rule('log_positions_have_no_gap', format('%s to %s', first_new, last_new));
    END IF;
    -- One batch has one time.
    IF earliest < before OR earliest <> latest THEN
        PERFORM ledger.break_rule('time_in_the_log_never_goes_back', format('after %s', first_new));
    END IF;
    IF EXISTS (
        SELECT FROM new_rows AS n
        WHERE
            n.reverses IS NOT NULL
            AND NOT EXISTS (SELECT FROM ledger.log AS l WHERE l.entry_number = n.reverses)
    ) THEN
        PERFORM ledger.break_rule('a_reversal_names_an_entry', format('after %s', first_new));
    END IF;
    -- A loop, not a join: each year asks the index once, whatever the planner believes of the table.
    FOR first_number, last_number, how_many IN
        SELECT min(n.entry_number), max(n.entry_number), count(*)
        FROM new_rows AS n
        WHERE n.entry_number IS NOT NULL
        GROUP BY n.entry_number / 1000000000000
    LOOP
        IF
            how_many <> last_number - first_number + 1
            OR first_number % 1000000000000 <> 1
            AND NOT EXISTS (SELECT FROM ledger.log AS l WHERE l.entry_number = first_number - 1)
        THEN
            PERFORM ledger.break_rule('entry_numbers_have_no_gap', format('at %s', first_number));
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.check_new_lines() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    bad bigint;
BEGIN
    SELECT min(e.entry_number) INTO bad
    FROM (
        SELECT n.entry_number
        FROM new_rows AS n
        LEFT JOIN ledger.account AS a ON n.account = a.id
        GROUP BY n.entry_number, a.currency
        HAVING sum(n.amount) <> 0 OR count(*) < 2 OR a.currency IS NULL
    ) AS e;
    IF bad IS NOT NULL THEN
        PERFORM ledger.break_rule('every_entry_balances_per_currency', format('entry %s', bad));
    END IF;
    -- All lines of an entry come at once: none is added later to what was written.
    SELECT min(e.entry_number) INTO bad
    FROM (
        SELECT n.entry_number
        FROM new_rows AS n
        GROUP BY n.entry_number
        HAVING min(n.line_number) <> 1 OR max(n.line_number) <> count(*)
    ) AS e;
    IF bad IS NOT NULL THEN
        PERFORM ledger.break_rule('lines_of_an_entry_count_from_one', format('entry %s', bad));
    END IF;
    SELECT min(n.entry_number) INTO bad
    FROM new_rows AS n
    WHERE
        n.line_number = 1
        AND NOT EXISTS (SELECT FROM ledger.log AS l WHERE l.entry_number = n.entry_number);
    IF bad IS NOT NULL THEN
        PERFORM ledger.break_rule('a_line_belongs_to_a_record', format('entry %s', bad));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.check_new_head() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    bad bigint;
BEGIN
    IF EXISTS (SELECT FROM ledger.log AS l WHERE l.position > new.position)
        OR NOT EXISTS (
            SELECT FROM ledger.log AS l
            WHERE l.position = new.position AND l.hash = new.hash AND l.recorded_at = new.recorded_at
        ) THEN
        PERFORM ledger.break_rule('the_head_is_the_newest_record', format('position %s', new.position));
    END IF;
    SELECT min(l.entry_number) INTO bad
    FROM ledger.log AS l
    WHERE
        l.position > old.position AND l.position <= new.position AND l.entry_number IS NOT NULL
        AND NOT EXISTS (SELECT FROM ledger.line AS i WHERE i.entry_number = l.entry_number);
    IF bad IS NOT NULL THEN
        PERFORM ledger.break_rule('an_entry_has_lines', format('entry %s', bad));
    END IF;
    RETURN NULL;
END $$;

-- These look up a few new rows in tables that grow for ever. A plan that was made while they were small, or from
-- a guess, would scan them: so only index look-ups are allowed.
ALTER FUNCTION ledger.check_new_records SET enable_seqscan = off;
ALTER FUNCTION ledger.check_new_records SET enable_hashjoin = off;
ALTER FUNCTION ledger.check_new_records SET enable_mergejoin = off;
ALTER FUNCTION ledger.check_new_lines SET enable_seqscan = off;
ALTER FUNCTION ledger.check_new_lines SET enable_hashjoin = off;
ALTER FUNCTION ledger.check_new_lines SET enable_mergejoin = off;
ALTER FUNCTION ledger.check_new_head SET enable_seqscan = off;
ALTER FUNCTION ledger.check_new_head SET enable_hashjoin = off;
ALTER FUNCTION ledger.check_new_head SET enable_mergejoin = off;

CREATE TRIGGER log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.log
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER lines_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.line
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER keys_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.idempotency
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER accounts_stay BEFORE DELETE OR TRUNCATE ON ledger.account
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON ledger.head
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER records_follow_the_rules AFTER INSERT ON ledger.log
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_records();
CREATE TRIGGER lines_follow_the_rules AFTER INSERT ON ledger.line
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_lines();
CREATE TRIGGER head_follows_the_log AFTER UPDATE ON ledger.head
FOR EACH ROW EXECUTE FUNCTION ledger.check_new_head();

-- ALWAYS: they fire under session_replication_role = replica too.
ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER log_stays;
ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER records_follow_the_rules;
ALTER TABLE ledger.line ENABLE ALWAYS TRIGGER lines_stay;
ALTER TABLE ledger.line ENABLE ALWAYS TRIGGER lines_follow_the_rules;
ALTER TABLE ledger.idempotency ENABLE ALWAYS TRIGGER keys_stay;
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER accounts_stay;
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_stays;
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_follows_the_log;

-- The door ---------------------------------------------------------------------------------------
--
-- What runs as the owner has pg_temp last in its search_path: unnamed it would come first, and a caller's
-- temporary type would stand in for one of PostgreSQL's own.

-- Takes the one lock, and reads the clock only after it is held: time in the log never goes back.
-- The advisory lock in front of the row's makes it a queue: a row lock goes to whoever wakes first, and a batch that
-- was decided ahead would be overtaken by the one that builds on it.
CREATE FUNCTION ledger.lock_head(
    OUT "position" bigint, OUT hash bytea, OUT last_entries jsonb, OUT now timestamptz
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_recorded_at timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(7236200);
    SELECT h.position, h.hash, h.last_entries, h.recorded_at
    INTO STRICT lock_head.position, lock_head.hash, lock_head.last_entries, last_recorded_at
    FROM ledger.head AS h
    FOR UPDATE;
    lock_head.now := greatest(clock_timestamp(), last_recorded_at);
END $$;

-- The same for a batch that was decided ahead of the lock: fails unless the log ends where that was assumed and
-- no deadline has passed since.
CREATE FUNCTION ledger.lock_expected_head(
    expected_position bigint, expected_hash bytea, not_before timestamptz, not_after timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    SELECT h.position, h.hash, h.now INTO STRICT found FROM ledger.lock_head() AS h;
    IF (found.position, found.hash) <> (expected_position, expected_hash)
        OR found.now < not_before OR found.now >= not_after THEN
        RAISE EXCEPTION 'a_batch_is_decided_on_the_head: expected %, found %', expected_position, found.position
            USING ERRCODE = 'serialization_failure', CONSTRAINT = 'a_batch_is_decided_on_the_head';
    END IF;
END $$;

-- Fails the batch unless as many rows were saved as should have been.
CREATE FUNCTION ledger.saved_all(what text, saved bigint, expected bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF saved <> expected THEN
        RAISE EXCEPTION 'a_row_is_saved_over_the_version_that_was_read: % of % in %', saved, expected, what
            USING ERRCODE = 'serialization_failure',
                CONSTRAINT = 'a_row_is_saved_over_the_version_that_was_read';
    END IF;
END $$;

-- Writes one batch. All arrays of one group have the same length.
CREATE FUNCTION ledger.write_batch(
    after_position bigint, after_hash bytea, at timestamptz, entries jsonb,
    kinds text[], subjects uuid[], actors text[], sessions uuid[], request_ids text[], outcomes text[],
    payloads jsonb[],
    touched_rows text[], entry_numbers bigint[], booking_dates date[], value_dates date[],
    reversed_entries bigint[], hashes bytea[],
    line_entries bigint[], line_numbers smallint[], line_accounts uuid[], line_amounts bigint[],
    line_balances bigint[],
    account_ids uuid[], account_deltas bigint[], account_balances bigint[], account_versions bigint[],
    account_activities bytea[],
    key_hashes bytea[], body_hashes bytea[], refusals boolean[], replies bytea[], key_positions bigint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    saved bigint;
    records bigint := cardinality(kinds);
BEGIN
    INSERT INTO ledger.idempotency (key_hash, body_hash, refused, reply, position, recorded_at)
    SELECT k.key_hash, k.body_hash, k.refused, k.reply, k.position, at
    FROM unnest(key_hashes, body_hashes, refusals, replies, key_positions)
        AS k (key_hash, body_hash, refused, reply, position);
    IF records = 0 THEN
        RETURN;
    END IF;
    IF at > greatest(clock_timestamp(), (SELECT h.recorded_at FROM ledger.head AS h)) THEN
        PERFORM ledger.break_rule('the_time_is_the_databases', format('%s has not come yet', at));
    END IF;

    INSERT INTO ledger.log (
        position, kind, subject, actor, session, request_id, outcome, recorded_at, payload, touched,
        entry_number, booking_date, value_date, reverses, hash
    )
    SELECT
        after_position + r.ordinality, r.kind, r.subject, r.actor, r.session, r.request_id, r.outcome, at,
        r.payload,
        string_to_array(r.touched, ' '), r.entry_number, r.booking_date, r.value_date, r.reverses, r.hash
    FROM unnest(
        kinds, subjects, actors, sessions, request_ids, outcomes, payloads, touched_rows, entry_numbers,
        booking_dates, value_dates, reversed_entries, hashes
    ) WITH ORDINALITY AS r (
        kind, subject, actor, session, request_id, outcome, payload, touched, entry_number, booking_date,
        value_date, reverses, hash
    );

    IF cardinality(line_entries) > 0 THEN
        INSERT INTO ledger.line (entry_number, line_number, account, amount, balance)
        SELECT l.entry_number, l.line_number, l.account, l.amount, l.balance
        FROM unnest(line_entries, line_numbers, line_accounts, line_amounts, line_balances)
            AS l (entry_number, line_number, account, amount, balance);

        -- A balance moves by its lines and by nothing else.
        IF EXISTS (
            SELECT FROM (
                SELECT l.account, l.amount FROM unnest(line_accounts, line_amounts) AS l (account, amount)
                UNION ALL
                SELECT a.id, -a.delta FROM unnest(account_ids, account_deltas) AS a (id, delta)
            ) AS m
            GROUP BY m.account
            HAVING sum(m.amount) <> 0
        ) THEN
            PERFORM ledger.break_rule('a_balance_moves_by_its_lines', format('after %s', after_position));
        END IF;
        UPDATE ledger.account AS a
        SET
            balance = a.balance + n.delta, version = a.version + 1,
            activity = coalesce(n.activity, a.activity)
        FROM unnest(account_ids, account_deltas, account_balances, account_versions, account_activities)
            AS n (id, delta, balance, version, activity)
        WHERE a.id = n.id AND a.version = n.version AND a.balance + n.delta = n.balance;
        GET DIAGNOSTICS saved = ROW_COUNT;
        PERFORM ledger.saved_all('account', saved, cardinality(account_ids));
    END IF;

    UPDATE ledger.head AS h
    SET
        position = after_position + records, hash = hashes[records], recorded_at = at,
        last_entries = entries
    WHERE h.position = after_position AND h.hash = after_hash;
    GET DIAGNOSTICS saved = ROW_COUNT;
    PERFORM ledger.saved_all('head', saved, 1);
END $$;

-- Grants are the wall --------------------------------------------------------------------------

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM public;
GRANT EXECUTE ON FUNCTION ledger.lock_head,
ledger.lock_expected_head,
ledger.saved_all,
ledger.write_batch TO makeba_commands;
GRANT SELECT ON ledger.head, ledger.log, ledger.line, ledger.account, ledger.idempotency TO makeba_commands;
GRANT INSERT (id, code, owner, currency, kind, floor, status, activity), UPDATE (floor, status, activity)
ON ledger.account TO makeba_commands;
GRANT SELECT ON ledger.head, ledger.log, ledger.line, ledger.account TO makeba_projector;
GRANT SELECT ON ledger.head, ledger.log, ledger.line, ledger.account, ledger.idempotency TO makeba_auditor;
