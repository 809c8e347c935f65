-- The trail: refusals at the edge and reads of what is another's. It is a chain of its own with a lock of its own, so
-- that a flood of strangers never takes the log's; once a minute a record of the log takes up where it ends and what
-- it counts.

CREATE TABLE ledger.trail_end (
    is_end boolean NOT NULL DEFAULT TRUE,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT there_is_one_end_of_the_trail PRIMARY KEY (is_end),
    CONSTRAINT the_end_of_the_trail_is_its_end CHECK (is_end)
);
INSERT INTO ledger.trail_end (position, hash, recorded_at)
VALUES (0, decode(repeat('00', 32), 'hex'), 'epoch');

CREATE TABLE ledger.trail (
    position bigint NOT NULL,
    what text NOT NULL,
    actor text NOT NULL,
    session uuid,
    request_id text NOT NULL,
    route text NOT NULL,  -- method and template of the path, never the path
    asked text NOT NULL,  -- the ids and numbers that were asked for, with spaces between them
    outcome text NOT NULL,  -- done, or the code of the refusal
    times bigint NOT NULL,  -- of refusals that are alike and come too fast, one note counts the rest
    recorded_at timestamptz NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT a_note_has_one_place PRIMARY KEY (position),
    CONSTRAINT a_note_is_of_a_known_sort CHECK (what IN ('refused', 'read')),
    CONSTRAINT a_note_has_actor_request_and_outcome
    CHECK (actor <> '' AND request_id <> '' AND route <> '' AND outcome <> ''),
    CONSTRAINT a_note_counts_from_one CHECK (times >= 1),
    CONSTRAINT the_hash_of_a_note_has_32_bytes CHECK (length(hash) = 32)
);

-- Up to where the log has taken it up.
CREATE TABLE ledger.trail_seal (
    kind text NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT there_is_one_seal_of_the_trail PRIMARY KEY (kind),
    CONSTRAINT the_seal_of_the_trail_is_called_so CHECK (kind = 'trail')
);

CREATE FUNCTION ledger.check_new_notes() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    first_new bigint;
    last_new bigint;
    how_many bigint;
BEGIN
    SELECT min(n.position), max(n.position), count(*) INTO first_new, last_new, how_many FROM new_rows AS n;
    IF
        how_many <> last_new - first_new + 1
        OR first_new <> 1 AND NOT EXISTS (SELECT FROM ledger.trail AS t WHERE t.position = first_new - 1)
    THEN
        PERFORM ledger.break_rule('notes_have_no_gap', format('%s to %s', first_new, last_new));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.check_new_end() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.trail AS t WHERE t.position > new.position)
        OR NOT EXISTS (
            SELECT FROM ledger.trail AS t
            WHERE t.position = new.position AND t.hash = new.hash AND t.recorded_at = new.recorded_at
        ) THEN
        PERFORM ledger.break_rule('the_trail_ends_with_its_newest_note', format('position %s', new.position));
    END IF;
    RETURN NULL;
END $$;

ALTER FUNCTION ledger.check_new_notes SET enable_seqscan = off;
ALTER FUNCTION ledger.check_new_end SET enable_seqscan = off;

CREATE TRIGGER notes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.trail
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER trail_end_stays BEFORE INSERT OR DELETE OR TRUNCATE ON ledger.trail_end
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER notes_follow_the_rules AFTER INSERT ON ledger.trail
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_notes();
CREATE TRIGGER trail_end_follows_its_notes AFTER UPDATE ON ledger.trail_end
FOR EACH ROW EXECUTE FUNCTION ledger.check_new_end();

ALTER TABLE ledger.trail ENABLE ALWAYS TRIGGER notes_stay;
ALTER TABLE ledger.trail ENABLE ALWAYS TRIGGER notes_follow_the_rules;
ALTER TABLE ledger.trail_end ENABLE ALWAYS TRIGGER trail_end_stays;
ALTER TABLE ledger.trail_end ENABLE ALWAYS TRIGGER trail_end_follows_its_notes;

-- Takes the trail's lock, and reads the clock after it is held, as ledger.lock_head() does for the log.
CREATE FUNCTION ledger.lock_trail(OUT "position" bigint, OUT hash bytea, OUT now timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_recorded_at timestamptz;
BEGIN
    SELECT e.position, e.hash, e.recorded_at
    INTO STRICT lock_trail.position, lock_trail.hash, last_recorded_at
    FROM ledger.trail_end AS e
    FOR UPDATE;
    lock_trail.now := greatest(clock_timestamp(), last_recorded_at);
END $$;

-- Writes notes after the end that was read under the lock. All arrays have the same length.
CREATE FUNCTION ledger.write_notes(
    after_position bigint, after_hash bytea, at timestamptz,
    whats text[], actors text[], sessions uuid[], request_ids text[], routes text[], asked_for text[],
    outcomes text[], counts bigint[], hashes bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    notes bigint := cardinality(whats);
    saved bigint;
BEGIN
    INSERT INTO ledger.trail (
        position, what, actor, session, request_id, route, asked, outcome, times, recorded_at, hash
    )
    SELECT
        after_position + n.ordinality, n.what, n.actor, n.session, n.request_id, n.route, n.asked, n.outcome,
        n.times, at, n.hash
    FROM unnest(
        whats, actors, sessions, request_ids, routes, asked_for, outcomes, counts, hashes
    ) WITH ORDINALITY AS n (what, actor, session, request_id, route, asked, outcome, times, hash);
    UPDATE ledger.trail_end AS e
    SET position = after_position + notes, hash = hashes[notes], recorded_at = at
    WHERE e.position = after_position AND e.hash = after_hash;
    GET DIAGNOSTICS saved = ROW_COUNT;
    PERFORM ledger.saved_all('trail_end', saved, 1);
END $$;

REVOKE ALL ON FUNCTION ledger.check_new_notes, ledger.check_new_end, ledger.lock_trail, ledger.write_notes FROM public;
GRANT EXECUTE ON FUNCTION ledger.lock_trail, ledger.write_notes TO makeba_commands;
GRANT SELECT ON ledger.trail, ledger.trail_end TO makeba_commands, makeba_auditor;
GRANT SELECT ON ledger.trail TO makeba_projector;
GRANT SELECT, INSERT, UPDATE ON ledger.trail_seal TO makeba_commands;
GRANT SELECT ON ledger.trail_seal TO makeba_auditor;

-- The read model --------------------------------------------------------------------------------

-- Who did what, when and with which outcome: every record of the log, and the notes that it has taken up.
CREATE TABLE queries.audit (
    happened_at timestamptz NOT NULL,
    position bigint NOT NULL,  -- of the record; of a note, the record that has taken it up
    note bigint NOT NULL,  -- its place in the trail; 0: it is the record itself
    kind text NOT NULL,
    actor text NOT NULL,
    session uuid,
    request_id text NOT NULL,
    subject uuid,
    route text,  -- of a note
    asked text,  -- of a note
    outcome text NOT NULL,
    times bigint NOT NULL,
    CONSTRAINT an_act_is_audited_once PRIMARY KEY (happened_at, position, note)
);
CREATE INDEX acts_by_actor ON queries.audit (actor, happened_at);
CREATE INDEX acts_by_subject ON queries.audit (subject, happened_at) WHERE subject IS NOT NULL;
CREATE INDEX acts_by_session ON queries.audit (session, happened_at) WHERE session IS NOT NULL;
CREATE INDEX acts_by_request ON queries.audit (request_id);

GRANT SELECT ON queries.audit TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT ON queries.audit TO makeba_projector;
