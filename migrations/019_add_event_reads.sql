-- 019_add_event_reads: what users post for themselves and others, and who has read which of it.
--
-- A posted event is a record, so expires_at is NULL. A person has few of them among very many changes, which expire;
-- with expires_at in the index they stand together, and a page of the newest reads as many rows as it shows. A partial
-- index would do the same, but not on MariaDB, and it would be one more.
--
-- An event may have many readers, each of whom has read it or not: a row of event_reads for each that has.

\set ON_ERROR_STOP on
\set revision 019_add_event_reads
\set predecessor 018_add_event_log
\ir psql/begin.sql
\if :apply

CREATE INDEX idx_events_audience_audience_id_expires_at ON events (audience, audience_id, expires_at, id);
DROP INDEX idx_events_audience_audience_id;

CREATE TABLE event_reads (
    event_id BIGINT NOT NULL,
    user_id UUID NOT NULL,
    read_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT event_reads_pkey PRIMARY KEY (event_id, user_id),
    CONSTRAINT fk_event_reads_event_id FOREIGN KEY (event_id) REFERENCES events (id) ON DELETE CASCADE,
    CONSTRAINT fk_event_reads_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_event_reads_user_id ON event_reads (user_id);

\endif
\ir psql/end.sql
