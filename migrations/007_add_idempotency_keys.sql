-- 007_add_idempotency_keys: a request that is sent again happens once.
--
-- A client that lost its connection cannot know whether its POST was done. With an Idempotency-Key it may send it
-- again: the key is stored before the work begins, and the answer with it afterwards, so that any worker gives the
-- first answer. request_hash tells the same request from another one under the same key; locked_until says how long
-- a first one that is still at work is waited for. Keys go after two days.

\set ON_ERROR_STOP on
\set revision 007_add_idempotency_keys
\set predecessor 006_protect_history
\ir psql/begin.sql
\if :apply

CREATE TABLE idempotency_keys (
    user_id UUID NOT NULL,
    key VARCHAR(255) NOT NULL,
    request_hash VARCHAR(64) NOT NULL,
    status INTEGER,
    body TEXT,
    locked_until TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT fk_idempotency_keys_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (created_at);

\endif
\ir psql/end.sql
