-- 005_add_runs: the durable log of an agent at work.
--
-- An answer takes seconds or minutes, and its worker may die meanwhile. So each answer is a run, a row with a lease
-- that another worker can take over, and each of its steps is a row of run_events before anyone sees it: streams
-- resume from there. On messages, seq orders a conversation without ties (rows of one transaction share their
-- created_at), client_id makes a repeated send find the first one, and run_id ties an answer to its run, one at
-- most. Messages that are already there are numbered in the order in which they were written.

\set ON_ERROR_STOP on
\set revision 005_add_runs
\set predecessor 004_add_auth_sessions
\ir psql/begin.sql
\if :apply

CREATE TABLE runs (
    id UUID NOT NULL DEFAULT gen_random_uuid(),
    conversation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    trigger_seq INTEGER NOT NULL,
    status VARCHAR(20) NOT NULL DEFAULT 'queued',
    error TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    lease_expires_at TIMESTAMP WITH TIME ZONE,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT runs_pkey PRIMARY KEY (id),
    CONSTRAINT runs_status_check
        CHECK (status IN ('queued', 'running', 'awaiting_approval', 'completed', 'failed', 'cancelled')),
    CONSTRAINT uq_runs_conversation_id_trigger_seq UNIQUE (conversation_id, trigger_seq),
    CONSTRAINT fk_runs_conversation_id FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_runs_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX idx_runs_user_id ON runs (user_id);
CREATE INDEX idx_runs_status_lease_expires_at ON runs (status, lease_expires_at);

CREATE TABLE run_events (
    run_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    type VARCHAR(40) NOT NULL,
    data JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT run_events_pkey PRIMARY KEY (run_id, seq),
    CONSTRAINT fk_run_events_run_id FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
);

ALTER TABLE messages
    ADD COLUMN seq INTEGER,
    ADD COLUMN client_id VARCHAR(64),
    ADD COLUMN run_id UUID;

UPDATE messages
SET seq = numbered.seq
FROM (
    SELECT id, row_number() OVER (PARTITION BY conversation_id ORDER BY created_at, id) AS seq FROM messages
) AS numbered
WHERE messages.id = numbered.id;

ALTER TABLE messages
    ALTER COLUMN seq SET NOT NULL,
    ADD CONSTRAINT uq_messages_conversation_id_seq UNIQUE (conversation_id, seq),
    ADD CONSTRAINT uq_messages_user_id_client_id UNIQUE (user_id, client_id),
    ADD CONSTRAINT uq_messages_run_id_role UNIQUE (run_id, role),
    ADD CONSTRAINT fk_messages_run_id FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE;

\endif
\ir psql/end.sql
