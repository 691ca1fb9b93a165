-- 018_add_event_log: one log of all events, numbered after the commit, in place of one sequence for each person.
--
-- An event is one row, however many may see it: audience says whether audience_id is a user, an account or a
-- conversation, since a personal account has the id of its person. Neither audience_id nor sender_id is a foreign key:
-- a deletion has to be told, and what was said stays. So a trigger takes the events of a user who is deleted by hand.
-- An event without expires_at is a record, which nothing deletes; severity, sender_id and event_id are for those.
--
-- event_log is narrow, because every worker reads it: a number in the event's own row would cost four times the WAL.
-- Whoever reads numbers first, under the lock of the one row of event_counter: all events past floor_id, and those in
-- missing, which were not committed yet when the floor passed them.
--
-- The events that are there keep their order for each person. The log begins after the highest number that anybody
-- had, so that a client with an old position is told to read its lists again.

\set ON_ERROR_STOP on
\set revision 018_add_event_log
\set predecessor 017_add_audit_trail
\ir psql/begin.sql
\if :apply

CREATE TABLE event_log (
    seq BIGINT NOT NULL,
    event_id BIGINT NOT NULL,
    audience VARCHAR(12) NOT NULL,
    audience_id UUID NOT NULL,
    CONSTRAINT event_log_pkey PRIMARY KEY (seq),
    CONSTRAINT uq_event_log_event_id UNIQUE (event_id),
    CONSTRAINT fk_event_log_event_id FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE
);

CREATE TABLE event_counter (
    id SMALLINT NOT NULL,
    first_seq BIGINT NOT NULL DEFAULT 1,
    last_seq BIGINT NOT NULL DEFAULT 0,
    floor_id BIGINT NOT NULL DEFAULT 0,
    missing JSONB,
    CONSTRAINT event_counter_pkey PRIMARY KEY (id),
    CONSTRAINT event_counter_check CHECK (id = 1)
);

LOCK TABLE events IN ACCESS EXCLUSIVE MODE;

INSERT INTO event_log (seq, event_id, audience, audience_id)
SELECT old.last_seq + row_number() OVER (ORDER BY events.user_id, events.seq NULLS LAST, events.id),
    events.id, 'user', events.user_id
FROM events, (SELECT coalesce(max(last_seq), 0) AS last_seq FROM event_sequences) AS old;

INSERT INTO event_counter (id, first_seq, last_seq, floor_id)
SELECT 1, old.last_seq + 1, old.last_seq + found.number, found.floor_id
FROM (SELECT coalesce(max(last_seq), 0) AS last_seq FROM event_sequences) AS old,
    (SELECT count(*) AS number, coalesce(max(id), 0) AS floor_id FROM events) AS found;

CREATE INDEX idx_event_log_audience_audience_id_seq ON event_log (audience, audience_id, seq);

DROP TABLE event_sequences;

ALTER TABLE events
    ADD COLUMN audience VARCHAR(12) NOT NULL DEFAULT 'user',
    ADD COLUMN audience_id UUID,
    ADD COLUMN severity VARCHAR(10) NOT NULL DEFAULT 'info',
    ADD COLUMN payload JSONB,
    ADD COLUMN sender_id UUID,
    ADD COLUMN expires_at TIMESTAMP WITH TIME ZONE;

UPDATE events SET audience_id = user_id, payload = data, expires_at = created_at + interval '7 days';

ALTER TABLE events
    ALTER COLUMN audience_id SET NOT NULL,
    ALTER COLUMN payload SET NOT NULL,
    ADD COLUMN event_id UUID NOT NULL DEFAULT gen_random_uuid(),
    DROP CONSTRAINT fk_events_user_id,
    DROP CONSTRAINT uq_events_user_id_seq,
    DROP COLUMN user_id,
    DROP COLUMN seq,
    DROP COLUMN data,
    ADD CONSTRAINT uq_events_event_id UNIQUE (event_id),
    ADD CONSTRAINT events_audience_check CHECK (audience IN ('user', 'account', 'conversation')),
    ADD CONSTRAINT events_severity_check CHECK (severity IN ('debug', 'info', 'warning', 'error', 'critical'));

DROP INDEX idx_events_created_at;
CREATE INDEX idx_events_audience_audience_id ON events (audience, audience_id, id);
CREATE INDEX idx_events_expires_at ON events (expires_at);

-- Triggers: create_all and Alembic take what stands from here to the end, statement by statement, from this file.

CREATE FUNCTION delete_events_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- By the table's own schema: a user may be deleted with whatever search_path the session has.
    EXECUTE format('DELETE FROM %I.events WHERE audience = ''user'' AND audience_id = $1', TG_TABLE_SCHEMA) USING OLD.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER users_delete_events AFTER DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION delete_events_of_user();

\endif
\ir psql/end.sql
