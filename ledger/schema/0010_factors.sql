-- What people sign in with beside PIN and authenticator, resets of those, and who may do what.

-- A session is good while its epoch is its person's.
ALTER TABLE ledger.person
DROP CONSTRAINT a_person_is_active_or_closed,
ADD CONSTRAINT a_person_is_in_a_known_standing CHECK (status IN ('invited', 'active', 'disabled', 'closed')),
ADD COLUMN session_epoch integer NOT NULL DEFAULT 0,
-- Who proposed the role they have, and that they may sign in again with it; nobody at installation.
ADD COLUMN given_by uuid,
ADD COLUMN let_in_by uuid,
ADD CONSTRAINT nobody_gives_themselves_a_right CHECK (id NOT IN (given_by, let_in_by));

-- Two people of whom one made the other are one pair of eyes.
CREATE FUNCTION ledger.keep_eyes_apart() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- A proposal is turned down by anybody who could have approved it.
    IF tg_table_name = 'proposal' THEN
        IF new.state <> 'applied' THEN
            RETURN NULL;
        END IF;
    END IF;
    IF EXISTS (
        SELECT 1
        FROM ledger.person AS p
        WHERE
            p.id = new.checker_id AND new.maker_id IN (p.given_by, p.let_in_by)
            OR p.id = new.maker_id AND new.checker_id IN (p.given_by, p.let_in_by)
    ) THEN
        RAISE EXCEPTION 'neither_of_two_gave_the_other_a_right: %', tg_table_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'neither_of_two_gave_the_other_a_right';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER changes_have_eyes_apart AFTER INSERT OR UPDATE ON ledger.proposal
FOR EACH ROW EXECUTE FUNCTION ledger.keep_eyes_apart();
CREATE TRIGGER releases_have_eyes_apart AFTER INSERT OR UPDATE ON ledger.release
FOR EACH ROW EXECUTE FUNCTION ledger.keep_eyes_apart();
CREATE TRIGGER resolutions_have_eyes_apart AFTER INSERT OR UPDATE ON ledger.dispute
FOR EACH ROW EXECUTE FUNCTION ledger.keep_eyes_apart();
ALTER TABLE ledger.proposal ENABLE ALWAYS TRIGGER changes_have_eyes_apart;
ALTER TABLE ledger.release ENABLE ALWAYS TRIGGER releases_have_eyes_apart;
ALTER TABLE ledger.dispute ENABLE ALWAYS TRIGGER resolutions_have_eyes_apart;
REVOKE ALL ON FUNCTION ledger.keep_eyes_apart FROM public;

ALTER TABLE ledger.session
ADD COLUMN device text NOT NULL DEFAULT '',  -- hash of what the app calls it
ADD COLUMN capped_until timestamptz,  -- until then little money goes out by it
ADD COLUMN epoch integer NOT NULL DEFAULT 0;

CREATE TABLE ledger.factors (
    person_id uuid NOT NULL,
    recovery text[] NOT NULL,  -- keyed hashes of codes that were not used yet
    passkeys uuid[] NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_person_has_one_set_of_factors PRIMARY KEY (person_id),
    CONSTRAINT ten_recovery_codes_at_most CHECK (cardinality(recovery) <= 10),
    CONSTRAINT ten_passkeys_at_most CHECK (cardinality(passkeys) <= 10)
) WITH (fillfactor = 70);

-- The id is a hash of the credential's: one credential is registered once, for one person.
CREATE TABLE ledger.passkey (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,  -- COSE
    sign_count bigint NOT NULL,
    name text NOT NULL,
    added_at timestamptz NOT NULL,
    used_at timestamptz,
    removed_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT a_passkey_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_passkey_counts_upwards CHECK (sign_count >= 0)
) WITH (fillfactor = 70);

CREATE TABLE ledger.reset (
    person_id uuid NOT NULL,
    what text NOT NULL,
    state text NOT NULL,
    opened_at timestamptz NOT NULL,
    code_digest bytea,  -- keyed hash
    version bigint NOT NULL,
    CONSTRAINT a_person_has_one_newest_reset PRIMARY KEY (person_id),
    CONSTRAINT a_reset_sets_known_factors CHECK (what IN ('pin', 'totp', 'both')),
    CONSTRAINT a_reset_is_in_a_known_state CHECK (state IN ('open', 'used', 'objected', 'lapsed')),
    CONSTRAINT only_an_open_reset_has_a_code CHECK (code_digest IS NULL OR state = 'open')
) WITH (fillfactor = 70);

CREATE TABLE ledger.admins (
    kind text NOT NULL,
    ids uuid[] NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT there_is_one_list_of_admins PRIMARY KEY (kind),
    CONSTRAINT the_list_of_admins_is_called_so CHECK (kind = 'admins')
);

-- Where wrong tries come from: outside the log, and forgotten when its time is over.
CREATE TABLE ledger.login_source (
    source bytea NOT NULL,  -- keyed hash of an address
    failures integer NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT a_source_is_counted_once PRIMARY KEY (source)
) WITH (fillfactor = 70);
CREATE INDEX sources_by_age ON ledger.login_source (since);

CREATE INDEX sessions_by_person ON ledger.session (person_id);

GRANT SELECT, INSERT, UPDATE ON ledger.factors, ledger.passkey, ledger.reset, ledger.admins TO makeba_commands;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.login_source TO makeba_commands;
GRANT SELECT ON ledger.admins TO makeba_auditor;

-- The read model ----------------------------------------------------------------------------------

-- Everybody who has rights over others' affairs: all but customers. Names are not here.
CREATE TABLE queries.access (
    user_id uuid NOT NULL,
    role text NOT NULL,
    status text NOT NULL,
    agent_id uuid,
    principal_id uuid,
    enrolled_at timestamptz NOT NULL,
    pin_set_at timestamptz,
    totp_set_at timestamptz,
    passkeys bigint NOT NULL,
    recovery_codes bigint NOT NULL,
    devices bigint NOT NULL,
    last_sign_in_at timestamptz,
    last_act text,
    last_acted_at timestamptz,
    given_by uuid,
    let_in_by uuid,
    CONSTRAINT a_projected_person_has_one_id PRIMARY KEY (user_id)
) WITH (fillfactor = 70);

GRANT SELECT ON queries.access TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON queries.access TO makeba_projector;
