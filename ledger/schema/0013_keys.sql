-- Keys that change while the house is open: of the index of phones, of the switch, of customers' devices; and people of
-- whom nothing is left.

-- While the key of the index changes, people are found by the old hash and by the new one.
ALTER TABLE ledger.person ADD COLUMN phone_index_next bytea;
ALTER TABLE ledger.person ALTER COLUMN phone_index DROP NOT NULL;
ALTER TABLE ledger.person ALTER COLUMN profile_seal DROP NOT NULL;
ALTER TABLE ledger.person DROP CONSTRAINT a_person_is_in_a_known_standing;
ALTER TABLE ledger.person
ADD CONSTRAINT a_person_is_in_a_known_standing
CHECK (status IN ('invited', 'active', 'disabled', 'closed', 'erased'));
ALTER TABLE ledger.person ADD CONSTRAINT a_next_index_belongs_to_one_person UNIQUE (phone_index_next);
-- Their own key stands in the profile: without it nothing that was sealed with it can be read.
ALTER TABLE ledger.person
ADD CONSTRAINT nothing_identifies_an_erased_person
CHECK (
    status <> 'erased'
    OR num_nonnulls(phone_index, phone_index_next, profile_seal) = 0 AND pin_hash = '' AND totp_seal = ''
);
ALTER TABLE ledger.person
ADD CONSTRAINT who_is_not_erased_can_be_found
CHECK (status = 'erased' OR num_nulls(phone_index, profile_seal) = 0);

-- A key of the switch is good until it is retired, and there may be two at once.
ALTER TABLE ledger.switch_key ADD COLUMN retired_at timestamptz;

-- The client certificates with which an acquirer's switch may come.
CREATE TABLE ledger.switch_certificate (
    fingerprint text NOT NULL,  -- SHA-256 of the certificate, in hexadecimal
    acquirer_id text NOT NULL,
    not_after timestamptz NOT NULL,
    retired_at timestamptz,
    version bigint NOT NULL,
    CONSTRAINT a_certificate_has_one_acquirer PRIMARY KEY (fingerprint),
    CONSTRAINT a_fingerprint_has_32_bytes CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
    CONSTRAINT a_certificate_is_of_a_visible_acquirer CHECK (acquirer_id ~ '^[!-~]{1,64}$')
);

-- Public keys to which codes are encrypted, so that only one device of their owner can read them.
CREATE TABLE ledger.device_keys (
    person_id uuid NOT NULL,
    known jsonb NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT a_person_has_one_list_of_device_keys PRIMARY KEY (person_id)
);

-- Some things end for good, whoever would have them back.
CREATE FUNCTION ledger.keep_retired() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF old.retired_at IS NOT NULL THEN
        RAISE EXCEPTION 'what_is_retired_stays_retired: %', tg_table_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_is_retired_stays_retired';
    END IF;
    RETURN new;
END $$;

CREATE FUNCTION ledger.keep_erased() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF old.status = 'erased' THEN
        RAISE EXCEPTION 'who_is_erased_stays_erased: %', old.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'who_is_erased_stays_erased';
    END IF;
    RETURN new;
END $$;

CREATE TRIGGER retired_keys_stay_retired BEFORE UPDATE ON ledger.switch_key
FOR EACH ROW EXECUTE FUNCTION ledger.keep_retired();
CREATE TRIGGER retired_certificates_stay_retired BEFORE UPDATE ON ledger.switch_certificate
FOR EACH ROW EXECUTE FUNCTION ledger.keep_retired();
CREATE TRIGGER erased_people_stay_erased BEFORE UPDATE ON ledger.person
FOR EACH ROW EXECUTE FUNCTION ledger.keep_erased();
ALTER TABLE ledger.switch_key ENABLE ALWAYS TRIGGER retired_keys_stay_retired;
ALTER TABLE ledger.switch_certificate ENABLE ALWAYS TRIGGER retired_certificates_stay_retired;
ALTER TABLE ledger.person ENABLE ALWAYS TRIGGER erased_people_stay_erased;

REVOKE ALL ON FUNCTION ledger.keep_retired, ledger.keep_erased FROM public;
GRANT SELECT, INSERT, UPDATE ON ledger.switch_certificate, ledger.device_keys TO makeba_commands;
