-- 010_add_events: what changed for a person, for every page that they have open.
--
-- Whoever changes something writes its event in the same transaction, without a number: a shared counter would make
-- writers wait for each other. Numbers are given later, by whoever reads, under the lock of the person's row in
-- event_sequences: so they have no gap, and one that was committed late is not skipped by a reader who is past it.
-- id tells the order of writing, which for changes of one row is the order in which its lock was held.

\set ON_ERROR_STOP on
\set revision 010_add_events
\set predecessor 009_add_approvals
\ir psql/begin.sql
\if :apply

CREATE TABLE events (
    id BIGSERIAL NOT NULL,
    user_id UUID NOT NULL,
    seq BIGINT,
    type VARCHAR(40) NOT NULL,
    data JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT events_pkey PRIMARY KEY (id),
    CONSTRAINT uq_events_user_id_seq UNIQUE (user_id, seq),
    CONSTRAINT fk_events_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_events_created_at ON events (created_at);

CREATE TABLE event_sequences (
    user_id UUID NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT event_sequences_pkey PRIMARY KEY (user_id),
    CONSTRAINT fk_event_sequences_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

\endif
\ir psql/end.sql
