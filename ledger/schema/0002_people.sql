-- People, their sessions, agents, the switch's keys and terminals: state that decisions need. The log holds only
-- their ids; what identifies a person is sealed (AES-256-GCM) or a keyed hash, and the keys are not in the database.

CREATE TABLE ledger.person (
    id uuid NOT NULL,
    role text NOT NULL,
    status text NOT NULL,
    phone_index bytea NOT NULL,  -- keyed hash of the number, for look-up
    profile_seal bytea NOT NULL,  -- number and name, sealed
    pin_hash text NOT NULL,  -- Argon2id
    totp_seal bytea NOT NULL,  -- the shared secret, sealed
    totp_step bigint NOT NULL,  -- the last time step that was accepted
    pin_failures smallint NOT NULL,
    locked_until timestamptz,
    wallet_id uuid,
    agent_id uuid,
    version bigint NOT NULL,
    CONSTRAINT a_person_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_phone_belongs_to_one_person UNIQUE (phone_index),
    CONSTRAINT a_person_has_a_role
    CHECK (role IN ('customer', 'agent', 'accountant', 'operator', 'auditor', 'admin')),
    CONSTRAINT a_person_is_active_or_closed CHECK (status IN ('active', 'closed')),
    CONSTRAINT only_customers_have_wallets CHECK ((wallet_id IS NOT NULL) = (role = 'customer')),
    CONSTRAINT only_agents_have_outlets CHECK ((agent_id IS NOT NULL) = (role = 'agent'))
) WITH (fillfactor = 70);

CREATE TABLE ledger.session (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    idle_seconds integer NOT NULL,
    revoked_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT a_session_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_token_opens_one_session UNIQUE (token_hash)
);

-- When a session was last used: outside the log, and written at most once a minute.
CREATE TABLE ledger.session_use (
    session_id uuid NOT NULL,
    last_seen timestamptz NOT NULL,
    CONSTRAINT a_session_is_last_seen_once PRIMARY KEY (session_id)
) WITH (fillfactor = 50);

-- Wrong PINs for numbers that nobody has: counted like those of people, so that no answer tells which numbers
-- are known. Outside the log; a row may be forgotten when its lock is over.
CREATE TABLE ledger.stranger (
    phone_index bytea NOT NULL,
    failures integer NOT NULL,
    locked_until timestamptz,
    seen_at timestamptz NOT NULL,
    CONSTRAINT a_stranger_is_counted_once PRIMARY KEY (phone_index)
) WITH (fillfactor = 70);
CREATE INDEX strangers_by_age ON ledger.stranger (seen_at);

CREATE TABLE ledger.agent (
    id uuid NOT NULL,
    float_id uuid NOT NULL,
    status text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT an_agent_has_one_id PRIMARY KEY (id),
    CONSTRAINT an_agent_is_open_or_closed CHECK (status IN ('open', 'closed'))
);

CREATE TABLE ledger.switch_key (
    id text NOT NULL,
    acquirer_id text NOT NULL,
    public_key bytea NOT NULL,  -- Ed25519
    version bigint NOT NULL,
    CONSTRAINT a_switch_key_has_one_id PRIMARY KEY (id),
    CONSTRAINT a_switch_key_has_a_visible_name CHECK (id ~ '^[!-~]{1,64}$' AND acquirer_id ~ '^[!-~]{1,64}$'),
    CONSTRAINT an_ed25519_key_has_32_bytes CHECK (length(public_key) = 32)
);

CREATE TABLE ledger.terminal (
    id text NOT NULL,
    acquirer_id text NOT NULL,
    place text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_terminal_has_one_id PRIMARY KEY (id),
    -- The log names changed rows with spaces between them.
    CONSTRAINT a_terminal_has_a_visible_name CHECK (id ~ '^[!-~]{1,64}$' AND acquirer_id ~ '^[!-~]{1,64}$')
);

-- A nonce of the switch is used once; it may be forgotten when its signature is too old anyway.
CREATE TABLE ledger.nonce (
    hash bytea NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT a_nonce_is_used_once PRIMARY KEY (hash)
);
CREATE INDEX nonces_by_age ON ledger.nonce (seen_at);

GRANT SELECT, INSERT, UPDATE ON
ledger.person, ledger.session, ledger.session_use, ledger.agent, ledger.switch_key, ledger.terminal
TO makeba_commands;
GRANT SELECT, INSERT, DELETE ON ledger.nonce TO makeba_commands;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.stranger TO makeba_commands;
GRANT SELECT ON ledger.agent, ledger.terminal TO makeba_auditor;
