-- Periods: months of the booking date, open, soft-closed or closed; what each takes is kept by the log itself.

-- The periods, as two days: up to the one all months are closed, up to the other soft-closed at least. What comes
-- after them is open, so the month that is running always is.
CREATE TABLE ledger.periods (
    kind text NOT NULL,
    soft_closed_to date,
    closed_to date,
    late bigint NOT NULL,  -- entries that were booked for days that were over
    years jsonb NOT NULL,  -- fiscal year -> its last entry when its result was carried over
    version bigint NOT NULL,
    CONSTRAINT there_is_one_row_of_periods PRIMARY KEY (kind),
    CONSTRAINT the_row_of_periods_is_called_so CHECK (kind = 'periods'),
    CONSTRAINT what_is_closed_was_soft_closed_first
    CHECK (closed_to IS NULL OR closed_to <= coalesce(soft_closed_to, '-infinity')),
    CONSTRAINT a_period_is_a_month
    CHECK (extract(DAY FROM soft_closed_to + 1) = 1 AND extract(DAY FROM closed_to + 1) = 1),
    CONSTRAINT late_entries_are_counted_upwards CHECK (late >= 0)
);
GRANT SELECT, INSERT, UPDATE ON ledger.periods TO makeba_commands;
GRANT SELECT ON ledger.periods TO makeba_auditor;

-- The days of new entries, all of a batch at once: the lowest and the highest are enough but where something was
-- booked for a soft-closed month.
CREATE FUNCTION ledger.check_new_bookings() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    first_day date;
    last_day date;
    latest timestamptz;
    closed date;
    soft_closed date;
BEGIN
    SELECT min(n.booking_date), max(n.booking_date), max(n.recorded_at)
    INTO first_day, last_day, latest
    FROM new_rows AS n;
    IF last_day > (latest AT TIME ZONE 'Atlantic/Cape_Verde')::date THEN
        PERFORM ledger.break_rule('nothing_is_booked_ahead_of_its_day', format('on %s', last_day));
    END IF;
    FOR closed, soft_closed IN
        SELECT p.closed_to, p.soft_closed_to FROM ledger.periods AS p WHERE p.kind = 'periods'
    LOOP
        IF first_day <= closed THEN
            PERFORM ledger.break_rule('a_closed_period_receives_nothing', format('on %s', first_day));
        END IF;
        IF first_day <= soft_closed AND EXISTS (
            SELECT FROM new_rows AS n
            WHERE n.booking_date <= soft_closed AND n.kind NOT IN ('manual.posted', 'year.closed')
        ) THEN
            PERFORM ledger.break_rule(
                'a_soft_closed_period_takes_what_two_people_approved', format('on %s', first_day)
            );
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- A month is closed after its last day: what happens today always has a period to go to.
CREATE FUNCTION ledger.check_new_periods() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF new.soft_closed_to >= (clock_timestamp() AT TIME ZONE 'Atlantic/Cape_Verde')::date THEN
        PERFORM ledger.break_rule('a_period_closes_after_its_last_day', format('on %s', new.soft_closed_to));
    END IF;
    RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION ledger.check_new_bookings, ledger.check_new_periods FROM public;

CREATE TRIGGER bookings_follow_the_periods AFTER INSERT ON ledger.log
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_bookings();
CREATE TRIGGER periods_stay BEFORE DELETE OR TRUNCATE ON ledger.periods
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER periods_follow_the_clock AFTER INSERT OR UPDATE ON ledger.periods
FOR EACH ROW EXECUTE FUNCTION ledger.check_new_periods();

ALTER TABLE ledger.log ENABLE ALWAYS TRIGGER bookings_follow_the_periods;
ALTER TABLE ledger.periods ENABLE ALWAYS TRIGGER periods_stay;
ALTER TABLE ledger.periods ENABLE ALWAYS TRIGGER periods_follow_the_clock;

-- The read model: every step that a month has taken, with what was found when it was closed.
CREATE TABLE queries.period_event (
    position bigint NOT NULL,
    month date NOT NULL,  -- its first day
    what text NOT NULL,
    state text NOT NULL,  -- of the month after it
    soft_closed_to date,
    closed_to date,
    done_by uuid NOT NULL,
    proposal_id uuid,
    reason text,
    lines jsonb,  -- of the checklist
    happened_at timestamptz NOT NULL,
    CONSTRAINT a_step_of_a_period_is_told_once PRIMARY KEY (position)
);
CREATE INDEX steps_of_a_period ON queries.period_event (month, position);

GRANT SELECT ON queries.period_event TO makeba_projector, makeba_queries, makeba_auditor;
GRANT INSERT, UPDATE ON queries.period_event TO makeba_projector;

ALTER TABLE queries.period_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY what_is_projected ON queries.period_event TO makeba_projector USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY what_is_audited ON queries.period_event FOR SELECT TO makeba_auditor USING (TRUE);
CREATE POLICY what_is_our_own ON queries.period_event FOR SELECT TO makeba_queries
USING (current_setting('makeba.everybody', TRUE) = 'on');
